package main

import (
	"context"
	"os"
	"testing"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/outline"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
)

// TestDemoShowsWhatWasApproved holds the outline of the sample's report, which is
// made again from the bundle of the demo, against a golden file.
func TestDemoShowsWhatWasApproved(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", dir); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	bundle := os.DirFS(dir + "/brindlewharf-2026-09-30")
	in, err := input.LoadFrom(bundle)
	if err != nil {
		t.Fatal(err)
	}
	snapshot, err := collect.Load(bundle)
	if err != nil {
		t.Fatal(err)
	}
	report, err := assess.Assess(context.Background(), snapshot, &in.Inputs)
	if err != nil {
		t.Fatal(err)
	}
	report.Plan.DocumentSigner.SHA256 = "of a certificate that each demo makes anew"
	document, err := render.Build(report, snapshot, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	got, err := outline.Of(document)
	if err != nil {
		t.Fatal(err)
	}
	const path = "testdata/sample.golden.json"
	if *update {
		if err := os.WriteFile(path, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("outline (-want +got), go test ./cmd/auditpack -run TestDemoShows -update writes it:\n%s", diff)
	}
}
