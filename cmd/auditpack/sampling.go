package main

import (
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

// samplingFlags say whether rows of each population are drawn, and by which seed.
type samplingFlags struct {
	size int
	seed string
}

func (s *samplingFlags) add(c *cobra.Command) {
	c.Flags().IntVar(&s.size, "sample", 0, "draw `N` rows of each population at random, as a convenience for who samples")
	c.Flags().StringVar(&s.seed, "sample-seed", "", "draw by this `text`, such as one that the auditor gives (default: the digest of all evidence)")
}

// set puts the wish for a sample among the inputs. Without the flag those that were
// loaded stay, so that a report made again has the sample of the first.
func (s *samplingFlags) set(in *input.Set) error {
	if s.size == 0 && s.seed == "" {
		return nil
	}
	if s.size == 0 {
		return invalid(errors.New("--sample-seed needs --sample N, the number of rows to draw of each population"))
	}
	wish := schema.Sampling{Size: s.size, Seed: s.seed}
	if err := wish.Check(); err != nil {
		return invalid(fmt.Errorf("--sample: %w", err))
	}
	in.Sampling = &wish
	return nil
}

// printSample says by which seed a sample was drawn, so that it can be drawn again.
func printSample(env *environment, s *schema.Sample) {
	if s == nil {
		return
	}
	origin := "which follows from the evidence"
	if s.SeedGiven {
		origin = "as given"
	}
	fmt.Fprintf(env.stdout, "Sample: %d rows of each population, seed %s, %s.\n", s.Size, s.Seed, origin)
}

// printTraces says how much of production leads back to an approved change.
func printTraces(env *environment, p paint, c schema.TraceCounts) {
	if c.All() > 0 {
		fmt.Fprintf(env.stdout, "Production workloads traced to approval: %d of %d; %s, %d not seen.\n",
			c.Unbroken, c.All(), p.bad(c.Broken > 0, fmt.Sprintf("%d broken", c.Broken)), c.NotSeen)
	}
}
