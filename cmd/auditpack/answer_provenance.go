package main

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/internal/answer"
	"github.com/auditpack/auditpack/internal/workbook"
)

// provenanceSheet is the sheet that says where each answer is from.
const provenanceSheet = "Answer provenance"

// The columns of the sheet, by their titles.
const (
	provSheet     = "Sheet"
	provRow       = "Row"
	provAnswerAt  = "Answer column"
	provCommentAt = "Comment column"
	provID        = "Id"
	provQuestion  = "Question"
	provState     = "State"
	provWritten   = "Written"
	provControls  = "Controls"
	provGround    = "Ground before"
	provBy        = "Approved by"
	provOn        = "Approved on"
)

var provenanceColumns = []workbook.Column{
	{Title: provSheet, Width: 18}, {Title: provRow, Width: 8}, {Title: provAnswerAt, Width: 9}, {Title: provCommentAt, Width: 9}, {Title: provID, Width: 14},
	{Title: provQuestion, Width: 60}, {Title: provState, Width: 15}, {Title: provWritten, Width: 12}, {Title: "Evidence speaks for", Width: 12},
	{Title: provBy, Width: 24, Answer: true}, {Title: provOn, Width: 14, Answer: true}, {Title: "Why a human", Width: 70}, {Title: "Confidence", Width: 12},
	{Title: "Found by", Width: 34}, {Title: provControls, Width: 24}, {Title: "Statuses and evidence", Width: 60}, {Title: "Asks", Width: 50}, {Title: "Text SHA-256", Width: 66}, {Title: provGround, Width: 10},
}

// addProvenance adds the sheet that says where each answer is from.
func addProvenance(book *workbook.Book, questionnaire string, b *reviewedBundle, all []answered) error {
	count := counts(all)
	notes := []workbook.Pair{
		{Label: "Questionnaire", Text: questionnaire},
		{Label: "Bundle", Text: b.name + ", as of " + b.report.AsOf.Format("2006-01-02 15:04 UTC") + ", sha256:" + b.verified.Digest},
		{Label: "Answers", Text: fmt.Sprintf("%d from evidence (green), %d need a human (yellow; red where nothing matches), %d were there", count[stateMachine], count[stateHuman], count[stateGiven])},
		{Label: "How", Text: "Answer what needs a human in the questionnaire itself, and write your name and the day, such as 2026-11-22, into its row here. An answer that you change needs them too. Then: auditpack answer FILE --final"},
	}
	var rows [][]string
	for _, a := range all {
		rows = append(rows, provenanceRow(a))
	}
	return book.AddTable(provenanceSheet, notes, provenanceColumns, rows)
}

func provenanceRow(a answered) []string {
	var ids, evidence, asks []string
	for _, c := range a.Controls {
		ids = append(ids, c.ID)
		var checks []string
		for _, e := range c.Evidence {
			checks = append(checks, fmt.Sprintf("%s %s %s", e.Check, e.Freshness, e.AsOf))
		}
		evidence = append(evidence, fmt.Sprintf("%s %s (%s)", c.ID, strings.ReplaceAll(string(c.Status), "_", " "), strings.Join(checks, ", ")))
	}
	for i, part := range a.Parts {
		if len(a.Parts) > 1 {
			asks = append(asks, fmt.Sprintf("%d. %s", i+1, part))
		}
	}
	return []string{
		a.Sheet, fmt.Sprint(a.Row), workbook.ColumnName(a.Answer), workbook.ColumnName(a.Item.Comment), a.ID, a.Text, a.state, a.written, a.Suggested,
		"", "", strings.Join(a.Human, "; "), string(a.Confidence), a.Step, strings.Join(ids, " "), strings.Join(evidence, "; "), strings.Join(asks, " "), answer.Hash(a.Text), a.ground,
	}
}
