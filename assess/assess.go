// Package assess holds a snapshot against a control table.
//
// Assess is the one call: it runs every check over the populations that the check
// names, applies exceptions, and derives the status of each control as
// docs/status.md orders it. It is a pure function of its arguments.
package assess

import (
	"context"
	"time"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// Assess holds the snapshot against the inputs and returns the report. It changes
// neither, and equal arguments give equal reports. What the sources did not answer
// is in the report; an error means that an input is wrong, a check crashed, or ctx
// ended.
func Assess(ctx context.Context, snap *schema.Snapshot, in *schema.Inputs) (*schema.Report, error) {
	r, _, err := Timed(ctx, snap, in, func() time.Time { return time.Time{} })
	return r, err
}

// A Cost is what one check took, over all clusters.
type Cost struct {
	Check string
	// Rows that it looked at, those out of its scope included.
	Rows int
	Time time.Duration
}

// Timed is Assess, and says what each check took by the clock that it is given, in
// the order in which they ran.
func Timed(ctx context.Context, snap *schema.Snapshot, in *schema.Inputs, now func() time.Time) (*schema.Report, []Cost, error) {
	a, err := newAssessment(snap, in)
	if err != nil {
		return nil, nil, err
	}
	a.now = now
	a.derive()
	if err := a.runAll(ctx); err != nil {
		return nil, nil, err
	}
	r, err := a.report()
	return r, a.costs, err
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
	// Cluster and Source are zero for a check of kind register, which runs once. For
	// one of kind pipeline Cluster has the name of the forge, and Evidence the rows of
	// the repositories that answered.
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
