package rbac

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// TestAllowsAgreesWithTheAuthorizer makes small random sets of roles and
// bindings and puts every request that their words can form to Allows and to an
// oracle that follows the text of the Kubernetes documentation ("Using RBAC
// Authorization") one binding at a time, without Resolve.
func TestAllowsAgreesWithTheAuthorizer(t *testing.T) {
	var asked, allowed int
	for seed := range uint64(400) {
		w := &world{rand.New(rand.NewPCG(seed, 7))}
		e := w.evidence()
		a := Resolve("v1.37.0", e)
		for _, u := range users {
			for _, q := range requests() {
				want := oracle(e, u, q)
				if got := a.Allows(u.name, u.groups, q); got != want {
					t.Fatalf("seed %d: Allows(%s, %+v) = %v, the oracle says %v\nroles %+v\nbindings %+v", seed, u.name, q, got, want, e.Roles, e.Bindings)
				}
				asked++
				if want {
					allowed++
				}
			}
		}
	}
	// A generator that only makes denials would prove nothing.
	if allowed < asked/50 || allowed > asked/2 {
		t.Errorf("%d of %d requests are allowed: the generator does not exercise both answers", allowed, asked)
	}
}

// TestGradesAgreeWithRequests holds each column of a grant against the requests
// that its subject may make through that grant alone.
func TestGradesAgreeWithRequests(t *testing.T) {
	for seed := range uint64(400) {
		w := &world{rand.New(rand.NewPCG(seed, 11))}
		e := w.evidence()
		a := Resolve("v1.37.0", e)
		for i, g := range a.Grants {
			rules := a.rules[i]
			namespace := g.Scope
			if namespace == ClusterWide {
				namespace = "blue"
			}
			can := func(verb, group, resource string) bool {
				return slices.ContainsFunc(rules, func(r schema.Rule) bool {
					return ruleAllows(r, Request{Verb: verb, Group: group, Resource: resource, Namespace: namespace})
				})
			}
			for _, verb := range []string{"get", "list", "watch"} {
				if got, want := slices.Contains(g.ReadsSecrets, verb), can(verb, "", "secrets"); got != want {
					t.Fatalf("seed %d: %s: readsSecrets has %s: %v, want %v, rules %+v", seed, g.Path, verb, got, want, rules)
				}
			}
			escalations := strings.Join(g.Escalations, "; ")
			for _, p := range []struct{ verb, group, resource, text string }{
				{"create", "", "pods", "create pods"},
				{"create", "", "pods/exec", "pods/exec"},
				{"bind", rbacGroup, "clusterroles", "bind clusterroles"},
			} {
				if can(p.verb, p.group, p.resource) && !strings.Contains(escalations, p.text) {
					t.Fatalf("seed %d: %s: can %s %s, escalations are %q", seed, g.Path, p.verb, p.resource, escalations)
				}
			}
			// Everything that has a name of its own, and something that nobody has thought of yet.
			everything := can("get", "new.example.com", "things") && can("invent", "", "pods")
			if g.AdminEquivalent && !everything {
				t.Fatalf("seed %d: %s: admin-equivalent, but not everything is allowed by %+v", seed, g.Path, rules)
			}
		}
	}
}

type user struct {
	name   string
	groups []string
}

var users = []user{
	{"ann", []string{"dev", "system:authenticated"}},
	{"bob", []string{"system:authenticated"}},
	{"system:anonymous", []string{"system:unauthenticated"}},
	{"system:serviceaccount:blue:bot", []string{"system:serviceaccounts", "system:serviceaccounts:blue", "system:authenticated"}},
	{"system:serviceaccount:red:bot", []string{"system:serviceaccounts", "system:serviceaccounts:red", "system:authenticated"}},
}

func requests() []Request {
	var out []Request
	for _, verb := range []string{"get", "list", "create", "bind"} {
		for _, r := range []groupResource{{"", "pods"}, {"", "pods/exec"}, {"", "secrets"}, {"apps", "deployments"}, {"apps", "deployments/scale"}, {rbacGroup, "clusterroles"}} {
			for _, namespace := range []string{"", "blue", "red"} {
				for _, name := range []string{"", "one"} {
					out = append(out, Request{Verb: verb, Group: r.group, Resource: r.resource, Namespace: namespace, Name: name})
				}
			}
		}
		for _, path := range []string{"/metrics", "/healthz/etcd", "/healthz"} {
			out = append(out, Request{Verb: verb, Path: path})
		}
	}
	return out
}

// A world makes random evidence.
type world struct{ *rand.Rand }

func (w *world) some(words ...string) []string {
	var out []string
	for _, s := range words {
		if w.IntN(3) == 0 {
			out = append(out, s)
		}
	}
	if len(out) == 0 {
		out = append(out, words[w.IntN(len(words))])
	}
	return out
}

func (w *world) rule() schema.Rule {
	if w.IntN(6) == 0 {
		return schema.Rule{NonResourceURLs: w.some("/metrics", "/healthz/*", "*"), Verbs: w.some("get", "create", "*")}
	}
	r := schema.Rule{
		APIGroups: w.some("", "", "apps", rbacGroup, "*"),
		Resources: w.some("pods", "pods/exec", "pods/*", "*/scale", "secrets", "deployments", "clusterroles", "*"),
		Verbs:     w.some("get", "list", "create", "bind", "*"),
	}
	if w.IntN(3) == 0 {
		r.ResourceNames = w.some("one", "two")
	}
	return r
}

func (w *world) evidence() *schema.Evidence {
	e := &schema.Evidence{Namespaces: []schema.Namespace{{Name: "blue"}, {Name: "red"}}}
	for _, at := range []schema.Role{{Kind: "ClusterRole", Name: "a"}, {Kind: "ClusterRole", Name: "b"}, {Kind: "Role", Namespace: "blue", Name: "a"}, {Kind: "Role", Namespace: "red", Name: "a"}} {
		for range w.IntN(3) {
			at.Rules = append(at.Rules, w.rule())
		}
		e.Roles = append(e.Roles, at)
	}
	subjects := []schema.BindingSubject{
		{Kind: "User", Name: "ann"}, {Kind: "User", Name: "system:serviceaccount:blue:bot"}, {Kind: "User", Name: "system:anonymous"},
		{Kind: "Group", Name: "dev"}, {Kind: "Group", Name: "system:serviceaccounts"}, {Kind: "Group", Name: "system:serviceaccounts:blue"}, {Kind: "Group", Name: "system:authenticated"},
		{Kind: "ServiceAccount", Name: "bot"}, {Kind: "ServiceAccount", Namespace: "red", Name: "bot"},
	}
	for i := range 1 + w.IntN(4) {
		b := schema.Binding{Kind: "ClusterRoleBinding", Name: fmt.Sprint("binding-", i), RoleKind: "ClusterRole", RoleName: []string{"a", "b", "gone"}[w.IntN(3)]}
		if w.IntN(2) == 0 {
			b.Kind, b.Namespace = "RoleBinding", []string{"blue", "red"}[w.IntN(2)]
			b.RoleKind = []string{"Role", "ClusterRole"}[w.IntN(2)]
		}
		for range w.IntN(3) {
			b.Subjects = append(b.Subjects, subjects[w.IntN(len(subjects))])
		}
		e.Bindings = append(e.Bindings, b)
	}
	return e
}

// oracle answers one request by looking at every binding, as the documentation tells it.
func oracle(e *schema.Evidence, u user, q Request) bool {
	for _, b := range e.Bindings {
		if b.Kind == "RoleBinding" && (q.Path != "" || b.Namespace != q.Namespace) {
			continue
		}
		for _, s := range b.Subjects {
			if !isSubject(u, s, b) {
				continue
			}
			for _, r := range e.Roles {
				if r.Kind != b.RoleKind || r.Name != b.RoleName || r.Kind == "Role" && r.Namespace != b.Namespace {
					continue
				}
				for _, rule := range r.Rules {
					if ruleAllows(rule, q) {
						return true
					}
				}
			}
		}
	}
	return false
}

func isSubject(u user, s schema.BindingSubject, b schema.Binding) bool {
	switch s.Kind {
	case "User":
		return s.Name == u.name
	case "Group":
		for _, g := range u.groups {
			if g == s.Name {
				return true
			}
		}
	case "ServiceAccount":
		namespace := s.Namespace
		if namespace == "" {
			namespace = b.Namespace
		}
		return namespace != "" && u.name == fmt.Sprintf("system:serviceaccount:%s:%s", namespace, s.Name)
	}
	return false
}

// ruleAllows spells the matching out with loops of its own.
func ruleAllows(r schema.Rule, q Request) bool {
	any := func(list []string, ok func(string) bool) bool {
		for _, s := range list {
			if ok(s) {
				return true
			}
		}
		return false
	}
	if !any(r.Verbs, func(s string) bool { return s == "*" || s == q.Verb }) {
		return false
	}
	if q.Path != "" {
		return any(r.NonResourceURLs, func(s string) bool {
			return s == "*" || s == q.Path || s[len(s)-1] == '*' && len(q.Path) >= len(s)-1 && q.Path[:len(s)-1] == s[:len(s)-1]
		})
	}
	parts := strings.SplitN(q.Resource, "/", 2)
	resource := any(r.Resources, func(s string) bool {
		return s == "*" || s == q.Resource || len(parts) == 2 && s == "*/"+parts[1]
	})
	group := any(r.APIGroups, func(s string) bool { return s == "*" || s == q.Group })
	name := len(r.ResourceNames) == 0 || any(r.ResourceNames, func(s string) bool { return s == q.Name })
	return resource && group && name
}
