package kube

import (
	"encoding/json"
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
)

// A forest makes trees of random strings under random names, of which half are
// names that the rules know.
type forest struct {
	rand  *rand.Rand
	known []string
	count int
}

func (f *forest) name() string {
	if f.rand.IntN(2) == 0 {
		return f.known[f.rand.IntN(len(f.known))]
	}
	return fmt.Sprintf("field%d", f.rand.IntN(1000))
}

func (f *forest) tree(depth int) any {
	switch n := f.rand.IntN(4); {
	case depth == 0 || n == 0:
		f.count++
		return fmt.Sprintf("planted%dWz", f.count)
	case n == 1:
		return []any{f.tree(depth - 1), f.tree(depth - 1)}
	}
	m := map[string]any{}
	for range 4 {
		m[f.name()] = f.tree(depth - 1)
	}
	return m
}

// mayStay reports whether the rules let any string stay at a path of names.
func mayStay(path []string) bool {
	last := path[len(path)-1]
	for _, name := range path[:len(path)-1] {
		// A list called data has entries that are judged one by one.
		if opaqueFields[name] && name != "data" {
			return false
		}
	}
	if len(path) > 1 {
		parent := path[len(path)-2]
		if labelFields[parent] || parent == "annotations" && keptAnnotation(last) {
			return true
		}
	}
	// A program's name, and the keys and values of a selector, have rules of their own.
	return keptFields[last] || addressFields[last] || imageFields[last] || slices.Contains([]string{"key", "values", "command"}, last)
}

func eachText(v any, path []string, do func(path []string, s string)) {
	switch v := v.(type) {
	case map[string]any:
		for k := range v {
			eachText(v[k], append(slices.Clone(path), k), do)
		}
	case []any:
		for i := range v {
			eachText(v[i], path, do)
		}
	case string:
		do(path, v)
	}
}

func TestNoStringOutsideTheListStays(t *testing.T) {
	var known []string
	for _, set := range []map[string]bool{keptFields, opaqueFields, labelFields, quantityFields, parameterFields, imageFields, keptAnnotations} {
		known = slices.AppendSeq(known, maps.Keys(set))
	}
	known = append(known, "key", "value", "values", "operator", "args", "command", "annotations", "password", "env")
	slices.Sort(known)
	f := &forest{rand: rand.New(rand.NewPCG(1, 2)), known: known}
	kept := 0
	for range 300 {
		r, s := newTestReader()
		o := &unstructured.Unstructured{Object: map[string]any{"metadata": map[string]any{"name": "a"}, "spec": f.tree(6), "status": f.tree(4)}}
		if err := r.Object(kindNamed(t, "schedules.velero.io"), o); err != nil {
			t.Fatal(err)
		}
		_, line, _ := strings.Cut(s.lines[0], " ")
		var tree map[string]any
		if err := json.Unmarshal([]byte(line), &tree); err != nil {
			t.Fatal(err)
		}
		eachText(tree, nil, func(path []string, s string) {
			switch {
			case !strings.Contains(s, "planted"):
			case mayStay(path):
				kept++
			default:
				t.Errorf("%s stays at %s", s, strings.Join(path, "."))
			}
		})
	}
	if kept == 0 {
		t.Error("no string stayed, so nothing was tried")
	}
}

func TestBareWord(t *testing.T) {
	tests := []struct {
		word  string
		first bool
		want  string
	}{
		{"--name", false, "--name"},
		{"--name=value", false, "--name=" + marker},
		{"--name=true", false, "--name=true"},
		{"--no-cross-namespace-refs=x", false, "--no-cross-namespace-refs=x"},
		{"-p", false, "-p"},
		{"-pvalue", false, "-p" + marker},
		{"-Dx=value", false, "-D" + marker},
		{"-p=value", false, "-p" + marker},
		{"-1value", false, marker},
		{"-", false, marker},
		{"--", false, marker},
		{"--a b", false, marker},
		{"value", false, marker},
		{"/value", false, marker},
		{"/bin/app", true, "/bin/app"},
		{"app", true, "app"},
		{"app value", true, marker},
		{"-pvalue", true, "-p" + marker},
		{"", false, ""},
	}
	for _, test := range tests {
		got := bareWord(test.word, test.first)
		if got != test.want {
			t.Errorf("bareWord(%q, %v) = %q, want %q", test.word, test.first, got, test.want)
		}
		if again := bareWord(got, test.first); again != got {
			t.Errorf("bareWord(%q) = %q, and of that %q", test.word, got, again)
		}
	}
}

func TestURLsAreBared(t *testing.T) {
	for in, want := range map[string]string{
		"https://u:p@h.example/a?t=x#f":                       "https://h.example/a",
		"https://u:p/q@h.example/a":                           marker,
		"https://u:p?q@h.example/a":                           marker,
		"oci://h.example/a@sha256:" + strings.Repeat("1", 64): "oci://h.example/a@sha256:" + strings.Repeat("1", 64),
		"git@h.example:a.git":                                 "git@h.example:a.git",
		"see https://u:p@h.example/a":                         "see https://h.example/a",
	} {
		r, _ := newTestReader()
		if got := r.bareURL(in); got != want {
			t.Errorf("bareURL(%q) = %q, want %q", in, got, want)
		}
	}
}

func TestGluedPasswordsAreFound(t *testing.T) {
	for _, test := range []struct {
		words []string
		want  int
	}{
		{[]string{"/usr/bin/mysqldump", "-pvalue"}, 1},
		{[]string{"redis-cli", "-avalue"}, 1},
		{[]string{"mysql", "-p"}, 0},
		{[]string{"tar", "-pvalue"}, 0},
		{[]string{"mysql", "-hvalue"}, 0},
	} {
		r, s := newTestReader()
		r.redactArgs(place{}, "command", test.words, true)
		if len(s.evidence.Credentials) != test.want {
			t.Errorf("%q: %d rows, want %d", test.words, len(s.evidence.Credentials), test.want)
		}
	}
}
