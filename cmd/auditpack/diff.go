package main

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	compared "github.com/auditpack/auditpack/assess/compare"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// diffOptions are the flags of diff.
type diffOptions struct {
	trust  verifyFlags
	force  bool
	failOn string
	output string
}

func newDiff(env *environment) *cobra.Command {
	var o diffOptions
	c := &cobra.Command{
		Use:   "diff OLD NEW",
		Short: "What changed between two bundles",
		Long: `Compare two bundles of one platform, as archives or folders: statuses, findings that
are new, closed or getting old, access grants, exposures, images, exceptions, reviews, and
sign-offs that are older than what changed.

Both are verified first, to the last byte. A report.json can be compared too; nothing says
where it is from, so it takes --unsafe-unsigned, and it has no grants, exposures and images.

What one of the two could not see is listed as not compared: it is not called unchanged.`,
		Example: `  auditpack diff prod-2026-06-30.zip prod-2026-09-30.zip --key cosign.pub
  auditpack diff old.zip new.zip --key cosign.pub --fail-on high
  auditpack diff old/report.json new/report.json --unsafe-unsigned -o json`,
		Args: cobra.ExactArgs(2),
		RunE: func(cmd *cobra.Command, args []string) error {
			return diff(cmd.Context(), env, o, args[0], args[1])
		},
	}
	o.trust.add(c)
	c.Flags().BoolVar(&o.force, "force", false, "compare bundles of different platforms")
	choiceFlag(c, &o.failOn, "fail-on", "", "exit 5 when a finding is new that is this severe or worse", "", "critical", "high", "medium", "low")
	outputFlag(c, &o.output)
	return c
}

// A side is one of the two that are compared.
type side struct {
	path     string
	standing *schema.Standing
	// proof says what was verified of it.
	proof string
}

func diff(ctx context.Context, env *environment, o diffOptions, older, newer string) error {
	policy, err := o.trust.policy()
	if err != nil {
		return err
	}
	var sides [2]side
	for i, path := range []string{older, newer} {
		if sides[i], err = openSide(ctx, path, policy); err != nil {
			return err
		}
	}
	before, after := sides[0], sides[1]
	if err := samePlatform(before, after, o.force); err != nil {
		return invalid(err)
	}
	changes := compared.Changes(before.standing, after.standing)
	if o.output == "json" {
		err = printJSON(env, changes)
	} else {
		err = printChanges(env, before, after, changes)
	}
	if err == nil && o.failOn != "" && newAndSevere(changes, schema.Severity(o.failOn)) {
		return &exitError{exitFailOn, fmt.Errorf("there are new findings of severity %s or worse", o.failOn)}
	}
	return err
}

// openSide verifies a bundle and reads what is compared of it.
func openSide(ctx context.Context, path string, policy seal.Policy) (side, error) {
	if info, err := os.Stat(path); err == nil && info.Mode().IsRegular() && strings.HasSuffix(path, ".json") {
		return openReport(path, policy)
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return side{}, verifyError(err)
	}
	defer v.Close()
	if err := wantWhole(v); err != nil {
		return side{}, invalid(fmt.Errorf("%s: %w", path, err))
	}
	s := side{path: path, proof: fmt.Sprintf("verified, %d files", len(v.Manifest.Members))}
	if v.Manifest.Plan.Unsigned {
		s.proof = "UNSIGNED; its parts fit each other, which proves nothing about origin"
	}
	if s.standing, err = standingOf(v.FS()); err != nil {
		return side{}, fmt.Errorf("%s: %w", path, err)
	}
	return s, nil
}

// openReport reads a report that lies alone, of which nothing can be verified.
func openReport(path string, policy seal.Policy) (side, error) {
	if !policy.UnsafeUnsigned {
		return side{}, &exitError{exitVerify, fmt.Errorf("%s: a report without its bundle cannot be verified; pass the bundle, or --unsafe-unsigned", path)}
	}
	r, err := loadReport(os.DirFS(filepath.Dir(path)), filepath.Base(path))
	if err != nil {
		return side{}, invalid(err)
	}
	standing := compared.Of(r, &schema.Evidence{}, nil)
	standing.Incomplete = append(standing.Incomplete, comparedPopulations...)
	standing.Incomplete = append(standing.Incomplete, accessGrants.Name)
	return side{path: path, standing: standing, proof: "NOT VERIFIED; a report without its bundle"}, nil
}

// samePlatform refuses what cannot be one before the other.
func samePlatform(before, after side, force bool) error {
	b, a := before.standing, after.standing
	switch {
	case b.AsOf.After(a.AsOf):
		return fmt.Errorf("%s is as of %s, later than %s as of %s; pass the earlier one first", before.path, b.AsOf.Format(time.RFC3339), after.path, a.AsOf.Format(time.RFC3339))
	case force || compared.Related(b, a):
		return nil
	}
	return fmt.Errorf("%s is of the plan %q and %s of %q, and no cluster of one has the UID of one of the other: they are not the same platform; --force compares them all the same",
		before.path, b.Plan, after.path, a.Plan)
}

// newAndSevere reports whether a finding is new that is of that severity or worse.
func newAndSevere(c *schema.Changes, limit schema.Severity) bool {
	for _, s := range severities {
		for _, f := range c.New {
			if f.Severity == s {
				return true
			}
		}
		if s == limit {
			return false
		}
	}
	return false
}
