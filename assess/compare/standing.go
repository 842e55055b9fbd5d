// Package compare says what changed between two bundles of one platform.
//
// Of takes from a report and its evidence what is compared; Changes compares two
// of these. What was not seen in one of them is said to be unknown, never to be
// unchanged, mended or gone.
package compare

import (
	"cmp"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Of returns how things stand in a report. The evidence may be empty: then there
// are no exposures, images and grants, and Incomplete says so.
func Of(r *schema.Report, e *schema.Evidence, grants []schema.AccessGrant) *schema.Standing {
	s := &schema.Standing{
		AsOf: r.AsOf, Plan: r.Plan.Name, Sources: []schema.ClaimedSource{}, Controls: []schema.ControlStanding{}, Decided: []string{}, Exceptions: []schema.ExceptionStanding{},
		Findings: findings(r), Incomplete: []string{}, Exposures: exposures(e), Images: images(e), Grants: Grants(grants),
	}
	for _, source := range r.Sources {
		s.Sources = append(s.Sources, schema.ClaimedSource{Name: source.Name, Kind: source.Kind, UID: source.UID, Collector: source.Collector.Username})
	}
	for _, c := range r.Controls {
		s.Controls = append(s.Controls, schema.ControlStanding{ID: c.ID, Title: c.Title, Status: c.Status, LastReview: c.LastReview, ReviewedBy: c.ReviewedBy})
	}
	for _, c := range r.Checks {
		if c.Result != schema.ResultNotCollected && c.Counts[schema.ResultNotCollected] == 0 {
			s.Decided = append(s.Decided, c.ID)
		}
	}
	for _, x := range r.Exceptions {
		s.Exceptions = append(s.Exceptions, schema.ExceptionStanding{ID: x.ID, State: x.State, ExpiresOn: x.ExpiresOn})
	}
	for _, p := range r.Populations {
		if !p.Complete {
			s.Incomplete = append(s.Incomplete, p.Name)
		}
	}
	return s
}

// findings carries the age of a finding on from the bundles before.
func findings(r *schema.Report) []schema.FindingStanding {
	since := map[string]schema.Date{}
	if r.Changes != nil {
		for _, f := range r.Changes.Ageing {
			since[f.ID] = f.Since
		}
	}
	out := make([]schema.FindingStanding, 0, len(r.Findings))
	for _, f := range r.Findings {
		s := schema.FindingStanding{ID: f.ID, Check: f.Check, Control: f.Control, Severity: f.Severity, State: state(f), Cluster: f.Subject.Cluster, Owner: f.Owner, Message: f.Message}
		if s.State == schema.FindingOpen {
			s.Since = schema.DateOf(r.AsOf)
			if before, ok := since[f.ID]; ok {
				s.Since = before
			}
		}
		out = append(out, s)
	}
	return out
}

func state(f schema.Finding) schema.FindingState {
	switch {
	case f.Exception != "" || f.Result == schema.ResultExcepted:
		return schema.FindingExcepted
	case f.Result == schema.ResultFail || f.Result == schema.ResultPartial:
		return schema.FindingOpen
	case f.Result == schema.ResultNotCollected:
		return schema.FindingUnseen
	default:
		return schema.FindingUndecided
	}
}

// Grants are the rights that somebody gave: those of Kubernetes' own roles to its
// own subjects change with its releases, and are left out.
func Grants(grants []schema.AccessGrant) []schema.Item {
	out := []schema.Item{}
	for _, g := range grants {
		if g.BuiltIn {
			continue
		}
		what := schema.Subject{Kind: g.SubjectKind, Namespace: g.SubjectNamespace, Name: g.SubjectName, Field: "by " + g.Subject().Field}.String()
		out = append(out, schema.Item{Cluster: g.Cluster, What: what, Detail: powers(g)})
	}
	return unique(out)
}

// powers sums up what a grant is good for.
func powers(g schema.AccessGrant) string {
	var out []string
	switch {
	case g.AdminEquivalent && g.Scope == "*":
		return "everything in the cluster"
	case g.AdminEquivalent:
		return "everything in " + g.Scope
	}
	if len(g.Escalations) > 0 {
		out = append(out, "can gain more rights")
	}
	if len(g.ReadsSecrets) > 0 {
		out = append(out, "reads secrets")
	}
	if g.CreatesPods {
		out = append(out, "creates pods")
	} else if g.Writes {
		out = append(out, "writes")
	}
	if len(out) == 0 {
		return "reads"
	}
	return strings.Join(out, ", ")
}

// exposures are services with an address or port outside, ingresses and gateways.
func exposures(e *schema.Evidence) []schema.Item {
	out := []schema.Item{}
	for _, s := range e.Services {
		if s.Type != "LoadBalancer" && s.Type != "NodePort" && len(s.ExternalIPs) == 0 {
			continue
		}
		detail := s.Type
		if s.InternalAnnotation {
			detail += ", internal"
		}
		if len(s.SourceRanges) > 0 {
			detail += " from " + strings.Join(s.SourceRanges, ", ")
		}
		out = append(out, schema.Item{Cluster: s.Cluster, What: s.Subject().String(), Detail: detail})
	}
	for _, i := range e.Ingresses {
		detail := "without TLS"
		if i.TLS || i.CloudTLS {
			detail = "with TLS"
		}
		out = append(out, schema.Item{Cluster: i.Cluster, What: i.Subject().String(), Detail: detail})
	}
	for _, g := range e.Gateways {
		out = append(out, schema.Item{Cluster: g.Cluster, What: g.Subject().String(), Detail: fmt.Sprintf("%s port %d for %s", g.Protocol, g.Port, g.Hostname)})
	}
	return unique(out)
}

// images are one a repository, with every version of it that runs.
func images(e *schema.Evidence) []schema.Item {
	type repository struct{ cluster, name string }
	versions := map[repository]map[string]bool{}
	for _, c := range e.Containers {
		at := repository{c.Cluster, c.Registry + "/" + c.Repository}
		if versions[at] == nil {
			versions[at] = map[string]bool{}
		}
		versions[at][version(c)] = true
	}
	out := []schema.Item{}
	for at, found := range versions {
		out = append(out, schema.Item{Cluster: at.cluster, What: at.name, Detail: strings.Join(slices.Sorted(maps.Keys(found)), ", ")})
	}
	return unique(out)
}

// version is the tag, and the digest shortened as container tools do.
func version(c schema.Container) string {
	const shown = len("sha256:") + 12
	digest := c.Digest
	if len(digest) > shown {
		digest = digest[:shown]
	}
	return strings.Trim(c.Tag+"@"+digest, "@")
}

// unique sorts items and joins the details of those with one name.
func unique(items []schema.Item) []schema.Item {
	slices.SortFunc(items, func(a, b schema.Item) int {
		return cmp.Or(strings.Compare(a.Cluster, b.Cluster), strings.Compare(a.What, b.What), strings.Compare(a.Detail, b.Detail))
	})
	out := items[:0]
	for _, item := range items {
		if n := len(out) - 1; n >= 0 && out[n].Cluster == item.Cluster && out[n].What == item.What {
			if out[n].Detail != item.Detail {
				out[n].Detail += "; " + item.Detail
			}
			continue
		}
		out = append(out, item)
	}
	return out
}
