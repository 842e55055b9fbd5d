package main

import (
	"errors"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// verifyFlags say whom the caller trusts.
type verifyFlags struct {
	keys             []string
	identity         string
	identityRegexp   string
	issuer           string
	trustedRoot      string
	timestampCA      string
	requireTimestamp bool
	documentCA       string
	policyFile       string
	decryptWith      []string
	previous         string
	unsigned         bool
}

// add adds the flags of verify.
func (f *verifyFlags) add(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.keys, "key", nil, "the public key `file` of whoever must have signed; repeatable, one must fit")
	flags.StringVar(&f.identity, "certificate-identity", "", "the `name` that a keyless signature's certificate must have")
	flags.StringVar(&f.identityRegexp, "certificate-identity-regexp", "", "an `expression` that the whole name must match, instead of the name")
	flags.StringVar(&f.issuer, "certificate-oidc-issuer", "", "the `address` of the OIDC issuer that must have identified it")
	flags.StringVar(&f.trustedRoot, "trusted-root", "", "sigstore trusted root `file` with the certificate and timestamp authorities to trust")
	flags.StringVar(&f.timestampCA, "timestamp-ca", "", "PEM `file` with the certificates of a timestamp authority to trust")
	flags.BoolVar(&f.requireTimestamp, "require-timestamp", false, "refuse a bundle without a timestamp of a trusted authority")
	flags.StringVar(&f.documentCA, "document-ca", "", "PEM `file` with the authorities whose certificates may sign PDF and workbook, or the self-signed certificate itself")
	flags.StringVar(&f.policyFile, "policy", "", "a VerificationPolicy `file` that says all of this, instead of flags")
	flags.StringArrayVar(&f.decryptWith, "identity", nil, "age identity or SSH private key `file` that opens an encrypted archive; repeatable")
	flags.BoolVar(&f.unsigned, "unsafe-unsigned", false, "check only that the parts of an unsigned bundle fit each other; proves nothing about origin")
}

// addReading adds the flags of a command that reads a bundle in order to make
// something else, which may have a key and a policy of its own.
func (f *verifyFlags) addReading(c *cobra.Command) {
	flags := c.Flags()
	flags.StringArrayVar(&f.keys, "verify-key", nil, "a public key `file` that may have signed the bundle that is read; repeatable, one must fit")
	flags.StringVar(&f.policyFile, "verify-policy", "", "a VerificationPolicy `file` for the bundle that is read, such as one that was signed keyless")
	flags.StringArrayVar(&f.decryptWith, "identity", nil, "age identity or SSH private key `file` that opens an encrypted bundle; repeatable")
	flags.BoolVar(&f.unsigned, "accept-unsigned", false, "read a bundle that has no signature")
}

// spec returns what flags or policy file ask for, as a policy file would say it.
func (f verifyFlags) spec() (schema.PolicySpec, error) {
	flags := schema.PolicySpec{Keys: f.keys, TrustedRoot: f.trustedRoot, Timestamp: schema.TimestampTrust{Required: f.requireTimestamp, CA: f.timestampCA}, Documents: schema.DocumentTrust{CA: f.documentCA}}
	if f.identity != "" || f.identityRegexp != "" || f.issuer != "" {
		flags.Identities = []schema.TrustedIdentity{{Identity: f.identity, IdentityRegexp: f.identityRegexp, Issuer: f.issuer}}
	}
	if f.policyFile == "" {
		return flags, nil
	}
	if len(flags.Keys) > 0 || len(flags.Identities) > 0 || flags.TrustedRoot != "" || flags.Timestamp != (schema.TimestampTrust{}) || flags.Documents != (schema.DocumentTrust{}) {
		return schema.PolicySpec{}, errors.New("--policy says whom to trust: leave out the flags that say so too")
	}
	spec, err := input.LoadPolicy(f.policyFile)
	if err != nil {
		return schema.PolicySpec{}, err
	}
	return *spec, nil
}

// policy loads the files that the flags, or the policy file, name.
func (f verifyFlags) policy() (seal.Policy, error) {
	spec, err := f.spec()
	if err != nil {
		return seal.Policy{}, invalid(err)
	}
	p, err := trusting(spec)
	if err != nil {
		return seal.Policy{}, invalid(err)
	}
	p.Previous, p.UnsafeUnsigned = f.previous, f.unsigned
	if len(f.decryptWith) > 0 {
		if p.DecryptWith, err = seal.LoadIdentities(f.decryptWith); err != nil {
			return seal.Policy{}, invalid(err)
		}
	}
	return p, nil
}

func trusting(spec schema.PolicySpec) (seal.Policy, error) {
	p := seal.Policy{RequireTimestamp: spec.Timestamp.Required, TrustedRoot: &seal.TrustedRoot{}}
	for _, path := range spec.Keys {
		key, err := seal.LoadPublicKey(path)
		if err != nil {
			return seal.Policy{}, err
		}
		p.Keys = append(p.Keys, key)
	}
	for _, id := range spec.Identities {
		p.Identities = append(p.Identities, seal.CertificateIdentity(id))
	}
	for path, load := range map[string]func(string) (*seal.TrustedRoot, error){spec.TrustedRoot: seal.LoadTrustedRoot, spec.Timestamp.CA: seal.LoadTimestampAuthority} {
		if path == "" {
			continue
		}
		root, err := load(path)
		if err != nil {
			return seal.Policy{}, err
		}
		p.TrustedRoot.Add(root)
	}
	if spec.Documents.CA != "" {
		authorities, err := seal.LoadCertificates(spec.Documents.CA)
		if err != nil {
			return seal.Policy{}, err
		}
		p.Documents = seal.DocumentTrust{Authorities: authorities, At: time.Now().UTC()}
	}
	return p, nil
}
