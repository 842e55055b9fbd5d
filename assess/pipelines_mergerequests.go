package assess

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// mergeRequestRules decides CHG-01.p5: the deployed branch of a GitLab project takes
// changes by merge requests only, each approved by others than its author, and those
// of the period were.
func mergeRequestRules(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, r := range p.Evidence.BranchRules {
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		if r.Kind != schema.GitLab {
			o.Result = schema.ResultNotApplicable
			out = append(out, o)
			continue
		}
		gaps := mergeRequestGaps(r)
		if gap := tooFewApprovals(p, r); gap != "" {
			gaps = append(gaps, gap)
		}
		switch {
		case len(gaps) > 0:
			o.Result = schema.ResultFail
		case !r.DismissStale:
			o.Result, gaps = schema.ResultPartial, []string{"keeps an approval when the change is changed after it"}
		}
		o.Vars = map[string]string{"branch": r.Branch, "project": r.Repository, "gap": strings.Join(gaps, ", ")}
		out = append(out, o)
	}
	return out, nil
}

// mergeRequestGaps says what the settings of a project let by.
func mergeRequestGaps(r schema.BranchRule) []string {
	if !r.Protected {
		return []string{"is not protected"}
	}
	var gaps []string
	if len(r.Pushers) > 0 {
		gaps = append(gaps, "takes pushes without a merge request from "+listed(r.Pushers, namesShown))
	}
	if r.ForcePush {
		gaps = append(gaps, "may be rewritten")
	}
	if r.Approvals < 1 {
		gaps = append(gaps, "needs no approval")
	}
	if r.AuthorApproves {
		gaps = append(gaps, "lets authors approve their own changes")
	}
	if len(r.Bypassers) > 0 {
		gaps = append(gaps, "lets its rules be set aside by "+listed(r.Bypassers, namesShown))
	}
	if len(r.RequiredChecks) == 0 {
		gaps = append(gaps, "takes changes whose pipeline did not succeed")
	}
	return gaps
}

// tooFewApprovals says how many changes of the period were merged into the branch
// with fewer approvals of others than it needs today, at least one.
func tooFewApprovals(p *Pass, r schema.BranchRule) string {
	needed := max(r.Approvals, 1)
	few, all := 0, 0
	for _, c := range p.Evidence.MergedChanges {
		if c.Repository != r.Repository || c.Branch != r.Branch {
			continue
		}
		all++
		if others(c.Approvers, c.Author) < needed {
			few++
		}
	}
	if few == 0 {
		return ""
	}
	return fmt.Sprintf("took %d of %d changes of the period with fewer than %s of others", few, all, plural(needed, "approval"))
}
