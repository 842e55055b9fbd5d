package assess

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
	"sigs.k8s.io/yaml"
)

// asOf is the instant of every snapshot here.
var asOf = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)

// A world is what a case starts from: one cluster, completely answered, with a
// production and a development namespace, and nothing in them.
type world struct {
	schema.Snapshot
	schema.Inputs
}

func newWorld() *world {
	w := &world{}
	w.AsOf = asOf
	w.Sources = []schema.Source{{Name: "c", Kind: schema.SourceCluster, UID: "uid-c", SecretsTier: schema.SecretsRotation}}
	w.Evidence.Clusters = []schema.Cluster{{Name: "c", UID: "uid-c", ServerVersion: "v1.37.1", Distribution: "kubeadm"}}
	w.Evidence.Namespaces = []schema.Namespace{
		{Cluster: "c", Name: "dev", Environment: "development", InScope: true},
		{Cluster: "c", Name: "kube-system"},
		{Cluster: "c", Name: "prod", Environment: "production", InScope: true},
	}
	w.Plan.Spec.Namespaces.Production = []string{"production"}
	for _, p := range schema.Populations {
		for _, r := range p.Resources {
			w.Queries = append(w.Queries, schema.Query{Source: "c", Resource: r, Outcome: schema.Complete})
		}
	}
	return w
}

// approve registers something until after, or before, the day of the snapshot.
func (w *world) approve(t schema.ApprovalType, kind, namespace, name string, days int) {
	w.Overlay.Spec.Approvals = append(w.Overlay.Spec.Approvals, schema.Approval{Type: t, Kind: kind, Namespace: namespace, Name: name,
		Owner: "platform", Reason: "runs the platform", Expires: schema.DateOf(asOf).AddDays(days)})
}

// members registers a fresh export of the members of a group.
func (w *world) members(group string) {
	w.Documents.Spec.Documents = append(w.Documents.Spec.Documents, schema.DocumentRecord{ID: "members-" + group, Title: "Members of " + group, Type: schema.DocExport,
		Checks: []string{"ACC-01.d1"}, Owner: "platform", Author: "ann", ApprovedBy: "bob", ApprovedOn: schema.DateOf(asOf).AddDays(-9),
		Location: "https://idp.example.com/export", AsOf: schema.DateOf(asOf).AddDays(-9), Covers: []string{group}})
}

// refuse makes a list one that the collector was not allowed to read.
func (w *world) refuse(resource string) {
	for i := range w.Queries {
		if w.Queries[i].Resource == resource {
			w.Queries[i].Outcome = schema.Forbidden
		}
	}
}

// rbac adds roles and bindings, one a line:
//
//	clusterrole NAME [labels]: GROUPS RESOURCES VERBS [NAMES]; ...
//	role NS/NAME: ...
//	crb NAME [labels] -> NAME: KIND NAME, ...
//	rb NS/NAME -> ClusterRole NAME: ...
//
// GROUPS, RESOURCES, VERBS and NAMES are joined by commas, and core is the core
// group. Labels are builtin, for kubernetes.io/bootstrapping, and to-X, for aggregate-to-X.
func (w *world) rbac(t *testing.T, text string) {
	t.Helper()
	for line := range strings.Lines(text) {
		if strings.TrimSpace(line) == "" {
			continue
		}
		// Names of RBAC objects may have colons, without a space after them.
		head, rest, ok := strings.Cut(strings.TrimSpace(line)+" ", ": ")
		words := strings.Fields(head)
		switch kind := words[0]; {
		case ok && (kind == "clusterrole" || kind == "role"):
			w.addRole(words, rest)
		case ok && (kind == "crb" || kind == "rb"):
			w.addBinding(words, rest)
		default:
			t.Fatalf("cannot read %q", line)
		}
	}
}

func (w *world) addRole(words []string, rules string) {
	r := schema.Role{Cluster: "c", Kind: "ClusterRole", Name: words[1]}
	if words[0] == "role" {
		r.Kind = "Role"
		r.Namespace, r.Name, _ = strings.Cut(words[1], "/")
	}
	for _, label := range words[2:] {
		if to, ok := strings.CutPrefix(label, "to-"); ok {
			r.AggregatesTo = append(r.AggregatesTo, to)
		} else {
			r.Bootstrap = true
		}
	}
	for rule := range strings.SplitSeq(rules, ";") {
		f := strings.Fields(strings.ReplaceAll(" "+rule, " core ", " , "))
		if len(f) < 3 {
			continue
		}
		pr := schema.Rule{APIGroups: []string{""}, Resources: strings.Split(f[1], ","), Verbs: strings.Split(f[2], ",")}
		if f[0] != "," {
			pr.APIGroups = strings.Split(f[0], ",")
		}
		if len(f) > 3 {
			pr.ResourceNames = strings.Split(f[3], ",")
		}
		r.Rules = append(r.Rules, pr)
	}
	w.Evidence.Roles = append(w.Evidence.Roles, r)
}

func (w *world) addBinding(words []string, subjects string) {
	arrow := slices.Index(words, "->")
	b := schema.Binding{Cluster: "c", Kind: "ClusterRoleBinding", Name: words[1], RoleKind: "ClusterRole", RoleName: words[len(words)-1],
		Bootstrap: slices.Contains(words[:arrow], "builtin")}
	if words[0] == "rb" {
		b.Kind = "RoleBinding"
		b.Namespace, b.Name, _ = strings.Cut(words[1], "/")
		b.RoleKind = words[arrow+1]
	}
	for s := range strings.SplitSeq(subjects, ",") {
		f := strings.Fields(s)
		if len(f) != 2 {
			continue
		}
		bs := schema.BindingSubject{Kind: f[0], Name: f[1]}
		if namespace, name, ok := strings.Cut(f[1], "/"); ok && f[0] == "ServiceAccount" {
			bs.Namespace, bs.Name = namespace, name
		}
		b.Subjects = append(b.Subjects, bs)
	}
	w.Evidence.Bindings = append(w.Evidence.Bindings, b)
}

// builtInChecks reads the checks of the program.
func builtInChecks(t *testing.T) []schema.Check {
	t.Helper()
	var out []schema.Check
	for _, area := range []string{"acc", "chg", "sec"} {
		b, err := templates.FS.ReadFile("checks/" + area + ".yaml")
		if err != nil {
			t.Fatal(err)
		}
		var set schema.CheckSet
		if err := yaml.UnmarshalStrict(b, &set); err != nil {
			t.Fatal(err)
		}
		out = append(out, set.Spec.Checks...)
	}
	return out
}

// control returns a control that the driver accepts.
func control(id string) schema.Control {
	return schema.Control{ID: id, Area: id[:3], Title: id, Risk: "r", Statement: "s", Operates: "o", Layers: []string{"cluster"}, Owner: "platform", Cadence: schema.Quarterly, EvidenceMaxAgeDays: 100}
}

// judge runs one check and returns its result and its findings, one a line:
// result, severity, subject, message.
func (w *world) judge(t *testing.T, id string) (schema.CheckResult, []string) {
	t.Helper()
	controls := map[string]bool{}
	for _, c := range builtInChecks(t) {
		if c.ID == id || c.ID == "ACC-01.d1" {
			w.Checks = append(w.Checks, c)
			if !controls[c.Control] {
				w.Table.Spec.Controls = append(w.Table.Spec.Controls, control(c.Control))
				controls[c.Control] = true
			}
		}
	}
	w.Evidence.Sort()
	report, err := Assess(context.Background(), &w.Snapshot, &w.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	i := slices.IndexFunc(report.Checks, func(c schema.CheckResult) bool { return c.ID == id })
	if i < 0 {
		t.Fatalf("there is no check %s", id)
	}
	var lines []string
	for _, f := range report.Findings {
		if f.Check == id {
			lines = append(lines, fmt.Sprintf("%s %s | %s | %s", f.Result, f.Severity, f.Subject, f.Message))
		}
	}
	return report.Checks[i], lines
}

// A checkCase is a world and what one check makes of it.
type checkCase struct {
	name string
	// rbac has roles and bindings, as world.rbac reads them. A line that starts
	// with => is a finding that is expected of the lines above it.
	rbac string
	// more adds what else the world has.
	more func(*world)
	// want are findings beside those of rbac.
	want   []string
	result schema.Result
}

// recorded is told what each case of runCases came to; nil most of the time.
var recorded func(schema.CheckResult)

func runCases(t *testing.T, check string, cases []checkCase) {
	t.Helper()
	for _, c := range cases {
		t.Run(check+" "+c.name, func(t *testing.T) {
			w := newWorld()
			want := slices.Clone(c.want)
			var lines []string
			for line := range strings.Lines(c.rbac) {
				if finding, ok := strings.CutPrefix(strings.TrimSpace(line), "=> "); ok {
					want = append(want, finding)
				} else {
					lines = append(lines, line)
				}
			}
			w.rbac(t, strings.Join(lines, ""))
			if c.more != nil {
				c.more(w)
			}
			result, got := w.judge(t, check)
			if recorded != nil {
				recorded(result)
			}
			slices.Sort(got)
			slices.Sort(want)
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("findings (-want +got):\n%s", diff)
			}
			if result.Result != c.result {
				t.Errorf("result %s, want %s (%s)", result.Result, c.result, result.Reason)
			}
		})
	}
}
