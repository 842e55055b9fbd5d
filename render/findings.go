package render

import (
	"cmp"
	"fmt"
	"iter"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Bounds of the chapter of findings. What is beyond them is counted and named.
const (
	findingOwners    = 16  // with a part of their own
	findingsPerCheck = 8   // of one owner
	findingRows      = 150 // in all parts together
)

// findingsByOwner lists what is open, so that each owner finds their own page,
// worst first.
func (b *builder) findingsByOwner() []Section {
	groups := b.owners
	total, covered, undecided := 0, 0, 0
	for _, f := range b.r.Findings {
		switch {
		case open(f):
			total++
		case f.Exception != "":
			covered++
		default:
			undecided++
		}
	}
	first := chapter(FindingsID, "Findings by owner",
		lead("%s open, %s covered by an exception, %s for a person to decide. All of them, with their ids, are on %s.",
			count(total, "finding is", "findings are"), count(covered, "is", "are"), count(undecided, "is", "are"), sheet("Findings")))
	if len(groups) > 1 {
		first.Blocks = append(first.Blocks, ownerTable(groups))
	}
	out := []Section{first}
	for i, g := range groups {
		if i == findingOwners {
			out[0].Blocks = append(out[0].Blocks, small("The first %d owners have a list below; the others are on %s.", findingOwners, sheet("Findings")))
			break
		}
		out = append(out, b.ownerSection(i, g))
	}
	return out
}

// An ownerGroup is what one owner has to look at, worst first.
type ownerGroup struct {
	owner    string
	findings []*schema.Finding
	counts   map[schema.Severity]int // of open ones
	shown    []*schema.Finding       // those that its part lists
}

// choose picks what each part lists: of each check the first findingsPerCheck, and
// of all that as many as findingRows hold when every owner gets the same share and
// what one does not need goes to the others.
func choose(groups []ownerGroup) {
	groups = groups[:min(len(groups), findingOwners)]
	longest := 0
	for i := range groups {
		g := &groups[i]
		ofCheck := map[string]int{}
		for _, f := range worstFirst(g.findings) {
			if ofCheck[f.Check]++; ofCheck[f.Check] <= findingsPerCheck {
				g.shown = append(g.shown, f)
			}
		}
		longest = max(longest, len(g.shown))
	}
	rows := func(share int) (n int) {
		for _, g := range groups {
			n += min(len(g.shown), share)
		}
		return n
	}
	share := longest
	for rows(share) > findingRows {
		share--
	}
	for i, g := range groups {
		groups[i].shown = g.shown[:min(len(g.shown), share)]
	}
}

// findingID is the target of links to a finding, and empty where no part lists it.
func (b *builder) findingID(f schema.Finding) string {
	if b.listed[f.ID] {
		return findingTarget(f)
	}
	return ""
}

func findingTarget(f schema.Finding) string { return "finding-" + f.ID }

// each yields findings where they are: there may be a hundred thousand of them.
func each(findings []schema.Finding) iter.Seq[*schema.Finding] {
	return func(yield func(*schema.Finding) bool) {
		for i := range findings {
			if !yield(&findings[i]) {
				return
			}
		}
	}
}

// ownerGroups sorts owners by what is worst, then by name.
func (b *builder) ownerGroups() []ownerGroup {
	index := map[string]int{}
	var groups []ownerGroup
	for f := range each(b.r.Findings) {
		o := ownerOf(*f)
		i, ok := index[o]
		if !ok {
			i = len(groups)
			index[o] = i
			groups = append(groups, ownerGroup{owner: o, counts: map[schema.Severity]int{}})
		}
		groups[i].findings = append(groups[i].findings, f)
		if open(*f) {
			groups[i].counts[f.Severity]++
		}
	}
	slices.SortStableFunc(groups, func(x, y ownerGroup) int {
		for _, s := range severities {
			if c := cmp.Compare(y.counts[s], x.counts[s]); c != 0 {
				return c
			}
		}
		return strings.Compare(x.owner, y.owner)
	})
	choose(groups)
	return groups
}

func ownerTable(groups []ownerGroup) Table {
	t := Table{Columns: []Column{{Title: "Owner", Width: 70}}}
	for _, s := range severities {
		t.Columns = append(t.Columns, Column{Title: string(s), Width: 17, Kind: NumberCell})
	}
	t.Columns = append(t.Columns, Column{Title: "all rows", Width: 17, Kind: NumberCell})
	for i, g := range groups {
		if i == 2*findingOwners {
			t.Rows = append(t.Rows, []Text{{Value: count(len(groups)-i, "more owner", "more owners"), Tone: Muted}, {}, {}, {}, {}, {}, {}})
			break
		}
		row := []Text{{Value: g.owner}}
		if i < findingOwners {
			row[0].Link = ownerID(i)
		}
		for _, s := range severities {
			row = append(row, number(g.counts[s]))
		}
		t.Rows = append(t.Rows, append(row, number(len(g.findings))))
	}
	return t
}

func ownerID(i int) string { return fmt.Sprintf("owner-%d", i+1) }

func (b *builder) ownerSection(i int, g ownerGroup) Section {
	t := Table{
		Columns: []Column{
			{Title: "Severity", Width: 19, Kind: StatusCell}, {Title: "Finding", Width: 111}, {Title: "Check", Width: 18}, {Title: "Evidence", Width: 28},
		},
		Dense: true,
	}
	fixed := map[string]bool{}
	for _, f := range g.shown {
		note := place(*f)
		if f.Remediation != "" && !fixed[f.Check] {
			fixed[f.Check] = true
			note = strings.TrimPrefix(note+". Fix: "+f.Remediation, ". ")
		}
		check := Text{Value: f.Check}
		if _, ok := b.control[f.Control]; ok {
			check.Link = f.Control
		}
		severity := severityText(f.Severity)
		severity.Note, severity.ID = cmp.Or(stateNote(*f), b.ageNote(*f)), b.findingID(*f)
		t.Rows = append(t.Rows, []Text{severity, {Value: shorten(f.Message, 260), Note: note}, check, b.evidenceOf(f.Check)})
	}
	s := Section{ID: ownerID(i), Title: g.owner, Level: 2, Blocks: []Block{t}}
	if left := len(g.findings) - len(g.shown); left > 0 {
		s.Blocks = append(s.Blocks, small("%s: %s, filtered by owner, and report.json.", count(left, "more row", "more rows"), sheet("Findings")))
	}
	return s
}

// place says what a finding is about, as far as its message does not.
func place(f schema.Finding) string {
	if !strings.Contains(f.Message, f.Subject.Name) {
		return subject(f.Subject)
	}
	var parts []string
	if n := f.Subject.Namespace; n != "" && !strings.Contains(f.Message, n) {
		parts = append(parts, "namespace "+n)
	}
	if c := f.Subject.Cluster; c != "" {
		parts = append(parts, "cluster "+c)
	}
	return strings.Join(parts, ", ")
}

// worstFirst puts open findings before the others, each by severity, then check.
func worstFirst(findings []*schema.Finding) []*schema.Finding {
	rank := map[schema.Severity]int{}
	for i, s := range severities {
		rank[s] = i
	}
	out := slices.Clone(findings)
	slices.SortStableFunc(out, func(x, y *schema.Finding) int {
		if open(*x) != open(*y) {
			if open(*x) {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank[x.Severity], rank[y.Severity]), strings.Compare(x.Check, y.Check))
	})
	return out
}

// stateNote says what became of a finding where that is not a plain failure.
func stateNote(f schema.Finding) string {
	switch {
	case f.Exception != "":
		return "excepted until " + f.ExceptedUntil.String() + ", " + f.Exception
	case f.Result == schema.ResultFail:
		return ""
	}
	return words(string(f.Result))
}

// evidenceOf names the population that a check read first, and leads to its file.
func (b *builder) evidenceOf(check string) Text {
	i := slices.IndexFunc(b.r.Checks, func(c schema.CheckResult) bool { return c.ID == check })
	if i < 0 || len(b.r.Checks[i].Populations) == 0 {
		return plain("")
	}
	t := Text{Value: b.r.Checks[i].Populations[0]}
	if p, ok := schema.PopulationNamed(t.Value); ok {
		t.Link = b.placeOf(p.Path())
	}
	return t
}
