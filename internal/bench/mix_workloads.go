package main

import (
	"fmt"

	appsv1 "k8s.io/api/apps/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/api/resource"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/intstr"
)

func (m mix) workloads() []batch {
	return []batch{
		typed("apps", "v1", "deployments", "Deployment", "deployments", m.n(5000), byHelm, m.deployment),
		typed("apps", "v1", "replicasets", "ReplicaSet", "replicasets", m.n(5000), [2]string{"kube-controller-manager"}, m.replicaSet),
		typed("", "v1", "pods", "Pod", "pods", m.n(20_000), byController, m.pod),
		typed("", "v1", "persistentvolumeclaims", "PersistentVolumeClaim", "persistentvolumeclaims", m.n(1000), [2]string{"helm"}, m.claim),
	}
}

func (m mix) nodeName(i int) string { return fmt.Sprintf("node-%04d", i%m.n(1000)) }

func (m mix) node(i int) runtime.Object {
	name := m.nodeName(i)
	resources := corev1.ResourceList{"cpu": resource.MustParse("16"), "memory": resource.MustParse("64Gi"), "pods": resource.MustParse("110")}
	o := &corev1.Node{
		ObjectMeta: metav1.ObjectMeta{Name: name, Annotations: map[string]string{"node.alpha.kubernetes.io/ttl": "0"}, Labels: map[string]string{
			"kubernetes.io/hostname": name, "topology.kubernetes.io/zone": fmt.Sprintf("eu-west-1%c", 'a'+i%3), "kubernetes.io/arch": "amd64",
			"kubernetes.io/os": "linux", "node.kubernetes.io/instance-type": "m6i.4xlarge",
		}},
		Spec: corev1.NodeSpec{ProviderID: fmt.Sprintf("aws:///eu-west-1a/i-%017x", i), PodCIDR: fmt.Sprintf("10.%d.%d.0/24", 64+i/256%128, i%256)},
		Status: corev1.NodeStatus{
			Capacity: resources, Allocatable: resources,
			NodeInfo: corev1.NodeSystemInfo{
				KubeletVersion: "v1.37.2", OSImage: "Flatcar 4000", KernelVersion: "6.12.4", ContainerRuntimeVersion: "containerd://2.1.0", Architecture: "amd64",
				OperatingSystem: "linux", MachineID: fmt.Sprintf("%032x", i), BootID: fmt.Sprintf("%032x", i*3), SystemUUID: fmt.Sprintf("%032x", i*7),
			},
		},
	}
	for _, t := range []corev1.NodeConditionType{corev1.NodeMemoryPressure, corev1.NodeDiskPressure, corev1.NodePIDPressure, corev1.NodeReady} {
		status := corev1.ConditionFalse
		if t == corev1.NodeReady {
			status = corev1.ConditionTrue
		}
		o.Status.Conditions = append(o.Status.Conditions, corev1.NodeCondition{
			Type: t, Status: status, LastHeartbeatTime: metav1.NewTime(began), LastTransitionTime: metav1.NewTime(began), Reason: "KubeletReady", Message: "kubelet has no problem to report",
		})
	}
	for k := range 30 {
		o.Status.Images = append(o.Status.Images, corev1.ContainerImage{SizeBytes: int64(k * 10_000_019), Names: []string{
			fmt.Sprintf("registry.example.internal/team-%d/app@sha256:%064x", k, k*i), fmt.Sprintf("registry.example.internal/team-%d/app:v1.%d", k, i%9),
		}})
	}
	return o
}

func appName(row int) string { return fmt.Sprintf("app-%d", row) }

// templateHash is what a ReplicaSet and its pods have in their names.
const templateHash = "5d8f7c9b6"

func (m mix) deployment(i int) runtime.Object {
	name := appName(m.row(i))
	o := &appsv1.Deployment{
		ObjectMeta: m.meta(i, name, name),
		Spec: appsv1.DeploymentSpec{
			Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": name}},
			Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: labels(name, i), Annotations: map[string]string{"checksum/config": fmt.Sprintf("%064x", i)}}, Spec: podSpec(i)},
		},
		Status: appsv1.DeploymentStatus{
			ObservedGeneration: 1, Replicas: 4, ReadyReplicas: 4, AvailableReplicas: 4, UpdatedReplicas: 4,
			Conditions: []appsv1.DeploymentCondition{{
				Type: appsv1.DeploymentAvailable, Status: corev1.ConditionTrue, LastUpdateTime: metav1.NewTime(began), LastTransitionTime: metav1.NewTime(began),
				Reason: "MinimumReplicasAvailable", Message: "Deployment has minimum availability.",
			}},
		},
	}
	o.Annotations = map[string]string{"meta.helm.sh/release-name": name, "deployment.kubernetes.io/revision": "3"}
	return o
}

func (m mix) replicaSet(i int) runtime.Object {
	app := appName(m.row(i))
	o := &appsv1.ReplicaSet{ObjectMeta: m.meta(i, app+"-"+templateHash, app)}
	o.Labels["pod-template-hash"] = templateHash
	o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "Deployment", Name: app, UID: uidOf("deployments", i), Controller: new(true)}}
	o.Spec = appsv1.ReplicaSetSpec{
		Replicas: new(int32(4)), Selector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": app, "pod-template-hash": templateHash}},
		Template: corev1.PodTemplateSpec{ObjectMeta: metav1.ObjectMeta{Labels: o.Labels}, Spec: podSpec(i)},
	}
	return o
}

// podsOf is how many pods a ReplicaSet has.
const podsOf = 4

func (m mix) podName(i int) string {
	return fmt.Sprintf("%s-%s-%05d", appName(m.row(i)/podsOf), templateHash, m.row(i))
}

func (m mix) pod(i int) runtime.Object {
	app, now := appName(m.row(i)/podsOf), metav1.NewTime(began)
	o := &corev1.Pod{ObjectMeta: m.meta(i, m.podName(i), app), Spec: podSpec(i)}
	o.Labels["pod-template-hash"] = templateHash
	o.Annotations = map[string]string{"checksum/config": fmt.Sprintf("%064x", i), "prometheus.io/scrape": "true"}
	o.OwnerReferences = []metav1.OwnerReference{{APIVersion: "apps/v1", Kind: "ReplicaSet", Name: app + "-" + templateHash, UID: uidOf("replicasets", i), Controller: new(true)}}
	o.Spec.NodeName = m.nodeName(i)
	ip := fmt.Sprintf("10.%d.%d.%d", 64+i/65536, i/256%256, i%256)
	o.Status = corev1.PodStatus{Phase: corev1.PodRunning, PodIP: ip, PodIPs: []corev1.PodIP{{IP: ip}}, HostIP: "10.0.0.1", StartTime: &now}
	for _, t := range []corev1.PodConditionType{corev1.PodInitialized, corev1.PodReady, corev1.ContainersReady, corev1.PodScheduled} {
		o.Status.Conditions = append(o.Status.Conditions, corev1.PodCondition{Type: t, Status: corev1.ConditionTrue, LastTransitionTime: now})
	}
	for _, c := range o.Spec.Containers {
		o.Status.ContainerStatuses = append(o.Status.ContainerStatuses, corev1.ContainerStatus{
			Name: c.Name, Ready: true, Started: new(true), Image: c.Image, ImageID: c.Image, ContainerID: fmt.Sprintf("containerd://%064x", i*31),
			State: corev1.ContainerState{Running: &corev1.ContainerStateRunning{StartedAt: now}},
		})
	}
	return o
}

func podSpec(i int) corev1.PodSpec {
	return corev1.PodSpec{
		ServiceAccountName: fmt.Sprintf("sa-%d", i%9),
		InitContainers: []corev1.Container{{
			Name: "migrate", Image: "registry.example.internal/tools/migrate:v3", Args: []string{"up"}, VolumeMounts: []corev1.VolumeMount{{Name: "config", MountPath: "/etc/config"}},
		}},
		Containers: []corev1.Container{container("app", i), container("proxy", i)},
		Volumes: []corev1.Volume{
			{Name: "config", VolumeSource: corev1.VolumeSource{ConfigMap: &corev1.ConfigMapVolumeSource{LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("cm-%d", i%20)}}}},
			{Name: "tmp", VolumeSource: corev1.VolumeSource{EmptyDir: &corev1.EmptyDirVolumeSource{}}},
			{Name: "certs", VolumeSource: corev1.VolumeSource{Secret: &corev1.SecretVolumeSource{SecretName: fmt.Sprintf("secret-%d", i%20)}}},
		},
		SecurityContext: &corev1.PodSecurityContext{RunAsNonRoot: new(true), FSGroup: new(int64(1000))},
		Tolerations: []corev1.Toleration{
			{Key: "node.kubernetes.io/not-ready", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(300))},
			{Key: "node.kubernetes.io/unreachable", Operator: "Exists", Effect: "NoExecute", TolerationSeconds: new(int64(300))},
		},
		TopologySpreadConstraints: []corev1.TopologySpreadConstraint{{
			MaxSkew: 1, TopologyKey: "topology.kubernetes.io/zone", WhenUnsatisfiable: "ScheduleAnyway",
			LabelSelector: &metav1.LabelSelector{MatchLabels: map[string]string{"app.kubernetes.io/name": "app"}},
		}},
	}
}

// container of the i-th pod; one in fifty may become root.
func container(name string, i int) corev1.Container {
	probe := func(path string) *corev1.Probe {
		return &corev1.Probe{ProbeHandler: corev1.ProbeHandler{HTTPGet: &corev1.HTTPGetAction{Path: path, Port: intstr.FromInt32(8080)}}}
	}
	return corev1.Container{
		Name: name, Image: fmt.Sprintf("registry.example.internal/team-%d/%s:v1.%d.%d@sha256:%064x", i%40, name, i%30, i%7, i*7919+13), ImagePullPolicy: corev1.PullIfNotPresent,
		Args:  []string{"--config=/etc/config/app.yaml", "--log-level=info", "--listen=:8080"},
		Ports: []corev1.ContainerPort{{Name: name + "-http", ContainerPort: 8080, Protocol: corev1.ProtocolTCP}, {Name: name + "-metrics", ContainerPort: 9090, Protocol: corev1.ProtocolTCP}},
		Resources: corev1.ResourceRequirements{
			Requests: corev1.ResourceList{"cpu": resource.MustParse("100m"), "memory": resource.MustParse("128Mi")},
			Limits:   corev1.ResourceList{"cpu": resource.MustParse("1"), "memory": resource.MustParse("512Mi")},
		},
		VolumeMounts:  []corev1.VolumeMount{{Name: "config", MountPath: "/etc/config", ReadOnly: true}, {Name: "tmp", MountPath: "/tmp"}, {Name: "certs", MountPath: "/etc/tls", ReadOnly: true}},
		LivenessProbe: probe("/healthz"), ReadinessProbe: probe("/readyz"),
		SecurityContext: &corev1.SecurityContext{
			RunAsNonRoot: new(true), ReadOnlyRootFilesystem: new(true), AllowPrivilegeEscalation: new(i%50 == 0),
			Capabilities: &corev1.Capabilities{Drop: []corev1.Capability{"ALL"}}, SeccompProfile: &corev1.SeccompProfile{Type: corev1.SeccompProfileTypeRuntimeDefault},
		},
		Env: []corev1.EnvVar{
			{Name: "POD_NAME", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.name"}}},
			{Name: "POD_NAMESPACE", ValueFrom: &corev1.EnvVarSource{FieldRef: &corev1.ObjectFieldSelector{FieldPath: "metadata.namespace"}}},
			{Name: "DB_PASSWORD", ValueFrom: &corev1.EnvVarSource{SecretKeyRef: &corev1.SecretKeySelector{LocalObjectReference: corev1.LocalObjectReference{Name: fmt.Sprintf("secret-%d", i%20)}, Key: "password"}}},
			{Name: "LOG_FORMAT", Value: "json"}, {Name: "OTEL_EXPORTER_OTLP_ENDPOINT", Value: "http://otel-collector.observability.svc:4317"},
		},
	}
}

func (m mix) claim(i int) runtime.Object {
	return &corev1.PersistentVolumeClaim{ObjectMeta: m.meta(i, fmt.Sprintf("data-%d", m.row(i)), "data"), Spec: corev1.PersistentVolumeClaimSpec{
		AccessModes: []corev1.PersistentVolumeAccessMode{corev1.ReadWriteOnce}, StorageClassName: new("gp3"),
		Resources: corev1.VolumeResourceRequirements{Requests: corev1.ResourceList{"storage": resource.MustParse("20Gi")}},
	}}
}
