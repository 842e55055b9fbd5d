package registry

import (
	"bytes"
	"crypto/sha256"
	"crypto/x509"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"strings"

	bundlepb "github.com/sigstore/protobuf-specs/gen/pb-go/bundle/v1"
	commonpb "github.com/sigstore/protobuf-specs/gen/pb-go/common/v1"
	dssepb "github.com/sigstore/protobuf-specs/gen/pb-go/dsse"
	rekorpb "github.com/sigstore/protobuf-specs/gen/pb-go/rekor/v1"
	"github.com/sigstore/sigstore-go/pkg/bundle"
)

// The media types of what is signed: Sigstore bundles
// (https://docs.sigstore.dev/about/bundle/), and cosign's forms before those
// (https://github.com/sigstore/cosign/blob/main/specs/SIGNATURE_SPEC.md).
const (
	bundleType    = "application/vnd.dev.sigstore.bundle"
	simpleSigning = "application/vnd.dev.cosign.simplesigning.v1+json"
	envelopeType  = "application/vnd.dsse.envelope.v1+json"
	legacyBundle  = "application/vnd.dev.sigstore.bundle+json;version=0.1"
)

func isBundle(mediaType string) bool { return strings.HasPrefix(mediaType, bundleType) }

// untyped reports whether a list of referrers leaves open what an artifact is: some
// registries give the type of its empty configuration instead.
func untyped(mediaType string) bool {
	return mediaType == "" || mediaType == "application/vnd.oci.empty.v1+json" || mediaType == "application/vnd.oci.image.config.v1+json"
}

// isSigned reports whether a layer is a document that is signed.
func isSigned(mediaType string) bool {
	return isBundle(mediaType) || mediaType == simpleSigning || mediaType == envelopeType
}

// isForeignSignature names signatures that exist and are not verified here.
func isForeignSignature(mediaType string) bool {
	return strings.HasPrefix(mediaType, "application/vnd.cncf.notary.") || strings.HasPrefix(mediaType, "application/vnd.dev.cosign.artifact.sig.")
}

// A document is something that is signed about an image, as the registry has it.
type document struct {
	// artifact is the digest of the manifest that it belongs to.
	artifact    string
	mediaType   string
	annotations map[string]string
	content     []byte
}

// errForeign is that of a signature in a form that is not read.
var errForeign = errors.New("a signature in a form that is not verified here")

// An entity is a document in the form in which it is verified.
type entity struct {
	*bundle.Bundle
	// payload is what a signature of cosign's first form was made over; nil for all others,
	// whose statement names the image.
	payload []byte
}

// entity reads the document.
func (d document) entity() (*entity, error) {
	switch {
	case isBundle(d.mediaType):
		var b bundle.Bundle
		if err := b.UnmarshalJSON(d.content); err != nil {
			return nil, fmt.Errorf("the bundle cannot be read: %v", err)
		}
		return &entity{Bundle: &b}, nil
	case d.mediaType == simpleSigning:
		return d.simple()
	case d.mediaType == envelopeType:
		return d.envelope()
	}
	return nil, errForeign
}

// simple reads a signature of cosign's first form: over a payload that names the image.
func (d document) simple() (*entity, error) {
	signature, err := base64.StdEncoding.DecodeString(d.annotations["dev.cosignproject.cosign/signature"])
	if err != nil || len(signature) == 0 {
		return nil, errors.New("the signature cannot be read")
	}
	sum := sha256.Sum256(d.content)
	return d.legacy(&bundlepb.Bundle{Content: &bundlepb.Bundle_MessageSignature{MessageSignature: &commonpb.MessageSignature{
		MessageDigest: &commonpb.HashOutput{Algorithm: commonpb.HashAlgorithm_SHA2_256, Digest: sum[:]}, Signature: signature,
	}}}, d.content)
}

// envelope reads an attestation of cosign's first form: a DSSE envelope.
func (d document) envelope() (*entity, error) {
	var e struct {
		Payload     []byte `json:"payload"`
		PayloadType string `json:"payloadType"`
		Signatures  []struct {
			KeyID string `json:"keyid"`
			Sig   []byte `json:"sig"`
		} `json:"signatures"`
	}
	if err := json.Unmarshal(d.content, &e); err != nil {
		return nil, fmt.Errorf("the envelope cannot be read: %v", err)
	}
	out := &dssepb.Envelope{Payload: e.Payload, PayloadType: e.PayloadType}
	for _, s := range e.Signatures {
		out.Signatures = append(out.Signatures, &dssepb.Signature{Sig: s.Sig, Keyid: s.KeyID})
	}
	return d.legacy(&bundlepb.Bundle{Content: &bundlepb.Bundle_DsseEnvelope{DsseEnvelope: out}}, nil)
}

// legacy adds what the annotations say about the signer and about when.
func (d document) legacy(b *bundlepb.Bundle, payload []byte) (*entity, error) {
	b.MediaType = legacyBundle
	b.VerificationMaterial = &bundlepb.VerificationMaterial{}
	m := b.VerificationMaterial
	if text := d.annotations["dev.sigstore.cosign/certificate"]; text != "" {
		chain := &commonpb.X509CertificateChain{}
		block, _ := pem.Decode([]byte(text))
		if block == nil {
			return nil, errors.New("the certificate cannot be read")
		}
		if _, err := x509.ParseCertificate(block.Bytes); err != nil {
			return nil, fmt.Errorf("the certificate cannot be read: %v", err)
		}
		chain.Certificates = []*commonpb.X509Certificate{{RawBytes: block.Bytes}}
		m.Content = &bundlepb.VerificationMaterial_X509CertificateChain{X509CertificateChain: chain}
	} else {
		m.Content = &bundlepb.VerificationMaterial_PublicKey{PublicKey: &commonpb.PublicKeyIdentifier{}}
	}
	if text := d.annotations["dev.sigstore.cosign/bundle"]; text != "" {
		entry, err := logEntry([]byte(text))
		if err != nil {
			return nil, fmt.Errorf("the entry of the transparency log cannot be read: %v", err)
		}
		m.TlogEntries = []*rekorpb.TransparencyLogEntry{entry}
	}
	if text := d.annotations["dev.sigstore.cosign/rfc3161timestamp"]; text != "" {
		var stamp struct{ SignedRFC3161Timestamp []byte }
		if err := json.Unmarshal([]byte(text), &stamp); err != nil {
			return nil, fmt.Errorf("the timestamp cannot be read: %v", err)
		}
		m.TimestampVerificationData = &bundlepb.TimestampVerificationData{Rfc3161Timestamps: []*commonpb.RFC3161SignedTimestamp{{SignedTimestamp: stamp.SignedRFC3161Timestamp}}}
	}
	read, err := bundle.NewBundle(b)
	if err != nil {
		return nil, fmt.Errorf("the signature cannot be read: %v", err)
	}
	return &entity{Bundle: read, payload: payload}, nil
}

// logEntry reads what cosign keeps of the answer of a transparency log.
func logEntry(text []byte) (*rekorpb.TransparencyLogEntry, error) {
	var e struct {
		SignedEntryTimestamp []byte
		Payload              struct {
			Body           []byte `json:"body"`
			IntegratedTime int64  `json:"integratedTime"`
			LogIndex       int64  `json:"logIndex"`
			LogID          string `json:"logID"`
		}
	}
	if err := json.Unmarshal(text, &e); err != nil {
		return nil, err
	}
	id, err := hex.DecodeString(e.Payload.LogID)
	if err != nil {
		return nil, err
	}
	var kind struct {
		APIVersion string `json:"apiVersion"`
		Kind       string `json:"kind"`
	}
	if err := json.NewDecoder(bytes.NewReader(e.Payload.Body)).Decode(&kind); err != nil {
		return nil, err
	}
	return &rekorpb.TransparencyLogEntry{
		LogIndex: e.Payload.LogIndex, LogId: &commonpb.LogId{KeyId: id}, IntegratedTime: e.Payload.IntegratedTime,
		KindVersion: &rekorpb.KindVersion{Kind: kind.Kind, Version: kind.APIVersion}, CanonicalizedBody: e.Payload.Body,
		InclusionPromise: &rekorpb.InclusionPromise{SignedEntryTimestamp: e.SignedEntryTimestamp},
	}, nil
}
