package kube

import (
	"slices"
	"strings"
	"time"

	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

// first returns the value of the first key that the labels have.
func first(labels map[string]string, keys []string) string {
	for _, k := range keys {
		if v, ok := labels[k]; ok {
			return v
		}
	}
	return ""
}

func (r *Reader) namespace(x *object, o *corev1.Namespace) {
	owner := first(o.Labels, r.spec.Labels.Owner)
	environment := first(o.Labels, r.spec.Labels.Environment)
	if environment == "" {
		environment = r.spec.Namespaces.Environments[o.Name]
	}
	if environment == "" {
		environment = r.cluster.Environment
	}
	r.mu.Lock()
	r.owners[o.Name] = owner
	if o.Name == "kube-system" {
		r.uid = string(o.UID)
	}
	r.mu.Unlock()
	const podSecurity = "pod-security.kubernetes.io/"
	r.to.Rows(schema.Namespace{
		Cluster: r.cluster.Name, Name: o.Name, UID: string(o.UID), Created: utc(o.CreationTimestamp), TerminatingSince: utcPtr(o.DeletionTimestamp),
		Environment: environment, Owner: owner, DataClass: first(o.Labels, r.spec.Labels.DataClass),
		InScope: !slices.Contains(r.spec.Namespaces.Exclude, o.Name), Labels: o.Labels,
		PodSecurityEnforce: o.Labels[podSecurity+"enforce"], PodSecurityAudit: o.Labels[podSecurity+"audit"], PodSecurityWarn: o.Labels[podSecurity+"warn"],
	})
	if o.Labels[podSecurity+"enforce"] == "privileged" {
		r.exclusion(x, "pod-security", "enforce=privileged")
	}
}

// lease emits the row of a node's lease. The leases of controllers say nothing about clocks of nodes.
func (r *Reader) lease(o *coordinationv1.Lease) {
	if o.Namespace != corev1.NamespaceNodeLease {
		return
	}
	row := schema.Lease{Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Holder: ptr.Deref(o.Spec.HolderIdentity, "")}
	if t := o.Spec.RenewTime; t != nil {
		row.Renewed = t.UTC().Truncate(time.Second)
	}
	r.to.Rows(row)
}

// owner is the value of the plan's owner label on an object, or on its namespace.
func (r *Reader) owner(labels map[string]string, namespace string) string {
	if v := first(labels, r.spec.Labels.Owner); v != "" {
		return v
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.owners[namespace]
}

var (
	zoneKeys = []string{corev1.LabelTopologyZone, corev1.LabelFailureDomainBetaZone}
	poolKeys = []string{
		"eks.amazonaws.com/nodegroup", "cloud.google.com/gke-nodepool", "kubernetes.azure.com/agentpool", "agentpool",
		"karpenter.sh/nodepool", "doks.digitalocean.com/node-pool", "node.openshift.io/machine-set",
	}
)

func (r *Reader) node(x *object, o *corev1.Node) {
	info := o.Status.NodeInfo
	ready := slices.ContainsFunc(o.Status.Conditions, func(c corev1.NodeCondition) bool {
		return c.Type == corev1.NodeReady && c.Status == corev1.ConditionTrue
	})
	var taints []string
	for _, t := range o.Spec.Taints {
		taints = append(taints, t.Key+"="+t.Value+":"+string(t.Effect))
	}
	r.mu.Lock()
	r.nodes++
	r.hints[nodeDistribution(o)] = true
	r.mu.Unlock()
	r.to.Rows(schema.Node{
		Cluster: r.cluster.Name, Name: o.Name, Created: utc(o.CreationTimestamp), Ready: ready, Unschedulable: o.Spec.Unschedulable,
		Zone: first(o.Labels, zoneKeys), Pool: first(o.Labels, poolKeys),
		KubeletVersion: info.KubeletVersion, OSImage: info.OSImage, KernelVersion: info.KernelVersion, ContainerRuntime: info.ContainerRuntimeVersion,
		Architecture: info.Architecture,
		ProviderID:   r.bareURL(o.Spec.ProviderID), Taints: sorted(taints),
	})
}

// nodeDistribution is what a node says about who runs the control plane.
func nodeDistribution(o *corev1.Node) string {
	switch {
	case o.Labels["node.openshift.io/os_id"] != "":
		return "openshift"
	case o.Labels["eks.amazonaws.com/nodegroup"] != "" || o.Labels["eks.amazonaws.com/compute-type"] != "":
		return "eks"
	case o.Labels["cloud.google.com/gke-nodepool"] != "":
		return "gke"
	case o.Labels["kubernetes.azure.com/cluster"] != "":
		return "aks"
	}
	if d := versionDistribution(o.Status.NodeInfo.KubeletVersion); d != "" {
		return d
	}
	switch {
	case strings.HasPrefix(o.Spec.ProviderID, "k3s://"):
		return "k3s"
	case o.Annotations["kubeadm.alpha.kubernetes.io/cri-socket"] != "":
		return "kubeadm"
	}
	return ""
}

// versionDistribution reads the suffix that distributions give to the version of
// Kubernetes, such as v1.34.1-eks-113cf36 or v1.34.2+k3s1.
func versionDistribution(version string) string {
	for _, s := range []struct{ suffix, name string }{
		{"-eks-", "eks"}, {"-gke.", "gke"}, {"+k3s", "k3s"}, {"+rke2", "rke2"},
	} {
		if strings.Contains(version, s.suffix) {
			return s.name
		}
	}
	return ""
}

// distribution prefers what the server says of itself over what nodes hint at.
// Nodes that disagree, apart from those that say nothing, leave it unknown.
func (r *Reader) distribution(serverVersion string) string {
	if d := versionDistribution(serverVersion); d != "" {
		return d
	}
	delete(r.hints, "")
	if len(r.hints) != 1 {
		return "unknown"
	}
	for d := range r.hints {
		return d
	}
	return "unknown"
}
