package assess

import (
	"fmt"
	"slices"
	"strings"
)

// A selector is a label selector in kubectl's syntax: requirements separated by
// commas, all of which must hold.
type selector []requirement

type requirement struct {
	key    string
	values []string // nil when only the presence of the key is asked for
	negate bool
}

// parseSelector reads a selector such as app=web,tier in (a, b),!canary. An empty
// text selects everything.
func parseSelector(text string) (selector, error) {
	var out selector
	for text = strings.TrimSpace(text); text != ""; {
		part, rest := cutRequirement(text)
		r, err := parseRequirement(strings.TrimSpace(part))
		if err != nil {
			return nil, fmt.Errorf("label selector %q: %w", text, err)
		}
		out = append(out, r)
		text = strings.TrimSpace(rest)
	}
	return out, nil
}

// cutRequirement splits at the first comma outside parentheses.
func cutRequirement(text string) (part, rest string) {
	depth := 0
	for i, c := range text {
		switch {
		case c == '(':
			depth++
		case c == ')':
			depth--
		case c == ',' && depth == 0:
			return text[:i], text[i+1:]
		}
	}
	return text, ""
}

func parseRequirement(part string) (requirement, error) {
	if key, values, ok := strings.Cut(part, " notin "); ok {
		return requirement{strings.TrimSpace(key), valuesIn(values), true}, nil
	}
	if key, values, ok := strings.Cut(part, " in "); ok {
		return requirement{strings.TrimSpace(key), valuesIn(values), false}, nil
	}
	if key, value, ok := strings.Cut(part, "!="); ok {
		return requirement{strings.TrimSpace(key), []string{strings.TrimSpace(value)}, true}, nil
	}
	if key, value, ok := strings.Cut(part, "="); ok {
		return requirement{strings.TrimSpace(key), []string{strings.TrimSpace(strings.TrimPrefix(value, "="))}, false}, nil
	}
	key, negate := strings.CutPrefix(part, "!")
	if key = strings.TrimSpace(key); key == "" || strings.ContainsAny(key, " ()") {
		return requirement{}, fmt.Errorf("%q is no requirement", part)
	}
	return requirement{key: key, negate: negate}, nil
}

// valuesIn returns the values of (a, b).
func valuesIn(text string) []string {
	values := strings.Split(strings.Trim(strings.TrimSpace(text), "()"), ",")
	for i := range values {
		values[i] = strings.TrimSpace(values[i])
	}
	return values
}

// matches reports whether all requirements hold for the labels. As in Kubernetes,
// a key that is not there satisfies notin and !=.
func (s selector) matches(labels map[string]string) bool {
	for _, r := range s {
		value, present := labels[r.key]
		holds := present && (r.values == nil || slices.Contains(r.values, value))
		if holds == r.negate {
			return false
		}
	}
	return true
}
