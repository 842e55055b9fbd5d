package assess

import (
	"fmt"

	"github.com/auditpack/auditpack/schema"
)

// pipelineKeys decides ACC-07.p2: no deploy key writes that nobody registered, and
// the job tokens of other projects are kept out. A key is registered by an approval
// of the type deployer, of the kind DeployKey, with the name host/path#id.
func pipelineKeys(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, k := range p.Evidence.DeployKeys {
		o := Outcome{Subject: k.Subject(), Result: schema.ResultPass, Vars: map[string]string{"title": k.Title, "repo": k.Repository}}
		switch state := p.Facts.Approval(schema.ApproveDeployer, o.Subject); {
		case !k.Writes || state == Approved:
		case state == ApprovalExpired:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("Deploy key %s can write to %s; the approval of that has expired.", k.Title, k.Repository)
		default:
			o.Result = schema.ResultFail
		}
		out = append(out, o)
	}
	for _, r := range p.Evidence.Repositories {
		out = append(out, jobTokens(r))
	}
	return out, nil
}

// jobTokens judges who may use a project by a job token, which only GitLab has.
func jobTokens(r schema.Repository) Outcome {
	o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
	switch {
	case r.Kind != schema.GitLab || r.JobTokenLimited == schema.On:
	case r.JobTokenLimited == schema.Off:
		o.Result, o.Message = schema.ResultFail, "Pipelines of any project may use "+r.Repository+" by their job token."
	default:
		o.Result, o.Message = schema.ResultNotCollected, "who may use "+r.Repository+" by a job token is not known"
	}
	return o
}
