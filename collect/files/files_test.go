package files_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"flag"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/files"
	"github.com/auditpack/auditpack/schema"
)

var update = flag.Bool("update", false, "write the files that a test compares with")

var (
	asOf = time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC)
	tool = schema.Tool{Name: "auditpack", Version: "test"}
	spec = &schema.PlanSpec{
		Namespaces: schema.Scoping{Exclude: []string{"kube-system"}, Environments: map[string]string{"staging": "test"}},
		Labels: schema.LabelKeys{
			Owner: []string{"owner", "team"}, Environment: []string{"environment"}, DataClass: []string{"data-class"}, RotationClass: []string{"rotation-class"},
		},
	}
)

// run collects paths as one cluster and returns the snapshot and the files that it leaves.
func run(t *testing.T, stdin io.Reader, change func(*schema.PlanCluster), paths ...string) (*schema.Snapshot, map[string]string) {
	t.Helper()
	cluster := schema.PlanCluster{Name: "prod", Environment: "production", From: paths}
	if change != nil {
		change(&cluster)
	}
	dir := t.TempDir()
	snap, err := collect.Run(context.Background(), asOf, tool, dir, files.New(files.Options{Cluster: cluster, Spec: spec, Stdin: stdin}))
	if err != nil {
		t.Fatal(err)
	}
	if err := collect.Save(dir, snap); err != nil {
		t.Fatal(err)
	}
	return snap, tree(t, dir)
}

// tree returns the text of all files below a folder.
func tree(t testing.TB, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil {
			return err
		}
		name, err := filepath.Rel(dir, path)
		out[filepath.ToSlash(name)] = string(b)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// write makes a folder of files.
func write(t *testing.T, contents map[string]string) string {
	t.Helper()
	dir := t.TempDir()
	for name, text := range contents {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	return dir
}

func query(t *testing.T, s *schema.Snapshot, resource string) schema.Query {
	t.Helper()
	i := slices.IndexFunc(s.Queries, func(q schema.Query) bool { return q.Resource == resource })
	if i < 0 {
		t.Fatalf("no query for %s", resource)
	}
	return s.Queries[i]
}

// TestSnapshotOfEveryKind shows every row, object and query that the folder
// testdata/cluster gives.
func TestSnapshotOfEveryKind(t *testing.T) {
	snap, got := run(t, nil, nil, "testdata/cluster")
	const golden = "testdata/golden"
	if *update {
		if err := os.RemoveAll(golden); err != nil {
			t.Fatal(err)
		}
		for name, text := range got {
			path := filepath.Join(golden, filepath.FromSlash(name))
			if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(path, []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
	}
	if diff := cmp.Diff(tree(t, golden), got); diff != "" {
		t.Errorf("the snapshot differs (-golden +got):\n%s", diff)
	}
	for _, p := range schema.Populations {
		if !p.Derived() && p.Origin == schema.OriginCluster && got[p.Path()] == "" {
			t.Errorf("testdata/cluster has no row for %s", p.Name)
		}
	}
	if want := schema.SecretsInventory; snap.Sources[0].SecretsTier != want {
		t.Errorf("secrets tier %s, want %s", snap.Sources[0].SecretsTier, want)
	}
}

// planted is part of every value in testdata/cluster that must not come out.
const planted = "pl4nted"

func TestNoPlantedValueComesOut(t *testing.T) {
	in := tree(t, "testdata/cluster")
	count := 0
	for _, text := range in {
		count += strings.Count(text, planted)
	}
	if count < 30 {
		t.Fatalf("testdata/cluster has %d planted values, want at least 30", count)
	}
	_, out := run(t, nil, nil, "testdata/cluster")
	noneOf(t, out)
}

// noneOf fails when a file has a planted value, as text or in base64.
func noneOf(t *testing.T, out map[string]string) {
	t.Helper()
	forms := []string{planted}
	for shift := range 3 {
		// The middle of the base64 of the value, whatever stands before it.
		enc := base64.StdEncoding.EncodeToString([]byte(strings.Repeat("x", shift) + planted))
		forms = append(forms, enc[4:len(enc)-4])
	}
	for name, text := range out {
		for line := range strings.Lines(text) {
			for _, form := range forms {
				if strings.Contains(strings.ToLower(line), strings.ToLower(form)) {
					t.Errorf("%s has a planted value (%s): %s", name, form, line)
				}
			}
		}
	}
}

// TestOrderAndSplitDoNotMatter gives the same objects in one file, in reverse,
// and with one file an object.
func TestOrderAndSplitDoNotMatter(t *testing.T) {
	var documents []string
	for _, text := range tree(t, "testdata/cluster") {
		documents = append(documents, strings.Split(text, "\n---\n")...)
	}
	slices.Sort(documents)
	reversed := slices.Clone(documents)
	slices.Reverse(reversed)
	apart := map[string]string{}
	for i, d := range documents {
		apart[string(rune('a'+i%26))+"/"+string(rune('a'+i/26))+".yml"] = d
	}
	_, want := run(t, nil, nil, "testdata/cluster")
	for name, contents := range map[string]map[string]string{
		"one file": {"all.yaml": strings.Join(documents, "\n---\n")},
		"reversed": {"all.yaml": strings.Join(reversed, "\n---\n")},
		"apart":    apart,
	} {
		t.Run(name, func(t *testing.T) {
			_, got := run(t, nil, nil, write(t, contents))
			// The name of the folder read, and where objects stand, are in the snapshot.
			if diff := cmp.Diff(withoutLocation(t, want), withoutLocation(t, got)); diff != "" {
				t.Errorf("(-folder +%s):\n%s", name, diff)
			}
		})
	}
}

func withoutLocation(t *testing.T, files map[string]string) map[string]string {
	t.Helper()
	var snap schema.Snapshot
	if err := schema.Unmarshal([]byte(files[collect.SnapshotFile]), &snap); err != nil {
		t.Fatal(err)
	}
	snap.Sources[0].Location, snap.Places = "", nil
	b, err := schema.Marshal(snap)
	if err != nil {
		t.Fatal(err)
	}
	out := maps.Clone(files)
	out[collect.SnapshotFile] = string(b)
	return out
}

func TestWhatFilesCanProve(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: a}\nspec: {containers: [{name: c, image: i}]}\n"
	whole := func(c *schema.PlanCluster) { c.Complete = true }
	tests := []struct {
		name, text, resource string
		change               func(*schema.PlanCluster)
		outcome              schema.Outcome
		rows                 int
		reason               string
	}{
		{name: "an object", text: pod, resource: "pods", outcome: schema.Complete, rows: 1},
		{name: "an empty list of the kind", text: `{"apiVersion":"v1","kind":"PodList","items":[]}`, resource: "pods", outcome: schema.Complete},
		{name: "an empty list of no kind", text: pod + "---\n" + `{"apiVersion":"v1","kind":"List","items":[]}`, resource: "services", outcome: schema.Failed, reason: "no document of this kind in the files"},
		{name: "nothing", text: pod, resource: "services", outcome: schema.Failed, reason: "no document of this kind in the files"},
		{name: "nothing of a kind that every cluster has, in whole files", text: pod, change: whole, resource: "services", outcome: schema.Complete, reason: "no document of this kind in files that the plan calls complete"},
		{name: "nothing of a custom kind, in whole files", text: pod, change: whole, resource: "backups.velero.io", outcome: schema.Absent, reason: "no document of this kind in files that the plan calls complete"},
		{name: "nothing in whole files, one of them broken", text: pod + "---\na: [\n", change: whole, resource: "services", outcome: schema.Failed, reason: "no document of this kind in the files, and some documents cannot be read"},
		{name: "an object of another version", text: "apiVersion: v7\nkind: Pod\nmetadata: {name: a}\n", resource: "pods", outcome: schema.Truncated, reason: "1 documents cannot be read, first f.yaml:1: the version is not known"},
		{name: "an object of another shape", text: pod + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: b}\nspec: {containers: pl4nted}\n", resource: "pods", outcome: schema.Truncated, rows: 1, reason: "1 documents cannot be read, first f.yaml:6: not the shape of its kind"},
		{name: "metadata of another shape", text: "apiVersion: velero.io/v1\nkind: Backup\nmetadata: {name: b, labels: {a: [pl4nted]}}\n", resource: "backups.velero.io", outcome: schema.Truncated, reason: "1 documents cannot be read, first f.yaml:1: not the shape of its kind"},
		{name: "an object without name", text: "apiVersion: v1\nkind: Pod\nmetadata: {generateName: a-}\n", resource: "pods", outcome: schema.Truncated, reason: "1 documents cannot be read, first f.yaml:1: the object has no name"},
		{name: "an object that is too large", text: pod + "---\napiVersion: v1\nkind: Pod\nmetadata: {name: b, annotations: {a: " + strings.Repeat("x", 3<<20) + "}}\n", resource: "pods", outcome: schema.Truncated, rows: 1, reason: "1 documents cannot be read, first f.yaml:6: the object is larger than an API server accepts"},
		{name: "the same object twice", text: pod + "---\n" + pod, resource: "pods", outcome: schema.Complete, rows: 1},
		{name: "another object of the same name", text: pod + "---\n" + strings.Replace(pod, "image: i", "image: j", 1), resource: "pods", outcome: schema.Complete, rows: 1, reason: "1 of the objects differ from an earlier one of the same name; the last one was read"},
		{name: "a document that is not YAML", text: pod + "---\nkey: *pl4nted\n", resource: "documents", outcome: schema.Failed, reason: "not valid YAML"},
		{name: "kinds that are not audited", text: pod + "---\napiVersion: a.example/v1\nkind: B\n---\nreplicas: 3\n", resource: "documents", outcome: schema.Complete, rows: 2, reason: "B.a.example, no kind"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			snap, out := run(t, nil, test.change, write(t, map[string]string{"f.yaml": test.text}))
			got := query(t, snap, test.resource)
			want := schema.Query{Source: "prod", Resource: test.resource, Target: got.Target, Outcome: test.outcome, Rows: test.rows, Reason: test.reason}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			noneOf(t, out)
		})
	}
}

func TestLastOfTwoObjectsIsRead(t *testing.T) {
	const service = "apiVersion: v1\nkind: Service\nmetadata: {name: a}\nspec: {type: %s}\n"
	snap, _ := run(t, nil, nil, write(t, map[string]string{
		"1.yaml": strings.Replace(service, "%s", "NodePort", 1), "2.yaml": strings.Replace(service, "%s", "ClusterIP", 1),
	}))
	want := []schema.Service{{Cluster: "prod", Namespace: "default", Name: "a", Type: "ClusterIP"}}
	if diff := cmp.Diff(want, snap.Evidence.Services); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// TestFormsOfInput reads two pods in every form that kubectl writes.
func TestFormsOfInput(t *testing.T) {
	const a = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"a","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i"}]}}`
	const b = `{"apiVersion":"v1","kind":"Pod","metadata":{"name":"b","namespace":"n"},"spec":{"containers":[{"name":"c","image":"i"}]}}`
	bare := strings.NewReplacer(`"apiVersion":"v1","kind":"Pod",`, "")
	list := `{"apiVersion":"v1","kind":"List","items":[` + a + "," + b + "]}"
	typed := `{"kind":"PodList","apiVersion":"v1","metadata":{},"items":[` + bare.Replace(a) + "," + bare.Replace(b) + "]}"
	logs := "==== START logs for container c of pod n/a ====\n{\"apiVersion\":\"v1\",\n---\n==== END logs for container c of pod n/a ====\n"
	tests := map[string]map[string]string{
		"JSON":                      {"a.json": a, "b.json": b},
		"JSON one after the other":  {"a.json": a + "\n" + b},
		"YAML":                      {"a.yaml": "\ufeff%YAML 1.2\n---\n# first\n" + a + "\n--- # second\n" + b + "\n...\n---\n"},
		"kubectl get -o json":       {"a.json": list},
		"kubectl get -o yaml":       {"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- " + a + "\n- " + b + "\n"},
		"a list of lists":           {"a.json": `{"apiVersion":"v1","kind":"List","items":[` + typed + "]}"},
		"cluster-info dump":         {"a.json": typed + "\n" + logs + `{"kind":"EventList","apiVersion":"v1","items":[]}` + "\n"},
		"cluster-info dump to disk": {"n/pods.json": typed, "n/a/logs.txt": logs, "n/.hidden.json": "{"},
		"an anchor":                 {"a.yaml": "apiVersion: v1\nkind: List\nitems:\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: a, namespace: n}\n  spec: &spec {containers: [{name: c, image: i}]}\n- apiVersion: v1\n  kind: Pod\n  metadata: {name: b, namespace: n}\n  spec: {<<: *spec}\n"},
	}
	want, _ := run(t, nil, nil, write(t, tests["JSON"]))
	for name, contents := range tests {
		t.Run(name, func(t *testing.T) {
			got, _ := run(t, nil, nil, write(t, contents))
			if diff := cmp.Diff(want.Evidence, got.Evidence); diff != "" {
				t.Errorf("(-JSON +%s):\n%s", name, diff)
			}
			if q := query(t, got, "pods"); q.Outcome != schema.Complete || q.Rows != 2 {
				t.Errorf("query for pods: %+v", q)
			}
			for _, q := range got.Queries {
				if q.Resource == "documents" && q.Gap() {
					t.Errorf("a document was not read: %+v", q)
				}
			}
		})
	}
	t.Run("standard input", func(t *testing.T) {
		got, _ := run(t, strings.NewReader(list), nil, "-")
		if diff := cmp.Diff(want.Evidence, got.Evidence); diff != "" {
			t.Errorf("(-JSON +standard input):\n%s", diff)
		}
	})
}

func TestHostileDocumentsAreNamedAndPassedOver(t *testing.T) {
	bomb := "a: &a [x,x,x,x,x,x,x,x,x,x]\n"
	for c := 'b'; c <= 'i'; c++ {
		before := string(c - 1)
		bomb += string(c) + ": &" + string(c) + " [" + strings.TrimSuffix(strings.Repeat("*"+before+",", 10), ",") + "]\n"
	}
	const ok = "apiVersion: v1\nkind: Service\nmetadata: {name: seen}\n"
	tests := []struct{ name, text, place, reason string }{
		{"an alias bomb", bomb, "f.yaml:1", "aliases stand for more values than they may"},
		{"an alias to itself", "a: &a [*a]\n", "f.yaml:1", "nested too deeply"},
		{"deep nesting", strings.Repeat("- ", 5000) + "x\n", "f.yaml:1", "nested too deeply"},
		{"a broken document", "\n\nkind: {\n", "f.yaml:1", "not valid YAML"},
		{"a key twice", "a: 1\na: 2\n", "f.yaml:1", "a key is there twice"},
		{"a key that is a list", "? [a]\n: 1\n", "f.yaml:1", "a key is not a string"},
		{"a number that JSON has not", "a: .inf\n", "f.yaml:1", "a number that JSON cannot write"},
		{"bytes", "\x00\x01\x02", "f.yaml:1", "not valid YAML"},
	}
	for _, test := range tests {
		t.Run(test.name, func(t *testing.T) {
			snap, _ := run(t, nil, nil, write(t, map[string]string{"f.yaml": test.text + "\n---\n" + ok}))
			got := query(t, snap, "documents")
			want := schema.Query{Source: "prod", Resource: "documents", Target: "read " + test.place, Outcome: schema.Failed, Reason: test.reason}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
			if len(snap.Evidence.Services) != 1 {
				t.Errorf("the document after it was not read")
			}
		})
	}
	t.Run("broken JSON says its line", func(t *testing.T) {
		snap, _ := run(t, nil, nil, write(t, map[string]string{"f.json": "{}\n{}\n{\"password\": pl4nted}\n", "ok.yaml": ok}))
		i := slices.IndexFunc(snap.Queries, func(q schema.Query) bool { return q.Resource == "documents" && q.Gap() })
		if i < 0 || snap.Queries[i].Target != "read f.json:3" || snap.Queries[i].Reason != "not valid JSON" {
			t.Errorf("queries %+v", snap.Queries[max(i, 0):])
		}
	})
}

func TestInputThatCannotBeOpenedIsAnError(t *testing.T) {
	for _, paths := range [][]string{nil, {"testdata/none"}, {"-"}} {
		cluster := schema.PlanCluster{Name: "prod", From: paths}
		s, err := collect.Run(context.Background(), asOf, tool, t.TempDir(), files.New(files.Options{Cluster: cluster, Spec: spec}))
		if err == nil || s != nil {
			t.Errorf("paths %q: snapshot %v, error %v", paths, s, err)
		}
	}
}

// A heap keeps everything that a source gives, as text.
type heap struct {
	t     *testing.T
	text  bytes.Buffer
	lines [][]byte
	rows  []schema.Row
}

func (h *heap) Rows(rows ...schema.Row) {
	for _, r := range rows {
		line, err := schema.MarshalLine(r)
		if err != nil {
			h.t.Fatal(err)
		}
		h.text.Write(line)
	}
	h.rows = append(h.rows, rows...)
}

func (h *heap) Object(_, _ string, line []byte) error {
	h.text.Write(line)
	h.lines = append(h.lines, line)
	return nil
}

func (h *heap) Query(q schema.Query) {
	line, err := schema.MarshalLine(q)
	if err != nil {
		h.t.Fatal(err)
	}
	h.text.Write(line)
}

// FuzzFiles claims of any input that the same bytes give the same answers, that
// every object kept is one line of JSON, that every row names something, and that
// the value of a Secret beside it never comes out.
func FuzzFiles(f *testing.F) {
	for _, text := range tree(f, "testdata/cluster") {
		for d := range strings.SplitSeq(text, "\n---\n") {
			f.Add([]byte(d))
		}
	}
	f.Add([]byte("a: &a [*a]"))
	f.Add([]byte(`{"kind":"PodList","apiVersion":"v1","items":[{"metadata":{"name":"a"}}]}`))
	f.Add([]byte("==== START logs\n==== END logs"))
	f.Fuzz(func(t *testing.T, b []byte) {
		const value = "v4lue-of-a-secret"
		secret := "apiVersion: v1\nkind: Secret\nmetadata: {name: s}\nstringData: {k: " + value + "}\n---\n"
		if bytes.HasPrefix(b, []byte("{")) {
			secret = `{"apiVersion":"v1","kind":"Secret","metadata":{"name":"s"},"stringData":{"k":"` + value + `"}}`
		}
		collectOnce := func() *heap {
			h := &heap{t: t}
			source := files.New(files.Options{
				Cluster: schema.PlanCluster{Name: "prod", From: []string{"-"}}, Spec: spec, Stdin: io.MultiReader(strings.NewReader(secret), bytes.NewReader(b)),
			})
			if _, err := source.Collect(context.Background(), asOf, h); err != nil {
				t.Fatal(err)
			}
			return h
		}
		first, again := collectOnce(), collectOnce()
		if !bytes.Equal(first.text.Bytes(), again.text.Bytes()) {
			t.Errorf("the same bytes gave other answers (-first +again):\n%s", cmp.Diff(first.text.String(), again.text.String()))
		}
		if !bytes.Contains(b, []byte(value)) && bytes.Contains(first.text.Bytes(), []byte(value)) {
			t.Errorf("the value of a Secret came out")
		}
		for _, line := range first.lines {
			if !json.Valid(line) || bytes.IndexByte(line, '\n') != len(line)-1 {
				t.Errorf("not a line of JSON: %q", line)
			}
		}
		for _, row := range first.rows {
			if row.Subject().Name == "" {
				t.Errorf("a row names nothing: %+v", row)
			}
		}
	})
}

func TestNothingToReadIsAnError(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"no document":        {"", "no Kubernetes object was found"},
		"something else":     {"foo: bar\n", "no Kubernetes object was found"},
		"a broken document":  {"a: [\n", "input.yaml:"},
		"a kind of somebody": {"apiVersion: example.com/v1\nkind: Thing\nmetadata: {name: a}\n", "no Kubernetes object was found"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "input.yaml"), []byte(tc.text), 0o600); err != nil {
				t.Fatal(err)
			}
			s := files.New(files.Options{Cluster: schema.PlanCluster{Name: "c", From: []string{dir}}, Spec: &schema.PlanSpec{}})
			if _, err := collect.Run(context.Background(), time.Unix(0, 0), schema.Tool{}, t.TempDir(), s); err == nil || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want an error with %q", err, tc.want)
			}
		})
	}
}
