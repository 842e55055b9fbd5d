// Package rbac resolves the RBAC objects of a cluster: who can do what, where, and
// by which path.
//
// Resolve is the one call. Its semantics are those of the RBAC authorizer of
// kube-apiserver (k8s.io/kubernetes/pkg/registry/rbac/validation); docs/access.md
// says what it counts as administration and escalation, and what it cannot see.
package rbac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// ClusterWide is the scope of rights that hold in every namespace and on
// cluster-scoped resources.
const ClusterWide = "*"

// States of the subject and the role of a grant.
const (
	Exists  = "exists"
	Missing = "missing"
	Unknown = "unknown" // users and groups are not objects of the API
	Assumed = "assumed" // a default role that was not among what was read
)

// Access is what the roles and bindings of one cluster give to whom.
type Access struct {
	// Grants has one row for each subject of each binding, in the order of their
	// subjects. Approval is left empty: it is not RBAC's to know.
	Grants []schema.AccessGrant
	// Roles has every role that was read, in the order of the evidence.
	Roles []Role
	// Basis names the list of default objects that was used, and why that one.
	Basis string

	rules [][]schema.Rule // of each grant
}

// A Role is a role with what was proven about it.
type Role struct {
	schema.Role
	// BuiltIn is true for a default role of Kubernetes. Added holds rules that the
	// default does not have; they are somebody's own.
	BuiltIn bool
	Added   []schema.Rule
	// AggregatedFrom names the ClusterRoles that feed it through aggregation
	// labels, directly or through another aggregated role.
	AggregatedFrom []string

	extendedBy []string      // those of AggregatedFrom that bring rules of somebody's own
	kept       []schema.Rule // Rules without Added
}

// Own returns the rules that Kubernetes did not bring: all of a custom role, the
// added ones of a default role.
func (r *Role) Own() []schema.Rule {
	if r.BuiltIn {
		return r.Added
	}
	return r.Rules
}

// Resolve joins the roles, bindings, service accounts and namespaces of one
// cluster. The version is the server's gitVersion, or empty when unknown; it
// chooses the list of default objects. Evidence is not changed.
func Resolve(serverVersion string, e *schema.Evidence) *Access {
	r := newResolver(serverVersion, e)
	a := &Access{Roles: r.roles, Basis: r.defaults.basis}
	var grants []grant
	for i := range e.Bindings {
		grants = append(grants, r.grants(&e.Bindings[i])...)
	}
	slices.SortStableFunc(grants, func(x, y grant) int {
		return cmp.Or(x.Subject().Compare(y.Subject()), strings.Compare(x.Path, y.Path))
	})
	for _, g := range grants {
		a.Grants = append(a.Grants, g.AccessGrant)
		a.rules = append(a.rules, g.rules)
	}
	return a
}

type grant struct {
	schema.AccessGrant
	rules []schema.Rule
}

type objectKey struct{ kind, namespace, name string }

type resolver struct {
	defaults   *defaults
	roles      []Role
	byKey      map[objectKey]*Role
	namespaces map[string]bool
	accounts   map[objectKey]bool
}

// alwaysThere are the namespaces that kube-apiserver creates whenever they are missing.
var alwaysThere = []string{"default", "kube-node-lease", "kube-public", "kube-system"}

func newResolver(serverVersion string, e *schema.Evidence) *resolver {
	r := &resolver{
		defaults:   defaultsFor(serverVersion),
		roles:      make([]Role, len(e.Roles)),
		byKey:      map[objectKey]*Role{},
		namespaces: map[string]bool{},
		accounts:   map[objectKey]bool{},
	}
	for i, role := range e.Roles {
		r.roles[i] = r.defaults.prove(role)
		r.byKey[objectKey{role.Kind, role.Namespace, role.Name}] = &r.roles[i]
	}
	for i := range r.roles {
		if to := &r.roles[i]; to.Aggregated {
			to.AggregatedFrom, to.extendedBy = r.feeding(to.Name)
		}
	}
	for _, n := range alwaysThere {
		r.namespaces[n] = true
	}
	for _, n := range e.Namespaces {
		r.namespaces[n.Name] = true
	}
	for _, sa := range e.ServiceAccounts {
		r.accounts[objectKey{kindServiceAccount, sa.Namespace, sa.Name}] = true
	}
	return r
}

// feeding returns the ClusterRoles whose labels aggregate them into a role of that
// name, directly or through another aggregated role, and which of them are not
// default roles as Kubernetes made them.
func (r *resolver) feeding(name string) (from, custom []string) {
	seen := map[string]bool{name: true}
	for next := []string{name}; len(next) > 0; next = next[1:] {
		for i := range r.roles {
			f := &r.roles[i]
			if f.Kind != kindClusterRole || seen[f.Name] || !slices.Contains(f.AggregatesTo, next[0]) {
				continue
			}
			seen[f.Name] = true
			next = append(next, f.Name)
			from = append(from, f.Name)
			if len(f.Own()) > 0 && (!f.BuiltIn || !f.Aggregated) {
				custom = append(custom, f.Name)
			}
		}
	}
	slices.Sort(from)
	slices.Sort(custom)
	return from, custom
}

// role returns what a role reference leads to, and the state of it.
func (r *resolver) role(b *schema.Binding) (Role, string) {
	key := objectKey{b.RoleKind, "", b.RoleName}
	if b.RoleKind == kindRole {
		key.namespace = b.Namespace
	}
	if role, ok := r.byKey[key]; ok {
		return *role, Exists
	}
	// kube-apiserver creates a default role again at every start.
	if rules, ok := r.defaults.rules(key); ok {
		return Role{Role: schema.Role{Kind: key.kind, Namespace: key.namespace, Name: key.name, Rules: rules}, BuiltIn: true, kept: rules}, Assumed
	}
	return Role{}, Missing
}

// grants returns what one binding gives, one row a subject, and one more where
// a default role that a default binding refers to was extended.
func (r *resolver) grants(b *schema.Binding) []grant {
	role, state := r.role(b)
	var out []grant
	seen := map[schema.BindingSubject]bool{}
	for _, raw := range b.Subjects {
		s := identify(raw, b.Namespace)
		if seen[s.BindingSubject] {
			continue
		}
		seen[s.BindingSubject] = true
		row := r.row(b, s, state)
		row.AggregatedFrom = role.AggregatedFrom
		if role.BuiltIn && len(role.Added) > 0 && r.defaults.binds(b, raw) {
			out = append(out, r.grade(row, role, role.kept, true), r.grade(added(row), role, role.Added, false))
			continue
		}
		out = append(out, r.grade(row, role, role.Rules, role.BuiltIn && r.defaults.binds(b, raw)))
	}
	return out
}

func added(g schema.AccessGrant) schema.AccessGrant {
	g.Added = true
	return g
}

// row fills in everything that does not depend on the rules.
func (r *resolver) row(b *schema.Binding, s subject, roleState string) schema.AccessGrant {
	g := schema.AccessGrant{
		Cluster:     b.Cluster,
		SubjectKind: s.Kind, SubjectNamespace: s.Namespace, SubjectName: s.Name,
		Scope:       ClusterWide,
		BindingKind: b.Kind, Binding: b.Name,
		RoleKind: b.RoleKind, Role: b.RoleName,
		RoleState: roleState,
		Human:     s.human(),
		Since:     schema.DateOf(b.Created),
	}
	if b.Kind == kindRoleBinding {
		g.Scope = b.Namespace
	}
	g.SubjectState, g.Missing = r.subjectState(s)
	if roleState == Missing {
		g.Missing = append(g.Missing, b.RoleKind+" "+b.RoleName)
	}
	return g
}

// subjectState says whether the subject exists, and what of it does not.
func (r *resolver) subjectState(s subject) (string, []string) {
	namespace, ok := s.namespace()
	switch {
	case !ok && s.ownedByKubernetes():
		return Exists, nil
	case !ok:
		return Unknown, nil
	case !r.namespaces[namespace]:
		return Missing, []string{"Namespace " + cmp.Or(namespace, "of ServiceAccount "+s.Name)}
	case s.Kind != kindServiceAccount || s.Name == "default":
		return Exists, nil // the controller manager keeps one account "default" in every namespace
	case !r.accounts[objectKey{kindServiceAccount, s.Namespace, s.Name}]:
		return Missing, []string{"ServiceAccount " + s.Namespace + "/" + s.Name}
	}
	return Exists, nil
}

// grade adds what the rules amount to. A subject without namespace where one is
// needed gets nothing, as in kube-apiserver.
func (r *resolver) grade(g schema.AccessGrant, role Role, rules []schema.Rule, builtIn bool) grant {
	if g.SubjectKind == kindServiceAccount && g.SubjectNamespace == "" {
		rules = nil
	}
	g.BuiltIn = builtIn
	g.RoleBuiltIn = role.BuiltIn && !g.Added && (builtIn || len(role.Added) == 0)
	if g.BuiltIn || g.RoleBuiltIn {
		g.Proof = r.defaults.basis
	}
	Grade(rules, g.Scope).fill(&g)
	g.Path = path(&g, role.extendedBy)
	return grant{g, rules}
}

// path spells out how the subject gets the rights.
func path(g *schema.AccessGrant, extendedBy []string) string {
	var b strings.Builder
	b.WriteString(g.SubjectKind + " ")
	if g.SubjectNamespace != "" {
		b.WriteString(g.SubjectNamespace + "/")
	}
	b.WriteString(g.SubjectName + ", by " + g.BindingKind + " " + g.Binding + ", has ")
	if g.Added {
		b.WriteString("the rules that were added to ")
	}
	b.WriteString(g.RoleKind + " " + g.Role)
	if len(extendedBy) > 0 && !g.BuiltIn {
		b.WriteString(" (with rules aggregated from " + strings.Join(extendedBy, ", ") + ")")
	}
	if g.RoleState == Missing {
		b.WriteString(", which does not exist,")
	}
	if g.Scope == ClusterWide {
		b.WriteString(" in the whole cluster")
	} else {
		b.WriteString(" in namespace " + g.Scope)
	}
	return b.String()
}
