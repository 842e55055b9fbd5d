package gitlab

import (
	"cmp"
	"context"
	"strings"
	"time"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/schema"
)

// A reader reads one project.
type reader struct {
	*asker
	// path is for requests, row what rows are given.
	path, row string
	branch    string
	project   project
	// groups are the paths of the groups that the project lies in, outermost first.
	groups       []string
	since, until time.Time
	// merged are the commits that changes of the period left on the branch.
	merged map[string]bool
}

func newReader(a *asker, name string) *reader {
	return &reader{
		asker: a, path: "projects/" + gitlab.PathEscape(name), row: a.full(name),
		since: a.source.Period.From.Time(), until: a.source.Period.To.Time(), merged: map[string]bool{},
	}
}

// A question is what is asked about one project: it gives rows to the sink and says
// how many, and whether something was in the way.
type question struct {
	resource, target string
	ask              func(ctx context.Context) (rows int, err error)
}

// read puts every question. When the project itself cannot be seen the others are
// not put, and each is recorded with that answer.
func (r *reader) read(ctx context.Context) {
	n, err := r.settings(ctx)
	r.settle(schema.Repositories, r.row, "get project and the scope of job tokens", n, err)
	for _, g := range r.groups {
		r.group(ctx, g)
	}
	for _, q := range r.questions() {
		if ctx.Err() != nil {
			return
		}
		if r.branch == "" {
			r.settle(q.resource, r.row, q.target, 0, cmp.Or(err, error(errAbsent("the project has no branch"))))
			continue
		}
		rows, err := q.ask(ctx)
		r.settle(q.resource, r.row, q.target, rows, err)
	}
}

func (r *reader) questions() []question {
	return []question{
		{schema.BranchRules, "get protection of the branch, settings and rules of approvals", r.branchRules},
		{schema.MergedChanges, "list merge requests that were merged in the period, with approvals", r.mergedChanges},
		{schema.DirectPushes, "list first-parent commits of the period without a merge request", r.directPushes},
		{schema.RuleBypasses, "list pushes that passed over rules", unrecorded},
		{schema.DeployKeys, "list deploy keys", r.deployKeys},
		{schema.PipelineSecrets, "list names of variables", r.variables},
		{schema.ForgeAlerts, "list open vulnerabilities", r.alerts},
		{schema.Environments, "list environments and what protects them", r.environments},
		{schema.Deployments, "list deployments of the period, with approvals", r.deployments},
		{schema.Workflows, "read the pipeline definition of the branch", r.pipeline},
		{schema.ForgeMembers, "list members of the project itself", r.members},
		{schema.ForgeWebhooks, "list webhooks", r.webhooks},
	}
}

func unrecorded(context.Context) (int, error) {
	return 0, errAbsent("GitLab keeps no record of them; who may push past a merge request stands in the rules of the branch")
}

// within reports whether a time lies in the period.
func (r *reader) within(t time.Time) bool { return !t.Before(r.since) && t.Before(r.until) }

// at is the path of a part of the project.
func (r *reader) at(parts ...string) string { return r.path + "/" + strings.Join(parts, "/") }
