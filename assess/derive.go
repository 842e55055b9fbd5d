package assess

import (
	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// derive computes the populations that follow from the evidence of each cluster.
func (a *assessment) derive() {
	for _, cluster := range a.clusters {
		e, _ := a.rows(cluster)
		access := rbac.Resolve(a.facts.Cluster(cluster).ServerVersion, e)
		a.access[cluster] = access
		decided := a.decided(cluster)
		for i := range access.Grants {
			g := &access.Grants[i]
			g.Approval = string(a.facts.grantApproval(g))
			if d, ok := decided[rightOf(g)]; ok {
				g.ReviewedOn, g.Reviewed = d.on, d.Decision
			}
		}
		a.all.AccessGrants = append(a.all.AccessGrants, access.Grants...)
		if a.answers.gap(cluster, "barriers") == "" {
			a.all.Barriers = append(a.all.Barriers, barriersOf(e, a.facts)...)
		}
	}
	a.all.Traces = a.traces()
	a.all.Sort()
	a.derived = split(&a.all)
}

// decided returns the last decision of access reviews about each right in a cluster.
func (a *assessment) decided(cluster string) map[schema.Subject]decision {
	p := &Pass{Inputs: a.in, Facts: a.facts, Cluster: a.facts.Cluster(cluster)}
	out := map[schema.Subject]decision{}
	for _, d := range p.decisions(p.reviews()) {
		out[d.right] = d
	}
	return out
}

// grantApproval looks up the approval for the gravest right that a grant gives.
func (f *Facts) grantApproval(g *schema.AccessGrant) ApprovalState {
	s := schema.Subject{Cluster: g.Cluster, Kind: g.SubjectKind, Namespace: g.SubjectNamespace, Name: g.SubjectName}
	switch {
	case g.AdminEquivalent:
		return f.Approval(schema.ApproveAdministrator, s)
	case len(g.Escalations) > 0:
		return f.Approval(schema.ApproveEscalation, s)
	case len(g.ReadsSecrets) > 0:
		return f.Approval(schema.ApproveSecretReader, s)
	default:
		return NotApproved
	}
}
