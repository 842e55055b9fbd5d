package schema

import (
	"cmp"
	"strconv"
	"strings"
)

// Compare orders subjects by cluster, namespace, kind, name and field.
func (s Subject) Compare(o Subject) int {
	return cmp.Or(
		strings.Compare(s.Cluster, o.Cluster),
		strings.Compare(s.Namespace, o.Namespace),
		strings.Compare(s.Kind, o.Kind),
		strings.Compare(s.Name, o.Name),
		strings.Compare(s.Field, o.Field),
	)
}

// String returns the subject without its cluster, as Kind namespace/name field.
func (s Subject) String() string {
	var b strings.Builder
	b.WriteString(s.Kind)
	b.WriteByte(' ')
	if s.Namespace != "" {
		b.WriteString(s.Namespace)
		b.WriteByte('/')
	}
	b.WriteString(s.Name)
	if s.Field != "" {
		b.WriteByte(' ')
		b.WriteString(s.Field)
	}
	return b.String()
}

// Subject implements Row.
func (r Cluster) Subject() Subject { return Subject{Cluster: r.Name, Kind: "Cluster", Name: r.Name} }

// Subject implements Row.
func (r Namespace) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Namespace", Name: r.Name}
}

// Subject implements Row.
func (r Node) Subject() Subject { return Subject{Cluster: r.Cluster, Kind: "Node", Name: r.Name} }

// Subject implements Row.
func (r Workload) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Container) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.WorkloadKind, Namespace: r.Namespace, Name: r.Workload, Field: r.Type + "/" + r.Name}
}

// Subject implements Row.
func (r Pod) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Pod", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Role) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Binding) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r ServiceAccount) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "ServiceAccount", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r CertificateRequest) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "CertificateSigningRequest", Name: r.Name}
}

// Subject implements Row.
func (r IdentityMapping) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "ConfigMap", Namespace: "kube-system", Name: "aws-auth", Field: r.Section + "/" + r.ARN}
}

// Subject implements Row.
func (r Secret) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Secret", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Credential) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Path}
}

// Subject implements Row.
func (r NetworkPolicy) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "NetworkPolicy", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Service) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Service", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Ingress) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Ingress", Namespace: r.Namespace, Name: r.Name, Field: r.Host}
}

// Subject implements Row.
func (r Quota) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r DisruptionBudget) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "PodDisruptionBudget", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Autoscaler) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "HorizontalPodAutoscaler", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Volume) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "PersistentVolume", Name: r.Name}
}

// Subject implements Row.
func (r VolumeClaim) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "PersistentVolumeClaim", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r StorageClass) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "StorageClass", Name: r.Name}
}

// Subject implements Row.
func (r Backup) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Webhook) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Name: r.Configuration, Field: r.Name}
}

// Subject implements Row.
func (r AdmissionPolicy) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r PolicyExclusion) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Excludes}
}

// Subject implements Row.
func (r APIService) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "APIService", Name: r.Name}
}

// Subject implements Row.
func (r CustomResource) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "CustomResourceDefinition", Name: r.Name}
}

// Subject implements Row.
func (r Application) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r ApplicationProject) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "AppProject", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r ExternalSecret) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r FieldManager) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Manager + "/" + r.Operation + "/" + r.Subresource}
}

// Subject implements Row.
func (r Gateway) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Gateway", Namespace: r.Namespace, Name: r.Name, Field: r.Listener}
}

// Subject implements Row.
func (r Route) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Endpoint) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "EndpointSlice", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Certificate) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Certificate", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r MeshPolicy) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r PolicyResult) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Policy}
}

// Subject implements Row.
func (r ImageScan) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "VulnerabilityReport", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r ManagedObject) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Barrier) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Namespace", Name: r.Namespace}
}

// Subject implements Row.
func (r ControlPlaneFlag) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Pod", Namespace: "kube-system", Name: r.Pod, Field: r.Flag}
}

// Subject implements Row. It names who holds the grant; Field is the binding and role that give it.
func (r AccessGrant) Subject() Subject {
	binding := r.BindingKind + "/" + r.Binding
	if r.Scope != "*" {
		binding = r.BindingKind + "/" + r.Scope + "/" + r.Binding
	}
	field := binding + " to " + r.RoleKind + "/" + r.Role
	if r.Added {
		field += " added rules"
	}
	return Subject{Cluster: r.Cluster, Kind: r.SubjectKind, Namespace: r.SubjectNamespace, Name: r.SubjectName, Field: field}
}

// Grant returns the right of a cluster that the decision is about. Only the
// fields that its Subject is made of are set.
func (d ReviewDecision) Grant(cluster string) AccessGrant {
	return AccessGrant{
		Cluster: cluster, SubjectKind: d.SubjectKind, SubjectNamespace: d.SubjectNamespace, SubjectName: d.SubjectName,
		Scope: d.Scope, BindingKind: d.BindingKind, Binding: d.Binding, RoleKind: d.RoleKind, Role: d.Role,
	}
}

// Subject implements Row.
func (r SecretMechanism) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row. Field is the host.
func (r Dependency) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Host}
}

// Subject implements Row. It names the configuration; Field is the output.
func (r LogOutput) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: r.Plugin + "/" + r.Host}
}

// Subject implements Row.
func (r AlertRule) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "PrometheusRule", Namespace: r.Namespace, Name: r.Name, Field: r.Group + "/" + r.Alert}
}

// Subject implements Row.
func (r AlertRoute) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r Lease) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Lease", Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row. The forge takes the place of the cluster, as in the
// queries that were put to it.
func (r MergedChange) Subject() Subject {
	return Subject{Cluster: r.Forge, Kind: "MergedChange", Name: r.Repository + "#" + strconv.Itoa(r.Number)}
}
