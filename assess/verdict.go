package assess

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A verdict gathers what one check concluded over all clusters.
type verdict struct {
	check *compiledCheck
	// owner of the control, for findings about things without owner.
	owner string
	// counts has the results of the rows. Findings are rows too.
	counts map[schema.Result]int
	// whole has results about a cluster or the whole check, where no row was looked at.
	whole []schema.Result
	// gaps say what is not collected, notes why something does not apply, each once.
	gaps, notes []string
	findings    map[string]*ruling
	// glimpse gathers what the rules say of rows of populations that have gaps. No
	// result rests on it.
	glimpse *verdict
}

// A ruling is a finding with the number of rows that it stands for: rows that
// describe the same subject share one finding, and the worst of them decides.
type ruling struct {
	schema.Finding
	rows int
}

func newVerdict(c *compiledCheck, owner string) *verdict {
	return &verdict{check: c, owner: owner, counts: map[schema.Result]int{}, findings: map[string]*ruling{}}
}

// glimpsed returns the verdict on rows that do not count.
func (v *verdict) glimpsed() *verdict {
	if v.glimpse == nil {
		v.glimpse = newVerdict(v.check, v.owner)
	}
	return v.glimpse
}

// conclude records a result for which no row was looked at.
func (v *verdict) conclude(r schema.Result, reason string) {
	v.whole = append(v.whole, r)
	v.because(r, reason)
}

func (v *verdict) because(r schema.Result, reason string) {
	to := &v.notes
	if r == schema.ResultNotCollected {
		to = &v.gaps
	}
	if reason != "" && !slices.Contains(*to, reason) {
		*to = append(*to, reason)
	}
}

// gap says what the check could not see; empty when it saw everything.
func (v *verdict) gap() string { return strings.Join(v.gaps, "; ") }

// add records the outcome of one row. The message is that of the outcome, complete.
func (v *verdict) add(o Outcome, facts *Facts) {
	if !isFinding(o.Result) {
		v.counts[o.Result]++
		if o.Result == schema.ResultNotCollected || o.Result == schema.ResultNotApplicable {
			v.because(o.Result, o.Message)
		}
		return
	}
	f := schema.Finding{
		ID: findingID(v.check.ID, facts, o.Subject), Check: v.check.ID, Control: v.check.Control,
		Severity: cmp.Or(o.Severity, v.check.Severity), Result: o.Result, Subject: o.Subject,
		Message: o.Message, Remediation: v.check.Remediation, Owner: cmp.Or(facts.Owner(o.Subject), v.owner),
	}
	old, ok := v.findings[f.ID]
	if !ok {
		v.findings[f.ID] = &ruling{Finding: f, rows: 1}
		v.counts[f.Result]++
		return
	}
	v.counts[old.Result] -= old.rows
	old.rows++
	if rank(resultOrder, f.Result) < rank(resultOrder, old.Result) ||
		f.Result == old.Result && rank(severities, f.Severity) < rank(severities, old.Severity) {
		old.Finding = f
	}
	v.counts[old.Result] += old.rows
}

// isFinding reports whether a result of a row is worth a finding.
func isFinding(r schema.Result) bool {
	return r == schema.ResultFail || r == schema.ResultPartial || r == schema.ResultNeedsReview
}

// resultOrder has the results, worst first.
var resultOrder = []schema.Result{
	schema.ResultFail, schema.ResultNotCollected, schema.ResultPartial, schema.ResultNeedsReview,
	schema.ResultExcepted, schema.ResultPass, schema.ResultNotApplicable,
}

// rank returns the place of v in an order of severity or result.
func rank[T comparable](order []T, v T) int { return slices.Index(order, v) }

// result returns the worst result of all rows and clusters.
func (v *verdict) result() schema.Result {
	for _, r := range resultOrder {
		if v.counts[r] > 0 || slices.Contains(v.whole, r) {
			return r
		}
	}
	return schema.ResultNotApplicable
}

// rows is how many rows were looked at.
func (v *verdict) rows() int {
	n := 0
	for _, rows := range v.counts {
		n += rows
	}
	return n
}

// report returns the check's part of the report.
func (v *verdict) report() schema.CheckResult {
	r := schema.CheckResult{
		ID: v.check.ID, Control: v.check.Control, Kind: v.check.Kind, Evaluation: v.check.Evaluation, Severity: v.check.Severity,
		Implemented: v.check.by != ByNone, Result: v.result(), Populations: populationsOf(v.check.Check), Counts: map[schema.Result]int{},
	}
	for result, n := range v.counts {
		if n > 0 {
			r.Counts[result] = n
			r.Rows += n
		}
	}
	switch r.Result {
	case schema.ResultNeedsReview:
		r.Reason = fmt.Sprintf("%d of %d rows need a person's judgement", r.Counts[schema.ResultNeedsReview], r.Rows)
	case schema.ResultNotApplicable:
		r.Reason = strings.Join(v.notes, "; ")
	default:
		r.Reason = v.gap()
	}
	return r
}

// populationsOf returns the populations that a check reads, its own first.
func populationsOf(c *schema.Check) []string {
	var out []string
	for _, p := range append([]string{c.Population}, c.Needs...) {
		if p != "" && !slices.Contains(out, p) {
			out = append(out, p)
		}
	}
	return out
}

// findingID returns the id of a finding. It holds from bundle to bundle: a cluster
// counts by its UID, and by its name only where the UID is not known.
func findingID(check string, facts *Facts, s schema.Subject) string {
	cluster := cmp.Or(facts.ClusterUID(s.Cluster), s.Cluster)
	if s.Kind == "Cluster" {
		s.Name = ""
	}
	h := sha256.New()
	for _, part := range []string{check, cluster, s.Kind, s.Namespace, s.Name, s.Field} {
		// The length keeps parts apart that together read the same.
		_, _ = fmt.Fprintf(h, "%d:", len(part))
		_, _ = io.WriteString(h, part)
	}
	return check + "-" + hex.EncodeToString(h.Sum(nil)[:8])
}

// compareFindings orders findings by severity, check, subject and id.
func compareFindings(a, b schema.Finding) int {
	return cmp.Or(
		cmp.Compare(rank(severities, a.Severity), rank(severities, b.Severity)),
		cmp.Compare(a.Check, b.Check),
		a.Subject.Compare(b.Subject),
		cmp.Compare(a.ID, b.ID),
	)
}
