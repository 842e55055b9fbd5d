package fleet

import (
	"math"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// flapping is how many changes of a status are too many for one series.
const flapping = 3

// An opening is when a finding was first seen, and by which check.
type opening struct {
	at    time.Time
	check int
}

// history walks the bundles of a series in the order of time.
func (f *Fleet) history(bundles []bundle) schema.FleetHistory {
	h := schema.FleetHistory{Changes: []schema.FleetChange{}, Flapping: []string{}, Silences: []string{}}
	open := map[uint64]opening{} // also those that the last bundle did not see
	var closed []time.Duration
	for i, b := range bundles {
		for id, o := range open {
			// What a check could not see is not closed: only one with a full result
			// can say that a finding is gone.
			if _, still := b.findings[id]; !still && b.decided[o.check] {
				closed = append(closed, b.AsOf.Sub(o.at))
				delete(open, id)
			}
		}
		for id, x := range b.findings {
			if _, known := open[id]; !known {
				open[id] = opening{b.AsOf, x.check}
			}
		}
		if i > 0 {
			h.Changes = append(h.Changes, changes(bundles[i-1], b)...)
			if before := bundles[i-1].AsOf; b.AsOf.Sub(before) > f.expected {
				h.Silences = append(h.Silences, before.Format(time.RFC3339)+"/"+b.AsOf.Format(time.RFC3339))
			}
		}
	}
	last := bundles[len(bundles)-1]
	var ages []time.Duration
	for id := range last.findings {
		ages = append(ages, last.AsOf.Sub(open[id].at))
	}
	h.Closed, h.MeanDaysToClose, h.MeanAgeDays = len(closed), meanDays(closed), meanDays(ages)
	h.Flapping = often(h.Changes)
	return h
}

// changes are those of the statuses between two bundles, by the name of the control.
func changes(before, after bundle) []schema.FleetChange {
	var out []schema.FleetChange
	for id, status := range after.statuses {
		if old, ok := before.statuses[id]; ok && old != status {
			out = append(out, schema.FleetChange{Control: id, From: old, To: status, AsOf: after.AsOf})
		}
	}
	slices.SortFunc(out, func(a, b schema.FleetChange) int { return strings.Compare(a.Control, b.Control) })
	return out
}

// often returns the controls that changed too often.
func often(changes []schema.FleetChange) []string {
	n := map[string]int{}
	out := []string{}
	for _, c := range changes {
		if n[c.Control]++; n[c.Control] == flapping {
			out = append(out, c.Control)
		}
	}
	slices.Sort(out)
	return out
}

// meanDays is the mean in days, to one place.
func meanDays(all []time.Duration) float64 {
	if len(all) == 0 {
		return 0
	}
	var sum time.Duration
	for _, d := range all {
		sum += d
	}
	return math.Round(sum.Hours()/24/float64(len(all))*10) / 10
}

// days says how all platforms stood at the end of each day with a bundle.
func (f *Fleet) days() []schema.FleetDay {
	byDay := map[string]schema.Date{}
	for _, s := range f.series {
		for _, b := range s.bundles {
			d := schema.DateOf(b.AsOf)
			byDay[d.String()] = d
		}
	}
	out := []schema.FleetDay{}
	for _, d := range byDay {
		day := schema.FleetDay{Day: d}
		for _, s := range f.series {
			i := slices.IndexFunc(s.bundles, func(b bundle) bool { return d.Before(schema.DateOf(b.AsOf)) })
			if i < 0 {
				i = len(s.bundles)
			}
			if i == 0 {
				continue // the series begins later
			}
			b := s.bundles[i-1]
			day.Platforms++
			day.Implemented += b.Implemented
			day.Controls += b.Controls
			day.Critical += b.high[0]
			day.High += b.high[1]
		}
		out = append(out, day)
	}
	slices.SortFunc(out, func(a, b schema.FleetDay) int { return strings.Compare(a.Day.String(), b.Day.String()) })
	return out
}
