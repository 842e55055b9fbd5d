package pdf

import (
	"bytes"
	"image"
	"image/color"
	"image/jpeg"
	"image/png"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/internal/fixture"
)

// encoded draws a flag of the size as PNG or JPEG.
func encoded(t *testing.T, kind string, width, height int) []byte {
	t.Helper()
	img := image.NewNRGBA64(image.Rect(0, 0, width, height)) // 16 bits a channel, which PDF libraries refuse
	for x := range width {
		for y := range height {
			img.Set(x, y, color.NRGBA{R: 200, G: uint8(x), B: uint8(y), A: uint8(55 + 200*x/width)})
		}
	}
	var b bytes.Buffer
	var err error
	if kind == "png" {
		err = png.Encode(&b, img)
	} else {
		err = jpeg.Encode(&b, img, nil)
	}
	if err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestPaper(t *testing.T) {
	for paper, want := range map[string]string{"": "595.28 841.89", "A4": "595.28 841.89", "Letter": "612.00 792.00"} {
		d := document(t, fixture.Realistic)
		d.Look.Paper = paper
		file := draw(t, d)
		if !bytes.Contains(file, []byte("/MediaBox [0 0 "+want+"]")) {
			t.Errorf("paper %q has no pages of %s points", paper, want)
		}
		if out := tool(t, file, "qpdf", "--check", "FILE"); strings.Contains(out, "WARNING") {
			t.Errorf("paper %q: %s", paper, out)
		}
	}
}

func TestLogoIsOnTheCover(t *testing.T) {
	tests := map[string][]byte{
		"png": encoded(t, "png", 120, 40), "jpeg": encoded(t, "jpeg", 40, 120), "one pixel": encoded(t, "png", 1, 1), "large": encoded(t, "png", 3000, 50),
	}
	for name, logo := range tests {
		t.Run(name, func(t *testing.T) {
			d := document(t, fixture.Empty)
			d.Look.Logo = logo
			file := draw(t, d)
			out := tool(t, file, "pdfimages", "-list", "FILE")
			if lines := strings.Split(strings.TrimSpace(out), "\n"); len(lines) < 3 || !strings.HasPrefix(strings.TrimSpace(lines[2]), "1 ") {
				t.Errorf("page 1 has no picture:\n%s", out)
			}
			if again := draw(t, d); !bytes.Equal(file, again) {
				t.Error("two drawings of one document differ")
			}
		})
	}
}

func TestLookThatCannotBeDrawnIsAnError(t *testing.T) {
	tests := map[string]render.Look{
		`"A3"`: {Paper: "A3"}, `"blue"`: {Accent: "blue"}, `"#12345"`: {Accent: "#12345"}, "logo": {Logo: []byte("GIF89a")},
	}
	for want, look := range tests {
		d := document(t, fixture.Empty)
		d.Look = look
		var b bytes.Buffer
		if err := Render(&b, d); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("look %v: got error %v, want one that names %s", look, err, want)
		}
	}
}

// TestAccentReplacesTheBlue looks for the operators that set the colours.
func TestAccentReplacesTheBlue(t *testing.T) {
	d := document(t, fixture.Empty)
	d.Look.Accent = "#7a1f5c"
	got := tool(t, draw(t, d), "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
	if !strings.Contains(got, "0.478 0.122 0.361 rg") || strings.Contains(got, "0.110 0.306 0.431 rg") {
		t.Error("the titles do not have the accent of the look")
	}
}
