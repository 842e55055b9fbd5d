package assess

import (
	"cmp"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// defaultAccountTokens decides ACC-06.k1 for every pod. The finding is about what
// controls the pod, because names of pods do not last.
func defaultAccountTokens(p *Pass) ([]Outcome, error) {
	var out []Outcome
	if !slices.ContainsFunc(p.Evidence.Pods, func(pod schema.Pod) bool { return pod.Phase != "" }) {
		return p.defaultAccountTemplates(), nil
	}
	for _, pod := range p.Evidence.Pods {
		o := Outcome{Subject: controllerOf(pod), Result: schema.ResultPass}
		switch {
		case pod.Phase == "Succeeded" || pod.Phase == "Failed" || !p.Facts.InScope(pod.Cluster, pod.Namespace):
			o.Result = schema.ResultNotApplicable
		case cmp.Or(pod.ServiceAccount, "default") == "default" && pod.TokenMounted:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"pod": o.Subject.String()}
		}
		out = append(out, o)
	}
	return out, nil
}

// defaultAccountTemplates judges manifests, in which no pod has run: the server
// mounts a token unless the template, or else the account, says otherwise.
func (p *Pass) defaultAccountTemplates() []Outcome {
	automount := map[string]string{}
	for _, a := range p.Evidence.ServiceAccounts {
		if a.Name == "default" {
			automount[a.Namespace] = a.AutomountToken
		}
	}
	var out []Outcome
	for _, w := range p.Evidence.Workloads {
		o := Outcome{Subject: w.Subject(), Result: schema.ResultPass}
		mounts := w.AutomountToken
		if mounts == "unset" || mounts == "" {
			mounts = automount[w.Namespace]
		}
		switch {
		case !p.Facts.InScope(w.Cluster, w.Namespace):
			o.Result = schema.ResultNotApplicable
		case w.ServiceAccount == "default" && mounts != "false":
			o.Result, o.Message = schema.ResultFail, o.Subject.String()+" would run as the default service account with a mounted token."
		}
		out = append(out, o)
	}
	return out
}

// controllerOf names the workload that a pod belongs to, or the pod itself.
func controllerOf(pod schema.Pod) schema.Subject {
	if pod.OwnerKind == "" {
		return pod.Subject()
	}
	return schema.Subject{Cluster: pod.Cluster, Kind: pod.OwnerKind, Namespace: pod.Namespace, Name: pod.OwnerName}
}

// staleTokenDays is the age of the last use at which a token counts as stale.
const staleTokenDays = 90

// longLivedTokens decides ACC-06.k3: every such secret is a credential without end.
func longLivedTokens(p *Pass) ([]Outcome, error) {
	admins := map[schema.Subject]bool{}
	for i := range p.Access.Grants {
		if g := &p.Access.Grants[i]; g.AdminEquivalent {
			admins[holderOf(g)] = true
		}
	}
	var out []Outcome
	for _, s := range p.Evidence.Secrets {
		if s.Type != "kubernetes.io/service-account-token" {
			continue
		}
		o := Outcome{Subject: s.Subject(), Result: schema.ResultFail, Vars: map[string]string{"secret": s.Namespace + "/" + s.Name}}
		o.Vars["sa"], o.Vars["used"] = "an account that this tier does not show", "is not known"
		if s.Tier == schema.SecretsRotation {
			o.Vars["sa"] = "service account " + cmp.Or(s.ServiceAccount, "unknown")
			o.Vars["used"] = lastUse(s.LastUsed, p.Facts.Today())
			if admins[schema.Subject{Cluster: s.Cluster, Kind: "ServiceAccount", Namespace: s.Namespace, Name: s.ServiceAccount}] {
				o.Severity = schema.Critical
				o.Vars["sa"] += ", an administrator"
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// lastUse says when a token was used last, by the day that the label holds.
func lastUse(label string, today schema.Date) string {
	day, err := schema.ParseDate(label)
	switch {
	case label == "" || err != nil:
		return "never, so it is stale"
	case day.DaysUntil(today) > staleTokenDays:
		return label + ", so it is stale"
	}
	return label
}

// cloudIdentities decides ACC-06.k4 over all clusters of the snapshot, for the
// identities that this cluster uses.
func cloudIdentities(p *Pass) ([]Outcome, error) {
	type identity struct{ provider, id string }
	users := map[identity][]schema.ServiceAccount{}
	for _, sa := range p.Snapshot.Evidence.ServiceAccounts {
		if sa.CloudIdentity != "" {
			id := identity{sa.CloudProvider, sa.CloudIdentity}
			users[id] = append(users[id], sa)
		}
	}
	var out []Outcome
	for _, sa := range p.Evidence.ServiceAccounts {
		if sa.CloudIdentity == "" {
			continue
		}
		o := Outcome{Subject: schema.Subject{Cluster: sa.Cluster, Kind: "CloudIdentity", Name: sa.CloudIdentity, Field: sa.CloudProvider}}
		places, environments := p.placesOf(users[identity{sa.CloudProvider, sa.CloudIdentity}])
		o.Vars = map[string]string{"id": sa.CloudIdentity, "namespaces": listed(places, namesShown)}
		switch {
		case len(environments) > 1:
			o.Result = schema.ResultFail
			o.Vars["namespaces"] += " of the environments " + listed(environments, namesShown)
		case len(places) > 1:
			o.Result = schema.ResultNeedsReview
		default:
			o.Result = schema.ResultPass
		}
		out = append(out, o)
	}
	return out, nil
}

// placesOf returns the namespaces of the accounts and their known environments, each once.
func (p *Pass) placesOf(accounts []schema.ServiceAccount) (places, environments []string) {
	for _, sa := range accounts {
		at := sa.Namespace
		if sa.Cluster != p.Cluster.Name {
			at = sa.Cluster + "/" + sa.Namespace
		}
		places = append(places, at)
		if e := p.Facts.Environment(sa.Cluster, sa.Namespace); e != "" {
			environments = append(environments, e)
		}
	}
	slices.Sort(places)
	slices.Sort(environments)
	return slices.Compact(places), slices.Compact(environments)
}
