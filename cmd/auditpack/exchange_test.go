package main

import (
	"encoding/json"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/render/csv"
	"github.com/auditpack/auditpack/render/oscal"
	"github.com/auditpack/auditpack/render/sarif"
	"github.com/auditpack/auditpack/schema"
)

// TestExchangeFilesSayWhatTheReportSays holds the files for other programs in the
// demo's bundle against its report.
func TestExchangeFilesSayWhatTheReportSays(t *testing.T) {
	out := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", out); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	dir := filepath.Join(out, "brindlewharf-2026-09-30")
	r := readReport(t, dir)

	var results oscal.File
	readExchange(t, dir, oscal.AssessmentResultsPath, &results)
	satisfied := 0
	for _, f := range results.AssessmentResults.Results[0].Findings {
		if f.Target.Status.State == "satisfied" {
			satisfied++
		}
	}
	if want := r.Summary.ControlsByStatus[schema.Implemented]; satisfied != want {
		t.Errorf("OSCAL has %d controls satisfied, the report %d implemented", satisfied, want)
	}
	for _, c := range r.Controls {
		missing := slices.ContainsFunc(r.Checks, func(k schema.CheckResult) bool { return k.Control == c.ID && k.Result == schema.ResultNotCollected })
		if missing && c.Status == schema.Implemented {
			t.Errorf("%s is implemented, and so satisfied, without all of its evidence", c.ID)
		}
	}
	for o := range results.AssessmentResults.Results[0].Observations {
		for _, e := range o.RelevantEvidence {
			if _, err := os.Stat(filepath.Join(dir, "oscal", filepath.FromSlash(e.Href))); err != nil {
				t.Errorf("evidence leads nowhere: %v", err)
			}
		}
	}

	var plan oscal.File
	readExchange(t, dir, oscal.PlanOfActionPath, &plan)
	if got, want := len(slices.Collect(iter.Seq[oscal.Item](plan.PlanOfAction.Items))), len(r.Findings)+r.Summary.ChecksByResult[schema.ResultNotCollected]; got != want {
		t.Errorf("the plan of action has %d items, want %d", got, want)
	}

	var log sarif.File
	readExchange(t, dir, sarif.Path, &log)
	if len(log.Runs[0].Results) < 50 {
		t.Errorf("%d findings of the sample have a line", len(log.Runs[0].Results))
	}

	table, err := os.ReadFile(filepath.Join(dir, csv.Path))
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range r.Findings {
		if !strings.Contains(string(table), "\n"+f.ID+",") {
			t.Errorf("the table lacks %s", f.ID)
		}
	}
}

func readExchange(t *testing.T, dir, path string, v any) {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, filepath.FromSlash(path)))
	if err != nil {
		t.Fatal(err)
	}
	if err := json.Unmarshal(b, v); err != nil {
		t.Fatalf("%s: %v", path, err)
	}
}
