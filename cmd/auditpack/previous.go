package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// previousFlags say which bundle came before, and who sealed it.
type previousFlags struct {
	bundle      string
	keys        []string
	policyFile  string
	decryptWith []string
	// supersedes and reason say which bundle this run corrects, and why.
	supersedes, reason string
}

func (p *previousFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&p.bundle, "previous", "", "the `bundle` before this one, archive or folder, or the address of a place, of which it is the newest of this plan (default: the plan's)")
	c.Flags().StringArrayVar(&p.keys, "previous-key", nil, "a public key `file` that may have signed the previous bundle, beside the key of this run; repeatable")
	c.Flags().StringVar(&p.policyFile, "previous-policy", "", "a VerificationPolicy `file` for the previous bundle, such as one that was signed keyless (default: the plan's)")
	c.Flags().StringArrayVar(&p.decryptWith, "previous-identity", nil, "age identity or SSH private key `file` that opens an encrypted previous or superseded bundle; repeatable")
	c.Flags().StringVar(&p.supersedes, "supersedes", "", "the earlier `bundle` that this one corrects and takes the place of")
	c.Flags().StringVar(&p.reason, "reason", "", "one `sentence` that says why, for the first page; with --supersedes")
}

// given reports whether a flag says something.
func (p *previousFlags) given() bool {
	return p.bundle != "" || p.policyFile != "" || p.supersedes != "" || p.reason != "" || len(p.keys) > 0 || len(p.decryptWith) > 0
}

// follow puts what the bundle before this one says into the inputs. Inputs that
// were read from a bundle have it already, verified when that was made.
func (o *runOptions) follow(ctx context.Context, env *environment, in *input.Set, signer *seal.Signer, asOf time.Time) error {
	path, err := o.previousPath(in)
	if err != nil {
		return invalid(err)
	}
	if policy := in.Plan.Spec.PreviousPolicy; o.previous.policyFile == "" && policy != "" && o.plan != "" {
		o.previous.policyFile = in.Path(policy)
	}
	switch {
	case isAddress(path):
		if err := o.previous.takeNewest(ctx, env, path, in, signer); err != nil {
			return err
		}
	case path != "":
		if err := o.previous.take(ctx, path, in, signer); err != nil {
			return invalid(fmt.Errorf("previous bundle %w", err))
		}
	}
	if err := o.previous.correct(ctx, in, signer); err != nil {
		return invalid(err)
	}
	return invalid(followsOn(in, asOf))
}

// correct verifies the bundle that this run corrects and records it. Both have to
// follow the same bundle, so that a chain stays whole with either.
func (p *previousFlags) correct(ctx context.Context, in *input.Set, signer *seal.Signer) error {
	reason := strings.TrimSpace(p.reason)
	switch {
	case p.supersedes == "" && reason == "":
		return nil
	case p.supersedes == "":
		return errors.New("--reason says why a bundle is superseded, and --supersedes does not name one")
	case reason == "":
		return errors.New("--supersedes needs --reason: whoever has the earlier bundle has to learn why it was corrected")
	case len(reason) > maxReason || strings.ContainsFunc(reason, unicode.IsControl):
		return fmt.Errorf("--reason has to be one line of at most %d bytes", maxReason)
	}
	policy, err := p.policy(signer)
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, p.supersedes, policy)
	if err != nil {
		return fmt.Errorf("superseded bundle %w; %s", err, previousRemedy(err))
	}
	defer v.Close()
	if err := wantWhole(v); err != nil {
		return fmt.Errorf("superseded bundle %s: %w", p.supersedes, err)
	}
	switch m := v.Manifest; {
	case m.Plan.Name != in.Plan.Metadata.Name:
		return fmt.Errorf("superseded bundle %s: it is of the plan %q, and this one of %q", p.supersedes, m.Plan.Name, in.Plan.Metadata.Name)
	case digestOf(m.Previous) != previousDigest(in.Previous):
		return fmt.Errorf("superseded bundle %s: it follows another bundle than this one does; a correction has the same --previous, or none where it had none", p.supersedes)
	}
	in.Supersedes = &schema.SupersededBundle{SHA256: v.Digest, Reason: reason}
	return nil
}

// maxReason is what a cover has room for, in bytes.
const maxReason = 400

func digestOf(p *schema.PreviousBundle) string {
	if p == nil {
		return ""
	}
	return p.SHA256
}

func previousDigest(p *schema.PreviousFacts) string {
	if p == nil {
		return ""
	}
	return p.Digest
}

func (o *runOptions) previousPath(in *input.Set) (string, error) {
	named := in.Plan.Spec.Previous
	switch {
	case o.previous.bundle != "":
		return o.previous.bundle, nil
	case in.Previous != nil:
		return "", nil
	case isAddress(named):
		return named, nil
	case named != "" && o.plan == "":
		return "", fmt.Errorf("the plan beside the evidence names the previous bundle %q, relative to a file that is not here; pass it with --previous", named)
	case named == "" && o.previous.supersedes == "" && (len(o.previous.keys) > 0 || o.previous.policyFile != ""):
		return "", errors.New("--previous-key and --previous-policy are for a previous bundle, and neither --previous nor the plan names one")
	}
	return in.Path(named), nil
}

// take verifies a bundle and makes it the one before this.
func (p *previousFlags) take(ctx context.Context, path string, in *input.Set, signer *seal.Signer) error {
	policy, err := p.policy(signer)
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return fmt.Errorf("%w; %s", err, previousRemedy(err))
	}
	defer v.Close()
	if err := wantWhole(v); err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	facts, err := previousFacts(v)
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	grants, err := v.FS().Open(accessGrants.Path())
	if err != nil {
		return fmt.Errorf("%s: %w", path, err)
	}
	defer grants.Close()
	if err := in.SetPrevious(facts, grants); err != nil {
		return fmt.Errorf("%s: %s: %w", path, accessGrants.Path(), err)
	}
	return nil
}

// policy trusts the key of this run and those of the flags. Only a run that
// proves nothing about its own origin follows a bundle that does not either. A
// keyless run has no key that an earlier bundle could have been signed with.
func (p *previousFlags) policy(signer *seal.Signer) (seal.Policy, error) {
	given := len(p.keys) > 0 || p.policyFile != ""
	trusted, err := verifyFlags{keys: p.keys, policyFile: p.policyFile, decryptWith: p.decryptWith, unsigned: signer == nil && !given}.policy()
	if err == nil && signer != nil && !signer.Keyless() {
		trusted.Keys = append([]crypto.PublicKey{signer.Public()}, trusted.Keys...)
	}
	return trusted, err
}

// previousRemedy says what to do about a previous bundle that does not verify.
func previousRemedy(err error) string {
	var refused *seal.Error
	if !errors.As(err, &refused) {
		return "pass a bundle that can be read, as archive or folder"
	}
	switch refused.Kind {
	case seal.NoPolicy, seal.BadSignature:
		return "pass the public key of whoever sealed it with --previous-key, or whom to trust with --previous-policy"
	case seal.BadCertificate, seal.BadTimestamp:
		return "say with --previous-policy whom to trust"
	case seal.Encrypted:
		return "pass --previous-identity"
	case seal.NotSigned:
		return "a signed bundle follows a signed one only: sign the earlier one with \"auditpack report\", or leave it out and start a new chain"
	default:
		return "pass it as it was sealed; without it a new chain starts, and the report says that"
	}
}

var accessGrants, _ = schema.PopulationNamed("accessGrants")

// previousFacts gathers what a verified bundle says, but for its access grants.
func previousFacts(v *seal.Verified) (schema.PreviousFacts, error) {
	head, err := collect.LoadHead(v.FS())
	if err != nil {
		return schema.PreviousFacts{}, err
	}
	standing, err := standingOf(v.FS())
	if err != nil {
		return schema.PreviousFacts{}, err
	}
	behind := accessGrants.AllResources()
	return schema.PreviousFacts{
		Digest: v.Digest, AsOf: v.Manifest.AsOf, Plan: v.Manifest.Plan.Name, Sources: v.Manifest.Sources, Standing: standing,
		Queries: slices.DeleteFunc(head.Queries, func(q schema.Query) bool { return !slices.Contains(behind, q.Resource) }),
	}, nil
}

// followsOn refuses a previous bundle that is of another plan, or not earlier.
func followsOn(in *input.Set, asOf time.Time) error {
	p := in.Previous
	switch {
	case p == nil:
		return nil
	case p.Plan != in.Plan.Metadata.Name:
		return fmt.Errorf("the previous bundle is of the plan %q, and this one of %q; a chain has one plan", p.Plan, in.Plan.Metadata.Name)
	case !p.AsOf.Before(asOf):
		return fmt.Errorf("the previous bundle is as of %s, which is not before %s; pass an earlier one", p.AsOf.Format(time.RFC3339), asOf.Format(time.RFC3339))
	}
	return nil
}
