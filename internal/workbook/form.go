// Package workbook makes workbooks that people fill in, and reads them back when
// they were saved by any spreadsheet program.
//
// A Form says what is in such a workbook: Write makes it, Open reads one that came
// back, and Form.Answers takes the answers out of it after a comparison of
// everything else. A workbook that came back is hostile until then: its size, its
// cells and its formulas are looked at before anything is believed.
package workbook

import (
	"fmt"
	"io"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
)

// The sheets of a form.
const (
	answersSheet = "Review"
	originSheet  = "Origin"
)

// A Form is a table of which some columns are for answers, and below its title some
// cells that are filled in once.
type Form struct {
	// Title is the question that the table asks.
	Title string
	// Notes stand below the title, and are not for filling in.
	Notes []Pair
	// Fields are filled in once, such as the name of the reviewer.
	Fields []Field
	// Columns of the table. The first has a name of the row that no other row has.
	Columns []Column
	// Rows of the table, with a text for each column; empty for an answer that is open.
	Rows [][]string
	// Origin says where the form comes from. Open returns it.
	Origin []Pair
}

// A Pair is a label and what stands beside it.
type Pair struct{ Label, Text string }

// A Field is a cell that is filled in once.
type Field struct {
	Label string
	// Hint says beside the cell how to fill it in.
	Hint string
	// Date is true where a day is wanted, which Answers gives as 2026-11-22.
	Date bool
}

// A Column of the table.
type Column struct {
	Title string
	// Width in characters.
	Width int
	// Answer is true for a column that is filled in.
	Answer bool
	// Choices are all that an answer may be; nil means any text.
	Choices []string
}

// headerRow is where the titles of the columns stand, after an empty row.
func (f *Form) headerRow() int { return len(f.Notes) + len(f.Fields) + 3 }

// Write makes the workbook. Only the cells for answers can be changed in a
// spreadsheet program. Equal forms give equal bytes.
func Write(w io.Writer, form *Form) (err error) {
	f := excelize.NewFile()
	defer func() {
		if cerr := f.Close(); err == nil {
			err = cerr
		}
	}()
	d := &drawing{File: f}
	d.styles()
	d.check(f.SetSheetName("Sheet1", answersSheet))
	_, err = f.NewSheet(originSheet)
	d.check(err)
	d.head(form)
	d.table(form)
	d.origin(form)
	for _, sheet := range []string{answersSheet, originSheet} {
		d.check(f.ProtectSheet(sheet, &excelize.SheetProtectionOptions{
			SelectLockedCells: true, SelectUnlockedCells: true, FormatColumns: true, FormatRows: true, AutoFilter: true,
		}))
	}
	d.check(f.SetDocProps(&excelize.DocProperties{Title: form.Title, Creator: "auditpack", LastModifiedBy: "auditpack"}))
	if d.err != nil {
		return fmt.Errorf("make workbook: %w", d.err)
	}
	if err := f.Write(w); err != nil {
		return fmt.Errorf("write workbook: %w", err)
	}
	return nil
}

// A drawing is a workbook in the making. It keeps the first error.
type drawing struct {
	*excelize.File
	title, label, text, header, asked, answer, day int
	err                                            error
}

func (d *drawing) check(err error) {
	if d.err == nil {
		d.err = err
	}
}

func (d *drawing) styles() {
	style := func(s excelize.Style) int {
		if s.Font == nil {
			s.Font = &excelize.Font{}
		}
		s.Font.Family = "Arial"
		if s.Font.Size == 0 {
			s.Font.Size = 10
		}
		id, err := d.NewStyle(&s)
		d.check(err)
		return id
	}
	const text = 49 // the built-in number format @ of ECMA-376 part 1, 18.8.30
	ground := func(colour string) excelize.Fill {
		return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
	}
	open := &excelize.Protection{Locked: false}
	edge := []excelize.Border{{Type: "left", Color: "C9A23B", Style: 1}, {Type: "right", Color: "C9A23B", Style: 1}, {Type: "top", Color: "C9A23B", Style: 1}, {Type: "bottom", Color: "C9A23B", Style: 1}}
	rule := []excelize.Border{{Type: "bottom", Color: "D5DBE1", Style: 1}}
	top := &excelize.Alignment{Vertical: "top", WrapText: true}
	day := "yyyy-mm-dd"
	d.title = style(excelize.Style{NumFmt: text, Font: &excelize.Font{Bold: true, Size: 14}})
	d.label = style(excelize.Style{NumFmt: text, Font: &excelize.Font{Color: "555555"}, Alignment: &excelize.Alignment{Vertical: "top"}})
	d.text = style(excelize.Style{NumFmt: text, Border: rule, Alignment: top})
	d.header = style(excelize.Style{NumFmt: text, Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: ground("22384D"), Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}})
	d.asked = style(excelize.Style{NumFmt: text, Font: &excelize.Font{Bold: true}, Fill: ground("F2D98B"), Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}})
	d.answer = style(excelize.Style{NumFmt: text, Fill: ground("FFF8E1"), Border: edge, Alignment: top, Protection: open})
	d.day = style(excelize.Style{CustomNumFmt: &day, Fill: ground("FFF8E1"), Border: edge, Alignment: &excelize.Alignment{Horizontal: "left"}, Protection: open})
}

// put writes a text, which is never a formula.
func (d *drawing) put(sheet string, column, row int, text string, style int) {
	at := cell(column, row)
	if text != "" {
		d.check(d.SetCellStr(sheet, at, celltext.Clean(text)))
	}
	d.check(d.SetCellStyle(sheet, at, at, style))
}

// head draws what stands above the table.
func (d *drawing) head(form *Form) {
	for i, c := range form.Columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		d.check(err)
		d.check(d.SetColWidth(answersSheet, name, name, float64(c.Width)))
	}
	d.put(answersSheet, 1, 1, form.Title, d.title)
	d.check(d.SetRowHeight(answersSheet, 1, 24))
	overflow := d.label
	for i, n := range form.Notes {
		d.put(answersSheet, 1, i+2, n.Label, d.label)
		d.put(answersSheet, 2, i+2, n.Text, overflow)
	}
	for i, q := range form.Fields {
		row := len(form.Notes) + i + 2
		d.put(answersSheet, 1, row, q.Label, d.asked)
		style := d.answer
		if q.Date {
			style = d.day
			v := excelize.NewDataValidation(true)
			v.SetSqref(cell(2, row))
			d.check(v.SetRange("36526", "73050", excelize.DataValidationTypeDate, excelize.DataValidationOperatorBetween)) // the years 2000 to 2099
			v.SetError(excelize.DataValidationErrorStyleStop, "Not a day", "Write a day such as 2026-11-22.")
			d.check(d.AddDataValidation(answersSheet, v))
		}
		d.put(answersSheet, 2, row, "", style)
		d.put(answersSheet, 3, row, q.Hint, overflow)
	}
}

// table draws the table and its drop-down lists.
func (d *drawing) table(form *Form) {
	header := form.headerRow()
	last := header + len(form.Rows)
	for i, c := range form.Columns {
		style := d.header
		if c.Answer {
			style = d.asked
		}
		d.put(answersSheet, i+1, header, c.Title, style)
		if c.Choices != nil && len(form.Rows) > 0 {
			d.choices(cell(i+1, header+1)+":"+cell(i+1, last), c)
		}
	}
	d.check(d.SetRowHeight(answersSheet, header, 30))
	for i, row := range form.Rows {
		lines := 1
		for j, text := range row {
			style := d.text
			if form.Columns[j].Answer {
				style = d.answer
			}
			d.put(answersSheet, j+1, header+1+i, text, style)
			lines = max(lines, celltext.Lines(text, form.Columns[j].Width))
		}
		d.check(d.SetRowHeight(answersSheet, header+1+i, celltext.Line*float64(lines)))
	}
	d.check(d.SetPanes(answersSheet, &excelize.Panes{Freeze: true, XSplit: 1, YSplit: header, TopLeftCell: cell(2, header+1), ActivePane: "bottomRight"}))
	d.check(d.AutoFilter(answersSheet, cell(1, header)+":"+cell(len(form.Columns), max(last, header+1)), nil))
	d.paper(answersSheet) // after the filter, which would replace it
}

// paper makes a sheet as wide as a page.
func (d *drawing) paper(sheet string) {
	landscape, a4, fit, wide, high := "landscape", 9, true, 1, 0
	d.check(d.SetPageLayout(sheet, &excelize.PageLayoutOptions{Orientation: &landscape, Size: &a4, FitToWidth: &wide, FitToHeight: &high}))
	d.check(d.SetSheetProps(sheet, &excelize.SheetPropsOptions{FitToPage: &fit}))
}

func (d *drawing) choices(cells string, c Column) {
	v := excelize.NewDataValidation(true)
	v.SetSqref(cells)
	d.check(v.SetDropList(c.Choices))
	v.SetError(excelize.DataValidationErrorStyleStop, c.Title, "Choose one of: "+strings.Join(c.Choices, ", ")+".")
	d.check(d.AddDataValidation(answersSheet, v))
}

func (d *drawing) origin(form *Form) {
	d.check(d.SetColWidth(originSheet, "A", "A", 24))
	d.check(d.SetColWidth(originSheet, "B", "B", 100))
	for i, p := range form.Origin {
		d.put(originSheet, 1, i+1, p.Label, d.label)
		d.put(originSheet, 2, i+1, p.Text, d.text)
	}
	d.paper(originSheet)
}

func cell(column, row int) string {
	name, err := excelize.CoordinatesToCellName(column, row)
	if err != nil {
		panic(err) // both numbers are counted here
	}
	return name
}
