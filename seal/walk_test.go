package seal

import (
	"bytes"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

// A node is a value of a JSON document, with its fields in the order in which they
// stand there, so that a test can write what no encoder would.
type node struct {
	scalar string // the text of a string, number, boolean or null
	object bool
	keys   []string // of an object
	values []*node  // of an object or array; nil for a scalar
}

// parseJSON reads a document that is right.
func parseJSON(t testing.TB, b []byte) *node {
	t.Helper()
	d := json.NewDecoder(bytes.NewReader(b))
	d.UseNumber()
	n, err := readNode(d)
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func readNode(d *json.Decoder) (*node, error) {
	token, err := d.Token()
	if err != nil {
		return nil, err
	}
	delim, ok := token.(json.Delim)
	if !ok {
		return &node{scalar: jsonText(token)}, nil
	}
	n := &node{object: delim == '{', values: []*node{}}
	for d.More() {
		if n.object {
			key, err := d.Token()
			if err != nil {
				return nil, err
			}
			n.keys = append(n.keys, key.(string))
		}
		value, err := readNode(d)
		if err != nil {
			return nil, err
		}
		n.values = append(n.values, value)
	}
	_, err = d.Token() // the end of it
	return n, err
}

func jsonText(v any) string {
	var b strings.Builder
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	if err := e.Encode(v); err != nil {
		panic(err)
	}
	return strings.TrimSuffix(b.String(), "\n")
}

// text writes the document in the canonical layout.
func (n *node) text() []byte {
	var compact, out bytes.Buffer
	n.write(&compact)
	if err := json.Indent(&out, compact.Bytes(), "", "  "); err != nil {
		panic(err)
	}
	out.WriteByte('\n')
	return out.Bytes()
}

func (n *node) write(b *bytes.Buffer) {
	if n.values == nil {
		b.WriteString(n.scalar)
		return
	}
	opening, closing := "[", "]"
	if n.object {
		opening, closing = "{", "}"
	}
	b.WriteString(opening)
	for i, v := range n.values {
		if i > 0 {
			b.WriteByte(',')
		}
		if n.object {
			b.WriteString(jsonText(n.keys[i]) + ":")
		}
		v.write(b)
	}
	b.WriteString(closing)
}

// A variant is a document that differs in one place.
type variant struct {
	name string // what was done, and where
	text []byte
}

// variants changes, removes, repeats and retypes each field and each entry of a
// document, one at a time, and writes each key with another case.
func (n *node) variants() []variant { return n.below(n, "") }

// below does so for what is inside of n; root is the whole document.
func (n *node) below(root *node, path string) []variant {
	var out []variant
	// as writes the document while n is something else.
	as := func(name string, other node) {
		was := *n
		*n = other
		out = append(out, variant{name, root.text()})
		*n = was
	}
	for i, v := range n.values {
		at := fmt.Sprintf("%s[%d]", path, i)
		keys := n.keys
		if n.object {
			at = strings.TrimPrefix(path+"."+n.keys[i], ".")
			keys = slices.Delete(slices.Clone(n.keys), i, i+1)
			other := slices.Clone(n.keys)
			other[i] = strings.ToUpper(other[i])
			if other[i] == n.keys[i] {
				other[i] = strings.ToLower(other[i])
			}
			as("case of "+at, node{object: true, keys: other, values: n.values})
		}
		as("remove "+at, node{object: n.object, keys: keys, values: slices.Delete(slices.Clone(n.values), i, i+1)})
		if n.object {
			keys = slices.Insert(slices.Clone(n.keys), i, n.keys[i])
		}
		as("repeat "+at, node{object: n.object, keys: keys, values: slices.Insert(slices.Clone(n.values), i, v)})
		out = append(out, v.replaced(root, at)...)
		out = append(out, v.below(root, at)...)
	}
	return out
}

// replaced puts other values in the place of n: another of its type, and one of
// each other type.
func (n *node) replaced(root *node, path string) []variant {
	others := []struct{ what, text string }{
		{"null", "null"}, {"number", "7"}, {"text", `"7"`}, {"truth", "true"}, {"list", "[]"}, {"mapping", "{}"},
	}
	var out []variant
	was := *n
	for _, o := range others {
		if o.what != was.kind() {
			*n = node{scalar: o.text}
			out = append(out, variant{o.what + " for " + path, root.text()})
		}
	}
	*n = node{scalar: was.changed()}
	out = append(out, variant{"change " + path, root.text()})
	*n = was
	return out
}

// kind is the type of the value.
func (n *node) kind() string {
	switch {
	case n.object:
		return "mapping"
	case n.values != nil:
		return "list"
	case n.scalar[0] == '"':
		return "text"
	case n.scalar == "true" || n.scalar == "false":
		return "truth"
	}
	return "number"
}

// changed returns another value of the same type, of the same form where it has
// one. Of a list or mapping that is an empty one.
func (n *node) changed() string {
	switch n.kind() {
	case "mapping":
		return "{}"
	case "list":
		return "[]"
	case "number":
		return n.scalar + "1"
	case "truth":
		return map[string]string{"true": "false", "false": "true"}[n.scalar]
	}
	b := []byte(n.scalar)
	for i := len(b) - 2; i > 0; i-- { // the last digit or letter that has a neighbour keeps times and digests what they are
		switch c := b[i]; {
		case c >= '0' && c < '9', c >= 'a' && c < 'f':
			b[i]++
			return string(b)
		case c == '9', c == 'f':
			b[i]--
			return string(b)
		}
	}
	return `"x` + n.scalar[1:]
}
