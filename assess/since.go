package assess

import (
	"github.com/auditpack/auditpack/assess/compare"
	"github.com/auditpack/auditpack/schema"
)

// since says what changed since the bundle before this one; nil where there is
// none, or nothing of it was kept to compare with.
func (a *assessment) since(r *schema.Report) *schema.Changes {
	previous := a.in.Previous
	if previous == nil || previous.Standing == nil {
		return nil
	}
	before := *previous.Standing
	before.Grants = compare.Grants(previous.Grants)
	return compare.Changes(&before, compare.Of(r, &a.snap.Evidence, a.all.AccessGrants))
}
