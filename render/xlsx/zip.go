package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// A sortedZip writes parts in the order of their names, and puts rows into sheets.
// Excelize hands sheets over in the order of a map, which would differ from run to
// run. Parts are held until then, which is little without the rows.
type sortedZip struct {
	w     io.Writer
	rows  *rowFile
	parts []*part
}

type part struct {
	bytes.Buffer
	name string
}

// zipWriter is what excelize makes its writer of archives with.
func (f *rowFile) zipWriter(w io.Writer) excelize.ZipWriter { return &sortedZip{w: w, rows: f} }

// Create implements excelize.ZipWriter.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	p := &part{name: name}
	z.parts = append(z.parts, p)
	return p, nil
}

// AddFS implements excelize.ZipWriter; excelize does not call it when it saves.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close implements excelize.ZipWriter. Sizes stand before the parts, as those who
// sign the workbook need them.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	out := zip.NewWriter(z.w)
	var packed bytes.Buffer
	deflat, err := flate.NewWriter(&packed, 5)
	if err != nil {
		return err
	}
	for _, p := range z.parts {
		packed.Reset()
		deflat.Reset(&packed)
		header := &zip.FileHeader{Name: p.name, Method: zip.Deflate}
		if err := z.pack(deflat, p, header); err != nil {
			return fmt.Errorf("%s: %w", p.name, err)
		}
		header.CompressedSize64 = uint64(packed.Len())
		w, err := out.CreateRaw(header)
		if err != nil {
			return err
		}
		if _, err := packed.WriteTo(w); err != nil {
			return err
		}
	}
	return out.Close()
}

// pack compresses a part, and notes its size and checksum.
func (z *sortedZip) pack(to *flate.Writer, p *part, header *zip.FileHeader) error {
	m := &measured{w: to, sum: crc32.NewIEEE()}
	if err := z.write(m, p); err != nil {
		return err
	}
	header.UncompressedSize64, header.CRC32 = m.size, m.sum.Sum32()
	return to.Close()
}

// measured counts and sums what is written.
type measured struct {
	w    io.Writer
	sum  hash.Hash32
	size uint64
}

func (m *measured) Write(b []byte) (int, error) {
	n, err := m.w.Write(b)
	m.sum.Write(b[:n])
	m.size += uint64(n)
	return n, err
}

// write writes a part, with the rows of a sheet behind those that excelize wrote.
func (z *sortedZip) write(w io.Writer, p *part) error {
	head := p.Bytes()
	if _, ok := z.rows.spans[p.name]; ok {
		i := bytes.LastIndex(head, []byte("</sheetData>"))
		if i < 0 {
			return errors.New("a sheet without a place for rows")
		}
		if _, err := w.Write(head[:i]); err != nil {
			return err
		}
		if err := z.rows.copyTo(w, p.name); err != nil {
			return err
		}
		head = head[i:]
	}
	_, err := w.Write(head)
	return err
}
