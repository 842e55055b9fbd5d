package assess

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// goodPolicy and goodExport are documents that are evidence on the day of the tests.
func goodPolicy() schema.DocumentRecord {
	return schema.DocumentRecord{ID: "p", Title: "Policy", Type: schema.DocPolicy, Checks: []string{"X-01.d1"}, Author: "ann", ApprovedBy: "bob",
		AsOf: schema.NewDate(2020, 1, 1), ApprovedOn: schema.NewDate(2026, 1, 1)}
}

func goodExport() schema.DocumentRecord {
	return schema.DocumentRecord{ID: "e", Title: "Export", Type: schema.DocExport, Checks: []string{"X-01.d1"}, AsOf: schema.NewDate(2026, 11, 1), File: "e.json", SHA256: "0A"}
}

func TestDocuments(t *testing.T) {
	change := func(d schema.DocumentRecord, f func(*schema.DocumentRecord)) schema.DocumentRecord {
		f(&d)
		return d
	}
	cases := []struct {
		name   string
		check  string // by default X-01.d1
		docs   []schema.DocumentRecord
		result schema.Result
		fresh  schema.Freshness // of the evidence pointer of the first document
		text   string           // of the reason or the message
	}{
		{"none", "", nil, schema.ResultNotCollected, schema.Missing, "no document in the register"},
		{"none, and none is demanded", "SEP-04.d1", nil, schema.ResultNotApplicable, schema.Fresh, "none is demanded"},
		{"a policy counts from its approval", "", []schema.DocumentRecord{goodPolicy()}, schema.ResultPass, schema.Fresh, ""},
		{"a policy 12 months later, to the day", "", []schema.DocumentRecord{change(goodPolicy(), func(d *schema.DocumentRecord) { d.ApprovedOn = schema.NewDate(2025, 11, 22) })},
			schema.ResultPass, schema.Due, ""},
		{"a policy one day after that", "", []schema.DocumentRecord{change(goodPolicy(), func(d *schema.DocumentRecord) { d.ApprovedOn = schema.NewDate(2025, 11, 21) })},
			schema.ResultPartial, schema.Stale, "out of date since 2026-11-21"},
		{"a policy that nobody approved", "", []schema.DocumentRecord{change(goodPolicy(), func(d *schema.DocumentRecord) { d.ApprovedBy = "" })},
			schema.ResultFail, schema.Fresh, "it is not approved"},
		{"approved by its author", "", []schema.DocumentRecord{change(goodPolicy(), func(d *schema.DocumentRecord) { d.Author = "BOB " })},
			schema.ResultFail, schema.Fresh, "the approver is also the author"},
		{"approved tomorrow", "", []schema.DocumentRecord{change(goodPolicy(), func(d *schema.DocumentRecord) { d.ApprovedOn = schema.NewDate(2026, 11, 23) })},
			schema.ResultFail, schema.Fresh, "after the snapshot"},
		{"an export, with the digest in other case", "", []schema.DocumentRecord{goodExport()}, schema.ResultPass, schema.Fresh, ""},
		{"an export of 90 days ago", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.AsOf = schema.NewDate(2026, 8, 24) })},
			schema.ResultPass, schema.Due, ""},
		{"an export of 91 days ago", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.AsOf = schema.NewDate(2026, 8, 23) })},
			schema.ResultPartial, schema.Stale, "out of date"},
		{"an export that says until when", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) {
			d.AsOf, d.ValidUntil = schema.NewDate(2026, 1, 1), schema.NewDate(2027, 1, 1)
		})}, schema.ResultPass, schema.Fresh, ""},
		{"no day", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.AsOf = schema.Date{} })}, schema.ResultFail, schema.Stale, "as of which day"},
		{"dated tomorrow", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.AsOf = schema.NewDate(2026, 11, 23) })}, schema.ResultFail, schema.Fresh, "after the snapshot"},
		{"another file", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.SHA256 = "0b" })}, schema.ResultFail, schema.Fresh, "SHA-256 differs"},
		{"no file", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.File = "gone.json" })}, schema.ResultFail, schema.Fresh, "gone.json is missing"},
		{"unknown type", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.Type = "note" })}, schema.ResultFail, schema.Stale, `"note" is not known`},
		{"for a check that does not exist", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.Checks = append(d.Checks, "X-01.d9") })},
			schema.ResultFail, schema.Fresh, "X-01.d9, which is no check"},
		{"a newer one of the same kind decides", "", []schema.DocumentRecord{
			change(goodExport(), func(d *schema.DocumentRecord) { d.ID, d.AsOf = "old", schema.NewDate(2026, 1, 1) }), goodExport(),
		}, schema.ResultPass, schema.Stale, ""},
		{"one about other things does not", "", []schema.DocumentRecord{
			change(goodExport(), func(d *schema.DocumentRecord) {
				d.ID, d.AsOf, d.Covers = "old", schema.NewDate(2026, 1, 1), []string{"other"}
			}), goodExport(),
		}, schema.ResultPartial, schema.Stale, "out of date"},
		{"a newer one that is no evidence does not", "", []schema.DocumentRecord{
			change(goodExport(), func(d *schema.DocumentRecord) { d.ID, d.AsOf = "old", schema.NewDate(2026, 10, 1) }),
			change(goodExport(), func(d *schema.DocumentRecord) { d.SHA256 = "0b" }),
		}, schema.ResultFail, schema.Fresh, "SHA-256 differs"},
		{"a superseded one is history", "", []schema.DocumentRecord{
			change(goodPolicy(), func(d *schema.DocumentRecord) { d.ID, d.ApprovedOn = "old", schema.NewDate(2020, 1, 1) }),
			change(goodExport(), func(d *schema.DocumentRecord) { d.Supersedes = "old" }),
		}, schema.ResultPass, schema.Stale, ""},
		{"two that supersede each other are none", "", []schema.DocumentRecord{
			change(goodExport(), func(d *schema.DocumentRecord) { d.ID, d.Supersedes = "a", "b" }),
			change(goodExport(), func(d *schema.DocumentRecord) { d.ID, d.Supersedes = "b", "a" }),
		}, schema.ResultNotCollected, schema.Fresh, "no document"},
		{"one that supersedes itself", "", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) { d.Supersedes = d.ID })}, schema.ResultPass, schema.Fresh, ""},
		{"a restore test of 100 days ago, where the control allows 100", "RES-02.d1", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) {
			d.Type, d.Checks, d.AsOf = schema.DocReport, []string{"RES-02.d1"}, schema.NewDate(2026, 8, 14)
		})}, schema.ResultPass, schema.Due, ""},
		{"a restore test of 101 days ago", "RES-02.d1", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) {
			d.Type, d.Checks, d.AsOf = schema.DocReport, []string{"RES-02.d1"}, schema.NewDate(2026, 8, 13)
		})}, schema.ResultPartial, schema.Stale, "out of date"},
		{"training of 23 months ago", "GOV-06.d3", []schema.DocumentRecord{change(goodExport(), func(d *schema.DocumentRecord) {
			d.Type, d.Checks, d.AsOf = schema.DocRecord, []string{"GOV-06.d3"}, schema.NewDate(2024, 12, 22)
		})}, schema.ResultPass, schema.Fresh, ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := schema.Check{ID: "X-01.d1", Control: "X-01", Kind: schema.CheckDocument, Evaluation: schema.Manual, Severity: schema.High}
			if c.check != "" {
				check.ID = c.check
			}
			if c.check == "SEP-04.d1" {
				check.Empty = schema.ResultNotApplicable
			}
			in := inputsOf(check)
			in.Table.Spec.Controls[0].EvidenceMaxAgeDays = 100
			in.Documents.Spec.Documents = c.docs
			in.Attached = map[string]string{"e.json": "0a"}
			report, err := Assess(context.Background(), &schema.Snapshot{AsOf: asOf.Add(-12*time.Hour + time.Second)}, in)
			if err != nil {
				t.Fatal(err)
			}
			text := report.Checks[0].Reason
			for _, f := range report.Findings {
				text += f.Message
			}
			if got := report.Checks[0].Result; got != c.result || !strings.Contains(text, c.text) {
				t.Errorf("the result is %s (%s), want %s (%s)", got, text, c.result, c.text)
			}
			if got := report.Controls[0].Evidence[0].Freshness; got != c.fresh {
				t.Errorf("the evidence is %s, want %s", got, c.fresh)
			}
		})
	}
}
