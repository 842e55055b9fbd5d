package render

import (
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// extractOverview is the first sheet of an extract's workbook.
func (b *builder) extractOverview() *Overview {
	p := b.r.Plan
	o := &Overview{
		Name: overviewName, Title: "Audit pack, extract for customers: " + b.organization(),
		Notes: []Note{
			{"Scope", b.scope()},
			{"As of", b.r.AsOf},
			{"Period", p.From.Format(time.DateOnly) + " to " + p.To.Format(time.DateOnly) + ", end excluded"},
			{"Control table", p.ControlTable},
			{"Extract of", b.extractOf().Value},
			{"Made by", b.r.Tool.Name + " " + b.r.Tool.Version},
		},
	}
	if p.Unsigned {
		o.Notes = append(o.Notes, Note{"Signature", Text{Value: "UNSIGNED: nothing proves where this came from", Tone: Bad}})
	}
	rows := map[string]Span{}
	for i, c := range b.r.Controls {
		extend(rows, c.Area, i+1)
	}
	o.Tables = []OverviewTable{b.extractStatuses(), b.overviewAreas(&crossings{areas: rows}), b.extractQuestionRows()}
	return o
}

func (b *builder) extractStatuses() OverviewTable {
	t := OverviewTable{Title: "Controls by status", Columns: []Column{{Title: "Status", Width: 1, Kind: TextCell}, {Title: "Controls", Width: 1, Kind: NumberCell}}}
	for _, s := range statuses {
		t.Rows = append(t.Rows, []Cell{words(string(s)), int64(b.r.Summary.ControlsByStatus[s])})
	}
	return t
}

func (b *builder) extractQuestionRows() OverviewTable {
	t := OverviewTable{
		Title: "Eight questions that customers ask", Empty: "The report has no questions.",
		Columns: []Column{{Title: "Question", Width: 1, Kind: TextCell}, {Title: "Controls behind the answer", Width: 6, Kind: TextCell}, {Title: "Which", Width: 7, Kind: TextCell}},
	}
	for _, q := range b.r.Questions {
		t.Rows = append(t.Rows, []Cell{q.Text, b.statusesOf(q), strings.Join(q.Controls, ", ")})
	}
	return t
}

func (b *builder) extractSheets() []Sheet {
	plainID := func(id string) Cell { return id }
	sheets := []Sheet{b.extractMapSheet(), b.extractResponsibilitySheet(), b.clausesSheet(plainID)}
	for i, s := range sheets {
		sheets[i].Notes = append([]Note{{"Contents", SheetLink{Value: overviewName, Sheet: overviewName}}}, s.Notes...)
	}
	return sheets
}

func (b *builder) extractMapSheet() Sheet {
	return sheetOf(controlMapName, "Which controls are there, and how do they stand?", []Column{
		textColumn("Control", 10), textColumn("Area", 18), textColumn("Title", 50), statusColumn("Status", 17, statusTexts), statusColumn("Design", 13, designTexts),
		statusColumn("Operation", 15, operationTexts), textColumn("Cadence", 12), dateColumn("Last review"), dateColumn("Next review"), statusColumn("Review", 16, reviewTexts),
		textColumn("Risk", 80), textColumn("Control statement", 80), textColumn("How it operates", 80), textColumn("Layers", 30),
		textColumn("ISO/IEC 27017:2015", 20), textColumn("ISO/IEC 27002:2022", 18), textColumn("CCM 4.0", 20), textColumn("CCM 4.1", 20), textColumn("NIST SP 800-53r5", 20), textColumn("SOC 2", 16),
	}, b.r.Controls, func(c schema.ControlResult) []Cell {
		var clauses []string
		for _, ref := range c.References.ISO27017 {
			clauses = append(clauses, ref.ID)
		}
		return []Cell{
			c.ID, b.areaName(c.Area), c.Title, Text{Value: words(string(c.Status)), Tone: statusTones[c.Status]}, designText(c.Design),
			operationText(c), string(c.Cadence), c.LastReview, c.NextReview, reviewText(c.Review),
			c.Risk, c.Statement, c.Operates, strings.Join(c.Layers, ", "),
			strings.Join(clauses, " "), strings.Join(c.References.ISO27002, " "), strings.Join(c.References.CCM40, " "), strings.Join(c.References.CCM41, " "),
			strings.Join(c.References.NIST80053, " "), strings.Join(c.References.SOC2, " "),
		}
	})
}

func (b *builder) extractResponsibilitySheet() Sheet {
	columns := []Column{textColumn("Control", 10), textColumn("Title", 50)}
	for _, p := range partyNames {
		columns = append(columns, textColumn(sentence(p.name), 19))
	}
	sheet := sheetOf(duties, "Who does what for each control, and what do customers do?", append(columns, textColumn("Customers", 90)), b.r.Controls, func(c schema.ControlResult) []Cell {
		cells := []Cell{c.ID, c.Title}
		for _, p := range partyNames {
			cells = append(cells, p.role(c.Responsibility))
		}
		return append(cells, strings.Join(c.CustomerDuties, " "))
	})
	sheet.Notes = []Note{{"Key", "A accountable, R responsible, C consulted, I informed"}}
	return sheet
}
