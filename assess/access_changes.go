package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// before returns the access grants of the cluster in the previous bundle, under
// the cluster's name of today, or says why they are not known.
func (p *Pass) before() ([]schema.AccessGrant, string) {
	previous := p.Inputs.Previous
	if previous == nil {
		return nil, "the plan names no previous bundle"
	}
	name, ok := sameCluster(previous.Sources, p.Cluster.Name, p.Facts.ClusterUID(p.Cluster.Name))
	if !ok {
		return nil, fmt.Sprintf("%s does not have the cluster %s", bundleOf(previous), p.Cluster.Name)
	}
	if gap := newAnswers(previous.Queries).gap(name, "accessGrants"); gap != "" {
		return nil, fmt.Sprintf("in %s: %s", bundleOf(previous), gap)
	}
	var out []schema.AccessGrant
	for _, g := range previous.Grants {
		if g.Cluster == name {
			g.Cluster = p.Cluster.Name
			out = append(out, g)
		}
	}
	return out, ""
}

// sameCluster finds the name that a cluster had among earlier sources: by its UID,
// or by its name where one of the two UIDs is not known.
func sameCluster(sources []schema.ClaimedSource, name, uid string) (string, bool) {
	for _, s := range sources {
		if uid != "" && s.UID == uid {
			return s.Name, true
		}
	}
	named := slices.ContainsFunc(sources, func(s schema.ClaimedSource) bool { return s.Name == name && (s.UID == "" || uid == "") })
	return name, named
}

// bundleOf names the previous bundle in a sentence.
func bundleOf(previous *schema.PreviousFacts) string {
	return "the bundle of " + schema.DateOf(previous.AsOf).String()
}

// newRights decides ACC-04.k2: one outcome for each privileged right of now or of
// the previous bundle, and a sum for the cluster when there are new ones. Bindings
// are not traced to merged changes of a forge, so none of these has a linked change.
func newRights(p *Pass) ([]Outcome, error) {
	grants, unknown := p.before()
	if unknown != "" {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: unknown}}, nil
	}
	d := compareRights(grants, p.Derived.AccessGrants)
	since := bundleOf(p.Inputs.Previous)
	out := slices.Clone(d.rest)
	for _, c := range d.gained {
		o := Outcome{Subject: c.grant.Subject(), Result: schema.ResultNeedsReview,
			Message: fmt.Sprintf("%s: not in %s, and no merged change is linked to it.", c.grant.Path, since)}
		if c.was != nil {
			o.Message = fmt.Sprintf("%s, which gives more than in %s: %s. No merged change is linked to it.", c.grant.Path, since, listed(c.more, namesShown))
		}
		out = append(out, o)
	}
	if len(d.gained) == 0 {
		return out, nil
	}
	n := fmt.Sprint(len(d.gained))
	message, err := fill(p.Check.Message, map[string]string{"n": n, "m": n, "prev_bundle": since})
	if err != nil {
		return nil, err
	}
	return append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview, Message: message + d.lost()}), nil
}

// A rightsDiff is how the privileged rights of a cluster changed.
type rightsDiff struct {
	// gained are the rights that are new, or give more than before.
	gained []gainedRight
	// removed and reduced name rights that are gone, or give less.
	removed, reduced []string
	// rest has a pass for each privileged right that gives no more than before.
	rest []Outcome
}

type gainedRight struct {
	grant *schema.AccessGrant
	// was is the right as it was before; nil for a new one.
	was *schema.AccessGrant
	// more are the powers that were not there before.
	more []string
}

// lost says which rights are gone or give less; empty when there are none.
func (d *rightsDiff) lost() string {
	var out string
	if len(d.removed) > 0 {
		out += fmt.Sprintf(" Removed: %s.", listed(d.removed, namesShown))
	}
	if len(d.reduced) > 0 {
		out += fmt.Sprintf(" With fewer rights: %s.", listed(d.reduced, namesShown))
	}
	return out
}

// compareRights holds the grants of a cluster against its earlier ones.
func compareRights(before, now []schema.AccessGrant) rightsDiff {
	earlier := map[schema.Subject]*schema.AccessGrant{}
	for i := range before {
		earlier[before[i].Subject()] = &before[i]
	}
	var d rightsDiff
	for i := range now {
		g := &now[i]
		was := earlier[g.Subject()]
		delete(earlier, g.Subject())
		d.add(was, g)
	}
	for i := range before {
		if g := &before[i]; earlier[g.Subject()] == g {
			d.add(g, nil)
		}
	}
	return d
}

// add sorts one right in by what it was and what it is. Either may be nil.
func (d *rightsDiff) add(was, is *schema.AccessGrant) {
	old, current := powersOf(was), powersOf(is)
	if len(old)+len(current) == 0 {
		return
	}
	g := is
	if g == nil {
		g = was
	}
	more, fewer := without(current, old), without(old, current)
	switch {
	case len(more) > 0:
		d.gained = append(d.gained, gainedRight{is, was, more})
		return
	case len(current) == 0:
		d.removed = append(d.removed, grantedBy(g))
	case len(fewer) > 0:
		d.reduced = append(d.reduced, grantedBy(g))
	}
	d.rest = append(d.rest, Outcome{Subject: g.Subject(), Result: schema.ResultPass})
}

// A power is one thing that a grant allows within its scope.
type power struct {
	verb, resource string
	// name of the only object for which it holds; empty for all.
	name string
}

var everyRight = power{verb: "*", resource: "*"}

func (w power) String() string {
	switch {
	case w == everyRight:
		return "every right"
	case w.name != "":
		return fmt.Sprintf("%s %s %s", w.verb, w.resource, w.name)
	}
	return w.verb + " " + w.resource
}

func (w power) covers(other power) bool {
	return w == everyRight || w.verb == other.verb && w.resource == other.resource && (w.name == "" || w.name == other.name)
}

// powersOf lists what makes a grant privileged; none for a grant that is not, or is nil.
func powersOf(g *schema.AccessGrant) []power {
	switch {
	case g == nil || !privileged(g):
		return nil
	case g.AdminEquivalent:
		return []power{everyRight}
	}
	var out []power
	for _, e := range g.Escalations {
		out = append(out, powersIn(e)...)
	}
	for _, verb := range g.ReadsSecrets {
		out = append(out, power{verb: verb, resource: "secrets"})
	}
	if g.WritesWorkloads {
		out = append(out, power{verb: "change", resource: "workloads"})
	}
	return out
}

// powersIn takes an entry of Escalations apart, such as "create/patch deployments,
// jobs" or "bind clusterroles (only view)".
func powersIn(escalation string) []power {
	verbs, rest, _ := strings.Cut(escalation, " ")
	resources, only, _ := strings.Cut(rest, " (only ")
	var out []power
	for _, verb := range strings.Split(verbs, "/") {
		for _, resource := range strings.Split(resources, ", ") {
			for _, name := range strings.Split(strings.TrimSuffix(only, ")"), ", ") {
				out = append(out, power{verb, resource, name})
			}
		}
	}
	return out
}

// without returns those of a that b does not cover, in words.
func without(a, b []power) []string {
	var out []string
	for _, w := range a {
		if !slices.ContainsFunc(b, func(o power) bool { return o.covers(w) }) {
			out = append(out, w.String())
		}
	}
	return out
}
