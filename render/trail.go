package render

import (
	"cmp"
	"reflect"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// A Trail leads from each finding to what it rests on. It is for a form in which
// a reader can look everything up in place.
type Trail struct {
	// Findings are the worst trailFindings of them, worst first; MoreFindings counts
	// those that are left out.
	Findings     []Finding
	MoreFindings int `json:",omitempty"`
	// Populations have the rows.
	Populations []Listing
	// Rows are those that findings rest on.
	Rows []Row
	// Objects names the objects that findings lead to. Not every kind of object is
	// kept, so that only some of them are in the archive.
	Objects []schema.Subject
}

// FindingsID is the ID of the section of level 1 that names as many findings by
// owner, in parts of its own, as fit on paper. A form that shows a Trail has all
// of them.
const FindingsID = "findings"

// A Finding is what one check concluded about one subject.
type Finding struct {
	ID string
	// Target is the ID by which sections lead to the finding.
	Target string
	Check  string
	// Control has the title of the control as its note.
	Control  Text
	Area     string
	Severity Text
	State    Text
	Subject  schema.Subject
	// Register is the ID of the section that shows the subject, where it is a
	// control, a document or an exception.
	Register    string
	Message     string
	Remediation string
	Owner       string
	// Populations that the check read, Rows and Objects are indices in the Trail.
	// MoreRows counts the rows that are left out.
	Populations []int
	Rows        []int
	MoreRows    int
	Objects     []int
}

// A Listing is a population as a table.
type Listing struct {
	Title string
	// Path is the file of JSON lines in the archive.
	Path    string
	Columns []string
}

// A Row is one row of a population.
type Row struct {
	// Population is an index in the Trail.
	Population int
	// Line counts from 1 in the population's file.
	Line int
	// Cells are in the order of the columns.
	Cells []Cell
}

// What a Trail holds at most, so that a page opens at once also for a large
// platform: findings, and rows of each.
const (
	trailFindings = 20_000
	trailRows     = 8
)

// trail is the Trail of the worst findings.
func (b *builder) trail() Trail {
	t := newTrails()
	findings := worstFirst(slices.Collect(each(b.r.Findings)))
	t.MoreFindings = max(0, len(findings)-trailFindings)
	findings = findings[:len(findings)-t.MoreFindings]
	known := b.rowsAbout(findings)
	for _, f := range findings {
		populations := b.populationsOf(f.Check)
		rows := restingOn(*f, populations, known[identity(f.Subject)])
		shown := rows[:min(len(rows), trailRows)]
		out := Finding{
			ID: f.ID, Target: findingTarget(*f), Check: f.Check, Control: b.controlOf(*f), Area: b.areaOf(*f), Severity: severityText(f.Severity), State: stateOf(*f),
			Subject: f.Subject, Register: b.registerOf(f.Subject), Message: f.Message, Remediation: f.Remediation, Owner: ownerOf(*f),
			MoreRows: len(rows) - len(shown), Objects: []int{t.object(f.Subject)},
		}
		for _, name := range populations {
			out.Populations = append(out.Populations, t.population(name))
		}
		for _, r := range shown {
			out.Rows = append(out.Rows, t.row(r))
			for _, o := range objectsBehind(r.row) {
				out.Objects = append(out.Objects, t.object(o))
			}
		}
		slices.Sort(out.Objects)
		out.Objects = slices.Compact(out.Objects)
		t.Findings = append(t.Findings, out)
	}
	return t.Trail
}

// stateOf is the result of a finding, unless an exception covers it.
func stateOf(f schema.Finding) Text {
	switch {
	case f.Exception != "":
		return Text{Value: "excepted", Note: f.Exception + ", until " + f.ExceptedUntil.String(), Tone: Warn}
	case open(f):
		return Text{Value: words(string(f.Result))}
	}
	return Text{Value: words(string(f.Result)), Tone: Unknown}
}

func (b *builder) controlOf(f schema.Finding) Text {
	if c, ok := b.control[f.Control]; ok {
		return Text{Value: c.ID, Note: c.Title, Link: c.ID}
	}
	return Text{Value: f.Control}
}

func (b *builder) areaOf(f schema.Finding) string {
	for _, a := range b.areas {
		if a.id == b.control[f.Control].Area {
			return a.id + wide + a.name
		}
	}
	return ""
}

func (b *builder) registerOf(s schema.Subject) string {
	switch s.Kind {
	case "Document":
		return "documents"
	case "Exception":
		return "exceptions"
	case "Control":
		if _, ok := b.control[s.Name]; ok {
			return s.Name
		}
	}
	return ""
}

func (b *builder) populationsOf(check string) []string {
	i := slices.IndexFunc(b.r.Checks, func(c schema.CheckResult) bool { return c.ID == check })
	if i < 0 {
		return nil
	}
	return slices.DeleteFunc(slices.Clone(b.r.Checks[i].Populations), func(name string) bool {
		_, ok := schema.PopulationNamed(name)
		return !ok
	})
}

// A located row is one row of a population, and where it lies.
type located struct {
	population string
	line       int
	row        schema.Row
}

// identity is the object that a subject is about, whatever its field.
func identity(s schema.Subject) schema.Subject {
	s.Field = ""
	return s
}

// rowsAbout returns the rows of all populations whose object a finding names, in
// the order of the populations and their lines.
func (b *builder) rowsAbout(findings []*schema.Finding) map[schema.Subject][]located {
	named := map[schema.Subject]bool{}
	for _, f := range findings {
		named[identity(f.Subject)] = true
	}
	rows := map[schema.Subject][]located{}
	for _, p := range schema.Populations {
		line := 0
		for row := range rowsOf(b.r, b.s, p) {
			line++
			if id := identity(row.Subject()); named[id] {
				rows[id] = append(rows[id], located{p.Name, line, row})
			}
		}
	}
	return rows
}

// restingOn returns those of the rows about its object that a finding rests on:
// rows of the populations that the check read before those of others, and rows
// with the finding's very field before those with another.
func restingOn(f schema.Finding, populations []string, about []located) []located {
	for _, read := range []bool{true, false} {
		for _, sameField := range []bool{true, false} {
			rows := slices.DeleteFunc(slices.Clone(about), func(l located) bool {
				return read && !slices.Contains(populations, l.population) || sameField && l.row.Subject() != f.Subject
			})
			if len(rows) > 0 {
				slices.SortStableFunc(rows, func(x, y located) int {
					return cmp.Compare(slices.Index(populations, x.population), slices.Index(populations, y.population))
				})
				return rows
			}
		}
	}
	return nil
}

// objectsBehind are the objects that a row was made of.
func objectsBehind(row schema.Row) []schema.Subject {
	objects := []schema.Subject{identity(row.Subject())}
	if g, ok := row.(schema.AccessGrant); ok {
		binding := schema.Subject{Cluster: g.Cluster, Kind: g.BindingKind, Name: g.Binding}
		if g.BindingKind == "RoleBinding" {
			binding.Namespace = g.Scope
		}
		role := schema.Subject{Cluster: g.Cluster, Kind: g.RoleKind, Name: g.Role}
		if g.RoleKind == "Role" {
			role.Namespace = g.Scope
		}
		objects = append(objects, binding, role)
	}
	return objects
}

// trails is a Trail that is being made; what several findings share is in it once.
type trails struct {
	Trail
	populations map[string]int
	rows        map[lineOf]int
	objects     map[schema.Subject]int
}

// A lineOf a population is one of its rows.
type lineOf struct {
	population string
	line       int
}

func newTrails() *trails {
	return &trails{populations: map[string]int{}, rows: map[lineOf]int{}, objects: map[schema.Subject]int{}}
}

func (t *trails) population(name string) int {
	i, ok := t.populations[name]
	if !ok {
		i = len(t.Populations)
		t.populations[name] = i
		p, _ := schema.PopulationNamed(name)
		l := Listing{Title: p.Title, Path: p.Path()}
		row := reflect.TypeOf(p.Row)
		for f := range row.NumField() {
			l.Columns = append(l.Columns, columnTitle(jsonName(row.Field(f))))
		}
		t.Populations = append(t.Populations, l)
	}
	return i
}

func (t *trails) row(l located) int {
	key := lineOf{l.population, l.line}
	i, ok := t.rows[key]
	if !ok {
		i = len(t.Rows)
		t.rows[key] = i
		t.Rows = append(t.Rows, Row{Population: t.population(l.population), Line: l.line, Cells: cellsOf(l.row)})
	}
	return i
}

func (t *trails) object(s schema.Subject) int {
	s = identity(s)
	i, ok := t.objects[s]
	if !ok {
		i = len(t.Objects)
		t.objects[s] = i
		t.Objects = append(t.Objects, s)
	}
	return i
}

// cellsOf turns the fields of a row into cells, in their order.
func cellsOf(row schema.Row) []Cell {
	v := reflect.ValueOf(row)
	cells := make([]Cell, v.NumField())
	for i := range cells {
		cells[i] = cellOf(v.Field(i))
	}
	return cells
}
