package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// reviewFuncs decides the checks of ACC-04: what people decided about rights, and
// what became of it.
var reviewFuncs = map[string]Func{
	"accessReviewed": accessReviewed,
	"newRights":      newRights,
	"revokedRights":  revokedRights,
}

// privileged reports whether a grant is one that an access review has to decide
// on, and whose coming and going is reported.
func privileged(g *schema.AccessGrant) bool {
	return !g.BuiltIn && (g.AdminEquivalent || len(g.Escalations) > 0 || len(g.ReadsSecrets) > 0 || g.WritesWorkloads)
}

// rightOf names a grant as a reviewer does, who does not tell rules that were
// added to a default role from the others.
func rightOf(g *schema.AccessGrant) schema.Subject {
	whole := *g
	whole.Added = false
	return whole.Subject()
}

// grantedBy names a right in a list: who holds it, and by which binding.
func grantedBy(g *schema.AccessGrant) string {
	binding := g.Binding
	if g.Scope != rbac.ClusterWide {
		binding = g.Scope + "/" + g.Binding
	}
	return holderOf(g).String() + " by " + binding
}

// reviews returns the reviews of the cluster that were completed by the day of the
// snapshot, the newest first.
func (p *Pass) reviews() []schema.AccessReview {
	var out []schema.AccessReview
	for _, r := range p.Inputs.Reviews {
		if r.Spec.Cluster == p.Cluster.Name && !p.Facts.Today().Before(r.Spec.CompletedOn) {
			out = append(out, r)
		}
	}
	slices.SortStableFunc(out, func(a, b schema.AccessReview) int {
		return cmp.Or(b.Spec.CompletedOn.Time().Compare(a.Spec.CompletedOn.Time()), cmp.Compare(a.Metadata.Name, b.Metadata.Name))
	})
	return out
}

// A decision is the last that was decided about one right.
type decision struct {
	schema.ReviewDecision
	right schema.Subject
	on    schema.Date
}

// decisions returns the last decision about each right. A right that a later
// review keeps was given again since it was revoked.
func (p *Pass) decisions(reviews []schema.AccessReview) []decision {
	var out []decision
	seen := map[schema.Subject]bool{}
	for _, r := range reviews {
		for _, d := range r.Spec.Decisions {
			g := d.Grant(p.Cluster.Name)
			if right := g.Subject(); !seen[right] {
				seen[right] = true
				out = append(out, decision{d, right, r.Spec.CompletedOn})
			}
		}
	}
	return out
}

// revokedRights decides ACC-04.k1: each right that a review revoked is gone, also
// by way of a binding that nobody decided about.
func revokedRights(p *Pass) ([]Outcome, error) {
	reviews := p.reviews()
	if len(reviews) == 0 {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: fmt.Sprintf("the plan names no access review of %s that was completed by %s", p.Cluster.Name, p.Facts.Today())}}, nil
	}
	decisions := p.decisions(reviews)
	decided := map[schema.Subject]bool{}
	for _, d := range decisions {
		decided[d.right] = true
	}
	var out []Outcome
	for _, d := range decisions {
		if d.Decision != schema.Revoke {
			out = append(out, Outcome{Subject: d.right, Result: schema.ResultNotApplicable})
			continue
		}
		survivors := p.survivors(d, decided)
		if len(survivors) == 0 {
			out = append(out, Outcome{Subject: d.right, Result: schema.ResultPass})
		}
		out = append(out, survivors...)
	}
	return out, nil
}

// survivors returns a failure for each grant that gives its holder what the
// decision took away.
func (p *Pass) survivors(d decision, decided map[schema.Subject]bool) []Outcome {
	revoked := d.Grant(p.Cluster.Name)
	var out []Outcome
	for i := range p.Derived.AccessGrants {
		g := &p.Derived.AccessGrants[i]
		right := rightOf(g)
		another := !decided[right] && holderOf(g) == holderOf(&revoked) && g.RoleKind == d.RoleKind && g.Role == d.Role &&
			(g.Scope == d.Scope || g.Scope == rbac.ClusterWide)
		if right != d.right && !another {
			continue
		}
		out = append(out, Outcome{Subject: g.Subject(), Result: schema.ResultFail, Vars: map[string]string{
			"subject": holderOf(g).String(), "date": d.on.String(),
			"role": fmt.Sprintf("%s %s in %s, by %s %s", g.RoleKind, g.Role, place(g.Scope), g.BindingKind, g.Binding)}})
	}
	return out
}

// accessReviewed decides ACC-04.d1 for each cluster: by the AccessReviews of the
// plan where there is one, and by the records in the document register, which are
// to say in covers which clusters they are about.
func accessReviewed(p *Pass) ([]Outcome, error) {
	record := Outcome{Subject: p.Cluster.Subject()}
	record.Result, record.Message = p.Facts.covered(p.Check.ID, p.Cluster.Name)
	review, ok := p.newestReview()
	switch {
	case ok && isFinding(record.Result):
		return []Outcome{p.judgeReview(review), record}, nil
	case ok:
		return []Outcome{p.judgeReview(review)}, nil
	case record.Result == schema.ResultNotCollected:
		period := p.Facts.Plan.PeriodAsOf(p.Facts.AsOf)
		message, err := fill(p.Check.Message, map[string]string{
			"cluster": p.Cluster.Name, "period": fmt.Sprintf("the period from %s to %s", period.From, period.To.AddDays(-1))})
		if err != nil {
			return nil, err
		}
		record.Message = message
	}
	return []Outcome{record}, nil
}

// newestReview returns the newest review of the cluster with all its parts, the
// newest first: those that several reviewers decided on one list. One that claims
// to be younger than the snapshot is returned only when there is no other.
func (p *Pass) newestReview() ([]schema.AccessReview, bool) {
	past := p.reviews()
	if len(past) == 0 {
		i := slices.IndexFunc(p.Inputs.Reviews, func(r schema.AccessReview) bool { return r.Spec.Cluster == p.Cluster.Name })
		if i < 0 {
			return nil, false
		}
		return p.Inputs.Reviews[i : i+1], true
	}
	list := past[0].Spec.Population.SHA256
	parts := past[:1:1]
	for _, r := range past[1:] {
		if list != "" && r.Spec.Population.SHA256 == list {
			parts = append(parts, r)
		}
	}
	return parts, true
}

// judgeReview says whether a review is complete, independent and in time. It
// counts as long as a document that is registered for the check, from the day on
// which the first of its parts was completed.
func (p *Pass) judgeReview(parts []schema.AccessReview) Outcome {
	r := parts[0]
	o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: string(schema.KindAccessReview), Name: r.Metadata.Name}, Result: schema.ResultPass}
	first := parts[len(parts)-1].Spec.CompletedOn
	until := p.Facts.judge.until(schema.DocumentRecord{Type: schema.DocRecord, AsOf: first}, p.Check.ID)
	problems := p.reviewProblems(parts)
	switch {
	case len(problems) > 0:
		o.Result = schema.ResultFail
		o.Message = fmt.Sprintf("The access review %s of %s by %s is not complete: %s.", r.Metadata.Name, r.Spec.CompletedOn, reviewers(parts), strings.Join(problems, "; "))
	case freshness(until, p.Facts.Today()) == schema.Stale:
		o.Result = schema.ResultPartial
		o.Message = fmt.Sprintf("The access review %s of %s is out of date since %s.", r.Metadata.Name, first, until)
	}
	return o
}

func reviewers(parts []schema.AccessReview) string {
	var names []string
	for _, r := range parts {
		if !slices.Contains(names, r.Spec.Reviewer) {
			names = append(names, r.Spec.Reviewer)
		}
	}
	return strings.Join(names, ", ")
}

func (p *Pass) reviewProblems(parts []schema.AccessReview) []string {
	if p.Facts.Today().Before(parts[0].Spec.CompletedOn) {
		return []string{"it is dated after the snapshot"}
	}
	var out, own []string
	for _, r := range parts {
		for _, d := range r.Spec.Decisions {
			if HeldBy(d.SubjectKind, d.SubjectName, r.Spec.Reviewer, r.Spec.ReviewerSubjects) {
				g := d.Grant(p.Cluster.Name)
				own = append(own, grantedBy(&g))
			}
		}
	}
	if len(own) > 0 {
		out = append(out, "reviewers decided about rights of their own: "+listed(own, namesShown))
	}
	decided := map[schema.Subject]bool{}
	for _, d := range p.decisions(parts) {
		decided[d.right] = true
	}
	rights, which := p.reviewable(parts[0])
	var missing []string
	for i := range rights {
		if !decided[rightOf(&rights[i])] {
			missing = append(missing, grantedBy(&rights[i]))
		}
	}
	if len(missing) > 0 {
		out = append(out, fmt.Sprintf("it has no decision on %d of %s %s: %s", len(missing), plural(len(rights), "privileged right"), which, listed(missing, namesShown)))
	}
	return out
}

// HeldBy reports whether a right is a reviewer's own: its holder is a user or
// group of the reviewer's name, or one of the subjects by which the cluster knows
// the reviewer.
func HeldBy(kind, holder, reviewer string, subjects []string) bool {
	return kind != "ServiceAccount" && (samePerson(holder, reviewer) || slices.Contains(subjects, holder))
}

// ReviewableRights returns the rights that an access review has to decide on, in
// the order of the grants. The grants of one right, which differ in the rules that
// they add to a default role, are together.
func ReviewableRights(grants []schema.AccessGrant) [][]schema.AccessGrant {
	var out [][]schema.AccessGrant
	at := map[schema.Subject]int{}
	for i := range grants {
		g := &grants[i]
		if !privileged(g) {
			continue
		}
		right := rightOf(g)
		j, ok := at[right]
		if !ok {
			j = len(out)
			at[right], out = j, append(out, nil)
		}
		out[j] = append(out[j], *g)
	}
	return out
}

// reviewable returns the privileged rights that a review had to decide on, and
// says which those are: the ones of the list that it names, if that is the
// previous bundle's; else those of today whose binding was there before the day
// of the review, or has no date.
func (p *Pass) reviewable(r schema.AccessReview) ([]schema.AccessGrant, string) {
	keep := func(g schema.AccessGrant) bool { return privileged(&g) }
	which := "that it reviewed"
	grants, unknown := p.before()
	if unknown != "" || p.Inputs.Previous.GrantsSHA256 != r.Spec.Population.SHA256 {
		grants, which = p.Derived.AccessGrants, "that are older than it"
		keep = func(g schema.AccessGrant) bool { return privileged(&g) && g.Since.Before(r.Spec.CompletedOn) }
	}
	return slices.DeleteFunc(slices.Clone(grants), func(g schema.AccessGrant) bool { return !keep(g) }), which
}
