package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// changesID is the chapter on what changed since the bundle before.
const changesID = "changes"

// changes says what is different since the bundle before this one. Without one
// there is no such chapter; the summary says so.
func (b *builder) changes() []Section {
	c := b.r.Changes
	if c == nil {
		return nil
	}
	blocks := []Block{
		lead("Compared with the audit pack as of %s, %s earlier. What was not seen in one of the two is not called new, closed or unchanged.",
			instant(c.Since), count(schema.DateOf(c.Since).DaysUntil(schema.DateOf(c.Until)), "day", "days")),
		changeFigures(c),
	}
	blocks = append(blocks, notCompared(c)...)
	blocks = append(blocks, changedStatuses(c.Statuses)...)
	blocks = append(blocks, outdatedReviews(c.Outdated)...)
	blocks = append(blocks, b.changedFindings(c)...)
	blocks = append(blocks, changedItems(c)...)
	blocks = append(blocks, changedExceptions(c.Exceptions)...)
	blocks = append(blocks, newReviews(c.Reviews)...)
	if same := unchanged(c); len(same) > 0 {
		blocks = append(blocks, small("Compared and the same in both: %s.", strings.Join(same, ", ")))
	}
	return []Section{chapter(changesID, "What changed since "+schema.DateOf(c.Since).String(), blocks...)}
}

func changeFigures(c *schema.Changes) Figures {
	raised, lowered, _ := byDirection(c.Statuses)
	closed, unseen := closedAndUnseen(c.Closed)
	return Figures{Items: []Figure{
		{Number: group(len(lowered)), Label: "controls lowered", Tone: badIf(len(lowered) > 0)},
		{Number: group(len(raised)), Label: "controls raised"},
		{Number: group(len(c.New)), Label: "findings new", Tone: badIf(len(c.New) > 0)},
		{Number: group(len(closed)), Label: "findings closed"},
		{Number: group(len(unseen)), Label: "no longer seen, not known to be closed", Tone: warnIf(len(unseen) > 0)},
		{Number: group(len(c.Ageing)), Label: "findings still open"},
	}}
}

// notCompared warns of what the tables below leave out.
func notCompared(c *schema.Changes) []Block {
	if len(c.NotCompared) == 0 {
		return nil
	}
	var lines []Text
	for _, what := range c.NotCompared {
		lines = append(lines, Text{Value: upperFirst(what) + "."})
	}
	return []Block{Callout{Tone: Warn, Title: "Not compared, so not known to be unchanged", Lines: lines}}
}

// unchanged names the parts that were compared and have no change.
func unchanged(c *schema.Changes) []string {
	var same []string
	for _, part := range []struct {
		what    string
		changes int
	}{
		{"statuses", len(c.Statuses)},
		{"grants", len(c.Grants)},
		{"exposures", len(c.Exposures)},
		{"images", len(c.Images)},
		{"exceptions", len(c.Exceptions)},
		{"reviews", len(c.Reviews)},
	} {
		if part.changes == 0 && !leftOut(c, part.what) {
			same = append(same, part.what)
		}
	}
	return same
}

// leftOut reports whether a part was not compared.
func leftOut(c *schema.Changes, part string) bool {
	for _, what := range c.NotCompared {
		if strings.HasPrefix(what, part+": ") {
			return true
		}
	}
	return false
}

// sincePrevious is what the summary says of the chapter.
func (b *builder) sincePrevious() Text {
	c := b.r.Changes
	if c == nil {
		return Text{Value: "No bundle before this one was compared.", Tone: Muted}
	}
	raised, lowered, other := byDirection(c.Statuses)
	closed, unseen := closedAndUnseen(c.Closed)
	var parts []string
	for _, part := range []struct {
		what  string
		kinds []numbered
	}{
		{"controls ", []numbered{{len(lowered), "lowered"}, {len(raised), "raised"}, {len(other), "otherwise changed"}}},
		{"findings ", []numbered{{len(c.New), "new"}, {len(closed), "closed"}, {len(unseen), "no longer seen"}, {len(c.Ageing), "still open"}}},
		{"grants, exposures and images ", []numbered{{len(c.Grants) + len(c.Exposures) + len(c.Images), "different"}}},
	} {
		if said := numbers(part.kinds); said != "" {
			parts = append(parts, part.what+said)
		}
	}
	said := strings.Join(parts, "; ")
	if said == "" {
		said = "nothing that was compared changed"
	}
	t := Text{Value: "Since " + schema.DateOf(c.Since).String() + ": " + said + ".", Link: changesID}
	if n := len(c.NotCompared); n > 0 {
		t.Value += " Not compared: " + count(n, "part", "parts") + "."
	}
	return t
}

// numbered counts things that are so.
type numbered struct {
	n  int
	is string
}

// numbers joins what there is of kinds: "2 lowered, 4 raised".
func numbers(kinds []numbered) string {
	var parts []string
	for _, k := range kinds {
		if k.n > 0 {
			parts = append(parts, group(k.n)+" "+k.is)
		}
	}
	return strings.Join(parts, ", ")
}
