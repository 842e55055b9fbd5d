package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

func newCollect(env *environment) *cobra.Command {
	var o runOptions
	c := &cobra.Command{
		Use:   "collect",
		Short: "Take only the snapshot",
		Long: `Read the clusters of the plan and write the snapshot with the inputs into a new folder,
unsigned. "auditpack report" makes a bundle of it, on this machine or another.`,
		Example: `  auditpack collect -f audit/plan.yaml
  auditpack report prod-2026-09-30.snapshot --key cosign.key`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return collectOnly(cmd.Context(), env, o) },
	}
	o.planFlags.add(c)
	c.Flags().StringVar(&o.out, "out", "", "write the snapshot into this `folder` (default: the plan's output, or here)")
	c.Flags().StringVar(&o.asOf, "as-of", "", "date the snapshot at this `time` instead of now, as 2026-09-30T06:00:00Z")
	outputFlag(c, &o.output)
	return c
}

func collectOnly(ctx context.Context, env *environment, o runOptions) (err error) {
	in, err := o.load()
	if err != nil {
		return err
	}
	asOf, err := asOfTime(o.asOf)
	if err != nil {
		return err
	}
	sources, err := o.sources(env, in, asOf)
	if err != nil {
		return err
	}
	out := outFolder(o.out, in)
	name := in.Plan.Metadata.Name + "-" + asOf.Format(time.DateOnly) + ".snapshot"
	partial, err := seal.Create(out, name) // which is never sealed: a snapshot is not signed
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, partial.Abort()) }()

	snapshot, err := asking(asOf, sources)(ctx, partial.Dir())
	env.endProgress()
	if err != nil {
		return err
	}
	if err := errors.Join(collect.Save(partial.Dir(), snapshot), in.Save(members{partial.Dir()}.create)); err != nil {
		return err
	}
	dir, err := moveNew(partial.Dir(), filepath.Join(out, name))
	if err != nil {
		return err
	}
	return concludeCollect(env, o.output, dir, snapshot)
}

// moveNew renames a folder to a name that is free: the one asked for, or with -2, -3 ….
func moveNew(from, to string) (string, error) {
	for n := 1; ; n++ {
		name := to
		if n > 1 {
			name = fmt.Sprintf("%s-%d", to, n)
		}
		err := os.Rename(from, name) // does not replace a folder
		if errors.Is(err, fs.ErrExist) {
			continue
		}
		return name, err
	}
}

func concludeCollect(env *environment, output, dir string, s *schema.Snapshot) error {
	gaps := 0
	for _, q := range s.Queries {
		if q.Gap() {
			gaps++
		}
	}
	if output == "json" {
		if err := printJSON(env, struct {
			Folder  string    `json:"folder"`
			AsOf    time.Time `json:"asOf"`
			Queries int       `json:"queries"`
			Gaps    int       `json:"gaps"`
		}{dir, s.AsOf, len(s.Queries), gaps}); err != nil {
			return err
		}
	} else {
		fmt.Fprintf(env.stdout, "%s\n%d queries, %d not answered completely\n", dir, len(s.Queries), gaps)
	}
	if gaps > 0 {
		return &exitError{exitGaps, errors.New("the snapshot was written, and it has gaps")}
	}
	return nil
}
