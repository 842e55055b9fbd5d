package render

import (
	"fmt"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

const sampleName = "Sample"

// sampleNote says how a sample was drawn, where the run drew one.
func (b *builder) sampleNote() []Block {
	s := b.r.Sample
	if s == nil {
		return nil
	}
	return []Block{
		heading("Sample"),
		body("%s of each population were drawn at random, listed on %s and in report.json. This is a convenience: an auditor may choose other rows, or draw with a seed of their own.",
			count(s.Size, "row", "rows"), sheet(sampleName)),
		KeyValues{Items: []KeyValue{
			{"Seed", Text{Value: s.Seed, Note: seedOrigin(s)}},
			{"Method", plain(sampleMethod)},
		}},
	}
}

const sampleMethod = "Rows are ordered by SHA-256 of the seed, the population's name and the row's line in its file, each ended by a newline; the first are taken. FORMAT.md of the program has the recipe."

func seedOrigin(s *schema.Sample) string {
	if s.SeedGiven {
		return "given by whoever made this audit pack"
	}
	return "computed from the time and the digests of all populations; nobody chose it"
}

// drawOf returns at which place each row of a population was drawn, from 1; empty
// where none was.
func (b *builder) drawOf(population string) map[int]int {
	out := map[int]int{}
	if b.r.Sample == nil {
		return out
	}
	for _, p := range b.r.Sample.Populations {
		if p.Population == population {
			for i, row := range p.Rows {
				out[row] = i + 1
			}
		}
	}
	return out
}

// sampleSheet lists what was drawn, population by population, for notes of an auditor.
func (b *builder) sampleSheet() Sheet {
	type line struct {
		population schema.Population
		draw, row  int
		subject    schema.Subject
	}
	var lines []line
	for _, s := range b.r.Sample.Populations {
		p, _ := schema.PopulationNamed(s.Population)
		subjects := map[int]schema.Subject{}
		n := 0
		for row := range rowsOf(b.r, b.s, p) {
			if n++; slices.Contains(s.Rows, n) {
				subjects[n] = row.Subject()
			}
		}
		for i, row := range s.Rows {
			lines = append(lines, line{p, i + 1, row, subjects[row]})
		}
	}
	out := sheetOf(sampleName, "Which rows were drawn at random?", []Column{
		textColumn("Population", 26), numberColumn("Draw", 8), numberColumn("Row", 8), textColumn("Cluster or forge", 18), textColumn("Subject", 70), textColumn("Auditor's note", 40),
	}, lines, func(l line) []Cell {
		at := Span{l.row, l.row}
		return []Cell{l.population.Title, int64(l.draw), link(int64(l.row), l.population.Title, at), l.subject.Cluster, l.subject.String(), nil}
	})
	s := b.r.Sample
	out.Notes = []Note{
		{"Size", fmt.Sprintf("%s of each population; one with fewer is drawn whole", count(s.Size, "row", "rows"))},
		{"Seed", s.Seed + " (" + seedOrigin(s) + ")"}, {"Method", sampleMethod},
		{"Use", "a convenience: the auditor may choose other rows, or another seed"},
	}
	return out
}
