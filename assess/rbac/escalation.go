package rbac

import (
	"cmp"
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A primitive is a right from which more rights can be gained. docs/access.md
// gives the reason and the source for each.
type primitive struct {
	verbs     []string
	resources []groupResource
	// cluster is true for rights that a RoleBinding cannot give.
	cluster bool
}

const (
	rbacGroup         = "rbac.authorization.k8s.io"
	certificatesGroup = "certificates.k8s.io"
	admissionGroup    = "admissionregistration.k8s.io"
	// impersonateAny stands for every verb that begins with impersonate.
	impersonateAny = "impersonate"
)

// primitives are those of check ACC-02.k2.
var primitives = []primitive{
	{verbs: []string{"escalate"}, resources: []groupResource{{rbacGroup, "roles"}}},
	{verbs: []string{"escalate"}, resources: []groupResource{{rbacGroup, "clusterroles"}}, cluster: true},
	// To refer to a ClusterRole from a RoleBinding takes bind in that namespace only.
	{verbs: []string{"bind"}, resources: []groupResource{{rbacGroup, "clusterroles"}, {rbacGroup, "roles"}}},
	{verbs: []string{impersonateAny}, resources: []groupResource{{"", "serviceaccounts"}, {"authentication.k8s.io", "serviceaccounts"}}},
	{verbs: []string{impersonateAny}, cluster: true, resources: []groupResource{
		{"", "groups"}, {"", "users"}, {"authentication.k8s.io", "groups"}, {"authentication.k8s.io", "uids"},
		{"authentication.k8s.io", "userextras"}, {"authentication.k8s.io", "users"},
	}},
	{verbs: []string{"create"}, resources: []groupResource{{"", "serviceaccounts/token"}}},
	{verbs: []string{"patch", "update"}, resources: []groupResource{{certificatesGroup, "certificatesigningrequests/approval"}}, cluster: true},
	{verbs: []string{"approve"}, resources: []groupResource{{certificatesGroup, "signers"}}, cluster: true},
	{verbs: []string{"create", "patch", "update"}, cluster: true, resources: []groupResource{
		{admissionGroup, "mutatingwebhookconfigurations"}, {admissionGroup, "validatingwebhookconfigurations"},
	}},
	{verbs: []string{"create", "get"}, resources: []groupResource{{"", "nodes/proxy"}}, cluster: true},
	{verbs: []string{"create"}, resources: []groupResource{{"", "persistentvolumes"}}, cluster: true},
	{verbs: []string{"create"}, resources: []groupResource{{"", "pods"}}},
	{verbs: templateVerbs, resources: podTemplates},
	{verbs: []string{"create", "get"}, resources: []groupResource{{"", "pods/attach"}, {"", "pods/exec"}}},
	{verbs: []string{"patch", "update"}, resources: []groupResource{{"", "pods/ephemeralcontainers"}}},
	// A namespace is its own namespace to the authorizer, so a RoleBinding in it is enough.
	{verbs: []string{"patch", "update"}, resources: []groupResource{{"", "namespaces"}}},
}

// escalations lists what the rules give of the primitives, such as
// "create/patch deployments, jobs" or "bind clusterroles (only view)".
func escalations(rules []schema.Rule, scope string) []string {
	var out []string
	for _, p := range primitives {
		if !p.cluster || scope == ClusterWide {
			out = append(out, p.held(rules)...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// held joins the resources of a primitive on which the same verbs are given,
// under the same names.
func (p *primitive) held(rules []schema.Rule) []string {
	type place struct{ resource, names string }
	verbs := map[place][]string{}
	for i := range rules {
		r := &rules[i]
		for _, gr := range p.resources {
			at := place{gr.resource, strings.Join(slices.Sorted(slices.Values(r.ResourceNames)), ", ")}
			for _, verb := range p.given(r, gr) {
				if !slices.Contains(verbs[at], verb) {
					verbs[at] = append(verbs[at], verb)
				}
			}
		}
	}
	byVerbs := map[place][]string{} // verbs and names to resources
	for at, list := range verbs {
		slices.Sort(list)
		key := place{strings.Join(list, "/"), at.names}
		byVerbs[key] = append(byVerbs[key], at.resource)
	}
	var out []string
	for _, key := range slices.SortedFunc(maps.Keys(byVerbs), func(a, b place) int {
		return cmp.Or(strings.Compare(a.names, b.names), strings.Compare(a.resource, b.resource))
	}) {
		resources := byVerbs[key]
		slices.Sort(resources)
		text := key.resource + " " + strings.Join(slices.Compact(resources), ", ")
		if key.names != "" {
			text += " (only " + key.names + ")"
		}
		out = append(out, text)
	}
	return out
}

// given returns the verbs of the primitive that one rule gives on the resource.
func (p *primitive) given(r *schema.Rule, gr groupResource) []string {
	if !has(r.APIGroups, gr.group) {
		return nil
	}
	if p.verbs[0] == impersonateAny {
		return impersonation(r, gr.resource)
	}
	if !matchesResource(r.Resources, gr.resource) {
		return nil
	}
	var out []string
	for _, verb := range p.verbs {
		if has(r.Verbs, verb) && effective(r, verb, gr.resource) {
			out = append(out, verb)
		}
	}
	return out
}

// impersonation returns the verbs that begin with impersonate. Extra fields of
// a user are subresources: userextras/scopes.
func impersonation(r *schema.Rule, resource string) []string {
	extra := func(s string) bool { return resource == "userextras" && strings.HasPrefix(s, "userextras/") }
	if !matchesResource(r.Resources, resource) && !slices.ContainsFunc(r.Resources, extra) {
		return nil
	}
	if slices.Contains(r.Verbs, all) {
		return []string{impersonateAny}
	}
	var out []string
	for _, verb := range r.Verbs {
		if strings.HasPrefix(verb, impersonateAny) {
			out = append(out, verb)
		}
	}
	return out
}
