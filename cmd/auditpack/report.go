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
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

func newReport(env *environment) *cobra.Command {
	var o runOptions
	var trust verifyFlags
	c := &cobra.Command{
		Use:   "report SNAPSHOT|BUNDLE",
		Short: "Assess, render and seal a snapshot that was taken before",
		Long: `Make a bundle of a snapshot, or of the evidence in an earlier bundle, without asking any
cluster. The inputs are those that lie beside the evidence, or those of --file. A bundle
is verified first, with the key of whoever sealed it.

With --audience customer it makes an extract of a bundle, as it is, for customers: statuses,
reviews and responsibilities, and no name of a system or person, and no finding.`,
		Example: `  auditpack report prod-2026-09-30.snapshot --key cosign.key
  auditpack report old.zip --verify-key their.pub -f audit/plan.yaml --key cosign.key
  auditpack report prod-2026-09-30.zip --verify-key cosign.pub --audience customer --key cosign.key`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			if o.audience == string(schema.AudienceCustomer) {
				return reportExtract(cmd.Context(), env, o, args[0], trust)
			}
			return report(cmd.Context(), env, o, args[0], trust)
		},
	}
	c.Flags().StringVarP(&o.plan, "file", "f", "", "judge with this plan `file` instead of the inputs beside the evidence")
	trust.addReading(c)
	o.signing.add(c)
	o.previous.add(c)
	o.addOutput(c)
	audienceFlag(c, &o.audience, "with customer, make an extract of a bundle that names no system, person or finding")
	return c
}

func report(ctx context.Context, env *environment, o runOptions, path string, trust verifyFlags) error {
	from, done, err := openEvidence(ctx, path, trust)
	if err != nil {
		return err
	}
	defer done()
	in, err := o.inputsFor(from)
	if err != nil {
		return invalid(err)
	}
	if err := o.sampling.set(in); err != nil {
		return err
	}
	signer, err := o.signing.signer(ctx, env, in)
	if err != nil {
		return err
	}
	snapshot, err := collect.Load(from)
	if err != nil {
		return invalid(err)
	}
	asOf := snapshot.AsOf
	if o.asOf != "" {
		if asOf, err = asOfTime(o.asOf); err != nil {
			return err
		}
	}
	if err := o.follow(ctx, env, in, signer, asOf); err != nil {
		return err
	}
	recipients, err := o.recipients(in)
	if err != nil {
		return err
	}
	documents, err := o.signing.documents(ctx, env, in, time.Now().UTC())
	if err != nil {
		return err
	}
	p, err := produce(ctx, job{asOf: asOf, inputs: in, out: outFolder(o.out, in), signer: signer, documents: documents, recipients: recipients, collect: reading(from, snapshot, asOf)})
	if err != nil {
		return err
	}
	return o.conclude(env, p, nil)
}

// inputsFor loads the plan of the flag, or else what lies beside the evidence.
func (o *runOptions) inputsFor(from fs.FS) (*input.Set, error) {
	if o.plan != "" {
		return input.Load(o.plan, templates.FS)
	}
	return input.LoadFrom(from)
}

// openEvidence opens a snapshot's folder, or verifies a bundle and opens that.
func openEvidence(ctx context.Context, path string, trust verifyFlags) (fs.FS, func(), error) {
	if isSnapshot(path) {
		return os.DirFS(path), func() {}, nil
	}
	policy, err := trust.policy()
	if err != nil {
		return nil, nil, err
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return nil, nil, verifyError(err)
	}
	if err := wantWhole(v); err != nil {
		return nil, nil, errors.Join(invalid(fmt.Errorf("%s: %w", path, err)), v.Close())
	}
	return v.FS(), func() { v.Close() }, nil
}

// isSnapshot reports whether path is a folder with evidence that nobody sealed.
func isSnapshot(path string) bool {
	if _, err := os.Stat(filepath.Join(path, collect.SnapshotFile)); err != nil {
		return false
	}
	for _, name := range []string{seal.AttestationFile, seal.StatementFile} {
		if _, err := os.Lstat(filepath.Join(path, name)); !errors.Is(err, fs.ErrNotExist) {
			return false
		}
	}
	return true
}

// verifyError gives the exit code of a failed verification, or of a missing policy.
func verifyError(err error) error {
	var refused *seal.Error
	if !errors.As(err, &refused) {
		return fmt.Errorf("verify: %w", err)
	}
	switch refused.Kind {
	case seal.Encrypted:
		err = fmt.Errorf("%w; --identity names its file", err)
	case seal.NoPolicy:
		err = fmt.Errorf("%w; --help lists the flags that name them", err)
	}
	return &exitError{exitVerify, err}
}
