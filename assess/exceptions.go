package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// longestDays is the longest term of any exception, whatever the register allows.
const longestDays = 365

// exceptionCheck decides about the exception register. Its own findings cannot be
// excepted: the register does not accept its own defects.
const exceptionCheck = "GOV-03.c1"

// An exceptionJudge holds the exception register against the findings of a run.
type exceptionJudge struct {
	today    schema.Date
	maxDays  map[schema.Severity]int
	controls map[string]bool
	checks   map[string]string // control by check id
	// implemented says of a control whether it is implemented without any exception.
	implemented func(control string) bool
	reviews     []schema.ExceptionReview
}

// judge says what becomes of each entry of the register. The findings are those of
// the whole run, sorted.
func (j *exceptionJudge) judge(register []schema.Exception, findings []schema.Finding) []schema.ExceptionResult {
	out := make([]schema.ExceptionResult, 0, len(register))
	ids := map[string]int{}
	for _, e := range register {
		ids[e.ID]++
	}
	for _, e := range register {
		r := schema.ExceptionResult{Exception: e}
		worst := cmp.Or(e.Risk, schema.Info)
		for _, f := range findings {
			if !covers(e, f) {
				continue
			}
			if len(r.Findings) == 0 || rank(severities, f.Severity) < rank(severities, worst) {
				worst = f.Severity
			}
			r.Findings = append(r.Findings, f.ID)
		}
		slices.Sort(r.Findings)
		r.Problems = j.problems(e, worst)
		var last schema.Date
		if r.EndedOn, last = j.reviewed(e); r.EndedOn.IsZero() {
			r.ReviewOverdue = !e.ReviewOn.IsZero() && e.ReviewOn.Before(j.today) && last.Before(e.ReviewOn)
		}
		if ids[e.ID] > 1 {
			r.Problems = append(r.Problems, "another exception has the same id")
		}
		r.State = j.state(r)
		out = append(out, r)
	}
	return out
}

func (j *exceptionJudge) state(r schema.ExceptionResult) schema.ExceptionState {
	switch {
	case !r.ExpiresOn.IsZero() && r.ExpiresOn.Before(j.today), !r.EndedOn.IsZero():
		return schema.ExceptionExpired
	case len(r.Problems) > 0:
		return schema.ExceptionInvalid
	case len(r.Findings) == 0:
		return schema.ExceptionUnused
	default:
		return schema.ExceptionValid
	}
}

// problems lists the rules of the register that an entry breaks. worst is the
// highest severity among the findings that it covers.
func (j *exceptionJudge) problems(e schema.Exception, worst schema.Severity) []string {
	out := []string{}
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	control, checkKnown := j.checks[e.Check]
	add(e.ID == "", "it has no id")
	add(!j.controls[e.Control], "the control table has no control %q", e.Control)
	add(e.Check != "" && (!checkKnown || control != e.Control), "%s has no check %q", e.Control, e.Check)
	add(e.ApprovedBy == "", "nobody approved it")
	add(e.RequestedBy == "", "nobody requested it")
	add(e.ApprovedBy != "" && samePerson(e.ApprovedBy, e.RequestedBy), "the approver is also the requester")
	add(strings.TrimSpace(e.Reason) == "", "it gives no reason")
	add(!j.compensated(e), "nothing that counts compensates for it")
	add(e.ApprovedOn.IsZero(), "it does not say when it was approved")
	add(j.today.Before(e.ApprovedOn), "it is approved on %s, after the snapshot", e.ApprovedOn)
	add(e.ExpiresOn.IsZero(), "it does not expire")
	limit := j.limit(worst)
	add(!e.ExpiresOn.IsZero() && !e.ApprovedOn.IsZero() && e.ApprovedOn.DaysUntil(e.ExpiresOn) > limit,
		"it runs for %d days, and %d are allowed for severity %s", e.ApprovedOn.DaysUntil(e.ExpiresOn), limit, worst)
	add(wholeCluster(e) && !secondApproved(e), "it covers a whole cluster without a second approver")
	return out
}

// reviewed returns the day on which a reviewer ended an exception, and the day of
// the last review that kept it; zero Dates where nobody did. A review by the one
// who asked for the exception can end it, and does not count as one that keeps it.
func (j *exceptionJudge) reviewed(e schema.Exception) (ended, kept schema.Date) {
	for _, r := range j.reviews {
		on := r.Spec.CompletedOn
		if j.today.Before(on) || on.Before(e.ApprovedOn) {
			continue // of another day, or of an earlier entry with the same id
		}
		for _, d := range r.Spec.Decisions {
			switch {
			case d.Exception != e.ID:
			case d.Decision == schema.EndException && (ended.IsZero() || on.Before(ended)):
				ended = on
			case d.Decision == schema.KeepException && kept.Before(on) && !samePerson(r.Spec.Reviewer, e.RequestedBy):
				kept = on
			}
		}
	}
	return ended, kept
}

// limit returns the longest term of an exception for findings of a severity.
func (j *exceptionJudge) limit(s schema.Severity) int {
	if n, ok := j.maxDays[s]; ok {
		return min(n, longestDays)
	}
	return longestDays
}

// compensated reports whether something deals with the risk meanwhile: a measure
// in words, or another control that is implemented without any exception.
func (j *exceptionJudge) compensated(e schema.Exception) bool {
	if strings.TrimSpace(e.Compensating) != "" {
		return true
	}
	return e.CompensatingControl != "" && e.CompensatingControl != e.Control && j.implemented(e.CompensatingControl)
}

// wholeCluster reports whether neither a namespace, nor a name, nor finding ids limit an exception.
func wholeCluster(e schema.Exception) bool {
	everything := func(glob string) bool { return strings.Trim(glob, "*") == "" }
	return everything(e.Scope.Namespace) && everything(e.Scope.Name) && len(e.Findings) == 0
}

func secondApproved(e schema.Exception) bool {
	return strings.TrimSpace(e.SecondApprover) != "" && !samePerson(e.SecondApprover, e.ApprovedBy) && !samePerson(e.SecondApprover, e.RequestedBy)
}

// covers reports whether an exception selects a finding, whether or not it counts.
func covers(e schema.Exception, f schema.Finding) bool {
	return e.Control == f.Control && f.Check != exceptionCheck &&
		(f.Result == schema.ResultFail || f.Result == schema.ResultPartial) &&
		(e.Check == "" || e.Check == f.Check) &&
		(len(e.Findings) == 0 || slices.Contains(e.Findings, f.ID)) &&
		glob(e.Scope.Cluster, f.Subject.Cluster) && glob(e.Scope.Namespace, f.Subject.Namespace) &&
		glob(e.Scope.Kind, f.Subject.Kind) && glob(e.Scope.Name, f.Subject.Name)
}

// glob reports whether s matches a pattern in which * stands for any text. An
// empty pattern matches everything.
func glob(pattern, s string) bool {
	if pattern == "" {
		return true
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == s
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(s, first) || !strings.HasSuffix(s[len(first):], last) {
		return false
	}
	s = s[len(first) : len(s)-len(last)]
	for _, part := range parts[1 : len(parts)-1] {
		_, after, found := strings.Cut(s, part)
		if !found {
			return false
		}
		s = after
	}
	return true
}

// applyExceptions marks the findings that valid exceptions cover. The first
// exception of the register that covers a finding is named by it; its rows count
// as excepted.
func applyExceptions(exceptions []schema.ExceptionResult, verdicts map[string]*verdict) {
	by := map[string]schema.ExceptionResult{}
	for _, e := range slices.Backward(exceptions) {
		if e.State != schema.ExceptionValid {
			continue
		}
		for _, id := range e.Findings {
			by[id] = e
		}
	}
	for _, v := range verdicts {
		for id, f := range v.findings {
			e, ok := by[id]
			if !ok {
				continue
			}
			f.Exception, f.ExceptedUntil = e.ID, e.ExpiresOn
			v.counts[f.Result] -= f.rows
			v.counts[schema.ResultExcepted] += f.rows
		}
	}
}
