package oscal

import (
	"bytes"
	"encoding/json"
	"iter"
	"os"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
)

// nistSchema returns NIST's JSON schema of all models, which the file has that
// OSCAL_SCHEMA names. It is not part of this project.
func nistSchema(t *testing.T) *jsonschema.Schema {
	t.Helper()
	name := os.Getenv("OSCAL_SCHEMA")
	if name == "" {
		t.Skip("OSCAL_SCHEMA is not set: whether the documents are valid against NIST's schema was NOT checked. " +
			"Set it to oscal_complete_schema.json of release " + release + " (https://github.com/usnistgov/OSCAL/releases).")
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	doc, err := jsonschema.UnmarshalJSON(f)
	if err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	c.AssertFormat()
	if err := c.AddResource(name, doc); err != nil {
		t.Fatal(err)
	}
	s, err := c.Compile(name)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// hostile is a report whose every text comes from somebody who means harm, or is empty.
func hostile() *schema.Report {
	r, _ := fixture.Realistic()
	r.Plan.Organization, r.Plan.Scope = fixture.Hostile, " "
	for i := range r.Controls {
		c := &r.Controls[i]
		c.Title, c.Statement, c.Operates, c.Risk = fixture.Hostile, "", "\n", fixture.Hostile
		c.Owner, c.Reviewer, c.NotApplicableBecause = fixture.Hostile, " \t", fixture.Hostile
		c.Reasons = []string{fixture.Hostile, ""}
		c.References.Other = map[string][]string{"my standard/1 (ü)": {"", fixture.Hostile}}
	}
	for i := range r.Findings {
		f := &r.Findings[i]
		f.Message, f.Remediation, f.Owner = fixture.Hostile, "", " "
		f.Subject.Name, f.Subject.Field = fixture.Hostile, fixture.Hostile
	}
	for i := range r.Checks {
		r.Checks[i].Reason = fixture.Hostile
	}
	return r
}

// digits is a report of a table whose ids begin with digits, as those of benchmarks do.
func digits() *schema.Report {
	r, _ := fixture.Realistic()
	r.Areas, r.Controls = []schema.Area{{ID: "1", Name: "One"}}, r.Controls[:1]
	r.Controls[0].ID, r.Controls[0].Area = "1.2.3", "1"
	r.Checks, r.Findings = nil, nil
	return r
}

func reports() map[string]*schema.Report {
	out := map[string]*schema.Report{"hostile": hostile(), "digits": digits()}
	for name, make := range map[string]func() (*schema.Report, *schema.Snapshot){
		"realistic": fixture.Realistic, "empty": fixture.Empty, "not collected": fixture.NotCollected,
	} {
		out[name], _ = make()
	}
	return out
}

func titles(r *schema.Report) []schema.Check {
	var out []schema.Check
	for _, c := range r.Checks {
		out = append(out, schema.Check{ID: c.ID, Title: "Title of " + c.ID})
	}
	return out
}

// all returns the elements of a stream.
func all[T any](s Stream[T]) []T { return slices.Collect(iter.Seq[T](s)) }

// documents returns the bytes of the documents of a report, by path.
func documents(t *testing.T, r *schema.Report) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for path, f := range map[string]*File{
		CatalogPath: Catalog(r), ComponentDefinitionPath: ComponentDefinition(r),
		AssessmentResultsPath: AssessmentResults(r, titles(r)), PlanOfActionPath: PlanOfAction(r, titles(r)),
	} {
		if f == nil {
			continue
		}
		b, err := schema.Marshal(f)
		if err != nil {
			t.Fatal(err)
		}
		out[path] = b
	}
	return out
}

func TestValidByNISTsSchema(t *testing.T) {
	s := nistSchema(t)
	for name, r := range reports() {
		for path, b := range documents(t, r) {
			v, err := jsonschema.UnmarshalJSON(bytes.NewReader(b))
			if err != nil {
				t.Fatal(err)
			}
			if err := s.Validate(v); err != nil {
				text := err.Error()
				t.Errorf("%s, %s: %s", name, path, text[:min(len(text), 3000)])
			}
		}
	}
}

// TestReferencesResolve follows every reference inside a document, and every id of
// a control to the catalog.
func TestReferencesResolve(t *testing.T) {
	for name, r := range reports() {
		docs := documents(t, r)
		known := map[string]bool{}
		walk(t, docs[CatalogPath], func(field, value string) {
			if field == "id" {
				known[value] = true
			}
		})
		for path, b := range docs {
			defined, count := map[string]int{}, 0
			walk(t, b, func(field, value string) {
				if field == "uuid" {
					defined[value]++
				}
			})
			for uuid, n := range defined {
				if n > 1 {
					t.Errorf("%s, %s: %s is given %d times", name, path, uuid, n)
				}
			}
			walk(t, b, func(field, value string) {
				fragment, isFragment := strings.CutPrefix(value, "#")
				switch {
				case field == "control-id" || field == "target-id":
					if known[value] || strings.Contains(path, "component") && value == strings.ToLower(value) {
						count++
						return
					}
				case isFragment && (field == "href" || field == "source"):
					if defined[fragment] == 1 {
						count++
						return
					}
				case strings.HasSuffix(field, "-uuid") || field == "party-uuids":
					if defined[value] == 1 {
						count++
						return
					}
				default:
					return
				}
				t.Errorf("%s, %s: %s %s leads nowhere", name, path, field, value)
			})
			if count == 0 && name == "realistic" && path != CatalogPath {
				t.Errorf("%s, %s: no reference was seen", name, path)
			}
		}
	}
}

// walk calls visit for every string of a JSON document, with the name of its field.
func walk(t *testing.T, b []byte, visit func(field, value string)) {
	t.Helper()
	var v any
	if err := json.Unmarshal(b, &v); err != nil {
		t.Fatal(err)
	}
	var down func(field string, v any)
	down = func(field string, v any) {
		switch v := v.(type) {
		case map[string]any:
			for k, e := range v {
				down(k, e)
			}
		case []any:
			for _, e := range v {
				down(field, e)
			}
		case string:
			visit(field, v)
		}
	}
	down("", v)
}

func TestOnlyImplementedIsSatisfied(t *testing.T) {
	for _, test := range []struct {
		status        schema.Status
		check         schema.Result
		state, reason string
	}{
		{schema.Implemented, schema.ResultPass, "satisfied", "pass"},
		{schema.Partial, schema.ResultFail, "not-satisfied", "fail"},
		{schema.Partial, schema.ResultNotCollected, "not-satisfied", "other"},
		{schema.NotImplemented, schema.ResultFail, "not-satisfied", "fail"},
		{schema.NotImplemented, schema.ResultNotCollected, "not-satisfied", "other"},
		{schema.NeedsReview, schema.ResultNeedsReview, "not-satisfied", "other"},
		{schema.NeedsReview, schema.ResultPass, "not-satisfied", "other"},
		{"a status of a later release", schema.ResultPass, "not-satisfied", "other"},
	} {
		r := &schema.Report{AsOf: fixture.AsOf, Plan: schema.PlanFacts{Name: "p", Organization: "o"}}
		r.Controls = []schema.ControlResult{{Control: schema.Control{ID: "A-1", Title: "t"}, Status: test.status}}
		r.Checks = []schema.CheckResult{{ID: "A-1.k1", Control: "A-1", Result: test.check}}
		got := AssessmentResults(r, nil).AssessmentResults.Results[0].Findings[0].Target.Status
		if got.State != test.state || got.Reason != test.reason {
			t.Errorf("%s with a check that is %s: %s, %s; want %s, %s", test.status, test.check, got.State, got.Reason, test.state, test.reason)
		}
	}
}

func TestNotApplicableIsNoConclusion(t *testing.T) {
	r := &schema.Report{AsOf: fixture.AsOf, Controls: []schema.ControlResult{
		{Control: schema.Control{ID: "A-1", Title: "t"}, Status: schema.NotApplicable, NotApplicableBecause: "no such thing"},
	}}
	got := AssessmentResults(r, nil).AssessmentResults.Results[0]
	if len(got.Findings) != 0 || len(got.ReviewedControls.ControlSelections[0].IncludeControls) != 0 {
		t.Errorf("%+v", got)
	}
	if want := "Not applicable: A-1: no such thing"; got.ReviewedControls.ControlSelections[0].Remarks != want {
		t.Errorf("got %q, want %q", got.ReviewedControls.ControlSelections[0].Remarks, want)
	}
}

func TestWhatIsLeftToDo(t *testing.T) {
	until := schema.NewDate(2027, time.January, 31)
	r := &schema.Report{AsOf: fixture.AsOf, Plan: schema.PlanFacts{Name: "p"}, Controls: []schema.ControlResult{{Control: schema.Control{ID: "A-1", Owner: "team-a"}}}}
	r.Checks = []schema.CheckResult{
		{ID: "A-1.k1", Control: "A-1", Result: schema.ResultFail}, {ID: "A-1.k2", Control: "A-1", Result: schema.ResultPass},
		{ID: "A-1.k3", Control: "A-1", Result: schema.ResultNotCollected, Reason: "pods: forbidden"},
	}
	r.Findings = []schema.Finding{
		{ID: "A-1.k1-1", Check: "A-1.k1", Control: "A-1", Severity: schema.High, Result: schema.ResultFail, Message: "open"},
		{ID: "A-1.k1-2", Check: "A-1.k1", Control: "A-1", Result: schema.ResultFail, Message: "accepted", Exception: "EX-1", ExceptedUntil: until},
		{ID: "A-1.k1-3", Check: "A-1.k1", Control: "A-1", Result: schema.ResultNeedsReview, Message: "to judge"},
	}
	type item struct{ description, status, deadline string }
	var got []item
	m := PlanOfAction(r, nil).PlanOfAction
	risks := all(m.Risks)
	for i := range m.Items {
		out := item{description: i.Description}
		for _, rel := range i.RelatedRisks {
			risk := risks[slices.IndexFunc(risks, func(r Risk) bool { return r.UUID == rel.RiskUUID })]
			out.status = risk.Status
			if risk.Deadline != nil {
				out.deadline = risk.Deadline.Format(time.RFC3339)
			}
		}
		got = append(got, out)
	}
	want := []item{
		{"open", "open", ""}, {"accepted", "deviation-approved", "2027-01-31T23:59:59Z"}, {"to judge", "investigating", ""},
		{"Evidence is missing. pods: forbidden", "", ""},
	}
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(item{})); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	r.Checks, r.Findings = r.Checks[1:2], nil
	if f := PlanOfAction(r, nil); f != nil {
		t.Errorf("nothing is left to do, and there is %+v", all(f.PlanOfAction.Items))
	}
}

// TestIDsStay compares two reports of one cluster that has another name and a
// later date in the second.
func TestIDsStay(t *testing.T) {
	report := func(name string, asOf time.Time) *schema.Report {
		r := &schema.Report{AsOf: asOf, Plan: schema.PlanFacts{Name: "p"}, Sources: []schema.Source{{Name: name, UID: "uid"}}}
		r.Checks = []schema.CheckResult{{ID: "A-1.k1", Control: "A-1", Result: schema.ResultFail}}
		r.Findings = []schema.Finding{{ID: "A-1.k1-0123456789abcdef", Check: "A-1.k1", Subject: schema.Subject{Cluster: name, Kind: "Pod", Name: "a"}}}
		return r
	}
	before := AssessmentResults(report("old", fixture.AsOf), nil).AssessmentResults
	after := AssessmentResults(report("new", fixture.AsOf.AddDate(0, 3, 0)), nil).AssessmentResults
	ids := func(m *AssessmentResultsModel) []string {
		r := m.Results[0]
		observations := all(r.Observations)
		return []string{all(r.Risks)[0].UUID, observations[0].UUID, observations[1].UUID, observations[1].Subjects[0].SubjectUUID, r.LocalDefinitions.Components[0].UUID}
	}
	if diff := cmp.Diff(ids(before), ids(after)); diff != "" {
		t.Errorf("ids change (-before +after):\n%s", diff)
	}
	if before.UUID == after.UUID || before.Results[0].UUID == after.Results[0].UUID {
		t.Error("two documents have one id")
	}
	// Written down, so that a change of how ids are made is seen: it cuts readers off from earlier bundles.
	if got, want := all(before.Results[0].Risks)[0].UUID, "d4cf7d2c-140c-574d-9f21-8a770bd8e4c3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSameBytes(t *testing.T) {
	r, _ := fixture.Realistic()
	want := documents(t, r)
	for range 5 {
		for path, again := range documents(t, r) {
			if !bytes.Equal(want[path], again) {
				t.Fatalf("%s has other bytes the second time", path)
			}
		}
	}
}

func TestNISTID(t *testing.T) {
	for reference, want := range map[string]string{
		"AC-6": "ac-6", "AC-6(5)": "ac-6.5", "AC-2 (12)": "ac-2.12", "SR-11": "sr-11",
		"": "", "AC": "", "ac-6": "", "AC-6(5)(a)": "", "A.5.1": "", "AC-6 and AC-7": "",
	} {
		if got, ok := nistID(reference); got != want || ok != (want != "") {
			t.Errorf("%q: got %q, %v, want %q", reference, got, ok, want)
		}
	}
}

func TestMarkup(t *testing.T) {
	for text, want := range map[string]string{
		"team_platform":        "team_platform",
		"_a_ *b* `c` [d](e)":   `\_a\_ \*b\* \` + "`c" + `\` + "`" + ` \[d\](e)`,
		"<script>":             `\<script>`,
		"{{ insert: param, x}": `\{\{ insert: param, x}`,
		" a\n\tb\u2028c\x1b ":  `a b c\[U+001B\]`,
	} {
		if got := markup(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}
