package pdf

import (
	"github.com/auditpack/auditpack/render"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// inkOf returns the colour of text: links in the accent, tones in their ink.
func inkOf(t render.Text, base *props.Color) *props.Color {
	switch {
	case t.Tone == render.Severe:
		return palettes[render.Bad].ink
	case t.Tone != render.Plain:
		return palettes[t.Tone].ink
	case t.Link != "":
		return accent
	}
	return base
}

func (l *layout) paragraph(p render.Paragraph) {
	st, above, indent := styleBody, 2.0, 0.0
	switch p.Style {
	case render.Lead:
		st, above = styleLead, 1
	case render.Small:
		st = styleSmall
	case render.Mono:
		l.code(p.Text.Value)
		return
	case render.Heading:
		st, above = styleMinor, 4.5
	case render.Item:
		st, above, indent = styleCell, 0.6, 4
	}
	if p.Text.Bold {
		st = st.bold()
	}
	st = st.in(inkOf(p.Text, st.color))
	l.gap(above, func() { l.textLines(p, st, indent) })
	if p.Text.Note != "" {
		l.gap(0.5, func() {
			l.textLines(render.Paragraph{Text: render.Text{Value: p.Text.Note}}, styleSmall, indent)
		})
	}
}

// textLines adds one band a line. The first two and the last two lines stay
// together, and a heading and what opens a chapter stay with what follows.
func (l *layout) textLines(p render.Paragraph, st style, indent float64) {
	lines := l.fonts.wrap(p.Text.Value, st, width-indent)
	for i, s := range lines {
		first, last := i == 0, i == len(lines)-1
		b := band{height: st.line(), keep: !last && (first || i == len(lines)-2)}
		if p.Style == render.Heading || p.Style == render.Lead {
			b.keep = true
		}
		if p.Style == render.Heading && last {
			b.height += 0.8
		}
		b.draw = func(c *canvas) {
			if first && p.Style == render.Item {
				c.rect(0.8, st.line()/2-0.35, 1.6, 0.3, quiet)
			}
			c.text(indent, 0, s, st)
			if p.Text.Link != "" {
				c.link(indent, 0, l.fonts.width(s, st), st.line(), p.Text.Link)
			}
		}
		l.add(b)
	}
}

// code sets a command or digest on a ground. It breaks anywhere, and loses nothing.
func (l *layout) code(s string) {
	st := styleMono
	lines := l.fonts.wrap(s, st, width-6)
	for i, s := range lines {
		b := band{height: st.line(), keep: i < len(lines)-1}
		if i == 0 {
			b.gap = 0
		}
		b.draw = func(c *canvas) {
			c.rect(0, 0, width, st.line()+0.05, palettes[render.Plain].ground)
			c.text(3, 0, s, st)
		}
		l.add(b)
	}
}

// callout boxes a remark: a bar in the solid of its tone, and its ground behind.
func (l *layout) callout(b render.Callout) {
	p := palettes[b.Tone]
	if b.Tone == render.Severe {
		p.ground, p.ink = palettes[render.Bad].ground, palettes[render.Bad].ink
	}
	type line struct {
		text string
		st   style
		link string
	}
	var lines []line
	inner := width - 9
	for _, s := range l.fonts.wrap(b.Title, styleMinor, inner) {
		if b.Title != "" {
			lines = append(lines, line{s, styleMinor.in(p.ink), ""})
		}
	}
	for _, t := range b.Lines {
		st := styleCell.in(inkOf(t, ink))
		if t.Bold {
			st = st.bold()
		}
		for _, s := range l.fonts.wrap(t.Value, st, inner) {
			lines = append(lines, line{s, st, t.Link})
		}
		if t.Note != "" {
			for _, s := range l.fonts.wrap(t.Note, styleNote, inner) {
				lines = append(lines, line{s, styleNote, ""})
			}
		}
	}
	const rim = 1.3
	strip := func(h float64, gap float64, keep bool, draw func(*canvas)) {
		l.add(band{height: h, gap: gap, keep: keep, draw: func(c *canvas) {
			c.rect(0, 0, width, h+0.05, p.ground)
			c.rect(0, 0, 1.1, h+0.05, p.solid)
			if draw != nil {
				draw(c)
			}
		}})
	}
	strip(rim, 2.4, true, nil)
	for i, ln := range lines {
		// A long box may break, but not next to its rims.
		keep := i < 3 || i >= len(lines)-2
		strip(ln.st.line(), 0, keep, func(c *canvas) {
			c.text(4.5, 0, ln.text, ln.st)
			if ln.link != "" {
				c.link(4.5, 0, l.fonts.width(ln.text, ln.st), ln.st.line(), ln.link)
			}
		})
	}
	strip(rim, 0, false, nil)
	l.after(1.5)
}
