package workbook

import (
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
)

// A Sheet is the texts of one sheet of a Book.
type Sheet struct {
	Name string
	Rows [][]string
}

// Sheets returns the texts of all sheets, in their order.
func (b *Book) Sheets() ([]Sheet, error) {
	var out []Sheet
	for _, name := range b.file.GetSheetList() {
		rows, err := b.file.GetRows(name)
		if err != nil {
			return nil, fmt.Errorf("read sheet %q: %w", name, err)
		}
		out = append(out, Sheet{name, rows})
	}
	return out, nil
}

// Allowed returns the values that the drop-down list of a cell has, and nil where
// it has none. A list that stands in cells is read from there. Both numbers count from 1.
func (b *Book) Allowed(sheet string, column, row int) ([]string, error) {
	all, err := b.validations(sheet)
	if err != nil {
		return nil, err
	}
	for _, v := range all {
		if v.Type != "list" || !covers(v.Sqref, column, row) {
			continue
		}
		return b.list(sheet, v.Formula1)
	}
	return nil, nil
}

func (b *Book) validations(sheet string) ([]*excelize.DataValidation, error) {
	if v, ok := b.lists[sheet]; ok {
		return v, nil
	}
	v, err := b.file.GetDataValidations(sheet)
	if err != nil {
		return nil, fmt.Errorf("read the drop-down lists of sheet %q: %w", sheet, err)
	}
	if b.lists == nil {
		b.lists = map[string][]*excelize.DataValidation{}
	}
	b.lists[sheet] = v
	return v, nil
}

// covers reports whether a list of ranges such as "B2:B9 D4" has a cell.
func covers(ranges string, column, row int) bool {
	for r := range strings.FieldsSeq(ranges) {
		x1, y1, x2, y2, err := corners(r)
		if err == nil && x1 <= column && column <= x2 && y1 <= row && row <= y2 {
			return true
		}
	}
	return false
}

func corners(cells string) (x1, y1, x2, y2 int, err error) {
	from, to, ranged := strings.Cut(strings.ReplaceAll(cells, "$", ""), ":")
	if !ranged {
		to = from
	}
	if x1, y1, err = excelize.CellNameToCoordinates(from); err != nil {
		return 0, 0, 0, 0, err
	}
	x2, y2, err = excelize.CellNameToCoordinates(to)
	return x1, y1, x2, y2, err
}

// list reads what a drop-down list says: words between quotation marks, a range, or a name of one.
func (b *Book) list(sheet, formula string) ([]string, error) {
	formula = strings.TrimPrefix(strings.TrimSpace(formula), "=")
	if quoted, ok := strings.CutPrefix(formula, `"`); ok {
		var out []string
		for word := range strings.SplitSeq(strings.TrimSuffix(quoted, `"`), ",") {
			out = append(out, strings.TrimSpace(strings.ReplaceAll(word, `""`, `"`)))
		}
		return out, nil
	}
	for _, n := range b.file.GetDefinedName() {
		if strings.EqualFold(n.Name, formula) {
			formula = strings.TrimPrefix(n.RefersTo, "=")
			break
		}
	}
	if from, cells, ok := strings.Cut(formula, "!"); ok {
		sheet, formula = strings.ReplaceAll(strings.Trim(from, "'"), "''", "'"), cells
	}
	const longest = 1000
	x1, y1, x2, y2, err := corners(formula)
	if err != nil || (x2-x1+1)*(y2-y1+1) > longest {
		return nil, fmt.Errorf("the drop-down list %q of sheet %q is not words, a range or a name of one", formula, sheet)
	}
	out := []string{}
	for y := y1; y <= y2; y++ {
		for x := x1; x <= x2; x++ {
			text, err := b.file.GetCellValue(sheet, cell(x, y))
			if err != nil {
				return nil, fmt.Errorf("read the drop-down list %q: %w", formula, err)
			}
			if text != "" {
				out = append(out, text)
			}
		}
	}
	return out, nil
}

// Writable says why nothing may be written into a cell: it has a formula, or is
// merged into another. It returns an empty text when it is free.
func (b *Book) Writable(sheet string, column, row int) (string, error) {
	at := cell(column, row)
	formula, err := b.file.GetCellFormula(sheet, at)
	if err != nil {
		return "", err
	}
	if formula != "" {
		return "the cell " + at + " has a formula", nil
	}
	merged, err := b.merges(sheet)
	if err != nil {
		return "", err
	}
	for _, m := range merged {
		if covers(m.GetStartAxis()+":"+m.GetEndAxis(), column, row) && m.GetStartAxis() != at {
			return "the cell " + at + " is merged into " + m.GetStartAxis(), nil
		}
	}
	return "", nil
}

func (b *Book) merges(sheet string) ([]excelize.MergeCell, error) {
	if m, ok := b.merged[sheet]; ok {
		return m, nil
	}
	m, err := b.file.GetMergeCells(sheet)
	if err != nil {
		return nil, err
	}
	if b.merged == nil {
		b.merged = map[string][]excelize.MergeCell{}
	}
	b.merged[sheet] = m
	return m, nil
}

// Set writes a text into a cell. The style stays. A row that is too low for a text
// that wraps is made taller: programs do not do so for a workbook that they open.
func (b *Book) Set(sheet string, column, row int, text string) error {
	if err := b.file.SetCellStr(sheet, cell(column, row), celltext.Clean(text)); err != nil {
		return err
	}
	id, err := b.file.GetCellStyle(sheet, cell(column, row))
	if err != nil {
		return err
	}
	if style, err := b.file.GetStyle(id); err != nil || style.Alignment == nil || !style.Alignment.WrapText {
		return err
	}
	return b.raise(sheet, column, row, text)
}

func (b *Book) raise(sheet string, column, row int, text string) error {
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		return err
	}
	width, err := b.file.GetColWidth(sheet, name)
	if err != nil {
		return err
	}
	height, err := b.file.GetRowHeight(sheet, row)
	if err != nil {
		return err
	}
	if need := celltext.Line * float64(celltext.Lines(text, int(width))); need > height {
		return b.file.SetRowHeight(sheet, row, need)
	}
	return nil
}

// Paint gives a cell a ground of that colour, as RRGGBB, or none for an empty one,
// and returns the colour that it had. The rest of its style stays.
func (b *Book) Paint(sheet string, column, row int, colour string) (before string, err error) {
	at := cell(column, row)
	id, err := b.file.GetCellStyle(sheet, at)
	if err != nil {
		return "", err
	}
	style, err := b.file.GetStyle(id)
	if err != nil {
		return "", err
	}
	const solid = 1
	if len(style.Fill.Color) > 0 && style.Fill.Pattern == solid {
		before = style.Fill.Color[0]
	}
	style.Fill = excelize.Fill{}
	if colour != "" {
		style.Fill = excelize.Fill{Type: "pattern", Pattern: solid, Color: []string{colour}}
	}
	if id, err = b.file.NewStyle(style); err != nil {
		return "", err
	}
	return before, b.file.SetCellStyle(sheet, at, at, id)
}

// AddTable adds a sheet with notes and a table below them. Cells of columns for
// answers are left open. It returns an error when there is a sheet of that name.
func (b *Book) AddTable(sheet string, notes []Pair, columns []Column, rows [][]string) error {
	if slices.Contains(b.file.GetSheetList(), sheet) {
		return fmt.Errorf("the workbook has a sheet %q already", sheet)
	}
	if _, err := b.file.NewSheet(sheet); err != nil {
		return err
	}
	d := &drawing{File: b.file}
	d.styles()
	for i, n := range notes {
		d.put(sheet, 1, i+1, n.Label, d.label)
		d.put(sheet, 2, i+1, n.Text, d.label)
	}
	header := len(notes) + 2
	for i, c := range columns {
		name, err := excelize.ColumnNumberToName(i + 1)
		d.check(err)
		d.check(d.SetColWidth(sheet, name, name, float64(c.Width)))
		style := d.header
		if c.Answer {
			style = d.asked
		}
		d.put(sheet, i+1, header, c.Title, style)
	}
	d.check(d.SetRowHeight(sheet, header, 30))
	for i, row := range rows {
		lines := 1
		for j, text := range row {
			style := d.text
			if columns[j].Answer {
				style = d.answer
			}
			d.put(sheet, j+1, header+1+i, text, style)
			lines = max(lines, celltext.Lines(text, columns[j].Width))
		}
		d.check(d.SetRowHeight(sheet, header+1+i, celltext.Line*float64(lines)))
	}
	d.check(d.SetPanes(sheet, &excelize.Panes{Freeze: true, YSplit: header, TopLeftCell: cell(1, header+1), ActivePane: "bottomLeft"}))
	d.check(d.AutoFilter(sheet, cell(1, header)+":"+cell(len(columns), max(header+1, header+len(rows))), nil))
	d.paper(sheet)
	return d.err
}

// Write writes the workbook as it is now.
func (b *Book) Write(w io.Writer) error { return b.file.Write(w) }

// ColumnName returns the letters of a column that counts from 1, and an empty text for 0.
func ColumnName(column int) string {
	if column == 0 {
		return ""
	}
	name, err := excelize.ColumnNumberToName(column)
	if err != nil {
		panic(err) // columns are counted from sheets
	}
	return name
}

// ColumnNumber is the reverse of ColumnName; 0 for anything else.
func ColumnNumber(name string) int {
	n, err := excelize.ColumnNameToNumber(name)
	if err != nil {
		return 0
	}
	return n
}

// Text returns the text of a cell.
func (b *Book) Text(sheet string, column, row int) (string, error) {
	text, err := b.file.GetCellValue(sheet, cell(column, row))
	return strings.TrimSpace(text), err
}
