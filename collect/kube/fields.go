package kube

import (
	"strconv"
	"time"
)

// fields reads an object without a Go type. A field that is missing, or is of
// another type than asked for, reads as the zero value: the object comes from
// outside, and a check sees an empty field rather than the program failing.
type fields map[string]any

func (f fields) at(path []string) any {
	var v any = map[string]any(f)
	for _, p := range path {
		m, ok := v.(map[string]any)
		if !ok {
			return nil
		}
		v = m[p]
	}
	return v
}

func (f fields) has(path ...string) bool { return f.at(path) != nil }

func (f fields) in(path ...string) fields {
	m, _ := f.at(path).(map[string]any)
	return m
}

func (f fields) text(path ...string) string {
	switch v := f.at(path).(type) {
	case string:
		return v
	case int64:
		return strconv.FormatInt(v, 10)
	}
	return ""
}

func (f fields) truth(path ...string) bool {
	b, _ := f.at(path).(bool)
	return b
}

func (f fields) number(path ...string) int {
	switch v := f.at(path).(type) {
	case int64:
		return int(v)
	case float64:
		return int(v)
	}
	return 0
}

func (f fields) when(path ...string) time.Time {
	t, err := time.Parse(time.RFC3339, f.text(path...))
	if err != nil {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

// list returns the maps of a list.
func (f fields) list(path ...string) []fields {
	l, _ := f.at(path).([]any)
	var out []fields
	for _, v := range l {
		if m, ok := v.(map[string]any); ok {
			out = append(out, m)
		}
	}
	return out
}

// texts returns the strings of a list.
func (f fields) texts(path ...string) []string {
	l, _ := f.at(path).([]any)
	var out []string
	for _, v := range l {
		if s, ok := v.(string); ok {
			out = append(out, s)
		}
	}
	return out
}

// length returns how many entries a list has.
func (f fields) length(path ...string) int {
	l, _ := f.at(path).([]any)
	return len(l)
}

// condition returns the status of a condition: True, False, Unknown, or empty.
func (f fields) condition(kind string) string {
	for _, c := range f.list("status", "conditions") {
		if c.text("type") == kind {
			return c.text("status")
		}
	}
	return ""
}
