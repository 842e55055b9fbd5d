package main

import (
	"os"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// TestDemoFindsWhatIsPlanted holds the demo's findings against the table of
// docs/sample.md, in which every planted flaw stands with its check and subject.
func TestDemoFindsWhatIsPlanted(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", dir); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	r := readReport(t, dir+"/brindlewharf-2026-09-30")
	found := map[string]bool{}
	for _, f := range r.Findings {
		s := f.Subject
		s.Field = ""
		result := f.Result
		if f.Exception != "" {
			result = schema.ResultExcepted
		}
		found[strings.Join([]string{f.Check, string(result), s.Cluster, s.String()}, " | ")] = true
	}
	planted := plantedFlaws(t)
	for _, row := range planted {
		if !found[row] {
			t.Errorf("planted and not found: %s", row)
		}
	}
	areas, results := map[string]bool{}, map[schema.Result]bool{}
	for _, row := range planted {
		areas[row[:3]] = true
	}
	for _, c := range r.Checks {
		results[c.Result] = true
	}
	if len(areas) != len(r.Areas) {
		t.Errorf("flaws are planted in %d of %d areas", len(areas), len(r.Areas))
	}
	for _, want := range []schema.Result{schema.ResultPass, schema.ResultPartial, schema.ResultFail, schema.ResultNeedsReview, schema.ResultNotCollected} {
		if !results[want] {
			t.Errorf("no check of the demo is %s", want)
		}
	}
}

// plantedFlaws returns "check | result | cluster | subject" of each row of the
// tables of docs/sample.md that have these columns first.
func plantedFlaws(t *testing.T) []string {
	t.Helper()
	b, err := os.ReadFile("../../docs/sample.md")
	if err != nil {
		t.Fatal(err)
	}
	var rows []string
	inTable := false
	for line := range strings.Lines(string(b)) {
		cells := strings.Split(strings.TrimSpace(line), "|")
		switch {
		case len(cells) < 6:
			inTable = false
		case strings.TrimSpace(cells[1]) == "check" && strings.TrimSpace(cells[3]) == "cluster":
			inTable = true
		case inTable && !strings.HasPrefix(cells[1], "---"):
			var row []string
			for _, cell := range cells[1:5] {
				row = append(row, strings.Trim(strings.TrimSpace(cell), "`"))
			}
			rows = append(rows, strings.Join(row, " | "))
		}
	}
	if len(rows) < 50 {
		t.Fatalf("docs/sample.md has %d rows of planted flaws", len(rows))
	}
	return rows
}

// undecided are the controls with checks of the API of which the sample shows no
// deviation, or nothing in order, and why.
var undecided = map[string]string{
	"ACC-04": "asks for reviews and for the bundle before, which no cluster has",
	"ACC-05": "in order on purpose (docs/sample.md)",
	"GOV-01": "asks whether the plan names the right distribution, and it does",
	"GOV-04": "in order on purpose (docs/sample.md)",
	"MON-01": "asks for the flags of a control plane, which a provider operates here, and for a run against a server",
	"MON-04": "lists who can change logs, which a person judges; clocks are compared only with a server",
	"RES-02": "in order: a restore was tested this quarter",
	"SEC-04": "asks for the flags of a control plane, which a provider operates here",
}

// TestSampleDecidesBothWays finds, of every control that a cluster alone can
// decide, something in the demo that deviates and something that is in order.
func TestSampleDecidesBothWays(t *testing.T) {
	out := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", out); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	rows := map[string]map[schema.Result]int{} // by control
	for _, c := range readReport(t, out+"/brindlewharf-2026-09-30").Checks {
		if c.Kind != schema.CheckAPI {
			continue
		}
		if rows[c.Control] == nil {
			rows[c.Control] = map[schema.Result]int{}
		}
		for result, n := range c.Counts {
			rows[c.Control][result] += n
		}
	}
	for control, n := range rows {
		both := n[schema.ResultFail]+n[schema.ResultPartial] > 0 && n[schema.ResultPass] > 0
		switch reason := undecided[control]; {
		case reason == "" && !both:
			t.Errorf("%s: nothing deviates, or nothing is in order: %v", control, n)
		case reason != "" && both && n[schema.ResultFail] > 0:
			t.Errorf("%s shows both, although it %s", control, reason)
		}
	}
	for control := range undecided {
		if rows[control] == nil {
			t.Errorf("%s has no check of the API", control)
		}
	}
}
