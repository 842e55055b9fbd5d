package main

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"

	"github.com/spf13/cobra"
	"golang.org/x/term"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/seal"
)

// signingFlags say who signs.
type signingFlags struct {
	key, passwordFile string
	unsigned          bool
}

func (s *signingFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&s.key, "key", "", "sign with this cosign private key `file` or KMS reference")
	c.Flags().StringVar(&s.passwordFile, "password-file", "", "read the key's password from this `file`; COSIGN_PASSWORD and the terminal are asked otherwise")
	c.Flags().BoolVar(&s.unsigned, "unsigned", false, "write a bundle without signature, which its first page then says")
}

var errNoSigning = errors.New(`nothing says how to sign the bundle; do one of
  make a key pair with "cosign generate-key-pair" and pass --key cosign.key
  set spec.signing.key in the plan to a key file or a KMS reference
  pass --unsigned, and the first page says that nothing proves where the bundle came from`)

// signer returns the signer that flags or plan ask for, nil for an unsigned
// bundle, and writes the choice into the inputs. Flags win over the plan.
func (s *signingFlags) signer(ctx context.Context, env *environment, in *input.Set) (*seal.Signer, error) {
	plan := &in.Plan.Spec.Signing
	switch {
	case s.unsigned && s.key != "":
		return nil, invalid(errors.New("--key and --unsigned exclude each other"))
	case s.unsigned, s.key == "" && plan.Unsigned:
		in.Unsigned = true
		return nil, nil
	case s.key == "" && plan.Key == "":
		return nil, invalid(errNoSigning)
	}
	key, passwordFile := s.key, s.passwordFile
	if key == "" {
		key = in.Path(plan.Key)
	}
	if passwordFile == "" && plan.PasswordFile != "" {
		passwordFile = in.Path(plan.PasswordFile)
	}
	signer, err := seal.LoadSigner(ctx, key, func() ([]byte, error) { return password(env, key, passwordFile) })
	if err != nil {
		return nil, invalid(err)
	}
	if note := signer.Note(); note != "" {
		env.say("note: %s", note)
	}
	return signer, nil
}

// password asks the file, the environment, and the terminal, in that order.
func password(env *environment, key, file string) ([]byte, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the password of %s: %w", key, err)
		}
		return bytes.TrimRight(b, "\r\n"), nil
	}
	if p, ok := os.LookupEnv("COSIGN_PASSWORD"); ok {
		return []byte(p), nil
	}
	if !term.IsTerminal(int(env.stdin.Fd())) {
		return nil, errors.New("no terminal to ask on: pass --password-file, or set COSIGN_PASSWORD")
	}
	fmt.Fprintf(env.stderr, "Password of %s: ", key)
	b, err := term.ReadPassword(int(env.stdin.Fd()))
	fmt.Fprintln(env.stderr)
	return b, err
}
