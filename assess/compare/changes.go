package compare

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Changes says what is different in the later of two bundles. Lists are in the
// order of the later one; what it does not have comes last.
func Changes(before, after *schema.Standing) *schema.Changes {
	c := &schema.Changes{
		SchemaVersion: schema.Version, Since: before.AsOf, Until: after.AsOf,
		Statuses: statuses(before, after), Exceptions: exceptions(before, after), Reviews: reviews(before, after), NotCompared: []string{},
	}
	names := sameClusters(before.Sources, after.Sources)
	c.New, c.Closed, c.Ageing = findingChanges(before, after, names)
	for _, part := range []struct {
		to            *[]schema.ItemChange
		what          string
		before, after []schema.Item
		populations   []string
	}{
		{&c.Grants, "grants", before.Grants, after.Grants, []string{"accessGrants"}},
		{&c.Exposures, "exposures", before.Exposures, after.Exposures, []string{"services", "ingresses", "gateways"}},
		{&c.Images, "images", before.Images, after.Images, []string{"containers"}},
	} {
		*part.to = []schema.ItemChange{}
		if gap := gapIn(before, after, part.populations); gap != "" {
			c.NotCompared = append(c.NotCompared, part.what+": "+gap)
			continue
		}
		*part.to = items(part.before, part.after, names)
	}
	for _, source := range before.Sources {
		if _, ok := names[source.Name]; !ok {
			c.NotCompared = append(c.NotCompared, fmt.Sprintf("%s: only the earlier bundle has it", source.Name))
		}
	}
	c.Outdated = outdated(c, before, after)
	return c
}

// gapIn names a population that one of the two did not see completely.
func gapIn(before, after *schema.Standing, populations []string) string {
	for _, p := range populations {
		switch {
		case slices.Contains(before.Incomplete, p):
			return "the earlier bundle does not have all of " + p
		case slices.Contains(after.Incomplete, p):
			return "the later bundle does not have all of " + p
		}
	}
	return ""
}

// sameClusters gives the later name of each cluster: by its UID, or by name where
// one of the two has no UID.
func sameClusters(before, after []schema.ClaimedSource) map[string]string {
	names := map[string]string{}
	for _, b := range before {
		for _, a := range after {
			if a.UID == b.UID && a.UID != "" || a.Name == b.Name && (a.UID == "" || b.UID == "") {
				names[b.Name] = a.Name
			}
		}
	}
	return names
}

// Related reports whether two bundles are of one platform: they share a cluster by
// its UID, or the plan where clusters have none in common to compare.
func Related(before, after *schema.Standing) bool {
	known := 0
	for _, b := range before.Sources {
		for _, a := range after.Sources {
			if a.UID != "" && a.UID == b.UID {
				return true
			}
			if a.UID != "" && b.UID != "" {
				known++
			}
		}
	}
	return known == 0 && before.Plan == after.Plan
}

var rank = map[schema.Status]int{schema.NotImplemented: 1, schema.Partial: 2, schema.Implemented: 3}

func direction(before, after schema.Status) schema.Direction {
	b, a := rank[before], rank[after]
	switch {
	case b == 0 || a == 0:
		return schema.Other
	case a > b:
		return schema.Raised
	default:
		return schema.Lowered
	}
}

func statuses(before, after *schema.Standing) []schema.StatusChange {
	out := []schema.StatusChange{}
	was := byKey(before.Controls, func(c schema.ControlStanding) string { return c.ID })
	for _, c := range after.Controls {
		if b := was[c.ID]; b.Status != c.Status {
			out = append(out, schema.StatusChange{ID: c.ID, Title: c.Title, Before: b.Status, After: c.Status, Direction: direction(b.Status, c.Status)})
		}
		delete(was, c.ID)
	}
	for _, c := range before.Controls {
		if _, ok := was[c.ID]; ok {
			out = append(out, schema.StatusChange{ID: c.ID, Title: c.Title, Before: c.Status, Direction: schema.Other})
		}
	}
	return out
}

func byKey[T any](items []T, key func(T) string) map[string]T {
	out := make(map[string]T, len(items))
	for _, item := range items {
		out[key(item)] = item
	}
	return out
}

func findingID(f schema.FindingStanding) string { return f.ID }

func findingChanges(before, after *schema.Standing, names map[string]string) (fresh, closed, ageing []schema.FindingChange) {
	fresh, closed, ageing = []schema.FindingChange{}, []schema.FindingChange{}, []schema.FindingChange{}
	was, is := byKey(before.Findings, findingID), byKey(after.Findings, findingID)
	later := map[string]bool{"": true} // a finding about a register has no cluster
	earlier := map[string]bool{"": true}
	for name, renamed := range names {
		earlier[name], later[renamed] = true, true
	}
	today := schema.DateOf(after.AsOf)
	for _, f := range after.Findings {
		if f.State != schema.FindingOpen {
			continue
		}
		b, ok := was[f.ID]
		change := changeOf(f, stateIn(b, ok, before, f.Check, later[f.Cluster]), f.State)
		if b.State != schema.FindingOpen {
			fresh = append(fresh, change)
			continue
		}
		change.Since = b.Since
		if change.Since.IsZero() {
			change.Since = schema.DateOf(before.AsOf)
		}
		change.Days = change.Since.DaysUntil(today)
		ageing = append(ageing, change)
	}
	for _, f := range before.Findings {
		a, ok := is[f.ID]
		if f.State == schema.FindingOpen && a.State != schema.FindingOpen {
			closed = append(closed, changeOf(f, f.State, stateIn(a, ok, after, f.Check, earlier[f.Cluster])))
		}
	}
	slices.SortStableFunc(ageing, func(x, y schema.FindingChange) int { return cmp.Compare(y.Days, x.Days) })
	return fresh, closed, ageing
}

// stateIn is the state of a finding in s, which may not have it: then it is gone
// only if s decided its check, and both bundles read its cluster.
func stateIn(f schema.FindingStanding, found bool, s *schema.Standing, check string, common bool) schema.FindingState {
	switch {
	case found:
		return f.State
	case !common, !slices.Contains(s.Decided, check):
		return schema.FindingUnseen
	default:
		return schema.FindingGone
	}
}

func changeOf(f schema.FindingStanding, before, after schema.FindingState) schema.FindingChange {
	return schema.FindingChange{ID: f.ID, Check: f.Check, Control: f.Control, Severity: f.Severity, Owner: f.Owner, Message: f.Message, Before: before, After: after}
}

// items compares lists of things, the earlier ones under the later names of their
// clusters. A cluster that one of the two does not have is left out.
func items(before, after []schema.Item, names map[string]string) []schema.ItemChange {
	type key struct{ cluster, what string }
	was := map[key]schema.Item{}
	for _, b := range before {
		if name, ok := names[b.Cluster]; ok {
			was[key{name, b.What}] = b
		}
	}
	common := map[string]bool{}
	for _, name := range names {
		common[name] = true
	}
	out := []schema.ItemChange{}
	for _, a := range after {
		if !common[a.Cluster] {
			continue
		}
		k := key{a.Cluster, a.What}
		b, ok := was[k]
		delete(was, k)
		switch {
		case !ok:
			out = append(out, schema.ItemChange{Cluster: a.Cluster, What: a.What, Change: schema.Added, After: a.Detail})
		case b.Detail != a.Detail:
			out = append(out, schema.ItemChange{Cluster: a.Cluster, What: a.What, Change: schema.Changed, Before: b.Detail, After: a.Detail})
		}
	}
	for k, b := range was {
		out = append(out, schema.ItemChange{Cluster: k.cluster, What: k.what, Change: schema.Removed, Before: b.Detail})
	}
	slices.SortFunc(out, func(x, y schema.ItemChange) int {
		return cmp.Or(strings.Compare(string(x.Change), string(y.Change)), strings.Compare(x.Cluster, y.Cluster), strings.Compare(x.What, y.What))
	})
	return out
}

func exceptions(before, after *schema.Standing) []schema.ExceptionChange {
	out := []schema.ExceptionChange{}
	was := byKey(before.Exceptions, func(e schema.ExceptionStanding) string { return e.ID })
	for _, e := range after.Exceptions {
		if b := was[e.ID]; b.State != e.State || !b.ExpiresOn.Equal(e.ExpiresOn) {
			out = append(out, schema.ExceptionChange{ID: e.ID, Before: b.State, After: e.State, ExpiresOn: e.ExpiresOn})
		}
		delete(was, e.ID)
	}
	for _, e := range before.Exceptions {
		if _, ok := was[e.ID]; ok {
			out = append(out, schema.ExceptionChange{ID: e.ID, Before: e.State, ExpiresOn: e.ExpiresOn})
		}
	}
	return out
}

func reviews(before, after *schema.Standing) []schema.ReviewChange {
	out := []schema.ReviewChange{}
	was := byKey(before.Controls, func(c schema.ControlStanding) string { return c.ID })
	for _, c := range after.Controls {
		if b := was[c.ID]; !c.LastReview.IsZero() && !c.LastReview.Equal(b.LastReview) {
			out = append(out, schema.ReviewChange{Control: c.ID, Title: c.Title, Before: b.LastReview, After: c.LastReview, By: c.ReviewedBy})
		}
	}
	return out
}

// outdated finds sign-offs that are older than the earlier bundle, so that what
// changed since that bundle changed since the sign-off.
func outdated(c *schema.Changes, before, after *schema.Standing) []schema.OutdatedReview {
	out := []schema.OutdatedReview{}
	was := byKey(before.Controls, func(c schema.ControlStanding) string { return c.ID })
	for _, control := range after.Controls {
		signed := control.LastReview
		if signed.IsZero() || signed.Time().After(before.AsOf) {
			continue
		}
		o := schema.OutdatedReview{Control: control.ID, Title: control.Title, LastReview: signed, Before: was[control.ID].Status, After: control.Status}
		o.New, o.Closed = countOf(c.New, control.ID), countOf(c.Closed, control.ID)
		if o.Before != o.After || o.New+o.Closed > 0 {
			out = append(out, o)
		}
	}
	return out
}

func countOf(findings []schema.FindingChange, control string) int {
	n := 0
	for _, f := range findings {
		if f.Control == control && f.After != schema.FindingUnseen {
			n++
		}
	}
	return n
}
