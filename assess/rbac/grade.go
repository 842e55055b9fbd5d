package rbac

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Rights is what rules amount to within a scope.
type Rights struct {
	AdminEquivalent   bool
	Writes            bool
	WritesWorkloads   bool
	CreatesPods       bool
	ReadsSecrets      []string
	ReadsNamedSecrets []string
	Escalations       []string
	Wildcards         []string
}

var (
	writeVerbs = []string{"create", "update", "patch", "delete", "deletecollection"}
	readVerbs  = []string{"get", "list", "watch"}
	// templateVerbs set a pod template.
	templateVerbs = []string{"create", "patch", "update"}
	// reviewGroups have resources that are answered and not stored.
	reviewGroups = []string{"authentication.k8s.io", "authorization.k8s.io"}
)

// A groupResource is one resource of one API group.
type groupResource struct{ group, resource string }

// podTemplates are the resources whose objects make pods.
var podTemplates = []groupResource{
	{"apps", "daemonsets"}, {"apps", "deployments"}, {"apps", "replicasets"}, {"apps", "statefulsets"},
	{"batch", "cronjobs"}, {"batch", "jobs"}, {"", "replicationcontrollers"},
}

// Grade says what rules amount to in a namespace, or in the whole cluster where
// the scope is ClusterWide.
func Grade(rules []schema.Rule, scope string) Rights {
	g := Rights{Escalations: escalations(rules, scope)}
	for i := range rules {
		r := &rules[i]
		g.AdminEquivalent = g.AdminEquivalent || administers(r)
		g.Writes = g.Writes || writes(r)
		g.WritesWorkloads = g.WritesWorkloads || writesWorkloads(r)
		g.CreatesPods = g.CreatesPods || createsPods(r)
		g.addWildcards(r)
		g.addSecrets(r)
	}
	slices.Sort(g.ReadsNamedSecrets)
	g.ReadsNamedSecrets = slices.Compact(g.ReadsNamedSecrets)
	return g
}

func (g Rights) fill(row *schema.AccessGrant) {
	row.AdminEquivalent = g.AdminEquivalent
	row.Writes = g.Writes
	row.WritesWorkloads = g.WritesWorkloads
	row.CreatesPods = g.CreatesPods
	row.ReadsSecrets = g.ReadsSecrets
	row.ReadsNamedSecrets = g.ReadsNamedSecrets
	row.Escalations = g.Escalations
	row.Wildcards = g.Wildcards
}

func administers(r *schema.Rule) bool {
	return len(r.ResourceNames) == 0 && slices.Contains(r.APIGroups, all) && slices.Contains(r.Resources, all) && slices.Contains(r.Verbs, all)
}

func writes(r *schema.Rule) bool {
	stored := func(group string) bool { return !slices.Contains(reviewGroups, group) }
	changes := func(verb string) bool { return verb == all || slices.Contains(writeVerbs, verb) }
	return len(r.Resources) > 0 && slices.ContainsFunc(r.APIGroups, stored) && slices.ContainsFunc(r.Verbs, changes)
}

func writesWorkloads(r *schema.Rule) bool {
	return gives(r, writeVerbs, groupResource{"", "pods"}) ||
		slices.ContainsFunc(podTemplates, func(w groupResource) bool { return gives(r, writeVerbs, w) })
}

func createsPods(r *schema.Rule) bool {
	return gives(r, []string{"create"}, groupResource{"", "pods"}) ||
		slices.ContainsFunc(podTemplates, func(w groupResource) bool { return gives(r, templateVerbs, w) })
}

// gives reports whether a rule has one of the verbs on a resource, to some effect.
func gives(r *schema.Rule, verbs []string, on groupResource) bool {
	return slices.ContainsFunc(verbs, func(verb string) bool {
		return effective(r, verb, on.resource) && matches(r, verb, on.group, on.resource)
	})
}

// effective reports whether a rule that is limited to names can give the verb at
// all: the name of what is yet to be created, and of a whole collection, is
// unknown when the request is authorized.
func effective(r *schema.Rule, verb, resource string) bool {
	if len(r.ResourceNames) == 0 || strings.Contains(resource, "/") {
		return true
	}
	return verb != "create" && verb != "deletecollection"
}

func (g *Rights) addWildcards(r *schema.Rule) {
	add := func(where string, found bool) {
		if found && !slices.Contains(g.Wildcards, where) {
			g.Wildcards = append(g.Wildcards, where)
			slices.Sort(g.Wildcards)
		}
	}
	add("apiGroups", slices.Contains(r.APIGroups, all))
	add("resources", slices.ContainsFunc(r.Resources, func(s string) bool { return s == all || strings.HasPrefix(s, all+"/") }))
	add("verbs", slices.Contains(r.Verbs, all))
}

// addSecrets tells rights on every secret from rights on secrets by name. A list
// or watch that is limited to names has to ask for one name.
func (g *Rights) addSecrets(r *schema.Rule) {
	for _, verb := range readVerbs {
		switch {
		case !matches(r, verb, "", "secrets"):
		case len(r.ResourceNames) > 0:
			g.ReadsNamedSecrets = append(g.ReadsNamedSecrets, r.ResourceNames...)
		case !slices.Contains(g.ReadsSecrets, verb):
			g.ReadsSecrets = append(g.ReadsSecrets, verb)
			slices.Sort(g.ReadsSecrets)
		}
	}
}
