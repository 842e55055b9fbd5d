package pdf

import (
	"strings"

	"github.com/auditpack/auditpack/render"
)

// labelWidth is the width of the labels of a list of pairs.
const labelWidth = 34.0

// keyValues sets one pair a line, the label before the value.
func (l *layout) keyValues(b render.KeyValues) {
	for i, kv := range b.Items {
		label := l.label(kv.Key, labelWidth-3)
		cell := l.cell(kv.Value, styleCell, width-labelWidth, false)
		h := max(cell.height(), float64(len(label))*styleLabel.line()+0.5) + 1.3
		gap := 0.0
		if i == 0 {
			gap = 2
		}
		l.add(band{height: h, gap: gap, keep: i == 0 && len(b.Items) > 1, draw: func(c *canvas) {
			c.lines(0, 0.55, label, styleLabel)
			cell.draw(c, labelWidth, 0)
		}})
	}
}

// pairs sets several pairs side by side, each label above its value.
func (l *layout) pairs(b render.KeyValues) {
	const gutter = 4.0
	w := (width - gutter*float64(b.Columns-1)) / float64(b.Columns)
	for i := 0; i < len(b.Items); i += b.Columns {
		var labels [][]string
		var cells []cell
		height, labelHeight := 0.0, 0.0
		for _, kv := range b.Items[i:min(i+b.Columns, len(b.Items))] {
			label := l.label(kv.Key, w)
			labels = append(labels, label)
			cells = append(cells, l.cell(kv.Value, stylePair, w, false))
			labelHeight = max(labelHeight, float64(len(label))*styleLabel.line())
		}
		for _, c := range cells {
			height = max(height, c.height())
		}
		l.add(band{height: labelHeight + height + 1.4, gap: 0.8, draw: func(c *canvas) {
			for j := range cells {
				x := float64(j) * (w + gutter)
				c.lines(x, 0, labels[j], styleLabel)
				cells[j].draw(c, x, labelHeight)
			}
		}})
	}
}

// label sets a label in capitals.
func (l *layout) label(s string, w float64) []string {
	return l.fonts.wrapAtMost(strings.ToUpper(s), styleLabel, w, 4)
}
