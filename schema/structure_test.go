package schema_test

import (
	"go/ast"
	"go/parser"
	"go/token"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// roots are the types from which every written document is reached.
var roots = []reflect.Type{
	reflect.TypeFor[schema.Report](),
	reflect.TypeFor[schema.Snapshot](),
	reflect.TypeFor[schema.Manifest](),
	reflect.TypeFor[schema.Evidence](),
	reflect.TypeFor[schema.Derived](),
	reflect.TypeFor[schema.AuditPlan](),
	reflect.TypeFor[schema.ControlTable](),
	reflect.TypeFor[schema.CheckSet](),
	reflect.TypeFor[schema.Overlay](),
	reflect.TypeFor[schema.ExceptionRegister](),
	reflect.TypeFor[schema.DocumentRegister](),
	reflect.TypeFor[schema.AccessReview](),
	reflect.TypeFor[schema.ControlReview](),
	reflect.TypeFor[schema.ExceptionReview](),
	reflect.TypeFor[schema.QuestionnaireMap](),
	reflect.TypeFor[schema.AnswerLibrary](),
	reflect.TypeFor[schema.PreviousFacts](),
	reflect.TypeFor[schema.FleetReport](),
}

// walk calls visit once for every exported field that the roots reach.
func walk(visit func(owner reflect.Type, f reflect.StructField)) {
	seen := map[reflect.Type]bool{}
	var enter func(reflect.Type)
	enter = func(t reflect.Type) {
		switch t.Kind() {
		case reflect.Pointer, reflect.Slice:
			enter(t.Elem())
		case reflect.Map:
			enter(t.Key())
			enter(t.Elem())
		}
		if t.Kind() != reflect.Struct || t.PkgPath() != roots[0].PkgPath() || seen[t] {
			return
		}
		seen[t] = true
		for i := range t.NumField() {
			if f := t.Field(i); f.IsExported() {
				visit(t, f)
				enter(f.Type)
			}
		}
	}
	for _, t := range roots {
		enter(t)
	}
}

func TestFieldsHaveTags(t *testing.T) {
	n := 0
	walk(func(owner reflect.Type, f reflect.StructField) {
		n++
		if f.Tag.Get("json") == "" && !f.Anonymous {
			t.Errorf("%s.%s has no json tag", owner.Name(), f.Name)
		}
		if f.Anonymous && f.Tag.Get("json") != "" {
			t.Errorf("%s.%s is embedded and has a json tag, so its fields are not the document's own", owner.Name(), f.Name)
		}
		if c := schema.ClassOf(f); !slices.Contains(schema.Words(reflect.TypeFor[schema.Class]()), string(c)) {
			t.Errorf("%s.%s has the class %q", owner.Name(), f.Name, c)
		}
	})
	if n < 400 {
		t.Errorf("only %d fields were looked at", n)
	}
}

var tagName = regexp.MustCompile(`^ ?([a-z]+):"[^"]*"`)

// A tag that is misspelt would be without effect, and nobody would notice.
func TestTagsAreKnown(t *testing.T) {
	known := map[string][]string{"input": {"optional", "nonempty"}, "format": {"name", "id", "account", "sha256"}}
	walk(func(owner reflect.Type, f reflect.StructField) {
		for tag, words := range known {
			if got, ok := f.Tag.Lookup(tag); ok && !slices.Contains(words, got) {
				t.Errorf("%s.%s has the tag %s:%q, want one of %q", owner.Name(), f.Name, tag, got, words)
			}
		}
		for rest := string(f.Tag); rest != ""; {
			m := tagName.FindStringSubmatch(rest)
			if m == nil {
				t.Errorf("%s.%s has the tags %q", owner.Name(), f.Name, f.Tag)
				return
			}
			if !slices.Contains([]string{"json", "class", "enum", "format", "input"}, m[1]) {
				t.Errorf("%s.%s has the unknown tag %s", owner.Name(), f.Name, m[1])
			}
			rest = rest[len(m[0]):]
		}
	})
}

func TestClassOf(t *testing.T) {
	for _, c := range []struct {
		owner reflect.Type
		field string
		want  schema.Class
	}{
		{reflect.TypeFor[schema.Control](), "Statement", schema.ClassPublic},
		{reflect.TypeFor[schema.Control](), "Owner", schema.ClassNDA},
		{reflect.TypeFor[schema.ControlResult](), "Control", schema.ClassPublic},
		{reflect.TypeFor[schema.ControlResult](), "Findings", schema.ClassInternal},
		{reflect.TypeFor[schema.Report](), "Findings", schema.ClassInternal},
		{reflect.TypeFor[schema.Workload](), "Name", schema.ClassInternal},
		{reflect.TypeFor[schema.Source](), "ServerVersion", schema.ClassNDA},
	} {
		f, ok := c.owner.FieldByName(c.field)
		if !ok {
			t.Fatalf("%s has no field %s", c.owner.Name(), c.field)
		}
		if got := schema.ClassOf(f); got != c.want {
			t.Errorf("class of %s.%s is %s, want %s", c.owner.Name(), c.field, got, c.want)
		}
	}
}

// The rows name objects, users and hosts, none of which leaves the organization.
func TestRowsAreInternal(t *testing.T) {
	for _, p := range schema.Populations {
		for _, f := range schema.Fields(reflect.TypeOf(p.Row)) {
			if f.Class != schema.ClassInternal {
				t.Errorf("field %s of population %s is %s", f.Name, p.Name, f.Class)
			}
		}
	}
}

// Words must have every constant of its type, in the order of declaration.
func TestWordsAreComplete(t *testing.T) {
	declared := map[string][]string{}
	files, err := filepath.Glob("*.go")
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range files {
		file, err := parser.ParseFile(token.NewFileSet(), name, nil, 0)
		if err != nil {
			t.Fatal(err)
		}
		for _, d := range file.Decls {
			g, ok := d.(*ast.GenDecl)
			if !ok || g.Tok != token.CONST {
				continue
			}
			for _, s := range g.Specs {
				spec := s.(*ast.ValueSpec)
				typ, ok := spec.Type.(*ast.Ident)
				if !ok {
					continue
				}
				lit, ok := spec.Values[0].(*ast.BasicLit)
				if !ok || lit.Kind != token.STRING {
					continue
				}
				word, err := strconv.Unquote(lit.Value)
				if err != nil {
					t.Fatal(err)
				}
				declared[typ.Name] = append(declared[typ.Name], word)
			}
		}
	}
	used := map[string]bool{}
	check := func(typ reflect.Type) {
		if typ.Kind() == reflect.String && typ.Name() != "string" && !used[typ.Name()] {
			used[typ.Name()] = true
			if diff := cmp.Diff(declared[typ.Name()], schema.Words(typ)); diff != "" {
				t.Errorf("words of %s (-declared +listed):\n%s", typ.Name(), diff)
			}
		}
	}
	walk(func(_ reflect.Type, f reflect.StructField) {
		typ := f.Type
		for typ.Kind() == reflect.Pointer || typ.Kind() == reflect.Slice || typ.Kind() == reflect.Map {
			if typ.Kind() == reflect.Map {
				check(typ.Key())
			}
			typ = typ.Elem()
		}
		check(typ)
	})
	check(reflect.TypeFor[schema.Class]())
	if len(used) < 15 {
		t.Errorf("only %d enumerations were looked at", len(used))
	}
}

func TestFields(t *testing.T) {
	var names []string
	var index [][]int
	for _, f := range schema.Fields(reflect.TypeFor[schema.ExceptionRegister]()) {
		names, index = append(names, f.Name), append(index, f.Index)
	}
	if diff := cmp.Diff([]string{"apiVersion", "kind", "metadata", "spec"}, names); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([][]int{{0, 0}, {0, 1}, {1}, {2}}, index); diff != "" {
		t.Errorf("indexes (-want +got):\n%s", diff)
	}
	for _, f := range schema.Fields(reflect.TypeFor[schema.Report]()) {
		if f.Name == "-" || f.Name == "" {
			t.Errorf("a field that is not written is listed: %+v", f)
		}
	}
	control := map[string]schema.Field{}
	for _, f := range schema.Fields(reflect.TypeFor[schema.Control]()) {
		control[f.Name] = f
	}
	if f := control["owner"]; !f.Always || f.Required {
		t.Errorf("owner: always written is %t and required is %t, want true and false", f.Always, f.Required)
	}
	if f := control["layers"]; !f.NonEmpty || !slices.Contains(f.Words, "people-process") {
		t.Errorf("layers: %+v", f)
	}
	if f := control["notes"]; f.Always || f.Required {
		t.Errorf("notes: %+v", f)
	}
}
