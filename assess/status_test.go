package assess

import (
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

// A statusCase is a control with evidence, and what its status must be.
type statusCase struct {
	name     string
	overlay  schema.ControlOverlay
	evidence controlEvidence
	want     schema.Status
	reasons  []string
}

// signed is an overlay with a sign-off that is current on the day of the tests.
var signed = schema.ControlOverlay{SignOff: &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 10, 1)}}

// check returns the result of a check as the driver reports it.
func check(id string, kind schema.CheckKind, result schema.Result) schema.CheckResult {
	r := schema.CheckResult{ID: id, Kind: kind, Result: result, Counts: map[schema.Result]int{result: 1}, Rows: 1}
	if result == schema.ResultNotCollected {
		r.Reason = "not seen"
	}
	return r
}

func api(id string, result schema.Result) schema.CheckResult {
	return check(id, schema.CheckAPI, result)
}

func document(id string, result schema.Result) schema.CheckResult {
	return check(id, schema.CheckDocument, result)
}

func found(check string, result schema.Result, severity schema.Severity) schema.Finding {
	return schema.Finding{Check: check, Result: result, Severity: severity}
}

func excepted(f schema.Finding) schema.Finding {
	f.Exception = "E-1"
	return f
}

func TestStatus(t *testing.T) {
	const fail, partial, pass, review = schema.ResultFail, schema.ResultPartial, schema.ResultPass, schema.ResultNeedsReview
	cases := []statusCase{
		{
			name:     "1: out of scope with justification, approver and date",
			overlay:  schema.ControlOverlay{NotApplicable: &schema.NotApplicableNote{Justification: "no cloud", ApprovedBy: "ciso", ApprovedOn: schema.NewDate(2026, 1, 1)}},
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", fail)}, findings: []schema.Finding{found("k1", fail, schema.Critical)}},
			want:     schema.NotApplicable, reasons: []string{},
		},
		{
			name:     "1: out of scope without approver",
			overlay:  schema.ControlOverlay{NotApplicable: &schema.NotApplicableNote{Justification: "no cloud", ApprovedOn: schema.NewDate(2026, 1, 1)}},
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass)}},
			want:     schema.NeedsReview, reasons: []string{"marked as not applicable without an approver"},
		},
		{
			name:    "1: out of scope by an approval of tomorrow",
			overlay: schema.ControlOverlay{NotApplicable: &schema.NotApplicableNote{Justification: "no cloud", ApprovedBy: "ciso", ApprovedOn: schema.NewDate(2026, 11, 23)}},
			want:    schema.NeedsReview, reasons: []string{"marked as not applicable without an approval before the snapshot"},
		},
		{
			name: "2: something is not collected", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass), api("k2", schema.ResultNotCollected)}},
			want:     schema.NeedsReview, reasons: []string{"k2 is not collected: not seen"},
		},
		{
			name: "2: the only proof is missing", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{document("d1", schema.ResultNotCollected), api("k1", schema.ResultNotApplicable)}},
			want:     schema.NeedsReview,
			reasons:  []string{"not evidenced: nothing that could prove the control was seen", "d1 is not collected: not seen"},
		},
		{
			name: "2 before 3: a gap does not hide a fail", overlay: signed,
			evidence: controlEvidence{
				checks:   []schema.CheckResult{api("k1", fail), api("k2", schema.ResultNotCollected)},
				findings: []schema.Finding{found("k1", fail, schema.High)},
			},
			want:    schema.NotImplemented,
			reasons: []string{"k2 is not collected: not seen", "k1 fails with 1 finding of severity critical or high"},
		},
		{
			name: "2: a check that fails in one cluster and did not see the other", overlay: signed,
			evidence: controlEvidence{
				checks: []schema.CheckResult{api("k1", fail)}, findings: []schema.Finding{found("k1", fail, schema.Low)},
				gaps: map[string]string{"k1": "pods of b: forbidden"},
			},
			want:    schema.Partial,
			reasons: []string{"k1 is not collected everywhere: pods of b: forbidden", "k1 has 1 finding of lower severity or in part"},
		},
		{
			name: "3: critical fail and no other mechanism", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", fail)}, findings: []schema.Finding{found("k1", fail, schema.Critical), found("k1", fail, schema.High)}},
			want:     schema.NotImplemented, reasons: []string{"k1 fails with 2 findings of severity critical or high"},
		},
		{
			name: "3: high fail beside a mechanism that passes", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", fail), api("k2", pass)}, findings: []schema.Finding{found("k1", fail, schema.High)}},
			want:     schema.Partial, reasons: []string{"k1 fails with 1 finding of severity critical or high"},
		},
		{
			name: "3: a document that passes is no mechanism", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", fail), document("d1", pass)}, findings: []schema.Finding{found("k1", fail, schema.High)}},
			want:     schema.NotImplemented, reasons: []string{"k1 fails with 1 finding of severity critical or high"},
		},
		{
			name: "3: an excepted fail does not count", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", schema.ResultExcepted)}, findings: []schema.Finding{excepted(found("k1", fail, schema.Critical))}},
			want:     schema.Implemented, reasons: []string{},
		},
		{
			name: "4: fail of lower severity", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", fail)}, findings: []schema.Finding{found("k1", fail, schema.Medium)}},
			want:     schema.Partial, reasons: []string{"k1 has 1 finding of lower severity or in part"},
		},
		{
			name: "4: a partial of high severity is no severe fail", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", partial)}, findings: []schema.Finding{found("k1", partial, schema.High)}},
			want:     schema.Partial, reasons: []string{"k1 has 1 finding of lower severity or in part"},
		},
		{
			name: "4: stale evidence", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass), document("d1", partial)}, findings: []schema.Finding{found("d1", partial, schema.High)}},
			want:     schema.Partial, reasons: []string{"d1 rests on 1 document out of date or incomplete"},
		},
		{
			name: "4 before 6: partial stays partial without sign-off",
			evidence: controlEvidence{
				checks: []schema.CheckResult{api("k1", partial)}, findings: []schema.Finding{found("k1", partial, schema.Low)},
			},
			want: schema.Partial, reasons: []string{"k1 has 1 finding of lower severity or in part", "nobody signed off the control"},
		},
		{
			name: "5: all pass, with a sign-off", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass), api("k2", schema.ResultNotApplicable), document("d1", pass)}},
			want:     schema.Implemented, reasons: []string{},
		},
		{
			name: "5: what a person has to judge is no pass", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", review), api("k2", pass)}, findings: []schema.Finding{found("k1", review, schema.High)}},
			want:     schema.NeedsReview, reasons: []string{"k1 has 1 row for a person to judge"},
		},
		{
			name: "5: nothing applies", overlay: signed,
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", schema.ResultNotApplicable)}},
			want:     schema.NeedsReview, reasons: []string{"not evidenced: no check of the control applies"},
		},
		{
			name:     "6: nobody signed off",
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass)}},
			want:     schema.NeedsReview, reasons: []string{"nobody signed off the control"},
		},
		{
			name:     "6: the sign-off is older than the cadence",
			overlay:  schema.ControlOverlay{SignOff: &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 8, 21)}},
			evidence: controlEvidence{checks: []schema.CheckResult{api("k1", pass)}},
			want:     schema.NeedsReview, reasons: []string{"the review is overdue since 2026-11-21"},
		},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &statusJudge{today: schema.DateOf(asOf), overlay: map[string]schema.ControlOverlay{"C": c.overlay}}
			got := j.judge(schema.Control{ID: "C", Cadence: schema.Quarterly}, c.evidence)
			if got.Status != c.want {
				t.Errorf("status %s, want %s", got.Status, c.want)
			}
			if diff := cmp.Diff(c.reasons, got.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}

func TestReview(t *testing.T) {
	cases := []struct {
		name    string
		signOff *schema.SignOff
		want    schema.ReviewNote
		next    schema.Date
	}{
		{"never", nil, schema.ReviewNever, schema.Date{}},
		{"nobody", &schema.SignOff{On: schema.NewDate(2026, 11, 1)}, schema.ReviewNever, schema.Date{}},
		{"in the future", &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 11, 23)}, schema.ReviewNever, schema.Date{}},
		{"15 days left", &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 9, 7)}, schema.ReviewCurrent, schema.NewDate(2026, 12, 7)},
		{"14 days left", &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 9, 6)}, schema.ReviewDue, schema.NewDate(2026, 12, 6)},
		{"the last day", &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 8, 22)}, schema.ReviewDue, schema.NewDate(2026, 11, 22)},
		{"one day late", &schema.SignOff{By: "ciso", On: schema.NewDate(2026, 8, 21)}, schema.ReviewOverdue, schema.NewDate(2026, 11, 21)},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &statusJudge{today: schema.DateOf(asOf), overlay: map[string]schema.ControlOverlay{"C": {SignOff: c.signOff}}}
			got := j.judge(schema.Control{ID: "C", Cadence: schema.Quarterly}, controlEvidence{})
			if got.Review != c.want || got.NextReview != c.next {
				t.Errorf("review %s, next %s; want %s, %s", got.Review, got.NextReview, c.want, c.next)
			}
		})
	}
}

func TestDesignAndOperation(t *testing.T) {
	day := func(n int) schema.Date { return schema.DateOf(asOf).AddDays(n) }
	record := func(on schema.Date, problems ...string) schema.DocumentResult {
		return schema.DocumentResult{DocumentRecord: schema.DocumentRecord{Type: schema.DocRecord, Checks: []string{"d1"}, AsOf: on}, Problems: problems}
	}
	cases := []struct {
		name      string
		checks    []schema.CheckResult
		docs      []schema.DocumentResult
		design    schema.Design
		operation schema.Operation
		note      string
	}{
		{"nothing seen", []schema.CheckResult{document("d1", schema.ResultNotCollected)}, nil, schema.DesignNotAssessed, schema.OperationNotTested, "no record in the period"},
		{"nothing applies", []schema.CheckResult{api("k1", schema.ResultNotApplicable)}, nil, schema.DesignNotAssessed, schema.OperationNotTested, "no record in the period"},
		{"a gap", []schema.CheckResult{api("k1", schema.ResultPass), api("k2", schema.ResultPartial)}, nil, schema.DesignGap, schema.OperationNotTested, "no record in the period"},
		{"one record", []schema.CheckResult{document("d1", schema.ResultPass)}, []schema.DocumentResult{record(day(-10))}, schema.DesignEffective, schema.OperationEffective, "1 record in the period, none with deviations"},
		{"one of two deviates", []schema.CheckResult{document("d1", schema.ResultFail)}, []schema.DocumentResult{record(day(-10)), record(day(-40), "not approved")}, schema.DesignGap, schema.OperationDeviation, "1 of 2 records with deviations"},
		{"the check fails for another reason", []schema.CheckResult{document("d1", schema.ResultFail)}, []schema.DocumentResult{record(day(-10))}, schema.DesignGap, schema.OperationDeviation, "1 record in the period, and d1 fails"},
		{"not for every cluster", []schema.CheckResult{document("d1", schema.ResultNotCollected)}, []schema.DocumentResult{record(day(-10))}, schema.DesignNotAssessed, schema.OperationNotTested, "1 record in the period; d1 asks for more"},
		{"before the period", []schema.CheckResult{document("d1", schema.ResultPass)}, []schema.DocumentResult{record(day(-91))}, schema.DesignEffective, schema.OperationNotTested, "no record in the period"},
		{"for another control", []schema.CheckResult{document("d2", schema.ResultPass)}, []schema.DocumentResult{record(day(-10))}, schema.DesignEffective, schema.OperationNotTested, "no record in the period"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &statusJudge{
				today: schema.DateOf(asOf), docs: c.docs, until: func(schema.DocumentRecord, string) schema.Date { return day(1) },
				period: schema.PlanFacts{From: day(-90).Time(), To: day(0).Time()},
			}
			got := j.judge(schema.Control{ID: "C", Cadence: schema.Quarterly}, controlEvidence{checks: c.checks})
			if got.Design != c.design || got.Operation != c.operation || got.OperationNote != c.note {
				t.Errorf("got %s, %s (%s)", got.Design, got.Operation, got.OperationNote)
			}
		})
	}
}

func TestWorstResultDecides(t *testing.T) {
	// Each result beats those after it, whatever their number.
	for i, worst := range resultOrder {
		v := newVerdict(&compiledCheck{Check: &schema.Check{}}, "")
		for _, r := range resultOrder[i:] {
			v.counts[r] = len(resultOrder)
		}
		v.counts[worst] = 1
		if got := v.result(); got != worst {
			t.Errorf("with %v the result is %s", resultOrder[i:], got)
		}
	}
	want := []schema.Result{"fail", "not_collected", "partial", "needs_review", "excepted", "pass", "not_applicable"}
	if diff := cmp.Diff(want, resultOrder); diff != "" {
		t.Errorf("order (-want +got):\n%s", diff)
	}
}

func TestFindingIDsHold(t *testing.T) {
	facts := &Facts{AsOf: time.Time{}, uids: map[string]string{"c": "uid-1", "renamed": "uid-1", "files": ""}}
	s := schema.Subject{Cluster: "c", Kind: "Deployment", Namespace: "shop", Name: "web", Field: "container/web"}
	id := findingID("CHG-05.k1", facts, s)
	if id != "CHG-05.k1-67a9f2f326a4f4b1" {
		t.Errorf("the id of a known finding changed to %s: exceptions and history would be lost", id)
	}
	renamed := s
	renamed.Cluster = "renamed"
	if got := findingID("CHG-05.k1", facts, renamed); got != id {
		t.Errorf("another name for the cluster gives %s", got)
	}
	moved := schema.Subject{Cluster: "c", Kind: "Deployment", Namespace: "shopw", Name: "eb", Field: "container/web"}
	if got := findingID("CHG-05.k1", facts, moved); got == id {
		t.Error("fields that join to the same text have the same id")
	}
	if a, b := findingID("X", facts, schema.Subject{Cluster: "c", Kind: "Cluster", Name: "c"}), findingID("X", facts, schema.Subject{Cluster: "renamed", Kind: "Cluster", Name: "renamed"}); a != b {
		t.Errorf("the cluster's own finding has ids %s and %s", a, b)
	}
}
