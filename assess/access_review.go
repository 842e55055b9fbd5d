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

// newestReview returns the newest review of the cluster; one that claims to be
// younger than the snapshot only when there is no other.
func (p *Pass) newestReview() (schema.AccessReview, bool) {
	if past := p.reviews(); len(past) > 0 {
		return past[0], true
	}
	i := slices.IndexFunc(p.Inputs.Reviews, func(r schema.AccessReview) bool { return r.Spec.Cluster == p.Cluster.Name })
	if i < 0 {
		return schema.AccessReview{}, false
	}
	return p.Inputs.Reviews[i], true
}

// judgeReview says whether a review is complete, independent and in time. It
// counts as long as a document that is registered for the check.
func (p *Pass) judgeReview(r schema.AccessReview) Outcome {
	o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: string(schema.KindAccessReview), Name: r.Metadata.Name}, Result: schema.ResultPass}
	until := p.Facts.judge.until(schema.DocumentRecord{Type: schema.DocRecord, AsOf: r.Spec.CompletedOn}, p.Check.ID)
	problems := p.reviewProblems(r)
	switch {
	case len(problems) > 0:
		o.Result = schema.ResultFail
		o.Message = fmt.Sprintf("The access review %s of %s by %s is not complete: %s.", r.Metadata.Name, r.Spec.CompletedOn, r.Spec.Reviewer, strings.Join(problems, "; "))
	case freshness(until, p.Facts.Today()) == schema.Stale:
		o.Result = schema.ResultPartial
		o.Message = fmt.Sprintf("The access review %s of %s is out of date since %s.", r.Metadata.Name, r.Spec.CompletedOn, until)
	}
	return o
}

func (p *Pass) reviewProblems(r schema.AccessReview) []string {
	if p.Facts.Today().Before(r.Spec.CompletedOn) {
		return []string{"it is dated after the snapshot"}
	}
	var out []string
	if !slices.ContainsFunc(r.Spec.Decisions, func(d schema.ReviewDecision) bool { return !samePerson(d.SubjectName, r.Spec.Reviewer) }) {
		out = append(out, "it is about nobody but the reviewer")
	}
	decided := map[schema.Subject]bool{}
	for _, d := range p.decisions([]schema.AccessReview{r}) {
		decided[d.right] = true
	}
	rights, which := p.reviewable(r)
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
