package rbac

import (
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

func rule(groups, resources, verbs string, names ...string) schema.Rule {
	return schema.Rule{APIGroups: words(groups), Resources: words(resources), Verbs: words(verbs), ResourceNames: names}
}

// words splits at commas; "core" is the core group.
func words(s string) []string {
	list := strings.Split(s, ",")
	for i := range list {
		list[i] = strings.TrimPrefix(list[i], "core")
	}
	return list
}

func TestGrade(t *testing.T) {
	for _, test := range []struct {
		name  string
		rules []schema.Rule
		scope string
		want  Rights
	}{
		{"read only", []schema.Rule{rule("core", "pods", "get,list,watch")}, "*", Rights{}},
		{"one rule of wildcards", []schema.Rule{rule("*", "*", "*")}, "blue", Rights{
			AdminEquivalent: true, Writes: true, WritesWorkloads: true, CreatesPods: true, ReadsSecrets: []string{"get", "list", "watch"}, Wildcards: []string{"apiGroups", "resources", "verbs"},
			Escalations: []string{
				"bind clusterroles, roles", "create pods", "create serviceaccounts/token",
				"create/get pods/attach, pods/exec",
				"create/patch/update cronjobs, daemonsets, deployments, jobs, replicasets, replicationcontrollers, statefulsets",
				"escalate roles", "impersonate serviceaccounts", "patch/update namespaces", "patch/update pods/ephemeralcontainers",
			}}},
		{"wildcards in different rules are not administration", []schema.Rule{rule("*", "*", "get"), rule("*", "configmaps", "*")}, "*", Rights{
			Writes: true, ReadsSecrets: []string{"get"}, Wildcards: []string{"apiGroups", "resources", "verbs"},
			Escalations: []string{"get nodes/proxy", "get pods/attach, pods/exec"}}},
		{"wildcards limited to names are not administration", []schema.Rule{rule("*", "*", "*", "one")}, "blue", Rights{
			Writes: true, WritesWorkloads: true, CreatesPods: true, ReadsNamedSecrets: []string{"one"}, Wildcards: []string{"apiGroups", "resources", "verbs"},
			Escalations: []string{
				"bind clusterroles, roles (only one)", "create serviceaccounts/token (only one)", "create/get pods/attach, pods/exec (only one)", "escalate roles (only one)",
				"impersonate serviceaccounts (only one)", "patch/update cronjobs, daemonsets, deployments, jobs, replicasets, replicationcontrollers, statefulsets (only one)",
				"patch/update namespaces (only one)", "patch/update pods/ephemeralcontainers (only one)",
			}}},
		{"a named secret", []schema.Rule{rule("core", "secrets", "get,list", "tls", "db")}, "blue", Rights{ReadsNamedSecrets: []string{"db", "tls"}}},
		{"create limited to a name creates nothing", []schema.Rule{rule("core", "pods", "create", "one")}, "blue", Rights{Writes: true}},
		{"a subresource wildcard", []schema.Rule{rule("apps", "*/scale", "update")}, "blue", Rights{Writes: true, Wildcards: []string{"resources"}}},
		{"pods/* is not a wildcard to RBAC", []schema.Rule{rule("core", "pods/*", "create")}, "blue", Rights{Writes: true}},
		{"*/exec is", []schema.Rule{rule("core", "*/exec", "create")}, "blue", Rights{Writes: true, Wildcards: []string{"resources"}, Escalations: []string{"create pods/exec"}}},
		{"the wrong API group", []schema.Rule{rule("extensions", "pods,secrets", "create,get")}, "blue", Rights{Writes: true}},
		{"reviews are not stored", []schema.Rule{rule("authorization.k8s.io", "selfsubjectaccessreviews", "create")}, "*", Rights{}},
		{"cluster-scoped rights need a cluster-wide binding", []schema.Rule{
			rule("core", "nodes/proxy,persistentvolumes,users", "create,impersonate"), rule("rbac.authorization.k8s.io", "clusterroles", "escalate"),
		}, "blue", Rights{Writes: true}},
		{"and have effect with one", []schema.Rule{
			rule("core", "nodes/proxy,persistentvolumes,users", "create,impersonate"), rule("rbac.authorization.k8s.io", "clusterroles", "escalate"),
		}, "*", Rights{Writes: true, Escalations: []string{"create nodes/proxy", "create persistentvolumes", "escalate clusterroles", "impersonate users"}}},
		{"constrained impersonation and extra fields", []schema.Rule{
			rule("authentication.k8s.io", "users", "impersonate:user-info"), rule("authentication.k8s.io", "userextras/scopes", "impersonate"),
		}, "*", Rights{Escalations: []string{"impersonate userextras", "impersonate:user-info users"}}},
		{"certificates and webhooks", []schema.Rule{
			rule("certificates.k8s.io", "certificatesigningrequests/approval", "update"), rule("certificates.k8s.io", "signers", "approve", "kubernetes.io/kube-apiserver-client"),
			rule("admissionregistration.k8s.io", "mutatingwebhookconfigurations", "patch"),
		}, "*", Rights{Writes: true, Escalations: []string{
			"approve signers (only kubernetes.io/kube-apiserver-client)", "patch mutatingwebhookconfigurations", "update certificatesigningrequests/approval"}}},
		{"two verbs from two rules stay apart", []schema.Rule{rule("apps", "deployments", "create"), rule("batch", "jobs", "patch")}, "blue", Rights{
			Writes: true, WritesWorkloads: true, CreatesPods: true, Escalations: []string{"create deployments", "patch jobs"}}},
		{"deleting pods makes none", []schema.Rule{rule("core", "pods", "delete")}, "blue", Rights{Writes: true, WritesWorkloads: true}},
		{"reading a node's proxy is enough", []schema.Rule{rule("core", "nodes/proxy", "get")}, "*", Rights{Escalations: []string{"get nodes/proxy"}}},
	} {
		t.Run(test.name, func(t *testing.T) {
			got := Grade(test.rules, test.scope)
			if diff := cmp.Diff(test.want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

// TestStates: what a binding refers to is looked up, and only what must exist is called missing.
func TestStates(t *testing.T) {
	e := &schema.Evidence{
		Namespaces:      []schema.Namespace{{Name: "blue"}},
		ServiceAccounts: []schema.ServiceAccount{{Namespace: "blue", Name: "bot"}},
		Roles:           []schema.Role{{Kind: "Role", Namespace: "blue", Name: "reader"}},
	}
	bind := func(kind, role string, subjects ...schema.BindingSubject) {
		b := schema.Binding{Kind: "RoleBinding", Namespace: "blue", Name: kind + "-" + role, RoleKind: kind, RoleName: role, Subjects: subjects}
		e.Bindings = append(e.Bindings, b)
	}
	bind("Role", "reader",
		schema.BindingSubject{Kind: "ServiceAccount", Name: "bot"}, // the RoleBinding's namespace
		schema.BindingSubject{Kind: "ServiceAccount", Namespace: "blue", Name: "bot"},
		schema.BindingSubject{Kind: "User", Name: "system:serviceaccount:blue:gone"},
		schema.BindingSubject{Kind: "ServiceAccount", Namespace: "red", Name: "bot"},
		schema.BindingSubject{Kind: "ServiceAccount", Namespace: "kube-public", Name: "default"},
		schema.BindingSubject{Kind: "Group", Name: "system:serviceaccounts:red"},
		schema.BindingSubject{Kind: "Group", Name: "system:authenticated"},
		schema.BindingSubject{Kind: "User", Name: "system:kube-scheduler"},
		schema.BindingSubject{Kind: "User", Name: "ann"},
	)
	bind("Role", "gone", schema.BindingSubject{Kind: "Group", Name: "dev"})
	bind("ClusterRole", "cluster-admin", schema.BindingSubject{Kind: "Group", Name: "dev"})
	e.Bindings = append(e.Bindings, schema.Binding{Kind: "ClusterRoleBinding", Name: "nowhere", RoleKind: "ClusterRole", RoleName: "cluster-admin",
		Subjects: []schema.BindingSubject{{Kind: "ServiceAccount", Name: "bot"}}})

	type state struct {
		Who, Role, Subject, RoleState string
		Missing                       []string
		Human, Admin                  bool
	}
	var got []state
	for _, g := range Resolve("v1.37.0", e).Grants {
		got = append(got, state{g.SubjectKind + " " + g.SubjectNamespace + "/" + g.SubjectName, g.Role, g.SubjectState, g.RoleState, g.Missing, g.Human, g.AdminEquivalent})
	}
	want := []state{
		{"Group /dev", "cluster-admin", "unknown", "assumed", nil, true, true},
		{"Group /dev", "gone", "unknown", "missing", []string{"Role gone"}, true, false},
		{"Group /system:authenticated", "reader", "exists", "exists", nil, true, false},
		{"Group /system:serviceaccounts:red", "reader", "missing", "exists", []string{"Namespace red"}, false, false},
		{"ServiceAccount /bot", "cluster-admin", "missing", "assumed", []string{"Namespace of ServiceAccount bot"}, false, false},
		{"User /ann", "reader", "unknown", "exists", nil, true, false},
		{"User /system:kube-scheduler", "reader", "exists", "exists", nil, false, false},
		{"ServiceAccount blue/bot", "reader", "exists", "exists", nil, false, false},
		{"ServiceAccount blue/gone", "reader", "missing", "exists", []string{"ServiceAccount blue/gone"}, false, false},
		{"ServiceAccount kube-public/default", "reader", "exists", "exists", nil, false, false},
		{"ServiceAccount red/bot", "reader", "missing", "exists", []string{"Namespace red"}, false, false},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestMastersMayDoEverything: kube-apiserver does not ask RBAC about them.
func TestMastersMayDoEverything(t *testing.T) {
	a := Resolve("v1.37.0", &schema.Evidence{})
	q := Request{Verb: "delete", Resource: "nodes"}
	if !a.Allows("root", []string{"system:masters"}, q) || a.Allows("root", []string{"masters"}, q) {
		t.Error("system:masters, and no other group, may do what no binding gives")
	}
}

// TestResolveKeepsEvidence: checks share the evidence, so Resolve may not change it.
func TestResolveKeepsEvidence(t *testing.T) {
	a, b := cluster("1.36"), cluster("1.36")
	Resolve("v1.36.1", a)
	if diff := cmp.Diff(b, a); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func BenchmarkResolve(b *testing.B) {
	e := cluster("1.37")
	for b.Loop() {
		Resolve("v1.37.0", e)
	}
}
