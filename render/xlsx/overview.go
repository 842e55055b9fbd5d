package xlsx

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
)

// The grid of the overview: labels, numbers, a gap, and the columns under charts.
const (
	labelWidth   = 38
	gridWidth    = 12.5
	gridColumns  = 14
	chartColumn  = 8 // where charts begin
	chartRows    = 17
	rowPixels    = 20
	columnPixels = 92
)

// drawOverview puts the tables below each other, and their charts beside them,
// those too below each other from the top.
func (b *book) drawOverview(o *render.Overview) error {
	d := &overview{book: b, o: o, name: o.Name, row: 1, chartRow: 2}
	for _, step := range []func() error{d.grid, d.head, d.tables, func() error { return b.printPage(o.Name, false, 1, 0) }} {
		if err := step(); err != nil {
			return err
		}
	}
	return nil
}

type overview struct {
	*book
	o        *render.Overview
	name     string
	row      int // the next to be written
	chartRow int // where the next chart begins
}

func (d *overview) grid() error {
	if err := d.SetColWidth(d.name, "A", "A", labelWidth); err != nil {
		return err
	}
	if err := d.SetColWidth(d.name, "B", columnName(gridColumns), gridWidth); err != nil {
		return err
	}
	off := false
	return d.SetSheetView(d.name, 0, &excelize.ViewOptions{ShowGridLines: &off})
}

func (d *overview) head() error {
	if err := d.put(1, 1, excelize.Cell{StyleID: d.title, Value: celltext.Clean(d.o.Title)}); err != nil {
		return err
	}
	if err := d.SetRowHeight(d.name, 1, 24); err != nil {
		return err
	}
	for _, note := range d.o.Notes {
		d.row++
		if err := d.put(1, 1, excelize.Cell{StyleID: d.label, Value: celltext.Clean(note.Key)}); err != nil {
			return err
		}
		if err := d.put(2, chartColumn-3, d.drawNoteWrapped(note.Value)); err != nil {
			return err
		}
		if err := d.follow(2, note.Value); err != nil {
			return err
		}
		if n := linesOf(note.Value, gridCharacters(2, chartColumn-3)); n > 1 {
			if err := d.SetRowHeight(d.name, d.row, float64(n)*celltext.Line); err != nil {
				return err
			}
		}
	}
	d.row += 2
	return nil
}

// drawNoteWrapped is a note that stays beside the chart.
func (d *overview) drawNoteWrapped(cell render.Cell) any {
	if text, ok := cell.(string); ok {
		return textCell(d.wrapped, text)
	}
	return d.drawNote(cell)
}

func (d *overview) tables() error {
	for _, t := range d.o.Tables {
		if overlaps(t) && d.row < d.chartRow {
			d.row = d.chartRow // below the charts
		}
		if err := d.table(t); err != nil {
			return fmt.Errorf("table %q: %w", t.Title, err)
		}
	}
	return nil
}

// overlaps reports whether a table is so wide that it would lie under a chart.
func overlaps(t render.OverviewTable) bool {
	width := 0
	for _, c := range t.Columns {
		width += c.Width
	}
	return width >= chartColumn
}

func (d *overview) table(t render.OverviewTable) error {
	if err := d.put(1, 1, excelize.Cell{StyleID: d.heading, Value: celltext.Clean(t.Title)}); err != nil {
		return err
	}
	d.row++
	if len(t.Rows) == 0 {
		err := d.put(1, 1, excelize.Cell{StyleID: d.label, Value: celltext.Clean(t.Empty)})
		d.row += 2
		return err
	}
	header := d.row
	if err := d.tableHead(t); err != nil {
		return err
	}
	for _, row := range t.Rows {
		if err := d.tableRow(t, row); err != nil {
			return err
		}
	}
	if t.Chart != "" {
		if err := d.chart(t, header); err != nil {
			return err
		}
	}
	d.row++
	return nil
}

func (d *overview) tableHead(t render.OverviewTable) error {
	column := 1
	for _, c := range t.Columns {
		if err := d.put(column, c.Width, excelize.Cell{StyleID: d.headerStyle(c), Value: celltext.Clean(c.Title)}); err != nil {
			return err
		}
		column += c.Width
	}
	if err := d.SetRowHeight(d.name, d.row, headerHeight); err != nil {
		return err
	}
	d.row++
	return nil
}

func (d *overview) tableRow(t render.OverviewTable, row []render.Cell) error {
	column, lines := 1, 1
	for i, cell := range row {
		width := gridCharacters(column, t.Columns[i].Width)
		lines = max(lines, linesOf(cell, width))
		drawn := d.drawCell(render.Column{}, cell)
		if c, ok := drawn.(excelize.Cell); ok && c.StyleID == d.text {
			c.StyleID = d.wrapped
			drawn = c
		}
		if err := d.put(column, t.Columns[i].Width, drawn); err != nil {
			return err
		}
		if err := d.follow(column, cell); err != nil {
			return err
		}
		column += t.Columns[i].Width
	}
	if lines > 1 {
		if err := d.SetRowHeight(d.name, d.row, float64(lines)*celltext.Line); err != nil {
			return err
		}
	}
	d.row++
	return nil
}

// gridCharacters is how many characters fit into columns of the grid.
func gridCharacters(column, columns int) int {
	if column == 1 {
		return labelWidth + int(float64(columns-1)*gridWidth)
	}
	return int(float64(columns) * gridWidth)
}

// put writes a cell that takes so many columns of the grid.
func (d *overview) put(column, columns int, drawn any) error {
	cell, ok := drawn.(excelize.Cell)
	if !ok {
		return nil
	}
	at, end := cellName(column, d.row), cellName(column+columns-1, d.row)
	if columns > 1 {
		if err := d.MergeCell(d.name, at, end); err != nil {
			return err
		}
	}
	if err := d.SetCellValue(d.name, at, cell.Value); err != nil {
		return err
	}
	return d.SetCellStyle(d.name, at, end, cell.StyleID)
}

func (d *overview) follow(column int, cell render.Cell) error {
	to, ok := cell.(render.SheetLink)
	if !ok {
		return nil
	}
	return d.link(d.name, cellName(column, d.row), to)
}

// chart stacks the numbers of each row into a bar. Each part shows its number, and
// the table beside it has the same ones, so that nothing rests on colour.
func (d *overview) chart(t render.OverviewTable, header int) error {
	first, last := header+1, header+len(t.Rows)
	reference := func(column, from, to int) string {
		name := columnName(column)
		if from == to {
			return fmt.Sprintf("%s!$%s$%d", quoteSheet(d.name), name, from)
		}
		return fmt.Sprintf("%s!$%s$%d:$%[2]s$%[4]d", quoteSheet(d.name), name, from, to)
	}
	gap := uint(60)
	chart := &excelize.Chart{
		GapWidth: &gap,
		Type:     excelize.BarStacked, Title: excelize.ChartTitle{Paragraph: []excelize.RichTextRun{{Text: t.Chart, Font: &excelize.Font{Bold: true, Size: 12, Color: "22384D", Family: "Arial"}}}},
		Legend:    excelize.ChartLegend{Position: "bottom", Font: &excelize.Font{Size: 9, Family: "Arial", Color: "333333"}},
		XAxis:     excelize.ChartAxis{ReverseOrder: true, Font: excelize.Font{Size: 9, Family: "Arial", Color: "333333"}},
		YAxis:     excelize.ChartAxis{None: true},
		PlotArea:  excelize.ChartPlotArea{ShowVal: true, NumFmt: excelize.ChartNumFmt{CustomNumFmt: "0;;;"}}, // no number on a part of nothing
		Dimension: excelize.ChartDimension{Width: (gridColumns - chartColumn + 1) * columnPixels, Height: (chartRows - 1) * rowPixels},
	}
	for i, tone := range t.Series {
		paint := chartColours[tone]
		chart.Series = append(chart.Series, excelize.ChartSeries{
			Name: reference(i+2, header, header), Categories: reference(1, first, last), Values: reference(i+2, first, last),
			Fill: ground(paint.fill), Line: excelize.LineOptions{Fill: ground("FFFFFF"), Width: 0.75}, DataLabel: excelize.ChartDataLabel{Font: excelize.Font{Color: paint.label, Size: 9, Family: "Arial"}},
		})
	}
	at := cellName(chartColumn, d.chartRow)
	d.chartRow += chartRows
	return d.AddChart(d.name, at, chart)
}
