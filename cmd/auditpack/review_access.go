package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
)

// accessForms gives each privileged right to one reviewer, who does not hold it.
func accessForms(b *reviewedBundle, plan reviewPlan) ([]reviewerForm, error) {
	grants, err := b.grants()
	if err != nil {
		return nil, err
	}
	last := lastDecisions(b.inputs.Reviews)
	var forms []reviewerForm
	var own []string
	for i, right := range assess.ReviewableRights(grants) {
		r, ok, err := plan.reviewerOf(b, &right[0])
		if err != nil {
			return nil, err
		}
		if !ok {
			own = append(own, fmt.Sprintf("%s %s by %s", right[0].SubjectKind, right[0].SubjectName, right[0].Binding))
			continue
		}
		f := formOf(&forms, r, accessForm)
		f.rows = append(f.rows, right[0])
		f.form.Rows = append(f.form.Rows, accessRow(i+1, right, last[decisionKey(&right[0])]))
	}
	if len(own) > 0 {
		return nil, fmt.Errorf("nobody reviews rights of their own; name another reviewer with --reviewer for %s", strings.Join(own, ", "))
	}
	for i := range forms {
		f := &forms[i]
		f.form.Notes = []workbook.Pair{
			{Label: "Rights", Text: fmt.Sprintf("%d, from %s with SHA-256 %s", len(f.rows), accessGrants.Path(), b.verified.SHA256(accessGrants.Path()))},
			{Label: "How", Text: "Decide keep or revoke in each row. Ask who holds it today, what for, and whether less would do. The members of a group are in your identity provider."},
		}
		b.finish(f, "access", plan)
	}
	return byReviewer(forms), nil
}

func accessForm() *workbook.Form {
	return &workbook.Form{Title: "Which of these rights may stay?", Columns: slices.Concat([]workbook.Column{
		{Title: "Right", Width: 16}, {Title: "Holder", Width: 40}, {Title: "Cluster", Width: 14}, {Title: "Where", Width: 24}, {Title: "Gives", Width: 44},
		{Title: "Since", Width: 11}, {Title: "Last decision", Width: 26},
	}, answerColumns(string(schema.Keep), string(schema.Revoke)), []workbook.Column{
		{Title: "Role", Width: 34}, {Title: "Binding", Width: 34}, {Title: "Path", Width: 60},
	})}
}

func accessRow(number int, right []schema.AccessGrant, last string) []string {
	g := right[0]
	where := "namespace " + g.Scope
	if g.Scope == "*" {
		where = "the whole cluster"
	}
	holder := schema.Subject{Kind: g.SubjectKind, Namespace: g.SubjectNamespace, Name: g.SubjectName}
	return []string{
		fmt.Sprintf("right %04d", number), holder.String(), g.Cluster, where, gives(right), g.Since.String(), last, "", "",
		g.RoleKind + " " + g.Role, g.BindingKind + " " + g.Binding, g.Path,
	}
}

// gives says in words why a right is privileged.
func gives(right []schema.AccessGrant) string {
	var out []string
	add := func(text string) {
		if !slices.Contains(out, text) {
			out = append(out, text)
		}
	}
	if slices.ContainsFunc(right, func(g schema.AccessGrant) bool { return g.AdminEquivalent }) {
		return "everything"
	}
	for _, g := range right {
		for _, e := range g.Escalations {
			add(e)
		}
		if len(g.ReadsSecrets) > 0 {
			add("reads secrets")
		}
		if g.WritesWorkloads {
			add("changes workloads")
		}
	}
	return strings.Join(out, ", ")
}

// reviewerOf returns who reviews a right: the one who is named for its namespace,
// else for its cluster, else for everything, and who does not hold it. ok is false
// when all of them hold it.
func (p reviewPlan) reviewerOf(b *reviewedBundle, g *schema.AccessGrant) (_ reviewer, ok bool, err error) {
	var named [3][]reviewer // by how closely they are named
	for _, r := range p.reviewers {
		switch {
		case r.cluster == "":
			named[2] = append(named[2], r)
		case r.cluster == g.Cluster && r.namespace == "":
			named[1] = append(named[1], r)
		case r.cluster == g.Cluster && r.namespace == g.Scope:
			named[0] = append(named[0], r)
		}
	}
	if len(named[2]) == 0 {
		general, err := p.general(b, "ACC-04")
		switch {
		case err == nil:
			named[2] = append(named[2], general)
		case len(named[0])+len(named[1]) == 0:
			return reviewer{}, false, err
		}
	}
	for _, r := range slices.Concat(named[0], named[1], named[2]) {
		if !assess.HeldBy(g.SubjectKind, g.SubjectName, r.name, p.subjectsOf(r.name)) {
			return r, true, nil
		}
	}
	return reviewer{}, false, nil
}

// subjectsOf returns all names by which the clusters know a reviewer.
func (p reviewPlan) subjectsOf(name string) []string {
	var out []string
	for _, r := range p.reviewers {
		if samePerson(r.name, name) {
			out = append(out, r.subjects...)
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// decisionKey names a right in a cluster as decisions do.
func decisionKey(g *schema.AccessGrant) schema.Subject {
	whole := *g
	whole.Added = false
	return whole.Subject()
}

// lastDecisions says of each right what was decided last, and by whom.
func lastDecisions(reviews []schema.AccessReview) map[schema.Subject]string {
	out := map[schema.Subject]string{}
	on := map[schema.Subject]schema.Date{}
	for _, r := range reviews {
		for _, d := range r.Spec.Decisions {
			g := d.Grant(r.Spec.Cluster)
			if right := g.Subject(); !r.Spec.CompletedOn.Before(on[right]) {
				on[right] = r.Spec.CompletedOn
				out[right] = fmt.Sprintf("%s, %s by %s", d.Decision, r.Spec.CompletedOn, r.Spec.Reviewer)
			}
		}
	}
	return out
}

// accessDocuments makes one AccessReview of each cluster.
func accessDocuments(b *reviewedBundle, f reviewerForm, a decided) ([]reviewDocument, error) {
	by := map[string][]schema.ReviewDecision{}
	for i, row := range f.rows {
		g := row.(schema.AccessGrant)
		by[g.Cluster] = append(by[g.Cluster], schema.ReviewDecision{
			SubjectKind: g.SubjectKind, SubjectNamespace: g.SubjectNamespace, SubjectName: g.SubjectName, BindingKind: g.BindingKind, Binding: g.Binding,
			Scope: g.Scope, RoleKind: g.RoleKind, Role: g.Role, Decision: schema.Verdict(a.rows[i].verdict), Note: a.rows[i].note,
		})
	}
	var out []reviewDocument
	for _, cluster := range sortedKeys(by) {
		name := fileName("access", cluster, a.on.String(), f.reviewer.name)
		out = append(out, reviewDocument{name: name, decisions: len(by[cluster]), value: schema.AccessReview{
			TypeMeta: schema.TypeMeta{APIVersion: schema.APIVersion, Kind: schema.KindAccessReview},
			Metadata: schema.Metadata{Name: name},
			Spec: schema.AccessReviewSpec{
				Cluster: cluster, Period: schema.Period{From: schema.DateOf(b.report.Plan.From), To: schema.DateOf(b.report.Plan.To)},
				Reviewer: f.reviewer.name, ReviewerSubjects: a.plan.subjectsOf(f.reviewer.name), CompletedOn: a.on,
				Population: b.reviewed(accessGrants.Path()), Workbook: &a.workbook, Decisions: by[cluster],
			},
		}})
	}
	return out, nil
}
