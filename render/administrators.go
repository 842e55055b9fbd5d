package render

import (
	"cmp"
	"fmt"
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
			{Title: "Effective administrator", Width: 52}, {Title: "Who", Width: 24}, {Title: "Cluster", Width: 18}, {Title: "Binding → role with all rights", Width: 42},
			{Title: "Approval", Width: 17, Kind: StatusCell}, {Title: "Since", Width: 17}, {Title: "Last review", Width: 17},
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
		t.Rows = append(t.Rows, []Text{{Value: holder(g).Value, Bold: true}, {Value: kindOfHolder(g)}, {Value: g.Cluster}, plain(grantPath(g)), approval, date(g.Since), lastReview(g)})
	}
	for _, s := range b.r.Sources {
		t.Rows = append(b.mappedAdministrators(s.Name), t.Rows...)
	}
	var beside []string
	if n := b.openOf("ACC-02.k2"); n > 0 {
		beside = append(beside, count(n, "path leads to a subject", "paths lead to a subject")+" that can give itself more rights (findings of ACC-02.k2).")
	}
	if builtIn > 0 {
		beside = append(beside, fmt.Sprintf("%s proven to be Kubernetes' own and left out; they are on %s.", count(builtIn, "grant is", "grants are"), sheet("Access grants")))
	}
	blocks := append(b.shown(t, administratorRows, "accessGrants"), b.emergencyUses())
	if len(beside) > 0 {
		blocks = append(blocks, small("Beside these: %s", strings.Join(beside, " ")))
	}
	return blocks
}

// lastReview says when an access review decided about a grant, and that it was to go.
func lastReview(g schema.AccessGrant) Text {
	switch {
	case g.ReviewedOn.IsZero():
		return Text{Value: "never", Tone: Bad}
	case g.Reviewed == schema.Revoke:
		return Text{Value: g.ReviewedOn.String(), Note: "to be revoked", Tone: Bad}
	}
	return date(g.ReviewedOn)
}

// emergencyUses says how often break-glass access was used in the period, as far as
// an audit log shows it, and which record speaks of it.
func (b *builder) emergencyUses() Block {
	requests := 0
	var users []string
	for _, a := range b.s.Evidence.AuditActions {
		if slices.Contains(a.Classes, schema.AuditBreakGlass) {
			requests += a.Allowed
			if !slices.Contains(users, a.User) {
				users = append(users, a.User)
			}
		}
	}
	line := "Break-glass uses: "
	switch {
	case len(b.s.Evidence.AuditLogs) == 0:
		line += "no audit log was read, so that none can be counted"
	case len(b.incomplete("auditActions")) > 0:
		line += "at least " + count(requests, "request", "requests") + " in the audit logs, which do not cover every cluster"
	case requests == 0:
		line += "none in the audit logs"
	default:
		line += count(requests, "request", "requests") + " of " + list(users, 3) + " in the audit logs"
	}
	var records []string
	for _, d := range b.r.Documents {
		if slices.Contains(d.Checks, emergencyRecord) {
			records = append(records, fmt.Sprintf("%q (%s)", d.Title, documentState(d).Value))
		}
	}
	if len(records) > 0 {
		line += "; on record: " + list(records, 2)
	}
	p := small("%s.", line)
	if _, ok := b.control["ACC-05"]; ok {
		p.Text.Link = "ACC-05"
	}
	return p
}

// emergencyRecord is the check of the record of uses and tests of break-glass access.
const emergencyRecord = "ACC-05.d2"

// mappedAdministrators are the cloud identities that aws-auth puts into the group
// that no binding can take rights from. They bypass RBAC, so no grant shows them.
func (b *builder) mappedAdministrators(cluster string) [][]Text {
	var rows [][]Text
	for _, m := range b.s.Evidence.IdentityMappings {
		if m.Cluster == cluster && slices.Contains(m.Groups, "system:masters") {
			rows = append(rows, []Text{
				{Value: m.ARN, Bold: true}, {Value: "cloud identity"}, {Value: m.Cluster}, plain("aws-auth " + m.Section + " → system:masters"),
				{Value: "none", Tone: Bad}, plain(""), lastReview(schema.AccessGrant{}),
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

// grantPath spells out by which binding and role of the whole cluster a holder, who stands beside it, has rights.
func grantPath(g schema.AccessGrant) string {
	path := g.Binding + " → " + g.Role
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
		return "automation"
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
