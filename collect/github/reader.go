package github

import (
	"cmp"
	"context"
	"net/url"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A reader reads one repository.
type reader struct {
	*asker
	// name is owner/name, path the same for requests, row what rows are given.
	name, path, row string
	branch          string
	since, until    time.Time
	// required are the checks that the rules of the branch demand, as far as the token sees them.
	required []string
	// merged are the changes that were merged in the period, by what they left on the branch.
	merged map[string]bool
}

func newReader(a *asker, s *source, name string) *reader {
	owner, repository, _ := strings.Cut(name, "/")
	return &reader{
		asker: a, name: name, path: "repos/" + url.PathEscape(owner) + "/" + url.PathEscape(repository) + "/", row: a.full(name),
		since: s.Period.From.Time(), until: s.Period.To.Time(), merged: map[string]bool{},
	}
}

// A question is what is asked about one repository: it gives rows to the sink and
// says how many, and whether something was in the way.
type question struct {
	resource, target string
	ask              func(ctx context.Context) (rows int, err error)
}

// read puts every question. When the repository itself cannot be seen the others
// are not put, and each is recorded with that answer.
func (r *reader) read(ctx context.Context) {
	n, err := r.repository(ctx)
	r.settle(schema.Repositories, r.row, "get repository and its settings for pipelines", n, err)
	for _, q := range r.questions() {
		if ctx.Err() != nil {
			return
		}
		if r.branch == "" {
			r.settle(q.resource, r.row, q.target, 0, cmp.Or(err, errAbsent))
			continue
		}
		rows, err := q.ask(ctx)
		r.settle(q.resource, r.row, q.target, rows, err)
	}
}

func (r *reader) questions() []question {
	return []question{
		{schema.BranchRules, "get rules and protection of the branch", r.branchRules},
		{schema.MergedChanges, "list changes that were merged in the period, with reviews and checks", r.mergedChanges},
		{schema.DirectPushes, "list first-parent commits of the period without a merged change", r.directPushes},
		{schema.RuleBypasses, "list pushes of the last month that passed over rules", r.ruleBypasses},
		{schema.DeployKeys, "list deploy keys", r.deployKeys},
		{schema.PipelineSecrets, "list names of secrets of the repository and its environments", r.pipelineSecrets},
		{schema.ForgeAlerts, "list open alerts for dependencies, code and secrets", r.alerts},
		{schema.Environments, "list deployment environments", r.environments},
		{schema.Deployments, "list deployments of the period, with approvals", r.deployments},
		{schema.Workflows, "read workflow files of the branch", r.workflows},
		{schema.ForgeMembers, "list outside collaborators", r.collaborators},
		{schema.ForgeWebhooks, "list webhooks", r.webhooks},
	}
}

// within reports whether a time lies in the period.
func (r *reader) within(t time.Time) bool { return !t.Before(r.since) && t.Before(r.until) }
