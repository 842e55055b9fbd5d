package assess

import (
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

func TestProposedParts(t *testing.T) {
	table := schema.Responsibility{CloudProvider: "C", ManagedKubernetes: "R", PlatformTeam: "A", AppTeam: "I"}
	clusters := func(distributions ...string) (out []schema.Cluster) {
		for _, d := range distributions {
			out = append(out, schema.Cluster{Distribution: d})
		}
		return out
	}
	confirmed := schema.ControlOverlay{Responsibility: &schema.Responsibility{PlatformTeam: "A"}}
	for name, c := range map[string]struct {
		table    schema.Responsibility
		overlay  schema.ControlOverlay
		clusters []schema.Cluster
		want     *schema.Responsibility
	}{
		"self-managed":          {table, schema.ControlOverlay{}, clusters("kubeadm", "rke2"), &schema.Responsibility{CloudProvider: "C", ManagedKubernetes: "-", PlatformTeam: "A/R", AppTeam: "I"}},
		"managed":               {table, schema.ControlOverlay{}, clusters("eks"), nil},
		"both sorts":            {table, schema.ControlOverlay{}, clusters("eks", "kubeadm"), nil},
		"not known":             {table, schema.ControlOverlay{}, clusters(""), nil},
		"no cluster":            {table, schema.ControlOverlay{}, nil, nil},
		"confirmed by a person": {table, confirmed, clusters("kubeadm"), nil},
		"nothing to hand over":  {schema.Responsibility{ManagedKubernetes: "-", PlatformTeam: "A/R"}, schema.ControlOverlay{}, clusters("k3s"), nil},
		"accountable":           {schema.Responsibility{ManagedKubernetes: "A/R", PlatformTeam: "C"}, schema.ControlOverlay{}, clusters("k3s"), &schema.Responsibility{ManagedKubernetes: "-", PlatformTeam: "A/R"}},
		"only told":             {schema.Responsibility{ManagedKubernetes: "I", PlatformTeam: "R"}, schema.ControlOverlay{}, clusters("k3s"), &schema.Responsibility{ManagedKubernetes: "-", PlatformTeam: "R"}},
	} {
		got := proposedParts(schema.Control{Responsibility: c.table}, c.overlay, c.clusters)
		if diff := cmp.Diff(c.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}
