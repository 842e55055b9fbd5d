package schema

import (
	"bytes"
	"encoding"
	"encoding/json"
	"fmt"
	"io"
	"reflect"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"
	"unicode/utf8"
)

// flushAt is how many bytes an encoder gathers before it writes them.
const flushAt = 32 << 10

// An encoder writes JSON while it walks a value, where encoding/json first makes
// the whole document, and then a second one with indentation.
type encoder struct {
	w      io.Writer
	b      []byte
	indent string // empty for one line
	depth  int
	err    error // the first
}

func encode(w io.Writer, v any, indent string) error {
	e := &encoder{w: w, indent: indent}
	e.value(reflect.ValueOf(v))
	e.b = append(e.b, '\n')
	e.flush()
	if e.err != nil {
		return fmt.Errorf("write JSON: %w", e.err)
	}
	return nil
}

func (e *encoder) flush() {
	if e.err == nil {
		_, e.err = e.w.Write(e.b)
	}
	e.b = e.b[:0]
}

func (e *encoder) value(v reflect.Value) {
	switch {
	case !v.IsValid():
		e.b = append(e.b, "null"...)
		return
	case v.Type() == timeType:
		e.time(v)
		return
	case marshals(v.Type()):
		e.other(v)
		return
	}
	switch v.Kind() {
	case reflect.Struct:
		e.object(v)
	case reflect.Map:
		e.mapping(v)
	case reflect.Slice, reflect.Array:
		e.list(v)
	case reflect.Pointer:
		e.value(v.Elem())
	case reflect.Func:
		e.sequence(v)
	case reflect.String:
		e.text(v.String())
	case reflect.Int, reflect.Int8, reflect.Int16, reflect.Int32, reflect.Int64:
		e.b = strconv.AppendInt(e.b, v.Int(), 10)
	case reflect.Bool:
		e.b = strconv.AppendBool(e.b, v.Bool())
	default:
		e.other(v)
	}
}

var (
	jsonMarshaler = reflect.TypeFor[json.Marshaler]()
	textMarshaler = reflect.TypeFor[encoding.TextMarshaler]()
	timeType      = reflect.TypeFor[time.Time]()
)

var marshaling sync.Map // bool by reflect.Type

// marshals reports whether values of a type say themselves how they are written.
func marshals(t reflect.Type) bool {
	if known, ok := marshaling.Load(t); ok {
		return known.(bool)
	}
	does := t.Implements(jsonMarshaler) || t.Implements(textMarshaler)
	marshaling.Store(t, does)
	return does
}

// other leaves a value to encoding/json.
func (e *encoder) other(v reflect.Value) {
	var b bytes.Buffer
	j := json.NewEncoder(&b)
	j.SetEscapeHTML(false)
	if e.indent != "" {
		j.SetIndent(strings.Repeat(e.indent, e.depth), e.indent)
	}
	if err := j.Encode(v.Interface()); err != nil && e.err == nil {
		e.err = err
	}
	e.b = append(e.b, bytes.TrimSuffix(b.Bytes(), []byte("\n"))...)
}

// time writes a time in UTC, and leaves any other to encoding/json.
func (e *encoder) time(v reflect.Value) {
	t := v.Interface().(time.Time)
	if t.Location() != time.UTC || t.Year() < 0 || t.Year() > 9999 {
		e.other(v)
		return
	}
	e.b = append(e.b, '"')
	e.b = t.AppendFormat(e.b, time.RFC3339Nano)
	e.b = append(e.b, '"')
}

// text writes a string. Those with a character that is rarely in one are left to
// encoding/json.
func (e *encoder) text(s string) {
	start := len(e.b)
	e.b = append(e.b, '"')
	from := 0
	for i, r := range s {
		switch {
		case r == '"' || r == '\\':
			e.b = append(append(e.b, s[from:i]...), '\\')
			from = i
		case r < ' ' || r == utf8.RuneError || r == '\u2028' || r == '\u2029':
			e.b = e.b[:start]
			e.other(reflect.ValueOf(s))
			return
		}
	}
	e.b = append(append(e.b, s[from:]...), '"')
}

// between writes what stands before the n-th element of a list or an object.
func (e *encoder) between(n int) {
	if n > 0 {
		e.b = append(e.b, ',')
	}
	e.line()
	if len(e.b) >= flushAt {
		e.flush()
	}
}

func (e *encoder) line() {
	if e.indent == "" {
		return
	}
	e.b = append(e.b, '\n')
	for range e.depth {
		e.b = append(e.b, e.indent...)
	}
}

// begin and end stand around the elements of a list or an object.
func (e *encoder) begin(bracket byte) {
	e.b = append(e.b, bracket)
	e.depth++
}

func (e *encoder) end(bracket byte, elements int) {
	e.depth--
	if elements > 0 {
		e.line()
	}
	e.b = append(e.b, bracket)
}

func (e *encoder) name(s string) {
	e.text(s)
	e.b = append(e.b, ':')
	if e.indent != "" {
		e.b = append(e.b, ' ')
	}
}

func (e *encoder) list(v reflect.Value) {
	if v.Type().Elem().Kind() == reflect.Uint8 {
		e.other(v)
		return
	}
	e.begin('[')
	for i := range v.Len() {
		e.between(i)
		e.value(v.Index(i))
	}
	e.end(']', v.Len())
}

// sequence writes an iterator as a list, whose elements need not be there at once.
func (e *encoder) sequence(v reflect.Value) {
	if !v.Type().CanSeq() {
		e.other(v)
		return
	}
	n := 0
	e.begin('[')
	for element := range v.Seq() {
		e.between(n)
		e.value(element)
		n++
	}
	e.end(']', n)
}

func (e *encoder) mapping(v reflect.Value) {
	if v.Type().Key().Kind() != reflect.String || marshals(v.Type().Key()) {
		e.other(v)
		return
	}
	keys := v.MapKeys()
	slices.SortFunc(keys, func(a, b reflect.Value) int { return strings.Compare(a.String(), b.String()) })
	e.begin('{')
	for i, key := range keys {
		e.between(i)
		e.name(key.String())
		e.value(v.MapIndex(key))
	}
	e.end('}', len(keys))
}

func (e *encoder) object(v reflect.Value) {
	n := 0
	e.begin('{')
	for _, f := range written(v.Type()) {
		field := v.FieldByIndex(f.index)
		if f.omits(field) {
			continue
		}
		e.between(n)
		e.name(f.name)
		e.value(field)
		n++
	}
	e.end('}', n)
}

// A writtenField is a field of a struct as it stands in JSON.
type writtenField struct {
	name                string
	index               []int
	omitEmpty, omitZero bool
}

func (f *writtenField) omits(v reflect.Value) bool {
	return f.omitEmpty && empty(v) || f.omitZero && zero(v)
}

// empty is what encoding/json calls so.
func empty(v reflect.Value) bool {
	switch v.Kind() {
	case reflect.Slice, reflect.Map, reflect.Array, reflect.String:
		return v.Len() == 0
	case reflect.Struct:
		return false
	default:
		return v.IsZero()
	}
}

func zero(v reflect.Value) bool {
	if z, ok := v.Interface().(interface{ IsZero() bool }); ok && (v.Kind() != reflect.Pointer || !v.IsNil()) {
		return z.IsZero()
	}
	return v.IsZero()
}

var writtenFields sync.Map // []writtenField by reflect.Type

// written returns the fields of a struct type in their order. Those of an
// embedded struct stand in its place.
func written(t reflect.Type) []writtenField {
	if known, ok := writtenFields.Load(t); ok {
		return known.([]writtenField)
	}
	var out []writtenField
	for i := range t.NumField() {
		f := t.Field(i)
		name, options, _ := strings.Cut(f.Tag.Get("json"), ",")
		switch {
		case f.Tag.Get("json") == "-":
		case f.Anonymous && name == "" && f.Type.Kind() == reflect.Struct:
			for _, inner := range written(f.Type) {
				inner.index = append([]int{i}, inner.index...)
				out = append(out, inner)
			}
		case f.IsExported():
			if name == "" {
				name = f.Name
			}
			out = append(out, writtenField{name, f.Index, strings.Contains(options, "omitempty"), strings.Contains(options, "omitzero")})
		}
	}
	writtenFields.Store(t, out)
	return out
}
