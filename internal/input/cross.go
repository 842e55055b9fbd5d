package input

import (
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// crossCheck reports what the documents of a Set say about controls and checks
// that are not there, and controls without evidence.
func crossCheck(parts []*part, controls []schema.Control, checks []schema.Check) {
	x := &references{controls: map[string]schema.Control{}, checks: map[string]schema.Check{}}
	for _, c := range controls {
		x.controls[c.ID] = c
		x.controlIDs = append(x.controlIDs, c.ID)
	}
	for _, c := range checks {
		x.checks[c.ID] = c
		x.checkIDs = append(x.checkIDs, c.ID)
	}
	first, reviews := map[string]Position{}, map[string]Position{}
	for _, p := range parts {
		switch v := p.doc.value.Interface().(type) {
		case *schema.ControlTable:
			x.table(p.doc, checks)
		case *schema.CheckSet:
			if !p.builtin {
				x.checkSet(p.doc, v.Spec.Checks, first)
			}
		case *schema.Overlay:
			x.overlay(p.doc, &v.Spec)
		case *schema.ExceptionRegister:
			x.exceptions(p.doc, v.Spec.Exceptions)
		case *schema.DocumentRegister:
			x.documents(p.doc, v.Spec.Documents)
		case *schema.AccessReview:
			p.doc.named(v.Metadata.Name, reviews)
			p.doc.reviewed(v, valueOf[schema.AuditPlan](parts, schema.KindAuditPlan).Spec.Clusters)
		case *schema.ControlReview:
			p.doc.named(v.Metadata.Name, reviews)
			for i, c := range v.Spec.Decisions {
				p.doc.known(field(index("spec.decisions", i), "control"), "unknown control", c.Control, x.controlIDs)
			}
		case *schema.ExceptionReview:
			p.doc.named(v.Metadata.Name, reviews)
		}
	}
}

// references are the controls and checks that documents may refer to.
type references struct {
	controls             map[string]schema.Control
	checks               map[string]schema.Check
	controlIDs, checkIDs []string
}

func (x *references) table(d *document, checks []schema.Check) {
	for i, id := range x.controlIDs {
		if !slices.ContainsFunc(checks, func(c schema.Check) bool { return c.Control == id }) {
			d.problem(field(index("spec.controls", i), "id"), "control %s has no check: evidence is one of the six mandatory fields", id)
		}
	}
}

// checkSet checks a file of the plan; first remembers the checks of earlier ones.
func (x *references) checkSet(d *document, checks []schema.Check, first map[string]Position) {
	for i, c := range checks {
		path := index("spec.checks", i)
		d.known(field(path, "control"), "unknown control", c.Control, x.controlIDs)
		if at, ok := first[c.ID]; ok {
			d.problem(field(path, "id"), "%q is given twice, first in %s", c.ID, at)
			continue
		}
		at := d.position(field(path, "id"))
		first[c.ID] = Position{d.file, at.line, at.column}
	}
}

func (x *references) overlay(d *document, o *schema.OverlaySpec) {
	for i, c := range o.Controls {
		path := index("spec.controls", i)
		d.known(field(path, "id"), "unknown control", c.ID, x.controlIDs)
		if control, ok := x.controls[c.ID]; ok && c.Responsibility != nil {
			d.checkAccountable(field(path, "responsibility"), overlaid(control.Responsibility, *c.Responsibility))
		}
	}
}

// overlaid returns a responsibility with the parts that the overlay sets.
func overlaid(r, over schema.Responsibility) schema.Responsibility {
	to := parts(&r)
	for i, part := range parts(&over) {
		if *part != "" {
			*to[i] = *part
		}
	}
	return r
}

func (x *references) exceptions(d *document, exceptions []schema.Exception) {
	for i, e := range exceptions {
		path := index("spec.exceptions", i)
		d.known(field(path, "control"), "unknown control", e.Control, x.controlIDs)
		if e.CompensatingControl != "" {
			d.known(field(path, "compensatingControl"), "unknown control", e.CompensatingControl, x.controlIDs)
		}
		if e.Check == "" {
			continue
		}
		d.known(field(path, "check"), "unknown check", e.Check, x.checkIDs)
		if c, ok := x.checks[e.Check]; ok && c.Control != e.Control {
			d.problem(field(path, "check"), "check %s belongs to control %s, not to %s", e.Check, c.Control, e.Control)
		}
	}
}

func (x *references) documents(d *document, docs []schema.DocumentRecord) {
	for i, r := range docs {
		for j, id := range r.Checks {
			d.known(index(field(index("spec.documents", i), "checks"), j), "unknown check", id, x.checkIDs)
		}
	}
}

// reviewed checks an access review against the clusters of the plan, where it
// names any.
func (d *document) reviewed(r *schema.AccessReview, clusters []schema.PlanCluster) {
	var names []string
	for _, c := range clusters {
		names = append(names, c.Name)
	}
	if len(names) > 0 {
		d.known("spec.cluster", "unknown cluster", r.Spec.Cluster, names)
	}
}

// named checks that no two reviews have one name; first remembers where each was
// given.
func (d *document) named(name string, first map[string]Position) {
	if at, ok := first[name]; ok {
		d.problem("metadata.name", "%q is given twice, first in %s", name, at)
		return
	}
	at := d.position("metadata.name")
	first[name] = Position{d.file, at.line, at.column}
}
