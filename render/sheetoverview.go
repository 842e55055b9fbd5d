package render

import (
	"slices"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// chartedOwners is how many owners the overview shows; a chart with more is not read.
const chartedOwners = 10

// overview is the first sheet: how it stands, in numbers that lead to the rows.
func (b *builder) overview(x *crossings) *Overview {
	return &Overview{
		Name: overviewName, Title: "Audit pack: " + b.organization(), Notes: b.overviewNotes(),
		Tables: []OverviewTable{b.overviewNumbers(), b.overviewAreas(x), b.overviewOwners(), b.overviewQuestions()},
	}
}

func (b *builder) overviewNotes() []Note {
	p := b.r.Plan
	notes := []Note{
		{"Contents", SheetLink{Value: indexName, Sheet: indexName}},
		{"Scope", b.scope()},
		{"As of", b.r.AsOf},
		{"Period", p.From.Format(time.DateOnly) + " to " + p.To.Format(time.DateOnly) + ", end excluded"},
		{"Control table", p.ControlTable},
		{"Made by", b.r.Tool.Name + " " + b.r.Tool.Version},
	}
	if p.Unsigned {
		notes = append(notes, Note{"Signature", Text{Value: "UNSIGNED: nothing proves where this came from", Tone: Bad}})
	}
	return notes
}

func (b *builder) overviewNumbers() OverviewTable {
	s := b.r.Summary
	number := func(label string, n int, sheet string) []Cell {
		return []Cell{label, link(int64(n), sheet, Span{1, 1})}
	}
	t := OverviewTable{
		Title: "How it stands", Columns: []Column{{Title: "What is counted", Width: 1, Kind: TextCell}, {Title: "Number", Width: 1, Kind: NumberCell}},
		Rows: [][]Cell{
			number("Controls", len(b.r.Controls), controlMapName),
			number("Open findings, critical or high", s.FindingsBySeverity[schema.Critical]+s.FindingsBySeverity[schema.High], findingsName),
			number("Open findings, all", sum(s.FindingsBySeverity), findingsName),
			number("Checks without a result", withoutResult(b.r.Checks), checksName),
			number("Queries not answered completely", s.Gaps, queriesName),
			number("Reviews overdue", s.OverdueReviews, reviewsName),
			number("Controls never reviewed", len(b.inReview(schema.ReviewNever)), reviewsName),
			number("Controls without owner", s.ControlsNoOwner, controlMapName),
			number("Exceptions in force", s.OpenExceptions, exceptionsName),
			number("Exceptions expired", s.ExpiredExceptions, exceptionsName),
		},
	}
	if n := len(b.r.PartlySeen); n > 0 {
		t.Rows = slices.Insert(t.Rows, 3, number("Deviations seen in checks that lack a full view", n, partlySeenName))
	}
	return t
}

func (b *builder) overviewAreas(x *crossings) OverviewTable {
	t := OverviewTable{
		Title: "Controls by area and status", Chart: "Controls by area and status", Empty: "The report has no controls.",
		Columns: []Column{{Title: "Area", Width: 1, Kind: TextCell}},
	}
	for _, s := range statuses {
		t.Columns = append(t.Columns, Column{Title: words(string(s)), Width: 1, Kind: NumberCell})
		t.Series = append(t.Series, statusTones[s])
	}
	for _, a := range b.areas {
		name := a.name
		if name == "" {
			name = a.id
		}
		row := []Cell{link(name, controlMapName, x.areas[a.id])}
		for _, s := range statuses {
			n := 0
			for _, c := range a.controls {
				if c.Status == s {
					n++
				}
			}
			row = append(row, int64(n))
		}
		t.Rows = append(t.Rows, row)
	}
	return t
}

func (b *builder) overviewOwners() OverviewTable {
	t := OverviewTable{
		Title: "Open findings by owner and severity", Chart: "Open findings by owner and severity", Empty: "There is no open finding.",
		Columns: []Column{{Title: "Owner", Width: 1, Kind: TextCell}},
	}
	for _, s := range severities {
		t.Columns = append(t.Columns, Column{Title: string(s), Width: 1, Kind: NumberCell})
		t.Series = append(t.Series, severityTones[s])
	}
	others := map[schema.Severity]int{}
	rest := 0
	for _, g := range b.ownerGroups() {
		switch {
		case sum(g.counts) == 0:
		case len(t.Rows) == chartedOwners:
			rest++
			for s, n := range g.counts {
				others[s] += n
			}
		default:
			t.Rows = append(t.Rows, severityRow(g.owner, g.counts))
		}
	}
	if rest > 0 {
		t.Rows = append(t.Rows, severityRow(count(rest, "more owner", "more owners"), others))
	}
	return t
}

func severityRow(label string, counts map[schema.Severity]int) []Cell {
	row := []Cell{label}
	for _, s := range severities {
		row = append(row, int64(counts[s]))
	}
	return row
}

func (b *builder) overviewQuestions() OverviewTable {
	t := OverviewTable{
		Title: "The eight questions", Empty: "The report has no questions.",
		Columns: []Column{{Title: "Question", Width: 1, Kind: TextCell}, {Title: "Number", Width: 2, Kind: TextCell}, {Title: "Answer", Width: 11, Kind: TextCell}},
	}
	for _, q := range b.r.Questions {
		t.Rows = append(t.Rows, []Cell{q.Text, q.Number, q.Answer})
	}
	return t
}
