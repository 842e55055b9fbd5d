package assess

import (
	"fmt"
	"regexp"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// staticKey matches names by which static keys of clouds and clusters are usually
// stored, as the documentation of their actions and providers has them. The public
// half of a pair, such as AWS_ACCESS_KEY_ID, is no key.
var staticKey = regexp.MustCompile(`(^|_)(` + strings.Join([]string{
	"AWS_SECRET_ACCESS_KEY", "AWS_SECRET_KEY", "AWS_CREDENTIALS",
	"AZURE_CREDENTIALS", "AZURE_CLIENT_SECRET", "ARM_CLIENT_SECRET", "AZURE_PUBLISH_PROFILE", "AZURE_WEBAPP_PUBLISH_PROFILE",
	"GOOGLE_CREDENTIALS", "GOOGLE_APPLICATION_CREDENTIALS", "GCP_CREDENTIALS", "GCP_SA_KEY", "GCP_SERVICE_ACCOUNT_KEY", "GKE_SA_KEY", "GCLOUD_SERVICE_KEY", "GCLOUD_AUTH",
	"KUBECONFIG", "KUBE_CONFIG", "KUBE_TOKEN", "KUBERNETES_TOKEN", "K8S_TOKEN",
}, "|") + `)(_|$)`)

// pipelineCredentials decides SEC-06.p1: what pipelines are given holds no static key
// of a cloud or cluster by its name, is not older than the plan's limit, and is not
// given to every repository of an organization. GitLab does not tell how old a
// variable is, so only its name is judged.
func pipelineCredentials(p *Pass) ([]Outcome, error) {
	limit := p.Facts.Plan.Rotation.PipelineDays()
	var out []Outcome
	for _, s := range p.Evidence.PipelineSecrets {
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		changed := s.Updated
		if changed.IsZero() {
			changed = s.Created
		}
		o.Vars = map[string]string{"repo": s.Repository, "name": s.Name, "date": dayOf(changed)}
		switch {
		case staticKey.MatchString(strings.ToUpper(s.Name)):
			o.Result = schema.ResultFail
		case s.Kind != "secret":
			o.Result = schema.ResultNotApplicable
		case changed.IsZero():
			o.Result, o.Message = schema.ResultNeedsReview, "How old the secret "+s.Name+" of "+s.Repository+" is, is not on record."
		case heldAgainst(p, changed, limit) == schema.ResultFail:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("The secret %s of %s last changed %s; the limit is %s.", s.Name, s.Repository, o.Vars["date"], plural(limit, "day"))
		case s.Scope == "organization" && s.Visibility == "all":
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("The secret %s is given to every repository of %s.", s.Name, s.Repository)
		}
		out = append(out, o)
	}
	return out, nil
}
