package oscal

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Catalog returns the control table as a catalog, so that the other documents
// refer to something that a reader of OSCAL can resolve. The texts are those of
// the table; of published standards it has identifiers only.
func Catalog(r *schema.Report) *File {
	m := &CatalogModel{UUID: documentID("catalog", r), Metadata: metadata(r, "Control table "+r.Plan.ControlTable)}
	for _, area := range r.Areas {
		g := Group{ID: token(area.ID), Title: markup(area.Name)}
		for _, c := range r.Controls {
			if c.Area == area.ID {
				g.Controls = append(g.Controls, catalogControl(c.Control))
			}
		}
		m.Groups = append(m.Groups, g)
	}
	return &File{Catalog: m}
}

func catalogControl(c schema.Control) CatalogControl {
	id := token(c.ID)
	return CatalogControl{ID: id, Title: markup(c.Title), Props: references(c.References), Parts: []Part{
		{ID: statementID(c.ID), Name: "statement", Prose: markup(c.Statement)},
		{ID: id + "_gdn", Name: "guidance", Prose: markup(c.Operates)},
		{ID: id + "_risk", Name: "risk", NS: Namespace, Prose: markup(c.Risk)},
	}}
}

// references returns the identifiers of published standards as properties named
// reference, whose class is the standard and edition.
func references(r schema.References) []Property {
	var out []Property
	add := func(class string, ids ...string) {
		for _, id := range ids {
			for _, p := range props("reference", id) {
				p.Class = className(class)
				out = append(out, p)
			}
		}
	}
	for _, ref := range r.ISO27017 {
		add("iso27017_2015", ref.ID)
	}
	add("iso27002_2022", r.ISO27002...)
	add("iso27002_2013", r.ISO27002Old...)
	add("ccm_v4_0", r.CCM40...)
	add("ccm_v4_1", r.CCM41...)
	for _, benchmark := range slices.Sorted(maps.Keys(r.CIS)) {
		add("cis_"+benchmark, r.CIS[benchmark]...)
	}
	add("nist_800_53r5", r.NIST80053...)
	add("soc2_tsc", r.SOC2...)
	for _, standard := range slices.Sorted(maps.Keys(r.Other)) {
		add(standard, r.Other[standard]...)
	}
	return out
}

var notInToken = regexp.MustCompile(`[^\pL\pN._-]`)

// className makes the name of a standard, as somebody wrote it, a token.
func className(standard string) string {
	return "std_" + notInToken.ReplaceAllString(strings.TrimSpace(standard), "_")
}
