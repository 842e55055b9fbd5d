package rbac

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	authorizationv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

// TestRealAPIServer holds Resolve against a kube-apiserver: what it makes by
// itself is built in, and it answers every request as Allows does.
func TestRealAPIServer(t *testing.T) {
	cfg := controlplane.Start(t).Admin(t)
	cfg.QPS = -1 // thousands of reviews
	s := &server{t, kubernetes.NewForConfigOrDie(cfg)}
	version, err := s.Discovery().ServerVersion()
	if err != nil {
		t.Fatal(err)
	}

	fresh := s.evidence()
	a := Resolve(version.GitVersion, fresh)
	if len(fresh.Roles) < 60 || len(a.Grants) < 50 {
		t.Errorf("a fresh server has %d roles and %d grants", len(fresh.Roles), len(a.Grants))
	}
	for _, r := range a.Roles {
		if !r.BuiltIn || len(r.Own()) > 0 {
			t.Errorf("%s of a fresh server is not built in: %v", r.Subject(), r.Added)
		}
	}
	if extra := notBuiltIn(a); len(extra) > 0 {
		t.Errorf("grants of a fresh server that are not built in:\n%s", strings.Join(extra, "\n"))
	}

	s.namespaces("blue", "red")
	for seed := range uint64(3) {
		s.put(seed, (&world{rand.New(rand.NewPCG(seed, 23))}).evidence())
		s.compare(Resolve(version.GitVersion, s.evidence()))
	}
}

type server struct {
	*testing.T
	kubernetes.Interface
}

func (s *server) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *server) namespaces(names ...string) {
	for _, n := range names {
		_, err := s.CoreV1().Namespaces().Create(context.Background(), &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: n}}, metav1.CreateOptions{})
		s.must(err)
	}
}

// put creates the roles and bindings of a world beside those that are there,
// without what the server would refuse to store.
func (s *server) put(seed uint64, e *schema.Evidence) {
	ctx, opts := context.Background(), metav1.CreateOptions{}
	name := func(n string) string { return fmt.Sprintf("world-%d-%s", seed, n) }
	for _, r := range e.Roles {
		meta := metav1.ObjectMeta{Name: name(r.Name), Namespace: r.Namespace}
		var err error
		if r.Kind == kindClusterRole {
			_, err = s.RbacV1().ClusterRoles().Create(ctx, &rbacv1.ClusterRole{ObjectMeta: meta, Rules: policyRules(r.Rules)}, opts)
		} else {
			own := slices.DeleteFunc(slices.Clone(r.Rules), func(r schema.Rule) bool { return len(r.NonResourceURLs) > 0 })
			_, err = s.RbacV1().Roles(r.Namespace).Create(ctx, &rbacv1.Role{ObjectMeta: meta, Rules: policyRules(own)}, opts)
		}
		s.must(err)
	}
	for _, b := range e.Bindings {
		meta := metav1.ObjectMeta{Name: name(b.Name), Namespace: b.Namespace}
		ref := rbacv1.RoleRef{APIGroup: rbacGroup, Kind: b.RoleKind, Name: name(b.RoleName)}
		var err error
		if b.Kind == kindClusterRoleBinding {
			_, err = s.RbacV1().ClusterRoleBindings().Create(ctx, &rbacv1.ClusterRoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects(b)}, opts)
		} else {
			_, err = s.RbacV1().RoleBindings(b.Namespace).Create(ctx, &rbacv1.RoleBinding{ObjectMeta: meta, RoleRef: ref, Subjects: subjects(b)}, opts)
		}
		s.must(err)
	}
}

func policyRules(rules []schema.Rule) []rbacv1.PolicyRule {
	var out []rbacv1.PolicyRule
	for _, r := range rules {
		out = append(out, rbacv1.PolicyRule{APIGroups: r.APIGroups, Resources: r.Resources, ResourceNames: r.ResourceNames, NonResourceURLs: r.NonResourceURLs, Verbs: r.Verbs})
	}
	return out
}

func subjects(b schema.Binding) []rbacv1.Subject {
	var out []rbacv1.Subject
	for _, s := range b.Subjects {
		rs := rbacv1.Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}
		if s.Kind != kindServiceAccount {
			rs.APIGroup = rbacGroup
		} else if s.Namespace == "" && b.Kind == kindClusterRoleBinding {
			continue
		}
		out = append(out, rs)
	}
	return out
}

// evidence reads the roles and bindings of the server as rows.
func (s *server) evidence() *schema.Evidence {
	ctx, opts := context.Background(), metav1.ListOptions{}
	e := &schema.Evidence{}
	clusterRoles, err := s.RbacV1().ClusterRoles().List(ctx, opts)
	s.must(err)
	for _, r := range clusterRoles.Items {
		e.Roles = append(e.Roles, roleRow(kindClusterRole, r.ObjectMeta, r.Rules))
	}
	roles, err := s.RbacV1().Roles("").List(ctx, opts)
	s.must(err)
	for _, r := range roles.Items {
		e.Roles = append(e.Roles, roleRow(kindRole, r.ObjectMeta, r.Rules))
	}
	clusterBindings, err := s.RbacV1().ClusterRoleBindings().List(ctx, opts)
	s.must(err)
	for _, b := range clusterBindings.Items {
		e.Bindings = append(e.Bindings, bindingRow(kindClusterRoleBinding, b.ObjectMeta, b.RoleRef, b.Subjects))
	}
	bindings, err := s.RbacV1().RoleBindings("").List(ctx, opts)
	s.must(err)
	for _, b := range bindings.Items {
		e.Bindings = append(e.Bindings, bindingRow(kindRoleBinding, b.ObjectMeta, b.RoleRef, b.Subjects))
	}
	return e
}

func bootstrap(m metav1.ObjectMeta) bool {
	return m.Labels["kubernetes.io/bootstrapping"] == "rbac-defaults"
}

func roleRow(kind string, m metav1.ObjectMeta, rules []rbacv1.PolicyRule) schema.Role {
	r := schema.Role{Kind: kind, Namespace: m.Namespace, Name: m.Name, Bootstrap: bootstrap(m)}
	for _, p := range rules {
		r.Rules = append(r.Rules, schema.Rule{APIGroups: p.APIGroups, Resources: p.Resources, ResourceNames: p.ResourceNames, NonResourceURLs: p.NonResourceURLs, Verbs: p.Verbs})
	}
	return r
}

func bindingRow(kind string, m metav1.ObjectMeta, ref rbacv1.RoleRef, subjects []rbacv1.Subject) schema.Binding {
	b := schema.Binding{Kind: kind, Namespace: m.Namespace, Name: m.Name, Bootstrap: bootstrap(m), RoleKind: ref.Kind, RoleName: ref.Name}
	for _, s := range subjects {
		b.Subjects = append(b.Subjects, schema.BindingSubject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name})
	}
	return b
}

// compare puts every request to the server and to Allows.
func (s *server) compare(a *Access) {
	allowed := 0
	for _, u := range users {
		for _, q := range requests() {
			want := a.Allows(u.name, u.groups, q)
			if want {
				allowed++
			}
			if !s.answers(u, q, want) {
				s.Errorf("%s %+v: Allows says %v, the server does not", u.name, q, want)
			}
		}
	}
	if allowed == 0 {
		s.Error("no request is allowed: the world does not exercise both answers")
	}
}

// answers reports whether the server comes to the answer. Its authorizer sees new
// objects a moment after they were stored.
func (s *server) answers(u user, q Request, want bool) bool {
	for range 20 {
		if s.review(u, q) == want {
			return true
		}
		time.Sleep(100 * time.Millisecond)
	}
	return false
}

func (s *server) review(u user, q Request) bool {
	r := &authorizationv1.SubjectAccessReview{Spec: authorizationv1.SubjectAccessReviewSpec{User: u.name, Groups: u.groups}}
	if q.Path != "" {
		r.Spec.NonResourceAttributes = &authorizationv1.NonResourceAttributes{Verb: q.Verb, Path: q.Path}
	} else {
		resource, sub, _ := strings.Cut(q.Resource, "/")
		r.Spec.ResourceAttributes = &authorizationv1.ResourceAttributes{Verb: q.Verb, Group: q.Group, Resource: resource, Subresource: sub, Namespace: q.Namespace, Name: q.Name}
	}
	answer, err := s.AuthorizationV1().SubjectAccessReviews().Create(context.Background(), r, metav1.CreateOptions{})
	s.must(err)
	return answer.Status.Allowed
}
