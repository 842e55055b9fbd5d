package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// exceptions lists accepted deviations and what became of them.
func (b *builder) exceptions() []Section {
	t := Table{
		Columns: []Column{
			{Title: "Exception", Width: 22}, {Title: "Reason and compensation", Width: 70}, {Title: "State", Width: 19, Kind: StatusCell},
			{Title: "Approved by", Width: 27}, {Title: "Ends", Width: 18}, {Title: "Covers", Width: 14, Kind: NumberCell},
		},
		Dense: true,
		Empty: "The exception register is empty.",
	}
	for _, e := range b.r.Exceptions {
		t.Rows = append(t.Rows, b.exceptionRow(e))
	}
	return []Section{flowing("exceptions", "Exceptions",
		lead("An exception is an accepted deviation with an owner and an end date. The finding stays visible; after the end date it counts again."),
		t,
	)}
}

func (b *builder) exceptionRow(e schema.ExceptionResult) []Text {
	id := Text{Value: e.ID, Bold: true, Note: strings.TrimSpace(e.Control + " " + e.Check)}
	var notes []string
	if e.Compensating != "" {
		notes = append(notes, "Meanwhile: "+e.Compensating)
	}
	if e.CompensatingControl != "" {
		notes = append(notes, "Compensating control: "+e.CompensatingControl)
	}
	if len(e.Problems) > 0 {
		notes = append(notes, "Not in order: "+strings.Join(e.Problems, "; "))
	}
	if e.Ticket != "" {
		notes = append(notes, "Ticket: "+e.Ticket)
	}
	approved := plain(e.ApprovedBy)
	if !e.ApprovedOn.IsZero() {
		approved.Note = e.ApprovedOn.String() + ", asked by " + e.RequestedBy
	}
	ends := date(e.ExpiresOn)
	if n := schema.DateOf(b.r.AsOf).DaysUntil(e.ExpiresOn); e.State == schema.ExceptionValid && n <= soon {
		ends.Note = "in " + count(n, "day", "days")
		ends.Tone = Warn
	}
	return []Text{
		id, {Value: shorten(e.Reason, 500), Note: sentences(notes)},
		{Value: string(e.State), Tone: exceptionTones[e.State]}, approved, ends, number(len(e.Findings)),
	}
}

// sentences joins parts of which some end in a full stop.
func sentences(parts []string) string {
	trimmed := make([]string, len(parts))
	for i, p := range parts {
		trimmed[i] = strings.TrimRight(p, ". ")
	}
	return strings.Join(trimmed, ". ")
}

// documents lists the documents that people keep, and how fresh they are.
func (b *builder) documents() []Section {
	return []Section{flowing("documents", "Documents",
		lead("Policies, procedures, records and exports that the tool cannot read out of a cluster. It checks that they are there, dated, approved by somebody else, and within their term; it does not judge their content."),
		b.documentTable(b.r.Documents, "The document register is empty."),
	)}
}

func (b *builder) documentTable(docs []schema.DocumentResult, empty string) Table {
	t := Table{
		Columns: []Column{
			{Title: "Document", Width: 62}, {Title: "Owner", Width: 26}, {Title: "As of", Width: 18},
			{Title: "Approved", Width: 28}, {Title: "Counts until", Width: 18}, {Title: "State", Width: 18, Kind: StatusCell},
		},
		Dense: true,
		Empty: empty,
	}
	for _, d := range docs {
		title := Text{Value: d.Title, Note: strings.Join(slices.DeleteFunc([]string{
			d.ID, string(d.Type), "for " + list(d.Checks, 4), cmp.Or(d.File, d.Location),
		}, func(s string) bool { return s == "" || s == "for " }), "  ·  ")}
		title.ID = documentID(d)
		if len(d.Problems) > 0 {
			title.Value += ": " + strings.Join(d.Problems, "; ")
		}
		approved := plain(d.ApprovedBy)
		if !d.ApprovedOn.IsZero() {
			approved.Note = d.ApprovedOn.String()
		}
		t.Rows = append(t.Rows, []Text{title, plain(d.Owner), date(d.AsOf), approved, date(d.Until), documentState(d)})
	}
	return t
}

func documentID(d schema.DocumentResult) string { return "document-" + d.ID }

// documentState is the worst that is to be said of a document: a problem, or its freshness.
func documentState(d schema.DocumentResult) Text {
	if len(d.Problems) == 0 {
		return freshnessText(d.Freshness)
	}
	return Text{Value: "fails", Note: string(d.Freshness), Tone: Bad}
}

// reviews is a calendar: what is overdue, then what comes next.
func (b *builder) reviews() []Section {
	var sorted []schema.ControlResult
	var without []string
	for _, c := range b.r.Controls {
		if c.Status == schema.NotApplicable {
			without = append(without, c.ID)
		} else {
			sorted = append(sorted, c)
		}
	}
	rank := map[schema.ReviewNote]int{schema.ReviewNever: 0, schema.ReviewOverdue: 1, schema.ReviewDue: 2, schema.ReviewCurrent: 3}
	slices.SortStableFunc(sorted, func(x, y schema.ControlResult) int {
		return cmp.Or(cmp.Compare(rank[x.Review], rank[y.Review]), strings.Compare(x.NextReview.String(), y.NextReview.String()))
	})
	t := Table{
		Columns: []Column{
			{Title: "Next review", Width: 17}, {Title: "Control", Width: 80}, {Title: "State", Width: 24, Kind: StatusCell},
			{Title: "Cadence", Width: 17}, {Title: "Last review", Width: 18}, {Title: "By", Width: 26},
		},
		Dense: true,
		Empty: "The control table is empty.",
	}
	for i, c := range sorted {
		if c.Review == schema.ReviewCurrent {
			t.Rows = append(t.Rows, currentReviews(sorted[i:])...)
			break
		}
		t.Rows = append(t.Rows, []Text{
			date(c.NextReview), {Value: c.ID + wide + c.Title, Link: c.ID}, reviewText(c.Review), plain(string(c.Cadence)), date(c.LastReview), plain(cmp.Or(c.ReviewedBy, c.Reviewer)),
		})
	}
	blocks := []Block{lead("What is overdue comes first. A control whose sign-off is missing or older than its cadence needs review, however green its checks are."), t}
	if len(without) > 0 {
		blocks = append(blocks, small("Not applicable, and therefore without a review: %s.", strings.Join(without, ", ")))
	}
	return []Section{flowing("reviews", "Review calendar", blocks...)}
}

// currentReviews has one row for each day on which reviews that are not due yet come
// up. controls are sorted by that day.
func currentReviews(controls []schema.ControlResult) [][]Text {
	var rows [][]Text
	for len(controls) > 0 {
		n := slices.IndexFunc(controls, func(c schema.ControlResult) bool { return c.NextReview != controls[0].NextReview })
		if n < 0 {
			n = len(controls)
		}
		var ids []string
		for _, c := range controls[:n] {
			ids = append(ids, c.ID)
		}
		rows = append(rows, []Text{
			date(controls[0].NextReview), {Value: strings.Join(ids, ", ")}, reviewText(schema.ReviewCurrent), plain(""), plain(""), plain(""),
		})
		controls = controls[n:]
	}
	return rows
}
