package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

func newDocumentsList(env *environment) *cobra.Command {
	var plan, control, asOf, output string
	var open bool
	c := &cobra.Command{
		Use:   "list",
		Short: "List what documents each control expects, and which are missing, due or stale",
		Long: `Print a checklist: for each control the documents that it expects, what has to be in them, and
how those that are registered stand. Nothing is asked of a cluster, so what a document has to cover,
such as all groups of administrators, is said only by the report.`,
		Example: `  auditpack documents list -f audit/plan.yaml
  auditpack documents list -f audit/plan.yaml --open --control ACC-05`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			in, err := loadTable(plan)
			if err != nil {
				return err
			}
			at, err := asOfTime(asOf)
			if err != nil {
				return err
			}
			if control != "" && !slices.ContainsFunc(in.Table.Spec.Controls, func(c schema.Control) bool { return strings.EqualFold(c.ID, control) }) {
				return invalid(fmt.Errorf("the control table has no control %q; \"auditpack controls list\" shows all", control))
			}
			items := []listedDocument{}
			for _, item := range assess.Checklist(schema.DateOf(at), &in.Inputs) {
				if (control == "" || strings.EqualFold(item.Check.Control, control)) && (!open || item.Freshness != schema.Fresh) {
					items = append(items, listDocument(item))
				}
			}
			if output == "json" {
				return printJSON(env, struct {
					Documents []listedDocument `json:"documents"`
				}{items})
			}
			printChecklist(env, in, items)
			return nil
		},
	}
	c.Flags().StringVarP(&plan, "file", "f", "", "the plan `file`; without it the built-in table and an empty register")
	c.Flags().StringVar(&control, "control", "", "only this `control`")
	c.Flags().StringVar(&asOf, "as-of", "", "as of this `time` instead of now, as 2026-09-30T06:00:00Z")
	c.Flags().BoolVar(&open, "open", false, "only what is missing, due or stale")
	outputFlag(c, &output)
	return c
}

// listedDocument is what "documents list -o json" says about a document check.
type listedDocument struct {
	Control  string             `json:"control"`
	Check    string             `json:"check"`
	Severity schema.Severity    `json:"severity"`
	State    schema.Freshness   `json:"state"`
	Until    schema.Date        `json:"until"`
	Expected string             `json:"expected"`
	Holds    string             `json:"holds"`
	Decided  string             `json:"decided"`
	Records  []listedRegistered `json:"records"`
}

type listedRegistered struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	State    schema.Freshness `json:"state"`
	Until    schema.Date      `json:"until"`
	Problems []string         `json:"problems"`
}

func listDocument(item assess.ChecklistItem) listedDocument {
	l := listedDocument{
		Control: item.Check.Control, Check: item.Check.ID, Severity: item.Check.Severity, State: item.Freshness, Until: item.Until,
		Expected: item.Check.Source, Holds: item.Check.Fields, Decided: item.Check.Logic,
	}
	for _, d := range item.Documents {
		l.Records = append(l.Records, listedRegistered{d.ID, d.Title, d.Freshness, d.Until, d.Problems})
	}
	return l
}

func printChecklist(env *environment, in *input.Set, items []listedDocument) {
	titles := map[string]string{}
	for _, c := range in.Table.Spec.Controls {
		titles[c.ID] = c.Title
	}
	p := newPaint(env)
	count := map[schema.Freshness]int{}
	last := ""
	for _, item := range items {
		count[item.State]++
		if item.Control != last {
			fmt.Fprintf(env.stdout, "\n%s  %s\n", item.Control, titles[item.Control])
			last = item.Control
		}
		mark, word := "[ ]", string(item.State)
		if item.State == schema.Fresh || item.State == schema.Due {
			mark, word = "[x]", word+" until "+item.Until.String()
		}
		fmt.Fprintf(env.stdout, "  %s %s  %s\n      %s\n", mark, item.Check, paintState(p, item.State, word), wrap(item.Expected, 73, 6))
		if item.Holds != "" {
			fmt.Fprintf(env.stdout, "      Holds: %s\n", wrap(item.Holds, 66, 13))
		}
		fmt.Fprintf(env.stdout, "      Counts when: %s\n", wrap(item.Decided, 60, 19))
		for _, r := range item.Records {
			line := fmt.Sprintf("%s, %s until %s", printable(r.Title), r.State, r.Until)
			if len(r.Problems) > 0 {
				line = printable(r.Title) + ": " + printable(strings.Join(r.Problems, "; "))
			}
			fmt.Fprintf(env.stdout, "      - %s\n", wrap(r.ID+"  "+line, 71, 8))
		}
	}
	fmt.Fprintf(env.stdout, "\n%d document checks: %d fresh, %d due within 14 days, %d stale, %d missing\n",
		len(items), count[schema.Fresh], count[schema.Due], count[schema.Stale], count[schema.Missing])
}

func paintState(p paint, state schema.Freshness, word string) string {
	if state == schema.Fresh || state == schema.Due {
		return p.good(word)
	}
	return p.bad(true, word)
}
