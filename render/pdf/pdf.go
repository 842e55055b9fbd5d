// Package pdf draws a Document as a PDF file.
//
// Render measures and breaks all text itself, places it on pages, and has maroto
// draw those pages; outline, links and language follow as one incremental update
// (internal/pdfupdate). Equal documents give equal bytes.
//
// Limits of the library underneath: the file is not tagged (PDF/UA) and not PDF/A,
// and scripts that need shaping or run from right to left are set letter by
// letter in the order of the text. The HTML page is the accessible form.
package pdf

import (
	"fmt"
	"io"
	"time"

	"github.com/auditpack/auditpack/render"
	"github.com/johnfercher/maroto/v2"
	"github.com/johnfercher/maroto/v2/pkg/components/col"
	"github.com/johnfercher/maroto/v2/pkg/components/page"
	"github.com/johnfercher/maroto/v2/pkg/components/row"
	"github.com/johnfercher/maroto/v2/pkg/config"
	"github.com/johnfercher/maroto/v2/pkg/core"
	"github.com/johnfercher/maroto/v2/pkg/core/entity"
	"github.com/johnfercher/maroto/v2/pkg/props"
	"github.com/phpdave11/gofpdf"
)

// Two of the three settings that make the library repeat itself are its package
// variables. The modification date written here is replaced in the update.
func init() {
	gofpdf.SetDefaultCatalogSort(true)
	gofpdf.SetDefaultModificationDate(time.Unix(0, 0).UTC())
}

// Measures in millimetres that are the same on every paper.
const (
	width        = 176.0 // of the text
	marginTop    = 10.0
	marginBottom = 8.0
	headerHeight = 13.0
	footerHeight = 9.0
)

// Render writes the document. Nothing is written when it returns an error, unless
// the error is the writer's.
func Render(w io.Writer, d *render.Document) error {
	f, err := newFonts()
	if err != nil {
		return err
	}
	l, err := newLayout(f, d.Look)
	if err != nil {
		return err
	}
	l.document(d)
	pages := paginate(l.bands, l.paper.body())
	l.note(pages)

	raw, err := l.draw(d, pages)
	if err != nil {
		return fmt.Errorf("draw PDF: %w", err)
	}
	out, err := l.navigate(raw, d)
	if err != nil {
		return fmt.Errorf("add outline and links: %w", err)
	}
	_, err = w.Write(out)
	return err
}

// draw hands the finished pages to maroto and returns its file.
func (l *layout) draw(d *render.Document, pages [][]band) ([]byte, error) {
	l.total = len(pages)
	fonts, err := l.fonts.used()
	if err != nil {
		return nil, err
	}
	m := maroto.New(config.NewBuilder().
		WithPageSize(l.paper.size).WithLeftMargin(l.paper.side()).WithRightMargin(l.paper.side()).WithTopMargin(marginTop).WithBottomMargin(marginBottom).
		WithCustomFonts(fonts).WithDefaultFont(&props.Font{Family: faceSans.family, Size: 9}).
		WithCompression(true).WithSequentialMode().
		WithTitle(l.fonts.drawable(d.Title, faceSans), true).
		WithSubject(l.fonts.drawable(d.Subject, faceSans), true).
		WithCreator("auditpack", true).
		WithCreationDate(d.Created).
		Build())
	if err := m.RegisterHeader(l.row(headerHeight, l.header(d))); err != nil {
		return nil, err
	}
	if err := m.RegisterFooter(l.row(footerHeight, l.footer(d))); err != nil {
		return nil, err
	}
	for _, bands := range pages {
		m.AddPages(page.New().Add(l.rows(bands)...))
	}
	doc, err := m.Generate()
	if err != nil {
		return nil, err
	}
	return doc.GetBytes(), nil
}

func (l *layout) rows(bands []band) []core.Row {
	rows := make([]core.Row, len(bands))
	for i, b := range bands {
		rows[i] = l.row(b.height, b.draw)
	}
	return rows
}

func (l *layout) row(height float64, draw func(*canvas)) core.Row {
	return row.New(height).Add(col.New().Add(drawing{l, height, draw}))
}

// header draws the running header, and counts pages: it is drawn first on each.
func (l *layout) header(d *render.Document) func(*canvas) {
	text := l.fonts.fit(d.Header, styleRunning, width)
	return func(c *canvas) {
		l.page++
		if l.page == 1 && l.cover {
			return
		}
		c.text(0, 0, text, styleRunning)
		c.rect(0, 5, width, 0.15, hairline)
	}
}

func (l *layout) footer(d *render.Document) func(*canvas) {
	said := d.Footer
	if l.fonts.lacking { // known now, since the pages are laid out
		said += "  ·  [U+…] stands for characters that these fonts lack; report.html shows them"
	}
	text := l.fonts.fit(said, styleRunning, width-30)
	return func(c *canvas) {
		c.text(0, 5, text, styleRunning)
		number := fmt.Sprintf("Page %d of %d", l.page, l.total)
		c.text(width-l.fonts.width(number, styleRunning), 5, number, styleRunning)
	}
}

// entityCell spares the drawing code the library's struct.
func entityCell(x, y, w, h float64) *entity.Cell {
	return &entity.Cell{X: x, Y: y, Width: w, Height: h}
}
