package pdf

import (
	"fmt"

	"github.com/auditpack/auditpack/render"
)

const (
	cellGap = 2.0  // between columns
	cellRim = 0.85 // above and below the text of a row
	// Lines that a cell and its note may have, so that a row fits on a page.
	cellLines = 44
	noteLines = 14
)

// A cell is one text, broken into lines.
type cell struct {
	text  render.Text
	style style
	width float64
	lines []string
	note  []string
	pill  bool
	right bool
	paged bool // the note is the page that the link leads to
	l     *layout
}

// cell breaks a text for a width. With pill it is drawn on the ground of its tone.
func (l *layout) cell(t render.Text, st style, w float64, pill bool) cell {
	c := cell{text: t, style: st, width: w, pill: pill && t.Tone != render.Plain, l: l}
	inner := w
	switch {
	case c.pill:
		c.style, inner = stylePill, w-2*pillPad
	case t.Bold:
		c.style = st.bold()
	}
	if !c.pill {
		c.style = c.style.in(inkOf(t, st.color))
	}
	if t.Value != "" {
		c.lines = l.fonts.wrapAtMost(t.Value, c.style, inner, cellLines)
	}
	if t.Note != "" {
		c.note = l.fonts.wrapAtMost(t.Note, styleNote, w, noteLines)
	}
	return c
}

func (c cell) height() float64 {
	h := float64(len(c.lines)) * c.style.line()
	if c.pill {
		h = pillHeight(len(c.lines))
	}
	return h + float64(len(c.note))*styleNote.line()
}

func (c cell) draw(cv *canvas, x, y float64) {
	h := float64(len(c.lines)) * c.style.line()
	if c.pill {
		w := 0.0
		for _, s := range c.lines {
			w = max(w, c.l.fonts.width(s, c.style))
		}
		cv.pill(x, y, w+2*pillPad, c.lines, c.text.Tone)
		h = pillHeight(len(c.lines)) + 0.3
	} else {
		for i, s := range c.lines {
			w := c.l.fonts.width(s, c.style)
			at := x
			if c.right {
				at = x + c.width - w
			}
			cv.text(at, y+float64(i)*c.style.line(), s, c.style)
			if c.text.Link != "" {
				cv.link(at, y+float64(i)*c.style.line(), w, c.style.line(), c.text.Link)
			}
		}
	}
	if c.paged {
		cv.text(x, y+h, fmt.Sprintf("page %d", c.l.places[c.text.Link].page), styleNote)
		return
	}
	cv.lines(x, y+h, c.note, styleNote)
}

// table lays out rows. Its header is repeated on each page, and its first row
// stays with the header.
func (l *layout) table(t render.Table) {
	if len(t.Rows) == 0 {
		if t.Empty != "" {
			l.paragraph(render.Paragraph{Text: render.Text{Value: t.Empty, Tone: render.Muted}})
		}
		return
	}
	st := styleCell
	if t.Dense {
		st = styleDense
	}
	x, w := columns(t.Columns)
	header := l.tableHeader(t.Columns, x, w)
	header.height = exact(header.height)
	first := header
	first.gap, first.keep = 3.2, true
	l.add(first)
	for i, r := range t.Rows {
		b := l.tableRow(t.Columns, r, x, w, st)
		b.repeat = &header
		// Two rows at least before and after a break, where they are short.
		b.keep = b.height < 20 && (i == 0 || i == len(t.Rows)-2) && i < len(t.Rows)-1
		l.add(b)
	}
	l.after(1.6)
}

// columns returns the left edge and the usable width of each column.
func columns(cols []render.Column) (x, w []float64) {
	total := 0
	for _, c := range cols {
		total += c.Width
	}
	at := 0.0
	for i, c := range cols {
		share := width * float64(c.Width) / float64(total)
		x = append(x, at)
		at += share
		if i < len(cols)-1 {
			share -= cellGap
		}
		w = append(w, share)
	}
	return x, w
}

func (l *layout) tableHeader(cols []render.Column, x, w []float64) band {
	var labels [][]string
	lines := 1
	for i, c := range cols {
		label := l.label(c.Title, w[i])
		labels = append(labels, label)
		lines = max(lines, len(label))
	}
	height := float64(lines)*styleLabel.line() + 1.6
	return band{height: height, draw: func(c *canvas) {
		for i, label := range labels {
			top := height - 1.6 - float64(len(label))*styleLabel.line()
			for j, s := range label {
				at := x[i]
				if cols[i].Kind == render.NumberCell {
					at += w[i] - l.fonts.width(s, styleLabel)
				}
				c.text(at, top+float64(j)*styleLabel.line(), s, styleLabel)
			}
		}
		c.rect(0, height-0.35, width, 0.35, accent)
	}}
}

func (l *layout) tableRow(cols []render.Column, texts []render.Text, x, w []float64, st style) band {
	cells := make([]cell, 0, len(texts))
	var anchors []string
	height := 0.0
	for i, t := range texts {
		c := l.cell(t, st, w[i], cols[i].Kind == render.StatusCell)
		c.right = cols[i].Kind == render.NumberCell
		if cols[i].Kind == render.PageCell && t.Link != "" {
			c.note = []string{""} // the page is known when it is drawn
			c.paged = true
		}
		if t.ID != "" {
			anchors = append(anchors, t.ID)
		}
		cells = append(cells, c)
		height = max(height, c.height())
	}
	height += 2 * cellRim
	return band{height: height, anchors: anchors, draw: func(cv *canvas) {
		for i, c := range cells {
			top := cellRim
			if c.pill {
				top -= 0.25 // the pill's rim, so that its word is on the line of its neighbours
			}
			c.draw(cv, x[i], top)
		}
		cv.rect(0, height-0.12, width, 0.12, hairline)
	}}
}
