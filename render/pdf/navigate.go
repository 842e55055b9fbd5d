package pdf

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/auditpack/auditpack/internal/pdfupdate"
	"github.com/auditpack/auditpack/render"
)

var modDateRE = regexp.MustCompile(`/ModDate \([^)]*\)`)

// navigate appends what the library cannot write: outline, links, language, and
// how a reader shows the file (ISO 32000-1, 12.3.3, 12.5.6.5, 7.7.2).
func (l *layout) navigate(raw []byte, d *render.Document) ([]byte, error) {
	f, err := pdfupdate.Open(raw)
	if err != nil {
		return nil, err
	}
	pages, err := f.Pages()
	if err != nil {
		return nil, err
	}
	if len(pages) != l.total {
		return nil, fmt.Errorf("%d pages were laid out and %d drawn", l.total, len(pages))
	}
	if err := l.addLinks(f, pages); err != nil {
		return nil, err
	}
	outline := l.addOutline(f, pages)
	entries := fmt.Sprintf(" /Version /1.7 /Outlines %d 0 R /PageMode /UseOutlines /Lang (%s) /ViewerPreferences <</DisplayDocTitle true>>",
		outline, d.Language)
	if err := f.Extend(f.Root(), entries); err != nil {
		return nil, err
	}
	info, err := f.Object(f.Info())
	if err != nil {
		return nil, err
	}
	stamp := d.Created.UTC().Format("(D:20060102150405Z)")
	info = modDateRE.ReplaceAllLiteralString(info, "/ModDate "+stamp)
	f.Set(f.Info(), info)
	return f.Bytes(), nil
}

// addLinks gives each page with links an array of annotations, as an object of its
// own, so that a signature can be added to it.
func (l *layout) addLinks(f *pdfupdate.File, pages []int) error {
	for i, page := range pages {
		var annotations []string
		for _, k := range l.links {
			if k.page != i+1 {
				continue
			}
			to, ok := l.places[k.id]
			if !ok {
				return fmt.Errorf("a link leads to %q, which is no section", k.id)
			}
			x, y := k.x/pointMM, (l.paper.height-k.y)/pointMM
			annotations = append(annotations, fmt.Sprintf("<</Type /Annot /Subtype /Link /Rect [%.2f %.2f %.2f %.2f] /Border [0 0 0] /Dest %s>>",
				x, y-k.h/pointMM, x+k.w/pointMM, y, l.destination(pages, to)))
		}
		if len(annotations) == 0 {
			continue
		}
		array := f.Add("[" + strings.Join(annotations, "\n") + "]")
		if err := f.Extend(page, fmt.Sprintf(" /Annots %d 0 R", array)); err != nil {
			return err
		}
	}
	return nil
}

func (l *layout) destination(pages []int, p place) string {
	return fmt.Sprintf("[%d 0 R /XYZ null %.2f null]", pages[p.page-1], (l.paper.height-p.y+2)/pointMM)
}

// An entry is one line of the outline.
type entry struct {
	section
	object   int
	children []*entry
}

// addOutline adds the outline and returns its object. Chapters are shown, their
// parts are folded.
func (l *layout) addOutline(f *pdfupdate.File, pages []int) int {
	root := &entry{object: f.Reserve()}
	path := []*entry{root}
	for _, s := range l.sections {
		e := &entry{section: s, object: f.Reserve()}
		path = path[:min(max(s.level, 1), len(path))]
		parent := path[len(path)-1]
		parent.children = append(parent.children, e)
		path = append(path, e)
	}
	f.Set(root.object, fmt.Sprintf("<</Type /Outlines%s>>", kids(root, 1)))
	l.writeEntries(f, pages, root)
	return root.object
}

func (l *layout) writeEntries(f *pdfupdate.File, pages []int, parent *entry) {
	for i, e := range parent.children {
		var b strings.Builder
		fmt.Fprintf(&b, "<</Title %s /Parent %d 0 R /Dest %s", pdfupdate.TextString(render.Visible(e.title)), parent.object, l.destination(pages, l.places[e.id]))
		if i > 0 {
			fmt.Fprintf(&b, " /Prev %d 0 R", parent.children[i-1].object)
		}
		if i < len(parent.children)-1 {
			fmt.Fprintf(&b, " /Next %d 0 R", parent.children[i+1].object)
		}
		b.WriteString(kids(e, -1) + ">>")
		f.Set(e.object, b.String())
		l.writeEntries(f, pages, e)
	}
}

// kids points at the children of an entry; a negative sign folds them.
func kids(e *entry, sign int) string {
	if len(e.children) == 0 {
		return ""
	}
	return fmt.Sprintf(" /First %d 0 R /Last %d 0 R /Count %d",
		e.children[0].object, e.children[len(e.children)-1].object, sign*len(e.children))
}
