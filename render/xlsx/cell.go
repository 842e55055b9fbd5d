package xlsx

import (
	"fmt"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/xuri/excelize/v2"

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
	return excelize.Cell{StyleID: style, Value: clean(text)}
}

// lineHeight in points fits ten-point type. A row shows at most maxLines; a cell
// with more has all of its text, and shows it when the row is drawn taller.
const (
	lineHeight   = 13.5
	maxLines     = 12
	headerHeight = 2*lineHeight + 3
)

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
	return lineHeight * float64(min(lines, maxLines))
}

// linesOf is how many lines a text takes in a column of so many characters.
func linesOf(cell render.Cell, width int) int {
	text, ok := cell.(string)
	if !ok {
		return 1
	}
	perLine := width - width/10 // words do not fill a line
	return max(1, (utf8.RuneCountInString(text)+perLine-1)/perLine)
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
