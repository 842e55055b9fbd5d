package ooxml

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"

	"github.com/klauspost/compress/flate"
)

// An entry is one file of an archive, with its packed bytes.
type entry struct {
	zip.FileHeader
	packed func() (io.Reader, error)
}

// copied takes a file over as it is packed.
func copied(f *zip.File) entry {
	return entry{header(f.Name, f.Method, f.CRC32, f.UncompressedSize64, f.CompressedSize64), f.OpenRaw}
}

func stored(name string, content []byte) entry {
	n := uint64(len(content))
	return entry{header(name, zip.Store, crc32.ChecksumIEEE(content), n, n), func() (io.Reader, error) { return bytes.NewReader(content), nil }}
}

// deflated packs as render/xlsx does: same library, same level.
func deflated(name string, content []byte) (entry, error) {
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, 5)
	if err != nil {
		return entry{}, err
	}
	if _, err := w.Write(content); err != nil {
		return entry{}, err
	}
	if err := w.Close(); err != nil {
		return entry{}, err
	}
	packed := b.Bytes()
	return entry{
		header(name, zip.Deflate, crc32.ChecksumIEEE(content), uint64(len(content)), uint64(len(packed))),
		func() (io.Reader, error) { return bytes.NewReader(packed), nil },
	}, nil
}

func header(name string, method uint16, crc uint32, size, packed uint64) zip.FileHeader {
	return zip.FileHeader{Name: name, Method: method, CRC32: crc, UncompressedSize64: size, CompressedSize64: packed}
}

// pack writes an archive.
func pack(w io.Writer, entries []entry) error {
	z := zip.NewWriter(w)
	for _, e := range entries {
		to, err := z.CreateRaw(&e.FileHeader)
		if err != nil {
			return fmt.Errorf("write the workbook: %w", err)
		}
		from, err := e.packed()
		if err != nil {
			return fmt.Errorf("part %q: %w", e.Name, err)
		}
		if _, err := io.Copy(to, from); err != nil {
			return fmt.Errorf("write the workbook: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return fmt.Errorf("write the workbook: %w", err)
	}
	return nil
}

var errLayout = errors.New("the workbook's archive is not laid out as this program writes it")

// equal returns errLayout unless the file is the archive of the entries.
func equal(r io.ReaderAt, size int64, entries []entry) error {
	c := &comparer{r: io.NewSectionReader(r, 0, size)}
	if err := pack(c, entries); err != nil {
		if c.differs {
			return errLayout
		}
		return err
	}
	if n, err := c.r.Read(make([]byte, 1)); n > 0 || err != io.EOF {
		return errLayout
	}
	return nil
}

// A comparer is written to what its reader should give.
type comparer struct {
	r       io.Reader
	buffer  []byte
	differs bool
}

func (c *comparer) Write(b []byte) (int, error) {
	if cap(c.buffer) < len(b) {
		c.buffer = make([]byte, len(b))
	}
	got := c.buffer[:len(b)]
	if _, err := io.ReadFull(c.r, got); err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
		return 0, err
	}
	if !bytes.Equal(got, b) {
		c.differs = true
		return 0, errLayout
	}
	return len(b), nil
}
