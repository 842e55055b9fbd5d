package assess

import (
	"fmt"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// secretAccess decides SEC-03.k1 for each grant that reads secrets, and notes
// once for the cluster who reads them by way of a pod.
func secretAccess(p *Pass) ([]Outcome, error) {
	var out []Outcome
	var indirect []string
	reads := readersByScope(p)
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		verbs := secretVerbs(g.ReadsSecrets, g.ReadsNamedSecrets)
		switch {
		case verbs != "":
			out = append(out, p.judgeReader(g, verbs))
		case reads[scoped{holderOf(g), g.Scope}] || reads[scoped{holderOf(g), rbac.ClusterWide}]:
		case !g.BuiltIn && g.CreatesPods && p.coversProduction(g.Scope) && !p.registeredFor(g, schema.ApproveEscalation):
			indirect = append(indirect, holderOf(g).String())
		}
	}
	if len(indirect) > 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview, Severity: schema.Low,
			Message: fmt.Sprintf("Whoever can create pods can read the secrets of the namespace through them. In production these cannot read secrets otherwise: %s. ACC-02.k2 lists their rights.",
				listed(indirect, namesShown))})
	}
	return out, nil
}

// A scoped holder is who holds rights within a scope, by whatever path.
type scoped struct {
	holder schema.Subject
	scope  string
}

// readersByScope says who reads every secret of a scope.
func readersByScope(p *Pass) map[scoped]bool {
	out := map[scoped]bool{}
	for i := range p.Access.Grants {
		if g := &p.Access.Grants[i]; len(g.ReadsSecrets) > 0 {
			out[scoped{holderOf(g), g.Scope}] = true
		}
	}
	return out
}

func (p *Pass) judgeReader(g *schema.AccessGrant, verbs string) Outcome {
	o := Outcome{Subject: g.Subject(), Result: schema.ResultPass}
	everywhere := g.Scope == rbac.ClusterWide && len(g.ReadsSecrets) > 0
	switch {
	case g.BuiltIn:
		o.Result = schema.ResultNotApplicable
	case p.registeredFor(g, schema.ApproveSecretReader):
	case everywhere || g.Human && p.coversProduction(g.Scope):
		o.Result = schema.ResultFail
		o.Vars = map[string]string{"subject": holderOf(g).String(), "verbs": verbs, "scope": place(g.Scope), "binding": g.BindingKind + " " + g.Binding}
	}
	return o
}

// registeredFor reports whether the holder of a grant is approved for a right, as
// an administrator, or for emergencies.
func (p *Pass) registeredFor(g *schema.AccessGrant, t schema.ApprovalType) bool {
	holder := holderOf(g)
	return p.Facts.Approval(t, holder) == Approved || p.Facts.Approval(schema.ApproveAdministrator, holder) == Approved || p.breakGlass(g)
}

// productionWriters decides CHG-02.k3 for each grant by which people change workloads.
func productionWriters(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if !g.Human || !g.WritesWorkloads {
			continue
		}
		o := Outcome{Subject: g.Subject(), Result: schema.ResultPass}
		switch {
		case g.BuiltIn || !p.coversProduction(g.Scope):
			o.Result = schema.ResultNotApplicable
		case !p.breakGlass(g):
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"group": holderOf(g).String(), "binding": g.BindingKind + " " + g.Binding}
		}
		out = append(out, o)
	}
	return out, nil
}
