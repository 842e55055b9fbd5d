package input

import (
	"bytes"
	"fmt"
	"reflect"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

// AddDocument returns a document register with one record more, after the others.
// All else stays as people wrote it, comments too. name stands for the register in
// messages. A record that the register cannot take is an error; so is a register
// that is written in a way into which a record cannot be put, with the text to put
// there by hand.
func AddDocument(name string, register []byte, record schema.DocumentRecord) ([]byte, error) {
	before, err := documentRegister(name, register)
	if err != nil {
		return nil, err
	}
	entry, err := documentEntry(record)
	if err != nil {
		return nil, err
	}
	out, ok := insertDocument(register, entry)
	if !ok {
		return nil, fmt.Errorf("%s: its list of documents is not written as a block; put this there yourself:\n%s", name, entry)
	}
	after, err := documentRegister(name, out)
	if err != nil {
		return nil, err
	}
	if !reflect.DeepEqual(append(slices.Clone(before.Spec.Documents), record), after.Spec.Documents) {
		return nil, fmt.Errorf("%s: the record cannot be put there safely; do it yourself:\n%s", name, entry)
	}
	return out, nil
}

func documentRegister(name string, data []byte) (*schema.DocumentRegister, error) {
	d := read(name, data, schema.KindDocumentRegister)
	if err := problemsOf(d); err != nil {
		return nil, err
	}
	return d.value.Interface().(*schema.DocumentRegister), nil
}

// documentEntry writes a record as an entry of a list, without what is empty.
func documentEntry(record schema.DocumentRecord) (string, error) {
	data, err := schema.Marshal([]schema.DocumentRecord{record})
	if err != nil {
		return "", err
	}
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil { // JSON is YAML
		return "", err
	}
	plainStyle(&root)
	var b bytes.Buffer
	e := yaml.NewEncoder(&b)
	e.SetIndent(2)
	if err := e.Encode(&root); err != nil {
		return "", err
	}
	return b.String(), nil
}

// insertDocument puts an entry behind the last of spec.documents.
func insertDocument(register []byte, entry string) ([]byte, bool) {
	var root yaml.Node
	if err := yaml.Unmarshal(register, &root); err != nil || len(root.Content) == 0 {
		return nil, false
	}
	top := root.Content[0]
	spec := child(top, "spec")
	if spec == nil || spec.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	list := child(spec, "documents")
	lines := strings.SplitAfter(string(register), "\n")
	if n := len(lines); lines[n-1] != "" {
		lines[n-1] += "\n"
		lines = append(lines, "")
	}
	if len(list.Content) == 0 { // documents: []
		line := lines[list.Line-1]
		at := list.Column - 1
		if at+2 > len(line) || line[at:at+2] != "[]" {
			return nil, false
		}
		lines[list.Line-1] = strings.TrimRight(line[:at], " ") + line[at+2:] + indented(entry, spec.Content[0].Column+1)
		return []byte(strings.Join(lines, "")), true
	}
	if list.Style&yaml.FlowStyle != 0 {
		return nil, false
	}
	end := behind(top, spec, list, lines)
	lines[end] = indented(entry, list.Column-1) + lines[end]
	return []byte(strings.Join(lines, "")), true
}

// behind returns the number of lines before the first that is no longer of the
// list. Comments above what follows are not of the list either.
func behind(top, spec, list *yaml.Node, lines []string) int {
	end := len(lines) - 1
	for _, m := range []*yaml.Node{top, spec} {
		for i := 0; i < len(m.Content); i += 2 {
			if key := m.Content[i]; key.Line > list.Line && key.Line-1 < end {
				end = key.Line - 1
			}
		}
	}
	if end == len(lines)-1 {
		return end
	}
	for {
		if above := strings.TrimSpace(lines[end-1]); above != "" && above[0] != '#' {
			return end
		}
		end--
	}
}

func indented(text string, by int) string {
	var b strings.Builder
	for line := range strings.Lines(text) {
		b.WriteString(strings.Repeat(" ", by) + line)
	}
	return b.String()
}
