package controlplane

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/base64"
	"encoding/pem"
	"net/http"
	"os"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
)

func TestMain(m *testing.M) { Main(m) }

// The folder of the cache carries the version that build.sh finds in go.mod.
func TestVersion(t *testing.T) {
	b, err := os.ReadFile("binaries/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	if want := "k8s.io/kubernetes v" + Version + " "; !strings.Contains(string(b), want) {
		t.Errorf("binaries/go.mod does not have %q", want)
	}
}

// A user may do what a role says and no more, and the audit log has both tries.
func TestBind(t *testing.T) {
	s := Shared(t)
	s.Apply(t, []byte(`
apiVersion: rbac.authorization.k8s.io/v1
kind: ClusterRole
metadata: {name: namespaces-only}
rules: [{apiGroups: [""], resources: [namespaces], verbs: [list]}]
`))
	s.Bind(t, "reader", "namespaces-only")
	client := kubernetes.NewForConfigOrDie(s.User(t, "reader")).CoreV1()
	ctx := context.Background()
	if _, err := client.Namespaces().List(ctx, metav1.ListOptions{}); err != nil {
		t.Errorf("a right that was granted: %v", err)
	}
	if _, err := client.Nodes().List(ctx, metav1.ListOptions{}); !apierrors.IsForbidden(err) {
		t.Errorf("a right that was not granted: got %v, want forbidden", err)
	}
	var got []string
	for _, e := range s.Audit(t, "reader") {
		got = append(got, e.Verb+" "+e.ObjectRef.Resource)
	}
	if diff := cmp.Diff([]string{"list namespaces", "list nodes"}, got); diff != "" {
		t.Errorf("audit log (-want +got):\n%s", diff)
	}
}

func TestApply(t *testing.T) {
	s := Shared(t)
	request := newCertificateRequest(t)
	s.Apply(t, []byte(`
apiVersion: example.com/v1
kind: Widget
metadata: {name: first, namespace: shop}
spec: {size: 3}
status: {phase: Ready}
---
apiVersion: v1
kind: List
items:
- apiVersion: v1
  kind: Namespace
  metadata: {name: shop, labels: {team: blue}, uid: not-the-servers, creationTimestamp: "2020-01-01T00:00:00Z"}
- apiVersion: v1
  kind: Namespace
  metadata: {name: closed, deletionTimestamp: "2020-01-01T00:00:00Z"}
- apiVersion: apps/v1
  kind: Deployment
  metadata:
    name: cart
    namespace: shop
    managedFields:
    - {manager: kubectl-edit, operation: Update, apiVersion: apps/v1, time: "2026-01-02T03:04:05Z", fieldsType: FieldsV1, fieldsV1: {"f:spec": {"f:replicas": {}}}}
  spec:
    replicas: 2
    selector: {matchLabels: {app: cart}}
    template: {metadata: {labels: {app: cart}}, spec: {containers: [{name: c, image: example.com/cart:1}]}}
  status: {readyReplicas: 1, replicas: 2}
---
apiVersion: apiextensions.k8s.io/v1
kind: CustomResourceDefinition
metadata: {name: widgets.example.com}
spec:
  group: example.com
  names: {plural: widgets, kind: Widget}
  scope: Namespaced
  versions:
  - name: v1
    served: true
    storage: true
    subresources: {status: {}}
    schema: {openAPIV3Schema: {type: object, x-kubernetes-preserve-unknown-fields: true}}
---
# The default namespace is there already.
apiVersion: v1
kind: Namespace
metadata: {name: default, labels: {team: red}}
---
apiVersion: certificates.k8s.io/v1
kind: CertificateSigningRequest
metadata: {name: robin}
spec:
  username: robin@example.com
  signerName: example.com/own
  request: `+request+`
  usages: [client auth]
status: {conditions: [{type: Approved, status: "True", reason: Test}]}
`))
	got := map[string]any{}
	client := dynamic.NewForConfigOrDie(s.Admin(t))
	read := func(group, version, resource, namespace, name string, fields ...string) {
		t.Helper()
		o, err := client.Resource(schema.GroupVersionResource{Group: group, Version: version, Resource: resource}).
			Namespace(namespace).Get(context.Background(), name, metav1.GetOptions{})
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range fields {
			got[name+" "+f] = field(o.Object, f)
		}
	}
	read("", "v1", "namespaces", "", "shop", "metadata.labels.team")
	read("", "v1", "namespaces", "", "closed", "status.phase")
	read("", "v1", "namespaces", "", "default", "metadata.labels.team")
	read("example.com", "v1", "widgets", "shop", "first", "spec.size", "status.phase", "metadata.managedFields")
	read("apps", "v1", "deployments", "shop", "cart", "status.readyReplicas", "metadata.managedFields")
	read("certificates.k8s.io", "v1", "certificatesigningrequests", "", "robin", "spec.username", "status.conditions.0.type")
	want := map[string]any{
		"shop metadata.labels.team":    "blue",
		"closed status.phase":          "Terminating",
		"default metadata.labels.team": "red",
		"first spec.size":              int64(3),
		"first status.phase":           "Ready",
		"first metadata.managedFields": nil,
		"cart status.readyReplicas":    int64(1),
		"cart metadata.managedFields": []any{map[string]any{
			"manager": "kubectl-edit", "operation": "Update", "apiVersion": "apps/v1", "time": "2026-01-02T03:04:05Z",
			"fieldsType": "FieldsV1", "fieldsV1": map[string]any{"f:spec": map[string]any{"f:replicas": map[string]any{}}},
		}},
		"robin spec.username":            "robin@example.com",
		"robin status.conditions.0.type": "Approved",
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("after Apply (-want +got):\n%s", diff)
	}
}

// field returns the value at a path of names and indexes with dots between them.
func field(v any, path string) any {
	for _, name := range strings.Split(path, ".") {
		switch t := v.(type) {
		case map[string]any:
			v = t[name]
		case []any:
			i, err := strconv.Atoi(name)
			if err != nil || i >= len(t) {
				return nil
			}
			v = t[i]
		}
	}
	return v
}

// newCertificateRequest returns a request as a manifest has it.
func newCertificateRequest(t *testing.T) string {
	t.Helper()
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.CreateCertificateRequest(rand.Reader, &x509.CertificateRequest{Subject: pkix.Name{CommonName: "robin"}}, key)
	if err != nil {
		t.Fatal(err)
	}
	return base64.StdEncoding.EncodeToString(pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE REQUEST", Bytes: der}))
}

func TestProxy(t *testing.T) {
	s := Shared(t)
	var seen atomic.Int32
	cfg := Proxy(t, s.Admin(t), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		seen.Add(1)
		if strings.HasSuffix(r.URL.Path, "/nodes") {
			w.WriteHeader(http.StatusGone)
			return
		}
		next.ServeHTTP(w, r)
	})
	client := kubernetes.NewForConfigOrDie(cfg).CoreV1()
	if _, err := client.Namespaces().Get(context.Background(), "kube-system", metav1.GetOptions{}); err != nil {
		t.Errorf("let through: %v", err)
	}
	if _, err := client.Nodes().List(context.Background(), metav1.ListOptions{}); !apierrors.IsGone(err) {
		t.Errorf("spoiled: got %v, want gone", err)
	}
	if seen.Load() != 2 {
		t.Errorf("the proxy saw %d requests, want 2", seen.Load())
	}
}

// After a compaction the server refuses a version that it answered before.
func TestCompact(t *testing.T) {
	s := Start(t, NoSnapshots)
	ctx, client := context.Background(), kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1()
	first, err := client.ConfigMaps("").List(ctx, metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	exact := metav1.ListOptions{ResourceVersion: first.ResourceVersion, ResourceVersionMatch: metav1.ResourceVersionMatchExact}
	if _, err := client.ConfigMaps("").List(ctx, exact); err != nil {
		t.Fatal(err)
	}
	s.Apply(t, []byte("{apiVersion: v1, kind: ConfigMap, metadata: {name: later, namespace: default}}"))
	s.Compact(t)
	if _, err := client.ConfigMaps("").List(ctx, exact); !apierrors.IsResourceExpired(err) {
		t.Errorf("got %v, want expired", err)
	}
}

// A program ends when the server is stopped, and nothing of it is left.
func TestStop(t *testing.T) {
	s, err := start(requireBinaries(t), nil)
	if err != nil {
		t.Fatal(err)
	}
	s.stop()
	for _, p := range s.processes {
		if p.cmd.ProcessState == nil {
			t.Errorf("%s has not ended", p.name)
		}
	}
	if _, err := os.Stat(s.dir); !os.IsNotExist(err) {
		t.Errorf("%s is left: %v", s.dir, err)
	}
}
