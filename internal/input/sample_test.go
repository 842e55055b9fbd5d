package input_test

import (
	"testing"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/templates"
)

func TestSampleLoads(t *testing.T) {
	set, err := input.LoadFS(templates.FS, "sample/plan.yaml", templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	if len(set.Reviews) != 1 {
		t.Errorf("the sample has %d access reviews, want 1", len(set.Reviews))
	}
	if len(set.Attachments) == 0 || len(set.Exceptions.Spec.Exceptions) == 0 || len(set.Overlay.Spec.Approvals) == 0 {
		t.Errorf("the sample has %d attachments, %d exceptions and %d approvals, want some of each",
			len(set.Attachments), len(set.Exceptions.Spec.Exceptions), len(set.Overlay.Spec.Approvals))
	}
}
