package render

import (
	"cmp"
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// Bounds of the chapter of findings. What is beyond them is counted and named.
const (
	findingOwners    = 20 // with a part of their own
	findingsPerCheck = 8  // of one owner
	findingsPerOwner = 40
)

// findingsByOwner lists what is open, so that each owner finds their own page,
// worst first.
func (b *builder) findingsByOwner() []Section {
	groups := b.ownerGroups()
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
	first := chapter("findings", "Findings by owner",
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
	findings []schema.Finding
	counts   map[schema.Severity]int // of open ones
}

// ownerGroups sorts owners by what is worst, then by name.
func (b *builder) ownerGroups() []ownerGroup {
	index := map[string]int{}
	var groups []ownerGroup
	for _, f := range b.r.Findings {
		o := ownerOf(f)
		i, ok := index[o]
		if !ok {
			i = len(groups)
			index[o] = i
			groups = append(groups, ownerGroup{owner: o, counts: map[schema.Severity]int{}})
		}
		groups[i].findings = append(groups[i].findings, f)
		if open(f) {
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
		Columns: []Column{{Title: "Severity", Width: 17, Kind: StatusCell}, {Title: "Finding", Width: 114}, {Title: "Check", Width: 18}, {Title: "State", Width: 21}},
		Dense:   true,
	}
	shown := map[string]int{}
	left := 0
	fixed := map[string]bool{}
	for _, f := range worstFirst(g.findings) {
		if shown[f.Check] == findingsPerCheck || len(t.Rows) == findingsPerOwner {
			left++
			continue
		}
		shown[f.Check]++
		note := place(f)
		if f.Remediation != "" && !fixed[f.Check] {
			fixed[f.Check] = true
			note = strings.TrimPrefix(note+". Fix: "+f.Remediation, ". ")
		}
		check := Text{Value: f.Check}
		if _, ok := b.control[f.Control]; ok {
			check.Link = f.Control
		}
		t.Rows = append(t.Rows, []Text{severityText(f.Severity), {Value: f.Message, Note: note}, check, stateText(f)})
	}
	s := Section{ID: ownerID(i), Title: g.owner, Level: 2, Blocks: []Block{t}}
	if left > 0 {
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
func worstFirst(findings []schema.Finding) []schema.Finding {
	rank := map[schema.Severity]int{}
	for i, s := range severities {
		rank[s] = i
	}
	out := slices.Clone(findings)
	slices.SortStableFunc(out, func(x, y schema.Finding) int {
		if open(x) != open(y) {
			if open(x) {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(rank[x.Severity], rank[y.Severity]), strings.Compare(x.Check, y.Check))
	})
	return out
}

func stateText(f schema.Finding) Text {
	if f.Exception != "" {
		return Text{Value: "excepted", Note: f.Exception + ", until " + f.ExceptedUntil.String(), Tone: Warn}
	}
	if open(f) {
		return Text{Value: words(string(f.Result))}
	}
	return Text{Value: words(string(f.Result)), Tone: Unknown}
}
