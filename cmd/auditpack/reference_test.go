package main

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/spf13/cobra"
)

//go:generate go test -run ^TestCommandReference$ -update .

// TestCommandReference holds docs/cli.md against the commands; -update, and so
// make generate, writes it.
func TestCommandReference(t *testing.T) {
	var b strings.Builder
	b.WriteString("# Commands\n\nThis page is made of `--help` by `make generate`. As a plugin of kubectl the program is called `kubectl auditpack`.\n")
	root := newRoot(&environment{})
	root.InitDefaultCompletionCmd()
	describe(&b, root)
	path := filepath.FromSlash("../../docs/cli.md")
	if *update {
		if err := os.WriteFile(path, []byte(b.String()), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	got, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(b.String(), string(got)); diff != "" {
		t.Errorf("docs/cli.md is not what the commands say; run make generate (-commands +page):\n%s", diff)
	}
}

func describe(b *strings.Builder, c *cobra.Command) {
	if c.Hidden || c.Name() == "help" {
		return
	}
	text := c.Long
	if text == "" {
		text = c.Short + "."
	}
	fmt.Fprintf(b, "\n## %s\n\n%s\n\n    %s\n", c.CommandPath(), paragraphs(text), c.UseLine())
	block(b, "Examples", c.Example)
	block(b, "Flags", c.LocalFlags().FlagUsages())
	for _, sub := range c.Commands() {
		describe(b, sub)
	}
}

// paragraphs shows a text as it is where it has lines that Markdown would read
// as something else.
func paragraphs(text string) string {
	text = strings.TrimSpace(text)
	if strings.Contains(text, "\n  ") || strings.ContainsAny(text, "\t#") {
		return "```\n" + text + "\n```"
	}
	return text
}

func block(b *strings.Builder, title, text string) {
	if strings.TrimSpace(text) == "" {
		return
	}
	fmt.Fprintf(b, "\n%s:\n\n```\n%s\n```\n", title, strings.Trim(text, "\n"))
}

func TestPluginNamesItselfAsKubectlDoes(t *testing.T) {
	for program, want := range map[string]string{
		"auditpack": "auditpack", "/usr/local/bin/auditpack": "auditpack", "/home/me/.krew/bin/kubectl-auditpack": "kubectl auditpack", "kubectl-auditpack.exe": "kubectl auditpack",
	} {
		root := newRoot(&environment{})
		showAsCalled(root, program)
		run, _, err := root.Find([]string{"run"})
		if err != nil {
			t.Fatal(err)
		}
		if got := run.CommandPath(); got != want+" run" {
			t.Errorf("%s: help names %q", program, got)
		}
		if usage := root.UsageString(); !strings.Contains(usage, "  "+want+" demo ") || !strings.Contains(usage, want+" [command]") {
			t.Errorf("%s: the usage is\n%s", program, usage)
		}
	}
}

func TestManPages(t *testing.T) {
	t.Setenv("SOURCE_DATE_EPOCH", "1795334400")
	dir := filepath.Join(t.TempDir(), "man")
	if code, _, stderr := command(t, "man", dir); code != exitDone {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	page, err := os.ReadFile(filepath.Join(dir, "auditpack-run.1"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"Nov 2026", "auditpack-run - ", "--from"} {
		if !strings.Contains(strings.ReplaceAll(string(page), `\-`, "-"), want) {
			t.Errorf("the page of run lacks %q", want)
		}
	}
}
