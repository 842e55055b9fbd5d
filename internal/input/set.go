package input

import (
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A Set is the documents of one run: what they say, and the bytes they were read from.
type Set struct {
	// Inputs are the documents with defaults filled in. Unsigned is what the plan
	// says; Demo, Supersedes and Previous come from no file. The caller may set the
	// first three, and Previous with SetPrevious, before Save. LoadFrom returns them.
	schema.Inputs
	// Attachments are the files of the document register, sorted by name.
	Attachments []Attachment
	// Logo is the plan's picture for the cover, a PNG or JPEG file; nil without one.
	Logo []byte

	parts          []*part
	previousGrants []byte // the file that Previous.Grants were read from
	folder         string // of the plan, for Path; empty for a Set read from a bundle or made by Default
}

// A part is one document of a Set.
type part struct {
	kind    schema.Kind
	builtin bool
	name    string // for messages: the path as the user would open it
	path    string // in the bundle
	data    []byte
	doc     *document
}

// A Position is a place in a document.
type Position struct {
	File         string
	Line, Column int
}

// String returns the position as file:line:column.
func (p Position) String() string { return fmt.Sprintf("%s:%d:%d", p.File, p.Line, p.Column) }

// CheckPosition returns where the check of that id is written, and false when
// the Set has none.
func (s *Set) CheckPosition(id string) (Position, bool) {
	for _, p := range slices.Backward(s.parts) { // a later file replaces checks of an earlier one
		if p.kind != schema.KindCheckSet {
			continue
		}
		for i, c := range p.checks() {
			if c.ID == id {
				at := p.doc.position(index("spec.checks", i))
				return Position{p.name, at.line, at.column}, true
			}
		}
	}
	return Position{}, false
}

// Path returns the path of a file that the plan names, relative to the working
// directory. A key or a place that is not a file (scheme://…) and - are returned
// as they are.
func (s *Set) Path(name string) string {
	if name == "" || name == "-" || strings.Contains(name, "://") || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(s.folder, name)
}

func (p *part) checks() []schema.Check {
	if set, ok := p.doc.value.Interface().(*schema.CheckSet); ok {
		return set.Spec.Checks
	}
	return nil
}

// documents returns the documents of the parts in order.
func documents(parts []*part) []*document {
	out := make([]*document, len(parts))
	for i, p := range parts {
		out[i] = p.doc
	}
	return out
}

// find returns the first part of a kind, or nil.
func find(parts []*part, kind schema.Kind) *part {
	i := slices.IndexFunc(parts, func(p *part) bool { return p.kind == kind })
	if i < 0 {
		return nil
	}
	return parts[i]
}

// valueOf returns what the part of a kind says, or nil without one.
func valueOf[T any](parts []*part, kind schema.Kind) *T {
	if p := find(parts, kind); p != nil && p.doc.value.IsValid() {
		v, _ := p.doc.value.Interface().(*T)
		return v
	}
	return nil
}

// assemble makes a Set of parts that were read without a problem, or returns an
// *Error that says how they contradict each other. attachments opens the files of
// the document register.
func assemble(parts []*part, attachments func(file string) (fs.File, error)) (*Set, error) {
	if err := problemsOf(documents(parts)...); err != nil {
		return nil, err
	}
	s := &Set{parts: parts}
	s.Plan = *valueOf[schema.AuditPlan](parts, schema.KindAuditPlan)
	s.Unsigned = s.Plan.Spec.Signing.Unsigned
	s.Table = *valueOf[schema.ControlTable](parts, schema.KindControlTable)
	if v := valueOf[schema.SupportTable](parts, schema.KindSupportTable); v != nil {
		s.Support = *v
	}
	if v := valueOf[schema.Overlay](parts, schema.KindOverlay); v != nil {
		s.Overlay = *v
	}
	if v := valueOf[schema.ExceptionRegister](parts, schema.KindExceptionRegister); v != nil {
		s.Exceptions = *v
	}
	if v := valueOf[schema.DocumentRegister](parts, schema.KindDocumentRegister); v != nil {
		s.Documents = *v
	}
	for _, p := range parts {
		switch v := p.doc.value.Interface().(type) {
		case *schema.AccessReview:
			s.Reviews = append(s.Reviews, *v)
		case *schema.ControlReview:
			s.ControlReviews = append(s.ControlReviews, *v)
		case *schema.ExceptionReview:
			s.ExceptionReviews = append(s.ExceptionReviews, *v)
		}
	}
	s.Checks = mergeChecks(parts, s.Table.Spec.Controls)
	crossCheck(parts, s.Table.Spec.Controls, s.Checks)
	s.attach(find(parts, schema.KindDocumentRegister), attachments)
	if err := problemsOf(documents(parts)...); err != nil {
		return nil, err
	}
	fillDefaults(&s.Inputs)
	return s, nil
}

// mergeChecks returns the checks in the order of the control table. A check of
// the plan replaces the built-in one of its id; a built-in check for a control
// that the table does not have is left out.
func mergeChecks(parts []*part, controls []schema.Control) []schema.Check {
	order := map[string]int{}
	for i, c := range controls {
		order[c.ID] = i
	}
	var checks []schema.Check
	at := map[string]int{}
	for _, p := range parts {
		if p.kind != schema.KindCheckSet {
			continue
		}
		for _, c := range p.checks() {
			if _, known := order[c.Control]; !known && p.builtin {
				continue
			}
			if i, ok := at[c.ID]; ok {
				checks[i] = c
				continue
			}
			at[c.ID] = len(checks)
			checks = append(checks, c)
		}
	}
	slices.SortStableFunc(checks, func(a, b schema.Check) int { return order[a.Control] - order[b.Control] })
	return checks
}
