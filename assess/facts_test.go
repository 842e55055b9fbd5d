package assess

import (
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// TestNamespacesThatOnlyWorkloadsName: manifests that are applied with kubectl's
// --namespace have no Namespace object, and what runs in them is judged all the same.
func TestNamespacesThatOnlyWorkloadsName(t *testing.T) {
	snap := &schema.Snapshot{AsOf: asOf, Evidence: schema.Evidence{
		Clusters:   []schema.Cluster{{Name: "c", Environment: "production"}},
		Namespaces: []schema.Namespace{{Cluster: "c", Name: "out", InScope: false}},
		Workloads: []schema.Workload{
			{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: "web"},
			{Cluster: "c", Namespace: "out", Kind: "Deployment", Name: "web"},
			{Cluster: "c", Namespace: "excluded", Kind: "Deployment", Name: "web"},
		},
	}}
	in := &schema.Inputs{Plan: schema.AuditPlan{Spec: schema.PlanSpec{Namespaces: schema.Scoping{Exclude: []string{"excluded"}, Production: []string{"production"}}}}}
	f, err := newFacts(snap, in)
	if err != nil {
		t.Fatal(err)
	}
	for namespace, want := range map[string]bool{"shop": true, "out": false, "excluded": false, "nowhere": false} {
		if got := f.InScope("c", namespace); got != want {
			t.Errorf("%s in scope: %v, want %v", namespace, got, want)
		}
	}
	if !f.Production("c", "shop") {
		t.Error("shop does not count as production, as its cluster does")
	}
	if len(snap.Evidence.Namespaces) != 1 {
		t.Error("a row was added to the population")
	}
}
