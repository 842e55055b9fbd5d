package input

import (
	"reflect"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

var dateType = reflect.TypeFor[schema.Date]()

// decode reads a node into v by v's type. words and format bound the strings in it.
func (d *document) decode(n *yaml.Node, v reflect.Value, path string, f schema.Field) {
	n = resolve(n)
	d.at[path] = position{n.Line, n.Column}
	if !d.count(n) || !d.plainTag(n, path) {
		return
	}
	if isNull(n) {
		d.problemAt(n, path, "%q has no value: write one, or leave it out", f.Name)
		return
	}
	switch {
	case v.Type() == dateType:
		d.decodeDate(n, v, path)
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		d.decode(n, v.Elem(), path, f)
	case v.Kind() == reflect.Struct:
		d.decodeStruct(n, v, path)
	case v.Kind() == reflect.Slice:
		d.decodeList(n, v, path, f)
	case v.Kind() == reflect.Map:
		d.decodeMap(n, v, path, f)
	case v.Kind() == reflect.String:
		d.decodeText(n, v, path, f)
	case v.Kind() == reflect.Bool:
		if !isPlain(n) || n.Value != "true" && n.Value != "false" {
			d.problemAt(n, path, "want true or false, found %s", describe(n))
			return
		}
		v.SetBool(n.Value == "true")
	case v.Kind() == reflect.Int:
		i, err := strconv.ParseInt(n.Value, 10, 32)
		if err != nil || !isPlain(n) || strconv.FormatInt(i, 10) != n.Value {
			d.problemAt(n, path, "want a whole number, found %s", describe(n))
			return
		}
		v.SetInt(i)
	default:
		panic("no document has a field of type " + v.Type().String())
	}
}

// count refuses what aliases make larger than any honest document.
func (d *document) count(n *yaml.Node) bool {
	d.values++
	if d.values > maxValues && !d.stopped {
		d.stopped = true
		d.problemAt(n, "", "the document has more than %d values, counting each alias as often as it is used", maxValues)
	}
	return !d.stopped
}

// plainTag refuses tags that would change what a value means.
func (d *document) plainTag(n *yaml.Node, path string) bool {
	if n.Style&yaml.TaggedStyle == 0 || n.ShortTag() == "!!str" || n.ShortTag() == "!!map" || n.ShortTag() == "!!seq" {
		return true
	}
	d.problemAt(n, path, "the tag %s is not supported", n.ShortTag())
	return false
}

func (d *document) decodeStruct(n *yaml.Node, v reflect.Value, path string) {
	if n.Kind != yaml.MappingNode {
		d.problemAt(n, path, "want a mapping of fields, found %s", describe(n))
		return
	}
	shape := d.shapeOf(v.Type())
	given := d.keys(n, path, func(key, value *yaml.Node) {
		f, ok := shape.byName[key.Value]
		if !ok {
			d.unknownField(key, path, shape.names)
			return
		}
		inner := field(path, f.Name)
		before := len(d.problems)
		d.decode(value, v.FieldByIndex(f.Index), inner, f)
		if len(d.problems) == before {
			d.checkFilled(f, v.FieldByIndex(f.Index), inner)
		}
	})
	for _, f := range shape.fields {
		if f.Required && !given[f.Name] && !d.stopped {
			d.problemAt(n, path, "missing %q", f.Name)
		}
	}
}

// A shape is what a struct type may hold.
type shape struct {
	fields []schema.Field
	names  []string
	byName map[string]schema.Field
}

// shapeOf returns the shape of a type and remembers it: a table has many entries of one type.
func (d *document) shapeOf(t reflect.Type) *shape {
	if s := d.shapes[t]; s != nil {
		return s
	}
	s := &shape{fields: schema.Fields(t), byName: map[string]schema.Field{}}
	for _, f := range s.fields {
		s.names = append(s.names, f.Name)
		s.byName[f.Name] = f
	}
	d.shapes[t] = s
	return s
}

// checkFilled reports a field that is there but says nothing.
func (d *document) checkFilled(f schema.Field, v reflect.Value, path string) {
	switch {
	case f.Required && v.Kind() == reflect.String && strings.TrimSpace(v.String()) == "",
		f.Required && v.Type() == dateType && v.IsZero():
		d.problem(path, "%q is empty", f.Name)
	case f.NonEmpty && v.Len() == 0:
		d.problem(path, "%q needs at least one entry", f.Name)
	}
}

// keys calls use for every pair of a mapping whose key is fit to be one, and
// returns the keys.
func (d *document) keys(n *yaml.Node, path string, use func(key, value *yaml.Node)) map[string]bool {
	given := map[string]bool{}
	line := map[string]int{}
	for i := 0; i+1 < len(n.Content) && !d.stopped; i += 2 {
		key, value := resolve(n.Content[i]), n.Content[i+1]
		switch {
		case key.Kind != yaml.ScalarNode || isNull(key):
			d.problemAt(n.Content[i], path, "want a name as key, found %s", describe(key))
		case key.ShortTag() == "!!merge":
			d.problemAt(key, path, "merge keys (<<) are not supported: write the fields out")
		case given[key.Value]:
			d.problemAt(key, field(path, key.Value), "%q is given twice, first in line %d", key.Value, line[key.Value])
		default:
			given[key.Value], line[key.Value] = true, key.Line
			use(key, value)
		}
	}
	return given
}

func (d *document) unknownField(key *yaml.Node, path string, names []string) {
	inner := field(path, key.Value)
	if suggestion, _ := nearest(key.Value, names); suggestion == "" {
		if at, ok := home(d.value.Type().Elem(), key.Value, ""); ok {
			d.problemAt(key, inner, "unknown field %q here: it belongs in %s", key.Value, at)
			return
		}
	}
	d.suggest(key, inner, "unknown field", key.Value, names)
}

func (d *document) decodeList(n *yaml.Node, v reflect.Value, path string, f schema.Field) {
	if n.Kind != yaml.SequenceNode {
		d.problemAt(n, path, "want a list, found %s", describe(n))
		return
	}
	v.Set(reflect.MakeSlice(v.Type(), len(n.Content), len(n.Content)))
	for i, e := range n.Content {
		if d.stopped {
			return
		}
		inner := index(path, i)
		before := len(d.problems)
		d.decode(e, v.Index(i), inner, f)
		if len(d.problems) == before && v.Index(i).Kind() == reflect.String && v.Index(i).Len() == 0 {
			d.problem(inner, "the entry is empty")
		}
	}
}

func (d *document) decodeMap(n *yaml.Node, v reflect.Value, path string, f schema.Field) {
	if n.Kind != yaml.MappingNode {
		d.problemAt(n, path, "want a mapping, found %s", describe(n))
		return
	}
	v.Set(reflect.MakeMap(v.Type()))
	words := schema.Words(v.Type().Key())
	d.keys(n, path, func(key, value *yaml.Node) {
		inner := field(path, key.Value)
		if words != nil && !slices.Contains(words, key.Value) {
			d.suggest(key, inner, "unknown key", key.Value, words)
			return
		}
		e := reflect.New(v.Type().Elem()).Elem()
		d.decode(value, e, inner, f)
		v.SetMapIndex(reflect.ValueOf(key.Value).Convert(v.Type().Key()), e)
	})
}

func (d *document) decodeText(n *yaml.Node, v reflect.Value, path string, f schema.Field) {
	if n.Kind != yaml.ScalarNode {
		d.problemAt(n, path, "want text, found %s", describe(n))
		return
	}
	switch {
	case n.Value == "":
		// Whether that is allowed is for checkFilled to say.
	case f.Words != nil && !slices.Contains(f.Words, n.Value):
		d.suggest(n, path, "unknown value", n.Value, f.Words)
		return
	case f.Format != nil && !f.Format.Matches(n.Value):
		d.problemAt(n, path, "%s is not of the form wanted: %s", describe(n), f.Format.Means)
		return
	}
	v.SetString(n.Value)
}

func (d *document) decodeDate(n *yaml.Node, v reflect.Value, path string) {
	date, err := schema.ParseDate(n.Value)
	if n.Kind != yaml.ScalarNode || err != nil {
		d.problemAt(n, path, "want a date like 2026-11-22, found %s", describe(n))
		return
	}
	v.Set(reflect.ValueOf(date))
}
