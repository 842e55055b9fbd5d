// Package xlsx draws the sheets of a Document as a workbook.
//
// Render is the one call. Rows wait in a temporary file, so that memory does not
// grow with a population. Texts are cells of the text format and links are of the file format:
// there is no formula in the workbook, whatever a text starts with.
package xlsx

import (
	"errors"
	"fmt"
	"io"
	"sort"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/render"
)

// Render writes the workbook of d. Equal documents give equal bytes. A link to a
// sheet that d does not have is an error.
func Render(w io.Writer, d *render.Document) (err error) {
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close workbook: %w", cerr)
		}
	}()
	if err := setProperties(f, d); err != nil {
		return err
	}
	b, err := newBook(f, d)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, b.kept.close()) }()
	if err := b.addSheets(); err != nil {
		return err
	}
	if d.Overview != nil {
		if err := b.drawOverview(d.Overview); err != nil {
			return fmt.Errorf("sheet %q: %w", d.Overview.Name, err)
		}
	}
	for _, s := range d.Sheets {
		if err := b.drawSheet(s); err != nil {
			return fmt.Errorf("sheet %q: %w", s.Name, err)
		}
	}
	sortContentTypes(f)
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// A book is a workbook that is being drawn.
type book struct {
	*excelize.File
	*styles
	d *render.Document
	// headerRow is the row of the header of each sheet, 0 for the overview.
	headerRow map[string]int
	// parts are the names of the files of the sheets in the archive.
	parts map[string]string
	kept  *rowFile
	// rows is how many rows a sheet may have, which is Excel's limit but in tests.
	rows int
}

func newBook(f *excelize.File, d *render.Document) (*book, error) {
	styles, err := newStyles(f)
	if err != nil {
		return nil, err
	}
	kept, err := newRowFile()
	if err != nil {
		return nil, err
	}
	f.SetZipWriter(kept.zipWriter)
	b := &book{File: f, styles: styles, d: d, headerRow: map[string]int{}, parts: map[string]string{}, kept: kept, rows: excelize.TotalRows}
	if d.Overview != nil {
		b.headerRow[d.Overview.Name] = 0
	}
	for _, s := range d.Sheets {
		b.headerRow[s.Name] = len(s.Notes) + 3
	}
	return b, nil
}

// addSheets makes every sheet before one is drawn, in the order of the tabs.
func (b *book) addSheets() error {
	var names []string
	if b.d.Overview != nil {
		names = append(names, b.d.Overview.Name)
	}
	for _, s := range b.d.Sheets {
		names = append(names, s.Name)
	}
	for i, name := range names {
		var err error
		if i == 0 {
			err = b.SetSheetName("Sheet1", name)
		} else {
			_, err = b.NewSheet(name)
		}
		if err != nil {
			return fmt.Errorf("sheet %q: %w", name, err)
		}
		b.parts[name] = fmt.Sprintf("xl/worksheets/sheet%d.xml", i+1)
	}
	return nil
}

// sortContentTypes undoes the order of a map, in which excelize adds types of
// images with a chart.
func sortContentTypes(f *excelize.File) {
	types := f.ContentTypes.Defaults
	sort.Slice(types, func(i, j int) bool { return types[i].Extension < types[j].Extension })
}

func setProperties(f *excelize.File, d *render.Document) error {
	created := d.Created.UTC().Format(time.RFC3339)
	err := f.SetDocProps(&excelize.DocProperties{
		Title: d.Title, Subject: d.Subject, Language: d.Language, Created: created, Modified: created, Creator: "auditpack", LastModifiedBy: "auditpack",
	})
	if err != nil {
		return fmt.Errorf("set document properties: %w", err)
	}
	return nil
}

// maxLinks is how many cells of a sheet lead elsewhere at most. Excel takes six
// times as many, and takes its time to open them; rows further down have plain text.
const maxLinks = 10_000

// link makes a cell lead to rows of another sheet.
func (b *book) link(sheet, cell string, to render.SheetLink) error {
	header, ok := b.headerRow[to.Sheet]
	if !ok {
		return fmt.Errorf("cell %s leads to sheet %q, which the document does not have", cell, to.Sheet)
	}
	target := "A1"
	if to.Rows.First > 0 {
		target = fmt.Sprintf("A%d", header+to.Rows.First)
	}
	if to.Rows.Last > to.Rows.First {
		target += fmt.Sprintf(":A%d", header+to.Rows.Last)
	}
	return b.SetCellHyperLink(sheet, cell, quoteSheet(to.Sheet)+"!"+target, "Location")
}

// quoteSheet writes the name of a sheet as references do.
func quoteSheet(name string) string { return "'" + strings.ReplaceAll(name, "'", "''") + "'" }

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // both numbers are counted here
	}
	return name
}

func columnName(column int) string {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		panic(err) // columns are those of a Go type
	}
	return name
}
