package kube

import (
	"cmp"
	"maps"
	"net/netip"
	"slices"
	"strconv"
	"strings"

	autoscalingv2 "k8s.io/api/autoscaling/v2"
	corev1 "k8s.io/api/core/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/util/intstr"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

// selectorText writes a selector in kubectl's syntax: empty for one that selects
// everything, <none> for a missing one, which selects nothing.
func selectorText(s *metav1.LabelSelector) string {
	if s == nil {
		return "<none>"
	}
	sel, err := metav1.LabelSelectorAsSelector(s)
	if err != nil {
		return "<invalid>"
	}
	return sel.String()
}

func selectsAll(s *metav1.LabelSelector) bool {
	return s != nil && len(s.MatchLabels) == 0 && len(s.MatchExpressions) == 0
}

func (r *Reader) networkPolicy(x *object, o *networkingv1.NetworkPolicy) {
	row := schema.NetworkPolicy{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name,
		SelectsAll: selectsAll(&o.Spec.PodSelector), Selector: selectorText(&o.Spec.PodSelector),
		IngressRules: len(o.Spec.Ingress), EgressRules: len(o.Spec.Egress),
	}
	row.Ingress, row.Egress = policyTypes(o.Spec)
	for _, rule := range o.Spec.Ingress {
		row.AllowAllIngress = row.AllowAllIngress || len(rule.From) == 0 && len(rule.Ports) == 0
		row.WidePeers = append(row.WidePeers, widePeers("ingress", rule.From, rule.Ports)...)
		row.PeerNamespaces = append(row.PeerNamespaces, peerNamespaces("ingress", rule.From)...)
	}
	for _, rule := range o.Spec.Egress {
		row.AllowAllEgress = row.AllowAllEgress || len(rule.To) == 0 && len(rule.Ports) == 0
		row.WidePeers = append(row.WidePeers, widePeers("egress", rule.To, rule.Ports)...)
		row.PeerNamespaces = append(row.PeerNamespaces, peerNamespaces("egress", rule.To)...)
		row.AllowsMetadata = row.AllowsMetadata || allowsMetadata(rule)
	}
	row.WidePeers, row.PeerNamespaces = sorted(row.WidePeers), sorted(row.PeerNamespaces)
	r.to.Rows(row)
}

// policyTypes are the effective ones: where the list is empty, as in a manifest
// that no server has defaulted, ingress always counts and egress when it has a rule.
func policyTypes(s networkingv1.NetworkPolicySpec) (ingress, egress bool) {
	if len(s.PolicyTypes) == 0 {
		return true, len(s.Egress) > 0
	}
	return slices.Contains(s.PolicyTypes, networkingv1.PolicyTypeIngress), slices.Contains(s.PolicyTypes, networkingv1.PolicyTypeEgress)
}

// widePeers names the peers of a rule that have no limit. A rule without peers
// allows all of them, which is narrow when it names ports, such as that of DNS.
func widePeers(direction string, peers []networkingv1.NetworkPolicyPeer, ports []networkingv1.NetworkPolicyPort) []string {
	if len(peers) == 0 && len(ports) == 0 {
		return []string{direction + ": every address"}
	}
	var out []string
	for _, p := range peers {
		switch {
		case p.IPBlock != nil:
			if prefix, err := netip.ParsePrefix(p.IPBlock.CIDR); err == nil && prefix.Bits() == 0 && len(p.IPBlock.Except) == 0 {
				out = append(out, direction+": "+p.IPBlock.CIDR)
			}
		case selectsAll(p.NamespaceSelector) && (p.PodSelector == nil || selectsAll(p.PodSelector)):
			out = append(out, direction+": every namespace")
		}
	}
	return out
}

// peerNamespaces are the namespace selectors of peers that do not select every namespace.
func peerNamespaces(direction string, peers []networkingv1.NetworkPolicyPeer) []string {
	var out []string
	for _, p := range peers {
		if p.NamespaceSelector != nil && !selectsAll(p.NamespaceSelector) {
			out = append(out, direction+": "+selectorText(p.NamespaceSelector))
		}
	}
	return out
}

// metadataAddress is where the clouds give instances their identity.
var metadataAddress = netip.MustParseAddr("169.254.169.254")

// allowsMetadata reports whether an egress rule lets a pod reach the instance
// metadata, which answers on port 80. Selectors match pods and never that address.
func allowsMetadata(rule networkingv1.NetworkPolicyEgressRule) bool {
	if len(rule.Ports) > 0 && !slices.ContainsFunc(rule.Ports, covers80) {
		return false
	}
	return len(rule.To) == 0 || slices.ContainsFunc(rule.To, func(p networkingv1.NetworkPolicyPeer) bool {
		return p.IPBlock != nil && holdsMetadata(p.IPBlock.CIDR) && !slices.ContainsFunc(p.IPBlock.Except, holdsMetadata)
	})
}

// covers80 reports whether a port of a rule may be TCP 80. A name may stand for any number.
func covers80(p networkingv1.NetworkPolicyPort) bool {
	switch {
	case ptr.Deref(p.Protocol, corev1.ProtocolTCP) != corev1.ProtocolTCP:
		return false
	case p.Port == nil || p.Port.Type == intstr.String:
		return true
	}
	return p.Port.IntVal <= 80 && 80 <= ptr.Deref(p.EndPort, p.Port.IntVal)
}

func holdsMetadata(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err == nil && prefix.Contains(metadataAddress)
}

// internalAnnotations are the annotations by which the clouds are asked for a
// load balancer without a public address, for a service or an ingress, with the values that mean it; no value
// means any but an empty one and false.
var internalAnnotations = map[string][]string{
	"service.beta.kubernetes.io/aws-load-balancer-scheme":                {"internal"},
	"service.beta.kubernetes.io/aws-load-balancer-internal":              nil,
	"networking.gke.io/load-balancer-type":                               {"Internal"},
	"cloud.google.com/load-balancer-type":                                {"Internal"},
	"service.beta.kubernetes.io/azure-load-balancer-internal":            {"true"},
	"service.beta.kubernetes.io/openstack-internal-load-balancer":        {"true"},
	"service.beta.kubernetes.io/oci-load-balancer-internal":              {"true"},
	"service.beta.kubernetes.io/alibaba-cloud-loadbalancer-address-type": {"intranet"},
	"service.kubernetes.io/ibm-load-balancer-cloud-provider-ip-type":     {"private"},
	"service.kubernetes.io/qcloud-loadbalancer-internal-subnetid":        nil,
	"service.beta.kubernetes.io/do-loadbalancer-network":                 {"INTERNAL"},
	"load-balancer.hetzner.cloud/disable-public-network":                 {"true"},
	"service.beta.kubernetes.io/scw-loadbalancer-private":                {"true"},
	"alb.ingress.kubernetes.io/scheme":                                   {"internal"},
	"appgw.ingress.kubernetes.io/use-private-ip":                         {"true"},
}

func asksInternal(annotations map[string]string) bool {
	for key, values := range internalAnnotations {
		v, ok := annotations[key]
		switch {
		case !ok:
		case values == nil && v != "" && v != "false":
			return true
		case slices.ContainsFunc(values, func(w string) bool { return strings.EqualFold(v, w) }):
			return true
		}
	}
	return false
}

// appLabels name the application that an object belongs to.
var appLabels = []string{"app.kubernetes.io/name", "app"}

func (r *Reader) service(x *object, o *corev1.Service) {
	row := schema.Service{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Type: string(cmp.Or(o.Spec.Type, corev1.ServiceTypeClusterIP)),
		ExternalIPs: sorted(o.Spec.ExternalIPs), ExternalName: o.Spec.ExternalName, SourceRanges: sorted(o.Spec.LoadBalancerSourceRanges),
		InternalAnnotation: asksInternal(o.Annotations), Created: utc(o.CreationTimestamp), App: first(o.Labels, appLabels),
	}
	for _, in := range o.Status.LoadBalancer.Ingress {
		row.Addresses = append(row.Addresses, in.IP, in.Hostname)
	}
	row.Addresses = sorted(row.Addresses)
	for _, p := range o.Spec.Ports {
		if p.NodePort != 0 {
			row.NodePorts = append(row.NodePorts, int(p.NodePort))
		}
	}
	slices.Sort(row.NodePorts)
	row.NodePorts = slices.Compact(row.NodePorts)
	r.to.Rows(row)
}

// cloudTLS are the annotations by which a cloud's load balancer is given a certificate.
var cloudTLS = []string{
	"alb.ingress.kubernetes.io/certificate-arn",
	"networking.gke.io/managed-certificates",
	"networking.gke.io/certmap",
	"ingress.gcp.kubernetes.io/pre-shared-cert",
	"appgw.ingress.kubernetes.io/appgw-ssl-certificate",
	"kubernetes.azure.com/tls-cert-keyvault-uri",
}

// ingress emits one row a host. Rules with the same host are one row.
func (r *Reader) ingress(x *object, o *networkingv1.Ingress) {
	hosts := map[string][]string{}
	if b := o.Spec.DefaultBackend; b != nil {
		hosts["*"] = append(hosts["*"], backendName(*b))
	}
	for _, rule := range o.Spec.Rules {
		host := cmp.Or(rule.Host, "*")
		hosts[host] = append(hosts[host], "")
		if rule.HTTP == nil {
			continue
		}
		for _, p := range rule.HTTP.Paths {
			hosts[host] = append(hosts[host], backendName(p.Backend))
		}
	}
	class := cmp.Or(ptr.Deref(o.Spec.IngressClassName, ""), o.Annotations["kubernetes.io/ingress.class"])
	cloud := slices.ContainsFunc(cloudTLS, func(k string) bool { return o.Annotations[k] != "" }) ||
		strings.Contains(o.Annotations["alb.ingress.kubernetes.io/listen-ports"], "HTTPS")
	var addresses []string
	for _, in := range o.Status.LoadBalancer.Ingress {
		addresses = append(addresses, in.IP, in.Hostname)
	}
	for _, host := range slices.Sorted(maps.Keys(hosts)) {
		r.to.Rows(schema.Ingress{
			Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Host: host, Class: class,
			TLS: tlsCovers(o.Spec.TLS, host), CloudTLS: cloud, Backends: sorted(hosts[host]),
			DefaultBackend: o.Spec.DefaultBackend != nil && host == "*", Addresses: sorted(addresses), InternalAnnotation: asksInternal(o.Annotations),
		})
	}
}

func backendName(b networkingv1.IngressBackend) string {
	switch {
	case b.Service != nil:
		return b.Service.Name
	case b.Resource != nil:
		return b.Resource.Kind + "/" + b.Resource.Name
	}
	return ""
}

// tlsCovers reports whether an entry of spec.tls is for the host. An entry
// without hosts is for all of them, and *.example.com for one label below it.
func tlsCovers(tls []networkingv1.IngressTLS, host string) bool {
	for _, t := range tls {
		if len(t.Hosts) == 0 {
			return true
		}
		for _, h := range t.Hosts {
			if strings.EqualFold(h, host) {
				return true
			}
			parent, wild := strings.CutPrefix(h, "*.")
			if _, under, ok := strings.Cut(host, "."); wild && ok && strings.EqualFold(parent, under) {
				return true
			}
		}
	}
	return false
}

func (r *Reader) disruptionBudget(x *object, o *policyv1.PodDisruptionBudget) {
	r.to.Rows(schema.DisruptionBudget{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Selector: selectorText(o.Spec.Selector),
		MinAvailable: countText(o.Spec.MinAvailable), MaxUnavailable: countText(o.Spec.MaxUnavailable),
		DisruptionsAllowed: int(o.Status.DisruptionsAllowed), CurrentHealthy: int(o.Status.CurrentHealthy), DesiredHealthy: int(o.Status.DesiredHealthy),
	})
}

func countText(v *intstr.IntOrString) string {
	switch {
	case v == nil:
		return ""
	case v.Type == intstr.Int:
		return strconv.Itoa(int(v.IntVal))
	}
	return v.StrVal
}

func (r *Reader) autoscaler(x *object, o *autoscalingv2.HorizontalPodAutoscaler) {
	r.to.Rows(schema.Autoscaler{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name,
		TargetKind: o.Spec.ScaleTargetRef.Kind, TargetName: o.Spec.ScaleTargetRef.Name,
		MinReplicas: int(ptr.Deref(o.Spec.MinReplicas, 1)), MaxReplicas: int(o.Spec.MaxReplicas),
	})
}
