package render

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// reading says what the words of the report mean, and where things are.
func (b *builder) reading() []Section {
	blocks := []Block{heading("What most readers look for"), b.guide(), heading("Chapters"), Contents{}}
	blocks = append(blocks, b.texts.part("reading", "")...)
	return []Section{chapter("reading", "Contents, and how to read this", blocks...)}
}

// guideClusters is how many clusters the guide has a line for.
const guideClusters = 3

// guide answers in a line what a reader who has two minutes looks for, and leads on.
func (b *builder) guide() Table {
	t := Table{Columns: []Column{{Title: "Question", Width: 46}, {Title: "Answer", Width: 102}, {Title: "More", Width: 28, Kind: PageCell}}, Dense: true}
	add := func(question string, answer Text, more, link string) {
		t.Rows = append(t.Rows, []Text{{Value: question, Bold: true}, answer, {Value: more, Link: link}})
	}
	more, link := "Q1", "Q1"
	if !slices.ContainsFunc(b.r.Questions, func(q schema.Question) bool { return q.ID == link }) {
		more, link = "Summary", "summary"
	}
	for i, line := range b.administratorLines() {
		if i == 0 {
			add("Who is cluster administrator?", line, more, link)
		} else {
			t.Rows = append(t.Rows, []Text{{}, line, {}})
		}
	}
	add("Which controls are overdue?", b.overdueLine(), "Review calendar", "reviews")
	unseen := b.gapLine()
	unseen.Note = b.resultLine()
	add("What could the tool not see?", unseen, "What could not be seen", "unseen")
	check := Text{Value: "auditpack verify PACK.zip --key signer.pub, with the key from the signer and not from whoever sent the pack."}
	if b.r.Plan.Unsigned {
		check.Value = "This pack is unsigned: nothing proves who made it or that it is unchanged."
	}
	add("How is this file verified?", check, "How to verify this pack", "verify")
	return t
}

// administratorLines name who holds everything in each cluster, those whom nobody
// approved apart from the others.
func (b *builder) administratorLines() []Text {
	var lines []Text
	for _, s := range b.r.Sources {
		names := map[bool][]string{} // by whether they are approved
		for _, g := range b.clusterAdministrators() {
			ok, name := g.Approval == approved, holder(g).Value
			if g.Cluster == s.Name && !slices.Contains(names[ok], name) {
				names[ok] = append(names[ok], name)
			}
		}
		for _, row := range b.mappedAdministrators(s.Name) {
			names[false] = append(names[false], row[0].Value)
		}
		var parts []string
		if len(names[true]) > 0 {
			parts = append(parts, "approved "+list(names[true], 6))
		}
		if len(names[false]) > 0 {
			parts = append(parts, "not approved "+list(names[false], 6))
		}
		if len(parts) > 0 {
			lines = append(lines, Text{Value: s.Name + b.environmentOf(s.Name) + ": " + strings.Join(parts, "; ") + "."})
		}
	}
	incomplete := len(b.incomplete("accessGrants")) > 0
	switch {
	case len(lines) == 0 && incomplete:
		return []Text{{Value: "Not collected.", Tone: Unknown}}
	case len(lines) == 0:
		return []Text{{Value: "Nobody outside of Kubernetes' own was found."}}
	case len(lines) > guideClusters:
		lines = append(lines[:guideClusters], Text{Value: count(len(lines)-guideClusters, "more cluster", "more clusters") + "."})
	}
	if incomplete {
		lines[0].Note = "Not all grants could be read; there may be more."
	}
	return lines
}

// environmentOf writes the environment of a cluster in brackets, where it is known.
func (b *builder) environmentOf(cluster string) string {
	for _, c := range b.s.Evidence.Clusters {
		if c.Name == cluster && c.Environment != "" {
			return " (" + c.Environment + ")"
		}
	}
	return ""
}

// verify says how to check the pack with tools that are already at hand.
func (b *builder) verify() []Section {
	part := "Signed"
	if b.r.Plan.Unsigned {
		part = "Unsigned"
	}
	blocks := append(b.texts.part("verify", part), b.texts.part("verify", "Either")...)
	return []Section{flowing("verify", "How to verify this pack", blocks...)}
}
