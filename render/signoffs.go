package render

import (
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A kindOfChange is what the platform can gain after a control was signed off.
type kindOfChange struct {
	control    string
	population string
	one, many  string
	created    func(*schema.Evidence) []time.Time
}

// kindsOfChange have the control of which the sign-off speaks for each.
var kindsOfChange = []kindOfChange{
	{"SEP-02", "namespaces", "namespace", "namespaces", func(e *schema.Evidence) []time.Time {
		return times(e.Namespaces, func(r schema.Namespace) time.Time { return r.Created })
	}},
	{"ACC-02", "bindings", "role binding", "role bindings", func(e *schema.Evidence) []time.Time {
		return times(e.Bindings, func(r schema.Binding) time.Time { return r.Created })
	}},
	{"SEP-06", "services", "service", "services", func(e *schema.Evidence) []time.Time {
		return times(e.Services, func(r schema.Service) time.Time { return r.Created })
	}},
	{"GOV-04", "workloads", "workload", "workloads", func(e *schema.Evidence) []time.Time {
		return times(e.Workloads, func(r schema.Workload) time.Time { return r.Created })
	}},
	{"GOV-05", "customResources", "custom kind", "custom kinds", func(e *schema.Evidence) []time.Time {
		return times(e.CustomResources, func(r schema.CustomResource) time.Time { return r.Created })
	}},
}

func times[R any](rows []R, of func(R) time.Time) []time.Time {
	out := make([]time.Time, len(rows))
	for i, r := range rows {
		out[i] = of(r)
	}
	return out
}

// sinceSignOffs counts what was created after the control that speaks of it was
// signed off: whoever signed has not seen it.
func (b *builder) sinceSignOffs() Text {
	var parts, unread []string
	signed := 0
	for _, k := range kindsOfChange {
		c, ok := b.control[k.control]
		if !ok || c.LastReview.IsZero() {
			continue
		}
		signed++
		if len(b.incomplete(k.population)) > 0 {
			unread = append(unread, k.many)
		}
		n := 0
		for _, at := range k.created(&b.s.Evidence) {
			if c.LastReview.Before(schema.DateOf(at)) {
				n++
			}
		}
		if n > 0 {
			parts = append(parts, count(n, k.one, k.many)+" (after "+k.control+", "+c.LastReview.String()+")")
		}
	}
	switch {
	case signed == 0:
		return Text{Value: "No control that speaks of namespaces, rights, services or workloads was ever signed off.", Tone: Muted}
	case len(parts)+len(unread) == 0:
		return Text{Value: "No namespace, role binding, service, workload or custom kind was created since."}
	}
	if len(unread) > 0 {
		parts = append(parts, "not all "+strings.Join(unread, ", ")+" could be read")
	}
	return Text{Value: "Created since: " + strings.Join(parts, ", ") + "."}
}
