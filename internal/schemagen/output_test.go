package main

import (
	"reflect"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// filled returns a value of type t in which no field is zero and every list has
// an entry; words has the words that a field may say.
func filled(t reflect.Type, words []string) reflect.Value {
	v := reflect.New(t).Elem()
	switch {
	case t == reflect.TypeFor[time.Time]():
		return reflect.ValueOf(time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC))
	case t == reflect.TypeFor[schema.Date]():
		return reflect.ValueOf(schema.NewDate(2026, 11, 22))
	}
	switch t.Kind() {
	case reflect.Struct:
		for _, f := range schema.Fields(t) {
			v.FieldByIndex(f.Index).Set(filled(f.Type, f.Words))
			if f.Format != nil {
				example(v.FieldByIndex(f.Index), f.Format)
			}
		}
	case reflect.Pointer:
		v.Set(reflect.New(t.Elem()))
		v.Elem().Set(filled(t.Elem(), words))
	case reflect.Slice:
		v.Set(reflect.Append(v, filled(t.Elem(), words)))
	case reflect.Map:
		v.Set(reflect.MakeMap(t))
		v.SetMapIndex(filled(t.Key(), schema.Words(t.Key())), filled(t.Elem(), words))
	case reflect.String:
		v.SetString("some text")
		if words != nil {
			v.SetString(words[0])
		}
	case reflect.Bool:
		v.SetBool(true)
	case reflect.Int, reflect.Int64:
		v.SetInt(7)
	}
	return v
}

// example sets a string, or the strings of a list, to text of a format.
func example(v reflect.Value, f *schema.Format) {
	if v.Kind() == reflect.Slice {
		example(v.Index(0), f)
		return
	}
	for _, text := range []string{"some-name", "some/name", strings.Repeat("0a", 32)} {
		if f.Matches(text) {
			v.SetString(text)
		}
	}
}

// outputs are the documents that the program writes, by the schema of each.
func outputs() map[string]reflect.Type {
	out := map[string]reflect.Type{
		"changes.schema.json":  reflect.TypeFor[schema.Changes](),
		"report.schema.json":   reflect.TypeFor[schema.Report](),
		"snapshot.schema.json": reflect.TypeFor[schema.Snapshot](),
		"manifest.schema.json": reflect.TypeFor[schema.Manifest](),
	}
	for _, p := range schema.Populations {
		out["populations.schema.json#/properties/"+p.Name] = reflect.TypeOf(p.Row)
	}
	return out
}

func TestOutputIsValid(t *testing.T) {
	for file, typ := range outputs() {
		s := compiled(t, file)
		data, err := schema.MarshalLine(filled(typ, nil).Interface())
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Validate(parse(t, data)); err != nil {
			t.Errorf("%s: a filled %s is refused: %v", file, typ.Name(), err)
		}
	}
}

// A schema that accepts everything would pass the test above.
func TestOutputSchemasRefuse(t *testing.T) {
	for file, typ := range outputs() {
		s := compiled(t, file)
		for _, f := range schema.Fields(typ) {
			data, err := schema.MarshalLine(filled(typ, nil).Interface())
			if err != nil {
				t.Fatal(err)
			}
			doc := parse(t, data).(map[string]any)
			delete(doc, f.Name)
			if refused := s.Validate(doc) != nil; refused != f.Always {
				t.Errorf("%s: without %s: refused is %t, want %t", file, f.Name, refused, f.Always)
			}
			doc[f.Name] = nil
			if s.Validate(doc) == nil {
				t.Errorf("%s: %s: null is accepted", file, f.Name)
			}
		}
		doc := map[string]any{"surplus": true}
		if s.Validate(doc) == nil {
			t.Errorf("%s: a field that does not exist is accepted", file)
		}
	}
}
