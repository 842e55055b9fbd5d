package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// answers says, for each cluster, how the questions behind the populations were answered.
type answers map[string]map[string][]schema.Query // by source and resource

func newAnswers(queries []schema.Query) answers {
	a := answers{}
	for _, q := range queries {
		if a[q.Source] == nil {
			a[q.Source] = map[string][]schema.Query{}
		}
		a[q.Source][q.Resource] = append(a[q.Source][q.Resource], q)
	}
	return a
}

// gap says why a population of a cluster is not complete; empty when it is. A
// resource that was never asked for is a gap, for nobody knows what there is of it.
func (a answers) gap(cluster, population string) string {
	if reason := a.unmade(cluster, population); reason != "" {
		return reason
	}
	for _, resource := range resourcesOf(population) {
		asked := a[cluster][resource]
		if len(asked) == 0 {
			return fmt.Sprintf("%s of %s were not asked for", resource, cluster)
		}
		if i := slices.IndexFunc(asked, schema.Query.Gap); i >= 0 {
			return describeGap(asked[i])
		}
	}
	return ""
}

// unmade says that the rows of a population, or of one that it is derived from, were
// not made of what a source answered; empty when they were.
func (a answers) unmade(source, population string) string {
	p, _ := schema.PopulationNamed(population)
	for _, q := range a[source][schema.PopulationFile] {
		if q.Target == p.Path() {
			return fmt.Sprintf("%s of %s: %s", population, source, q.Reason)
		}
	}
	for _, from := range p.From {
		if reason := a.unmade(source, from); reason != "" {
			return reason
		}
	}
	return ""
}

// unmadeAnywhere is unmade for several populations and whatever source.
func (a answers) unmadeAnywhere(populations []string) string {
	for _, source := range sortedKeys(a) {
		for _, p := range populations {
			if reason := a.unmade(source, p); reason != "" {
				return reason
			}
		}
	}
	return ""
}

func describeGap(q schema.Query) string {
	s := fmt.Sprintf("%s of %s: %s", q.Resource, q.Source, q.Outcome)
	if q.Reason != "" {
		s += " (" + q.Reason + ")"
	}
	return s
}

// absent reports whether a cluster serves none of the resources of a population.
func (a answers) absent(cluster, population string) bool {
	resources := resourcesOf(population)
	for _, r := range resources {
		asked := a[cluster][r]
		if len(asked) == 0 || slices.ContainsFunc(asked, func(q schema.Query) bool { return q.Outcome != schema.Absent }) {
			return false
		}
	}
	return len(resources) > 0
}

// complete reports whether no cluster has a gap in a population, no forge that was
// asked for it, and no file of another tool that may be about it.
func (a answers) complete(clusters []string, population string) bool {
	p, _ := schema.PopulationNamed(population)
	switch p.Origin {
	case schema.OriginForge:
		asked := a.everywhere(p.Resources)
		return len(asked) > 0 && !slices.ContainsFunc(asked, schema.Query.Gap) && a.unmadeAnywhere([]string{population}) == ""
	case schema.OriginImport:
		asked := a.everywhere(slices.Concat(p.Resources, []string{schema.ImportedFiles}))
		return !slices.ContainsFunc(asked, schema.Query.Gap) && a.unmadeAnywhere([]string{population}) == ""
	}
	return !slices.ContainsFunc(clusters, func(c string) bool { return a.gap(c, population) != "" })
}

// everywhere returns the questions for some resources, whoever was asked.
func (a answers) everywhere(resources []string) []schema.Query {
	var out []schema.Query
	for _, asked := range a {
		for _, r := range resources {
			out = append(out, asked[r]...)
		}
	}
	return out
}

// resourcesOf returns the resources that a population is made of, sorted.
func resourcesOf(population string) []string {
	p, _ := schema.PopulationNamed(population)
	return p.AllResources()
}

// absentReason says that a cluster does not have what a check is about.
func absentReason(cluster, population string) string {
	return fmt.Sprintf("%s serves no %s", cluster, strings.Join(resourcesOf(population), ", "))
}
