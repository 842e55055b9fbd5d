package input

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"regexp"
	"strconv"
	"strings"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"
)

// parse returns the root of the file's only document, or nil after a problem.
// JSON is not read as YAML, which takes its strings apart differently.
func (d *document) parse(data []byte) *yaml.Node {
	start := &yaml.Node{Line: 1, Column: 1}
	switch {
	case len(data) > maxFileBytes:
		d.problemAt(start, "", "the file is larger than %d MiB", maxFileBytes>>20)
		return nil
	case !utf8.Valid(data):
		d.problemAt(start, "", "the file is not UTF-8 text")
		return nil
	case json.Valid(data):
		return jsonNodes(data)
	}
	return d.parseYAML(data, start)
}

func (d *document) parseYAML(data []byte, start *yaml.Node) *yaml.Node {
	dec := yaml.NewDecoder(bytes.NewReader(data))
	var doc, second yaml.Node
	switch err := dec.Decode(&doc); {
	case errors.Is(err, io.EOF), err == nil && len(doc.Content) == 0:
		d.problemAt(start, "", "the file is empty: want a document with apiVersion and kind")
		return nil
	case err != nil:
		d.syntax(err)
		return nil
	}
	switch err := dec.Decode(&second); {
	case errors.Is(err, io.EOF):
		return doc.Content[0]
	case err != nil:
		d.syntax(err)
	default:
		d.problemAt(&second, "", "a second document begins here: write one document a file")
	}
	return nil
}

// yamlError is how the YAML package words a mistake of syntax; it has no type for it.
var yamlError = regexp.MustCompile(`^yaml: (?:line (\d+): )?(.*)$`)

// from0 matches the mistakes whose lines the YAML package counts from 0, those of
// its parser, and noLine those of which it does not know the line. In line 1 it
// leaves the line out.
var (
	from0  = regexp.MustCompile(`^did not find expected (key|node content|'-' indicator|',' or '[\]}]'|<.*>)$`)
	noLine = regexp.MustCompile(`^(unknown anchor|control characters|invalid )`)
)

func (d *document) syntax(err error) {
	at := position{}
	message := err.Error()
	if m := yamlError.FindStringSubmatch(message); m != nil {
		message = m[2]
		at.line, _ = strconv.Atoi(m[1]) // 0 where there is none
		if at.line == 0 && !noLine.MatchString(message) || from0.MatchString(message) {
			at.line++
		}
	}
	d.add(at, "", "not valid YAML: "+message, "")
}

// jsonNodes returns valid JSON as the nodes that YAML would give.
func jsonNodes(data []byte) *yaml.Node {
	r := &jsonReader{data: data, dec: json.NewDecoder(bytes.NewReader(data)), line: 1}
	r.dec.UseNumber()
	return r.value()
}

type jsonReader struct {
	data []byte
	dec  *json.Decoder
	// line is the line of offset, and lineStart is where it begins.
	offset, line, lineStart int
}

func (r *jsonReader) value() *yaml.Node {
	n := r.next()
	token, _ := r.dec.Token() // the data were found valid
	switch t := token.(type) {
	case json.Delim:
		n.Kind, n.Tag = yaml.SequenceNode, "!!seq"
		if t == '{' {
			n.Kind, n.Tag = yaml.MappingNode, "!!map"
		}
		for r.dec.More() {
			n.Content = append(n.Content, r.value())
		}
		_, _ = r.dec.Token() // the closing bracket
	case string:
		n.Tag, n.Value, n.Style = "!!str", t, yaml.DoubleQuotedStyle
	case json.Number:
		n.Tag, n.Value = "!!float", t.String()
	case bool:
		n.Tag, n.Value = "!!bool", strconv.FormatBool(t)
	case nil:
		n.Tag, n.Value = "!!null", "null"
	}
	return n
}

// next returns a scalar node at the place of the next token.
func (r *jsonReader) next() *yaml.Node {
	i := int(r.dec.InputOffset())
	for i < len(r.data) && strings.IndexByte(" \t\r\n,:", r.data[i]) >= 0 {
		i++
	}
	for ; r.offset < i; r.offset++ {
		if r.data[r.offset] == '\n' {
			r.line, r.lineStart = r.line+1, r.offset+1
		}
	}
	column := utf8.RuneCount(r.data[r.lineStart:i]) + 1
	return &yaml.Node{Kind: yaml.ScalarNode, Line: r.line, Column: column}
}

// child returns the value of a key of a mapping, or nil.
func child(n *yaml.Node, key string) *yaml.Node {
	for i := 0; i+1 < len(n.Content); i += 2 {
		if n.Content[i].Value == key {
			return resolve(n.Content[i+1])
		}
	}
	return nil
}

// resolve returns what an alias stands for, and any other node itself.
func resolve(n *yaml.Node) *yaml.Node {
	if n.Kind == yaml.AliasNode {
		return n.Alias
	}
	return n
}

// describe says what a node is, for "found …".
func describe(n *yaml.Node) string {
	switch {
	case n.Kind == yaml.MappingNode:
		return "a mapping"
	case n.Kind == yaml.SequenceNode:
		return "a list"
	case isNull(n):
		return "nothing"
	}
	const longest = 40
	if text := []rune(n.Value); len(text) > longest {
		return fmt.Sprintf("%q…", string(text[:longest]))
	}
	return strconv.Quote(n.Value)
}

func isNull(n *yaml.Node) bool { return n.Kind == yaml.ScalarNode && n.ShortTag() == "!!null" }

func isPlain(n *yaml.Node) bool {
	return n.Kind == yaml.ScalarNode && n.Style&(yaml.SingleQuotedStyle|yaml.DoubleQuotedStyle|yaml.LiteralStyle|yaml.FoldedStyle) == 0
}
