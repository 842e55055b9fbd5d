package assess

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// changeFuncs decides checks of the area Change.
var changeFuncs = map[string]Func{
	"directChanges": directChangesCheck,
}

// pipelines are the marks of objects that a pipeline manages.
var pipelines = []string{"argocd", "flux", "helm"}

// handManagers are the field managers of tools that people use by hand. A name
// matches whole, or before a hyphen.
var handManagers = []string{"kubectl", "k9s", "Lens", "lens", "node-fetch", "headlamp", "dashboard", "kubernetes-dashboard"}

// byHand reports whether a field manager is a tool that people use by hand.
func byHand(manager string) bool {
	return slices.ContainsFunc(handManagers, func(h string) bool { return manager == h || strings.HasPrefix(manager, h+"-") })
}

// restartPath is where kubectl rollout restart leaves its annotation.
const restartPath = "spec.template.metadata"

// directChangesCheck decides CHG-02.k1: fields of objects that a pipeline manages
// and that a tool of a person changed in the period. A field manager is what the
// client says it is, so this is an indicator and no proof.
func directChangesCheck(p *Pass) ([]Outcome, error) {
	if len(p.Evidence.FieldManagers) == 0 && len(p.Evidence.Workloads) > 0 {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: "the objects of " + p.Cluster.Name + " carry no managed fields"}}, nil
	}
	scaled := map[schema.Subject]bool{}
	for _, a := range p.Evidence.Autoscalers {
		scaled[schema.Subject{Cluster: a.Cluster, Kind: a.TargetKind, Namespace: a.Namespace, Name: a.TargetName}] = true
	}
	period := p.Facts.Plan.PeriodAsOf(p.Facts.AsOf)
	var out []Outcome
	for _, m := range p.Evidence.FieldManagers {
		object := schema.Subject{Cluster: m.Cluster, Kind: m.Kind, Namespace: m.Namespace, Name: m.Name}
		o := Outcome{Subject: m.Subject(), Result: schema.ResultPass}
		switch {
		case !slices.Contains(pipelines, m.ManagedBy) || !p.Facts.Production(m.Cluster, m.Namespace):
			o.Result = schema.ResultNotApplicable
		case slices.Contains(p.Facts.Plan.Access.PipelineManagers, m.Manager) || !byHand(m.Manager) || !inPeriod(m.Time, period):
		default:
			judgeChange(&o, m, scaled[object])
		}
		o.Vars = map[string]string{"object": object.String(), "manager": m.Manager, "time": m.Time.UTC().Format(time.RFC3339), "paths": listed(m.Paths, namesShown)}
		out = append(out, o)
	}
	return out, nil
}

// inPeriod reports whether a change lies in the period or after it. One whose time
// is not known may.
func inPeriod(t time.Time, period schema.Period) bool {
	return t.IsZero() || !t.Before(period.From.Time())
}

func judgeChange(o *Outcome, m schema.FieldManager, autoscaled bool) {
	paths := slices.DeleteFunc(slices.Clone(m.Paths), func(path string) bool { return autoscaled && path == "spec.replicas" })
	restart := m.Manager == "kubectl-rollout" && !slices.ContainsFunc(paths, func(path string) bool { return !strings.HasPrefix(path, restartPath) })
	switch {
	case m.Subresource == "status" || len(paths) == 0:
	case m.Subresource == "scale" || restart:
		o.Result, o.Severity = schema.ResultNeedsReview, schema.Info
	case m.Subresource == "":
		o.Result = schema.ResultFail
	}
}

// sortedKeys returns the keys of a map in order.
func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }
