package pdf

import (
	"strconv"

	"github.com/auditpack/auditpack/render"
)

// coverHeading opens the title page: space, a rule, and the title in large type.
func (l *layout) coverHeading(s render.Section) {
	lines := l.fonts.wrapAtMost(s.Title, styleCover, width, 6)
	l.add(band{height: 14, keep: true, draw: func(c *canvas) { c.rect(0, 6, 28, 1.4, accent) }})
	l.add(band{height: float64(len(lines))*styleCover.line() + 4, draw: func(c *canvas) {
		c.lines(0, 0, lines, styleCover)
	}})
}

// heading opens a section. It stays with what follows.
func (l *layout) heading(s render.Section) {
	st, above, below := styleTitle, 10.0, 4.0
	switch s.Level {
	case 2:
		st, above, below = stylePart, 8, 2.2
	case 3:
		st, above, below = styleSub, 8, 1.6
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

// contents lists the chapters with their pages, which are known when it is drawn.
func (l *layout) contents() {
	st := styleBody
	for _, s := range l.sections {
		if s.level != 1 {
			continue
		}
		title := l.fonts.fit(s.title, st, width-16)
		l.add(band{height: st.line() + 1.1, draw: func(c *canvas) {
			p := l.places[s.id].page
			number := strconv.Itoa(p)
			c.text(0, 0.4, title, st)
			c.text(width-l.fonts.width(number, st), 0.4, number, st)
			c.rect(0, st.line()+1, width, 0.1, hairline)
			c.link(0, 0, width, st.line()+1, s.id)
		}})
	}
	l.add(band{height: 4})
}
