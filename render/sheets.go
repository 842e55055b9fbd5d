package render

import (
	"iter"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Names of the sheets that others lead to. Populations have their titles.
const (
	overviewName    = "Summary"
	indexName       = "Index"
	controlMapName  = "Control map"
	findingsName    = "Findings"
	changesName     = "Changes"
	checksName      = "Checks"
	exceptionsName  = "Exceptions"
	documentsName   = "Documents"
	reviewsName     = "Review calendar"
	duties          = "Responsibility"
	queriesName     = "Queries"
	partlySeenName  = "Seen in part"
	maxCheckColumns = 3 // populations of a check with a column of their own
)

// workbook returns the sheets of the workbook: the overview, an index, what people
// work with first, then one sheet for each population.
func (b *builder) workbook() (*Overview, []Sheet) {
	x := newCrossings(b.r, b.s)
	sheets := []Sheet{
		b.controlMapSheet(x),
		b.findingsSheet(x),
		b.checksSheet(x),
		b.exceptionsSheet(x),
		b.documentsSheet(x),
		b.reviewsSheet(x),
		b.responsibilitySheet(x),
		b.clausesSheet(x.control),
		b.queriesSheet(x),
	}
	if len(b.r.PartlySeen) > 0 {
		sheets = append(sheets, b.partlySeenSheet(x))
	}
	if b.r.Changes != nil {
		sheets = slices.Insert(sheets, 2, b.changesSheet(x)) // after the findings
	}
	if b.r.Sample != nil {
		sheets = append(sheets, b.sampleSheet())
	}
	for _, p := range schema.Populations {
		if b.reported(p) {
			sheets = append(sheets, b.populationSheet(x, p))
		}
	}
	return b.overview(x), append([]Sheet{b.indexSheet(sheets)}, withWayBack(sheets)...)
}

// reported reports whether a population is part of the report. Those of forges
// are not where no forge was asked.
func (b *builder) reported(p schema.Population) bool {
	return slices.ContainsFunc(b.r.Populations, func(r schema.PopulationResult) bool { return r.Name == p.Name })
}

// withWayBack puts above each sheet a link to its line of the index.
func withWayBack(sheets []Sheet) []Sheet {
	for i, s := range sheets {
		back := Note{"Contents", SheetLink{Value: indexName, Sheet: indexName, Rows: Span{i + 1, i + 1}}}
		sheets[i].Notes = append([]Note{back}, s.Notes...)
	}
	return sheets
}

// sheetOf makes a sheet of rows that are few enough to be held.
func sheetOf[T any](name, title string, columns []Column, items []T, row func(T) []Cell) Sheet {
	return Sheet{Name: name, Title: title, Columns: columns, Rows: func(yield func([]Cell) bool) {
		for _, item := range items {
			if !yield(row(item)) {
				return
			}
		}
	}}
}

func (b *builder) indexSheet(others []Sheet) Sheet {
	populations := map[string]schema.PopulationResult{}
	for _, p := range b.r.Populations {
		populations[p.Title] = p
	}
	sheet := sheetOf(indexName, "What is in this workbook", []Column{
		textColumn("Sheet", 26), textColumn("Answers", 70), numberColumn("Rows", 10), statusColumn("Seen", 16, seenTexts), textColumn("File in the archive", 48),
	}, others, func(s Sheet) []Cell {
		link := SheetLink{Value: s.Name, Sheet: s.Name}
		p, ok := populations[s.Name]
		if !ok {
			return []Cell{link, s.Title, int64(countRows(s.Rows)), nil, nil}
		}
		return []Cell{link, s.Title, int64(p.Rows), seenText(p.Complete), p.Path}
	})
	sheet.Notes = []Note{{"Contents", SheetLink{Value: overviewName, Sheet: overviewName}}}
	return sheet
}

// seenTexts say whether everything that makes a population was seen.
var seenTexts = []Text{{Value: "completely", Tone: Good}, {Value: "with gaps", Tone: Bad}}

func seenText(complete bool) Text {
	if complete {
		return seenTexts[0]
	}
	return seenTexts[1]
}

func countRows(rows iter.Seq[[]Cell]) int {
	n := 0
	for range rows {
		n++
	}
	return n
}

func textColumn(title string, width int) Column {
	return Column{Title: title, Width: width, Kind: TextCell}
}
func numberColumn(title string, width int) Column {
	return Column{Title: title, Width: width, Kind: NumberCell}
}
func dateColumn(title string) Column { return Column{Title: title, Width: 12, Kind: DateCell} }
func flagColumn(title string, width int) Column {
	return Column{Title: title, Width: width, Kind: FlagCell}
}

// statusColumn is for words with a tone, of which values are all that may occur.
func statusColumn(title string, width int, values []Text) Column {
	return Column{Title: title, Width: width, Kind: StatusCell, Values: values}
}

// textsOf lists what a status column may say, in an order that stays.
func textsOf[K ~string](tones map[K]Tone, text func(K) Text) []Text {
	var out []Text
	for k := range tones {
		out = append(out, text(k))
	}
	slices.SortFunc(out, func(a, b Text) int { return strings.Compare(a.Value, b.Value) })
	return out
}

func wordText[K ~string](tones map[K]Tone) func(K) Text {
	return func(k K) Text { return Text{Value: words(string(k)), Tone: tones[k]} }
}

var (
	statusTexts    = textsOf(statusTones, wordText(statusTones))
	designTexts    = textsOf(designTones, designText)
	operationTexts = textsOf(operationTones, wordText(operationTones))
	resultTexts    = textsOf(resultTones, resultText)
	severityTexts  = textsOf(severityTones, severityText)
	freshTexts     = textsOf(freshnessTones, freshnessText)
	reviewTexts    = append(textsOf(reviewTones, reviewText), standingOf(schema.ControlResult{Status: schema.NotApplicable}))
	exceptionTexts = textsOf(exceptionTones, wordText(exceptionTones))
	outcomeTexts   = textsOf(outcomeTones, wordText(outcomeTones))
)

// operationTones are those that operationText gives.
var operationTones = map[schema.Operation]Tone{
	schema.OperationEffective: Plain, schema.OperationDeviation: Bad, schema.OperationNotTested: Muted, schema.OperationNoOccurrence: Muted,
}
