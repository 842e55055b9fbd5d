package kube_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"net/http"
	"os"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

func TestMain(m *testing.M) { controlplane.Main(m) }

// A sink keeps everything that a source gives.
type sink struct {
	mu       sync.Mutex
	evidence schema.Evidence
	objects  []string
	queries  []schema.Query
}

func (s *sink) Rows(rows ...schema.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evidence.Append(rows...)
}

func (s *sink) Object(_, resource string, line []byte) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.objects = append(s.objects, resource+" "+string(line))
	return nil
}

func (s *sink) Query(q schema.Query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries = append(s.queries, q)
}

// everything is all that the sink was given, as text.
func (s *sink) everything(t *testing.T) string {
	t.Helper()
	s.evidence.Sort()
	rows, err := schema.Marshal(s.evidence)
	if err != nil {
		t.Fatal(err)
	}
	queries, err := schema.Marshal(s.queries)
	if err != nil {
		t.Fatal(err)
	}
	return string(rows) + strings.Join(s.objects, "\n") + string(queries)
}

// of returns the queries for a resource, in the order of their targets.
func (s *sink) of(resource string) []schema.Query {
	var out []schema.Query
	for _, q := range s.queries {
		if q.Resource == resource {
			out = append(out, q)
		}
	}
	slices.SortFunc(out, func(a, b schema.Query) int { return strings.Compare(a.Target, b.Target) })
	return out
}

// gaps returns the resources with a gap and how their queries ended, sorted.
func (s *sink) gaps() []string {
	var out []string
	for _, q := range s.queries {
		if q.Gap() {
			out = append(out, fmt.Sprintf("%s %s %d", q.Resource, q.Outcome, q.Code))
		}
	}
	slices.Sort(out)
	return out
}

// options are those of a collection as cfg with a secrets tier.
func options(cfg *rest.Config, tier schema.SecretsTier) kube.Options {
	return kube.Options{
		Cluster: schema.PlanCluster{Name: "lab"}, Spec: &schema.PlanSpec{Secrets: tier, Labels: schema.LabelKeys{RotationClass: []string{"rotation-class"}}},
		Config: cfg, Context: "lab", Version: "test", Now: time.Now,
	}
}

// run collects and fails the test on an error.
func run(t *testing.T, o kube.Options) (schema.Source, *sink) {
	t.Helper()
	s := &sink{}
	src, err := kube.NewCluster(o).Collect(context.Background(), time.Now().UTC().Truncate(time.Second), s)
	if err != nil {
		t.Fatal(err)
	}
	return src, s
}

// Values that must appear nowhere. The last one looks like a key, so that it is found.
const (
	plantedSecret     = "planted-in-a-secret-8f14e45f"
	plantedAnnotation = "planted-in-last-applied-c9f0f895"
	plantedEnv        = "planted-in-an-env-45c48cce"
	plantedConfigMap  = "planted-in-a-config-map-d3d94468"
	plantedKey        = "AKIA3J4N5K6L7M2P3Q4R"
)

var planted = []string{plantedSecret, plantedAnnotation, plantedEnv, plantedConfigMap, plantedKey}

// leaks returns the planted values that text has, plain or in base64.
func leaks(text string) []string {
	var out []string
	for _, v := range planted {
		if strings.Contains(text, v) || strings.Contains(text, base64.StdEncoding.EncodeToString([]byte(v))) {
			out = append(out, v)
		}
	}
	return out
}

// manyAccounts is more than two pages of one kind.
const manyAccounts = 1001

var fill sync.Once

// filled returns the shared server with a namespace of planted values and one of many service accounts.
func filled(t *testing.T) *controlplane.Server {
	t.Helper()
	s := controlplane.Shared(t)
	fill.Do(func() {
		s.Apply(t, plantedManifests())
		fillAccounts(t, s, "crowd", manyAccounts)
	})
	return s
}

func plantedManifests() []byte {
	encoded := base64.StdEncoding.EncodeToString([]byte(plantedAnnotation))
	return fmt.Appendf(nil, `
apiVersion: v1
kind: Namespace
metadata: {name: planted}
---
apiVersion: v1
kind: Namespace
metadata: {name: crowd}
---
apiVersion: v1
kind: Secret
metadata:
  name: database
  namespace: planted
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"apiVersion":"v1","kind":"Secret","data":{"password":"%[1]s"}}'
  labels: {rotation-class: quarterly}
stringData: {password: %[2]s, user: app}
---
apiVersion: v1
kind: Secret
metadata: {name: own-kind, namespace: planted}
type: example.com/own
stringData: {a: %[2]s}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: settings
  namespace: planted
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"text":"%[4]s"}}'
data: {text: %[4]s, key: %[5]s}
---
apiVersion: apps/v1
kind: Deployment
metadata:
  name: web
  namespace: planted
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"spec":{"env":"%[3]s"}}'
spec:
  selector: {matchLabels: {app: web}}
  template:
    metadata: {labels: {app: web}}
    spec: {containers: [{name: c, image: example.com/web:1, env: [{name: DB_PASSWORD, value: %[3]s}]}]}
`, encoded, plantedSecret, plantedEnv, plantedConfigMap, plantedKey)
}

func fillAccounts(t *testing.T, s *controlplane.Server, namespace string, n int) {
	t.Helper()
	accounts := kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1().ServiceAccounts(namespace)
	for i := range n {
		a := &corev1.ServiceAccount{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("account-%04d", i)}}
		if _, err := accounts.Create(context.Background(), a, metav1.CreateOptions{}); err != nil {
			t.Fatal(err)
		}
	}
}

// accountNames returns the names of the service accounts of a namespace as they were given.
func accountNames(s *sink, namespace string) []string {
	var out []string
	for _, a := range s.evidence.ServiceAccounts {
		if a.Namespace == namespace {
			out = append(out, a.Name)
		}
	}
	slices.Sort(out)
	return out
}

func wantAccounts(n int) []string {
	out := make([]string, n)
	for i := range out {
		out[i] = fmt.Sprintf("account-%04d", i)
	}
	return out
}

// reader returns a user who has the rights that are shipped, except for some resources.
func reader(t *testing.T, s *controlplane.Server, user string, except ...string) *rest.Config {
	t.Helper()
	kinds := slices.DeleteFunc(append(slices.Clone(kube.Kinds), kube.Secrets), func(k kube.Kind) bool { return slices.Contains(except, k.Name()) })
	s.Apply(t, kube.ClusterRole("for a test", user, kinds))
	s.Bind(t, user, user)
	return s.User(t, user, "auditors")
}

// A collection with every right, while others write: all questions are answered,
// for one version, with everything that was there exactly once.
func TestCollect(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-all")
	stop := writeAlways(t, s)
	before := time.Now().UTC().Truncate(time.Second)
	src, got := run(t, options(cfg, schema.SecretsRotation))
	stop()

	if gaps := got.gaps(); gaps != nil {
		t.Errorf("gaps: %v", gaps)
	}
	pinned := 0
	for _, q := range got.queries {
		if q.ResourceVersion == "" {
			continue
		}
		pinned++
		if q.ResourceVersion != src.ResourceVersion {
			t.Errorf("%s answered for version %s, others for %s", q.Target, q.ResourceVersion, src.ResourceVersion)
		}
		if q.Resource != "namespaces" && !strings.Contains(q.Target, "resourceVersion="+src.ResourceVersion+" (exact)") {
			t.Errorf("not pinned: %s", q.Target)
		}
	}
	if pinned < 30 {
		t.Errorf("only %d queries have a version", pinned)
	}
	if diff := cmp.Diff(wantAccounts(manyAccounts), accountNames(got, "crowd")); diff != "" {
		t.Errorf("service accounts (-want +got):\n%s", diff)
	}
	if q := got.of("serviceaccounts")[0]; q.Pages != 3 || q.Rows < manyAccounts {
		t.Errorf("got %d rows in %d pages, want 3 pages", q.Rows, q.Pages)
	}
	checkSource(t, s, src, before)
}

// writeAlways changes the cluster until stop is called.
func writeAlways(t *testing.T, s *controlplane.Server) (stop func()) {
	t.Helper()
	maps := kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1().ConfigMaps("crowd")
	ctx, cancel := context.WithCancel(context.Background())
	var done sync.WaitGroup
	var writes atomic.Int32
	done.Go(func() {
		for ctx.Err() == nil {
			if _, err := maps.Create(ctx, &corev1.ConfigMap{ObjectMeta: metav1.ObjectMeta{GenerateName: "write-"}}, metav1.CreateOptions{}); err == nil {
				writes.Add(1)
			}
		}
	})
	return func() {
		cancel()
		done.Wait()
		if writes.Load() == 0 {
			t.Error("nothing was written meanwhile")
		}
	}
}

func checkSource(t *testing.T, s *controlplane.Server, got schema.Source, before time.Time) {
	t.Helper()
	system, err := kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1().Namespaces().Get(context.Background(), "kube-system", metav1.GetOptions{})
	if err != nil {
		t.Fatal(err)
	}
	if got.Started.Before(before) || got.Finished.Before(got.Started) || got.Started.Nanosecond() != 0 || got.Started.Location() != time.UTC {
		t.Errorf("started %s, finished %s", got.Started, got.Finished)
	}
	if got.ServerVersion == "" || len(got.Redactions) == 0 {
		t.Errorf("version %q, redactions %v", got.ServerVersion, got.Redactions)
	}
	if off := got.ClockOffsetMillis; off < -2000 || off > 2000 {
		t.Errorf("the clock of the same machine is %d ms off", off)
	}
	if want := "list secrets"; !slices.Contains(got.Collector.Rights, want) {
		t.Errorf("rights do not have %q: %q", want, got.Collector.Rights)
	}
	want := schema.Source{
		Name: "lab", Kind: schema.SourceCluster, Location: strings.TrimPrefix(s.URL, "https://"), UID: string(system.UID), SecretsTier: schema.SecretsRotation,
		Collector: schema.Identity{Username: "sees-all", Groups: []string{"auditors", "system:authenticated"}},
	}
	if !strings.HasPrefix(got.Marker, "run/20") {
		t.Errorf("the marker is %q", got.Marker)
	}
	got.Marker = ""
	got.Started, got.Finished, got.ServerVersion, got.ClockOffsetMillis = want.Started, want.Finished, "", 0
	got.Collector.Rights, got.Redactions, got.ResourceVersion = nil, nil, ""
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("source (-want +got):\n%s", diff)
	}
}

// What the server's own audit log has of the collector.
func TestAuditLog(t *testing.T) {
	s := filled(t)
	for _, tier := range []schema.SecretsTier{schema.SecretsNone, schema.SecretsInventory, schema.SecretsRotation} {
		t.Run(string(tier), func(t *testing.T) {
			user := "audited-" + string(tier)
			cfg := reader(t, s, user)
			src, _ := run(t, options(cfg, tier))
			if _, err := kube.Preflight(context.Background(), options(cfg, tier)); err != nil {
				t.Fatal(err)
			}
			events := s.Audit(t, user)
			if len(events) < len(kube.Kinds)/2 {
				t.Fatalf("only %d requests in the audit log", len(events))
			}
			runs := false
			for _, e := range events {
				if !readsOnly(e) || !withinTier(e, tier) {
					t.Errorf("%s %s", e.Verb, e.RequestURI)
				}
				marked := e.UserAgent == "auditpack/test "+src.Marker
				if !marked && e.UserAgent != "auditpack/test" { // the preflight is not a part of the run
					t.Errorf("%s %s has the user agent %q", e.Verb, e.RequestURI, e.UserAgent)
				}
				runs = runs || marked && e.ObjectRef.Resource == "selfsubjectreviews"
			}
			if !runs {
				t.Errorf("no self review in the audit log has the marker %q", src.Marker)
			}
		})
	}
}

func readsOnly(e controlplane.Event) bool {
	switch e.Verb {
	case "get", "list":
		return e.ObjectRef.Subresource == ""
	case "create":
		return e.ObjectRef.Namespace == "" && e.ObjectRef.Subresource == "" && slices.Contains([]string{
			"selfsubjectreviews.authentication.k8s.io", "selfsubjectrulesreviews.authorization.k8s.io", "selfsubjectaccessreviews.authorization.k8s.io",
		}, e.ObjectRef.Resource+"."+e.ObjectRef.APIGroup)
	}
	return false
}

func withinTier(e controlplane.Event, tier schema.SecretsTier) bool {
	if e.ObjectRef.Resource != "secrets" {
		return true
	}
	switch tier {
	case schema.SecretsInventory:
		return e.Verb == "list" && e.ObjectRef.Namespace != "" && strings.Contains(e.RequestURI, "includeObject=None")
	case schema.SecretsRotation:
		return e.Verb == "list" && strings.Contains(e.RequestURI, "fieldSelector=type")
	}
	return false
}

// Of a kind that is refused nothing is known; the rest is as before.
func TestOneKindForbidden(t *testing.T) {
	s := filled(t)
	_, got := run(t, options(reader(t, s, "sees-most", "clusterrolebindings.rbac.authorization.k8s.io"), schema.SecretsNone))
	if diff := cmp.Diff([]string{"clusterrolebindings.rbac.authorization.k8s.io forbidden 403"}, got.gaps()); diff != "" {
		t.Errorf("gaps (-want +got):\n%s", diff)
	}
	q := got.of("clusterrolebindings.rbac.authorization.k8s.io")[0]
	if q.Rows != 0 || q.Pages != 0 || !strings.Contains(q.Reason, `User "sees-most" cannot list resource "clusterrolebindings"`) {
		t.Errorf("got %+v", q)
	}
	for _, b := range got.evidence.Bindings {
		if b.Kind == "ClusterRoleBinding" {
			t.Errorf("a row of what was refused: %s", b.Name)
		}
	}
	if len(got.evidence.Roles) == 0 {
		t.Error("no roles")
	}
}

// An account without rights gets a snapshot that says so, and no error.
func TestNothingReadable(t *testing.T) {
	s := filled(t)
	src, got := run(t, options(s.User(t, "sees-nothing"), schema.SecretsInventory))
	if src.ResourceVersion != "" || src.Collector.Username != "sees-nothing" {
		t.Errorf("source %+v", src)
	}
	for _, k := range append(slices.Clone(kube.Kinds), kube.Secrets) {
		for _, q := range got.of(k.Name()) {
			if q.Outcome == schema.Complete || q.Rows != 0 || (q.Outcome == schema.Absent && !k.Custom) || q.Reason == "" {
				t.Errorf("%+v", q)
			}
		}
		if len(got.of(k.Name())) != 1 {
			t.Errorf("%s has %d queries", k.Name(), len(got.of(k.Name())))
		}
	}
	if len(got.objects) != 0 || len(got.evidence.Namespaces)+len(got.evidence.Roles)+len(got.evidence.Secrets) != 0 {
		t.Errorf("rows or objects of what was refused")
	}
}

// Where nothing can be had, the error names the server, the context and what to do.
func TestUnusable(t *testing.T) {
	s := controlplane.Shared(t)
	stranger := s.User(t, "stranger")
	stranger.CertData, stranger.KeyData, stranger.BearerToken = nil, nil, "expired"
	nowhere := s.User(t, "nobody")
	nowhere.Host = "https://127.0.0.1:1"
	untrusted := s.User(t, "nobody")
	untrusted.CAData = nil
	web := controlplane.Proxy(t, s.User(t, "nobody"), func(w http.ResponseWriter, r *http.Request, _ http.Handler) {
		_, _ = fmt.Fprint(w, "<html>welcome</html>")
	})
	undiscovered := controlplane.Proxy(t, s.User(t, "nobody"), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if r.URL.Path == "/api" || r.URL.Path == "/apis" {
			w.WriteHeader(http.StatusForbidden)
			return
		}
		next.ServeHTTP(w, r)
	})
	for _, tt := range []struct {
		name string
		cfg  *rest.Config
		want []string
	}{
		{"credentials refused", stranger, []string{s.URL[len("https://"):], "context lab", "sign in again"}},
		{"nothing listens", nowhere, []string{"127.0.0.1:1", "context lab", "refused", "check the address"}},
		{"certificate unknown", untrusted, []string{"context lab", "certificate", "certificate authority"}},
		{"a web site", web, []string{"context lab"}},
		{"no discovery", undiscovered, []string{"context lab", "system:discovery"}},
	} {
		t.Run(tt.name, func(t *testing.T) {
			_, err := kube.NewCluster(options(tt.cfg, schema.SecretsNone)).Collect(context.Background(), time.Now(), &sink{})
			if err == nil {
				t.Fatal("no error")
			}
			for _, w := range tt.want {
				if !strings.Contains(err.Error(), w) {
					t.Errorf("%q does not have %q", err, w)
				}
			}
			if _, err := kube.Preflight(context.Background(), options(tt.cfg, schema.SecretsNone)); err == nil {
				t.Error("preflight: no error")
			}
		})
	}
}

// Values of secrets, last-applied annotations, env and config maps appear nowhere, in any tier.
func TestNoValues(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-values")
	for _, tier := range []schema.SecretsTier{schema.SecretsNone, schema.SecretsInventory, schema.SecretsRotation} {
		t.Run(string(tier), func(t *testing.T) {
			src, got := run(t, options(cfg, tier))
			text, err := schema.Marshal(src)
			if err != nil {
				t.Fatal(err)
			}
			if l := leaks(got.everything(t) + string(text)); l != nil {
				t.Errorf("leaked: %v", l)
			}
			found := map[string]string{}
			for _, c := range got.evidence.Credentials {
				if c.Namespace == "planted" {
					found[c.Kind+" "+c.Path] = c.Rule
				}
			}
			if found["ConfigMap data[key]"] == "" || len(found) < 2 {
				t.Errorf("the planted credentials were not found, so nothing was proven: %v", found)
			}
		})
	}
}

// Each tier gets its rows, and the wire carries no more than the tier says.
func TestSecretTiers(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-secrets")
	for _, tt := range []struct {
		tier     schema.SecretsTier
		rows     []schema.Secret
		received []string // planted values that reached the collector's side
	}{
		{tier: schema.SecretsNone},
		{tier: schema.SecretsInventory, rows: []schema.Secret{
			{Cluster: "lab", Namespace: "planted", Name: "database", Type: "Opaque", Keys: 2, Tier: schema.SecretsInventory},
			{Cluster: "lab", Namespace: "planted", Name: "own-kind", Type: "example.com/own", Keys: 1, Tier: schema.SecretsInventory},
		}},
		{tier: schema.SecretsRotation, rows: []schema.Secret{
			{Cluster: "lab", Namespace: "planted", Name: "database", Type: "Opaque", Keys: -1, Tier: schema.SecretsRotation, RotationClass: "quarterly"},
			{Cluster: "lab", Namespace: "planted", Name: "own-kind", Keys: -1, Tier: schema.SecretsRotation},
		}, received: []string{plantedAnnotation}}, // why the annotation is dropped before anything else
	} {
		t.Run(string(tt.tier), func(t *testing.T) {
			wire := &recorder{}
			_, got := run(t, options(controlplane.Proxy(t, cfg, wire.serve), tt.tier))
			var rows []schema.Secret
			for _, r := range got.evidence.Secrets {
				if r.Namespace == "planted" {
					if r.Created.IsZero() {
						t.Errorf("%s has no time of creation", r.Name)
					}
					r.Created, r.DataChanged, r.Manager = time.Time{}, time.Time{}, ""
					rows = append(rows, r)
				}
			}
			slices.SortFunc(rows, func(a, b schema.Secret) int { return a.Subject().Compare(b.Subject()) })
			if diff := cmp.Diff(tt.rows, rows); diff != "" {
				t.Errorf("rows (-want +got):\n%s", diff)
			}
			if diff := cmp.Diff(tt.received, leaks(wire.text("/secrets"))); diff != "" {
				t.Errorf("on the wire (-want +got):\n%s", diff)
			}
			if asked := wire.text("/secrets") != ""; asked != (tt.tier != schema.SecretsNone) {
				t.Errorf("secrets asked for: %v", asked)
			}
		})
	}
}

// A recorder keeps the bodies of answers by path.
type recorder struct {
	mu     sync.Mutex
	bodies map[string]*bytes.Buffer
}

func (r *recorder) serve(w http.ResponseWriter, req *http.Request, next http.Handler) {
	req.Header.Del("Accept-Encoding") // plain text is what is searched
	r.mu.Lock()
	if r.bodies == nil {
		r.bodies = map[string]*bytes.Buffer{}
	}
	b := r.bodies[req.URL.Path]
	if b == nil {
		b = &bytes.Buffer{}
		r.bodies[req.URL.Path] = b
	}
	r.mu.Unlock()
	next.ServeHTTP(&tee{w, r, b}, req)
}

// text returns all answers for paths with this ending.
func (r *recorder) text(suffix string) string {
	r.mu.Lock()
	defer r.mu.Unlock()
	var out strings.Builder
	for p, b := range r.bodies {
		if strings.HasSuffix(p, suffix) {
			out.Write(b.Bytes())
		}
	}
	return out.String()
}

type tee struct {
	http.ResponseWriter
	recorder *recorder
	body     *bytes.Buffer
}

func (w *tee) Write(p []byte) (int, error) {
	w.recorder.mu.Lock()
	w.body.Write(p)
	w.recorder.mu.Unlock()
	return w.ResponseWriter.Write(p)
}

// A server that does not know the form asked for would send whole secrets: they are thrown away.
func TestFormIgnored(t *testing.T) {
	s := filled(t)
	cfg := controlplane.Proxy(t, reader(t, s, "sees-whole"), func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/secrets") {
			r.Header.Set("Accept", "application/json")
		}
		next.ServeHTTP(w, r)
	})
	for _, tier := range []schema.SecretsTier{schema.SecretsInventory, schema.SecretsRotation} {
		t.Run(string(tier), func(t *testing.T) {
			_, got := run(t, options(cfg, tier))
			if len(got.evidence.Secrets) != 0 {
				t.Errorf("%d rows of secrets", len(got.evidence.Secrets))
			}
			for _, q := range got.of("secrets") {
				if q.Outcome != schema.Failed || !strings.Contains(q.Reason, "thrown away") {
					t.Errorf("%+v", q)
				}
			}
			if l := leaks(got.everything(t)); l != nil {
				t.Errorf("leaked: %v", l)
			}
		})
	}
}

// Config finds the context as kubectl does.
func TestConfig(t *testing.T) {
	s := controlplane.Shared(t)
	path := controlplane.Kubeconfig(t, "lab", s.User(t, "robin"))
	cfg, name, err := kube.Config(path, "")
	if err != nil {
		t.Fatal(err)
	}
	if cfg.Host != s.URL || name != "lab" {
		t.Errorf("got %s, context %s", cfg.Host, name)
	}
	if _, _, err := kube.Config(path, "moon"); err == nil || !strings.Contains(err.Error(), "moon") {
		t.Errorf("unknown context: %v", err)
	}
	missing := path + ".missing"
	if _, _, err := kube.Config(missing, ""); !os.IsNotExist(err) && (err == nil || !strings.Contains(err.Error(), missing)) {
		t.Errorf("missing file: %v", err)
	}
}
