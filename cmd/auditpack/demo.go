package main

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

// demoAsOf is when the sample platform was as it is.
var demoAsOf = time.Date(2026, time.September, 30, 6, 0, 0, 0, time.UTC)

func newDemo(env *environment) *cobra.Command {
	var out string
	c := &cobra.Command{
		Use:   "demo",
		Short: "The whole job on the built-in sample platform",
		Long: `Make an audit pack of an invented company's platform, sign it with a key made on the
spot, and verify it. No cluster and no file is needed. docs/sample.md tells the story
and lists the flaws that the platform has.`,
		Example: `  auditpack demo
  auditpack demo --out /tmp/demo`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return demo(cmd.Context(), env, out) },
	}
	c.Flags().StringVar(&out, "out", "demo", "write the bundle into this `folder`")
	return c
}

// demo unpacks the sample and then does what run does with a plan of the user's.
func demo(ctx context.Context, env *environment, out string) (err error) {
	sample, err := os.MkdirTemp("", "auditpack-demo-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(sample)) }()
	if err := unpackSample(sample); err != nil {
		return err
	}
	plan := planFlags{plan: filepath.Join(sample, "plan.yaml")}
	in, err := plan.load()
	if err != nil {
		return err
	}
	in.Demo = true
	sources, err := plan.sources(env, in)
	if err != nil {
		return err
	}
	signer, err := demoSigner()
	if err != nil {
		return err
	}
	p, err := produce(ctx, job{asOf: demoAsOf, inputs: in, out: out, signer: signer, collect: asking(demoAsOf, sources)})
	env.endProgress()
	if err != nil {
		return err
	}
	public, err := saveDemoKey(out, in.Plan.Metadata.Name+"-"+demoAsOf.Format(time.DateOnly), p.sealed.Name, signer)
	if err != nil {
		return err
	}
	printSummary(env, p.report)
	printFiles(env.stdout, p)
	return demoVerify(ctx, env, p.sealed.Archive, public)
}

func unpackSample(dir string) error {
	sample, err := fs.Sub(templates.FS, "sample")
	if err != nil {
		return err
	}
	return os.CopyFS(dir, sample)
}

// demoSigner makes a key that lives as long as the command.
func demoSigner() (*seal.Signer, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	return seal.NewSigner(key)
}

// saveDemoKey writes the public half of the demo's key beside the bundle; the
// private half is never written. A second run on one day has -2 in both names.
func saveDemoKey(out, asked, given string, signer *seal.Signer) (string, error) {
	public, err := signer.PublicPEM()
	if err != nil {
		return "", err
	}
	path := filepath.Join(out, "demo-key"+strings.TrimPrefix(given, asked)+".pub")
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return "", fmt.Errorf("write the demo's public key: %w", err)
	}
	_, err = f.Write(public)
	return path, errors.Join(err, f.Close())
}

// demoVerify does what somebody who was handed the archive and the key would do.
func demoVerify(ctx context.Context, env *environment, archive, public string) error {
	key, err := seal.LoadPublicKey(public)
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, archive, seal.Policy{Keys: []crypto.PublicKey{key}})
	if err != nil {
		return &exitError{exitVerify, err}
	}
	defer v.Close()
	fmt.Fprintf(env.stdout, `%[2]s   the public half of a key made for this run

Verified %[3]d files with it. The private half was thrown away, so this key proves only
that nothing changed since the demo ran; it says nothing about who made it. Try:

  auditpack verify %[1]s --key %[2]s
`, archive, public, len(v.Manifest.Members))
	return nil
}
