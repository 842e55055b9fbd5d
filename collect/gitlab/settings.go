package gitlab

import (
	"context"
	"strconv"
	"strings"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// A project is what of its settings matters
// (https://docs.gitlab.com/api/projects/#retrieve-a-project).
type project struct {
	DefaultBranch   string `json:"default_branch"`
	Visibility      string `json:"visibility"`
	Archived        bool   `json:"archived"`
	PipelineFile    string `json:"ci_config_path"`
	NeedsPipeline   bool   `json:"only_allow_merge_if_pipeline_succeeds"`
	SkippedIsGood   bool   `json:"allow_merge_on_skipped_pipeline"`
	TriggerApproves *bool  `json:"allow_pipeline_trigger_approve_deployment"`
	PushProtection  *bool  `json:"pre_receive_secret_detection_enabled"`
	Namespace       struct {
		Kind string `json:"kind"` // group or user
		Path string `json:"full_path"`
	} `json:"namespace"`
}

// settings reads the project. It sets the branch and the groups.
func (r *reader) settings(ctx context.Context) (int, error) {
	if _, err := r.get(ctx, r.path, nil, &r.project); err != nil {
		return 0, err
	}
	p := r.project
	r.branch = p.DefaultBranch
	if b := r.source.Forge.Branch; b != "" {
		r.branch = b
	}
	if p.Namespace.Kind == "group" {
		parts := strings.Split(p.Namespace.Path, "/")
		for i := range parts {
			r.groups = append(r.groups, strings.Join(parts[:i+1], "/"))
		}
	}
	row := schema.Repository{
		Forge: r.source.Forge.Name, Kind: schema.GitLab, Repository: r.row, DefaultBranch: p.DefaultBranch, Visibility: p.Visibility, Archived: p.Archived,
		SecretScanning: schema.Unknown, PushProtection: position(p.PushProtection), JobTokenLimited: schema.Unknown,
	}
	var scope struct {
		Inbound *bool `json:"inbound_enabled"`
	}
	_, err := r.get(ctx, r.at("job_token_scope"), nil, &scope)
	if err == nil {
		row.JobTokenLimited = position(scope.Inbound)
	}
	r.to.Rows(row)
	return 1, err
}

// position reads a setting that some tokens or servers are not told.
func position(on *bool) schema.Switch {
	switch {
	case on == nil:
		return schema.Unknown
	case *on:
		return schema.On
	}
	return schema.Off
}

// deployKeys reads the keys that need no user.
func (r *reader) deployKeys(ctx context.Context) (int, error) {
	type key struct {
		ID      int64       `json:"id"`
		Title   string      `json:"title"`
		Push    bool        `json:"can_push"`
		Created forge.Stamp `json:"created_at"`
	}
	keys, err := list[key](ctx, r.asker, r.at("deploy_keys"), nil)
	for _, k := range keys {
		r.to.Rows(schema.DeployKey{Forge: r.source.Forge.Name, Repository: r.row, ID: strconv.FormatInt(k.ID, 10), Title: k.Title, Writes: k.Push, Created: k.Created.Time})
	}
	return len(keys), err
}

// webhooks reads which hosts are told what happens.
func (r *reader) webhooks(ctx context.Context) (int, error) {
	type hook struct {
		ID      int64  `json:"id"`
		URL     string `json:"url"`
		Checks  bool   `json:"enable_ssl_verification"`
		Token   bool   `json:"token_present"`
		Signing bool   `json:"signing_token_present"`
	}
	hooks, err := list[hook](ctx, r.asker, r.at("hooks"), nil)
	for _, h := range hooks {
		host, https := forge.HostOf(h.URL)
		r.to.Rows(schema.ForgeWebhook{
			Forge: r.source.Forge.Name, Repository: r.row, ID: strconv.FormatInt(h.ID, 10), Host: host, Insecure: !https || !h.Checks, Signed: h.Token || h.Signing,
		})
	}
	return len(hooks), err
}

type member struct {
	Name  string                  `json:"username"`
	Level gitlab.AccessLevelValue `json:"access_level"`
}

// levels are the names of the levels of access
// (https://docs.gitlab.com/api/members/#roles).
var levels = map[gitlab.AccessLevelValue]string{
	gitlab.MinimalAccessPermissions: "minimal", gitlab.GuestPermissions: "guest", gitlab.PlannerPermissions: "planner", gitlab.ReporterPermissions: "reporter",
	gitlab.DeveloperPermissions: "developer", gitlab.MaintainerPermissions: "maintainer", gitlab.OwnerPermissions: "owner",
}

func levelName(l gitlab.AccessLevelValue) string {
	if name, ok := levels[l]; ok {
		return name
	}
	return "level " + strconv.Itoa(int(l))
}

// members reads who was added to the project itself. Who is no member of its groups
// comes from outside.
func (r *reader) members(ctx context.Context) (int, error) {
	people, err := list[member](ctx, r.asker, r.at("members"), nil)
	for _, p := range people {
		inside := len(r.groups) == 0
		for _, g := range r.groups {
			inside = inside || r.asker.groups[g][p.Name]
		}
		r.to.Rows(schema.ForgeMember{Forge: r.source.Forge.Name, Repository: r.row, Name: p.Name, Role: levelName(p.Level), Outside: !inside, SecondFactor: schema.Unknown})
	}
	return len(people), err
}

// group reads the members and the variables of a group, once.
func (a *asker) group(ctx context.Context, path string) {
	if a.groups[path] != nil || ctx.Err() != nil {
		return
	}
	a.groups[path] = map[string]bool{}
	at := "groups/" + gitlab.PathEscape(path)
	people, err := list[member](ctx, a, at+"/members", nil)
	for _, p := range people {
		a.groups[path][p.Name] = true
		a.to.Rows(schema.ForgeMember{Forge: a.source.Forge.Name, Repository: a.full(path), Name: p.Name, Role: levelName(p.Level), SecondFactor: schema.Unknown})
	}
	a.settle(schema.ForgeMembers, a.full(path), "list members of the group "+path, len(people), err)
	n, err := a.variablesOf(ctx, at, a.full(path), "organization")
	a.settle(schema.PipelineSecrets, a.full(path), "list names of variables of the group "+path, n, err)
}
