package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// verifyFlags say whom the caller trusts.
type verifyFlags struct {
	keys     []string
	previous string
	unsigned bool
}

func newVerify(env *environment) *cobra.Command {
	var f verifyFlags
	var again bool
	var output string
	c := &cobra.Command{
		Use:   "verify BUNDLE",
		Short: "Check every byte of a bundle against a key from outside it",
		Long: `Check a bundle, as an archive or as a folder, to its last byte: who signed it, what was
signed, and that the bundle has exactly that. No network is used.

Get the public key from the signer, not from the bundle: a key that lies beside a bundle
proves only that somebody had a key.

With --reperform the checks run again on the evidence and inputs in the bundle, and every
report must come out with the same bytes.`,
		Example: `  auditpack verify prod-2026-09-30.zip --key cosign.pub
  auditpack verify prod-2026-09-30.zip --key cosign.pub --reperform
  auditpack verify prod-2026-09-30 --key cosign.pub -o json`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verify(cmd.Context(), env, args[0], f, again, output)
		},
	}
	c.Flags().StringArrayVar(&f.keys, "key", nil, "the public key `file` of whoever must have signed; repeatable, one must fit")
	c.Flags().StringVar(&f.previous, "previous", "", "the `digest` that the bundle before this one must have")
	c.Flags().BoolVar(&f.unsigned, "unsafe-unsigned", false, "check only that the parts of an unsigned bundle fit each other; proves nothing about origin")
	c.Flags().BoolVar(&again, "reperform", false, "make the reports again from the evidence and inputs, and compare every byte")
	outputFlag(c, &output)
	return c
}

func (f verifyFlags) policy() (seal.Policy, error) {
	p := seal.Policy{Previous: f.previous, UnsafeUnsigned: f.unsigned}
	for _, path := range f.keys {
		key, err := seal.LoadPublicKey(path)
		if err != nil {
			return seal.Policy{}, invalid(err)
		}
		p.Keys = append(p.Keys, key)
	}
	return p, nil
}

// verdict is what verify prints with -o json.
type verdict struct {
	Verified   bool             `json:"verified"`
	Error      string           `json:"error,omitempty"`
	Member     string           `json:"member,omitempty"`
	Digest     string           `json:"digest,omitempty"`
	Key        string           `json:"key,omitempty"`
	Checked    []string         `json:"checked"`
	NotChecked []string         `json:"notChecked"`
	Manifest   *schema.Manifest `json:"manifest,omitempty"`
}

func verify(ctx context.Context, env *environment, path string, f verifyFlags, again bool, output string) error {
	policy, err := f.policy()
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return refuse(env, output, verifyError(err))
	}
	defer v.Close()
	if err := walkAgain(ctx, v, again); err != nil {
		return refuse(env, output, err)
	}
	key, err := fingerprint(v.Key)
	if err != nil {
		return err
	}
	if output == "json" {
		return printJSON(env, verdict{Verified: true, Digest: v.Digest, Key: key, Checked: v.Checked, NotChecked: v.NotChecked, Manifest: &v.Manifest})
	}
	printVerified(env, path, v)
	return nil
}

// refuse prints the verdict of a bundle that is refused, where it is asked for as
// JSON, and returns the error.
func refuse(env *environment, output string, err error) error {
	if output != "json" {
		return err
	}
	r := verdict{Error: err.Error()}
	var refused *seal.Error
	if errors.As(err, &refused) {
		r.Member = refused.Member
	}
	return errors.Join(err, printJSON(env, r))
}

// walkAgain re-performs where that is asked for, and says which of the two it was.
func walkAgain(ctx context.Context, v *seal.Verified, again bool) error {
	if !again {
		v.NotChecked = append(v.NotChecked, "Whether the reports follow from the evidence and inputs: --reperform makes them again.")
		return nil
	}
	files, err := reperform(ctx, v)
	if err != nil {
		return err
	}
	v.Checked = append(v.Checked, fmt.Sprintf("Made again from the evidence and inputs of the bundle, %d files, the reports among them, came out with the same bytes.", files))
	return nil
}

func fingerprint(key crypto.PublicKey) (string, error) {
	if key == nil {
		return "", nil
	}
	return seal.Fingerprint(key)
}

func printVerified(env *environment, path string, v *seal.Verified) {
	p := newPaint(env)
	m := v.Manifest
	word := p.good("VERIFIED")
	if v.Key == nil {
		word = p.bad(true, "UNSIGNED, and its parts fit each other")
	}
	fmt.Fprintf(env.stdout, "%s: %s\n%s, %s, as of %s\n\nChecked:\n", path, word, printable(m.Plan.Organization), printable(m.Plan.Name), m.AsOf.Format("2006-01-02 15:04 UTC"))
	for _, s := range v.Checked {
		fmt.Fprintf(env.stdout, "  - %s\n", printable(s))
	}
	fmt.Fprintln(env.stdout, "\nNot checked:")
	for _, s := range v.NotChecked {
		fmt.Fprintf(env.stdout, "  - %s\n", printable(s))
	}
}
