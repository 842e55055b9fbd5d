package gitlab

import (
	"cmp"
	"context"
	"net/url"
	"regexp"
	"slices"
	"strconv"
	"time"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

type person struct {
	Name string `json:"username"`
}

type mergeRequest struct {
	Number       int         `json:"iid"`
	Target       string      `json:"target_branch"`
	Author       person      `json:"author"`
	MergeUser    person      `json:"merge_user"`
	Merged       forge.Stamp `json:"merged_at"`
	Updated      forge.Stamp `json:"updated_at"`
	Head         string      `json:"sha"`
	MergeCommit  string      `json:"merge_commit_sha"`
	SquashCommit string      `json:"squash_commit_sha"`
}

// mergedChanges reads every merge request that was merged into the branch in the
// period. What was merged in it was updated in it or later.
func (r *reader) mergedChanges(ctx context.Context) (int, error) {
	found, err := list[mergeRequest](ctx, r.asker, r.at("merge_requests"), url.Values{
		"state": {"merged"}, "scope": {"all"}, "target_branch": {r.branch}, "updated_after": {r.since.Format(time.RFC3339)},
	})
	rows := 0
	for _, m := range found {
		if !r.within(m.Merged.Time) {
			continue
		}
		row := schema.MergedChange{
			Forge: r.source.Forge.Name, Repository: r.row, Number: m.Number, Branch: m.Target, Head: m.Head, Author: m.Author.Name, MergedBy: m.MergeUser.Name, Merged: m.Merged.Time,
			// A fast-forward leaves the change's own last commit.
			MergeCommit: cmp.Or(m.MergeCommit, m.SquashCommit, m.Head), Checks: []string{}, FailedChecks: []string{},
		}
		if err := r.approvals(ctx, &row); err != nil {
			return rows, err
		}
		if err := r.checks(ctx, &row); err != nil {
			return rows, err
		}
		r.merged[row.MergeCommit], r.merged[m.SquashCommit] = true, true
		r.to.Rows(row)
		rows++
	}
	return rows, err
}

func (r *reader) mergeRequest(n int, part string) string {
	return r.at("merge_requests", strconv.Itoa(n)) + part
}

// bot matches the users of project and group tokens
// (https://docs.gitlab.com/user/project/settings/project_access_tokens/#bot-users-for-projects).
var bot = regexp.MustCompile(`^(project|group)_[0-9]+_bot(_|[0-9]|$)`)

// approvals sorts who approved a change before it was merged: its last commit, or an
// earlier one. GitLab does not say which commit was approved; it says when, and when
// the last commit was pushed.
func (r *reader) approvals(ctx context.Context, row *schema.MergedChange) error {
	var given struct {
		By []struct {
			User person       `json:"user"`
			At   *forge.Stamp `json:"approved_at"`
		} `json:"approved_by"`
	}
	if _, err := r.get(ctx, r.mergeRequest(row.Number, "/approvals"), nil, &given); err != nil {
		return err
	}
	pushed, err := r.lastPush(ctx, row)
	if err != nil {
		return err
	}
	for _, a := range given.By {
		switch {
		case bot.MatchString(a.User.Name) && !slices.Contains(r.source.Forge.Bots, a.User.Name):
		case a.At != nil && a.At.After(row.Merged):
		case a.At != nil && !pushed.IsZero() && !a.At.Before(pushed):
			row.Approvers = append(row.Approvers, a.User.Name)
		default:
			row.StaleApprovers = append(row.StaleApprovers, a.User.Name)
		}
	}
	row.Approvers, row.StaleApprovers = forge.Sorted(row.Approvers), forge.Sorted(row.StaleApprovers)
	return nil
}

// lastPush returns when the last commit of a change was pushed; the zero time when
// that is not on record.
func (r *reader) lastPush(ctx context.Context, row *schema.MergedChange) (time.Time, error) {
	type version struct {
		Head    string      `json:"head_commit_sha"`
		Created forge.Stamp `json:"created_at"`
	}
	versions, err := list[version](ctx, r.asker, r.mergeRequest(row.Number, "/versions"), nil)
	var pushed time.Time
	for _, v := range versions {
		if v.Head == row.Head && (pushed.IsZero() || v.Created.Before(pushed)) {
			pushed = v.Created.Time
		}
	}
	return pushed, err
}

// checks reads how the pipeline of the last commit ended, where that is required.
func (r *reader) checks(ctx context.Context, row *schema.MergedChange) error {
	if !r.project.NeedsPipeline {
		return nil
	}
	var whole struct {
		Pipeline *struct {
			Status string `json:"status"`
		} `json:"head_pipeline"` // in no list
	}
	if _, err := r.get(ctx, r.mergeRequest(row.Number, ""), nil, &whole); err != nil {
		return err
	}
	if p := whole.Pipeline; p != nil && (p.Status == "success" || p.Status == "skipped" && r.project.SkippedIsGood) {
		row.Checks = append(row.Checks, pipelineCheck)
	} else {
		row.FailedChecks = append(row.FailedChecks, pipelineCheck)
	}
	return nil
}

// directPushes asks of each first-parent commit of the period that no known change
// left on the branch whether another did.
func (r *reader) directPushes(ctx context.Context) (int, error) {
	type commit struct {
		ID        string      `json:"id"`
		Author    string      `json:"author_name"`
		Committed forge.Stamp `json:"committed_date"`
	}
	commits, err := list[commit](ctx, r.asker, r.at("repository", "commits"), url.Values{
		"ref_name": {r.branch}, "first_parent": {"true"}, "since": {r.since.Format(time.RFC3339)}, "until": {r.until.Format(time.RFC3339)},
	})
	rows := 0
	for _, c := range commits {
		brought, err := r.brought(ctx, c.ID)
		if err != nil {
			return rows, err
		}
		if !brought {
			r.to.Rows(schema.DirectPush{Forge: r.source.Forge.Name, Repository: r.row, Branch: r.branch, Commit: c.ID, Author: c.Author, Committed: c.Committed.Time})
			rows++
		}
	}
	return rows, err
}

// brought reports whether a merge request brought a commit to the branch.
func (r *reader) brought(ctx context.Context, id string) (bool, error) {
	if r.merged[id] {
		return true, nil
	}
	type item struct {
		State  string `json:"state"`
		Target string `json:"target_branch"`
	}
	found, err := list[item](ctx, r.asker, r.at("repository", "commits", id, "merge_requests"), nil)
	return slices.ContainsFunc(found, func(m item) bool { return m.State == "merged" && m.Target == r.branch }), err
}
