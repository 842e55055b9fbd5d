package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// metadataReachable decides SEP-03.k5: pods on a cloud that can reach the address
// where an instance gets its identity. A node may hide it, which the API does not show.
func metadataReachable(p *Pass) ([]Outcome, error) {
	if !onCloud(p) {
		return nil, nil
	}
	policies := map[string][]isolation{}
	for i := range p.Evidence.NetworkPolicies {
		n := &p.Evidence.NetworkPolicies[i]
		s, err := parseSelector(n.Selector)
		if err != nil {
			return nil, fmt.Errorf("network policy %s/%s: %w", n.Namespace, n.Name, err)
		}
		policies[n.Namespace] = append(policies[n.Namespace], isolation{n, s})
	}
	open := map[string]bool{}
	for i := range p.Evidence.Pods {
		pod := &p.Evidence.Pods[i]
		open[pod.Namespace] = open[pod.Namespace] || running(pod) && reachesMetadata(pod, policies[pod.Namespace])
	}
	var out []Outcome
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass}
		switch {
		case !n.InScope:
			o.Result = schema.ResultNotApplicable
		case open[n.Name] && !p.Facts.Documented("SEP-03.k5", p.Cluster.Name):
			o.Result, o.Vars = schema.ResultNeedsReview, map[string]string{"ns": n.Name}
		}
		out = append(out, o)
	}
	return out, nil
}

// onCloud reports whether the nodes are instances of a large cloud.
func onCloud(p *Pass) bool {
	return slices.ContainsFunc(p.Evidence.Nodes, func(n schema.Node) bool {
		scheme, _, _ := strings.Cut(n.ProviderID, "://")
		if short, _, ok := strings.Cut(scheme, ":"); ok {
			scheme = short
		}
		return slices.Contains([]string{"aws", "gce", "azure", "openstack", "digitalocean", "oci", "alicloud", "ibm"}, scheme)
	})
}

// reachesMetadata reports whether no policy isolates a pod for egress, or one of
// those that do allows the address. NetworkPolicy says nothing about pods in the
// network of the host.
func reachesMetadata(pod *schema.Pod, policies []isolation) bool {
	isolated := false
	for _, p := range policies {
		if !p.Egress || !p.SelectsAll && !p.selects.matches(pod.Labels) {
			continue
		}
		if p.AllowsMetadata {
			return true
		}
		isolated = true
	}
	return !isolated || pod.HostNetwork
}

// adminWords are the names of interfaces by which a platform is administered.
var adminWords = []string{"argocd-server", "grafana", "kibana", "prometheus", "alertmanager", "kubernetes-dashboard", "rancher", "harbor", "vault"}

// adminInterfaces decides SEP-06.k3 for each host of an ingress, and each route of
// a gateway, that leads to an administration interface. An approval of type
// exposure for the object registers what protects it.
func adminInterfaces(p *Pass) ([]Outcome, error) {
	apps := map[string]string{}
	for _, s := range p.Evidence.Services {
		apps[s.Namespace+"/"+s.Name] = s.App
	}
	var out []Outcome
	add := func(s schema.Subject, public bool, hosts, backends []string) {
		o := Outcome{Subject: s, Result: schema.ResultPass}
		i := slices.IndexFunc(backends, func(b string) bool { return administers(b, apps[b]) })
		registered := s
		registered.Field = ""
		if i >= 0 && public && p.Facts.Approval(schema.ApproveExposure, registered) != Approved {
			o.Result, o.Vars = schema.ResultFail, map[string]string{"svc": backends[i], "host": strings.Join(hosts, ", ")}
		}
		out = append(out, o)
	}
	for _, in := range p.Evidence.Ingresses {
		if !p.Facts.InScope(in.Cluster, in.Namespace) {
			continue
		}
		var backends []string
		for _, b := range in.Backends {
			backends = append(backends, in.Namespace+"/"+b)
		}
		add(in.Subject(), !in.InternalAnnotation && !allPrivate(in.Addresses), []string{in.Host}, backends)
	}
	addresses := map[string][]string{}
	for _, g := range p.Evidence.Gateways {
		addresses[g.Namespace+"/"+g.Name] = g.Addresses
	}
	for _, r := range p.Evidence.Routes {
		if !p.Facts.InScope(r.Cluster, r.Namespace) || len(r.Gateways) == 0 {
			continue
		}
		public := slices.ContainsFunc(r.Gateways, func(g string) bool { return !allPrivate(addresses[gatewayName(g)]) })
		add(r.Subject(), public, r.Hostnames, r.Backends)
	}
	return out, nil
}

// administers reports whether a service, as namespace/name, or its application
// bears the name of an administration interface.
func administers(service, app string) bool {
	_, name, _ := strings.Cut(service, "/")
	return slices.ContainsFunc(adminWords, func(w string) bool { return containsWord(name, w) || containsWord(app, w) })
}

// allPrivate reports whether there are addresses and none of them is public. Names
// of internal load balancers of AWS begin with internal-.
func allPrivate(addresses []string) bool {
	return len(addresses) > 0 && !slices.ContainsFunc(addresses, func(a string) bool {
		ip, err := netip.ParseAddr(a)
		if err != nil {
			return !strings.HasPrefix(a, "internal-")
		}
		return !ip.IsPrivate() && !ip.IsLoopback() && !ip.IsLinkLocalUnicast()
	})
}

// gatewayName is the namespace/name of a parent such as namespace/name/listener.
func gatewayName(parent string) string {
	parts := strings.SplitN(parent, "/", 3)
	return strings.Join(parts[:min(len(parts), 2)], "/")
}

// plainListeners decides SEP-07.k2: each HTTP listener has nothing but routes that
// redirect to HTTPS, and at least one.
func plainListeners(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, g := range p.Evidence.Gateways {
		o := Outcome{Subject: g.Subject(), Result: schema.ResultPass}
		switch {
		case !p.Facts.InScope(g.Cluster, g.Namespace):
			o.Result = schema.ResultNotApplicable
		case g.Protocol == "HTTP" && !redirectsAll(p.Evidence.Routes, g):
			o.Result, o.Vars = schema.ResultPartial, map[string]string{"name": g.Namespace + "/" + g.Name}
		}
		out = append(out, o)
	}
	return out, nil
}

func redirectsAll(routes []schema.Route, g schema.Gateway) bool {
	name := g.Namespace + "/" + g.Name
	attached := false
	for _, r := range routes {
		if !slices.Contains(r.Gateways, name) && !slices.Contains(r.Gateways, name+"/"+g.Listener) {
			continue
		}
		if !r.RedirectsHTTPS {
			return false
		}
		attached = true
	}
	return attached
}

// meshEncryption decides SEP-07.k4. Istio without a policy takes plain text as
// well, and Linkerd encrypts between the pods that it is injected into, which the
// API does not show.
func meshEncryption(p *Pass) ([]Outcome, error) {
	root := ""
	mesh := func(words ...string) bool {
		return slices.ContainsFunc(p.Evidence.Workloads, func(w schema.Workload) bool {
			if !runsOneOf(w.Images, words) {
				return false
			}
			root = w.Namespace
			return true
		})
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotApplicable, Message: "nothing encrypts traffic between the pods of " + p.Cluster.Name + ", and no control demands it"}
	for _, m := range p.Evidence.MeshPolicies {
		if m.Kind == "ConfigMap" && m.Mode != "DISABLE" {
			return []Outcome{{Subject: o.Subject, Result: schema.ResultPass}}, nil
		}
	}
	if mesh("linkerd", "proxy-injector", "linkerd-io") {
		return []Outcome{{Subject: o.Subject, Result: schema.ResultNeedsReview, Message: "Linkerd runs in " + p.Cluster.Name + "; which pods it is injected into, and whether it refuses plain text, is for a person to see."}}, nil
	}
	istio := mesh("istio/pilot", "pilot", "istiod")
	policies := slices.DeleteFunc(slices.Clone(p.Evidence.MeshPolicies), func(m schema.MeshPolicy) bool { return m.Kind != "PeerAuthentication" })
	if !istio && len(policies) == 0 {
		return []Outcome{o}, nil
	}
	if root == "" {
		root = "istio-system"
	}
	return p.judgeMesh(policies, root), nil
}

// judgeMesh looks at the policy of Istio's root namespace, and at each that
// weakens it somewhere.
func (p *Pass) judgeMesh(policies []schema.MeshPolicy, root string) []Outcome {
	whole := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPartial, Vars: map[string]string{"mode": "PERMISSIVE, the default"}}
	var out []Outcome
	for _, m := range policies {
		if m.Namespace == root && m.SelectsAll {
			whole.Vars = map[string]string{"mode": m.Mode}
			if m.Mode == "STRICT" {
				whole.Result = schema.ResultPass
			}
		}
		weak := slices.Contains([]string{"PERMISSIVE", "DISABLE"}, m.Mode) && !(m.Namespace == root && m.SelectsAll) ||
			slices.ContainsFunc(m.PortModes, func(mode string) bool { return mode == "PERMISSIVE" || mode == "DISABLE" })
		o := Outcome{Subject: m.Subject(), Result: schema.ResultPass}
		if weak {
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("%s lets plain text through: mode %s.", m.Subject(), strings.Join(append([]string{m.Mode}, m.PortModes...), ", "))
		}
		out = append(out, o)
	}
	return append(out, whole)
}

// servedHosts decides SEP-06.k2: hosts that stand for more than one name, and
// gateways to which any namespace may attach routes. A host that the exposure
// register approves needs no further look.
func servedHosts(p *Pass) ([]Outcome, error) {
	var out []Outcome
	add := func(s schema.Subject, hosts []string, fallback bool) {
		o := Outcome{Subject: s, Result: schema.ResultPass, Vars: map[string]string{"host": strings.Join(hosts, ", "), "object": s.Kind + " " + s.Namespace + "/" + s.Name}}
		registered := s
		registered.Field = ""
		switch {
		case !p.Facts.InScope(s.Cluster, s.Namespace):
			o.Result = schema.ResultNotApplicable
		case p.Facts.Approval(schema.ApproveExposure, registered) == Approved:
		case fallback:
			o.Result, o.Message = schema.ResultNeedsReview, "Whatever host no other rule names is served by "+o.Vars["object"]+"."
		case slices.ContainsFunc(hosts, func(h string) bool { return strings.HasPrefix(h, "*") }):
			o.Result = schema.ResultNeedsReview
		}
		out = append(out, o)
	}
	for _, in := range p.Evidence.Ingresses {
		add(in.Subject(), []string{in.Host}, in.DefaultBackend)
	}
	for _, r := range p.Evidence.Routes {
		hosts := r.Hostnames
		if slices.Equal(hosts, []string{"*"}) {
			hosts = listenerHosts(p.Evidence.Gateways, r)
		}
		add(r.Subject(), hosts, false)
	}
	for _, g := range p.Evidence.Gateways {
		o := Outcome{Subject: g.Subject(), Result: schema.ResultPass}
		switch {
		case !p.Facts.InScope(g.Cluster, g.Namespace):
			o.Result = schema.ResultNotApplicable
		case g.RoutesFrom == "All":
			o.Result, o.Message = schema.ResultPartial, fmt.Sprintf("Any namespace may attach routes to the listener %s of gateway %s/%s.", g.Listener, g.Namespace, g.Name)
		}
		out = append(out, o)
	}
	return out, nil
}

// listenerHosts are the hosts of the listeners that a route without hosts hangs on.
func listenerHosts(gateways []schema.Gateway, r schema.Route) []string {
	var out []string
	for _, g := range gateways {
		name := g.Namespace + "/" + g.Name
		if slices.Contains(r.Gateways, name) || slices.Contains(r.Gateways, name+"/"+g.Listener) {
			out = append(out, g.Hostname)
		}
	}
	return distinct(out)
}
