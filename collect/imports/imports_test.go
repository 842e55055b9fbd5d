package imports

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

var (
	asOf    = time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC)
	scanned = time.Date(2026, 9, 28, 4, 0, 0, 0, time.UTC)
	one     = []schema.PlanCluster{{Name: "prod"}}
)

const digest1 = "sha256:1111111111111111111111111111111111111111111111111111111111111111"

// answers is a sink that keeps everything.
type answers struct {
	rows    []schema.Row
	imports []schema.Import
	queries []schema.Query
	kept    map[string]string // by file
}

func (a *answers) Rows(rows ...schema.Row) {
	for _, r := range rows {
		if i, ok := r.(schema.Import); ok {
			a.imports = append(a.imports, i)
			continue
		}
		a.rows = append(a.rows, r)
	}
}
func (a *answers) Query(q schema.Query) { a.queries = append(a.queries, q) }
func (a *answers) Object(_, _ string, line []byte) error {
	var k keptPart
	if err := json.Unmarshal(line, &k); err != nil {
		return err
	}
	name, _, _ := strings.Cut(k.Metadata.Name, "#")
	a.kept[name] += k.Content
	return nil
}

func read(t *testing.T, clusters []schema.PlanCluster, imports ...schema.PlanImport) *answers {
	t.Helper()
	s, err := Open(Options{Imports: imports, Clusters: clusters, Spec: &schema.PlanSpec{}})
	if err != nil {
		t.Fatal(err)
	}
	a := &answers{kept: map[string]string{}}
	if _, err := s.Collect(context.Background(), asOf, a); err != nil {
		t.Fatal(err)
	}
	return a
}

// content reads a file that holds the text.
func content(t *testing.T, clusters []schema.PlanCluster, text string) *answers {
	t.Helper()
	path := filepath.Join(t.TempDir(), "misleading.txt")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return read(t, clusters, schema.PlanImport{Path: path})
}

// TestForms reads one file of each form.
func TestForms(t *testing.T) {
	june, august := time.Date(2026, 6, 1, 0, 0, 0, 0, time.UTC), time.Date(2026, 9, 25, 3, 0, 0, 0, time.UTC)
	for file, want := range map[string]struct {
		kind    schema.ImportKind
		made    time.Time
		version string
		dropped []string
		rows    []schema.Row
	}{
		"trivy.json": {schema.ImportTrivy, scanned, "0.66.0", []string{"Results.Secrets.Code", "Results.Secrets.Match"}, []schema.Row{schema.ImageScan{
			Cluster: "imports", Name: "trivy.json", Import: "trivy.json", Image: "registry.example/shop/web:1.4", Digest: digest1, Scanned: scanned,
			Critical: 2, High: 2, FixableCritical: 2, FixableHigh: 1, OldestCritical: june, Undated: 1,
		}}},
		"grype.json": {schema.ImportGrype, scanned, "0.104.1", nil, []schema.Row{schema.ImageScan{
			Cluster: "imports", Name: "grype.json", Import: "grype.json", Image: "registry.example/shop/web:1.4", Digest: digest1, Scanned: scanned,
			Critical: 1, High: 1, FixableCritical: 1, Undated: 1,
		}}},
		"kube-bench.json": {schema.ImportKubeBench, time.Time{}, "", nil, []schema.Row{
			schema.BenchmarkResult{Cluster: "prod", Import: "kube-bench.json", Benchmark: "cis-1.9", Target: "node", Item: "4.2.1", Status: "PASS", Scored: true},
			schema.BenchmarkResult{Cluster: "prod", Import: "kube-bench.json", Benchmark: "cis-1.9", Target: "node", Item: "4.2.6", Status: "FAIL", Scored: true},
			schema.BenchmarkResult{Cluster: "prod", Import: "kube-bench.json", Benchmark: "cis-1.9", Target: "node", Item: "4.2.9", Status: "WARN"},
		}},
		"sarif.json": {schema.ImportSARIF, scanned, "8.30.1", []string{"runs.invocations.commandLine", "runs.results.locations.physicalLocation.region.snippet"}, []schema.Row{
			schema.ScannerFinding{Import: "sarif.json", Made: scanned, Tool: "gitleaks", Rule: "aws-access-token", Level: "error", Place: "app/.env:3", Index: 1},
			schema.ScannerFinding{Import: "sarif.json", Made: scanned, Tool: "gitleaks", Rule: "generic", Level: "warning", Suppressed: true, Index: 2},
		}},
		"eks.json": {schema.ImportEKSCluster, time.Time{}, "", nil, []schema.Row{schema.ClusterSetting{
			Cluster: "prod", Provider: "eks", Name: "prod", Location: "eu-central-1", Import: "eks.json", Version: "1.33", PublicEndpoint: "on", PrivateEndpoint: "on",
			PublicCIDRs: []string{"192.0.2.0/24", "198.51.100.0/24"}, AuditLog: "on", AuditReads: "on", LogTypes: []string{"api", "audit"}, SecretsEncrypted: "on",
			EncryptionKey: "arn:aws:kms:eu-central-1:111122223333:key/k", LocalAccounts: "off", LocalAccess: []string{}, AuthenticationMode: "API",
		}}},
		"entries.json": {schema.ImportEKSAccessEntries, time.Time{}, "", nil, []schema.Row{
			schema.CloudPrincipal{Cluster: "prod", Import: "entries.json", Principal: "arn:aws:iam::111122223333:role/platform", Groups: []string{}},
			schema.CloudPrincipal{Cluster: "prod", Import: "entries.json", Principal: "arn:aws:iam::111122223333:user/jo", Groups: []string{}, User: true},
		}},
		"entry.json": {schema.ImportEKSAccessEntry, time.Time{}, "", nil, []schema.Row{
			schema.CloudPrincipal{Cluster: "prod", Import: "entry.json", Principal: "arn:aws:iam::111122223333:role/platform", Type: "STANDARD", Username: "platform", Groups: []string{"admins", "viewers"}},
		}},
		"gke.json": {schema.ImportGKECluster, time.Time{}, "", []string{"masterAuth.clientKey"}, []schema.Row{schema.ClusterSetting{
			Cluster: "prod", Provider: "gke", Name: "prod", Location: "europe-west3", Import: "gke.json", Version: "1.33.2-gke.1", PublicEndpoint: "on", PrivateEndpoint: "off",
			PublicCIDRs: []string{"192.0.2.0/24"}, AuditLog: "on", AuditReads: "unknown", LogTypes: []string{"APISERVER", "SYSTEM_COMPONENTS"}, SecretsEncrypted: "off",
			LocalAccounts: "on", LocalAccess: []string{"client certificates", "legacy ABAC"},
		}}},
		"aks.json": {schema.ImportAKSCluster, time.Time{}, "", []string{"servicePrincipalProfile", "windowsProfile.adminPassword"}, []schema.Row{schema.ClusterSetting{
			Cluster: "prod", Provider: "aks", Name: "prod", Location: "westeurope", Import: "aks.json", Version: "1.33.1", PublicEndpoint: "off", PrivateEndpoint: "on",
			PublicCIDRs: []string{}, AuditLog: "unknown", AuditReads: "unknown", LogTypes: []string{}, SecretsEncrypted: "on", EncryptionKey: "https://vault.example/keys/k",
			LocalAccounts: "off", LocalAccess: []string{}, AuthenticationMode: "entra",
		}}},
		"plan.json": {schema.ImportInfrastructurePlan, august, "1.13.0", planDrops, []schema.Row{schema.InfrastructurePlan{
			Stack: "plan.json", Import: "plan.json", Made: august, Tool: "terraform 1.13.0", Resources: 2,
			Changes: []string{"delete+create aws_db_instance.shop"}, Drift: []string{"update aws_security_group.web"},
		}}},
		"groups.csv": {schema.ImportGroups, time.Time{}, "", nil, []schema.Row{
			schema.GroupMember{Import: "groups.csv", Group: "admins", Member: "pia@example.com", Status: "active"},
			schema.GroupMember{Import: "groups.csv", Group: "admins", Member: "bram@example.com", Status: "disabled"},
			schema.GroupMember{Import: "groups.csv", Group: "empty"},
		}},
		"reports.yaml": {schema.ImportVulnerabilityReports, scanned, "", nil, []schema.Row{schema.ImageScan{
			Cluster: "prod", Namespace: "shop", Name: "web", Import: "reports.yaml", Image: "registry.example/shop/web:1.4", Digest: digest1, Scanned: scanned,
			Critical: 1, FixableCritical: 1, OldestCritical: june,
		}}},
		"policies.yaml": {schema.ImportPolicyReports, time.Time{}, "", nil, []schema.Row{
			schema.PolicyResult{Cluster: "prod", Kind: "PolicyReport", Namespace: "shop", Name: "shop", Policy: "require-labels", Pass: 1, Fail: 1},
		}},
	} {
		t.Run(file, func(t *testing.T) {
			a := read(t, one, schema.PlanImport{Path: "testdata/" + file})
			if diff := cmp.Diff(want.rows, a.rows); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			i := a.imports[0]
			given, err := os.ReadFile("testdata/" + file)
			if err != nil {
				t.Fatal(err)
			}
			sum := sha256.Sum256(given)
			if want.dropped == nil {
				want.dropped = []string{}
			}
			wantImport := schema.Import{Cluster: i.Cluster, Kind: want.kind, File: file, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(given)),
				Tool: i.Tool, ToolVersion: want.version, Format: i.Format, Made: want.made, MadeBy: i.MadeBy, Rows: len(want.rows), Dropped: want.dropped}
			if diff := cmp.Diff(wantImport, i); diff != "" {
				t.Errorf("-want +got:\n%s", diff)
			}
			if q := a.queries[0]; q.Outcome != schema.Complete || q.Rows != len(want.rows) {
				t.Errorf("the query is %+v", q)
			}
			if kept := a.kept[file]; strings.Contains(kept, "planted-value") || len(want.dropped) == 0 && kept != string(given) {
				t.Errorf("kept is:\n%s", kept)
			}
		})
	}
}

// TestRefused has files that are not used, and why.
func TestRefused(t *testing.T) {
	two := []schema.PlanCluster{{Name: "a"}, {Name: "b"}}
	for name, c := range map[string]struct {
		clusters []schema.PlanCluster
		text     string
		reason   string
	}{
		"nothing":                    {one, " \n", "nothing in the file"},
		"another document":           {one, `{"kind": "Deployment"}`, "none of the forms"},
		"no JSON":                    {one, "{\n \"matches\": [],\n \"descriptor\": {,}\n}", "line 3: it is no JSON"},
		"cut off":                    {one, "{\n \"matches\": [],\n", "line 3: it is cut off"},
		"something follows":          {one, "{\"a\": 1}\n{\"b\": 2}", "line 2: something follows"},
		"no text":                    {one, "{\n\"a\": \"\xff\"}", "line 2 is not text"},
		"a deep document":            {one, strings.Repeat("[", 100_000), "it is no JSON"},
		"a later form of Trivy":      {one, `{"SchemaVersion": 3, "ArtifactName": "x"}`, "version 3 of Trivy's form is not known"},
		"a scan of a folder":         {one, `{"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "filesystem"}`, "not of an image"},
		"a scan without a digest":    {one, `{"SchemaVersion": 2, "ArtifactName": "x", "ArtifactType": "container_image"}`, "does not say the digest"},
		"a later grype":              {one, `{"matches": [], "descriptor": {"name": "grype", "version": "2.0.0"}}`, `version "2.0.0" of "grype"`},
		"an earlier SARIF":           {one, `{"version": "2.0.0", "runs": []}`, `version "2.0.0" of SARIF`},
		"a later plan":               {one, `{"format_version": "2.0", "terraform_version": "2.0.0"}`, `version "2.0" of the form`},
		"a field of another type":    {one, "{\"version\": \"2.1.0\",\n\"runs\": \"none\"}", "line 2: Runs is a string"},
		"a page of several":          {one, `{"accessEntries": [], "nextToken": "x"}`, "one page of several"},
		"of which cluster":           {two, `{"accessEntries": []}`, "does not say which cluster"},
		"of a cluster of none":       {two, `{"cluster": {"name": "c", "resourcesVpcConfig": {}}}`, `about "c", which is no cluster`},
		"CSV with a short line":      {one, "group,member\na,b\nc\n", "line 3"},
		"CSV without a group":        {one, "group,member\n,b\n", "line 2: the group is empty"},
		"a status of nobody":         {one, `{"Controls": [{"version": "cis-1.9", "tests": [{"results": [{"test_number": "1", "status": "OK"}]}]}]}`, `status "OK"`},
		"a scan of no benchmark":     {one, `{"Controls": [{"tests": []}]}`, "against which benchmark"},
		"a later report":             {one, "apiVersion: aquasecurity.github.io/v2\nkind: VulnerabilityReport\n", "v2, which is not known"},
		"a manifest among reports":   {one, "apiVersion: wgpolicyk8s.io/v1alpha2\nkind: PolicyReport\nmetadata: {name: x}\n---\napiVersion: v1\nkind: Secret\n", "only reports are imported"},
		"YAML that unfolds to a lot": {one, "a: &a [x,x,x,x,x,x,x,x,x]\nb: &b [*a,*a,*a,*a,*a,*a,*a,*a,*a]\nc: &c [*b,*b,*b,*b,*b,*b,*b,*b,*b]\nd: &d [*c,*c,*c,*c,*c,*c,*c,*c,*c]\ne: &e [*d,*d,*d,*d,*d,*d,*d,*d,*d]\nf: &f [*e,*e,*e,*e,*e,*e,*e,*e,*e]\ng: [*f,*f,*f,*f,*f,*f,*f,*f,*f]\n", "excessive aliasing"},
		"made in the future":         {one, `{"matches": [], "source": {"type": "image", "target": {"repoDigests": ["a@sha256:1"]}}, "descriptor": {"name": "grype", "version": "0.1.0", "timestamp": "2027-01-01T00:00:00Z"}}`, "after the snapshot"},
	} {
		a := content(t, c.clusters, c.text)
		if q := a.queries[0]; q.Outcome != schema.Failed || !strings.Contains(q.Reason, "misleading.txt: ") || !strings.Contains(q.Reason, c.reason) {
			t.Errorf("%s: %s: %s, want %q", name, q.Outcome, q.Reason, c.reason)
		}
		if len(a.rows) > 0 {
			t.Errorf("%s: rows came out: %v", name, a.rows)
		}
	}
}

// TestPlanSays has the plan say what files do not, and not overrule what they do.
func TestPlanSays(t *testing.T) {
	day := schema.DateOf(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))
	two := []schema.PlanCluster{{Name: "a"}, {Name: "prod"}}
	a := read(t, two, schema.PlanImport{Path: "testdata/kube-bench.json", Cluster: "a", Made: day}, schema.PlanImport{Path: "testdata/trivy.json", Made: day},
		schema.PlanImport{Path: "testdata/eks.json", Made: day})
	got := map[string][3]string{}
	for _, i := range a.imports {
		got[i.File] = [3]string{i.Cluster, schema.DateOf(i.Made).String(), i.MadeBy}
	}
	want := map[string][3]string{"kube-bench.json": {"a", "2026-09-01", "plan"}, "trivy.json": {"", "2026-09-28", "file"}, "eks.json": {"prod", "2026-09-01", "plan"}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
	if _, err := Open(Options{Imports: []schema.PlanImport{{Path: "testdata", Cluster: "b"}}, Clusters: two}); err == nil || !strings.Contains(err.Error(), `no cluster "b"`) {
		t.Errorf("got %v", err)
	}
	if _, err := Open(Options{Imports: []schema.PlanImport{{Path: "testdata/missing"}}}); err == nil {
		t.Error("a file that is not there is no error")
	}
}

// TestLargeFilesAreKeptWhole keeps a file that is longer than a line of evidence may be.
func TestLargeFilesAreKeptWhole(t *testing.T) {
	text := "group,member\n" + strings.Repeat("größe,"+strings.Repeat("ü", 700)+"\n", 2000)
	a := content(t, one, text)
	if a.kept["misleading.txt"] != text {
		t.Errorf("%d of %d bytes were kept", len(a.kept["misleading.txt"]), len(text))
	}
}
