package input

import (
	"bytes"
	"fmt"
	"image"
	_ "image/jpeg" // the kinds of file that a logo may be
	_ "image/png"
	"io"
	"io/fs"
	"math"
	"regexp"
	"strconv"
)

// logoPath is where a bundle keeps the picture for the cover.
const logoPath = "inputs/logo"

// Bounds of a logo. A small file can hold a huge picture, so both count.
const (
	maxLogoBytes  = 1 << 20
	maxLogoPixels = 4000 // a side
)

// logo reads the picture that the plan names; one that is none is a problem of the plan.
func (r *reader) logo(name string) []byte {
	if name == "" {
		return nil
	}
	data, err := readLogo(r.from.within(r.plan.name, name))
	if err != nil {
		r.plan.doc.problem("spec.look.logo", "%v", err)
		return nil
	}
	return data
}

// readLogo reads a file that was opened, or returns the error of opening it.
func readLogo(f fs.File, err error) ([]byte, error) {
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(io.LimitReader(f, maxLogoBytes+1))
	if err != nil {
		return nil, err
	}
	if len(data) > maxLogoBytes {
		return nil, fmt.Errorf("the picture is larger than %d MiB", maxLogoBytes>>20)
	}
	size, _, err := image.DecodeConfig(bytes.NewReader(data))
	if err != nil {
		return nil, fmt.Errorf("not a PNG or JPEG file: %w", err)
	}
	if size.Width > maxLogoPixels || size.Height > maxLogoPixels {
		return nil, fmt.Errorf("the picture has %d by %d pixels, and may have %d a side", size.Width, size.Height, maxLogoPixels)
	}
	if _, _, err := image.Decode(bytes.NewReader(data)); err != nil {
		return nil, fmt.Errorf("the picture is damaged: %w", err)
	}
	return data, nil
}

var colorRE = regexp.MustCompile(`^#([0-9a-fA-F]{2})([0-9a-fA-F]{2})([0-9a-fA-F]{2})$`)

// minContrast with white is what WCAG 2.2 (1.4.3) asks of text of ordinary size.
const minContrast = 4.5

func (d *document) validateAccent(accent string) {
	if accent == "" {
		return
	}
	m := colorRE.FindStringSubmatch(accent)
	if m == nil {
		d.problem("spec.look.accent", `%q is no colour such as "#1c4e6e"`, accent)
		return
	}
	if c := contrastWithWhite(m[1], m[2], m[3]); c < minContrast {
		d.problem("spec.look.accent", "%s is too light for text on white: its contrast is %.1f, want at least %.1f; take a darker one", accent, c, minContrast)
	}
}

// contrastWithWhite returns the contrast ratio of a colour as WCAG 2.2 defines it,
// from 1 to 21. Its channels are in hexadecimal.
func contrastWithWhite(red, green, blue string) float64 {
	linear := func(channel string) float64 {
		n, _ := strconv.ParseUint(channel, 16, 8) // the expression lets only digits through
		v := float64(n) / 255
		if v <= 0.04045 {
			return v / 12.92
		}
		return math.Pow((v+0.055)/1.055, 2.4)
	}
	luminance := 0.2126*linear(red) + 0.7152*linear(green) + 0.0722*linear(blue)
	return 1.05 / (luminance + 0.05)
}
