package kube_test

import (
	"bytes"
	"context"
	"flag"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/util/yaml"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/internal/crds"
	"github.com/auditpack/auditpack/schema"
)

// TestRealDefinitions puts an object of every custom kind, with every field that
// its reader looks at, into a server that has the projects' own definitions. The
// server refuses a field that a definition does not have. What is collected
// is what the manifests say; and so it is again when the server serves each kind only
// in the oldest version that is known.
func TestRealDefinitions(t *testing.T) {
	definitions := definitionsOf(t)
	s := controlplane.Start(t)
	s.Apply(t, written(t, definitions)...)
	objects, err := os.ReadFile("testdata/crds/objects.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.ApplyStrict(t, objects)

	got := customRows(t, s, definitions)
	golden(t, "testdata/crds/rows.jsonl", got)

	older, err := os.ReadFile("testdata/crds/older.yaml")
	if err != nil {
		t.Fatal(err)
	}
	s.Apply(t, written(t, serveOldest(definitions))...)
	waitForOldest(t, s)
	s.ApplyStrict(t, older)
	differ := slices.DeleteFunc(customRows(t, s, definitions), func(row string) bool { return slices.Contains(got, row) })
	golden(t, "testdata/crds/older.jsonl", differ)
}

// definitionsOf returns the definitions of the kinds that are read. No project's
// webhook runs here, so the server converts between versions by changing only the name.
func definitionsOf(t *testing.T) []*unstructured.Unstructured {
	t.Helper()
	var out []*unstructured.Unstructured
	for _, file := range crds.Files(t) {
		for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(file), 4096); ; {
			o := &unstructured.Unstructured{}
			if err := d.Decode(&o.Object); err != nil {
				break // the end of the file, or of what this test needs of it
			}
			if _, ok := kube.KindNamed(o.GetName()); ok && o.GetKind() == "CustomResourceDefinition" {
				unstructured.RemoveNestedField(o.Object, "spec", "conversion")
				unstructured.RemoveNestedField(o.Object, "status")
				out = append(out, o)
			}
		}
	}
	return out
}

func written(t *testing.T, objects []*unstructured.Unstructured) [][]byte {
	t.Helper()
	var out [][]byte
	for _, o := range objects {
		b, err := o.MarshalJSON()
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, b)
	}
	return out
}

// serveOldest returns the definitions that serve several versions that are known
// here, or could, each with the oldest of them alone.
func serveOldest(definitions []*unstructured.Unstructured) []*unstructured.Unstructured {
	var out []*unstructured.Unstructured
	for _, d := range definitions {
		d = d.DeepCopy()
		k, _ := kube.KindNamed(d.GetName())
		versions, _, _ := unstructured.NestedSlice(d.Object, "spec", "versions")
		oldest, served := "", ""
		for _, v := range versions {
			if name := v.(map[string]any)["name"].(string); slices.Index(k.Versions, name) >= slices.Index(k.Versions, oldest) {
				oldest = name
			}
			if v.(map[string]any)["served"] == true {
				served += v.(map[string]any)["name"].(string)
			}
		}
		if served == oldest {
			continue
		}
		for _, v := range versions {
			v.(map[string]any)["served"] = v.(map[string]any)["name"] == oldest
		}
		d.Object["spec"].(map[string]any)["versions"] = versions
		out = append(out, d)
	}
	return out
}

// waitForOldest returns when the server no longer serves the newer versions.
func waitForOldest(t *testing.T, s *controlplane.Server) {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	for {
		_, got := run(t, options(s.Admin(t), schema.SecretsNone))
		q := got.of("externalsecrets.external-secrets.io")
		if len(q) > 0 && strings.Contains(q[0].Target, "v1beta1") && q[0].Outcome == schema.Complete && strings.Contains(got.of("opentelemetrycollectors.opentelemetry.io")[0].Target, "v1alpha1") {
			return
		}
		select {
		case <-ctx.Done():
			t.Fatalf("the server still serves the newer versions: %+v", q)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// customRows collects, and returns the rows about objects of the definitions, one
// a line, as population and JSON. Every kind must be answered, and have an object.
func customRows(t *testing.T, s *controlplane.Server, definitions []*unstructured.Unstructured) []string {
	t.Helper()
	_, got := run(t, options(s.Admin(t), schema.SecretsNone))
	custom := map[string]bool{}
	for _, d := range definitions {
		k, _ := kube.KindNamed(d.GetName())
		custom[k.Kind] = true
		for _, q := range got.of(d.GetName()) {
			if q.Outcome != schema.Complete || q.Rows == 0 {
				t.Errorf("%s: %s, %d rows %s", q.Target, q.Outcome, q.Rows, q.Reason)
			}
		}
	}
	for _, q := range got.of("volumes.longhorn.io") {
		if q.Outcome != schema.Absent {
			t.Errorf("a kind without a definition is %s", q.Outcome)
		}
	}
	got.evidence.Sort()
	var out []string
	for _, p := range schema.Populations {
		if p.Name == "clusters" { // a database of CloudNativePG is a Cluster too
			continue
		}
		for row := range got.evidence.Rows(p.Name) {
			kind, _, _ := strings.Cut(row.Subject().Kind, ".")
			if !custom[kind] {
				continue
			}
			line, err := schema.MarshalLine(row)
			if err != nil {
				t.Fatal(err)
			}
			out = append(out, p.Name+" "+strings.TrimSuffix(string(line), "\n"))
		}
	}
	return out
}

// golden holds lines against those of a file.
func golden(t *testing.T, name string, got []string) {
	t.Helper()
	if flag.Lookup("update").Value.String() == "true" { // the flag is that of clusterrole_test.go
		if err := os.WriteFile(name, []byte(strings.Join(got, "\n")+"\n"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(strings.Split(strings.TrimSuffix(string(b), "\n"), "\n"), got); diff != "" {
		t.Errorf("rows (-%s +got):\n%s", name, diff)
	}
}
