package github

import (
	"context"
	"encoding/json"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"time"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// branchRules joins the rulesets and the protection that are in force for the
// branch: the stricter of the two holds.
func (r *reader) branchRules(ctx context.Context) (int, error) {
	row := schema.BranchRule{Forge: r.source.Forge.Name, Kind: schema.GitHub, Repository: r.row, Branch: r.branch, ForcePush: true, Deletion: true}
	if err := r.rulesets(ctx, &row); err != nil {
		return 0, err
	}
	err := r.protection(ctx, &row)
	row.RequiredChecks, row.Pushers, row.Bypassers = forge.Sorted(row.RequiredChecks), forge.Sorted(row.Pushers), forge.Sorted(row.Bypassers)
	r.required = row.RequiredChecks
	r.to.Rows(row)
	return 1, err
}

// rulesets reads the active rules of the branch; rulesets that only evaluate are
// not among them (https://docs.github.com/rest/repos/rules#get-rules-for-a-branch).
func (r *reader) rulesets(ctx context.Context, row *schema.BranchRule) error {
	type rule struct {
		Type       string          `json:"type"`
		Ruleset    int64           `json:"ruleset_id"`
		Parameters json.RawMessage `json:"parameters"`
	}
	rules, err := list[rule](ctx, r.asker, r.path+"rules/branches/"+url.PathEscape(r.branch), nil)
	if err != nil {
		return err
	}
	var sets []int64
	for _, x := range rules {
		row.Protected = true
		if x.Ruleset != 0 && !slices.Contains(sets, x.Ruleset) {
			sets = append(sets, x.Ruleset)
		}
		if err := applyRule(x.Type, x.Parameters, row); err != nil {
			return err
		}
	}
	for _, id := range sets {
		if err := r.bypassers(ctx, id, row); err != nil {
			return err
		}
	}
	row.AdminsIncluded = len(sets) > 0 && len(row.Bypassers) == 0
	return nil
}

// applyRule adds one rule of a ruleset.
func applyRule(kind string, parameters json.RawMessage, row *schema.BranchRule) error {
	var p struct {
		Approvals int  `json:"required_approving_review_count"`
		Stale     bool `json:"dismiss_stale_reviews_on_push"`
		Owners    bool `json:"require_code_owner_review"`
		LastPush  bool `json:"require_last_push_approval"`
		Checks    []struct {
			Context string `json:"context"`
		} `json:"required_status_checks"`
	}
	if len(parameters) > 0 {
		if err := json.Unmarshal(parameters, &p); err != nil {
			return err
		}
	}
	switch kind {
	case "pull_request":
		row.Approvals = max(row.Approvals, p.Approvals)
		row.DismissStale = row.DismissStale || p.Stale
		row.CodeOwners = row.CodeOwners || p.Owners
		row.LastPushApprove = row.LastPushApprove || p.LastPush
	case "required_status_checks":
		for _, c := range p.Checks {
			row.RequiredChecks = append(row.RequiredChecks, c.Context)
		}
	case "non_fast_forward":
		row.ForcePush = false
	case "deletion":
		row.Deletion = false
	}
	return nil
}

// bypassers reads who passes over a ruleset. Only those who may change it are told:
// without the field nobody knows, and the question is not answered.
func (r *reader) bypassers(ctx context.Context, id int64, row *schema.BranchRule) error {
	var set struct {
		Name   string `json:"name"`
		Actors *[]struct {
			ID   *int64 `json:"actor_id"`
			Type string `json:"actor_type"`
			Mode string `json:"bypass_mode"`
		} `json:"bypass_actors"`
	}
	if _, err := r.get(ctx, r.path+"rulesets/"+number(id)+"?includes_parents=true", &set); err != nil {
		return err
	}
	if set.Actors == nil {
		return errHiddenBypass
	}
	for _, a := range *set.Actors {
		who := a.Type
		if a.ID != nil {
			who += " " + number(*a.ID)
		}
		if a.Mode == "pull_request" {
			who += " (in pull requests)"
		}
		row.Bypassers = append(row.Bypassers, who)
	}
	return nil
}

var errHiddenBypass = fmt.Errorf("%w who passes over the rulesets", forge.ErrHidden)

// protection reads the classic protection of the branch. "Branch not protected" is
// said only to those who may see it; any other 404 may be a refusal.
func (r *reader) protection(ctx context.Context, row *schema.BranchRule) error {
	type enabled struct {
		Enabled bool `json:"enabled"`
	}
	var p struct {
		Checks *struct {
			Contexts []string `json:"contexts"`
		} `json:"required_status_checks"`
		Reviews *struct {
			Approvals int     `json:"required_approving_review_count"`
			Stale     bool    `json:"dismiss_stale_reviews"`
			Owners    bool    `json:"require_code_owner_reviews"`
			LastPush  bool    `json:"require_last_push_approval"`
			Bypass    *actors `json:"bypass_pull_request_allowances"`
		} `json:"required_pull_request_reviews"`
		Admins       enabled `json:"enforce_admins"`
		ForcePushes  enabled `json:"allow_force_pushes"`
		Deletions    enabled `json:"allow_deletions"`
		Restrictions *actors `json:"restrictions"`
	}
	_, err := r.get(ctx, r.path+"branches/"+url.PathEscape(r.branch)+"/protection", &p)
	switch {
	case says(err, http.StatusNotFound, "branch not protected"):
		return nil
	case err != nil:
		return err
	}
	row.Protected = true
	row.ForcePush, row.Deletion = row.ForcePush && p.ForcePushes.Enabled, row.Deletion && p.Deletions.Enabled
	row.AdminsIncluded = row.AdminsIncluded || p.Admins.Enabled
	if p.Checks != nil {
		row.RequiredChecks = append(row.RequiredChecks, p.Checks.Contexts...)
	}
	if v := p.Reviews; v != nil {
		row.Approvals = max(row.Approvals, v.Approvals)
		row.DismissStale, row.CodeOwners, row.LastPushApprove = row.DismissStale || v.Stale, row.CodeOwners || v.Owners, row.LastPushApprove || v.LastPush
		row.Bypassers = append(row.Bypassers, v.Bypass.names()...)
	}
	row.Pushers = append(row.Pushers, p.Restrictions.names()...)
	return nil
}

// actors are the users, teams and apps of a setting.
type actors struct {
	Users []struct {
		Login string `json:"login"`
	} `json:"users"`
	Teams []struct {
		Slug string `json:"slug"`
	} `json:"teams"`
	Apps []struct {
		Slug string `json:"slug"`
	} `json:"apps"`
}

func (a *actors) names() []string {
	if a == nil {
		return nil
	}
	var out []string
	for _, u := range a.Users {
		out = append(out, u.Login)
	}
	for _, t := range a.Teams {
		out = append(out, "team "+t.Slug)
	}
	for _, x := range a.Apps {
		out = append(out, "app "+x.Slug)
	}
	return out
}

// ruleBypasses reads the pushes that passed over rules. GitHub keeps them for a
// month, so a longer period is not answered completely.
func (r *reader) ruleBypasses(ctx context.Context) (int, error) {
	type suite struct {
		ID     int64       `json:"id"`
		Actor  string      `json:"actor_name"`
		Ref    string      `json:"ref"`
		Pushed forge.Stamp `json:"pushed_at"`
	}
	suites, err := list[suite](ctx, r.asker, r.path+"rulesets/rule-suites",
		url.Values{"ref": {"refs/heads/" + r.branch}, "time_period": {"month"}, "rule_suite_result": {"bypass"}})
	rows := 0
	for _, s := range suites {
		if !r.within(s.Pushed.Time) {
			continue
		}
		rows++
		r.to.Rows(schema.RuleBypass{Forge: r.source.Forge.Name, Repository: r.row, Branch: r.branch, ID: number(s.ID), Actor: s.Actor, Pushed: s.Pushed.Time})
	}
	if err == nil && r.since.Before(r.source.Now().AddDate(0, 0, -31).Truncate(24*time.Hour)) {
		err = errMonth
	}
	return rows, err
}

var errMonth = fmt.Errorf("%w: GitHub keeps bypasses for a month, which is shorter than the period", forge.ErrPart)
