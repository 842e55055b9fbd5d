package main

import (
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/auditpack/auditpack/internal/testauthorities"
	"github.com/auditpack/auditpack/schema"
)

const provenancePlan = `apiVersion: auditpack.dev/v1alpha1
kind: AuditPlan
metadata: {name: shop}
spec:
  organization: The Shop
  scope: One cluster in manifests.
  clusters:
    - {name: shop, from: [objects], complete: true}
  images:
    provenance: {images: [%[1]s/shop], keys: [cosign.pub], insecure: [%[1]s]}
`

const provenancePod = `apiVersion: v1
kind: Pod
metadata: {name: %[1]s, namespace: shop}
spec:
  containers: [{name: main, image: %[2]s}]
status:
  phase: Running
  containerStatuses: [{name: main, image: %[2]s, imageID: %[2]s, ready: true}]
---
`

const slsaProvenance = `{"buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}, "resolvedDependencies": [
  {"uri": "git+https://github.example/shop/web@refs/heads/main", "digest": {"gitCommit": "0123456789abcdef0123456789abcdef01234567"}}]},
 "runDetails": {"builder": {"id": "https://ci.example/builder"}}}`

// TestProvenanceOfRunningImages runs the whole program on a cluster with one image
// whose provenance the real cosign signed and one without, in a real registry. What
// the registry said is evidence: the bundle is made again when the registry is gone.
func TestProvenanceOfRunningImages(t *testing.T) {
	cosign := testauthorities.Oracle("cosign")
	if _, err := os.Stat(cosign); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("this test needs cosign; build it with internal/oracles/build.sh")
		}
		t.Skip("this test needs cosign; build it with internal/oracles/build.sh")
	}
	server := httptest.NewServer(registry.New(registry.Logger(log.New(io.Discard, "", 0)), registry.WithReferrersSupport(true)))
	defer server.Close()
	host := strings.TrimPrefix(server.URL, "http://")
	dir := t.TempDir()
	write := func(file, content string) {
		t.Helper()
		path := filepath.Join(dir, file)
		if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	push := func() string {
		t.Helper()
		image, err := random.Image(64, 1)
		if err != nil {
			t.Fatal(err)
		}
		ref, err := name.NewTag(host+"/shop/web:latest", name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(ref, image); err != nil {
			t.Fatal(err)
		}
		digest, err := image.Digest()
		if err != nil {
			t.Fatal(err)
		}
		return host + "/shop/web@" + digest.String()
	}
	built, unknown := push(), push()
	write("plan.yaml", fmt.Sprintf(provenancePlan, host))
	write("objects/shop.yaml", "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop, labels: {environment: production}}\n---\n"+fmt.Sprintf(provenancePod, "built", built)+fmt.Sprintf(provenancePod, "unknown", unknown))
	write("predicate.json", slsaProvenance)
	for _, args := range [][]string{
		{"generate-key-pair"},
		{"attest", "--key", "cosign.key", "--predicate", "predicate.json", "--type", "slsaprovenance1", "--allow-http-registry", "--use-signing-config=false", "--tlog-upload=false", built},
	} {
		cmd := exec.Command(cosign, args...)
		cmd.Dir, cmd.Env = dir, append(os.Environ(), "HOME="+dir, "TUF_ROOT="+dir, "COSIGN_PASSWORD=", "COSIGN_YES=true")
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("cosign %s: %v\n%s", args[0], err, out)
		}
	}

	out := filepath.Join(dir, "out")
	code, _, stderr := command(t, "run", "-f", filepath.Join(dir, "plan.yaml"), "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", out)
	if code != exitDone {
		t.Fatalf("exit %d: %s", code, stderr)
	}
	server.Close()
	bundle := filepath.Join(out, "shop-2026-09-30")
	checks := readReport(t, bundle).Checks
	i := slices.IndexFunc(checks, func(c schema.CheckResult) bool { return c.ID == "CHG-05.p1" })
	if i < 0 || checks[i].Result != schema.ResultFail {
		t.Fatalf("with one image of two without provenance CHG-05.p1 is %+v", checks[max(i, 0)])
	}
	rows, err := os.ReadFile(filepath.Join(bundle, "evidence/populations/imageProvenance.jsonl"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`"verified":"yes"`, `"commit":"0123456789abcdef0123456789abcdef01234567"`, `"sourceRepository":"github.example/shop/web"`} {
		if !strings.Contains(string(rows), want) {
			t.Errorf("the evidence lacks %s:\n%s", want, rows)
		}
	}
	if code, _, stderr := command(t, "verify", bundle+".zip", "--unsafe-unsigned", "--reperform"); code != exitDone {
		t.Errorf("verify: exit %d: %s", code, stderr)
	}
}
