package github

import (
	"context"
	"net/http"
	"net/url"

	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// A secret as the lists have it. They never have its value.
type secret struct {
	Name       string      `json:"name"`
	Created    forge.Stamp `json:"created_at"`
	Updated    forge.Stamp `json:"updated_at"`
	Visibility string      `json:"visibility"`
}

func (a *asker) secretRow(s secret, repository, scope, environment string) schema.PipelineSecret {
	return schema.PipelineSecret{
		Forge: a.source.Forge.Name, Repository: repository, Scope: scope, Environment: environment, Name: s.Name, Kind: "secret",
		Created: s.Created.Time, Updated: s.Updated.Time, Visibility: s.Visibility, Protected: true, Masked: true, Hidden: true,
	}
}

// pipelineSecrets reads the names of the secrets of the repository and of its environments.
func (r *reader) pipelineSecrets(ctx context.Context) (int, error) {
	rows := 0
	give := func(path, scope, environment string) error {
		found, err := listIn[secret](ctx, r.asker, path, "secrets")
		for _, s := range found {
			r.to.Rows(r.secretRow(s, r.row, scope, environment))
		}
		rows += len(found)
		return err
	}
	if err := give(r.path+"actions/secrets", "repository", ""); err != nil {
		return rows, err
	}
	environments, err := r.listEnvironments(ctx)
	if err != nil {
		return rows, err
	}
	for _, e := range environments {
		if err := give(r.path+"environments/"+url.PathEscape(e.Name)+"/secrets", "environment", e.Name); err != nil {
			return rows, err
		}
	}
	return rows, nil
}

func (a *asker) organizationSecrets(ctx context.Context, org string) (int, error) {
	found, err := listIn[secret](ctx, a, "orgs/"+org+"/actions/secrets", "secrets")
	for _, s := range found {
		a.to.Rows(a.secretRow(s, a.full(org), "organization", ""))
	}
	return len(found), err
}

// alerts reads the open alerts of the three scanners. One that is switched off has
// none; when all three are, the repository has no alerts at all.
func (r *reader) alerts(ctx context.Context) (int, error) {
	rows, off := 0, 0
	for _, scanner := range []func(context.Context) (int, error){r.dependencyAlerts, r.codeAlerts, r.secretAlerts} {
		n, err := scanner(ctx)
		rows += n
		switch {
		case switchedOff(err):
			off++
		case err != nil:
			return rows, err
		}
	}
	if off == 3 {
		return 0, errAbsent
	}
	return rows, nil
}

// switchedOff recognises how GitHub says that a scanner does not run.
func switchedOff(err error) bool {
	return says(err, http.StatusForbidden, "disabled") || says(err, http.StatusForbidden, "must be enabled") ||
		says(err, http.StatusNotFound, "no analysis found") || says(err, http.StatusNotFound, "disabled")
}

var severities = map[string]schema.Severity{
	"critical": schema.Critical, "high": schema.High, "medium": schema.Medium, "moderate": schema.Medium, "low": schema.Low,
	"error": schema.High, "warning": schema.Medium, "note": schema.Low,
}

func severity(words ...string) schema.Severity {
	for _, w := range words {
		if s, ok := severities[w]; ok {
			return s
		}
	}
	return schema.Medium
}

func (r *reader) alert(scanner string, n int, s schema.Severity, rule, pkg string, created forge.Stamp) {
	r.to.Rows(schema.ForgeAlert{
		Forge: r.source.Forge.Name, Repository: r.row, Scanner: scanner, Number: n, Severity: s, Rule: rule, Package: pkg, Created: created.Time,
	})
}

func (r *reader) dependencyAlerts(ctx context.Context) (int, error) {
	type alert struct {
		Number   int         `json:"number"`
		Created  forge.Stamp `json:"created_at"`
		Advisory struct {
			ID       string `json:"ghsa_id"`
			Severity string `json:"severity"`
		} `json:"security_advisory"`
		Dependency struct {
			Package struct {
				Name string `json:"name"`
			} `json:"package"`
		} `json:"dependency"`
	}
	found, err := list[alert](ctx, r.asker, r.path+"dependabot/alerts", url.Values{"state": {"open"}})
	for _, a := range found {
		r.alert("dependency", a.Number, severity(a.Advisory.Severity), a.Advisory.ID, a.Dependency.Package.Name, a.Created)
	}
	return len(found), err
}

func (r *reader) codeAlerts(ctx context.Context) (int, error) {
	type alert struct {
		Number  int         `json:"number"`
		Created forge.Stamp `json:"created_at"`
		Rule    struct {
			ID       string `json:"id"`
			Severity string `json:"severity"`
			Security string `json:"security_severity_level"`
		} `json:"rule"`
	}
	found, err := list[alert](ctx, r.asker, r.path+"code-scanning/alerts", url.Values{"state": {"open"}, "ref": {"refs/heads/" + r.branch}})
	for _, a := range found {
		r.alert("code", a.Number, severity(a.Rule.Security, a.Rule.Severity), a.Rule.ID, "", a.Created)
	}
	return len(found), err
}

// secretAlerts asks with hide_secret and has no field for the secret either.
func (r *reader) secretAlerts(ctx context.Context) (int, error) {
	type alert struct {
		Number  int         `json:"number"`
		Created forge.Stamp `json:"created_at"`
		Type    string      `json:"secret_type"`
	}
	found, err := list[alert](ctx, r.asker, r.path+"secret-scanning/alerts", url.Values{"state": {"open"}, "hide_secret": {"true"}})
	for _, a := range found {
		r.alert("secret", a.Number, schema.Critical, a.Type, "", a.Created)
	}
	return len(found), err
}
