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
// did not answer is not collected; the others are judged all the same.
func (a *assessment) runForges(ctx context.Context, v *verdict) error {
	if len(a.forges) == 0 {
		v.conclude(schema.ResultNotCollected, "no pipeline source in the plan")
	}
	for _, forge := range a.forges {
		seen, gaps := a.answers.repositories(forge, populationsOf(v.check.Check))
		for _, reason := range gaps {
			v.conclude(schema.ResultNotCollected, reason)
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

// repositories returns those of a forge that answered everything that populations
// need, and why others did not. They are the ones that the first population was
// asked for; what else is needed may have been asked of the organization above.
func (a answers) repositories(forge string, populations []string) (seen map[string]bool, gaps []string) {
	seen = map[string]bool{}
	if whole := a[forge][wholeSource]; len(whole) > 0 {
		return seen, []string{describeGap(whole[0])}
	}
	resources := forgeResources(populations)
	var names []string
	for _, q := range a[forge][resources[0]] {
		names = append(names, q.Repository)
	}
	slices.Sort(names)
	for _, name := range slices.Compact(names) {
		if reason := a.repositoryGap(forge, name, resources); reason != "" {
			gaps = append(gaps, reason)
			continue
		}
		seen[name] = true
	}
	if len(names) == 0 {
		gaps = append(gaps, fmt.Sprintf("%s of %s were not asked for", resources[0], forge))
	}
	return seen, gaps
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
// always, and those of forges and audit logs where the plan has such a source.
func (a *assessment) concerns(p schema.Population) bool {
	switch p.Origin {
	case schema.OriginForge:
		return len(a.forges) > 0
	case schema.OriginAuditLog:
		return a.logged()
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
