package input_test

import (
	"io/fs"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

func starter(t *testing.T) fs.FS {
	t.Helper()
	plan, err := fs.Sub(templates.FS, "plan")
	if err != nil {
		t.Fatal(err)
	}
	return plan
}

func TestStarterLoads(t *testing.T) {
	set, err := input.LoadFS(starter(t), "plan.yaml", templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	var got, want []string
	for _, c := range set.Overlay.Spec.Controls {
		got = append(got, c.ID)
	}
	for _, c := range set.Table.Spec.Controls {
		want = append(want, c.ID)
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("controls of the starter's overlay (-table +overlay):\n%s", diff)
	}
}

// The starter spells out defaults. They must be those of a plan that says nothing.
func TestStarterStatesDefaults(t *testing.T) {
	set, err := input.LoadFS(starter(t), "plan.yaml", templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	without, err := input.Default(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	got, want := set.Plan.Spec, without.Plan.Spec
	got.Organization, got.Scope = want.Organization, want.Scope
	got.Overlay, got.Exceptions, got.Documents, got.Reviews = "", "", "", nil
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("plan (-default +starter):\n%s", diff)
	}
	if diff := cmp.Diff(without.Exceptions.Spec.MaxDays, set.Exceptions.Spec.MaxDays); diff != "" {
		t.Errorf("maxDays (-default +starter):\n%s", diff)
	}
}

var (
	exampleStart = regexp.MustCompile(`^( *)#(\S.*|  - .*)$`)
	exampleMore  = regexp.MustCompile(`^( *)#(  .*)$`)
	remark       = regexp.MustCompile(`^ *# \S`)
)

// withExamples takes the # away from the examples of a starter file.
func withExamples(text string) (string, int) {
	lines := strings.Split(text, "\n")
	inside, n := false, 0
	for i, line := range lines {
		m := exampleStart.FindStringSubmatch(line)
		if m == nil && inside {
			m = exampleMore.FindStringSubmatch(line)
		}
		switch {
		case m != nil:
			lines[i], inside, n = m[1]+m[2], true, n+1
		case !remark.MatchString(line):
			inside = false
		}
	}
	text = strings.Join(lines, "\n")
	for _, list := range []string{"approvals", "exceptions", "documents"} {
		text = strings.Replace(text, "  "+list+": []\n", "  "+list+":\n", 1)
	}
	return text, n
}

// An example that does not work is worse than none.
func TestStarterExamplesLoad(t *testing.T) {
	dir := t.TempDir()
	write := func(name string, data []byte) {
		if err := os.MkdirAll(filepath.Dir(filepath.Join(dir, name)), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(filepath.Join(dir, name), data, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, least := range map[string]int{"plan.yaml": 25, "overlay.yaml": 20, "exceptions.yaml": 15, "documents.yaml": 15} {
		text, n := withExamples(string(content(t, starter(t), name)))
		if n < least {
			t.Errorf("%s has %d lines of examples, want at least %d", name, n, least)
		}
		write(name, []byte(text))
	}
	write("controls.yaml", content(t, templates.FS, "controls/iso27017.yaml"))
	write("checks.yaml", content(t, templates.FS, "checks/acc.yaml"))
	write("evidence/idp-admins-2026-q4.csv", []byte("member\n"))
	write("reviews/production-west-2026-q3.yaml", documentedReview(t))

	set, err := input.Load(filepath.Join(dir, "plan.yaml"), templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	got := []int{
		len(set.Plan.Spec.Clusters), len(set.Plan.Spec.Access.BreakGlass), len(set.Overlay.Spec.Approvals),
		len(set.Exceptions.Spec.Exceptions), len(set.Documents.Spec.Documents), len(set.Attachments), len(set.Reviews),
	}
	if diff := cmp.Diff([]int{2, 1, 2, 1, 2, 1, 1}, got); diff != "" {
		t.Errorf("clusters, break-glass, approvals, exceptions, documents, attachments, reviews (-want +got):\n%s", diff)
	}
	if set.Plan.Spec.Period == nil || set.Plan.Spec.Secrets != schema.SecretsInventory {
		t.Errorf("period or secrets of the example are not set: %+v", set.Plan.Spec)
	}
}

// documentedReview returns the example of an access review that docs/access.md shows.
func documentedReview(t *testing.T) []byte {
	t.Helper()
	page := content(t, os.DirFS("../../docs"), "access.md")
	var example []string
	for line := range strings.Lines(string(page)) {
		text, indented := strings.CutPrefix(line, "    ")
		if indented {
			example = append(example, text)
		}
	}
	return []byte(strings.Join(example, ""))
}

// Editors find the schema that a file of the starter names once init has put the schemas beside it.
func TestStarterNamesItsSchema(t *testing.T) {
	line := regexp.MustCompile(`^# yaml-language-server: \$schema=schemas/(\S+)\n`)
	names, err := fs.Glob(starter(t), "*.yaml")
	if err != nil || len(names) != 4 {
		t.Fatalf("got %q and %v, want four files", names, err)
	}
	for _, name := range names {
		data := content(t, starter(t), name)
		m := line.FindSubmatch(data)
		if m == nil {
			t.Errorf("%s names no schema in its first line", name)
			continue
		}
		document, err := input.Document(name, data)
		if err != nil {
			t.Fatal(err)
		}
		want := strings.ToLower(kindOf(document)) + ".schema.json"
		if got := string(m[1]); got != want {
			t.Errorf("%s names %s, want %s", name, got, want)
		}
		content(t, schema.JSONSchemas, want)
	}
}

func content(t *testing.T, fsys fs.FS, name string) []byte {
	t.Helper()
	data, err := fs.ReadFile(fsys, name)
	if err != nil {
		t.Fatal(err)
	}
	return data
}
