package xlsx

import (
	"fmt"
	"time"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
)

// drawCell gives the value and style of a cell of a column; nil is an empty cell.
func (st *styles) drawCell(column render.Column, cell render.Cell) any {
	switch v := cell.(type) {
	case nil:
		return nil
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
		return excelize.Cell{StyleID: st.flag, Value: v}
	case render.SheetLink:
		return st.drawLink(column, v)
	case render.Text:
		if len(column.Values) > 0 { // the column's conditional formats have the tone
			return textCell(st.text, v.Value)
		}
		return textCell(st.status(v.Tone), v.Value)
	default:
		return textCell(st.prose(column.Width), fmt.Sprint(v))
	}
}

// drawLink is what a link shows, as a link.
func (st *styles) drawLink(column render.Column, l render.SheetLink) any {
	shown := st.drawCell(column, l.Value)
	cell, ok := shown.(excelize.Cell)
	if !ok {
		return shown
	}
	switch cell.StyleID {
	case st.number:
		cell.StyleID = st.numberLink
	case st.text, st.wrapped:
		cell.StyleID = st.link
	}
	return cell
}

// textCell leaves a cell without text empty, so that a pivot does not count it.
func textCell(style int, text string) any {
	if text == "" {
		return nil
	}
	return excelize.Cell{StyleID: style, Value: celltext.Clean(text)}
}

// headerHeight in points is that of a header of two lines.
const headerHeight = 2*celltext.Line + 3

// rowHeight is what the longest wrapped text of a row needs. It is written down,
// since not every program measures rows when it opens a file. 0 is one line.
func rowHeight(columns []render.Column, row []render.Cell) float64 {
	lines := 1
	for i, cell := range row {
		if width := columns[i].Width; width >= proseWidth {
			lines = max(lines, linesOf(cell, width))
		}
	}
	if lines == 1 {
		return 0
	}
	return celltext.Line * float64(lines)
}

// linesOf is how many lines a cell takes in a column of so many characters.
func linesOf(cell render.Cell, width int) int {
	text, ok := cell.(string)
	if !ok {
		return 1
	}
	return celltext.Lines(text, width)
}
