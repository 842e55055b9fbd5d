package assess

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// reviewedEnvironments decides CHG-07.p1: a deployment to production through GitHub
// waits for a reviewer who did not start it.
func reviewedEnvironments(p *Pass) ([]Outcome, error) {
	return p.gates(schema.GitHub, reviewGaps), nil
}

// protectedEnvironments decides CHG-07.p3, the same for GitLab.
func protectedEnvironments(p *Pass) ([]Outcome, error) {
	return p.gates(schema.GitLab, protectionGaps), nil
}

// reviewGaps says what an environment of GitHub lets by.
func reviewGaps(e schema.Environment) []string {
	var gaps []string
	switch {
	case len(e.Reviewers) == 0:
		gaps = append(gaps, "takes deployments without a reviewer")
	case !e.PreventSelfReview:
		gaps = append(gaps, "lets who deploys approve it")
	}
	if !e.BranchesLimited {
		gaps = append(gaps, "takes deployments of any branch")
	}
	if e.AdminBypass {
		gaps = append(gaps, "lets administrators pass over its rules")
	}
	return gaps
}

// protectionGaps says what an environment of GitLab lets by.
func protectionGaps(e schema.Environment) []string {
	switch {
	case len(e.Deployers) == 0:
		return []string{"is not protected"}
	case e.RequiredApprovals < 1:
		return []string{"takes deployments without an approval"}
	case !e.PreventSelfReview:
		return []string{"lets who deploys approve it"}
	}
	return nil
}

// gates judges the environments for production of the repositories of one kind.
// A repository without one is judged by whether GitOps deploys it.
func (p *Pass) gates(kind schema.ForgeKind, gapsOf func(schema.Environment) []string) []Outcome {
	names := p.forge().ProductionEnvironments()
	gated := map[string]bool{} // repositories with an environment for production
	var out []Outcome
	for _, e := range p.Evidence.Environments {
		o := Outcome{Subject: e.Subject(), Result: schema.ResultNotApplicable}
		if e.Kind == kind && slices.Contains(names, e.Name) {
			gated[e.Repository] = true
			o.Result = schema.ResultPass
			if gaps := gapsOf(e); len(gaps) > 0 {
				o.Result = schema.ResultFail
				o.Vars = map[string]string{"env": e.Name, "repo": e.Repository, "gap": strings.Join(gaps, ", ")}
			}
		}
		out = append(out, o)
	}
	deployed := gitOpsRepositories(p)
	for _, r := range p.Evidence.Repositories {
		if r.Kind == kind && !gated[r.Repository] {
			out = append(out, p.ungated(r, deployed, len(gated) > 0))
		}
	}
	return out
}

// ungated judges a repository without an environment for production. When GitOps
// deploys it, the rules of its branch are the gate. Any other needs none where
// deployments are gated elsewhere; where nothing is, a person has to say.
func (p *Pass) ungated(r schema.Repository, deployed map[string]bool, elsewhere bool) Outcome {
	o := Outcome{Subject: r.Subject(), Result: schema.ResultNotApplicable}
	switch {
	case deployed[r.Repository] && p.reviewedBranch(r.Repository):
		o.Message = "GitOps deploys " + r.Repository + ", and its branch takes no change without approval"
	case deployed[r.Repository]:
		o.Result = schema.ResultFail
		o.Message = "GitOps deploys " + r.Repository + " as soon as its branch changes, which needs no approval."
	case !elsewhere && len(deployed) == 0:
		o.Result = schema.ResultNeedsReview
		o.Message = r.Repository + " has no environment for production, and no GitOps application runs it; say where its deployments are approved."
	default:
		o.Message = r.Repository + " deploys nothing to production"
	}
	return o
}

// reviewedBranch reports whether a change of a repository needs an approval.
func (p *Pass) reviewedBranch(repository string) bool {
	return slices.ContainsFunc(p.Evidence.BranchRules, func(r schema.BranchRule) bool {
		return r.Repository == repository && r.Protected && r.Approvals > 0 && !r.AuthorApproves && !r.ForcePush && r.AdminsIncluded
	})
}

// gitOpsRepositories returns the repositories that applications of production run:
// by their address, or by a commit where the address is not known.
func gitOpsRepositories(p *Pass) map[string]bool {
	byCommit := map[string]string{}
	for _, c := range p.Snapshot.Evidence.MergedChanges {
		byCommit[c.MergeCommit], byCommit[c.Head] = c.Repository, c.Repository
	}
	out := map[string]bool{}
	for i := range p.Snapshot.Evidence.Applications {
		a := &p.Snapshot.Evidence.Applications[i]
		if !p.deploysToProduction(a) {
			continue
		}
		for _, r := range repositoriesOf(a, &p.Snapshot.Evidence) {
			out[r] = true
		}
		commits, _ := deployedCommits(a)
		for _, c := range commits {
			if r, ok := byCommit[c]; ok {
				out[r] = true
			}
		}
	}
	return out
}
