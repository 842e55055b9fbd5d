package render

import (
	"fmt"
	"iter"
	"reflect"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/auditpack/auditpack/schema"
)

// sheets returns the sheets of the workbook: what people work with first, then
// one sheet for each population.
func sheets(r *schema.Report, s *schema.Snapshot) []Sheet {
	out := []Sheet{
		controlMapSheet(r),
		findingsSheet(r),
		checksSheet(r),
		exceptionsSheet(r),
		documentsSheet(r),
		reviewsSheet(r),
		responsibilitySheet(r),
		queriesSheet(r),
	}
	results := map[string]schema.PopulationResult{}
	for _, p := range r.Populations {
		results[p.Name] = p
	}
	for _, p := range schema.Populations {
		out = append(out, populationSheet(r, s, p, results[p.Name]))
	}
	return append([]Sheet{indexSheet(r, out)}, out...)
}

// table makes a sheet of rows that are few enough to be held.
func table[T any](name, title string, columns []Column, items []T, row func(T) []Cell) Sheet {
	return Sheet{Name: name, Title: title, Columns: columns, Rows: func(yield func([]Cell) bool) {
		for _, item := range items {
			if !yield(row(item)) {
				return
			}
		}
	}}
}

func indexSheet(r *schema.Report, others []Sheet) Sheet {
	type line struct {
		name, title string
		rows        int
	}
	rows := map[string]int{}
	for _, p := range r.Populations {
		rows[p.Title] = p.Rows
	}
	var lines []line
	for _, o := range others {
		n, ok := rows[o.Name]
		if !ok {
			n = countRows(o.Rows)
		}
		lines = append(lines, line{o.Name, o.Title, n})
	}
	sheet := table("Index", "What is in this workbook", []Column{
		{Title: "Sheet", Width: 26, Kind: LinkCell}, {Title: "Answers", Width: 70, Kind: TextCell}, {Title: "Rows", Width: 10, Kind: NumberCell},
	}, lines, func(l line) []Cell { return []Cell{l.name, l.title, int64(l.rows)} })
	sheet.Notes = []KeyValue{
		{"Organization", Text{Value: r.Plan.Organization}},
		{"Scope", Text{Value: r.Plan.Scope}},
		{"As of", Text{Value: r.AsOf.Format(time.RFC3339)}},
		{"Period", Text{Value: r.Plan.From.Format(time.DateOnly) + " to " + r.Plan.To.Format(time.DateOnly) + ", end excluded"}},
		{"Control table", Text{Value: r.Plan.ControlTable}},
		{"Made by", Text{Value: r.Tool.Name + " " + r.Tool.Version}},
	}
	if r.Plan.Unsigned {
		sheet.Notes = append(sheet.Notes, KeyValue{"Signature", Text{Value: "UNSIGNED: nothing proves where this came from", Tone: Bad}})
	}
	for _, status := range statuses {
		sheet.Notes = append(sheet.Notes, KeyValue{"Controls " + words(string(status)), Text{Value: fmt.Sprint(r.Summary.ControlsByStatus[status])}})
	}
	return sheet
}

func countRows(rows iter.Seq[[]Cell]) int {
	n := 0
	for range rows {
		n++
	}
	return n
}

func controlMapSheet(r *schema.Report) Sheet {
	return table("Control map", "Which risk, which control, whose, how it operates, what proves it, at which layer?", []Column{
		{"Control", 10, TextCell}, {"Area", 8, TextCell}, {"Title", 38, TextCell}, {"Status", 17, StatusCell}, {"Design", 13, StatusCell},
		{"Operation", 15, StatusCell}, {"Owner", 22, TextCell}, {"Reviewer", 22, TextCell}, {"Last review", 12, DateCell}, {"Next review", 12, DateCell},
		{"Review", 16, StatusCell}, {"Critical", 9, NumberCell}, {"High", 9, NumberCell}, {"Medium", 9, NumberCell}, {"Low", 9, NumberCell},
		{"Exceptions", 11, NumberCell}, {"Nearest expiry", 14, DateCell}, {"Why not better", 60, TextCell}, {"Risk", 60, TextCell}, {"Control statement", 60, TextCell},
		{"How it operates", 60, TextCell}, {"Layers", 30, TextCell}, {"Evidence", 60, TextCell}, {"ISO/IEC 27017:2015", 20, TextCell},
		{"ISO/IEC 27002:2022", 18, TextCell}, {"CCM 4.1", 20, TextCell}, {"SOC 2", 16, TextCell},
	}, r.Controls, func(c schema.ControlResult) []Cell {
		var evidence, clauses []string
		for _, e := range c.Evidence {
			evidence = append(evidence, fmt.Sprintf("%s %s (%s, %s)", e.Check, e.What, words(string(e.Result)), e.Freshness))
		}
		for _, ref := range c.References.ISO27017 {
			clauses = append(clauses, ref.ID)
		}
		return []Cell{
			c.ID, c.Area, c.Title, statusText(c), designText(c.Design), operationText(c), c.Owner, c.Reviewer, c.LastReview, c.NextReview,
			reviewText(c.Review), int64(c.Findings[schema.Critical]), int64(c.Findings[schema.High]), int64(c.Findings[schema.Medium]), int64(c.Findings[schema.Low]),
			int64(c.Exceptions), c.NearestExpiry, strings.Join(c.Reasons, "; "), c.Risk, c.Statement, c.Operates, strings.Join(c.Layers, ", "),
			strings.Join(evidence, "; "), strings.Join(clauses, " "), strings.Join(c.References.ISO27002, " "), strings.Join(c.References.CCM41, " "),
			strings.Join(c.References.SOC2, " "),
		}
	})
}

func findingsSheet(r *schema.Report) Sheet {
	return table("Findings", "What deviates, how bad is it, and whose is it?", []Column{
		{"Severity", 10, StatusCell}, {"Result", 14, StatusCell}, {"Control", 10, TextCell}, {"Check", 11, TextCell}, {"Cluster", 14, TextCell}, {"Namespace", 22, TextCell},
		{"Kind", 20, TextCell}, {"Name", 34, TextCell}, {"Field", 50, TextCell}, {"Finding", 80, TextCell}, {"What to do", 60, TextCell},
		{"Owner", 22, TextCell}, {"Exception", 14, TextCell}, {"Excepted until", 14, DateCell}, {"Id", 28, TextCell},
	}, r.Findings, func(f schema.Finding) []Cell {
		return []Cell{
			severityText(f.Severity), resultText(f.Result), f.Control, f.Check, f.Subject.Cluster, f.Subject.Namespace, f.Subject.Kind, f.Subject.Name, f.Subject.Field,
			f.Message, f.Remediation, f.Owner, f.Exception, f.ExceptedUntil, f.ID,
		}
	})
}

func checksSheet(r *schema.Report) Sheet {
	columns := []Column{
		{"Check", 11, TextCell}, {"Control", 10, TextCell}, {"Kind", 10, TextCell}, {"Evaluation", 11, TextCell}, {"Severity", 10, StatusCell}, {"Result", 15, StatusCell},
		{"Reason", 70, TextCell}, {"Populations", 30, TextCell}, {"Rows", 9, NumberCell},
	}
	for _, result := range results {
		columns = append(columns, Column{sentence(words(string(result))), 12, NumberCell})
	}
	return table("Checks", "What was checked, over how many rows, with which result?", columns, r.Checks, func(c schema.CheckResult) []Cell {
		cells := []Cell{
			c.ID, c.Control, string(c.Kind), string(c.Evaluation), severityText(c.Severity), resultText(c.Result), c.Reason, strings.Join(c.Populations, ", "), int64(c.Rows),
		}
		for _, result := range results {
			cells = append(cells, int64(c.Counts[result]))
		}
		return cells
	})
}

func exceptionsSheet(r *schema.Report) Sheet {
	return table("Exceptions", "Which deviations are accepted, by whom, and until when?", []Column{
		{"Id", 14, TextCell}, {"State", 10, StatusCell}, {"Control", 10, TextCell}, {"Check", 11, TextCell}, {"Scope", 40, TextCell}, {"Reason", 50, TextCell},
		{"Compensating control", 50, TextCell}, {"Requested by", 22, TextCell}, {"Approved by", 22, TextCell}, {"Approved on", 12, DateCell},
		{"Expires on", 12, DateCell}, {"Findings covered", 16, NumberCell}, {"Problems", 50, TextCell}, {"Ticket", 14, TextCell},
	}, r.Exceptions, func(e schema.ExceptionResult) []Cell {
		var scope []string
		for _, part := range []struct{ name, value string }{{"cluster", e.Scope.Cluster}, {"namespace", e.Scope.Namespace}, {"kind", e.Scope.Kind}, {"name", e.Scope.Name}} {
			if part.value != "" {
				scope = append(scope, part.name+" "+part.value)
			}
		}
		return []Cell{
			e.ID, Text{Value: string(e.State), Tone: exceptionTones[e.State]}, e.Control, e.Check, strings.Join(scope, ", "), e.Reason, e.Compensating, e.RequestedBy, e.ApprovedBy, e.ApprovedOn, e.ExpiresOn,
			int64(len(e.Findings)), strings.Join(e.Problems, "; "), e.Ticket,
		}
	})
}

func documentsSheet(r *schema.Report) Sheet {
	return table("Documents", "Which documents are evidence, and are they fresh?", []Column{
		{"Id", 18, TextCell}, {"Title", 44, TextCell}, {"Type", 12, TextCell}, {"Checks", 24, TextCell}, {"Freshness", 11, StatusCell}, {"As of", 12, DateCell},
		{"Counts until", 13, DateCell}, {"Owner", 22, TextCell}, {"Author", 22, TextCell}, {"Approved by", 22, TextCell}, {"Approved on", 12, DateCell},
		{"Problems", 50, TextCell}, {"File", 34, TextCell}, {"SHA-256 as approved", 66, TextCell},
	}, r.Documents, func(d schema.DocumentResult) []Cell {
		return []Cell{
			d.ID, d.Title, string(d.Type), strings.Join(d.Checks, " "), freshnessText(d.Freshness), d.AsOf, d.Until, d.Owner, d.Author, d.ApprovedBy, d.ApprovedOn,
			strings.Join(d.Problems, "; "), d.File, d.SHA256,
		}
	})
}

func reviewsSheet(r *schema.Report) Sheet {
	controls := slices.Clone(r.Controls)
	slices.SortStableFunc(controls, func(a, b schema.ControlResult) int { return a.NextReview.Time().Compare(b.NextReview.Time()) })
	return table("Review calendar", "Who must review which control next, and what is overdue?", []Column{
		{"Next review", 12, DateCell}, {"Review", 16, StatusCell}, {"Control", 10, TextCell}, {"Title", 50, TextCell}, {"Reviewer", 24, TextCell}, {"Owner", 24, TextCell},
		{"Cadence", 12, TextCell}, {"Last review", 12, DateCell}, {"Reviewed by", 24, TextCell},
	}, controls, func(c schema.ControlResult) []Cell {
		return []Cell{c.NextReview, reviewText(c.Review), c.ID, c.Title, c.Reviewer, c.Owner, string(c.Cadence), c.LastReview, c.ReviewedBy}
	})
}

func responsibilitySheet(r *schema.Report) Sheet {
	sheet := table("Responsibility", "Who is accountable, responsible, consulted and informed for each control?", []Column{
		{"Control", 10, TextCell}, {"Title", 50, TextCell}, {"Cloud provider", 15, TextCell}, {"Managed Kubernetes", 19, TextCell}, {"Platform team", 14, TextCell},
		{"Application team", 16, TextCell}, {"CI/CD owner", 13, TextCell}, {"Security team", 14, TextCell}, {"Third-party tool", 16, TextCell}, {"Owner", 24, TextCell},
	}, r.Controls, func(c schema.ControlResult) []Cell {
		p := c.Responsibility
		return []Cell{c.ID, c.Title, p.CloudProvider, p.ManagedKubernetes, p.PlatformTeam, p.AppTeam, p.CICDOwner, p.SecurityTeam, p.ThirdPartyTool, c.Owner}
	})
	sheet.Notes = []KeyValue{{"Key", Text{Value: "A accountable, R responsible, C consulted, I informed"}}}
	return sheet
}

func queriesSheet(r *schema.Report) Sheet {
	return table("Queries", "What was asked, and how was it answered? Anything but complete or absent was not seen.", []Column{
		{"Source", 16, TextCell}, {"Outcome", 11, StatusCell}, {"Resource", 44, TextCell}, {"Rows", 9, NumberCell}, {"Pages", 8, NumberCell},
		{"Resource version", 17, TextCell}, {"Code", 7, NumberCell}, {"Reason", 70, TextCell}, {"Question", 80, TextCell},
	}, r.Queries, func(q schema.Query) []Cell {
		return []Cell{q.Source, Text{Value: string(q.Outcome), Tone: outcomeTones[q.Outcome]}, q.Resource, int64(q.Rows), int64(q.Pages), q.ResourceVersion, int64(q.Code), q.Reason, q.Target}
	})
}

// populationSheet shows every row of a population, with the block that lets an
// auditor rely on the list: what was asked, how it was answered, and its digest.
func populationSheet(r *schema.Report, s *schema.Snapshot, population schema.Population, p schema.PopulationResult) Sheet {
	rowType := reflect.TypeOf(population.Row)
	sheet := Sheet{Name: population.Title, Title: population.Question, Notes: populationNotes(r, population, p)}
	for i := range rowType.NumField() {
		f := rowType.Field(i)
		sheet.Columns = append(sheet.Columns, Column{Title: columnTitle(jsonName(f)), Width: columnWidth(f), Kind: cellKind(f.Type)})
	}
	rows := s.Evidence.Rows(population.Name)
	if population.Derived() {
		rows = r.Derived.Rows(population.Name)
	}
	sheet.Rows = func(yield func([]Cell) bool) {
		for row := range rows {
			v := reflect.ValueOf(row)
			cells := make([]Cell, v.NumField())
			for i := range cells {
				cells[i] = cellOf(v.Field(i))
			}
			if !yield(cells) {
				return
			}
		}
	}
	return sheet
}

func populationNotes(r *schema.Report, population schema.Population, p schema.PopulationResult) []KeyValue {
	notes := []KeyValue{
		{"As of", Text{Value: r.AsOf.Format(time.RFC3339)}},
		{"Rows", Text{Value: fmt.Sprint(p.Rows)}},
		{"File in the archive", Text{Value: p.Path}},
		{"SHA-256 of the file", Text{Value: p.SHA256}},
	}
	if p.Derived {
		return append(notes, KeyValue{"Computed from", Text{Value: strings.Join(population.From, ", ")}})
	}
	for _, q := range r.Queries {
		if slices.Contains(population.Resources, q.Resource) {
			answer := fmt.Sprintf("%s: %d rows, %d pages", q.Outcome, q.Rows, q.Pages)
			if q.Reason != "" {
				answer += "; " + q.Reason
			}
			tone := Plain
			if q.Gap() {
				tone = Bad
			}
			notes = append(notes, KeyValue{q.Source + " " + q.Resource, Text{Value: answer, Tone: tone}})
		}
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
	case t.Kind() == reflect.Int, t.Kind() == reflect.Int64:
		return NumberCell
	default:
		return TextCell
	}
}

func columnWidth(f reflect.StructField) int {
	switch cellKind(f.Type) {
	case TimeCell:
		return 20
	case DateCell, NumberCell:
		return 12
	}
	if f.Type.Kind() == reflect.Bool {
		return max(8, len(columnTitle(jsonName(f)))+2)
	}
	return max(18, len(columnTitle(jsonName(f)))+2)
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
