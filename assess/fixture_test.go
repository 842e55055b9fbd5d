package assess

import (
	"context"
	"io/fs"
	"os"
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"sigs.k8s.io/yaml"
)

// shippedChecks reads the checks that the program ships.
func shippedChecks(t testing.TB) []schema.Check {
	t.Helper()
	files, err := fs.Glob(templates.FS, "checks/*.yaml")
	if err != nil || len(files) == 0 {
		t.Fatalf("no files of checks: %v", err)
	}
	var out []schema.Check
	for _, name := range files {
		b, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			t.Fatal(err)
		}
		var set schema.CheckSet
		if err := yaml.UnmarshalStrict(b, &set); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		out = append(out, set.Spec.Checks...)
	}
	return out
}

func TestShippedChecksCompile(t *testing.T) {
	if err := Compile(shippedChecks(t)); err != nil {
		t.Fatal(err)
	}
}

func TestFixtures(t *testing.T) {
	checks := shippedChecks(t)
	results, err := RunFixtures(context.Background(), checks, os.DirFS("testdata/checks"))
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range results {
		for _, p := range r.Problems {
			t.Errorf("%s: %s: %s", r.File, r.Case, p)
		}
	}
}
