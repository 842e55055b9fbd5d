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
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// signingFlags say who signs.
type signingFlags struct {
	key, passwordFile string
	unsigned          bool
	fulcioURL         string
	identityTokenFile string
	timestampURL      string
	requireTimestamp  bool
	document          documentFlags
}

func (s *signingFlags) add(c *cobra.Command) {
	f := c.Flags()
	f.StringVar(&s.key, "key", "", "sign with this cosign private key `file` or KMS reference")
	f.StringVar(&s.passwordFile, "password-file", "", "read the key's password from this `file`; COSIGN_PASSWORD and the terminal are asked otherwise")
	f.StringVar(&s.fulcioURL, "fulcio-url", "", "sign keyless: ask the Fulcio at this `address` for a certificate; needs --timestamp-url")
	f.StringVar(&s.identityTokenFile, "identity-token-file", "", "read the OIDC token for --fulcio-url from this `file`; SIGSTORE_ID_TOKEN and "+defaultTokenFile+" are asked otherwise")
	f.StringVar(&s.timestampURL, "timestamp-url", "", "have the signature stamped by the RFC 3161 authority at this `address`")
	f.BoolVar(&s.requireTimestamp, "require-timestamp", false, "write no bundle when the timestamp authority does not answer")
	f.BoolVar(&s.unsigned, "unsigned", false, "write a bundle without signature, which its first page then says")
	s.document.add(c)
}

var errNoSigning = errors.New(`nothing says how to sign the bundle; do one of
  make a key pair with "auditpack keys generate" and pass --key cosign.key
  set spec.signing.key in the plan to a key file or a KMS reference
  pass --fulcio-url and --timestamp-url to sign with an identity instead of a key
  pass --unsigned, and the first page says that nothing proves where the bundle came from`)

// signer returns the signer that flags or plan ask for, nil for an unsigned
// bundle, and writes the choice into the inputs. Flags win over the plan.
func (s *signingFlags) signer(ctx context.Context, env *environment, in *input.Set) (*seal.Signer, error) {
	plan := s.over(in)
	in.Unsigned = plan.Unsigned // inputs from a bundle say how that was sealed
	switch {
	case plan.Unsigned && (s.key != "" || s.fulcioURL != "" || s.timestampURL != ""):
		return nil, invalid(errors.New("--unsigned excludes --key, --fulcio-url and --timestamp-url"))
	case s.key != "" && s.fulcioURL != "":
		return nil, invalid(errors.New("--key and --fulcio-url exclude each other: one signs with a key, the other without"))
	case plan.Unsigned:
		return nil, nil
	case plan.Key == "" && plan.Keyless == nil:
		return nil, invalid(errNoSigning)
	case plan.Keyless != nil && plan.Timestamp == nil:
		return nil, invalid(fmt.Errorf("%w; pass --timestamp-url", seal.ErrNoTimestamp))
	case s.requireTimestamp && plan.Timestamp == nil:
		return nil, invalid(errors.New("--require-timestamp needs --timestamp-url, or spec.signing.timestamp in the plan"))
	}
	signer, err := load(ctx, env, plan)
	if err != nil {
		return nil, invalid(err)
	}
	if plan.Timestamp != nil {
		if signer, err = signer.WithTimestamp(seal.TimestampAuthority{URL: plan.Timestamp.URL, Required: plan.Timestamp.Required}); err != nil {
			return nil, invalid(err)
		}
	}
	if note := signer.Note(); note != "" {
		env.say("note: %s", note)
	}
	return signer, nil
}

// over returns the plan's choice with the flags' laid over it. Paths of the plan
// are resolved.
func (s *signingFlags) over(in *input.Set) schema.Signing {
	plan := in.Plan.Spec.Signing
	plan.Key, plan.PasswordFile = in.Path(plan.Key), in.Path(plan.PasswordFile)
	if k := plan.Keyless; k != nil {
		plan.Keyless = &schema.KeylessSigning{FulcioURL: k.FulcioURL, IdentityTokenFile: in.Path(k.IdentityTokenFile)}
	}
	switch {
	case s.unsigned:
		plan = schema.Signing{Unsigned: true}
	case s.key != "":
		plan.Key, plan.Keyless, plan.Unsigned = s.key, nil, false
	case s.fulcioURL != "":
		plan.Keyless, plan.Key, plan.Unsigned = &schema.KeylessSigning{FulcioURL: s.fulcioURL}, "", false
	}
	if s.passwordFile != "" {
		plan.PasswordFile = s.passwordFile
	}
	if s.identityTokenFile != "" && plan.Keyless != nil {
		plan.Keyless.IdentityTokenFile = s.identityTokenFile
	}
	if s.timestampURL != "" {
		plan.Timestamp = &schema.TimestampSource{URL: s.timestampURL}
	}
	if s.requireTimestamp && plan.Timestamp != nil {
		plan.Timestamp = &schema.TimestampSource{URL: plan.Timestamp.URL, Required: true}
	}
	return plan
}

// load returns the signer of a choice that has a key or is keyless. A token that is
// not there, or is none, ends the run before it begins.
func load(ctx context.Context, env *environment, s schema.Signing) (*seal.Signer, error) {
	if s.Keyless == nil {
		return seal.LoadSigner(ctx, s.Key, func() ([]byte, error) { return password(env, s.Key, s.PasswordFile) })
	}
	token := func() (string, error) { return identityToken(env, s.Keyless.IdentityTokenFile) }
	t, err := token()
	if err != nil {
		return nil, err
	}
	if _, err := seal.TokenSubject(t); err != nil {
		return nil, err
	}
	return seal.NewKeyless(seal.Keyless{FulcioURL: s.Keyless.FulcioURL, Token: token})
}

// defaultTokenFile is where cosign, too, looks for a projected service-account token.
const defaultTokenFile = "/var/run/sigstore/cosign/oidc-token"

// identityToken asks the file, the environment, and the usual place, in that order.
func identityToken(env *environment, file string) (string, error) {
	if file == "" {
		if token := env.getenv("SIGSTORE_ID_TOKEN"); token != "" {
			return token, nil
		}
		file = defaultTokenFile
	}
	b, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) && file == defaultTokenFile {
		return "", fmt.Errorf("there is no identity token: pass --identity-token-file, set SIGSTORE_ID_TOKEN, or project a service-account token to %s", file)
	}
	if err != nil {
		return "", fmt.Errorf("read the identity token: %w", err)
	}
	return string(bytes.TrimSpace(b)), nil
}

// password asks the file, the environment, and the terminal, in that order.
func password(env *environment, key, file string) ([]byte, error) {
	return passwordFrom(env, "COSIGN_PASSWORD", key, file)
}

func passwordFrom(env *environment, variable, key, file string) ([]byte, error) {
	if file != "" {
		b, err := os.ReadFile(file)
		if err != nil {
			return nil, fmt.Errorf("read the password of %s: %w", key, err)
		}
		return bytes.TrimRight(b, "\r\n"), nil
	}
	if p, ok := os.LookupEnv(variable); ok {
		return []byte(p), nil
	}
	if !term.IsTerminal(int(env.stdin.Fd())) {
		return nil, fmt.Errorf("the password of %s is not given, and there is no terminal to ask on: name a password file, or set %s", key, variable)
	}
	fmt.Fprintf(env.stderr, "Password of %s: ", key)
	b, err := term.ReadPassword(int(env.stdin.Fd()))
	fmt.Fprintln(env.stderr)
	return b, err
}
