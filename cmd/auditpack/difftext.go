package main

import (
	"fmt"
	"io"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// shownChanges is how many lines of one kind diff prints; --verbose prints all of
// them in full, and -o json has them too.
const shownChanges = 10

// lineWidth is what fits on the narrowest terminal that people use.
const lineWidth = 80

// printChanges says what changed, worst first, in lines that fit a terminal.
func printChanges(env *environment, before, after side, c *schema.Changes) error {
	d := &diffText{w: env.stdout, limit: shownChanges, width: lineWidth}
	if env.verbose {
		d.limit, d.width = 0, 0
	}
	d.side("old", before)
	d.side("new", after)
	if c.Until.Equal(c.Since) {
		d.line("Both are as of the same instant.")
	}
	lowered, raised, other := byDirection(c.Statuses)
	fresh, closed, unseen := c.New, gone(c.Closed), unseenOf(c.Closed)
	d.statuses("Lowered", lowered)
	d.statuses("Raised", raised)
	d.statuses("Other statuses", other)
	d.findings("New findings", fresh)
	d.findings("Closed findings", closed)
	d.findings("No longer seen, so not known to be closed", unseen)
	d.findings("Still open, oldest first", c.Ageing)
	d.items("Access grants", c.Grants)
	d.items("Exposures", c.Exposures)
	d.items("Images", c.Images)
	d.exceptions(c.Exceptions)
	d.reviews(c.Reviews)
	d.outdated(c.Outdated)
	d.list("Not compared", c.NotCompared)
	if !d.any {
		d.line("\nNothing changed.")
	}
	return d.err
}

type diffText struct {
	w     io.Writer
	limit int // of lines of one kind, 0 for none
	width int // of a line, 0 for none
	any   bool
	err   error
}

// line prints what fits on a line of a terminal.
func (d *diffText) line(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	if lead := strings.TrimLeft(text, "\n"); len(lead) < len(text) {
		d.write("\n")
		text = lead
	}
	text = printable(text)
	if d.width > 0 {
		text = cutRight(text, d.width)
	}
	d.write(text + "\n")
}

func (d *diffText) write(s string) {
	if d.err == nil {
		_, d.err = io.WriteString(d.w, s)
	}
}

// cutRight shortens a line and keeps its indent.
func cutRight(s string, n int) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return string(r[:n-1]) + "…"
}

func (d *diffText) side(name string, s side) {
	d.line("%s  %s, as of %s", name, s.path, s.standing.AsOf.UTC().Format("2006-01-02 15:04 UTC"))
	d.line("     %s", s.proof)
}

// part prints a heading with a count, and as many lines as there is room for.
func (d *diffText) part(title string, n int, line func(i int) string) {
	if n == 0 {
		return
	}
	d.any = true
	d.line("\n%s: %d", title, n)
	shown := n
	if d.limit > 0 && n > d.limit+1 { // one more line says as much as "and 1 more"
		shown = d.limit
	}
	for i := range shown {
		d.line("  %s", line(i))
	}
	if shown < n {
		d.line("  and %d more; -v prints all of them in full", n-shown)
	}
}

func (d *diffText) list(title string, lines []string) {
	d.part(title, len(lines), func(i int) string { return lines[i] })
}

func byDirection(all []schema.StatusChange) (lowered, raised, other []schema.StatusChange) {
	for _, c := range all {
		switch c.Direction {
		case schema.Lowered:
			lowered = append(lowered, c)
		case schema.Raised:
			raised = append(raised, c)
		default:
			other = append(other, c)
		}
	}
	return lowered, raised, other
}

func (d *diffText) statuses(title string, changes []schema.StatusChange) {
	d.part(title, len(changes), func(i int) string {
		c := changes[i]
		return fmt.Sprintf("%-8s %s -> %s  %s", c.ID, statusWord(c.Before), statusWord(c.After), c.Title)
	})
}

func statusWord(s schema.Status) string {
	if s == "" {
		return "absent"
	}
	return strings.ReplaceAll(string(s), "_", " ")
}

func gone(closed []schema.FindingChange) []schema.FindingChange {
	return findingsWhere(closed, func(f schema.FindingChange) bool { return f.After != schema.FindingUnseen })
}

func unseenOf(closed []schema.FindingChange) []schema.FindingChange {
	return findingsWhere(closed, func(f schema.FindingChange) bool { return f.After == schema.FindingUnseen })
}

func findingsWhere(all []schema.FindingChange, keep func(schema.FindingChange) bool) []schema.FindingChange {
	var out []schema.FindingChange
	for _, f := range all {
		if keep(f) {
			out = append(out, f)
		}
	}
	return out
}

func (d *diffText) findings(title string, changes []schema.FindingChange) {
	d.part(title, len(changes), func(i int) string {
		f := changes[i]
		line := fmt.Sprintf("%-8s %s ", f.Severity, f.Check)
		switch {
		case f.Days > 0:
			line += fmt.Sprintf("%d days: ", f.Days)
		case f.After == schema.FindingExcepted || f.After == schema.FindingUndecided:
			line += string(f.After) + ": "
		case f.After == schema.FindingOpen && f.Before != schema.FindingGone && f.Before != schema.FindingOpen:
			line += "was " + string(f.Before) + ": "
		}
		return line + f.Message
	})
}

func (d *diffText) items(title string, changes []schema.ItemChange) {
	d.part(title, len(changes), func(i int) string {
		c := changes[i]
		switch c.Change {
		case schema.Added:
			return fmt.Sprintf("+ %s %s (%s)", c.Cluster, c.What, c.After)
		case schema.Removed:
			return fmt.Sprintf("- %s %s (%s)", c.Cluster, c.What, c.Before)
		default:
			return fmt.Sprintf("~ %s %s: %s -> %s", c.Cluster, c.What, c.Before, c.After)
		}
	})
}

func (d *diffText) exceptions(changes []schema.ExceptionChange) {
	d.part("Exceptions", len(changes), func(i int) string {
		e := changes[i]
		return fmt.Sprintf("%s %s -> %s, until %s", e.ID, orAbsent(e.Before), orAbsent(e.After), e.ExpiresOn)
	})
}

func orAbsent(s schema.ExceptionState) string {
	if s == "" {
		return "absent"
	}
	return string(s)
}

func (d *diffText) reviews(changes []schema.ReviewChange) {
	d.part("Signed off in between", len(changes), func(i int) string {
		r := changes[i]
		return fmt.Sprintf("%-8s on %s by %s  %s", r.Control, r.After, r.By, r.Title)
	})
}

func (d *diffText) outdated(all []schema.OutdatedReview) {
	d.part("The platform changed since the last sign-off", len(all), func(i int) string {
		o := all[i]
		what := fmt.Sprintf("%d new, %d closed", o.New, o.Closed)
		if o.Before != o.After {
			what = statusWord(o.Before) + " -> " + statusWord(o.After) + ", " + what
		}
		return fmt.Sprintf("%-8s signed %s; %s  %s", o.Control, o.LastReview.Time().Format(time.DateOnly), what, o.Title)
	})
}
