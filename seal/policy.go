package seal

import (
	"crypto"
)

// A Policy says whom the caller trusts. It comes from outside the bundle: a key
// that lies beside a bundle proves only that somebody had a key.
type Policy struct {
	// Keys are public keys, one of which must have signed.
	Keys []crypto.PublicKey
	// Identities are accepted in certificates of keyless signatures. They need a
	// TrustedRoot with certificate authorities and timestamp authorities.
	Identities []CertificateIdentity
	// TrustedRoot has the authorities that are trusted; nil trusts none, and then
	// the timestamp of a bundle that a key signed is not checked, which Verified says.
	TrustedRoot *TrustedRoot
	// RequireTimestamp refuses a bundle without a timestamp of an authority in TrustedRoot.
	RequireTimestamp bool
	// Documents says whose signatures inside the PDF and the workbook are accepted.
	Documents DocumentTrust
	// Previous is the Digest of the bundle that must be the one before this. Empty
	// leaves the chain unchecked, which Verified says.
	Previous string
	// DecryptWith are identities that open an encrypted archive; they are no trust. Nil opens none.
	DecryptWith *Identities
	// UnsafeUnsigned accepts a bundle that was written without signature, and only
	// such. Anyone can have written or changed it: what is checked is that
	// the parts fit each other. It excludes Keys and Identities.
	UnsafeUnsigned bool
}

func (p Policy) check() error {
	signed := len(p.Keys) > 0 || len(p.Identities) > 0
	switch {
	case !signed && !p.UnsafeUnsigned:
		return refuse(NoPolicy, "", "no key and no identity was given to verify with: without one nothing is proven; get the public key, or the identity and its issuer, from the signer and not from the bundle")
	case signed && p.UnsafeUnsigned:
		return refuse(NoPolicy, "", "a key or an identity was given and unsigned bundles were asked for: choose one")
	case p.RequireTimestamp && p.UnsafeUnsigned:
		return refuse(NoPolicy, "", "a timestamp confirms a signature, and unsigned bundles were asked for: choose one")
	case p.RequireTimestamp && !p.TrustedRoot.hasTimestamps():
		return refuse(NoPolicy, "", "a timestamp is required, and no timestamp authority was given to trust: give a trusted root or the authority's certificates")
	case len(p.Identities) > 0 && !p.TrustedRoot.hasCertificates():
		return refuse(NoPolicy, "", "an identity was given, and no certificate authority to trust: give a trusted root, from whoever runs the authority")
	case p.Previous != "" && !isDigest(p.Previous):
		return refuse(NoPolicy, "", "the previous bundle is not given as a SHA-256 digest")
	}
	for _, i := range p.Identities {
		if err := i.check(); err != nil {
			return refuse(NoPolicy, "", "%v", err)
		}
	}
	for _, k := range p.Keys {
		if err := checkKey(k); err != nil {
			return refuse(NoPolicy, "", "%v", err)
		}
	}
	return nil
}

// accept returns the statement in the seal file, and who signed it; nil for a
// bundle without signature.
func (p Policy) accept(name string, content []byte) ([]byte, *signedBy, error) {
	if name == StatementFile {
		if !p.UnsafeUnsigned {
			return nil, nil, refuse(NotSigned, "", "the bundle has no signature: it proves nothing about who made it, or whether it was changed")
		}
		return content, nil, nil
	}
	if p.UnsafeUnsigned {
		return nil, nil, refuse(NoPolicy, "", "the bundle is signed: give the signer's public key, or identity, to verify it with")
	}
	a, err := decodeAttestation(content)
	if err != nil {
		return nil, nil, err
	}
	by, err := a.verify(p)
	if err != nil {
		return nil, nil, err
	}
	return a.Envelope.Payload, by, nil
}
