package assess

import (
	"context"
	"io/fs"
	"os"
	"slices"
	"strings"
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
	tested := map[string]bool{}
	for _, r := range results {
		tested[r.Check] = true
		for _, p := range r.Problems {
			t.Errorf("%s: %s: %s", r.File, r.Case, p)
		}
	}
	// The cases of the area Access need bindings that are too long for a row; they
	// stand in access_checks_test.go.
	inGo := append(accessChecks(checks), "CHG-02.k3", "SEC-03.k1")
	for _, c := range checks {
		by := DecidedBy(&c)
		if (by == ByRules || by == ByGo) && !tested[c.ID] && !slices.Contains(inGo, c.ID) {
			t.Errorf("%s is decided by %s and has no fixture", c.ID, by)
		}
	}
}

func accessChecks(checks []schema.Check) []string {
	var out []string
	for _, c := range checks {
		if strings.HasPrefix(c.Control, "ACC-") {
			out = append(out, c.ID)
		}
	}
	return out
}
