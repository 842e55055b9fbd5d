package compare_test

import (
	"testing"
	"time"

	"github.com/auditpack/auditpack/assess/compare"
	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
)

var (
	june      = time.Date(2026, 6, 30, 6, 0, 0, 0, time.UTC)
	september = time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC)
)

// standing is a platform of one cluster on which nothing is found.
func standing(asOf time.Time) *schema.Standing {
	return &schema.Standing{
		AsOf: asOf, Plan: "prod", Sources: []schema.ClaimedSource{{Name: "eu", UID: "uid-eu"}},
		Controls: []schema.ControlStanding{{ID: "C-1", Title: "First", Status: schema.Partial}, {ID: "C-2", Title: "Second", Status: schema.Implemented}},
		Decided:  []string{"C-1.k1"},
	}
}

func finding(state schema.FindingState) schema.FindingStanding {
	return schema.FindingStanding{ID: "F", Check: "C-1.k1", Control: "C-1", Severity: schema.High, State: state, Cluster: "eu", Message: "It is open."}
}

func change(before, after schema.FindingState) schema.FindingChange {
	return schema.FindingChange{ID: "F", Check: "C-1.k1", Control: "C-1", Severity: schema.High, Message: "It is open.", Before: before, After: after}
}

func aged(since time.Time, days int) schema.FindingChange {
	c := change(schema.FindingOpen, schema.FindingOpen)
	c.Since, c.Days = schema.DateOf(since), days
	return c
}

// TestChanges changes one thing of a platform in one of the two bundles.
func TestChanges(t *testing.T) {
	day := func(t time.Time) schema.Date { return schema.DateOf(t) }
	type pair = func(before, after *schema.Standing)
	for _, test := range []struct {
		name string
		make pair
		want schema.Changes
	}{
		{name: "nothing", make: func(_, _ *schema.Standing) {}},
		{
			name: "statuses: raised, lowered, without an order, new and gone",
			make: func(b, a *schema.Standing) {
				b.Controls = []schema.ControlStanding{{ID: "up", Status: schema.NotImplemented}, {ID: "down", Status: schema.Implemented}, {ID: "side", Status: schema.Partial}, {ID: "gone", Status: schema.Partial}}
				a.Controls = []schema.ControlStanding{{ID: "new", Status: schema.Partial}, {ID: "up", Status: schema.Partial}, {ID: "down", Status: schema.Partial}, {ID: "side", Status: schema.NeedsReview}}
			},
			want: schema.Changes{Statuses: []schema.StatusChange{
				{ID: "new", After: schema.Partial, Direction: schema.Other},
				{ID: "up", Before: schema.NotImplemented, After: schema.Partial, Direction: schema.Raised},
				{ID: "down", Before: schema.Implemented, After: schema.Partial, Direction: schema.Lowered},
				{ID: "side", Before: schema.Partial, After: schema.NeedsReview, Direction: schema.Other},
				{ID: "gone", Before: schema.Partial, Direction: schema.Other},
			}},
		},
		{
			name: "a new finding",
			make: func(_, a *schema.Standing) { a.Findings = append(a.Findings, finding(schema.FindingOpen)) },
			want: schema.Changes{New: []schema.FindingChange{change(schema.FindingGone, schema.FindingOpen)}},
		},
		{
			name: "new to us: the check had no full result before",
			make: func(b, a *schema.Standing) {
				b.Decided, a.Findings = nil, append(a.Findings, finding(schema.FindingOpen))
			},
			want: schema.Changes{New: []schema.FindingChange{change(schema.FindingUnseen, schema.FindingOpen)}},
		},
		{
			name: "the exception of a finding ended",
			make: func(b, a *schema.Standing) {
				b.Findings, a.Findings = append(b.Findings, finding(schema.FindingExcepted)), append(a.Findings, finding(schema.FindingOpen))
			},
			want: schema.Changes{New: []schema.FindingChange{change(schema.FindingExcepted, schema.FindingOpen)}},
		},
		{
			name: "a finding was mended",
			make: func(b, _ *schema.Standing) { b.Findings = append(b.Findings, finding(schema.FindingOpen)) },
			want: schema.Changes{Closed: []schema.FindingChange{change(schema.FindingOpen, schema.FindingGone)}},
		},
		{
			name: "a finding is missing because its check has no full result",
			make: func(b, a *schema.Standing) {
				b.Findings, a.Decided = append(b.Findings, finding(schema.FindingOpen)), nil
			},
			want: schema.Changes{Closed: []schema.FindingChange{change(schema.FindingOpen, schema.FindingUnseen)}},
		},
		{
			name: "a finding is missing because its cluster was not read",
			make: func(b, a *schema.Standing) {
				b.Findings = append(b.Findings, finding(schema.FindingOpen))
				a.Sources = []schema.ClaimedSource{{Name: "us", UID: "uid-us"}}
			},
			want: schema.Changes{
				Closed:      []schema.FindingChange{change(schema.FindingOpen, schema.FindingUnseen)},
				NotCompared: []string{"eu: only the earlier bundle has it"},
			},
		},
		{
			name: "a finding of a register needs no cluster",
			make: func(b, a *schema.Standing) {
				f := finding(schema.FindingOpen)
				f.Cluster = ""
				b.Findings = append(b.Findings, f)
			},
			want: schema.Changes{Closed: []schema.FindingChange{change(schema.FindingOpen, schema.FindingGone)}},
		},
		{
			name: "a finding is still open, and its age comes from further back",
			make: func(b, a *schema.Standing) {
				f := finding(schema.FindingOpen)
				f.Since = schema.DateOf(june.AddDate(0, 0, -100))
				b.Findings, a.Findings = append(b.Findings, f), append(a.Findings, finding(schema.FindingOpen))
			},
			want: schema.Changes{Ageing: []schema.FindingChange{aged(june.AddDate(0, 0, -100), 192)}},
		},
		{
			name: "a finding is still open, of which the earlier bundle has no day",
			make: func(b, a *schema.Standing) {
				b.Findings, a.Findings = append(b.Findings, finding(schema.FindingOpen)), append(a.Findings, finding(schema.FindingOpen))
			},
			want: schema.Changes{Ageing: []schema.FindingChange{aged(june, 92)}},
		},
		{
			name: "grants, exposures and images came, went and changed",
			make: func(b, a *schema.Standing) {
				b.Grants, a.Grants = []schema.Item{{Cluster: "eu", What: "old", Detail: "reads"}}, []schema.Item{{Cluster: "eu", What: "new", Detail: "writes"}}
				a.Exposures = []schema.Item{{Cluster: "eu", What: "Ingress shop", Detail: "with TLS"}}
				b.Images, a.Images = []schema.Item{{Cluster: "eu", What: "web", Detail: "1"}}, []schema.Item{{Cluster: "eu", What: "web", Detail: "2"}}
			},
			want: schema.Changes{
				Grants: []schema.ItemChange{
					{Cluster: "eu", What: "new", Change: schema.Added, After: "writes"}, {Cluster: "eu", What: "old", Change: schema.Removed, Before: "reads"},
				},
				Exposures: []schema.ItemChange{{Cluster: "eu", What: "Ingress shop", Change: schema.Added, After: "with TLS"}},
				Images:    []schema.ItemChange{{Cluster: "eu", What: "web", Change: schema.Changed, Before: "1", After: "2"}},
			},
		},
		{
			name: "a gap in one of the two: neither added nor removed",
			make: func(b, a *schema.Standing) {
				b.Grants, b.Incomplete = []schema.Item{{Cluster: "eu", What: "old"}}, []string{"ingresses"}
				a.Exposures, a.Incomplete = []schema.Item{{Cluster: "eu", What: "Ingress shop"}}, []string{"accessGrants", "containers"}
				b.Images = []schema.Item{{Cluster: "eu", What: "web"}}
			},
			want: schema.Changes{NotCompared: []string{
				"grants: the later bundle does not have all of accessGrants",
				"exposures: the earlier bundle does not have all of ingresses",
				"images: the later bundle does not have all of containers",
			}},
		},
		{
			name: "the cluster has another name",
			make: func(b, a *schema.Standing) {
				b.Sources[0].Name = "old-name"
				b.Images, a.Images = []schema.Item{{Cluster: "old-name", What: "web", Detail: "1"}}, []schema.Item{{Cluster: "eu", What: "web", Detail: "2"}}
			},
			want: schema.Changes{Images: []schema.ItemChange{{Cluster: "eu", What: "web", Change: schema.Changed, Before: "1", After: "2"}}},
		},
		{
			name: "another cluster has the name",
			make: func(b, a *schema.Standing) {
				b.Sources[0].UID = "uid-of-the-old-one"
				b.Images, a.Images = []schema.Item{{Cluster: "eu", What: "web", Detail: "1"}}, []schema.Item{{Cluster: "eu", What: "web", Detail: "2"}}
			},
			want: schema.Changes{NotCompared: []string{"eu: only the earlier bundle has it"}},
		},
		{
			name: "exceptions came, went, ended and were prolonged",
			make: func(b, a *schema.Standing) {
				b.Exceptions = []schema.ExceptionStanding{
					{ID: "same", State: schema.ExceptionValid, ExpiresOn: day(september)}, {ID: "ended", State: schema.ExceptionValid, ExpiresOn: day(june)},
					{ID: "longer", State: schema.ExceptionValid, ExpiresOn: day(june)}, {ID: "gone", State: schema.ExceptionUnused, ExpiresOn: day(june)},
				}
				a.Exceptions = []schema.ExceptionStanding{
					{ID: "new", State: schema.ExceptionInvalid, ExpiresOn: day(september)}, {ID: "same", State: schema.ExceptionValid, ExpiresOn: day(september)},
					{ID: "ended", State: schema.ExceptionExpired, ExpiresOn: day(june)}, {ID: "longer", State: schema.ExceptionValid, ExpiresOn: day(september)},
				}
			},
			want: schema.Changes{Exceptions: []schema.ExceptionChange{
				{ID: "new", After: schema.ExceptionInvalid, ExpiresOn: day(september)},
				{ID: "ended", Before: schema.ExceptionValid, After: schema.ExceptionExpired, ExpiresOn: day(june)},
				{ID: "longer", Before: schema.ExceptionValid, After: schema.ExceptionValid, ExpiresOn: day(september)},
				{ID: "gone", Before: schema.ExceptionUnused, ExpiresOn: day(june)},
			}},
		},
		{
			name: "a control was signed off in between",
			make: func(b, a *schema.Standing) {
				b.Controls[0].LastReview = day(june.AddDate(0, -3, 0))
				a.Controls[0].LastReview, a.Controls[0].ReviewedBy = day(june.AddDate(0, 1, 0)), "Ann"
			},
			want: schema.Changes{Reviews: []schema.ReviewChange{
				{Control: "C-1", Title: "First", Before: day(june.AddDate(0, -3, 0)), After: day(june.AddDate(0, 1, 0)), By: "Ann"},
			}},
		},
		{
			name: "the platform changed since the last sign-off",
			make: func(b, a *schema.Standing) {
				for _, s := range []*schema.Standing{b, a} {
					s.Controls[0].LastReview, s.Controls[1].LastReview = day(june.AddDate(0, -3, 0)), day(june.AddDate(0, -3, 0))
				}
				a.Controls[0].Status = schema.NotImplemented
				a.Findings = append(a.Findings, finding(schema.FindingOpen))
			},
			want: schema.Changes{
				Statuses: []schema.StatusChange{{ID: "C-1", Title: "First", Before: schema.Partial, After: schema.NotImplemented, Direction: schema.Lowered}},
				New:      []schema.FindingChange{change(schema.FindingGone, schema.FindingOpen)},
				Outdated: []schema.OutdatedReview{{Control: "C-1", Title: "First", LastReview: day(june.AddDate(0, -3, 0)), Before: schema.Partial, After: schema.NotImplemented, New: 1}},
			},
		},
		{
			name: "a finding that is not seen any more makes no sign-off old",
			make: func(b, a *schema.Standing) {
				b.Controls[0].LastReview, a.Controls[0].LastReview = day(june.AddDate(0, -3, 0)), day(june.AddDate(0, -3, 0))
				b.Findings, a.Decided = append(b.Findings, finding(schema.FindingOpen)), nil
			},
			want: schema.Changes{Closed: []schema.FindingChange{change(schema.FindingOpen, schema.FindingUnseen)}},
		},
	} {
		t.Run(test.name, func(t *testing.T) {
			before, after := standing(june), standing(september)
			test.make(before, after)
			test.want.SchemaVersion, test.want.Since, test.want.Until = schema.Version, june, september
			if diff := cmp.Diff(&test.want, compare.Changes(before, after), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("Changes (-want +got):\n%s", diff)
			}
		})
	}
}

// TestSinceWithoutChain holds that a finding that was new in the older bundle of
// a pair without a chain is open since the day of that bundle.
func TestSinceWithoutChain(t *testing.T) {
	report := func(asOf time.Time) *schema.Report {
		return &schema.Report{
			AsOf: asOf, Plan: schema.PlanFacts{Name: "prod"}, Sources: []schema.Source{{Name: "eu", UID: "uid-eu"}},
			Findings: []schema.Finding{{ID: "F", Check: "C-1.k1", Control: "C-1", Severity: schema.High, Result: schema.ResultFail, Subject: schema.Subject{Cluster: "eu"}, Message: "It is open."}},
		}
	}
	older := report(june)
	older.Changes = &schema.Changes{New: []schema.FindingChange{change(schema.FindingGone, schema.FindingOpen)}}
	got := compare.Changes(compare.Of(older, &schema.Evidence{}, nil), compare.Of(report(september), &schema.Evidence{}, nil))
	if diff := cmp.Diff([]schema.FindingChange{aged(june, 92)}, got.Ageing); diff != "" {
		t.Errorf("still open (-want +got):\n%s", diff)
	}
}

// TestRelated holds what is one platform.
func TestRelated(t *testing.T) {
	of := func(plan string, sources ...schema.ClaimedSource) *schema.Standing {
		return &schema.Standing{Plan: plan, Sources: sources}
	}
	eu, renamed, other, file := schema.ClaimedSource{Name: "eu", UID: "1"}, schema.ClaimedSource{Name: "eu-2", UID: "1"}, schema.ClaimedSource{Name: "eu", UID: "2"}, schema.ClaimedSource{Name: "eu"}
	for _, test := range []struct {
		name          string
		before, after *schema.Standing
		want          bool
	}{
		{"one cluster in common under another name and plan", of("a", eu), of("b", renamed), true},
		{"another cluster of the same name and plan", of("a", eu), of("a", other), false},
		{"files without a UID, one plan", of("a", file), of("a", eu), true},
		{"files without a UID, two plans", of("a", file), of("b", file), false},
	} {
		t.Run(test.name, func(t *testing.T) {
			if got := compare.Related(test.before, test.after); got != test.want {
				t.Errorf("Related = %v, want %v", got, test.want)
			}
		})
	}
}
