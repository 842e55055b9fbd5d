package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
)

// signOffForms gives each control in scope to its reviewer, where its review is
// due, overdue or was never done, or else all of them.
func signOffForms(b *reviewedBundle, plan reviewPlan) ([]reviewerForm, error) {
	var forms []reviewerForm
	for _, c := range b.report.Controls {
		if c.Status == schema.NotApplicable || !plan.all && c.Review == schema.ReviewCurrent {
			continue
		}
		r := reviewer{name: c.Reviewer}
		if r.name == "" {
			var err error
			if r, err = plan.general(b, c.ID); err != nil {
				return nil, err
			}
		}
		f := formOf(&forms, r, signOffForm)
		f.rows = append(f.rows, c.ID)
		f.form.Rows = append(f.form.Rows, signOffRow(c))
	}
	for i := range forms {
		f := &forms[i]
		f.form.Notes = []workbook.Pair{
			{Label: "Controls", Text: fmt.Sprintf("%d, from report.json with SHA-256 %s", len(f.rows), b.verified.SHA256("report.json"))},
			{Label: "How", Text: "Sign off that you reviewed the control with its evidence and findings as they stand; that is no statement that all is well. Decline where you could not, and say why."},
		}
		b.finish(f, "sign-off", plan)
	}
	return byReviewer(forms), nil
}

func signOffForm() *workbook.Form {
	return &workbook.Form{Title: "Which of these controls did you review?", Columns: slices.Concat([]workbook.Column{
		{Title: "Control", Width: 16}, {Title: "Title", Width: 44}, {Title: "Status", Width: 16}, {Title: "Owner", Width: 22}, {Title: "Open findings", Width: 22},
	}, answerColumns(string(schema.SignedOff), string(schema.Declined)), []workbook.Column{
		{Title: "Why not better", Width: 70}, {Title: "Last sign-off", Width: 26}, {Title: "Cadence", Width: 12},
	})}
}

func signOffRow(c schema.ControlResult) []string {
	var findings []string
	for _, s := range severities {
		if n := c.Findings[s]; n > 0 {
			findings = append(findings, fmt.Sprintf("%d %s", n, s))
		}
	}
	last := "never"
	if !c.LastReview.IsZero() {
		last = c.LastReview.String() + " by " + c.ReviewedBy
	}
	return []string{
		c.ID, c.Title, strings.ReplaceAll(string(c.Status), "_", " "), c.Owner, strings.Join(findings, ", "), "", "", strings.Join(c.Reasons, "; "), last, string(c.Cadence),
	}
}

func signOffDocuments(b *reviewedBundle, f reviewerForm, a decided) ([]reviewDocument, error) {
	name := fileName("sign-off", a.on.String(), f.reviewer.name)
	spec := schema.ControlReviewSpec{Reviewer: f.reviewer.name, CompletedOn: a.on, Report: b.reviewed("report.json"), Workbook: &a.workbook}
	for i, row := range f.rows {
		spec.Decisions = append(spec.Decisions, schema.ControlDecision{
			Control: row.(string), Decision: schema.ControlVerdict(a.rows[i].verdict), Note: a.rows[i].note,
		})
	}
	return []reviewDocument{{name: name, decisions: len(f.rows), value: schema.ControlReview{
		TypeMeta: schema.TypeMeta{APIVersion: schema.APIVersion, Kind: schema.KindControlReview}, Metadata: schema.Metadata{Name: name}, Spec: spec,
	}}}, nil
}
