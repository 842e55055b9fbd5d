package assess

import (
	"context"
	"crypto/sha256"
	"fmt"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

func sampled(t *testing.T, s *schema.Sampling, pods int) (*world, *schema.Report) {
	t.Helper()
	w := newWorld()
	for i := range pods {
		w.Evidence.Pods = append(w.Evidence.Pods, schema.Pod{Cluster: "c", Namespace: "prod", Name: fmt.Sprintf("p%03d", i)})
	}
	w.Sampling = s
	report, err := Assess(context.Background(), &w.Snapshot, &w.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	return w, report
}

func drawnOf(t *testing.T, r *schema.Report, population string) []int {
	t.Helper()
	for _, p := range r.Sample.Populations {
		if p.Population == population {
			return p.Rows
		}
	}
	t.Fatalf("nothing was drawn of %s", population)
	return nil
}

// TestSampleCanBeDrawnAgain draws as FORMAT.md says it, from the lines of the file.
func TestSampleCanBeDrawnAgain(t *testing.T) {
	w, report := sampled(t, &schema.Sampling{Size: 5, Seed: "the auditor's"}, 100)
	type row struct {
		digest string
		number int
	}
	var rows []row
	for pod := range w.Evidence.Rows("pods") {
		line, err := schema.MarshalLine(pod)
		if err != nil {
			t.Fatal(err)
		}
		rows = append(rows, row{fmt.Sprintf("%x", sha256.Sum256([]byte("the auditor's\npods\n"+string(line)))), len(rows) + 1})
	}
	slices.SortFunc(rows, func(a, b row) int {
		if a.digest < b.digest {
			return -1
		}
		return 1
	})
	var want []int
	for _, r := range rows[:5] {
		want = append(want, r.number)
	}
	if diff := cmp.Diff(want, drawnOf(t, report, "pods")); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if s := report.Sample; s.Seed != "the auditor's" || !s.SeedGiven || s.Size != 5 {
		t.Errorf("the sample says %+v", s)
	}
}

func TestSeedFollowsFromTheEvidence(t *testing.T) {
	_, one := sampled(t, &schema.Sampling{Size: 5}, 100)
	_, again := sampled(t, &schema.Sampling{Size: 5}, 100)
	_, other := sampled(t, &schema.Sampling{Size: 5}, 101)
	if diff := cmp.Diff(one.Sample, again.Sample); diff != "" {
		t.Errorf("equal evidence gives another sample:\n%s", diff)
	}
	if one.Sample.Seed == other.Sample.Seed || len(one.Sample.Seed) != 64 || one.Sample.SeedGiven {
		t.Errorf("seeds %q and %q", one.Sample.Seed, other.Sample.Seed)
	}
}

func TestSmallPopulationIsDrawnWhole(t *testing.T) {
	_, report := sampled(t, &schema.Sampling{Size: 5}, 3)
	got := slices.Sorted(slices.Values(drawnOf(t, report, "pods")))
	if diff := cmp.Diff([]int{1, 2, 3}, got); diff != "" {
		t.Errorf("rows (-want +got):\n%s", diff)
	}
	if _, none := sampled(t, nil, 3); none.Sample != nil {
		t.Errorf("a sample that nobody asked for: %+v", none.Sample)
	}
}

func TestSamplingIsChecked(t *testing.T) {
	for _, c := range []struct {
		wish schema.Sampling
		ok   bool
	}{
		{schema.Sampling{Size: 1}, true}, {schema.Sampling{Size: 25, Seed: "3f 9c"}, true},
		{schema.Sampling{}, false}, {schema.Sampling{Size: -1}, false}, {schema.Sampling{Size: 1 << 20}, false}, {schema.Sampling{Size: 1, Seed: "two\nlines"}, false},
	} {
		if err := c.wish.Check(); (err == nil) != c.ok {
			t.Errorf("%+v: %v", c.wish, err)
		}
	}
}
