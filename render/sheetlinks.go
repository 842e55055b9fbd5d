package render

import "github.com/auditpack/auditpack/schema"

// crossings know in which rows of the workbook things stand, so that sheets can
// lead to each other.
type crossings struct {
	reported  map[string]bool // populations that have a sheet
	controls  map[string]Span // of Control map, by control
	areas     map[string]Span // of Control map, by area
	documents map[string]Span // of Documents, by document
	checks    map[string]Span // of Checks, by check
	checksOf  map[string]Span // of Checks, by control
	readers   map[string][]string
	findings  map[string]Span // of Findings, by id
	// findingsOf has the first run of a check's rows of Findings; they are sorted by
	// severity, then check, so that it is all of them where they are of one severity.
	findingsOf map[string]Span
	severe     map[controlSeverity]Span // of Findings
	// rows has, by finding, the row of a population that it is about; found has, by
	// population and row, the findings about it.
	rows  map[string]SheetLink
	found map[string]map[int]found
}

type controlSeverity struct {
	control  string
	severity schema.Severity
}

// found counts the findings about one row, of which first is where the worst stands.
type found struct{ first, count int }

func newCrossings(r *schema.Report, s *schema.Snapshot) *crossings {
	x := &crossings{
		reported: map[string]bool{},
		controls: map[string]Span{}, areas: map[string]Span{}, documents: map[string]Span{}, checks: map[string]Span{}, checksOf: map[string]Span{},
		readers: map[string][]string{}, findings: map[string]Span{}, findingsOf: map[string]Span{}, severe: map[controlSeverity]Span{},
		rows: map[string]SheetLink{}, found: map[string]map[int]found{},
	}
	for _, p := range r.Populations {
		x.reported[p.Name] = true
	}
	for i, c := range r.Controls {
		extend(x.controls, c.ID, i+1)
		extend(x.areas, c.Area, i+1)
	}
	for i, d := range r.Documents {
		extend(x.documents, d.ID, i+1)
	}
	for i, c := range r.Checks {
		extend(x.checks, c.ID, i+1)
		extend(x.checksOf, c.Control, i+1)
		for _, p := range c.Populations {
			x.readers[p] = append(x.readers[p], c.ID)
		}
	}
	for i, f := range r.Findings {
		extend(x.findings, f.ID, i+1)
		extend(x.findingsOf, f.Check, i+1)
		extend(x.severe, controlSeverity{f.Control, f.Severity}, i+1)
	}
	x.findRows(r, s)
	return x
}

// extend adds a row to the run of a key, unless rows of others lie between.
func extend[K comparable](spans map[K]Span, key K, row int) {
	span, ok := spans[key]
	switch {
	case !ok:
		spans[key] = Span{row, row}
	case span.Last == row-1:
		spans[key] = Span{span.First, row}
	}
}

// findRows looks up the rows that findings are about, in the populations that
// their checks read.
func (x *crossings) findRows(r *schema.Report, s *schema.Snapshot) {
	reads := map[string][]string{}
	for _, c := range r.Checks {
		reads[c.ID] = c.Populations
	}
	about := map[string]map[schema.Subject][]int{} // by population
	for i, f := range r.Findings {
		for _, name := range reads[f.Check] {
			if about[name] == nil {
				about[name] = map[schema.Subject][]int{}
			}
			about[name][f.Subject] = append(about[name][f.Subject], i)
		}
	}
	for _, p := range schema.Populations {
		x.findRowsIn(p, rowsOf(r, s, p), r.Findings, about[p.Name])
	}
}

// findRowsIn takes a finding about a whole object to the first row of the object,
// where the rows of a population are its parts.
func (x *crossings) findRowsIn(p schema.Population, rows func(func(schema.Row) bool), findings []schema.Finding, about map[schema.Subject][]int) {
	if len(about) == 0 || !x.reported[p.Name] {
		return
	}
	x.found[p.Name] = map[int]found{}
	n := 0
	wholes := map[schema.Subject]bool{}
	for row := range rows {
		n++
		subject := row.Subject()
		hits := about[subject]
		if whole := subject; subject.Field != "" {
			whole.Field = ""
			if !wholes[whole] && len(about[whole]) > 0 {
				wholes[whole] = true
				hits = append(hits[:len(hits):len(hits)], about[whole]...)
			}
		}
		for _, i := range hits {
			if _, ok := x.rows[findings[i].ID]; !ok {
				x.rows[findings[i].ID] = SheetLink{Sheet: p.Title, Rows: Span{n, n}}
			}
			at := x.found[p.Name][n]
			if at.count == 0 || i+1 < at.first {
				at.first = i + 1
			}
			x.found[p.Name][n] = found{at.first, at.count + 1}
		}
	}
}

// link makes a cell that leads to a span, or the plain value where there is none.
func link(value Cell, sheet string, span Span) Cell {
	if span == (Span{}) {
		return value
	}
	return SheetLink{Value: value, Sheet: sheet, Rows: span}
}

func (x *crossings) control(id string) Cell { return link(id, controlMapName, x.controls[id]) }

func (x *crossings) check(id string) Cell { return link(id, checksName, x.checks[id]) }

// population leads to the sheet of a population, where there is one.
func (x *crossings) population(name string) Cell {
	p, ok := schema.PopulationNamed(name)
	switch {
	case !ok:
		return name
	case !x.reported[name]:
		return p.Title
	}
	return SheetLink{Value: p.Title, Sheet: p.Title}
}

// countOf makes a number that leads to findings, and an empty cell of zero.
func countOf(n int, span Span) Cell {
	if n == 0 {
		return nil
	}
	return link(int64(n), findingsName, span)
}

// subject makes a cell that leads to the row that a finding is about.
func (x *crossings) subject(f schema.Finding) Cell {
	name := f.Subject.Name
	if name == "" {
		name = f.Subject.Kind
	}
	switch f.Subject.Kind {
	case "Control":
		return x.control(name)
	case "Document":
		return link(name, documentsName, x.documents[name])
	}
	if at, ok := x.rows[f.ID]; ok {
		at.Value = name
		return at
	}
	return name
}
