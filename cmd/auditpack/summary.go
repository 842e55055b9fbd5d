package main

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"text/tabwriter"

	"golang.org/x/term"

	"github.com/auditpack/auditpack/schema"
)

var shownStatuses = []schema.Status{schema.Implemented, schema.Partial, schema.NotImplemented, schema.NeedsReview, schema.NotApplicable}

// printSummary says on one screen what the report found, and what to do next.
func printSummary(env *environment, r *schema.Report) {
	p := newPaint(env)
	w := tabwriter.NewWriter(env.stdout, 0, 0, 2, ' ', tabwriter.AlignRight)
	fmt.Fprintf(env.stdout, "%s, as of %s\n", printable(r.Plan.Organization), r.AsOf.Format("2006-01-02 15:04 UTC"))
	fmt.Fprintln(w, "area\timplemented\tpartial\tnot implemented\tneeds review\tn/a\t")
	for _, area := range areasOf(r) {
		fmt.Fprint(w, area+"\t")
		for _, s := range shownStatuses {
			fmt.Fprintf(w, "%s\t", dash(countControls(r, area, s)))
		}
		fmt.Fprintln(w)
	}
	w.Flush()
	by := r.Summary.FindingsBySeverity
	fmt.Fprintf(env.stdout, "Open findings: %s, %d high, %d medium, %d low\n",
		p.bad(by[schema.Critical] > 0, fmt.Sprintf("%d critical", by[schema.Critical])), by[schema.High], by[schema.Medium], by[schema.Low])
	printPartlySeen(env, p, r)
	never := neverReviewed(r)
	fmt.Fprintf(env.stdout, "Exceptions: %d in force, %s. Reviews: %d overdue, %s. No owner: %d.\n",
		r.Summary.OpenExceptions, p.bad(r.Summary.ExpiredExceptions > 0, fmt.Sprintf("%d expired", r.Summary.ExpiredExceptions)),
		r.Summary.OverdueReviews, p.bad(never > 0, fmt.Sprintf("%d never", never)), r.Summary.ControlsNoOwner)
	printTraces(env, p, r.Summary.Traces)
	printSample(env, r.Sample)
	printGaps(env, p, r)
	printWorst(env, r)
}

// printPartlySeen says what the line of open findings leaves out: rows that deviate,
// in checks that have no result because not everything was seen.
func printPartlySeen(env *environment, p paint, r *schema.Report) {
	if len(r.PartlySeen) == 0 {
		return
	}
	by := map[schema.Severity]int{}
	for _, f := range r.PartlySeen {
		by[f.Severity]++
	}
	fmt.Fprintf(env.stdout, "%s\n", p.bad(true, fmt.Sprintf("Not counted: %d critical, %d high and %d lesser deviations, seen only in part.",
		by[schema.Critical], by[schema.High], len(r.PartlySeen)-by[schema.Critical]-by[schema.High])))
}

// neverReviewed counts the applicable controls that nobody signed off yet.
func neverReviewed(r *schema.Report) int {
	n := 0
	for _, c := range r.Controls {
		if c.Review == schema.ReviewNever && c.Status != schema.NotApplicable {
			n++
		}
	}
	return n
}

// printGaps names what could not be seen, so that silence is never taken for safety.
func printGaps(env *environment, p paint, r *schema.Report) {
	shown := 2
	if len(r.PartlySeen) > 0 {
		shown = 1 // the line about these says more than a second query
	}
	var gaps []schema.Query
	for _, q := range r.Queries {
		if q.Gap() {
			gaps = append(gaps, q)
		}
	}
	slices.SortStableFunc(gaps, func(a, b schema.Query) int { return cmp.Compare(kindOfGap(a), kindOfGap(b)) })
	if len(gaps) == 0 {
		fmt.Fprintf(env.stdout, "Every query was answered completely.%s\n", withoutResult(r))
		return
	}
	fmt.Fprintf(env.stdout, "%s.%s\n", p.bad(true, fmt.Sprintf("%d queries were not answered completely", len(gaps))), withoutResult(r))
	for _, q := range gaps[:min(shown, len(gaps))] {
		what := q.Resource
		if q.Resource == unreadDocuments {
			what = strings.TrimPrefix(q.Target, "read ") // file and line
		}
		fmt.Fprintf(env.stdout, "  %s\n", cutTo(printable(fmt.Sprintf("%s %s: %s, %s", q.Source, what, q.Outcome, q.Reason)), 76))
	}
	switch {
	case kindOfGap(gaps[len(gaps)-1]) != unspoken:
	case slices.ContainsFunc(gaps, func(q schema.Query) bool { return q.Resource == unreadDocuments }):
		fmt.Fprintln(env.stdout, "Mend what cannot be read: until then --complete does not hold for them.")
	default:
		fmt.Fprintln(env.stdout, "Files that hold the whole cluster can say so: --complete, or in the plan.")
	}
}

// unreadDocuments is the resource of queries about documents in files that could not be read.
const unreadDocuments = "documents"

// unspoken is the kind of gap of a kind that files do not speak of.
const unspoken = 3

// kindOfGap puts a source that was not read first, then documents and files of other
// tools that cannot be read, for somebody named them, then what a source answered with
// a refusal, and last what files do not speak of.
func kindOfGap(q schema.Query) int {
	switch {
	case q.Resource == "source":
		return 0
	case q.Resource == unreadDocuments, q.Source == schema.ImportSource:
		return 1
	case q.Code != 0:
		return 2
	default:
		return unspoken
	}
}

// withoutResult says how many checks have no result, which no gap shows.
func withoutResult(r *schema.Report) string {
	n := r.Summary.ChecksByResult[schema.ResultNotCollected]
	if n == 0 {
		return ""
	}
	return fmt.Sprintf(" %d of %d checks have no result.", n, len(r.Checks))
}

func printWorst(env *environment, r *schema.Report) {
	shown, printed := 3, 0
	if len(r.PartlySeen) > 0 && r.Summary.Traces.All() > 0 {
		shown = 2 // their lines leave no room on a screen
	}
	for _, f := range r.Findings {
		if f.Result != schema.ResultFail || f.Exception != "" || printed == shown {
			continue
		}
		if printed == 0 {
			fmt.Fprintln(env.stdout, "First to mend:")
		}
		printed++
		fmt.Fprintf(env.stdout, "  %-8s %s\n", f.Severity, cutTo(printable(f.Check+" "+f.Message), 67))
	}
}

func areasOf(r *schema.Report) []string {
	var areas []string
	seen := map[string]bool{}
	for _, c := range r.Controls {
		if !seen[c.Area] {
			seen[c.Area] = true
			areas = append(areas, c.Area)
		}
	}
	return areas
}

func countControls(r *schema.Report, area string, s schema.Status) int {
	n := 0
	for _, c := range r.Controls {
		if c.Area == area && c.Status == s {
			n++
		}
	}
	return n
}

func dash(n int) string {
	if n == 0 {
		return "-"
	}
	return fmt.Sprint(n)
}

// cutTo shortens a line to n characters.
func cutTo(s string, n int) string {
	r := []rune(strings.TrimSpace(s))
	if len(r) <= n {
		return string(r)
	}
	return string(r[:n-1]) + "…"
}

// paint colours words where the terminal takes it. The words say it all without.
type paint struct{ on bool }

func newPaint(env *environment) paint {
	switch env.colour {
	case "always":
		return paint{true}
	case "never":
		return paint{false}
	default:
		return paint{term.IsTerminal(int(env.stdout.Fd())) && env.getenv("NO_COLOR") == ""}
	}
}

func (p paint) bad(when bool, s string) string { return p.wrap(when, "31", s) }
func (p paint) good(s string) string           { return p.wrap(true, "32", s) }

func (p paint) wrap(when bool, code, s string) string {
	if !p.on || !when {
		return s
	}
	return "\x1b[" + code + "m" + s + "\x1b[0m"
}
