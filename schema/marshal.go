package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
)

// Marshal returns v as every document of the bundle is written: fields in the
// order of the type, two spaces of indentation, no HTML escaping, [] and never
// null for an empty list, and one newline at the end. An iterator (iter.Seq) is
// written as a list; one that is nil must be left out with omitempty.
func Marshal(v any) ([]byte, error) { return marshal(v, "  ") }

// MarshalLine returns v on one line, for files of JSON lines, with a newline at the end.
func MarshalLine(v any) ([]byte, error) { return marshal(v, "") }

// Write writes what Marshal returns, as it is made: memory does not grow with the
// document. After an error a part of it has been written.
func Write(w io.Writer, v any) error { return encode(w, v, "  ") }

func marshal(v any, indent string) ([]byte, error) {
	var b bytes.Buffer
	if err := encode(&b, v, indent); err != nil {
		return nil, err
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
