package input_test

import (
	"slices"
	"testing"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// The built-in table and checks were made from the catalogue; nothing of it may be lost.
func TestCatalogue(t *testing.T) {
	set, err := input.Default(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	controls, checks := set.Table.Spec.Controls, set.Checks
	if len(controls) != 45 || len(checks) != 175 {
		t.Errorf("got %d controls and %d checks, want 45 and 175", len(controls), len(checks))
	}
	areas := map[string]int{}
	for _, c := range controls {
		areas[c.Area]++
		if !slices.ContainsFunc(checks, func(k schema.Check) bool { return k.Control == c.ID }) {
			t.Errorf("control %s has no check", c.ID)
		}
		if len(c.References.ISO27017) == 0 || len(c.References.ISO27002) == 0 {
			t.Errorf("control %s refers to no clause of ISO/IEC 27017 or 27002", c.ID)
		}
	}
	want := map[string]int{"ACC": 8, "SEP": 7, "CHG": 7, "SEC": 6, "MON": 5, "RES": 5, "GOV": 7}
	for area, n := range want {
		if areas[area] != n {
			t.Errorf("area %s has %d controls, want %d", area, areas[area], n)
		}
	}
}

// 8.20 and 5.30 are not the numbers 8.2 and 5.3, and 1.10 is not 1.1.
func TestReferencesAreText(t *testing.T) {
	set, err := input.Default(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	byID := map[string]schema.Control{}
	for _, c := range set.Table.Spec.Controls {
		byID[c.ID] = c
	}
	for _, c := range []struct {
		control string
		list    func(schema.References) []string
		want    string
	}{
		{"ACC-08", func(r schema.References) []string { return r.ISO27002 }, "8.20"},
		{"RES-05", func(r schema.References) []string { return r.ISO27002 }, "5.30"},
		{"ACC-01", func(r schema.References) []string { return r.ISO27002 }, "8.2"},
		{"SEP-05", func(r schema.References) []string { return r.CIS["gke_1_9_0"] }, "5.10.3"},
		{"MON-04", func(r schema.References) []string { return r.NIST80053 }, "AU-11"},
	} {
		if got := c.list(byID[c.control].References); !slices.Contains(got, c.want) {
			t.Errorf("references of %s: got %q, want %q among them", c.control, got, c.want)
		}
	}
}
