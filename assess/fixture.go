package assess

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"github.com/auditpack/auditpack/schema"
)

// A fixture is a file of cases for one check: rows, and beside each row what the
// check must conclude about it (docs/checks.md).
type fixture struct {
	Check string        `json:"check"`
	Cases []fixtureCase `json:"cases"`
}

// A fixtureCase is one cluster, or several, and what a check makes of it.
type fixtureCase struct {
	Name string `json:"name"`
	// AsOf is the instant of the snapshot; by default 2026-11-22T12:00:00Z.
	AsOf time.Time `json:"asOf,omitzero"`
	// Rows are the rows of each population, as in the files of a bundle. A row
	// without cluster belongs to the cluster "c". The field want says what must come
	// out for the row's subject, by default nothing but a pass or not_applicable.
	Rows map[string][]map[string]any `json:"rows,omitempty"`
	// Queries replace the complete answers that are assumed for every resource of a
	// cluster. A query without source was put to the cluster "c"; one with a
	// repository was put to a forge, of which no answer is assumed.
	Queries []schema.Query `json:"queries,omitempty"`
	// Source describes how the cluster "c" was read: its kind, its clock and what marks
	// the requests. The name and the UID are the fixture's.
	Source schema.Source `json:"source,omitzero"`
	// Plan, Overlay, Exceptions and Documents are the specs of these documents.
	Plan       schema.PlanSpec         `json:"plan,omitzero"`
	Overlay    schema.OverlaySpec      `json:"overlay,omitzero"`
	Exceptions *schema.ExceptionSpec   `json:"exceptions,omitempty"`
	Documents  []schema.DocumentRecord `json:"documents,omitempty"`
	// Attached and Previous are as in schema.Inputs; a previous bundle has no grants here.
	Attached map[string]string     `json:"attached,omitempty"`
	Previous *schema.PreviousFacts `json:"previous,omitempty"`
	// Support is the spec of the table of supported releases.
	Support schema.SupportSpec `json:"support,omitzero"`
	// Controls are added to the control that the check belongs to, or replace it.
	Controls []schema.Control `json:"controls,omitempty"`
	// Findings are expected about subjects that are no rows.
	Findings []wantedFinding `json:"findings,omitempty"`
	// Result of the whole check, and a part of its reason.
	Result schema.Result `json:"result"`
	Reason string        `json:"reason,omitempty"`
}

// A wantedFinding is a finding that must come out. Empty fields are not compared;
// Message is a part of the message.
type wantedFinding struct {
	// Subject as Kind namespace/name field.
	Subject  string          `json:"subject,omitempty"`
	Result   schema.Result   `json:"result"`
	Severity schema.Severity `json:"severity,omitempty"`
	Message  string          `json:"message,omitempty"`
}

// A FixtureResult says what came of one case of a fixture file.
type FixtureResult struct {
	File, Check, Case string
	// Got is what the check concluded.
	Got schema.CheckResult
	// Problems are the differences between what was wanted and what came out; none
	// when the case passed.
	Problems []string
}

// RunFixtures runs every file *.yaml of a folder, in order, over the checks. An
// error means that a file cannot be read or a check crashed; a case that does not
// come out as wanted is a Problem of its result.
func RunFixtures(ctx context.Context, checks []schema.Check, fsys fs.FS) ([]FixtureResult, error) {
	files, err := fs.Glob(fsys, "*.yaml")
	if err != nil {
		return nil, err
	}
	if len(files) == 0 {
		return nil, errors.New("there is no file *.yaml to test")
	}
	var out []FixtureResult
	for _, name := range files {
		data, err := fs.ReadFile(fsys, name)
		if err != nil {
			return nil, err
		}
		f, err := readFixture(data)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		results, err := f.run(ctx, checks)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", name, err)
		}
		for _, r := range results {
			r.File = path.Base(name)
			out = append(out, r)
		}
	}
	return out, nil
}

// readFixture reads a file of cases and refuses unknown fields.
func readFixture(data []byte) (*fixture, error) {
	var root yaml.Node
	if err := yaml.Unmarshal(data, &root); err != nil {
		return nil, err
	}
	timesAsText(&root)
	var v any
	if err := root.Decode(&v); err != nil {
		return nil, err
	}
	b, err := json.Marshal(v)
	if err != nil {
		return nil, err
	}
	f := &fixture{}
	return f, schema.Unmarshal(b, f)
}

// timesAsText keeps dates as they are written: YAML has no days, only instants.
func timesAsText(n *yaml.Node) {
	if n.Kind == yaml.ScalarNode && n.ShortTag() == "!!timestamp" {
		n.Tag = "!!str"
	}
	for _, child := range n.Content {
		timesAsText(child)
	}
}

func (f *fixture) run(ctx context.Context, checks []schema.Check) ([]FixtureResult, error) {
	i := slices.IndexFunc(checks, func(c schema.Check) bool { return c.ID == f.Check })
	if i < 0 {
		return nil, fmt.Errorf("there is no check %q", f.Check)
	}
	if len(f.Cases) == 0 {
		return nil, fmt.Errorf("there is no case for %s", f.Check)
	}
	var out []FixtureResult
	for _, c := range f.Cases {
		r, err := c.run(ctx, checks, checks[i])
		if err != nil {
			return nil, fmt.Errorf("case %q: %w", c.Name, err)
		}
		out = append(out, r)
	}
	return out, nil
}

// fixtureCluster is the cluster of rows and queries that name none.
const fixtureCluster = "c"

func (c *fixtureCase) run(ctx context.Context, checks []schema.Check, check schema.Check) (FixtureResult, error) {
	out := FixtureResult{Check: check.ID, Case: c.Name}
	snap, wanted, err := c.snapshot()
	if err != nil {
		return out, err
	}
	in := c.inputs(append([]schema.Check{check}, c.named(checks, check.ID)...))
	report, err := Assess(ctx, snap, in)
	if err != nil {
		return out, err
	}
	i := slices.IndexFunc(report.Checks, func(r schema.CheckResult) bool { return r.ID == check.ID })
	out.Got = report.Checks[i]
	out.Problems = c.compare(out.Got, report.Findings, wanted)
	if DecidedBy(&check) == ByRules {
		out.Problems = append(out.Problems, c.compareCounts(check.Population, out.Got)...)
	}
	return out, nil
}

// named returns the other checks that the documents and exceptions of a case name.
func (c *fixtureCase) named(checks []schema.Check, id string) []schema.Check {
	names := map[string]bool{}
	for _, d := range c.Documents {
		for _, check := range d.Checks {
			names[check] = true
		}
	}
	if c.Exceptions != nil {
		for _, e := range c.Exceptions.Exceptions {
			names[e.Check] = true
		}
	}
	return slices.DeleteFunc(slices.Clone(checks), func(k schema.Check) bool { return k.ID == id || !names[k.ID] })
}

// snapshot makes the snapshot of a case, and takes what is wanted out of its rows.
func (c *fixtureCase) snapshot() (*schema.Snapshot, []wantedFinding, error) {
	snap := &schema.Snapshot{SchemaVersion: schema.Version, AsOf: c.AsOf}
	if snap.AsOf.IsZero() {
		snap.AsOf = time.Date(2026, 11, 22, 12, 0, 0, 0, time.UTC)
	}
	clusters := map[string]bool{fixtureCluster: true}
	var wanted []wantedFinding
	for _, name := range slices.Sorted(maps.Keys(c.Rows)) {
		for i, row := range c.Rows[name] {
			w, cluster, err := appendRow(&snap.Evidence, name, row)
			if err != nil {
				return nil, nil, fmt.Errorf("rows.%s[%d]: %w", name, i, err)
			}
			if !isForge(name) && cluster != schema.ImportSource {
				clusters[cluster] = true
			}
			wanted = append(wanted, w...)
		}
	}
	for _, q := range c.Queries {
		if q.Repository == "" {
			continue
		}
		snap.Queries = append(snap.Queries, q)
		if !slices.ContainsFunc(snap.Sources, func(s schema.Source) bool { return s.Name == q.Source }) {
			snap.Sources = append(snap.Sources, schema.Source{Name: q.Source, Kind: schema.SourceForge})
		}
	}
	for _, cluster := range slices.Sorted(maps.Keys(clusters)) {
		source := schema.Source{}
		if cluster == fixtureCluster {
			source = c.Source
		}
		source.Name, source.Kind, source.UID = cluster, cmp.Or(source.Kind, schema.SourceCluster), "uid-of-"+cluster
		snap.Sources = append(snap.Sources, source)
		snap.Queries = append(snap.Queries, c.answers(cluster)...)
	}
	snap.Evidence.Sort()
	return snap, append(wanted, c.Findings...), nil
}

// isForge reports whether forges are asked for a population, and no cluster is.
func isForge(population string) bool {
	p, _ := schema.PopulationNamed(population)
	return p.Origin == schema.OriginForge
}

// hasCluster reports whether rows of a population name the cluster that they are about.
func hasCluster(population string) bool {
	p, ok := schema.PopulationNamed(population)
	if !ok {
		return false
	}
	f, ok := reflect.TypeOf(p.Row).FieldByName("Cluster")
	return ok && f.Tag.Get("json") == "cluster"
}

// appendRow adds a row of a case to its population and returns what is wanted of
// its subject, and its cluster.
func appendRow(e *schema.Evidence, population string, row map[string]any) ([]wantedFinding, string, error) {
	want, hasWant := row["want"]
	row = maps.Clone(row)
	delete(row, "want")
	if _, ok := row["cluster"]; !ok && hasCluster(population) {
		row["cluster"] = fixtureCluster
	}
	line, err := json.Marshal(row)
	if err != nil {
		return nil, "", err
	}
	if err := e.AppendJSON(population, line); err != nil {
		return nil, "", err
	}
	table := rowsOf(e, &schema.Derived{}, population)
	subject := table.Index(table.Len() - 1).Interface().(schema.Row).Subject()
	if !hasWant {
		return nil, subject.Cluster, nil
	}
	w, err := readWant(want)
	if err != nil {
		return nil, "", err
	}
	w.Subject = subject.String()
	return []wantedFinding{w}, subject.Cluster, nil
}

// readWant reads a result, or a result with severity and message.
func readWant(want any) (wantedFinding, error) {
	if result, ok := want.(string); ok {
		return wantedFinding{Result: schema.Result(result)}, nil
	}
	b, err := json.Marshal(want)
	if err != nil {
		return wantedFinding{}, err
	}
	var w wantedFinding
	if err := schema.Unmarshal(b, &w); err != nil {
		return w, fmt.Errorf("want: %w", err)
	}
	return w, nil
}

// answers returns the queries of a case for one cluster: those that it gives, and
// a complete answer for every other resource.
func (c *fixtureCase) answers(cluster string) []schema.Query {
	var out []schema.Query
	given := map[string]bool{}
	for _, q := range c.Queries {
		if cmp.Or(q.Source, fixtureCluster) != cluster || q.Repository != "" {
			continue
		}
		q.Source = cluster
		given[q.Resource] = true
		out = append(out, q)
	}
	for _, p := range schema.Populations {
		for _, resource := range p.Resources {
			if !given[resource] && p.Origin == schema.OriginCluster {
				given[resource] = true
				out = append(out, schema.Query{Source: cluster, Resource: resource, Target: "list " + resource, Outcome: schema.Complete})
			}
		}
	}
	return out
}

// inputs makes the inputs of a case: the checks, their controls, and what the case says.
func (c *fixtureCase) inputs(checks []schema.Check) *schema.Inputs {
	in := &schema.Inputs{Checks: checks, Attached: c.Attached, Previous: c.Previous}
	in.Plan.Metadata.Name = "fixture"
	in.Plan.Spec = c.Plan
	if in.Plan.Spec.Namespaces.Production == nil {
		in.Plan.Spec.Namespaces.Production = []string{"production"}
	}
	in.Table.Spec.Controls = slices.Clone(c.Controls)
	for _, check := range checks {
		if !slices.ContainsFunc(in.Table.Spec.Controls, func(k schema.Control) bool { return k.ID == check.Control }) {
			in.Table.Spec.Controls = append(in.Table.Spec.Controls,
				schema.Control{ID: check.Control, Owner: "owner", Reviewer: "reviewer", Cadence: schema.Quarterly, EvidenceMaxAgeDays: 90})
		}
	}
	in.Overlay.Spec, in.Support.Spec = c.Overlay, c.Support
	if c.Exceptions != nil {
		in.Exceptions.Kind = schema.KindExceptionRegister
		in.Exceptions.Spec = *c.Exceptions
	}
	in.Documents.Spec.Documents = c.Documents
	return in
}

// compare says how a result differs from what a case wants.
func (c *fixtureCase) compare(got schema.CheckResult, findings []schema.Finding, wanted []wantedFinding) []string {
	var problems []string
	if got.Result != c.Result {
		problems = append(problems, fmt.Sprintf("the result is %s (%s), wanted %s", got.Result, got.Reason, c.Result))
	}
	if !strings.Contains(got.Reason, c.Reason) {
		problems = append(problems, fmt.Sprintf("the reason is %q, wanted a part %q", got.Reason, c.Reason))
	}
	counted := 0
	for _, n := range got.Counts {
		counted += n
	}
	if counted != got.Rows {
		problems = append(problems, fmt.Sprintf("the counts add up to %d for %d rows", counted, got.Rows))
	}
	open := slices.DeleteFunc(slices.Clone(findings), func(f schema.Finding) bool { return f.Check != got.ID })
	for _, w := range wanted {
		if !isFinding(w.Result) {
			continue
		}
		i := slices.IndexFunc(open, w.is)
		if i < 0 {
			problems = append(problems, fmt.Sprintf("no finding %s for %q with %q", w.Result, w.Subject, w.Message))
			continue
		}
		open = slices.Delete(open, i, i+1)
	}
	for _, f := range open {
		problems = append(problems, fmt.Sprintf("unwanted finding %s %s for %q: %s", f.Result, f.Severity, f.Subject, f.Message))
	}
	return problems
}

// compareCounts holds the counts of a check in rules against the rows of its
// population: one that wants nothing passes. A case without a result of rows, as
// where something was not collected, has no counts.
func (c *fixtureCase) compareCounts(population string, got schema.CheckResult) []string {
	if got.Rows == 0 {
		return nil
	}
	want := map[schema.Result]int{}
	for _, row := range c.Rows[population] {
		w := wantedFinding{Result: schema.ResultPass}
		if row["want"] != nil {
			w, _ = readWant(row["want"]) // an error came up before
		}
		if w.Result != schema.ResultNotCollected { // a row of a cluster that has a gap is not looked at
			want[w.Result]++
		}
	}
	for _, f := range c.Findings {
		want[f.Result]++
	}
	if !maps.Equal(want, got.Counts) {
		return []string{fmt.Sprintf("the rows gave %v, wanted %v", got.Counts, want)}
	}
	return nil
}

// is reports whether a finding is the wanted one.
func (w wantedFinding) is(f schema.Finding) bool {
	return w.Result == f.Result && (w.Severity == "" || w.Severity == f.Severity) &&
		(w.Subject == "" || w.Subject == f.Subject.String()) && strings.Contains(f.Message, w.Message)
}
