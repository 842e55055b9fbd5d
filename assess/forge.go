package assess

import (
	"context"
	"fmt"
	"maps"
	"reflect"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// forgeNames returns the forges of the plan and the snapshot, sorted.
func forgeNames(snap *schema.Snapshot, in *schema.Inputs) []string {
	names := map[string]bool{}
	for _, s := range snap.Sources {
		if s.Kind == schema.SourceForge {
			names[s.Name] = true
		}
	}
	for _, f := range in.Plan.Spec.Forges {
		names[f.Name] = true
	}
	return slices.Sorted(maps.Keys(names))
}

// runForges runs a check over the repositories of every forge. What one repository
// did not answer is not collected, and what it does not offer does not apply; the
// others are judged all the same.
func (a *assessment) runForges(ctx context.Context, v *verdict) error {
	if len(a.forges) == 0 {
		v.conclude(schema.ResultNotCollected, schema.NoPipelineSource)
	}
	for _, forge := range a.forges {
		seen, gaps, absent := a.answers.repositories(forge, populationsOf(v.check.Check))
		for _, reason := range gaps {
			v.conclude(schema.ResultNotCollected, reason)
		}
		for _, reason := range absent {
			v.conclude(schema.ResultNotApplicable, reason)
		}
		if len(seen) == 0 {
			continue
		}
		p := a.pass(v.check, forge)
		p.Cluster = schema.Cluster{Name: forge}
		p.Evidence = ofRepositories(p.Evidence, seen)
		var err error
		if v.check.by == ByGo {
			err = a.runFunc(v, p)
		} else {
			err = a.runRules(ctx, v, p.Evidence, p.Derived, forge)
		}
		if err != nil {
			return fmt.Errorf("forge %s: %w", forge, err)
		}
	}
	return nil
}

// repositories returns those of a forge that answered what populations need, and
// why others did not, or do not offer the first population at all. They are the ones
// that the first population was asked for; what else is needed may have been asked
// of the organization above. A list that was cut off is a gap, and what was read of
// it is judged, for what is wrong there is wrong whatever follows.
func (a answers) repositories(forge string, populations []string) (seen map[string]bool, gaps, absent []string) {
	seen = map[string]bool{}
	if whole := a[forge][wholeSource]; len(whole) > 0 {
		return seen, []string{describeGap(whole[0])}, nil
	}
	resources := forgeResources(populations)
	asked := map[string]schema.Query{}
	for _, q := range a[forge][resources[0]] {
		if old, ok := asked[q.Repository]; !ok || !old.Gap() {
			asked[q.Repository] = q
		}
	}
	for _, name := range sortedKeys(asked) {
		q, needs := asked[name], a.repositoryGap(forge, name, resources[1:])
		q.Source = name
		switch {
		case q.Outcome == schema.Absent:
			absent = append(absent, describeGap(q))
			continue
		case q.Gap():
			gaps = append(gaps, describeGap(q))
		case needs != "":
			gaps = append(gaps, needs)
		}
		if needs == "" && (!q.Gap() || q.Outcome == schema.Truncated && isList(q.Resource)) {
			seen[name] = true
		}
	}
	if len(asked) == 0 {
		gaps = append(gaps, fmt.Sprintf("%s of %s were not asked for", resources[0], forge))
	}
	return seen, gaps, absent
}

// isList reports whether each row of a resource is complete by itself. The settings
// of a repository and the rules of its branch are one row of several answers.
func isList(resource string) bool {
	return resource != schema.Repositories && resource != schema.BranchRules
}

// forgeResources returns the resources of populations that forges are asked for, in their order.
func forgeResources(populations []string) []string {
	var out []string
	for _, name := range populations {
		if p, _ := schema.PopulationNamed(name); p.Origin == schema.OriginForge {
			out = append(out, p.Resources...)
		}
	}
	return out
}

// repositoryGap says what a repository did not answer of some resources; empty when it answered all.
func (a answers) repositoryGap(forge, repository string, resources []string) string {
	for _, r := range resources {
		asked := false
		for _, q := range a[forge][r] {
			if q.Repository != repository && !strings.HasPrefix(repository, q.Repository+"/") {
				continue
			}
			if q.Gap() {
				q.Source = q.Repository
				return describeGap(q)
			}
			asked = true
		}
		if !asked {
			return fmt.Sprintf("%s of %s were not asked for", r, repository)
		}
	}
	return ""
}

// concerns reports whether a population is part of the report: those of clusters
// always, those of forges, audit logs and registries where the plan has such a source,
// and those of other tools where a file is about them.
func (a *assessment) concerns(p schema.Population) bool {
	switch p.Origin {
	case schema.OriginForge:
		return len(a.forges) > 0
	case schema.OriginAuditLog:
		return a.logged()
	case schema.OriginRegistry:
		return a.given(p.Resources...)
	case schema.OriginImport:
		return a.given(p.Resources...) || slices.Contains(p.Resources, schema.ImportedFiles) && a.imported()
	default:
		return true
	}
}

// wholeSource is the resource of the query that says that a source was not read.
const wholeSource = "source"

// ofRepositories returns the rows that belong to some repositories, or to none. The
// evidence itself stays as it is.
func ofRepositories(e *schema.Evidence, seen map[string]bool) *schema.Evidence {
	out := *e
	v := reflect.ValueOf(&out).Elem()
	for i := range v.NumField() {
		table := v.Field(i)
		f, ok := table.Type().Elem().FieldByName("Repository")
		if !ok || !hasForge(table.Type().Elem()) {
			continue
		}
		kept := reflect.MakeSlice(table.Type(), 0, table.Len())
		for j := range table.Len() {
			if name := table.Index(j).FieldByIndex(f.Index).String(); name == "" || seen[name] {
				kept = reflect.Append(kept, table.Index(j))
			}
		}
		table.Set(kept)
	}
	return &out
}

// hasForge reports whether rows of a type come from a forge: containers have a
// repository too.
func hasForge(row reflect.Type) bool {
	_, ok := row.FieldByName("Forge")
	return ok
}
