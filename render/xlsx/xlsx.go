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
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

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
	if err := sw.SetRow("A1", []any{excelize.Cell{StyleID: st.title, Value: clean(s.Title)}}, excelize.RowOpts{Height: 24}); err != nil {
		return err
	}
	for i, note := range s.Notes {
		cells := []any{excelize.Cell{StyleID: st.label, Value: clean(note.Key)}, excelize.Cell{StyleID: st.note(note.Value.Tone), Value: clean(note.Value.Value)}}
		if err := sw.SetRow(cellName(1, i+2), cells); err != nil {
			return err
		}
	}
	titles := make([]any, len(s.Columns))
	for i, c := range s.Columns {
		titles[i] = excelize.Cell{StyleID: st.header, Value: clean(c.Title)}
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

// lineHeight in points fits ten-point type. A row shows at most maxLines; a cell
// with more has all of its text, and shows it when the row is drawn taller.
const (
	lineHeight = 13.5
	maxLines   = 12
)

// rowHeight is what the longest wrapped text of a row needs. It is written down,
// since not every program measures rows when it opens a file. 0 is one line.
func rowHeight(columns []render.Column, row []render.Cell) float64 {
	lines := 1
	for i, cell := range row {
		text, ok := cell.(string)
		if width := columns[i].Width; ok && width >= proseWidth {
			perLine := width - width/10 // words do not fill a line
			lines = max(lines, (utf8.RuneCountInString(text)+perLine-1)/perLine)
		}
	}
	if lines == 1 {
		return 0
	}
	return lineHeight * float64(min(lines, maxLines))
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
		return excelize.Cell{StyleID: st.status(v.Tone), Value: clean(v.Value)}
	default:
		text := clean(fmt.Sprint(v))
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
	escape := func(text string) string { return strings.ReplaceAll(clean(text), "&", "&&") }
	return f.SetHeaderFooter(s.Name, &excelize.HeaderFooterOptions{
		OddHeader: "&L" + shorten(escape(d.Header), 180) + "&R" + shorten(escape(s.Name), 60), OddFooter: "&L" + shorten(escape(d.Footer), 180) + "&RPage &P of &N",
	})
}

func cellName(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // both numbers are counted here
	}
	return name
}

// maxCell is Excel's limit of characters in a cell.
const maxCell = 32767

// clean makes a text that XML can carry and Excel takes: characters that XML 1.0
// forbids and those that turn the direction of text are shown as their code point,
// and what is longer than a cell ends in a remark.
func clean(text string) string {
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == utf8.RuneError, r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfffe, r == 0xffff:
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	return shorten(b.String(), maxCell)
}

const cut = " … (cut; see the archive)"

func shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	if limit <= len(cut) {
		return string([]rune(text)[:limit])
	}
	return string([]rune(text)[:limit-utf8.RuneCountInString(cut)]) + cut
}
