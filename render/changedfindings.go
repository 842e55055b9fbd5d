package render

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Bounds of the tables of changed findings; the workbook has all of them.
const (
	changedRows = 12
	oldestRows  = 6
)

// changedFindings lists what is new, closed and no longer seen, and how old the rest is.
func (b *builder) changedFindings(c *schema.Changes) []Block {
	closed, unseen := closedAndUnseen(c.Closed)
	var blocks []Block
	blocks = append(blocks, b.findingTable("New findings", c.New, changedRows, wasBefore)...)
	blocks = append(blocks, b.findingTable("Closed findings", closed, changedRows, isNow)...)
	blocks = append(blocks, b.findingTable("No longer seen, so not known to be closed", unseen, changedRows, nil)...)
	if len(c.Ageing) > 0 {
		blocks = append(blocks, heading("Still open, by age"), ageTable(c.Ageing))
		blocks = append(blocks, b.findingTable("", oldest(c.Ageing), oldestRows, openFor)...)
	}
	return blocks
}

// findingTable lists findings under a heading, worst first as they come. state says
// more of a finding, and may be nil.
func (b *builder) findingTable(title string, found []schema.FindingChange, most int, state func(schema.FindingChange) string) []Block {
	if len(found) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{{Title: "Severity", Width: 19, Kind: StatusCell}, {Title: "Finding", Width: 104}, {Title: "Check", Width: 19}, {Title: "Owner", Width: 28}},
		Dense:   true,
	}
	for _, f := range found[:min(len(found), most)] {
		severity := severityText(f.Severity)
		if state != nil {
			severity.Note = state(f)
		}
		owner := plain(f.Owner)
		if f.Owner == "" {
			owner = Text{Value: noOwner, Tone: Bad}
		}
		what := Text{Value: shorten(f.Message, 200)}
		if b.listed[f.ID] && f.After != schema.FindingGone {
			what.Link = findingTarget(schema.Finding{ID: f.ID})
		}
		t.Rows = append(t.Rows, []Text{severity, what, b.linkedCheck(f), owner})
	}
	var blocks []Block
	if title != "" {
		blocks = append(blocks, heading(title))
	}
	blocks = append(blocks, t)
	if rest := len(found) - len(t.Rows); rest > 0 && title != "" {
		blocks = append(blocks, small("%s on %s.", count(rest, "more is", "more are"), sheet(changesName)))
	}
	return blocks
}

// linkedCheck leads to the control of the check.
func (b *builder) linkedCheck(f schema.FindingChange) Text {
	t := Text{Value: f.Check}
	if _, ok := b.control[f.Control]; ok {
		t.Link = f.Control
	}
	return t
}

// closedAndUnseen parts findings that are known to be closed from those that are
// only not seen any more.
func closedAndUnseen(all []schema.FindingChange) (closed, unseen []schema.FindingChange) {
	for _, f := range all {
		if f.After == schema.FindingUnseen {
			unseen = append(unseen, f)
		} else {
			closed = append(closed, f)
		}
	}
	return closed, unseen
}

// wasBefore says what a new finding was where it was there before.
func wasBefore(f schema.FindingChange) string {
	if f.Before == schema.FindingGone {
		return ""
	}
	return "was " + string(f.Before)
}

// isNow says what a closed finding is where it is still there.
func isNow(f schema.FindingChange) string {
	if f.After == schema.FindingGone {
		return ""
	}
	return "now " + string(f.After)
}

func openFor(f schema.FindingChange) string { return "open " + count(f.Days, "day", "days") }

// An age is how long findings have been open, up to that many days.
type age struct {
	title string
	most  int
}

// ages are the bands of the table of ages. The last has no end.
var ages = []age{{"up to 30 days", 30}, {"31 to 90 days", 90}, {"91 to 180 days", 180}, {"181 to 365 days", 365}, {"over a year", 1 << 30}}

// ageTable counts findings that are still open by severity and age.
func ageTable(found []schema.FindingChange) Table {
	counts := map[schema.Severity][]int{}
	for _, s := range severities {
		counts[s] = make([]int, len(ages))
	}
	for _, f := range found {
		for i, a := range ages {
			if f.Days <= a.most {
				if row := counts[f.Severity]; row != nil {
					row[i]++
				}
				break
			}
		}
	}
	t := Table{Columns: []Column{{Title: "Severity", Width: 30, Kind: StatusCell}}, Dense: true}
	for _, a := range ages {
		t.Columns = append(t.Columns, Column{Title: a.title, Width: 28, Kind: NumberCell})
	}
	for _, s := range severities {
		row, total := []Text{severityText(s)}, 0
		for _, n := range counts[s] {
			row, total = append(row, number(n)), total+n
		}
		if total > 0 {
			t.Rows = append(t.Rows, row)
		}
	}
	return t
}

// oldest are the first few of the worst severity that is still open: they come
// oldest first.
func oldest(found []schema.FindingChange) []schema.FindingChange {
	for _, s := range severities {
		var of []schema.FindingChange
		for _, f := range found {
			if f.Severity == s {
				of = append(of, f)
			}
		}
		if len(of) > 0 {
			return of
		}
	}
	return nil
}

// changedFinding has the findings that are new or still open since an earlier
// bundle, by id; it is empty where none was compared.
func changedFinding(r *schema.Report) map[string]schema.FindingChange {
	changed := map[string]schema.FindingChange{}
	if r.Changes == nil {
		return changed
	}
	for _, f := range r.Changes.Ageing {
		changed[f.ID] = f
	}
	for _, f := range r.Changes.New {
		f.Since = schema.DateOf(r.Changes.Until)
		changed[f.ID] = f
	}
	return changed
}

// ageNote says of an open finding that it is new, or for how long it is open.
func (b *builder) ageNote(f schema.Finding) string {
	change, ok := b.changed[f.ID]
	switch {
	case !ok:
		return ""
	case change.Before != schema.FindingOpen:
		return "new"
	}
	return openFor(change)
}

// controlChanges says in a line what is different of a control since the bundle before.
func (b *builder) controlChanges(c schema.ControlResult) []Block {
	changes := b.r.Changes
	if changes == nil {
		return nil
	}
	var parts []string
	for _, s := range changes.Statuses {
		if s.ID == c.ID {
			parts = append(parts, "the status was "+statusOr(s.Before).Value)
		}
	}
	of := func(all []schema.FindingChange) (n int) {
		for _, f := range all {
			if f.Control == c.ID {
				n++
			}
		}
		return n
	}
	closed, unseen := closedAndUnseen(changes.Closed)
	if n := numbers([]numbered{{of(changes.New), "new"}, {of(closed), "closed"}, {of(unseen), "no longer seen"}}); n != "" {
		parts = append(parts, "findings "+n)
	}
	for _, o := range changes.Outdated {
		if o.Control == c.ID {
			parts = append(parts, fmt.Sprintf("signed off before, on %s", o.LastReview))
		}
	}
	if len(parts) == 0 {
		return nil
	}
	return []Block{Paragraph{Style: Small, Text: Text{
		Value: "Since " + schema.DateOf(changes.Since).String() + ": " + strings.Join(parts, ", ") + ".", Link: changesID,
	}}}
}

// firstSeen is since which day an open finding is known, and how many days that
// is; both are nil where no earlier bundle was compared.
func (b *builder) firstSeen(f schema.Finding) (since, days Cell) {
	change, ok := b.changed[f.ID]
	if !ok {
		return nil, nil
	}
	return change.Since, int64(change.Since.DaysUntil(schema.DateOf(b.r.AsOf)))
}
