package render_test

import (
	"encoding/json"
	"flag"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/auditpack/auditpack/internal/outline"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
)

var update = flag.Bool("update", false, "write the golden files")

var reports = map[string]func() (*schema.Report, *schema.Snapshot){
	"realistic":     fixture.Realistic,
	"empty":         fixture.Empty,
	"not collected": fixture.NotCollected,
	"small":         small,
	"scripts":       fixture.Scripts,
	"followed":      fixture.Followed,
}

// small is a report of one control, so that its golden file can be read.
func small() (*schema.Report, *schema.Snapshot) {
	r, s := fixture.Realistic()
	keep := func(control string) bool { return control == "ACC-01" }
	r.Areas, r.Controls, r.Populations, r.Queries = r.Areas[:1], r.Controls[:1], r.Populations[:2], r.Queries[:3]
	r.Queries[1].Outcome, r.Queries[1].Reason = schema.Truncated, "the server stopped after two pages"
	r.Exceptions, r.Documents, r.Questions = r.Exceptions[:2], r.Documents[:1], r.Questions[:1]
	r.Derived.AccessGrants = r.Derived.AccessGrants[:2]
	r.Sources, s.Sources = r.Sources[:1], s.Sources[:1]
	var checks []schema.CheckResult
	for _, c := range r.Checks {
		if keep(c.Control) {
			checks = append(checks, c)
		}
	}
	r.Checks = checks
	var findings []schema.Finding
	for _, f := range r.Findings {
		if keep(f.Control) {
			findings = append(findings, f)
		}
	}
	r.Findings = findings
	return r, s
}

func document(t *testing.T, report func() (*schema.Report, *schema.Snapshot)) *render.Document {
	t.Helper()
	r, s := report()
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

// TestGolden holds the chapters of small reports against what was approved.
func TestGolden(t *testing.T) {
	for _, name := range []string{"small", "empty"} {
		t.Run(name, func(t *testing.T) {
			holdGolden(t, name, encode(t, document(t, reports[name])))
		})
	}
}

// TestGoldenOutlines holds what larger reports show against what was approved.
func TestGoldenOutlines(t *testing.T) {
	for name, report := range map[string]func() (*schema.Report, *schema.Snapshot){
		"forbidden":     fixture.NotCollected,
		"many-findings": func() (*schema.Report, *schema.Snapshot) { return fixture.WithFindings(10_000) },
		"scripts":       fixture.Scripts,
		"followed":      fixture.Followed,
	} {
		t.Run(name, func(t *testing.T) {
			got, err := outline.Of(document(t, report))
			if err != nil {
				t.Fatal(err)
			}
			holdGolden(t, name, got)
		})
	}
}

func holdGolden(t *testing.T, name string, got []byte) {
	t.Helper()
	path := filepath.Join("testdata", name+".golden.json")
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("document (-want +got), go test ./render -update writes it:\n%s", diff)
	}
}

// encode writes a document without its sheets, each block under its type, and
// leaves out what is not set.
func encode(t *testing.T, d *render.Document) []byte {
	t.Helper()
	type section struct {
		render.Section
		Blocks []map[string]render.Block
	}
	type golden struct {
		render.Document
		Sections []section
		Sheets   any
	}
	g := golden{Document: *d}
	for _, s := range d.Sections {
		out := section{Section: s}
		for _, b := range s.Blocks {
			out.Blocks = append(out.Blocks, map[string]render.Block{reflect.TypeOf(b).Name(): b})
		}
		g.Sections = append(g.Sections, out)
	}
	b, err := json.Marshal(g)
	if err != nil {
		t.Fatal(err)
	}
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	if b, err = json.MarshalIndent(withoutUnset(v), "", " "); err != nil {
		t.Fatal(err)
	}
	return append(b, '\n')
}

func withoutUnset(v any) any {
	switch v := v.(type) {
	case map[string]any:
		for k, field := range v {
			switch field {
			case nil, "", false, 0.0:
				delete(v, k)
				continue
			}
			v[k] = withoutUnset(field)
		}
	case []any:
		for i := range v {
			v[i] = withoutUnset(v[i])
		}
	}
	return v
}

// TestBuildIsPure builds twice, and from a report that must come out unchanged.
func TestBuildIsPure(t *testing.T) {
	r, s := fixture.Realistic()
	before, err := schema.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	first, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	after, err := schema.Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(before), string(after)); diff != "" {
		t.Errorf("Build changed the report:\n%s", diff)
	}
	if diff := cmp.Diff(string(encode(t, first)), string(encode(t, document(t, fixture.Realistic)))); diff != "" {
		t.Errorf("two documents of one report differ:\n%s", diff)
	}
}

func TestLinksAndIDs(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			d := document(t, report)
			ids := map[string]bool{}
			for _, s := range d.Sections {
				if s.ID == "" {
					t.Errorf("the section %q has no id", s.Title)
				}
			}
			walk(reflect.ValueOf(d.Sections), "ID", func(id string) {
				if ids[id] {
					t.Errorf("the id %q is used twice", id)
				}
				ids[id] = true
			})
			walk(reflect.ValueOf(d.Sections), "Link", func(link string) {
				if !ids[link] {
					t.Errorf("a link leads to %q, which is nowhere", link)
				}
			})
		})
	}
}

// walk calls f with every field of that name that is set.
func walk(v reflect.Value, name string, f func(string)) {
	switch v.Kind() {
	case reflect.Interface, reflect.Pointer:
		if !v.IsNil() {
			walk(v.Elem(), name, f)
		}
	case reflect.Slice:
		for i := range v.Len() {
			walk(v.Index(i), name, f)
		}
	case reflect.Struct:
		for i := range v.NumField() {
			if v.Type().Field(i).Name == name && v.Field(i).String() != "" {
				f(v.Field(i).String())
			}
			walk(v.Field(i), name, f)
		}
	}
}

// TestTablesAreRectangular catches a row with a cell too few, which a renderer would misplace.
func TestTablesAreRectangular(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			for _, s := range document(t, report).Sections {
				for _, b := range s.Blocks {
					table, ok := b.(render.Table)
					if !ok {
						continue
					}
					for _, row := range table.Rows {
						if len(row) != len(table.Columns) {
							t.Errorf("%s: a row has %d cells, and the table %d columns: %v", s.ID, len(row), len(table.Columns), row)
						}
					}
				}
			}
		})
	}
}

// text is everything that the sections with an id say.
func text(t *testing.T, d *render.Document, id string) string {
	t.Helper()
	for _, s := range d.Sections {
		if s.ID == id {
			b, err := json.Marshal(s)
			if err != nil {
				t.Fatal(err)
			}
			return string(b)
		}
	}
	t.Fatalf("there is no section %q", id)
	return ""
}

// TestNothingAskedIsNotEverythingAnswered keeps an empty report from looking clean.
func TestNothingAskedIsNotEverythingAnswered(t *testing.T) {
	d := document(t, fixture.Empty)
	for _, id := range []string{"summary", "unseen"} {
		if got := text(t, d, id); !strings.Contains(got, "No query was put to any source.") || strings.Contains(got, "answered completely.") {
			t.Errorf("%s of an empty report says: %s", id, got)
		}
	}
	if got := text(t, d, "summary"); strings.Contains(got, "on time") {
		t.Errorf("the summary praises reviews of no controls: %s", got)
	}
}

// TestQuestionsDoNotPraiseWhatWasNotRead holds every sentence that an empty table
// says about a complete population against a report where all was refused.
func TestQuestionsDoNotPraiseWhatWasNotRead(t *testing.T) {
	r, s := fixture.NotCollected()
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	praise := []string{"No administrator was found", "Nobody but Kubernetes", "No backup product", "No namespace is in scope", "No workload was read", "0 hosts", "without TLS"}
	for _, id := range []string{"Q1", "Q2", "Q3", "Q4", "Q5", "Q6"} {
		got := text(t, d, id)
		if !strings.Contains(got, "Not all of this could be read") {
			t.Errorf("%s does not say that it rests on gaps: %s", id, got)
		}
		for _, p := range praise {
			if strings.Contains(got, p) {
				t.Errorf("%s says %q of what was not read", id, p)
			}
		}
	}
	for i := range r.Populations {
		r.Populations[i].Complete = true
	}
	if d, err = render.Build(r, s, templates.FS); err != nil {
		t.Fatal(err)
	}
	if got := text(t, d, "Q1"); !strings.Contains(got, praise[0]) {
		t.Errorf("Q1 does not say of a complete and empty population that there is nobody: %s", got)
	}
}

func TestCoverSaysHowFarToTrustIt(t *testing.T) {
	tests := []struct {
		name           string
		unsigned, demo bool
		want, not      string
	}{
		{"signed", false, false, "Signed; see how to verify it", "UNSIGNED"},
		{"unsigned", true, false, "UNSIGNED", "Signed;"},
		{"demo", false, true, "key made for this demonstration", "Signed;"},
		{"unsigned demo", true, true, "UNSIGNED", "Signed"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			r, s := small()
			r.Plan.Unsigned, r.Plan.Demo = tt.unsigned, tt.demo
			d, err := render.Build(r, s, templates.FS)
			if err != nil {
				t.Fatal(err)
			}
			got := text(t, d, "cover")
			if !strings.Contains(got, tt.want) || strings.Contains(got, tt.not) {
				t.Errorf("the cover should say %q and not %q: %s", tt.want, tt.not, got)
			}
		})
	}
}

func TestGapNamesTheChecksThatWaitForIt(t *testing.T) {
	r, s := small()
	r.Checks = []schema.CheckResult{
		{ID: "ACC-01.k1", Control: "ACC-01", Implemented: true, Populations: []string{"accessGrants"}}, // derived from roles
		{ID: "ACC-01.k2", Control: "ACC-01", Implemented: true, Populations: []string{"nodes"}},
	}
	r.Queries = []schema.Query{{Source: "prod-eu", Resource: "clusterroles.rbac.authorization.k8s.io", Target: "list", Outcome: schema.Forbidden, Reason: "not allowed here"}}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	var row []render.Text
	for _, section := range d.Sections {
		if section.ID == "unseen" {
			i := slices.IndexFunc(section.Blocks, func(b render.Block) bool { _, ok := b.(render.Table); return ok })
			row = section.Blocks[i].(render.Table).Rows[0]
		}
	}
	want := []render.Text{
		{Value: "prod-eu"}, {Value: "clusterroles.rbac.authorization.k8s.io", Note: "list"},
		{Value: "forbidden", Tone: render.Bad}, {Value: "not allowed here"}, {Value: "ACC-01.k1"},
	}
	if diff := cmp.Diff(want, row); diff != "" {
		t.Errorf("gap (-want +got):\n%s", diff)
	}
}

func TestChecksWithoutResultAreCountedByReason(t *testing.T) {
	r, s := small()
	r.Queries = []schema.Query{{Source: "prod-eu", Outcome: schema.Complete}}
	r.Checks = []schema.CheckResult{
		{ID: "A.k1", Kind: schema.CheckAPI, Implemented: true, Result: schema.ResultPass},
		{ID: "A.k2", Kind: schema.CheckAPI, Implemented: true, Result: schema.ResultNotCollected},
		{ID: "A.k3", Kind: schema.CheckAPI, Result: schema.ResultNotCollected},
		{ID: "A.p1", Kind: schema.CheckPipeline, Result: schema.ResultNotCollected},
		{ID: "A.p2", Kind: schema.CheckPipeline, Result: schema.ResultNotCollected},
		{ID: "A.d1", Kind: schema.CheckDocument, Implemented: true, Result: schema.ResultNotCollected},
	}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	want := "Of 6 checks 1 gave a result. The others by reason: no pipeline source in the plan 2, " +
		"no rule in this release 1, no document or list 1, not shown by what was collected 1."
	for _, id := range []string{"summary", "unseen"} {
		if got := text(t, d, id); !strings.Contains(got, want) {
			t.Errorf("%s should say %q: %s", id, want, got)
		}
	}
}

func TestFilesThatThePlanCallsComplete(t *testing.T) {
	r, s := small()
	r.Sources = []schema.Source{{Name: "prod-eu", Kind: schema.SourceFiles, Location: "dump"}}
	r.Queries = []schema.Query{
		{Source: "prod-eu", Resource: "pods", Outcome: schema.Complete, Rows: 3},
		{Source: "prod-eu", Resource: "nodes", Outcome: schema.Complete}, // an empty list is among the files
		{Source: "prod-eu", Resource: "services", Outcome: schema.Complete, Reason: "no document"},
		{Source: "prod-eu", Resource: "backups.velero.io", Outcome: schema.Absent, Reason: "no document"},
	}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"cover":    "The rows of prod-eu come from files; no server was asked. To 2 of 4 queries the files hold no document.",
		"unseen":   "To 2 of 4 queries the files hold no document.",
		"source-1": "To 2 of 4 queries the files hold no document.",
	} {
		if got := text(t, d, id); !strings.Contains(got, want) {
			t.Errorf("%s should say %q: %s", id, want, got)
		}
	}
}

func TestDocumentWithProblemsIsNotFresh(t *testing.T) {
	r, s := small()
	r.Documents = []schema.DocumentResult{{
		DocumentRecord: schema.DocumentRecord{ID: "D-1", Title: "Backup policy"},
		Freshness:      schema.Fresh, Problems: []string{"its SHA-256 differs"},
	}}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for _, section := range d.Sections {
		if section.ID != "documents" {
			continue
		}
		row := section.Blocks[1].(render.Table).Rows[0]
		if diff := cmp.Diff(render.Text{Value: "fails", Note: "fresh", Tone: render.Bad}, row[len(row)-1]); diff != "" {
			t.Errorf("state (-want +got):\n%s", diff)
		}
		if want := "Backup policy: its SHA-256 differs"; row[0].Value != want {
			t.Errorf("title %q, want %q", row[0].Value, want)
		}
	}
}

func TestReasonsOfSeveralChecksAreSaidOnce(t *testing.T) {
	r, s := small()
	r.Controls[0].Reasons = []string{
		"CHG-01.p1 is not collected: no pipeline source", "CHG-01.p2 is not collected: no pipeline source",
		"CHG-01.k1 fails with 1 finding", "CHG-01.k2 is not collected", "nobody signed off the control",
	}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	want := []render.Text{{Value: "Why implemented: CHG-01.p1, CHG-01.p2 are not collected: no pipeline source; CHG-01.k1 fails with 1 finding; " +
		"CHG-01.k2 is not collected; nobody signed off the control."}}
	for _, section := range d.Sections {
		for _, b := range section.Blocks {
			if box, ok := b.(render.Callout); ok && section.ID == r.Controls[0].ID {
				if diff := cmp.Diff(want, box.Lines); diff != "" {
					t.Errorf("reasons (-want +got):\n%s", diff)
				}
				return
			}
		}
	}
	t.Error("the control has no box with reasons")
}

func TestQuestionsSayWhatIsLeftOutAndUnknown(t *testing.T) {
	r, s := small()
	r.Questions = []schema.Question{{ID: "Q4"}, {ID: "Q6"}}
	s.Evidence.Secrets = []schema.Secret{{Name: "a", Tier: schema.SecretsInventory}, {Name: "b", Tier: schema.SecretsRotation}}
	s.Evidence.Backups = []schema.Backup{{Name: "daily", Kind: "Schedule", Namespaces: []string{"*"}, ExcludedNamespaces: []string{"legacy", "preview"}}}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[string]string{
		"Q4": "no known manager 1, not known in this tier 1",
		"Q6": "without legacy, preview",
	} {
		if got := text(t, d, id); !strings.Contains(got, want) {
			t.Errorf("%s should say %q: %s", id, want, got)
		}
	}
}

func TestLongTailsAreCounted(t *testing.T) {
	r, s := small()
	r.Findings = nil
	for range 500 {
		r.Findings = append(r.Findings, schema.Finding{Check: "ACC-01.k1", Control: "ACC-01", Severity: schema.High, Result: schema.ResultFail, Owner: "SRE", Message: "one of many"})
	}
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	if got := text(t, d, "owner-1"); strings.Count(got, "one of many") != 8 || !strings.Contains(got, "492 more rows") {
		t.Errorf("the owner's part shows %d rows and should count 492 more: %s", strings.Count(got, "one of many"), got)
	}
}

func TestLongTablesNameTheSheetWithTheRest(t *testing.T) {
	d := document(t, fixture.Realistic)
	for id, want := range map[string]string{"Q1": "Access grants", "Q2": "Barriers"} {
		if got := text(t, d, id); !strings.Contains(got, `more rows are on sheet \"`+want+`\"`) {
			t.Errorf("%s does not name the sheet %q: %s", id, want, got)
		}
	}
}

func TestMissingOrMalformedTextIsAnError(t *testing.T) {
	all := func() fstest.MapFS {
		m := fstest.MapFS{}
		entries, err := fs.ReadDir(templates.FS, "text")
		if err != nil {
			t.Fatal(err)
		}
		for _, e := range entries {
			b, err := fs.ReadFile(templates.FS, "text/"+e.Name())
			if err != nil {
				t.Fatal(err)
			}
			m["text/"+e.Name()] = &fstest.MapFile{Data: b}
		}
		return m
	}
	missing, malformed := all(), all()
	delete(missing, "text/verify.md")
	malformed["text/limits.md"] = &fstest.MapFile{Data: []byte("| a | b |\n|---|---|\n| only one |\n")}
	for name, files := range map[string]fstest.MapFS{"text/verify.md": missing, "text/limits.md": malformed} {
		r, s := fixture.Empty()
		d, err := render.Build(r, s, files)
		if err == nil || !strings.Contains(err.Error(), name) || d != nil {
			t.Errorf("got %v and error %v, want an error that names %s", d, err, name)
		}
	}
}
