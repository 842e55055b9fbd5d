package rbac

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// An atom is the smallest right that a rule consists of: one verb on one resource
// of one group, of one name or of all, or one verb on one URL.
type atom struct{ verb, group, resource, name, url string }

func atoms(r schema.Rule) []atom {
	names := r.ResourceNames
	if len(names) == 0 {
		names = []string{""}
	}
	var out []atom
	for _, verb := range r.Verbs {
		for _, group := range r.APIGroups {
			for _, resource := range r.Resources {
				for _, name := range names {
					out = append(out, atom{verb, group, resource, name, ""})
				}
			}
		}
		for _, url := range r.NonResourceURLs {
			out = append(out, atom{verb: verb, url: url})
		}
	}
	return out
}

// coveredBy reports whether one of the rules gives the atom. A wildcard in the
// atom is given only by a wildcard, because it means what does not exist yet too.
func (a atom) coveredBy(rules []schema.Rule) bool {
	return slices.ContainsFunc(rules, func(r schema.Rule) bool {
		if a.url != "" {
			return has(r.Verbs, a.verb) && matchesURL(r.NonResourceURLs, a.url)
		}
		return matches(&r, a.verb, a.group, a.resource) &&
			(len(r.ResourceNames) == 0 || slices.Contains(r.ResourceNames, a.name))
	})
}

// split parts rules into what the allowed rules cover and what they do not.
func split(rules, allowed []schema.Rule) (covered, rest []schema.Rule) {
	for _, r := range rules {
		var in, out []atom
		for _, a := range atoms(r) {
			if a.coveredBy(allowed) {
				in = append(in, a)
			} else {
				out = append(out, a)
			}
		}
		switch {
		case len(out) == 0:
			covered = append(covered, r)
		case len(in) == 0:
			rest = append(rest, r)
		default:
			covered = append(covered, join(in)...)
			rest = append(rest, join(out)...)
		}
	}
	return covered, rest
}

// join writes atoms as rules again, one for each resource or URL with the verbs
// that it has, sorted.
func join(list []atom) []schema.Rule {
	verbs := map[atom][]string{}
	var keys []atom
	for _, a := range list {
		key := a
		key.verb = ""
		if _, ok := verbs[key]; !ok {
			keys = append(keys, key)
		}
		verbs[key] = append(verbs[key], a.verb)
	}
	slices.SortFunc(keys, func(x, y atom) int {
		return cmp.Or(strings.Compare(x.group, y.group), strings.Compare(x.resource, y.resource),
			strings.Compare(x.name, y.name), strings.Compare(x.url, y.url))
	})
	var rules []schema.Rule
	for _, k := range keys {
		r := schema.Rule{Verbs: verbs[k]}
		slices.Sort(r.Verbs)
		if k.url != "" {
			r.NonResourceURLs = []string{k.url}
		} else {
			r.APIGroups, r.Resources = []string{k.group}, []string{k.resource}
			if k.name != "" {
				r.ResourceNames = []string{k.name}
			}
		}
		rules = append(rules, r)
	}
	return rules
}
