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
		for i := range access.Grants {
			access.Grants[i].Approval = string(a.facts.grantApproval(&access.Grants[i]))
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
