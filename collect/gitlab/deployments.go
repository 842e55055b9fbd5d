package gitlab

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// A gate is what protects an environment
// (https://docs.gitlab.com/api/protected_environments/).
type gate struct {
	Name      string   `json:"name"`
	Deployers []access `json:"deploy_access_levels"`
	Required  int      `json:"required_approval_count"`
	Rules     []struct {
		access
		Required int `json:"required_approvals"`
	} `json:"approval_rules"`
}

func (g gate) apply(row *schema.Environment) {
	row.Deployers = append(row.Deployers, names(g.Deployers)...)
	row.RequiredApprovals = max(row.RequiredApprovals, g.Required)
	for _, rule := range g.Rules {
		row.RequiredApprovals = max(row.RequiredApprovals, rule.Required)
		if n := rule.name(); n != "" {
			row.Reviewers = append(row.Reviewers, n)
		}
	}
}

// environments joins the environments with what protects them in the project and,
// by their tier, in the groups above.
func (r *reader) environments(ctx context.Context) (int, error) {
	type environment struct {
		Name string `json:"name"`
		Tier string `json:"tier"`
	}
	found, err := list[environment](ctx, r.asker, r.at("environments"), url.Values{"states": {"available"}})
	if err != nil {
		return 0, err
	}
	gates, err := list[gate](ctx, r.asker, r.at("protected_environments"), nil)
	if err != nil {
		return 0, err
	}
	for _, g := range r.groups {
		if !slices.ContainsFunc(found, func(e environment) bool { return slices.Contains(r.source.Forge.ProductionEnvironments(), e.Name) }) {
			break // only those for production are judged
		}
		above, err := list[gate](ctx, r.asker, "groups/"+gitlab.PathEscape(g)+"/protected_environments", nil)
		if err != nil {
			return 0, err
		}
		for _, x := range above { // which name a tier
			for _, e := range found {
				if e.Tier == x.Name {
					x.Name = e.Name
					gates = append(gates, x)
				}
			}
		}
	}
	for _, e := range found {
		row := schema.Environment{Forge: r.source.Forge.Name, Kind: schema.GitLab, Repository: r.row, Name: e.Name, PreventSelfReview: r.project.TriggerApproves != nil && !*r.project.TriggerApproves}
		for _, g := range gates {
			if g.Name == e.Name {
				g.apply(&row)
			}
		}
		row.Deployers, row.Reviewers = forge.Sorted(row.Deployers), forge.Sorted(row.Reviewers)
		r.to.Rows(row)
	}
	return len(found), nil
}

type deployment struct {
	ID      int64       `json:"id"`
	SHA     string      `json:"sha"`
	Status  string      `json:"status"`
	User    *person     `json:"user"`
	Created forge.Stamp `json:"created_at"`
}

// deployments reads every deployment to production in the period, with who approved it.
func (r *reader) deployments(ctx context.Context) (int, error) {
	rows := 0
	for _, name := range r.source.Forge.ProductionEnvironments() {
		n, err := r.deploymentsTo(ctx, name)
		rows += n
		if err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (r *reader) deploymentsTo(ctx context.Context, name string) (int, error) {
	older := func(page []deployment) bool { return len(page) > 0 && page[len(page)-1].Created.Before(r.since) }
	found, err := listUntil(ctx, r.asker, r.at("deployments"), url.Values{"environment": {name}, "order_by": {"created_at"}, "sort": {"desc"}}, older)
	rows := 0
	for _, d := range found {
		if !r.within(d.Created.Time) {
			continue
		}
		row := schema.Deployment{
			Forge: r.source.Forge.Name, Repository: r.row, Environment: name, ID: strconv.FormatInt(d.ID, 10), Commit: d.SHA, Created: d.Created.Time, State: d.Status,
		}
		if d.User != nil {
			row.Creator = d.User.Name
		}
		var whole struct {
			Approvals []struct {
				User   person `json:"user"`
				Status string `json:"status"`
			} `json:"approvals"` // in no list
		}
		if _, err := r.get(ctx, r.at("deployments", row.ID), nil, &whole); err != nil {
			return rows, err
		}
		for _, a := range whole.Approvals {
			if a.Status == "approved" {
				row.Approvers = append(row.Approvers, a.User.Name)
			}
		}
		row.Approvers = forge.Sorted(row.Approvers)
		r.to.Rows(row)
		rows++
	}
	return rows, err
}
