package kube

import (
	"net/netip"
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"

	"github.com/auditpack/auditpack/schema"
)

// dependency emits one row for each distinct host that an object names.
func (r *Reader) dependency(x *object, hosts ...string) {
	for _, host := range sorted(hosts) {
		r.to.Rows(schema.Dependency{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(), Host: r.bareURL(host)})
	}
}

func (r *Reader) serviceDependency(x *object, o *corev1.Service) {
	if o.Spec.Type == corev1.ServiceTypeExternalName {
		r.dependency(x, o.Spec.ExternalName)
	}
}

// policyDependencies are the networks that egress rules allow. One that is
// everything names no dependency.
func (r *Reader) policyDependencies(x *object, o *networkingv1.NetworkPolicy) {
	for _, rule := range o.Spec.Egress {
		for _, p := range rule.To {
			if p.IPBlock != nil && narrow(p.IPBlock.CIDR) {
				r.dependency(x, p.IPBlock.CIDR)
			}
		}
	}
}

func narrow(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err != nil || prefix.Bits() > 0
}

// serviceEntry is Istio's name for a host that the mesh does not run itself.
func (r *Reader) serviceEntry(x *object, f fields) {
	if f.text("spec", "location") != "MESH_INTERNAL" {
		r.dependency(x, f.texts("spec", "hosts")...)
	}
}

// ciliumDependencies are the names and networks that egress rules of Cilium allow.
func (r *Reader) ciliumDependencies(x *object, f fields) {
	specs := append(f.list("specs"), f.in("spec"))
	var hosts []string
	for _, s := range specs {
		for _, e := range s.list("egress") {
			for _, n := range e.list("toFQDNs") {
				hosts = append(hosts, n.text("matchName"), n.text("matchPattern"))
			}
			hosts = append(hosts, e.texts("toCIDR")...)
			for _, set := range e.list("toCIDRSet") {
				hosts = append(hosts, set.text("cidr"))
			}
		}
	}
	r.dependency(x, slices.DeleteFunc(hosts, func(h string) bool { return strings.Contains(h, "/") && !narrow(h) })...)
}

// cloudGroups end the groups of resources that stand for things of a cloud:
// those of Crossplane, the controllers of AWS, Config Connector of Google Cloud,
// and the Azure Service Operator.
var cloudGroups = []string{".upbound.io", ".crossplane.io", ".services.k8s.aws", ".cnrm.cloud.google.com", ".azure.com"}

// cloudGroup notes the group of a definition whose objects stand for things of a
// cloud. The objects themselves are not listed.
func (r *Reader) cloudGroup(group string) {
	if !slices.ContainsFunc(cloudGroups, func(end string) bool { return strings.HasSuffix(group, end) }) ||
		group == "pkg.crossplane.io" || group == "apiextensions.crossplane.io" {
		return
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.clouds[group] = true
}
