package schema_test

import (
	"encoding/json"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
)

func TestDateArithmetic(t *testing.T) {
	day := func(s string) schema.Date {
		d, err := schema.ParseDate(s)
		if err != nil {
			t.Fatal(err)
		}
		return d
	}
	for _, c := range []struct{ what, got, want string }{
		{"a leap day later", day("2028-02-28").AddDays(1).String(), "2028-02-29"},
		{"over the end of the year", day("2026-12-31").AddDays(1).String(), "2027-01-01"},
		{"days back", day("2026-03-01").AddDays(-1).String(), "2026-02-28"},
		{"a month on the last day", day("2026-01-31").AddMonths(1).String(), "2026-02-28"},
		{"a month in a leap year", day("2028-01-31").AddMonths(1).String(), "2028-02-29"},
		{"three months over a year", day("2026-11-30").AddMonths(3).String(), "2027-02-28"},
		{"a year from a leap day", day("2028-02-29").AddMonths(12).String(), "2029-02-28"},
		{"months back", day("2026-03-31").AddMonths(-1).String(), "2026-02-28"},
		{"months back over a year", day("2026-01-15").AddMonths(-13).String(), "2024-12-15"},
		{"a day that began elsewhere", schema.DateOf(time.Date(2026, 1, 1, 1, 0, 0, 0, time.FixedZone("", 2*3600))).String(), "2025-12-31"},
		{"no time", schema.DateOf(time.Time{}).String(), ""},
		{"no date", schema.Date{}.String(), ""},
	} {
		if c.got != c.want {
			t.Errorf("%s: got %q, want %q", c.what, c.got, c.want)
		}
	}
	// Days have 24 hours in UTC, over every change of the clock elsewhere and over centuries.
	for _, c := range []struct {
		from, to string
		want     int
	}{
		{"2026-03-28", "2026-03-30", 2}, {"2026-11-22", "2026-11-22", 0}, {"2026-11-22", "2026-11-21", -1},
		{"2027-12-31", "2029-01-01", 367}, {"1970-01-01", "2026-11-22", 20779},
	} {
		if got := day(c.from).DaysUntil(day(c.to)); got != c.want {
			t.Errorf("%s to %s: got %d days, want %d", c.from, c.to, got, c.want)
		}
	}
	if a, b := day("2026-11-21"), day("2026-11-22"); !a.Before(b) || b.Before(a) || a.Before(a) || a.Equal(b) || !a.Equal(schema.NewDate(2026, 11, 21)) {
		t.Error("days compare wrongly")
	}
}

func TestParseDateRefuses(t *testing.T) {
	for _, s := range []string{"2026-2-3", "2026-02-30", "22.11.2026", "2026-11-22T00:00:00Z", " 2026-11-22", "20261122", "tomorrow"} {
		if d, err := schema.ParseDate(s); err == nil {
			t.Errorf("%q is read as %s", s, d)
		}
	}
}

func TestDateJSON(t *testing.T) {
	type record struct {
		A schema.Date `json:"a"`
		B schema.Date `json:"b,omitzero"`
	}
	for _, text := range []string{`{"a":"2026-11-22","b":"2027-01-01"}`, `{"a":"2026-11-22"}`, `{"a":""}`} {
		var r record
		if err := json.Unmarshal([]byte(text), &r); err != nil {
			t.Fatal(err)
		}
		got, err := json.Marshal(r)
		if err != nil {
			t.Fatal(err)
		}
		if string(got) != text {
			t.Errorf("got %s, want %s", got, text)
		}
	}
	var r record
	if err := json.Unmarshal([]byte(`{"a":"soon"}`), &r); err == nil || !r.A.IsZero() {
		t.Errorf("got %v and %v", r, err)
	}
}
