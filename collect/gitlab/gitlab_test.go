package gitlab_test

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	client "gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/gitlab"
	"github.com/auditpack/auditpack/schema"
)

// The answers of these tests are written with the types of GitLab's own Go client,
// so names and types of fields are the vendor's; one is a file of the client's own
// tests. They are not held against GitLab's OpenAPI description, which no package
// registry has.

// kept is a sink that keeps what it is given.
type kept struct {
	schema.Evidence
	queries []schema.Query
}

func (k *kept) Rows(rows ...schema.Row)            { k.Append(rows...) }
func (k *kept) Query(q schema.Query)               { k.queries = append(k.queries, q) }
func (k *kept) Object(_, _ string, _ []byte) error { panic("a forge has no objects") }

// asked returns how the question for a resource of a project or group was answered.
func (k *kept) asked(t *testing.T, resource, repository string) schema.Query {
	t.Helper()
	i := slices.IndexFunc(k.queries, func(q schema.Query) bool {
		return q.Resource == resource && strings.HasSuffix(q.Repository, repository)
	})
	if i < 0 {
		t.Fatalf("%s of %s were not asked for", resource, repository)
	}
	return k.queries[i]
}

// An answer to one request: a value of a type of the client, or text.
type answer struct {
	status int // 0 means 200
	header http.Header
	body   any
}

type answers map[string][]answer

// serve answers requests by path and query, without the size of pages; the last
// answer stays. Anything else is 404.
func serve(t *testing.T, all answers) string {
	t.Helper()
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet || r.Header.Get("Private-Token") != "token-of-the-test" {
			t.Errorf("%s %s with the token %q", r.Method, r.URL, r.Header.Get("Private-Token"))
		}
		query := r.URL.Query()
		query.Del("per_page")
		key := strings.TrimPrefix(r.URL.EscapedPath(), "/api/v4/")
		if q := query.Encode(); q != "" {
			key += "?" + q
		}
		list := all[key]
		if len(list) == 0 {
			list = []answer{{status: http.StatusNotFound, body: `{"message":"404 Project Not Found"}`}}
		}
		if len(list) > 1 {
			all[key] = list[1:]
		}
		a := list[0]
		for k, v := range a.header {
			w.Header()[k] = v
		}
		if a.status != 0 {
			w.WriteHeader(a.status)
		}
		text, ok := a.body.(string)
		if !ok {
			b, err := json.Marshal(a.body)
			if err != nil {
				t.Error(err)
			}
			text = string(b)
		}
		_, _ = fmt.Fprint(w, text)
	}))
	t.Cleanup(server.Close)
	return server.URL
}

func options(url string) gitlab.Options {
	return gitlab.Options{
		Forge:  schema.PlanForge{Name: "lab", Kind: schema.GitLab, URL: url, Repositories: []string{"shop/platform/deploy"}},
		Period: schema.Period{From: schema.NewDate(2026, 7, 1), To: schema.NewDate(2026, 10, 1)}, Token: "token-of-the-test", Version: "test",
		Now:  func() time.Time { return time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC) },
		Wait: func(context.Context, time.Duration) error { return nil },
	}
}

func read(t *testing.T, o gitlab.Options) (*kept, schema.Source, error) {
	t.Helper()
	source, err := gitlab.New(o)
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	described, err := source.Collect(t.Context(), o.Now(), k)
	k.Sort()
	return k, described, err
}

const (
	base   = "projects/shop%2Fplatform%2Fdeploy"
	merged = "1111111111111111111111111111111111111111"
	pushed = "2222222222222222222222222222222222222222"
	rebase = "3333333333333333333333333333333333333333"
	head   = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
)

func day(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, time.UTC) }

func at(m time.Month, d, h int) *time.Time { t := day(m, d, h); return &t }

func approver(name string, t *time.Time) *client.MergeRequestApproverUser {
	return &client.MergeRequestApproverUser{User: &client.BasicUser{Username: name}, ApprovedAt: t}
}

// clientFile returns a file of the client's own tests.
func clientFile(t *testing.T, name string) string {
	t.Helper()
	dir, err := exec.Command("go", "list", "-m", "-f", "{{.Dir}}", "gitlab.com/gitlab-org/api/client-go/v2").Output()
	if err != nil {
		t.Fatal(err)
	}
	b, err := os.ReadFile(filepath.Join(strings.TrimSpace(string(dir)), "testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

const pipelineFile = `include:
  - local: build.yml
  - template: Jobs/Build.gitlab-ci.yml
  - {project: other/templates, file: deploy.yml}
  - {project: other/templates, ref: 1111111111111111111111111111111111111111, file: deploy.yml}
  - component: gitlab.example.com/components/scan@1.0
  - component: gitlab.example.com/components/scan@1111111111111111111111111111111111111111
  - remote: "https://user:planted-value@ci.example.com/x.yml?private_token=planted-value"
  - {remote: "https://ci.example.com/y.yml", integrity: sha256-abc}
deploy:
  id_tokens: {CLOUD: {aud: cloud}}
  script: !reference [.setup, script]
`

// project is a project in which most is in order, and something of each kind is not.
func project(t *testing.T) answers {
	t.Helper()
	one := func(v any) []answer { return []answer{{body: v}} }
	none := one("[]")
	mr := func(iid int64, at *time.Time) client.BasicMergeRequest {
		return client.BasicMergeRequest{IID: iid, TargetBranch: "main", State: "merged", SHA: head, MergeCommitSHA: merged, MergedAt: at, UpdatedAt: at,
			Author: &client.BasicUser{Username: "ann"}, MergeUser: &client.BasicUser{Username: "merger"}}
	}
	commits := base + "/repository/commits"
	return answers{
		"user": one(client.User{Username: "auditor"}),
		base: one(client.Project{DefaultBranch: "main", Visibility: "private", OnlyAllowMergeIfPipelineSucceeds: true, PreReceiveSecretDetectionEnabled: true,
			Namespace: &client.ProjectNamespace{Kind: "group", FullPath: "shop/platform"}}),
		base + "/job_token_scope":        one(client.JobTokenAccessSettings{InboundEnabled: true}),
		"groups/shop/members":            one([]client.GroupMember{{Username: "owner", AccessLevel: client.OwnerPermissions}}),
		"groups/shop/variables":          one([]client.GroupVariable{{Key: "SHARED", Value: "planted-value", Protected: true, Masked: true, Hidden: true, EnvironmentScope: "*"}}),
		"groups/shop%2Fplatform/members": none, "groups/shop%2Fplatform/variables": none,
		"groups/shop/protected_environments":            one([]client.ProtectedEnvironment{{Name: "production", DeployAccessLevels: []*client.EnvironmentAccessDescription{{AccessLevel: client.MaintainerPermissions, AccessLevelDescription: "Maintainers"}}}}),
		"groups/shop%2Fplatform/protected_environments": none,
		base + "/protected_branches": one([]client.ProtectedBranch{
			{Name: "release/*", AllowForcePush: true},
			{Name: "ma*", CodeOwnerApprovalRequired: true, PushAccessLevels: []*client.BranchAccessDescription{
				{AccessLevel: client.NoPermissions, AccessLevelDescription: "No one"}, {AccessLevel: client.MaintainerPermissions, AccessLevelDescription: "Maintainers"}, {DeployKeyID: 1, AccessLevelDescription: "deployer"}}}}),
		base + "/approvals": one(client.ProjectApprovals{ResetApprovalsOnPush: true, MergeRequestsAuthorApproval: true}),
		base + "/approval_rules": one([]client.ProjectApprovalRule{{RuleType: "any_approver", ApprovalsRequired: 1}, {RuleType: "regular", ApprovalsRequired: 2, AppliesToAllProtectedBranches: true},
			{RuleType: "regular", ApprovalsRequired: 5, ProtectedBranches: []*client.ProtectedBranch{{Name: "release/*"}}}, {RuleType: "report_approver", ApprovalsRequired: 9}}),
		base + "/merge_requests?scope=all&state=merged&target_branch=main&updated_after=2026-07-01T00%3A00%3A00Z": {
			{header: http.Header{"X-Next-Page": {"2"}}, body: []client.BasicMergeRequest{mr(3, at(8, 3, 10))}}},
		base + "/merge_requests?page=2&scope=all&state=merged&target_branch=main&updated_after=2026-07-01T00%3A00%3A00Z": one([]client.BasicMergeRequest{mr(2, at(6, 3, 10)), mr(5, at(8, 4, 10))}),
		base + "/merge_requests/3/approvals": one(client.MergeRequestApprovals{ApprovedBy: []*client.MergeRequestApproverUser{
			approver("bob", at(8, 2, 12)), approver("carl", at(8, 1, 10)), approver("late", at(8, 4, 10)), approver("project_7_bot_abc", at(8, 2, 12)), approver("undated", nil)}}),
		base + "/merge_requests/3/versions":  one([]client.MergeRequestDiffVersion{{HeadCommitSHA: head, CreatedAt: at(8, 2, 11)}, {HeadCommitSHA: merged, CreatedAt: at(7, 30, 11)}}),
		base + "/merge_requests/3":           one(client.MergeRequest{Pipeline: nil, HeadPipeline: &client.Pipeline{Status: "success"}}),
		base + "/merge_requests/5/approvals": one(clientFile(t, "get_merge_request_approvals.json")), // by root, years before
		base + "/merge_requests/5/versions":  one([]client.MergeRequestDiffVersion{{HeadCommitSHA: head, CreatedAt: at(8, 2, 11)}}),
		base + "/merge_requests/5":           one(client.MergeRequest{HeadPipeline: &client.Pipeline{Status: "failed"}}),
		commits + "?first_parent=true&ref_name=main&since=2026-07-01T00%3A00%3A00Z&until=2026-10-01T00%3A00%3A00Z": one([]client.Commit{
			{ID: rebase, AuthorName: "Ann", CommittedDate: at(8, 5, 10)}, {ID: pushed, AuthorName: "Eve", CommittedDate: at(8, 5, 10)}, {ID: merged, AuthorName: "Ann", CommittedDate: at(8, 3, 10)}}),
		commits + "/" + rebase + "/merge_requests": one([]client.BasicMergeRequest{mr(9, at(8, 5, 10))}),
		commits + "/" + pushed + "/merge_requests": one([]client.BasicMergeRequest{{State: "opened", TargetBranch: "main"}, {State: "merged", TargetBranch: "feature"}}),
		base + "/deploy_keys":                      one([]client.ProjectDeployKey{{ID: 1, Title: "deployer", Key: "ssh-ed25519 x", CanPush: true, CreatedAt: at(1, 1, 0)}}),
		base + "/variables":                        one([]client.ProjectVariable{{Key: "TOKEN", Value: "planted-value", Masked: true, EnvironmentScope: "production"}}),
		base + "/vulnerabilities": one([]client.ProjectVulnerability{
			{ID: 4, Title: "CVE-2026-1", State: "detected", Severity: "critical", ReportType: "dependency_scanning", CreatedAt: at(8, 1, 0)},
			{ID: 5, Title: "old", State: "dismissed", Severity: "high", ReportType: "sast"}, {ID: 6, State: "confirmed", Severity: "high", ReportType: "dast"},
			{ID: 7, Title: "AWS key", State: "confirmed", Severity: "unknown", ReportType: "secret_detection", CreatedAt: at(8, 1, 0)}}),
		base + "/environments?states=available": one([]client.Environment{{Name: "production", Tier: "production"}, {Name: "review/1", Tier: "development"}}),
		base + "/protected_environments": one([]client.ProtectedEnvironment{{Name: "production", RequiredApprovalCount: 1,
			ApprovalRules: []*client.EnvironmentApprovalRule{{GroupID: 8, AccessLevelDescription: "Releases", RequiredApprovalCount: 2}}}}),
		base + "/deployments?environment=production&order_by=created_at&sort=desc": one([]client.Deployment{
			{ID: 31, SHA: merged, Status: "success", CreatedAt: at(8, 3, 12), User: &client.ProjectUser{Username: "ann"}}, {ID: 30, Status: "success", CreatedAt: at(6, 3, 12)}}),
		base + "/deployments?environment=prod&order_by=created_at&sort=desc": none,
		// The client has no approvals of deployments; this is the shape of the vendor's page
		// https://docs.gitlab.com/api/deployments/#retrieve-a-specific-deployment.
		base + "/deployments/31":                                   one(`{"id":31,"approvals":[{"user":{"username":"pia"},"status":"approved"},{"user":{"username":"quin"},"status":"rejected"}]}`),
		base + "/repository/tree?ref=main":                         one([]client.TreeNode{{Path: "README.md"}, {Path: ".gitlab-ci.yml"}}),
		base + "/repository/files/%2Egitlab-ci%2Eyml/raw?ref=main": one(pipelineFile),
		base + "/members":                                          one([]client.ProjectMember{{Username: "guest", AccessLevel: client.DeveloperPermissions}, {Username: "owner", AccessLevel: client.OwnerPermissions}}),
		base + "/hooks":                                            one([]client.ProjectHook{{ID: 51, URL: "https://user:planted-value@hooks.example/planted-value", EnableSSLVerification: true, TokenPresent: true}, {ID: 52, URL: "http://hooks.example"}}),
	}
}

// A project and its groups, and what becomes of them. No value of a variable, and no
// password in an address, is in a row or a query.
func TestProject(t *testing.T) {
	url := serve(t, project(t))
	k, source, err := read(t, options(url))
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(url, "http://")
	p := host + "/shop/platform/deploy"
	want := schema.Evidence{
		Repositories: []schema.Repository{{Forge: "lab", Kind: schema.GitLab, Repository: p, DefaultBranch: "main", Visibility: "private",
			SecretScanning: schema.Unknown, PushProtection: schema.On, JobTokenLimited: schema.On}},
		BranchRules: []schema.BranchRule{{Forge: "lab", Kind: schema.GitLab, Repository: p, Branch: "main", Protected: true, Approvals: 2, AuthorApproves: true, DismissStale: true, CodeOwners: true,
			RequiredChecks: []string{"pipeline"}, AdminsIncluded: true, Pushers: []string{"Maintainers", "deploy key 1"}, Bypassers: []string{"who edits the rules in a merge request"}}},
		MergedChanges: []schema.MergedChange{
			{Forge: "lab", Repository: p, Number: 3, Branch: "main", MergeCommit: merged, Head: head, Author: "ann", MergedBy: "merger", Merged: day(8, 3, 10),
				Approvers: []string{"bob"}, StaleApprovers: []string{"carl", "undated"}, Checks: []string{"pipeline"}, FailedChecks: []string{}},
			{Forge: "lab", Repository: p, Number: 5, Branch: "main", MergeCommit: merged, Head: head, Author: "ann", MergedBy: "merger", Merged: day(8, 4, 10),
				Approvers: []string{}, StaleApprovers: []string{"root"}, Checks: []string{}, FailedChecks: []string{"pipeline"}},
		},
		DirectPushes: []schema.DirectPush{{Forge: "lab", Repository: p, Branch: "main", Commit: pushed, Author: "Eve", Committed: day(8, 5, 10)}},
		DeployKeys:   []schema.DeployKey{{Forge: "lab", Repository: p, ID: "1", Title: "deployer", Writes: true, Created: day(1, 1, 0)}},
		PipelineSecrets: []schema.PipelineSecret{
			{Forge: "lab", Repository: host + "/shop", Scope: "organization", Environment: "*", Name: "SHARED", Kind: "variable", Protected: true, Masked: true, Hidden: true},
			{Forge: "lab", Repository: p, Scope: "repository", Environment: "production", Name: "TOKEN", Kind: "variable", Masked: true}},
		ForgeAlerts: []schema.ForgeAlert{{Forge: "lab", Repository: p, Scanner: "dependency", Number: 4, Severity: schema.Critical, Rule: "CVE-2026-1", Created: day(8, 1, 0)},
			{Forge: "lab", Repository: p, Scanner: "secret", Number: 7, Severity: schema.Medium, Rule: "AWS key", Created: day(8, 1, 0)}},
		Environments: []schema.Environment{
			{Forge: "lab", Kind: schema.GitLab, Repository: p, Name: "production", Reviewers: []string{"group Releases"}, RequiredApprovals: 2, PreventSelfReview: true, Deployers: []string{"Maintainers"}},
			{Forge: "lab", Kind: schema.GitLab, Repository: p, Name: "review/1", Reviewers: []string{}, PreventSelfReview: true, Deployers: []string{}}},
		Deployments: []schema.Deployment{{Forge: "lab", Repository: p, Environment: "production", ID: "31", Commit: merged, Creator: "ann", Created: day(8, 3, 12), State: "success", Approvers: []string{"pia"}}},
		Workflows: []schema.Workflow{{Forge: "lab", Repository: p, Path: ".gitlab-ci.yml", OIDC: true, TokenWrites: []string{},
			Unpinned: []string{"gitlab.example.com/components/scan@1.0", "https://ci.example.com/x.yml", "other/templates@HEAD"}}},
		ForgeMembers: []schema.ForgeMember{
			{Forge: "lab", Repository: p, Name: "guest", Role: "developer", Outside: true, SecondFactor: schema.Unknown},
			{Forge: "lab", Repository: p, Name: "owner", Role: "owner", SecondFactor: schema.Unknown},
			{Forge: "lab", Repository: host + "/shop", Name: "owner", Role: "owner", SecondFactor: schema.Unknown}},
		ForgeWebhooks: []schema.ForgeWebhook{{Forge: "lab", Repository: p, ID: "51", Host: "hooks.example", Signed: true}, {Forge: "lab", Repository: p, ID: "52", Host: "hooks.example", Insecure: true}},
	}
	want.Sort()
	if d := cmp.Diff(want, k.Evidence); d != "" {
		t.Error(d)
	}
	if source.Collector.Username != "auditor" || source.Location != host {
		t.Errorf("%+v", source)
	}
	for _, q := range k.queries {
		if q.Outcome != schema.Complete && (q.Resource != schema.RuleBypasses || q.Outcome != schema.Absent) {
			t.Errorf("%s of %s: %s (%s)", q.Resource, q.Repository, q.Outcome, q.Reason)
		}
	}
	if all := fmt.Sprintf("%+v %+v", k.Evidence, k.queries); strings.Contains(all, "planted-value") {
		t.Error("a value is kept")
	}
}

// What a server refuses is a gap of that question alone.
func TestRefusals(t *testing.T) {
	refuse := func(status int, message string) []answer {
		return []answer{{status: status, body: fmt.Sprintf(`{"message":%q}`, message)}}
	}
	for _, c := range []struct {
		name, path, resource string
		answer               []answer
		outcome              schema.Outcome
		reason               string
	}{
		{"protection that may not be seen", base + "/protected_branches", schema.BranchRules, refuse(403, "403 Forbidden"), schema.Forbidden, "403 Forbidden"},
		{"a tier without approvals", base + "/approvals", schema.BranchRules, refuse(404, "404 Not Found"), schema.Forbidden, "the token may not see it"},
		{"a tier without vulnerabilities", base + "/vulnerabilities", schema.ForgeAlerts, refuse(403, "403 Forbidden"), schema.Forbidden, "403 Forbidden"},
		{"a tier without protected environments", base + "/protected_environments", schema.Environments, refuse(404, "404 Not Found"), schema.Forbidden, "the tier"},
		{"variables that may not be seen", base + "/variables", schema.PipelineSecrets, refuse(403, "403 Forbidden"), schema.Forbidden, "403 Forbidden"},
		{"the scope of job tokens", base + "/job_token_scope", schema.Repositories, refuse(403, "403 Forbidden"), schema.Forbidden, "403 Forbidden"},
		{"no pipeline", base + "/repository/tree?ref=main", schema.Workflows, []answer{{body: "[]"}}, schema.Complete, ""},
		{"a pipeline that is no YAML", base + "/repository/files/%2Egitlab-ci%2Eyml/raw?ref=main", schema.Workflows, []answer{{body: "a: [b"}}, schema.Truncated, ".gitlab-ci.yml"},
		{"a pipeline without end", base + "/repository/files/%2Egitlab-ci%2Eyml/raw?ref=main", schema.Workflows, []answer{{body: strings.Repeat("#", 3<<20)}}, schema.Truncated, "more than"},
		{"a server in trouble", base + "/hooks", schema.ForgeWebhooks, refuse(502, "Bad Gateway"), schema.Failed, "Bad Gateway"},
		{"half an answer", base + "/deploy_keys", schema.DeployKeys, []answer{{body: `[{"id":1,`}}, schema.Failed, "EOF"},
		{"an answer of another kind", base + "/deploy_keys", schema.DeployKeys, []answer{{body: `{"keys":[]}`}}, schema.Failed, "cannot unmarshal"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := project(t)
			if all[c.path] == nil {
				t.Fatalf("%s is not asked for", c.path)
			}
			all[c.path] = c.answer
			k, _, err := read(t, options(serve(t, all)))
			if err != nil {
				t.Fatal(err)
			}
			if q := k.asked(t, c.resource, "shop/platform/deploy"); q.Outcome != c.outcome || !strings.Contains(q.Reason, c.reason) || c.reason == "" && q.Reason != "" {
				t.Errorf("%s: %s (%s), want %s (%s)", q.Resource, q.Outcome, q.Reason, c.outcome, c.reason)
			}
			if q := k.asked(t, schema.Deployments, "shop/platform/deploy"); q.Outcome != schema.Complete {
				t.Errorf("another question was not answered: %s (%s)", q.Outcome, q.Reason)
			}
		})
	}
}

// A project that cannot be seen leaves a gap for each question, and no row.
func TestHiddenProject(t *testing.T) {
	all := project(t)
	delete(all, base)
	k, _, err := read(t, options(serve(t, all)))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range k.queries {
		if q.Outcome != schema.Forbidden {
			t.Errorf("%s: %s", q.Resource, q.Outcome)
		}
	}
	if len(k.queries) != 13 || len(k.Repositories) > 0 {
		t.Errorf("%d queries, %d projects", len(k.queries), len(k.Repositories))
	}
}

// A rate limit is waited for as long as the server says, within the bound.
func TestLimits(t *testing.T) {
	reset := fmt.Sprint(day(9, 30, 6).Add(10 * time.Minute).Unix())
	for _, c := range []struct {
		name    string
		header  http.Header
		bound   time.Duration
		waited  time.Duration
		outcome schema.Outcome
	}{
		{"seconds", http.Header{"Retry-After": {"30"}}, 0, 30 * time.Second, schema.Complete},
		{"an instant", http.Header{"Ratelimit-Reset": {reset}}, 0, 10*time.Minute + time.Second, schema.Complete},
		{"nothing", nil, 0, time.Minute, schema.Complete},
		{"longer than the bound", http.Header{"Retry-After": {"3600"}}, 0, 0, schema.Truncated},
		{"a bound of one's own", http.Header{"Retry-After": {"30"}}, 29 * time.Second, 0, schema.Truncated},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := project(t)
			keys := base + "/deploy_keys"
			all[keys] = append([]answer{{status: http.StatusTooManyRequests, header: c.header, body: `{"message":"Retry later"}`}}, all[keys]...)
			o := options(serve(t, all))
			o.MaxWait = c.bound
			var waited time.Duration
			o.Wait = func(_ context.Context, d time.Duration) error { waited += d; return nil }
			k, _, err := read(t, o)
			if err != nil {
				t.Fatal(err)
			}
			if q := k.asked(t, schema.DeployKeys, "deploy"); q.Outcome != c.outcome || waited != c.waited {
				t.Errorf("%s (%s) after %s", q.Outcome, q.Reason, waited)
			}
		})
	}
}

func TestUnreachable(t *testing.T) {
	for name, a := range map[string]answer{
		"a token that is not known": {status: 401, body: `{"message":"401 Unauthorized"}`},
		"a server in trouble":       {status: 500, body: `{"message":"oops"}`},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, options(serve(t, answers{"user": {a}})))
			var away *collect.UnreachableError
			if !errors.As(err, &away) || strings.Contains(err.Error(), "token-of-the-test") {
				t.Errorf("got %v", err)
			}
		})
	}
}

// The token stays with the host that it is for.
func TestRedirect(t *testing.T) {
	stolen := ""
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("Private-Token") }))
	t.Cleanup(thief.Close)
	server := httptest.NewServer(http.RedirectHandler(thief.URL, http.StatusFound))
	t.Cleanup(server.Close)
	if _, _, err := read(t, options(server.URL)); err == nil || !strings.Contains(err.Error(), "refused to follow") {
		t.Errorf("got %v", err)
	}
	if stolen != "" {
		t.Errorf("another host was given %q", stolen)
	}
}

func TestGroup(t *testing.T) {
	all := project(t)
	all["groups/shop/projects?archived=false&include_subgroups=true&simple=true&with_shared=false"] = []answer{{body: []client.Project{{PathWithNamespace: "shop/platform/deploy"}}}}
	o := options(serve(t, all))
	o.Forge.Repositories = []string{"shop/*"}
	k, _, err := read(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Repositories) != 1 {
		t.Errorf("read %d projects, want 1", len(k.Repositories))
	}
}
