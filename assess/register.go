package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// registerFuncs decides the checks of the control table and the registers.
var registerFuncs = map[string]Func{
	"adminGroupMembers":  adminGroupMembers,
	"accountable":        accountable,
	"reviewedOnTime":     reviewedOnTime,
	"bundleChain":        bundleChain,
	"exceptionRegister":  exceptionRegister,
	"collectionGaps":     collectionGaps,
	"distributionClaim":  distributionClaim,
	"workloadsHaveOwner": workloadsHaveOwner,
}

// controlsInScope returns the controls that the overlay leaves in scope.
func controlsInScope(p *Pass) []schema.Control {
	by := overlayByControl(p.Inputs)
	return slices.DeleteFunc(slices.Clone(p.Controls), func(c schema.Control) bool { return by[c.ID].NotApplicable != nil })
}

func controlSubject(id string) schema.Subject { return schema.Subject{Kind: "Control", Name: id} }

// accountable decides GOV-01.c1: one accountable party for each control, and
// assurance for what is the provider's.
func accountable(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, c := range controlsInScope(p) {
		o := Outcome{Subject: controlSubject(c.ID), Result: schema.ResultPass, Vars: map[string]string{"control": c.ID}}
		switch n := accountableParties(c.Responsibility); {
		case n != 1:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("%s has %d accountable parties, and must have one.", c.ID, n)
		case unsupported(c, p.Facts):
			o.Result = schema.ResultFail
		}
		out = append(out, o)
	}
	return out, nil
}

func accountableParties(r schema.Responsibility) int {
	n := 0
	for _, part := range []string{r.CloudProvider, r.ManagedKubernetes, r.PlatformTeam, r.AppTeam, r.CICDOwner, r.SecurityTeam, r.ThirdPartyTool} {
		if hasPart(part, "A") {
			n++
		}
	}
	return n
}

// hasPart reports whether a cell of the responsibility matrix, such as A/R, has a part.
func hasPart(cell, part string) bool {
	return slices.Contains(strings.Split(cell, "/"), part)
}

// unsupported reports whether a control is the provider's to operate without an
// assurance document that covers it.
func unsupported(c schema.Control, f *Facts) bool {
	r := c.Responsibility
	provider := slices.ContainsFunc([]string{r.CloudProvider, r.ManagedKubernetes}, func(cell string) bool { return hasPart(cell, "A") || hasPart(cell, "R") })
	return provider && !f.Assured(c.ID)
}

// reviewedOnTime decides GOV-02.c1: owner, reviewer and review date of each control.
func reviewedOnTime(p *Pass) ([]Outcome, error) {
	j := statusJudge{today: p.Facts.Today(), overlay: overlayByControl(p.Inputs), reviews: p.Inputs.ControlReviews}
	var out []Outcome
	for _, c := range controlsInScope(p) {
		r := schema.ControlResult{Control: c}
		j.review(&r)
		o := Outcome{Subject: controlSubject(c.ID), Result: schema.ResultFail}
		switch {
		case c.Owner == "":
			o.Message = c.ID + " has no owner."
		case r.Review == schema.ReviewNever:
			o.Message = c.ID + " was never reviewed."
		case r.Review == schema.ReviewOverdue:
			o.Vars = map[string]string{"control": c.ID, "days": fmt.Sprint(r.NextReview.DaysUntil(j.today))}
		case samePerson(c.Owner, c.Reviewer):
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("%s is reviewed by its own owner, %s.", c.ID, c.Owner)
		default:
			o.Result = schema.ResultPass
		}
		out = append(out, o)
	}
	return out, nil
}

// bundleChain decides GOV-02.c2: whether an interval was missed since the bundle
// before this one. A longer gap than one and a half intervals is no delay but a
// bundle that was not made. That the digests chain was seen before: a run does not
// take a previous bundle that does not verify.
func bundleChain(p *Pass) ([]Outcome, error) {
	o := Outcome{Subject: schema.Subject{Kind: "Bundle", Name: p.Inputs.Plan.Metadata.Name}, Result: schema.ResultPass}
	before := p.Inputs.Previous
	switch {
	case before == nil:
		o.Result = schema.ResultNeedsReview
		o.Message = "The plan names no previous bundle: this is the first one, or the chain is broken."
	case p.Facts.AsOf.Sub(before.AsOf) > p.Facts.Plan.BundleInterval()*3/2:
		o.Result = schema.ResultFail
		o.Vars = map[string]string{"a": schema.DateOf(before.AsOf).String(), "b": p.Facts.Today().String()}
	}
	return []Outcome{o}, nil
}

// exceptionRegister decides GOV-03.c1: the entries of the register themselves.
func exceptionRegister(p *Pass) ([]Outcome, error) {
	if p.Inputs.Exceptions.Kind == "" {
		return []Outcome{{Subject: schema.Subject{Kind: "ExceptionRegister"}, Result: schema.ResultNotCollected, Message: "the plan names no exception register"}}, nil
	}
	var out []Outcome
	for _, e := range p.Exceptions {
		o := Outcome{Subject: schema.Subject{Kind: "Exception", Name: e.ID}, Result: schema.ResultPass}
		switch {
		case !e.EndedOn.IsZero() && len(e.Findings) > 0:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("Exception %s was ended by a review on %s, and what it accepted is still there.", e.ID, e.EndedOn)
		case e.State == schema.ExceptionExpired && len(e.Findings) > 0:
			o.Result, o.Vars = schema.ResultPartial, map[string]string{"id": e.ID, "date": e.ExpiresOn.String()}
		case e.State == schema.ExceptionExpired:
			o.Result = schema.ResultNotApplicable // it ended, and so did what it accepted
		case e.State == schema.ExceptionInvalid:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("Exception %s does not count: %s.", e.ID, strings.Join(e.Problems, "; "))
		case e.State == schema.ExceptionUnused:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("Exception %s matches no finding.", e.ID)
		case e.ReviewOverdue:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("Exception %s was to be reviewed by %s, and no review of it is on record since.", e.ID, e.ReviewOn)
		}
		out = append(out, o)
	}
	return out, nil
}

// collectionGaps decides GOV-04.k2: what could not be listed.
func collectionGaps(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, q := range p.Snapshot.Queries {
		if q.Source != p.Cluster.Name {
			continue
		}
		o := Outcome{Subject: schema.Subject{Cluster: q.Source, Kind: "Query", Name: q.Resource, Field: q.Target}, Result: schema.ResultPass,
			Vars: map[string]string{"kind": q.Resource, "error": string(q.Outcome)}}
		if q.Reason != "" {
			o.Vars["error"] += " (" + q.Reason + ")"
		}
		switch {
		case q.Outcome == schema.Truncated:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("Only some of %s could be listed: %s.", q.Resource, o.Vars["error"])
		case q.Gap():
			o.Result = schema.ResultFail
		}
		out = append(out, o)
	}
	return out, nil
}

// distributionClaim decides GOV-01.k1: what the plan says a cluster is, against
// what it looks like.
func distributionClaim(p *Pass) ([]Outcome, error) {
	i := slices.IndexFunc(p.Inputs.Plan.Spec.Clusters, func(c schema.PlanCluster) bool { return c.Name == p.Cluster.Name })
	if i < 0 || p.Inputs.Plan.Spec.Clusters[i].Distribution == "" {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotApplicable, Message: "the plan does not say which distribution " + p.Cluster.Name + " is"}}, nil
	}
	claim := p.Inputs.Plan.Spec.Clusters[i].Distribution
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	if claim != p.Cluster.Distribution {
		o.Result = schema.ResultNeedsReview
		o.Vars = map[string]string{"distro": p.Cluster.Distribution, "x": claim}
	}
	return []Outcome{o}, nil
}

// Shares of workloads with an owner from which GOV-04.k1 passes, in whole or in part.
const (
	ownedShare        = 95
	ownedSharePartial = 80
)

// workloadsHaveOwner decides GOV-04.k1: the share of workloads that somebody owns.
func workloadsHaveOwner(p *Pass) ([]Outcome, error) {
	total, ownerless := 0, 0
	for _, w := range p.Evidence.Workloads {
		if !p.Facts.InScope(w.Cluster, w.Namespace) {
			continue
		}
		total++
		if p.Facts.Owner(w.Subject()) == "" {
			ownerless++
		}
	}
	if total == 0 {
		return nil, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultFail, Vars: map[string]string{"n": fmt.Sprint(ownerless), "total": fmt.Sprint(total)}}
	switch owned := 100 * (total - ownerless); {
	case owned >= ownedShare*total:
		o.Result = schema.ResultPass
	case owned >= ownedSharePartial*total:
		o.Result = schema.ResultPartial
	}
	return []Outcome{o}, nil
}

// virtualGroups are groups of Kubernetes whose members no list can name. ACC-01.k3
// and ACC-08.k1 judge what is bound to them.
var virtualGroups = []string{"system:authenticated", "system:unauthenticated", "system:serviceaccounts", "system:nodes"}

// adminGroupMembers decides ACC-01.d1: a current list of the members of each group
// that holds unrestricted rights.
func adminGroupMembers(p *Pass) ([]Outcome, error) {
	groups := map[string]bool{}
	for i := range p.Derived.AccessGrants {
		g := &p.Derived.AccessGrants[i]
		if g.SubjectKind == "Group" && g.AdminEquivalent && !g.BuiltIn && !slices.Contains(virtualGroups, g.SubjectName) &&
			!strings.HasPrefix(g.SubjectName, "system:serviceaccounts:") {
			groups[g.SubjectName] = true
		}
	}
	var out []Outcome
	for _, group := range sortedKeys(groups) {
		o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: "Group", Name: group}}
		o.Result, o.Message = p.Facts.covered(p.Check.ID, group)
		if m, ok := p.Facts.membersOf(group); ok && o.Result != schema.ResultPass {
			o = p.aged(Outcome{Subject: o.Subject, Result: schema.ResultPass}, m.Import, m.Made, exportDays)
		}
		if o.Result == schema.ResultNotCollected {
			o.Vars = map[string]string{"group": group}
			message, err := fill(p.Check.Message, o.Vars)
			if err != nil {
				return nil, err
			}
			o.Message = message
		}
		out = append(out, o)
	}
	return out, nil
}

// covered says how well the documents for a check cover an item: the best of them counts.
func (f *Facts) covered(check, item string) (schema.Result, string) {
	result, message := schema.ResultNotCollected, ""
	for _, d := range f.judge.registeredFor(check, f.Documents) {
		switch {
		case !slices.Contains(d.Covers, item):
		case counts(d):
			return schema.ResultPass, ""
		case len(d.Problems) > 0 && result != schema.ResultPartial:
			result, message = schema.ResultFail, fmt.Sprintf("%s (%s) is no evidence for %s: %s.", d.Title, d.ID, item, strings.Join(d.Problems, "; "))
		case len(d.Problems) == 0:
			result, message = schema.ResultPartial, fmt.Sprintf("%s (%s), which covers %s, is out of date since %s.", d.Title, d.ID, item, d.Until)
		}
	}
	return result, message
}
