package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A validity is how long a document counts.
type validity struct {
	months, days int
	// control takes the control's EvidenceMaxAgeDays instead.
	control bool
}

// validityByType has the default validity of each type of document (catalogue §3.5).
// That of policies and procedures runs from their approval, all others from their AsOf.
var validityByType = map[schema.DocumentType]validity{
	schema.DocPolicy:      {months: 12},
	schema.DocProcedure:   {months: 12},
	schema.DocRecord:      {months: 12},
	schema.DocReport:      {months: 12},
	schema.DocExport:      {days: 90},
	schema.DocAttestation: {months: 12},
}

// validityByCheck has the checks whose logic names another validity than that of the type.
var validityByCheck = map[string]validity{
	"ACC-04.d1": {control: true}, // access review: one quarter and 10 days
	"MON-05.d1": {control: true}, // alert review: one for every period
	"RES-02.d1": {control: true}, // restore test: the interval of the control
	"SEP-05.d1": {days: 90},      // benchmark scan
	"GOV-06.d3": {months: 24},    // training
	"GOV-07.d1": {months: 24},    // exit plan
}

// dueDays is how long before its end a document, or a review, is called due.
const dueDays = 14

// A documentJudge holds the document register against a day.
type documentJudge struct {
	today    schema.Date
	checks   map[string]string // control by check id
	maxAge   map[string]int    // by control id
	attached map[string]string
	// superseded are the documents that another document replaces.
	superseded map[string]bool
}

func newDocumentJudge(today schema.Date, in *schema.Inputs) *documentJudge {
	j := &documentJudge{today: today, checks: map[string]string{}, maxAge: map[string]int{}, attached: in.Attached, superseded: map[string]bool{}}
	for _, c := range in.Checks {
		j.checks[c.ID] = c.Control
	}
	for _, c := range in.Table.Spec.Controls {
		j.maxAge[c.ID] = c.EvidenceMaxAgeDays
	}
	for _, d := range in.Documents.Spec.Documents {
		if d.Supersedes != "" && d.Supersedes != d.ID {
			j.superseded[d.Supersedes] = true
		}
	}
	return j
}

// judgeAll says how fresh each entry of the register is, over all checks that it is
// evidence for: the earliest end counts.
func (j *documentJudge) judgeAll(records []schema.DocumentRecord) []schema.DocumentResult {
	out := make([]schema.DocumentResult, 0, len(records))
	for _, d := range records {
		until := j.until(d, "")
		for _, check := range d.Checks {
			if u := j.until(d, check); u.Before(until) {
				until = u
			}
		}
		out = append(out, schema.DocumentResult{DocumentRecord: d, Until: until, Freshness: freshness(until, j.today), Problems: j.problems(d)})
	}
	return out
}

// until returns the last day on which a document counts for a check; the zero Date
// when the day from which it counts is not known.
func (j *documentJudge) until(d schema.DocumentRecord, check string) schema.Date {
	start := countsFrom(d)
	if start.IsZero() {
		return schema.Date{}
	}
	if !d.ValidUntil.IsZero() {
		return d.ValidUntil
	}
	v, ok := validityByCheck[check]
	if !ok {
		v = validityByType[d.Type]
	}
	if v.control {
		return start.AddDays(j.maxAge[j.checks[check]])
	}
	return start.AddMonths(v.months).AddDays(v.days)
}

// countsFrom returns the day from which the age of a document is counted.
func countsFrom(d schema.DocumentRecord) schema.Date {
	if d.Type == schema.DocPolicy || d.Type == schema.DocProcedure {
		return d.ApprovedOn
	}
	return d.AsOf
}

// freshness says how a day up to which something counts stands today.
func freshness(until, today schema.Date) schema.Freshness {
	switch {
	case until.Before(today):
		return schema.Stale
	case today.DaysUntil(until) <= dueDays:
		return schema.Due
	default:
		return schema.Fresh
	}
}

// problems lists what makes a document no evidence, however fresh it is.
func (j *documentJudge) problems(d schema.DocumentRecord) []string {
	var out []string
	add := func(bad bool, format string, args ...any) {
		if bad {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	_, known := validityByType[d.Type]
	add(!known, "the type %q is not known", d.Type)
	needsApproval := d.Type == schema.DocPolicy || d.Type == schema.DocProcedure
	add(needsApproval && (d.ApprovedBy == "" || d.ApprovedOn.IsZero()), "it is not approved")
	add(!needsApproval && d.AsOf.IsZero(), "it does not say as of which day it is true")
	add(j.today.Before(d.AsOf), "it is dated %s, after the snapshot", d.AsOf)
	add(j.today.Before(d.ApprovedOn), "it is approved on %s, after the snapshot", d.ApprovedOn)
	add(d.ApprovedBy != "" && samePerson(d.ApprovedBy, d.Author), "the approver is also the author")
	sum, attached := j.attached[d.File]
	add(d.File != "" && !attached, "the file %s is missing", d.File)
	add(d.File != "" && attached && d.SHA256 != "" && !strings.EqualFold(sum, d.SHA256), "the file %s is not the one that was registered: its SHA-256 differs", d.File)
	for _, c := range d.Checks {
		_, ok := j.checks[c]
		add(!ok, "it is registered for %s, which is no check", c)
	}
	return out
}

// samePerson compares names as people type them.
func samePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// decideDocuments decides a document check from the documents that are registered
// for it, one outcome a document. An earlier document of the same type about the
// same things is history and not applicable.
func (j *documentJudge) decideDocuments(check *schema.Check, all []schema.DocumentResult) []Outcome {
	docs := j.registeredFor(check.ID, all)
	out := make([]Outcome, 0, len(docs))
	for i, d := range docs {
		o := Outcome{Subject: documentSubject(d.ID), Result: schema.ResultPass}
		until := j.until(d.DocumentRecord, check.ID)
		switch {
		case j.superseded[d.ID] || slices.ContainsFunc(docs[:i], func(newer schema.DocumentResult) bool { return replaces(newer, d) }):
			o.Result = schema.ResultNotApplicable
		case len(d.Problems) > 0:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("%s (%s) is no evidence: %s.", d.Title, d.ID, strings.Join(d.Problems, "; "))
		case freshness(until, j.today) == schema.Stale:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("%s (%s) is out of date since %s.", d.Title, d.ID, until)
		}
		out = append(out, o)
	}
	return out
}

func documentSubject(id string) schema.Subject { return schema.Subject{Kind: "Document", Name: id} }

// registeredFor returns the documents for a check, the newest first.
func (j *documentJudge) registeredFor(check string, all []schema.DocumentResult) []schema.DocumentResult {
	var docs []schema.DocumentResult
	for _, d := range all {
		if slices.Contains(d.Checks, check) {
			docs = append(docs, d)
		}
	}
	slices.SortStableFunc(docs, func(a, b schema.DocumentResult) int {
		return cmp.Or(countsFrom(b.DocumentRecord).Time().Compare(countsFrom(a.DocumentRecord).Time()), cmp.Compare(a.ID, b.ID))
	})
	return docs
}

// replaces reports whether a newer document, free of problems, stands for the older one.
func replaces(newer, older schema.DocumentResult) bool {
	return newer.Type == older.Type && len(newer.Problems) == 0 && slices.Equal(newer.Covers, older.Covers) &&
		countsFrom(older.DocumentRecord).Before(countsFrom(newer.DocumentRecord))
}

// A ChecklistItem is a document check with the documents that are registered for it.
type ChecklistItem struct {
	Check schema.Check
	// Freshness of the best document that counts; missing when none does.
	Freshness schema.Freshness
	// Until is the last day on which that document counts.
	Until schema.Date
	// Documents for the check, the newest first; their Until is the one for this check.
	Documents []schema.DocumentResult
}

// Checklist says of each document check of a control in scope, in the order of the
// control table, whether there is a document for it. What a document has to cover
// is known only from a snapshot.
func Checklist(today schema.Date, in *schema.Inputs) []ChecklistItem {
	j := newDocumentJudge(today, in)
	all := j.judgeAll(in.Documents.Spec.Documents)
	overlay := overlayByControl(in)
	out := []ChecklistItem{}
	for _, c := range in.Checks {
		if c.Kind != schema.CheckDocument || overlay[c.Control].NotApplicable != nil {
			continue
		}
		item := ChecklistItem{Check: c, Freshness: schema.Missing, Documents: j.registeredFor(c.ID, all)}
		for i := range item.Documents {
			d := &item.Documents[i]
			d.Until = j.until(d.DocumentRecord, c.ID)
			d.Freshness = freshness(d.Until, today)
			if len(d.Problems) == 0 && !j.superseded[d.ID] && (item.Freshness == schema.Missing || item.Until.Before(d.Until)) {
				item.Freshness, item.Until = d.Freshness, d.Until
			}
		}
		out = append(out, item)
	}
	return out
}
