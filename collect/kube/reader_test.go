package kube

import (
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"

	"github.com/auditpack/auditpack/schema"
)

// The rows and lines of every kind are shown in collect/files. Here is what files
// do not have: the tiers of secrets, concurrent pages, and what is refused.

var instant0 = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)

// A shelf keeps what a reader emits.
type shelf struct {
	mu       sync.Mutex
	evidence schema.Evidence
	lines    []string
}

func (s *shelf) Rows(rows ...schema.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evidence.Append(rows...)
}

func (s *shelf) Object(_, resource string, line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.lines = append(s.lines, resource+" "+string(line))
	return nil
}

func (s *shelf) Query(schema.Query) {}

func newTestReader() (*Reader, *shelf) {
	s := &shelf{}
	spec := &schema.PlanSpec{Labels: schema.LabelKeys{Owner: []string{"owner"}, RotationClass: []string{"rotation-class"}}}
	return NewReader(schema.PlanCluster{Name: "prod"}, spec, instant0, s), s
}

func kindNamed(t testing.TB, name string) Kind {
	t.Helper()
	k, ok := KindNamed(name)
	if !ok {
		t.Fatalf("no kind %s", name)
	}
	return k
}

func TestSecretMetadata(t *testing.T) {
	at := func(day int) *metav1.Time { return &metav1.Time{Time: time.Date(2026, 11, day, 0, 0, 0, 0, time.UTC)} }
	owns := func(fields string) *metav1.FieldsV1 { return metav1.NewFieldsV1(fields) }
	controller := true
	tests := map[string]struct {
		typ  string
		meta metav1.ObjectMeta
		want schema.Secret
	}{
		"nothing known": {"Opaque", metav1.ObjectMeta{}, schema.Secret{Type: "Opaque"}},
		"data changed when data was last taken over": {"Opaque", metav1.ObjectMeta{
			CreationTimestamp: *at(1), Labels: map[string]string{"rotation-class": "short"},
			ManagedFields: []metav1.ManagedFieldsEntry{
				{Manager: "a", Time: at(3), FieldsV1: owns(`{"f:data":{".":{},"f:k":{}}}`)},
				{Manager: "b", Time: at(5), FieldsV1: owns(`{"f:data":{"f:l":{}},"f:metadata":{}}`)},
				{Manager: "c", Time: at(9), FieldsV1: owns(`{"f:metadata":{"f:annotations":{}}}`)},
				{Manager: "d", Time: at(10), FieldsV1: owns(`not JSON`)},
				{Manager: "e", FieldsV1: owns(`{"f:data":{}}`)},
			},
		}, schema.Secret{Type: "Opaque", Created: at(1).Time, DataChanged: at(5).Time, RotationClass: "short"}},
		"a token": {"kubernetes.io/service-account-token", metav1.ObjectMeta{
			Annotations: map[string]string{"kubernetes.io/service-account.name": "ci"}, Labels: map[string]string{"kubernetes.io/legacy-token-last-used": "2026-10-01"},
		}, schema.Secret{Type: "kubernetes.io/service-account-token", ServiceAccount: "ci", LastUsed: "2026-10-01"}},
		"a Helm release": {"helm.sh/release.v1", metav1.ObjectMeta{
			Labels: map[string]string{"owner": "helm", "name": "redis", "version": "4"},
		}, schema.Secret{Type: "helm.sh/release.v1", Manager: "helm", HelmRelease: "redis", HelmVersion: "4"}},
		"an external secret": {"Opaque", metav1.ObjectMeta{Labels: map[string]string{"reconcile.external-secrets.io/managed": "true"}},
			schema.Secret{Type: "Opaque", Manager: "external-secrets"}},
		"a sealed secret": {"Opaque", metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "SealedSecret"}}},
			schema.Secret{Type: "Opaque", Manager: "sealed-secrets"}},
		"a certificate": {"kubernetes.io/tls", metav1.ObjectMeta{Annotations: map[string]string{"cert-manager.io/certificate-name": "web"}},
			schema.Secret{Type: "kubernetes.io/tls", Manager: "cert-manager"}},
		"an operator's": {"Opaque", metav1.ObjectMeta{OwnerReferences: []metav1.OwnerReference{{Kind: "Kafka", Controller: &controller}}},
			schema.Secret{Type: "Opaque", Manager: "kafka"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, s := newTestReader()
			test.meta.Namespace, test.meta.Name = "n", "s"
			test.want.Cluster, test.want.Namespace, test.want.Name, test.want.Keys, test.want.Tier = "prod", "n", "s", -1, schema.SecretsRotation
			r.SecretMetadata(&metav1.PartialObjectMetadata{ObjectMeta: test.meta}, test.typ)
			if diff := cmp.Diff([]schema.Secret{test.want}, s.evidence.Secrets); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestSecretMetadataDropsTheCopyOfTheSecret(t *testing.T) {
	r, _ := newTestReader()
	m := &metav1.PartialObjectMetadata{ObjectMeta: metav1.ObjectMeta{Annotations: map[string]string{corev1.LastAppliedConfigAnnotation: "{}"}}}
	r.SecretMetadata(m, "Opaque")
	if len(m.Annotations) != 0 {
		t.Errorf("annotations %v are left", m.Annotations)
	}
	_, got := r.Finish("")
	if diff := cmp.Diff([]schema.Redaction{{Rule: "last-applied-annotation", Count: 1}}, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSecretTable(t *testing.T) {
	columns := []metav1.TableColumnDefinition{{Name: "Name"}, {Name: "Type"}, {Name: "Data"}, {Name: "Age"}}
	row := func(age any) metav1.TableRow { return metav1.TableRow{Cells: []any{"s", "Opaque", int64(2), age}} }
	ago := func(d time.Duration) time.Time { return instant0.Add(-d) }
	const day = 24 * time.Hour
	tests := map[string]struct {
		row     metav1.TableRow
		created time.Time
		keys    int
	}{
		"seconds":         {row("42s"), ago(42 * time.Second), 2},
		"hours":           {row("3h10m"), ago(3*time.Hour + 10*time.Minute), 2},
		"days":            {row("5d"), ago(5 * day), 2},
		"years":           {row("2y30d"), ago(760 * day), 2},
		"from the future": {row("<invalid>"), time.Time{}, 2},
		"unknown":         {row("<unknown>"), time.Time{}, 2},
		"half a word":     {row("5days"), time.Time{}, 2},
		"too much":        {row("99999999999999999999y"), time.Time{}, 2},
		"no text":         {row(nil), time.Time{}, 2},
		"too few cells":   {metav1.TableRow{Cells: []any{"s", "Opaque"}}, time.Time{}, -1},
		"a count in JSON": {metav1.TableRow{Cells: []any{"s", "Opaque", float64(3), "1s"}}, ago(time.Second), 3},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			r, s := newTestReader()
			r.SecretTable("n", &metav1.Table{ColumnDefinitions: columns, Rows: []metav1.TableRow{test.row}})
			want := []schema.Secret{{Cluster: "prod", Namespace: "n", Name: "s", Type: "Opaque", Keys: test.keys, Tier: schema.SecretsInventory, Created: test.created}}
			if diff := cmp.Diff(want, s.evidence.Secrets); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
}

func TestReaderRefuses(t *testing.T) {
	secret := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "s"}, "data": map[string]any{"k": "dmFsdWU="}}}
	pod := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "p"}}}
	for name, test := range map[string]struct {
		kind Kind
		obj  runtime.Object
	}{
		"a Secret":                      {Secrets, &corev1.Secret{}},
		"a Secret by another name":      {kindNamed(t, "pods"), &corev1.Secret{}},
		"a Secret without type":         {Secrets, secret},
		"a Pod without type":            {kindNamed(t, "pods"), pod},
		"a list":                        {kindNamed(t, "pods"), &corev1.PodList{}},
		"an object without metadata":    {kindNamed(t, "pods"), &metav1.Status{}},
		"a table in place of an object": {Secrets, &metav1.Table{}},
	} {
		t.Run(name, func(t *testing.T) {
			r, s := newTestReader()
			if err := r.Object(test.kind, test.obj); err == nil || strings.Contains(err.Error(), "dmFsdWU=") {
				t.Errorf("error %v", err)
			}
			if diff := cmp.Diff(schema.Evidence{}, s.evidence); diff != "" || len(s.lines) > 0 {
				t.Errorf("something was emitted: %v %s", s.lines, diff)
			}
		})
	}
}

func TestFieldManagersNameFewShallowPaths(t *testing.T) {
	var keys []string
	for i := range 30 {
		keys = append(keys, fmt.Sprintf(`"f:key%02d":{}`, i))
	}
	tests := map[string]struct {
		fields string
		want   []string
	}{
		"four levels":    {`{"f:spec":{"f:a":{"f:b":{"f:c":{"f:d":{"f:e":{}}}}}}}`, []string{"spec.a.b.c"}},
		"lists end it":   {`{"f:spec":{"f:containers":{"k:{\"name\":\"s3cret\"}":{"f:image":{}}},"f:list":{"v:\"s3cret\"":{}}}}`, []string{"spec.containers", "spec.list"}},
		"not metadata":   {`{"f:metadata":{"f:labels":{}},"f:status":{"f:x":{}}}`, nil},
		"rules of roles": {`{"f:rules":{}}`, []string{"rules"}},
		"no JSON":        {`{`, nil},
		"a wrong type":   {`{"f:spec":[1]}`, []string{"spec"}},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			if diff := cmp.Diff(test.want, ownedPaths(metav1.NewFieldsV1(test.fields)), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	if got := ownedPaths(metav1.NewFieldsV1(`{"f:data":{` + strings.Join(keys, ",") + `}}`)); len(got) != 20 || got[0] != "data.key00" {
		t.Errorf("%d paths from %q, want 20 from data.key00", len(got), got[:1])
	}
	if got := ownedPaths(nil); got != nil {
		t.Errorf("paths %q of no fields", got)
	}
}

func TestReaderIsSafeForConcurrentPages(t *testing.T) {
	r, s := newTestReader()
	var wg sync.WaitGroup
	for i := range 20 {
		wg.Go(func() {
			name := fmt.Sprint("o", i)
			ns := &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: name}}
			if err := r.Object(kindNamed(t, "namespaces"), ns); err != nil {
				t.Error(err)
			}
			if err := r.Object(kindNamed(t, "deployments.apps"), testDeployment(name)); err != nil {
				t.Error(err)
			}
			if err := r.Object(kindNamed(t, "nodes"), &corev1.Node{ObjectMeta: metav1.ObjectMeta{Name: name}}); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	r.Finish("v1.36.2-gke.7")
	if len(s.evidence.Workloads) != 20 || len(s.lines) != 40 {
		t.Errorf("%d workloads and %d lines, want 20 and 40", len(s.evidence.Workloads), len(s.lines))
	}
	want := []schema.Cluster{{Name: "prod", ServerVersion: "v1.36.2-gke.7", Distribution: "gke", Nodes: 20}}
	if diff := cmp.Diff(want, s.evidence.Clusters); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func testDeployment(name string) *appsv1.Deployment {
	d := &appsv1.Deployment{ObjectMeta: metav1.ObjectMeta{Namespace: "n", Name: name}}
	d.ManagedFields = []metav1.ManagedFieldsEntry{{Manager: "kubectl", Operation: "Apply", FieldsV1: metav1.NewFieldsV1(
		`{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:replicas":{},"f:selector":{},"f:template":{"f:metadata":{"f:labels":{"f:app":{}}},"f:spec":{"f:containers":{"k:{\"name\":\"web\"}":{".":{},"f:env":{"k:{\"name\":\"A\"}":{".":{},"f:name":{},"f:value":{}}},"f:image":{},"f:name":{}}}}}}}`,
	)}}
	c := corev1.Container{Name: "web", Image: "registry.example.com/app:1", Args: []string{"--log-level=info", "--listen=:8080"}}
	for i := range 10 {
		c.Env = append(c.Env, corev1.EnvVar{Name: fmt.Sprint("SETTING_", i), Value: "https://service.example.com/path"})
	}
	d.Spec.Template.Spec.Containers = []corev1.Container{c}
	return d
}

func BenchmarkReaderDeployment(b *testing.B) {
	r, _ := newTestReader()
	r.to = discard{}
	k := kindNamed(b, "deployments.apps")
	for b.Loop() {
		if err := r.Object(k, testDeployment("d")); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReaderConfigMap(b *testing.B) {
	r, _ := newTestReader()
	r.to = discard{}
	k := kindNamed(b, "configmaps")
	text := strings.Repeat("server.port=8080\nlog.level=info\nfeature.enabled=true\n", 20)
	for b.Loop() {
		if err := r.Object(k, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{Name: "c"}, Data: map[string]string{"app.properties": text}}); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReaderPod(b *testing.B) {
	r, _ := newTestReader()
	r.to = discard{}
	k := kindNamed(b, "pods")
	controller := true
	for b.Loop() {
		p := &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: "p", OwnerReferences: []metav1.OwnerReference{{Kind: "ReplicaSet", Name: "d-1", Controller: &controller}}}}
		p.Spec = testDeployment("d").Spec.Template.Spec
		if err := r.Object(k, p); err != nil {
			b.Fatal(err)
		}
	}
}
