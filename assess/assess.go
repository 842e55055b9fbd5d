// Package assess holds a snapshot against a control table.
//
// Assess is the one call: it runs every check over the populations that the check
// names, applies exceptions, and derives the status of each control as
// docs/status.md orders it. It is a pure function of its arguments.
package assess

import (
	"github.com/auditpack/auditpack/schema"
)

// A Func decides one check for one cluster, where rows must be joined or counted.
// It is called only when every population that the check needs is complete for
// that cluster, and it does not change what it is given.
type Func func(p *Pass) ([]Outcome, error)

// A Pass is one run of one check over one cluster. Evidence and Derived hold the
// rows of that cluster only.
type Pass struct {
	Check    *schema.Check
	Cluster  schema.Cluster
	Source   schema.Source
	Snapshot *schema.Snapshot // all clusters, for checks that look across
	Evidence *schema.Evidence
	Derived  *schema.Derived
	Inputs   *schema.Inputs
	Facts    *Facts
}

// An Outcome is what a check concluded about one subject.
type Outcome struct {
	Subject schema.Subject
	Result  schema.Result
	// Severity replaces the check's where set.
	Severity schema.Severity
	// Vars fill the names in braces of the check's message.
	Vars map[string]string
	// Message replaces the check's message where set.
	Message string
}
