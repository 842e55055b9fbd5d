package html_test

import (
	"bytes"
	"errors"
	"fmt"
	"iter"
	"regexp"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/html"
	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// Names that would end an element, a string or a comment, run a script, load
// something, or turn the direction of text, if they were not written as text.
var hostile = []string{
	`</script><script>window.broken=1</script>`, `"><img src=x onerror="window.broken=1">`, `'-window.broken-'`, `<!--<script>`, `]]>`,
	`javascript:window.broken=1`, "a\u2028window.broken=1\u2029", "\u202egnp.exe\u2066", "\x1b[31mred\x1b[0m\x00", "\xff\xfe", `{{.}} ${window.broken=1} \u003c`,
	`<base href="http://elsewhere.example/">`, `&lt;b&gt;`,
}

// A pack is a report with the objects that its archive would have.
type pack struct {
	report   *schema.Report
	snapshot *schema.Snapshot
	objects  []schema.Object
}

// sample is the realistic fixture, and a finding about a workload that has a row
// and an object.
func sample() pack {
	r, s := fixture.Realistic()
	w := s.Evidence.Workloads[0]
	check := r.Checks[0]
	r.Checks[0].Populations = []string{"workloads", "containers"}
	f := schema.Finding{
		ID: check.ID + "-00000000000000aa", Check: check.ID, Control: check.Control, Severity: schema.Critical, Result: schema.ResultFail, Subject: w.Subject(),
		Message: "A finding that rests on a row and an object.", Remediation: "Mend it.", Owner: "SRE",
	}
	r.Findings = append([]schema.Finding{f}, r.Findings...)
	object := schema.Object{
		Subject: w.Subject(), Path: "evidence/objects/prod/deployments.apps.jsonl", Line: 7,
		JSON: `{"kind":"Deployment","metadata":{"name":"api","uid":"5a7e","generation":12345678901234567890},"spec":{"template":{},"note":"a \"quoted\" { text, with: signs"}}`,
	}
	return pack{r, s, []schema.Object{object}}
}

// attacked is the sample with a hostile name in each place that a cluster, a
// person or a register fills.
func attacked() pack {
	p := sample()
	for i, name := range hostile {
		f := p.report.Findings[0]
		f.ID = fmt.Sprintf("%s-%s", f.Check, name)
		f.Subject = schema.Subject{Cluster: name, Kind: "Deployment", Namespace: name, Name: name, Field: name}
		f.Message, f.Remediation, f.Owner = name, name, name
		p.report.Findings = append(p.report.Findings, f)
		p.snapshot.Evidence.Workloads = append(p.snapshot.Evidence.Workloads, schema.Workload{Cluster: name, Kind: "Deployment", Namespace: name, Name: name})
		p.report.Controls[i].Owner, p.report.Controls[i].Title, p.report.Controls[i].Risk = name, name, name
		p.report.Exceptions[0].Reason, p.report.Documents[0].Title = name, name
		object := f.Subject
		object.Field = ""
		p.objects = append(p.objects, schema.Object{Subject: object, Path: name, Line: 1, JSON: `{"kind":"Deployment","note":"</script><b>\u202e` + "\u202e" + `"}`})
	}
	p.report.Plan.Organization, p.report.Plan.Scope = hostile[0], hostile[1]
	return p
}

func (p pack) found() iter.Seq2[schema.Object, error] {
	return func(yield func(schema.Object, error) bool) {
		for _, o := range p.objects {
			if !yield(o, nil) {
				return
			}
		}
	}
}

func (p pack) page(t testing.TB) string {
	t.Helper()
	d, err := render.Build(p.report, p.snapshot, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	if err := html.Render(&b, d, p.found()); err != nil {
		t.Fatal(err)
	}
	return b.String()
}

func TestEqualDocumentsGiveEqualPages(t *testing.T) {
	first, second := attacked().page(t), attacked().page(t)
	if first != second {
		t.Error("two pages of one document differ")
	}
}

func TestAnErrorOfTheObjectsEndsThePage(t *testing.T) {
	p := sample()
	d, err := render.Build(p.report, p.snapshot, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	broken := errors.New("deployments.apps.jsonl:3: the line is cut off")
	var b bytes.Buffer
	err = html.Render(&b, d, func(yield func(schema.Object, error) bool) { yield(schema.Object{}, broken) })
	if !errors.Is(err, broken) {
		t.Errorf("error %v, want %v", err, broken)
	}
	if strings.Contains(b.String(), "</html>") {
		t.Error("the page looks complete")
	}
}

// data is what stands in the block that the script reads.
func data(t *testing.T, page string) string {
	t.Helper()
	block := regexp.MustCompile(`(?s)<script type="application/json" id="data">(.*?)</script>`).FindStringSubmatch(page)
	if block == nil {
		t.Fatal("the page has no data")
	}
	return block[1]
}

func TestNothingInTheDataHasAMeaningInMarkup(t *testing.T) {
	block := data(t, attacked().page(t))
	if i := strings.IndexFunc(block, func(r rune) bool { return strings.ContainsRune("<>&", r) || render.Hidden(r) && r != '\n' }); i >= 0 {
		t.Errorf("the data has %q", block[i:min(len(block), i+40)])
	}
	if n := strings.Count(block, `[U+202E]gnp.exe`); n == 0 {
		t.Error("a name that turns the direction of text is not shown for what it is")
	}
	if want := `\\u202e\\u202e`; !strings.Contains(block, want) {
		t.Errorf("an object should have %s", want)
	}
}

func TestWhatIsTooLargeIsNamedAndLeftOut(t *testing.T) {
	p := sample()
	large := `{"kind":"Deployment","spec":"` + strings.Repeat("x", 64<<10) + `"}`
	p.objects[0].JSON = large
	for i := range 3000 {
		f := p.report.Findings[0]
		f.ID, f.Subject.Name = fmt.Sprintf("%s-%016x", f.Check, i), fmt.Sprintf("%s-%04d", strings.Repeat("long", 60), i)
		p.report.Findings = append(p.report.Findings, f)
		p.snapshot.Evidence.Workloads = append(p.snapshot.Evidence.Workloads, schema.Workload{Cluster: f.Subject.Cluster, Kind: f.Subject.Kind, Namespace: f.Subject.Namespace, Name: f.Subject.Name, PodLabels: map[string]string{"app": strings.Repeat("y", 2000)}})
		o := f.Subject
		p.objects = append(p.objects, schema.Object{Subject: o, Path: "evidence/objects/prod/deployments.apps.jsonl", Line: i + 8, JSON: `{"kind":"Deployment","spec":"` + strings.Repeat("z", 3000) + `"}`})
	}
	block := data(t, p.page(t))
	if strings.Contains(block, strings.Repeat("x", 64<<10)) {
		t.Error("an object of 64 KiB is in the page")
	}
	if !strings.Contains(block, `"path":"evidence/objects/prod/deployments.apps.jsonl","line":7}`) {
		t.Error("the page does not say where the large object lies")
	}
	if n := strings.Count(block, `deployments.apps.jsonl","line":3007}`); n != 1 {
		t.Errorf("the last object is named %d times without its text, want once", n)
	}
	if !regexp.MustCompile(`\{"list":\d+,"line":\d+\}`).MatchString(block) {
		t.Error("no row is left out")
	}
	if len(block) > 20<<20 {
		t.Errorf("the data has %d bytes", len(block))
	}
}

func TestTheCutReportHasNoObjects(t *testing.T) {
	p := sample()
	p.report.Findings = nil
	if block := data(t, p.page(t)); strings.Contains(block, "Deployment") {
		t.Errorf("the page shows an object that no finding leads to: %s", block)
	}
}
