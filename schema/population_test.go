package schema_test

import (
	"iter"
	"math/rand/v2"
	"reflect"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// Each population is one field of Evidence or Derived, and each field is a population.
func TestPopulationsAreFields(t *testing.T) {
	tables := map[string]reflect.Type{}
	derived := map[string]bool{}
	for _, typ := range []reflect.Type{reflect.TypeFor[schema.Evidence](), reflect.TypeFor[schema.Derived]()} {
		for i := range typ.NumField() {
			name := typ.Field(i).Tag.Get("json")
			if tables[name] != nil {
				t.Errorf("two fields are named %s", name)
			}
			tables[name] = typ.Field(i).Type.Elem()
			derived[name] = typ == reflect.TypeFor[schema.Derived]()
		}
	}
	got := map[string]reflect.Type{}
	for _, p := range schema.Populations {
		if got[p.Name] != nil {
			t.Errorf("two populations are named %s", p.Name)
		}
		got[p.Name] = reflect.TypeOf(p.Row)
		if p.Derived() != derived[p.Name] {
			t.Errorf("%s: derived is %t, its field says %t", p.Name, p.Derived(), derived[p.Name])
		}
		if p.Derived() == (len(p.Resources) > 0) {
			t.Errorf("%s needs either resources or populations that it comes from", p.Name)
		}
		for _, from := range p.From {
			if _, ok := schema.PopulationNamed(from); !ok {
				t.Errorf("%s comes from %s, which is no population", p.Name, from)
			}
		}
		if p.Title == "" || p.Question == "" {
			t.Errorf("%s has no title or no question", p.Name)
		}
	}
	if diff := cmp.Diff(tables, got, cmp.Comparer(func(a, b reflect.Type) bool { return a == b })); diff != "" {
		t.Errorf("populations (-fields +Populations):\n%s", diff)
	}
}

func TestPopulationNamed(t *testing.T) {
	for _, p := range schema.Populations {
		got, ok := schema.PopulationNamed(p.Name)
		if !ok || got.Title != p.Title {
			t.Errorf("%s: got %q, %t", p.Name, got.Title, ok)
		}
	}
	if p, ok := schema.PopulationNamed("podz"); ok {
		t.Errorf("podz is %q", p.Title)
	}
}

// evidence returns some rows in an order of arrival that depends on seed. Some of
// them have the same subject and differ in a field that is not part of it.
func evidence(seed uint64) *schema.Evidence {
	rows := []schema.Row{
		schema.Pod{Cluster: "b", Namespace: "a", Name: "x"},
		schema.Pod{Cluster: "a", Namespace: "b", Name: "x", Phase: "Running"},
		schema.Pod{Cluster: "a", Namespace: "b", Name: "x", Phase: "Failed"},
		schema.Pod{Cluster: "a", Namespace: "a", Name: "y"},
		schema.Pod{Cluster: "a", Namespace: "a", Name: "x"},
		schema.Namespace{Cluster: "a", Name: "b"},
		schema.Namespace{Cluster: "a", Name: "a"},
		schema.Service{Cluster: "a", Namespace: "n", Name: "s", NodePorts: []int{2}},
		schema.Service{Cluster: "a", Namespace: "n", Name: "s", NodePorts: []int{1}},
		schema.Service{Cluster: "a", Namespace: "n", Name: "s"},
	}
	rand.New(rand.NewPCG(seed, 0)).Shuffle(len(rows), func(i, j int) { rows[i], rows[j] = rows[j], rows[i] })
	e := &schema.Evidence{}
	e.Append(rows...)
	return e
}

func TestSortForgetsArrival(t *testing.T) {
	want := evidence(0)
	want.Sort()
	names := func(rows iter.Seq[schema.Row]) (out []string) {
		for r := range rows {
			out = append(out, r.Subject().Cluster+" "+r.Subject().String())
		}
		return out
	}
	if diff := cmp.Diff([]string{"a Pod a/x", "a Pod a/y", "a Pod b/x", "a Pod b/x", "b Pod a/x"}, names(want.Rows("pods"))); diff != "" {
		t.Errorf("order of pods (-want +got):\n%s", diff)
	}
	arrivals := map[string]bool{}
	for seed := range uint64(50) {
		got := evidence(seed)
		arrivals[mustMarshal(t, got)] = true
		got.Sort()
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("seed %d (-want +got):\n%s", seed, diff)
		}
	}
	if len(arrivals) < 40 {
		t.Errorf("only %d orders of arrival were tried", len(arrivals))
	}
}

func TestRowsOfUnknownPopulation(t *testing.T) {
	e, d := evidence(0), &schema.Derived{AccessGrants: make([]schema.AccessGrant, 2)}
	if n := len(slices.Collect(e.Rows("nothing"))) + len(slices.Collect(d.Rows("pods"))); n != 0 {
		t.Errorf("unknown populations have %d rows", n)
	}
	if n := len(slices.Collect(d.Rows("accessGrants"))); n != 2 {
		t.Errorf("got %d grants, want 2", n)
	}
}

func TestAppendPanicsOnForeignRow(t *testing.T) {
	defer func() {
		if recover() == nil {
			t.Error("a derived row was added to the evidence")
		}
	}()
	new(schema.Evidence).Append(schema.AccessGrant{})
}

// Every row survives being written as a line and read back.
func TestAppendJSON(t *testing.T) {
	for _, p := range schema.Populations {
		if p.Derived() {
			continue
		}
		line, err := schema.MarshalLine(p.Row)
		if err != nil {
			t.Fatal(err)
		}
		e := &schema.Evidence{}
		if err := e.AppendJSON(p.Name, line); err != nil {
			t.Errorf("%s: %v", p.Name, err)
			continue
		}
		rows := slices.Collect(e.Rows(p.Name))
		if len(rows) != 1 {
			t.Errorf("%s: got %d rows, want 1", p.Name, len(rows))
			continue
		}
		again, err := schema.MarshalLine(rows[0])
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(line), string(again)); diff != "" {
			t.Errorf("%s (-first +second):\n%s", p.Name, diff)
		}
	}
}

func TestAppendJSONRefuses(t *testing.T) {
	for name, line := range map[string]string{
		"podz":       `{}`,
		"pods":       `{"nom": "x"}`,
		"nodes":      `{} {}`,
		"services":   `[]`,
		"namespaces": `{"created": "yesterday"}`,
	} {
		e := &schema.Evidence{}
		if err := e.AppendJSON(name, []byte(line)); err == nil {
			t.Errorf("%s: %s is accepted", name, line)
		}
		if diff := cmp.Diff(&schema.Evidence{}, e); diff != "" {
			t.Errorf("%s: %s left something behind:\n%s", name, line, diff)
		}
	}
}

// A subject says at least where, what and which.
func TestSubjectsHaveKindAndCluster(t *testing.T) {
	for _, p := range schema.Populations {
		v := reflect.New(reflect.TypeOf(p.Row)).Elem()
		for _, f := range schema.Fields(v.Type()) {
			if f.Type.Kind() == reflect.String {
				v.FieldByIndex(f.Index).SetString("the " + f.Name)
			}
		}
		s := v.Interface().(schema.Row).Subject()
		if s.Kind == "" || s.Name == "" || s.Cluster == "" {
			t.Errorf("%s: the subject is %+v", p.Name, s)
		}
	}
}
