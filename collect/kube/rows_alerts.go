package kube

import (
	"cmp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// prometheusRule emits one row for each alert. Recording rules tell nobody.
func (r *Reader) prometheusRule(x *object, f fields) {
	for _, g := range f.list("spec", "groups") {
		for _, rule := range g.list("rules") {
			if alert := rule.text("alert"); alert != "" {
				r.to.Rows(schema.AlertRule{
					Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName(),
					Group: g.text("name"), Alert: alert, Severity: rule.text("labels", "severity"),
				})
			}
		}
	}
}

func (r *Reader) alertmanager(x *object, f fields) {
	r.to.Rows(schema.AlertRoute{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		Config: f.text("spec", "alertmanagerConfiguration", "name"),
	})
}

// alertmanagerConfig names the default receiver and the ways in which it tells
// people: its lists, such as slackConfigs, that have an entry.
func (r *Reader) alertmanagerConfig(x *object, f fields) {
	row := schema.AlertRoute{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		Receiver: f.text("spec", "route", "receiver"),
	}
	receivers := f.list("spec", "receivers")
	i := slices.IndexFunc(receivers, func(c fields) bool { return c.text("name") == row.Receiver })
	if i >= 0 {
		for key := range receivers[i] {
			if kind, ok := strings.CutSuffix(key, "Configs"); ok && receivers[i].length(key) > 0 {
				row.Integrations = append(row.Integrations, kind)
			}
		}
	}
	slices.SortFunc(row.Integrations, cmp.Compare)
	r.to.Rows(row)
}
