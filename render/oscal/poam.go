package oscal

import (
	"slices"

	"github.com/auditpack/auditpack/schema"
)

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
	missing := slices.DeleteFunc(slices.Clone(r.Checks), func(c schema.CheckResult) bool { return c.Result != schema.ResultNotCollected })
	if len(r.Findings)+len(missing) == 0 {
		return nil
	}
	m.Observations = concat(v.observeWithChecks(r.Findings), mapped(v.unfound(missing), v.observeCheck))
	if len(r.Findings) > 0 {
		m.Risks = mapped(r.Findings, v.risk)
	}
	m.Items = concat(mapped(r.Findings, v.findingItem), mapped(missing, v.missingItem))
	return &File{PlanOfAction: m}
}

// observeWithChecks says what is so of each finding, and before the first of a
// check what the check looked at.
func (v *view) observeWithChecks(findings []schema.Finding) Stream[Observation] {
	return func(yield func(Observation) bool) {
		observed := map[string]bool{}
		for _, f := range findings {
			if c, ok := v.checks[f.Check]; ok && !observed[f.Check] {
				observed[f.Check] = true
				if !yield(v.observeCheck(c)) {
					return
				}
			}
			if !yield(v.observeFinding(f)) {
				return
			}
		}
	}
}

// unfound are those of the checks that no finding is of.
func (v *view) unfound(checks []schema.CheckResult) []schema.CheckResult {
	found := map[string]bool{}
	for _, f := range v.Findings {
		found[f.Check] = true
	}
	return slices.DeleteFunc(slices.Clone(checks), func(c schema.CheckResult) bool { return found[c.ID] })
}

func (v *view) findingItem(f schema.Finding) Item {
	return Item{
		UUID: id("item", f.ID), Title: v.title(f.Check), Description: markup(f.Message),
		Props:               props("finding", f.ID, "control", f.Control, "severity", string(f.Severity), "owner", f.Owner, "exception", f.Exception, "excepted-until", f.ExceptedUntil.String()),
		RelatedObservations: []RelatedObservation{{findingObservation(f.ID)}}, RelatedRisks: []RelatedRisk{{riskID(f.ID)}},
	}
}

func (v *view) missingItem(c schema.CheckResult) Item {
	return Item{
		UUID: id("item", c.ID), Title: v.title(c.ID), Description: orUnstated(markup("Evidence is missing. " + c.Reason)),
		Props:               props("check", c.ID, "control", c.Control, "severity", string(c.Severity), "owner", v.controls[c.Control].Owner),
		RelatedObservations: []RelatedObservation{{checkObservation(c.ID)}},
	}
}

// mapped is the stream of what f makes of each element.
func mapped[E, T any](list []E, f func(E) T) Stream[T] {
	return func(yield func(T) bool) {
		for _, e := range list {
			if !yield(f(e)) {
				return
			}
		}
	}
}

// concat is one stream after the other.
func concat[T any](streams ...Stream[T]) Stream[T] {
	return func(yield func(T) bool) {
		for _, s := range streams {
			for e := range s {
				if !yield(e) {
					return
				}
			}
		}
	}
}
