package auditlog_test

import (
	"bytes"
	"compress/gzip"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect/auditlog"
	"github.com/auditpack/auditpack/schema"
)

// kept is a sink that keeps what it is given.
type kept struct {
	evidence schema.Evidence
	queries  []schema.Query
}

func (k *kept) Rows(rows ...schema.Row)              { k.evidence.Append(rows...) }
func (k *kept) Query(q schema.Query)                 { k.queries = append(k.queries, q) }
func (k *kept) Object(_, _ string, _ []byte) error   { panic("an audit log has no objects") }
func (k *kept) actions() []schema.AuditAction        { k.evidence.Sort(); return k.evidence.AuditActions }
func (k *kept) log() schema.AuditLog                 { return k.evidence.AuditLogs[0] }
func (k *kept) query() (schema.Outcome, string)      { return k.queries[0].Outcome, k.queries[0].Reason }
func (k *kept) only(t *testing.T) schema.AuditAction { t.Helper(); return one(t, k.actions()) }

func one(t *testing.T, actions []schema.AuditAction) schema.AuditAction {
	t.Helper()
	if len(actions) != 1 {
		t.Fatalf("got %d actions, want one: %+v", len(actions), actions)
	}
	return actions[0]
}

// read reads text as standard input.
func read(t *testing.T, text string) *kept {
	t.Helper()
	k := &kept{}
	err := auditlog.Read(t.Context(), auditlog.Options{Cluster: "prod", Paths: []string{"-"}, Stdin: strings.NewReader(text), BreakGlass: []string{"emergency", "ice-axes"}}, k)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// native is a record of the API server, with the changes of a JSON merge.
func native(changes string) string {
	e := map[string]any{}
	for _, text := range []string{`{"kind":"Event","apiVersion":"audit.k8s.io/v1","level":"Metadata","auditID":"a1","stage":"ResponseComplete",
		"requestURI":"/apis/apps/v1/namespaces/shop/deployments/web","verb":"patch","user":{"username":"ann","groups":["dev","system:authenticated"]},
		"sourceIPs":["192.0.2.1"],"userAgent":"kubectl/v1.37","objectRef":{"resource":"deployments","namespace":"shop","name":"web","apiGroup":"apps","apiVersion":"v1"},
		"responseStatus":{"code":200},"requestReceivedTimestamp":"2026-09-01T10:00:00.000001Z","stageTimestamp":"2026-09-01T10:00:00.500000Z"}`, changes} {
		if err := json.Unmarshal([]byte(text), &e); err != nil {
			panic(err)
		}
	}
	b, _ := json.Marshal(e)
	return string(b)
}

// Which requests matter, and as what.
func TestClassify(t *testing.T) {
	const secret = `"objectRef":{"resource":"secrets","namespace":"shop","name":"db"}`
	const binding = `"objectRef":{"resource":"rolebindings","apiGroup":"rbac.authorization.k8s.io","namespace":"shop","name":"b"}`
	for _, c := range []struct{ name, changes, want string }{
		{"a person changes something", `{}`, "write"},
		{"a service account does", `{"user":{"username":"system:serviceaccount:ci:deployer"}}`, ""},
		{"a node does", `{"user":{"username":"system:node:n1"}}`, ""},
		{"a component does", `{"user":{"username":"system:kube-scheduler"}}`, ""},
		{"a name with the prefix that no component has", `{"user":{"username":"system:helper"}}`, "write"},
		{"a dry run", `{"requestURI":"/apis/apps/v1/namespaces/shop/deployments/web?dryRun=All"}`, ""},
		{"a person reads", `{"verb":"get"}`, ""},
		{"a self review", `{"verb":"create","objectRef":{"resource":"selfsubjectaccessreviews","apiGroup":"authorization.k8s.io"}}`, ""},
		{"a person reads a secret", `{"verb":"get",` + secret + `}`, "secret read"},
		{"a service account does", `{"verb":"list","user":{"username":"system:serviceaccount:ci:deployer"},` + secret + `}`, "secret read"},
		{"a node reads the secrets of its pods", `{"verb":"get","user":{"username":"system:node:n1"},` + secret + `}`, ""},
		{"a kind with the name secrets elsewhere", `{"verb":"get","objectRef":{"resource":"secrets","apiGroup":"example.org"}}`, ""},
		{"exec", `{"verb":"get","objectRef":{"resource":"pods","subresource":"exec","namespace":"shop","name":"p"}}`, "interactive"},
		{"exec by a service account", `{"verb":"create","user":{"username":"system:serviceaccount:ci:d"},"objectRef":{"resource":"pods","subresource":"exec"}}`, "interactive"},
		{"a node proxy by a monitoring account", `{"verb":"get","user":{"username":"system:serviceaccount:mon:prometheus"},"objectRef":{"resource":"nodes","subresource":"proxy"}}`, ""},
		{"a node proxy by a person", `{"verb":"get","objectRef":{"resource":"nodes","subresource":"proxy"}}`, "interactive"},
		{"a debug container", `{"objectRef":{"resource":"pods","subresource":"ephemeralcontainers"}}`, "interactive"},
		{"rights are changed by a person", `{"verb":"create",` + binding + `}`, "write,rights change"},
		{"rights are changed by a service account", `{"verb":"delete","user":{"username":"system:serviceaccount:ci:d"},` + binding + `}`, "rights change"},
		{"a token is issued to a person", `{"verb":"create","objectRef":{"resource":"serviceaccounts","subresource":"token","namespace":"shop","name":"d"}}`, "token"},
		{"impersonation", `{"verb":"get","impersonatedUser":{"username":"bob"}}`, "impersonation"},
		{"an emergency user reads", `{"verb":"get","user":{"username":"emergency"}}`, "break-glass"},
		{"an emergency group writes", `{"user":{"username":"eve","groups":["ice-axes"]}}`, "write,break-glass"},
		{"an emergency user is impersonated", `{"verb":"get","impersonatedUser":{"username":"emergency"}}`, "impersonation,break-glass"},
		{"nobody is authenticated", `{"verb":"get","requestURI":"/api/v1/pods","user":{"username":"system:anonymous","groups":["system:unauthenticated"]}}`, "anonymous"},
		{"a health check", `{"verb":"get","requestURI":"/readyz/etcd?verbose","objectRef":null,"user":{"username":"system:anonymous"}}`, ""},
		{"the request only came in", `{"stage":"RequestReceived"}`, ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			got := ""
			if a := read(t, native(c.changes)).actions(); len(a) > 0 {
				got = fmt.Sprint(one(t, a).Classes)
			}
			if want := strings.ReplaceAll("["+c.want+"]", ",", " "); c.want == "" && got != "" || c.want != "" && got != want {
				t.Errorf("got %s, want %s", got, want)
			}
		})
	}
}

// The same request in the shapes of the server and of three clouds.
func TestShapes(t *testing.T) {
	event := native(`{}`)
	text, _ := json.Marshal(event)
	want := schema.AuditAction{
		Cluster: "prod", User: "ann", Identity: schema.AuditPerson, Verb: "patch", Resource: "deployments.apps", Namespace: "shop", Name: "web",
		Classes: []schema.AuditClass{schema.AuditWrite}, Allowed: 1, UserAgent: "kubectl/v1.37",
		First: time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC), Last: time.Date(2026, 9, 1, 10, 0, 0, 0, time.UTC),
	}
	for _, c := range []struct{ name, line, format string }{
		{"the server's log", event, "kubernetes"},
		{"the server's webhook", `{"kind":"EventList","apiVersion":"audit.k8s.io/v1","items":[` + event + `]}`, "kubernetes"},
		{"an export of CloudWatch", "2026-09-01T10:00:00.500Z " + event, "eks"},
		{"a subscription of CloudWatch", `{"messageType":"DATA_MESSAGE","logGroup":"/aws/eks/prod/cluster","logEvents":[{"id":"1","timestamp":1,"message":` + string(text) + `}]}`, "eks"},
		{"filter-log-events on one line", `{"events":[{"timestamp":1,"message":` + string(text) + `}],"searchedLogStreams":[]}`, "eks"},
		{"an Azure storage account", `{"time":"2026-09-01T10:00:00Z","category":"kube-audit","properties":{"log":` + string(text) + `,"stream":"stdout"}}`, "aks"},
		{"an Azure event hub", `{"records":[{"category":"kube-audit","properties":{"log":` + string(text) + `}}]}`, "aks"},
		{"Google Cloud Logging", `{"insertId":"1","timestamp":"2026-09-01T10:00:00.5Z","protoPayload":{"@type":"type.googleapis.com/google.cloud.audit.AuditLog","serviceName":"k8s.io",
			"methodName":"io.k8s.apps.v1.deployments.patch","resourceName":"apps/v1/namespaces/shop/deployments/web","authenticationInfo":{"principalEmail":"ann"},
			"requestMetadata":{"callerSuppliedUserAgent":"kubectl/v1.37"},"status":{}}}`, "gke"},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := read(t, strings.ReplaceAll(c.line, "\n", " "))
			if diff := cmp.Diff(want, k.only(t)); diff != "" {
				t.Errorf("action (-want +got):\n%s", diff)
			}
			if k.log().Format != c.format {
				t.Errorf("the format is %q, want %q", k.log().Format, c.format)
			}
			if outcome, reason := k.query(); outcome != schema.Complete {
				t.Errorf("the query is %s (%s)", outcome, reason)
			}
		})
	}
}

func TestGoogleResources(t *testing.T) {
	line := func(method, resource string, status int) string {
		return fmt.Sprintf(`{"timestamp":"2026-09-01T10:00:00Z","protoPayload":{"serviceName":"k8s.io","methodName":%q,"resourceName":%q,"authenticationInfo":{"principalEmail":"ann"},"status":{"code":%d}}}`, method, resource, status)
	}
	for _, c := range []struct{ line, want string }{
		{line("io.k8s.core.v1.pods.exec.create", "core/v1/namespaces/shop/pods/p/exec", 0), "create pods/exec shop p [interactive] 1/0"},
		{line("io.k8s.core.v1.secrets.list", "core/v1/namespaces/shop/secrets", 0), "list secrets/ shop  [secret read] 1/0"},
		{line("io.k8s.authorization.rbac.v1.clusterrolebindings.create", "rbac.authorization.k8s.io/v1/clusterrolebindings/root", 7), "create clusterrolebindings.rbac.authorization.k8s.io/  root [write rights change] 0/1"},
		{line("io.k8s.core.v1.namespaces.delete", "core/v1/namespaces/shop", 0), "delete namespaces/  shop [write] 1/0"},
	} {
		a := read(t, c.line).only(t)
		if got := fmt.Sprintf("%s %s/%s %s %s %v %d/%d", a.Verb, a.Resource, a.Subresource, a.Namespace, a.Name, a.Classes, a.Allowed, a.Denied); got != c.want {
			t.Errorf("got %s\nwant %s", got, c.want)
		}
	}
}

// A session that runs longer than the log is counted once, from its start.
func TestSessions(t *testing.T) {
	exec := func(id, stage string) string {
		return native(`{"auditID":"` + id + `","stage":"` + stage + `","verb":"get","objectRef":{"resource":"pods","subresource":"exec","namespace":"shop","name":"p"}}`)
	}
	a := read(t, strings.Join([]string{exec("1", "ResponseStarted"), exec("1", "ResponseComplete"), exec("2", "ResponseStarted")}, "\n")).only(t)
	if a.Allowed != 2 {
		t.Errorf("counted %d sessions, want 2", a.Allowed)
	}
}

// What cannot be read is a gap, and what was read before it counts.
func TestGaps(t *testing.T) {
	good := native(`{}`)
	dir := t.TempDir()
	write := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	packed := pack(t, strings.Repeat(good+"\n", 2000))
	for _, c := range []struct {
		name, path string
		outcome    schema.Outcome
		reason     string
		records    int
	}{
		{"complete", write("good.log", []byte(good+"\n\n")), schema.Complete, "", 1},
		{"packed", write("good.log.gz", packed), schema.Complete, "", 2000},
		{"cut off", write("cut.log.gz", packed[:len(packed)/2]), schema.Truncated, "cut.log.gz: unexpected EOF", -1},
		{"not packed at all", write("plain.gz", []byte(good)), schema.Truncated, "plain.gz: gzip: invalid header", 0},
		{"a line that is something else", write("mixed.log", []byte(good+"\nI0901 10:00:00 starting\n")), schema.Truncated, "1 lines are no audit record", 1},
		{"half a line", write("half.log", []byte(good+"\n"+good[:100])), schema.Truncated, "1 lines are no audit record", 1},
		{"another kind of document", write("pod.json", []byte(`{"kind":"Pod"}`)), schema.Failed, "no line is an audit record", 0},
		{"empty", write("empty.log", nil), schema.Failed, "no line is an audit record", 0},
	} {
		t.Run(c.name, func(t *testing.T) {
			k := &kept{}
			if err := auditlog.Read(t.Context(), auditlog.Options{Cluster: "prod", Paths: []string{c.path}}, k); err != nil {
				t.Fatal(err)
			}
			outcome, reason := k.query()
			if outcome != c.outcome || !strings.Contains(reason, c.reason) || c.reason == "" && reason != "" {
				t.Errorf("got %s (%s), want %s (%s)", outcome, reason, c.outcome, c.reason)
			}
			if got := k.log().Records; c.records >= 0 && got != c.records || c.records < 0 && got == 0 {
				t.Errorf("%d records, want %d", got, c.records)
			}
		})
	}
	if err := auditlog.Read(t.Context(), auditlog.Options{Paths: []string{filepath.Join(dir, "nowhere")}}, &kept{}); err == nil {
		t.Error("a path that does not exist is no mistake")
	}
}

func pack(t testing.TB, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := gzip.NewWriter(&b)
	if _, err := w.Write([]byte(text)); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// A folder of rotated files, in whatever order their records are, gives the rows of one file.
func TestRotation(t *testing.T) {
	var lines []string
	users := []string{"ann", "bob", "system:serviceaccount:ci:d", "emergency"}
	verbs := []string{"get", "patch", "delete"}
	for i := range 5000 {
		at := time.Date(2026, 9, 1, 0, 0, i*7, 0, time.UTC).Format(time.RFC3339)
		lines = append(lines, native(fmt.Sprintf(`{"auditID":"%d","verb":%q,"user":{"username":%q},"userAgent":"agent-%d","stageTimestamp":%q}`,
			i, verbs[i%len(verbs)], users[i%len(users)], i%5, at)))
	}
	want := read(t, strings.Join(lines, "\n"))
	want.actions()

	rng := rand.New(rand.NewPCG(1, 2))
	rng.Shuffle(len(lines), func(i, j int) { lines[i], lines[j] = lines[j], lines[i] })
	dir := t.TempDir()
	for i, part := range slices.Collect(slices.Chunk(lines, 900)) {
		name, content := fmt.Sprintf("audit-%d.log", i), []byte(strings.Join(part, "\n"))
		if i%2 == 0 {
			name, content = name+".gz", pack(t, string(content))
		}
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	got := &kept{}
	if err := auditlog.Read(t.Context(), auditlog.Options{Cluster: "prod", Paths: []string{dir, filepath.Join(dir, "audit-0.log.gz")}, BreakGlass: []string{"emergency"}}, got); err != nil {
		t.Fatal(err)
	}
	if len(got.actions()) == 0 {
		t.Fatal("no actions")
	}
	if got.log().Files != 6 {
		t.Errorf("%d files, want 6", got.log().Files)
	}
	got.evidence.AuditLogs[0].Files = 1
	if diff := cmp.Diff(want.evidence, got.evidence); diff != "" {
		t.Errorf("evidence (-one file +rotated):\n%s", diff)
	}
}

func TestCoverage(t *testing.T) {
	at := func(s string) string { return native(`{"stageTimestamp":"2026-09-01T` + s + `Z"}`) }
	mark := native(`{"verb":"list","userAgent":"auditpack/v0.2.0 run/20260901T000000Z","stageTimestamp":"2026-09-01T06:00:00Z"}`)
	forged := native(`{"verb":"list","userAgent":"kubectl run/20260801T000000Z","stageTimestamp":"2026-09-01T06:00:01Z"}`)
	l := read(t, strings.Join([]string{at("04:00:10"), at("01:00:00"), at("01:59:59"), mark, forged}, "\n")).log()
	want := schema.AuditLog{
		Cluster: "prod", Format: "kubernetes", Files: 1, Records: 5, First: time.Date(2026, 9, 1, 1, 0, 0, 0, time.UTC), Last: time.Date(2026, 9, 1, 6, 0, 1, 0, time.UTC),
		Silences: []string{"2026-09-01T01:59:00Z/2026-09-01T04:00:00Z", "2026-09-01T04:00:00Z/2026-09-01T06:00:00Z"}, Markers: []string{"run/20260901T000000Z"},
	}
	if diff := cmp.Diff(want, l); diff != "" {
		t.Errorf("log (-want +got):\n%s", diff)
	}
}

// A log in which too much is touched is counted without names, and says so.
func TestTooManyActions(t *testing.T) {
	var b strings.Builder
	const n = 100_001
	template := native(`{"verb":"delete","objectRef":{"resource":"pods","namespace":"shop","name":"NAME"}}`)
	for i := range n {
		b.WriteString(strings.Replace(template, "NAME", fmt.Sprintf("p%d", i), 1) + "\n")
	}
	k := read(t, b.String())
	if a := k.only(t); a.Name != "" || a.Allowed != n {
		t.Errorf("got %q %d times, want no name %d times", a.Name, a.Allowed, n)
	}
	if outcome, reason := k.query(); outcome != schema.Complete || !strings.Contains(reason, "without the names") {
		t.Errorf("the query is %s (%s)", outcome, reason)
	}
}

func TestCanceled(t *testing.T) {
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	k := &kept{}
	if err := auditlog.Read(ctx, auditlog.Options{Paths: []string{"-"}, Stdin: strings.NewReader(native(`{}`))}, k); err == nil || len(k.queries) > 0 {
		t.Errorf("a canceled reading ended with %v and %v", err, k.queries)
	}
}

// Bodies of requests must not be kept, whatever stands in them.
func TestBodiesAreDropped(t *testing.T) {
	k := read(t, native(`{"verb":"create","objectRef":{"resource":"secrets","namespace":"shop","name":"db"},"requestObject":{"data":{"password":"aHVudGVyMg=="}},
		"responseObject":{"stringData":{"password":"hunter2"}},"annotations":{"note":"hunter2"}}`))
	b, err := json.Marshal(k.evidence)
	if err != nil {
		t.Fatal(err)
	}
	if bytes.Contains(b, []byte("hunter2")) || bytes.Contains(b, []byte("aHVudGVyMg")) {
		t.Errorf("a body was kept: %s", b)
	}
	if k.only(t).Name != "db" {
		t.Error("the request is not listed")
	}
}

func FuzzRead(f *testing.F) {
	f.Add([]byte(native(`{}`)))
	f.Add([]byte("2026-09-01T10:00:00Z " + native(`{"stage":"ResponseStarted"}`)))
	f.Add([]byte(`{"protoPayload":{"serviceName":"k8s.io","resourceName":"core/v1/pods"},"timestamp":"2026-09-01T10:00:00Z"}`))
	f.Add([]byte(`{"records":[{"properties":{"log":"{}"}}]}`))
	f.Fuzz(func(t *testing.T, in []byte) {
		k := &kept{}
		if err := auditlog.Read(t.Context(), auditlog.Options{Cluster: "c", Paths: []string{"-"}, Stdin: bytes.NewReader(in)}, k); err != nil {
			t.Fatal(err)
		}
		l := k.log()
		if l.Records == 0 && len(k.actions()) > 0 {
			t.Error("actions without records")
		}
		if l.Rejected > 0 && k.queries[0].Outcome == schema.Complete {
			t.Error("rejected lines, and the query is complete")
		}
	})
}

// Throughput of a log in which one request of fifty matters.
func BenchmarkRead(b *testing.B) {
	var text bytes.Buffer
	quiet := native(`{"verb":"update","user":{"username":"system:kube-controller-manager"},"level":"Request","requestObject":{"spec":{"holder":"` + strings.Repeat("x", 800) + `"}}}`)
	for i := range 50_000 {
		if i%50 == 0 {
			text.WriteString(native(fmt.Sprintf(`{"objectRef":{"resource":"pods","namespace":"shop","name":"p%d"}}`, i%1000)))
		} else {
			text.WriteString(quiet)
		}
		text.WriteByte('\n')
	}
	b.SetBytes(int64(text.Len()))
	b.ReportAllocs()
	for b.Loop() {
		k := &kept{}
		if err := auditlog.Read(b.Context(), auditlog.Options{Cluster: "prod", Paths: []string{"-"}, Stdin: bytes.NewReader(text.Bytes())}, k); err != nil {
			b.Fatal(err)
		}
	}
}
