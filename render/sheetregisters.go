package render

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

func (b *builder) controlMapSheet(x *crossings) Sheet {
	return sheetOf(controlMapName, "Which risk, which control, whose, how it operates, what proves it, at which layer?", []Column{
		textColumn("Control", 10), textColumn("Area", 18), textColumn("Title", 50), statusColumn("Status", 17, statusTexts), statusColumn("Design", 13, designTexts),
		statusColumn("Operation", 15, operationTexts), textColumn("Owner", 22), textColumn("Reviewer", 22), dateColumn("Last review"), dateColumn("Next review"),
		statusColumn("Review", 16, reviewTexts), numberColumn("Critical", 9), numberColumn("High", 9), numberColumn("Medium", 9), numberColumn("Low", 9),
		numberColumn("Checks", 9), numberColumn("Exceptions", 12), dateColumn("Nearest expiry"), textColumn("Why not better", 80), textColumn("Risk", 80),
		textColumn("Control statement", 80), textColumn("How it operates", 80), textColumn("Layers", 30), textColumn("Evidence", 80),
		textColumn("ISO/IEC 27017:2015", 20), textColumn("ISO/IEC 27002:2022", 18), textColumn("CCM 4.1", 20), textColumn("SOC 2", 16),
	}, b.r.Controls, func(c schema.ControlResult) []Cell {
		var evidence, clauses []string
		for _, e := range c.Evidence {
			evidence = append(evidence, fmt.Sprintf("%s %s (%s, %s)", e.Check, e.What, words(string(e.Result)), e.Freshness))
		}
		for _, ref := range c.References.ISO27017 {
			clauses = append(clauses, ref.ID)
		}
		cells := []Cell{
			link(c.ID, checksName, x.checksOf[c.ID]), b.areaName(c.Area), c.Title, Text{Value: words(string(c.Status)), Tone: statusTones[c.Status]}, designText(c.Design),
			operationText(c), c.Owner, c.Reviewer, c.LastReview, c.NextReview, reviewText(c.Review),
		}
		for _, s := range []schema.Severity{schema.Critical, schema.High, schema.Medium, schema.Low} {
			cells = append(cells, countOf(c.Findings[s], x.severe[controlSeverity{c.ID, s}]))
		}
		return append(cells,
			link(int64(len(b.checks[c.ID])), checksName, x.checksOf[c.ID]), int64(c.Exceptions), c.NearestExpiry, strings.Join(c.Reasons, "; "), c.Risk, c.Statement, c.Operates,
			strings.Join(c.Layers, ", "), strings.Join(evidence, "; "), strings.Join(clauses, " "), strings.Join(c.References.ISO27002, " "),
			strings.Join(c.References.CCM41, " "), strings.Join(c.References.SOC2, " "))
	})
}

// areaName is the name of an area, or its id where the report does not name it.
func (b *builder) areaName(id string) string {
	for _, a := range b.areas {
		if a.id == id && a.name != "" {
			return a.name
		}
	}
	return id
}

// findingsSheet has one fact a column, so that it can be pivoted and filtered.
func (b *builder) findingsSheet(x *crossings) Sheet {
	sheet := sheetOf(findingsName, "What deviates, how bad is it, and whose is it?", []Column{
		statusColumn("Severity", 10, severityTexts), flagColumn("Open", 8), statusColumn("Result", 14, resultTexts), textColumn("Owner", 22), textColumn("Area", 18),
		textColumn("Control", 10), textColumn("Check", 11), textColumn("Cluster", 14), textColumn("Namespace", 22), textColumn("Kind", 20), textColumn("Name", 34),
		textColumn("Field", 50), textColumn("Finding", 90), textColumn("What to do", 80), textColumn("Exception", 14), dateColumn("Excepted until"),
		dateColumn("First seen"), numberColumn("Age in days", 10), numberColumn("Severity rank", 10), textColumn("Id", 28),
	}, b.r.Findings, func(f schema.Finding) []Cell {
		since, days := b.firstSeen(f)
		return []Cell{
			severityText(f.Severity), open(f), resultText(f.Result), ownerOf(f), b.areaName(b.control[f.Control].Area), x.control(f.Control), x.check(f.Check),
			f.Subject.Cluster, f.Subject.Namespace, f.Subject.Kind, x.subject(f), f.Subject.Field, f.Message, f.Remediation, f.Exception, f.ExceptedUntil,
			since, days, int64(slices.Index(severities, f.Severity) + 1), f.ID,
		}
	})
	sheet.Notes = []Note{{"How to read", "Filter the column Owner for your own. Open is true for what fails and no exception covers. A name leads to the row of evidence that it is about. First seen is the day of the first audit pack of the chain that had it open, and empty where no earlier one was compared."}}
	return sheet
}

func (b *builder) checksSheet(x *crossings) Sheet {
	columns := []Column{
		textColumn("Check", 11), textColumn("Control", 10), textColumn("Kind", 10), textColumn("Evaluation", 11), statusColumn("Severity", 10, severityTexts),
		statusColumn("Result", 15, resultTexts), numberColumn("Findings", 10), numberColumn("Rows", 9),
	}
	for _, result := range results {
		columns = append(columns, numberColumn(sentence(words(string(result))), 12))
	}
	columns = append(columns, textColumn("Reason", 70), textColumn("Population 1", 22), textColumn("Population 2", 22), textColumn("Population 3", 22), textColumn("Other populations", 30))
	return sheetOf(checksName, "What was checked, over how many rows, with which result?", columns, b.r.Checks, func(c schema.CheckResult) []Cell {
		cells := []Cell{
			c.ID, x.control(c.Control), string(c.Kind), string(c.Evaluation), severityText(c.Severity), resultText(c.Result),
			countOf(b.findingsOfCheck(c), x.findingsOf[c.ID]), int64(c.Rows),
		}
		for _, result := range results {
			cells = append(cells, int64(c.Counts[result]))
		}
		return append(append(cells, c.Reason), x.populationLinks(c.Populations)...)
	})
}

func (b *builder) findingsOfCheck(c schema.CheckResult) int {
	n := 0
	for _, f := range b.findings[c.Control] {
		if f.Check == c.ID {
			n++
		}
	}
	return n
}

// populationLinks leads to the sheets of populations, the first few in cells of
// their own, since a cell has one link.
func (x *crossings) populationLinks(names []string) []Cell {
	cells := make([]Cell, maxCheckColumns+1)
	var rest []string
	for i, name := range names {
		if i < maxCheckColumns {
			cells[i] = x.population(name)
			continue
		}
		if p, ok := schema.PopulationNamed(name); ok {
			name = p.Title
		}
		rest = append(rest, name)
	}
	cells[maxCheckColumns] = strings.Join(rest, ", ")
	return cells
}

func (b *builder) exceptionsSheet(x *crossings) Sheet {
	return sheetOf(exceptionsName, "Which deviations are accepted, by whom, and until when?", []Column{
		textColumn("Id", 14), statusColumn("State", 10, exceptionTexts), textColumn("Control", 10), textColumn("Check", 11), textColumn("Scope", 50), textColumn("Reason", 50),
		textColumn("Compensating control", 50), textColumn("Requested by", 22), textColumn("Approved by", 22), dateColumn("Approved on"), dateColumn("Expires on"),
		numberColumn("Findings covered", 16), textColumn("Problems", 50), textColumn("Ticket", 14),
	}, b.r.Exceptions, func(e schema.ExceptionResult) []Cell {
		var scope []string
		for _, part := range []struct{ name, value string }{{"cluster", e.Scope.Cluster}, {"namespace", e.Scope.Namespace}, {"kind", e.Scope.Kind}, {"name", e.Scope.Name}} {
			if part.value != "" {
				scope = append(scope, part.name+" "+part.value)
			}
		}
		var covered Span
		if len(e.Findings) > 0 {
			covered = x.findings[e.Findings[0]]
		}
		return []Cell{
			e.ID, Text{Value: string(e.State), Tone: exceptionTones[e.State]}, x.control(e.Control), x.check(e.Check), strings.Join(scope, ", "), e.Reason, e.Compensating,
			e.RequestedBy, e.ApprovedBy, e.ApprovedOn, e.ExpiresOn, countOf(len(e.Findings), covered), strings.Join(e.Problems, "; "), e.Ticket,
		}
	})
}

func (b *builder) documentsSheet(x *crossings) Sheet {
	return sheetOf(documentsName, "Which documents are evidence, and are they fresh?", []Column{
		textColumn("Id", 18), textColumn("Title", 44), textColumn("Type", 12), textColumn("First check", 12), textColumn("Checks", 24), statusColumn("Freshness", 11, freshTexts),
		dateColumn("As of"), dateColumn("Counts until"), textColumn("Owner", 22), textColumn("Author", 22), textColumn("Approved by", 22), dateColumn("Approved on"),
		textColumn("Problems", 50), textColumn("File", 34), textColumn("SHA-256 as approved", 66),
	}, b.r.Documents, func(d schema.DocumentResult) []Cell {
		var first Cell
		if len(d.Checks) > 0 {
			first = x.check(d.Checks[0])
		}
		return []Cell{
			d.ID, d.Title, string(d.Type), first, strings.Join(d.Checks, " "), freshnessText(d.Freshness), d.AsOf, d.Until, d.Owner, d.Author, d.ApprovedBy, d.ApprovedOn,
			strings.Join(d.Problems, "; "), d.File, d.SHA256,
		}
	})
}

func (b *builder) reviewsSheet(x *crossings) Sheet {
	controls := slices.Clone(b.r.Controls)
	slices.SortStableFunc(controls, func(a, b schema.ControlResult) int { return a.NextReview.Time().Compare(b.NextReview.Time()) })
	return sheetOf(reviewsName, "Who must review which control next, and what is overdue?", []Column{
		dateColumn("Next review"), statusColumn("Review", 16, reviewTexts), textColumn("Control", 10), textColumn("Title", 50), textColumn("Reviewer", 24), textColumn("Owner", 24),
		textColumn("Cadence", 12), dateColumn("Last review"), textColumn("Reviewed by", 24),
	}, controls, func(c schema.ControlResult) []Cell {
		return []Cell{c.NextReview, standingOf(c), x.control(c.ID), c.Title, c.Reviewer, c.Owner, string(c.Cadence), c.LastReview, c.ReviewedBy}
	})
}

// assumptionTexts say that nothing bears out what a provider is taken to do.
var assumptionTexts = []Text{{Value: "no document", Tone: Bad}}

func (b *builder) responsibilitySheet(x *crossings) Sheet {
	assumed := b.assumed()
	sheet := sheetOf(duties, "Who is accountable, responsible, consulted and informed for each control?", []Column{
		textColumn("Control", 10), textColumn("Title", 50), textColumn("Cloud provider", 15), textColumn("Managed Kubernetes", 19), textColumn("Platform team", 14),
		textColumn("Application team", 16), textColumn("CI/CD owner", 13), textColumn("Security team", 14), textColumn("Third-party tool", 16), textColumn("Owner", 24),
		statusColumn("Provider's part", 18, assumptionTexts), textColumn("Proposed", 40), textColumn("Customers", 60),
	}, b.r.Controls, func(c schema.ControlResult) []Cell {
		p := c.Responsibility
		var proof, proposed Cell
		if assumed[c.ID] {
			proof = assumptionTexts[0]
		}
		if c.Proposed != nil {
			proposed = parties(*c.Proposed)
		}
		return []Cell{x.control(c.ID), c.Title, p.CloudProvider, p.ManagedKubernetes, p.PlatformTeam, p.AppTeam, p.CICDOwner, p.SecurityTeam, p.ThirdPartyTool, c.Owner,
			proof, proposed, strings.Join(c.CustomerDuties, " ")}
	})
	sheet.Notes = []Note{{"Key", "A accountable, R responsible, C consulted, I informed"}}
	return sheet
}

func (b *builder) queriesSheet(x *crossings) Sheet {
	of := map[string]Cell{}
	for _, p := range slices.Backward(schema.Populations) {
		for _, resource := range p.Resources {
			of[resource] = x.population(p.Name)
		}
	}
	return sheetOf(queriesName, "What was asked, and how was it answered? Anything but complete or absent was not seen.", []Column{
		textColumn("Source", 16), statusColumn("Outcome", 11, outcomeTexts), textColumn("Resource", 44), textColumn("First sheet", 24), numberColumn("Rows", 9),
		numberColumn("Pages", 8), textColumn("Resource version", 17), numberColumn("Code", 7), textColumn("Reason", 70), textColumn("Question", 80),
	}, b.r.Queries, func(q schema.Query) []Cell {
		return []Cell{
			q.Source, Text{Value: string(q.Outcome), Tone: outcomeTones[q.Outcome]}, q.Resource, of[q.Resource], int64(q.Rows), int64(q.Pages), q.ResourceVersion,
			int64(q.Code), q.Reason, q.Target,
		}
	})
}
