// Package assess holds a snapshot against a control table.
//
// Assess is the one call: it runs every check over the populations that the check
// names, applies exceptions, and derives the status of each control as
// docs/status.md orders it. It is a pure function of its arguments.
package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// Assess holds the snapshot against the inputs and returns the report. It changes
// neither, and equal arguments give equal reports. What the sources did not answer
// is in the report; an error means that an input is wrong, a check crashed, or ctx
// ended.
func Assess(ctx context.Context, snap *schema.Snapshot, in *schema.Inputs) (*schema.Report, error) {
	a, err := newAssessment(snap, in)
	if err != nil {
		return nil, err
	}
	a.derive()
	if err := a.runAll(ctx); err != nil {
		return nil, err
	}
	return a.report()
}

func newAssessment(snap *schema.Snapshot, in *schema.Inputs) (*assessment, error) {
	facts, err := newFacts(snap, in)
	if err != nil {
		return nil, err
	}
	a := &assessment{
		snap: snap, in: in, facts: facts,
		answers:  newAnswers(snap.Queries),
		clusters: clusterNames(snap, in),
		evidence: split(&snap.Evidence),
		access:   map[string]*rbac.Access{},
		settings: facts.settings(),
		verdicts: map[string]*verdict{},
	}
	if a.controls, err = overlaid(in); err != nil {
		return nil, err
	}
	engine, err := newEngine(facts)
	if err != nil {
		return nil, err
	}
	if a.checks, err = compileAll(engine, in.Checks); err != nil {
		return nil, err
	}
	return a, a.sortChecks()
}

// overlaid lays the overlay over the control table. A row of the table without one
// of the fields of a control map, and an overlay for a control that the table does
// not have, are errors.
func overlaid(in *schema.Inputs) ([]schema.Control, error) {
	by := overlayByControl(in)
	var errs []error
	out := make([]schema.Control, 0, len(in.Table.Spec.Controls))
	for _, c := range in.Table.Spec.Controls {
		o := by[c.ID]
		delete(by, c.ID)
		c.Owner = cmp.Or(o.Owner, c.Owner, in.Overlay.Spec.Owner)
		c.Reviewer = cmp.Or(o.Reviewer, c.Reviewer, in.Overlay.Spec.Reviewer)
		c.Cadence = cmp.Or(o.Cadence, c.Cadence)
		if o.Responsibility != nil {
			c.Responsibility = *o.Responsibility
		}
		errs = append(errs, lintControl(c, in.Checks))
		out = append(out, c)
	}
	for _, id := range slices.Sorted(maps.Keys(by)) {
		errs = append(errs, fmt.Errorf("the overlay sets control %q, which the control table does not have", id))
	}
	return out, errors.Join(errs...)
}

// lintControl demands the fields of a control map. The owner is not among them: it
// is the overlay's to set, and a control without owner is a finding.
func lintControl(c schema.Control, checks []schema.Check) error {
	var missing []string
	for _, field := range []struct {
		empty bool
		name  string
	}{
		{c.Risk == "", "risk"}, {c.Statement == "", "statement"}, {c.Operates == "", "operates"}, {len(c.Layers) == 0, "layers"},
		{months[c.Cadence] == 0, "cadence"},
		{!slices.ContainsFunc(checks, func(k schema.Check) bool { return k.Control == c.ID }), "evidence (a check)"},
	} {
		if field.empty {
			missing = append(missing, field.name)
		}
	}
	if len(missing) > 0 {
		return fmt.Errorf("control %s has no %s", c.ID, strings.Join(missing, ", "))
	}
	return nil
}

// sortChecks puts the checks into the order of the control table. A check of an
// unknown control is an error.
func (a *assessment) sortChecks() error {
	place := map[string]int{}
	for i, c := range a.controls {
		place[c.ID] = i
	}
	var errs []error
	for _, c := range a.checks {
		if _, ok := place[c.Control]; !ok {
			errs = append(errs, &CheckError{Check: c.ID, Field: "control", Err: fmt.Errorf("the control table has no control %q", c.Control)})
		}
	}
	slices.SortStableFunc(a.checks, func(x, y *compiledCheck) int { return cmp.Compare(place[x.Control], place[y.Control]) })
	return errors.Join(errs...)
}

// runAll runs every check, then judges the exceptions by what was found, and last
// runs the check of the exception register.
func (a *assessment) runAll(ctx context.Context) error {
	for _, last := range []bool{false, true} {
		for _, c := range a.checks {
			if (c.ID == exceptionCheck) != last {
				continue
			}
			v, err := a.run(ctx, c)
			if err != nil {
				return fmt.Errorf("check %s: %w", c.ID, err)
			}
			a.verdicts[c.ID] = v
		}
		if !last {
			a.judgeExceptions()
		}
	}
	return nil
}

// judgeExceptions says what becomes of the exceptions and applies the valid ones.
func (a *assessment) judgeExceptions() {
	findings := a.findings()
	without := a.statuses(a.results(), findings, nil)
	j := &exceptionJudge{
		today: a.facts.Today(), maxDays: a.in.Exceptions.Spec.MaxDays, controls: map[string]bool{}, checks: map[string]string{},
		implemented: func(id string) bool {
			return slices.ContainsFunc(without, func(c schema.ControlResult) bool { return c.ID == id && c.Status == schema.Implemented })
		},
	}
	for _, c := range a.controls {
		j.controls[c.ID] = true
	}
	for _, c := range a.checks {
		j.checks[c.ID] = c.Control
	}
	a.exceptions = j.judge(a.in.Exceptions.Spec.Exceptions, findings)
	applyExceptions(a.exceptions, a.verdicts)
}

// results returns what the checks that have run concluded.
func (a *assessment) results() []schema.CheckResult {
	var out []schema.CheckResult
	for _, c := range a.checks {
		if v, ok := a.verdicts[c.ID]; ok {
			out = append(out, v.report())
		}
	}
	return out
}

// A Func decides one check for one cluster, where rows must be joined or counted.
// It is called only when every population that the check needs is complete for
// that cluster, and it does not change what it is given. It returns one outcome
// for each row that it looked at, passes and rows out of scope included: the
// counts of the report are made of them. No outcome at all means that there was
// no row, and gives the check's Empty. An error ends Assess.
type Func func(p *Pass) ([]Outcome, error)

// A Pass is one run of one check over one cluster. Evidence and Derived hold the
// rows of that cluster only.
type Pass struct {
	Check *schema.Check
	// Cluster and Source are zero for a check of kind register, which runs once.
	Cluster  schema.Cluster
	Source   schema.Source
	Snapshot *schema.Snapshot // all clusters, for checks that look across
	Evidence *schema.Evidence
	Derived  *schema.Derived
	// Access is what the roles and bindings of the cluster give to whom.
	Access *rbac.Access
	Inputs *schema.Inputs
	Facts  *Facts
	// Controls have the overlay laid over the control table.
	Controls []schema.Control
	// Exceptions is what became of the register's entries. Only the check of the
	// register itself, which runs last, has them.
	Exceptions []schema.ExceptionResult
}

// An Outcome is what a check concluded about one subject.
type Outcome struct {
	Subject schema.Subject
	Result  schema.Result
	// Severity replaces the check's where set.
	Severity schema.Severity
	// Vars fill the names in braces of the check's message. A name that stays
	// unfilled in the message of an outcome that is not a pass is an error.
	Vars map[string]string
	// Message replaces the check's message where set.
	Message string
}
