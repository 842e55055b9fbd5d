package kube

import (
	"slices"
	"strings"

	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/kubernetes/scheme"
)

// A Kind is one resource that the collector reads.
type Kind struct {
	Group string
	// Versions whose fields are known here, the preferred one first. The first
	// that the server serves is read.
	Versions []string
	// Resource is the plural in lower case, as in a URL; Kind as in an object.
	Resource, Kind string
	Namespaced     bool
	// Custom kinds are added to an API server by others: absent is an ordinary answer.
	Custom bool
	// Keep says that the whole object is kept, redacted, as one line of JSON.
	Keep bool
}

// Name is the resource as plural.group, the way queries and populations name it.
func (k Kind) Name() string {
	if k.Group == "" {
		return k.Resource
	}
	return k.Resource + "." + k.Group
}

// Typed reports whether k8s.io/api has a Go type for the kind. Objects of other
// kinds reach the Reader as *unstructured.Unstructured.
func (k Kind) Typed() bool {
	return scheme.Scheme.Recognizes(apischema.GroupVersionKind{Group: k.Group, Version: k.Versions[0], Kind: k.Kind})
}

// KindNamed returns the kind whose Name is name, of Kinds and Secrets.
func KindNamed(name string) (Kind, bool) {
	if name == Secrets.Name() {
		return Secrets, true
	}
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Name() == name })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// KindOf returns the kind of objects with this group and kind, of Kinds, Secrets
// and the constraints of Gatekeeper, whatever the version.
func KindOf(group, kind string) (Kind, bool) {
	switch {
	case group == "" && kind == Secrets.Kind:
		return Secrets, true
	case group == constraintGroup && kind != "":
		return Constraint(kind), true
	}
	i := slices.IndexFunc(Kinds, func(k Kind) bool { return k.Group == group && k.Kind == kind })
	if i < 0 {
		return Kind{}, false
	}
	return Kinds[i], true
}

// constraintGroup has one kind for each ConstraintTemplate of Gatekeeper.
const constraintGroup = "constraints.gatekeeper.sh"

// Constraint returns the kind of Gatekeeper's constraints that a ConstraintTemplate
// named kind defines. They are not in Kinds, because every cluster has its own;
// a server's discovery of the group names them.
func Constraint(kind string) Kind {
	return Kind{Group: constraintGroup, Versions: []string{"v1beta1"}, Resource: strings.ToLower(kind), Kind: kind, Custom: true, Keep: true}
}

// Secrets is read by the tiers of schema.SecretsTier only, and never whole.
var Secrets = Kind{Versions: []string{"v1"}, Resource: "secrets", Kind: "Secret", Namespaced: true}

// Kinds is every resource that is read, except secrets. Namespaces come first:
// what they say about owners and environments is needed for everything else.
// The ClusterRole that is shipped is generated from it.
var Kinds = slices.Concat(
	kinds("", "v1",
		cluster("namespaces", "Namespace").kept(), cluster("nodes", "Node"),
		namespaced("pods", "Pod"), namespaced("services", "Service").kept(), namespaced("serviceaccounts", "ServiceAccount").kept(),
		namespaced("configmaps", "ConfigMap"),
		cluster("persistentvolumes", "PersistentVolume").kept(), namespaced("persistentvolumeclaims", "PersistentVolumeClaim").kept(),
		namespaced("resourcequotas", "ResourceQuota").kept(), namespaced("limitranges", "LimitRange").kept()),
	kinds("apps", "v1",
		namespaced("deployments", "Deployment").kept(), namespaced("statefulsets", "StatefulSet").kept(), namespaced("daemonsets", "DaemonSet").kept(),
		namespaced("replicasets", "ReplicaSet")),
	kinds("batch", "v1", namespaced("jobs", "Job"), namespaced("cronjobs", "CronJob").kept()),
	kinds("discovery.k8s.io", "v1", namespaced("endpointslices", "EndpointSlice")),
	kinds("autoscaling", "v2", namespaced("horizontalpodautoscalers", "HorizontalPodAutoscaler").kept()),
	kinds("policy", "v1", namespaced("poddisruptionbudgets", "PodDisruptionBudget").kept()),
	kinds("rbac.authorization.k8s.io", "v1",
		namespaced("roles", "Role").kept(), cluster("clusterroles", "ClusterRole").kept(),
		namespaced("rolebindings", "RoleBinding").kept(), cluster("clusterrolebindings", "ClusterRoleBinding").kept()),
	kinds("networking.k8s.io", "v1",
		namespaced("networkpolicies", "NetworkPolicy").kept(), namespaced("ingresses", "Ingress").kept(), cluster("ingressclasses", "IngressClass").kept()),
	kinds("admissionregistration.k8s.io", "v1",
		cluster("validatingadmissionpolicies", "ValidatingAdmissionPolicy").kept(),
		cluster("validatingadmissionpolicybindings", "ValidatingAdmissionPolicyBinding").kept(),
		cluster("validatingwebhookconfigurations", "ValidatingWebhookConfiguration").kept(),
		cluster("mutatingwebhookconfigurations", "MutatingWebhookConfiguration").kept()),
	kinds("storage.k8s.io", "v1", cluster("storageclasses", "StorageClass").kept(), cluster("csidrivers", "CSIDriver").kept()),
	kinds("apiextensions.k8s.io", "v1", cluster("customresourcedefinitions", "CustomResourceDefinition")),
	kinds("apiregistration.k8s.io", "v1", cluster("apiservices", "APIService").kept()),
	kinds("certificates.k8s.io", "v1", cluster("certificatesigningrequests", "CertificateSigningRequest")),
	kinds("node.k8s.io", "v1", cluster("runtimeclasses", "RuntimeClass").kept()),
	kinds("coordination.k8s.io", "v1", namespaced("leases", "Lease")),
	kinds("scheduling.k8s.io", "v1", cluster("priorityclasses", "PriorityClass").kept()),

	custom("gateway.networking.k8s.io", "v1 v1beta1", namespaced("gateways", "Gateway"), namespaced("httproutes", "HTTPRoute")),
	custom("gateway.networking.k8s.io", "v1 v1alpha2", namespaced("grpcroutes", "GRPCRoute")),
	custom("gateway.networking.k8s.io", "v1 v1alpha3 v1alpha2", namespaced("tlsroutes", "TLSRoute")),
	custom("policy.networking.k8s.io", "v1alpha1",
		cluster("adminnetworkpolicies", "AdminNetworkPolicy"), cluster("baselineadminnetworkpolicies", "BaselineAdminNetworkPolicy")),
	custom("policy.networking.k8s.io", "v1alpha2", cluster("clusternetworkpolicies", "ClusterNetworkPolicy")),
	custom("cilium.io", "v2",
		namespaced("ciliumnetworkpolicies", "CiliumNetworkPolicy"), cluster("ciliumclusterwidenetworkpolicies", "CiliumClusterwideNetworkPolicy")),
	custom("crd.projectcalico.org", "v1", namespaced("networkpolicies", "NetworkPolicy"), cluster("globalnetworkpolicies", "GlobalNetworkPolicy")),
	custom("projectcalico.org", "v3", namespaced("networkpolicies", "NetworkPolicy"), cluster("globalnetworkpolicies", "GlobalNetworkPolicy")),
	custom("security.istio.io", "v1 v1beta1", namespaced("peerauthentications", "PeerAuthentication"), namespaced("authorizationpolicies", "AuthorizationPolicy")),
	custom("networking.istio.io", "v1 v1beta1", namespaced("serviceentries", "ServiceEntry")),
	custom("cert-manager.io", "v1", namespaced("certificates", "Certificate")),

	custom("argoproj.io", "v1alpha1", namespaced("applications", "Application"), namespaced("applicationsets", "ApplicationSet"), namespaced("appprojects", "AppProject")),
	custom("kustomize.toolkit.fluxcd.io", "v1 v1beta2", namespaced("kustomizations", "Kustomization")),
	custom("helm.toolkit.fluxcd.io", "v2 v2beta2", namespaced("helmreleases", "HelmRelease")),
	custom("source.toolkit.fluxcd.io", "v1 v1beta2",
		namespaced("gitrepositories", "GitRepository"), namespaced("ocirepositories", "OCIRepository"), namespaced("helmrepositories", "HelmRepository")),

	custom("kyverno.io", "v1", cluster("clusterpolicies", "ClusterPolicy"), namespaced("policies", "Policy")),
	custom("kyverno.io", "v2 v2beta1", namespaced("policyexceptions", "PolicyException")),
	custom("policies.kyverno.io", "v1 v1beta1 v1alpha1",
		cluster("validatingpolicies", "ValidatingPolicy"), cluster("imagevalidatingpolicies", "ImageValidatingPolicy"), namespaced("policyexceptions", "PolicyException")),
	custom("templates.gatekeeper.sh", "v1 v1beta1", cluster("constrainttemplates", "ConstraintTemplate")),
	custom("config.gatekeeper.sh", "v1alpha1", namespaced("configs", "Config")),
	custom("policy.sigstore.dev", "v1beta1 v1alpha1", cluster("clusterimagepolicies", "ClusterImagePolicy")),
	custom("security.openshift.io", "v1", cluster("securitycontextconstraints", "SecurityContextConstraints")),

	custom("wgpolicyk8s.io", "v1alpha2", namespaced("policyreports", "PolicyReport"), cluster("clusterpolicyreports", "ClusterPolicyReport")),
	custom("openreports.io", "v1alpha1", namespaced("reports", "Report"), cluster("clusterreports", "ClusterReport")),
	custom("aquasecurity.github.io", "v1alpha1", namespaced("vulnerabilityreports", "VulnerabilityReport")),

	custom("external-secrets.io", "v1 v1beta1",
		namespaced("externalsecrets", "ExternalSecret"), namespaced("secretstores", "SecretStore"),
		cluster("clustersecretstores", "ClusterSecretStore"), cluster("clusterexternalsecrets", "ClusterExternalSecret")),
	custom("secrets-store.csi.x-k8s.io", "v1", namespaced("secretproviderclasses", "SecretProviderClass")),
	custom("bitnami.com", "v1alpha1", namespaced("sealedsecrets", "SealedSecret")),
	custom("secrets.hashicorp.com", "v1beta1",
		namespaced("vaultstaticsecrets", "VaultStaticSecret"), namespaced("vaultdynamicsecrets", "VaultDynamicSecret"), namespaced("vaultpkisecrets", "VaultPKISecret")),

	custom("velero.io", "v1",
		namespaced("schedules", "Schedule"), namespaced("backups", "Backup"), namespaced("restores", "Restore"),
		namespaced("backupstoragelocations", "BackupStorageLocation")),
	custom("snapshot.storage.k8s.io", "v1", namespaced("volumesnapshots", "VolumeSnapshot"), cluster("volumesnapshotclasses", "VolumeSnapshotClass")),
	custom("postgresql.cnpg.io", "v1", namespaced("clusters", "Cluster"), namespaced("backups", "Backup"), namespaced("scheduledbackups", "ScheduledBackup")),
	custom("longhorn.io", "v1beta2", namespaced("recurringjobs", "RecurringJob"), namespaced("volumes", "Volume")),
	custom("config.kio.kasten.io", "v1alpha1", namespaced("policies", "Policy")),

	custom("monitoring.coreos.com", "v1", namespaced("prometheusrules", "PrometheusRule"), namespaced("alertmanagers", "Alertmanager")),
	custom("monitoring.coreos.com", "v1beta1 v1alpha1", namespaced("alertmanagerconfigs", "AlertmanagerConfig")),
	custom("observability.openshift.io", "v1", namespaced("clusterlogforwarders", "ClusterLogForwarder")),
	custom("logging.openshift.io", "v1", namespaced("clusterlogforwarders", "ClusterLogForwarder")),
	custom("opentelemetry.io", "v1beta1 v1alpha1", namespaced("opentelemetrycollectors", "OpenTelemetryCollector")),
)

func cluster(resource, kind string) Kind { return Kind{Resource: resource, Kind: kind} }

func namespaced(resource, kind string) Kind {
	return Kind{Resource: resource, Kind: kind, Namespaced: true}
}

func (k Kind) kept() Kind {
	k.Keep = true
	return k
}

// kinds puts resources into a group; versions are separated by spaces.
func kinds(group, versions string, ks ...Kind) []Kind {
	for i := range ks {
		ks[i].Group, ks[i].Versions = group, strings.Fields(versions)
	}
	return ks
}

// custom is kinds for resources that others add to the API server. They are kept whole.
func custom(group, versions string, ks ...Kind) []Kind {
	for i := range ks {
		ks[i].Custom, ks[i].Keep = true, true
	}
	return kinds(group, versions, ks...)
}
