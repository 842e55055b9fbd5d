package pdf

import (
	"fmt"
	"strings"
	"sync"
	"unicode"
	"unicode/utf8"

	"github.com/auditpack/auditpack/render"
	"github.com/go-fonts/dejavu/dejavusans"
	"github.com/go-fonts/dejavu/dejavusansbold"
	"github.com/go-fonts/dejavu/dejavusansmono"
	"github.com/go-fonts/liberation/liberationmonoregular"
	"github.com/go-fonts/liberation/liberationsansbold"
	"github.com/go-fonts/liberation/liberationsansregular"
	"github.com/johnfercher/maroto/v2/pkg/consts/fontstyle"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/repository"
	"golang.org/x/image/font"
	"golang.org/x/image/font/sfnt"
	"golang.org/x/image/math/fixed"
)

// A face names one font. Each face has a second one for the characters it lacks.
type face struct {
	family string
	style  fontstyle.Type
}

var (
	faceSans     = face{"sans", fontstyle.Normal}
	faceBold     = face{"sans", fontstyle.Bold}
	faceMono     = face{"mono", fontstyle.Normal}
	faceWide     = face{"wide", fontstyle.Normal}
	faceWideBold = face{"wide", fontstyle.Bold}
	faceWideMono = face{"widemono", fontstyle.Normal}
)

var fallback = map[face]face{faceSans: faceWide, faceBold: faceWideBold, faceMono: faceWideMono}

// faces lists all faces in the order in which they are embedded.
var faces = []struct {
	face
	ttf []byte
}{
	{faceSans, liberationsansregular.TTF}, {faceBold, liberationsansbold.TTF}, {faceMono, liberationmonoregular.TTF},
	{faceWide, dejavusans.TTF}, {faceWideBold, dejavusansbold.TTF}, {faceWideMono, dejavusansmono.TTF},
}

// parsed reads the fonts once a process; they are only read afterwards.
var parsed = sync.OnceValues(func() (map[face]*sfnt.Font, error) {
	m := map[face]*sfnt.Font{}
	for _, f := range faces {
		p, err := sfnt.Parse(f.ttf)
		if err != nil {
			return nil, fmt.Errorf("read font %s %s: %w", f.family, f.style, err)
		}
		m[f.face] = p
	}
	return m, nil
})

// fonts measures text and remembers which faces it took. It is not safe for concurrent use.
type fonts struct {
	parsed   map[face]*sfnt.Font
	buffer   sfnt.Buffer
	advances map[face]map[rune]float64 // in em; -1 for a character that the face lacks
	taken    map[face]bool
	lacking  bool // that a character was met which no face has
}

func newFonts() (*fonts, error) {
	p, err := parsed()
	if err != nil {
		return nil, err
	}
	f := &fonts{parsed: p, advances: map[face]map[rune]float64{}, taken: map[face]bool{faceSans: true}}
	for fc := range p {
		f.advances[fc] = map[rune]float64{}
	}
	return f, nil
}

// used returns the faces that were measured with, to be embedded.
func (f *fonts) used() ([]*entity.CustomFont, error) {
	r := repository.New()
	for _, fc := range faces {
		if f.taken[fc.face] {
			r.AddUTF8FontFromBytes(fc.family, fc.style, fc.ttf)
		}
	}
	return r.Load()
}

// advance returns the width of a rune in em, or -1 when the face lacks it. The
// library underneath knows the first 65536 characters only.
func (f *fonts) advance(fc face, r rune) float64 {
	if a, ok := f.advances[fc][r]; ok {
		return a
	}
	a := -1.0
	p := f.parsed[fc]
	if i, err := p.GlyphIndex(&f.buffer, r); err == nil && i != 0 && r < 0xffff {
		units := p.UnitsPerEm()
		if adv, err := p.GlyphAdvance(&f.buffer, i, fixed.I(int(units)), font.HintingNone); err == nil {
			a = float64(adv) / 64 / float64(units)
		}
	}
	f.advances[fc][r] = a
	return a
}

// faceFor returns the face that draws a rune, and false when none does.
func (f *fonts) faceFor(fc face, r rune) (face, bool) {
	if f.advance(fc, r) >= 0 {
		return fc, true
	}
	second, ok := fallback[fc]
	return second, ok && f.advance(second, r) >= 0
}

// drawable returns s with everything written out that cannot be drawn: see
// visible, and for characters that no face has their script and code points, such as
// [Han U+652F 4ED8], which names each of them and shows how many there are.
func (f *fonts) drawable(s string, fc face) string {
	s = render.Visible(s)
	var b strings.Builder
	script := "" // of the brackets that are open
	bracket := func(next string, r rune) {
		switch {
		case next != "" && next == script:
			fmt.Fprintf(&b, " %04X", r)
			return
		case script != "":
			b.WriteByte(']')
		}
		if script = next; next != "" {
			fmt.Fprintf(&b, "[%s%04X", next, r)
		}
	}
	for _, r := range s {
		if _, ok := f.faceFor(fc, r); ok {
			bracket("", 0)
			b.WriteRune(r)
			continue
		}
		f.lacking = true
		bracket(scriptOf(r), r)
	}
	bracket("", 0)
	return b.String()
}

// scriptOf names the script of a character before the prefix of its code point. Signs
// that all scripts share, such as emoji, have none.
func scriptOf(r rune) string {
	for name, table := range unicode.Scripts {
		if name != "Common" && name != "Inherited" && unicode.Is(table, r) {
			return name + " U+"
		}
	}
	return "U+"
}

// width measures drawable text in millimetres.
func (f *fonts) width(s string, st style) float64 {
	w := 0.0
	for _, r := range s {
		fc, _ := f.faceFor(st.face, r)
		w += f.advance(fc, r)
	}
	return w * st.em()
}

// A run is a piece of a line in one face.
type run struct {
	face face
	text string
}

// runs splits drawable text by face.
func (f *fonts) runs(s string, fc face) []run {
	var out []run
	start := 0
	for i, r := range s {
		in, _ := f.faceFor(fc, r)
		if n := len(out); n == 0 || out[n-1].face != in {
			out = append(out, run{face: in})
			start = i
			f.taken[in] = true
		}
		out[len(out)-1].text = s[start : i+utf8.RuneLen(r)]
	}
	return out
}
