package render

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A builder holds what the chapters read.
type builder struct {
	r     *schema.Report
	s     *schema.Snapshot
	texts texts

	control  map[string]schema.ControlResult
	checks   map[string][]schema.CheckResult // by control
	findings map[string][]*schema.Finding    // by control
	areas    []area
	gaps     []gap
	owners   []ownerGroup
	listed   map[string]bool                 // findings that the part of an owner lists
	changed  map[string]schema.FindingChange // by open finding, where an earlier bundle was compared
}

// An area is what the report shows of one, in the order of the control table.
type area struct {
	id, name string
	controls []schema.ControlResult
}

// Build lays out a report and the snapshot that it was made of. The texts of the
// report are read from the folder text of templates.FS or of a file system like
// it. An error means that a text is missing or malformed.
//
// Slices of r and s are read in the order in which they come.
func Build(r *schema.Report, s *schema.Snapshot, t fs.FS) (*Document, error) {
	prose, err := readTexts(t)
	if err != nil {
		return nil, err
	}
	b := newBuilder(r, s, prose)
	d := &Document{
		Title:    "Audit pack: " + b.organization(),
		Subject:  b.scope(),
		Language: "en",
		Created:  r.AsOf.UTC(),
		Header:   fmt.Sprintf("%s  ·  as of %s", b.scope(), instant(r.AsOf)),
		Footer:   fmt.Sprintf("Audit pack %s  ·  %s %s", r.Plan.Name, r.Tool.Name, r.Tool.Version),
	}
	for _, chapter := range []func() []Section{
		b.cover, b.summary, b.changes, b.reading, b.questions, b.traceability, b.defaults, b.controlMap, b.findingsByOwner, b.unseen, b.exceptions, b.reviews,
		b.responsibilities, b.documents, b.controls, b.populations, b.provenance, b.verify,
	} {
		d.Sections = append(d.Sections, chapter()...)
	}
	d.Overview, d.Sheets = b.workbook()
	d.Trail = b.trail()
	return d, nil
}

func newBuilder(r *schema.Report, s *schema.Snapshot, t texts) *builder {
	b := &builder{
		r: r, s: s, texts: t,
		control:  map[string]schema.ControlResult{},
		checks:   map[string][]schema.CheckResult{},
		findings: map[string][]*schema.Finding{},
	}
	for _, a := range r.Areas {
		b.areas = append(b.areas, area{id: a.ID, name: a.Name})
	}
	for _, c := range r.Controls {
		b.control[c.ID] = c
		b.addToArea(c)
	}
	for _, c := range r.Checks {
		b.checks[c.Control] = append(b.checks[c.Control], c)
	}
	for f := range each(r.Findings) {
		b.findings[f.Control] = append(b.findings[f.Control], f)
	}
	b.gaps = findGaps(r)
	b.changed = changedFinding(r)
	b.owners, b.listed = b.ownerGroups(), map[string]bool{}
	for _, g := range b.owners {
		for _, f := range g.shown {
			b.listed[f.ID] = true
		}
	}
	return b
}

// addToArea keeps a control whose area the report does not name.
func (b *builder) addToArea(c schema.ControlResult) {
	i := slices.IndexFunc(b.areas, func(a area) bool { return a.id == c.Area })
	if i < 0 {
		i = len(b.areas)
		b.areas = append(b.areas, area{id: c.Area})
	}
	b.areas[i].controls = append(b.areas[i].controls, c)
}

func (b *builder) organization() string {
	switch {
	case b.r.Plan.Organization != "":
		return b.r.Plan.Organization
	case b.r.Plan.Name != "":
		return b.r.Plan.Name
	}
	return "Kubernetes platform"
}

func (b *builder) scope() string {
	if b.r.Plan.Scope != "" {
		return b.r.Plan.Scope
	}
	var names []string
	for _, s := range b.r.Sources {
		names = append(names, s.Name)
	}
	if len(names) == 0 {
		return "No cluster was read"
	}
	return "Clusters: " + list(names, 4)
}

// open reports whether a finding counts: fail or partial, and no exception covers it.
func open(f schema.Finding) bool {
	return f.Exception == "" && (f.Result == schema.ResultFail || f.Result == schema.ResultPartial)
}

// ownerOf names who has to act.
func ownerOf(f schema.Finding) string {
	if f.Owner == "" {
		return noOwner
	}
	return f.Owner
}

const noOwner = "No owner"

// sheet names a sheet of the workbook in a sentence.
func sheet(title string) string { return fmt.Sprintf("sheet %q of control-map.xlsx", title) }

// chapter makes a section of level 1 that starts on a new page.
func chapter(id, title string, blocks ...Block) Section {
	return Section{ID: id, Title: title, Level: 1, NewPage: true, Blocks: blocks}
}

// flowing makes a section of level 1 that follows the one before it on the same page.
func flowing(id, title string, blocks ...Block) Section {
	return Section{ID: id, Title: title, Level: 1, Blocks: blocks}
}

func lead(format string, args ...any) Paragraph {
	return Paragraph{Text: Text{Value: fmt.Sprintf(format, args...)}, Style: Lead}
}

func body(format string, args ...any) Paragraph {
	return Paragraph{Text: Text{Value: fmt.Sprintf(format, args...)}, Style: Body}
}

func small(format string, args ...any) Paragraph {
	return Paragraph{Text: Text{Value: fmt.Sprintf(format, args...)}, Style: Small}
}

func heading(s string) Paragraph { return Paragraph{Text: Text{Value: s}, Style: Heading} }

// subject names what a row is about, with its cluster.
func subject(s schema.Subject) string {
	parts := []string{strings.TrimSpace(s.String())}
	if s.Cluster != "" && s.Kind != "Cluster" {
		parts = append(parts, "cluster "+s.Cluster)
	}
	return strings.Join(parts, ", ")
}
