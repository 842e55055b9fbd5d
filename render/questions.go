package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// questions has one page for each of the eight questions.
func (b *builder) questions() []Section {
	// The tables of catalogue §5, as far as the report has data for them.
	tables := map[string]func() []Block{
		"Q1": b.administrators, "Q2": b.claims, "Q3": b.delivery, "Q4": b.secretKeeping,
		"Q5": b.logging, "Q6": b.recovery, "Q7": b.sharedDuties, "Q8": b.honesty,
	}
	var out []Section
	for _, q := range b.r.Questions {
		blocks := []Block{
			lead("%s", cmp.Or(q.Answer, "The evidence at hand does not answer this question.")),
			b.questionFacts(q),
			b.questionControls(q),
		}
		if f := tables[q.ID]; f != nil {
			blocks = append(blocks, f()...)
		}
		blocks = append(blocks, b.questionFindings(q)...)
		out = append(out, chapter(q.ID, q.ID+wide+q.Text, blocks...))
	}
	return out
}

// questionFacts has the number, what it rests on outside of clusters, and what it does not say.
func (b *builder) questionFacts(q schema.Question) KeyValues {
	facts := KeyValues{Items: []KeyValue{{"Headline number", Text{Value: cmp.Or(q.Number, "not collected"), Bold: true}}}}
	if docs := b.questionDocuments(q); docs.Value != "" {
		facts.Items = append(facts.Items, KeyValue{"Documents", docs})
	}
	facts.Items = append(facts.Items, KeyValue{"Not proven here", b.limit(q.ID)})
	return facts
}

// limit is what the page of a question does not prove.
func (b *builder) limit(id string) Text {
	var sentences []string
	for _, t := range b.texts.lines("questions", id) {
		sentences = append(sentences, t.Value)
	}
	t := plain(strings.Join(sentences, " "))
	t.Tone = Muted
	return t
}

func (b *builder) questionControls(q schema.Question) Table {
	t := Table{
		Columns: []Column{
			{Title: "Control", Width: 84}, {Title: "Status", Width: 26, Kind: StatusCell}, {Title: "Owner", Width: 30},
			{Title: findingsTitle, Width: 16}, {Title: "Excepted", Width: 14, Kind: NumberCell},
		},
		Dense: true,
		Empty: "No control of the table speaks to this question.",
	}
	for _, id := range q.Controls {
		c, ok := b.control[id]
		if !ok {
			continue
		}
		status := statusText(c)
		status.Note = "" // the last column counts exceptions
		owner := plain(c.Owner)
		if c.Owner == "" {
			owner = Text{Value: noOwner, Tone: Bad}
		}
		t.Rows = append(t.Rows, []Text{{Value: c.ID + wide + c.Title, Link: c.ID}, status, owner, severityCounts(c), number(c.Exceptions)})
	}
	return t
}

// questionTop is how many findings a question shows.
const questionTop = 3

func (b *builder) questionFindings(q schema.Question) []Block {
	var found []*schema.Finding
	for _, id := range q.Controls {
		for _, f := range b.findings[id] {
			if open(*f) {
				found = append(found, f)
			}
		}
	}
	if len(found) == 0 {
		return nil
	}
	t := Table{
		Columns: []Column{{Title: "Severity", Width: 18, Kind: StatusCell}, {Title: "What to fix first", Width: 124}, {Title: "Owner", Width: 28}},
		Dense:   true,
	}
	fixed := map[string]bool{}
	for _, f := range worstFirst(found)[:min(len(found), questionTop)] {
		what := Text{Value: shorten(f.Message, 240), Link: b.findingID(*f)}
		if !fixed[f.Remediation] { // the same remedy is said once
			what.Note = shorten(f.Remediation, 240)
		}
		fixed[f.Remediation] = true
		t.Rows = append(t.Rows, []Text{severityText(f.Severity), what, plain(ownerOf(*f))})
	}
	return []Block{t}
}

// questionDocuments names the documents that are evidence for the question's
// controls, those that need attention first.
func (b *builder) questionDocuments(q schema.Question) Text {
	var docs []schema.DocumentResult
	for _, d := range b.r.Documents {
		if slices.ContainsFunc(d.Checks, func(id string) bool { return slices.Contains(q.Controls, b.controlOfCheck(id)) }) {
			docs = append(docs, d)
		}
	}
	slices.SortStableFunc(docs, func(x, y schema.DocumentResult) int { return cmp.Compare(documentRank(x), documentRank(y)) })
	var names []string
	for _, d := range docs {
		names = append(names, d.Title+" ("+documentState(d).Value+")")
	}
	return Text{Value: list(names, 4), Link: "documents"}
}

// documentRank puts what fails first, then what is missing, stale, due and fresh.
func documentRank(d schema.DocumentResult) int {
	if len(d.Problems) > 0 {
		return -1
	}
	return slices.Index([]schema.Freshness{schema.Missing, schema.Stale, schema.Due, schema.Fresh}, d.Freshness)
}

func (b *builder) controlOfCheck(id string) string {
	for _, c := range b.r.Checks {
		if c.ID == id {
			return c.Control
		}
	}
	return ""
}

// pageRows is how many rows most tables on the page of a question show.
const pageRows = 6

// shown bounds a table of evidence and says where the rest is. Where one of the
// populations that it is made of has gaps, it says that first of all: an empty table
// then means nothing. The first population is the one to look further in.
func (b *builder) shown(t Table, most int, populations ...string) []Block {
	gaps := b.incomplete(populations...)
	if len(gaps) > 0 {
		t.Empty = ""
	}
	rest := len(t.Rows) - most
	if rest > 0 {
		t.Rows = t.Rows[:most]
	}
	blocks := []Block{t}
	if rest > 0 {
		p, _ := schema.PopulationNamed(populations[0])
		blocks = append(blocks, small("%s on %s.", count(rest, "more row is", "more rows are"), sheet(p.Title)))
	}
	if len(gaps) > 0 {
		blocks = append(blocks, Paragraph{Style: Small, Text: Text{
			Value: "Not all of this could be read: " + strings.Join(gaps, ", ") + ". What is missing here may exist.", Tone: Bad, Link: "unseen",
		}})
	}
	return blocks
}

// incomplete returns those of the populations that have gaps, or were never collected.
func (b *builder) incomplete(populations ...string) []string {
	return slices.DeleteFunc(slices.Clone(populations), func(name string) bool {
		return slices.ContainsFunc(b.r.Populations, func(p schema.PopulationResult) bool { return p.Name == name && p.Complete })
	})
}

// counted writes a number that rests on populations: where they have gaps it is a
// lower bound, or nothing.
func (b *builder) counted(n int, populations ...string) Text {
	switch {
	case len(b.incomplete(populations...)) == 0:
		return number(n)
	case n == 0:
		return Text{Value: "not collected", Tone: Unknown}
	}
	return Text{Value: "at least " + group(n), Tone: Unknown}
}
