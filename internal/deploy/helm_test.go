// Package deploy tests what a cluster needs to run the program every night: the
// Helm chart, and the plain manifests for kustomize that are rendered from it.
//
// The manifests are made and judged by real parts: helm and kustomize, which
// internal/oracles/charts builds; a kube-apiserver with its usual admission; and
// kube-controller-manager, which makes Jobs and Pods of the CronJob. What is left of
// a node is done by a few lines in node_test.go.
package deploy

import (
	"bytes"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	yamlstream "k8s.io/apimachinery/pkg/util/yaml"
)

const (
	chart     = "../../deploy/chart"
	kustomize = "../../deploy/kustomize"
	namespace = "audit"
)

// oracle returns a program that internal/oracles/charts/build.sh builds.
func oracle(t testing.TB, name string) string {
	t.Helper()
	versions, err := os.ReadFile("../oracles/charts/go.mod")
	if err != nil {
		t.Fatal(err)
	}
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "auditpack", fmt.Sprintf("charts-%.12x", sha256.Sum256(versions))[:len("charts-")+12], name)
	if _, err := os.Stat(path); err != nil {
		const remedy = "no %s: run internal/oracles/charts/build.sh"
		if os.Getenv("CI") != "" {
			t.Fatalf(remedy, path)
		}
		t.Skipf(remedy, path)
	}
	return path
}

// command runs a program and returns what it prints; the error has what it says of it.
func command(t testing.TB, stdin, program string, args ...string) ([]byte, error) {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd := exec.Command(program, args...)
	cmd.Env = append(os.Environ(), "HELM_CACHE_HOME="+t.TempDir(), "HELM_CONFIG_HOME="+t.TempDir(), "HELM_DATA_HOME="+t.TempDir())
	cmd.Stdin, cmd.Stdout, cmd.Stderr = strings.NewReader(stdin), &stdout, &stderr
	if err := cmd.Run(); err != nil {
		return nil, fmt.Errorf("%w: %s%s", err, &stdout, &stderr)
	}
	return stdout.Bytes(), nil
}

// helm runs a command of helm on the chart, with values as YAML.
func helm(t testing.TB, values string, args ...string) ([]byte, error) {
	t.Helper()
	return command(t, values, oracle(t, "helm"), append(args, "--namespace="+namespace, "--values=-")...)
}

// template renders the chart as a release called auditpack.
func template(t testing.TB, values string, flags ...string) ([]byte, error) {
	t.Helper()
	return helm(t, values, append([]string{"template", "auditpack", chart}, flags...)...)
}

// objects are rendered manifests.
type objects []*unstructured.Unstructured

func render(t testing.TB, values string) objects {
	t.Helper()
	out, err := template(t, values)
	if err != nil {
		t.Fatal(err)
	}
	return decode(t, out)
}

func decode(t testing.TB, stream []byte) objects {
	t.Helper()
	var all objects
	for d := yamlstream.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096); ; {
		o := &unstructured.Unstructured{}
		if err := d.Decode(&o.Object); errors.Is(err, io.EOF) {
			return all
		} else if err != nil {
			t.Fatalf("%v in:\n%s", err, stream)
		}
		if len(o.Object) > 0 {
			all = append(all, o)
		}
	}
}

// list names the objects, sorted.
func (all objects) list() string {
	var out []string
	for _, o := range all {
		out = append(out, o.GetKind()+"/"+o.GetName())
	}
	slices.Sort(out)
	return strings.Join(out, " ")
}

// get reads the one object of that kind and name into a Go type, strictly.
func get[T any](t testing.TB, all objects, kind, name string) *T {
	t.Helper()
	for _, o := range all {
		if o.GetKind() == kind && o.GetName() == name {
			var out T
			if err := runtime.DefaultUnstructuredConverter.FromUnstructuredWithValidation(o.Object, &out, true); err != nil {
				t.Fatalf("%s %s: %v", kind, name, err)
			}
			return &out
		}
	}
	t.Fatalf("there is no %s %s, only %s", kind, name, all.list())
	return nil
}

// job is the CronJob that every rendering has.
func (all objects) job(t testing.TB) *batchv1.CronJob {
	t.Helper()
	return get[batchv1.CronJob](t, all, "CronJob", "auditpack")
}

func podOf(job *batchv1.CronJob) *corev1.PodSpec { return &job.Spec.JobTemplate.Spec.Template.Spec }

func unstructuredOf(object map[string]any) *unstructured.Unstructured {
	return (&unstructured.Unstructured{Object: object}).DeepCopy()
}

// podFrom makes the pod of a CronJob, as the controllers would but for its name.
func podFrom(job *batchv1.CronJob) map[string]any {
	template := job.Spec.JobTemplate.Spec.Template
	pod := &corev1.Pod{ObjectMeta: template.ObjectMeta, Spec: template.Spec}
	pod.APIVersion, pod.Kind = "v1", "Pod"
	pod.Name, pod.Namespace = "try", job.Namespace
	object, err := runtime.DefaultUnstructuredConverter.ToUnstructured(pod)
	if err != nil {
		panic(err) // only a type that is no API object
	}
	return object
}
