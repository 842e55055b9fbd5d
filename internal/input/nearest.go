package input

import (
	"fmt"
	"reflect"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// nearest returns the valid name that was probably meant. When none is near, it
// returns an empty string and, as text that continues the message, what is valid.
func nearest(got string, valid []string) (suggestion, list string) {
	best := 1 + max(1, min(3, len([]rune(got))/3))
	for _, v := range valid {
		if n := distance(strings.ToLower(got), strings.ToLower(v)); n < best {
			best, suggestion = n, v
		}
	}
	if suggestion == "" && len(valid) > 0 && len(valid) <= 16 {
		list = ": want one of " + join(valid)
	}
	return suggestion, list
}

// distance counts the letters to insert, drop, replace or swap with their
// neighbour to make b of a.
func distance(a, b string) int {
	s, t := []rune(a), []rune(b)
	if abs(len(s)-len(t)) > 3 {
		return 4 // further than any suggestion reaches
	}
	before, last, row := make([]int, len(t)+1), make([]int, len(t)+1), make([]int, len(t)+1)
	for j := range last {
		last[j] = j
	}
	for i := 1; i <= len(s); i++ {
		row[0] = i
		for j := 1; j <= len(t); j++ {
			replace := last[j-1]
			if s[i-1] != t[j-1] {
				replace++
			}
			row[j] = min(last[j]+1, row[j-1]+1, replace)
			if i > 1 && j > 1 && s[i-1] == t[j-2] && s[i-2] == t[j-1] {
				row[j] = min(row[j], before[j-2]+1)
			}
		}
		before, last, row = last, row, before
	}
	return last[len(t)]
}

func abs(n int) int { return max(n, -n) }

func join(words []string) string { return strings.Join(words, ", ") }

// home returns the path of the first struct below t that has a field of that
// name, such as spec.access. It helps with a field that is indented wrongly.
func home(t reflect.Type, name, path string) (string, bool) {
	fields := schema.Fields(t)
	for _, f := range fields {
		if f.Name == name {
			return path, true
		}
	}
	for _, f := range fields {
		inner := f.Type
		for inner.Kind() == reflect.Slice || inner.Kind() == reflect.Pointer {
			inner = inner.Elem()
		}
		if inner.Kind() == reflect.Struct && inner != dateType {
			if found, ok := home(inner, name, field(path, f.Name)); ok {
				return found, true
			}
		}
	}
	return "", false
}

func field(path, name string) string {
	if path == "" {
		return name
	}
	return path + "." + name
}

func index(path string, i int) string { return fmt.Sprintf("%s[%d]", path, i) }
