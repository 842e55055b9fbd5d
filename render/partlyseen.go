package render

import "github.com/auditpack/auditpack/schema"

// partlySeenRows is how many deviations the chapter of what could not be seen lists.
const partlySeenRows = 25

// partlySeenLine says what the numbers of findings leave out.
func (b *builder) partlySeenLine() string {
	by := map[schema.Severity]int{}
	for _, f := range b.r.PartlySeen {
		by[f.Severity]++
	}
	return count(len(b.r.PartlySeen), "deviation was", "deviations were") + " seen in checks that lack a full view (" + tally(by, severities) +
		"). No number of findings counts them."
}

// partlySeen lists what deviates in the part that was seen of lists with gaps. A
// reader must not take the silence of a check without result for a clean platform.
func (b *builder) partlySeen() []Block {
	seen := b.r.PartlySeen
	if len(seen) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{{Title: "Severity", Width: 18, Kind: StatusCell}, {Title: "What deviates in the part that was seen", Width: 128}, {Title: "Check", Width: 24}},
		Dense:   true,
	}
	for _, f := range seen[:min(len(seen), partlySeenRows)] {
		t.Rows = append(t.Rows, []Text{severityText(f.Severity), {Value: shorten(f.Message, 260), Note: place(f)}, {Value: f.Check, Link: f.Control}})
	}
	blocks := []Block{heading("Deviations seen in checks that lack a full view"), body("%s What was not seen may explain some of them, and there may be more; exceptions are not held against them.", b.partlySeenLine()), t}
	if rest := len(seen) - partlySeenRows; rest > 0 {
		blocks = append(blocks, small("%s on %s.", count(rest, "more is", "more are"), sheet(partlySeenName)))
	}
	return blocks
}

// partlySeenSheet has all of them.
func (b *builder) partlySeenSheet(x *crossings) Sheet {
	s := sheetOf(partlySeenName, "What deviates in the part that was seen of lists with gaps?", []Column{
		statusColumn("Severity", 10, severityTexts), textColumn("Control", 10), textColumn("Check", 11), textColumn("Cluster", 14), textColumn("Namespace", 22),
		textColumn("Kind", 20), textColumn("Name", 34), textColumn("Deviation", 90), textColumn("What to do", 80), textColumn("Owner", 22),
	}, b.r.PartlySeen, func(f schema.Finding) []Cell {
		return []Cell{severityText(f.Severity), x.control(f.Control), x.check(f.Check), f.Subject.Cluster, f.Subject.Namespace, f.Subject.Kind, f.Subject.Name, f.Message, f.Remediation, ownerOf(f)}
	})
	s.Notes = []Note{{"How to read", "The checks have no result, because not everything that they look at could be read. No status and no count of findings rests on these rows."}}
	return s
}
