package assess

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// shippedInputs are the documents that the program ships, with nothing registered.
func shippedInputs(t testing.TB) *schema.Inputs {
	t.Helper()
	b, err := fs.ReadFile(templates.FS, "controls/iso27017.yaml")
	if err != nil {
		t.Fatal(err)
	}
	in := &schema.Inputs{Checks: shippedChecks(t)}
	if err := yaml.UnmarshalStrict(b, &in.Table); err != nil {
		t.Fatal(err)
	}
	in.Plan.Spec.Namespaces.Production = []string{"production"}
	return in
}

// platform is a snapshot with something for many checks to find.
func platform() *schema.Snapshot {
	snap := snapshotOf(
		schema.Cluster{Name: "c", UID: "uid-c", Environment: "production", Distribution: "kubeadm"},
		schema.Namespace{Cluster: "c", Name: "default", InScope: true},
		schema.Namespace{Cluster: "c", Name: "shop", InScope: true, Owner: "shop", PodSecurityEnforce: "baseline"},
		schema.Node{Cluster: "c", Name: "n1", Zone: "a", Ready: true},
		schema.Workload{Cluster: "c", Namespace: "default", Kind: "Deployment", Name: "web", Replicas: 1},
		schema.Container{Cluster: "c", Namespace: "default", WorkloadKind: "Deployment", Workload: "web", Name: "web", Image: "web", PinnedBy: "latest"},
		schema.Ingress{Cluster: "c", Namespace: "shop", Name: "web", Host: "shop.example.com"},
		schema.Role{Cluster: "c", Kind: "ClusterRole", Name: "all", Rules: []schema.Rule{{APIGroups: []string{"*"}, Resources: []string{"*"}, Verbs: []string{"*"}}}},
		schema.Binding{Cluster: "c", Kind: "ClusterRoleBinding", Name: "all", RoleKind: "ClusterRole", RoleName: "all", Subjects: []schema.BindingSubject{{Kind: "Group", Name: "devs"}}},
	)
	snap.Queries[3].Outcome = schema.Forbidden
	return snap
}

func TestAssessIsPure(t *testing.T) {
	snap, in := platform(), shippedInputs(t)
	in.Exceptions.Kind = schema.KindExceptionRegister
	in.Exceptions.Spec.Exceptions = []schema.Exception{goodException()}
	in.Documents.Spec.Documents = []schema.DocumentRecord{{ID: "d", Type: schema.DocPolicy, Checks: []string{"GOV-06.d1"}}}
	before := [][]byte{line(t, snap), line(t, snap.Evidence), line(t, in)}

	first, err := Assess(context.Background(), snap, in)
	if err != nil {
		t.Fatal(err)
	}
	after := [][]byte{line(t, snap), line(t, snap.Evidence), line(t, in)}
	for i := range before {
		if !bytes.Equal(before[i], after[i]) {
			t.Errorf("Assess changed its argument:\n%s", cmp.Diff(string(before[i]), string(after[i])))
		}
	}
	second, err := Assess(context.Background(), snap, in)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(line(t, first)), string(line(t, second))); diff != "" {
		t.Errorf("a second report differs:\n%s", diff)
	}
	if len(first.Findings) < 10 {
		t.Errorf("only %d findings: the comparison shows little", len(first.Findings))
	}
}

func line(t *testing.T, v any) []byte {
	t.Helper()
	b, err := schema.MarshalLine(v)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestReportAddsUp(t *testing.T) {
	report, err := Assess(context.Background(), platform(), shippedInputs(t))
	if err != nil {
		t.Fatal(err)
	}
	findings := map[string]int{}
	ids := map[string]bool{}
	for _, f := range report.Findings {
		findings[f.Check]++
		if ids[f.ID] {
			t.Errorf("two findings have the id %s", f.ID)
		}
		ids[f.ID] = true
	}
	controls := 0
	for _, n := range report.Summary.ControlsByStatus {
		controls += n
	}
	if controls != len(report.Controls) || len(report.Controls) != 45 {
		t.Errorf("the summary counts %d controls of %d", controls, len(report.Controls))
	}
	for _, c := range report.Checks {
		rows, open := 0, 0
		for r, n := range c.Counts {
			rows += n
			if isFinding(r) {
				open += n
			}
		}
		if rows != c.Rows {
			t.Errorf("%s: counts add up to %d for %d rows", c.ID, rows, c.Rows)
		}
		if open != findings[c.ID] {
			t.Errorf("%s: %d rows with findings, %d findings", c.ID, open, findings[c.ID])
		}
		if c.Result == schema.ResultNotCollected && c.Reason == "" {
			t.Errorf("%s is not collected and does not say why", c.ID)
		}
		if !c.Implemented && c.Result == schema.ResultPass {
			t.Errorf("%s is not implemented and passes", c.ID)
		}
	}
	for _, q := range report.Questions {
		if q.Number == "" || q.Answer == "" {
			t.Errorf("%s has no answer", q.ID)
		}
	}
	if len(report.Questions) != 8 {
		t.Errorf("%d questions", len(report.Questions))
	}
}

func TestNothingReadIsNothingKnown(t *testing.T) {
	report, err := Assess(context.Background(), &schema.Snapshot{AsOf: asOf}, shippedInputs(t))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Kind != schema.CheckRegister && c.Result != schema.ResultNotCollected && c.ID != "SEP-04.d1" {
			t.Errorf("%s is %s, and no cluster and no document was read", c.ID, c.Result)
		}
	}
	for _, c := range report.Controls {
		if c.Status == schema.Implemented {
			t.Errorf("%s is implemented", c.ID)
		}
	}
	for _, p := range report.Populations {
		if p.Complete {
			t.Errorf("population %s is complete", p.Name)
		}
	}
}

func TestClusterOfThePlanThatWasNotReadIsAGap(t *testing.T) {
	in := inputsOf(sound())
	in.Plan.Spec.Clusters = []schema.PlanCluster{{Name: "c"}, {Name: "unreachable"}}
	snap := snapshotOf(
		schema.Namespace{Cluster: "c", Name: "shop", InScope: true},
		schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: "web", Replicas: 2},
	)
	report, err := Assess(context.Background(), snap, in)
	if err != nil {
		t.Fatal(err)
	}
	if got := report.Checks[0]; got.Result != schema.ResultNotCollected {
		t.Errorf("the result is %s, want not_collected", got.Result)
	}
}

func TestExceptionCoversAFindingAndKeepsIt(t *testing.T) {
	check := sound()
	check.Scope = ""
	in := inputsOf(check)
	in.Overlay.Spec.Controls = []schema.ControlOverlay{{ID: "X-01", SignOff: signed.SignOff}}
	e := goodException()
	e.Control, e.Check = "X-01", "X-01.k1"
	in.Exceptions.Spec.Exceptions = []schema.Exception{e}
	snap := snapshotOf(schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: "web"})
	report, err := Assess(context.Background(), snap, in)
	if err != nil {
		t.Fatal(err)
	}
	f := report.Findings[0]
	if f.Result != schema.ResultFail || f.Exception != "E-1" || f.ExceptedUntil != e.ExpiresOn {
		t.Errorf("the finding is %+v", f)
	}
	if c := report.Checks[0]; c.Result != schema.ResultExcepted || c.Counts[schema.ResultExcepted] != 1 || c.Counts[schema.ResultFail] != 0 {
		t.Errorf("the check is %s with %v", c.Result, c.Counts)
	}
	if c := report.Controls[0]; c.Status != schema.Implemented || c.Exceptions != 1 || c.NearestExpiry != e.ExpiresOn {
		t.Errorf("the control is %s with %d exceptions until %s", c.Status, c.Exceptions, c.NearestExpiry)
	}
	if report.Summary.FindingsBySeverity[schema.Low] != 0 || report.Summary.OpenExceptions != 1 {
		t.Errorf("the summary is %+v", report.Summary)
	}
}

func BenchmarkRows(b *testing.B) {
	snap := snapshotOf()
	snap.Evidence.Namespaces = []schema.Namespace{{Cluster: "c", Name: "shop", InScope: true}}
	for i := range 10_000 {
		snap.Evidence.Containers = append(snap.Evidence.Containers, schema.Container{
			Cluster: "c", Namespace: "shop", WorkloadKind: "Deployment", Workload: fmt.Sprintf("w%05d", i), Name: "a", Type: "container",
			Image: "r.example.com/a@sha256:0", Registry: "r.example.com", Repository: "a", PinnedBy: "digest",
		})
	}
	var checks []schema.Check
	for _, c := range shippedChecks(b) {
		if c.ID == "CHG-05.k1" || c.ID == "CHG-05.k2" {
			checks = append(checks, c)
		}
	}
	in := inputsOf(checks...)
	in.Plan.Spec.Images.Registries = []string{"r.example.com"}
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Assess(context.Background(), snap, in); err != nil {
			b.Fatal(err)
		}
	}
	rows := float64(len(checks) * len(snap.Evidence.Containers))
	b.ReportMetric(float64(b.Elapsed())/float64(b.N)/rows/float64(time.Nanosecond), "ns/row")
}

func TestWhatIsSeenOfAListWithGapsIsTold(t *testing.T) {
	check := sound()
	check.Scope = ""
	joining := check
	joining.ID, joining.Needs = "X-01.k2", []string{"networkPolicies"}
	snap := snapshotOf(schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: "web"})
	for i, q := range snap.Queries {
		if q.Resource == "deployments.apps" || q.Resource == "networkpolicies.networking.k8s.io" {
			snap.Queries[i].Outcome = schema.Truncated
		}
	}
	report, err := Assess(context.Background(), snap, inputsOf(check, joining))
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range report.Checks {
		if c.Result != schema.ResultNotCollected {
			t.Errorf("%s is %s, want not_collected", c.ID, c.Result)
		}
	}
	if len(report.Findings) > 0 || report.Summary.FindingsBySeverity[schema.Low] > 0 {
		t.Errorf("the findings are %+v, and no check saw everything", report.Findings)
	}
	// The second check may miss a policy that was not seen.
	if got := report.PartlySeen; len(got) != 1 || got[0].Check != "X-01.k1" || got[0].Subject.Name != "web" {
		t.Errorf("seen in part is %+v, want web under X-01.k1", got)
	}
}
