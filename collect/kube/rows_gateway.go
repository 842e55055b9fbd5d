package kube

import (
	"cmp"
	"slices"

	discoveryv1 "k8s.io/api/discovery/v1"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

// gateway emits one row a listener.
func (r *Reader) gateway(x *object, f fields) {
	var addresses []string
	for _, a := range f.list("status", "addresses") {
		addresses = append(addresses, a.text("value"))
	}
	for _, l := range f.list("spec", "listeners") {
		row := schema.Gateway{
			Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName(), Class: f.text("spec", "gatewayClassName"),
			Listener: l.text("name"), Hostname: cmp.Or(l.text("hostname"), "*"), Protocol: l.text("protocol"), Port: l.number("port"),
			RoutesFrom: cmp.Or(l.text("allowedRoutes", "namespaces", "from"), "Same"), Addresses: sorted(addresses),
		}
		if l.has("tls") {
			row.TLSMode = cmp.Or(l.text("tls", "mode"), "Terminate")
		}
		r.to.Rows(row)
	}
}

// route emits a route with the gateways that it hangs on and the services it leads to.
func (r *Reader) route(x *object, f fields) {
	row := schema.Route{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(), Hostnames: sorted(f.texts("spec", "hostnames")),
	}
	if len(row.Hostnames) == 0 {
		row.Hostnames = []string{"*"}
	}
	for _, p := range f.list("spec", "parentRefs") {
		if kind := p.text("kind"); kind != "" && kind != "Gateway" {
			continue
		}
		name := cmp.Or(p.text("namespace"), x.GetNamespace()) + "/" + p.text("name")
		if section := p.text("sectionName"); section != "" {
			name += "/" + section
		}
		row.Gateways = append(row.Gateways, name)
	}
	rules := f.list("spec", "rules")
	row.RedirectsHTTPS = len(rules) > 0
	for _, rule := range rules {
		row.RedirectsHTTPS = row.RedirectsHTTPS && redirectsHTTPS(rule)
		for _, b := range rule.list("backendRefs") {
			if kind := b.text("kind"); kind == "" || kind == "Service" {
				row.Backends = append(row.Backends, cmp.Or(b.text("namespace"), x.GetNamespace())+"/"+b.text("name"))
			}
		}
	}
	row.Gateways, row.Backends = sorted(row.Gateways), sorted(row.Backends)
	r.to.Rows(row)
}

func redirectsHTTPS(rule fields) bool {
	return slices.ContainsFunc(rule.list("filters"), func(f fields) bool {
		return f.text("type") == "RequestRedirect" && f.text("requestRedirect", "scheme") == "https"
	})
}

// endpointSlice emits how many addresses of a slice are ready. An address that
// does not say is ready, as the field's documentation has it.
func (r *Reader) endpointSlice(o *discoveryv1.EndpointSlice) {
	row := schema.Endpoint{Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Service: o.Labels[discoveryv1.LabelServiceName]}
	for _, e := range o.Endpoints {
		row.Addresses += len(e.Addresses)
		if ptr.Deref(e.Conditions.Ready, true) {
			row.Ready += len(e.Addresses)
		}
	}
	r.to.Rows(row)
}

func (r *Reader) certificate(x *object, f fields) {
	r.to.Rows(schema.Certificate{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName(), Hosts: sorted(f.texts("spec", "dnsNames")),
		Issuer: cmp.Or(f.text("spec", "issuerRef", "kind"), "Issuer") + "/" + f.text("spec", "issuerRef", "name"), Ready: f.condition("Ready"),
		NotAfter: f.when("status", "notAfter"), Renewal: f.when("status", "renewalTime"),
	})
}
