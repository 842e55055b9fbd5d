package main

import (
	"errors"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

func newControls(env *environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "controls",
		Short: "List, show, lint and test controls and their checks",
		Long: `Look at the control table and its checks: the built-in ones, or those of a plan. Checks
of your own are YAML with CEL; docs/checks.md teaches it.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newControlsList(env), newControlsShow(env), newControlsLint(env), newControlsTest(env))
	return c
}

func loadTable(plan string) (*input.Set, error) {
	in, err := (&planFlags{plan: plan}).read()
	return in, invalid(err)
}

// listedControl is what "controls list -o json" says about a control.
type listedControl struct {
	ID     string        `json:"id"`
	Title  string        `json:"title"`
	Owner  string        `json:"owner"`
	Checks []listedCheck `json:"checks"`
}

type listedCheck struct {
	ID          string            `json:"id"`
	Kind        schema.CheckKind  `json:"kind"`
	Evaluation  schema.Evaluation `json:"evaluation"`
	Severity    schema.Severity   `json:"severity"`
	Implemented bool              `json:"implemented"`
}

func listed(in *input.Set) []listedControl {
	owners := map[string]string{}
	for _, o := range in.Overlay.Spec.Controls {
		owners[o.ID] = o.Owner
	}
	var out []listedControl
	for _, c := range in.Table.Spec.Controls {
		l := listedControl{ID: c.ID, Title: c.Title, Owner: owners[c.ID]}
		for _, k := range checksOf(in, c.ID) {
			l.Checks = append(l.Checks, listedCheck{k.ID, k.Kind, k.Evaluation, k.Severity, assess.DecidedBy(&k) != assess.ByNone})
		}
		out = append(out, l)
	}
	return out
}

func checksOf(in *input.Set, control string) []schema.Check {
	var out []schema.Check
	for _, k := range in.Checks {
		if k.Control == control {
			out = append(out, k)
		}
	}
	return out
}

func newControlsList(env *environment) *cobra.Command {
	var plan, output string
	c := &cobra.Command{
		Use:   "list",
		Short: "List the controls and what decides their checks",
		Example: `  auditpack controls list
  auditpack controls list -f audit/plan.yaml -o json`,
		Args: cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			in, err := loadTable(plan)
			if err != nil {
				return err
			}
			if output == "json" {
				return printJSON(env, struct {
					Controls []listedControl `json:"controls"`
				}{listed(in)})
			}
			return printControls(env, listed(in))
		},
	}
	c.Flags().StringVarP(&plan, "file", "f", "", "use the control table, checks and overlay of this plan `file`")
	outputFlag(c, &output)
	return c
}

func printControls(env *environment, controls []listedControl) error {
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', 0)
	fmt.Fprintln(w, "CONTROL\tCHECKS\tDECIDED\tTITLE")
	checks, decided := 0, 0
	for _, c := range controls {
		n := 0
		for _, k := range c.Checks {
			if k.Implemented {
				n++
			}
		}
		checks, decided = checks+len(c.Checks), decided+n
		fmt.Fprintf(w, "%s\t%d\t%d\t%s\n", c.ID, len(c.Checks), n, c.Title)
	}
	fmt.Fprintf(w, "%d\t%d\t%d\t\n", len(controls), checks, decided)
	return w.Flush()
}

func newControlsShow(env *environment) *cobra.Command {
	var plan string
	c := &cobra.Command{
		Use:     "show CONTROL",
		Short:   "Show one control with its checks and references",
		Example: "  auditpack controls show ACC-01",
		Args:    cobra.ExactArgs(1),
		ValidArgsFunction: func(*cobra.Command, []string, string) ([]string, cobra.ShellCompDirective) {
			in, err := input.Default(templates.FS)
			if err != nil {
				return nil, cobra.ShellCompDirectiveError
			}
			var ids []string
			for _, c := range in.Table.Spec.Controls {
				ids = append(ids, c.ID+"\t"+c.Title)
			}
			return ids, cobra.ShellCompDirectiveNoFileComp
		},
		RunE: func(_ *cobra.Command, args []string) error {
			in, err := loadTable(plan)
			if err != nil {
				return err
			}
			for _, control := range in.Table.Spec.Controls {
				if strings.EqualFold(control.ID, args[0]) {
					printControl(env, control, checksOf(in, control.ID))
					return nil
				}
			}
			return invalid(fmt.Errorf("there is no control %q; auditpack controls list names them", args[0]))
		},
	}
	c.Flags().StringVarP(&plan, "file", "f", "", "use the control table and checks of this plan `file`")
	return c
}

func printControl(env *environment, c schema.Control, checks []schema.Check) {
	out := env.stdout
	fmt.Fprintf(out, "%s  %s\n\n", c.ID, c.Title)
	for _, line := range []struct{ label, text string }{
		{"Risk", c.Risk}, {"Control", c.Statement}, {"Operates", c.Operates}, {"Layers", strings.Join(c.Layers, ", ")}, {"Review", string(c.Cadence)},
	} {
		fmt.Fprintf(out, "%-9s %s\n", line.label, wrap(line.text, 69, 10))
	}
	var clauses []string
	for _, r := range c.References.ISO27017 {
		clauses = append(clauses, r.ID)
	}
	fmt.Fprintf(out, "\nISO/IEC 27017:2015  %s\nISO/IEC 27002:2022  %s\n", strings.Join(clauses, " "), strings.Join(c.References.ISO27002, " "))
	for _, k := range checks {
		fmt.Fprintf(out, "\n%s  %s; %s; severity %s\n          %s\n", k.ID, evidenceOf[k.Kind], deciderOf(&k), k.Severity, wrap(k.Logic, 69, 10))
	}
}

// evidenceOf says what a check of a kind looks at.
var evidenceOf = map[schema.CheckKind]string{
	schema.CheckAPI: "reads clusters", schema.CheckPipeline: "reads pipelines", schema.CheckDocument: "reads documents", schema.CheckRegister: "reads registers",
}

// deciderOf says who decides a check, a person or the program.
func deciderOf(c *schema.Check) string {
	switch {
	case assess.DecidedBy(c) == assess.ByNone:
		return "not decided in this release"
	case c.Evaluation == schema.Auto:
		return "decided by the program"
	case c.Evaluation == schema.Semi:
		return "decided by the program, in part by a person"
	default:
		return "decided by a person"
	}
}

// wrap breaks text into lines of that width; lines after the first are indented.
func wrap(text string, width, indent int) string {
	var b strings.Builder
	column := 0
	for i, word := range strings.Fields(text) {
		if n := len([]rune(word)); column+n+1 > width && i > 0 {
			b.WriteString("\n" + strings.Repeat(" ", indent))
			column = 0
		} else if i > 0 {
			b.WriteByte(' ')
			column++
		}
		b.WriteString(word)
		column += len([]rune(word))
	}
	return b.String()
}

func newControlsLint(env *environment) *cobra.Command {
	var plan string
	c := &cobra.Command{
		Use:   "lint",
		Short: "Check a plan, its tables, registers and checks for mistakes",
		Long: `Read the plan and everything it names strictly, and compile every expression. Each
mistake is printed with file, line and column. Exit code 2 means that there is one. What
is no mistake and an auditor would miss, such as an owner, is printed after that.`,
		Example: "  auditpack controls lint -f audit/plan.yaml",
		Args:    cobra.NoArgs,
		RunE: func(*cobra.Command, []string) error {
			in, err := loadTable(plan)
			if err != nil {
				return err
			}
			if err := compile(in); err != nil {
				return invalid(err)
			}
			fmt.Fprintf(env.stdout, "%d controls, %d checks: no mistake found\n", len(in.Table.Spec.Controls), len(in.Checks))
			if plan != "" {
				printUnfinished(env, in)
			}
			return nil
		},
	}
	c.Flags().StringVarP(&plan, "file", "f", "", "look at this plan `file`; without it at the built-in table")
	return c
}

// printUnfinished says what an auditor would miss in a plan without a mistake.
func printUnfinished(env *environment, in *input.Set) {
	var owner, reviewer, document []string
	for _, c := range in.Table.Spec.Controls {
		var o schema.ControlOverlay
		for _, known := range in.Overlay.Spec.Controls {
			if known.ID == c.ID {
				o = known
			}
		}
		switch {
		case o.NotApplicable != nil:
			continue
		case o.Owner == "" && in.Overlay.Spec.Owner == "":
			owner = append(owner, c.ID)
		}
		if o.Reviewer == "" && in.Overlay.Spec.Reviewer == "" {
			reviewer = append(reviewer, c.ID)
		}
		if len(registeredFor(in, c.ID)) < len(documentChecksOf(in, c.ID)) {
			document = append(document, c.ID)
		}
	}
	for _, m := range []struct {
		ids  []string
		what string
	}{
		{owner, "without an owner: name one in the overlay"},
		{reviewer, "without a reviewer: name one in the overlay"},
		{document, "with a document check that has no document: auditpack documents list --open"},
	} {
		if len(m.ids) > 0 {
			fmt.Fprintf(env.stdout, "missing: %d controls %s\n         %s\n", len(m.ids), m.what, wrap(strings.Join(m.ids, " "), 70, 9))
		}
	}
}

func documentChecksOf(in *input.Set, control string) []schema.Check {
	return slices.DeleteFunc(checksOf(in, control), func(c schema.Check) bool { return c.Kind != schema.CheckDocument })
}

// registeredFor returns the document checks of a control for which a document is registered.
func registeredFor(in *input.Set, control string) []schema.Check {
	return slices.DeleteFunc(documentChecksOf(in, control), func(c schema.Check) bool {
		return !slices.ContainsFunc(in.Documents.Spec.Documents, func(d schema.DocumentRecord) bool { return slices.Contains(d.Checks, c.ID) })
	})
}

// compile compiles the checks, and says of each mistake where the check is written.
func compile(in *input.Set) error {
	err := assess.Compile(in.Checks)
	joined, ok := err.(interface{ Unwrap() []error })
	if !ok {
		return err
	}
	var placed []error
	for _, e := range joined.Unwrap() {
		var wrong *assess.CheckError
		if errors.As(e, &wrong) {
			if at, ok := in.CheckPosition(wrong.Check); ok {
				e = fmt.Errorf("%s: %w", at, e)
			}
		}
		placed = append(placed, e)
	}
	return errors.Join(placed...)
}
