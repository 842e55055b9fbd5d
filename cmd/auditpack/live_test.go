package main

import (
	"context"
	"encoding/base64"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

// command runs the program as a user would, and returns its exit code and output.
func command(t *testing.T, args ...string) (code int, stdout, stderr string) {
	t.Helper()
	out, err := os.CreateTemp(t.TempDir(), "stdout")
	if err != nil {
		t.Fatal(err)
	}
	diag, err := os.CreateTemp(t.TempDir(), "stderr")
	if err != nil {
		t.Fatal(err)
	}
	code = execute(context.Background(), args, os.Stdin, out, diag)
	read := func(f *os.File) string {
		if _, err := f.Seek(0, io.SeekStart); err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		return string(b)
	}
	return code, read(out), read(diag)
}

func readReport(t *testing.T, bundle string) *schema.Report {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(bundle, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	var r schema.Report
	if err := schema.Unmarshal(b, &r); err != nil {
		t.Fatal(err)
	}
	return &r
}

// livePlan unpacks the sample and lets its plan read real API servers that hold
// its objects, instead of its files. It returns the plan's path.
func livePlan(t *testing.T, kubeconfig func(s *controlplane.Server) string) string {
	t.Helper()
	dir := t.TempDir()
	sample, err := fs.Sub(templates.FS, "sample")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(dir, sample); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "plan.yaml")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	plan := string(b)
	for _, cluster := range []string{"prod-eu", "staging-eu"} {
		s := controlplane.Start(t)
		s.Apply(t, controlplane.Manifests(t, filepath.Join(dir, cluster))...)
		from := fmt.Sprintf("from: [%s]\n", cluster)
		if !strings.Contains(plan, from) {
			t.Fatalf("the sample's plan has no %q", from)
		}
		plan = strings.Replace(plan, from, "kubeconfig: "+kubeconfig(s)+"\n", 1)
	}
	plan = strings.ReplaceAll(plan, "      complete: true\n", "")
	if err := os.WriteFile(path, []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// byTheServer are findings that only files or only a fresh server can have, as
// the prefix of a line of findingLines, with the reason.
var byTheServer = map[string]string{
	"GOV-04.k2 ": "the extension server of the sample's APIService does not run here",
	"ACC-04.d1 fail high prod-eu AccessReview ":       "the bindings are made when the test runs, after the review",
	"GOV-07.k1 partial low prod-eu Namespace ":        "the namespace is terminating since the test runs",
	"CHG-06.k1 needs_review high prod-eu Cluster ":    "files do not have the version of the API server, and the table does not have the one that runs here",
	"CHG-06.k1 needs_review high staging-eu Cluster ": "files do not have the version of the API server, and the table does not have the one that runs here",
	"MON-01.k2 ": "only a server is asked anything that its audit log could show",
	"RES-01.k3 ": "the claims are made when the test runs, after every backup",
}

// findingLines says of each finding which check found what about which subject.
func findingLines(r *schema.Report) []string {
	var out []string
	for _, f := range r.Findings {
		line := fmt.Sprintf("%s %s %s %s %s", f.Check, f.Result, f.Severity, f.Subject.Cluster, f.Subject)
		expected := false
		for prefix := range byTheServer {
			expected = expected || strings.HasPrefix(line, prefix)
		}
		if !expected {
			out = append(out, line)
		}
	}
	slices.Sort(out)
	return out
}

// TestLiveFindsWhatTheDemoFinds loads the sample into real API servers and runs
// the whole job on them. The findings are those of the demo.
func TestLiveFindsWhatTheDemoFinds(t *testing.T) {
	plan := livePlan(t, func(s *controlplane.Server) string { return controlplane.Kubeconfig(t, "admin", s.Admin(t)) })
	out := t.TempDir()
	code, _, stderr := command(t, "run", "-q", "-f", plan, "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", out)
	if code != exitDone && code != exitGaps {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	if code, _, stderr := command(t, "demo", "-q", "--out", out+"/demo"); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	live, demo := readReport(t, out+"/brindlewharf-2026-09-30"), readReport(t, out+"/demo/brindlewharf-2026-09-30")
	if d := cmp.Diff(findingLines(demo), findingLines(live)); d != "" {
		t.Errorf("findings (-demo +live):\n%s", d)
	}
	for _, s := range live.Sources {
		if s.Kind == schema.SourceForge || s.Kind == schema.SourceImports {
			continue // files of the sample answer for them, here as in the demo
		}
		if s.Kind != schema.SourceCluster || s.Collector.Username == "" || s.ResourceVersion == "" {
			t.Errorf("source %s is not described: %+v", s.Name, s)
		}
	}
}

// TestRefusedKindIsAGap runs with an account that may read everything but
// clusterrolebindings: exit code 3, and ACC-01 is neither a pass nor a fail.
func TestRefusedKindIsAGap(t *testing.T) {
	s := controlplane.Shared(t)
	s.Apply(t, readerWithout(t, "clusterrolebindings"))
	s.Bind(t, "half-reader", "auditpack-half")
	dir := t.TempDir()
	private, public, err := seal.GenerateKey([]byte("pass"))
	if err != nil {
		t.Fatal(err)
	}
	for name, b := range map[string][]byte{"k.key": private, "k.pub": public, "password": []byte("pass\n")} {
		if err := os.WriteFile(filepath.Join(dir, name), b, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	kubeconfig := controlplane.Kubeconfig(t, "half-reader", s.User(t, "half-reader"))

	code, stdout, stderr := command(t, "preflight", "--kubeconfig", kubeconfig)
	if code != exitGaps || !strings.Contains(stdout, `- "clusterrolebindings"`) {
		t.Errorf("preflight: exit code %d, and the role that is missing is not printed\n%s%s", code, stdout, stderr)
	}
	code, stdout, stderr = command(t, "run", "--kubeconfig", kubeconfig, "--key", dir+"/k.key", "--password-file", dir+"/password", "--as-of", "2026-09-30T06:00:00Z", "--out", dir)
	if code != exitGaps || !strings.Contains(stdout, "not answered completely") {
		t.Fatalf("run: exit code %d, want %d and the gap named\n%s%s", code, exitGaps, stdout, stderr)
	}
	archives, err := filepath.Glob(dir + "/*.zip")
	if err != nil || len(archives) != 1 {
		t.Fatalf("%d archives, %v", len(archives), err)
	}
	if code, _, stderr := command(t, "verify", archives[0], "--key", dir+"/k.pub"); code != exitDone {
		t.Errorf("verify: exit code %d\n%s", code, stderr)
	}
	r := readReport(t, strings.TrimSuffix(archives[0], ".zip"))
	for _, c := range r.Checks {
		if strings.HasPrefix(c.ID, "ACC-01.k") && c.Result != schema.ResultNotCollected {
			t.Errorf("%s is %s, want not_collected", c.ID, c.Result)
		}
	}
	for _, c := range r.Controls {
		if c.ID == "ACC-01" && c.Status != schema.NeedsReview {
			t.Errorf("ACC-01 is %s, want needs_review", c.Status)
		}
	}
}

// readerWithout returns the shipped ClusterRole under another name, less one resource.
func readerWithout(t *testing.T, resource string) []byte {
	t.Helper()
	b, err := os.ReadFile("../../deploy/clusterrole.yaml")
	if err != nil {
		t.Fatal(err)
	}
	role := strings.Replace(string(b), "name: auditpack-read", "name: auditpack-half", 1)
	less := strings.Replace(role, "      - \""+resource+"\"\n", "", 1)
	if less == string(b) || less == role {
		t.Fatalf("deploy/clusterrole.yaml has no %s, or another name", resource)
	}
	return []byte(less)
}

// TestDeadClusterIsAGap has a plan of two clusters of which one does not answer.
func TestDeadClusterIsAGap(t *testing.T) {
	dir := t.TempDir()
	alive := controlplane.Shared(t).Admin(t)
	dead := rest.CopyConfig(alive)
	dead.Host = "https://127.0.0.1:1" // nobody listens there
	plan := fmt.Sprintf(`apiVersion: auditpack.dev/v1alpha1
kind: AuditPlan
metadata: {name: two}
spec:
  organization: Two clusters
  scope: One that answers and one that does not.
  clusters:
    - {name: alive, kubeconfig: %s}
    - {name: dead, kubeconfig: %s}
`, controlplane.Kubeconfig(t, "alive", alive), controlplane.Kubeconfig(t, "dead", dead))
	if err := os.WriteFile(dir+"/plan.yaml", []byte(plan), 0o600); err != nil {
		t.Fatal(err)
	}
	code, stdout, stderr := command(t, "run", "-f", dir+"/plan.yaml", "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", dir)
	if code != exitGaps || !strings.Contains(stdout, "dead source: failed") {
		t.Fatalf("exit code %d, want %d and the dead cluster named\n%s%s", code, exitGaps, stdout, stderr)
	}
	for _, c := range readReport(t, dir+"/two-2026-09-30").Checks {
		if c.Kind == schema.CheckAPI && c.Result == schema.ResultPass {
			t.Errorf("%s passes, and one cluster was not seen", c.ID)
		}
	}
}

// planted are values that must not be in any file that a run writes, and neither
// their base64.
var planted = []string{"tulip-in-secret-data", "tulip-in-last-applied", "tulip-in-config-map", "tulip-in-env", "tulip-in-argument", "tulip-in-url"}

const plantedObjects = `
apiVersion: v1
kind: Namespace
metadata: {name: garden}
---
apiVersion: v1
kind: Secret
metadata:
  name: bulbs
  namespace: garden
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"stringData":{"bulb":"tulip-in-last-applied"}}'
stringData: {bulb: tulip-in-secret-data}
---
apiVersion: v1
kind: ConfigMap
metadata:
  name: beds
  namespace: garden
  annotations:
    kubectl.kubernetes.io/last-applied-configuration: '{"data":{"password":"tulip-in-last-applied"}}'
data: {password: tulip-in-config-map}
---
apiVersion: apps/v1
kind: Deployment
metadata: {name: gardener, namespace: garden}
spec:
  selector: {matchLabels: {app: gardener}}
  template:
    metadata: {labels: {app: gardener}}
    spec:
      containers:
        - name: gardener
          image: registry.example/gardener:1
          args: ["--password=tulip-in-argument"]
          env:
            - {name: DB_PASSWORD, value: tulip-in-env}
            - {name: DB_URL, value: "postgres://gardener:tulip-in-url@db.example/beds"}
`

// TestNoSecretValueIsWritten plants values where clusters have them, collects with
// each tier, and looks for them in every file of the bundle.
func TestNoSecretValueIsWritten(t *testing.T) {
	s := controlplane.Shared(t)
	s.Apply(t, []byte(plantedObjects))
	kubeconfig := controlplane.Kubeconfig(t, "admin", s.Admin(t))
	for _, tier := range []schema.SecretsTier{schema.SecretsNone, schema.SecretsInventory, schema.SecretsRotation} {
		t.Run(string(tier), func(t *testing.T) {
			out := t.TempDir()
			code, stdout, stderr := command(t, "run", "-q", "--kubeconfig", kubeconfig, "--secrets", string(tier), "--unsigned", "--out", out)
			if code != exitDone && code != exitGaps {
				t.Fatalf("exit code %d\n%s%s", code, stdout, stderr)
			}
			files, found := 0, false
			err := filepath.WalkDir(out, func(path string, e fs.DirEntry, err error) error {
				if err != nil || e.IsDir() {
					return err
				}
				files++
				b, err := os.ReadFile(path)
				if err != nil {
					return err
				}
				found = found || strings.Contains(string(b), "gardener")
				for _, value := range planted {
					for _, form := range []string{value, base64.StdEncoding.EncodeToString([]byte(value))} {
						if err := holdsNot(path, b, form); err != nil {
							t.Error(err)
						}
					}
				}
				return nil
			})
			if err != nil || files < 10 || !found {
				t.Fatalf("looked at %d files, found the workload: %v, %v", files, found, err)
			}
		})
	}
}
