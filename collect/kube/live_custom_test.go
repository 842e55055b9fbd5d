package kube_test

import (
	"fmt"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

// definition is a CustomResourceDefinition whose objects may hold anything.
func definition(group, kind, plural, scope string, versions ...string) []byte {
	d := fmt.Appendf(nil, `
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: %[3]s.%[1]s}
spec:
  group: %[1]s
  names: {plural: %[3]s, kind: %[2]s}
  scope: %[4]s
  versions:
`, group, kind, plural, scope)
	for i, v := range versions {
		d = fmt.Appendf(d, `  - {name: %s, served: true, storage: %v, schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}}
`, v, i == 0)
	}
	return d
}

// Custom resources are read in the version that the server serves and the reader
// knows; what is served otherwise is a gap, what is not served is absent.
func TestCustomResources(t *testing.T) {
	s := controlplane.Start(t)
	s.Apply(t,
		definition("argoproj.io", "Application", "applications", "Namespaced", "v1alpha1"),
		definition("external-secrets.io", "ExternalSecret", "externalsecrets", "Namespaced", "v1beta1"), // not the preferred one
		definition("velero.io", "Backup", "backups", "Namespaced", "v9"),                                // an unknown one
		definition("constraints.gatekeeper.sh", "K8sRequiredLabels", "k8srequiredlabels", "Cluster", "v1beta1"),
		[]byte(`
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: {name: shop, namespace: default}
spec: {project: web, source: {repoURL: "https://robot:planted-in-a-url@git.example.com/shop.git", targetRevision: main}}
---
apiVersion: external-secrets.io/v1beta1
kind: ExternalSecret
metadata: {name: db, namespace: default}
spec: {secretStoreRef: {name: vault}}
---
apiVersion: constraints.gatekeeper.sh/v1beta1
kind: K8sRequiredLabels
metadata: {name: owners}
spec: {enforcementAction: deny}
`))
	_, got := run(t, options(s.Admin(t), schema.SecretsNone))
	answers := map[string]string{}
	for _, r := range []string{
		"applications.argoproj.io", "externalsecrets.external-secrets.io", "backups.velero.io", "schedules.velero.io", "k8srequiredlabels.constraints.gatekeeper.sh",
	} {
		for _, q := range got.of(r) {
			target, _, _ := strings.Cut(q.Target, " limit=")
			answers[r] += fmt.Sprintf("%s: %s %d %s", target, q.Outcome, q.Rows, q.Reason)
		}
	}
	want := map[string]string{
		"applications.argoproj.io":                    "list argoproj.io/v1alpha1 applications: complete 1 ",
		"externalsecrets.external-secrets.io":         "list external-secrets.io/v1beta1 externalsecrets: complete 1 ",
		"backups.velero.io":                           "list velero.io/v1 backups: failed 0 the server serves it only as v9, which is not known here",
		"schedules.velero.io":                         "list velero.io/v1 schedules: absent 0 the server does not serve it",
		"k8srequiredlabels.constraints.gatekeeper.sh": "list constraints.gatekeeper.sh/v1beta1 k8srequiredlabels: complete 1 ",
	}
	if diff := cmp.Diff(want, answers); diff != "" {
		t.Errorf("queries (-want +got):\n%s", diff)
	}
	if len(got.evidence.Applications) != 1 || got.evidence.Applications[0].Project != "web" {
		t.Errorf("applications: %+v", got.evidence.Applications)
	}
	if strings.Contains(got.everything(t), "planted-in-a-url") {
		t.Error("the password of a URL leaked")
	}
}

// An extension server that is down: its kinds are not known to be absent.
func TestHalfDiscovered(t *testing.T) {
	s := controlplane.Start(t)
	s.Apply(t, []byte(`
apiVersion: apiregistration.k8s.io/v1
kind: APIService
metadata: {name: v1alpha2.wgpolicyk8s.io}
spec: {group: wgpolicyk8s.io, version: v1alpha2, groupPriorityMinimum: 100, versionPriority: 100, insecureSkipTLSVerify: true, service: {name: gone, namespace: default}}
`))
	_, got := run(t, options(s.Admin(t), schema.SecretsNone))
	want := []string{"/apis truncated 0", "clusterpolicyreports.wgpolicyk8s.io failed 0", "policyreports.wgpolicyk8s.io failed 0"}
	if diff := cmp.Diff(want, got.gaps()); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	for _, q := range append(got.of("/apis"), got.of("policyreports.wgpolicyk8s.io")...) {
		if !strings.Contains(q.Reason, "wgpolicyk8s.io/v1alpha2") {
			t.Errorf("%s: reason %q does not name the group", q.Resource, q.Reason)
		}
	}
}

// A server that does not have the review of one's own name still gets collected from.
func TestOldServer(t *testing.T) {
	s := filled(t)
	cfg := controlplane.Proxy(t, reader(t, s, "sees-old"), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/selfsubjectreviews") {
			w.WriteHeader(http.StatusNotFound)
			return
		}
		next.ServeHTTP(w, r)
	})
	src, got := run(t, options(cfg, schema.SecretsNone))
	if q := got.of("selfsubjectreviews.authentication.k8s.io")[0]; q.Outcome != schema.Absent || src.Collector.Username != "" {
		t.Errorf("%+v, collector %+v", q, src.Collector)
	}
	if gaps := got.gaps(); gaps != nil {
		t.Errorf("gaps: %v", gaps)
	}
}

// Where the server cannot name all rights of the collector, the source says so, and that is no gap.
func TestRightsNotEnumerable(t *testing.T) {
	s := filled(t)
	cfg := controlplane.Proxy(t, reader(t, s, "sees-outside"), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/selfsubjectrulesreviews") {
			w.Header().Set("Content-Type", "application/json")
			w.WriteHeader(http.StatusCreated)
			_, _ = fmt.Fprint(w, `{"kind":"SelfSubjectRulesReview","apiVersion":"authorization.k8s.io/v1","status":{"incomplete":true,"evaluationError":"webhook",
				"resourceRules":[{"verbs":["list","get"],"apiGroups":["","apps"],"resources":["*"],"resourceNames":["b","a"]}],"nonResourceRules":[]}}`)
			return
		}
		next.ServeHTTP(w, r)
	})
	src, got := run(t, options(cfg, schema.SecretsNone))
	want := []string{"and further rights that the server cannot name", "get,list *,*.apps named a,b"}
	if diff := cmp.Diff(want, src.Collector.Rights); diff != "" {
		t.Errorf("rights (-want +got):\n%s", diff)
	}
	for _, q := range got.of("selfsubjectrulesreviews.authorization.k8s.io") {
		if q.Gap() || !strings.Contains(q.Reason, "webhook") {
			t.Errorf("%+v", q)
		}
	}
}

// Preflight says what may be listed, and what to grant for the rest; then nothing is missing.
func TestPreflight(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-some", "pods", "clusterroles.rbac.authorization.k8s.io", "secrets")
	o := options(cfg, schema.SecretsInventory)
	access, err := kube.Preflight(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	if access.Collector.Username != "sees-some" || access.ServerVersion == "" {
		t.Errorf("collector %+v, version %q", access.Collector, access.ServerVersion)
	}
	var missing []string
	for _, k := range access.Missing() {
		missing = append(missing, k.Name())
	}
	if diff := cmp.Diff([]string{"pods", "clusterroles.rbac.authorization.k8s.io", "secrets"}, missing); diff != "" {
		t.Errorf("missing (-want +got):\n%s", diff)
	}
	if len(access.Kinds) != len(kube.Kinds)+1 {
		t.Errorf("%d kinds, want %d and secrets", len(access.Kinds), len(kube.Kinds))
	}
	for _, k := range access.Kinds {
		if k.Kind.Custom != k.Absent {
			t.Errorf("%s: absent is %v on a server without custom resources", k.Kind.Name(), k.Absent)
		}
	}
	s.Apply(t, kube.ClusterRole("what was missing", "sees-the-rest", access.Missing()))
	s.Bind(t, "sees-some", "sees-the-rest")
	if access, err = kube.Preflight(t.Context(), o); err != nil || access.Missing() != nil {
		t.Errorf("granted what was missing, still missing %v, error %v", access.Missing(), err)
	}
}

// The tier none needs no right to secrets.
func TestPreflightTierNone(t *testing.T) {
	s := filled(t)
	o := options(reader(t, s, "sees-no-secrets", "secrets"), schema.SecretsNone)
	access, err := kube.Preflight(t.Context(), o)
	if err != nil || access.Missing() != nil {
		t.Errorf("missing %v, error %v", access.Missing(), err)
	}
}
