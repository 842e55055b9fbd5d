package main

import (
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"testing"
)

// Every line of docs/robustness.md names a test, and every test that it names is there.
func TestRobustnessIsShown(t *testing.T) {
	text, err := os.ReadFile("../../docs/robustness.md")
	if err != nil {
		t.Fatal(err)
	}
	lines := regexp.MustCompile(`(?m)^\| .* \|$`).FindAllString(string(text), -1)
	shown := regexp.MustCompile("`(Test\\w+)`((?:, `Test\\w+`)*)(?: in ([\\w/]+))?|`(\\w+\\.txtar)`")
	for _, line := range lines {
		if line == "| what happens | what the program does | exit | shown by |" || line == "| what comes | what the program does | exit | shown by |" {
			continue
		}
		named := shown.FindAllStringSubmatch(line, -1)
		if len(named) == 0 {
			t.Errorf("no test shows this: %s", line)
		}
		for _, n := range named {
			if script := n[4]; script != "" {
				if _, err := os.Stat(filepath.Join("testdata/script", script)); err != nil {
					t.Error(err)
				}
				continue
			}
			for _, test := range regexp.MustCompile(`Test\w+`).FindAllString(n[1]+n[2], -1) {
				if !slices.Contains(testsOf(t, n[3]), test) {
					t.Errorf("%s is not in package %s", test, n[3])
				}
			}
		}
	}
	if len(lines) < 20 {
		t.Errorf("the tables have %d lines", len(lines))
	}
}

// testsOf returns the names of the tests of a package.
func testsOf(t *testing.T, folder string) []string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join("../..", folder, "*_test.go"))
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, file := range files {
		text, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		for _, m := range regexp.MustCompile(`(?m)^func (Test\w+)\(`).FindAllStringSubmatch(string(text), -1) {
			out = append(out, m[1])
		}
	}
	return out
}
