package deploy

import (
	"bytes"
	"flag"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	corev1 "k8s.io/api/core/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"sigs.k8s.io/yaml"
)

//go:generate ../oracles/charts/build.sh
//go:generate go test . -run "^(TestRolesAreTheGeneratedOnes|TestManifestsAreTheChart)$" -update

var update = flag.Bool("update", false, "write the files that a test compares with")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-file +rendered); run go generate ./internal/deploy:\n%s", file, diff)
	}
}

// TestManifestsAreTheChart renders base and components from the chart.
func TestManifestsAreTheChart(t *testing.T) {
	values, err := os.ReadFile(kustomize + "/values.yaml")
	if err != nil {
		t.Fatal(err)
	}
	plain := rendered(t, string(values))
	golden(t, kustomize+"/base/auditpack.yaml", manifests(t, plain))
	withSecrets := rendered(t, string(values)+"secrets: inventory\n")
	more := slices.DeleteFunc(withSecrets, func(o *unstructured.Unstructured) bool {
		return !strings.HasSuffix(o.GetName(), "-secrets")
	})
	if len(more) != 2 {
		t.Fatalf("the right to list secrets is %s", more.list())
	}
	golden(t, kustomize+"/components/secrets/secrets.yaml", manifests(t, more))
}

// rendered is the chart without what only Helm understands.
func rendered(t *testing.T, values string) objects {
	t.Helper()
	out, err := template(t, values, "--skip-tests")
	if err != nil {
		t.Fatal(err)
	}
	all := decode(t, out)
	for _, o := range all {
		withoutHelm(o.Object)
	}
	return all
}

// withoutHelm removes labels and annotations that speak of Helm, at every depth.
func withoutHelm(v any) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			withoutHelm(e)
			child, _ := e.(map[string]any)
			if strings.HasPrefix(k, "helm.sh/") || k == "app.kubernetes.io/managed-by" || k == "annotations" && len(child) == 0 {
				delete(v, k)
			}
		}
	case []any:
		for _, e := range v {
			withoutHelm(e)
		}
	}
}

func manifests(t *testing.T, all objects) []byte {
	t.Helper()
	var b bytes.Buffer
	b.WriteString("# Rendered from deploy/chart: go generate ./internal/deploy writes it.\n")
	for _, o := range all {
		text, err := yaml.Marshal(o.Object)
		if err != nil {
			t.Fatal(err)
		}
		b.WriteString("---\n")
		b.Write(text)
	}
	return b.Bytes()
}

// builds are what kustomize makes of each folder.
func builds(t testing.TB) map[string]objects {
	t.Helper()
	out := map[string]objects{}
	for _, folder := range []string{"base", "overlays/bucket"} {
		b, err := command(t, "", oracle(t, "kustomize"), "build", filepath.Join(kustomize, folder))
		if err != nil {
			t.Fatal(err)
		}
		out[folder] = decode(t, b)
	}
	return out
}

func TestOverlay(t *testing.T) {
	t.Parallel()
	all := builds(t)["overlays/bucket"]
	job := all.job(t)
	pod := podOf(job)
	if got, want := *job.Spec.TimeZone+" "+job.Spec.Schedule, "Europe/Berlin 40 3 * * *"; got != want {
		t.Errorf("the schedule is %s, want %s", got, want)
	}
	if image := pod.Containers[0].Image; image != "registry.example.com/audit/auditpack@sha256:"+zeros {
		t.Errorf("the image is %s", image)
	}
	if list := all.list(); strings.Contains(list, "PersistentVolumeClaim") || !strings.Contains(list, "ClusterRoleBinding/audit-auditpack-secrets") {
		t.Errorf("the objects are %s", list)
	}
	for _, v := range pod.Volumes {
		if v.Name == "bundles" {
			t.Error("the volume for bundles is there")
		}
		if v.Name != "plan" {
			continue
		}
		plan := get[corev1.ConfigMap](t, all, "ConfigMap", v.ConfigMap.Name)
		if !strings.Contains(plan.Data["plan.yaml"], "production-west") || plan.Data["overlay.yaml"] == "" {
			t.Errorf("the plan is %v", plan.Data)
		}
	}
}
