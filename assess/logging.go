package assess

import (
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// logAgentNamespaces returns the daemon sets of log agents by their namespace.
func logAgentNamespaces(p *Pass) map[string][]schema.Workload {
	out := map[string][]schema.Workload{}
	for _, w := range p.Evidence.Workloads {
		if w.Kind == "DaemonSet" && runsOneOf(w.Images, logAgentImages) {
			out[w.Namespace] = append(out[w.Namespace], w)
		}
	}
	return out
}

// logsLeave decides MON-02.k2: each configuration of a log agent has an output
// outside the cluster. Whose configuration a ConfigMap is, its namespace tells.
func logsLeave(p *Pass) ([]Outcome, error) {
	agents := logAgentNamespaces(p)
	outputs := map[schema.Subject][]schema.LogOutput{}
	visible := map[string]bool{}
	for _, l := range p.Evidence.LogOutputs {
		if _, ok := agents[l.Namespace]; !ok && l.Kind != "ClusterLogForwarder" {
			continue
		}
		s := l.Subject()
		s.Field = ""
		outputs[s] = append(outputs[s], l)
		visible[l.Namespace] = true
	}
	var out []Outcome
	for s, list := range outputs {
		out = append(out, p.judgeOutputs(s, list))
	}
	for namespace, list := range agents {
		if visible[namespace] {
			continue
		}
		for _, w := range list {
			out = append(out, Outcome{Subject: w.Subject(), Result: schema.ResultNeedsReview,
				Message: fmt.Sprintf("Where %s sends logs is not in a ConfigMap of its namespace that can be read.", w.Subject())})
		}
	}
	slices.SortFunc(out, func(a, b Outcome) int { return a.Subject.Compare(b.Subject) })
	return out, nil
}

func (p *Pass) judgeOutputs(s schema.Subject, list []schema.LogOutput) Outcome {
	o := Outcome{Subject: s, Result: schema.ResultFail, Vars: map[string]string{"name": s.String()}}
	places := map[where]bool{}
	for _, l := range list {
		places[p.placeOf(l)] = true
	}
	excludes := list[0].Excludes
	switch {
	case places[outside] && len(excludes) > 0:
		o.Result, o.Severity = schema.ResultNeedsReview, schema.Info
		o.Message = fmt.Sprintf("%s sends logs out of the cluster, but for %s.", s, listed(excludes, namesShown))
	case places[outside]:
		o.Result = schema.ResultPass
	case places[unclear]:
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("%s does not tell to which host its outputs send logs.", s)
	}
	return o
}

// where an output sends logs.
type where int

const (
	inside where = iota
	outside
	unclear
)

// cloudPlugins open the names of outputs whose service is a cloud's or a vendor's, and which need no host.
var cloudPlugins = []string{
	"cloudwatch", "s3", "aws_", "kinesis", "firehose", "stackdriver", "google", "gcp_", "gcs", "bigquery", "azure", "datadog", "newrelic", "nrlogs", "new_relic",
	"dynatrace", "sumologic", "logdna", "oracle_log", "honeycomb", "splunk_observability",
}

// localPlugins write nowhere.
var localPlugins = []string{"stdout", "null", "file", "counter", "exit", "console", "debug", "prometheus", "prometheus_exporter"}

func (p *Pass) placeOf(l schema.LogOutput) where {
	plugin := strings.ToLower(l.Plugin)
	switch host := strings.ToLower(strings.TrimSuffix(l.Host, ".")); {
	case slices.Contains(localPlugins, plugin):
		return inside
	case host == "" && slices.ContainsFunc(cloudPlugins, func(start string) bool { return strings.HasPrefix(plugin, start) }):
		return outside
	case host == "":
		return unclear
	case p.insideHost(host):
		return inside
	default:
		if a, err := netip.ParseAddr(host); err == nil && a.IsPrivate() {
			return unclear // an address of a service, or of a log store nearby
		}
		return outside
	}
}

// insideHost reports whether a name is that of a service of the cluster.
func (p *Pass) insideHost(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.IsLoopback()
	}
	labels := strings.Split(host, ".")
	switch {
	case len(labels) == 1, strings.HasSuffix(host, ".cluster.local"), slices.Contains(labels, "svc"):
		return true
	case len(labels) == 2:
		_, ok := p.Facts.Namespace(p.Cluster.Name, labels[1])
		return ok
	}
	return false
}

// alerting decides MON-03.k2: alerts are defined, one of them always fires so that
// silence is noticed, and the default receiver of each Alertmanager reaches somebody.
func alerting(p *Pass) ([]Outcome, error) {
	if !served(p, "prometheusrules.monitoring.coreos.com") {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: p.Cluster.Name + " has no PrometheusRules; where its alerts are defined is not visible"}}, nil
	}
	rules := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	watchdog := slices.ContainsFunc(p.Evidence.AlertRules, func(r schema.AlertRule) bool {
		name := strings.ToLower(r.Alert)
		return strings.Contains(name, "watchdog") || strings.Contains(name, "deadmansswitch") || strings.Contains(name, "dead_mans_switch")
	})
	switch {
	case len(p.Evidence.AlertRules) == 0:
		rules.Result, rules.Message = schema.ResultFail, "No PrometheusRule of "+p.Cluster.Name+" defines an alert."
	case !watchdog:
		rules.Result, rules.Message = schema.ResultPartial, "No alert of "+p.Cluster.Name+" fires always, so that nobody notices when alerting stops."
	}
	return append([]Outcome{rules}, alertRoutes(p)...), nil
}

// served reports whether the cluster serves a resource.
func served(p *Pass, resource string) bool {
	return slices.ContainsFunc(p.Snapshot.Queries, func(q schema.Query) bool {
		return q.Source == p.Cluster.Name && q.Resource == resource && q.Outcome != schema.Absent
	})
}

func alertRoutes(p *Pass) []Outcome {
	configs := map[schema.Subject]schema.AlertRoute{}
	for _, r := range p.Evidence.AlertRoutes {
		if r.Kind == "AlertmanagerConfig" {
			configs[r.Subject()] = r
		}
	}
	var out []Outcome
	for _, r := range p.Evidence.AlertRoutes {
		if r.Kind != "Alertmanager" {
			continue
		}
		o := Outcome{Subject: r.Subject(), Result: schema.ResultPass}
		config, ok := configs[schema.Subject{Cluster: r.Cluster, Kind: "AlertmanagerConfig", Namespace: r.Namespace, Name: r.Config}]
		switch {
		case r.Config == "":
			o.Result, o.Message = schema.ResultNotCollected, "the routing of "+r.Subject().String()+" is held in a Secret, which is not read"
		case !ok:
			o.Result, o.Message = schema.ResultFail, fmt.Sprintf("%s takes its routing from AlertmanagerConfig %s, which does not exist.", r.Subject(), r.Config)
		case len(config.Integrations) == 0:
			o.Result, o.Message = schema.ResultFail, fmt.Sprintf("The default receiver %q of %s tells nobody.", config.Receiver, config.Subject())
		}
		out = append(out, o)
	}
	if len(out) == 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: "no Alertmanager object of " + p.Cluster.Name + " shows whom alerts reach"})
	}
	return out
}

// logStoreImages are parts of the image names of stores of logs.
var logStoreImages = []string{"loki", "elasticsearch", "opensearch", "graylog", "victoria-logs", "quickwit", "splunk"}

// logWriters decides MON-04.k1: the people who can delete pods or events where logs
// are gathered, and those of them who administer the cluster as well.
func logWriters(p *Pass) ([]Outcome, error) {
	places := map[string]bool{}
	for _, w := range p.Evidence.Workloads {
		if w.Kind == "DaemonSet" && runsOneOf(w.Images, logAgentImages) || runsOneOf(w.Images, logStoreImages) {
			places[w.Namespace] = true
		}
	}
	admins := map[schema.Subject]bool{}
	var people []schema.Subject
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.BuiltIn || g.SubjectKind == "ServiceAccount" || rbac.IsComponent(g.SubjectKind, g.SubjectName) {
			continue
		}
		who := holderOf(g)
		if _, ok := admins[who]; !ok {
			people = append(people, who)
		}
		admins[who] = admins[who] || g.AdminEquivalent && g.Scope == rbac.ClusterWide
	}
	var out []Outcome
	for _, who := range people {
		o := Outcome{Subject: who, Result: schema.ResultNotApplicable, Vars: map[string]string{"subject": who.String()}}
		if p.writesLogs(who, sortedKeys(places)) {
			o.Result = schema.ResultPass
			if admins[who] {
				o.Result = schema.ResultNeedsReview
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// writesLogs reports whether a user or group may delete pods, their logs or events in one of the namespaces.
func (p *Pass) writesLogs(who schema.Subject, namespaces []string) bool {
	user, groups := who.Name, []string(nil)
	if who.Kind == "Group" {
		user, groups = "", []string{who.Name}
	}
	for _, ns := range namespaces {
		for _, q := range []rbac.Request{{Resource: "pods"}, {Resource: "pods/log"}, {Resource: "events"}, {Group: "events.k8s.io", Resource: "events"}} {
			q.Verb, q.Namespace = "delete", ns
			if p.Access.Allows(user, groups, q) {
				return true
			}
		}
	}
	return false
}

// clockTolerance is how far two clocks may be apart.
const clockTolerance = 5 * time.Second

// clocks decides MON-04.k2: the collector's clock against the API server's, and the
// nodes' against both. Node leases that were renewed after the run ended, by the
// server's clock, come from clocks that run ahead.
func clocks(p *Pass) ([]Outcome, error) {
	if p.Source.Kind != schema.SourceCluster {
		return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: "no API server of " + p.Cluster.Name + " was asked for the time"}}, nil
	}
	offset := time.Duration(p.Source.ClockOffsetMillis) * time.Millisecond
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass, Vars: map[string]string{"s": fmt.Sprintf("%.1f", offset.Seconds())}}
	if offset.Abs() > clockTolerance {
		o.Result = schema.ResultPartial
	}
	out := []Outcome{o}
	end := p.Source.Finished.Add(offset + clockTolerance)
	for _, l := range p.Evidence.Leases {
		o := Outcome{Subject: l.Subject(), Result: schema.ResultPass}
		if l.Renewed.After(end) {
			o.Result = schema.ResultPartial
			o.Message = fmt.Sprintf("The lease of node %s was renewed at %s by its own clock, %s after the snapshot ended.", l.Name, l.Renewed.Format(time.RFC3339), l.Renewed.Sub(end.Add(-clockTolerance)).Round(time.Second))
		}
		out = append(out, o)
	}
	return out, nil
}
