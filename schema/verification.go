package schema

import "time"

// A VerificationPolicy says whom a verifier trusts. It is written by whoever
// receives bundles, and no bundle has one.
type VerificationPolicy struct {
	TypeMeta
	// Metadata names the policy.
	Metadata Metadata `json:"metadata"`
	// Spec is the policy.
	Spec PolicySpec `json:"spec"`
}

// PolicySpec is the content of a VerificationPolicy. Paths are relative to its file.
type PolicySpec struct {
	// Keys are files of public keys, one of which may have signed.
	Keys []string `json:"keys,omitzero"`
	// Identities may have signed keyless; they need TrustedRoot.
	Identities []TrustedIdentity `json:"identities,omitzero"`
	// TrustedRoot is a file in sigstore's format with the certificate and timestamp authorities that are trusted.
	TrustedRoot string `json:"trustedRoot,omitempty"`
	// Timestamp says what is expected of timestamps.
	Timestamp TimestampTrust `json:"timestamp,omitzero"`
	// Documents says what is expected of the signatures inside PDF and XLSX files.
	Documents DocumentTrust `json:"documents,omitzero"`
}

// A TrustedIdentity is a person or workload that an issuer identifies.
type TrustedIdentity struct {
	// Identity is the whole name in the certificate, such as https://kubernetes.io/namespaces/audit/serviceaccounts/auditpack.
	Identity string `json:"identity,omitempty"`
	// IdentityRegexp is a regular expression that the whole name matches, in the place of Identity.
	IdentityRegexp string `json:"identityRegexp,omitempty"`
	// Issuer is the OpenID Connect issuer that identified it.
	Issuer string `json:"issuer"`
}

// TimestampTrust says which timestamps are believed.
type TimestampTrust struct {
	// Required refuses bundles without a timestamp of a trusted authority.
	Required bool `json:"required,omitempty"`
	// CA is a PEM file with the certificates of a timestamp authority, beside those of the trusted root.
	CA string `json:"ca,omitempty"`
}

// DocumentTrust says who may sign documents.
type DocumentTrust struct {
	// CA is a PEM file with the certificate authorities that issue document certificates.
	CA string `json:"ca,omitempty"`
}

// A VerificationResult is what verification found, as auditpack verify -o json prints it.
type VerificationResult struct {
	SchemaVersion string `json:"schemaVersion" class:"public"`
	// Verified is true when everything that was checked held. Otherwise Error says what did not.
	Verified bool `json:"verified" class:"public"`
	// Error is one sentence, empty when Verified.
	Error string `json:"error,omitempty" class:"public"`
	// Kind sorts the error, such as signature, timestamp or altered.
	Kind string `json:"kind,omitempty" class:"public"`
	// Member is the path of the file that Error is about, where it is about one.
	Member string `json:"member,omitempty" class:"public"`
	// Bundles are those that were verified, in the order in which they were given; empty after an error.
	Bundles []VerifiedBundle `json:"bundles" class:"public"`
	// Chain are the sentences about how the bundles follow each other; empty for one bundle.
	Chain []string `json:"chain" class:"public"`
	// Documents are the PDFs and workbooks that were verified without their bundle, in the order in which they were given.
	Documents []VerifiedDocument `json:"documents,omitempty" class:"public"`
}

// A VerifiedBundle is one bundle of a VerificationResult.
type VerifiedBundle struct {
	// Path is the file or folder as it was given.
	Path string `json:"path" class:"public"`
	// Digest is the SHA-256 of the file that seals the bundle, which a later bundle names.
	Digest string `json:"digest" class:"public"`
	// Key is the SHA-256 fingerprint of the key that signed, empty for a bundle without signature.
	Key string `json:"key,omitempty" class:"public"`
	// Certificate names who signed without a key to keep.
	Certificate *VerifiedCertificate `json:"certificate,omitempty" class:"public"`
	// Timestamp is what a timestamp authority says.
	Timestamp *VerifiedTimestamp `json:"timestamp,omitempty" class:"public"`
	// Checked are the sentences about what held.
	Checked []string `json:"checked" class:"public"`
	// NotChecked are the sentences about what was not looked at, and why.
	NotChecked []string `json:"notChecked" class:"public"`
	// Manifest is what the bundle says of itself under its signature.
	Manifest Manifest `json:"manifest" class:"public"`
}

// A VerifiedDocument is one PDF or workbook of a VerificationResult, whose own signature is intact.
type VerifiedDocument struct {
	// Path is the file as it was given.
	Path string `json:"path" class:"public"`
	// Trusted is true when the signer's certificate leads to an authority that was given.
	Trusted bool `json:"trusted" class:"public"`
	// Signer is whose certificate signed.
	Signer DocumentSigner `json:"signer" class:"public"`
	// Reason is the signer's sentence on what was signed.
	Reason string `json:"reason" class:"public"`
	// Signed is when, as the signer says, in UTC.
	Signed time.Time `json:"signed" class:"public"`
	// Timestamp is when, as a trusted timestamp authority says, in UTC.
	Timestamp *time.Time `json:"timestamp,omitempty" class:"public"`
	// Checked are the sentences about what held.
	Checked []string `json:"checked" class:"public"`
	// NotChecked are the sentences about what was not looked at, and why.
	NotChecked []string `json:"notChecked" class:"public"`
}

// A VerifiedCertificate is that of a keyless signature.
type VerifiedCertificate struct {
	Identity string `json:"identity" class:"public"`
	Issuer   string `json:"issuer" class:"public"`
	// NotBefore and NotAfter bound its validity, in UTC.
	NotBefore time.Time `json:"notBefore" class:"public"`
	NotAfter  time.Time `json:"notAfter" class:"public"`
}

// A VerifiedTimestamp is what a bundle's timestamp says.
type VerifiedTimestamp struct {
	Time time.Time `json:"time" class:"public"` // UTC
	// Authority names who stamped, as far as it is known.
	Authority string `json:"authority" class:"public"`
	// Checked is false when no timestamp authority was given to trust: then anyone can have written it.
	Checked bool `json:"checked" class:"public"`
}
