package kube

import (
	"cmp"
	"regexp"
	"slices"
	"strconv"
	"strings"

	appsv1 "k8s.io/api/apps/v1"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

const templatePath = "spec.template.spec"

func (r *Reader) deployment(x *object, o *appsv1.Deployment) {
	r.workload(x, schema.Workload{
		Replicas: int(ptr.Deref(o.Spec.Replicas, 1)), ReadyReplicas: int(o.Status.ReadyReplicas),
		RevisionHistoryLimit: int(ptr.Deref(o.Spec.RevisionHistoryLimit, 10)),
	}, templatePath, &o.Spec.Template)
}

func (r *Reader) statefulSet(x *object, o *appsv1.StatefulSet) {
	r.workload(x, schema.Workload{
		Replicas: int(ptr.Deref(o.Spec.Replicas, 1)), ReadyReplicas: int(o.Status.ReadyReplicas),
		RevisionHistoryLimit: int(ptr.Deref(o.Spec.RevisionHistoryLimit, 10)),
	}, templatePath, &o.Spec.Template)
}

func (r *Reader) daemonSet(x *object, o *appsv1.DaemonSet) {
	r.workload(x, schema.Workload{
		ReadyReplicas: int(o.Status.NumberReady), DesiredScheduled: int(o.Status.DesiredNumberScheduled),
		RevisionHistoryLimit: int(ptr.Deref(o.Spec.RevisionHistoryLimit, 10)),
	}, templatePath, &o.Spec.Template)
}

// replicaSet emits a workload unless a Deployment controls it: then it is that
// workload's present or an earlier revision.
func (r *Reader) replicaSet(x *object, o *appsv1.ReplicaSet) {
	if c := metav1.GetControllerOf(o); c != nil && c.Kind == "Deployment" {
		return
	}
	r.workload(x, schema.Workload{Replicas: int(ptr.Deref(o.Spec.Replicas, 1)), ReadyReplicas: int(o.Status.ReadyReplicas)}, templatePath, &o.Spec.Template)
}

// job emits a workload unless a CronJob controls it: then it is one run of that workload.
func (r *Reader) job(x *object, o *batchv1.Job) {
	if c := metav1.GetControllerOf(o); c != nil && c.Kind == "CronJob" {
		return
	}
	r.workload(x, schema.Workload{}, templatePath, &o.Spec.Template)
}

func (r *Reader) cronJob(x *object, o *batchv1.CronJob) {
	r.copyJob(x, o)
	r.workload(x, schema.Workload{}, "spec.jobTemplate."+templatePath, &o.Spec.JobTemplate.Spec.Template)
}

// workload completes and emits the row of an object with a pod template, and
// those of its containers, and drops the literals of the template.
func (r *Reader) workload(x *object, w schema.Workload, path string, t *corev1.PodTemplateSpec) {
	spec := &t.Spec
	r.bareImages(spec)
	w.Cluster, w.Namespace, w.Kind, w.Name = r.cluster.Name, x.GetNamespace(), x.kind.Kind, x.GetName()
	w.UID, w.Created = string(x.GetUID()), utc(x.GetCreationTimestamp())
	w.Owner, w.ManagedBy, w.Application = r.owner(x.GetLabels(), w.Namespace), managedBy(x), applicationOf(x)
	w.ServiceAccount = cmp.Or(spec.ServiceAccountName, "default")
	w.AutomountToken = automount(spec.AutomountServiceAccountToken)
	w.HostAccess, w.SpreadBy = hostAccess(spec), spreadBy(spec)
	w.RuntimeClass = ptr.Deref(spec.RuntimeClassName, "")
	w.ReadinessProbe = !slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return c.ReadinessProbe == nil })
	w.Requests = requests(spec)
	w.PodLabels = t.Labels
	w.BaselineViolations, w.RestrictedViolations = podSecurityViolations(t)
	for _, c := range containers(spec) {
		w.Images = append(w.Images, c.Image)
		r.to.Rows(r.container(w, spec, c))
	}
	w.Images = sorted(w.Images)
	r.to.Rows(w)
	r.redactPodSpec(x.place, path, spec, true)
	r.redactAnnotations(x.place, strings.TrimSuffix(path, ".spec")+".metadata.annotations", t.Annotations)
}

func automount(b *bool) string {
	if b == nil {
		return "unset"
	}
	return strconv.FormatBool(*b)
}

// A typedContainer is a container of a pod with the word for its list.
type typedContainer struct {
	typ string
	corev1.Container
}

// containers returns all containers of a pod. The fields of an ephemeral
// container are those of an ordinary one.
func containers(spec *corev1.PodSpec) []typedContainer {
	var out []typedContainer
	for _, c := range spec.InitContainers {
		out = append(out, typedContainer{"init", c})
	}
	for _, c := range spec.Containers {
		out = append(out, typedContainer{"container", c})
	}
	for _, c := range spec.EphemeralContainers {
		out = append(out, typedContainer{"ephemeral", corev1.Container(c.EphemeralContainerCommon)})
	}
	return out
}

func (r *Reader) container(w schema.Workload, spec *corev1.PodSpec, c typedContainer) schema.Container {
	im := parseImage(c.Image)
	sc := ptr.Deref(c.SecurityContext, corev1.SecurityContext{})
	nonRoot := sc.RunAsNonRoot
	if nonRoot == nil && spec.SecurityContext != nil {
		nonRoot = spec.SecurityContext.RunAsNonRoot
	}
	var added []string
	if sc.Capabilities != nil {
		for _, a := range sc.Capabilities.Add {
			added = append(added, string(a))
		}
	}
	return schema.Container{
		Cluster: w.Cluster, Namespace: w.Namespace, WorkloadKind: w.Kind, Workload: w.Name, Name: c.Name, Type: c.typ,
		Image: c.Image, Registry: im.registry, Repository: im.repository, Tag: im.tag, Digest: im.digest, PinnedBy: im.pinnedBy(),
		Privileged: ptr.Deref(sc.Privileged, false), AllowPrivilegeEscalation: allowsEscalation(sc, added),
		RunAsNonRoot: ptr.Deref(nonRoot, false), ReadOnlyRootFilesystem: ptr.Deref(sc.ReadOnlyRootFilesystem, false),
		AddedCapabilities: sorted(added), SecretEnv: secretEnv(c.Container),
	}
}

// allowsEscalation is the effective allowPrivilegeEscalation: unset means true,
// and a privileged container, or one with CAP_SYS_ADMIN, always has it.
func allowsEscalation(sc corev1.SecurityContext, added []string) bool {
	return ptr.Deref(sc.AllowPrivilegeEscalation, true) || ptr.Deref(sc.Privileged, false) ||
		slices.Contains(added, "SYS_ADMIN") || slices.Contains(added, "CAP_SYS_ADMIN")
}

// secretEnv lists the variables that secrets fill. Those of a whole secret have
// no names here and read as the prefix and a star.
func secretEnv(c corev1.Container) []string {
	var out []string
	for _, e := range c.Env {
		if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
			out = append(out, e.Name)
		}
	}
	for _, e := range c.EnvFrom {
		if e.SecretRef != nil {
			out = append(out, e.Prefix+"*")
		}
	}
	return sorted(out)
}

func hostAccess(spec *corev1.PodSpec) []string {
	var out []string
	for name, used := range map[string]bool{"hostNetwork": spec.HostNetwork, "hostPID": spec.HostPID, "hostIPC": spec.HostIPC} {
		if used {
			out = append(out, name)
		}
	}
	for _, v := range spec.Volumes {
		if v.HostPath != nil {
			out = append(out, "hostPath")
		}
	}
	for _, c := range containers(spec) {
		for _, p := range c.Ports {
			// With the host's network the API server copies every port to hostPort.
			if p.HostPort != 0 && !spec.HostNetwork {
				out = append(out, "hostPort")
			}
		}
	}
	return sorted(out)
}

func spreadBy(spec *corev1.PodSpec) []string {
	var out []string
	for _, c := range spec.TopologySpreadConstraints {
		out = append(out, c.TopologyKey)
	}
	if spec.Affinity != nil && spec.Affinity.PodAntiAffinity != nil {
		for _, t := range spec.Affinity.PodAntiAffinity.RequiredDuringSchedulingIgnoredDuringExecution {
			out = append(out, t.TopologyKey)
		}
		for _, t := range spec.Affinity.PodAntiAffinity.PreferredDuringSchedulingIgnoredDuringExecution {
			out = append(out, t.PodAffinityTerm.TopologyKey)
		}
	}
	return sorted(out)
}

// requests reports whether the pod, or every ordinary container, requests CPU
// and memory. A limit is a request where none is stated.
func requests(spec *corev1.PodSpec) bool {
	both := func(rr corev1.ResourceRequirements) bool {
		for _, n := range []corev1.ResourceName{corev1.ResourceCPU, corev1.ResourceMemory} {
			_, requested := rr.Requests[n]
			_, limited := rr.Limits[n]
			if !requested && !limited {
				return false
			}
		}
		return true
	}
	if spec.Resources != nil && both(*spec.Resources) {
		return true
	}
	return !slices.ContainsFunc(spec.Containers, func(c corev1.Container) bool { return !both(c.Resources) })
}

// workloadKinds are the controllers of pods that have a row of their own.
var workloadKinds = []string{"ReplicaSet", "StatefulSet", "DaemonSet", "Job"}

func (r *Reader) pod(x *object, o *corev1.Pod) {
	p := schema.Pod{
		Cluster: r.cluster.Name, Namespace: o.Namespace, Name: o.Name, Phase: string(o.Status.Phase), Node: o.Spec.NodeName,
		ServiceAccount: cmp.Or(o.Spec.ServiceAccountName, "default"), TokenMounted: tokenMounted(&o.Spec),
		HostNetwork: o.Spec.HostNetwork, Labels: o.Labels, Secrets: podSecrets(&o.Spec), Created: utc(o.CreationTimestamp),
		SCC: o.Annotations["openshift.io/scc"],
	}
	p.OwnerKind, p.OwnerName = podOwner(o)
	for _, c := range containers(&o.Spec) {
		p.Privileged = p.Privileged || c.SecurityContext != nil && ptr.Deref(c.SecurityContext.Privileged, false)
	}
	for _, list := range [][]corev1.ContainerStatus{o.Status.InitContainerStatuses, o.Status.ContainerStatuses, o.Status.EphemeralContainerStatuses} {
		for _, s := range list {
			if s.ImageID != "" {
				p.ImageIDs = append(p.ImageIDs, runningImage(r.bareImage(s.Image), r.bareImage(s.ImageID)))
			}
		}
	}
	p.ImageIDs = sorted(p.ImageIDs)
	r.to.Rows(p)
	r.controlPlaneFlags(o)
	if p.OwnerKind == "Pod" {
		t := corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: o.Labels, Annotations: o.Annotations}, Spec: o.Spec}
		r.workload(x, schema.Workload{}, "spec", &t)
		return
	}
	// The literals were scanned in the template that the pod was made from.
	r.redactPodSpec(x.place, "spec", &o.Spec, false)
}

// podOwner resolves the workload that a pod belongs to. A pod that no workload
// with a row controls is a workload itself.
func podOwner(o *corev1.Pod) (kind, name string) {
	c := metav1.GetControllerOf(o)
	if c == nil || !slices.Contains(workloadKinds, c.Kind) {
		return "Pod", o.Name
	}
	switch c.Kind {
	case "ReplicaSet":
		// A Deployment names its ReplicaSets after itself and the hash that it labels their pods with.
		if hash := o.Labels[appsv1.DefaultDeploymentUniqueLabelKey]; hash != "" {
			if d, ok := strings.CutSuffix(c.Name, "-"+hash); ok {
				return "Deployment", d
			}
		}
	case "Job":
		if m := cronJobRun.FindStringSubmatch(c.Name); m != nil {
			return "CronJob", m[1]
		}
	}
	return c.Kind, c.Name
}

// cronJobRun is the name of a Job that a CronJob made: its own name and the
// scheduled time in minutes since 1970, which has eight digits and starts with
// 26 to 39 from the year 2019 to 2045. A date such as 20261122 is none.
var cronJobRun = regexp.MustCompile(`^(.+)-((?:2[6-9]|3[0-9])[0-9]{6})$`)

// tokenMounted reports whether a container mounts a projected service-account
// token, or a secret that the token controller of older clusters named.
func tokenMounted(spec *corev1.PodSpec) bool {
	tokens := map[string]bool{}
	for _, v := range spec.Volumes {
		switch {
		case v.Projected != nil:
			tokens[v.Name] = slices.ContainsFunc(v.Projected.Sources, func(s corev1.VolumeProjection) bool { return s.ServiceAccountToken != nil })
		case v.Secret != nil:
			account := cmp.Or(spec.ServiceAccountName, "default")
			tokens[v.Name] = strings.HasPrefix(v.Secret.SecretName, account+"-token-")
		}
	}
	for _, c := range containers(spec) {
		for _, m := range c.VolumeMounts {
			if tokens[m.Name] {
				return true
			}
		}
	}
	return false
}

// podSecrets are the names of the secrets that a pod refers to.
func podSecrets(spec *corev1.PodSpec) []string {
	var out []string
	for _, s := range spec.ImagePullSecrets {
		out = append(out, s.Name)
	}
	for _, v := range spec.Volumes {
		if v.Secret != nil {
			out = append(out, v.Secret.SecretName)
		}
		if v.CSI != nil && v.CSI.NodePublishSecretRef != nil {
			out = append(out, v.CSI.NodePublishSecretRef.Name)
		}
		if v.Projected != nil {
			for _, s := range v.Projected.Sources {
				if s.Secret != nil {
					out = append(out, s.Secret.Name)
				}
			}
		}
	}
	for _, c := range containers(spec) {
		for _, e := range c.EnvFrom {
			if e.SecretRef != nil {
				out = append(out, e.SecretRef.Name)
			}
		}
		for _, e := range c.Env {
			if e.ValueFrom != nil && e.ValueFrom.SecretKeyRef != nil {
				out = append(out, e.ValueFrom.SecretKeyRef.Name)
			}
		}
	}
	return sorted(out)
}

// controlPlaneComponents are the values of the label component of the static
// pods of a control plane.
var controlPlaneComponents = []string{"kube-apiserver", "kube-controller-manager", "kube-scheduler", "etcd"}

// keptControlPlaneFlags are flags of the control plane whose values are words of
// the API, names, addresses or ciphers.
var keptControlPlaneFlags = wordSet(
	`authorization-mode enable-admission-plugins disable-admission-plugins admission-plugins feature-gates
	 tls-min-version tls-cipher-suites cipher-suites runtime-config bind-address advertise-address listen-client-urls
	 listen-peer-urls advertise-client-urls initial-advertise-peer-urls initial-cluster etcd-servers service-account-issuer
	 api-audiences service-cluster-ip-range cluster-cidr controllers cluster-name name audit-log-mode audit-log-format
	 kubelet-preferred-address-types oidc-issuer-url oidc-client-id oidc-username-claim oidc-groups-claim`,
)

// keptFlagValue reports whether the value of a flag stays: of those that are
// listed, and where it is a switch, a number, a duration or a path.
func keptFlagValue(name, value string) bool {
	_, err := strconv.ParseBool(value)
	return keptControlPlaneFlags[strings.TrimLeft(name, "-")] || err == nil || plainNumber.MatchString(value) || filePath.MatchString(value)
}

// controlPlaneFlags emits the flags of a control-plane component that runs as a
// static pod, which the kubelet mirrors into kube-system.
func (r *Reader) controlPlaneFlags(o *corev1.Pod) {
	component := o.Labels["component"]
	if o.Namespace != "kube-system" || o.Annotations[corev1.MirrorPodAnnotationKey] == "" || !slices.Contains(controlPlaneComponents, component) {
		return
	}
	for _, c := range o.Spec.Containers {
		words := slices.Concat(c.Command, c.Args)
		for i, w := range words {
			name, value, assigned := strings.Cut(w, "=")
			if !longFlag.MatchString(name) && (len(name) != 2 || !shortFlag.MatchString(name)) {
				continue
			}
			switch {
			case assigned:
			case i+1 < len(words) && !strings.HasPrefix(words[i+1], "-"):
				value = words[i+1]
			default:
				value = "true"
			}
			if len(r.scan.scan(name, value)) > 0 || !keptFlagValue(name, value) {
				value = marker
			}
			r.to.Rows(schema.ControlPlaneFlag{
				Cluster: r.cluster.Name, Component: component, Pod: o.Name, Flag: strings.TrimLeft(name, "-"), Value: r.bareURL(value),
			})
		}
	}
}
