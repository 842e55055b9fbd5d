package kube

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// managed are the resources that have a row in managedObjects.
var managed = func() []string {
	p, _ := schema.PopulationNamed("managedObjects")
	return p.Resources
}()

// generatedNames are config maps, services and roles that Kubernetes and well-known
// controllers put into namespaces by themselves, without an owner.
var generatedNames = []string{"ConfigMap/kube-root-ca.crt", "ConfigMap/openshift-service-ca.crt", "ConfigMap/istio-ca-root-cert", "Service/kubernetes"}

// managedObject emits what claims a service, ingress, role or config map.
func (r *Reader) managedObject(x *object) {
	if !slices.Contains(managed, x.kind.Name()) {
		return
	}
	_, elects := x.GetAnnotations()["control-plane.alpha.kubernetes.io/leader"]
	r.to.Rows(schema.ManagedObject{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(), Created: utc(x.GetCreationTimestamp()), ManagedBy: managedBy(x),
		Generated: elects || slices.Contains(generatedNames, x.kind.Kind+"/"+x.GetName()) || x.kind.Kind == "Role" && strings.HasPrefix(x.GetName(), "system:"),
	})
}
