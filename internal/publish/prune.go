package publish

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"slices"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A Fate is what Prune decided about one bundle.
type Fate struct {
	// Name of the file.
	Name string
	// Kept says why the bundle stays, and is empty for one that goes.
	Kept string
}

// HoldSuffix is that of an object beside a bundle which says that the bundle must
// stay, whatever the rules and the store say.
const HoldSuffix = ".hold"

// Decide says of each bundle of the archive's plan at the place, the newest first,
// whether the rules keep it once the archive is there, too. What is not a bundle of
// the plan by its own content is not among them. Nothing is removed.
func (p *Place) Decide(ctx context.Context, a Archive, keep schema.KeepRules, now time.Time) ([]Fate, error) {
	if p.single {
		return nil, fmt.Errorf("%s has a tag and so names one bundle: keep rules need the repository without a tag", p.Address)
	}
	objects, err := p.store.list(ctx, false)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", p.Address, err)
	}
	series, err := p.seriesOf(ctx, a.Plan, objects)
	if err != nil {
		return nil, err
	}
	if n, ok := parseName(a.Name); ok && !slices.ContainsFunc(series, func(b stored) bool { return b.name == a.Name }) {
		series = append(series, stored{a.Name, n})
	}
	slices.SortFunc(series, func(a, b stored) int { return a.compare(b.bundleName) })
	kept := keptBy(keep, series)
	var fates []Fate
	for _, b := range series {
		f := Fate{b.name, kept[b.name]}
		if f.Kept == "" && slices.ContainsFunc(objects, func(o object) bool { return o.name == b.name+HoldSuffix }) {
			f.Kept = "held by " + b.name + HoldSuffix
		}
		if f.Kept == "" {
			if f.Kept, err = p.store.held(ctx, b.name, now); err != nil {
				return nil, fmt.Errorf("%s: %w; nothing was deleted", p.address(b.name), err)
			}
		}
		fates = append(fates, f)
	}
	return fates, nil
}

// Prune removes the bundles of the plan that the rules do not keep and nothing
// holds, the oldest first, and returns what Decide said. The archive has to be at
// the place already.
func (p *Place) Prune(ctx context.Context, a Archive, keep schema.KeepRules, now time.Time) ([]Fate, error) {
	switch there, err := p.Has(ctx, a.Name); {
	case err != nil:
		return nil, err
	case !there:
		return nil, fmt.Errorf("%s is not there, so nothing is superseded by it", p.address(a.Name))
	}
	fates, err := p.Decide(ctx, a, keep, now)
	if err != nil {
		return nil, err
	}
	for _, f := range slices.Backward(fates) {
		if f.Kept != "" {
			continue
		}
		if err := p.store.remove(ctx, f.Name); err != nil && !errors.Is(err, fs.ErrNotExist) {
			return nil, fmt.Errorf("delete %s: %w", p.address(f.Name), err)
		}
	}
	return fates, nil
}

// A stored bundle is an object that is one of a plan's.
type stored struct {
	name string
	bundleName
}

// seriesOf returns the bundles of one plan, in no order.
func (p *Place) seriesOf(ctx context.Context, plan string, objects []object) ([]stored, error) {
	var series []stored
	for _, o := range objects {
		n, ok := parseName(o.name)
		if !ok || n.plan != plan {
			continue
		}
		ours, err := p.isBundle(ctx, o, n)
		if err != nil {
			return nil, fmt.Errorf("look into %s: %w; nothing was deleted", p.address(o.name), err)
		}
		if ours {
			series = append(series, stored{o.name, n})
		}
	}
	return series, nil
}

// keptBy says which rule keeps which bundle: the newest of each of the last so many
// days, weeks, months, quarters and years that have one. The clock has no part in it, so that a
// job that stood still for a year deletes nothing for that. The last bundle stays always.
func keptBy(keep schema.KeepRules, series []stored) map[string]string {
	kept := map[string]string{}
	if len(series) > 0 {
		kept[series[0].name] = "the last"
	}
	for _, rule := range rules(keep) {
		seen, last := 0, ""
		for _, b := range series {
			period := rule.period(b.date)
			if period == last {
				continue
			}
			if last = period; seen == rule.count {
				break
			}
			seen++
			if kept[b.name] == "" {
				kept[b.name] = rule.name + " " + period
			}
		}
	}
	return kept
}

type rule struct {
	name   string
	count  int
	period func(time.Time) string
}

func rules(k schema.KeepRules) []rule {
	return []rule{
		{"daily", k.Daily, func(t time.Time) string { return t.Format(time.DateOnly) }},
		{"weekly", k.Weekly, func(t time.Time) string { y, w := t.ISOWeek(); return fmt.Sprintf("%d-W%02d", y, w) }},
		{"monthly", k.Monthly, func(t time.Time) string { return t.Format("2006-01") }},
		{"quarterly", k.Quarterly, func(t time.Time) string { return fmt.Sprintf("%d-Q%d", t.Year(), (t.Month()+2)/3) }},
		{"yearly", k.Yearly, func(t time.Time) string { return t.Format("2006") }},
	}
}
