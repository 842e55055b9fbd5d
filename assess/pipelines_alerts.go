package assess

import (
	"fmt"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// alertsOf returns the open alerts of each repository.
func alertsOf(p *Pass) map[string][]schema.ForgeAlert {
	out := map[string][]schema.ForgeAlert{}
	for _, a := range p.Evidence.ForgeAlerts {
		out[a.Repository] = append(out[a.Repository], a)
	}
	return out
}

// overdueAlerts decides CHG-06.p1: no alert for dependencies or code that is critical
// or high is open for longer than images may keep such a vulnerability. Where no
// scanner runs, nobody knows.
func overdueAlerts(p *Pass) ([]Outcome, error) {
	alerts := alertsOf(p)
	var out []Outcome
	for _, r := range p.Evidence.Repositories {
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		var overdue []string
		for _, a := range alerts[r.Repository] {
			if a.Scanner != "secret" && p.overdue(a) {
				name := a.Rule
				if a.Package != "" {
					name += " in " + a.Package
				}
				overdue = append(overdue, name)
			}
		}
		switch {
		case !p.offered(schema.ForgeAlerts, r.Repository):
			o.Result, o.Message = schema.ResultNotCollected, "no scanner of the forge runs for "+r.Repository
		case len(overdue) > 0:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"repo": r.Repository, "n": fmt.Sprint(len(overdue)), "alerts": listed(overdue, namesShown)}
		}
		out = append(out, o)
	}
	return out, nil
}

// overdue reports whether an alert is open for longer than its severity allows.
func (p *Pass) overdue(a schema.ForgeAlert) bool {
	days, ok := map[schema.Severity]int{schema.Critical: criticalDays, schema.High: highDays}[a.Severity]
	return ok && p.Facts.AsOf.Sub(a.Created) > time.Duration(days)*24*time.Hour
}

// secretScanning decides SEC-02.p1: no secret that was found in a repository is open,
// and GitHub looks for them and keeps them out. GitLab has no such switches.
func secretScanning(p *Pass) ([]Outcome, error) {
	alerts := alertsOf(p)
	var out []Outcome
	for _, r := range p.Evidence.Repositories {
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		var found []string
		for _, a := range alerts[r.Repository] {
			if a.Scanner == "secret" {
				found = append(found, a.Rule)
			}
		}
		switch {
		case len(found) > 0:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"repo": r.Repository, "n": fmt.Sprint(len(found)), "types": listed(found, namesShown)}
		case r.Kind != schema.GitHub:
			o.Result = schema.ResultNotApplicable
		case r.SecretScanning == schema.Off:
			o.Result, o.Message = schema.ResultPartial, "Nobody looks for secrets in "+r.Repository+": secret scanning is off."
		case r.PushProtection == schema.Off:
			o.Result, o.Message = schema.ResultPartial, "Secrets may be pushed to "+r.Repository+": push protection is off."
		case r.SecretScanning != schema.On || r.PushProtection != schema.On:
			o.Result, o.Message = schema.ResultNotCollected, "whether "+r.Repository+" is scanned for secrets: the token may not see it"
		}
		out = append(out, o)
	}
	return out, nil
}
