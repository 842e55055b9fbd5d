package render

import (
	"fmt"

	"github.com/auditpack/auditpack/schema"
)

// controlMap is the whole control table, one line a control.
func (b *builder) controlMap() []Section {
	t := Table{
		Columns: []Column{
			{Title: "Id", Width: 14}, {Title: "Control", Width: 45}, {Title: "Owner", Width: 22},
			{Title: "Status", Width: 26, Kind: StatusCell}, {Title: "Design", Width: 15}, {Title: "Operation", Width: 17},
			{Title: "Evidence as of", Width: 17}, {Title: findingsTitle, Width: 14}, {Title: "Next review", Width: 17},
		},
		Dense: true,
		Empty: "The control table is empty.",
	}
	for _, c := range b.r.Controls {
		owner := plain(c.Owner)
		if c.Owner == "" {
			owner = Text{Value: noOwner, Tone: Bad}
		}
		operation := operationText(c)
		operation.Note = "" // the control's own section has it
		t.Rows = append(t.Rows, []Text{
			linked(c.ID), plain(c.Title), owner, statusText(c), designText(c.Design), operation,
			evidenceText(c), severityCounts(c), nextReview(c),
		})
	}
	return []Section{flowing("map", "Control map",
		lead("%s of %s. The evidence date is that of the oldest piece the status rests on; findings count what is open, critical to low.",
			count(len(b.r.Controls), "control", "controls"), b.r.Plan.ControlTable),
		t,
	)}
}

// evidenceText is the oldest date and the worst freshness of a control's evidence.
func evidenceText(c schema.ControlResult) Text {
	rank := map[schema.Freshness]int{schema.Fresh: 1, schema.Due: 2, schema.Stale: 3, schema.Missing: 4}
	var oldest schema.Date
	var worst schema.Freshness
	for _, e := range c.Evidence {
		if !e.AsOf.IsZero() && (oldest.IsZero() || e.AsOf.Before(oldest)) {
			oldest = e.AsOf
		}
		if rank[e.Freshness] > rank[worst] {
			worst = e.Freshness
		}
	}
	t := date(oldest)
	if worst != "" && worst != schema.Fresh {
		t.Note = string(worst)
		if worst == schema.Missing {
			t.Note = "part missing"
		}
	}
	return t
}

// findingsTitle heads the counts of open findings by severity, critical to low.
const findingsTitle = "Findings C\u00a0H\u00a0M\u00a0L"

func severityCounts(c schema.ControlResult) Text {
	n := c.Findings
	if sum(n) == 0 {
		return plain("")
	}
	return Text{Value: fmt.Sprintf("%d  %d  %d  %d", n[schema.Critical], n[schema.High], n[schema.Medium], n[schema.Low])}
}

func nextReview(c schema.ControlResult) Text {
	t := date(c.NextReview)
	if c.Status == schema.NotApplicable {
		return plain("")
	}
	switch c.Review {
	case schema.ReviewOverdue, schema.ReviewDue:
		t.Note = string(c.Review)
	case schema.ReviewNever:
		t.Value = "never"
	}
	if c.Review == schema.ReviewOverdue || c.Review == schema.ReviewNever {
		t.Tone = Bad
	}
	return t
}
