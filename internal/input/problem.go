package input

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// A Problem is one mistake in one file.
type Problem struct {
	File string `json:"file"`
	// Line and Column count from 1 and are 0 where they are not known.
	Line   int `json:"line"`
	Column int `json:"column"`
	// Field is the path of the field, such as spec.controls[3].id; empty for the whole document.
	Field   string `json:"field"`
	Message string `json:"message"`
	// Suggestion is the nearest valid name, or empty.
	Suggestion string `json:"suggestion,omitempty"`
}

// String returns the problem as file:line:column: message.
func (p Problem) String() string {
	var b strings.Builder
	b.WriteString(p.File)
	b.WriteByte(':')
	for _, n := range []int{p.Line, p.Column} {
		if n > 0 {
			fmt.Fprintf(&b, "%d:", n)
		}
	}
	b.WriteByte(' ')
	b.WriteString(p.Message)
	if p.Suggestion != "" {
		fmt.Fprintf(&b, ": did you mean %q?", p.Suggestion)
	}
	return b.String()
}

// An Error says everything that is wrong with the documents of a run.
type Error struct {
	// Problems by file in the order of reading, then by position; at least one, and at most 20 a file.
	Problems []Problem `json:"problems"`
	// Omitted counts the problems beyond that.
	Omitted int `json:"omitted"`
}

// Error returns one line for each problem.
func (e *Error) Error() string {
	lines := make([]string, len(e.Problems), len(e.Problems)+1)
	for i, p := range e.Problems {
		lines[i] = p.String()
	}
	if e.Omitted > 0 {
		lines = append(lines, fmt.Sprintf("and %d more", e.Omitted))
	}
	return strings.Join(lines, "\n")
}

// problemsOf returns what is wrong with the documents as an *Error, or nil.
func problemsOf(docs ...*document) error {
	e := &Error{}
	for _, d := range docs {
		slices.SortStableFunc(d.problems, func(a, b Problem) int {
			return cmp.Or(cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column))
		})
		listed := d.problems[:min(len(d.problems), maxProblems)]
		e.Problems = append(e.Problems, listed...)
		e.Omitted += len(d.problems) - len(listed)
	}
	if len(e.Problems) == 0 {
		return nil
	}
	return e
}

// problemAt reports a problem at a node.
func (d *document) problemAt(n *yaml.Node, path, format string, args ...any) {
	d.add(position{n.Line, n.Column}, path, fmt.Sprintf(format, args...), "")
}

// problem reports a problem at the value of path, or at the nearest part around
// it that was written.
func (d *document) problem(path, format string, args ...any) {
	d.add(d.position(path), path, fmt.Sprintf(format, args...), "")
}

// unknown reports that a value of path is none of the valid ones.
func (d *document) unknown(path, what, got string, valid []string) {
	suggestion, list := nearest(got, valid)
	d.add(d.position(path), path, fmt.Sprintf("%s %q%s", what, got, list), suggestion)
}

// suggest is unknown for a node that is not the value of a field.
func (d *document) suggest(n *yaml.Node, path, what, got string, valid []string) {
	suggestion, list := nearest(got, valid)
	d.add(position{n.Line, n.Column}, path, fmt.Sprintf("%s %q%s", what, got, list), suggestion)
}

func (d *document) add(at position, path, message, suggestion string) {
	d.problems = append(d.problems, Problem{
		File: d.file, Line: at.line, Column: at.column, Field: path, Message: message, Suggestion: suggestion,
	})
}

// position returns where the value of path stands, or else what is around it.
func (d *document) position(path string) position {
	for {
		if at, ok := d.at[path]; ok || path == "" {
			return at
		}
		path = path[:max(0, strings.LastIndexAny(path, ".["))]
	}
}
