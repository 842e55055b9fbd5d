// Package sarif writes the findings that have a place in a file as SARIF 2.1.0,
// the Static Analysis Results Interchange Format of OASIS, which code hosts and
// editors show beside the line. Log returns the document.
//
// Findings about what was read from a live cluster, from a printed list or from
// standard input have no such place; they are in the report, the workbook and the
// CSV file. https://docs.oasis-open.org/sarif/sarif/v2.1.0/ describes the format.
package sarif

import (
	"cmp"
	"net/url"
	"strings"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/schema"
)

// Path of the document in a bundle.
const Path = "findings.sarif"

const (
	version    = "2.1.0"
	schemaURI  = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"
	toolURI    = "https://github.com/auditpack/auditpack"
	identifier = "auditpackFinding/v1"
)

// Log returns the findings whose objects stand at one of the places. A right that
// somebody holds stands where its binding does. Checks give the texts of the rules.
func Log(r *schema.Report, places []schema.Place, checks []schema.Check) *File {
	run := Run{
		Tool:              Tool{Driver{Name: text(r.Tool.Name), Version: r.Tool.Version, InformationURI: toolURI}},
		AutomationDetails: AutomationDetails{"auditpack/" + url.PathEscape(r.Plan.Name) + "/"},
		Invocations:       []Invocation{{true, r.AsOf}}, ColumnKind: "utf16CodeUnits",
	}
	at := newLocator(r, places)
	rules := map[string]int{}
	for _, f := range r.Findings {
		place, ok := at.place(f.Subject)
		if !ok {
			continue
		}
		index, ok := rules[f.Check]
		if !ok {
			index = len(run.Tool.Driver.Rules)
			rules[f.Check] = index
			run.Tool.Driver.Rules = append(run.Tool.Driver.Rules, rule(f.Check, r, checks))
		}
		run.Results = append(run.Results, result(f, index, place))
	}
	return &File{Schema: schemaURI, Version: version, Runs: []Run{run}}
}

// A locator finds the place of the object that a finding is about.
type locator struct {
	places   map[schema.Subject]schema.Place
	bindings map[schema.Subject]schema.Subject // of the grants
}

func newLocator(r *schema.Report, places []schema.Place) locator {
	l := locator{map[schema.Subject]schema.Place{}, map[schema.Subject]schema.Subject{}}
	for _, p := range places {
		l.places[p.Subject()] = p
	}
	for _, g := range r.Derived.AccessGrants {
		binding := schema.Subject{Cluster: g.Cluster, Kind: g.BindingKind, Name: g.Binding}
		if g.Scope != "*" {
			binding.Namespace = g.Scope
		}
		l.bindings[g.Subject()] = binding
	}
	return l
}

func (l locator) place(s schema.Subject) (schema.Place, bool) {
	if binding, ok := l.bindings[s]; ok {
		s = binding
	}
	s.Field = ""
	p, ok := l.places[s]
	return p, ok
}

// rule describes a check. One without title has that of its control.
func rule(check string, r *schema.Report, checks []schema.Check) Rule {
	out := Rule{ID: check}
	var title string
	for _, c := range r.Checks {
		if c.ID != check {
			continue
		}
		out.DefaultConfiguration.Level = level(c.Severity)
		out.Properties = RuleProperties{[]string{"security", "kubernetes", c.Control}, score(c.Severity)}
		for _, control := range r.Controls {
			if control.ID == c.Control {
				title = control.Title
			}
		}
	}
	for _, c := range checks {
		if c.ID == check {
			title, out.FullDescription, out.Help = cmp.Or(c.Title, title), optional(c.Logic), optional(c.Remediation)
		}
	}
	out.ShortDescription.Text = message(cmp.Or(title, check))
	return out
}

func result(f schema.Finding, index int, p schema.Place) Result {
	out := Result{
		RuleID: f.Check, RuleIndex: index, Kind: "fail", Level: level(f.Severity), Message: Text{message(f.Message)},
		Locations: []Location{{
			PhysicalLocation{ArtifactLocation{(&url.URL{Path: p.File}).String()}, Region{p.Line}},
			[]LogicalLocation{{text(f.Subject.Name), text(f.Subject.Cluster + ": " + f.Subject.String()), "resource"}},
		}},
		PartialFingerprints: map[string]string{identifier: f.ID},
		Properties: ResultProperties{
			f.Control, string(f.Severity), string(f.Result), text(f.Subject.Cluster), text(f.Owner), text(f.Remediation),
		},
	}
	// SARIF 2.1.0 §3.27.10 wants the level none for what is not a failure.
	if f.Result == schema.ResultNeedsReview {
		out.Kind, out.Level = "review", "none"
	}
	if f.Exception != "" {
		out.Suppressions = []Suppression{{"external", "accepted", message("Exception " + f.Exception + ", until " + f.ExceptedUntil.String())}}
	}
	return out
}

func level(s schema.Severity) string {
	switch s {
	case schema.Critical, schema.High:
		return "error"
	case schema.Medium:
		return "warning"
	}
	return "note"
}

// score is a number in the middle of the band that code hosts give the word:
// above 9 critical, from 7 high, from 4 medium, below that low.
func score(s schema.Severity) string {
	switch s {
	case schema.Critical:
		return "9.5"
	case schema.High:
		return "8.0"
	case schema.Medium:
		return "5.5"
	case schema.Low:
		return "2.0"
	}
	return "0.0"
}

func optional(s string) *Text {
	if s = message(s); s == "" {
		return nil
	}
	return &Text{s}
}

// text shows what must not reach a terminal or turn the direction of a line.
func text(s string) string { return celltext.Clean(s) }

// message is text for the strings that SARIF reads: braces are placeholders
// (§3.11.5), and brackets before a parenthesis are a link (§3.11.6).
func message(s string) string {
	return strings.NewReplacer("{", "{{", "}", "}}", "](", "] (").Replace(text(s))
}
