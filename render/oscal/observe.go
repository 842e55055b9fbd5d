package oscal

import (
	"fmt"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A view is a report with its parts found by id.
type view struct {
	*schema.Report
	checks   map[string]schema.CheckResult
	titles   map[string]string // of checks
	controls map[string]schema.ControlResult
	clusters map[string]schema.Source
	tool     Origin
}

func newView(r *schema.Report, checks []schema.Check) *view {
	v := &view{
		Report: r, checks: map[string]schema.CheckResult{}, titles: map[string]string{}, controls: map[string]schema.ControlResult{},
		clusters: map[string]schema.Source{}, tool: Origin{[]Actor{{"tool", id("tool", r.Tool.Name)}}},
	}
	for _, c := range r.Checks {
		v.checks[c.ID] = c
	}
	for _, c := range checks {
		v.titles[c.ID] = c.Title
	}
	for _, c := range r.Controls {
		v.controls[c.ID] = c
	}
	for _, s := range r.Sources {
		v.clusters[s.Name] = s
	}
	return v
}

// title of a check, or that of its control where nobody gave it one.
func (v *view) title(check string) string {
	title := v.titles[check]
	if title == "" {
		title = v.controls[v.checks[check].Control].Title
	}
	return markup(check + " " + title)
}

func checkObservation(check string) string     { return id("check", check) }
func findingObservation(finding string) string { return id("observation", finding) }
func riskID(finding string) string             { return id("risk", finding) }

// observeCheck says what a check looked at and what came of it, or that nothing did.
func (v *view) observeCheck(c schema.CheckResult) Observation {
	o := Observation{
		UUID: checkObservation(c.ID), Title: v.title(c.ID), Methods: methods(c), Types: []string{"control-objective"},
		Origins: []Origin{v.tool}, Collected: v.AsOf, Remarks: markup(c.Reason),
		Props: props("check", c.ID, "result", string(c.Result), "severity", string(c.Severity), "evaluation", string(c.Evaluation), "rows", fmt.Sprint(c.Rows)),
	}
	switch c.Result {
	case schema.ResultNotCollected:
		o.Description = "Not observed: the evidence was not collected. This is neither a pass nor a failure."
	case schema.ResultNotApplicable:
		o.Description = "Not applicable: there was nothing in scope to look at."
	default:
		o.Description = fmt.Sprintf("%d rows were looked at: %s.", c.Rows, counts(c.Counts))
	}
	for _, name := range c.Populations {
		i := slices.IndexFunc(v.Populations, func(p schema.PopulationResult) bool { return p.Name == name })
		if i < 0 {
			continue
		}
		p := v.Populations[i]
		o.RelevantEvidence = append(o.RelevantEvidence, RelevantEvidence{
			Href: path.Join("..", p.Path), Description: markup(fmt.Sprintf("%s: %d rows, SHA-256 %s", p.Title, p.Rows, p.SHA256)),
		})
	}
	return o
}

// methods are those of OSCAL: the program tests, people examine.
func methods(c schema.CheckResult) []string {
	switch {
	case c.Evaluation == schema.Manual || c.Kind == schema.CheckDocument || c.Kind == schema.CheckRegister:
		return []string{"EXAMINE"}
	case c.Evaluation == schema.Semi:
		return []string{"TEST", "EXAMINE"}
	}
	return []string{"TEST"}
}

func counts(by map[schema.Result]int) string {
	var parts []string
	for _, r := range []schema.Result{
		schema.ResultPass, schema.ResultPartial, schema.ResultFail, schema.ResultNeedsReview, schema.ResultExcepted, schema.ResultNotCollected, schema.ResultNotApplicable,
	} {
		if by[r] > 0 {
			parts = append(parts, fmt.Sprintf("%d %s", by[r], strings.ReplaceAll(string(r), "_", " ")))
		}
	}
	if len(parts) == 0 {
		return "none in scope"
	}
	return strings.Join(parts, ", ")
}

// observeFinding says what is so, of which object.
func (v *view) observeFinding(f schema.Finding) Observation {
	o := Observation{
		UUID: findingObservation(f.ID), Title: v.title(f.Check), Description: markup(f.Message), Types: []string{"finding"},
		Methods: methods(v.checks[f.Check]), Origins: []Origin{v.tool}, Collected: v.AsOf,
		Props: props("finding", f.ID, "result", string(f.Result), "field", f.Subject.Field),
	}
	if f.Subject.Cluster != "" {
		o.Subjects = []SubjectReference{{v.itemID(f.Subject), "inventory-item", markup(object(f.Subject).String())}}
	}
	return o
}

// risk is a finding with what it means and what to do about it.
func (v *view) risk(f schema.Finding) Risk {
	r := Risk{
		UUID: riskID(f.ID), Title: v.title(f.Check), Description: markup(f.Message), Statement: orUnstated(markup(v.controls[f.Control].Risk)),
		Props:  props("finding", f.ID, "check", f.Check, "control", f.Control, "result", string(f.Result), "owner", f.Owner, "exception", f.Exception),
		Status: "open", Origins: []Origin{v.tool},
		Characterizations:   []Characterization{{v.tool, []Facet{{"severity", Namespace, string(f.Severity)}}}},
		RelatedObservations: []RelatedObservation{{findingObservation(f.ID)}, {checkObservation(f.Check)}},
	}
	if f.Result == schema.ResultNeedsReview {
		r.Status = "investigating"
	}
	if f.Exception != "" {
		r.Status = "deviation-approved"
		r.Deadline = endOf(f.ExceptedUntil)
	}
	if remediation := markup(f.Remediation); remediation != "" {
		r.Remediations = []Response{{id("remediation", f.ID), "recommendation", "What to do", remediation}}
	}
	return r
}

// endOf returns the last second of a day, or nil for none.
func endOf(d schema.Date) *time.Time {
	if d.IsZero() {
		return nil
	}
	t := d.AddDays(1).Time().Add(-time.Second)
	return &t
}

// object is the subject without the field.
func object(s schema.Subject) schema.Subject {
	s.Field = ""
	return s
}

// clusterKey is what a cluster is known by: its UID, or its name where that is not known.
func (v *view) clusterKey(name string) string {
	if uid := v.clusters[name].UID; uid != "" {
		return uid
	}
	return name
}

func (v *view) clusterID(name string) string { return id("cluster", v.clusterKey(name)) }

func (v *view) itemID(s schema.Subject) string {
	return id("object", v.clusterKey(s.Cluster), s.Kind, s.Namespace, s.Name)
}

// definitions describes the clusters, and the objects that findings are about.
func (v *view) definitions() *LocalDefinitions {
	d := &LocalDefinitions{AssessmentAssets: &AssessmentAssets{
		Components: []SystemComponent{{
			UUID: v.tool.Actors[0].ActorUUID, Type: "software", Title: markup(v.Tool.Name), Description: "Collected the evidence and ran the checks.",
			Props: props("version", v.Tool.Version, "build", v.Tool.Build), Status: ComponentStatus{"operational"},
		}},
		AssessmentPlatforms: []AssessmentPlatform{{
			UUID: id("assessment-platform", v.Tool.Name), Title: markup(v.Tool.Name), UsesComponents: []UsedComponent{{v.tool.Actors[0].ActorUUID}},
		}},
	}}
	for _, s := range v.Sources {
		d.Components = append(d.Components, SystemComponent{
			UUID: v.clusterID(s.Name), Type: "service", Title: markup(s.Name), Description: markup("Kubernetes cluster " + s.Name + ", read from a source of kind " + string(s.Kind) + "."),
			Props: props("cluster-uid", s.UID, "server-version", s.ServerVersion, "secrets-tier", string(s.SecretsTier)), Status: ComponentStatus{"operational"},
		})
	}
	if slices.ContainsFunc(v.Findings, func(f schema.Finding) bool { return f.Subject.Cluster != "" }) {
		d.InventoryItems = v.inventory
	}
	return d
}

// inventory yields each object that a finding is about.
func (v *view) inventory(yield func(InventoryItem) bool) {
	seen := map[schema.Subject]bool{}
	for _, f := range v.Findings {
		s := object(f.Subject)
		known := s
		known.Cluster = v.clusterKey(s.Cluster)
		if s.Cluster == "" || seen[known] {
			continue
		}
		seen[known] = true
		item := InventoryItem{UUID: v.itemID(s), Description: markup(s.String()), Props: props("kind", s.Kind, "namespace", s.Namespace, "name", s.Name, "cluster", s.Cluster)}
		if _, ok := v.clusters[s.Cluster]; ok {
			item.ImplementedComponents = []ImplementedComponent{{v.clusterID(s.Cluster)}}
		}
		if !yield(item) {
			return
		}
	}
}
