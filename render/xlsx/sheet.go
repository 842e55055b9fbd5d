package xlsx

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
)

// A drawing is one sheet while its rows are written.
type drawing struct {
	*book
	*excelize.StreamWriter
	s       render.Sheet
	part    string
	letters []string // of the columns
	row     int      // the last that was written
	links   int
}

// drawSheet puts the title into the first row, the notes below it, and after an
// empty row the header, which stays in view, with the rows under it.
func (b *book) drawSheet(s render.Sheet) error {
	pages, portrait := pagesWide(s)
	if err := b.printPage(s.Name, portrait, pages, 0); err != nil { // the stream begins with its properties
		return err
	}
	sw, err := b.NewStreamWriter(s.Name)
	if err != nil {
		return err
	}
	d := &drawing{book: b, StreamWriter: sw, s: s, part: b.parts[s.Name]}
	for _, step := range []func() error{d.columns, d.head, d.body, d.statuses, d.filter, func() error { return b.printNames(s, d.row) }, sw.Flush} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

func (d *drawing) columns() error {
	for i, c := range d.s.Columns {
		if err := d.SetColWidth(i+1, i+1, float64(c.Width)); err != nil {
			return err
		}
		d.letters = append(d.letters, columnName(i+1))
	}
	header := d.headerRow[d.s.Name]
	return d.StreamWriter.SetPanes(&excelize.Panes{Freeze: true, YSplit: header, TopLeftCell: cellName(1, header+1), ActivePane: "bottomLeft"})
}

func (d *drawing) head() error {
	if err := d.SetRow("A1", []any{excelize.Cell{StyleID: d.title, Value: celltext.Clean(d.s.Title)}}, excelize.RowOpts{Height: 24}); err != nil {
		return err
	}
	for i, note := range d.s.Notes {
		if err := d.SetRow(cellName(1, i+2), []any{excelize.Cell{StyleID: d.label, Value: celltext.Clean(note.Key)}, d.drawNote(note.Value)}); err != nil {
			return err
		}
		if err := d.follow(2, i+2, note.Value); err != nil {
			return err
		}
	}
	titles := make([]any, len(d.s.Columns))
	for i, c := range d.s.Columns {
		titles[i] = excelize.Cell{StyleID: d.headerStyle(c), Value: celltext.Clean(c.Title)}
	}
	d.row = d.headerRow[d.s.Name]
	return d.SetRow(cellName(1, d.row), titles, excelize.RowOpts{Height: headerHeight})
}

// body writes the rows, and where they are more than a sheet takes says so in the last.
func (d *drawing) body() error {
	left := 0
	d.kept.begin(d.part)
	for row := range d.s.Rows {
		if d.row == d.rows-1 {
			left++
			continue
		}
		d.row++
		if err := d.drawRow(row); err != nil {
			return fmt.Errorf("row %d: %w", d.row, err)
		}
	}
	if left == 0 {
		return nil
	}
	d.row++
	remark := fmt.Sprintf("%d more rows do not fit into a sheet; the archive has all of them", left)
	return d.kept.add(d.part, d.row, 0, d.letters, []any{excelize.Cell{StyleID: d.note(render.Bad), Value: remark}})
}

func (d *drawing) drawRow(row []render.Cell) error {
	cells := make([]any, len(row))
	for i, cell := range row {
		if _, ok := cell.(render.SheetLink); ok && d.links >= maxLinks {
			cell = cell.(render.SheetLink).Value
		}
		cells[i] = d.drawCell(d.s.Columns[i], cell)
		if err := d.follow(i+1, d.row, cell); err != nil {
			return err
		}
	}
	return d.kept.add(d.part, d.row, rowHeight(d.s.Columns, row), d.letters, cells)
}

// follow makes a cell a link when it is one.
func (d *drawing) follow(column, row int, cell render.Cell) error {
	to, ok := cell.(render.SheetLink)
	if !ok {
		return nil
	}
	d.links++
	return d.link(d.s.Name, cellName(column, row), to)
}

// statuses gives each word of a status column its colours, also when it is changed later.
func (d *drawing) statuses() error {
	header := d.headerRow[d.s.Name]
	for i, c := range d.s.Columns {
		if len(c.Values) == 0 || d.row == header {
			continue
		}
		var rules []excelize.ConditionalFormatOptions
		for _, v := range c.Values {
			if format, ok := d.conditions[v.Tone]; ok {
				rules = append(rules, excelize.ConditionalFormatOptions{Type: "cell", Criteria: "==", Value: fmt.Sprintf("%q", v.Value), Format: &format})
			}
		}
		if len(rules) == 0 {
			continue
		}
		if err := d.SetConditionalFormat(d.s.Name, cellName(i+1, header+1)+":"+cellName(i+1, d.row), rules); err != nil {
			return err
		}
	}
	return nil
}

func (d *drawing) filter() error {
	header := d.headerRow[d.s.Name]
	return d.AutoFilter(d.s.Name, cellName(1, header)+":"+cellName(len(d.s.Columns), max(d.row, header+1)), nil)
}

// drawNote is a cell of a note, which is as wide as its text.
func (b *book) drawNote(cell render.Cell) any {
	if t, ok := cell.(render.Text); ok {
		return textCell(b.note(t.Tone), t.Value)
	}
	drawn := b.drawCell(render.Column{}, cell)
	if c, ok := drawn.(excelize.Cell); ok && c.StyleID == b.number {
		c.StyleID = b.leftNumber
		return c
	}
	return drawn
}
