package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/ecdsa"
	"encoding/asn1"
	"encoding/base64"
	"fmt"
	"math/big"
	"time"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	"github.com/sigstore/sigstore-go/pkg/bundle"
	"github.com/sigstore/sigstore-go/pkg/root"
	"github.com/sigstore/sigstore-go/pkg/sign"
	sgverify "github.com/sigstore/sigstore-go/pkg/verify"
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
	verificationMaterial struct {
		PublicKey publicKeyHint `json:"publicKey"`
	}
	publicKeyHint struct {
		// Hint is the SHA-256 digest of the public key's DER form, in base64.
		Hint string `json:"hint"`
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
	pair := keypair{s}
	if _, err := keyHint(s.pub); err != nil {
		return nil, err
	}
	b, err := sign.Bundle(&sign.DSSEData{Data: payload, PayloadType: payloadType}, pair, sign.BundleOptions{Context: ctx})
	if err != nil {
		return nil, err
	}
	env := b.GetDsseEnvelope()
	out := sigstoreBundle{
		MediaType:            b.MediaType,
		VerificationMaterial: verificationMaterial{publicKeyHint{b.VerificationMaterial.GetPublicKey().GetHint()}},
		Envelope:             envelope{Payload: env.Payload, PayloadType: env.PayloadType},
	}
	for _, sig := range env.Signatures {
		out.Envelope.Signatures = append(out.Envelope.Signatures, envelopeSignature{sig.Sig})
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
	return &a, nil
}

// verify returns the key that made the signature, which is one of keys.
func (a *sigstoreBundle) verify(keys []crypto.PublicKey) (crypto.PublicKey, error) {
	key, err := a.namedKey(keys)
	if err != nil {
		return nil, err
	}
	if _, ok := key.(*ecdsa.PublicKey); ok && !isDER(a.Envelope.Signatures[0].Sig) {
		// sigstore also reads the raw form, which would be a second way to write the same signature.
		return nil, refuse(BadSignature, "", "the signature is not in DER form")
	}
	b, err := bundle.NewBundle(a.proto())
	if err != nil {
		return nil, refuse(BadAttestation, "", "%s: %v", AttestationFile, err)
	}
	v, err := sgverify.NewVerifier(trust(key), sgverify.WithNoObserverTimestamps())
	if err != nil {
		return nil, fmt.Errorf("prepare to verify: %w", err)
	}
	if _, err := v.Verify(b, sgverify.NewPolicy(sgverify.WithoutArtifactUnsafe(), sgverify.WithKey())); err != nil {
		return nil, refuse(BadSignature, "", "the signature does not fit the statement: %v", err)
	}
	return key, nil
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

func (a *sigstoreBundle) proto() *bundlepb.Bundle {
	env := &dssepb.Envelope{Payload: a.Envelope.Payload, PayloadType: a.Envelope.PayloadType}
	for _, s := range a.Envelope.Signatures {
		env.Signatures = append(env.Signatures, &dssepb.Signature{Sig: s.Sig})
	}
	return &bundlepb.Bundle{
		MediaType: a.MediaType,
		VerificationMaterial: &bundlepb.VerificationMaterial{Content: &bundlepb.VerificationMaterial_PublicKey{
			PublicKey: &commonpb.PublicKeyIdentifier{Hint: a.VerificationMaterial.PublicKey.Hint},
		}},
		Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: env},
	}
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
