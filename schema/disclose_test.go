package schema

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

type Inner struct {
	Open   string `json:"open" class:"public"`
	Agreed string `json:"agreed" class:"nda"`
}

type outer struct {
	Inner
	Untagged string            `json:"untagged"`
	Day      Date              `json:"day,omitzero" class:"public"`
	At       time.Time         `json:"at" class:"public"`
	One      *Inner            `json:"one,omitempty" class:"public"`
	Many     []Inner           `json:"many" class:"public"`
	Named    map[string]Inner  `json:"named" class:"public"`
	Hidden   []Inner           `json:"hidden" class:"internal"`
	Words    map[string]string `json:"words" class:"nda"`
}

func TestMarshalForKeepsWhatTheClassMaySee(t *testing.T) {
	full := Inner{Open: "o", Agreed: "a"}
	v := outer{
		Inner: full, Untagged: "u", At: time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), One: &full,
		Many: []Inner{full}, Named: map[string]Inner{"k": full}, Hidden: []Inner{full}, Words: map[string]string{"k": "w"},
	}
	for class, want := range map[Class]string{
		ClassPublic: `{"open":"o","at":"2026-09-30T06:00:00Z","one":{"open":"o"},"many":[{"open":"o"}],"named":{"k":{"open":"o"}}}`,
		ClassNDA: `{"open":"o","agreed":"a","at":"2026-09-30T06:00:00Z","one":{"open":"o","agreed":"a"},"many":[{"open":"o","agreed":"a"}],` +
			`"named":{"k":{"open":"o","agreed":"a"}},"words":{"k":"w"}}`,
	} {
		b, err := MarshalFor(class, v)
		if err != nil {
			t.Fatal(err)
		}
		want, err := MarshalLine(json.RawMessage(want))
		if err != nil {
			t.Fatal(err)
		}
		got, err := MarshalLine(json.RawMessage(b))
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), string(got)); diff != "" {
			t.Errorf("%s (-want +got):\n%s", class, diff)
		}
	}
}

// TestMarshalForInternalIsMarshal holds the two against each other on a type of
// the format, where nothing is left out.
func TestMarshalForInternalIsMarshal(t *testing.T) {
	r := Report{
		Plan: PlanFacts{Name: "p", Supersedes: &SupersededBundle{SHA256: "s", Reason: "r"}}, Sources: []Source{{Name: "n", Collector: Identity{Username: "u"}}},
		Controls: []ControlResult{{Control: Control{ID: "C-1", References: References{CIS: map[string][]string{"k": {"1"}}}}, LastReview: DateOf(time.Unix(0, 0))}},
	}
	want, err := Marshal(r)
	if err != nil {
		t.Fatal(err)
	}
	got, err := MarshalFor(ClassInternal, r)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
