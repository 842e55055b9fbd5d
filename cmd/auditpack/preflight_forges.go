package main

import (
	"context"
	"fmt"
	"time"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

// forgeAnswers is a sink that keeps how questions were answered, and no row.
type forgeAnswers struct{ queries []schema.Query }

func (a *forgeAnswers) Rows(...schema.Row)                 {}
func (a *forgeAnswers) Object(_, _ string, _ []byte) error { return nil }
func (a *forgeAnswers) Query(q schema.Query)               { a.queries = append(a.queries, q) }

// readyForges asks each forge of the plan every question, for a period without a day:
// so what a token may not see shows without reading the changes of a quarter.
func readyForges(ctx context.Context, env *environment, in *input.Set) ([]readiness, error) {
	asOf := time.Now().UTC()
	empty := *in
	empty.Plan.Spec.Period = &schema.Period{From: schema.DateOf(asOf), To: schema.DateOf(asOf)}
	sources, err := forges(env, &empty, asOf)
	if err != nil {
		return nil, err
	}
	var all []readiness
	for _, s := range sources {
		var sink forgeAnswers
		described, err := s.Collect(ctx, asOf, &sink)
		if err != nil {
			return nil, fmt.Errorf("forge %s: %w", s.Name(), err)
		}
		r := readiness{Forge: s.Name(), Username: described.Collector.Username}
		for _, q := range sink.queries {
			m := mayResource{Resource: q.Resource + " of " + q.Repository, Access: "allowed", Reason: q.Reason}
			switch {
			case q.Gap():
				m.Access = "refused"
			case q.Outcome == schema.Absent:
				m.Access = "absent"
			}
			r.Resources = append(r.Resources, m)
		}
		all = append(all, r)
	}
	return all, nil
}

// printForge says what the token of a forge may not see.
func printForge(env *environment, r readiness) {
	p := newPaint(env)
	counts := map[string]int{}
	for _, m := range r.Resources {
		counts[m.Access]++
	}
	who := r.Username
	if who == "" {
		who = "nobody in particular"
	}
	fmt.Fprintf(env.stdout, "%s as %s: %d questions are answered, %d are about what it does not have, %s\n", r.Forge, printable(who),
		counts["allowed"], counts["absent"], p.bad(counts["refused"] > 0, fmt.Sprintf("%d are refused", counts["refused"])))
	for _, m := range r.Resources {
		if m.Access == "refused" || env.verbose {
			fmt.Fprintf(env.stdout, "  %-8s %s %s\n", m.Access, printable(m.Resource), printable(m.Reason))
		}
	}
	if counts["refused"] > 0 {
		fmt.Fprintln(env.stdout, "\ndocs/pipelines.md has the rights that a token needs.")
	}
}
