package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/x509"
	"encoding/asn1"
	"encoding/base64"
	"errors"
	"fmt"
	"math/big"
	"slices"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/auditpack/auditpack/schema"
)

const (
	bundleMediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
	payloadType     = "application/vnd.in-toto+json"
)

// The part of a Sigstore bundle v0.3 that we use, with the names of its JSON form.
// The library's own JSON differs from run to run; ours is what schema.Marshal
// writes, and a reader refuses any other, so that no unsigned byte is free.
type (
	sigstoreBundle struct {
		MediaType            string               `json:"mediaType"`
		VerificationMaterial verificationMaterial `json:"verificationMaterial"`
		Envelope             envelope             `json:"dsseEnvelope"`
	}
	// Exactly one of PublicKey and Certificate is there.
	verificationMaterial struct {
		PublicKey   *publicKeyHint  `json:"publicKey,omitempty"`
		Certificate *rawCertificate `json:"certificate,omitempty"`
		Timestamps  *timestamps     `json:"timestampVerificationData,omitempty"`
	}
	publicKeyHint struct {
		// Hint is the SHA-256 digest of the public key's DER form, in base64.
		Hint string `json:"hint"`
	}
	rawCertificate struct {
		DER []byte `json:"rawBytes"`
	}
	timestamps struct {
		RFC3161 []rfc3161 `json:"rfc3161Timestamps"`
	}
	rfc3161 struct {
		// Response is a TimeStampResp in DER.
		Response []byte `json:"signedTimestamp"`
	}
	envelope struct {
		Payload     []byte              `json:"payload"`
		PayloadType string              `json:"payloadType"`
		Signatures  []envelopeSignature `json:"signatures"`
	}
	envelopeSignature struct {
		Sig []byte `json:"sig"`
	}
)

// attest signs the payload and returns the bytes of attestation.sigstore.json.
func attest(ctx context.Context, payload []byte, s *Signer) ([]byte, error) {
	if _, err := keyHint(s.pub); err != nil {
		return nil, err
	}
	options := sign.BundleOptions{Context: ctx}
	if s.issued != nil {
		options.CertificateProvider = s.issued
	}
	b, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: payloadType}, keypair{s}, options)
	if err != nil {
		return nil, err
	}
	env := b.GetDsseEnvelope()
	out := sigstoreBundle{MediaType: b.MediaType, Envelope: envelope{Payload: env.Payload, PayloadType: env.PayloadType}}
	if s.issued != nil {
		out.VerificationMaterial.Certificate = &rawCertificate{b.VerificationMaterial.GetCertificate().GetRawBytes()}
	} else {
		out.VerificationMaterial.PublicKey = &publicKeyHint{b.VerificationMaterial.GetPublicKey().GetHint()}
	}
	for _, sig := range env.Signatures {
		out.Envelope.Signatures = append(out.Envelope.Signatures, envelopeSignature{sig.Sig})
	}
	if out.VerificationMaterial.Timestamps, err = s.stamp(ctx, out.Envelope.Signatures[0].Sig); err != nil {
		return nil, err
	}
	return schema.Marshal(out)
}

// decodeAttestation reads attestation.sigstore.json. What it accepts is written
// again to the same bytes.
func decodeAttestation(b []byte) (*sigstoreBundle, error) {
	var a sigstoreBundle
	if err := schema.Unmarshal(b, &a); err != nil {
		return nil, refuse(BadAttestation, "", "%s: %v", AttestationFile, err)
	}
	canonical, err := schema.Marshal(a)
	if err != nil {
		return nil, err
	}
	switch {
	case !bytes.Equal(canonical, b):
		return nil, refuse(BadAttestation, "", "%s is not written in the canonical form", AttestationFile)
	case a.MediaType != bundleMediaType:
		return nil, refuse(BadAttestation, "", "%s has the media type %q instead of %q", AttestationFile, a.MediaType, bundleMediaType)
	case a.Envelope.PayloadType != payloadType:
		return nil, refuse(BadAttestation, "", "%s has a payload of type %q instead of %q", AttestationFile, a.Envelope.PayloadType, payloadType)
	case len(a.Envelope.Signatures) != 1:
		return nil, refuse(BadAttestation, "", "%s has %d signatures instead of one", AttestationFile, len(a.Envelope.Signatures))
	}
	if err := a.VerificationMaterial.check(); err != nil {
		return nil, refuse(BadAttestation, "", "%s %v", AttestationFile, err)
	}
	return &a, nil
}

func (m verificationMaterial) check() error {
	switch {
	case (m.PublicKey == nil) == (m.Certificate == nil):
		return errors.New("has to name either a key or a certificate")
	case m.Timestamps != nil && len(m.Timestamps.RFC3161) != 1:
		return fmt.Errorf("has %d timestamps instead of one", len(m.Timestamps.RFC3161))
	case m.Timestamps != nil && len(m.Timestamps.RFC3161[0].Response) > maxTimestamp:
		return fmt.Errorf("has a timestamp of more than %d bytes", maxTimestamp)
	}
	return nil
}

// signedBy says who signed an attestation, and when.
type signedBy struct {
	key crypto.PublicKey
	// certificate names who signed without a key to keep; nil otherwise.
	certificate *Certificate
	// identity is the one of the policy that the certificate has.
	identity CertificateIdentity
	// timestamp is nil when the attestation carries none.
	timestamp *Timestamp
}

// verify holds the attestation against the policy.
func (a *sigstoreBundle) verify(p Policy) (*signedBy, error) {
	by, leaf, err := a.signer(p)
	if err != nil {
		return nil, err
	}
	if _, ok := by.key.(*ecdsa.PublicKey); ok && !isDER(a.Envelope.Signatures[0].Sig) {
		// sigstore also reads the raw form, which would be a second way to write the same signature.
		return nil, refuse(BadSignature, "", "the signature is not in DER form")
	}
	b, err := bundle.NewBundle(a.proto())
	if err != nil {
		return nil, refuse(BadAttestation, "", "%s: %v", AttestationFile, err)
	}
	if by.timestamp, err = a.timestamp(b, p); err != nil {
		return nil, err
	}
	if leaf != nil {
		return by, by.verifyCertificate(b, leaf, p)
	}
	v, err := sgverify.NewVerifier(trust(by.key), sgverify.WithNoObserverTimestamps())
	if err != nil {
		return nil, fmt.Errorf("prepare to verify: %w", err)
	}
	if _, err := v.Verify(b, sgverify.NewPolicy(sgverify.WithoutArtifactUnsafe(), sgverify.WithKey())); err != nil {
		return nil, refuse(BadSignature, "", "the signature does not fit the statement: %v", err)
	}
	return by, nil
}

// signer finds the key that must have signed: one of the policy, or that of the
// certificate, which is returned too and not yet verified.
func (a *sigstoreBundle) signer(p Policy) (*signedBy, *x509.Certificate, error) {
	if a.VerificationMaterial.PublicKey != nil {
		if len(p.Keys) == 0 {
			return nil, nil, refuse(BadSignature, "", "the bundle is signed with a key, and only identities were given: give the signer's public key (its SHA-256 in base64: %q)", a.VerificationMaterial.PublicKey.Hint)
		}
		key, err := a.namedKey(p.Keys)
		return &signedBy{key: key}, nil, err
	}
	leaf, err := x509.ParseCertificate(a.VerificationMaterial.Certificate.DER)
	if err != nil {
		return nil, nil, refuse(BadAttestation, "", "%s has a damaged certificate: %v", AttestationFile, err)
	}
	facts, err := certificateFacts(leaf)
	if err != nil {
		return nil, nil, refuse(BadCertificate, "", "%v", err)
	}
	if len(p.Identities) == 0 {
		return nil, nil, refuse(BadCertificate, "", "the bundle is signed with a certificate and not with a key: give the identity and issuer that you trust; it claims %q of the issuer %q", facts.Identity, facts.Issuer)
	}
	if err := checkKey(leaf.PublicKey); err != nil {
		return nil, nil, refuse(BadCertificate, "", "the certificate: %v", err)
	}
	// certificateFacts has read the name, of whatever kind it is.
	leaf.UnhandledCriticalExtensions = slices.DeleteFunc(leaf.UnhandledCriticalExtensions, cryptoutils.SANOID.Equal)
	return &signedBy{key: leaf.PublicKey, certificate: facts}, leaf, nil
}

// namedKey returns the key that the hint names. The hint is not signed; with any
// other hint the attestation is refused, so it cannot mislead.
func (a *sigstoreBundle) namedKey(keys []crypto.PublicKey) (crypto.PublicKey, error) {
	for _, k := range keys {
		hint, err := keyHint(k)
		if err != nil {
			return nil, err
		}
		if hint == a.VerificationMaterial.PublicKey.Hint {
			return k, nil
		}
	}
	return nil, refuse(BadSignature, "", "the bundle names a signing key that is not the given one (its SHA-256 in base64: %q)", a.VerificationMaterial.PublicKey.Hint)
}

// Timestamp is the word of a third party about when a signature existed.
type Timestamp struct {
	// Time is what it says, in UTC.
	Time time.Time
	// Authority names the certificate that stamped, as far as the timestamp says.
	Authority string
	// Checked is false when no timestamp authority was given to trust. Then anyone
	// can have written the timestamp.
	Checked bool
}

// timestamp returns what the attestation's timestamp says, nil without one.
func (a *sigstoreBundle) timestamp(b *bundle.Bundle, p Policy) (*Timestamp, error) {
	if a.VerificationMaterial.Timestamps == nil {
		if p.RequireTimestamp {
			return nil, refuse(BadTimestamp, "", "the bundle has no timestamp, and one is required")
		}
		return nil, nil
	}
	parsed, err := parseTimestamp(a.VerificationMaterial.Timestamps.RFC3161[0].Response)
	if err != nil {
		return nil, refuse(BadTimestamp, "", "the timestamp cannot be read: %v", err)
	}
	t := &Timestamp{Time: parsed.Time.UTC(), Authority: stampedBy(parsed)}
	if !p.TrustedRoot.hasTimestamps() {
		return t, nil
	}
	found, err := sgverify.VerifySignedTimestampWithThreshold(b, p.TrustedRoot.material(&root.BaseTrustedMaterial{}), 1)
	if err != nil {
		return nil, refuse(BadTimestamp, "", "the timestamp is not one of a trusted authority over this signature: %v", err)
	}
	t.Time, t.Checked = found[0].Time.UTC(), true
	if found[0].URI != "" {
		t.Authority = found[0].URI
	}
	return t, nil
}

// verifyCertificate judges the certificate at the stamped time, the signature by
// the certificate's key, and the identity by the policy.
func (s *signedBy) verifyCertificate(b *bundle.Bundle, leaf *x509.Certificate, p Policy) error {
	c := s.certificate
	switch {
	case s.timestamp == nil:
		return refuse(BadTimestamp, "", "the certificate was valid from %s to %s only, and no timestamp shows that the signature was made then", instant(c.NotBefore), instant(c.NotAfter))
	case !s.timestamp.Checked:
		return refuse(NoPolicy, "", "the certificate was valid from %s to %s only, and no timestamp authority was given to trust: give a trusted root that has one, or its certificates", instant(c.NotBefore), instant(c.NotAfter))
	case s.timestamp.Time.Before(c.NotBefore) || s.timestamp.Time.After(c.NotAfter):
		return refuse(BadCertificate, "", "the certificate was valid from %s to %s, and the signature was stamped at %s", instant(c.NotBefore), instant(c.NotAfter), instant(s.timestamp.Time))
	}
	matcher, err := p.identities(s)
	if err != nil {
		return err
	}
	v, err := sgverify.NewVerifier(p.TrustedRoot.material(&root.BaseTrustedMaterial{}), sgverify.WithSignedTimestamps(1))
	if err != nil {
		return fmt.Errorf("prepare to verify: %w", err)
	}
	if _, err := sgverify.VerifyLeafCertificate(s.timestamp.Time, leaf, p.TrustedRoot.material(&root.BaseTrustedMaterial{})); err != nil {
		return refuse(BadCertificate, "", "no trusted authority issued the certificate, which claims %q of the issuer %q", c.Identity, c.Issuer)
	}
	if _, err := v.Verify(b, sgverify.NewPolicy(sgverify.WithoutArtifactUnsafe(), matcher)); err != nil {
		return refuse(BadSignature, "", "the signature does not fit the statement: %v", err)
	}
	return nil
}

// identities returns the option that makes sigstore compare the identity, after
// comparing it here to name the one that fits.
func (p Policy) identities(s *signedBy) (sgverify.PolicyOption, error) {
	for _, want := range p.Identities {
		m, err := want.matcher()
		if err != nil {
			return nil, err
		}
		found := certificate.Summary{SubjectAlternativeName: s.certificate.Identity, Extensions: certificate.Extensions{Issuer: s.certificate.Issuer}}
		if m.Verify(found) == nil {
			s.identity = want
			return sgverify.WithCertificateIdentity(m), nil
		}
	}
	return nil, refuse(BadCertificate, "", "the certificate claims %q of the issuer %q, which is not who must have signed: %v", s.certificate.Identity, s.certificate.Issuer, p.Identities)
}

func instant(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05 UTC") }

func (a *sigstoreBundle) proto() *bundlepb.Bundle {
	env := &dssepb.Envelope{Payload: a.Envelope.Payload, PayloadType: a.Envelope.PayloadType}
	for _, s := range a.Envelope.Signatures {
		env.Signatures = append(env.Signatures, &dssepb.Signature{Sig: s.Sig})
	}
	return &bundlepb.Bundle{
		MediaType:            a.MediaType,
		VerificationMaterial: a.VerificationMaterial.proto(),
		Content:              &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: env},
	}
}

func (m verificationMaterial) proto() *bundlepb.VerificationMaterial {
	out := &bundlepb.VerificationMaterial{}
	if m.PublicKey != nil {
		out.Content = &bundlepb.VerificationMaterial_PublicKey{PublicKey: &commonpb.PublicKeyIdentifier{Hint: m.PublicKey.Hint}}
	} else {
		out.Content = &bundlepb.VerificationMaterial_Certificate{Certificate: &commonpb.X509Certificate{RawBytes: m.Certificate.DER}}
	}
	if m.Timestamps != nil {
		out.TimestampVerificationData = &bundlepb.TimestampVerificationData{Rfc3161Timestamps: []*commonpb.RFC3161SignedTimestamp{
			{SignedTimestamp: m.Timestamps.RFC3161[0].Response},
		}}
	}
	return out
}

// trust is sigstore's trusted material with one key, which has no end of validity.
func trust(key crypto.PublicKey) root.TrustedMaterial {
	return root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		v, err := signature.LoadVerifier(key, crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return root.NewExpiringKey(v, time.Time{}, time.Time{}), nil
	})
}

func isDER(sig []byte) bool {
	var rs struct{ R, S *big.Int }
	rest, err := asn1.Unmarshal(sig, &rs)
	return err == nil && len(rest) == 0
}

func keyHint(key crypto.PublicKey) (string, error) {
	sum, err := keyDigest(key)
	if err != nil {
		return "", err
	}
	return base64.StdEncoding.EncodeToString(sum[:]), nil
}

// keypair lets sigstore-go sign with a Signer.
type keypair struct{ s *Signer }

func (k keypair) GetHint() []byte {
	hint, _ := keyHint(k.s.pub) // attest has called it before
	return []byte(hint)
}

func (k keypair) SignData(ctx context.Context, data []byte) (sig, digest []byte, err error) {
	sig, err = k.s.sign(ctx, data)
	return sig, nil, err // an envelope has no digest
}

func (k keypair) GetPublicKey() crypto.PublicKey { return k.s.pub }

func (k keypair) GetPublicKeyPem() (string, error) {
	b, err := k.s.PublicPEM()
	return string(b), err
}

// GetHashAlgorithm implements sign.Keypair; an envelope does not name it.
func (k keypair) GetHashAlgorithm() commonpb.HashAlgorithm {
	return commonpb.HashAlgorithm_SHA2_256
}

// GetSigningAlgorithm implements sign.Keypair; only certificate authorities ask for it.
func (k keypair) GetSigningAlgorithm() commonpb.PublicKeyDetails {
	d, err := signature.GetDefaultPublicKeyDetails(k.s.pub)
	if err != nil {
		return commonpb.PublicKeyDetails_PUBLIC_KEY_DETAILS_UNSPECIFIED
	}
	return d
}

// GetKeyAlgorithm implements sign.Keypair; only certificate authorities ask for it.
func (k keypair) GetKeyAlgorithm() string { return k.GetSigningAlgorithm().String() }
