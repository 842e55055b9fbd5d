package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

const clausesName = "ISO 27017 views"

// A clauseRow is a control under a clause of ISO/IEC 27017, seen from one side.
type clauseRow struct {
	view    string
	clause  schema.ISO27017Reference
	control schema.ControlResult
}

// The organization is a customer of those who provide to it, and a provider to its own customers.
const (
	customerView = "customer: towards our providers"
	providerView = "provider: towards our customers"
)

// clauseRows has each clause of each control once for each side to which ISO/IEC
// 27017 gives guidance, and on both where ISO/IEC 27002 applies as it is.
func (b *builder) clauseRows() []clauseRow {
	var rows []clauseRow
	for _, view := range []struct{ name, other string }{{customerView, "csp"}, {providerView, "csc"}} {
		for _, c := range b.r.Controls {
			for _, ref := range c.References.ISO27017 {
				if ref.CloudGuidance != view.other {
					rows = append(rows, clauseRow{view.name, ref, c})
				}
			}
		}
	}
	return rows
}

// guidanceTexts say for whom ISO/IEC 27017 adds to a clause.
var guidanceTexts = map[string]string{
	"both": "for customers and providers", "csc": "for customers", "csp": "for providers", "none": "none: ISO/IEC 27002 applies as it is",
}

// clausesSheet is the table of controls as ISO/IEC 27017 is read by a customer and by
// a provider; control makes the cell of a control's id.
func (b *builder) clausesSheet(control func(id string) Cell) Sheet {
	sheet := sheetOf(clausesName, "Which controls answer which clause of ISO/IEC 27017:2015, as a customer and as a provider?", []Column{
		textColumn("View", 32), textColumn("Clause", 12), textColumn("Cloud guidance", 38), textColumn("Control", 10), textColumn("Title", 50), statusColumn("Status", 17, statusTexts),
		textColumn("Part of the other side", 60), textColumn("Who does it here", 50),
	}, b.clauseRows(), func(r clauseRow) []Cell {
		c := r.control
		other := strings.Join(c.CustomerDuties, " ")
		if r.view == customerView {
			other = partiesOf(c.Responsibility, providers)
		}
		return []Cell{
			r.view, r.clause.ID, guidanceTexts[r.clause.CloudGuidance], control(c.ID), c.Title, Text{Value: words(string(c.Status)), Tone: statusTones[c.Status]},
			other, partiesOf(c.Responsibility, func(p party) bool { return !providers(p) }),
		}
	})
	sheet.Notes = []Note{{"How to read", "Filter the column View. Towards a cloud provider the organization is the customer, towards its own customers the provider. The part of the other side is then the provider's, or what customers have to do."}}
	return sheet
}

// providers are the parties outside of the organization.
func providers(p party) bool {
	return runsThePlatform(p) || p.name == "third-party tool"
}

// runsThePlatform picks the parties whose part GOV-01.c1 wants a document for.
func runsThePlatform(p party) bool {
	return p.name == "cloud provider" || p.name == "managed Kubernetes"
}

// partiesOf lists the accountable and responsible ones of some parties.
func partiesOf(r schema.Responsibility, some func(party) bool) string {
	var parts []string
	for _, p := range partyNames {
		if role := p.role(r); some(p) && strings.ContainsAny(role, "AR") {
			parts = append(parts, p.name+" "+role)
		}
	}
	return strings.Join(parts, ", ")
}

// assumptionCheck finds controls that are a provider's without a document that says so.
const assumptionCheck = "GOV-01.c1"

// assumed returns the controls of which a provider's part rests on no document.
func (b *builder) assumed() map[string]bool {
	out := map[string]bool{}
	for _, f := range b.r.Findings {
		c := b.control[f.Subject.Name]
		if f.Check == assumptionCheck && open(f) && f.Subject.Kind == "Control" && partiesOf(c.Responsibility, runsThePlatform) != "" {
			out[c.ID] = true
		}
	}
	return out
}
