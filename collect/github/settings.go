package github

import (
	"context"
	"net/http"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// repository reads the repository and what its pipelines may do. It sets the branch.
func (r *reader) repository(ctx context.Context) (int, error) {
	type setting struct {
		Status string `json:"status"`
	}
	var repo struct {
		DefaultBranch string `json:"default_branch"`
		Visibility    string `json:"visibility"`
		Archived      bool   `json:"archived"`
		Security      *struct {
			SecretScanning setting `json:"secret_scanning"`
			PushProtection setting `json:"secret_scanning_push_protection"`
		} `json:"security_and_analysis"`
	}
	if _, err := r.get(ctx, r.path[:len(r.path)-1], &repo); err != nil {
		return 0, err
	}
	r.branch = repo.DefaultBranch
	if b := r.source.Forge.Branch; b != "" {
		r.branch = b
	}
	row := schema.Repository{
		Forge: r.source.Forge.Name, Kind: schema.GitHub, Repository: r.row, DefaultBranch: repo.DefaultBranch, Visibility: repo.Visibility, Archived: repo.Archived,
		SecretScanning: schema.Unknown, PushProtection: schema.Unknown, PinsActions: schema.Unknown, JobTokenLimited: schema.Unknown,
	}
	if s := repo.Security; s != nil { // only those who may change it are told
		row.SecretScanning, row.PushProtection = position(s.SecretScanning.Status), position(s.PushProtection.Status)
	}
	err := r.pipelineRights(ctx, &row)
	r.to.Rows(row)
	return 1, err
}

func position(status string) schema.Switch {
	switch status {
	case "enabled":
		return schema.On
	case "disabled", "":
		return schema.Off
	}
	return schema.Unknown
}

// pipelineRights reads what the token of a workflow may do, and which actions may run.
func (r *reader) pipelineRights(ctx context.Context, row *schema.Repository) error {
	var token struct {
		Default string `json:"default_workflow_permissions"`
		Approve bool   `json:"can_approve_pull_request_reviews"`
	}
	if _, err := r.get(ctx, r.path+"actions/permissions/workflow", &token); err != nil {
		return err
	}
	row.WorkflowToken, row.WorkflowsApprove = token.Default, token.Approve
	var actions struct {
		Enabled bool   `json:"enabled"`
		Allowed string `json:"allowed_actions"`
		// Pinned is left out by servers that do not have the setting yet.
		Pinned *bool `json:"sha_pinning_required"`
	}
	if _, err := r.get(ctx, r.path+"actions/permissions", &actions); err != nil {
		return err
	}
	row.AllowedActions = actions.Allowed
	if actions.Pinned != nil {
		row.PinsActions = schema.Off
		if *actions.Pinned {
			row.PinsActions = schema.On
		}
	}
	return nil
}

// deployKeys reads the keys that need no user.
func (r *reader) deployKeys(ctx context.Context) (int, error) {
	type key struct {
		ID       int64       `json:"id"`
		Title    string      `json:"title"`
		ReadOnly bool        `json:"read_only"`
		Created  forge.Stamp `json:"created_at"`
		LastUsed forge.Stamp `json:"last_used"`
	}
	keys, err := list[key](ctx, r.asker, r.path+"keys", nil)
	for _, k := range keys {
		r.to.Rows(schema.DeployKey{
			Forge: r.source.Forge.Name, Repository: r.row, ID: number(k.ID), Title: k.Title, Writes: !k.ReadOnly, Created: k.Created.Time, LastUsed: k.LastUsed.Time,
		})
	}
	return len(keys), err
}

// webhooks reads which hosts are told what happens.
func (r *reader) webhooks(ctx context.Context) (int, error) {
	type hook struct {
		ID     int64 `json:"id"`
		Active bool  `json:"active"`
		Config struct {
			URL      string `json:"url"`
			Insecure any    `json:"insecure_ssl"` // "0", "1", 0 or 1
			// Secret is asterisks where there is one.
			Secret string `json:"secret"`
		} `json:"config"`
	}
	hooks, err := list[hook](ctx, r.asker, r.path+"hooks", nil)
	rows := 0
	for _, h := range hooks {
		if !h.Active {
			continue
		}
		rows++
		host, https := forge.HostOf(h.Config.URL)
		insecure := h.Config.Insecure == "1" || h.Config.Insecure == float64(1)
		r.to.Rows(schema.ForgeWebhook{
			Forge: r.source.Forge.Name, Repository: r.row, ID: number(h.ID), Host: host, Insecure: insecure || !https, Signed: h.Config.Secret != "",
		})
	}
	return rows, err
}

// collaborators reads who is not a member of the organization and has rights here.
func (r *reader) collaborators(ctx context.Context) (int, error) {
	type person struct {
		Login string `json:"login"`
		Role  string `json:"role_name"`
	}
	people, err := list[person](ctx, r.asker, r.path+"collaborators", map[string][]string{"affiliation": {"outside"}})
	for _, p := range people {
		r.to.Rows(schema.ForgeMember{Forge: r.source.Forge.Name, Repository: r.row, Name: p.Login, Role: p.Role, Outside: true, SecondFactor: schema.Unknown})
	}
	return len(people), err
}

// organization reads members, those without a second factor, and secrets of an
// organization. An owner that is a person has none of these.
func (a *asker) organization(ctx context.Context, org string) {
	n, err := a.members(ctx, org)
	if says(err, http.StatusNotFound, "not found") {
		var owner struct {
			Type string `json:"type"`
		}
		if _, lookup := a.get(ctx, "users/"+org, &owner); lookup == nil && owner.Type == "User" {
			err = errAbsent
		}
	}
	a.settle(schema.ForgeMembers, a.full(org), "list members of "+org, n, err)
	if outcome, _, _ := outcome(err); outcome == schema.Absent {
		return
	}
	n, err = a.organizationSecrets(ctx, org)
	a.settle(schema.PipelineSecrets, a.full(org), "list names of secrets of "+org, n, err)
}

func (a *asker) members(ctx context.Context, org string) (int, error) {
	type person struct {
		Login string `json:"login"`
	}
	without := map[string]bool{}
	factor := schema.On
	weak, err := list[person](ctx, a, "orgs/"+org+"/members", map[string][]string{"filter": {"2fa_disabled"}})
	if err != nil {
		factor = schema.Unknown // only owners may ask
	}
	for _, p := range weak {
		without[p.Login] = true
	}
	rows := 0
	for _, role := range []string{"admin", "member"} {
		people, err := list[person](ctx, a, "orgs/"+org+"/members", map[string][]string{"role": {role}})
		for _, p := range people {
			row := schema.ForgeMember{Forge: a.source.Forge.Name, Repository: a.full(org), Name: p.Login, Role: role, SecondFactor: factor}
			if without[p.Login] {
				row.SecondFactor = schema.Off
			}
			a.to.Rows(row)
			rows++
		}
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}
