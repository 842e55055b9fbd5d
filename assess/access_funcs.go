package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// accessFuncs decides the checks of the area Access, and those of other areas
// that ask who may do something.
var accessFuncs = map[string]Func{
	"mastersGranted":       mastersGranted,
	"wildcardRoles":        wildcardRoles,
	"staleBindings":        staleBindings,
	"extendedRoles":        extendedRoles,
	"userSubjects":         userSubjects,
	"awsIdentityMappings":  awsIdentityMappings,
	"bootstrapTokens":      bootstrapTokens,
	"breakGlassBindings":   breakGlassBindings,
	"defaultAccountTokens": defaultAccountTokens,
	"longLivedTokens":      longLivedTokens,
	"cloudIdentities":      cloudIdentities,
	"deployerRights":       deployerRights,
	"tenancyLimits":        tenancyLimits,
	"runnerPods":           runnerPods,
	"apiServerFlags":       apiServerFlags,
	"secretAccess":         secretAccess,
	"productionWriters":    productionWriters,
}

// holderOf names who holds a grant, without the path to it.
func holderOf(g *schema.AccessGrant) schema.Subject {
	return schema.Subject{Cluster: g.Cluster, Kind: g.SubjectKind, Namespace: g.SubjectNamespace, Name: g.SubjectName}
}

// coversProduction reports whether rights within a scope reach a production namespace.
func (p *Pass) coversProduction(scope string) bool {
	if scope != rbac.ClusterWide {
		return p.Facts.Production(p.Cluster.Name, scope)
	}
	return slices.ContainsFunc(p.Evidence.Namespaces, func(n schema.Namespace) bool {
		return p.Facts.Production(p.Cluster.Name, n.Name)
	})
}

// breakGlass reports whether the plan registers the binding for emergencies with this subject.
func (p *Pass) breakGlass(g *schema.AccessGrant) bool {
	return slices.ContainsFunc(p.Facts.Plan.Access.BreakGlass, func(b schema.BreakGlass) bool {
		return (b.Cluster == "" || b.Cluster == g.Cluster) && g.BindingKind == "ClusterRoleBinding" && b.Binding == g.Binding &&
			slices.Contains(b.Subjects, g.SubjectName)
	})
}

// place says where rights hold, in words.
func place(scope string) string {
	if scope == rbac.ClusterWide {
		return "the whole cluster"
	}
	return "namespace " + scope
}

// listed joins the first items of a list and counts the others.
func listed(items []string, most int) string {
	items = slices.Compact(slices.Sorted(slices.Values(items)))
	if len(items) > most {
		return fmt.Sprintf("%s and %d more", strings.Join(items[:most], ", "), len(items)-most)
	}
	return strings.Join(items, ", ")
}

// namesShown is how many names a message lists before it counts the rest.
const namesShown = 5
