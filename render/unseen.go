package render

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A gap is one question that was not answered completely, put to one or more sources.
type gap struct {
	resource string
	target   string
	outcome  schema.Outcome
	reason   string
	rows     int
	sources  []string
	checks   []string // that read a population made of this resource
}

// findGaps joins queries that failed in the same way in several sources.
func findGaps(r *schema.Report) []gap {
	var gaps []gap
	for _, q := range r.Queries {
		if !q.Gap() {
			continue
		}
		i := slices.IndexFunc(gaps, func(g gap) bool {
			return g.resource == q.Resource && g.target == q.Target && g.outcome == q.Outcome && g.reason == q.Reason
		})
		if i < 0 {
			i = len(gaps)
			gaps = append(gaps, gap{resource: q.Resource, target: q.Target, outcome: q.Outcome, reason: q.Reason, checks: dependants(r.Checks, q.Resource)})
		}
		gaps[i].rows += q.Rows
		if !slices.Contains(gaps[i].sources, q.Source) {
			gaps[i].sources = append(gaps[i].sources, q.Source)
		}
	}
	return gaps
}

// dependants returns the checks that read a population made of a resource.
func dependants(checks []schema.CheckResult, resource string) []string {
	var out []string
	for _, c := range checks {
		if slices.ContainsFunc(c.Populations, func(p string) bool { return madeOf(p, resource) }) {
			out = append(out, c.ID)
		}
	}
	return out
}

func madeOf(population, resource string) bool {
	p, ok := schema.PopulationNamed(population)
	if !ok {
		return false
	}
	return slices.Contains(p.Resources, resource) ||
		slices.ContainsFunc(p.From, func(from string) bool { return madeOf(from, resource) })
}

// shortResource leaves out the API group.
func shortResource(s string) string {
	name, _, _ := strings.Cut(s, ".")
	return name
}

// Bounds of the chapter on what could not be seen.
const (
	gapRows       = 40
	undecidedRows = 60
)

// unseen says what this report cannot know: what was refused, what no check
// decides yet, and what no Kubernetes API shows.
func (b *builder) unseen() []Section {
	s := flowing("unseen", "What could not be seen",
		lead("No evidence is never a pass. Here is what was asked and not answered, which checks wait for it, and what no Kubernetes API can show."),
		heading("Questions without a complete answer"), b.gapTable())
	if len(b.gaps) > gapRows {
		s.Blocks = append(s.Blocks, small("%d more are on %s.", len(b.gaps)-gapRows, sheet("Queries")))
	}
	s.Blocks = append(s.Blocks, heading("Checks without a result"))
	s.Blocks = append(s.Blocks, b.undecided()...)
	s.Blocks = append(s.Blocks, heading("What no Kubernetes API shows"))
	s.Blocks = append(s.Blocks, b.texts.part("limits", "No API")...)
	s.Blocks = append(s.Blocks, heading("Limits of the method"))
	s.Blocks = append(s.Blocks, b.texts.part("limits", "Method")...)
	return []Section{s}
}

func (b *builder) gapTable() Table {
	t := Table{
		Columns: []Column{
			{Title: "Source", Width: 22}, {Title: "Question", Width: 44}, {Title: "Answer", Width: 20, Kind: StatusCell},
			{Title: "Reason given", Width: 54}, {Title: "Checks that wait for it", Width: 30},
		},
		Dense: true,
		Empty: b.noGaps(),
	}
	for _, g := range b.gaps[:min(len(b.gaps), gapRows)] {
		answer := Text{Value: string(g.outcome), Tone: outcomeTones[g.outcome]}
		if g.rows > 0 {
			answer.Note = "after " + count(g.rows, "row", "rows")
		}
		t.Rows = append(t.Rows, []Text{
			plain(list(g.sources, 3)), {Value: g.resource, Note: g.target}, answer, plain(shorten(g.reason, 240)), plain(list(g.checks, 6)),
		})
	}
	return t
}

// noGaps says why there are no gaps: nothing asked and everything answered never look alike.
func (b *builder) noGaps() string {
	if len(b.r.Queries) == 0 {
		return "No question was put to any source."
	}
	return "Every question was answered completely."
}

// undecided lists the checks that gave no result, by the reason.
func (b *builder) undecided() []Block {
	type cause struct {
		reason string
		checks []string
	}
	var causes []cause
	for _, c := range b.r.Checks {
		reason := c.Reason
		switch {
		case !c.Implemented:
			reason = "No rule decides this check yet; a person has to."
		case c.Result != schema.ResultNotCollected:
			continue
		}
		i := slices.IndexFunc(causes, func(x cause) bool { return x.reason == reason })
		if i < 0 {
			i = len(causes)
			causes = append(causes, cause{reason: reason})
		}
		causes[i].checks = append(causes[i].checks, c.ID)
	}
	t := Table{
		Columns: []Column{{Title: "Reason", Width: 70}, {Title: "Checks", Width: 100}},
		Dense:   true,
		Empty:   "Every check gave a result.",
	}
	for _, c := range causes[:min(len(causes), undecidedRows)] {
		t.Rows = append(t.Rows, []Text{{Value: c.reason, Note: count(len(c.checks), "check", "checks")}, {Value: strings.Join(c.checks, ", ")}})
	}
	if len(b.r.Checks) == 0 {
		t.Empty = "There are no checks."
	}
	blocks := []Block{t}
	if len(causes) > undecidedRows {
		blocks = append(blocks, small("%d more reasons are on %s.", len(causes)-undecidedRows, sheet("Checks")))
	}
	return blocks
}
