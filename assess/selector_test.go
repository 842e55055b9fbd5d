package assess

import (
	"testing"

	"k8s.io/apimachinery/pkg/labels"
)

// FuzzSelector holds what parseSelector accepts against the parser of Kubernetes.
func FuzzSelector(f *testing.F) {
	for _, s := range []string{"", "a=b", "a==b", "a!=b", "a in (b,c)", "a notin (b, c),d", "!a", "a,!b", "a in (b),c notin (d)", "a=b,c=", "a in ()"} {
		f.Add(s)
	}
	sets := []map[string]string{nil, {"a": "b"}, {"a": "c"}, {"a": ""}, {"d": "x"}, {"a": "b", "d": "x"}, {"c": ""}, {"a": "b", "c": "d"}}
	f.Fuzz(func(t *testing.T, text string) {
		want, err := labels.Parse(text)
		if err != nil {
			return // the API server would not have stored it
		}
		for _, r := range func() labels.Requirements { rs, _ := want.Requirements(); return rs }() {
			if op := r.Operator(); op == "gt" || op == "lt" {
				return // not allowed in the label selectors of objects
			}
		}
		// Kubernetes' own text of a selector is what is kept as evidence.
		got, err := parseSelector(want.String())
		if err != nil {
			t.Fatalf("%q is refused: %v", want.String(), err)
		}
		for _, set := range sets {
			if g, w := got.matches(set), want.Matches(labels.Set(set)); g != w {
				t.Errorf("%q on %v is %v, want %v", want.String(), set, g, w)
			}
		}
	})
}
