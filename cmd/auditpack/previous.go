package main

import (
	"context"
	"crypto"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// previousFlags say which bundle came before, and who sealed it.
type previousFlags struct {
	bundle string
	keys   []string
}

func (p *previousFlags) add(c *cobra.Command) {
	c.Flags().StringVar(&p.bundle, "previous", "", "the `bundle` before this one, archive or folder (default: the plan's)")
	c.Flags().StringArrayVar(&p.keys, "previous-key", nil, "a public key `file` that may have signed the previous bundle, beside the key of this run; repeatable")
}

// follow puts what the bundle before this one says into the inputs. Inputs that
// were read from a bundle have it already, verified when that was made.
func (o *runOptions) follow(ctx context.Context, in *input.Set, signer *seal.Signer, asOf time.Time) error {
	path, err := o.previousPath(in)
	if err != nil {
		return invalid(err)
	}
	if path != "" {
		if err := o.previous.take(ctx, path, in, signer); err != nil {
			return invalid(fmt.Errorf("previous bundle %w", err))
		}
	}
	return invalid(followsOn(in, asOf))
}

func (o *runOptions) previousPath(in *input.Set) (string, error) {
	named := in.Plan.Spec.Previous
	switch {
	case o.previous.bundle != "":
		return o.previous.bundle, nil
	case in.Previous != nil:
		return "", nil
	case named != "" && o.plan == "":
		return "", fmt.Errorf("the plan beside the evidence names the previous bundle %q, relative to a file that is not here; pass it with --previous", named)
	case named == "" && len(o.previous.keys) > 0:
		return "", errors.New("--previous-key is for a previous bundle, and neither --previous nor the plan names one")
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
// proves nothing about its own origin follows a bundle that does not either.
func (p *previousFlags) policy(signer *seal.Signer) (seal.Policy, error) {
	trusted, err := verifyFlags{keys: p.keys, unsigned: signer == nil && len(p.keys) == 0}.policy()
	if err == nil && signer != nil {
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
		return "pass the public key of whoever sealed it with --previous-key"
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
	behind := accessGrants.AllResources()
	return schema.PreviousFacts{
		Digest: v.Digest, AsOf: v.Manifest.AsOf, Plan: v.Manifest.Plan.Name, Sources: v.Manifest.Sources,
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
