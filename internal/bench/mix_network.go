package main

import (
	"fmt"

	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (m mix) network() []batch {
	return []batch{
		typed("", "v1", "services", "Service", "services/specs", m.n(3000), [2]string{"helm"}, m.service),
		typed("discovery.k8s.io", "v1", "endpointslices", "EndpointSlice", "endpointslices", m.n(3000), byController, m.endpoints),
		typed("networking.k8s.io", "v1", "networkpolicies", "NetworkPolicy", "networkpolicies", m.n(2000), byHelm, m.networkPolicy),
		typed("networking.k8s.io", "v1", "ingresses", "Ingress", "ingress", m.n(500), [2]string{"helm"}, m.ingress),
	}
}

func (m mix) service(i int) runtime.Object {
	return &corev1.Service{ObjectMeta: m.meta(i, fmt.Sprintf("svc-%d", m.row(i)), "svc"), Spec: corev1.ServiceSpec{
		Selector: map[string]string{"app.kubernetes.io/name": appName(m.row(i))}, Type: corev1.ServiceTypeClusterIP, ClusterIP: corev1.ClusterIPNone,
		ClusterIPs: []string{corev1.ClusterIPNone}, IPFamilies: []corev1.IPFamily{corev1.IPv4Protocol}, IPFamilyPolicy: new(corev1.IPFamilyPolicySingleStack),
		Ports: []corev1.ServicePort{
			{Name: "http", Port: 80, TargetPort: intstr.FromInt32(8080), Protocol: corev1.ProtocolTCP}, {Name: "metrics", Port: 9090, TargetPort: intstr.FromInt32(9090), Protocol: corev1.ProtocolTCP},
		},
	}}
}

func (m mix) endpoints(i int) runtime.Object {
	service := fmt.Sprintf("svc-%d", m.row(i))
	o := &discoveryv1.EndpointSlice{
		ObjectMeta: metav1.ObjectMeta{Name: service + "-abcde", Namespace: m.namespace(i), Labels: map[string]string{discoveryv1.LabelServiceName: service}}, AddressType: discoveryv1.AddressTypeIPv4,
		Ports: []discoveryv1.EndpointPort{{Name: new("http"), Port: new(int32(8080)), Protocol: new(corev1.ProtocolTCP)}},
	}
	for k := range podsOf {
		o.Endpoints = append(o.Endpoints, discoveryv1.Endpoint{
			Addresses: []string{fmt.Sprintf("10.70.%d.%d", i%256, k+1)}, Conditions: discoveryv1.EndpointConditions{Ready: new(true)}, NodeName: new(m.nodeName(i)),
		})
	}
	return o
}

func (m mix) networkPolicy(i int) runtime.Object {
	peer := networkingv1.NetworkPolicyPeer{NamespaceSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"team": "team-1"}}}
	return &networkingv1.NetworkPolicy{ObjectMeta: m.meta(i, fmt.Sprintf("np-%d", m.row(i)), "np"), Spec: networkingv1.NetworkPolicySpec{
		PodSelector: metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": appName(m.row(i))}},
		PolicyTypes: []networkingv1.PolicyType{networkingv1.PolicyTypeIngress, networkingv1.PolicyTypeEgress},
		Ingress:     []networkingv1.NetworkPolicyIngressRule{{From: []networkingv1.NetworkPolicyPeer{peer}, Ports: []networkingv1.NetworkPolicyPort{{Port: new(intstr.FromInt32(8080)), Protocol: new(corev1.ProtocolTCP)}}}},
	}}
}

func (m mix) ingress(i int) runtime.Object {
	host := fmt.Sprintf("h%d.example.com", i)
	path := networkingv1.HTTPIngressPath{Path: "/", PathType: new(networkingv1.PathTypePrefix), Backend: networkingv1.IngressBackend{
		Service: &networkingv1.IngressServiceBackend{Name: "svc-0", Port: networkingv1.ServiceBackendPort{Number: 80}},
	}}
	o := &networkingv1.Ingress{ObjectMeta: m.meta(i, fmt.Sprintf("web-%d", m.row(i)), "web"), Spec: networkingv1.IngressSpec{
		IngressClassName: new("nginx"), TLS: []networkingv1.IngressTLS{{Hosts: []string{host}, SecretName: "secret-0"}},
		Rules: []networkingv1.IngressRule{{Host: host, IngressRuleValue: networkingv1.IngressRuleValue{HTTP: &networkingv1.HTTPIngressRuleValue{Paths: []networkingv1.HTTPIngressPath{path}}}}},
	}}
	o.Annotations = map[string]string{"cert-manager.io/cluster-issuer": "letsencrypt"}
	return o
}

func (m mix) access() []batch {
	return []batch{
		typed(rbacv1.GroupName, "v1", "roles", "Role", "roles", m.n(3000), byHelm, m.role),
		typed(rbacv1.GroupName, "v1", "rolebindings", "RoleBinding", "rolebindings", m.n(3000), byHelm, m.binding),
		typed(rbacv1.GroupName, "v1", "clusterroles", "ClusterRole", "clusterroles", m.n(100), byHelm, m.clusterRole),
		typed(rbacv1.GroupName, "v1", "clusterrolebindings", "ClusterRoleBinding", "clusterrolebindings", m.n(500), byHelm, m.clusterBinding),
	}
}

func (m mix) role(i int) runtime.Object {
	return &rbacv1.Role{ObjectMeta: m.meta(i, fmt.Sprintf("role-%d", m.row(i)), "role"), Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{""}, Resources: []string{"pods", "configmaps", "services"}, Verbs: []string{"get", "list", "watch"}},
		{APIGroups: []string{"apps"}, Resources: []string{"deployments"}, Verbs: []string{"get", "update", "patch"}},
	}}
}

func team(i int) rbacv1.Subject {
	return rbacv1.Subject{Kind: rbacv1.GroupKind, APIGroup: rbacv1.GroupName, Name: fmt.Sprintf("oidc:team-%d", i%40)}
}

func (m mix) binding(i int) runtime.Object {
	return &rbacv1.RoleBinding{
		ObjectMeta: m.meta(i, fmt.Sprintf("rb-%d", m.row(i)), "rb"), RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "Role", Name: fmt.Sprintf("role-%d", m.row(i))},
		Subjects: []rbacv1.Subject{{Kind: rbacv1.ServiceAccountKind, Name: fmt.Sprintf("sa-%d", m.row(i)), Namespace: m.namespace(i)}, team(i)},
	}
}

func (m mix) clusterRole(i int) runtime.Object {
	return &rbacv1.ClusterRole{ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("cr-%d", i), Labels: labels("cr", i)}, Rules: []rbacv1.PolicyRule{
		{APIGroups: []string{"*"}, Resources: []string{"nodes", "pods"}, Verbs: []string{"get", "list"}},
	}}
}

func (m mix) clusterBinding(i int) runtime.Object {
	return &rbacv1.ClusterRoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: fmt.Sprintf("crb-%d", i), Labels: labels("crb", i)},
		RoleRef:    rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: fmt.Sprintf("cr-%d", i%m.n(100))}, Subjects: []rbacv1.Subject{team(i)},
	}
}
