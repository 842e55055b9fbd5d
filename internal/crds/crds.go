// Package crds gives tests the custom resource definitions that projects publish.
//
// They are read from the Go modules of the projects, which the go command fetches
// into its module cache. Nothing of the modules is built or imported. The hash of
// each module stands here, so that a test fails rather than use something else.
package crds

import (
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"testing"
)

// A module is a version of a Go module, its hash as in a go.sum, and the files in
// it that hold definitions, as patterns of filepath.Glob.
type module struct {
	path, version, sum string
	files              []string
}

// modules are the newest that Go 1.26 accepts. Those of Longhorn, Calico, OpenShift, Kasten and the Secrets Store driver are not to be
// had from the module proxy, or ship no definitions.
var modules = []module{
	{"sigs.k8s.io/gateway-api", "v1.6.3", "h1:lKpJa5bGlraC/QeACvCpsHLdmO6y0iKfzVl6gzaFEYc=", []string{"config/crd/experimental/gateway.networking.k8s.io_*routes.yaml", "config/crd/experimental/gateway.networking.k8s.io_gateways.yaml"}},
	{"sigs.k8s.io/network-policy-api", "v0.1.1", "h1:KDW+AkvCCQI3h8yH8j0hurhvPLNtLeVvmZoqtMaG9ew=", []string{"config/crd/policy.*.yaml"}},
	{"github.com/argoproj/argo-cd/v3", "v3.2.1", "h1:rvrkW/JdH4V+xJgNDZI9wa/Ygd+fWoGbd1rAhvno22c=", []string{"manifests/crds/app*-crd.yaml"}},
	{"github.com/fluxcd/kustomize-controller", "v1.7.3", "h1:SzNnGn/4ObAPEHHleM5U7y/AKxKXph3Vj6ZhteeXw8M=", []string{"config/crd/bases/*.yaml"}},
	{"github.com/fluxcd/source-controller", "v1.7.3", "h1:gFfeBiNUgF0kFFGap/rrMeJqz+0Tod0ARENJO8w/UA8=", []string{"config/crd/bases/*_gitrepositories.yaml", "config/crd/bases/*_ocirepositories.yaml", "config/crd/bases/*_helmrepositories.yaml"}},
	{"github.com/fluxcd/helm-controller", "v1.6.2", "h1:cEirkQjLFF721EomwtH5fHuhpiYCW9HkAje1HTzCTsM=", []string{"config/crd/bases/*.yaml"}},
	{"github.com/vmware-tanzu/velero", "v1.18.3", "h1:9uwN5yxTWQl9PsF5ljX4xiG+7VIq3I9mxOQ0DyyZ31A=", []string{"config/crd/v1/bases/*.yaml"}},
	{"github.com/cloudnative-pg/cloudnative-pg", "v1.27.0", "h1:mp0zlYO4vKAJmQdArWORWKr1lmB4Hj8JeBQGX5RBnpg=", []string{"config/crd/bases/*s.yaml"}},
	{"github.com/kubernetes-csi/external-snapshotter/client/v8", "v8.7.0", "h1:HVaSUeRRHPu49aSiL8eXOjS9Re9G6pM0NzdTGI7mM14=", []string{"config/crd/snapshot.storage.k8s.io_volumesnapshot*.yaml"}},
	{"github.com/external-secrets/external-secrets", "v1.3.2", "h1:u2J8RjlHIeF0oZCqtl92adI/uZWUwOesJIDkfql6LqQ=", []string{"config/crds/bases/external-secrets.io_*.yaml"}},
	{"github.com/bitnami-labs/sealed-secrets", "v0.40.0", "h1:rvCP35JL8ZV5LNA2SrwNR6iLyoM3ulrSFWN0lBtYEYI=", []string{"helm/sealed-secrets/crds/*.yaml"}},
	{"github.com/hashicorp/vault-secrets-operator", "v0.10.0", "h1:BjOTBJRqx1SLo7NeyqNJWRPDyfRscbqPtGU1U2LzArg=", []string{"chart/crds/secrets.hashicorp.com_vault*secrets.yaml"}},
	{"github.com/cert-manager/cert-manager", "v1.21.2", "h1:UWgoYM+KLNtRlqmoWOKjKBOBUPVHeepQ6/ac3ERJW68=", []string{"deploy/crds/cert-manager.io_certificates.yaml"}},
	{"github.com/kyverno/kyverno", "v1.19.1", "h1:/MkgFii3/VlQfKR1JpC9tVwNNVNQTt2S4U6qCsafsTU=", []string{"config/crds/kyverno/*policies.yaml", "config/crds/kyverno/*policyexceptions.yaml", "config/crds/policies.kyverno.io/*.yaml", "config/crds/policyreport/*.yaml"}},
	{"github.com/open-policy-agent/gatekeeper/v3", "v3.23.1", "h1:njHTm0SJ6ZEhhEgmQTpJKTGQbc99fSs4hGiEp1OIKck=", []string{"charts/gatekeeper/crds/config-*.yaml", "charts/gatekeeper/crds/constrainttemplate-*.yaml"}},
	{"github.com/sigstore/policy-controller", "v0.13.0", "h1:NAzGGn8TWQB3Bxek2/xd5mxvZR1Fn6RnttXTOfdm3Xk=", []string{"config/300-clusterimagepolicy.yaml"}},
	{"github.com/cilium/cilium", "v1.20.2", "h1:dqiEGIcXc+gqCLYG/l7VCFJ8GHyb4HUrwbZOpkX5dL8=", []string{"pkg/k8s/apis/cilium.io/client/crds/v2/cilium*networkpolicies.yaml"}},
	{"istio.io/api", "v1.28.0", "h1:0fYY9G03CAdFwE/fCkpr0v7kKsy+Hz9OCCjLNBNLbnU=", []string{"kubernetes/customresourcedefinitions.gen.yaml"}},
	{"github.com/prometheus-operator/prometheus-operator", "v0.80.1", "h1:jeqy9C8ku5coMThZh/cVrB5FwJHlV98jvnSeVnQKCQw=", []string{"example/prometheus-operator-crd-full/*_alertmanager*.yaml", "example/prometheus-operator-crd-full/*_prometheusrules.yaml"}},
	{"github.com/aquasecurity/trivy-operator", "v0.29.0", "h1:6/7DI97Kpz8ZGIzhPLC1KkQvl2Gu86uRYWKdUEhjFB0=", []string{"deploy/helm/crds/*_vulnerabilityreports.yaml"}},
	{"github.com/open-telemetry/opentelemetry-operator", "v0.135.0", "h1:YS2WL6r3emKRDRwZ63ZK8QSpJthYC/nUCIIzNyslZZE=", []string{"config/crd/bases/*_opentelemetrycollectors.yaml"}},
}

// Files returns the contents of every file with definitions. Where the go command
// cannot give a module the test is skipped, or fails where the environment
// variable CI is set.
func Files(t testing.TB) [][]byte {
	t.Helper()
	var out [][]byte
	for _, m := range modules {
		dir, err := m.download(t.TempDir())
		if err != nil && os.Getenv("CI") == "" {
			t.Skipf("%s %s: %v", m.path, m.version, err)
		}
		if err != nil {
			t.Fatalf("%s %s: %v", m.path, m.version, err)
		}
		for _, pattern := range m.files {
			files, err := filepath.Glob(filepath.Join(dir, filepath.FromSlash(pattern)))
			if err != nil || len(files) == 0 {
				t.Fatalf("%s %s has no %s: %v", m.path, m.version, pattern, err)
			}
			slices.Sort(files)
			for _, f := range files {
				b, err := os.ReadFile(f)
				if err != nil {
					t.Fatal(err)
				}
				out = append(out, b)
			}
		}
	}
	return out
}

// download returns the folder of the module in the module cache. The command runs
// in an empty folder, so that no go.mod is looked at or changed.
func (m module) download(empty string) (string, error) {
	cmd := exec.Command("go", "mod", "download", "-json", m.path+"@"+m.version)
	cmd.Dir = empty
	b, err := cmd.Output()
	var answer struct{ Dir, Sum, Error string }
	if jsonErr := json.Unmarshal(b, &answer); jsonErr == nil && answer.Error != "" {
		return "", errors.New(answer.Error)
	}
	switch {
	case err != nil:
		return "", err
	case answer.Sum != m.sum:
		return "", errors.New("its hash is " + answer.Sum + ", and not the one that stands here")
	}
	return answer.Dir, nil
}
