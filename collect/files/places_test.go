package files_test

import (
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

func TestPlaces(t *testing.T) {
	const pod = "apiVersion: v1\nkind: Pod\nmetadata: {name: %, namespace: n}\nspec: {containers: [{name: c, image: i}]}\n"
	named := func(name string) string { return strings.Replace(pod, "%", name, 1) }
	dir := write(t, map[string]string{
		"a/one.yaml": "# The first.\n---\n" + named("a") + "---\n\n" + named("b"),
		"again.yaml": named("a"),
		"list.yaml":  "apiVersion: v1\nkind: List\nitems:\n- " + strings.ReplaceAll(strings.TrimSpace(named("item")), "\n", "\n  ") + "\n",
		"bad.yaml":   "apiVersion: v1\nkind: Pod\nmetadata: {name: bad}\nspec: 1\n",
		"json.json":  "\n\n" + `{"apiVersion":"v1","kind":"Namespace","metadata":{"name":"n"}}`,
	})
	place := func(kind, namespace, name, file string, line int) schema.Place {
		return schema.Place{Cluster: "prod", Kind: kind, Namespace: namespace, Name: name, File: file, Line: line}
	}
	want := []schema.Place{place("Namespace", "", "n", "json.json", 3), place("Pod", "n", "a", "again.yaml", 1), place("Pod", "n", "b", "a/one.yaml", 9)}

	snap, _ := run(t, nil, nil, dir)
	if diff := cmp.Diff(want, snap.Places); diff != "" {
		t.Errorf("an absolute path (-want +got):\n%s", diff)
	}
	// A path that is relative to the working directory is kept: editors and code hosts find the file by it.
	t.Chdir(filepath.Dir(dir))
	for i := range want {
		want[i].File = filepath.Base(dir) + "/" + want[i].File
	}
	snap, _ = run(t, nil, nil, "./"+filepath.Base(dir)+"/")
	if diff := cmp.Diff(want, snap.Places); diff != "" {
		t.Errorf("a relative path (-want +got):\n%s", diff)
	}
	snap, _ = run(t, strings.NewReader(named("a")), nil, "-")
	if len(snap.Places) > 0 {
		t.Errorf("standard input is no file: %+v", snap.Places)
	}
}
