package xlsx

import (
	"archive/zip"
	"bytes"
	"errors"
	"hash"
	"hash/crc32"
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/xuri/excelize/v2"
)

// A sortedZip writes parts in the order of their names. Excelize hands streamed
// sheets over in the order of a map, which would differ from run to run. Parts
// are held packed, so a large sheet costs a tenth of its size.
type sortedZip struct {
	w     io.Writer
	parts []*part
}

type part struct {
	name   string
	packed bytes.Buffer
	deflat *flate.Writer
	sum    hash.Hash32
	size   uint64
}

func newSortedZip(w io.Writer) excelize.ZipWriter { return &sortedZip{w: w} }

// Create implements excelize.ZipWriter.
func (z *sortedZip) Create(name string) (io.Writer, error) {
	p := &part{name: name, sum: crc32.NewIEEE()}
	var err error
	if p.deflat, err = flate.NewWriter(&p.packed, 5); err != nil {
		return nil, err
	}
	z.parts = append(z.parts, p)
	return p, nil
}

// AddFS implements excelize.ZipWriter; excelize does not call it when it saves.
func (z *sortedZip) AddFS(fs.FS) error { return errors.ErrUnsupported }

// Close implements excelize.ZipWriter.
func (z *sortedZip) Close() error {
	slices.SortFunc(z.parts, func(a, b *part) int { return strings.Compare(a.name, b.name) })
	out := zip.NewWriter(z.w)
	for _, p := range z.parts {
		if err := p.deflat.Close(); err != nil {
			return err
		}
		w, err := out.CreateRaw(&zip.FileHeader{
			Name: p.name, Method: zip.Deflate, CRC32: p.sum.Sum32(), UncompressedSize64: p.size, CompressedSize64: uint64(p.packed.Len()),
		})
		if err != nil {
			return err
		}
		if _, err := p.packed.WriteTo(w); err != nil {
			return err
		}
	}
	return out.Close()
}

func (p *part) Write(b []byte) (int, error) {
	n, err := p.deflat.Write(b)
	p.sum.Write(b[:n])
	p.size += uint64(n)
	return n, err
}
