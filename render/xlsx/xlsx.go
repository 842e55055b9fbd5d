// Package xlsx draws the sheets of a Document as a workbook.
//
// Render is the one call. Rows are streamed, so that memory does not grow with a
// population. Texts are cells of the text format: nothing in a cell is a formula,
// whatever it starts with.
package xlsx

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
)

// Render writes the workbook of d. Equal documents give equal bytes.
func Render(w io.Writer, d *render.Document) (err error) {
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil && cerr != nil {
			err = fmt.Errorf("close workbook: %w", cerr)
		}
	}()
	f.SetZipWriter(newSortedZip)
	if err := setProperties(f, d); err != nil {
		return err
	}
	styles, err := newStyles(f)
	if err != nil {
		return err
	}
	for i, s := range d.Sheets {
		if i == 0 {
			err = f.SetSheetName("Sheet1", s.Name)
		} else {
			_, err = f.NewSheet(s.Name)
		}
		if err != nil {
			return fmt.Errorf("sheet %q: %w", s.Name, err)
		}
	}
	for _, s := range d.Sheets {
		if err := drawSheet(f, styles, d, s); err != nil {
			return fmt.Errorf("sheet %q: %w", s.Name, err)
		}
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
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

// drawSheet puts the title into the first row, the notes below it, and after an
// empty row the header, which stays in view, with the rows under it.
func drawSheet(f *excelize.File, st *styles, d *render.Document, s render.Sheet) error {
	if err := printSetup(f, d, s); err != nil {
		return err
	}
	sw, err := f.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	for i, c := range s.Columns {
		if err := sw.SetColWidth(i+1, i+1, float64(c.Width)); err != nil {
			return err
		}
	}
	header := len(s.Notes) + 3
	err = sw.SetPanes(&excelize.Panes{Freeze: true, YSplit: header, TopLeftCell: cellName(1, header+1), ActivePane: "bottomLeft"})
	if err != nil {
		return err
	}
	if err := sw.SetRow("A1", []any{excelize.Cell{StyleID: st.title, Value: celltext.Clean(s.Title)}}, excelize.RowOpts{Height: 24}); err != nil {
		return err
	}
	for i, note := range s.Notes {
		cells := []any{excelize.Cell{StyleID: st.label, Value: celltext.Clean(note.Key)}, excelize.Cell{StyleID: st.note(note.Value.Tone), Value: celltext.Clean(note.Value.Value)}}
		if err := sw.SetRow(cellName(1, i+2), cells); err != nil {
			return err
		}
	}
	titles := make([]any, len(s.Columns))
	for i, c := range s.Columns {
		titles[i] = excelize.Cell{StyleID: st.header, Value: celltext.Clean(c.Title)}
	}
	if err := sw.SetRow(cellName(1, header), titles, excelize.RowOpts{Height: 30}); err != nil {
		return err
	}
	last := header
	for row := range s.Rows {
		last++
		if err := sw.SetRow(cellName(1, last), drawRow(st, s, row), excelize.RowOpts{Height: rowHeight(s.Columns, row)}); err != nil {
			return fmt.Errorf("row %d: %w", last, err)
		}
	}
	if err := f.AutoFilter(s.Name, cellName(1, header)+":"+cellName(len(s.Columns), max(last, header+1)), nil); err != nil {
		return err
	}
	if err := sw.Flush(); err != nil {
		return err
	}
	return f.SetDefinedName(&excelize.DefinedName{ // the header again on each printed page
		Name: "_xlnm.Print_Titles", Scope: s.Name, RefersTo: fmt.Sprintf("'%s'!$%d:$%[2]d", strings.ReplaceAll(s.Name, "'", "''"), header),
	})
}

// rowHeight is what the longest wrapped text of a row needs. It is written down,
// since not every program measures rows when it opens a file. 0 is one line.
func rowHeight(columns []render.Column, row []render.Cell) float64 {
	lines := 1
	for i, cell := range row {
		if text, ok := cell.(string); ok && columns[i].Width >= proseWidth {
			lines = max(lines, celltext.Lines(text, columns[i].Width))
		}
	}
	if lines == 1 {
		return 0
	}
	return celltext.Line * float64(lines)
}

func drawRow(st *styles, s render.Sheet, row []render.Cell) []any {
	out := make([]any, len(row))
	for i, cell := range row {
		out[i] = drawCell(st, s.Columns[i], cell)
	}
	return out
}

func drawCell(st *styles, column render.Column, cell render.Cell) any {
	switch v := cell.(type) {
	case time.Time:
		if v.IsZero() {
			return nil
		}
		return excelize.Cell{StyleID: st.time, Value: v.UTC()}
	case schema.Date:
		if v.IsZero() {
			return nil
		}
		return excelize.Cell{StyleID: st.date, Value: v.Time()}
	case int64:
		return excelize.Cell{StyleID: st.number, Value: v}
	case bool:
		if v {
			return excelize.Cell{StyleID: st.text, Value: "yes"}
		}
		return excelize.Cell{StyleID: st.text, Value: "no"}
	case render.Text:
		return excelize.Cell{StyleID: st.status(v.Tone), Value: celltext.Clean(v.Value)}
	default:
		text := celltext.Clean(fmt.Sprint(v))
		if column.Kind == render.LinkCell {
			return excelize.Cell{StyleID: st.link, Formula: sheetLink(text), Value: text}
		}
		return excelize.Cell{StyleID: st.prose(column.Width), Value: text}
	}
}

// sheetLink is the only formula that is written, and only for names of sheets,
// which are the program's own.
func sheetLink(sheet string) string {
	quoted := strings.ReplaceAll(sheet, `"`, `""`)
	return fmt.Sprintf(`HYPERLINK("#'%s'!A1","%s")`, strings.ReplaceAll(quoted, "'", "''"), quoted)
}

func printSetup(f *excelize.File, d *render.Document, s render.Sheet) error {
	landscape, a4, fit, width, height := "landscape", 9, true, 1, 0
	if err := f.SetPageLayout(s.Name, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &a4, FitToWidth: &width, FitToHeight: &height}); err != nil {
		return err
	}
	if err := f.SetSheetProps(s.Name, &excelize.SheetPropsOptions{FitToPage: &fit}); err != nil {
		return err
	}
	escape := func(text string) string { return strings.ReplaceAll(celltext.Clean(text), "&", "&&") }
	return f.SetHeaderFooter(s.Name, &excelize.HeaderFooterOptions{
		OddHeader: "&L" + celltext.Shorten(escape(d.Header), 180) + "&R" + celltext.Shorten(escape(s.Name), 60), OddFooter: "&L" + celltext.Shorten(escape(d.Footer), 180) + "&RPage &P of &N",
	})
}

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // both numbers are counted here
	}
	return name
}
