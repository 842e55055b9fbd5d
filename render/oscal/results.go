package oscal

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// AssessmentResults returns what the checks found: an observation for each check
// and each finding, a risk for each finding, and a conclusion for each control
// that applies. Checks give the titles.
func AssessmentResults(r *schema.Report, checks []schema.Check) *File {
	v := newView(r, checks)
	inputs := Resource{
		UUID: id("resource", "inputs"), Title: "The inputs of the assessment", Description: "Plan, control table, checks and registers as they were used. This is not an OSCAL assessment plan.",
		RLinks: []ResourceLink{{"../inputs/index.json", "application/json"}},
	}
	result := Result{
		UUID: documentID("result", r), Title: markup("Snapshot of " + r.AsOf.Format("2006-01-02 15:04 MST")), Description: orUnstated(markup(r.Plan.Scope)),
		Start: r.AsOf, End: r.AsOf, LocalDefinitions: v.definitions(), ReviewedControls: v.reviewed(),
		Props: props("gaps", fmt.Sprint(r.Summary.Gaps), "unsigned", fmt.Sprint(r.Plan.Unsigned), "demo", fmt.Sprint(r.Plan.Demo)),
	}
	if len(r.Checks)+len(r.Findings) > 0 {
		result.Observations = concat(mapped(r.Checks, v.observeCheck), mapped(r.Findings, v.observeFinding))
	}
	if len(r.Findings) > 0 {
		result.Risks = mapped(r.Findings, v.risk)
	}
	for _, c := range r.Controls {
		if c.Status != schema.NotApplicable {
			result.Findings = append(result.Findings, v.conclusion(c))
		}
	}
	return &File{AssessmentResults: &AssessmentResultsModel{
		UUID: documentID("assessment-results", r), Metadata: metadata(r, "Assessment results"),
		ImportAP: Import{"#" + inputs.UUID, "There is no assessment plan in OSCAL; the link leads to the inputs that the program used."},
		Results:  []Result{result}, BackMatter: BackMatter{[]Resource{inputs}},
	}}
}

// reviewed lists the controls that apply, and says why others do not.
func (v *view) reviewed() ReviewedControls {
	s := ControlSelection{Description: "The controls of the table that apply."}
	var without []string
	for _, c := range v.Controls {
		if c.Status == schema.NotApplicable {
			without = append(without, fmt.Sprintf("%s: %s", c.ID, c.NotApplicableBecause))
			continue
		}
		s.IncludeControls = append(s.IncludeControls, SelectedControl{token(c.ID)})
	}
	if len(s.IncludeControls) == 0 {
		s.Description = "No control of the table applies."
		s.IncludeAll = &struct{}{}
		for _, c := range v.Controls {
			s.ExcludeControls = append(s.ExcludeControls, SelectedControl{token(c.ID)})
		}
	}
	if len(without) > 0 {
		s.Remarks = markup("Not applicable: " + strings.Join(without, "; "))
	}
	return ReviewedControls{[]ControlSelection{s}}
}

// conclusion says whether a control is satisfied. Only implemented is; a status
// that this release does not know is not.
func (v *view) conclusion(c schema.ControlResult) Finding {
	f := Finding{
		UUID: id("conclusion", v.Plan.Name, c.ID), Title: markup(c.ID + " " + c.Title), Description: orUnstated(markup(c.Statement)),
		Props: props("status", string(c.Status), "design", string(c.Design), "operation", string(c.Operation), "review", string(c.Review), "owner", c.Owner),
		Target: FindingTarget{
			Type: "statement-id", TargetID: statementID(c.ID),
			Status: TargetStatus{State: "not-satisfied", Reason: v.reason(c.ID), Remarks: markup(strings.Join(c.Reasons, "; "))},
		},
	}
	switch c.Status {
	case schema.Implemented:
		f.Target.Status.State, f.Target.Status.Reason = "satisfied", "pass"
		f.Target.ImplementationStatus = &ImplementationStatus{"implemented"}
	case schema.Partial:
		f.Target.ImplementationStatus = &ImplementationStatus{"partial"}
	}
	for _, k := range v.Checks {
		if k.Control == c.ID {
			f.RelatedObservations = append(f.RelatedObservations, RelatedObservation{checkObservation(k.ID)})
		}
	}
	for _, finding := range v.Findings {
		if finding.Control == c.ID {
			f.RelatedRisks = append(f.RelatedRisks, RelatedRisk{riskID(finding.ID)})
		}
	}
	return f
}

// reason of a control that is not satisfied: fail where a check fails, and other
// where evidence or a person's judgement is missing.
func (v *view) reason(control string) string {
	if slices.ContainsFunc(v.Checks, func(c schema.CheckResult) bool {
		return c.Control == control && (c.Result == schema.ResultFail || c.Result == schema.ResultPartial)
	}) {
		return "fail"
	}
	return "other"
}
