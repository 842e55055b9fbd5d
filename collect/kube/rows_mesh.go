package kube

import (
	"cmp"
	"maps"
	"slices"

	corev1 "k8s.io/api/core/v1"

	"github.com/auditpack/auditpack/schema"
)

// peerAuthentication emits what Istio demands of connections between pods.
func (r *Reader) peerAuthentication(x *object, f fields) {
	row := schema.MeshPolicy{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(),
		Mode: cmp.Or(f.text("spec", "mtls", "mode"), "UNSET"), SelectsAll: len(f.in("spec", "selector", "matchLabels")) == 0,
	}
	ports := f.in("spec", "portLevelMtls")
	for _, port := range slices.Sorted(maps.Keys(ports)) {
		row.PortModes = append(row.PortModes, ports.text(port, "mode"))
	}
	row.PortModes = sorted(row.PortModes)
	r.to.Rows(row)
}

// ciliumEncryption emits what the configuration of Cilium says about encryption
// between nodes.
func (r *Reader) ciliumEncryption(o *corev1.ConfigMap) {
	if o.Name != "cilium-config" {
		return
	}
	row := schema.MeshPolicy{Cluster: r.cluster.Name, Kind: "ConfigMap", Namespace: o.Namespace, Name: o.Name, Mode: "DISABLE", SelectsAll: true}
	switch {
	case o.Data["enable-wireguard"] == "true":
		row.Mode = "WIREGUARD"
	case o.Data["enable-ipsec"] == "true":
		row.Mode = "IPSEC"
	}
	r.to.Rows(row)
}
