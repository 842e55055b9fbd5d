package input_test

import (
	"bytes"
	"errors"
	"io"
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

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// supportTable says until when one release is supported.
const supportTable = head + `SupportTable
metadata: {name: small}
spec:
  source: a page
  asOf: 2026-09-15
  releases: [{minor: '1.36', endOfLife: 2027-06-28}]
`

// builtin is a small stand-in for the built-in table: two controls, one check each.
var builtin = fstest.MapFS{
	"support/kubernetes.yaml": {Data: []byte(supportTable)},
	"controls/iso27017.yaml": {Data: []byte(head + `ControlTable
metadata: {name: small}
spec:
  title: Small
  version: '1'
  areas: [{id: ACC, name: Access, theme: t}]
  controls:
  - &control
    id: ACC-01
    area: ACC
    title: t
    risk: r
    statement: s
    operates: o
    layers: [cluster]
    responsibility: {platformTeam: A/R}
    cadence: quarterly
    evidenceMaxAgeDays: 90
  - id: ACC-02
    area: ACC
    title: t
    risk: r
    statement: s
    operates: o
    layers: [cluster]
    responsibility: {securityTeam: A, platformTeam: R}
    cadence: annual
    evidenceMaxAgeDays: 370
`)},
	"checks/b.yaml": {Data: []byte(checkSet("b", "ACC-01.d1", "ACC-01", "built-in b"))},
	"checks/a.yaml": {Data: []byte(checkSet("a", "ACC-02.k1", "ACC-02", "built-in a"))},
}

func checkSet(name, id, control, title string) string {
	return head + "CheckSet\nmetadata: {name: " + name + "}\nspec:\n  checks:\n  - id: " + id + "\n    control: " + control + "\n    title: " + title + `
    kind: document
    evaluation: manual
    severity: high
    source: s
    logic: l
    message: m
    remediation: r
`
}

// platform is a plan with everything that a plan can name, in a folder of its own.
func platform() fstest.MapFS {
	return fstest.MapFS{
		"audit/plan.yaml": {Data: []byte(planHead + `  checks: [../more/checks.yaml]
  overlay: overlay.yaml
  exceptions: registers/exceptions.yaml
  documents: registers/documents.yaml
`)},
		"more/checks.yaml":   {Data: []byte(checkSet("more", "ACC-01.d1", "ACC-01", "ours"))},
		"audit/overlay.yaml": {Data: []byte(overlayHead + "  owner: Team\n  controls: [{id: ACC-01, responsibility: {appTeam: C}}]\n")},
		"audit/registers/exceptions.yaml": {Data: []byte(head + `ExceptionRegister
metadata: {name: e}
spec:
  maxDays: {high: 10}
  exceptions:
  - {id: E-1, control: ACC-01, check: ACC-01.d1, reason: r, requestedBy: a, approvedBy: b, approvedOn: 2026-05-01, expiresOn: 2026-05-09}
`)},
		"audit/registers/documents.yaml": {Data: []byte(head + `DocumentRegister
metadata: {name: d}
spec:
  documents:
  - {id: D-1, title: t, type: export, checks: [ACC-01.d1], owner: o, asOf: 2026-05-01, file: files/export.csv}
  - {id: D-2, title: t, type: policy, checks: [ACC-01.d1], owner: o, asOf: 2026-05-01, location: wiki}
`)},
		"audit/registers/files/export.csv": {Data: []byte("abc")},
	}
}

func TestLoad(t *testing.T) {
	set, err := input.LoadFS(platform(), "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	var titles []string
	for _, c := range set.Checks {
		titles = append(titles, c.ID+" "+c.Title)
	}
	if diff := cmp.Diff([]string{"ACC-01.d1 ours", "ACC-02.k1 built-in a"}, titles); diff != "" {
		t.Errorf("checks (-want +got):\n%s", diff)
	}
	// The SHA-256 of "abc" is the first example of FIPS 180-2.
	const abc = "ba7816bf8f01cfea414140de5dae2223b00361a396177a9cb410ff61f20015ad"
	if diff := cmp.Diff(map[string]string{"files/export.csv": abc}, set.Attached); diff != "" {
		t.Errorf("attached (-want +got):\n%s", diff)
	}
	days := map[schema.Severity]int{schema.Critical: 30, schema.High: 10, schema.Medium: 180, schema.Low: 365}
	if diff := cmp.Diff(days, set.Exceptions.Spec.MaxDays); diff != "" {
		t.Errorf("maxDays (-want +got):\n%s", diff)
	}
	if got := set.Table.Spec.Controls[0].Responsibility; got.PlatformTeam != "A/R" || got.AppTeam != "-" {
		t.Errorf("responsibility is %+v, want - for parties without a part", got)
	}
	for id, want := range map[string]string{"ACC-01.d1": "more/checks.yaml:6:5", "ACC-02.k1": "built-in checks/a.yaml:6:5"} {
		if at, ok := set.CheckPosition(id); !ok || at.String() != want {
			t.Errorf("%s is at %s (%t), want %s", id, at, ok, want)
		}
	}
	if at, ok := set.CheckPosition("ACC-09.k1"); ok {
		t.Errorf("a check that is not there is at %s", at)
	}
}

func TestDefault(t *testing.T) {
	set, err := input.Default(builtin)
	if err != nil {
		t.Fatal(err)
	}
	want := schema.PlanSpec{
		Secrets:    schema.SecretsNone,
		Namespaces: schema.Scoping{Exclude: []string{"kube-system", "kube-public", "kube-node-lease"}, Production: []string{"production", "prod"}},
		Labels: schema.LabelKeys{
			Owner: []string{"owner", "team"}, Environment: []string{"environment", "env"},
			DataClass: []string{"data-class"}, RotationClass: []string{"rotation-class"},
		},
	}
	if diff := cmp.Diff(want, set.Plan.Spec, cmpopts.IgnoreFields(schema.PlanSpec{}, "Organization", "Scope")); diff != "" {
		t.Errorf("plan (-want +got):\n%s", diff)
	}
}

// A table of the user's own replaces the built-in one. Built-in checks for controls that it lacks are left out.
func TestOwnControlTable(t *testing.T) {
	files := fstest.MapFS{
		"plan.yaml": {Data: []byte(planHead + "  controlTable: table.yaml\n")},
		"table.yaml": {Data: bytes.Replace(builtin["controls/iso27017.yaml"].Data,
			[]byte("id: ACC-02"), []byte("id: OUR-01"), 1)},
	}
	_, err := input.LoadFS(files, "plan.yaml", builtin)
	want := []string{"table.yaml:20:9: control OUR-01 has no check: evidence is one of the six mandatory fields"}
	if diff := cmp.Diff(want, lines(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}

	files["plan.yaml"].Data = append(files["plan.yaml"].Data, "  checks: [checks.yaml]\n"...)
	files["checks.yaml"] = &fstest.MapFile{Data: []byte(checkSet("c", "OUR-01.d1", "OUR-01", "ours"))}
	set, err := input.LoadFS(files, "plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Checks) != 2 || set.Checks[0].ID != "ACC-01.d1" || set.Checks[1].ID != "OUR-01.d1" {
		t.Errorf("checks are %+v", set.Checks)
	}
}

func TestLoadReportsEveryFile(t *testing.T) {
	files := platform()
	files["audit/plan.yaml"].Data = []byte(planHead + `  checks: [one.yaml, two.yaml]
  overlay: missing.yaml
  exceptions: ../../outside.yaml
  documents: one.yaml
`)
	files["audit/one.yaml"] = &fstest.MapFile{Data: []byte(checkSet("c", "ACC-01.d1", "", "t"))}
	files["audit/two.yaml"] = &fstest.MapFile{Data: []byte("kind: CheckSet\n")}
	_, err := input.LoadFS(files, "audit/plan.yaml", builtin)
	want := []string{
		`audit/plan.yaml:8:12: open audit/missing.yaml: file does not exist`,
		`audit/plan.yaml:9:15: open ../outside.yaml: invalid argument`,
		`audit/one.yaml:7:13: "control" has no value: write one, or leave it out`,
		`audit/two.yaml:1:1: missing "apiVersion": want "auditpack.dev/v1alpha1"`,
		`audit/one.yaml:2:7: this is kind CheckSet, and DocumentRegister is wanted here`,
	}
	got := lines(t, err)
	for i := range got { // fs.ValidPath's error has other words in other releases of Go
		if strings.HasPrefix(got[i], "audit/plan.yaml:9:15: open ../outside.yaml:") {
			got[i] = want[1]
		}
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

// What one document says about another is checked when both can be read.
func TestDocumentsFitTogether(t *testing.T) {
	files := platform()
	files["audit/plan.yaml"].Data = []byte(planHead + `  checks: [checks.yaml, ../more/checks.yaml]
  overlay: overlay.yaml
  exceptions: exceptions.yaml
  documents: documents.yaml
`)
	files["audit/checks.yaml"] = &fstest.MapFile{Data: []byte(checkSet("c", "ACC-01.d1", "ACC-1", "t"))}
	files["audit/overlay.yaml"].Data = []byte(overlayHead + `  controls:
  - {id: AC-01}
  - {id: ACC-01, responsibility: {appTeam: A}}
  - {id: ACC-02, responsibility: {securityTeam: R, platformTeam: A/R}}
`)
	files["audit/exceptions.yaml"] = &fstest.MapFile{Data: []byte(head + `ExceptionRegister
metadata: {name: e}
spec:
  exceptions:
  - {id: E-1, control: ACC-02, check: ACC-01.d1, compensatingControl: SEP-01, reason: r, requestedBy: a, approvedBy: b, approvedOn: 2026-05-01, expiresOn: 2026-05-09}
  - {id: E-2, control: ACC-03, check: ACC-01.k1, reason: r, requestedBy: a, approvedBy: b, approvedOn: 2026-05-01, expiresOn: 2026-05-09}
`)}
	files["audit/documents.yaml"] = &fstest.MapFile{Data: []byte(head + `DocumentRegister
metadata: {name: d}
spec:
  documents:
  - {id: D-1, title: t, type: export, checks: [ACC-01.d1, ACC-01.d2], owner: o, asOf: 2026-05-01, file: export.csv}
`)}
	_, err := input.LoadFS(files, "audit/plan.yaml", builtin)
	want := []string{
		`audit/checks.yaml:7:14: unknown control "ACC-1": did you mean "ACC-01"?`,
		`more/checks.yaml:6:9: "ACC-01.d1" is given twice, first in audit/checks.yaml:6:9`,
		`audit/overlay.yaml:6:10: unknown control "AC-01": did you mean "ACC-01"?`,
		`audit/overlay.yaml:7:34: exactly one party is accountable (A or A/R), here 2 are`,
		`audit/exceptions.yaml:6:39: check ACC-01.d1 belongs to control ACC-01, not to ACC-02`,
		`audit/exceptions.yaml:6:71: unknown control "SEP-01": want one of ACC-01, ACC-02`,
		`audit/exceptions.yaml:7:24: unknown control "ACC-03": did you mean "ACC-01"?`,
		`audit/exceptions.yaml:7:39: unknown check "ACC-01.k1": did you mean "ACC-01.d1"?`,
		`audit/documents.yaml:6:59: unknown check "ACC-01.d2": did you mean "ACC-01.d1"?`,
		`audit/documents.yaml:6:105: open audit/export.csv: file does not exist`,
	}
	if diff := cmp.Diff(want, lines(t, err)); diff != "" {
		t.Errorf("problems (-want +got):\n%s", diff)
	}
}

func TestLoadFromDisk(t *testing.T) {
	root := t.TempDir()
	if err := os.CopyFS(root, platform()); err != nil {
		t.Fatal(err)
	}
	set, err := input.Load(filepath.Join(root, "audit", "plan.yaml"), builtin)
	if err != nil {
		t.Fatal(err)
	}
	want, err := input.LoadFS(platform(), "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want.Inputs, set.Inputs); diff != "" {
		t.Errorf("inputs from memory and from disk (-memory +disk):\n%s", diff)
	}
	for name, want := range map[string]string{
		"cosign.key":           filepath.Join(root, "audit", "cosign.key"),
		"../bundles":           filepath.Join(root, "bundles"),
		"/keys/cosign.key":     "/keys/cosign.key",
		"awskms:///alias/x":    "awskms:///alias/x",
		"-":                    "-",
		"":                     "",
		"oci://example.com/a:": "oci://example.com/a:",
	} {
		if got := set.Path(name); got != want {
			t.Errorf("path of %q is %q, want %q", name, got, want)
		}
	}

	if _, err := input.Load(filepath.Join(root, "nothing.yaml"), builtin); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a plan that does not exist gives %v", err)
	}
	if _, err := input.Load(root, builtin); err == nil {
		t.Error("a folder is accepted as a plan")
	}
}

// memory collects what Save writes.
type memory struct{ fstest.MapFS }

type memoryFile struct {
	bytes.Buffer
	to   memory
	path string
}

func (m memory) create(path string) (io.WriteCloser, error) {
	if m.MapFS[path] != nil {
		return nil, fs.ErrExist
	}
	return &memoryFile{to: m, path: path}, nil
}

func (f *memoryFile) Close() error {
	f.to.MapFS[f.path] = &fstest.MapFile{Data: f.Bytes()}
	return nil
}

func TestSaveAndLoadFrom(t *testing.T) {
	set, err := input.LoadFS(platform(), "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	set.Unsigned, set.Demo = true, true
	bundle := memory{fstest.MapFS{}}
	if err := set.Save(bundle.create); err != nil {
		t.Fatal(err)
	}
	want := []string{
		"evidence/documents/files/export.csv",
		"inputs/checks/a.yaml", "inputs/checks/b.yaml", "inputs/checks/plan-1.yaml", "inputs/controls/iso27017.yaml",
		"inputs/documents.yaml", "inputs/exceptions.yaml", "inputs/index.json", "inputs/overlay.yaml", "inputs/plan.yaml", "inputs/support/kubernetes.yaml",
	}
	if diff := cmp.Diff(want, slices.Sorted(maps.Keys(bundle.MapFS))); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for from, to := range map[string]string{
		"audit/plan.yaml":                  "inputs/plan.yaml",
		"more/checks.yaml":                 "inputs/checks/plan-1.yaml",
		"audit/registers/documents.yaml":   "inputs/documents.yaml",
		"audit/registers/files/export.csv": "evidence/documents/files/export.csv",
	} {
		if !bytes.Equal(platform()[from].Data, bundle.MapFS[to].Data) {
			t.Errorf("%s is not %s byte for byte", to, from)
		}
	}

	again, err := input.LoadFrom(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Inputs, again.Inputs); diff != "" {
		t.Errorf("inputs (-saved +read):\n%s", diff)
	}
	second := memory{fstest.MapFS{}}
	if err := again.Save(second.create); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(bundle.MapFS, second.MapFS); diff != "" {
		t.Errorf("saved again (-first +second):\n%s", diff)
	}
}

func TestSaveDefault(t *testing.T) {
	set, err := input.Default(templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	bundle := memory{fstest.MapFS{}}
	if err := set.Save(bundle.create); err != nil {
		t.Fatal(err)
	}
	again, err := input.LoadFrom(bundle)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(set.Inputs, again.Inputs); diff != "" {
		t.Errorf("inputs (-saved +read):\n%s", diff)
	}
}

// A file that changes between hashing and copying would make the report lie.
func TestSaveRefusesAChangedAttachment(t *testing.T) {
	files := platform()
	set, err := input.LoadFS(files, "audit/plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	files["audit/registers/files/export.csv"].Data = []byte("abd")
	err = set.Save(memory{fstest.MapFS{}}.create)
	if err == nil || !strings.Contains(err.Error(), "export.csv: the file changed during the run") {
		t.Errorf("got %v", err)
	}
}

func TestLoadFromRefuses(t *testing.T) {
	saved := func() fstest.MapFS {
		set, err := input.LoadFS(platform(), "audit/plan.yaml", builtin)
		if err != nil {
			t.Fatal(err)
		}
		bundle := memory{fstest.MapFS{}}
		if err := set.Save(bundle.create); err != nil {
			t.Fatal(err)
		}
		return bundle.MapFS
	}
	replace := func(path, old, new string) func(fstest.MapFS) {
		return func(b fstest.MapFS) {
			changed := bytes.ReplaceAll(b[path].Data, []byte(old), []byte(new))
			if bytes.Equal(changed, b[path].Data) {
				t.Fatalf("%s has no %q", path, old)
			}
			b[path] = &fstest.MapFile{Data: changed}
		}
	}
	for _, c := range []struct {
		name   string
		damage func(fstest.MapFS)
		want   string
	}{
		{"no index", func(b fstest.MapFS) { delete(b, "inputs/index.json") }, "open inputs/index.json"},
		{"no plan", func(b fstest.MapFS) { delete(b, "inputs/plan.yaml") }, "open inputs/plan.yaml"},
		{"no attachment", func(b fstest.MapFS) { delete(b, "evidence/documents/files/export.csv") }, "open evidence/documents/files/export.csv"},
		{"climbing path", replace("inputs/index.json", "inputs/overlay.yaml", "../overlay.yaml"), "../overlay.yaml"},
		{"unknown kind", replace("inputs/index.json", `"Overlay"`, `"Overlays"`), "and Overlays is wanted here"},
		{"two plans", replace("inputs/index.json", `"Overlay"`, `"AuditPlan"`), "2 documents of kind AuditPlan"},
		{"no plan in the index", replace("inputs/index.json", `"AuditPlan"`, `"CheckSet"`), "0 documents of kind AuditPlan"},
		{"unknown field in the index", replace("inputs/index.json", `"unsigned"`, `"unsingned"`), "unsingned"},
		{"another plan", replace("inputs/plan.yaml", "scope", "skope"), `did you mean "scope"?`},
	} {
		t.Run(c.name, func(t *testing.T) {
			bundle := saved()
			c.damage(bundle)
			set, err := input.LoadFrom(bundle)
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got error %v, want one with %q", err, c.want)
			}
			if set != nil {
				t.Error("got a set with the error")
			}
		})
	}
}

func TestPeriodAsOf(t *testing.T) {
	asOf := time.Date(2026, 11, 22, 23, 30, 0, 0, time.UTC)
	got := schema.PlanSpec{}.PeriodAsOf(asOf)
	want := schema.Period{From: schema.NewDate(2026, 8, 24), To: schema.NewDate(2026, 11, 22)}
	if got != want {
		t.Errorf("default period is %v to %v, want %v to %v", got.From, got.To, want.From, want.To)
	}
	set := schema.Period{From: schema.NewDate(2026, 1, 1), To: schema.NewDate(2026, 4, 1)}
	if got := (schema.PlanSpec{Period: &set}).PeriodAsOf(asOf); got != set {
		t.Errorf("period of the plan is %v to %v", got.From, got.To)
	}
}

func TestSupportTable(t *testing.T) {
	files := fstest.MapFS{
		"plan.yaml":    {Data: []byte(planHead + "  support: support.yaml\n")},
		"support.yaml": {Data: bytes.Replace([]byte(supportTable), []byte("2027-06-28"), []byte("2028-06-28"), 1)},
	}
	set, err := input.LoadFS(files, "plan.yaml", builtin)
	if err != nil {
		t.Fatal(err)
	}
	if got := set.Support.Spec.Releases[0].EndOfLife.String(); got != "2028-06-28" {
		t.Errorf("the release ends on %s, want the day of the plan's own table", got)
	}
	files["support.yaml"] = &fstest.MapFile{Data: bytes.Replace([]byte(supportTable), []byte("'1.36'"), []byte("v1.36.1"), 1)}
	if _, err := input.LoadFS(files, "plan.yaml", builtin); err == nil {
		t.Error("a release v1.36.1 was accepted, and is no minor release")
	}
}
