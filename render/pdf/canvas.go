package pdf

import (
	"github.com/johnfercher/go-tree/node"
	"github.com/johnfercher/maroto/v2/pkg/consts/align"
	"github.com/johnfercher/maroto/v2/pkg/consts/linestyle"
	"github.com/johnfercher/maroto/v2/pkg/consts/orientation"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// A drawing is a maroto component of fixed height that draws on a canvas.
type drawing struct {
	l      *layout
	height float64
	draw   func(*canvas)
}

// SetConfig implements core.Component.
func (drawing) SetConfig(*entity.Config) {}

// GetStructure implements core.Component.
func (drawing) GetStructure() *node.Node[core.Structure] {
	return node.New(core.Structure{Type: "drawing"})
}

// GetHeight implements core.Component.
func (d drawing) GetHeight(core.Provider, *entity.Cell) float64 { return d.height }

// Render implements core.Component.
func (d drawing) Render(p core.Provider, cell *entity.Cell) {
	if d.draw != nil {
		d.draw(&canvas{l: d.l, provider: p, x: cell.X, y: cell.Y})
	}
}

// A canvas draws inside one row. Positions are in millimetres from the row's top left corner.
type canvas struct {
	l        *layout
	provider core.Provider
	x, y     float64
}

// text sets one line of drawable text with the top of the line at y.
func (c *canvas) text(x, y float64, s string, st style) {
	// The library puts the baseline one em below the cell's top; the ascent of
	// the faces is about 0.9 em, and the extra leading is shared out above and below.
	top := c.y + y + (st.line()-st.em())/2 - 0.14*st.em()
	for _, r := range c.l.fonts.runs(s, st.face) {
		c.provider.AddText(r.text, entityCell(c.x+x, top, c.l.paper.width, c.l.paper.height), &props.Text{
			Family: r.face.family, Style: r.face.style, Size: st.size, Color: c.l.dyed(st.color), Align: align.Left,
		})
		x += c.l.fonts.width(r.text, st)
	}
}

// lines sets lines one below the other.
func (c *canvas) lines(x, y float64, lines []string, st style) {
	for i, s := range lines {
		c.text(x, y+float64(i)*st.line(), s, st)
	}
}

// rect fills a rectangle. The library has no such call; a line of that thickness is one.
func (c *canvas) rect(x, y, w, h float64, color *props.Color) {
	c.provider.AddLine(entityCell(c.x+x, c.y+y, w, h), &props.Line{
		Color: c.l.dyed(color), Style: linestyle.Solid, Thickness: h,
		Orientation: orientation.Horizontal, OffsetPercent: 50, SizePercent: 100,
	})
}

// link makes a rectangle lead to a section.
func (c *canvas) link(x, y, w, h float64, id string) {
	c.l.links = append(c.l.links, link{
		page: c.l.page, id: id,
		x: c.l.paper.side() + c.x + x, y: marginTop + c.y + y, w: w, h: h,
	})
}
