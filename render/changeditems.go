package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

func byDirection(all []schema.StatusChange) (raised, lowered, other []schema.StatusChange) {
	for _, c := range all {
		switch c.Direction {
		case schema.Raised:
			raised = append(raised, c)
		case schema.Lowered:
			lowered = append(lowered, c)
		default:
			other = append(other, c)
		}
	}
	return raised, lowered, other
}

// statusOr is a status, or that the bundle does not have the control.
func statusOr(s schema.Status) Text {
	if s == "" {
		return Text{Value: "absent", Tone: Muted}
	}
	return Text{Value: words(string(s)), Tone: statusTones[s]}
}

var directionTexts = map[schema.Direction]Text{
	schema.Lowered: {Value: "lowered", Tone: Bad}, schema.Raised: {Value: "raised", Tone: Good}, schema.Other: {Value: "other", Tone: Unknown},
}

// changedStatuses lists what was lowered first.
func changedStatuses(all []schema.StatusChange) []Block {
	if len(all) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{{Title: "Change", Width: 20, Kind: StatusCell}, {Title: "Control", Width: 90}, {Title: "Before", Width: 30}, {Title: "Now", Width: 30, Kind: StatusCell}},
		Dense:   true,
	}
	raised, lowered, other := byDirection(all)
	for _, part := range [][]schema.StatusChange{lowered, raised, other} {
		for _, c := range part {
			control := Text{Value: c.ID + wide + c.Title}
			if c.After != "" {
				control.Link = c.ID
			}
			t.Rows = append(t.Rows, []Text{directionTexts[c.Direction], control, {Value: statusOr(c.Before).Value}, statusOr(c.After)})
		}
	}
	return []Block{heading("Statuses"), t}
}

// outdatedReviews lists sign-offs that speak of something that has changed since.
func outdatedReviews(all []schema.OutdatedReview) []Block {
	if len(all) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{
			{Title: "Signed off", Width: 20}, {Title: "Control", Width: 82}, {Title: "Status since", Width: 44},
			{Title: "New", Width: 12, Kind: NumberCell}, {Title: "Closed", Width: 12, Kind: NumberCell},
		},
		Dense: true,
	}
	for _, o := range all {
		status := Text{Value: "the same", Tone: Muted}
		if o.Before != o.After {
			status = Text{Value: statusOr(o.Before).Value + " → " + statusOr(o.After).Value}
		}
		t.Rows = append(t.Rows, []Text{date(o.LastReview), {Value: o.Control + wide + o.Title, Link: o.Control}, status, number(o.New), number(o.Closed)})
	}
	return []Block{
		heading("The platform changed since the last sign-off"),
		small("Whoever signed these controls off has not seen what is new; they are to be looked at again."), t,
	}
}

// itemRows is how many rows a table of grants, exposures or images shows.
const itemRows = 10

// itemParts are the lists of things that came, went or changed.
func itemParts(c *schema.Changes) []itemPart {
	return []itemPart{{"Access grants", "access grant", c.Grants}, {"Exposures", "exposure", c.Exposures}, {"Images", "image", c.Images}}
}

type itemPart struct {
	title, one string
	items      []schema.ItemChange
}

var changeTones = map[schema.ChangeKind]Tone{schema.Added: Warn, schema.Removed: Muted, schema.Changed: Unknown}

func changeText(k schema.ChangeKind) Text { return Text{Value: string(k), Tone: changeTones[k]} }

func changedItems(c *schema.Changes) []Block {
	var blocks []Block
	for _, part := range itemParts(c) {
		if len(part.items) == 0 {
			continue
		}
		t := Table{
			Columns: []Column{{Title: "Change", Width: 19, Kind: StatusCell}, {Title: "What", Width: 103}, {Title: "Cluster", Width: 20}, {Title: "Before", Width: 34}, {Title: "Now", Width: 34}},
			Dense:   true,
		}
		for _, i := range part.items[:min(len(part.items), itemRows)] {
			t.Rows = append(t.Rows, []Text{changeText(i.Change), {Value: i.What}, plain(i.Cluster), plain(shorten(i.Before, 160)), plain(shorten(i.After, 160))})
		}
		blocks = append(blocks, heading(part.title), t)
		if rest := len(part.items) - len(t.Rows); rest > 0 {
			blocks = append(blocks, small("%s on %s.", count(rest, "more is", "more are"), sheet(changesName)))
		}
	}
	return blocks
}

// stateOr is the state of an exception, or that the register does not have it.
func stateOr(s schema.ExceptionState) Text {
	if s == "" {
		return Text{Value: "absent", Tone: Muted}
	}
	return Text{Value: string(s), Tone: exceptionTones[s]}
}

func changedExceptions(all []schema.ExceptionChange) []Block {
	if len(all) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{{Title: "Exception", Width: 70}, {Title: "Before", Width: 34}, {Title: "Now", Width: 34, Kind: StatusCell}, {Title: "Ends", Width: 32}},
		Dense:   true,
	}
	for _, e := range all {
		t.Rows = append(t.Rows, []Text{{Value: e.ID, Link: "exceptions"}, {Value: stateOr(e.Before).Value}, stateOr(e.After), date(e.ExpiresOn)})
	}
	return []Block{heading("Exceptions"), t}
}

// newReviews has one row for each day and reviewer, since reviews come many at a time.
func newReviews(all []schema.ReviewChange) []Block {
	if len(all) == 0 {
		return nil
	}
	type signing struct {
		on schema.Date
		by string
	}
	var order []signing
	controls := map[signing][]string{}
	for _, r := range all {
		s := signing{r.After, r.By}
		if controls[s] == nil {
			order = append(order, s)
		}
		controls[s] = append(controls[s], r.Control)
	}
	t := Table{Columns: []Column{{Title: "Signed off", Width: 22}, {Title: "By", Width: 40}, {Title: "Controls", Width: 108}}, Dense: true}
	for _, s := range order {
		t.Rows = append(t.Rows, []Text{date(s.on), plain(s.by), {Value: strings.Join(controls[s], ", ")}})
	}
	return []Block{heading("Reviews"), t}
}
