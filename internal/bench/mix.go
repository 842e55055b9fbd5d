package main

import (
	"fmt"
	"hash/crc32"
	"math/rand/v2"
	"strings"
	"time"

	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/types"
)

// full is the number of objects that mix gives at scale 1.
const full = 124_000

// A mix is a cluster of so many objects, in the proportions of a cluster of a
// thousand nodes: twenty pods a node, four pods a deployment, ten deployments a
// namespace, and half as many events as other objects.
type mix struct{ scale float64 }

// n scales a number of objects.
func (m mix) n(atFull int) int { return max(1, int(float64(atFull)*m.scale)) }

// namespace of the i-th object of a kind; row numbers the objects in it.
func (m mix) namespace(i int) string { return fmt.Sprintf("ns-%03d", i%m.n(500)) }
func (m mix) row(i int) int          { return i / m.n(500) }

// meta is the metadata of the i-th object of a kind in its namespace.
func (m mix) meta(i int, name, app string) metav1.ObjectMeta {
	return metav1.ObjectMeta{Name: name, Namespace: m.namespace(i), Labels: labels(app, i)}
}

func labels(app string, i int) map[string]string {
	return map[string]string{
		"app.kubernetes.io/name": app, "app.kubernetes.io/instance": fmt.Sprintf("%s-%d", app, i), "app.kubernetes.io/managed-by": "Helm",
		"app.kubernetes.io/version": fmt.Sprintf("v1.%d.%d", i%30, i%7), "helm.sh/chart": app + "-4.2.1",
		"team": fmt.Sprintf("team-%d", i%40), "env": []string{"prod", "stage", "dev"}[i%3],
	}
}

// batches are all objects of the mix, what others depend on first.
func (m mix) batches() []batch {
	var out []batch
	out = append(out, m.base()...)
	out = append(out, m.workloads()...)
	out = append(out, m.network()...)
	out = append(out, m.access()...)
	out = append(out, m.custom()...)
	return append(out, typed("", "v1", "events", "Event", "events", m.n(45_000), [2]string{"kubelet"}, m.event))
}

// typed is a batch of a kind that has a Go type.
func typed(group, version, resource, kind, prefix string, count int, managers [2]string, object func(i int) runtime.Object) batch {
	return batch{
		resource: apischema.GroupVersionResource{Group: group, Version: version, Resource: resource}, kind: kind,
		prefix: prefix, count: count, managers: managers, object: object,
	}
}

var (
	byHelm       = [2]string{"helm", "kube-controller-manager"}
	byController = [2]string{"kube-controller-manager", "kubelet"}
	byKubelet    = [2]string{"kubelet", "kubelet-status"}
)

func (m mix) base() []batch {
	return []batch{
		typed("", "v1", "namespaces", "Namespace", "namespaces", m.n(500), [2]string{"helm"}, m.namespaceObject),
		typed("", "v1", "nodes", "Node", "minions", m.n(1000), byKubelet, m.node),
		typed("", "v1", "serviceaccounts", "ServiceAccount", "serviceaccounts", m.n(5000), byHelm, m.serviceAccount),
		typed("", "v1", "secrets", "Secret", "secrets", m.n(10_000), byHelm, m.secret),
		typed("", "v1", "configmaps", "ConfigMap", "configmaps", m.n(10_000), byHelm, m.configMap),
	}
}

func (m mix) namespaceObject(i int) runtime.Object {
	return &corev1.Namespace{
		ObjectMeta: metav1.ObjectMeta{Name: m.namespace(i), Labels: map[string]string{
			"kubernetes.io/metadata.name": m.namespace(i), "team": fmt.Sprintf("team-%d", i%40), "pod-security.kubernetes.io/warn": "baseline",
		}},
		Spec:   corev1.NamespaceSpec{Finalizers: []corev1.FinalizerName{corev1.FinalizerKubernetes}},
		Status: corev1.NamespaceStatus{Phase: corev1.NamespaceActive},
	}
}

func (m mix) serviceAccount(i int) runtime.Object {
	name := fmt.Sprintf("sa-%d", m.row(i))
	if m.row(i) == 9 {
		name = "default"
	}
	return &corev1.ServiceAccount{ObjectMeta: m.meta(i, name, "sa"), AutomountServiceAccountToken: new(i%3 != 0)}
}

// secret has random values of one to four KiB. Each tenth was applied with
// kubectl, which leaves the values in an annotation.
func (m mix) secret(i int) runtime.Object {
	size := 1024 + i*37%3072
	o := &corev1.Secret{
		ObjectMeta: m.meta(i, fmt.Sprintf("secret-%d", m.row(i)), "secret"), Type: corev1.SecretTypeOpaque,
		Data: map[string][]byte{"password": random(i, 32), "username": []byte("svc-user"), "keystore.p12": random(i, size-200)},
	}
	if i%5 == 0 {
		o.Type, o.Data = corev1.SecretTypeTLS, map[string][]byte{"tls.crt": random(i, size/2), "tls.key": random(i+1, size/2)}
	}
	if i%10 == 1 {
		o.Annotations = map[string]string{corev1.LastAppliedConfigAnnotation: fmt.Sprintf(`{"apiVersion":"v1","data":{"password":"%x"},"kind":"Secret"}`, random(i, 24))}
	}
	return o
}

func random(seed, size int) []byte {
	b := make([]byte, size)
	r := rand.NewChaCha8([32]byte{byte(seed), byte(seed >> 8), byte(seed >> 16)})
	_, _ = r.Read(b) // never fails
	return b
}

func (m mix) configMap(i int) runtime.Object {
	return &corev1.ConfigMap{
		ObjectMeta: m.meta(i, fmt.Sprintf("cm-%d", m.row(i)), "cm"),
		Data:       map[string]string{"app.yaml": settings(i, 500+i*31%2500), "logging.properties": settings(i+1, 300)},
	}
}

var settingWords = strings.Fields("server port listen upstream timeout cache level info debug database host retry backoff limit region cluster prod billing frontend metrics tracing enabled pool idle http https tls verify path app queue topic partition replicas")

// settings is a text of about so many bytes, as a configuration file has it.
func settings(seed, size int) string {
	r := rand.New(rand.NewPCG(uint64(seed), 1))
	word := func() string { return settingWords[r.IntN(len(settingWords))] }
	var b strings.Builder
	for b.Len() < size {
		fmt.Fprintf(&b, "%s.%s=%d\n", word(), word(), r.IntN(9999))
	}
	return b.String()
}

func (m mix) event(i int) runtime.Object {
	pod := m.podName(i % m.n(20_000))
	now := metav1.NewTime(began)
	return &corev1.Event{
		ObjectMeta:     metav1.ObjectMeta{Name: fmt.Sprintf("%s.%016x", pod, i), Namespace: m.namespace(i)},
		InvolvedObject: corev1.ObjectReference{Kind: "Pod", APIVersion: "v1", Namespace: m.namespace(i), Name: pod, FieldPath: "spec.containers{app}"},
		Reason:         "Pulled", Message: "Container image already present on machine and can be accessed by the pod", Type: corev1.EventTypeNormal, Count: 1,
		FirstTimestamp: now, LastTimestamp: now, Source: corev1.EventSource{Component: "kubelet", Host: m.nodeName(i)}, ReportingController: "kubelet",
	}
}

// began is the time that objects bear which have one.
var began = time.Date(2026, 9, 1, 8, 0, 0, 0, time.UTC)

// uidOf is one of its own for each object.
func uidOf(resource string, i int) types.UID {
	return types.UID(fmt.Sprintf("%08x-0000-4000-8000-%012x", crc32.ChecksumIEEE([]byte(resource)), i))
}
