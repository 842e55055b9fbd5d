package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"reflect"
	"strings"
)

// Marshal writes v as every document of the bundle is written: fields in the
// order of the type, two spaces of indentation, no HTML escaping, [] and never
// null for an empty list, and one newline at the end.
func Marshal(v any) ([]byte, error) { return marshal(v, "  ") }

// MarshalLine writes v on one line, for files of JSON lines, with a newline at the end.
func MarshalLine(v any) ([]byte, error) { return marshal(v, "") }

func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", indent)
	if err := e.Encode(withoutNil(reflect.ValueOf(v)).Interface()); err != nil {
		return nil, fmt.Errorf("write JSON: %w", err)
	}
	return b.Bytes(), nil
}

// Unmarshal reads one JSON document and refuses unknown fields and trailing text.
func Unmarshal(b []byte, v any) error {
	d := json.NewDecoder(bytes.NewReader(b))
	d.DisallowUnknownFields()
	if err := d.Decode(v); err != nil {
		return fmt.Errorf("read JSON: %w", err)
	}
	if _, err := d.Token(); !errors.Is(err, io.EOF) {
		return errors.New("read JSON: text after the document")
	}
	return nil
}

// withoutNil returns v with every nil slice and map replaced by an empty one,
// but for the fields that are left out when nil (omitzero).
func withoutNil(v reflect.Value) reflect.Value {
	if !v.IsValid() {
		return reflect.ValueOf((*any)(nil)).Elem()
	}
	out := reflect.New(v.Type()).Elem()
	out.Set(v)
	fillNil(out)
	return out
}

func fillNil(v reflect.Value) {
	switch v.Kind() {
	case reflect.Pointer:
		if !v.IsNil() {
			c := reflect.New(v.Type().Elem())
			c.Elem().Set(v.Elem())
			fillNil(c.Elem())
			v.Set(c)
		}
	case reflect.Slice:
		if v.Type().Elem().Kind() == reflect.Uint8 {
			return
		}
		c := reflect.MakeSlice(v.Type(), v.Len(), v.Len())
		reflect.Copy(c, v)
		for i := range c.Len() {
			fillNil(c.Index(i))
		}
		v.Set(c)
	case reflect.Map:
		c := reflect.MakeMapWithSize(v.Type(), v.Len())
		for key, value := range v.Seq2() {
			c.SetMapIndex(key, withoutNil(value))
		}
		v.Set(c)
	case reflect.Struct:
		for i := range v.NumField() {
			if f := v.Field(i); f.CanSet() && !leftOut(v.Type().Field(i), f) {
				fillNil(f)
			}
		}
	}
}

// leftOut reports whether encoding/json omits the field because it is zero.
func leftOut(f reflect.StructField, v reflect.Value) bool {
	return v.IsZero() && strings.Contains(f.Tag.Get("json"), ",omitzero")
}
