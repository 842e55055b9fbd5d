package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// barriersOf computes which barriers keep each namespace in scope of a cluster
// apart from the others.
func barriersOf(e *schema.Evidence, f *Facts) []schema.Barrier {
	n := newNeighbours(e, f)
	denied := map[string][2]bool{} // ingress and egress
	for _, p := range e.NetworkPolicies {
		d := denied[p.Namespace]
		d[0] = d[0] || p.SelectsAll && p.Ingress && p.IngressRules == 0
		d[1] = d[1] || p.SelectsAll && p.Egress && p.EgressRules == 0
		denied[p.Namespace] = d
	}
	workloads := map[string][]*schema.Workload{}
	for i := range e.Workloads {
		w := &e.Workloads[i]
		workloads[w.Namespace] = append(workloads[w.Namespace], w)
	}
	var out []schema.Barrier
	for _, ns := range e.Namespaces {
		if !ns.InScope {
			continue
		}
		own := workloads[ns.Name]
		b := schema.Barrier{
			Cluster: ns.Cluster, Namespace: ns.Name, Environment: ns.Environment, Owner: ns.Owner, DataClass: ns.DataClass,
			Network:      denied[ns.Name] == [2]bool{true, true},
			PodSecurity:  slices.Contains(enforcedLevels, ns.PodSecurityEnforce),
			NoHostAccess: !slices.ContainsFunc(own, usesHost),
			OwnAccounts:  !slices.ContainsFunc(own, usesDefaultAccount),
			Claimed:      slices.ContainsFunc(claimChecks, func(check string) bool { return f.Documented(check, ns.Name) }),
		}
		b.SharesNodesWith, b.Pools = n.of(ns.Name)
		b.OwnNodes = len(b.SharesNodesWith) == 0 || sandboxed(own)
		score(&b)
		out = append(out, b)
	}
	return out
}

// enforcedLevels are the levels of Pod Security that keep pods off the node.
var enforcedLevels = []string{"baseline", "restricted"}

// claimChecks are the checks whose documents describe namespaces as isolated.
var claimChecks = []string{"SEP-02.k4", "SEP-03.d1"}

func usesHost(w *schema.Workload) bool {
	return len(w.HostAccess) > 0 || slices.ContainsFunc(w.BaselineViolations, func(v string) bool { return strings.HasPrefix(v, "privileged") })
}

// usesDefaultAccount reports whether the pods get the token of an account that
// they share with whatever else runs in the namespace.
func usesDefaultAccount(w *schema.Workload) bool {
	return w.ServiceAccount == "default" && w.AutomountToken != "false"
}

// sandboxed reports whether every workload runs in a runtime of its own choice,
// such as gVisor or Kata, which keeps it apart from others on its node.
func sandboxed(workloads []*schema.Workload) bool {
	return len(workloads) > 0 && !slices.ContainsFunc(workloads, func(w *schema.Workload) bool { return w.RuntimeClass == "" })
}

func score(b *schema.Barrier) {
	for _, part := range []struct {
		holds bool
		name  string
	}{
		{b.Network, "default deny both ways"}, {b.PodSecurity, "Pod Security"}, {b.NoHostAccess, "no host access"},
		{b.OwnAccounts, "own service accounts"}, {b.OwnNodes, "own nodes"},
	} {
		if part.holds {
			b.Score++
		} else {
			b.Missing = append(b.Missing, part.name)
		}
	}
}

// neighbours say which namespaces in scope have pods on which nodes. Pods of
// daemon sets run everywhere and do not count.
type neighbours struct {
	nodes map[string][]string // by namespace
	names map[string][]string // namespaces, by node
	pools map[string]string   // by node
}

func newNeighbours(e *schema.Evidence, f *Facts) neighbours {
	n := neighbours{map[string][]string{}, map[string][]string{}, map[string]string{}}
	for _, node := range e.Nodes {
		n.pools[node.Name] = node.Name
		if node.Pool != "" {
			n.pools[node.Name] = node.Pool
		}
	}
	for i := range e.Pods {
		p := &e.Pods[i]
		if p.Node == "" || p.OwnerKind == "DaemonSet" || !running(p) || !f.InScope(p.Cluster, p.Namespace) {
			continue
		}
		n.nodes[p.Namespace] = append(n.nodes[p.Namespace], p.Node)
		n.names[p.Node] = append(n.names[p.Node], p.Namespace)
	}
	return n
}

// running reports whether a pod has not ended.
func running(p *schema.Pod) bool { return p.Phase != "Succeeded" && p.Phase != "Failed" }

// of returns the namespaces that share a node with one, and the pools where they do.
func (n neighbours) of(namespace string) (others, pools []string) {
	for _, node := range n.nodes[namespace] {
		for _, other := range n.names[node] {
			if other != namespace {
				others, pools = append(others, other), append(pools, n.pools[node])
			}
		}
	}
	return distinct(others), distinct(pools)
}

// distinct returns the different items of a list, sorted.
func distinct(items []string) []string { return slices.Compact(slices.Sorted(slices.Values(items))) }

// barriersHold decides SEP-02.k4: a namespace that a document describes as isolated
// has at least three of five barriers. Whether others are treated as a boundary is
// for a person to say.
func barriersHold(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, b := range p.Derived.Barriers {
		o := Outcome{Subject: b.Subject(), Result: schema.ResultPass,
			Vars: map[string]string{"ns": b.Namespace, "n": fmt.Sprint(b.Score), "list": strings.Join(b.Missing, ", ")}}
		switch {
		case b.Score >= fewestBarriers:
		case b.Claimed:
			o.Result = schema.ResultFail
		default:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("Only %d of 5 barriers of %s hold: missing %s. No document says whether it is treated as a boundary.", b.Score, b.Namespace, o.Vars["list"])
		}
		out = append(out, o)
	}
	return out, nil
}

// fewestBarriers is how many barriers a claim of isolation needs.
const fewestBarriers = 3

// highClass is the data class that must not share nodes with others.
const highClass = "high"

// sharedNodes decides SEP-05.k2: data of class high on nodes with lower classes.
func sharedNodes(p *Pass) ([]Outcome, error) {
	class := map[string]string{}
	for _, b := range p.Derived.Barriers {
		class[b.Namespace] = b.DataClass
	}
	var out []Outcome
	for _, b := range p.Derived.Barriers {
		o := Outcome{Subject: b.Subject(), Result: schema.ResultPass}
		lower := slices.DeleteFunc(slices.Clone(b.SharesNodesWith), func(other string) bool { return class[other] == highClass })
		switch {
		case b.DataClass != highClass:
			o.Result = schema.ResultNotApplicable
		case !b.OwnNodes && len(lower) > 0:
			o.Result = schema.ResultNeedsReview
			o.Vars = map[string]string{"ns": b.Namespace, "pool": strings.Join(b.Pools, ", "), "others": listed(lower, namesShown)}
		}
		out = append(out, o)
	}
	return out, nil
}
