package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// assumptions lists what the provider is assumed to do: one by one where no
// document says that it does, and together what one document covers.
func (b *builder) assumptions() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Control that a provider takes part in", Width: 74}, {Title: "Provider", Width: 30}, {Title: "Says so", Width: 44}, {Title: "Support", Width: 22, Kind: StatusCell},
		},
		Dense: true,
	}
	supported := map[string][]string{} // controls by document
	for _, c := range b.r.Controls {
		part := providerPart(c.Responsibility)
		if part == "" || c.Status == schema.NotApplicable {
			continue
		}
		if len(c.AssuredBy) > 0 {
			supported[c.AssuredBy[0]] = append(supported[c.AssuredBy[0]], c.ID)
			continue
		}
		t.Rows = append(t.Rows, []Text{
			{Value: c.ID + wide + c.Title, Link: c.ID}, {Value: part}, {Value: "no document", Tone: Bad}, {Value: "unsupported", Tone: Bad},
		})
	}
	for _, d := range b.r.Documents {
		if ids := supported[d.ID]; len(ids) > 0 {
			t.Rows = append(t.Rows, []Text{
				{Value: strings.Join(ids, ", ")}, plain(""), {Value: d.Title, Note: "as of " + d.AsOf.String(), Link: documentID(d)}, {Value: "supported", Tone: Good},
			})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []Block{heading("What the provider is assumed to do"), t}
}

// providerPart names the providers that are accountable or responsible.
func providerPart(r schema.Responsibility) string {
	var parts []string
	for _, p := range []struct{ name, role string }{{"cloud", r.CloudProvider}, {"managed Kubernetes", r.ManagedKubernetes}} {
		if strings.Contains(p.role, "A") || strings.Contains(p.role, "R") {
			parts = append(parts, p.name+" "+p.role)
		}
	}
	return strings.Join(parts, ", ")
}
