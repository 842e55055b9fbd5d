package assess

import (
	"regexp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// Names that well-known deployment tools give their service accounts.
var (
	argoAccounts  = regexp.MustCompile(`(^|-)argocd-(application-controller|server)$`)
	fluxAccounts  = regexp.MustCompile(`^(kustomize|helm)-controller$`)
	otherAccounts = regexp.MustCompile(`^(gitlab-agent.*|.*-gha-rs-.*|.*github-runner.*|.*gitlab-runner.*|tekton-.*|.*jenkins.*)$`)
)

// deployerRights decides ACC-07.k1 for each deployer that the plan names or that
// bears a well-known name.
func deployerRights(p *Pass) ([]Outcome, error) {
	admins := map[schema.Subject]bool{}
	for i := range p.Access.Grants {
		if g := &p.Access.Grants[i]; g.AdminEquivalent && g.Scope == rbac.ClusterWide {
			admins[holderOf(g)] = true
		}
	}
	limits, err := tenancyLimits(p)
	if err != nil {
		return nil, err
	}
	var out []Outcome
	for _, sa := range p.Evidence.ServiceAccounts {
		if !p.deployer(sa) {
			continue
		}
		o := Outcome{Subject: sa.Subject(), Result: schema.ResultPass}
		if admins[o.Subject] {
			registered := p.Facts.Approval(schema.ApproveDeployer, o.Subject) == Approved
			o.Result, o.Vars = judgeDeployer(sa, limited(limits, sa.Name), registered)
		}
		out = append(out, o)
	}
	return out, nil
}

func (p *Pass) deployer(sa schema.ServiceAccount) bool {
	return slices.Contains(p.Facts.Plan.Access.Deployers, sa.Namespace+"/"+sa.Name) ||
		argoAccounts.MatchString(sa.Name) || fluxAccounts.MatchString(sa.Name) || otherAccounts.MatchString(sa.Name)
}

func judgeDeployer(sa schema.ServiceAccount, limited, registered bool) (schema.Result, map[string]string) {
	vars := map[string]string{"sa": sa.Namespace + "/" + sa.Name}
	switch {
	case limited && registered:
		vars["why"] = "; it is registered and its tenants are limited"
		return schema.ResultPartial, vars
	case limited:
		vars["why"] = " and is not registered as a deployer"
	default:
		vars["why"] = " without tenancy limits"
	}
	return schema.ResultFail, vars
}

// limited reports whether the tenants of a deployer are limited everywhere, by the
// outcomes of ACC-07.k2. Only Argo CD and Flux have such limits.
func limited(outcomes []Outcome, account string) bool {
	var kinds []string
	switch {
	case argoAccounts.MatchString(account):
		kinds = []string{"AppProject"}
	case fluxAccounts.MatchString(account):
		kinds = []string{"Kustomization", "HelmRelease"}
	}
	seen := false
	for _, o := range outcomes {
		if !slices.Contains(kinds, o.Subject.Kind) {
			continue
		}
		if isFinding(o.Result) {
			return false
		}
		seen = true
	}
	return seen
}

// tenancyLimits decides ACC-07.k2, one outcome for each application. Those of Argo
// CD count for their project, so that a project is one finding.
func tenancyLimits(p *Pass) ([]Outcome, error) {
	var out []Outcome
	platform := fluxNamespaces(p)
	for i := range p.Evidence.Applications {
		a := &p.Evidence.Applications[i]
		if a.Kind == "Application" {
			out = append(out, p.argoLimit(a))
		} else {
			out = append(out, p.fluxLimit(a, platform))
		}
	}
	return out, nil
}

// argoLimit judges the project of an Argo CD application. Where the application
// goes to another cluster or names no namespace, nothing shows that it is not production.
func (p *Pass) argoLimit(a *schema.Application) Outcome {
	o := Outcome{Subject: schema.Subject{Cluster: a.Cluster, Kind: "AppProject", Namespace: a.Namespace, Name: a.Project}, Result: schema.ResultPass}
	if p.inCluster(a.DestinationServer) && a.DestinationNamespace != "" && !p.Facts.Production(a.Cluster, a.DestinationNamespace) {
		o.Result = schema.ResultNotApplicable
		return o
	}
	o.Vars = map[string]string{"project": a.Project}
	project, ok := p.project(a)
	switch {
	case a.Project == "default" || a.Project == "":
		o.Subject.Name, o.Vars["project"] = "default", "default"
		o.Result, o.Vars["dimension"] = schema.ResultFail, "anything, as it is the one for applications without a project"
		return o
	case !ok:
		o.Result, o.Message = schema.ResultNeedsReview, "Argo CD project "+a.Project+", which production applications name, is not among the projects."
		return o
	}
	o.Subject.Namespace = project.Namespace
	if open := openDimensions(project); len(open) > 0 {
		o.Result, o.Vars["dimension"] = schema.ResultFail, strings.Join(open, ", ")
	} else if i := slices.IndexFunc(project.Destinations, func(d string) bool { return strings.HasSuffix(d, "|*") }); i >= 0 {
		o.Result, o.Vars["dimension"] = schema.ResultPartial, "namespaces of "+strings.TrimSuffix(project.Destinations[i], "|*")
	}
	return o
}

// inCluster reports whether a destination is the cluster that Argo CD runs in.
func (p *Pass) inCluster(server string) bool {
	return server == "" || server == "in-cluster" || server == "https://kubernetes.default.svc"
}

// project finds the project of an application: in its namespace, or else, where
// applications may live in other namespaces, the only one of that name.
func (p *Pass) project(a *schema.Application) (schema.ApplicationProject, bool) {
	var named []schema.ApplicationProject
	for _, project := range p.Evidence.ApplicationProjects {
		if project.Name != a.Project {
			continue
		}
		if project.Namespace == a.Namespace {
			return project, true
		}
		named = append(named, project)
	}
	if len(named) == 1 {
		return named[0], true
	}
	return schema.ApplicationProject{}, false
}

// openDimensions says what a project does not limit at all.
func openDimensions(project schema.ApplicationProject) []string {
	var out []string
	if slices.Contains(project.SourceRepos, "*") {
		out = append(out, "source repositories")
	}
	if slices.Contains(project.Destinations, "*|*") {
		out = append(out, "destinations")
	}
	if slices.Contains(project.ClusterResources, "*/*") {
		out = append(out, "cluster resources")
	}
	return out
}

// fluxNamespaces are where the controllers of Flux run; what lies there is the
// platform's and no tenant's.
func fluxNamespaces(p *Pass) []string {
	out := []string{"flux-system"}
	for _, w := range p.Evidence.Workloads {
		if fluxAccounts.MatchString(w.Name) {
			out = append(out, w.Namespace)
		}
	}
	return out
}

// fluxLimit judges a Kustomization or HelmRelease. The controller's arguments are
// not collected, so a missing service account is a question and not a failure.
func (p *Pass) fluxLimit(a *schema.Application, platform []string) Outcome {
	o := Outcome{Subject: a.Subject(), Result: schema.ResultPass}
	switch {
	case slices.Contains(platform, a.Namespace) || !p.Facts.InScope(a.Cluster, a.Namespace):
		o.Result = schema.ResultNotApplicable
	case a.ServiceAccount == "":
		o.Result = schema.ResultNeedsReview
		o.Message = a.Subject().String() + " names no service account: it is applied with the rights of the controller, unless that runs with --default-service-account, which was not collected."
	}
	return o
}

// Labels that self-hosted runners of GitHub and GitLab put on their pods.
var runnerLabels = []string{"actions.github.com/scale-set-name", "job.runner.gitlab.com/id"}

// runnerPods decides ACC-07.k3. The finding is about the runners' service account,
// because their pods live for one job.
func runnerPods(p *Pass) ([]Outcome, error) {
	writers := map[schema.Subject]bool{}
	for i := range p.Access.Grants {
		if g := &p.Access.Grants[i]; g.Writes {
			writers[holderOf(g)] = true
		}
	}
	production := slices.Contains(p.Facts.Plan.Namespaces.Production, p.Cluster.Environment) || p.coversProduction(rbac.ClusterWide)
	var out []Outcome
	for _, pod := range p.Evidence.Pods {
		if !p.runner(pod) {
			continue
		}
		account := schema.Subject{Cluster: pod.Cluster, Kind: "ServiceAccount", Namespace: pod.Namespace, Name: pod.ServiceAccount}
		o := Outcome{Subject: account, Result: schema.ResultPass}
		switch {
		case !production:
			o.Result = schema.ResultNotApplicable
		case pod.Privileged || writers[account]:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"runner": account.String(), "why": runnerFault(pod.Privileged, writers[account])}
		}
		out = append(out, o)
	}
	return out, nil
}

func (p *Pass) runner(pod schema.Pod) bool {
	return slices.Contains(p.Facts.Plan.Access.RunnerNamespaces, pod.Namespace) ||
		slices.ContainsFunc(runnerLabels, func(key string) bool { return pod.Labels[key] != "" })
}

func runnerFault(privileged, writes bool) string {
	switch {
	case privileged && writes:
		return "are privileged and may change objects"
	case privileged:
		return "are privileged"
	}
	return "may change objects"
}
