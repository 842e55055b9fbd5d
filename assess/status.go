package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A statusJudge derives the status of controls, in the order of docs/status.md.
type statusJudge struct {
	today   schema.Date
	period  schema.PlanFacts
	overlay map[string]schema.ControlOverlay
	reviews []schema.ControlReview
	docs    []schema.DocumentResult
	// until returns the last day on which a document counts for a check.
	until func(d schema.DocumentRecord, check string) schema.Date
}

// A controlEvidence is what the checks of one control concluded.
type controlEvidence struct {
	checks     []schema.CheckResult
	findings   []schema.Finding
	exceptions []schema.ExceptionResult
	// gaps says of each check what it could not see, also where it found something in the rest.
	gaps map[string]string
}

// open returns the findings that are deviations and that no exception covers.
func (e controlEvidence) open() []schema.Finding {
	var out []schema.Finding
	for _, f := range e.findings {
		if f.Exception == "" && (f.Result == schema.ResultFail || f.Result == schema.ResultPartial) {
			out = append(out, f)
		}
	}
	return out
}

// judge derives the status of one control.
func (j *statusJudge) judge(c schema.Control, e controlEvidence) schema.ControlResult {
	r := schema.ControlResult{Control: c, Findings: map[schema.Severity]int{}}
	for _, f := range e.open() {
		r.Findings[f.Severity]++
	}
	j.review(&r)
	j.exceptions(&r, e)
	r.Evidence = j.pointers(e.checks)
	r.Design = design(e.checks)
	r.Operation, r.OperationNote = j.operation(e.checks)
	r.Status, r.Reasons = j.status(&r, e)
	if r.Status == schema.NotApplicable {
		r.Design, r.Operation, r.OperationNote = schema.DesignNotAssessed, schema.OperationNotTested, ""
	}
	return r
}

// statusOrder has the statuses that evidence leads to, worst first.
var statusOrder = []schema.Status{schema.NotImplemented, schema.Partial, schema.NeedsReview, schema.Implemented}

// A cap is a reason why the status is at best something.
type statusCap struct {
	at     schema.Status
	reason string
}

// status applies the rules of derivation in their order. Each rule can only lower
// the status; every reason is kept.
func (j *statusJudge) status(r *schema.ControlResult, e controlEvidence) (schema.Status, []string) {
	if n := j.overlay[r.ID].NotApplicable; n != nil {
		return notApplicable(r, n, j.today)
	}
	var caps []statusCap
	for _, rule := range []func(*schema.ControlResult, controlEvidence) []statusCap{
		capMissing, capSevere, capLesser, capUndecided, capNothing, j.capSignOff,
	} {
		caps = append(caps, rule(r, e)...)
	}
	status, reasons := schema.Implemented, []string{}
	for _, c := range caps {
		reasons = append(reasons, c.reason)
		if rank(statusOrder, c.at) < rank(statusOrder, status) {
			status = c.at
		}
	}
	return status, reasons
}

// notApplicable is rule 1: out of scope only with justification, approver and date.
func notApplicable(r *schema.ControlResult, n *schema.NotApplicableNote, today schema.Date) (schema.Status, []string) {
	var missing []string
	for _, m := range []struct {
		bad  bool
		what string
	}{
		{strings.TrimSpace(n.Justification) == "", "a justification"},
		{strings.TrimSpace(n.ApprovedBy) == "", "an approver"},
		{n.ApprovedOn.IsZero(), "a date of approval"},
		{today.Before(n.ApprovedOn), "an approval before the snapshot"},
	} {
		if m.bad {
			missing = append(missing, m.what)
		}
	}
	if len(missing) > 0 {
		return schema.NeedsReview, []string{"marked as not applicable without " + strings.Join(missing, ", ")}
	}
	r.NotApplicableBecause = fmt.Sprintf("%s (approved by %s on %s)", n.Justification, n.ApprovedBy, n.ApprovedOn)
	return schema.NotApplicable, []string{}
}

// capMissing is rule 2: what is not collected, or not in the register, is never proof.
func capMissing(_ *schema.ControlResult, e controlEvidence) []statusCap {
	var out []statusCap
	decided := 0
	for _, c := range e.checks {
		switch {
		case c.Result == schema.ResultNotCollected:
			out = append(out, statusCap{schema.NeedsReview, fmt.Sprintf("%s is not collected: %s", c.ID, strings.TrimSuffix(c.Reason, "."))})
			if c.Rows > c.Counts[schema.ResultNotCollected] { // seen in part
				decided++
			}
		case c.Result != schema.ResultNotApplicable:
			decided++
			if gap := e.gaps[c.ID]; gap != "" {
				out = append(out, statusCap{schema.NeedsReview, fmt.Sprintf("%s is not collected everywhere: %s", c.ID, gap)})
			}
		}
	}
	if len(out) > 0 && decided == 0 {
		return append([]statusCap{{schema.NeedsReview, "not evidenced: nothing that could prove the control was seen"}}, out...)
	}
	return out
}

// capSevere is rule 3: a fail of severity critical or high.
func capSevere(_ *schema.ControlResult, e controlEvidence) []statusCap {
	failing := map[string]int{}
	for _, f := range e.open() {
		if f.Result == schema.ResultFail && (f.Severity == schema.Critical || f.Severity == schema.High) {
			failing[f.Check]++
		}
	}
	at := schema.NotImplemented
	if slices.ContainsFunc(e.checks, func(c schema.CheckResult) bool { return mechanism(c) && c.Result == schema.ResultPass }) {
		at = schema.Partial
	}
	var out []statusCap
	for _, c := range e.checks {
		if n := failing[c.ID]; n > 0 {
			out = append(out, statusCap{at, fmt.Sprintf("%s fails with %s of severity critical or high", c.ID, plural(n, "finding"))})
		}
	}
	return out
}

// mechanism reports whether a check examines something that works, and not a document about it.
func mechanism(c schema.CheckResult) bool { return c.Kind != schema.CheckDocument }

// capLesser is rule 4: lesser deviations, and evidence that is out of date.
func capLesser(_ *schema.ControlResult, e controlEvidence) []statusCap {
	lesser := map[string]int{}
	for _, f := range e.open() {
		if f.Result == schema.ResultPartial || f.Severity != schema.Critical && f.Severity != schema.High {
			lesser[f.Check]++
		}
	}
	var out []statusCap
	for _, c := range e.checks {
		switch n := lesser[c.ID]; {
		case n > 0 && c.Kind == schema.CheckDocument:
			out = append(out, statusCap{schema.Partial, fmt.Sprintf("%s rests on %s out of date or incomplete", c.ID, plural(n, "document"))})
		case n > 0:
			out = append(out, statusCap{schema.Partial, fmt.Sprintf("%s has %s of lower severity or in part", c.ID, plural(n, "finding"))})
		}
	}
	return out
}

// capUndecided is the first half of rule 5: what needs a person's judgement is no pass.
func capUndecided(_ *schema.ControlResult, e controlEvidence) []statusCap {
	var out []statusCap
	for _, c := range e.checks {
		if n := c.Counts[schema.ResultNeedsReview]; n > 0 {
			out = append(out, statusCap{schema.NeedsReview, fmt.Sprintf("%s has %s for a person to judge", c.ID, plural(n, "row"))})
		}
	}
	return out
}

// capNothing is the other half of rule 5: a control under which nothing applies is not evidenced.
func capNothing(_ *schema.ControlResult, e controlEvidence) []statusCap {
	if slices.ContainsFunc(e.checks, func(c schema.CheckResult) bool { return c.Result != schema.ResultNotApplicable }) {
		return nil
	}
	return []statusCap{{schema.NeedsReview, "not evidenced: no check of the control applies"}}
}

// capSignOff is rule 6: the word of a person belongs to the status.
func (j *statusJudge) capSignOff(r *schema.ControlResult, _ controlEvidence) []statusCap {
	_, declined := j.signOff(r.ID)
	switch {
	case declined != "":
		return []statusCap{{schema.NeedsReview, declined}}
	case r.Review == schema.ReviewNever:
		return []statusCap{{schema.NeedsReview, "nobody signed off the control"}}
	case r.Review == schema.ReviewOverdue:
		return []statusCap{{schema.NeedsReview, "the review is overdue since " + r.NextReview.String()}}
	}
	return nil
}

func plural(n int, noun string) string {
	if n == 1 {
		return "1 " + noun
	}
	return fmt.Sprintf("%d %ss", n, noun)
}

// months between two reviews.
var months = map[schema.Cadence]int{schema.Monthly: 1, schema.Quarterly: 3, schema.SemiAnnual: 6, schema.Annual: 12}

// review says when the control was signed off last, and when it is due next.
func (j *statusJudge) review(r *schema.ControlResult) {
	r.Review = schema.ReviewNever
	s, _ := j.signOff(r.ID)
	if s.On.IsZero() {
		return
	}
	r.LastReview, r.ReviewedBy = s.On, s.By
	r.NextReview = s.On.AddMonths(months[r.Cadence])
	switch {
	case r.NextReview.Before(j.today):
		r.Review = schema.ReviewOverdue
	case j.today.DaysUntil(r.NextReview) <= dueDays:
		r.Review = schema.ReviewDue
	default:
		r.Review = schema.ReviewCurrent
	}
}

// exceptions counts the exceptions that cover findings of the control.
func (j *statusJudge) exceptions(r *schema.ControlResult, e controlEvidence) {
	for _, x := range e.exceptions {
		if x.State != schema.ExceptionValid {
			continue
		}
		r.Exceptions++
		if r.NearestExpiry.IsZero() || x.ExpiresOn.Before(r.NearestExpiry) {
			r.NearestExpiry = x.ExpiresOn
		}
	}
}

// design says whether the control, as it was seen, deals with the risk.
func design(checks []schema.CheckResult) schema.Design {
	passes := false
	out := schema.DesignEffective
	for _, c := range checks {
		switch c.Result {
		case schema.ResultFail, schema.ResultPartial:
			return schema.DesignGap
		case schema.ResultNotCollected, schema.ResultNeedsReview:
			out = schema.DesignNotAssessed
		case schema.ResultPass, schema.ResultExcepted:
			passes = true
		}
	}
	if !passes {
		return schema.DesignNotAssessed
	}
	return out
}

// operation says whether the control worked over the period, by the records and
// reports of that time that are registered for its checks. One deviates when it is
// no evidence, or when a check that it is registered for fails; where such a check
// is not collected, the records do not cover everything.
func (j *statusJudge) operation(checks []schema.CheckResult) (schema.Operation, string) {
	records, deviations := 0, 0
	results := map[schema.Result]string{} // a check that the records are for, by its result
	for _, d := range j.docs {
		done := d.Type == schema.DocRecord || d.Type == schema.DocReport
		named := slices.DeleteFunc(slices.Clone(checks), func(c schema.CheckResult) bool { return !slices.Contains(d.Checks, c.ID) })
		if !done || !j.inPeriod(d.AsOf) || len(named) == 0 {
			continue
		}
		records++
		if len(d.Problems) > 0 {
			deviations++
		}
		for _, c := range named {
			results[c.Result] = c.ID
		}
	}
	seen := plural(records, "record") + " in the period"
	switch {
	case records == 0:
		return schema.OperationNotTested, "no record in the period"
	case deviations > 0:
		return schema.OperationDeviation, fmt.Sprintf("%d of %s with deviations", deviations, plural(records, "record"))
	case results[schema.ResultFail] != "":
		return schema.OperationDeviation, fmt.Sprintf("%s, and %s fails", seen, results[schema.ResultFail])
	case results[schema.ResultNotCollected] != "":
		return schema.OperationNotTested, fmt.Sprintf("%s; %s asks for more", seen, results[schema.ResultNotCollected])
	default:
		return schema.OperationEffective, seen + ", none with deviations"
	}
}

func (j *statusJudge) inPeriod(d schema.Date) bool {
	return !d.IsZero() && !d.Time().Before(j.period.From) && d.Time().Before(j.period.To)
}

// pointers says what the status rests on: for each check its main population, its
// documents or its register.
func (j *statusJudge) pointers(checks []schema.CheckResult) []schema.EvidencePointer {
	out := []schema.EvidencePointer{}
	for _, c := range checks {
		switch c.Kind {
		case schema.CheckDocument:
			out = append(out, j.documentPointers(c)...)
		case schema.CheckAPI:
			out = append(out, j.populationPointer(c))
		default:
			out = append(out, j.pointer(c, string(c.Kind), ""))
		}
	}
	return out
}

func (j *statusJudge) pointer(c schema.CheckResult, what, path string) schema.EvidencePointer {
	p := schema.EvidencePointer{Check: c.ID, What: what, Path: path, AsOf: j.today, Freshness: schema.Fresh, Result: c.Result}
	if c.Result == schema.ResultNotCollected {
		p.AsOf, p.Freshness = schema.Date{}, schema.Missing
	}
	return p
}

func (j *statusJudge) populationPointer(c schema.CheckResult) schema.EvidencePointer {
	if len(c.Populations) == 0 {
		return j.pointer(c, "queries", "")
	}
	p, _ := schema.PopulationNamed(c.Populations[0])
	return j.pointer(c, p.Name, p.Path())
}

func (j *statusJudge) documentPointers(c schema.CheckResult) []schema.EvidencePointer {
	var out []schema.EvidencePointer
	for _, d := range j.docs {
		if !slices.Contains(d.Checks, c.ID) {
			continue
		}
		p := j.pointer(c, d.ID, d.Location)
		if d.File != "" {
			p.Path = documentFolder + d.File
		}
		p.AsOf = cmp.Or(d.AsOf, d.ApprovedOn)
		p.Freshness = freshness(j.until(d.DocumentRecord, c.ID), j.today)
		out = append(out, p)
	}
	if len(out) == 0 {
		out = append(out, j.pointer(c, "document", ""))
	}
	return out
}

// documentFolder is where attached documents lie in the bundle.
const documentFolder = "evidence/documents/"
