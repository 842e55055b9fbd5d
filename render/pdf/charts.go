package pdf

import (
	"strconv"

	"github.com/auditpack/auditpack/render"
)

// figures sets numbers side by side, each with a rule above and its label below.
func (l *layout) figures(b render.Figures) {
	const gutter = 4.0
	n := float64(len(b.Items))
	w := (width - gutter*(n-1)) / n
	type tile struct {
		number string
		label  []string
	}
	var tiles []tile
	lines := 0
	for _, f := range b.Items {
		t := tile{l.fonts.fit(f.Number, styleFigure, w), l.fonts.wrapAtMost(f.Label, styleSmall, w, 4)}
		lines = max(lines, len(t.label))
		tiles = append(tiles, t)
	}
	top := styleFigure.line() + 2
	height := top + float64(lines)*styleSmall.line() + 3
	l.add(band{height: height, gap: 2, draw: func(c *canvas) {
		for i, t := range tiles {
			x := float64(i) * (w + gutter)
			p := palettes[b.Items[i].Tone]
			number := styleFigure
			if b.Items[i].Tone != render.Plain && b.Items[i].Tone != render.Severe {
				number = number.in(p.ink)
			}
			c.rect(x, 0, w, 0.6, p.solid)
			c.text(x, 2, t.number, number)
			c.lines(x, top, t.label, styleSmall)
			if id := b.Items[i].Link; id != "" {
				c.link(x, 0, w, height-3, id)
			}
		}
	}})
}

const (
	barLabel  = 61.0
	barWidth  = 25.0
	barHeight = 2.8
	barGap    = 0.35 // parts their parts, so that they stay apart in black and white
)

// bars draws one stacked bar a line, with its numbers in columns beside it.
func (l *layout) bars(b render.Bars) {
	column := (width - barLabel - barWidth) / float64(len(b.Legend))
	longest := 0
	for _, line := range b.Lines {
		total := 0
		for _, n := range line.Parts {
			total += n
		}
		longest = max(longest, total)
	}
	l.barsHeader(b, column)
	for i, line := range b.Lines {
		label := l.fonts.wrapAtMost(line.Label, styleCell, barLabel-3, 3)
		height := float64(len(label))*styleCell.line() + 1.7
		l.add(band{height: height, keep: i < len(b.Lines)-1, draw: func(c *canvas) {
			c.lines(0, 0.85, label, styleCell)
			x := barLabel
			for j, n := range line.Parts {
				w := barWidth * float64(n) / float64(max(longest, 1))
				c.rect(x, (height-barHeight)/2, max(w-barGap, 0), barHeight, palettes[b.Legend[j].Tone].solid)
				x += w
				c.number(barLabel+barWidth+column*float64(j+1), 0.85, n)
			}
			c.rect(0, height-0.12, width, 0.12, hairline)
		}})
	}
	l.after(3)
}

func (l *layout) barsHeader(b render.Bars, column float64) {
	const swatch = 1.8
	var labels [][]string
	lines := 1
	for _, t := range b.Legend {
		label := l.fonts.wrapAtMost(t.Value, styleLegend, column-swatch-1.6, 3)
		labels = append(labels, label)
		lines = max(lines, len(label))
	}
	height := float64(lines)*styleLegend.line() + 1.6
	l.add(band{height: height, gap: 3, keep: true, draw: func(c *canvas) {
		for i, label := range labels {
			right := barLabel + barWidth + column*float64(i+1)
			top := height - 1.6 - float64(len(label))*styleLegend.line()
			widest := 0.0
			for j, s := range label {
				w := l.fonts.width(s, styleLegend)
				widest = max(widest, w)
				c.text(right-w, top+float64(j)*styleLegend.line(), s, styleLegend)
			}
			c.rect(right-widest-swatch-0.8, height-1.6-(styleLegend.line()+swatch)/2, swatch, swatch, palettes[b.Legend[i].Tone].solid)
		}
		c.rect(0, height-0.35, width, 0.35, accent)
	}})
}

// number sets a count that ends at x; nothing is said loudly about zero.
func (c *canvas) number(x, y float64, n int) {
	st, s := styleCell, strconv.Itoa(n)
	if n == 0 {
		st, s = st.in(quiet), "–"
	}
	c.text(x-c.l.fonts.width(s, st), y, s, st)
}
