package assess

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// TestGapInWhatOthersSay has, for every check that imports or registries decide, one
// file or answer that could not be read beside nothing wrong. None of them passes.
func TestGapInWhatOthersSay(t *testing.T) {
	c := fixtureCase{}
	n := 0
	for _, check := range shippedChecks(t) {
		p, _ := schema.PopulationNamed(check.Population)
		source := map[schema.Origin]string{schema.OriginImport: schema.ImportSource, schema.OriginRegistry: fixtureCluster}[p.Origin]
		if source == "" || DecidedBy(&check) != ByGo {
			continue
		}
		n++
		for _, outcome := range []schema.Outcome{schema.Forbidden, schema.Failed, schema.Truncated} {
			snap, _, err := c.snapshot()
			if err != nil {
				t.Fatal(err)
			}
			snap.Queries = append(snap.Queries, schema.Query{Source: source, Resource: p.Resources[0], Outcome: outcome, Reason: "hostile.json: line 3"})
			snap.Evidence.Append(schema.ImageProvenance{Cluster: "c", Image: "i", Digest: "d", Evidence: schema.EvidenceUnseen, Verified: schema.VerifiedUnknown, Why: "hostile.json: line 3"})
			report, err := Assess(context.Background(), snap, c.inputs([]schema.Check{check}))
			if err != nil {
				t.Fatal(err)
			}
			if got := report.Checks[0]; got.Result != schema.ResultNotCollected || !strings.Contains(got.Reason, "hostile.json: line 3") {
				t.Errorf("%s with an answer that is %s is %s: %q", check.ID, outcome, got.Result, got.Reason)
			}
		}
	}
	if n < 7 {
		t.Errorf("only %d checks were tried", n)
	}
}

// TestImportedScans leads scans that name no cluster to the digests that run.
func TestImportedScans(t *testing.T) {
	day := time.Date(2026, 11, 20, 0, 0, 0, 0, time.UTC)
	long := day.AddDate(0, -3, 0)
	for name, c := range map[string]struct {
		scan     schema.ImageScan
		fixes    schema.Result
		coverage schema.Result
	}{
		"clean and new":         {schema.ImageScan{Digest: "sha256:1", Scanned: day}, schema.ResultPass, schema.ResultPass},
		"overdue":               {schema.ImageScan{Digest: "sha256:1", Scanned: day, FixableCritical: 1, OldestCritical: long}, schema.ResultFail, schema.ResultPass},
		"clean and old":         {schema.ImageScan{Digest: "sha256:1", Scanned: day.AddDate(0, -1, 0)}, schema.ResultNeedsReview, schema.ResultFail},
		"clean without a date":  {schema.ImageScan{Digest: "sha256:1"}, schema.ResultNeedsReview, schema.ResultFail},
		"of an image elsewhere": {schema.ImageScan{Digest: "sha256:2", Scanned: day, FixableCritical: 1, OldestCritical: long}, schema.ResultNotCollected, schema.ResultNotCollected},
	} {
		snap, _, err := (&fixtureCase{}).snapshot()
		if err != nil {
			t.Fatal(err)
		}
		c.scan.Cluster, c.scan.Name, c.scan.Import, c.scan.Image = schema.ImportSource, "trivy.json", "trivy.json", "r/web"
		snap.Evidence.Append(c.scan, schema.Namespace{Cluster: "c", Name: "shop", InScope: true, Environment: "production"},
			schema.Pod{Cluster: "c", Namespace: "shop", Name: "web", Phase: "Running", ImageIDs: []string{"r/web@sha256:1"}})
		snap.Evidence.Sort()
		var checks []schema.Check
		for _, k := range shippedChecks(t) {
			if k.ID == "CHG-06.k2" || k.ID == "CHG-06.k3" {
				checks = append(checks, k)
			}
		}
		report, err := Assess(context.Background(), snap, (&fixtureCase{}).inputs(checks))
		if err != nil {
			t.Fatal(err)
		}
		if got := report.Checks[0]; got.Result != c.fixes {
			t.Errorf("%s: CHG-06.k2 is %s (%s), want %s", name, got.Result, got.Reason, c.fixes)
		}
		if got := report.Checks[1]; got.Result != c.coverage {
			t.Errorf("%s: CHG-06.k3 is %s (%s), want %s", name, got.Result, got.Reason, c.coverage)
		}
	}
}

// TestImportedGroups has an export of the identity provider count for administrators'
// groups as a document would.
func TestImportedGroups(t *testing.T) {
	now := time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	for name, c := range map[string]struct {
		row   schema.GroupMember
		group string
		want  bool
	}{
		"the same name":            {schema.GroupMember{Group: "admins", Made: now.AddDate(0, 0, -5)}, "admins", true},
		"a prefix of the cluster":  {schema.GroupMember{Group: "admins", Made: now.AddDate(0, 0, -5)}, "oidc:admins", true},
		"another group":            {schema.GroupMember{Group: "admins-2", Made: now.AddDate(0, 0, -5)}, "oidc:admins", false},
		"a suffix is no prefix":    {schema.GroupMember{Group: "oidc:admins", Made: now.AddDate(0, 0, -5)}, "admins", false},
		"an old export":            {schema.GroupMember{Group: "admins", Made: now.AddDate(0, 0, -91)}, "admins", false},
		"an export without a date": {schema.GroupMember{Group: "admins"}, "admins", false},
	} {
		f := &Facts{AsOf: now, members: []schema.GroupMember{c.row}}
		if got := f.Documented("ACC-01.d1", c.group); got != c.want {
			t.Errorf("%s: documented is %v", name, got)
		}
	}
}
