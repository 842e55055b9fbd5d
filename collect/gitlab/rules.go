package gitlab

import (
	"context"
	"path"
	"slices"
	"strconv"
	"strings"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// pipelineCheck is what a branch requires of changes when only those may be merged
// whose pipeline succeeded.
const pipelineCheck = "pipeline"

// An access is one entry of a list of who may do something with a branch or environment.
type access struct {
	Level       gitlab.AccessLevelValue `json:"access_level"`
	Description string                  `json:"access_level_description"` // the role, or the name of the user or group
	User        int64                   `json:"user_id"`
	Group       int64                   `json:"group_id"`
	DeployKey   int64                   `json:"deploy_key_id"`
}

// name says who an entry lets in; empty for the entry that says no one.
func (a access) name() string {
	switch {
	case a.DeployKey != 0:
		return "deploy key " + strconv.FormatInt(a.DeployKey, 10)
	case a.User != 0:
		return "user " + a.Description
	case a.Group != 0:
		return "group " + a.Description
	case a.Level == gitlab.NoPermissions:
		return ""
	case a.Description != "":
		return a.Description
	}
	return levelName(a.Level)
}

func names(list []access) []string {
	var out []string
	for _, a := range list {
		if n := a.name(); n != "" {
			out = append(out, n)
		}
	}
	return out
}

// A protection of branches by a name, in which * stands for any text.
type protection struct {
	Name       string   `json:"name"`
	Push       []access `json:"push_access_levels"`
	ForcePush  bool     `json:"allow_force_push"`
	CodeOwners bool     `json:"code_owner_approval_required"`
}

// branchRules joins the protection of the branch with the settings and rules of
// approvals. Where several protections match, the most permissive counts for pushes
// (https://docs.gitlab.com/user/project/repository/branches/protected/#when-a-branch-matches-multiple-rules).
func (r *reader) branchRules(ctx context.Context) (int, error) {
	row := schema.BranchRule{Forge: r.source.Forge.Name, Kind: schema.GitLab, Repository: r.row, Branch: r.branch, AdminsIncluded: true, RequiredChecks: []string{}}
	if r.project.NeedsPipeline {
		row.RequiredChecks = []string{pipelineCheck}
	}
	protections, err := list[protection](ctx, r.asker, r.at("protected_branches"), nil)
	if err != nil {
		return 0, err
	}
	for _, p := range protections {
		if !matches(p.Name, r.branch) {
			continue
		}
		row.Protected = true
		row.ForcePush, row.CodeOwners = row.ForcePush || p.ForcePush, row.CodeOwners || p.CodeOwners
		row.Pushers = append(row.Pushers, names(p.Push)...)
	}
	row.ForcePush, row.Deletion = row.ForcePush || !row.Protected, !row.Protected
	if err := r.approvalRules(ctx, &row); err != nil {
		return 0, err
	}
	row.Pushers, row.Bypassers = forge.Sorted(row.Pushers), forge.Sorted(row.Bypassers)
	r.to.Rows(row)
	return 1, nil
}

// matches reports whether a protection is for a branch. The stars of GitLab match
// any text, also a slash.
func matches(pattern, branch string) bool {
	flat := func(s string) string { return strings.ReplaceAll(s, "/", "\x00") }
	quoted := strings.NewReplacer(`\`, `\\`, "[", `\[`, "?", `\?`).Replace(flat(pattern))
	ok, err := path.Match(quoted, flat(branch))
	return err == nil && ok
}

// approvalRules adds how many must approve a change, and who may set that aside.
func (r *reader) approvalRules(ctx context.Context, row *schema.BranchRule) error {
	var settings struct {
		Reset     bool `json:"reset_approvals_on_push"`
		Fixed     bool `json:"disable_overriding_approvers_per_merge_request"`
		Author    bool `json:"merge_requests_author_approval"`
		Committer bool `json:"merge_requests_disable_committers_approval"`
	}
	if _, err := r.get(ctx, r.at("approvals"), nil, &settings); err != nil {
		return err
	}
	row.DismissStale, row.AuthorApproves, row.LastPushApprove = settings.Reset, settings.Author, settings.Committer
	if !settings.Fixed {
		row.Bypassers = append(row.Bypassers, "who edits the rules in a merge request")
	}
	type rule struct {
		Type     string       `json:"rule_type"`
		Required int          `json:"approvals_required"`
		All      bool         `json:"applies_to_all_protected_branches"`
		Branches []protection `json:"protected_branches"`
	}
	rules, err := list[rule](ctx, r.asker, r.at("approval_rules"), nil)
	if err != nil {
		return err
	}
	for _, x := range rules {
		here := len(x.Branches) == 0 || slices.ContainsFunc(x.Branches, func(p protection) bool { return matches(p.Name, r.branch) })
		if x.All {
			here = row.Protected
		}
		if here && x.Type != "report_approver" { // which asks only when a scanner found something
			row.Approvals = max(row.Approvals, x.Required)
		}
	}
	return nil
}
