package schema

import (
	"encoding"
	"encoding/json"
	"fmt"
	"reflect"
	"slices"
)

// An Audience is who a bundle is made for.
type Audience string

// The audiences.
const (
	AudienceAuditor  Audience = "auditor"  // the organization and its auditor: everything
	AudienceCustomer Audience = "customer" // anybody: what has the class public
)

// An Extract says of which bundle another one shows a part, to readers who are not
// to see the whole.
type Extract struct {
	// SHA256 is the digest, in hexadecimal, of the file that seals the whole bundle, as in PreviousBundle.
	SHA256 string `json:"sha256" class:"public"`
	// Audience is who the part is for.
	Audience Audience `json:"audience" class:"public" enum:"customer"`
}

// MarshalFor writes v as Marshal does, and leaves out each field, at any depth,
// that readers of class c may not see. Left out is not the same as zero: what is
// read back says nothing about such a field.
func MarshalFor(c Class, v any) ([]byte, error) {
	in := reflect.ValueOf(v)
	t := narrowed(in.Type(), c)
	out := reflect.New(t).Elem()
	narrow(out, in, c)
	return Marshal(out.Interface())
}

// visibleTo reports whether readers of class c may see a field.
func (f Field) visibleTo(c Class) bool {
	order := Words(reflect.TypeFor[Class]())
	return slices.Index(order, string(f.Class)) <= slices.Index(order, string(c))
}

var (
	writesJSON = reflect.TypeFor[json.Marshaler]()
	writesText = reflect.TypeFor[encoding.TextMarshaler]()
)

// narrowed returns the type t without the fields that c may not see.
func narrowed(t reflect.Type, c Class) reflect.Type {
	if t.Implements(writesJSON) || t.Implements(writesText) {
		return t // a date or a time, which has no fields of its own
	}
	switch t.Kind() {
	case reflect.Pointer:
		return reflect.PointerTo(narrowed(t.Elem(), c))
	case reflect.Slice:
		return reflect.SliceOf(narrowed(t.Elem(), c))
	case reflect.Map:
		return reflect.MapOf(t.Key(), narrowed(t.Elem(), c))
	case reflect.Struct:
		var fields []reflect.StructField
		for i, f := range visible(t, c) {
			// JSON takes the name from the tag; names of embedded structs might meet here.
			fields = append(fields, reflect.StructField{Name: fmt.Sprintf("F%d", i), Type: narrowed(f.Type, c), Tag: t.FieldByIndex(f.Index).Tag})
		}
		return reflect.StructOf(fields)
	}
	return t
}

func visible(t reflect.Type, c Class) []Field {
	return slices.DeleteFunc(Fields(t), func(f Field) bool { return !f.visibleTo(c) })
}

// narrow sets out, which has the narrowed type of in, to what it keeps of in.
func narrow(out, in reflect.Value, c Class) {
	if out.Type() == in.Type() {
		out.Set(in)
		return
	}
	switch in.Kind() {
	case reflect.Pointer:
		if !in.IsNil() {
			out.Set(reflect.New(out.Type().Elem()))
			narrow(out.Elem(), in.Elem(), c)
		}
	case reflect.Slice:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeSlice(out.Type(), in.Len(), in.Len()))
		for i := range in.Len() {
			narrow(out.Index(i), in.Index(i), c)
		}
	case reflect.Map:
		if in.IsNil() {
			return
		}
		out.Set(reflect.MakeMapWithSize(out.Type(), in.Len()))
		for key, value := range in.Seq2() {
			kept := reflect.New(out.Type().Elem()).Elem()
			narrow(kept, value, c)
			out.SetMapIndex(key, kept)
		}
	case reflect.Struct:
		for i, f := range visible(in.Type(), c) {
			narrow(out.Field(i), in.FieldByIndex(f.Index), c)
		}
	}
}
