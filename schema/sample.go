package schema

import (
	"fmt"
	"strings"
)

// Sampling says that a run draws a sample of each population.
type Sampling struct {
	// Size is how many rows are drawn of each population, at least 1; a population with fewer is drawn whole.
	Size int `json:"size"`
	// Seed is what somebody gave to draw by; empty for the one that follows from the evidence.
	Seed string `json:"seed,omitempty"`
}

// The bounds of a sample, and of the seed in bytes.
const (
	maxSample = 10_000
	maxSeed   = 200
)

// Check says why a sample cannot be drawn like that; nil when it can.
func (s Sampling) Check() error {
	switch {
	case s.Size < 1 || s.Size > maxSample:
		return fmt.Errorf("a sample has 1 to %d rows of each population, not %d", maxSample, s.Size)
	case len(s.Seed) > maxSeed || strings.ContainsFunc(s.Seed, func(r rune) bool { return r < ' ' || r == 0x7f || r == 0xfffd }):
		return fmt.Errorf("a seed is one line of at most %d bytes of text", maxSeed)
	}
	return nil
}

// A Sample is drawn from the populations so that anybody can draw it again: FORMAT.md
// says how. It is a convenience. An auditor may draw another, with a seed of their own.
type Sample struct {
	Size int    `json:"size"`
	Seed string `json:"seed"`
	// SeedGiven is true for a seed that somebody gave, false for the one that follows from the evidence.
	SeedGiven bool `json:"seedGiven"`
	// Populations are those that have rows, by name.
	Populations []SampledPopulation `json:"populations"`
}

// A SampledPopulation has the rows that were drawn of one population.
type SampledPopulation struct {
	Population string `json:"population"`
	// Rows are the numbers of the rows in the order in which they were drawn: row n
	// is line n of the population's file, counted from 1.
	Rows []int `json:"rows"`
}
