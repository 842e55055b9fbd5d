package rbac

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

const all = "*"

// has reports whether a list of a rule contains the value or a wildcard.
func has(list []string, value string) bool {
	return slices.Contains(list, value) || slices.Contains(list, all)
}

// matchesResource follows ResourceMatches of the authorizer. "*" matches every
// resource and subresource, "*/scale" that subresource of every resource, and
// "pods/*" nothing but itself.
func matchesResource(list []string, resource string) bool {
	if has(list, resource) {
		return true
	}
	_, sub, ok := strings.Cut(resource, "/")
	return ok && slices.Contains(list, "*/"+sub)
}

// matchesURL follows NonResourceURLMatches: a trailing "*" matches any rest.
func matchesURL(list []string, url string) bool {
	return slices.ContainsFunc(list, func(pattern string) bool {
		prefix, open := strings.CutSuffix(pattern, all)
		return pattern == url || open && strings.HasPrefix(url, strings.TrimRight(prefix, all))
	})
}

// matches reports whether the rule gives the verb on a resource of some name.
func matches(r *schema.Rule, verb, group, resource string) bool {
	return has(r.Verbs, verb) && has(r.APIGroups, group) && matchesResource(r.Resources, resource)
}

// A Request is one question to the authorizer. Either Resource or Path is set.
type Request struct {
	Verb string
	// Group is the API group, empty for the core group.
	Group string
	// Resource in the plural, with its subresource after a slash: pods/exec.
	Resource string
	// Namespace is empty for cluster-scoped resources and for requests across namespaces.
	Namespace string
	// Name of the object, empty for lists and creations.
	Name string
	// Path of a request that is not for a resource, such as /metrics. It has no Namespace.
	Path string
}

// Allows reports whether RBAC allows a request of a user in these groups, as a
// SubjectAccessReview with the same fields would say. Members of system:masters
// may do everything, because kube-apiserver does not ask RBAC about them.
func (a *Access) Allows(user string, groups []string, q Request) bool {
	if slices.Contains(groups, groupMasters) {
		return true
	}
	for i := range a.Grants {
		g := &a.Grants[i]
		if holds(g, user, groups) && (g.Scope == ClusterWide || g.Scope == q.Namespace) && anyAllows(a.rules[i], q) {
			return true
		}
	}
	return false
}

// holds reports whether the subject of the grant is the user or one of the groups.
func holds(g *schema.AccessGrant, user string, groups []string) bool {
	switch g.SubjectKind {
	case kindUser:
		return g.SubjectName == user
	case kindGroup:
		return slices.Contains(groups, g.SubjectName)
	case kindServiceAccount:
		return user == userServiceAccount+g.SubjectNamespace+":"+g.SubjectName
	}
	return false
}

func anyAllows(rules []schema.Rule, q Request) bool {
	return slices.ContainsFunc(rules, func(r schema.Rule) bool {
		if q.Path != "" {
			return has(r.Verbs, q.Verb) && matchesURL(r.NonResourceURLs, q.Path)
		}
		return matches(&r, q.Verb, q.Group, q.Resource) && (len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, q.Name))
	})
}
