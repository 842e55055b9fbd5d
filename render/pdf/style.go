package pdf

import (
	"github.com/auditpack/auditpack/render"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// One accent, three greys, and for each tone a ground, an ink and a solid for bars.
// The solids differ in darkness, so that they stay apart in black and white.
var (
	ink      = rgb(0x1d, 0x23, 0x2b)
	quiet    = rgb(0x5f, 0x69, 0x75)
	hairline = rgb(0xd5, 0xda, 0xe0)
	accent   = rgb(0x1c, 0x4e, 0x6e)
	white    = rgb(0xff, 0xff, 0xff)
)

func rgb(r, g, b int) *props.Color { return &props.Color{Red: r, Green: g, Blue: b} }

// A palette is how one tone looks.
type palette struct{ ground, ink, solid *props.Color }

var palettes = map[render.Tone]palette{
	render.Plain:   {rgb(0xf3, 0xf5, 0xf7), ink, accent},
	render.Good:    {rgb(0xdf, 0xf0, 0xe5), rgb(0x17, 0x5f, 0x38), rgb(0x2f, 0x7d, 0x54)},
	render.Warn:    {rgb(0xfb, 0xed, 0xcb), rgb(0x70, 0x4a, 0x00), rgb(0xdd, 0xa8, 0x3c)},
	render.Bad:     {rgb(0xf8, 0xdb, 0xd6), rgb(0x96, 0x1d, 0x12), rgb(0x8f, 0x24, 0x1a)},
	render.Severe:  {rgb(0x96, 0x1d, 0x12), white, rgb(0x6e, 0x12, 0x0a)},
	render.Unknown: {rgb(0xe4, 0xe8, 0xec), rgb(0x3a, 0x44, 0x50), rgb(0x9a, 0xa5, 0xb1)},
	render.Muted:   {rgb(0xf1, 0xf3, 0xf5), quiet, rgb(0xdc, 0xe1, 0xe6)},
}

// A style is how text is set. Sizes are in points.
type style struct {
	face  face
	size  float64
	lead  float64 // line height as a multiple of the size
	color *props.Color
}

var (
	styleCover   = style{faceBold, 27, 1.18, accent}
	styleTitle   = style{faceBold, 16, 1.2, accent}
	stylePart    = style{faceBold, 12, 1.25, ink}
	styleSub     = style{faceBold, 10, 1.25, ink}
	styleMinor   = style{faceBold, 9, 1.3, ink}
	styleLead    = style{faceSans, 10, 1.42, ink}
	styleBody    = style{faceSans, 9, 1.42, ink}
	styleSmall   = style{faceSans, 7.2, 1.36, quiet}
	styleMono    = style{faceMono, 7.8, 1.4, ink}
	styleLabel   = style{faceBold, 6, 1.4, quiet}
	styleCell    = style{faceSans, 8.2, 1.32, ink}
	stylePair    = style{faceSans, 7.6, 1.3, ink}
	styleDense   = style{faceSans, 7.2, 1.3, ink}
	styleNote    = style{faceSans, 6.9, 1.32, quiet}
	styleLegend  = style{faceBold, 6.4, 1.3, quiet}
	stylePill    = style{faceBold, 6.8, 1.3, ink}
	styleFigure  = style{faceBold, 20, 1.1, accent}
	styleRunning = style{faceSans, 7, 1.3, quiet}
)

const pointMM = 25.4 / 72

// em is the size in millimetres, line the height of a line.
func (s style) em() float64   { return s.size * pointMM }
func (s style) line() float64 { return s.em() * s.lead }

func (s style) bold() style {
	if s.face == faceSans {
		s.face = faceBold
	}
	return s
}

func (s style) in(c *props.Color) style {
	s.color = c
	return s
}
