package oscal

import "github.com/auditpack/auditpack/schema"

// PlanOfAction returns what is left to do: an item for each finding, those that
// an exception covers with the day on which it ends, and one for each check whose
// evidence was not collected. It returns nil where nothing is left, because
// OSCAL has no plan without items.
func PlanOfAction(r *schema.Report, checks []schema.Check) *File {
	v := newView(r, checks)
	m := &PlanOfActionModel{
		UUID: documentID("plan-of-action", r), Metadata: metadata(r, "Plan of action and milestones"),
		SystemID: SystemID{line(r.Plan.Name)}, LocalDefinitions: v.definitions(),
	}
	observed := map[string]bool{}
	observe := func(check string) {
		if c, ok := v.checks[check]; ok && !observed[check] {
			observed[check] = true
			m.Observations = append(m.Observations, v.observeCheck(c))
		}
	}
	for _, f := range r.Findings {
		observe(f.Check)
		m.Observations = append(m.Observations, v.observeFinding(f))
		m.Risks = append(m.Risks, v.risk(f))
		m.Items = append(m.Items, Item{
			UUID: id("item", f.ID), Title: v.title(f.Check), Description: markup(f.Message),
			Props:               props("finding", f.ID, "control", f.Control, "severity", string(f.Severity), "owner", f.Owner, "exception", f.Exception, "excepted-until", f.ExceptedUntil.String()),
			RelatedObservations: []RelatedObservation{{findingObservation(f.ID)}}, RelatedRisks: []RelatedRisk{{riskID(f.ID)}},
		})
	}
	for _, c := range r.Checks {
		if c.Result != schema.ResultNotCollected {
			continue
		}
		observe(c.ID)
		m.Items = append(m.Items, Item{
			UUID: id("item", c.ID), Title: v.title(c.ID), Description: orUnstated(markup("Evidence is missing. " + c.Reason)),
			Props:               props("check", c.ID, "control", c.Control, "severity", string(c.Severity), "owner", v.controls[c.Control].Owner),
			RelatedObservations: []RelatedObservation{{checkObservation(c.ID)}},
		})
	}
	if len(m.Items) == 0 {
		return nil
	}
	return &File{PlanOfAction: m}
}
