package registry

import (
	"bytes"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/verify"
	"github.com/sigstore/sigstore/pkg/cryptoutils"
	"github.com/sigstore/sigstore/pkg/signature"

	"github.com/auditpack/auditpack/schema"
)

// Signers are those whose signatures count. The zero value trusts nobody.
type Signers struct {
	keys       []key
	identities []verify.CertificateIdentity
	roots      *verify.Verifier
}

type key struct {
	name     string // key: and the SHA-256 of its DER form
	verifier *verify.Verifier
}

// NewSigners reads the public keys, in PEM, and the trusted root, in sigstore's JSON
// format, of a policy. An identity needs its issuer and a trusted root; a policy
// that trusts nobody is an error.
func NewSigners(keys [][]byte, identities []schema.SignerIdentity, trustedRoot []byte) (*Signers, error) {
	s := &Signers{}
	for _, b := range keys {
		k, err := newKey(b)
		if err != nil {
			return nil, err
		}
		s.keys = append(s.keys, k)
	}
	for _, i := range identities {
		m, err := matcher(i)
		if err != nil {
			return nil, err
		}
		s.identities = append(s.identities, m)
	}
	switch {
	case len(keys) == 0 && len(identities) == 0:
		return nil, errors.New("no key and no identity is named whose signatures count")
	case len(identities) == 0:
		return s, nil
	case trustedRoot == nil:
		return nil, errors.New("identities need trustedRoot, with the authorities and logs that are trusted")
	}
	var err error
	s.roots, err = rootVerifier(trustedRoot)
	return s, err
}

func newKey(b []byte) (key, error) {
	public, err := cryptoutils.UnmarshalPEMToPublicKey(b)
	if err != nil {
		return key{}, fmt.Errorf("read a public key: %w", err)
	}
	der, err := x509.MarshalPKIXPublicKey(public)
	if err != nil {
		return key{}, fmt.Errorf("read a public key: %w", err)
	}
	sum := sha256.Sum256(der)
	material := root.NewTrustedPublicKeyMaterial(func(string) (root.TimeConstrainedVerifier, error) {
		v, err := signature.LoadVerifier(public, crypto.SHA256)
		if err != nil {
			return nil, err
		}
		return root.NewExpiringKey(v, time.Time{}, time.Time{}), nil
	})
	v, err := verify.NewVerifier(material, verify.WithNoObserverTimestamps())
	return key{name: "key:" + hex.EncodeToString(sum[:]), verifier: v}, err
}

// matcher is sigstore's form of an identity. An expression matches the whole name:
// one that forgets the anchors would accept a name around it.
func matcher(i schema.SignerIdentity) (verify.CertificateIdentity, error) {
	switch {
	case i.Issuer == "":
		return verify.CertificateIdentity{}, errors.New("an identity has no issuer: whoever runs another issuer could claim the same name")
	case (i.Subject == "") == (i.SubjectRegexp == ""):
		return verify.CertificateIdentity{}, errors.New("an identity needs subject or subjectRegexp, and not both")
	case i.Subject != "":
		return verify.NewShortCertificateIdentity(i.Issuer, "", i.Subject, "")
	}
	if _, err := regexp.Compile(i.SubjectRegexp); err != nil {
		return verify.CertificateIdentity{}, fmt.Errorf("subjectRegexp: %w", err)
	}
	return verify.NewShortCertificateIdentity(i.Issuer, "", "", `^(?:`+i.SubjectRegexp+`)$`)
}

// rootVerifier asks of a signature whatever the trusted root has the means to check:
// a time by a log or a timestamp authority always, entries in logs where it has logs.
func rootVerifier(b []byte) (*verify.Verifier, error) {
	trusted, err := root.NewTrustedRootFromJSON(b)
	if err != nil {
		return nil, fmt.Errorf("trustedRoot is not in sigstore's format: %w", err)
	}
	if len(trusted.FulcioCertificateAuthorities()) == 0 {
		return nil, errors.New("trustedRoot has no certificate authority")
	}
	options := []verify.VerifierOption{verify.WithObserverTimestamps(1)}
	if len(trusted.RekorLogs()) > 0 {
		options = append(options, verify.WithTransparencyLog(1))
	}
	if len(trusted.CTLogs()) > 0 {
		options = append(options, verify.WithSignedCertificateTimestamps(1))
	}
	return verify.NewVerifier(trusted, options...)
}

// A verdict says by whom a document is signed, if it is.
type verdict struct {
	verified schema.Verification
	why      string
	identity string // set for a key that fits
	signed   time.Time
}

// judge verifies a document about an image with the digest.
func (s *Signers) judge(e *entity, digest []byte) verdict {
	if e.payload != nil && !namesImage(e.payload, digest) {
		return verdict{verified: schema.VerifiedNo, why: "it was made about another image"}
	}
	content, err := e.VerificationContent()
	if err != nil {
		return verdict{verified: schema.VerifiedNo, why: short(err.Error())}
	}
	if content.Certificate() == nil {
		return s.judgeKey(e, digest)
	}
	if s.roots == nil {
		return verdict{verified: schema.VerifiedNo, why: "it is signed with a certificate, and the plan trusts no identity"}
	}
	var options []verify.PolicyOption
	for _, i := range s.identities {
		options = append(options, verify.WithCertificateIdentity(i))
	}
	result, err := s.roots.Verify(e, verify.NewPolicy(e.subject(digest), options...))
	if err != nil {
		return verdict{verified: schema.VerifiedNo, why: short(err.Error())}
	}
	v := verdict{verified: schema.VerifiedYes}
	for _, t := range result.VerifiedTimestamps {
		if v.signed.IsZero() || t.Timestamp.Before(v.signed) {
			v.signed = t.Timestamp.UTC().Truncate(time.Second)
		}
	}
	return v
}

// judgeKey tries every key: what a signature says of its key is only a hint.
func (s *Signers) judgeKey(e *entity, digest []byte) verdict {
	if len(s.keys) == 0 {
		return verdict{verified: schema.VerifiedNo, why: "it is signed with a key, and the plan trusts none"}
	}
	v := verdict{verified: schema.VerifiedNo}
	for _, k := range s.keys {
		_, err := k.verifier.Verify(e, verify.NewPolicy(e.subject(digest), verify.WithKey()))
		if err == nil {
			return verdict{verified: schema.VerifiedYes, identity: k.name}
		}
		v.why = short(err.Error())
	}
	return v
}

// subject is what the signature must be about.
func (e *entity) subject(digest []byte) verify.ArtifactPolicyOption {
	if e.payload != nil {
		return verify.WithArtifact(bytes.NewReader(e.payload))
	}
	return verify.WithArtifactDigest("sha256", digest)
}

// namesImage reports whether a payload of cosign's first form is about an image.
func namesImage(payload, digest []byte) bool {
	var p struct {
		Critical struct {
			Image struct {
				Digest string `json:"docker-manifest-digest"`
			} `json:"image"`
		} `json:"critical"`
	}
	return json.Unmarshal(payload, &p) == nil && p.Critical.Image.Digest == "sha256:"+hex.EncodeToString(digest)
}
