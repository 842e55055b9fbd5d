package github

import (
	"context"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

type account struct {
	Login string `json:"login"`
	Type  string `json:"type"` // User or Bot
}

type pull struct {
	Number  int         `json:"number"`
	Author  account     `json:"user"`
	Merged  forge.Stamp `json:"merged_at"`
	Updated forge.Stamp `json:"updated_at"`
	Commit  string      `json:"merge_commit_sha"`
	Base    struct {
		Ref string `json:"ref"`
	} `json:"base"`
	Head struct {
		SHA string `json:"sha"`
	} `json:"head"`
}

// mergedChanges reads every pull request that was merged into the branch in the
// period. The list is paged by the time of the last update, newest first, because a
// search gives no more than 1,000 results.
func (r *reader) mergedChanges(ctx context.Context) (int, error) {
	query := url.Values{"state": {"closed"}, "base": {r.branch}, "sort": {"updated"}, "direction": {"desc"}}
	older := func(page []pull) bool { // what was merged in the period was updated in it or later
		return len(page) > 0 && page[len(page)-1].Updated.Before(r.since)
	}
	pulls, err := listUntil(ctx, r.asker, r.path+"pulls", "", query, older)
	if err != nil {
		return 0, err
	}
	rows := 0
	for _, p := range pulls {
		if p.Merged.IsZero() || !r.within(p.Merged.Time) {
			continue
		}
		row, err := r.mergedChange(ctx, p)
		if err != nil {
			return rows, err
		}
		r.merged[row.MergeCommit] = true
		r.to.Rows(row)
		rows++
	}
	return rows, nil
}

func (r *reader) mergedChange(ctx context.Context, p pull) (schema.MergedChange, error) {
	row := schema.MergedChange{
		Forge: r.source.Forge.Name, Repository: r.row, Number: p.Number, Branch: p.Base.Ref, MergeCommit: p.Commit, Head: p.Head.SHA,
		Author: p.Author.Login, Merged: p.Merged.Time,
	}
	path := r.path + "pulls/" + number(int64(p.Number))
	var whole struct {
		MergedBy *account `json:"merged_by"` // in no list
	}
	if _, err := r.get(ctx, path, &whole); err != nil {
		return row, err
	}
	if whole.MergedBy != nil {
		row.MergedBy = whole.MergedBy.Login
	}
	if err := r.approvals(ctx, path, &row, p.Merged.Time); err != nil {
		return row, err
	}
	return row, r.checks(ctx, &row)
}

// approvals sorts those whose latest review before the merge approves. Programs
// count only when the plan lists them.
func (r *reader) approvals(ctx context.Context, path string, row *schema.MergedChange, merged time.Time) error {
	type review struct {
		User      *account    `json:"user"`
		State     string      `json:"state"`
		Commit    string      `json:"commit_id"`
		Submitted forge.Stamp `json:"submitted_at"`
	}
	reviews, err := list[review](ctx, r.asker, path+"/reviews", nil)
	if err != nil {
		return err
	}
	latest := map[string]review{}
	for _, v := range reviews { // in the order of time; a comment takes no approval back
		if v.User == nil || v.State == "COMMENTED" || v.State == "PENDING" || v.Submitted.After(merged) {
			continue
		}
		if v.User.Type == "Bot" && !slices.Contains(r.source.Forge.Bots, v.User.Login) {
			continue
		}
		latest[v.User.Login] = v
	}
	for who, v := range latest {
		switch {
		case v.State != "APPROVED":
		case v.Commit == row.Head:
			row.Approvers = append(row.Approvers, who)
		default:
			row.StaleApprovers = append(row.StaleApprovers, who)
		}
	}
	row.Approvers, row.StaleApprovers = forge.Sorted(row.Approvers), forge.Sorted(row.StaleApprovers)
	return nil
}

// checks sorts the required checks of the last commit of a change, by both ways in
// which GitHub is told of them: check runs and commit statuses.
func (r *reader) checks(ctx context.Context, row *schema.MergedChange) error {
	row.Checks, row.FailedChecks = []string{}, []string{}
	if len(r.required) == 0 {
		return nil
	}
	type run struct {
		Name       string `json:"name"`
		Conclusion string `json:"conclusion"`
	}
	type status struct {
		Context string `json:"context"`
		State   string `json:"state"`
	}
	runs, err := listIn[run](ctx, r.asker, r.path+"commits/"+row.Head+"/check-runs", "check_runs")
	if err != nil {
		return err
	}
	statuses, err := listIn[status](ctx, r.asker, r.path+"commits/"+row.Head+"/status", "statuses")
	if err != nil {
		return err
	}
	good := map[string]bool{}
	for _, x := range runs {
		good[x.Name] = good[x.Name] || slices.Contains([]string{"success", "neutral", "skipped"}, x.Conclusion)
	}
	for _, x := range statuses {
		good[x.Context] = good[x.Context] || x.State == "success"
	}
	for _, name := range r.required {
		if good[name] {
			row.Checks = append(row.Checks, name)
		} else {
			row.FailedChecks = append(row.FailedChecks, name)
		}
	}
	return nil
}

// directPushes walks the branch from its newest commit of the period along first
// parents, and asks of each that no known change left there whether another did.
func (r *reader) directPushes(ctx context.Context) (int, error) {
	type commit struct {
		SHA     string `json:"sha"`
		Parents []struct {
			SHA string `json:"sha"`
		} `json:"parents"`
		Author *account `json:"author"`
		Commit struct {
			Author struct {
				Name string `json:"name"`
			} `json:"author"`
			Committer struct {
				Date forge.Stamp `json:"date"`
			} `json:"committer"`
		} `json:"commit"`
	}
	commits, err := list[commit](ctx, r.asker, r.path+"commits", url.Values{
		"sha": {r.branch}, "since": {r.since.Format(time.RFC3339)}, "until": {r.until.Format(time.RFC3339)},
	})
	if err != nil || len(commits) == 0 {
		return 0, err
	}
	bySHA := map[string]commit{}
	for _, c := range commits {
		bySHA[c.SHA] = c
	}
	rows := 0
	for c, ok := commits[0], true; ok; {
		brought, err := r.brought(ctx, c.SHA)
		if err != nil {
			return rows, err
		}
		if !brought {
			author := c.Commit.Author.Name
			if c.Author != nil {
				author = c.Author.Login
			}
			r.to.Rows(schema.DirectPush{Forge: r.source.Forge.Name, Repository: r.row, Branch: r.branch, Commit: c.SHA, Author: author, Committed: c.Commit.Committer.Date.Time})
			rows++
		}
		if len(c.Parents) == 0 {
			break
		}
		c, ok = bySHA[c.Parents[0].SHA]
	}
	return rows, nil
}

// brought reports whether a merged change brought a commit to the branch. A rebase
// leaves several commits, of which only the last is known from the change.
func (r *reader) brought(ctx context.Context, sha string) (bool, error) {
	if r.merged[sha] {
		return true, nil
	}
	pulls, err := list[pull](ctx, r.asker, r.path+"commits/"+sha+"/pulls", nil)
	return slices.ContainsFunc(pulls, func(p pull) bool {
		return !p.Merged.IsZero() && strings.EqualFold(p.Base.Ref, r.branch)
	}), err
}
