package assess

import (
	"time"

	"github.com/auditpack/auditpack/schema"
)

// Facts are what a run's inputs say, in the form that checks ask for.
type Facts struct {
	AsOf      time.Time
	Plan      *schema.PlanSpec
	approvals []schema.Approval
	namespace map[nsKey]schema.Namespace
	clusters  map[string]schema.Cluster
}

type nsKey struct{ cluster, name string }
