package main

import (
	"bytes"
	"crypto/x509/pkix"
	"errors"
	"fmt"
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/auditpack/auditpack/seal"
)

const keysLong = `Make what bundles are signed with. There are three ways to sign the statement, and one
to sign the PDF and the workbook:

  key pair     "keys generate". Proves that whoever has the private key signed. It has no
               end date and no list of withdrawals: how the public half reaches the
               verifier, and who can read the private one, is all that it is worth.
  KMS          a reference such as awskms://ALIAS to run --key. The same, but the private
               half cannot be copied. Made with the tools of the key management service.
  keyless      run --fulcio-url. Proves which person or workload signed, as far as the
               certificate authority and the identity provider are trusted. No key to keep.
  certificate  "keys certificate". PDF readers and office programs check only this one.
               From a certificate authority that the reader trusts it names the signer;
               self-signed it proves no more than a key pair, and readers say so.

Nothing is ever overwritten.`

func newKeys(env *environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "keys",
		Short: "Make signing keys and certificate requests, and learn what each is worth",
		Long:  keysLong,
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newKeysGenerate(env), newKeysCertificate(env))
	return c
}

func newKeysGenerate(env *environment) *cobra.Command {
	var out, passwordFile string
	c := &cobra.Command{
		Use:   "generate",
		Short: "A key pair in cosign's format, the private half encrypted",
		Long: `Make an ECDSA P-256 key pair in the format of "cosign generate-key-pair": NAME.key for
run --key, encrypted with a password, and NAME.pub for whoever verifies. The password is
read from --password-file, from COSIGN_PASSWORD, or from the terminal, twice.`,
		Example: `  auditpack keys generate
  auditpack keys generate --out /secure/audit --password-file password.txt`,
		Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error { return generateKey(env, out, passwordFile) },
	}
	c.Flags().StringVar(&out, "out", "cosign", "write `NAME`.key and NAME.pub")
	c.Flags().StringVar(&passwordFile, "password-file", "", "read the password from this `file`")
	return c
}

func generateKey(env *environment, out, passwordFile string) error {
	pw, err := newPassword(env, out+".key", passwordFile)
	if err != nil {
		return invalid(err)
	}
	private, public, err := seal.GenerateKey(pw)
	if err != nil {
		return err
	}
	if err := writeBoth(out+".key", private, out+".pub", public); err != nil {
		return err
	}
	key, err := seal.ReadPublicKey(public)
	if err != nil {
		return err
	}
	print, err := seal.Fingerprint(key)
	if err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, `%[1]s.key   private, encrypted; sign with: auditpack run --key %[1]s.key
%[1]s.pub   public; give it to whoever verifies, by a way that they trust
SHA-256 fingerprint %[2]s

The pair has no end date and cannot be withdrawn: when the private half may have been
read, make a new pair and tell everybody who has the public one.
`, out, print)
	if len(pw) == 0 {
		env.say("note: the password is empty, so whoever can read %s.key can sign", out)
	}
	return nil
}

func newKeysCertificate(env *environment) *cobra.Command {
	var o certificateOptions
	c := &cobra.Command{
		Use:   "certificate",
		Short: "A certificate request for signing documents, or a self-signed certificate for trials",
		Long: `Make a key for the signatures inside PDF and workbook, and NAME.csr, a request that a
certificate authority turns into a certificate. It asks for document signing
(1.3.6.1.5.5.7.3.36) and digital signature with non-repudiation.

With --self-signed the result is NAME.crt, for trials: readers will say that they do not
know the signer, because anyone can make a certificate with any name.

The key is written encrypted, in cosign's format, as by "keys generate".`,
		Example: `  auditpack keys certificate --organization "Example GmbH" --name "Audit packs"
  auditpack keys certificate --organization "Example GmbH" --name "Trial" --self-signed --days 30`,
		Args: cobra.NoArgs,
		RunE: func(_ *cobra.Command, _ []string) error { return makeCertificate(env, o) },
	}
	f := c.Flags()
	f.StringVar(&o.out, "out", "document", "write `NAME`.key and NAME.csr, or NAME.crt")
	f.StringVar(&o.name, "name", "", "the common `name` of the signer, which readers show")
	f.StringVar(&o.organization, "organization", "", "the organization's `name`")
	f.StringVar(&o.country, "country", "", "its country, as two `letters`")
	f.StringVar(&o.email, "email", "", "an e-mail `address` for the certificate")
	f.BoolVar(&o.selfSigned, "self-signed", false, "make a certificate for trials instead of a request")
	f.IntVar(&o.days, "days", 90, "how many `days` the self-signed certificate is valid")
	f.StringVar(&o.passwordFile, "password-file", "", "read the key's password from this `file`")
	return c
}

type certificateOptions struct {
	out, name, organization, country, email string
	selfSigned                              bool
	days                                    int
	passwordFile                            string
}

func (o certificateOptions) check() error {
	switch {
	case o.name == "":
		return errors.New("--name is what readers of the documents will be shown; give one")
	case o.country != "" && len(o.country) != 2:
		return fmt.Errorf("--country %q is not two letters", o.country)
	case o.days < 1 || o.days > 825:
		return errors.New("--days has to be between 1 and 825")
	}
	return nil
}

func (o certificateOptions) subject() pkix.Name {
	n := pkix.Name{CommonName: o.name}
	if o.organization != "" {
		n.Organization = []string{o.organization}
	}
	if o.country != "" {
		n.Country = []string{o.country}
	}
	return n
}

func makeCertificate(env *environment, o certificateOptions) error {
	if err := o.check(); err != nil {
		return invalid(err)
	}
	pw, err := newPassword(env, o.out+".key", o.passwordFile)
	if err != nil {
		return invalid(err)
	}
	private, _, err := seal.GenerateKey(pw)
	if err != nil {
		return err
	}
	key, err := seal.ReadPrivateKey(private, func() ([]byte, error) { return pw, nil })
	if err != nil {
		return err
	}
	request := seal.CertificateRequest{Subject: o.subject(), Email: o.email}
	if !o.selfSigned {
		csr, err := request.Sign(key)
		if err != nil {
			return err
		}
		if err := writeBoth(o.out+".key", private, o.out+".csr", csr); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, `%[1]s.key   private, encrypted; keep it
%[1]s.csr   send this to the certificate authority of your organization, or to one that
            PDF readers trust, and ask for a document-signing certificate
`, o.out)
		return nil
	}
	now := time.Now().UTC().Truncate(time.Second)
	crt, err := request.SelfSigned(key, now, now.AddDate(0, 0, o.days))
	if err != nil {
		return err
	}
	if err := writeBoth(o.out+".key", private, o.out+".crt", crt); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, `%[1]s.key   private, encrypted
%[1]s.crt   self-signed, until %[2]s. For trials: anyone can make one with this
            name, so it proves no more than a key pair, and readers will say so
`, o.out, now.AddDate(0, 0, o.days).Format(time.DateOnly))
	return nil
}

// writeBoth writes two new files, the first for its owner alone, or neither.
func writeBoth(private string, secret []byte, public string, rest []byte) error {
	if err := writeNewFile(private, secret, 0o600); err != nil {
		return err
	}
	if err := writeNewFile(public, rest, 0o644); err != nil {
		return errors.Join(err, os.Remove(private))
	}
	return nil
}

func writeNewFile(path string, content []byte, mode os.FileMode) error {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, mode)
	if errors.Is(err, os.ErrExist) {
		return invalid(fmt.Errorf("%s exists and is not overwritten: choose another name with --out", path))
	}
	if err != nil {
		return err
	}
	_, err = f.Write(content)
	if err = errors.Join(err, f.Sync(), f.Close()); err != nil {
		return errors.Join(err, os.Remove(path))
	}
	return nil
}

// newPassword is password, asked twice where it is typed.
func newPassword(env *environment, key, file string) ([]byte, error) {
	first, err := password(env, key, file)
	if _, set := os.LookupEnv("COSIGN_PASSWORD"); err != nil || file != "" || set || !term.IsTerminal(int(env.stdin.Fd())) {
		return first, err
	}
	again, err := password(env, key+", again", file)
	if err == nil && !bytes.Equal(first, again) {
		err = errors.New("the two passwords differ")
	}
	return first, err
}
