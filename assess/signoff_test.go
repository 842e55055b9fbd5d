package assess

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// The last word of a reviewer counts, from the overlay or from a review of controls.
func TestSignOff(t *testing.T) {
	day := func(n int) schema.Date { return schema.DateOf(asOf).AddDays(n) }
	review := func(by string, on int, decision schema.ControlVerdict, note string) schema.ControlReview {
		return schema.ControlReview{Spec: schema.ControlReviewSpec{Reviewer: by, CompletedOn: day(on),
			Decisions: []schema.ControlDecision{{Control: "other", Decision: schema.SignedOff}, {Control: "C", Decision: decision, Note: note}}}}
	}
	overlay := &schema.SignOff{By: "ciso", On: day(-50)}
	cases := []struct {
		name     string
		overlay  *schema.SignOff
		reviews  []schema.ControlReview
		by       string
		on       schema.Date
		declined string
	}{
		{"nobody", nil, nil, "", schema.Date{}, ""},
		{"the overlay", overlay, nil, "ciso", day(-50), ""},
		{"a later review", overlay, []schema.ControlReview{review("ann", -10, schema.SignedOff, "")}, "ann", day(-10), ""},
		{"an earlier review", overlay, []schema.ControlReview{review("ann", -60, schema.Declined, "")}, "ciso", day(-50), ""},
		{"a review of tomorrow", overlay, []schema.ControlReview{review("ann", 1, schema.Declined, "")}, "ciso", day(-50), ""},
		{"a review by nobody", overlay, []schema.ControlReview{review(" ", -1, schema.Declined, "")}, "ciso", day(-50), ""},
		{"declined since", overlay, []schema.ControlReview{review("ann", -10, schema.Declined, "No runbook.")}, "", schema.Date{}, "ann declined to sign off on 2026-11-12: No runbook."},
		{"declined, then signed off", overlay, []schema.ControlReview{review("bob", -5, schema.SignedOff, ""), review("ann", -10, schema.Declined, "")}, "bob", day(-5), ""},
		{"signed off, then declined", nil, []schema.ControlReview{review("ann", -10, schema.SignedOff, ""), review("bob", -5, schema.Declined, "")}, "", schema.Date{}, "bob declined to sign off on 2026-11-17"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			j := &statusJudge{today: schema.DateOf(asOf), overlay: map[string]schema.ControlOverlay{"C": {SignOff: c.overlay}}, reviews: c.reviews}
			got := j.judge(schema.Control{ID: "C", Cadence: schema.Quarterly}, controlEvidence{checks: []schema.CheckResult{{Result: schema.ResultPass}}})
			if got.ReviewedBy != c.by || !got.LastReview.Equal(c.on) {
				t.Errorf("signed off by %q on %s, want %q on %s", got.ReviewedBy, got.LastReview, c.by, c.on)
			}
			want, reasons := schema.Implemented, []string{}
			switch {
			case c.declined != "":
				want, reasons = schema.NeedsReview, []string{c.declined}
			case c.by == "":
				want, reasons = schema.NeedsReview, []string{"nobody signed off the control"}
			}
			if got.Status != want {
				t.Errorf("status %s, want %s", got.Status, want)
			}
			if diff := cmp.Diff(reasons, got.Reasons); diff != "" {
				t.Errorf("reasons (-want +got):\n%s", diff)
			}
		})
	}
}
