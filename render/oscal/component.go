package oscal

import (
	"fmt"
	"maps"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// nistCatalog is SP 800-53 revision 5 as NIST publishes it in OSCAL.
const nistCatalog = "https://raw.githubusercontent.com/usnistgov/oscal-content/main/nist.gov/SP800-53/rev5/json/NIST_SP-800-53_rev5_catalog.json"

// ComponentDefinition returns the platform as a component that implements the
// controls of the table: how each works, and who owns it. A second list says which
// controls of NIST SP 800-53 these contribute to. It says nothing about whether
// they work; AssessmentResults does.
func ComponentDefinition(r *schema.Report) *File {
	platform := DefinedComponent{
		UUID: id("platform", r.Plan.Name), Type: "service", Title: markup("Kubernetes platform of " + r.Plan.Organization),
		Description: orUnstated(markup(r.Plan.Scope)),
	}
	catalogs := []Resource{{
		UUID: id("resource", CatalogPath), Title: "The control table of this bundle", RLinks: []ResourceLink{{path.Base(CatalogPath), "application/json"}},
	}}
	if own := ownRequirements(r); len(own) > 0 {
		platform.ControlImplementations = append(platform.ControlImplementations, ControlImplementation{
			UUID: id("implementation", r.Plan.Name, r.Plan.ControlTable), Source: "#" + catalogs[0].UUID,
			Description: "How each control of the table works on this platform, as its owners describe it.", ImplementedRequirements: own,
		})
	}
	if nist := nistRequirements(r); len(nist) > 0 {
		catalogs = append(catalogs, Resource{
			UUID: id("resource", nistCatalog), Title: "NIST SP 800-53 revision 5", RLinks: []ResourceLink{{nistCatalog, "application/json"}},
		})
		platform.ControlImplementations = append(platform.ControlImplementations, ControlImplementation{
			UUID: id("implementation", r.Plan.Name, nistCatalog), Source: "#" + catalogs[1].UUID,
			Description:             "Controls of SP 800-53 that controls of the table refer to. They contribute to them; none is claimed to be met in full.",
			ImplementedRequirements: nist,
		})
	}
	return &File{ComponentDefinition: &ComponentDefinitionModel{
		UUID: documentID("component-definition", r), Metadata: metadata(r, "Kubernetes platform"),
		Components: []DefinedComponent{platform}, BackMatter: &BackMatter{catalogs},
	}}
}

func ownRequirements(r *schema.Report) []ImplementedRequirement {
	var out []ImplementedRequirement
	for _, c := range r.Controls {
		q := ImplementedRequirement{
			UUID: id("requirement", r.Plan.Name, c.ID), ControlID: token(c.ID), Description: orUnstated(markup(c.Operates)),
			Props: props("cadence", string(c.Cadence), "next-review", c.NextReview.String()),
		}
		for _, layer := range c.Layers {
			q.Props = append(q.Props, props("layer", layer)...)
		}
		q.Props = append(q.Props, references(c.References)...)
		for _, role := range []struct{ id, name string }{{roleOwner, c.Owner}, {roleReviewer, c.Reviewer}} {
			if line(role.name) != "" {
				q.ResponsibleRoles = append(q.ResponsibleRoles, ResponsibleRole{role.id, []string{partyID(role.name)}})
			}
		}
		out = append(out, q)
	}
	return out
}

// nistRequirements turns the references of the controls around.
func nistRequirements(r *schema.Report) []ImplementedRequirement {
	referrers := map[string][]string{}
	for _, c := range r.Controls {
		for _, ref := range c.References.NIST80053 {
			if control, ok := nistID(ref); ok {
				referrers[control] = append(referrers[control], fmt.Sprintf("%s (%s)", c.ID, c.Title))
			}
		}
	}
	var out []ImplementedRequirement
	for _, control := range slices.Sorted(maps.Keys(referrers)) {
		out = append(out, ImplementedRequirement{
			UUID: id("requirement", r.Plan.Name, nistCatalog, control), ControlID: control,
			Description: markup("Contributed to by " + strings.Join(slices.Compact(referrers[control]), "; ") + "."),
		})
	}
	return out
}

var nistPattern = regexp.MustCompile(`^([A-Z]{2})-([0-9]{1,2}) ?(?:\(([0-9]{1,2})\))?$`)

// nistID returns the id that NIST's catalog gives a control: AC-6(5) is ac-6.5.
func nistID(reference string) (string, bool) {
	m := nistPattern.FindStringSubmatch(reference)
	if m == nil {
		return "", false
	}
	out := strings.ToLower(m[1]) + "-" + m[2]
	if m[3] != "" {
		out += "." + m[3]
	}
	return out, true
}

func orUnstated(s string) string {
	if s == "" {
		return "Not stated."
	}
	return s
}
