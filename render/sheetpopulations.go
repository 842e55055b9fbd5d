package render

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"
	"unicode/utf8"

	"github.com/auditpack/auditpack/schema"
)

// rowsOf yields the rows of a population, collected or derived.
func rowsOf(r *schema.Report, s *schema.Snapshot, p schema.Population) iter.Seq[schema.Row] {
	if p.Derived() {
		return r.Derived.Rows(p.Name)
	}
	return s.Evidence.Rows(p.Name)
}

// populationSheet shows every row of a population, with the block that lets an
// auditor rely on the list: what was asked, how it was answered, and its digest.
// The first columns number the rows as their file does, and count the findings about
// each, leading to the worst.
func (b *builder) populationSheet(x *crossings, p schema.Population) Sheet {
	rowType := reflect.TypeOf(p.Row)
	sheet := Sheet{Name: p.Title, Title: p.Question, Notes: b.populationNotes(x, p), Columns: b.rowColumns()}
	if rowType == reflect.TypeFor[schema.Trace]() {
		return b.tracesSheet(sheet, x, p)
	}
	for i := range rowType.NumField() {
		f := rowType.Field(i)
		sheet.Columns = append(sheet.Columns, Column{Title: columnTitle(jsonName(f)), Kind: cellKind(f.Type)})
	}
	drawn := b.drawOf(p.Name)
	sheet.Rows = func(yield func([]Cell) bool) {
		n := 0
		for row := range rowsOf(b.r, b.s, p) {
			n++
			v := reflect.ValueOf(row)
			cells := b.rowCells(x, p.Name, n, drawn)
			for i := range v.NumField() {
				cells = append(cells, cellOf(v.Field(i)))
			}
			if !yield(cells) {
				return
			}
		}
	}
	fitColumns(sheet.Columns, sheet.Rows)
	return sheet
}

// rowColumns are the first columns of the sheet of a population.
func (b *builder) rowColumns() []Column {
	columns := []Column{numberColumn("Row", 8), numberColumn("Findings", 10)}
	if b.r.Sample != nil {
		columns = append(columns, numberColumn("Drawn", 8))
	}
	return columns
}

// rowCells are the cells of rowColumns for one row. The number of a row is its line
// in the file, whatever the sheet is sorted by.
func (b *builder) rowCells(x *crossings, population string, row int, drawn map[int]int) []Cell {
	cells := []Cell{int64(row), x.countAt(population, row)}
	if b.r.Sample == nil {
		return cells
	}
	if at := drawn[row]; at > 0 {
		return append(cells, int64(at))
	}
	return append(cells, nil)
}

// countAt is the number of findings about a row, which leads to the worst; nil for none.
func (x *crossings) countAt(population string, row int) Cell {
	if at := x.found[population][row]; at.count > 0 {
		return countOf(at.count, Span{at.first, at.first})
	}
	return nil
}

// populationNotes begin with what checks make of the population. They stay in view
// with the header, so they are few; the sheet of queries has every question.
func (b *builder) populationNotes(x *crossings, population schema.Population) []Note {
	var notes []Note
	if readers := x.readers[population.Name]; len(readers) > 0 {
		notes = append(notes, Note{"Read by", link(list(readers, 12), checksName, x.checks[readers[0]])})
	}
	var p schema.PopulationResult
	for _, result := range b.r.Populations {
		if result.Name == population.Name {
			p = result
		}
	}
	notes = append(notes, Note{"As of", instant(b.r.AsOf) + ", " + count(p.Rows, "row", "rows")}, Note{"File", p.Path}, Note{"SHA-256", p.SHA256})
	if p.Derived {
		return append(notes, Note{"Computed", "from " + strings.Join(population.From, ", ")})
	}
	return append(notes, b.queryNotes(population)...)
}

// shownGaps is how many unanswered questions stand above a population.
const shownGaps = 3

// queryNotes say how the questions behind a population were answered.
func (b *builder) queryNotes(population schema.Population) []Note {
	asked, first := 0, Span{}
	var gaps []string
	for i, q := range b.r.Queries {
		if !slices.Contains(population.Resources, q.Resource) {
			continue
		}
		asked++
		if first == (Span{}) {
			first = Span{i + 1, i + 1}
		}
		if q.Gap() {
			gaps = append(gaps, fmt.Sprintf("%s %s: %s, %s", q.Source, q.Resource, q.Outcome, q.Reason))
		}
	}
	answered := fmt.Sprintf("%s, %s not answered completely", count(asked, "question", "questions"), group(len(gaps)))
	notes := []Note{{"Queries", link(answered, queriesName, first)}}
	for _, gap := range gaps[:min(shownGaps, len(gaps))] {
		notes = append(notes, Note{"Gap", Text{Value: shorten(gap, 200), Tone: Bad}})
	}
	return notes
}

func jsonName(f reflect.StructField) string {
	name, _, _ := strings.Cut(f.Tag.Get("json"), ",")
	return name
}

func cellKind(t reflect.Type) CellKind {
	switch {
	case t == reflect.TypeFor[time.Time]():
		return TimeCell
	case t == reflect.TypeFor[schema.Date]():
		return DateCell
	case t.Kind() == reflect.Bool:
		return FlagCell
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return NumberCell
	default:
		return TextCell
	}
}

// Widths of columns of populations, in characters. Texts at most so wide stay on one line.
const (
	sampledRows = 200
	widestText  = 48
)

// fitColumns makes columns as wide as their titles and the first rows ask for.
func fitColumns(columns []Column, rows iter.Seq[[]Cell]) {
	for i, c := range columns {
		columns[i].Width = max(len(c.Title)+4, map[CellKind]int{TimeCell: 19, DateCell: 12}[c.Kind])
	}
	n := 0
	for row := range rows {
		if n++; n > sampledRows {
			return
		}
		for i, cell := range row {
			if text, ok := cell.(string); ok {
				columns[i].Width = max(columns[i].Width, min(widestText, utf8.RuneCountInString(text)+2))
			}
		}
	}
}

// cellOf turns a field into a cell; lists are joined, so that each row stays one line.
func cellOf(v reflect.Value) Cell {
	switch x := v.Interface().(type) {
	case time.Time, schema.Date, bool:
		return x
	case []string:
		return strings.Join(x, ", ")
	case []schema.Rule:
		return join(x, "; ", ruleText)
	case []schema.BindingSubject:
		return join(x, ", ", func(s schema.BindingSubject) string {
			return schema.Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String()
		})
	case map[string]string:
		return labelText(x)
	}
	switch v.Kind() {
	case reflect.Int, reflect.Int64:
		return v.Int()
	case reflect.String:
		return v.String()
	default:
		return fmt.Sprint(v.Interface())
	}
}

func join[T any](items []T, separator string, text func(T) string) string {
	parts := make([]string, len(items))
	for i, item := range items {
		parts[i] = text(item)
	}
	return strings.Join(parts, separator)
}

// ruleText writes a policy rule as "get,list on pods,pods/log in apps (only a,b)".
func ruleText(r schema.Rule) string {
	text := strings.Join(r.Verbs, ",") + " on " + strings.Join(append(slices.Clone(r.Resources), r.NonResourceURLs...), ",")
	if groups := strings.Join(r.APIGroups, ","); groups != "" {
		text += " in " + groups
	}
	if len(r.ResourceNames) > 0 {
		text += " (only " + strings.Join(r.ResourceNames, ",") + ")"
	}
	return text
}

func labelText(labels map[string]string) string {
	parts := make([]string, 0, len(labels))
	for k, v := range labels {
		parts = append(parts, k+"="+v)
	}
	slices.Sort(parts)
	return strings.Join(parts, ", ")
}

// spelled gives the words of JSON names that are not plain words.
var spelled = map[string]string{
	"uid": "UID", "id": "id", "ids": "ids", "arn": "ARN", "tls": "TLS", "os": "OS", "ip": "IP", "ips": "IPs", "api": "API", "url": "URL", "pid": "PID", "crd": "CRD",
}

// columnTitle turns serviceAccount into "Service account" and imageIDs into "Image ids".
func columnTitle(name string) string {
	var parts []string
	start := 0
	runes := []rune(name)
	for i := 1; i <= len(runes); i++ {
		if i == len(runes) || unicode.IsUpper(runes[i]) && !unicode.IsUpper(runes[i-1]) {
			parts = append(parts, strings.ToLower(string(runes[start:i])))
			start = i
		}
	}
	for i, p := range parts {
		if s, ok := spelled[p]; ok {
			parts[i] = s
		}
	}
	return sentence(strings.Join(parts, " "))
}

// sentence puts the first letter in upper case.
func sentence(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
