package pdf

import (
	"cmp"
	"fmt"
	"math"

	"github.com/auditpack/auditpack/render"
	"github.com/johnfercher/maroto/v2/pkg/props"
)

// A layout turns a document into bands, and remembers where things landed.
type layout struct {
	fonts  *fonts
	paper  paper
	accent *props.Color
	logo   *picture // nil for none
	bands  []band
	cover  bool
	// pending is the space that the last block wants below itself.
	pending float64

	places   map[string]place // by id of a section or text
	sections []section        // in order, for outline and contents
	links    []link

	page, total int // while drawing
}

// A section is what outline and contents show of one.
type section struct {
	id, title string
	level     int
	cover     bool
}

// A place is where a section starts: page from 1, y in millimetres from the top of the page.
type place struct {
	page int
	y    float64
}

// A link is a rectangle on a page that leads to a section, in millimetres from the top left corner.
type link struct {
	page       int
	x, y, w, h float64
	id         string
}

// A band is a strip over the whole width that is never broken.
type band struct {
	height float64
	draw   func(*canvas) // nil for empty space
	// gap is the space above, left out at the top of a page.
	gap float64
	// keep holds the band together with the next one.
	keep bool
	// repeat is put before the band where the band opens a page: the header of a table.
	repeat *band
	// anchors are the ids of what starts here.
	anchors []string
	newPage bool
}

func newLayout(f *fonts, look render.Look) (*layout, error) {
	l := &layout{fonts: f, places: map[string]place{}, paper: papers[cmp.Or(look.Paper, "A4")], accent: accent}
	if l.paper.size == "" {
		return nil, fmt.Errorf("no paper is called %q", look.Paper)
	}
	var err error
	if look.Accent != "" {
		if l.accent, err = parseColor(look.Accent); err != nil {
			return nil, err
		}
	}
	if len(look.Logo) > 0 {
		if l.logo, err = readPicture(look.Logo); err != nil {
			return nil, fmt.Errorf("logo: %w", err)
		}
	}
	return l, nil
}

func (l *layout) add(b band) {
	b.gap = exact(max(b.gap, l.pending))
	b.height = exact(b.height)
	l.pending = 0
	l.bands = append(l.bands, b)
}

// keepFrom holds all bands from n on together.
func (l *layout) keepFrom(n int) {
	for i := n; i < len(l.bands)-1; i++ {
		l.bands[i].keep = true
	}
}

// exact rounds a height up to a binary fraction, so that sums of heights are exact:
// the library breaks a page by comparing two sums that were made in different order.
func exact(mm float64) float64 { return math.Ceil(mm*512) / 512 }

// after asks for space below the last band, unless a page ends there.
func (l *layout) after(mm float64) { l.pending = mm }

// gap asks for space above the next band that is added by f.
func (l *layout) gap(mm float64, f func()) {
	n := len(l.bands)
	f()
	if len(l.bands) > n {
		l.bands[n].gap = exact(max(l.bands[n].gap, mm))
	}
}

func (l *layout) document(d *render.Document) {
	for _, s := range d.Sections {
		l.sections = append(l.sections, section{s.ID, s.Title, s.Level, s.Cover})
	}
	for i, s := range d.Sections {
		n := len(l.bands)
		if s.Cover {
			l.cover = l.cover || i == 0
			l.coverHeading(s)
		} else {
			l.heading(s)
		}
		l.bands[n].anchors = []string{s.ID}
		l.bands[n].newPage = s.NewPage && i > 0
		for j, b := range s.Blocks {
			if s.Level == 3 && j == 2 {
				l.keepFrom(n) // what a control is stays on one page
			}
			l.block(b)
		}
	}
}

func (l *layout) block(b render.Block) {
	switch b := b.(type) {
	case render.Paragraph:
		l.paragraph(b)
	case render.KeyValues:
		if b.Columns > 0 {
			l.pairs(b)
		} else {
			l.keyValues(b)
		}
	case render.Table:
		l.table(b)
	case render.Bars:
		l.bars(b)
	case render.Figures:
		l.figures(b)
	case render.Callout:
		l.callout(b)
	case render.Contents:
		l.contents()
	}
}

// paginate puts bands on pages that have so much room. Bands that keep together move to the next page
// together, unless they alone are higher than a page.
func paginate(bands []band, room float64) [][]band {
	var pages [][]band
	var page []band
	used := 0.0
	turn := func() {
		if len(page) > 0 {
			pages = append(pages, page)
		}
		page, used = nil, 0
	}
	place := func(b band) {
		gap := b.gap
		if len(page) == 0 {
			gap = 0
			if b.repeat != nil {
				page, used = append(page, *b.repeat), b.repeat.height
			}
		}
		if gap > 0 {
			page = append(page, band{height: gap})
		}
		page = append(page, b)
		used += gap + b.height
	}
	for len(bands) > 0 {
		n := 1
		for n < len(bands) && bands[n-1].keep && !bands[n].newPage {
			n++
		}
		if bands[0].newPage || used+groupHeight(bands[:n]) > room {
			turn()
		}
		for _, b := range bands[:n] {
			if used+b.gap+b.height > room {
				turn()
			}
			place(b)
		}
		bands = bands[n:]
	}
	turn()
	return pages
}

func groupHeight(bands []band) float64 {
	h := 0.0
	for _, b := range bands {
		h += b.gap + b.height
	}
	return h
}

// note remembers where each section starts.
func (l *layout) note(pages [][]band) {
	for i, page := range pages {
		y := marginTop + headerHeight
		for _, b := range page {
			for _, id := range b.anchors {
				l.places[id] = place{i + 1, y}
			}
			y += b.height
		}
	}
}
