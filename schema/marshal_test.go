package schema_test

import (
	"reflect"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

var instant = time.Date(2026, 11, 22, 6, 0, 0, 0, time.UTC)

func mustMarshal(t *testing.T, v any) string {
	t.Helper()
	b, err := schema.Marshal(v)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

func TestMarshal(t *testing.T) {
	got := mustMarshal(t, schema.Query{Source: "a", Resource: "pods", Target: "GET <&>", Outcome: schema.Complete})
	want := `{
  "source": "a",
  "resource": "pods",
  "target": "GET <&>",
  "outcome": "complete",
  "rows": 0,
  "pages": 0,
  "code": 0,
  "millis": 0
}
`
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// An empty list is written as a list, wherever it is.
func TestMarshalWritesNoNull(t *testing.T) {
	null := regexp.MustCompile(`\bnull\b`)
	values := []any{
		schema.Report{Controls: make([]schema.ControlResult, 1), Checks: make([]schema.CheckResult, 1)},
		&schema.Report{Documents: make([]schema.DocumentResult, 1)},
		schema.Snapshot{Sources: make([]schema.Source, 1)},
		schema.Manifest{},
		schema.Evidence{}, schema.Derived{},
		[]schema.Rule(nil),
		map[string][]string(nil),
		map[string][]string{"a": nil},
		map[string]map[string]int{"a": nil},
		struct{ P *schema.Rule }{&schema.Rule{}},
	}
	for _, p := range schema.Populations {
		values = append(values, p.Row)
	}
	for _, v := range values {
		if got := mustMarshal(t, v); null.MatchString(got) {
			t.Errorf("%T is written with null:\n%s", v, got)
		}
	}
}

func TestMarshalLeavesItsArgumentAlone(t *testing.T) {
	r := schema.Report{Controls: []schema.ControlResult{{}}}
	before := r.Controls[0]
	m := map[string][]string{"a": nil}
	mustMarshal(t, r)
	mustMarshal(t, &r)
	mustMarshal(t, m)
	if r.Findings != nil || r.Controls[0].Reasons != nil || !reflect.DeepEqual(before, r.Controls[0]) || m["a"] != nil {
		t.Errorf("the argument was changed: %+v, %v", r, m)
	}
}

// What is absent stays absent where that differs from empty.
func TestMarshalOmitsNilButNotEmpty(t *testing.T) {
	got := mustMarshal(t, schema.Scoping{Exclude: []string{}})
	if want := "{\n  \"exclude\": []\n}\n"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestMarshalLine(t *testing.T) {
	b, err := schema.MarshalLine(schema.Quota{Cluster: "a", Name: "line\nfeed \u2028"})
	if err != nil {
		t.Fatal(err)
	}
	if n := strings.Count(string(b), "\n"); n != 1 || !strings.HasSuffix(string(b), "\n") {
		t.Errorf("%q is not one line", b)
	}
}

func TestUnmarshalReadsWhatMarshalWrote(t *testing.T) {
	in := schema.Snapshot{
		SchemaVersion: schema.Version,
		AsOf:          instant,
		Sources:       []schema.Source{{Name: "a", Kind: schema.SourceFiles, Started: instant, Finished: instant}},
		Queries:       []schema.Query{{Source: "a", Outcome: schema.Forbidden, Code: 403, Reason: "no"}},
	}
	first := mustMarshal(t, in)
	var out schema.Snapshot
	if err := schema.Unmarshal([]byte(first), &out); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(first, mustMarshal(t, out)); diff != "" {
		t.Errorf("written, read and written again (-first +second):\n%s", diff)
	}
}

func TestUnmarshalRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`{"kind": "Pod", "nom": "x"}`: `unknown field "nom"`,
		`{"kind": "Pod"} {}`:          "text after the document",
		`{"kind": "Pod"`:              "unexpected EOF",
		`{"kind": 1}`:                 "cannot unmarshal number",
		``:                            "EOF",
	} {
		var s schema.Subject
		err := schema.Unmarshal([]byte(text), &s)
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %v, want an error with %q", text, err, want)
		}
	}
}
