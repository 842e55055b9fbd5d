package render

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// administratorRows is how many administrators the page shows.
const administratorRows = 12

// administrators lists who holds everything, cluster by cluster, and by which path.
// Those whom nobody approved come first.
func (b *builder) administrators() []Block {
	t := Table{
		Columns: []Column{
			{Title: "Effective administrator", Width: 58}, {Title: "Path to all rights over the whole cluster", Width: 84}, {Title: "Approval", Width: 17, Kind: StatusCell}, {Title: "Since", Width: 15},
		},
		Dense: true,
		Empty: "No administrator was found outside of Kubernetes' own.",
	}
	builtIn := 0
	for _, g := range b.r.Derived.AccessGrants {
		if g.AdminEquivalent && g.Scope == everywhere && g.BuiltIn {
			builtIn++
		}
	}
	for _, g := range b.clusterAdministrators() {
		approval := Text{Value: cmp.Or(g.Approval, "none"), Tone: Bad}
		if g.Approval == approved {
			approval.Tone = Good
		}
		t.Rows = append(t.Rows, []Text{holder(g), plain(grantPath(g)), approval, date(g.Since)})
	}
	for _, s := range b.r.Sources {
		t.Rows = append(b.mappedAdministrators(s.Name), t.Rows...)
	}
	blocks := b.shown(t, administratorRows, "accessGrants")
	if n := b.openOf("ACC-02.k2"); n > 0 {
		blocks = append(blocks, small("Beside these, %s that can give itself more rights: findings of ACC-02.k2.", count(n, "path leads to a subject", "paths lead to a subject")))
	}
	if builtIn > 0 {
		blocks = append(blocks, small("%s proven to be Kubernetes' own and left out here; they are on %s.",
			count(builtIn, "further grant is", "further grants are"), sheet("Access grants")))
	}
	return blocks
}

// mappedAdministrators are the cloud identities that aws-auth puts into the group
// that no binding can take rights from. They bypass RBAC, so no grant shows them.
func (b *builder) mappedAdministrators(cluster string) [][]Text {
	var rows [][]Text
	for _, m := range b.s.Evidence.IdentityMappings {
		if m.Cluster == cluster && slices.Contains(m.Groups, "system:masters") {
			rows = append(rows, []Text{
				{Value: m.ARN, Bold: true, Note: "cloud identity in " + m.Cluster}, plain("ConfigMap kube-system/aws-auth, " + m.Section + " → group system:masters"),
				{Value: "none", Tone: Bad}, plain(""),
			})
		}
	}
	return rows
}

// openOf counts the open findings of a check.
func (b *builder) openOf(check string) int {
	n := 0
	for _, f := range b.r.Findings {
		if f.Check == check && open(f) {
			n++
		}
	}
	return n
}

// clusterAdministrators are the grants of everything over a whole cluster that are not
// Kubernetes' own: those that nobody approved first, then those of people.
func (b *builder) clusterAdministrators() []schema.AccessGrant {
	var grants []schema.AccessGrant
	for _, g := range b.r.Derived.AccessGrants {
		if g.AdminEquivalent && g.Scope == everywhere && !g.BuiltIn {
			grants = append(grants, g)
		}
	}
	slices.SortStableFunc(grants, func(x, y schema.AccessGrant) int {
		return cmp.Or(compareTrue(x.Approval != approved, y.Approval != approved), compareTrue(x.Human, y.Human))
	})
	return grants
}

// Values of AccessGrant.
const (
	everywhere  = "*"
	approved    = "approved"
	roleMissing = "missing"
)

// grantPath spells out by which binding and role a holder, who stands beside it, has rights.
func grantPath(g schema.AccessGrant) string {
	path := g.BindingKind + " " + g.Binding + " → " + g.RoleKind + " " + g.Role
	if len(g.AggregatedFrom) > 0 {
		path += " → rules from " + list(g.AggregatedFrom, 4)
	}
	if g.RoleState == roleMissing {
		path += ", which does not exist"
	}
	if g.Added {
		path += ", beyond the default rights"
	}
	return path
}

// holder names who holds a grant.
func holder(g schema.AccessGrant) Text {
	return Text{Value: strings.TrimPrefix(g.SubjectNamespace+"/"+g.SubjectName, "/"), Bold: true, Note: kindOfHolder(g) + " in " + g.Cluster}
}

// kindOfHolder says whether a person, a group or a program holds a grant.
func kindOfHolder(g schema.AccessGrant) string {
	if g.SubjectKind == "ServiceAccount" || g.SubjectKind == "User" && !g.Human {
		return g.SubjectKind + " (automation)"
	}
	return g.SubjectKind
}

// compareTrue puts what is true first.
func compareTrue(x, y bool) int {
	switch {
	case x == y:
		return 0
	case x:
		return -1
	}
	return 1
}
