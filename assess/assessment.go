package assess

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// An assessment is the work of one call of Assess.
type assessment struct {
	snap    *schema.Snapshot
	in      *schema.Inputs
	facts   *Facts
	answers answers
	// clusters are the names of all clusters that the plan or the snapshot has, sorted.
	clusters []string
	// forges are the names of all forges that the plan or the snapshot has, sorted.
	forges   []string
	evidence map[string]*schema.Evidence
	// derived are the rows of each cluster, all those of every cluster.
	derived  map[string]*schema.Derived
	all      schema.Derived
	access   map[string]*rbac.Access
	settings Settings
	// controls have the overlay laid over the table, in the order of the table.
	controls []schema.Control
	checks   []*compiledCheck
	verdicts map[string]*verdict
	// exceptions is set once all other checks have run.
	exceptions []schema.ExceptionResult

	now   func() time.Time // for costs alone
	costs []Cost
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
		forges:   forgeNames(snap, in),
		evidence: split(&snap.Evidence),
		access:   map[string]*rbac.Access{},
		settings: facts.settings(),
		controls: overlaid(in),
		verdicts: map[string]*verdict{},
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
			started := a.now()
			v, err := a.run(ctx, c)
			if err != nil {
				return fmt.Errorf("check %s: %w", c.ID, err)
			}
			a.verdicts[c.ID] = v
			a.costs = append(a.costs, Cost{c.ID, v.rows(), a.now().Sub(started)})
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
		today: a.facts.Today(), maxDays: a.in.Exceptions.Spec.MaxDays, reviews: a.in.ExceptionReviews, controls: map[string]bool{}, checks: map[string]string{},
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
