package kube

import (
	"errors"
	"fmt"
	"maps"
	"slices"
	"sync"
	"time"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	appsv1 "k8s.io/api/apps/v1"
	autoscalingv2 "k8s.io/api/autoscaling/v2"
	batchv1 "k8s.io/api/batch/v1"
	certificatesv1 "k8s.io/api/certificates/v1"
	coordinationv1 "k8s.io/api/coordination/v1"
	corev1 "k8s.io/api/core/v1"
	discoveryv1 "k8s.io/api/discovery/v1"
	networkingv1 "k8s.io/api/networking/v1"
	policyv1 "k8s.io/api/policy/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	storagev1 "k8s.io/api/storage/v1"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// A Reader turns the objects of one cluster into rows and redacted lines of JSON,
// and lets them go. Redaction happens here, before anything else sees an object.
//
// Namespaces are given to it before everything else, because rows repeat what
// their namespace says about owners. All methods but Finish may be called
// concurrently.
type Reader struct {
	cluster schema.PlanCluster
	spec    *schema.PlanSpec
	asOf    time.Time
	to      collect.Sink

	scan    scanner
	scanErr error

	mu         sync.Mutex
	redactions map[string]int
	owners     map[string]string // by namespace
	uid        string            // of kube-system
	nodes      int
	hints      map[string]bool // distributions that a node hinted at
	clouds     map[string]bool // groups of resources that stand for things of a cloud
	policies   []schema.AdmissionPolicy
	bound      map[string][]string // actions by ValidatingAdmissionPolicy
	unlimited  map[string]bool     // by ValidatingAdmissionPolicy: a binding denies everywhere
}

// NewReader returns a Reader for one cluster of the plan, whose defaults have been
// filled in. Rows and lines go to the sink; asOf is the instant of the snapshot.
func NewReader(cluster schema.PlanCluster, spec *schema.PlanSpec, asOf time.Time, to collect.Sink) *Reader {
	detector, err := newDetector()
	return &Reader{
		cluster: cluster, spec: spec, asOf: asOf, to: to,
		scan: scanner{detector: detector}, scanErr: err,
		redactions: map[string]int{}, owners: map[string]string{}, hints: map[string]bool{}, clouds: map[string]bool{}, bound: map[string][]string{}, unlimited: map[string]bool{},
	}
}

// Object emits the rows of an object and, for kinds that are kept, its redacted
// line. Kinds with a Go type in k8s.io/api come as that type, all others as
// *unstructured.Unstructured. The object may be changed by the call and is not
// used after it. An object of kind Secret, or one without a Go type where k has
// one, is an error; so is a spool that cannot be written.
func (r *Reader) Object(k Kind, obj runtime.Object) error {
	if r.scanErr != nil {
		return fmt.Errorf("load the rules for credentials: %w", r.scanErr)
	}
	m, err := meta.Accessor(obj)
	if err != nil {
		return fmt.Errorf("read an object of %s: it has no metadata", k.Name())
	}
	if _, ok := obj.(*corev1.Secret); ok || k.Name() == Secrets.Name() {
		return errors.New("read an object of secrets: whole secrets are never read")
	}
	x := &object{Object: m, kind: k, place: place{k.Kind, m.GetNamespace(), m.GetName()}}
	r.fieldManagers(x)
	r.managedObject(x)
	r.shrinkFields(m)
	if err := r.rows(x, obj); err != nil {
		return err
	}
	annotations := m.GetAnnotations()
	r.redactAnnotations(x.place, "metadata.annotations", annotations)
	m.SetAnnotations(annotations)
	if !k.Keep {
		return nil
	}
	obj.GetObjectKind().SetGroupVersionKind(apischema.GroupVersionKind{Group: k.Group, Version: servedVersion(k, obj), Kind: k.Kind})
	line, err := r.keptLine(k, obj)
	if err != nil {
		return fmt.Errorf("write %s %s/%s: %w", k.Name(), m.GetNamespace(), m.GetName(), err)
	}
	return r.to.Object(r.cluster.Name, k.Name(), line)
}

// servedVersion is the version that the object came in, or the kind's own.
func servedVersion(k Kind, obj runtime.Object) string {
	if v := obj.GetObjectKind().GroupVersionKind().Version; v != "" {
		return v
	}
	return k.Versions[0]
}

// An object is one object's metadata, with its kind and what names it in rows.
type object struct {
	metav1.Object
	kind  Kind
	place place
}

// rows emits the rows of an object and drops the values in it.
func (r *Reader) rows(x *object, obj runtime.Object) error {
	switch o := obj.(type) {
	case *corev1.Namespace:
		r.namespace(x, o)
	case *corev1.Node:
		r.node(x, o)
	case *corev1.Pod:
		r.pod(x, o)
	case *appsv1.Deployment:
		r.deployment(x, o)
	case *appsv1.StatefulSet:
		r.statefulSet(x, o)
	case *appsv1.DaemonSet:
		r.daemonSet(x, o)
	case *appsv1.ReplicaSet:
		r.replicaSet(x, o)
	case *batchv1.Job:
		r.job(x, o)
	case *batchv1.CronJob:
		r.cronJob(x, o)
	case *corev1.ServiceAccount:
		r.serviceAccount(x, o)
	case *rbacv1.Role:
		r.role(x, o.Rules, nil)
	case *rbacv1.ClusterRole:
		r.role(x, o.Rules, o.AggregationRule)
	case *rbacv1.RoleBinding:
		r.binding(x, o.RoleRef, o.Subjects)
	case *rbacv1.ClusterRoleBinding:
		r.binding(x, o.RoleRef, o.Subjects)
	case *certificatesv1.CertificateSigningRequest:
		r.certificateRequest(x, o)
	case *corev1.ConfigMap:
		r.configMap(x, o)
	case *networkingv1.NetworkPolicy:
		r.networkPolicy(x, o)
		r.policyDependencies(x, o)
	case *corev1.Service:
		r.service(x, o)
		r.serviceDependency(x, o)
	case *discoveryv1.EndpointSlice:
		r.endpointSlice(o)
	case *networkingv1.Ingress:
		r.ingress(x, o)
	case *corev1.ResourceQuota, *corev1.LimitRange:
		r.to.Rows(schema.Quota{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName()})
	case *policyv1.PodDisruptionBudget:
		r.disruptionBudget(x, o)
	case *autoscalingv2.HorizontalPodAutoscaler:
		r.autoscaler(x, o)
	case *corev1.PersistentVolume:
		r.volume(x, o)
	case *corev1.PersistentVolumeClaim:
		r.volumeClaim(x, o)
	case *storagev1.StorageClass:
		r.storageClass(x, o)
	case *coordinationv1.Lease:
		r.lease(o)
	case *admissionv1.ValidatingWebhookConfiguration:
		r.validatingWebhooks(x, o)
	case *admissionv1.MutatingWebhookConfiguration:
		r.mutatingWebhooks(x, o)
	case *admissionv1.ValidatingAdmissionPolicy:
		r.validatingPolicy(x, o)
	case *admissionv1.ValidatingAdmissionPolicyBinding:
		r.validatingPolicyBinding(o)
	case *unstructured.Unstructured:
		if x.kind.Typed() {
			return fmt.Errorf("read %s %s/%s: an object without type for a kind that has one", x.kind.Name(), x.GetNamespace(), x.GetName())
		}
		r.custom(x, fields(o.Object))
		r.redactCustom(x, o.Object)
	}
	return nil
}

// custom emits the rows of an object without a Go type.
func (r *Reader) custom(x *object, f fields) {
	switch x.kind.Name() {
	case "customresourcedefinitions.apiextensions.k8s.io":
		r.customResource(x, f)
	case "apiservices.apiregistration.k8s.io":
		r.apiService(x, f)
	case "applications.argoproj.io":
		r.application(x, f)
	case "appprojects.argoproj.io":
		r.applicationProject(x, f)
	case "kustomizations.kustomize.toolkit.fluxcd.io":
		r.kustomization(x, f)
	case "helmreleases.helm.toolkit.fluxcd.io":
		r.helmRelease(x, f)
	case "gitrepositories.source.toolkit.fluxcd.io", "ocirepositories.source.toolkit.fluxcd.io", "helmrepositories.source.toolkit.fluxcd.io":
		r.applicationSource(x, f)
	case "externalsecrets.external-secrets.io":
		r.externalSecret(x, f)
	case "secretstores.external-secrets.io", "clustersecretstores.external-secrets.io":
		r.secretStore(x, f)
	case "clusterexternalsecrets.external-secrets.io":
		r.clusterExternalSecret(x, f)
	case "secretproviderclasses.secrets-store.csi.x-k8s.io":
		r.secretMechanism(x, f, "secrets-store-csi")
	case "vaultstaticsecrets.secrets.hashicorp.com", "vaultdynamicsecrets.secrets.hashicorp.com", "vaultpkisecrets.secrets.hashicorp.com":
		r.secretMechanism(x, f, "vault-secrets-operator")
	case "sealedsecrets.bitnami.com":
		r.secretMechanism(x, f, "sealed-secrets")
	case "serviceentries.networking.istio.io":
		r.serviceEntry(x, f)
	case "ciliumnetworkpolicies.cilium.io", "ciliumclusterwidenetworkpolicies.cilium.io":
		r.ciliumDependencies(x, f)
	case "prometheusrules.monitoring.coreos.com":
		r.prometheusRule(x, f)
	case "alertmanagers.monitoring.coreos.com":
		r.alertmanager(x, f)
	case "alertmanagerconfigs.monitoring.coreos.com":
		r.alertmanagerConfig(x, f)
	case "clusterlogforwarders.observability.openshift.io", "clusterlogforwarders.logging.openshift.io":
		r.logForwarder(x, f)
	case "opentelemetrycollectors.opentelemetry.io":
		r.telemetryCollector(x, f)
	case "clusters.postgresql.cnpg.io":
		r.postgresCluster(x, f)
	case "recurringjobs.longhorn.io":
		r.longhornJob(x, f)
	case "volumes.longhorn.io":
		r.longhornVolume(x, f)
	case "schedules.velero.io":
		r.veleroSchedule(x, f)
	case "backups.velero.io", "restores.velero.io":
		r.veleroRun(x, f)
	case "backupstoragelocations.velero.io":
		r.veleroLocation(x, f)
	case "volumesnapshots.snapshot.storage.k8s.io":
		r.volumeSnapshot(x, f)
	case "backups.postgresql.cnpg.io", "scheduledbackups.postgresql.cnpg.io":
		r.postgresBackup(x, f)
	case "clusterpolicies.kyverno.io", "policies.kyverno.io":
		r.kyvernoPolicy(x, f)
	case "validatingpolicies.policies.kyverno.io", "imagevalidatingpolicies.policies.kyverno.io":
		r.kyvernoValidatingPolicy(x, f)
	case "policyexceptions.kyverno.io", "policyexceptions.policies.kyverno.io":
		r.kyvernoException(x, f)
	case "clusterimagepolicies.policy.sigstore.dev":
		r.clusterImagePolicy(x, f)
	case "gateways.gateway.networking.k8s.io":
		r.gateway(x, f)
	case "httproutes.gateway.networking.k8s.io", "grpcroutes.gateway.networking.k8s.io", "tlsroutes.gateway.networking.k8s.io":
		r.route(x, f)
	case "certificates.cert-manager.io":
		r.certificate(x, f)
	case "peerauthentications.security.istio.io":
		r.peerAuthentication(x, f)
	case "policyreports.wgpolicyk8s.io", "clusterpolicyreports.wgpolicyk8s.io", "reports.openreports.io", "clusterreports.openreports.io":
		r.policyReport(x, f)
	case "vulnerabilityreports.aquasecurity.github.io":
		r.vulnerabilityReport(x, f)
	case "configs.config.gatekeeper.sh":
		r.gatekeeperConfig(x, f)
	default:
		if x.kind.Group == constraintGroup {
			r.gatekeeperConstraint(x, f)
		}
	}
}

// Finish emits the rows that need everything before them, and returns what was
// removed, by rule. uid is that of the kube-system namespace. The server's
// version is empty where no server was asked.
func (r *Reader) Finish(serverVersion string) (uid string, redactions []schema.Redaction) {
	for _, p := range r.policies {
		p.Actions = sorted(r.bound[p.Name])
		p.Limited = p.Limited || !r.unlimited[p.Name]
		r.to.Rows(p)
	}
	for _, group := range slices.Sorted(maps.Keys(r.clouds)) {
		r.to.Rows(schema.Dependency{Cluster: r.cluster.Name, Kind: "APIGroup", Name: group, Host: group})
	}
	r.to.Rows(schema.Cluster{
		Name: r.cluster.Name, UID: r.uid, Environment: r.cluster.Environment, ServerVersion: serverVersion,
		Distribution: r.distribution(serverVersion), Nodes: r.nodes,
	})
	return r.uid, r.redactionList()
}

// sorted returns the distinct strings of l in order, without empty ones.
func sorted(l []string) []string {
	l = slices.Sorted(slices.Values(l))
	return slices.DeleteFunc(slices.Compact(l), func(s string) bool { return s == "" })
}

// utc returns an object's time as UTC in whole seconds.
func utc(t metav1.Time) time.Time {
	if t.IsZero() {
		return time.Time{}
	}
	return t.UTC().Truncate(time.Second)
}

func utcPtr(t *metav1.Time) time.Time {
	if t == nil {
		return time.Time{}
	}
	return utc(*t)
}
