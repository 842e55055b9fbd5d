package schema

import (
	"bytes"
	"encoding/json"
	"errors"
	"iter"
	"math"
	"reflect"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type embedded struct {
	Inner string `json:"inner"`
}

// everything has a field of each sort that documents have, and of some that they have not.
type everything struct {
	embedded
	Text     string            `json:"text"`
	Number   int               `json:"number"`
	Wide     uint64            `json:"wide"`
	Fraction float64           `json:"fraction"`
	True     bool              `json:"true,omitempty"`
	List     []everything      `json:"list"`
	Short    []string          `json:"short,omitempty"`
	Zero     []string          `json:"zero,omitzero"`
	Map      map[string]int    `json:"map"`
	Numbers  map[int]string    `json:"numbers,omitempty"`
	Bytes    []byte            `json:"bytes"`
	Pointer  *everything       `json:"pointer"`
	Less     *embedded         `json:"less,omitempty"`
	Any      any               `json:"any"`
	Time     time.Time         `json:"time,omitzero"`
	Day      Date              `json:"day"`
	NoDay    Date              `json:"noDay,omitzero"`
	Raw      json.RawMessage   `json:"raw,omitempty"`
	Array    [2]bool           `json:"array"`
	Labels   map[string]string `json:"labels,omitempty"`
	Hidden   string            `json:"-"`
	Unnamed  string
	own      string
}

// What is written is what encoding/json writes, but for lists and maps that are nil.
func TestWriteIsEncodingJSON(t *testing.T) {
	full := everything{
		embedded: embedded{"a"}, Text: "<&> \u2028 \"\\ \x00 \x7f é \xff", Number: -3, Wide: math.MaxUint64, Fraction: 1e21, True: true,
		List: []everything{}, Short: []string{"", "b"}, Zero: []string{}, Map: map[string]int{"b": 1, "a": 2, "<": 3}, Numbers: map[int]string{10: "x", 9: "y"},
		Bytes: []byte{1, 2}, Less: &embedded{}, Any: map[string]any{"z": []any{1, nil}, "a": "<"}, Time: time.Date(2026, 1, 2, 3, 4, 5, 6, time.UTC),
		Day: NewDate(2026, 1, 2), Raw: json.RawMessage(`{"a":[1,2]}`), Labels: map[string]string{"k": "v"}, own: "x", Hidden: "x",
	}
	nested := full
	nested.List, nested.Pointer = []everything{full, full}, &full
	many := make([]everything, 500) // more than is written at once
	for i := range many {
		many[i] = nested
	}
	for _, v := range []any{full, &nested, many, map[string]everything{"a": full}, "text", 3, nil, []any{}, struct{}{}} {
		for _, indent := range []string{"", "  "} {
			var got, want bytes.Buffer
			if err := encode(&got, v, indent); err != nil {
				t.Fatal(err)
			}
			j := json.NewEncoder(&want)
			j.SetEscapeHTML(false)
			j.SetIndent("", indent)
			if err := j.Encode(v); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(want.String(), got.String()); diff != "" {
				t.Errorf("%T (-encoding/json +got):\n%.2000s", v, diff)
			}
		}
	}
}

// An iterator is written as the list of what it yields.
func TestWriteIterator(t *testing.T) {
	type document struct {
		Rows iter.Seq[embedded] `json:"rows,omitempty"`
		None iter.Seq[embedded] `json:"none,omitempty"`
	}
	type list struct {
		Rows []embedded `json:"rows"`
	}
	rows := []embedded{{"a"}, {"b"}}
	got, err := Marshal(document{Rows: slices.Values(rows)})
	if err != nil {
		t.Fatal(err)
	}
	want, err := Marshal(list{rows})
	if diff := cmp.Diff(string(want), string(got)); diff != "" || err != nil {
		t.Errorf("%v (-want +got):\n%s", err, diff)
	}
}

type brokenWriter struct{ left int }

var errBroken = errors.New("broken")

func (w *brokenWriter) Write(p []byte) (int, error) {
	if w.left -= len(p); w.left < 0 {
		return 0, errBroken
	}
	return len(p), nil
}

func TestWriteTellsWhatFails(t *testing.T) {
	long := make([]int, 100_000)
	if err := Write(&brokenWriter{left: 50_000}, long); !errors.Is(err, errBroken) {
		t.Errorf("a writer that fails: %v", err)
	}
	var unsupported *json.UnsupportedTypeError
	if err := Write(&bytes.Buffer{}, []any{func() {}}); !errors.As(err, &unsupported) || unsupported.Type.Kind() != reflect.Func {
		t.Errorf("a value that JSON has not: %v", err)
	}
}
