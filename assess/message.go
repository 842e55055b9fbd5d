package assess

import (
	"fmt"
	"strings"

	"cel.dev/cel-go/cel"
)

// A template is a message of a check in rules, with expressions in braces.
type template struct{ parts []templatePart }

// A templatePart is a text, or an expression that gives one.
type templatePart struct {
	text string
	expr cel.Program
}

// parseTemplate splits a message and compiles what stands in braces.
func parseTemplate(source string, compile func(string) (cel.Program, error)) (*template, error) {
	t := &template{}
	err := eachPart(source, func(text string, braced bool) error {
		if !braced {
			t.parts = append(t.parts, templatePart{text: text})
			return nil
		}
		expr, err := compile(text)
		t.parts = append(t.parts, templatePart{expr: expr})
		return err
	})
	return t, err
}

// write evaluates the expressions and returns the message.
func (t *template) write(vars map[string]any) (string, error) {
	var b strings.Builder
	for _, p := range t.parts {
		if p.expr == nil {
			b.WriteString(p.text)
			continue
		}
		v, _, err := p.expr.Eval(vars)
		if err != nil {
			return "", err
		}
		s, ok := v.Value().(string)
		if !ok {
			return "", fmt.Errorf("an expression of the message gave %v, not text", v.Type())
		}
		b.WriteString(s)
	}
	return b.String(), nil
}

// fill replaces the names in braces of a message by their values. A name without
// value is an error.
func fill(message string, vars map[string]string) (string, error) {
	var b strings.Builder
	err := eachPart(message, func(text string, braced bool) error {
		if !braced {
			b.WriteString(text)
			return nil
		}
		v, ok := vars[text]
		if !ok {
			return fmt.Errorf("the message %q has a name %q that is not filled in", message, text)
		}
		b.WriteString(v)
		return nil
	})
	return b.String(), err
}

// eachPart calls f for every piece of a message, in order, with the text inside
// the braces or between them. Braces do not nest.
func eachPart(message string, f func(text string, braced bool) error) error {
	for message != "" {
		before, rest, found := strings.Cut(message, "{")
		if before != "" {
			if err := f(before, false); err != nil {
				return err
			}
		}
		if !found {
			return nil
		}
		inside, after, closed := strings.Cut(rest, "}")
		if !closed {
			return fmt.Errorf("the message %q opens a brace and does not close it", message)
		}
		if err := f(inside, true); err != nil {
			return err
		}
		message = after
	}
	return nil
}
