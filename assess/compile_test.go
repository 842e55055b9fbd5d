package assess

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// sound is a check without a mistake.
func sound() schema.Check {
	return schema.Check{
		ID: "X-01.k1", Control: "X-01", Kind: schema.CheckAPI, Evaluation: schema.Auto, Severity: schema.Low, Population: "workloads", Scope: "ns.inScope",
		Rules:   []schema.CheckRule{{When: "row.replicas < 2", Result: schema.ResultFail}},
		Message: "{row.name} has {row.replicas} replicas of {row.images}, made {row.created}, {row.requests}.",
	}
}

func TestCompile(t *testing.T) {
	cases := []struct {
		name   string
		change func(*schema.Check)
		field  string // empty for a check without a mistake
		text   string
	}{
		{"sound", func(*schema.Check) {}, "", ""},
		{"misspelt field", func(c *schema.Check) { c.Rules[0].When = "row.replica < 2" }, "rules[0].when", "undefined field 'replica'"},
		{"field of another population", func(c *schema.Check) { c.Population = "nodes" }, "rules[0].when", "undefined field 'replicas'"},
		{"misspelt variable", func(c *schema.Check) { c.Scope = "nss.inScope" }, "scope", "undeclared reference"},
		{"not a boolean", func(c *schema.Check) { c.Rules[0].When = "row.replicas" }, "rules[0].when", "gives int, not a boolean"},
		{"dynamic", func(c *schema.Check) { c.Rules[0].When = "dyn(true)" }, "rules[0].when", "not a boolean"},
		{"wrong types", func(c *schema.Check) { c.Rules[0].When = "row.replicas < 'two'" }, "rules[0].when", "no matching overload"},
		{"syntax", func(c *schema.Check) { c.Rules[0].When = "row.replicas <" }, "rules[0].when", "Syntax error"},
		{"no condition", func(c *schema.Check) { c.Rules[0].When = "" }, "rules[0].when", "Syntax error"},
		{"unknown function", func(c *schema.Check) { c.Rules[0].When = "secret(row.name)" }, "rules[0].when", "undeclared reference"},
		{"bad expression in the message", func(c *schema.Check) { c.Message = "{row.nam}" }, "message", "undefined field 'nam'"},
		{"message of a map", func(c *schema.Check) { c.Message = "{row.podLabels}" }, "message", "which is not text"},
		{"open brace", func(c *schema.Check) { c.Message = "{row.name" }, "message", "does not close it"},
		{"bad message of a rule", func(c *schema.Check) { c.Rules[0].Message = "{x}" }, "rules[0].message", "undeclared reference"},
		{"unknown population", func(c *schema.Check) { c.Population = "workload" }, "population", `no population "workload"`},
		{"no population", func(c *schema.Check) { c.Population = "" }, "population", "rules need a population"},
		{"unknown need", func(c *schema.Check) { c.Needs = []string{"nodes", "node"} }, "needs[1]", `no population "node"`},
		{"unknown result", func(c *schema.Check) { c.Rules[0].Result = "failed" }, "rules[0].result", "is none of"},
		{"a rule cannot except", func(c *schema.Check) { c.Rules[0].Result = schema.ResultExcepted }, "rules[0].result", "is none of"},
		{"unknown severity of a rule", func(c *schema.Check) { c.Rules[0].Severity = "urgent" }, "rules[0].severity", "is none of"},
		{"unknown severity", func(c *schema.Check) { c.Severity = "" }, "severity", "is none of"},
		{"unknown kind", func(c *schema.Check) { c.Kind = "k8s" }, "kind", "is none of"},
		{"unknown result when empty", func(c *schema.Check) { c.Empty = "ok" }, "empty", "is none of"},
		{"unknown function of the program", func(c *schema.Check) { c.Rules, c.Scope, c.Go = nil, "", "nothing" }, "go", `no function "nothing"`},
		{"rules and a function", func(c *schema.Check) { c.Go = "zones" }, "rules", "not by both"},
		{"rules over no rows", func(c *schema.Check) { c.Kind = schema.CheckRegister }, "rules", "has none"},
		{"no control", func(c *schema.Check) { c.Control = "" }, "control", "empty"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := sound()
			c.change(&check)
			err := Compile([]schema.Check{check})
			if c.field == "" {
				if err != nil {
					t.Fatal(err)
				}
				return
			}
			var wrong *CheckError
			if !errors.As(err, &wrong) {
				t.Fatalf("got %v, want a CheckError", err)
			}
			if wrong.Check != "X-01.k1" || !strings.Contains(err.Error(), c.field+": ") || !strings.Contains(err.Error(), c.text) {
				t.Errorf("got %v, want %s to have %q", err, c.field, c.text)
			}
		})
	}
}

func TestCompileTellsEveryMistake(t *testing.T) {
	a, b := sound(), sound()
	a.Scope, a.Rules[0].When = "nope", "1"
	err := Compile([]schema.Check{a, b})
	for _, want := range []string{"scope: ", "rules[0].when: ", "id: another check has the same id"} {
		if err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%v does not tell %q", err, want)
		}
	}
}

// snapshotOf makes a completely answered snapshot of cluster c with these rows.
func snapshotOf(rows ...schema.Row) *schema.Snapshot {
	snap := &schema.Snapshot{AsOf: asOf, Sources: []schema.Source{{Name: "c", UID: "uid-c"}}, Queries: (&fixtureCase{}).answers("c")}
	snap.Evidence.Append(rows...)
	snap.Evidence.Sort()
	return snap
}

func inputsOf(checks ...schema.Check) *schema.Inputs {
	return (&fixtureCase{}).inputs(checks)
}

func TestCheckThatCrashesIsAnError(t *testing.T) {
	cases := map[string]string{
		"division by zero": "1 / row.replicas == 0",
		"cost":             "[1,2,3,4,5,6,7,8,9].all(a, [1,2,3,4,5,6,7,8,9].all(b, [1,2,3,4,5,6,7,8,9].all(c, [1,2,3,4,5,6,7,8,9].all(d, [1,2,3,4,5,6,7,8,9].all(e, [1,2,3,4,5,6,7,8,9].all(f, a+b+c+d+e+f+row.replicas > 0))))))",
		"bad pattern":      "row.name.matches(row.namespace)",
	}
	for name, when := range cases {
		t.Run(name, func(t *testing.T) {
			check := sound()
			check.Scope, check.Rules[0].When = "", when
			snap := snapshotOf(schema.Workload{Cluster: "c", Namespace: "(", Kind: "Deployment", Name: "web"})
			report, err := Assess(context.Background(), snap, inputsOf(check))
			if err == nil || report != nil {
				t.Fatalf("got a report with %v", report.Checks)
			}
			for _, want := range []string{"check X-01.k1", "cluster c", "rules[0].when", "Deployment (/web"} {
				if !strings.Contains(err.Error(), want) {
					t.Errorf("%q does not name %q", err, want)
				}
			}
		})
	}
}

// An expression cannot take the machine with it: what it builds up counts as cost,
// and patterns take time by the length of their text only.
func TestHostileExpressionsAreStopped(t *testing.T) {
	double := "row.name"
	for range 24 {
		double = "[" + double + "].map(x, x + x)[0]"
	}
	long := strings.Repeat("a", 2000)
	cases := []struct{ name, when, want string }{
		{"text that doubles", "size(" + double + ") > 0", "cost limit exceeded"},
		{"lists of lists", "[1,2,3,4,5,6,7,8,9,10].map(a, [1,2,3,4,5,6,7,8,9,10].map(b, [1,2,3,4,5,6,7,8,9,10].map(c, [1,2,3,4,5,6,7,8,9,10].map(d, [1,2,3,4,5,6,7,8,9,10].map(e, [a,b,c,d,e]))))).size() > 0", "cost limit exceeded"},
		{"a pattern that backtracks elsewhere", "row.name.matches('^(a+)+$') && row.name.matches('(a|a)*b')", ""},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			check := sound()
			check.Scope, check.Rules[0].When = "", c.when
			snap := snapshotOf(schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: long})
			_, err := Assess(context.Background(), snap, inputsOf(check))
			if c.want == "" && err != nil || c.want != "" && (err == nil || !strings.Contains(err.Error(), c.want)) {
				t.Errorf("got %.300v, want %q", err, c.want)
			}
		})
	}
}

func TestAssessStopsWithItsContext(t *testing.T) {
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	snap := snapshotOf(schema.Workload{Cluster: "c", Namespace: "shop", Kind: "Deployment", Name: "web"})
	if _, err := Assess(ctx, snap, inputsOf(sound())); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want the end of the context", err)
	}
}

func TestUnfilledNameIsAnError(t *testing.T) {
	p := compiledCheck{Check: &schema.Check{ID: "X-01.k1", Message: "{a} and {b}"}, decide: func(*Pass) ([]Outcome, error) {
		return []Outcome{{Result: schema.ResultFail, Vars: map[string]string{"a": "1"}}}, nil
	}}
	a := &assessment{facts: &Facts{}}
	err := a.runFunc(newVerdict(&p, ""), &Pass{Check: p.Check})
	if err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("got %v, want the name that is missing", err)
	}
}

// TestGapIsNeverAPass refuses each resource in turn to every check that reads it,
// and also leaves it unasked.
func TestGapIsNeverAPass(t *testing.T) {
	c := fixtureCase{}
	snap, _, err := c.snapshot()
	if err != nil {
		t.Fatal(err)
	}
	a, err := newAssessment(snap, c.inputs(shippedChecks(t)))
	if err != nil {
		t.Fatal(err)
	}
	a.derive()
	snap.Queries = append(snap.Queries, otherAnswers()...)
	a.forges = []string{"hub"}
	for _, check := range a.checks {
		if reads(check, schema.OriginImport) || reads(check, schema.OriginRegistry) {
			continue // TestGapInWhatOthersSay
		}
		var resources []string
		for _, p := range populationsOf(check.Check) {
			resources = append(resources, resourcesOf(p)...)
		}
		slices.Sort(resources)
		for _, resource := range slices.Compact(resources) {
			for _, outcome := range []schema.Outcome{schema.Forbidden, schema.Failed, schema.Truncated, ""} {
				a.answers = answered(snap.Queries, resource, outcome)
				v, err := a.run(context.Background(), check)
				if err != nil {
					t.Fatal(err)
				}
				if got := v.report(); got.Result != schema.ResultNotCollected || check.by != ByNone && !strings.Contains(got.Reason, resource) {
					t.Errorf("%s without %s (%s) is %s: %q", check.ID, resource, outcome, got.Result, got.Reason)
				}
			}
		}
	}
}

// otherAnswers are complete answers of an audit log, and of a repository of the forge hub.
func otherAnswers() []schema.Query {
	out := []schema.Query{{Source: fixtureCluster, Resource: schema.AuditLogRecords, Outcome: schema.Complete}}
	for _, p := range schema.Populations {
		if p.Origin != schema.OriginForge {
			continue
		}
		for _, r := range p.Resources {
			out = append(out, schema.Query{Source: "hub", Resource: r, Repository: "host/org/repository", Outcome: schema.Complete})
		}
	}
	return out
}

// answered returns the answers to queries, of which that for one resource ended
// with the outcome, or was never put where the outcome is empty.
func answered(queries []schema.Query, resource string, outcome schema.Outcome) answers {
	var out []schema.Query
	for _, q := range queries {
		if q.Resource == resource {
			if outcome == "" {
				continue
			}
			q.Outcome = outcome
		}
		out = append(out, q)
	}
	return newAnswers(out)
}
