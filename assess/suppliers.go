package assess

import (
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// A component is something of a third party that is installed in a cluster.
type component struct {
	subject schema.Subject
	name    string
	// entries are what the supplier register may call it.
	entries []schema.Subject
	// runs selects the workloads that run it; nil where they cannot be told.
	runs func(*schema.Workload) bool
}

// suppliers decides GOV-05.k1: every component of a third party is in the supplier
// register, and its service accounts have no rights over everything that nobody accepted.
func suppliers(p *Pass) ([]Outcome, error) {
	components := slices.Concat(p.definedGroups(), p.webhookComponents(), p.serverComponents(), p.registries(), p.helmReleases())
	var out []Outcome
	for _, c := range components {
		out = append(out, p.judgeComponent(c))
	}
	if !asked(p, "secrets") {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: "which Helm releases " + p.Cluster.Name + " has is not known, because secrets were not asked for"})
	}
	return out, nil
}

func (p *Pass) judgeComponent(c component) Outcome {
	o := Outcome{Subject: c.subject, Result: schema.ResultPass}
	rights := p.unacceptedRights(c.runs)
	registered := slices.ContainsFunc(c.entries, func(s schema.Subject) bool {
		s.Cluster = p.Cluster.Name
		return p.Facts.Approval(schema.ApproveSupplier, s) == Approved
	})
	switch {
	case !registered:
		o.Result, o.Vars = schema.ResultFail, map[string]string{"name": c.name, "rights": "no right over everything"}
		if len(rights) > 0 {
			o.Vars["rights"] = listed(rights, namesShown)
		}
	case len(rights) > 0:
		o.Result = schema.ResultFail
		o.Message = fmt.Sprintf("Third-party component %s holds %s, which nobody accepted.", c.name, listed(rights, namesShown))
	}
	return o
}

// unacceptedRights are the administrator rights and the reading of every secret that
// the service accounts of the selected workloads have and nobody approved.
func (p *Pass) unacceptedRights(runs func(*schema.Workload) bool) []string {
	if runs == nil {
		return nil
	}
	accounts := map[string]bool{}
	for i := range p.Evidence.Workloads {
		if w := &p.Evidence.Workloads[i]; runs(w) {
			accounts[w.Namespace+"/"+w.ServiceAccount] = true
		}
	}
	var out []string
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.SubjectKind != "ServiceAccount" || g.Scope != rbac.ClusterWide || !accounts[g.SubjectNamespace+"/"+g.SubjectName] {
			continue
		}
		who := holderOf(g)
		accepted := func(t schema.ApprovalType) bool { return p.Facts.Approval(t, who) == Approved }
		switch {
		case accepted(schema.ApproveAdministrator):
		case g.AdminEquivalent:
			out = append(out, "every right in the cluster by "+who.String())
		case len(g.ReadsSecrets) > 0 && !accepted(schema.ApproveSecretReader):
			out = append(out, strings.Join(g.ReadsSecrets, "/")+" of every secret by "+who.String())
		}
	}
	return out
}

// domainEntries are a domain and those above it, but for the top one: the register
// names policies.kyverno.io by itself or by kyverno.io.
func domainEntries(domain string) []schema.Subject {
	var out []schema.Subject
	for strings.Contains(domain, ".") {
		out = append(out, schema.Subject{Kind: "Component", Name: domain})
		_, domain, _ = strings.Cut(domain, ".")
	}
	return out
}

// definedGroups are the groups of custom resources. Whose workloads serve them is not visible.
func (p *Pass) definedGroups() []component {
	seen := map[string]bool{}
	var out []component
	for _, c := range p.Evidence.CustomResources {
		if !seen[c.Group] {
			seen[c.Group] = true
			s := schema.Subject{Cluster: c.Cluster, Kind: "APIGroup", Name: c.Group}
			out = append(out, component{subject: s, name: c.Group, entries: domainEntries(c.Group)})
		}
	}
	return out
}

func (p *Pass) webhookComponents() []component {
	seen := map[schema.Subject]bool{}
	var out []component
	for _, w := range p.Evidence.Webhooks {
		s := w.Subject()
		s.Field = ""
		if seen[s] {
			continue
		}
		seen[s] = true
		entries := append(domainEntries(w.Name), schema.Subject{Kind: w.Kind, Name: w.Configuration})
		out = append(out, component{s, s.String(), entries, p.servedBy(w.Service)})
	}
	return out
}

func (p *Pass) serverComponents() []component {
	var out []component
	for _, a := range p.Evidence.APIServices {
		_, group, _ := strings.Cut(a.Name, ".")
		entries := append(domainEntries(group), schema.Subject{Kind: "APIService", Name: a.Name})
		out = append(out, component{a.Subject(), a.Subject().String(), entries, p.servedBy(a.Service)})
	}
	return out
}

// servedBy selects the workloads behind namespace/name of a service: those of its
// namespace, or in a namespace out of scope, which several share, the one of its name.
func (p *Pass) servedBy(service string) func(*schema.Workload) bool {
	namespace, name, ok := strings.Cut(service, "/")
	if !ok {
		return nil
	}
	own := p.Facts.InScope(p.Cluster.Name, namespace)
	return func(w *schema.Workload) bool { return w.Namespace == namespace && (own || w.Name == name) }
}

// registries are the hosts of images outside the approved ones of the plan.
func (p *Pass) registries() []component {
	var names []string
	own := func(c *schema.Container) bool {
		return slices.ContainsFunc(p.Facts.Plan.Images.Registries, func(r string) bool {
			return c.Registry == r || strings.HasPrefix(c.Registry+"/"+c.Repository+"/", strings.TrimSuffix(r, "/")+"/")
		})
	}
	users := map[string]map[schema.Subject]bool{}
	for i := range p.Evidence.Containers {
		c := &p.Evidence.Containers[i]
		if !p.Facts.InScope(c.Cluster, c.Namespace) || own(c) {
			continue
		}
		if users[c.Registry] == nil {
			users[c.Registry] = map[schema.Subject]bool{}
			names = append(names, c.Registry)
		}
		users[c.Registry][schema.Subject{Cluster: c.Cluster, Kind: c.WorkloadKind, Namespace: c.Namespace, Name: c.Workload}] = true
	}
	var out []component
	for _, name := range names {
		s := schema.Subject{Cluster: p.Cluster.Name, Kind: "Registry", Name: name}
		runs := func(w *schema.Workload) bool { return users[name][w.Subject()] }
		out = append(out, component{s, "registry " + name, domainEntries(name), runs})
	}
	return out
}

const helmRecord = "helm.sh/release.v1"

// helmReleases are the newest record of each release. The chart is in the value of
// the record, which is not read.
func (p *Pass) helmReleases() []component {
	newest := map[schema.Subject]schema.Secret{}
	revisions := map[schema.Subject]int{}
	for _, s := range p.Evidence.Secrets {
		name, revision, ok := helmRelease(s)
		if !ok {
			continue
		}
		release := schema.Subject{Kind: "HelmRelease", Namespace: s.Namespace, Name: name}
		if revision >= revisions[release] {
			newest[release], revisions[release] = s, revision
		}
	}
	var out []component
	for release, s := range newest {
		runs := func(w *schema.Workload) bool {
			return w.Namespace == release.Namespace && (w.PodLabels["app.kubernetes.io/instance"] == release.Name || w.Name == release.Name || strings.HasPrefix(w.Name, release.Name+"-"))
		}
		name := "Helm release " + release.Namespace + "/" + release.Name
		out = append(out, component{s.Subject(), name, []schema.Subject{release}, runs})
	}
	slices.SortFunc(out, func(a, b component) int { return a.subject.Compare(b.subject) })
	return out
}

// helmRelease returns the release and the revision that a record of Helm is of, by
// its labels, or where these are not known by its name: sh.helm.release.v1.NAME.vREVISION.
func helmRelease(s schema.Secret) (name string, revision int, ok bool) {
	if s.Type != helmRecord {
		return "", 0, false
	}
	rest := strings.TrimPrefix(s.Name, "sh.helm.release.v1.")
	name, version := rest, ""
	if i := strings.LastIndex(rest, ".v"); i >= 0 {
		name, version = rest[:i], rest[i+2:]
	}
	if s.HelmRelease != "" {
		name, version = s.HelmRelease, s.HelmVersion
	}
	revision, _ = strconv.Atoi(version)
	return name, revision, true
}
