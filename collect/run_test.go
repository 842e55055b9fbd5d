package collect_test

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

var (
	asOf = time.Date(2026, 11, 22, 10, 0, 0, 0, time.UTC)
	tool = schema.Tool{Name: "auditpack", Version: "test"}
)

// A source gives a fixed answer.
type source struct {
	name    string
	rows    []schema.Row
	queries []schema.Query
	objects [][2]string // resource and line
	err     error
}

func (s source) Name() string { return s.name }

func (s source) Collect(_ context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	if s.err != nil {
		return schema.Source{}, s.err
	}
	to.Rows(s.rows...)
	for _, q := range s.queries {
		to.Query(q)
	}
	for _, o := range s.objects {
		if err := to.Object(s.name, o[0], []byte(o[1])); err != nil {
			return schema.Source{}, err
		}
	}
	return schema.Source{Name: s.name, Kind: schema.SourceFiles, Started: asOf, Finished: asOf}, nil
}

func object(namespace, name, rest string) string {
	return fmt.Sprintf(`{"kind":"Role","metadata":{"name":%q,"namespace":%q},"rest":%q}`, name, namespace, rest)
}

func TestRunMergesSourcesInOrder(t *testing.T) {
	dir := t.TempDir()
	snap, err := collect.Run(context.Background(), asOf.Add(300*time.Millisecond).In(time.FixedZone("CET", 3600)), tool, dir,
		source{
			name: "b/prod", rows: []schema.Row{schema.Node{Cluster: "b/prod", Name: "n2"}, schema.Node{Cluster: "b/prod", Name: "n1"}},
			queries: []schema.Query{{Source: "b/prod", Resource: "pods", Target: "list"}, {Source: "b/prod", Resource: "nodes", Target: "list"}},
			objects: [][2]string{
				{"roles.rbac.authorization.k8s.io", object("n", "b", "")}, {"roles.rbac.authorization.k8s.io", object("m", "c", "")},
				{"roles.rbac.authorization.k8s.io", object("n", "a", "") + "\n"}, {"services", object("n", "s", "")},
			},
		},
		source{name: "a", rows: []schema.Row{schema.Node{Cluster: "a", Name: "n3"}}, objects: [][2]string{{"services", object("", "x", "")}}},
	)
	if err != nil {
		t.Fatal(err)
	}
	want := &schema.Snapshot{
		SchemaVersion: schema.Version, AsOf: asOf, Tool: tool,
		Sources: []schema.Source{
			{Name: "a", Kind: schema.SourceFiles, Started: asOf, Finished: asOf},
			{Name: "b/prod", Kind: schema.SourceFiles, Started: asOf, Finished: asOf},
		},
		Queries: []schema.Query{{Source: "b/prod", Resource: "nodes", Target: "list"}, {Source: "b/prod", Resource: "pods", Target: "list"}},
		Evidence: schema.Evidence{Nodes: []schema.Node{
			{Cluster: "a", Name: "n3"}, {Cluster: "b/prod", Name: "n1"}, {Cluster: "b/prod", Name: "n2"},
		}},
	}
	if diff := cmp.Diff(want, snap); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	wantFiles := map[string]string{
		"evidence/objects/a/services.jsonl":      object("", "x", "") + "\n",
		"evidence/objects/b-prod/services.jsonl": object("n", "s", "") + "\n",
		"evidence/objects/b-prod/roles.rbac.authorization.k8s.io.jsonl": object("m", "c", "") + "\n" + object("n", "a", "") + "\n" +
			object("n", "b", "") + "\n",
	}
	if diff := cmp.Diff(wantFiles, tree(t, dir)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

// TestRunDoesNotDependOnArrival hands over the same pages from many goroutines.
func TestRunDoesNotDependOnArrival(t *testing.T) {
	var first map[string]string
	for round := range 3 {
		dir := t.TempDir()
		snap, err := collect.Run(context.Background(), asOf, tool, dir, scattered{})
		if err != nil {
			t.Fatal(err)
		}
		if err := collect.Save(dir, snap); err != nil {
			t.Fatal(err)
		}
		got := tree(t, dir)
		if round == 0 {
			first = got
		}
		if diff := cmp.Diff(first, got); diff != "" {
			t.Errorf("round %d (-first +got):\n%s", round, diff)
		}
	}
}

type scattered struct{}

func (scattered) Name() string { return "prod" }

func (scattered) Collect(_ context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	var wg sync.WaitGroup
	errs := make([]error, 50)
	for i := range errs {
		wg.Go(func() {
			name := fmt.Sprint("o", i%10)
			to.Rows(schema.Quota{Cluster: "prod", Namespace: "n", Kind: "LimitRange", Name: name}, schema.Credential{Cluster: "prod", Kind: "Pod", Name: "p", Length: i})
			errs[i] = to.Object("prod", "roles.rbac.authorization.k8s.io", []byte(object("n", name, fmt.Sprint(i))))
			to.Query(schema.Query{Source: "prod", Resource: "pods", Rows: i})
		})
	}
	wg.Wait()
	return schema.Source{Name: "prod", Started: asOf, Finished: asOf}, errors.Join(errs...)
}

func TestRunRefuses(t *testing.T) {
	unreachable := errors.New("connection refused")
	taken := t.TempDir()
	path := filepath.Join(taken, "evidence", "objects", "prod")
	if err := os.MkdirAll(path, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(path, "services.jsonl"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	service := [2]string{"services", object("", "x", "")}
	tests := map[string]struct {
		dir     string
		sources []collect.Source
		want    string
	}{
		"no source":               {sources: nil, want: "there is no source"},
		"two of one name":         {sources: []collect.Source{source{name: "a"}, source{name: "a"}}, want: `two sources have the name "a"`},
		"an unreachable source":   {sources: []collect.Source{source{name: "a"}, source{name: "b", err: unreachable}}, want: "read b: connection refused"},
		"objects from before":     {dir: taken, sources: []collect.Source{source{name: "prod", objects: [][2]string{service}}}, want: "exists already"},
		"a resource that climbs":  {sources: []collect.Source{source{name: "a", objects: [][2]string{{"../x", "{}"}}}}, want: "no name of a resource"},
		"a line that is two":      {sources: []collect.Source{source{name: "a", objects: [][2]string{{"pods", "{\n}"}}}}, want: "not one line of JSON"},
		"a line that is not JSON": {sources: []collect.Source{source{name: "a", objects: [][2]string{{"pods", "{"}}}}, want: "not one line of JSON"},
	}
	for name, test := range tests {
		t.Run(name, func(t *testing.T) {
			dir := test.dir
			if dir == "" {
				dir = t.TempDir()
			}
			snap, err := collect.Run(context.Background(), asOf, tool, dir, test.sources...)
			if err == nil || !strings.Contains(err.Error(), test.want) {
				t.Errorf("error %v, want one with %q", err, test.want)
			}
			if snap != nil {
				t.Errorf("a snapshot with the error")
			}
			for file := range tree(t, dir) {
				if strings.Contains(file, "unsorted") {
					t.Errorf("%s is left behind", file)
				}
			}
		})
	}
}

// TestFoldersOfSources gives every source a folder of its own that every system can store.
func TestFoldersOfSources(t *testing.T) {
	dir := t.TempDir()
	var sources []collect.Source
	names := []string{"arn:aws:eks:eu-west-1:1:cluster/Prod", "PROD", "prod", "..", "con", "com1", "ü", strings.Repeat("x", 300)}
	for _, n := range names {
		sources = append(sources, source{name: n, objects: [][2]string{{"services", object("", "x", n)}}})
	}
	if _, err := collect.Run(context.Background(), asOf, tool, dir, sources...); err != nil {
		t.Fatal(err)
	}
	entries, err := os.ReadDir(filepath.Join(dir, "evidence", "objects"))
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range entries {
		got = append(got, e.Name())
	}
	want := []string{"arn-aws-eks-eu-west-1-1-cluster-prod", "cluster-", "cluster--2", "cluster-com1", "cluster-con", "prod", "prod-2", strings.Repeat("x", 60)}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestRunRecordsASourceThatCannotBeReached(t *testing.T) {
	away := source{name: "away", err: &collect.UnreachableError{Err: errors.New("connection refused")}}
	there := source{name: "there", rows: []schema.Row{schema.Node{Cluster: "there", Name: "n"}}}

	snap, err := collect.Run(context.Background(), asOf, tool, t.TempDir(), away, there)
	if err != nil {
		t.Fatal(err)
	}
	if len(snap.Sources) != 1 || snap.Sources[0].Name != "there" || len(snap.Evidence.Nodes) != 1 {
		t.Errorf("sources %+v and %d nodes, want the one that answered", snap.Sources, len(snap.Evidence.Nodes))
	}
	want := []schema.Query{{Source: "away", Resource: "source", Target: "read the source", Outcome: schema.Failed, Reason: "connection refused"}}
	if d := cmp.Diff(want, snap.Queries); d != "" {
		t.Error(d)
	}

	if snap, err := collect.Run(context.Background(), asOf, tool, t.TempDir(), away); err == nil || snap != nil {
		t.Errorf("nothing could be reached: got %v, %v", snap, err)
	}
}
