package pdf

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // a logo may be one
	"image/png"

	"github.com/johnfercher/maroto/v2/pkg/consts/extension"
	"github.com/johnfercher/maroto/v2/pkg/consts/pagesize"
	"github.com/johnfercher/maroto/v2/pkg/props"
	scale "golang.org/x/image/draw"
)

// A paper is a size of page, in millimetres.
type paper struct {
	size          pagesize.Type
	width, height float64
}

var papers = map[string]paper{
	"A4":     {pagesize.A4, 210, 297},
	"Letter": {pagesize.Letter, 215.9, 279.4},
}

// side is the margin beside the text.
func (p paper) side() float64 { return (p.width - width) / 2 }

// body is the room for bands between header and footer.
func (p paper) body() float64 {
	return p.height - marginTop - marginBottom - headerHeight - footerHeight
}

func parseColor(s string) (*props.Color, error) {
	var c props.Color
	if n, err := fmt.Sscanf(s, "#%02x%02x%02x", &c.Red, &c.Green, &c.Blue); n != 3 || err != nil || len(s) != len("#rrggbb") {
		return nil, fmt.Errorf("%q is no colour such as #1c4e6e", s)
	}
	return &c, nil
}

// dyed returns the document's accent for the one of the styles.
func (l *layout) dyed(c *props.Color) *props.Color {
	if c == accent {
		return l.accent
	}
	return c
}

// A picture is ready to be drawn: a PNG file with 8 bits a channel, which the library takes.
type picture struct {
	png           []byte
	width, height float64 // in millimetres
}

// The room for a logo, in millimetres, and the pixels that fill it on paper.
const (
	logoWidth, logoHeight = 48.0, 18.0
	logoPixels            = 1000
)

// readPicture takes a PNG or JPEG file of any kind that the standard library reads.
func readPicture(data []byte) (*picture, error) {
	img, _, err := image.Decode(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("no PNG or JPEG file: %w", err)
	}
	size := img.Bounds().Size()
	if size.X == 0 || size.Y == 0 {
		return nil, fmt.Errorf("a picture of %d by %d pixels", size.X, size.Y)
	}
	factor := min(1, logoPixels/float64(max(size.X, size.Y)))
	small := image.NewNRGBA(image.Rect(0, 0, max(1, int(float64(size.X)*factor)), max(1, int(float64(size.Y)*factor))))
	scale.CatmullRom.Scale(small, small.Bounds(), img, img.Bounds(), scale.Src, nil)
	var b bytes.Buffer
	if err := png.Encode(&b, small); err != nil {
		return nil, err
	}
	fit := min(logoWidth/float64(size.X), logoHeight/float64(size.Y))
	return &picture{b.Bytes(), fit * float64(size.X), fit * float64(size.Y)}, nil
}

// picture draws a picture with its top right corner at x and y.
func (c *canvas) picture(p *picture, x, y float64) {
	c.provider.AddImageFromBytes(p.png, entityCell(c.x+x-p.width, c.y+y, p.width, p.height), &props.Rect{Percent: 100}, extension.Png)
}
