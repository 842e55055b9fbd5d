package workbook

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"errors"
	"fmt"
	"io"
	"path"
	"strconv"
	"strings"

	"github.com/xuri/excelize/v2"
)

// Bounds on a workbook that came from outside. They are far above any that people
// fill in, and keep what a small file can unpack to within memory.
const (
	// MaxBytes of the file.
	MaxBytes    = 32 << 20
	maxUnpacked = 128 << 20
	maxParts    = 2000
	maxCells    = 4_000_000 // including the empty ones before the last of a row
)

// A Book is a workbook that was read.
type Book struct {
	file *excelize.File
	// lists and merged are what was asked for before, by sheet.
	lists  map[string][]*excelize.DataValidation
	merged map[string][]excelize.MergeCell
}

// Open reads a workbook in the format of Excel (.xlsx, .xlsm). It returns an error
// for anything else, and for one that would unpack to more than a person fills in.
func Open(data []byte) (*Book, error) {
	if err := bounded(data); err != nil {
		return nil, err
	}
	f, err := excelize.OpenReader(bytes.NewReader(data), excelize.Options{UnzipSizeLimit: maxUnpacked, UnzipXMLSizeLimit: maxUnpacked})
	if err != nil {
		return nil, fmt.Errorf("not a workbook that can be read: %w", err)
	}
	return &Book{file: f}, nil
}

// Close frees what Open took.
func (b *Book) Close() error { return b.file.Close() }

var errNoWorkbook = errors.New("not a workbook in the format of Excel; save it as .xlsx, without a password")

// bounded looks at the container and counts the cells before they are unpacked.
func bounded(data []byte) error {
	if len(data) > MaxBytes {
		return fmt.Errorf("the file is larger than %d MiB", MaxBytes>>20)
	}
	z, err := zip.NewReader(bytes.NewReader(data), int64(len(data)))
	if err != nil {
		return errNoWorkbook
	}
	if len(z.File) > maxParts {
		return fmt.Errorf("the workbook has %d parts; %d are allowed", len(z.File), maxParts)
	}
	var size uint64
	seen := map[string]bool{}
	for _, f := range z.File {
		size += f.UncompressedSize64
		if f.UncompressedSize64 > maxUnpacked || size > maxUnpacked {
			return fmt.Errorf("the workbook unpacks to more than %d MiB", maxUnpacked>>20)
		}
		if name := strings.ToLower(f.Name); seen[name] {
			return fmt.Errorf("the workbook has the part %q twice", f.Name)
		} else {
			seen[name] = true
		}
	}
	if !seen["xl/workbook.xml"] {
		return errNoWorkbook
	}
	cells := 0
	for _, f := range z.File {
		if path.Dir(strings.ToLower(f.Name)) != "xl/worksheets" {
			continue
		}
		n, err := countCells(f, maxCells-cells)
		if err != nil {
			return fmt.Errorf("read %s: %w", f.Name, err)
		}
		cells += n
	}
	return nil
}

// countCells counts the cells of a sheet as they lie in memory: a row takes as many
// as the number of its last column, and a sheet has all rows before its last.
func countCells(part *zip.File, limit int) (int, error) {
	r, err := part.Open()
	if err != nil {
		return 0, err
	}
	defer r.Close()
	d := xml.NewDecoder(r)
	cells, width, row := 0, 0, 0
	for {
		token, err := d.RawToken()
		if errors.Is(err, io.EOF) {
			return cells, nil
		}
		if err != nil {
			return 0, err
		}
		start, ok := token.(xml.StartElement)
		if !ok {
			continue
		}
		switch start.Name.Local {
		case "row":
			number := row + 1
			for _, a := range start.Attr {
				if a.Name.Local == "r" {
					if number, err = strconv.Atoi(a.Value); err != nil {
						return 0, err
					}
				}
			}
			cells, row, width = cells+max(1, number-row), number, 0
		case "c":
			column := width + 1
			for _, a := range start.Attr {
				if a.Name.Local == "r" {
					if column, _, err = excelize.CellNameToCoordinates(a.Value); err != nil {
						return 0, err
					}
				}
			}
			if column > width {
				cells, width = cells+column-width, column
			}
		}
		if cells > limit {
			return 0, fmt.Errorf("more than %d cells", maxCells)
		}
	}
}
