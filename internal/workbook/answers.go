package workbook

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/schema"
)

// Answers are what people filled in.
type Answers struct {
	// Fields by the label of the Field; a day as 2026-11-22.
	Fields map[string]string
	// Rows has the answers of each row in the order of the form, by the title of the column.
	Rows []map[string]string
}

// An Error says everything for which a workbook that came back is refused.
type Error struct {
	// Problems in the order of the sheet; at least one. Each names its row and the reason.
	Problems []string
}

// maxShown is how many problems the text of an Error has.
const maxShown = 20

// Error returns one line for each problem.
func (e *Error) Error() string {
	shown := e.Problems[:min(len(e.Problems), maxShown)]
	text := strings.Join(shown, "\n")
	if n := len(e.Problems) - len(shown); n > 0 {
		text += fmt.Sprintf("\nand %d more", n)
	}
	return text
}

// Origin returns what Form.Origin says in a workbook that Write made, by label. It
// returns an error when the workbook is no form, or its sheets were taken away.
func (b *Book) Origin() (map[string]string, error) {
	for _, sheet := range []string{answersSheet, originSheet} {
		if !slices.Contains(b.file.GetSheetList(), sheet) {
			return nil, fmt.Errorf("the sheet %q is missing: this is no workbook of \"auditpack review export\", or somebody took the sheet away", sheet)
		}
	}
	rows, err := b.file.GetRows(originSheet, excelize.Options{RawCellValue: true})
	if err != nil {
		return nil, fmt.Errorf("read sheet %q: %w", originSheet, err)
	}
	out := map[string]string{}
	for _, r := range rows {
		if len(r) > 1 {
			out[r[0]] = r[1]
		}
	}
	return out, nil
}

// Answers holds the workbook against the form that it was made from, and returns
// the answers. Anything else that differs from the form, an answer that is none of
// the choices, a formula, or cells that were merged make it an *Error that says all
// of it. An answer that is open is an empty text.
func (f *Form) Answers(b *Book) (*Answers, error) {
	r := &reading{form: f, file: b.file}
	var err error
	if r.cells, err = b.file.GetRows(answersSheet, excelize.Options{RawCellValue: true}); err != nil {
		return nil, fmt.Errorf("read sheet %q: %w", answersSheet, err)
	}
	r.merged()
	a := &Answers{Fields: map[string]string{}}
	r.head(a)
	if len(r.problems) == 0 {
		r.table(a)
	}
	if len(r.problems) > 0 {
		return nil, &Error{r.problems}
	}
	return a, nil
}

// A reading compares a sheet with a form.
type reading struct {
	form     *Form
	file     *excelize.File
	cells    [][]string
	problems []string
}

func (r *reading) problem(format string, args ...any) {
	r.problems = append(r.problems, fmt.Sprintf(format, args...))
}

// at returns the text of a cell; both numbers count from 1.
func (r *reading) at(column, row int) string {
	if row > len(r.cells) || column > len(r.cells[row-1]) {
		return ""
	}
	return strings.TrimSpace(r.cells[row-1][column-1])
}

// formula reports, and says, that a cell is computed: its value would be the
// program's that saved the file, and nobody's word.
func (r *reading) formula(column, row int) bool {
	f, err := r.file.GetCellFormula(answersSheet, cell(column, row))
	if err == nil && f == "" {
		return false
	}
	r.problem("row %d: cell %s is a formula; write the answer itself", row, cell(column, row))
	return true
}

func (r *reading) merged() {
	cells, err := r.file.GetMergeCells(answersSheet)
	if err != nil {
		r.problem("read merged cells: %v", err)
	}
	for _, m := range cells {
		_, row, _ := excelize.CellNameToCoordinates(m.GetStartAxis())
		r.problem("row %d: the cells %s to %s are merged; each row needs cells of its own", row, m.GetStartAxis(), m.GetEndAxis())
	}
}

// head compares what stands above the table and reads the fields.
func (r *reading) head(a *Answers) {
	want := func(column, row int, text string) {
		if got := r.at(column, row); got != fit(text) {
			r.problem("row %d: cell %s says %q, and said %q when it was exported", row, cell(column, row), brief(got), brief(fit(text)))
		}
	}
	want(1, 1, r.form.Title)
	for i, n := range r.form.Notes {
		want(1, i+2, n.Label)
		want(2, i+2, n.Text)
	}
	for i, q := range r.form.Fields {
		row := len(r.form.Notes) + i + 2
		want(1, row, q.Label)
		if r.formula(2, row) {
			continue
		}
		text := r.at(2, row)
		if q.Date && text != "" {
			day, err := r.day(row)
			if err != nil {
				r.problem("row %d: %s: %q is not a day such as 2026-11-22", row, q.Label, brief(text))
			}
			text = day.String()
		}
		a.Fields[q.Label] = text
	}
	for i, c := range r.form.Columns {
		want(i+1, r.form.headerRow(), c.Title)
	}
}

// day reads a day that was typed as a text, or that the program made a number of.
func (r *reading) day(row int) (schema.Date, error) {
	text := r.at(2, row)
	if day, err := schema.ParseDate(text); err == nil {
		return day, nil
	}
	serial, err := strconv.ParseFloat(text, 64)
	if err != nil {
		return schema.Date{}, err
	}
	props, err := r.file.GetWorkbookProps()
	if err != nil {
		return schema.Date{}, err
	}
	t, err := excelize.ExcelDateToTime(serial, props.Date1904 != nil && *props.Date1904)
	if err != nil || t.Before(time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)) {
		return schema.Date{}, fmt.Errorf("%q is no day", text)
	}
	return schema.DateOf(t), nil
}

// table compares the rows, in whatever order they are now, and reads the answers.
func (r *reading) table(a *Answers) {
	names := map[string]int{}
	for i, row := range r.form.Rows {
		names[fit(row[0])] = i
	}
	a.Rows = make([]map[string]string, len(r.form.Rows))
	for row := r.form.headerRow() + 1; row <= len(r.cells); row++ {
		if r.blank(row) {
			continue
		}
		name := r.at(1, row)
		i, known := names[name]
		switch {
		case !known:
			r.problem("row %d: %s %q is not in the list that was exported", row, r.form.Columns[0].Title, brief(name))
		case a.Rows[i] != nil:
			r.problem("row %d: %s %q is there twice", row, r.form.Columns[0].Title, brief(name))
		default:
			a.Rows[i] = r.row(row, r.form.Rows[i])
		}
	}
	for i, row := range r.form.Rows {
		if a.Rows[i] == nil {
			r.problem("%s %q is missing: %s", r.form.Columns[0].Title, row[0], brief(strings.Join(row[1:], ", ")))
		}
	}
}

func (r *reading) blank(row int) bool {
	return !slices.ContainsFunc(r.cells[row-1], func(text string) bool { return strings.TrimSpace(text) != "" })
}

// row reads the answers of one row, and compares the rest.
func (r *reading) row(row int, want []string) map[string]string {
	out := map[string]string{}
	for i, c := range r.form.Columns {
		if r.formula(i+1, row) {
			continue
		}
		text := r.at(i+1, row)
		switch {
		case !c.Answer && text != fit(want[i]):
			r.problem("row %d: %s says %q, and said %q when it was exported", row, c.Title, brief(text), brief(fit(want[i])))
		case c.Answer && text != "" && c.Choices != nil && !slices.Contains(c.Choices, text):
			r.problem("row %d: %s is %q; choose one of %s", row, c.Title, brief(text), strings.Join(c.Choices, ", "))
		case c.Answer:
			out[c.Title] = text
		}
	}
	for column := len(r.form.Columns) + 1; column <= len(r.cells[row-1]); column++ {
		if r.at(column, row) != "" {
			r.problem("row %d: cell %s is outside the table; write remarks into the columns for answers", row, cell(column, row))
		}
	}
	return out
}

// fit returns a text as a cell has it.
func fit(text string) string { return strings.TrimSpace(celltext.Clean(text)) }

// brief shortens a text for a message.
func brief(text string) string {
	const longest = 80
	if runes := []rune(text); len(runes) > longest {
		return string(runes[:longest]) + "…"
	}
	return text
}
