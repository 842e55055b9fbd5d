package input

import (
	"maps"

	"github.com/auditpack/auditpack/schema"
)

// fillDefaults fills what the documents leave out. An empty list is an answer and
// stays; only what is absent is filled. The period depends on the day of the run:
// schema.PlanSpec.PeriodAsOf has its default.
func fillDefaults(in *schema.Inputs) {
	p := &in.Plan.Spec
	if p.Secrets == "" {
		p.Secrets = schema.SecretsNone
	}
	fill(&p.Namespaces.Exclude, "kube-system", "kube-public", "kube-node-lease")
	fill(&p.Namespaces.Production, "production", "prod")
	fill(&p.Labels.Owner, "owner", "team")
	fill(&p.Labels.Environment, "environment", "env")
	fill(&p.Labels.DataClass, "data-class")
	fill(&p.Labels.RotationClass, "rotation-class")
	for i := range in.Table.Spec.Controls {
		for _, part := range parts(&in.Table.Spec.Controls[i].Responsibility) {
			if *part == "" {
				*part = "-"
			}
		}
	}
	days := map[schema.Severity]int{schema.Critical: 30, schema.High: 90, schema.Medium: 180, schema.Low: 365}
	maps.Copy(days, in.Exceptions.Spec.MaxDays)
	in.Exceptions.Spec.MaxDays = days
}

func fill(list *[]string, values ...string) {
	if *list == nil {
		*list = values
	}
}
