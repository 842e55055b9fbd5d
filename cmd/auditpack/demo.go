package main

import (
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
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
		Long: `Make an audit pack of an invented company's platform, sign it with a key and a
certificate made on the spot, and verify it. No cluster and no file is needed. docs/sample.md tells the story
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
	sources, err := plan.sources(env, in, demoAsOf)
	if err != nil {
		return err
	}
	signer, err := demoSigner()
	if err != nil {
		return err
	}
	documents, err := demoDocuments(in)
	if err != nil {
		return err
	}
	p, err := produce(ctx, job{asOf: demoAsOf, inputs: in, out: out, signer: signer, documents: documents, collect: asking(demoAsOf, sources)})
	env.endProgress()
	if err != nil {
		return err
	}
	given := strings.TrimPrefix(p.sealed.Name, in.Plan.Metadata.Name+"-"+demoAsOf.Format(time.DateOnly))
	public, err := signer.PublicPEM()
	if err != nil {
		return err
	}
	f := demoFiles{p.sealed.Archive, filepath.Join(out, "demo-key"+given+".pub"), filepath.Join(out, "demo-document"+given+".pem")}
	if err := errors.Join(savePublic(f.key, public), savePublic(f.certificate, documents.signer.CertificatePEM())); err != nil {
		return err
	}
	if !env.quiet {
		printSummary(env, p.report)
		printFiles(env.stdout, p)
	}
	return demoVerify(ctx, env, f)
}

// demoFiles are what the demo leaves for somebody who was handed its archive.
type demoFiles struct{ archive, key, certificate string }

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

// demoDocuments makes a document certificate that names itself what it is, and a
// key that lives as long as the command.
func demoDocuments(in *input.Set) (*documentSigning, error) {
	key, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		return nil, err
	}
	now := time.Now().UTC()
	subject := pkix.Name{CommonName: "Demo: proves nothing about who", Organization: []string{in.Plan.Spec.Organization}}
	self, err := seal.CertificateRequest{Subject: subject}.SelfSigned(key, now.Add(-time.Hour), now.AddDate(1, 0, 0))
	if err != nil {
		return nil, err
	}
	certificates, err := seal.ReadCertificates(self)
	if err != nil {
		return nil, err
	}
	signer, err := seal.NewDocumentSigner(key, certificates, now)
	if err != nil {
		return nil, err
	}
	return newDocumentSigning(signer, in, now), nil
}

// savePublic writes the public half of a key or a certificate beside the bundle;
// the private halves are never written.
func savePublic(path string, content []byte) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return fmt.Errorf("write the public half of the demo's keys: %w", err)
	}
	_, err = f.Write(content)
	return errors.Join(err, f.Close())
}

// demoVerify does what somebody who was handed the archive, the key and the
// certificate would do.
func demoVerify(ctx context.Context, env *environment, f demoFiles) error {
	policy, err := verifyFlags{keys: []string{f.key}, documentCA: f.certificate}.policy()
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, f.archive, policy)
	if err != nil {
		return &exitError{exitVerify, err}
	}
	defer v.Close()
	if env.quiet {
		return nil
	}
	fmt.Fprintf(env.stdout, `%[2]s   the public half of a key made for this run
%[3]s   a certificate made for this run, inside report.pdf and control-map.xlsx

Verified %[4]d files with them. The private halves were thrown away, so they prove only
that nothing changed since the demo ran; they say nothing about who made it. Try:

  auditpack verify %[1]s --key %[2]s --document-ca %[3]s
`, f.archive, f.key, f.certificate, len(v.Manifest.Members))
	return nil
}
