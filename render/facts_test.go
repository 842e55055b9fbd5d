package render_test

import (
	"slices"
	"testing"
	"time"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
)

// tableOf returns the values of the rows of a table: the first one of a section whose first
// column has the title.
func tableOf(t *testing.T, r *schema.Report, s *schema.Snapshot, section, title string) [][]string {
	t.Helper()
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(d.Sections, func(s render.Section) bool { return s.ID == section })
	if i < 0 {
		t.Fatalf("there is no section %s", section)
	}
	for _, b := range d.Sections[i].Blocks {
		table, ok := b.(render.Table)
		if !ok || len(table.Rows) == 0 || table.Columns[0].Title != title {
			continue
		}
		var out [][]string
		for _, row := range table.Rows {
			var values []string
			for _, c := range row {
				values = append(values, c.Value)
			}
			out = append(out, values)
		}
		return out
	}
	t.Fatalf("section %s has no table of %s", section, title)
	return nil
}

// about is a small report with one question and one check that was decided.
func about(question, check string) (*schema.Report, *schema.Snapshot) {
	r, s := small()
	r.Questions = []schema.Question{{ID: question}}
	r.Findings = nil
	r.Checks = []schema.CheckResult{{ID: check, Control: "ACC-01", Kind: schema.CheckAPI, Implemented: true, Result: schema.ResultFail}}
	s.Evidence, r.Derived = schema.Evidence{}, schema.Derived{}
	return r, s
}

func TestBrokenClaimsComeFirst(t *testing.T) {
	r, s := about("Q2", "SEP-02.k4")
	r.Derived.Barriers = []schema.Barrier{
		{Cluster: "c", Namespace: "weak", Score: 1, OwnNodes: true},
		{Cluster: "c", Namespace: "claimed-whole", Score: 5, Claimed: true, Network: true, PodSecurity: true, NoHostAccess: true, OwnAccounts: true, OwnNodes: true},
		{Cluster: "c", Namespace: "claimed-weak", Score: 4, Claimed: true, Network: true, PodSecurity: true, NoHostAccess: true, OwnAccounts: true},
	}
	want := [][]string{
		{"claimed-weak", "c", "–", "–", "yes", "4 of 5: not so", "yes", "yes", "yes", "yes", "no"},
		{"weak", "c", "–", "–", "no claim", "1 of 5", "no", "no", "no", "no", "yes"},
		{"claimed-whole", "c", "–", "–", "yes", "5 of 5", "yes", "yes", "yes", "yes", "yes"},
	}
	if diff := cmp.Diff(want, tableOf(t, r, s, "Q2", "Namespace")); diff != "" {
		t.Errorf("claims (-want +got):\n%s", diff)
	}
}

func TestDirectChangesAreListedNewestFirst(t *testing.T) {
	r, s := about("Q3", "CHG-02.k1")
	at := time.Date(2026, 9, 11, 16, 5, 33, 0, time.UTC)
	s.Evidence.FieldManagers = []schema.FieldManager{
		{Cluster: "c", Namespace: "n", Kind: "Deployment", Name: "old", Manager: "kubectl-edit", Operation: "Update", Time: at.AddDate(0, 0, -3), Paths: []string{"spec.replicas"}},
		{Cluster: "c", Namespace: "n", Kind: "Deployment", Name: "new", Manager: "kubectl", Operation: "Update", Time: at, Paths: []string{"spec.template"}},
		{Cluster: "c", Namespace: "n", Kind: "Deployment", Name: "new", Manager: "argocd-controller", Operation: "Apply", Time: at},
	}
	for _, m := range s.Evidence.FieldManagers[:2] {
		r.Findings = append(r.Findings, schema.Finding{Check: "CHG-02.k1", Control: "ACC-01", Result: schema.ResultFail, Subject: m.Subject()})
	}
	r.Findings[0].Exception = "EX-1"
	want := [][]string{
		{"2026-09-11 16:05:33", "Deployment n/new", "kubectl", "spec.template", "indicator", "none"},
		{"2026-09-08 16:05:33", "Deployment n/old", "kubectl-edit", "spec.replicas", "indicator", "EX-1"},
	}
	if diff := cmp.Diff(want, tableOf(t, r, s, "Q3", "When (UTC)")); diff != "" {
		t.Errorf("direct changes (-want +got):\n%s", diff)
	}
}

func TestSecretsAreListedWithoutValues(t *testing.T) {
	r, s := about("Q4", "SEC-05.k1")
	day := time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC)
	secret := func(name, manager, class string, changed time.Time) schema.Secret {
		return schema.Secret{Cluster: "c", Namespace: "n", Name: name, Manager: manager, RotationClass: class, DataChanged: changed, Tier: schema.SecretsRotation}
	}
	s.Evidence.Namespaces = []schema.Namespace{{Cluster: "c", Name: "n", Owner: "team-a"}}
	s.Evidence.Secrets = []schema.Secret{
		secret("good", "external-secrets", "database", day), secret("stray", "", "", day), secret("old", "external-secrets", "database", day.AddDate(-1, 0, 0)),
		{Cluster: "c", Namespace: "n", Name: "sh.helm.release.v1.x.v1", Type: "helm.sh/release.v1"},
	}
	for _, f := range []struct {
		secret int
		result schema.Result
	}{{1, schema.ResultNeedsReview}, {2, schema.ResultFail}} {
		r.Findings = append(r.Findings, schema.Finding{Check: "SEC-05.k1", Control: "ACC-01", Result: f.result, Subject: s.Evidence.Secrets[f.secret].Subject()})
	}
	s.Evidence.Pods = []schema.Pod{
		{Cluster: "c", Namespace: "n", Name: "web-1", OwnerKind: "Deployment", OwnerName: "web", Secrets: []string{"good", "old"}},
		{Cluster: "c", Namespace: "n", Name: "web-2", OwnerKind: "Deployment", OwnerName: "web", Secrets: []string{"good"}},
		{Cluster: "c", Namespace: "n", Name: "job", Secrets: []string{"good"}},
		{Cluster: "c", Namespace: "other", Name: "job", Secrets: []string{"good"}},
	}
	grant := func(who, scope string) schema.AccessGrant {
		return schema.AccessGrant{Cluster: "c", SubjectKind: "Group", SubjectName: who, Scope: scope}
	}
	all, here, twice, named, elsewhere, own := grant("admins", "*"), grant("team", "n"), grant("admins", "n"), grant("one", "n"), grant("far", "m"), grant("system:masters", "*")
	named.ReadsNamedSecrets, own.BuiltIn = []string{"old"}, true
	for _, g := range []*schema.AccessGrant{&all, &here, &twice, &elsewhere, &own} {
		g.ReadsSecrets = []string{"list"}
	}
	r.Derived.AccessGrants = []schema.AccessGrant{all, here, twice, named, elsewhere, own}
	want := [][]string{
		{"n/old", "c", "team-a", "database", "external-secrets", "1", "3", "2025-09-01", "beyond"},
		{"n/stray", "c", "team-a", "–", "no known manager", "0", "2", "2026-09-01", "not set"},
		{"n/good", "c", "team-a", "database", "external-secrets", "2", "2", "2026-09-01", "within"},
	}
	if diff := cmp.Diff(want, tableOf(t, r, s, "Q4", "Secret")); diff != "" {
		t.Errorf("register (-want +got):\n%s", diff)
	}
	r.Checks[0].Result = schema.ResultNotCollected
	if got := tableOf(t, r, s, "Q4", "Secret")[2][8]; got != "not known" {
		t.Errorf("without a result of the check the limit is %q, want not known", got)
	}
}

func TestDefaultsSayWhereSinceWhenAndWhose(t *testing.T) {
	r, s := about("Q8", "SEP-03.k1")
	s.Evidence.Namespaces = []schema.Namespace{
		{Cluster: "c", Name: "young", Created: time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)},
		{Cluster: "c", Name: "old", Created: time.Date(2024, 2, 3, 9, 0, 0, 0, time.UTC)},
	}
	add := func(name, owner, exception string, result schema.Result) {
		r.Findings = append(r.Findings, schema.Finding{Check: "SEP-03.k1", Control: "ACC-01", Result: result, Owner: owner, Exception: exception,
			Subject: schema.Subject{Cluster: "c", Kind: "Namespace", Name: name}})
	}
	add("young", "team-b", "", schema.ResultFail)
	add("old", "team-b", "EX-1", schema.ResultFail)
	add("gone", "team-a", "", schema.ResultFail)
	add("passed", "team-a", "", schema.ResultNeedsReview)
	want := [][]string{
		{"Traffic between pods", "all allowed, both ways", "gone", "team-a", "SEP-03.k1"},
		{"", "", "old (excepted) since 2024-02-03, young since 2026-05-01", "team-b", "SEP-03.k1"},
	}
	if diff := cmp.Diff(want, tableOf(t, r, s, "defaults", "Setting")); diff != "" {
		t.Errorf("defaults (-want +got):\n%s", diff)
	}
}
