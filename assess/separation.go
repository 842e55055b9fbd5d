package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// separationFuncs decides checks of the area Separation.
var separationFuncs = map[string]Func{
	"namespacesBounded": namespacesBounded,
	"defaultDeny":       defaultDeny,
	"policyEnforcer":    policyEnforcer,
	"otherPolicies":     otherPolicies,
	"barriersHold":      barriersHold,
	"sharedNodes":       sharedNodes,
	"mixedEnvironments": mixedEnvironments,
	"crossReferences":   crossReferences,
	"metadataReachable": metadataReachable,
	"servedHosts":       servedHosts,
	"adminInterfaces":   adminInterfaces,
	"plainListeners":    plainListeners,
	"meshEncryption":    meshEncryption,
}

// namespacesBounded decides SEP-02.k3: quotas and limits in a cluster that teams share.
func namespacesBounded(p *Pass) ([]Outcome, error) {
	has := map[string]map[string]bool{"ResourceQuota": {}, "LimitRange": {}}
	for _, q := range p.Evidence.Quotas {
		if has[q.Kind] != nil {
			has[q.Kind][q.Namespace] = true
		}
	}
	shared := sharedCluster(p)
	var out []Outcome
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass, Vars: map[string]string{"ns": n.Name}}
		switch {
		case !n.InScope || !shared:
			o.Result = schema.ResultNotApplicable
		case !has["ResourceQuota"][n.Name]:
			o.Result = schema.ResultFail
		case !has["LimitRange"][n.Name]:
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("Namespace %s has a resource quota and no limit range with defaults.", n.Name)
		}
		out = append(out, o)
	}
	return out, nil
}

// sharedCluster reports whether the namespaces in scope have more than one owner.
// A namespace without owner may be anybody's.
func sharedCluster(p *Pass) bool {
	owners := map[string]bool{}
	for _, n := range p.Evidence.Namespaces {
		if !n.InScope {
			continue
		}
		owner := n.Owner
		if owner == "" {
			owner = "\x00" + n.Name
		}
		owners[owner] = true
	}
	return len(owners) > 1
}

// extendedPolicies are the resources that limit traffic beside NetworkPolicy. What
// they select is not evaluated here.
var extendedPolicies = []string{
	"adminnetworkpolicies.policy.networking.k8s.io", "baselineadminnetworkpolicies.policy.networking.k8s.io", "clusternetworkpolicies.policy.networking.k8s.io",
	"ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io",
	"networkpolicies.crd.projectcalico.org", "globalnetworkpolicies.crd.projectcalico.org",
	"networkpolicies.projectcalico.org", "globalnetworkpolicies.projectcalico.org",
}

// defaultDeny decides SEP-03.k1: whether each namespace denies traffic that no
// policy allows. Where policies of other kinds exist, or could not be listed, an
// open namespace is for a person to judge.
func defaultDeny(p *Pass) ([]Outcome, error) {
	policies := map[string][]isolation{}
	for i := range p.Evidence.NetworkPolicies {
		n := &p.Evidence.NetworkPolicies[i]
		s, err := parseSelector(n.Selector)
		if err != nil {
			return nil, fmt.Errorf("network policy %s/%s: %w", n.Namespace, n.Name, err)
		}
		policies[n.Namespace] = append(policies[n.Namespace], isolation{n, s})
	}
	pods := map[string][]*schema.Pod{}
	for i := range p.Evidence.Pods {
		pod := &p.Evidence.Pods[i]
		// Pods in the host's network are outside NetworkPolicy.
		if !pod.HostNetwork && pod.Phase != "Succeeded" && pod.Phase != "Failed" {
			pods[pod.Namespace] = append(pods[pod.Namespace], pod)
		}
	}
	extended := extendedPolicy(p)
	var out []Outcome
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultNotApplicable}
		if n.InScope {
			o = judgeDeny(n, policies[n.Name], pods[n.Name], extended)
		}
		out = append(out, o)
	}
	return out, nil
}

// An isolation is a network policy with its pod selector.
type isolation struct {
	*schema.NetworkPolicy
	selects selector
}

func judgeDeny(n schema.Namespace, policies []isolation, pods []*schema.Pod, extended string) Outcome {
	ingress, egress := false, false
	for _, p := range policies {
		ingress = ingress || p.SelectsAll && p.Ingress && p.IngressRules == 0
		egress = egress || p.SelectsAll && p.Egress && p.EgressRules == 0
	}
	o := Outcome{Subject: n.Subject(), Result: schema.ResultPass}
	if ingress && egress {
		return o
	}
	var open []string
	if !ingress {
		open = append(open, "ingress")
	}
	if !egress {
		open = append(open, "egress")
	}
	o.Result = schema.ResultFail
	o.Vars = map[string]string{"ns": n.Name, "direction": strings.Join(open, " and "), "n": fmt.Sprint(unselected(policies, pods)), "m": fmt.Sprint(len(pods))}
	if extended != "" {
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("Namespace %s has no default deny for %s by NetworkPolicy; %s.", n.Name, o.Vars["direction"], extended)
	}
	return o
}

// unselected counts the pods that no policy selects.
func unselected(policies []isolation, pods []*schema.Pod) int {
	count := 0
	for _, pod := range pods {
		selected := false
		for _, p := range policies {
			selected = selected || p.SelectsAll || p.selects.matches(pod.Labels)
		}
		if !selected {
			count++
		}
	}
	return count
}

// extendedPolicy says which other policies may limit traffic; empty when there are none.
func extendedPolicy(p *Pass) string {
	for _, q := range extendedQueries(p) {
		switch {
		case q.Gap():
			return q.Resource + " may limit it and could not be listed"
		case q.Rows > 0:
			return fmt.Sprintf("%d %s may limit it", q.Rows, q.Resource)
		}
	}
	return ""
}

// extendedQueries returns the questions about policies of other kinds.
func extendedQueries(p *Pass) []schema.Query {
	var out []schema.Query
	for _, q := range p.Snapshot.Queries {
		if q.Source == p.Cluster.Name && slices.Contains(extendedPolicies, q.Resource) {
			out = append(out, q)
		}
	}
	return out
}

// otherPolicies decides SEP-03.k4: policies of kinds that need a person to read.
func otherPolicies(p *Pass) ([]Outcome, error) {
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotApplicable, Message: "no policies of other kinds exist in " + p.Cluster.Name}
	asked := extendedQueries(p)
	if len(asked) == 0 {
		o.Result, o.Message = schema.ResultNotCollected, "policies of other kinds were not asked for in "+p.Cluster.Name
	}
	rows := 0
	for _, q := range asked {
		if q.Gap() {
			return []Outcome{{Subject: o.Subject, Result: schema.ResultNotCollected, Message: describeGap(q)}}, nil
		}
		rows += q.Rows
	}
	if rows > 0 {
		o = Outcome{Subject: o.Subject, Result: schema.ResultNeedsReview, Vars: map[string]string{"n": fmt.Sprint(rows)}}
	}
	return []Outcome{o}, nil
}

// enforcers are parts of the names of images that enforce NetworkPolicy.
var enforcers = []string{"calico/node", "calico-node", "cilium", "antrea-agent", "antrea-agent-ubuntu", "antrea-ubuntu", "kube-router", "ovn-kubernetes", "ovnkube", "anetd", "azure-npm"}

// policyEnforcer decides SEP-03.k3: whether something enforces NetworkPolicy. The
// policy agent of Amazon's plugin may run and be switched off by an argument that
// is not collected.
func policyEnforcer(p *Pass) ([]Outcome, error) {
	runs := func(words ...string) bool {
		return slices.ContainsFunc(p.Evidence.Workloads, func(w schema.Workload) bool { return w.Kind == "DaemonSet" && runsOneOf(w.Images, words) })
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview}
	switch {
	case runs(enforcers...):
		o.Result = schema.ResultPass
	case runs("aws-network-policy-agent"):
		o.Message = "The policy agent of aws-node runs in " + p.Cluster.Name + "; whether it is switched on is not visible."
	case runs("amazon-k8s-cni", "aws-node"):
		o.Result, o.Vars = schema.ResultFail, map[string]string{"cni": "aws-node, without its policy agent,"}
	case runs("flannel"):
		o.Result, o.Vars = schema.ResultFail, map[string]string{"cni": "flannel"}
	default:
		o.Message = "No network plugin that is known to enforce NetworkPolicy was found in " + p.Cluster.Name + "."
	}
	return []Outcome{o}, nil
}
