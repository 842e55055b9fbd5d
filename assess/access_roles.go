package assess

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// wildcardRoles decides ACC-02.k1 for every role. Of a default role only what was
// added counts, and that of an aggregated one is judged at the role it came from.
func wildcardRoles(p *Pass) ([]Outcome, error) {
	bound := boundSubjects(p)
	var out []Outcome
	for i := range p.Access.Roles {
		r := &p.Access.Roles[i]
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		wildcards := rbac.Grade(r.Own(), rbac.ClusterWide).Wildcards
		switch {
		case r.BuiltIn && (r.Aggregated || len(r.Added) == 0):
			o.Result = schema.ResultNotApplicable
		case len(wildcards) > 0:
			subjects := bound[roleKey(r.Kind, r.Namespace, r.Name)]
			o.Result, o.Severity = schema.ResultFail, schema.Low
			o.Vars = map[string]string{"role": o.Subject.String(), "where": strings.Join(wildcards, ", "), "subjects": "nobody"}
			if r.BuiltIn {
				o.Vars["role"] = "What was added to the default " + o.Subject.String()
			}
			if len(subjects) > 0 {
				o.Severity = schema.High
				o.Vars["subjects"] = listed(subjects, namesShown)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

func roleKey(kind, namespace, name string) schema.Subject {
	return schema.Subject{Kind: kind, Namespace: namespace, Name: name}
}

// boundSubjects returns for each role the subjects that have it, without
// components of Kubernetes.
func boundSubjects(p *Pass) map[schema.Subject][]string {
	out := map[schema.Subject][]string{}
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if rbac.IsComponent(g.SubjectKind, g.SubjectName) {
			continue
		}
		key := roleKey(g.RoleKind, "", g.Role)
		if g.RoleKind == "Role" {
			key.Namespace = g.Scope
		}
		out[key] = append(out[key], holderOf(g).String())
	}
	return out
}

// staleBindings decides ACC-02.k3: one outcome for each binding, and one for each
// user or group, which no cluster can look up.
func staleBindings(p *Pass) ([]Outcome, error) {
	var out []Outcome
	grants := grantsByBinding(p)
	for i := range p.Evidence.Bindings {
		b := &p.Evidence.Bindings[i]
		o := Outcome{Subject: b.Subject(), Result: schema.ResultPass}
		var missing []string
		exempt := len(grants[b.Subject()]) > 0
		for _, g := range grants[b.Subject()] {
			exempt = exempt && g.BuiltIn
			if !g.BuiltIn {
				missing = append(missing, g.Missing...)
			}
		}
		if len(p.Evidence.Namespaces) == 0 { // no cluster is without; these manifests do not describe theirs
			missing = slices.DeleteFunc(missing, func(m string) bool {
				return strings.HasPrefix(m, "Namespace ") || strings.HasPrefix(m, "ServiceAccount ")
			})
		}
		switch {
		case len(missing) > 0:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"binding": o.Subject.String(), "missing": listed(missing, namesShown)}
		case exempt:
			o.Result = schema.ResultNotApplicable
		}
		out = append(out, o)
	}
	return append(out, unknownSubjects(p)...), nil
}

// grantsByBinding sorts the grants by the binding that gives them.
func grantsByBinding(p *Pass) map[schema.Subject][]*schema.AccessGrant {
	out := map[schema.Subject][]*schema.AccessGrant{}
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		key := schema.Subject{Cluster: g.Cluster, Kind: g.BindingKind, Name: g.Binding}
		if g.Scope != rbac.ClusterWide {
			key.Namespace = g.Scope
		}
		out[key] = append(out[key], g)
	}
	return out
}

// unknownSubjects asks about each user and group that no export of the identity
// provider covers, once for all its bindings.
func unknownSubjects(p *Pass) []Outcome {
	var out []Outcome
	bindings := map[schema.Subject][]string{}
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.SubjectState != rbac.Unknown {
			continue
		}
		holder := holderOf(g)
		if _, ok := bindings[holder]; !ok {
			out = append(out, Outcome{Subject: holder})
		}
		bindings[holder] = append(bindings[holder], g.BindingKind+" "+g.Binding)
	}
	for i := range out {
		o := &out[i]
		o.Result = schema.ResultPass
		if !p.Facts.Documented("ACC-01.d1", o.Subject.Name) {
			o.Result = schema.ResultNeedsReview
			o.Message = "Whether " + o.Subject.String() + " still exists cannot be seen in the cluster; no export of the identity provider covers it. Bound by " +
				listed(bindings[o.Subject], namesShown) + "."
		}
	}
	return out
}

// namespacedRoles are the default roles that are meant for one namespace.
var namespacedRoles = []string{"admin", "edit"}

// extendedRoles decides ACC-02.k4: (a) admin and edit in the whole cluster, (b)
// what custom roles add to view, edit and admin by aggregation labels.
func extendedRoles(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.Scope == rbac.ClusterWide && g.RoleKind == "ClusterRole" && slices.Contains(namespacedRoles, g.Role) {
			out = append(out, Outcome{Subject: g.Subject(), Result: schema.ResultFail, Message: g.Path + "; the role is meant for one namespace."})
		}
	}
	for i := range p.Access.Roles {
		if o, ok := extension(&p.Access.Roles[i]); ok {
			out = append(out, o)
		}
	}
	return out, nil
}

// extension judges what one role adds to the aggregated default roles, if it does.
func extension(r *rbac.Role) (Outcome, bool) {
	var targets []string
	for _, t := range r.AggregatesTo {
		if t == "view" || slices.Contains(namespacedRoles, t) {
			targets = append(targets, t)
		}
	}
	if r.Kind != "ClusterRole" || len(targets) == 0 {
		return Outcome{}, false
	}
	o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
	if r.BuiltIn && (r.Aggregated || len(r.Added) == 0) {
		o.Result = schema.ResultNotApplicable
		return o, true
	}
	if risky := riskyRights(rbac.Grade(r.Own(), rbac.ClusterWide)); len(risky) > 0 {
		o.Result = schema.ResultFail
		o.Vars = map[string]string{"clusterrole": r.Name, "target": strings.Join(targets, ", "), "rules": strings.Join(risky, "; ")}
	}
	return o, true
}

// riskyRights says which of the rights make an extension of a default role a finding.
func riskyRights(r rbac.Rights) []string {
	var out []string
	if len(r.Wildcards) > 0 {
		out = append(out, "wildcards in "+strings.Join(r.Wildcards, ", "))
	}
	if verbs := secretVerbs(r.ReadsSecrets, r.ReadsNamedSecrets); verbs != "" {
		out = append(out, verbs+" secrets")
	}
	return append(out, r.Escalations...)
}

// secretVerbs says how secrets can be read; empty when they cannot.
func secretVerbs(verbs, named []string) string {
	switch {
	case len(verbs) > 0:
		return strings.Join(verbs, ", ")
	case len(named) > 0:
		return "read by name (" + listed(named, namesShown) + ")"
	}
	return ""
}
