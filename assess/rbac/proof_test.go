package rbac

import (
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

// cluster returns the objects that a fresh kube-apiserver of that minor makes.
func cluster(minor string) *schema.Evidence {
	e := &schema.Evidence{}
	for _, r := range loadTable().Roles {
		if slices.Contains(r.Minors, minor) && !r.Gated {
			role := schema.Role{Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Bootstrap: true, Rules: r.Rules}
			role.Aggregated = r.Name == "admin" || r.Name == "edit" || r.Name == "view"
			switch r.Name {
			case "edit", "system:aggregate-to-admin":
				role.AggregatesTo = []string{"admin"}
			case "view", "system:aggregate-to-edit":
				role.AggregatesTo = []string{"edit"}
			case "system:aggregate-to-view":
				role.AggregatesTo = []string{"view"}
			}
			e.Roles = append(e.Roles, role)
		}
	}
	for _, b := range loadTable().Bindings {
		if slices.Contains(b.Minors, minor) {
			e.Bindings = append(e.Bindings, schema.Binding{Kind: b.Kind, Namespace: b.Namespace, Name: b.Name, Bootstrap: true,
				RoleKind: b.RoleKind, RoleName: b.RoleName, Subjects: b.Subjects})
		}
	}
	return e
}

func role(e *schema.Evidence, name string) *schema.Role {
	for i := range e.Roles {
		if e.Roles[i].Name == name {
			return &e.Roles[i]
		}
	}
	panic("no role " + name)
}

func binding(e *schema.Evidence, name string) *schema.Binding {
	for i := range e.Bindings {
		if e.Bindings[i].Name == name {
			return &e.Bindings[i]
		}
	}
	panic("no binding " + name)
}

func TestFreshClusterIsBuiltIn(t *testing.T) {
	for _, s := range loadTable().Sources {
		e := cluster(s.Minor)
		if len(e.Roles) < 60 || len(e.Bindings) < 50 {
			t.Errorf("%s: %d roles and %d bindings are too few", s.Minor, len(e.Roles), len(e.Bindings))
		}
		a := Resolve("v"+s.Minor+".3", e)
		for _, r := range a.Roles {
			if !r.BuiltIn || len(r.Own()) > 0 {
				t.Errorf("%s: %s is not built in: added %v", s.Minor, r.Subject(), r.Added)
			}
		}
		for _, g := range a.Grants {
			if !g.BuiltIn || !g.RoleBuiltIn || g.Added || g.Proof != "default objects of Kubernetes "+s.Minor {
				t.Errorf("%s: %s: builtIn %v, proof %q", s.Minor, g.Path, g.BuiltIn, g.Proof)
			}
		}
	}
}

// TestUpgradedClusterIsBuiltIn: an upgraded cluster keeps what an older version gave.
func TestUpgradedClusterIsBuiltIn(t *testing.T) {
	e := cluster("1.30")
	for _, r := range Resolve("v1.37.0", e).Roles {
		if len(r.Own()) > 0 {
			t.Errorf("%s: %v counts as added", r.Subject(), r.Added)
		}
	}
	// What a newer version gives is not explained by an upgrade.
	var own []string
	for _, r := range Resolve("v1.30.0", cluster("1.37")).Roles {
		if len(r.Own()) > 0 {
			own = append(own, r.Name)
		}
	}
	if !slices.Contains(own, "system:kube-scheduler") {
		t.Errorf("a 1.30 cluster with the scheduler role of 1.37: only %v count as added to", own)
	}
}

// notBuiltIn lists the paths of grants that are not exempt.
func notBuiltIn(a *Access) []string {
	var out []string
	for _, g := range a.Grants {
		if !g.BuiltIn {
			out = append(out, g.Path)
		}
	}
	return out
}

func TestTampering(t *testing.T) {
	readSecrets := schema.Rule{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"get", "list"}}
	everything := schema.Rule{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}
	for _, test := range []struct {
		name   string
		change func(*schema.Evidence)
		want   []string
	}{
		{"nothing", func(*schema.Evidence) {}, nil},
		{"label forged on a custom role and binding", func(e *schema.Evidence) {
			e.Roles = append(e.Roles, schema.Role{Kind: "ClusterRole", Name: "ops", Bootstrap: true, Rules: []schema.Rule{everything}})
			e.Bindings = append(e.Bindings, schema.Binding{Kind: "ClusterRoleBinding", Name: "ops", Bootstrap: true, RoleKind: "ClusterRole", RoleName: "ops",
				Subjects: []schema.BindingSubject{{Kind: "Group", Name: "system:masters"}}})
		}, []string{"Group system:masters, by ClusterRoleBinding ops, has ClusterRole ops in the whole cluster"}},
		{"a name that begins with system:", func(e *schema.Evidence) {
			e.Bindings = append(e.Bindings, schema.Binding{Kind: "ClusterRoleBinding", Name: "system:foo", RoleKind: "ClusterRole", RoleName: "cluster-admin",
				Subjects: []schema.BindingSubject{{Kind: "User", Name: "system:foo"}}})
		}, []string{"User system:foo, by ClusterRoleBinding system:foo, has ClusterRole cluster-admin in the whole cluster"}},
		{"a subject added to a default binding", func(e *schema.Evidence) {
			b := binding(e, "cluster-admin")
			b.Subjects = append([]schema.BindingSubject{{Kind: "User", Name: "eve"}}, b.Subjects...)
		}, []string{"User eve, by ClusterRoleBinding cluster-admin, has ClusterRole cluster-admin in the whole cluster"}},
		{"a default binding made again for another role", func(e *schema.Evidence) {
			binding(e, "system:discovery").RoleName = "cluster-admin"
		}, []string{"Group system:authenticated, by ClusterRoleBinding system:discovery, has ClusterRole cluster-admin in the whole cluster"}},
		{"a default role without its label", func(e *schema.Evidence) {
			role(e, "system:basic-user").Bootstrap = false
		}, []string{"Group system:authenticated, by ClusterRoleBinding system:basic-user, has ClusterRole system:basic-user in the whole cluster"}},
		{"a name added to a default rule", func(e *schema.Evidence) {
			r := role(e, "system:kube-scheduler")
			r.Rules = append([]schema.Rule{{APIGroups: []string{"coordination.k8s.io"}, Resources: []string{"leases"}, ResourceNames: []string{"kube-scheduler", "other"}, Verbs: []string{"update"}}}, r.Rules...)
		}, []string{"User system:kube-scheduler, by ClusterRoleBinding system:kube-scheduler, has the rules that were added to ClusterRole system:kube-scheduler in the whole cluster"}},
		{"a default binding without its label", func(e *schema.Evidence) {
			binding(e, "system:basic-user").Bootstrap = false
		}, []string{"Group system:authenticated, by ClusterRoleBinding system:basic-user, has ClusterRole system:basic-user in the whole cluster"}},
		{"a rule added to a default role", func(e *schema.Evidence) {
			r := role(e, "system:basic-user")
			r.Rules = append([]schema.Rule{readSecrets}, r.Rules...)
		}, []string{"Group system:authenticated, by ClusterRoleBinding system:basic-user, has the rules that were added to ClusterRole system:basic-user in the whole cluster"}},
		{"a verb added inside a default rule", func(e *schema.Evidence) {
			r := role(e, "system:discovery")
			rule := r.Rules[0]
			rule.Verbs = append([]string{"post"}, rule.Verbs...)
			r.Rules = []schema.Rule{rule}
		}, []string{"Group system:authenticated, by ClusterRoleBinding system:discovery, has the rules that were added to ClusterRole system:discovery in the whole cluster"}},
		{"view extended by aggregation, and bound by a person", func(e *schema.Evidence) {
			e.Roles = append(e.Roles, schema.Role{Kind: "ClusterRole", Name: "peek", AggregatesTo: []string{"view"}, Rules: []schema.Rule{readSecrets}})
			r := role(e, "view")
			r.Rules = append(r.Rules, readSecrets)
			e.Bindings = append(e.Bindings, schema.Binding{Kind: "RoleBinding", Namespace: "default", Name: "look", RoleKind: "ClusterRole", RoleName: "view",
				Subjects: []schema.BindingSubject{{Kind: "User", Name: "ann"}}})
		}, []string{"User ann, by RoleBinding look, has ClusterRole view (with rules aggregated from peek) in namespace default"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			// Rules are shared with the embedded list; the change works on copies of the slices.
			e := cluster("1.35")
			test.change(e)
			if diff := cmp.Diff(test.want, notBuiltIn(Resolve("v1.35.1", e))); diff != "" {
				t.Errorf("grants that are not exempt (-want +got):\n%s", diff)
			}
		})
	}
}

// TestAddedRulesAreRated: what was added to a default role is a row of its own,
// and the default part stays in the population as built in.
func TestAddedRulesAreRated(t *testing.T) {
	e := cluster("1.35")
	r := role(e, "system:basic-user")
	r.Rules = append([]schema.Rule{{APIGroups: []string{""}, Resources: []string{"secrets"}, Verbs: []string{"list"}}}, r.Rules...)
	var got []schema.AccessGrant
	for _, g := range Resolve("v1.35.1", e).Grants {
		if g.Role == "system:basic-user" {
			got = append(got, g)
		}
	}
	want := []schema.AccessGrant{
		{SubjectName: "system:authenticated", Role: "system:basic-user", BuiltIn: true, RoleBuiltIn: true},
		{SubjectName: "system:authenticated", Role: "system:basic-user", Added: true, ReadsSecrets: []string{"list"}},
	}
	only := cmpopts.IgnoreFields(schema.AccessGrant{}, "SubjectKind", "Scope", "BindingKind", "Binding", "RoleKind", "Path", "Proof", "SubjectState", "RoleState", "Human")
	if diff := cmp.Diff(want, got, only, cmpopts.EquateComparable(schema.Date{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestAggregatedRoleNamesWhatFeedsIt(t *testing.T) {
	e := cluster("1.37")
	e.Roles = append(e.Roles, schema.Role{Kind: "ClusterRole", Name: "crds", AggregatesTo: []string{"view"},
		Rules: []schema.Rule{{APIGroups: []string{"example.com"}, Resources: []string{"things"}, Verbs: []string{"get"}}}})
	for _, r := range Resolve("v1.37.0", e).Roles {
		if r.Name != "admin" {
			continue
		}
		want := []string{"crds", "edit", "system:aggregate-to-admin", "system:aggregate-to-edit", "system:aggregate-to-view", "view"}
		if diff := cmp.Diff(want, r.AggregatedFrom); diff != "" {
			t.Errorf("admin is fed by (-want +got):\n%s", diff)
		}
	}
}

func TestVersions(t *testing.T) {
	for version, want := range map[string]string{
		"v1.34.2-eks-113cf36": "default objects of Kubernetes 1.34",
		"v1.37.2":             "default objects of Kubernetes 1.37",
		"v1.38.0-alpha.1":     "default objects of Kubernetes 1.37, the newest list known; the server is 1.38",
		"v1.29.9":             "default objects of Kubernetes 1.30, the oldest list known; the server is 1.29",
		"":                    "default objects of Kubernetes 1.37, because the server's version is unknown",
		"unknown":             "default objects of Kubernetes 1.37, because the server's version is unknown",
	} {
		if got := Resolve(version, &schema.Evidence{}).Basis; got != want {
			t.Errorf("%q: %q, want %q", version, got, want)
		}
	}
	gap := []defaultSource{{Minor: "1.30"}, {Minor: "1.33"}}
	if minor, basis := nearest(gap, "v1.32.1"); minor != "1.30" || !strings.Contains(basis, "nearest older") {
		t.Errorf("between 1.30 and 1.33, 1.32 uses %s: %s", minor, basis)
	}
}

// TestListStatesItsSource: each minor of the list names the module and checksum it was read from.
func TestListStatesItsSource(t *testing.T) {
	for i, s := range loadTable().Sources {
		if !strings.HasPrefix(s.Module, "k8s.io/kubernetes@v"+s.Minor+".") || !strings.HasPrefix(s.Sum, "h1:") {
			t.Errorf("source %d: %+v", i, s)
		}
	}
}
