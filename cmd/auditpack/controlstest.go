package main

import (
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/assess"
)

func newControlsTest(env *environment) *cobra.Command {
	var plan, output string
	c := &cobra.Command{
		Use:   "test DIR",
		Short: "Run checks against rows with the expected findings beside them",
		Long: `Run every fixture file *.yaml of a folder against the checks of a plan, or the built-in
ones, and print what was expected and what came out. docs/checks.md shows how a fixture
is written. Exit code 1 means that a case came out otherwise.`,
		Example: "  auditpack controls test audit/tests -f audit/plan.yaml",
		Args:    cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			in, err := loadTable(plan)
			if err != nil {
				return err
			}
			if err := compile(in); err != nil {
				return invalid(err)
			}
			results, err := assess.RunFixtures(cmd.Context(), in.Checks, os.DirFS(args[0]))
			if err != nil {
				return invalid(fmt.Errorf("%s: %w", args[0], err))
			}
			return concludeTest(env, output, results)
		},
	}
	c.Flags().StringVarP(&plan, "file", "f", "", "test the checks of this plan `file`")
	outputFlag(c, &output)
	return c
}

// testedCase is what "controls test -o json" says about one case of a fixture.
type testedCase struct {
	File     string   `json:"file"`
	Check    string   `json:"check"`
	Case     string   `json:"case"`
	Passed   bool     `json:"passed"`
	Problems []string `json:"problems"`
}

func concludeTest(env *environment, output string, results []assess.FixtureResult) error {
	var cases []testedCase
	failed := 0
	for _, r := range results {
		if len(r.Problems) > 0 {
			failed++
		}
		cases = append(cases, testedCase{r.File, r.Check, r.Case, len(r.Problems) == 0, r.Problems})
	}
	if output == "json" {
		if err := printJSON(env, struct {
			Cases []testedCase `json:"cases"`
		}{cases}); err != nil {
			return err
		}
	} else {
		printTested(env, cases, failed)
	}
	if failed > 0 {
		return errors.New("some checks did not come out as expected")
	}
	return nil
}

func printTested(env *environment, cases []testedCase, failed int) {
	p := newPaint(env)
	for _, c := range cases {
		if c.Passed && !env.verbose {
			continue
		}
		word := p.bad(true, "differs")
		if c.Passed {
			word = p.good("as expected")
		}
		fmt.Fprintf(env.stdout, "%s: %s, %s: %s\n", printable(c.File), c.Check, printable(c.Case), word)
		for _, problem := range c.Problems {
			fmt.Fprintf(env.stdout, "  %s\n", printable(problem))
		}
	}
	fmt.Fprintf(env.stdout, "%d passed, %d failed\n", len(cases)-failed, failed)
}
