package collect_test

import (
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/fstest"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

func tree(t *testing.T, dir string) map[string]string {
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

func snapshot() *schema.Snapshot {
	return &schema.Snapshot{
		SchemaVersion: schema.Version, AsOf: asOf, Tool: tool,
		Sources: []schema.Source{{
			Name: "prod", Kind: schema.SourceCluster, UID: "u", SecretsTier: schema.SecretsRotation, Started: asOf, Finished: asOf.Add(time.Second),
			Redactions: []schema.Redaction{{Rule: "env-value", Count: 3}},
		}},
		Queries: []schema.Query{
			{Source: "prod", Resource: "nodes", Target: "list v1 nodes", Outcome: schema.Complete, Rows: 2, Pages: 1, ResourceVersion: "7"},
			{Source: "prod", Resource: "pods", Target: "list v1 pods", Outcome: schema.Forbidden, Code: 403, Reason: "pods is forbidden"},
		},
		Evidence: schema.Evidence{
			Clusters:   []schema.Cluster{{Name: "prod", UID: "u"}},
			Namespaces: []schema.Namespace{{Cluster: "prod", Name: "a<b>&c", Created: asOf}, {Cluster: "prod", Name: "b"}},
			Workloads:  []schema.Workload{{Cluster: "prod", Kind: "Deployment", Name: "x", PodLabels: map[string]string{"b": "1", "a": "2"}}},
		},
	}
}

func saved(t *testing.T) map[string]string {
	t.Helper()
	dir := t.TempDir()
	if err := collect.Save(dir, snapshot()); err != nil {
		t.Fatal(err)
	}
	return tree(t, dir)
}

func TestSaveAndLoad(t *testing.T) {
	first := saved(t)
	for _, p := range schema.Populations {
		if _, ok := first[p.Path()]; ok == p.Derived() {
			t.Errorf("%s: written %v, want %v", p.Path(), ok, !p.Derived())
		}
	}
	// A bundle has the derived populations as well, which are no part of a snapshot.
	bundle := maps.Clone(first)
	bundle["evidence/populations/accessGrants.jsonl"] = "computed again\n"
	loaded, err := collect.Load(files(bundle))
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(snapshot(), loaded, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-saved +loaded):\n%s", diff)
	}
	dir := t.TempDir()
	if err := collect.Save(dir, loaded); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, tree(t, dir)); diff != "" {
		t.Errorf("saved again (-first +again):\n%s", diff)
	}
	if err := collect.Save(dir, loaded); err == nil {
		t.Errorf("a snapshot was overwritten")
	}
}

// TestLoadWithoutPopulation takes a file away, as if an earlier release had written the
// rest: that is a gap of the sources that were asked, and stays one when saved again.
func TestLoadWithoutPopulation(t *testing.T) {
	const nodes = "evidence/populations/nodes.jsonl"
	contents := saved(t)
	delete(contents, nodes)
	delete(contents, "evidence/populations/storageClasses.jsonl") // which nobody was asked for
	for range 2 {
		s, err := collect.Load(files(contents))
		if err != nil {
			t.Fatal(err)
		}
		want := append(snapshot().Queries, schema.Query{
			Source: "prod", Resource: schema.PopulationFile, Target: nodes, Outcome: schema.Failed,
			Reason: "the evidence has no such file: it was made before nodes were asked for",
		})
		slices.SortFunc(want, func(a, b schema.Query) int { return strings.Compare(a.Resource, b.Resource) })
		if diff := cmp.Diff(want, s.Queries); diff != "" {
			t.Errorf("queries (-want +got):\n%s", diff)
		}
		dir := t.TempDir()
		if err := collect.Save(dir, s); err != nil {
			t.Fatal(err)
		}
		contents = tree(t, dir)
		if _, ok := contents[nodes]; ok {
			t.Error("a list that was never made is saved as an empty one")
		}
	}
}

func files(contents map[string]string) fstest.MapFS {
	out := fstest.MapFS{}
	for name, text := range contents {
		out[name] = &fstest.MapFile{Data: []byte(text)}
	}
	return out
}

func TestLoadRefuses(t *testing.T) {
	const snap, nodes, namespaces = collect.SnapshotFile, "evidence/populations/nodes.jsonl", "evidence/populations/namespaces.jsonl"
	node := strings.TrimSuffix(line(t, schema.Node{Cluster: "prod", Name: "n"}), "\n")
	replace := func(name, from, to string) func(map[string]string) {
		return func(m map[string]string) { m[name] = strings.Replace(m[name], from, to, 1) }
	}
	set := func(name, text string) func(map[string]string) { return func(m map[string]string) { m[name] = text } }
	tests := map[string]struct {
		change func(map[string]string)
		want   string
	}{
		"no snapshot":               {func(m map[string]string) { delete(m, snap) }, "evidence/snapshot.json"},
		"an empty snapshot":         {set(snap, ""), "evidence/snapshot.json: read JSON"},
		"another model":             {replace(snap, schema.Version, "9.0.0"), `evidence/snapshot.json: schemaVersion "9.0.0"`},
		"no version":                {replace(snap, schema.Version, ""), `schemaVersion ""`},
		"a field that nobody knows": {replace(snap, `"asOf"`, `"extra": 1, "asOf"`), `unknown field "extra"`},
		"text after the snapshot":   {func(m map[string]string) { m[snap] += "{}" }, "text after the document"},
		"another zone":              {replace(snap, `"asOf": "2026-11-22T10:00:00Z"`, `"asOf": "2026-11-22T11:00:00+01:00"`), "not UTC"},
		"a fraction of a second":    {replace(snap, `"asOf": "2026-11-22T10:00:00Z"`, `"asOf": "2026-11-22T10:00:00.5Z"`), "whole seconds"},
		"a query of nobody":         {replace(snap, `"source": "prod"`, `"source": "other"`), `there is no source "other"`},
		"queries out of order":      {replace(snap, `"resource": "nodes"`, `"resource": "zzz"`), "out of order"},
		"no folder of populations": {func(m map[string]string) {
			maps.DeleteFunc(m, func(name, _ string) bool { return strings.HasPrefix(name, "evidence/populations/") })
		}, "evidence/populations"},
		"a population that nobody has": {set("evidence/populations/other.jsonl", ""), "evidence/populations/other.jsonl: not the file of a population"},
		"a row that is no JSON":        {set(nodes, node+"\n{\n"), nodes + ":2: read JSON"},
		"a row with another field":     {set(nodes, `{"cluster":"prod","name":"n","password":"x"}`+"\n"), nodes + `:1: read JSON: json: unknown field "password"`},
		"a row of another type":        {set(nodes, `{"cluster":"prod","name":["n"]}`+"\n"), nodes + ":1: read JSON"},
		"a null":                       {set(nodes, "null\n"), nodes + ":1: the row names nothing"},
		"an empty line":                {set(nodes, node+"\n\n"), nodes + ":2: read JSON"},
		"two rows on a line":           {set(nodes, node+node+"\n"), nodes + ":1: read JSON: text after"},
		"a last line cut off":          {set(nodes, node+"\n"+node), nodes + ":2: the line is cut off"},
		"a line without end":           {set(nodes, strings.Repeat("x", 5<<20)), nodes + ":1: bufio.Scanner: token too long"},
		"rows out of order":            {func(m map[string]string) { m[namespaces] = reversed(m[namespaces]) }, namespaces + ":2: Namespace a<b>&c is out of order"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			contents := maps.Clone(saved(t))
			test.change(contents)
			s, err := collect.Load(files(contents))
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if s != nil {
				t.Errorf("a snapshot with the error")
			}
		})
	}
	t.Run("a population that is a folder", func(t *testing.T) {
		contents := files(saved(t))
		contents[nodes] = &fstest.MapFile{Mode: fs.ModeDir}
		if s, err := collect.Load(contents); err == nil || s != nil {
			t.Errorf("snapshot %v, error %v", s, err)
		}
	})
}

func line(t *testing.T, row schema.Row) string {
	t.Helper()
	b, err := schema.MarshalLine(row)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func reversed(lines string) string {
	var out string
	for l := range strings.Lines(lines) {
		out = l + out
	}
	return out
}
