package assess

import (
	"fmt"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// governanceFuncs decides checks of the area Governance that look at a cluster.
var governanceFuncs = map[string]Func{
	"orphans":   orphans,
	"suppliers": suppliers,
}

const (
	stuckAfter  = 24 * time.Hour      // a namespace that takes longer to go waits for a finalizer
	orphanLimit = 30 * 24 * time.Hour // how old an orphan may become
)

// orphans decides GOV-07.k1: volumes that nothing claims, namespaces that do not
// go, and load balancers that lead nowhere. A load balancer does not say since
// when it leads nowhere, so its own age counts.
func orphans(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, v := range p.Evidence.Volumes {
		since := v.PhaseSince
		if since.IsZero() {
			since = v.Created
		}
		left := v.Phase == "Released" || v.Phase == "Failed"
		out = append(out, p.judgeOrphan(v.Subject(), left, since, "is left over"))
	}
	for _, n := range p.Evidence.Namespaces {
		stuck := !n.TerminatingSince.IsZero() && p.Facts.AsOf.Sub(n.TerminatingSince) > stuckAfter
		out = append(out, p.judgeOrphan(n.Subject(), stuck, n.TerminatingSince, "is terminating"))
	}
	ready := map[schema.Subject]int{}
	for _, e := range p.Evidence.Endpoints {
		ready[schema.Subject{Kind: "Service", Cluster: e.Cluster, Namespace: e.Namespace, Name: e.Service}] += e.Ready
	}
	for _, s := range p.Evidence.Services {
		if s.Type == "LoadBalancer" && p.endpointsKnown() {
			out = append(out, p.judgeOrphan(s.Subject(), ready[s.Subject()] == 0, s.Created, "is a load balancer without endpoints"))
		}
	}
	return out, nil
}

func (p *Pass) judgeOrphan(s schema.Subject, orphan bool, since time.Time, what string) Outcome {
	o := Outcome{Subject: s, Result: schema.ResultPass}
	switch {
	case !orphan:
	case since.IsZero():
		o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("%s %s, since when is not known.", s, what)
	case p.Facts.AsOf.Sub(since) > orphanLimit:
		o.Result, o.Vars = schema.ResultPartial, map[string]string{"object": s.String() + " " + what, "date": schema.DateOf(since).String()}
	}
	return o
}
