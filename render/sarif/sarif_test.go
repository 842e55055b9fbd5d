package sarif

import (
	"bytes"
	"encoding/json"
	"go/ast"
	"go/parser"
	"go/token"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
)

// oasisSchema returns the schema of SARIF 2.1.0, which the module go-sarif has as
// a constant. Nothing of that module is linked.
func oasisSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", "github.com/owenrumney/go-sarif/v3@v3.3.1").Output()
	if err != nil {
		t.Fatalf("the module that has the schema cannot be downloaded: %v\n%s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	file, err := parser.ParseFile(token.NewFileSet(), filepath.Join(module.Dir, "pkg/report/v210/sarif/schema.go"), nil, 0)
	if err != nil {
		t.Fatal(err)
	}
	var text string
	ast.Inspect(file, func(n ast.Node) bool {
		if lit, ok := n.(*ast.BasicLit); ok && lit.Kind == token.STRING && len(lit.Value) > len(text) {
			text = lit.Value
		}
		return true
	})
	if text, err = strconv.Unquote(text); err != nil {
		t.Fatal(err)
	}
	doc, err := jsonschema.UnmarshalJSON(strings.NewReader(text))
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(schemaURI, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(schemaURI)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// everywhere returns a place for the object of every finding.
func everywhere(r *schema.Report) []schema.Place {
	var out []schema.Place
	for i, f := range r.Findings {
		s := f.Subject
		out = append(out, schema.Place{Cluster: s.Cluster, Kind: s.Kind, Namespace: s.Namespace, Name: s.Name, File: "a b/ü#" + s.Name + ".yaml", Line: i + 1})
	}
	return out
}

func TestValidByTheSchema(t *testing.T) {
	s := oasisSchema(t)
	for name, make := range map[string]func() (*schema.Report, *schema.Snapshot){
		"realistic": fixture.Realistic, "empty": fixture.Empty, "not collected": fixture.NotCollected,
	} {
		r, _ := make()
		var checks []schema.Check
		for _, c := range r.Checks {
			checks = append(checks, schema.Check{ID: c.ID, Title: fixture.Hostile, Logic: fixture.Hostile, Remediation: "Do it."})
		}
		for i := range r.Findings {
			r.Findings[i].Message += fixture.Hostile
		}
		log := Log(r, everywhere(r), checks)
		b, err := schema.Marshal(log)
		if err != nil {
			t.Fatal(err)
		}
		v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(v); err != nil {
			text := err.Error()
			t.Errorf("%s: %s", name, text[:min(len(text), 3000)])
		}
		if got := len(log.Runs[0].Results); got != len(r.Findings) {
			t.Errorf("%s: %d results for %d findings", name, got, len(r.Findings))
		}
		for _, result := range log.Runs[0].Results {
			if rule := log.Runs[0].Tool.Driver.Rules[result.RuleIndex]; rule.ID != result.RuleID {
				t.Errorf("%s: the rule of a result of %s is %s", name, result.RuleID, rule.ID)
			}
		}
	}
}

func TestResults(t *testing.T) {
	deployment := schema.Subject{Cluster: "prod", Kind: "Deployment", Namespace: "shop", Name: "web"}
	container := deployment
	container.Field = "container/app"
	grant := schema.AccessGrant{
		Cluster: "prod", SubjectKind: "User", SubjectName: "ann", Scope: "*", BindingKind: "ClusterRoleBinding", Binding: "admins", RoleKind: "ClusterRole", Role: "cluster-admin",
	}
	r := &schema.Report{
		AsOf: fixture.AsOf, Tool: schema.Tool{Name: "auditpack"}, Plan: schema.PlanFacts{Name: "p"},
		Derived: schema.Derived{AccessGrants: []schema.AccessGrant{grant}},
		Checks:  []schema.CheckResult{{ID: "A.k1", Control: "A", Severity: schema.High}, {ID: "B.k1", Control: "B", Severity: schema.Low}},
		Findings: []schema.Finding{
			{ID: "1", Check: "A.k1", Severity: schema.Critical, Result: schema.ResultFail, Subject: container, Message: "runs {as} root [see](http://x)"},
			{ID: "2", Check: "A.k1", Severity: schema.Medium, Result: schema.ResultNeedsReview, Subject: deployment, Message: "judge"},
			{ID: "3", Check: "B.k1", Severity: schema.Low, Result: schema.ResultFail, Subject: grant.Subject(), Message: "admin", Exception: "EX-1", ExceptedUntil: schema.NewDate(2027, 1, 31)},
			{ID: "4", Check: "C.k1", Severity: schema.Low, Result: schema.ResultFail, Subject: schema.Subject{Cluster: "staging", Kind: "Deployment", Namespace: "shop", Name: "web"}},
			{ID: "5", Check: "C.k1", Severity: schema.Low, Result: schema.ResultFail, Subject: schema.Subject{Kind: "Control", Name: "A"}},
		},
	}
	places := []schema.Place{
		{Cluster: "prod", Kind: "Deployment", Namespace: "shop", Name: "web", File: "apps/we b:1.yaml", Line: 7},
		{Cluster: "prod", Kind: "ClusterRoleBinding", Name: "admins", File: "c:d.yaml", Line: 1},
	}
	type result struct {
		id, kind, level, uri, message, suppressed string
		line                                      int
	}
	var got []result
	for _, r := range Log(r, places, nil).Runs[0].Results {
		p := r.Locations[0].PhysicalLocation
		out := result{r.PartialFingerprints[identifier], r.Kind, r.Level, p.ArtifactLocation.URI, r.Message.Text, "", p.Region.StartLine}
		for _, s := range r.Suppressions {
			out.suppressed = s.Justification
		}
		got = append(got, out)
	}
	want := []result{
		{"1", "fail", "error", "apps/we%20b:1.yaml", "runs {{as}} root [see] (http://x)", "", 7},
		{"2", "review", "none", "apps/we%20b:1.yaml", "judge", "", 7},
		{"3", "fail", "note", "./c:d.yaml", "admin", "Exception EX-1, until 2027-01-31", 1},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(result{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
