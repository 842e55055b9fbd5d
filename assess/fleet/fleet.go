// Package fleet holds the bundles of many platforms, and of many days, against each
// other: worst first, outliers, who is missing, and how each series went.
//
// Add takes what of a bundle counts; it keeps a few bytes for each finding and
// control, so that a thousand bundles fit into little memory. Report gives the whole.
package fleet

import (
	"cmp"
	"hash/maphash"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A Fleet is made of bundles, in any order.
type Fleet struct {
	// expected is the longest time that should lie between two bundles of a platform.
	expected time.Duration
	seed     maphash.Seed
	series   map[string]*series // by plan
	checks   map[string]int     // numbers for the names of checks
	titles   map[string]string
}

// A series is the bundles of one plan.
type series struct {
	plan    string
	bundles []bundle
	// newest is what is shown of the newest bundle only.
	newest head
}

// A head is what is kept of the newest bundle of a series.
type head struct {
	asOf         time.Time
	organization string
	clusters     []string
	order        []string // ids of controls
}

// A bundle is what is kept of each one.
type bundle struct {
	schema.FleetBundle
	statuses map[string]schema.Status
	findings map[uint64]finding // open ones, by a hash of their id
	decided  map[int]bool       // checks that have a result for all that they look at
	high     [2]int             // open findings, critical and high
}

type finding struct {
	check int
	level schema.Severity
}

// New returns an empty fleet whose platforms should have a bundle that often.
func New(expected time.Duration) *Fleet {
	return &Fleet{expected: expected, seed: maphash.MakeSeed(), series: map[string]*series{}, checks: map[string]int{}, titles: map[string]string{}}
}

// A Bundle is what Add takes: how things stand in it, and what names it.
type Bundle struct {
	Standing     *schema.Standing
	Organization string
	Digest       string
	Gaps         int
}

// Add adds a bundle. One that was added before, by its digest, is left out; Add
// reports whether it was new.
func (f *Fleet) Add(b Bundle) bool {
	s := f.series[b.Standing.Plan]
	if s == nil {
		s = &series{plan: b.Standing.Plan}
		f.series[s.plan] = s
	}
	if slices.ContainsFunc(s.bundles, func(x bundle) bool { return x.Digest == b.Digest }) {
		return false
	}
	kept := f.keep(b)
	s.bundles = append(s.bundles, kept)
	if !kept.AsOf.Before(s.newest.asOf) {
		s.newest = f.head(b)
	}
	return true
}

func (f *Fleet) keep(b Bundle) bundle {
	st := b.Standing
	k := bundle{
		FleetBundle: schema.FleetBundle{AsOf: st.AsOf.UTC(), Digest: b.Digest, Controls: len(st.Controls), Gaps: b.Gaps},
		statuses:    map[string]schema.Status{}, findings: map[uint64]finding{}, decided: map[int]bool{},
	}
	for _, c := range st.Controls {
		k.statuses[c.ID] = c.Status
		if c.Status == schema.Implemented {
			k.Implemented++
		}
	}
	for _, x := range st.Findings {
		if x.State != schema.FindingOpen {
			continue
		}
		k.findings[maphash.String(f.seed, x.ID)] = finding{f.check(x.Check), x.Severity}
		k.Open++
		switch x.Severity {
		case schema.Critical:
			k.high[0]++
		case schema.High:
			k.high[1]++
		}
	}
	for _, c := range st.Decided {
		k.decided[f.check(c)] = true
	}
	return k
}

// check returns the number of a check.
func (f *Fleet) check(id string) int {
	n, ok := f.checks[id]
	if !ok {
		n = len(f.checks)
		f.checks[id] = n
	}
	return n
}

func (f *Fleet) head(b Bundle) head {
	h := head{asOf: b.Standing.AsOf.UTC(), organization: b.Organization}
	for _, s := range b.Standing.Sources {
		h.clusters = append(h.clusters, s.Name)
	}
	slices.Sort(h.clusters)
	for _, c := range b.Standing.Controls {
		h.order = append(h.order, c.ID)
		f.titles[c.ID] = c.Title
	}
	return h
}

// Report returns how the fleet stands as of an instant. Bundles of a later time
// count as the newest ones all the same. The fields that name the report itself are
// the caller's.
func (f *Fleet) Report(asOf time.Time) *schema.FleetReport {
	r := &schema.FleetReport{AsOf: asOf.UTC().Truncate(time.Second), ExpectedHours: int(f.expected / time.Hour), Platforms: []schema.FleetPlatform{}, Refused: []schema.FleetRefusal{}}
	for _, plan := range slices.Sorted(maps.Keys(f.series)) {
		s := f.series[plan]
		slices.SortStableFunc(s.bundles, func(a, b bundle) int {
			return cmp.Or(a.AsOf.Compare(b.AsOf), strings.Compare(a.Digest, b.Digest))
		})
		r.Platforms = append(r.Platforms, f.platform(s, asOf))
	}
	slices.SortStableFunc(r.Platforms, worstFirst)
	r.Controls = f.controls(r.Platforms)
	r.Days = f.days()
	return r
}

func (f *Fleet) platform(s *series, asOf time.Time) schema.FleetPlatform {
	last := s.bundles[len(s.bundles)-1]
	p := schema.FleetPlatform{
		Plan: s.plan, Organization: s.newest.organization, Clusters: append([]string{}, s.newest.clusters...), Statuses: []schema.FleetStatus{},
		ControlsByStatus: map[schema.Status]int{}, FindingsBySeverity: map[schema.Severity]int{}, Gaps: last.Gaps, History: f.history(s.bundles), Bundles: []schema.FleetBundle{},
	}
	if due := last.AsOf.Add(f.expected); due.Before(asOf) {
		p.MissingSince = due
	}
	for _, id := range s.newest.order {
		p.Statuses = append(p.Statuses, schema.FleetStatus{Control: id, Status: last.statuses[id]})
		p.ControlsByStatus[last.statuses[id]]++
	}
	for _, x := range last.findings {
		p.FindingsBySeverity[x.level]++
	}
	for _, b := range s.bundles {
		p.Bundles = append(p.Bundles, b.FleetBundle)
	}
	return p
}

// worstFirst orders platforms: missing ones by how long, then by controls that are
// not implemented, partly implemented, and by severe findings.
func worstFirst(a, b schema.FleetPlatform) int {
	missing := func(p schema.FleetPlatform) int64 {
		if p.MissingSince.IsZero() {
			return 1 << 62
		}
		return p.MissingSince.Unix()
	}
	more := func(x, y int) int { return cmp.Compare(y, x) }
	return cmp.Or(
		cmp.Compare(missing(a), missing(b)),
		more(a.ControlsByStatus[schema.NotImplemented], b.ControlsByStatus[schema.NotImplemented]),
		more(a.ControlsByStatus[schema.Partial], b.ControlsByStatus[schema.Partial]),
		more(a.FindingsBySeverity[schema.Critical], b.FindingsBySeverity[schema.Critical]),
		more(a.FindingsBySeverity[schema.High], b.FindingsBySeverity[schema.High]),
		strings.Compare(a.Plan, b.Plan),
	)
}

// controls counts each control over the platforms. A platform is an outlier where it
// has not implemented what more than half of those that it applies to have.
func (f *Fleet) controls(platforms []schema.FleetPlatform) []schema.FleetControl {
	out := []schema.FleetControl{}
	place := map[string]int{}
	ordered := slices.Clone(platforms) // the order of the newest table goes first
	slices.SortStableFunc(ordered, func(a, b schema.FleetPlatform) int {
		return b.Bundles[len(b.Bundles)-1].AsOf.Compare(a.Bundles[len(a.Bundles)-1].AsOf)
	})
	for _, p := range ordered {
		for _, s := range p.Statuses {
			if _, ok := place[s.Control]; !ok {
				place[s.Control] = len(out)
				out = append(out, schema.FleetControl{ID: s.Control, Title: f.titles[s.Control], ByStatus: map[schema.Status]int{}, Outliers: []string{}})
			}
			out[place[s.Control]].ByStatus[s.Status]++
		}
	}
	for i := range out {
		out[i].Outliers = outliers(&out[i], platforms)
	}
	return out
}

func outliers(c *schema.FleetControl, platforms []schema.FleetPlatform) []string {
	out := []string{}
	applies := 0
	for status, n := range c.ByStatus {
		if status != schema.NotApplicable {
			applies += n
		}
	}
	if 2*c.ByStatus[schema.Implemented] <= applies {
		return out
	}
	for _, p := range platforms {
		for _, s := range p.Statuses {
			if s.Control == c.ID && s.Status != schema.Implemented && s.Status != schema.NotApplicable {
				out = append(out, p.Plan)
			}
		}
	}
	slices.Sort(out)
	return out
}
