package fleet_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/assess/fleet"
	"github.com/auditpack/auditpack/schema"
)

func day(d, hour int) time.Time { return time.Date(2026, 9, d, hour, 0, 0, 0, time.UTC) }

// bundle is one with the controls; open are the ids of open findings
// of the check of the same letter.
func bundle(plan string, at time.Time, first, second schema.Status, decided []string, open ...string) fleet.Bundle {
	s := &schema.Standing{AsOf: at, Plan: plan, Sources: []schema.ClaimedSource{{Name: plan + "-cluster"}}, Decided: decided,
		Controls: []schema.ControlStanding{{ID: "A-01", Title: "First", Status: first}, {ID: "A-02", Title: "Second", Status: second}}}
	for _, id := range open {
		s.Findings = append(s.Findings, schema.FindingStanding{ID: id, Check: id[:1], Severity: schema.High, State: schema.FindingOpen})
	}
	return fleet.Bundle{Standing: s, Organization: "Shop", Digest: plan + at.Format(time.RFC3339)}
}

var both = []string{"x", "y"}

func series() []fleet.Bundle {
	const good, half, bad = schema.Implemented, schema.Partial, schema.NotImplemented
	return []fleet.Bundle{
		bundle("one", day(1, 2), good, bad, both, "x1", "x2"),
		bundle("one", day(2, 2), half, bad, []string{"y"}, "x2", "y1"), // x1 is not seen: its check has no full result
		bundle("one", day(3, 2), good, bad, both, "x1", "y1"),          // x2 is gone
		bundle("one", day(6, 2), half, bad, both, "x1"),                // after a silence; y1 is gone
		bundle("two", day(6, 3), good, good, both),
		bundle("three", day(5, 3), good, good, both),
	}
}

func report(t *testing.T, bundles []fleet.Bundle) *schema.FleetReport {
	t.Helper()
	f := fleet.New(36 * time.Hour)
	for _, b := range bundles {
		if !f.Add(b) {
			t.Fatalf("%s was added before", b.Digest)
		}
	}
	return f.Report(day(6, 20))
}

func TestReport(t *testing.T) {
	r := report(t, series())
	order := []string{}
	for _, p := range r.Platforms {
		order = append(order, p.Plan)
	}
	if diff := cmp.Diff([]string{"three", "one", "two"}, order); diff != "" {
		t.Errorf("platforms, missing and worst first (-want +got):\n%s", diff)
	}
	if got := r.Platforms[0].MissingSince; !got.Equal(day(6, 15)) {
		t.Errorf("three is missing since %s", got)
	}
	one := r.Platforms[1]
	change := func(from, to schema.Status, d int) schema.FleetChange {
		return schema.FleetChange{Control: "A-01", From: from, To: to, AsOf: day(d, 2)}
	}
	want := schema.FleetHistory{
		// x1 is open since the first bundle, x2 and y1 were open for two and four days.
		MeanAgeDays: 5, Closed: 2, MeanDaysToClose: 3,
		Changes:  []schema.FleetChange{change(schema.Implemented, schema.Partial, 2), change(schema.Partial, schema.Implemented, 3), change(schema.Implemented, schema.Partial, 6)},
		Flapping: []string{"A-01"}, Silences: []string{"2026-09-03T02:00:00Z/2026-09-06T02:00:00Z"},
	}
	if diff := cmp.Diff(want, one.History); diff != "" {
		t.Errorf("history (-want +got):\n%s", diff)
	}
	controls := []schema.FleetControl{
		{ID: "A-01", Title: "First", ByStatus: map[schema.Status]int{schema.Implemented: 2, schema.Partial: 1}, Outliers: []string{"one"}},
		{ID: "A-02", Title: "Second", ByStatus: map[schema.Status]int{schema.Implemented: 2, schema.NotImplemented: 1}, Outliers: []string{"one"}},
	}
	if diff := cmp.Diff(controls, r.Controls); diff != "" {
		t.Errorf("controls (-want +got):\n%s", diff)
	}
	days := []schema.FleetDay{
		{Day: schema.NewDate(2026, 9, 1), Platforms: 1, Implemented: 1, Controls: 2, High: 2},
		{Day: schema.NewDate(2026, 9, 2), Platforms: 1, Controls: 2, High: 2},
		{Day: schema.NewDate(2026, 9, 3), Platforms: 1, Implemented: 1, Controls: 2, High: 2},
		{Day: schema.NewDate(2026, 9, 5), Platforms: 2, Implemented: 3, Controls: 4, High: 2},
		{Day: schema.NewDate(2026, 9, 6), Platforms: 3, Implemented: 4, Controls: 6, High: 1},
	}
	if diff := cmp.Diff(days, r.Days); diff != "" {
		t.Errorf("days (-want +got):\n%s", diff)
	}
}

// A control that most platforms lack has no outliers, and one that does not apply is none.
func TestOutliers(t *testing.T) {
	r := report(t, []fleet.Bundle{
		bundle("one", day(6, 1), schema.Implemented, schema.NotImplemented, both),
		bundle("two", day(6, 1), schema.NotApplicable, schema.NotImplemented, both),
		bundle("three", day(6, 1), schema.Implemented, schema.Implemented, both),
	})
	for _, c := range r.Controls {
		if len(c.Outliers) > 0 {
			t.Errorf("%s has the outliers %v", c.ID, c.Outliers)
		}
	}
}

func TestOrderOfArrivalDoesNotShow(t *testing.T) {
	want := report(t, series())
	for seed := range uint64(20) {
		shuffled := series()
		rand.New(rand.NewPCG(seed, 1)).Shuffle(len(shuffled), func(i, j int) { shuffled[i], shuffled[j] = shuffled[j], shuffled[i] })
		if diff := cmp.Diff(want, report(t, shuffled)); diff != "" {
			t.Fatalf("another order (-want +got):\n%s", diff)
		}
	}
}

func TestSameBundleTwice(t *testing.T) {
	f := fleet.New(time.Hour)
	b := series()[0]
	if !f.Add(b) || f.Add(b) {
		t.Error("a bundle counts twice")
	}
}

// What a thousand bundles with 500 findings each take of memory and time.
func BenchmarkThousandBundles(b *testing.B) {
	var open []string
	for i := range 500 {
		open = append(open, fmt.Sprintf("x%d", i))
	}
	b.ReportAllocs()
	for b.Loop() {
		f := fleet.New(36 * time.Hour)
		for i := range 1000 {
			f.Add(bundle(fmt.Sprintf("plan-%d", i%100), day(1, 0).AddDate(0, 0, i/100), schema.Implemented, schema.Partial, both, open...))
		}
		if r := f.Report(day(28, 0)); len(r.Platforms) != 100 || slices.ContainsFunc(r.Platforms, func(p schema.FleetPlatform) bool { return len(p.Bundles) != 10 }) {
			b.Fatal("bundles are missing")
		}
	}
}
