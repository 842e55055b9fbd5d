package assess

import (
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

// goodException covers one finding and breaks no rule.
func goodException() schema.Exception {
	return schema.Exception{
		ID: "E-1", Control: "SEP-02", Check: "SEP-02.k1", Scope: schema.ExceptionScope{Namespace: "shop"}, Reason: "moving", Compensating: "watched",
		RequestedBy: "ann", ApprovedBy: "bob", ApprovedOn: schema.NewDate(2026, 11, 1), ExpiresOn: schema.NewDate(2026, 12, 1),
	}
}

func TestExceptions(t *testing.T) {
	finding := func(severity schema.Severity) schema.Finding {
		return schema.Finding{ID: "SEP-02.k1-0", Check: "SEP-02.k1", Control: "SEP-02", Severity: severity, Result: schema.ResultFail,
			Subject: schema.Subject{Cluster: "prod", Kind: "Deployment", Namespace: "shop", Name: "web"}}
	}
	cases := []struct {
		name     string
		change   func(*schema.Exception)
		severity schema.Severity
		state    schema.ExceptionState
		problems []string
	}{
		{"good", func(*schema.Exception) {}, schema.Critical, schema.ExceptionValid, nil},
		{"its last day", func(e *schema.Exception) { e.ExpiresOn = schema.NewDate(2026, 11, 22) }, schema.Low, schema.ExceptionValid, nil},
		{"the day after", func(e *schema.Exception) { e.ExpiresOn = schema.NewDate(2026, 11, 21) }, schema.Low, schema.ExceptionExpired, nil},
		{"31 days for critical", func(e *schema.Exception) { e.ExpiresOn = schema.NewDate(2026, 12, 2) }, schema.Critical, schema.ExceptionInvalid,
			[]string{"it runs for 31 days, and 30 are allowed for severity critical"}},
		{"31 days for high", func(e *schema.Exception) { e.ExpiresOn = schema.NewDate(2026, 12, 2) }, schema.High, schema.ExceptionValid, nil},
		{"its own word for the risk does not help", func(e *schema.Exception) {
			e.Risk, e.ExpiresOn = schema.Low, schema.NewDate(2026, 12, 2)
		}, schema.Critical, schema.ExceptionInvalid, []string{"it runs for 31 days, and 30 are allowed for severity critical"}},
		{"no end", func(e *schema.Exception) { e.ExpiresOn = schema.Date{} }, schema.Low, schema.ExceptionInvalid, []string{"it does not expire"}},
		{"approved by the requester", func(e *schema.Exception) { e.ApprovedBy = " ANN " }, schema.Low, schema.ExceptionInvalid, []string{"the approver is also the requester"}},
		{"approved by nobody", func(e *schema.Exception) { e.ApprovedBy = "" }, schema.Low, schema.ExceptionInvalid, []string{"nobody approved it"}},
		{"approved tomorrow", func(e *schema.Exception) { e.ApprovedOn = schema.NewDate(2026, 11, 23) }, schema.Low, schema.ExceptionInvalid,
			[]string{"it is approved on 2026-11-23, after the snapshot"}},
		{"no reason", func(e *schema.Exception) { e.Reason = " " }, schema.Low, schema.ExceptionInvalid, []string{"it gives no reason"}},
		{"nothing compensates", func(e *schema.Exception) { e.Compensating = "" }, schema.Low, schema.ExceptionInvalid, []string{"nothing that counts compensates for it"}},
		{"a control that is implemented compensates", func(e *schema.Exception) { e.Compensating, e.CompensatingControl = "", "SEP-04" }, schema.Low, schema.ExceptionValid, nil},
		{"a control that is not implemented does not", func(e *schema.Exception) { e.Compensating, e.CompensatingControl = "", "SEP-03" }, schema.Low, schema.ExceptionInvalid,
			[]string{"nothing that counts compensates for it"}},
		{"whole cluster", func(e *schema.Exception) {
			e.Scope = schema.ExceptionScope{Cluster: "prod", Namespace: "**", Kind: "Deployment"}
		}, schema.Low, schema.ExceptionInvalid,
			[]string{"it covers a whole cluster without a second approver"}},
		{"whole cluster, the approver twice", func(e *schema.Exception) { e.Scope, e.SecondApprover = schema.ExceptionScope{}, "Bob" }, schema.Low, schema.ExceptionInvalid,
			[]string{"it covers a whole cluster without a second approver"}},
		{"whole cluster, two approvers", func(e *schema.Exception) { e.Scope, e.SecondApprover = schema.ExceptionScope{}, "cid" }, schema.Low, schema.ExceptionValid, nil},
		{"a finding by its id", func(e *schema.Exception) { e.Scope, e.Findings = schema.ExceptionScope{}, []string{"SEP-02.k1-0"} }, schema.Low, schema.ExceptionValid, nil},
		{"another finding", func(e *schema.Exception) { e.Findings = []string{"SEP-02.k1-1"} }, schema.Low, schema.ExceptionUnused, nil},
		{"another check", func(e *schema.Exception) { e.Check = "SEP-02.k2" }, schema.Low, schema.ExceptionUnused, nil},
		{"another control", func(e *schema.Exception) { e.Control, e.Check = "SEP-04", "" }, schema.Low, schema.ExceptionUnused, nil},
		{"no such control", func(e *schema.Exception) { e.Control, e.Check = "SEP-99", "" }, schema.Low, schema.ExceptionInvalid, []string{`the control table has no control "SEP-99"`}},
		{"a glob", func(e *schema.Exception) {
			e.Scope = schema.ExceptionScope{Cluster: "pr*", Namespace: "s*p", Kind: "*ment", Name: "w*"}
		}, schema.Low, schema.ExceptionValid, nil},
		{"a glob that does not match", func(e *schema.Exception) { e.Scope = schema.ExceptionScope{Namespace: "shop", Name: "we*eb"} }, schema.Low, schema.ExceptionUnused, nil},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &exceptionJudge{
				today: schema.DateOf(asOf), maxDays: map[schema.Severity]int{schema.Critical: 30, schema.High: 90},
				controls:    map[string]bool{"SEP-02": true, "SEP-03": true, "SEP-04": true},
				checks:      map[string]string{"SEP-02.k1": "SEP-02", "SEP-02.k2": "SEP-02"},
				implemented: func(control string) bool { return control == "SEP-04" },
			}
			e := goodException()
			c.change(&e)
			got := j.judge([]schema.Exception{e}, []schema.Finding{finding(c.severity)})[0]
			if got.State != c.state {
				t.Errorf("state %s, want %s", got.State, c.state)
			}
			if diff := cmp.Diff(append([]string{}, c.problems...), got.Problems); diff != "" {
				t.Errorf("problems (-want +got):\n%s", diff)
			}
		})
	}
}

func TestGlob(t *testing.T) {
	cases := []struct {
		pattern, text string
		want          bool
	}{
		{"", "anything", true}, {"*", "", true}, {"a", "a", true}, {"a", "ab", false}, {"a*", "a", true}, {"*a", "ba", true}, {"a*a", "a", false}, {"a*a", "aa", true},
		{"a*b*c", "axxbyyc", true}, {"a*b*c", "acb", false}, {"a**c", "abc", true}, {"*b*", "abc", true}, {"*b*", "ac", false}, {"ab*ba", "aba", false},
	}
	for _, c := range cases {
		if got := glob(c.pattern, c.text); got != c.want {
			t.Errorf("glob(%q, %q) is %v", c.pattern, c.text, got)
		}
	}
}

// A review can end an exception and never make it longer; one whose day of review
// has passed is told.
func TestReviewedExceptions(t *testing.T) {
	day := func(n int) schema.Date { return schema.DateOf(asOf).AddDays(n) }
	review := func(by string, on int, decision schema.ExceptionVerdict) schema.ExceptionReview {
		return schema.ExceptionReview{Spec: schema.ExceptionReviewSpec{Reviewer: by, CompletedOn: day(on),
			Decisions: []schema.ExceptionDecision{{Exception: "E-0", Decision: schema.EndException}, {Exception: "E-1", Decision: decision}}}}
	}
	cases := []struct {
		name     string
		reviewOn schema.Date
		reviews  []schema.ExceptionReview
		state    schema.ExceptionState
		ended    schema.Date
		overdue  bool
	}{
		{"no review asked for", schema.Date{}, nil, schema.ExceptionValid, schema.Date{}, false},
		{"the day of review is today", day(0), nil, schema.ExceptionValid, schema.Date{}, false},
		{"the day of review has passed", day(-1), nil, schema.ExceptionValid, schema.Date{}, true},
		{"reviewed since", day(-5), []schema.ExceptionReview{review("cas", -5, schema.KeepException)}, schema.ExceptionValid, schema.Date{}, false},
		{"reviewed before that day", day(-5), []schema.ExceptionReview{review("cas", -6, schema.KeepException)}, schema.ExceptionValid, schema.Date{}, true},
		{"reviewed by who asked for it", day(-5), []schema.ExceptionReview{review("Ann", -1, schema.KeepException)}, schema.ExceptionValid, schema.Date{}, true},
		{"reviewed tomorrow", day(-5), []schema.ExceptionReview{review("cas", 1, schema.EndException)}, schema.ExceptionValid, schema.Date{}, true},
		{"ended", day(-5), []schema.ExceptionReview{review("cas", -3, schema.EndException), review("cas", -2, schema.KeepException)}, schema.ExceptionExpired, day(-3), false},
		{"an earlier entry of that id was ended", schema.Date{}, []schema.ExceptionReview{review("cas", -40, schema.EndException)}, schema.ExceptionValid, schema.Date{}, false},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &exceptionJudge{
				today: schema.DateOf(asOf), controls: map[string]bool{"SEP-02": true}, checks: map[string]string{"SEP-02.k1": "SEP-02"}, reviews: c.reviews,
			}
			e := goodException()
			e.ReviewOn = c.reviewOn
			finding := schema.Finding{ID: "f", Check: "SEP-02.k1", Control: "SEP-02", Result: schema.ResultFail, Subject: schema.Subject{Namespace: "shop"}}
			got := j.judge([]schema.Exception{e}, []schema.Finding{finding})[0]
			if got.State != c.state || !got.EndedOn.Equal(c.ended) || got.ReviewOverdue != c.overdue {
				t.Errorf("state %s, ended %q, overdue %v; want %s, %q, %v; problems %v", got.State, got.EndedOn, got.ReviewOverdue, c.state, c.ended, c.overdue, got.Problems)
			}
		})
	}
}
