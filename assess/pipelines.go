package assess

import (
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// pipelineFuncs decides the checks of forges that join or count rows.
var pipelineFuncs = map[string]Func{
	"pipelineKeys":          pipelineKeys,
	"pipelineCredentials":   pipelineCredentials,
	"mergeRequestRules":     mergeRequestRules,
	"overdueAlerts":         overdueAlerts,
	"secretScanning":        secretScanning,
	"reviewedEnvironments":  reviewedEnvironments,
	"protectedEnvironments": protectedEnvironments,
}

// forge returns what the plan says of the forge of a pass; its defaults where the
// plan does not have it.
func (p *Pass) forge() schema.PlanForge { return p.Facts.forge(p.Cluster.Name) }

func (f *Facts) forge(name string) schema.PlanForge {
	i := slices.IndexFunc(f.Plan.Forges, func(f schema.PlanForge) bool { return f.Name == name })
	if i < 0 {
		return schema.PlanForge{Name: name}
	}
	return f.Plan.Forges[i]
}

// offered reports whether a forge has a resource at all for a repository.
func (p *Pass) offered(resource, repository string) bool {
	return !slices.ContainsFunc(p.Snapshot.Queries, func(q schema.Query) bool {
		return q.Source == p.Cluster.Name && q.Resource == resource && q.Repository == repository && q.Outcome == schema.Absent
	})
}

// others counts the names that are not that of the author.
func others(names []string, author string) int {
	n := 0
	for _, name := range names {
		if name != author {
			n++
		}
	}
	return n
}
