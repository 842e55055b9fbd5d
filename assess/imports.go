package assess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// importFuncs are the checks that files of other tools decide, where they are given.
var importFuncs = map[string]Func{
	"clusterSignIn":      clusterSignIn,
	"endpointExposure":   endpointExposure,
	"providerAuditLog":   providerAuditLog,
	"providerEncryption": providerEncryption,
	"nodeBenchmark":      nodeBenchmark,
	"recentPlans":        recentPlans,
}

// How many days what other tools say counts: an export of a provider as a document
// of that type does, a benchmark and a plan as the catalogue says of their checks.
const (
	exportDays    = 90
	benchmarkDays = 90
	planDays      = 30
)

// reads reports whether a check looks at a population of an origin.
func reads(c *compiledCheck, origin schema.Origin) bool {
	p, _ := schema.PopulationNamed(c.Population)
	return p.Origin == origin
}

// given reports whether files of other tools, or answers of registries, are part of
// the snapshot.
func (a *assessment) given(resources ...string) bool {
	return slices.ContainsFunc(a.snap.Queries, func(q schema.Query) bool { return slices.Contains(resources, q.Resource) })
}

// imported reports whether any file of another tool was read.
func (a *assessment) imported() bool {
	return len(a.snap.Evidence.Imports) > 0 || a.given(schema.ImportedFiles)
}

// runImports decides a check by what was imported: each cluster by the rows about it,
// or all at once where they are about none. What no import tells, documents do, where
// the check takes documents.
func (a *assessment) runImports(ctx context.Context, v *verdict) error {
	c := v.check
	population, _ := schema.PopulationNamed(c.Population)
	for _, resource := range population.Resources {
		for _, q := range a.answers[schema.ImportSource][resource] {
			if q.Gap() {
				v.conclude(schema.ResultNotCollected, describeGap(q))
			}
		}
	}
	scopes := a.clusters
	if !aboutClusters(population) {
		scopes = []string{schema.ImportSource}
	}
	var without []string
	for _, scope := range scopes {
		if err := ctx.Err(); err != nil {
			return err
		}
		e, d := a.rows(scope)
		if rowsOf(e, d, c.Population).Len() == 0 {
			without = append(without, scope)
			continue
		}
		if err := a.runFunc(v, a.pass(c, scope)); err != nil {
			return err
		}
	}
	switch {
	case len(without) == 0 && len(scopes) > 0:
	case c.Kind == schema.CheckDocument:
		a.runDocuments(v)
	case aboutClusters(population):
		v.conclude(schema.ResultNotCollected, fmt.Sprintf("nothing about %s is imported that tells it", strings.Join(without, ", ")))
	default:
		v.conclude(schema.ResultNotCollected, "nothing is imported that tells it")
	}
	return nil
}

// aboutClusters reports whether each row of a population is about a cluster.
func aboutClusters(p schema.Population) bool {
	return p.Row.Subject().Cluster != schema.ImportSource
}

// aged corrects a result for the age of the file that it rests on: one that is too old
// tells nothing about today, and one without a date may be.
func (p *Pass) aged(o Outcome, file string, made time.Time, days int) Outcome {
	age := int(p.Facts.AsOf.Sub(made) / (24 * time.Hour))
	switch {
	case o.Result == schema.ResultNotApplicable || o.Result == schema.ResultNotCollected:
	case made.IsZero() && o.Result == schema.ResultFail:
	case made.IsZero():
		o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("Nothing says when %s was made: say it with made: in the plan.", file)
	case age > days:
		o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("%s is %d days old, and counts for %d: import a new one.", file, age, days)
	}
	return o
}

// settings gives each setting of the cluster to a judgement, and corrects it for its age.
func (p *Pass) settings(judge func(*schema.ClusterSetting) Outcome) []Outcome {
	var out []Outcome
	for i := range p.Evidence.ClusterSettings {
		s := &p.Evidence.ClusterSettings[i]
		o := judge(s)
		o.Subject = s.Subject()
		out = append(out, p.aged(o, s.Import, s.Made, exportDays))
	}
	return out
}

// clusterSignIn decides ACC-03.d2: nobody signs in to the cluster but through the
// cloud, and those who do are roles or groups.
func clusterSignIn(p *Pass) ([]Outcome, error) {
	out := p.settings(func(s *schema.ClusterSetting) Outcome {
		switch {
		case s.LocalAccounts == schema.On:
			return Outcome{Result: schema.ResultFail, Vars: map[string]string{"detail": listed(s.LocalAccess, namesShown)}}
		case s.LocalAccounts != schema.Off:
			return Outcome{Result: schema.ResultNotCollected, Message: s.Import + " does not say whether there are local accounts"}
		case s.Provider == "eks" && len(p.Evidence.CloudPrincipals) == 0 && s.AuthenticationMode != "CONFIG_MAP":
			return Outcome{Result: schema.ResultNeedsReview, Message: "Access entries sign in to " + s.Name + ", and none are imported: add aws eks list-access-entries."}
		}
		return Outcome{Result: schema.ResultPass}
	})
	for i := range p.Evidence.CloudPrincipals {
		c := &p.Evidence.CloudPrincipals[i]
		o := Outcome{Subject: c.Subject(), Result: schema.ResultPass}
		if c.User {
			o.Result, o.Message = schema.ResultFail, fmt.Sprintf("%s, the long-lived identity of one person, may sign in to %s.", c.Principal, c.Cluster)
		}
		out = append(out, p.aged(o, c.Import, c.Made, exportDays))
	}
	return out, nil
}

// endpointExposure decides ACC-08.d1: from where the API server is reached.
func endpointExposure(p *Pass) ([]Outcome, error) {
	return p.settings(func(s *schema.ClusterSetting) Outcome {
		o := Outcome{Result: schema.ResultPass, Vars: map[string]string{"cidrs": listed(s.PublicCIDRs, namesShown)}}
		switch {
		case s.PublicEndpoint == schema.Off:
		case s.PublicEndpoint != schema.On:
			o.Result, o.Message = schema.ResultNotCollected, s.Import+" does not say how the API server is reached"
		case len(s.PublicCIDRs) == 0, slices.ContainsFunc(s.PublicCIDRs, anywhere):
			o.Result, o.Message = schema.ResultFail, "The API server of "+s.Name+" is reached from any address."
		default:
			o.Result = schema.ResultPartial
		}
		return o
	}), nil
}

// providerAuditLog decides MON-01.d1: requests to the API server are logged, reads too.
func providerAuditLog(p *Pass) ([]Outcome, error) {
	return p.settings(func(s *schema.ClusterSetting) Outcome {
		switch {
		case s.AuditLog == schema.Off:
			return Outcome{Result: schema.ResultFail, Vars: map[string]string{"x": "audit", "cluster": s.Name}}
		case s.AuditLog != schema.On:
			return Outcome{Result: schema.ResultNotCollected, Message: s.Import + " does not say what is logged: that is a setting outside the cluster"}
		case s.AuditReads != schema.On:
			return Outcome{Result: schema.ResultPartial, Message: "Changes to " + s.Name + " are logged; nothing shows that reads of secrets are."}
		}
		return Outcome{Result: schema.ResultPass}
	}), nil
}

// providerEncryption decides SEC-04.d1: a key of the customer encrypts secrets, or a
// document accepts what the provider does by default.
func providerEncryption(p *Pass) ([]Outcome, error) {
	return p.settings(func(s *schema.ClusterSetting) Outcome {
		switch {
		case s.SecretsEncrypted == schema.On, p.Facts.Documented(p.Check.ID, s.Cluster):
			return Outcome{Result: schema.ResultPass}
		}
		return Outcome{Result: schema.ResultNeedsReview, Message: "No key of the customer encrypts the secrets of " + s.Name +
			"; whether the provider's default is enough is to be decided, and registered as a document of " + p.Check.ID + "."}
	}), nil
}

// nodeBenchmark decides SEP-05.d1: what a scan against a CIS benchmark found, item by item.
func nodeBenchmark(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for i := range p.Evidence.BenchmarkResults {
		r := &p.Evidence.BenchmarkResults[i]
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		switch r.Status {
		case "FAIL":
			o.Result, o.Message = schema.ResultFail, fmt.Sprintf("Item %s of %s fails on %s.", r.Item, r.Benchmark, r.Target)
		case "WARN", "INFO":
			o.Result = schema.ResultNotApplicable // for a person to look at, by the benchmark's own word
		}
		out = append(out, p.aged(o, r.Import, r.Made, benchmarkDays))
	}
	return out, nil
}

// recentPlans decides RES-04.p1: the newest plan of each stack is recent and has
// nothing to change.
func recentPlans(p *Pass) ([]Outcome, error) {
	newest := map[string]*schema.InfrastructurePlan{}
	for i := range p.Evidence.InfrastructurePlans {
		plan := &p.Evidence.InfrastructurePlans[i]
		if old := newest[plan.Stack]; old == nil || old.Made.Before(plan.Made) {
			newest[plan.Stack] = plan
		}
	}
	var out []Outcome
	for _, stack := range sortedKeys(newest) {
		plan := newest[stack]
		o := Outcome{Subject: plan.Subject(), Result: schema.ResultPass, Vars: map[string]string{"stack": stack}}
		old := !plan.Made.IsZero() && p.Facts.AsOf.Sub(plan.Made) > planDays*24*time.Hour
		switch n := len(plan.Changes) + len(plan.Drift); {
		case old:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("No recent plan for %s: the last is of %s.", stack, schema.DateOf(plan.Made))
		case plan.Errored:
			o.Result, o.Message = schema.ResultNeedsReview, "The plan of "+stack+" ended with an error."
		case n > 0:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("The plan of %s has %d changes to be explained: %s.", stack, n, listed(slices.Concat(plan.Drift, plan.Changes), namesShown))
		case plan.Made.IsZero():
			o = p.aged(o, plan.Import, plan.Made, planDays)
		}
		out = append(out, o)
	}
	return out, nil
}
