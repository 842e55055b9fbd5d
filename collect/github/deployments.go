package github

import (
	"context"
	"errors"
	"net/url"
	"regexp"
	"slices"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

type environment struct {
	Name        string `json:"name"`
	AdminBypass bool   `json:"can_admins_bypass"`
	Rules       []struct {
		Type        string `json:"type"`
		PreventSelf bool   `json:"prevent_self_review"`
		Reviewers   []struct {
			Type     string `json:"type"`
			Reviewer struct {
				Login string `json:"login"`
				Slug  string `json:"slug"`
			} `json:"reviewer"`
		} `json:"reviewers"`
	} `json:"protection_rules"`
	Branches *struct {
		Protected bool `json:"protected_branches"`
		Custom    bool `json:"custom_branch_policies"`
	} `json:"deployment_branch_policy"`
}

func (r *reader) listEnvironments(ctx context.Context) ([]environment, error) {
	return listIn[environment](ctx, r.asker, r.path+"environments", "environments")
}

// environments reads what protects the environments that pipelines deploy to.
func (r *reader) environments(ctx context.Context) (int, error) {
	found, err := r.listEnvironments(ctx)
	for _, e := range found {
		row := schema.Environment{
			Forge: r.source.Forge.Name, Kind: schema.GitHub, Repository: r.row, Name: e.Name, AdminBypass: e.AdminBypass,
			BranchesLimited: e.Branches != nil && (e.Branches.Protected || e.Branches.Custom), Deployers: []string{},
		}
		for _, rule := range e.Rules {
			if rule.Type != "required_reviewers" {
				continue
			}
			row.RequiredApprovals, row.PreventSelfReview = 1, rule.PreventSelf // one of the reviewers is enough
			for _, v := range rule.Reviewers {
				row.Reviewers = append(row.Reviewers, v.Reviewer.Login+v.Reviewer.Slug)
			}
		}
		row.Reviewers = forge.Sorted(row.Reviewers)
		r.to.Rows(row)
	}
	return len(found), err
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

type deployment struct {
	ID      int64       `json:"id"`
	SHA     string      `json:"sha"`
	Creator *account    `json:"creator"`
	Created forge.Stamp `json:"created_at"`
}

func (r *reader) deploymentsTo(ctx context.Context, name string) (int, error) {
	older := func(page []deployment) bool { return len(page) > 0 && page[len(page)-1].Created.Before(r.since) }
	found, err := listUntil(ctx, r.asker, r.path+"deployments", "", url.Values{"environment": {name}}, older)
	rows := 0
	for _, d := range found {
		if !r.within(d.Created.Time) {
			continue
		}
		row := schema.Deployment{
			Forge: r.source.Forge.Name, Repository: r.row, Environment: name, ID: number(d.ID), Commit: d.SHA, Created: d.Created.Time, Approvers: []string{},
		}
		if d.Creator != nil {
			row.Creator = d.Creator.Login
		}
		if err := r.approvedBy(ctx, &row); err != nil {
			return rows, err
		}
		r.to.Rows(row)
		rows++
	}
	return rows, err
}

// runAddress finds the workflow run in the address of a deployment's log.
var runAddress = regexp.MustCompile(`/actions/runs/([0-9]+)`)

// approvedBy reads the last state of a deployment and, by way of the workflow run
// that made it, who approved it.
func (r *reader) approvedBy(ctx context.Context, row *schema.Deployment) error {
	type status struct {
		State string `json:"state"`
		Log   string `json:"log_url"`
	}
	statuses, err := list[status](ctx, r.asker, r.path+"deployments/"+row.ID+"/statuses", nil)
	if err != nil || len(statuses) == 0 {
		return err
	}
	row.State = statuses[0].State // the newest first
	i := slices.IndexFunc(statuses, func(s status) bool { return runAddress.MatchString(s.Log) })
	if i < 0 {
		return nil
	}
	type approval struct {
		State        string  `json:"state"`
		User         account `json:"user"`
		Environments []struct {
			Name string `json:"name"`
		} `json:"environments"`
	}
	approvals, err := list[approval](ctx, r.asker, r.path+"actions/runs/"+runAddress.FindStringSubmatch(statuses[i].Log)[1]+"/approvals", nil)
	if err != nil && !errors.Is(err, forge.ErrPart) {
		return err
	}
	for _, a := range approvals {
		for _, e := range a.Environments {
			if a.State == "approved" && e.Name == row.Environment {
				row.Approvers = append(row.Approvers, a.User.Login)
			}
		}
	}
	row.Approvers = forge.Sorted(row.Approvers)
	return err
}
