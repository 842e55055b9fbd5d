package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A defaultSetting is something that Kubernetes or a product does unless somebody
// changes it, and the check that finds where nobody has.
type defaultSetting struct{ check, setting, value string }

// defaultSettings in the order of the control table.
var defaultSettings = []defaultSetting{
	{"ACC-06.k1", "Service account of a pod", "“default”, with its token mounted"},
	{"ACC-06.k2", "Rights of the account “default”", "shared by every pod that names no other"},
	{"ACC-07.k2", "Argo CD project", "“default”, which limits nothing"},
	{"ACC-07.p1", "Token of a workflow", "may write to the repository"},
	{"SEP-02.k1", "Namespace of a workload", "“default”"},
	{"SEP-02.k3", "Quota of a namespace", "none"},
	{"SEP-03.k1", "Traffic between pods", "all allowed, both ways"},
	{"SEP-04.k1", "Pod Security of a namespace", "nothing enforced"},
	{"CHG-06.k1", "Kubernetes release", "stays until somebody upgrades it"},
	{"CHG-06.k4", "Release of an add-on", "stays until somebody upgrades it"},
	{"MON-01.d1", "Audit log of the API", "off on many managed services"},
	{"RES-05.k1", "Volume without its claim", "deleted (reclaim policy Delete)"},
}

// defaultNames is how many objects one line of the list names.
const defaultNames = 4

// defaults lists which defaults are still in force, where, since when and whose.
func (b *builder) defaults() []Section {
	t := Table{
		Columns: []Column{
			{Title: "Setting", Width: 32}, {Title: "Default still in force", Width: 33}, {Title: "Where, and since when", Width: 73},
			{Title: "Owner", Width: 22}, {Title: "Check", Width: 16},
		},
		Dense: true,
		Empty: "No default that the checks know was found in force.",
	}
	created := b.creationTimes()
	total, undecided := 0, []string{}
	for _, d := range defaultSettings {
		findings := b.defaultFindings(d.check)
		total += len(findings)
		for i, g := range byOwner(findings) {
			setting, value := Text{Value: d.setting, Bold: true}, Text{Value: d.value}
			if i > 0 {
				setting, value = Text{}, Text{}
			}
			t.Rows = append(t.Rows, []Text{setting, value, defaultPlaces(g, created), plain(ownerOf(g[0])), {Value: d.check, Link: g[0].Control}})
		}
		if i := slices.IndexFunc(b.r.Checks, func(c schema.CheckResult) bool { return c.ID == d.check }); i >= 0 && causeOf(b.r.Checks[i]) != "" {
			undecided = append(undecided, d.check)
		}
	}
	if len(undecided) > 0 {
		t.Empty = ""
	}
	opening := fmt.Sprintf("What nobody has changed since it was set up: %s. A default is a decision of its maker, and not one of yours.", count(total, "place", "places"))
	blocks := []Block{lead("%s", opening), t}
	if len(undecided) > 0 {
		blocks = append(blocks, Paragraph{Style: Small, Text: Text{
			Value: "Not decided here, and possibly in force: " + strings.Join(undecided, ", ") + ".", Link: "unseen", Tone: Unknown,
		}})
	}
	if len(b.r.Checks) == 0 {
		blocks = []Block{body("There are no checks.")}
	}
	return []Section{flowing("defaults", "Defaults still in force", blocks...)}
}

// defaultFindings are the findings of a check that deviate, excepted ones among them:
// an accepted default is still in force.
func (b *builder) defaultFindings(check string) []schema.Finding {
	var out []schema.Finding
	for _, f := range b.r.Findings {
		if f.Check == check && (open(f) || f.Exception != "") {
			out = append(out, f)
		}
	}
	return out
}

// byOwner groups findings by who has to act, in the order of the names.
func byOwner(findings []schema.Finding) [][]schema.Finding {
	groups := map[string][]schema.Finding{}
	for _, f := range findings {
		groups[ownerOf(f)] = append(groups[ownerOf(f)], f)
	}
	var out [][]schema.Finding
	for _, owner := range sortedKeys(groups) {
		out = append(out, groups[owner])
	}
	return out
}

// defaultPlaces names objects with the day on which they were made, oldest first.
func defaultPlaces(findings []schema.Finding, created map[schema.Subject]time.Time) Text {
	type place struct{ name, since string }
	var places []place
	for _, f := range findings {
		s := f.Subject
		s.Field = ""
		p := place{name: strings.TrimSpace(strings.TrimPrefix(s.String(), "Namespace "))}
		if f.Exception != "" {
			p.name += " (excepted)"
		}
		if at := created[s]; !at.IsZero() {
			p.since = schema.DateOf(at).String()
		}
		places = append(places, p)
	}
	slices.SortStableFunc(places, func(x, y place) int {
		return cmp.Or(compareTrue(x.since != "", y.since != ""), strings.Compare(x.since, y.since))
	})
	var names []string
	for _, p := range places {
		if p.since != "" {
			p.name += " since " + p.since
		}
		names = append(names, p.name)
	}
	return Text{Value: list(names, defaultNames)}
}

// creationTimes has when the objects were made that a default can be in force for.
func (b *builder) creationTimes() map[schema.Subject]time.Time {
	m := map[schema.Subject]time.Time{}
	e := b.s.Evidence
	for _, r := range e.Pods {
		m[r.Subject()] = r.Created
	}
	for _, r := range e.Workloads {
		m[r.Subject()] = r.Created
	}
	for _, r := range e.Namespaces {
		m[r.Subject()] = r.Created
	}
	for _, r := range e.Nodes {
		m[r.Subject()] = r.Created
	}
	for _, r := range e.Volumes {
		m[r.Subject()] = r.Created
	}
	for _, r := range e.ServiceAccounts {
		m[r.Subject()] = r.Created
	}
	return m
}
