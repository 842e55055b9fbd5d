package main

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// documentFlags say with which certificate the PDF and the workbook are signed.
type documentFlags struct {
	certificate, key, pkcs12, passwordFile string
}

func (d *documentFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&d.certificate, "document-cert", "", "sign the PDF and the workbook themselves, with the X.509 certificate and issuers in this PEM `file`")
	f.StringVar(&d.key, "document-key", "", "the key of --document-cert: a PEM `file`, encrypted or not, or a KMS reference")
	f.StringVar(&d.pkcs12, "document-p12", "", "certificate and key in one PKCS #12 `file`, instead of the two")
	f.StringVar(&d.passwordFile, "document-password-file", "", "read the password of --document-key or --document-p12 from this `file`; "+documentPassword+" and the terminal are asked otherwise")
}

// documentPassword names the variable of the environment.
const documentPassword = "AUDITPACK_DOCUMENT_PASSWORD"

// over returns the plan's choice with the flags' laid over it, nil for none.
func (d *documentFlags) over(in *input.Set) *schema.DocumentSigning {
	var out schema.DocumentSigning
	if plan := in.Plan.Spec.Signing.Documents; plan != nil {
		out = schema.DocumentSigning{Certificate: in.Path(plan.Certificate), Key: in.Path(plan.Key), PKCS12: in.Path(plan.PKCS12), PasswordFile: in.Path(plan.PasswordFile), Contact: plan.Contact}
	}
	if d.certificate != "" || d.key != "" || d.pkcs12 != "" {
		out.Certificate, out.Key, out.PKCS12, out.PasswordFile = d.certificate, d.key, d.pkcs12, ""
	}
	if d.passwordFile != "" {
		out.PasswordFile = d.passwordFile
	}
	if out.Certificate == "" && out.Key == "" && out.PKCS12 == "" {
		return nil
	}
	return &out
}

// documents returns who signs the PDF and the workbook, nil when nobody does, and
// writes the choice into the inputs: the cover names the signer. now is the time
// at which the certificate must be valid, and which the signatures state.
func (s *signingFlags) documents(ctx context.Context, env *environment, in *input.Set, now time.Time) (*documentSigning, error) {
	in.DocumentSigner = nil // inputs from a bundle name whoever signed that
	given := s.document.over(in)
	switch {
	case given == nil:
		return nil, nil
	case in.Unsigned && s.document != (documentFlags{}):
		return nil, invalid(errors.New("--unsigned excludes --document-cert and --document-p12: sign the bundle, too, so that its statement covers both"))
	case in.Unsigned:
		return nil, nil
	case given.PKCS12 == "" && (given.Certificate == "" || given.Key == ""):
		return nil, invalid(errors.New("a document signature needs a certificate and its key: give --document-cert with --document-key, or --document-p12"))
	case given.PKCS12 != "" && (given.Certificate != "" || given.Key != ""):
		return nil, invalid(errors.New("--document-p12 has certificate and key: leave out --document-cert and --document-key"))
	}
	files := seal.DocumentFiles{Certificate: given.Certificate, Key: given.Key, PKCS12: given.PKCS12}
	secret := given.Key + given.PKCS12 // one of them is empty
	signer, err := seal.LoadDocumentSigner(ctx, files, now, func() ([]byte, error) {
		return passwordFrom(env, documentPassword, secret, given.PasswordFile)
	})
	if err != nil {
		return nil, invalid(err)
	}
	d := newDocumentSigning(signer, in, now)
	d.options.Contact = given.Contact
	if t := s.over(in).Timestamp; t != nil {
		d.options.Timestamp = &seal.TimestampAuthority{URL: t.URL, Required: t.Required}
	}
	d.warn = func(sentence string) { env.say("warning: %s", sentence) }
	return d, nil
}

// A documentSigning signs what was drawn.
type documentSigning struct {
	signer  *seal.DocumentSigner
	options seal.DocumentOptions
	warn    func(sentence string)
}

// newDocumentSigning lets the inputs say who signs.
func newDocumentSigning(signer *seal.DocumentSigner, in *input.Set, now time.Time) *documentSigning {
	in.DocumentSigner = signer.Facts()
	return &documentSigning{signer, seal.DocumentOptions{Time: now}, func(string) {}}
}

// sign signs the PDF and the workbook of a bundle that is being made. Of nil it
// leaves them as they are.
func (d *documentSigning) sign(ctx context.Context, m members, r *schema.Report) error {
	if d == nil {
		return nil
	}
	o := d.options
	o.Reason = fmt.Sprintf("Audit pack %s as of %s", r.Plan.Name, r.AsOf.Format("2006-01-02 15:04 UTC"))
	warning, err := d.signer.SignDocuments(ctx, m.dir, o)
	if warning != "" {
		d.warn(warning)
	}
	return err
}
