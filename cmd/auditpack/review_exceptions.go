package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
)

// exceptionForms gives each exception that still runs to a reviewer who did not ask for it.
func exceptionForms(b *reviewedBundle, plan reviewPlan) ([]reviewerForm, error) {
	var forms []reviewerForm
	var own []string
	for _, e := range b.report.Exceptions {
		if e.State == schema.ExceptionExpired {
			continue
		}
		r, ok, err := plan.exceptionReviewer(b, e.RequestedBy)
		if err != nil {
			return nil, err
		}
		if !ok {
			own = append(own, e.ID)
			continue
		}
		f := formOf(&forms, r, exceptionForm)
		f.rows = append(f.rows, e.ID)
		f.form.Rows = append(f.form.Rows, exceptionRow(e))
	}
	if len(own) > 0 {
		return nil, fmt.Errorf("nobody reviews exceptions that they asked for; name another reviewer with --reviewer for %s", strings.Join(own, ", "))
	}
	for i := range forms {
		f := &forms[i]
		f.form.Notes = []workbook.Pair{
			{Label: "Exceptions", Text: fmt.Sprintf("%d, from report.json with SHA-256 %s", len(f.rows), b.verified.SHA256("report.json"))},
			{Label: "How", Text: "Keep what is still needed until its last day, and end the rest: it no longer counts from then. A longer term takes a new entry of the register, with an approval of its own."},
		}
		b.finish(f, "exceptions", plan)
	}
	return byReviewer(forms), nil
}

// exceptionReviewer returns who reviews what somebody asked for: the first who is
// somebody else.
func (p reviewPlan) exceptionReviewer(b *reviewedBundle, requester string) (_ reviewer, ok bool, err error) {
	general, err := p.general(b, "GOV-03")
	if err != nil {
		return reviewer{}, false, err
	}
	candidates := append([]reviewer{general}, p.reviewers...)
	i := slices.IndexFunc(candidates, func(r reviewer) bool { return !samePerson(r.name, requester) })
	if i < 0 {
		return reviewer{}, false, nil
	}
	return candidates[i], true, nil
}

func exceptionForm() *workbook.Form {
	return &workbook.Form{Title: "Which of these deviations are still accepted?", Columns: slices.Concat([]workbook.Column{
		{Title: "Exception", Width: 16}, {Title: "Deviates from", Width: 20}, {Title: "Where", Width: 34}, {Title: "Reason", Width: 46}, {Title: "Meanwhile", Width: 46},
		{Title: "Last day", Width: 12}, {Title: "State", Width: 10},
	}, answerColumns(string(schema.KeepException), string(schema.EndException)), []workbook.Column{
		{Title: "Findings", Width: 10}, {Title: "Asked for by", Width: 20}, {Title: "Approved", Width: 30}, {Title: "Not in order", Width: 40},
	})}
}

func exceptionRow(e schema.ExceptionResult) []string {
	var scope []string
	for _, part := range []struct{ name, value string }{{"cluster", e.Scope.Cluster}, {"namespace", e.Scope.Namespace}, {"kind", e.Scope.Kind}, {"name", e.Scope.Name}} {
		if part.value != "" {
			scope = append(scope, part.name+" "+part.value)
		}
	}
	meanwhile := e.Compensating
	if e.CompensatingControl != "" {
		meanwhile = strings.TrimSpace(meanwhile + " Control: " + e.CompensatingControl)
	}
	return []string{
		e.ID, strings.TrimSpace(e.Control + " " + e.Check), strings.Join(scope, ", "), e.Reason, meanwhile, e.ExpiresOn.String(), string(e.State), "", "",
		fmt.Sprint(len(e.Findings)), e.RequestedBy, e.ApprovedOn.String() + " by " + e.ApprovedBy, strings.Join(e.Problems, "; "),
	}
}

func exceptionDocuments(b *reviewedBundle, f reviewerForm, a decided) ([]reviewDocument, error) {
	name := fileName("exceptions", a.on.String(), f.reviewer.name)
	spec := schema.ExceptionReviewSpec{Reviewer: f.reviewer.name, CompletedOn: a.on, Report: b.reviewed("report.json"), Workbook: &a.workbook}
	for i, row := range f.rows {
		spec.Decisions = append(spec.Decisions, schema.ExceptionDecision{
			Exception: row.(string), Decision: schema.ExceptionVerdict(a.rows[i].verdict), Note: a.rows[i].note,
		})
	}
	return []reviewDocument{{name: name, decisions: len(f.rows), value: schema.ExceptionReview{
		TypeMeta: schema.TypeMeta{APIVersion: schema.APIVersion, Kind: schema.KindExceptionReview}, Metadata: schema.Metadata{Name: name}, Spec: spec,
	}}}, nil
}
