package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// A gap is one query that was not answered completely, put to one or more sources.
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
		body("%s", b.resultLine()))
	if files := b.filesLine(); files != "" {
		s.Blocks = append(s.Blocks, body("%s", files))
	}
	s.Blocks = append(s.Blocks, heading("Queries without a complete answer"), b.gapTable())
	if len(b.gaps) > gapRows {
		s.Blocks = append(s.Blocks, small("%d more are on %s.", len(b.gaps)-gapRows, sheet("Queries")))
	}
	s.Blocks = append(s.Blocks, b.partlySeen()...)
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
			{Title: "Source", Width: 22}, {Title: "Query", Width: 44}, {Title: "Answer", Width: 20, Kind: StatusCell},
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
		return "No query was put to any source."
	}
	if _, inferred, _ := b.fromFiles(); inferred > 0 {
		return fmt.Sprintf("Every query was answered completely, %s of %s on the word of the plan, which calls the files complete.", group(inferred), group(len(b.r.Queries)))
	}
	return "Every query was answered completely."
}

// A cause is why checks gave no result.
type cause string

// The causes, in the order in which they are shown.
const (
	noPipeline cause = "no pipeline source in the plan"
	noRule     cause = "no rule in this release"
	noDocument cause = "no document or list"
	notSeen    cause = "not shown by what was collected"
)

var causes = []cause{noPipeline, noRule, noDocument, notSeen}

// causeOf says why a check gave no result, and is empty where it gave one.
func causeOf(c schema.CheckResult) cause {
	switch {
	case c.Implemented && c.Result != schema.ResultNotCollected:
		return ""
	case c.Kind == schema.CheckPipeline && (!c.Implemented || c.Reason == schema.NoPipelineSource):
		return noPipeline
	case !c.Implemented:
		return noRule
	case c.Kind == schema.CheckDocument || c.Kind == schema.CheckRegister:
		return noDocument
	}
	return notSeen
}

func withoutResult(checks []schema.CheckResult) int {
	n := 0
	for _, c := range checks {
		if causeOf(c) != "" {
			n++
		}
	}
	return n
}

// resultLine says how many checks gave a result, and why the others did not.
func (b *builder) resultLine() string {
	if len(b.r.Checks) == 0 {
		return "There are no checks."
	}
	counts := map[cause]int{}
	for _, c := range b.r.Checks {
		counts[causeOf(c)]++
	}
	line := fmt.Sprintf("Of %s %s gave a result", count(len(b.r.Checks), "check", "checks"), group(counts[""]))
	var why []string
	for _, c := range causes {
		if counts[c] > 0 {
			why = append(why, string(c)+" "+group(counts[c]))
		}
	}
	if len(why) > 0 {
		line += ". The others by reason: " + strings.Join(why, ", ")
	}
	return line + "."
}

// undecided lists the checks that gave no result, by the reason.
func (b *builder) undecided() []Block {
	type reason struct {
		text   string
		checks []string
	}
	var reasons []reason
	for _, why := range causes {
		for _, c := range b.r.Checks {
			if causeOf(c) != why {
				continue
			}
			text := cmp.Or(c.Reason, "no reason is given")
			i := slices.IndexFunc(reasons, func(r reason) bool { return r.text == text })
			if i < 0 {
				i = len(reasons)
				reasons = append(reasons, reason{text: text})
			}
			reasons[i].checks = append(reasons[i].checks, c.ID)
		}
	}
	t := Table{
		Columns: []Column{{Title: "Reason", Width: 85}, {Title: "Checks", Width: 85}},
		Dense:   true,
		Empty:   "Every check gave a result.",
	}
	for _, r := range reasons[:min(len(reasons), undecidedRows)] {
		t.Rows = append(t.Rows, []Text{{Value: shorten(r.text, 400), Note: count(len(r.checks), "check", "checks")}, {Value: strings.Join(r.checks, ", ")}})
	}
	if len(b.r.Checks) == 0 {
		t.Empty = "There are no checks."
	}
	blocks := []Block{t}
	if len(reasons) > undecidedRows {
		blocks = append(blocks, small("%d more reasons are on %s.", len(reasons)-undecidedRows, sheet("Checks")))
	}
	return blocks
}
