package kube_test

import (
	"context"
	"encoding/json"
	"path/filepath"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect/files"
	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

const sampleDir = "../../templates/sample"

// serverSets are the fields of rows that no manifest can decide: the API server
// gives every object a uid and times of creation, change of phase and deletion of its own, and it
// finds out for itself that the extension server of an APIService does not run
// here. Whether they have a value is compared.
var serverSets = []string{"uid", "created", "phaseSince", "terminatingSince", "available"}

// onlyLive is what files never have.
const onlyLive = "serverVersion"

// The sample platform in a real API server gives the rows that its files give.
func TestSampleAsFromFiles(t *testing.T) {
	set, err := input.Load(filepath.Join(sampleDir, "plan.yaml"), templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	spec := set.Plan.Spec
	spec.Secrets = schema.SecretsRotation // what files with managedFields have of secrets
	for _, c := range spec.Clusters {
		t.Run(c.Name, func(t *testing.T) {
			c.From = []string{filepath.Join(sampleDir, c.From[0])}
			s := controlplane.Start(t)
			o := kube.Options{Cluster: c, Spec: &spec, Config: s.Admin(t), Version: "test", Now: time.Now}
			_, empty := run(t, o)
			s.Apply(t, controlplane.Manifests(t, c.From[0])...)
			_, live := run(t, o)
			for _, gap := range live.gaps() {
				if gap != "/apis truncated 0" { // the extension server that does not run
					t.Errorf("gap: %s", gap)
				}
			}
			fromFiles := &sink{}
			if _, err := files.New(files.Options{Cluster: c, Spec: &spec}).Collect(context.Background(), time.Now(), fromFiles); err != nil {
				t.Fatal(err)
			}
			rows := 0
			for _, p := range schema.Populations {
				if p.Derived() {
					continue
				}
				want := comparable(t, fromFiles, p.Name)
				got := without(comparable(t, live, p.Name), comparable(t, empty, p.Name), want)
				rows += len(want)
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("%s (-files +live):\n%s", p.Name, diff)
				}
			}
			if rows < 50 {
				t.Errorf("only %d rows were compared", rows)
			}
		})
	}
}

// comparable returns the rows of a population as lines of JSON in order, without the values of serverSets.
func comparable(t *testing.T, s *sink, population string) []string {
	t.Helper()
	var out []string
	for r := range s.evidence.Rows(population) {
		line, err := schema.MarshalLine(r)
		if err != nil {
			t.Fatal(err)
		}
		var fields map[string]any
		if err := json.Unmarshal(line, &fields); err != nil {
			t.Fatal(err)
		}
		delete(fields, onlyLive)
		for _, f := range serverSets {
			if v, ok := fields[f]; ok && v != "" {
				fields[f] = "by the server"
			}
		}
		if line, err = json.Marshal(fields); err != nil {
			t.Fatal(err)
		}
		out = append(out, string(line))
	}
	slices.Sort(out)
	return out
}

// without returns the rows less those that an empty server has by itself, unless
// they are wanted.
func without(rows, empty, want []string) []string {
	return slices.DeleteFunc(rows, func(r string) bool { return slices.Contains(empty, r) && !slices.Contains(want, r) })
}
