//go:build unix

package input_test

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"github.com/auditpack/auditpack/internal/input"
)

// TestAttachmentsStayBesideTheRegister: a register that somebody else wrote must
// not bring files of the machine into a bundle, nor hold a run up.
func TestAttachmentsStayBesideTheRegister(t *testing.T) {
	outside := filepath.Join(t.TempDir(), "outside.md")
	if err := os.WriteFile(outside, []byte("not for the bundle"), 0o600); err != nil {
		t.Fatal(err)
	}
	for name, tc := range map[string]struct {
		place   func(path string) error
		problem string
	}{
		"a link out of the folder": {func(path string) error { return os.Symlink(outside, path) }, "escapes"},
		"a pipe":                   {func(path string) error { return syscall.Mkfifo(path, 0o600) }, "not a regular file"},
		"a folder":                 {func(path string) error { return os.Mkdir(path, 0o700) }, "not a regular file"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			files := map[string]string{
				"plan.yaml": head + "AuditPlan\nmetadata: {name: p}\nspec: {organization: o, scope: s, documents: documents.yaml}\n",
				"documents.yaml": head + "DocumentRegister\nmetadata: {name: d}\nspec:\n  documents:\n" +
					"  - {id: DOC-1, title: t, type: record, checks: [ACC-01.d1], owner: o, asOf: 2026-09-01, file: evidence.md}\n",
			}
			for file, content := range files {
				if err := os.WriteFile(filepath.Join(dir, file), []byte(content), 0o600); err != nil {
					t.Fatal(err)
				}
			}
			if err := tc.place(filepath.Join(dir, "evidence.md")); err != nil {
				t.Fatal(err)
			}
			set, err := input.Load(filepath.Join(dir, "plan.yaml"), builtin)
			if err == nil || set != nil || !strings.Contains(err.Error(), "documents.yaml:") || !strings.Contains(err.Error(), tc.problem) {
				t.Errorf("got %v, want a problem with %q and its place", err, tc.problem)
			}
		})
	}
}
