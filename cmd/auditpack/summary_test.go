package main

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
	"unicode/utf8"
)

// A terminal of the smallest size that people use.
const screenLines, screenColumns = 24, 80

// TestSummaryFitsScreen holds that what run prints leaves a line for the prompt,
// with and without gaps, and says what to do next; and that -q prints nothing.
func TestSummaryFitsScreen(t *testing.T) {
	t.Chdir(t.TempDir())
	if err := unpackSample("sample"); err != nil {
		t.Fatal(err)
	}
	plan := filepath.Join("sample", "plan.yaml")
	for _, test := range []struct {
		name string
		// change of the plan
		old, new string
		flags    []string
		code     int
	}{
		{name: "whole", code: exitDone},
		{name: "gaps", old: "complete: true", new: "complete: false", code: exitGaps},
		{name: "quiet", flags: []string{"-q"}, code: exitGaps},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := os.ReadFile(plan)
			if err != nil {
				t.Fatal(err)
			}
			if test.old != "" {
				if !strings.Contains(string(b), test.old) {
					t.Fatalf("the plan does not say %q", test.old)
				}
				if err := os.WriteFile(plan, []byte(strings.ReplaceAll(string(b), test.old, test.new)), 0o644); err != nil {
					t.Fatal(err)
				}
			}
			code, stdout, stderr := command(t, append([]string{"run", "-f", plan, "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", test.name}, test.flags...)...)
			if code != test.code {
				t.Fatalf("exit code %d, want %d\n%s", code, test.code, stderr)
			}
			if len(test.flags) > 0 {
				if stdout != "" {
					t.Errorf("-q prints:\n%s", stdout)
				}
				return
			}
			lines := strings.Split(strings.TrimSuffix(stdout, "\n"), "\n")
			if len(lines) >= screenLines {
				t.Errorf("%d lines leave no room for the prompt on a screen of %d:\n%s", len(lines), screenLines, stdout)
			}
			for _, line := range lines {
				if n := utf8.RuneCountInString(line); n > screenColumns {
					t.Errorf("a line of %d columns: %s", n, line)
				}
			}
			for _, next := range []string{"First to mend:", "open report.pdf to read, report.html to search", "auditpack verify " + filepath.Join(test.name, "brindlewharf-2026-09-30.zip") + " --unsafe-unsigned"} {
				if !strings.Contains(stdout, next) {
					t.Errorf("the summary does not say %q:\n%s", next, stdout)
				}
			}
		})
	}
}
