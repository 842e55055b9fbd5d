package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// changesSheet has a row for each thing that is different since the bundle before,
// but for findings that are still open: Findings has those, with their age.
func (b *builder) changesSheet(x *crossings) Sheet {
	c := b.r.Changes
	sheet := sheetOf(changesName, "What changed since the audit pack as of "+instant(c.Since)+"?", []Column{
		textColumn("What", 18), textColumn("Change", 16), textColumn("Control", 10), textColumn("Check", 11), statusColumn("Severity", 10, severityTexts),
		textColumn("Owner", 22), textColumn("Cluster", 14), textColumn("Of what", 90), textColumn("Before", 40), textColumn("Now", 40), dateColumn("Date"), textColumn("Id", 28),
	}, x.changes(c), func(cells []Cell) []Cell { return cells })
	notes := []Note{{"How to read", "Date is the sign-off of a review and the end of an exception. Findings that are still open are on Findings, with the day on which they were first seen."}}
	if len(c.NotCompared) > 0 {
		notes = append(notes, Note{"Not compared", strings.Join(c.NotCompared, "; ")})
	}
	sheet.Notes = notes
	return sheet
}

// changes are the rows of the sheet, in the order of the chapter.
func (x *crossings) changes(c *schema.Changes) [][]Cell {
	var rows [][]Cell
	raised, lowered, other := byDirection(c.Statuses)
	for _, part := range [][]schema.StatusChange{lowered, raised, other} {
		for _, s := range part {
			rows = append(rows, []Cell{"status", string(s.Direction), x.control(s.ID), nil, nil, nil, nil, s.Title, statusOr(s.Before).Value, statusOr(s.After).Value, nil, s.ID})
		}
	}
	for _, o := range c.Outdated {
		rows = append(rows, []Cell{"outdated sign-off", "changed since", x.control(o.Control), nil, nil, nil, nil, o.Title, statusOr(o.Before).Value, statusOr(o.After).Value, o.LastReview, o.Control})
	}
	closed, unseen := closedAndUnseen(c.Closed)
	for _, part := range []struct {
		change   string
		findings []schema.FindingChange
	}{{"new", c.New}, {"closed", closed}, {"no longer seen", unseen}} {
		for _, f := range part.findings {
			rows = append(rows, []Cell{
				"finding", part.change, x.control(f.Control), x.check(f.Check), severityText(f.Severity), f.Owner, nil, f.Message, string(f.Before), string(f.After), nil,
				link(f.ID, findingsName, x.findings[f.ID]),
			})
		}
	}
	for _, part := range itemParts(c) {
		for _, i := range part.items {
			rows = append(rows, []Cell{part.one, string(i.Change), nil, nil, nil, nil, i.Cluster, i.What, i.Before, i.After, nil, nil})
		}
	}
	for _, e := range c.Exceptions {
		rows = append(rows, []Cell{"exception", nil, nil, nil, nil, nil, nil, e.ID, stateOr(e.Before).Value, stateOr(e.After).Value, e.ExpiresOn, e.ID})
	}
	for _, r := range c.Reviews {
		before := ""
		if !r.Before.IsZero() {
			before = "signed off " + r.Before.String()
		}
		rows = append(rows, []Cell{"review", "signed off", x.control(r.Control), nil, nil, r.By, nil, r.Title, before, "signed off", r.After, r.Control})
	}
	return rows
}
