package pdf

import (
	"strconv"
	"strings"

	"github.com/auditpack/auditpack/render"
)

// coverHeading opens the title page: what it is, a rule, and the title in large type.
func (l *layout) coverHeading(s render.Section) {
	kind := l.fonts.fit(strings.ToUpper(s.Badge.Value), styleLegend, width)
	lines := l.fonts.wrapAtMost(s.Title, styleCover, width, 6)
	l.add(band{height: 25, keep: true, draw: func(c *canvas) {
		if l.logo != nil {
			c.picture(l.logo, width, 2)
		}
		c.text(0, 8, kind, styleLegend)
		c.rect(0, 15, 28, 1.4, accent)
	}})
	l.add(band{height: float64(len(lines))*styleCover.line() + 4, draw: func(c *canvas) {
		c.lines(0, 0, lines, styleCover)
	}})
}

// heading opens a section. It stays with what follows.
func (l *layout) heading(s render.Section) {
	st, above, below := styleTitle, 13.0, 3.5
	switch s.Level {
	case 2:
		st, above, below = stylePart, 8, 2.2
	case 3:
		st, above, below = styleSub, 4.6, 1.0
	}
	badge, badgeWidth := "", 0.0
	if s.Badge.Value != "" {
		badge = l.fonts.fit(s.Badge.Value, stylePill, width/2)
		badgeWidth = l.fonts.width(badge, stylePill) + 2*pillPad
	}
	lines := l.fonts.wrapAtMost(s.Title, st, width-badgeWidth-4, 8)
	top := 0.0
	if s.Level == 3 {
		top = 2.4 // below the rule that parts one control from the next
	}
	l.add(band{
		height: top + float64(len(lines))*st.line() + below, gap: above, keep: true,
		draw: func(c *canvas) {
			if s.Level == 3 {
				c.rect(0, 0, width, 0.3, accent)
			}
			c.lines(0, top, lines, st)
			if badge != "" {
				c.pill(width-badgeWidth, top+(st.line()-pillHeight(1))/2, badgeWidth, []string{badge}, s.Badge.Tone)
			}
		},
	})
}

const (
	pillPad = 1.5 // beside the word
	pillRim = 0.5 // above and below it
)

func pillHeight(lines int) float64 { return float64(lines)*stylePill.line() + 2*pillRim }

// pill draws a word on the ground of its tone.
func (c *canvas) pill(x, y, w float64, lines []string, tone render.Tone) {
	p := palettes[tone]
	c.rect(x, y, w, pillHeight(len(lines)), p.ground)
	c.lines(x+pillPad, y+pillRim, lines, stylePill.in(p.ink))
}

// contents lists the chapters in two columns with their pages, which are known
// when it is drawn.
func (l *layout) contents() {
	// The first column has the questions, which are long.
	x, w := []float64{0, 0.68 * width}, []float64{0.65 * width, 0.32 * width}
	st := styleCell
	var chapters []section
	for _, s := range l.sections {
		if s.level == 1 && !s.cover {
			chapters = append(chapters, s)
		}
	}
	half := (len(chapters) + 1) / 2
	for i := range chapters {
		chapters[i].title = l.fonts.fit(chapters[i].title, st, w[i/half]-10)
	}
	for i := range half {
		l.add(band{height: st.line() + 1.5, keep: i < half-1, draw: func(c *canvas) {
			for column, j := range []int{i, i + half} {
				if j >= len(chapters) {
					continue
				}
				number := strconv.Itoa(l.places[chapters[j].id].page)
				c.text(x[column], 0.6, chapters[j].title, st)
				c.text(x[column]+w[column]-l.fonts.width(number, st), 0.6, number, st)
				c.rect(x[column], st.line()+1.3, w[column], 0.12, hairline)
				c.link(x[column], 0, w[column], st.line()+1.3, chapters[j].id)
			}
		}})
	}
	l.after(4)
}
