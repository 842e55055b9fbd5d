package github_test

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/http/httptest"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/github"
	"github.com/auditpack/auditpack/internal/openapi"
	"github.com/auditpack/auditpack/schema"
)

// kept is a sink that keeps what it is given.
type kept struct {
	schema.Evidence
	queries []schema.Query
}

func (k *kept) Rows(rows ...schema.Row)            { k.Append(rows...) }
func (k *kept) Query(q schema.Query)               { k.queries = append(k.queries, q) }
func (k *kept) Object(_, _ string, _ []byte) error { panic("a forge has no objects") }

// asked returns how the question for a resource of a repository was answered.
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

var period = schema.Period{From: schema.NewDate(2026, 7, 1), To: schema.NewDate(2026, 10, 1)}

func options(url string) github.Options {
	return github.Options{
		Forge:  schema.PlanForge{Name: "hub", Kind: schema.GitHub, URL: url, Repositories: []string{"shop/deploy"}},
		Period: period, Token: "token-of-the-test", Version: "test",
		Now:  func() time.Time { return time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC) },
		Wait: func(context.Context, time.Duration) error { return nil },
	}
}

func read(t *testing.T, o github.Options) (*kept, schema.Source, error) {
	t.Helper()
	source, err := github.New(o)
	if err != nil {
		t.Fatal(err)
	}
	k := &kept{}
	described, err := source.Collect(t.Context(), o.Now(), k)
	k.Sort()
	return k, described, err
}

const (
	repoPath   = "/repos/{owner}/{repo}"
	base       = "/repos/shop/deploy"
	head       = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	mergedHere = "1111111111111111111111111111111111111111"
	pushedHere = "2222222222222222222222222222222222222222"
	rebased    = "3333333333333333333333333333333333333333"
	older      = "4444444444444444444444444444444444444444"
)

// answers is a repository in which most is in order, and something of each kind is not.
func answers(t *testing.T) map[string][]openapi.Answer {
	t.Helper()
	one := func(template, changes string) []openapi.Answer {
		return []openapi.Answer{{Body: openapi.One(t, template, changes)}}
	}
	many := func(template, key string, changes ...string) []openapi.Answer {
		return []openapi.Answer{{Body: openapi.Many(t, template, key, changes...)}}
	}
	none := []openapi.Answer{{Body: "[]"}}
	user := func(login, kind string) string { return fmt.Sprintf(`{"login":%q,"type":%q}`, login, kind) }
	review := func(who, kind, state, commit, at string) string {
		return fmt.Sprintf(`{"user":%s,"state":%q,"commit_id":%q,"submitted_at":%q}`, user(who, kind), state, commit, at)
	}
	return map[string][]openapi.Answer{
		"/user": one("/user", `{"login":"auditor"}`),
		base: one(repoPath, `{"full_name":"shop/deploy","default_branch":"main","visibility":"private","archived":false,"-source":true,"-parent":true,"-template_repository":true,
			"security_and_analysis":{"secret_scanning":{"status":"enabled"},"secret_scanning_push_protection":{"status":"disabled"}}}`),
		base + "/actions/permissions/workflow": one(repoPath+"/actions/permissions/workflow", `{"default_workflow_permissions":"write","can_approve_pull_request_reviews":true}`),
		base + "/actions/permissions":          one(repoPath+"/actions/permissions", `{"enabled":true,"allowed_actions":"all","sha_pinning_required":true}`),
		base + "/rules/branches/main": {{Body: `[
			{"type":"pull_request","ruleset_source_type":"Repository","ruleset_source":"shop/deploy","ruleset_id":7,"parameters":{"required_approving_review_count":2,"dismiss_stale_reviews_on_push":true,"require_code_owner_review":true,"require_last_push_approval":false,"required_review_thread_resolution":false}},
			{"type":"non_fast_forward","ruleset_source_type":"Repository","ruleset_source":"shop/deploy","ruleset_id":7},
			{"type":"required_status_checks","ruleset_source_type":"Repository","ruleset_source":"shop/deploy","ruleset_id":7,"parameters":{"required_status_checks":[{"context":"test"}],"strict_required_status_checks_policy":false}}]`}},
		base + "/rulesets/7?includes_parents=true": one(repoPath+"/rulesets/{ruleset_id}", `{"id":7,"bypass_actors":[{"actor_id":5,"actor_type":"RepositoryRole","bypass_mode":"always"}]}`),
		base + "/branches/main/protection": one(repoPath+"/branches/{branch}/protection", `{"required_status_checks":{"contexts":["lint"]},"enforce_admins":{"enabled":false},
			"required_pull_request_reviews":{"required_approving_review_count":1,"-bypass_pull_request_allowances":true},"allow_force_pushes":{"enabled":true},"allow_deletions":{"enabled":true},"-restrictions":true}`),
		base + "/pulls?base=main&direction=desc&sort=updated&state=closed": many(repoPath+"/pulls", "",
			fmt.Sprintf(`{"number":3,"user":%s,"merged_at":"2026-08-03T10:00:00Z","updated_at":"2026-09-20T10:00:00Z","merge_commit_sha":%q,"base":{"ref":"main"},"head":{"sha":%q}}`, user("ann", "User"), mergedHere, head),
			`{"number":2,"merged_at":null,"updated_at":"2026-08-02T10:00:00Z"}`,
			`{"number":1,"merged_at":"2026-06-02T10:00:00Z","updated_at":"2026-06-02T10:00:00Z"}`),
		base + "/pulls/3": one(repoPath+"/pulls/{pull_number}", `{"number":3,"merged_by":`+user("merger", "User")+`}`),
		base + "/pulls/3/reviews": many(repoPath+"/pulls/{pull_number}/reviews", "",
			review("bob", "User", "APPROVED", head, "2026-08-02T10:00:00Z"), review("bob", "User", "COMMENTED", head, "2026-08-02T11:00:00Z"),
			review("carl", "User", "APPROVED", older, "2026-08-01T10:00:00Z"), review("dora", "User", "APPROVED", head, "2026-08-01T10:00:00Z"),
			review("dora", "User", "CHANGES_REQUESTED", head, "2026-08-02T10:00:00Z"), review("robot[bot]", "Bot", "APPROVED", head, "2026-08-02T10:00:00Z"),
			review("late", "User", "APPROVED", head, "2026-08-04T10:00:00Z")),
		base + "/commits/" + head + "/check-runs": many(repoPath+"/commits/{ref}/check-runs", "check_runs", `{"name":"test","conclusion":"success"}`, `{"name":"other","conclusion":"failure"}`),
		base + "/commits/" + head + "/status":     many(repoPath+"/commits/{ref}/status", "statuses", `{"context":"lint","state":"failure"}`),
		base + "/commits?sha=main&since=2026-07-01T00%3A00%3A00Z&until=2026-10-01T00%3A00%3A00Z": many(repoPath+"/commits", "",
			commit(rebased, "ann", pushedHere), commit(pushedHere, "eve", mergedHere, "9999999999999999999999999999999999999999"),
			commit("9999999999999999999999999999999999999999", "side", older), commit(mergedHere, "ann", older)),
		base + "/commits/" + rebased + "/pulls":                                                           many(repoPath+"/pulls", "", `{"number":9,"merged_at":"2026-08-05T10:00:00Z","base":{"ref":"main"}}`),
		base + "/commits/" + pushedHere + "/pulls":                                                        many(repoPath+"/pulls", "", `{"number":8,"merged_at":null,"base":{"ref":"main"}}`),
		base + "/rulesets/rule-suites?ref=refs%2Fheads%2Fmain&rule_suite_result=bypass&time_period=month": many(repoPath+"/rulesets/rule-suites", "", `{"id":21,"actor_name":"eve","ref":"refs/heads/main","pushed_at":"2026-09-20T10:00:00Z","result":"bypass"}`, `{"id":20,"pushed_at":"2026-06-20T10:00:00Z","result":"bypass"}`),
		base + "/keys":            many(repoPath+"/keys", "", `{"id":1,"title":"deployer","read_only":false,"created_at":"2025-01-01T00:00:00Z","last_used":null}`, `{"id":2,"title":"reader","read_only":true,"last_used":null}`),
		base + "/actions/secrets": many(repoPath+"/actions/secrets", "secrets", `{"name":"AWS_SECRET_ACCESS_KEY","created_at":"2025-01-01T00:00:00Z","updated_at":"2025-01-02T00:00:00Z"}`),
		base + "/environments": many(repoPath+"/environments", "environments", `{"name":"production","can_admins_bypass":true,"protection_rules":[
			{"id":1,"node_id":"a","type":"required_reviewers","prevent_self_review":true,"reviewers":[{"type":"User","reviewer":`+openapi.One(t, "/user", `{"login":"pia"}`)+`}]}],"deployment_branch_policy":{"protected_branches":true,"custom_branch_policies":false}}`,
			`{"name":"staging","protection_rules":[],"deployment_branch_policy":null}`),
		base + "/environments/production/secrets":                         many(repoPath+"/environments/{environment_name}/secrets", "secrets", `{"name":"DEPLOY"}`),
		base + "/environments/staging/secrets":                            {{Body: `{"total_count":0,"secrets":[]}`}},
		base + "/dependabot/alerts?state=open":                            many(repoPath+"/dependabot/alerts", "", `{"number":4,"state":"open","created_at":"2026-08-01T00:00:00Z","security_advisory":{"ghsa_id":"GHSA-xxxx-xxxx-xxxx","severity":"high"},"dependency":{"package":{"ecosystem":"go","name":"example.org/m"}}}`),
		base + "/code-scanning/alerts?ref=refs%2Fheads%2Fmain&state=open": {{Status: 404, Body: `{"message":"no analysis found","documentation_url":"https://docs.example.com"}`}},
		base + "/secret-scanning/alerts?hide_secret=true&state=open":      many(repoPath+"/secret-scanning/alerts", "", `{"number":5,"state":"open","secret_type":"aws_access_key","secret":"planted-value","created_at":"2026-08-01T00:00:00Z"}`),
		base + "/deployments?environment=production": many(repoPath+"/deployments", "",
			`{"id":31,"sha":"`+mergedHere+`","environment":"production","created_at":"2026-08-03T12:00:00Z","creator":`+user("ann", "User")+`}`,
			`{"id":30,"sha":"`+older+`","environment":"production","created_at":"2026-06-03T12:00:00Z"}`),
		base + "/deployments?environment=prod":                   none,
		base + "/deployments/31/statuses":                        many(repoPath+"/deployments/{deployment_id}/statuses", "", `{"state":"success","log_url":"https://github.example/shop/deploy/actions/runs/77/job/1"}`),
		base + "/actions/runs/77/approvals":                      many(repoPath+"/actions/runs/{run_id}/approvals", "", `{"state":"approved","user":`+user("pia", "User")+`,"environments":[{"name":"production"}]}`, `{"state":"approved","user":`+user("quin", "User")+`,"environments":[{"name":"staging"}]}`),
		base + "/contents/.github/workflows?ref=main":            {{Body: `[{"type":"file","path":".github/workflows/deploy.yml","name":"deploy.yml","size":1,"sha":"x","url":"https://x.example","git_url":"https://x.example","html_url":"https://x.example","download_url":"https://x.example","_links":{"git":"https://x.example","self":"https://x.example","html":"https://x.example"}}]`}},
		base + "/contents/.github/workflows/deploy.yml?ref=main": {{Body: file(deployWorkflow)}},
		base + "/collaborators?affiliation=outside":              many(repoPath+"/collaborators", "", `{"login":"guest","role_name":"write"}`),
		base + "/hooks":                          many(repoPath+"/hooks", "", `{"id":51,"active":true,"config":{"url":"http://hooks.example/x","insecure_ssl":"1","secret":"********"}}`, `{"id":52,"active":false}`),
		"/orgs/shop/members?filter=2fa_disabled": many("/orgs/{org}/members", "", `{"login":"weak"}`),
		"/orgs/shop/members?role=admin":          many("/orgs/{org}/members", "", `{"login":"owner"}`),
		"/orgs/shop/members?role=member":         many("/orgs/{org}/members", "", `{"login":"weak"}`),
		"/orgs/shop/actions/secrets":             many("/orgs/{org}/actions/secrets", "secrets", `{"name":"SHARED","visibility":"all"}`),
	}
}

func commit(sha, author string, parents ...string) string {
	var list []string
	for _, p := range parents {
		list = append(list, fmt.Sprintf(`{"sha":%q,"url":"https://x.example"}`, p))
	}
	return fmt.Sprintf(`{"sha":%q,"author":{"login":%q},"parents":[%s],"commit":{"author":{"name":%q},"committer":{"date":"2026-08-05T10:00:00Z"}}}`, sha, author, strings.Join(list, ","), author)
}

func file(text string) string {
	return fmt.Sprintf(`{"type":"file","encoding":"base64","size":%d,"name":"deploy.yml","path":".github/workflows/deploy.yml","content":%q,"sha":"x","url":"https://x.example","git_url":"https://x.example","html_url":"https://x.example","download_url":"https://x.example","_links":{"git":"https://x.example","self":"https://x.example","html":"https://x.example"}}`,
		len(text), base64.StdEncoding.EncodeToString([]byte(text)))
}

const deployWorkflow = `on:
  pull_request_target:
permissions:
  contents: read
  id-token: write
jobs:
  deploy:
    permissions: {packages: write}
    steps:
      - uses: actions/checkout@v4
        with: {ref: "${{ github.event.pull_request.head.sha }}"}
      - uses: ./local
      - uses: cloud/login@1111111111111111111111111111111111111111
`

// A repository, and what becomes of it. Every answer of the server is valid by the
// vendor's description, and so is every request.
func TestRepository(t *testing.T) {
	server := openapi.GitHub(t, answers(t))
	k, source, err := read(t, options(server.URL))
	if err != nil {
		t.Fatal(err)
	}
	host := strings.TrimPrefix(server.URL, "http://")
	repository, day := host+"/shop/deploy", func(m time.Month, d, h int) time.Time { return time.Date(2026, m, d, h, 0, 0, 0, time.UTC) }
	want := schema.Evidence{
		Repositories: []schema.Repository{{Forge: "hub", Kind: schema.GitHub, Repository: repository, DefaultBranch: "main", Visibility: "private", SecretScanning: schema.On, PushProtection: schema.Off,
			WorkflowToken: "write", WorkflowsApprove: true, AllowedActions: "all", PinsActions: schema.On, JobTokenLimited: schema.Unknown}},
		BranchRules: []schema.BranchRule{{Forge: "hub", Kind: schema.GitHub, Repository: repository, Branch: "main", Protected: true, Approvals: 2, DismissStale: true, CodeOwners: true, LastPushApprove: true,
			RequiredChecks: []string{"lint", "test"}, Deletion: true, Pushers: []string{}, Bypassers: []string{"RepositoryRole 5"}}},
		MergedChanges: []schema.MergedChange{{Forge: "hub", Repository: repository, Number: 3, Branch: "main", MergeCommit: mergedHere, Head: head, Author: "ann", MergedBy: "merger", Merged: day(8, 3, 10),
			Approvers: []string{"bob"}, StaleApprovers: []string{"carl"}, Checks: []string{"test"}, FailedChecks: []string{"lint"}}},
		DirectPushes: []schema.DirectPush{{Forge: "hub", Repository: repository, Branch: "main", Commit: pushedHere, Author: "eve", Committed: day(8, 5, 10)}},
		RuleBypasses: []schema.RuleBypass{{Forge: "hub", Repository: repository, Branch: "main", ID: "21", Actor: "eve", Pushed: day(9, 20, 10)}},
		DeployKeys: []schema.DeployKey{{Forge: "hub", Repository: repository, ID: "1", Title: "deployer", Writes: true, Created: time.Date(2025, 1, 1, 0, 0, 0, 0, time.UTC)},
			{Forge: "hub", Repository: repository, ID: "2", Title: "reader", Created: time.Date(2014, 12, 10, 15, 53, 42, 0, time.UTC)}},
		ForgeAlerts: []schema.ForgeAlert{
			{Forge: "hub", Repository: repository, Scanner: "dependency", Number: 4, Severity: schema.High, Rule: "GHSA-xxxx-xxxx-xxxx", Package: "example.org/m", Created: day(8, 1, 0)},
			{Forge: "hub", Repository: repository, Scanner: "secret", Number: 5, Severity: schema.Critical, Rule: "aws_access_key", Created: day(8, 1, 0)}},
		Environments: []schema.Environment{
			{Forge: "hub", Kind: schema.GitHub, Repository: repository, Name: "production", Reviewers: []string{"pia"}, RequiredApprovals: 1, PreventSelfReview: true, BranchesLimited: true, AdminBypass: true, Deployers: []string{}},
			{Forge: "hub", Kind: schema.GitHub, Repository: repository, Name: "staging", Reviewers: []string{}, Deployers: []string{}}},
		Deployments: []schema.Deployment{{Forge: "hub", Repository: repository, Environment: "production", ID: "31", Commit: mergedHere, Creator: "ann", Created: day(8, 3, 12), State: "success", Approvers: []string{"pia"}}},
		Workflows:   []schema.Workflow{{Forge: "hub", Repository: repository, Path: ".github/workflows/deploy.yml", OIDC: true, Unpinned: []string{"actions/checkout@v4"}, RunsForks: true, TokenWrites: []string{"packages"}}},
		ForgeMembers: []schema.ForgeMember{
			{Forge: "hub", Repository: repository, Name: "guest", Role: "write", Outside: true, SecondFactor: schema.Unknown},
			{Forge: "hub", Repository: host + "/shop", Name: "owner", Role: "admin", SecondFactor: schema.On},
			{Forge: "hub", Repository: host + "/shop", Name: "weak", Role: "member", SecondFactor: schema.Off}},
		ForgeWebhooks: []schema.ForgeWebhook{{Forge: "hub", Repository: repository, ID: "51", Host: "hooks.example", Insecure: true, Signed: true}},
	}
	names := []string{}
	for _, s := range k.PipelineSecrets { // in the order of the environments that they belong to
		names = append(names, strings.TrimPrefix(s.Repository, host)+" "+s.Scope+" "+s.Environment+" "+s.Name+" "+s.Visibility)
	}
	k.PipelineSecrets = nil
	want.Sort()
	if diff := cmp.Diff(want, k.Evidence, cmp.Comparer(func(a, b []string) bool { return slices.Equal(a, b) })); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]string{"/shop organization  SHARED all", "/shop/deploy repository  AWS_SECRET_ACCESS_KEY ", "/shop/deploy environment production DEPLOY "}, names); diff != "" {
		t.Errorf("secrets (-want +got):\n%s", diff)
	}
	if source.Collector.Username != "auditor" || source.Kind != schema.SourceForge {
		t.Errorf("the source is %+v", source)
	}
	for _, q := range k.queries {
		want := schema.Complete
		if q.Resource == schema.RuleBypasses { // the period has three months, GitHub keeps one
			want = schema.Truncated
		}
		if q.Outcome != want {
			t.Errorf("%s of %s: %s (%s)", q.Resource, q.Repository, q.Outcome, q.Reason)
		}
	}
	all, err := json.Marshal(k)
	if err != nil || strings.Contains(string(all), "planted-value") || strings.Contains(fmt.Sprint(k.queries), "token-of-the-test") {
		t.Errorf("a value was kept (%v)", err)
	}
}

// What GitHub does not let the token see is never read as none.
func TestRefusals(t *testing.T) {
	refuse := func(status int, message string) []openapi.Answer {
		return []openapi.Answer{{Status: status, Body: fmt.Sprintf(`{"message":%q,"documentation_url":"https://docs.example.com","status":"%d"}`, message, status), Broken: true}}
	}
	for _, c := range []struct {
		name, path, resource string
		answer               []openapi.Answer
		outcome              schema.Outcome
		reason               string
	}{
		{"no protection", base + "/branches/main/protection", schema.BranchRules, refuse(404, "Branch not protected"), schema.Complete, ""},
		{"protection that may not be seen", base + "/branches/main/protection", schema.BranchRules, refuse(404, "Not Found"), schema.Forbidden, "or the token may not see it"},
		{"bypass actors left out", base + "/rulesets/7?includes_parents=true", schema.BranchRules, []openapi.Answer{{Body: openapi.One(t, repoPath+"/rulesets/{ruleset_id}", `{"-bypass_actors":true}`)}}, schema.Forbidden, "who passes over the rulesets"},
		{"keys", base + "/keys", schema.DeployKeys, refuse(404, "Not Found"), schema.Forbidden, "or the token may not see it"},
		{"secrets", base + "/actions/secrets", schema.PipelineSecrets, refuse(403, "Resource not accessible by personal access token"), schema.Forbidden, "Resource not accessible"},
		{"alerts", base + "/dependabot/alerts?state=open", schema.ForgeAlerts, refuse(403, "Resource not accessible by integration"), schema.Forbidden, "not accessible"},
		{"a scanner that is off", base + "/dependabot/alerts?state=open", schema.ForgeAlerts, refuse(403, "Dependabot alerts are disabled for this repository."), schema.Complete, ""},
		{"no workflows", base + "/contents/.github/workflows?ref=main", schema.Workflows, refuse(404, "Not Found"), schema.Complete, ""},
		{"a server in trouble", base + "/hooks", schema.ForgeWebhooks, refuse(502, "Bad Gateway"), schema.Failed, "Bad Gateway"},
		{"half an answer", base + "/keys", schema.DeployKeys, []openapi.Answer{{Body: `[{"id":1,`, Broken: true}}, schema.Failed, "unexpected"},
		{"an answer of another kind", base + "/keys", schema.DeployKeys, []openapi.Answer{{Body: `{"keys":[]}`, Broken: true}}, schema.Failed, "cannot unmarshal"},
		{"approvals that may not be seen", base + "/actions/runs/77/approvals", schema.Deployments, refuse(404, "Not Found"), schema.Forbidden, "may not see it"},
	} {
		t.Run(c.name, func(t *testing.T) {
			all := answers(t)
			if all[c.path] == nil {
				t.Fatalf("%s is not asked for", c.path)
			}
			all[c.path] = c.answer
			k, _, err := read(t, options(openapi.GitHub(t, all).URL))
			if err != nil {
				t.Fatal(err)
			}
			if q := k.asked(t, c.resource, "shop/deploy"); q.Outcome != c.outcome || !strings.Contains(q.Reason, c.reason) || c.reason == "" && q.Reason != "" {
				t.Errorf("%s: %s (%s), want %s (%s)", q.Resource, q.Outcome, q.Reason, c.outcome, c.reason)
			}
			if q := k.asked(t, schema.Environments, "shop/deploy"); q.Outcome != schema.Complete {
				t.Errorf("another question was not answered: %s (%s)", q.Outcome, q.Reason)
			}
		})
	}
}

// A repository that cannot be seen leaves a gap for each question, and no row.
func TestHiddenRepository(t *testing.T) {
	all := answers(t)
	delete(all, base)
	k, _, err := read(t, options(openapi.GitHub(t, all).URL))
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range k.queries {
		if strings.HasSuffix(q.Repository, "shop/deploy") && q.Outcome != schema.Forbidden {
			t.Errorf("%s: %s", q.Resource, q.Outcome)
		}
	}
	if len(k.BranchRules) > 0 || len(k.Repositories) > 0 {
		t.Error("rows of a repository that was not seen")
	}
}

// Pages are followed, and a rate limit is waited for within the bound.
func TestPagesAndLimits(t *testing.T) {
	reset := fmt.Sprint(time.Date(2026, 9, 30, 6, 10, 0, 0, time.UTC).Unix())
	limit := openapi.Answer{Status: 403, Broken: true, Body: `{"message":"API rate limit exceeded"}`, Header: http.Header{"X-Ratelimit-Limit": {"5000"}, "X-Ratelimit-Remaining": {"0"}, "X-Ratelimit-Reset": {reset}}}
	second := openapi.Many(t, repoPath+"/keys", "", `{"id":9,"title":"on the second page"}`)
	setup := func(t *testing.T) *openapi.Server {
		all := answers(t)
		first := all[base+"/keys"][0]
		first.Header = http.Header{"Link": {`<https://api.example/x?page=2>; rel="next"`}}
		all[base+"/keys"] = []openapi.Answer{limit, first}
		all[base+"/keys?page=2"] = []openapi.Answer{{Body: second}}
		return openapi.GitHub(t, all)
	}
	t.Run("waited for", func(t *testing.T) {
		o := options(setup(t).URL)
		var waited time.Duration
		o.Wait = func(_ context.Context, d time.Duration) error { waited += d; return nil }
		k, _, err := read(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if len(k.DeployKeys) != 3 || waited != 10*time.Minute+time.Second {
			t.Errorf("%d keys after %s", len(k.DeployKeys), waited)
		}
	})
	t.Run("longer than the bound", func(t *testing.T) {
		o := options(setup(t).URL)
		o.MaxWait = time.Minute
		k, _, err := read(t, o)
		if err != nil {
			t.Fatal(err)
		}
		if q := k.asked(t, schema.DeployKeys, "shop/deploy"); q.Outcome != schema.Truncated || !strings.Contains(q.Reason, "rate limit") {
			t.Errorf("%s (%s)", q.Outcome, q.Reason)
		}
	})
}

func TestUnreachable(t *testing.T) {
	for name, answer := range map[string]openapi.Answer{
		"a token that is not known": {Status: 401, Body: `{"message":"Bad credentials"}`, Broken: true},
		"a server in trouble":       {Status: 500, Body: `{"message":"oops"}`, Broken: true},
	} {
		t.Run(name, func(t *testing.T) {
			_, _, err := read(t, options(openapi.GitHub(t, map[string][]openapi.Answer{"/user": {answer}}).URL))
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
	thief := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) { stolen = r.Header.Get("Authorization") }))
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

func TestOrganization(t *testing.T) {
	all := answers(t)
	all["/orgs/shop/repos"] = []openapi.Answer{{Body: openapi.Many(t, "/orgs/{org}/repos", "", `{"full_name":"shop/deploy","archived":false}`, `{"full_name":"shop/old","archived":true}`)}}
	o := options(openapi.GitHub(t, all).URL)
	o.Forge.Repositories = []string{"shop/*"}
	k, _, err := read(t, o)
	if err != nil {
		t.Fatal(err)
	}
	if len(k.Repositories) != 1 {
		t.Errorf("read %d repositories, want the one that is not archived", len(k.Repositories))
	}
}
