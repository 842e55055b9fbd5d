package cms

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/timestamp-authority/v2/pkg/verification"
)

// requestToken asks for a token over a signature value, and refuses one that a
// reader would refuse.
func requestToken(ctx context.Context, stamp Timestamper, value []byte) ([]byte, error) {
	sum := sha256.Sum256(value)
	token, err := stamp(ctx, sum[:])
	if err != nil {
		return nil, fmt.Errorf("ask for a timestamp of the document's signature: %w", err)
	}
	if _, err := parseToken(token, value); err != nil {
		return nil, fmt.Errorf("the timestamp authority's answer: %w", err)
	}
	return token, nil
}

// tokenOf returns the token in the unsigned attributes, nil when there are none.
func tokenOf(unsigned asn1.RawValue) ([]byte, error) {
	if len(unsigned.FullBytes) == 0 {
		return nil, nil
	}
	var a attribute
	if !isTagged(unsigned, 1) {
		return nil, errors.New("the unsigned attributes are damaged")
	}
	if err := unmarshal(unsigned.Bytes, &a); err != nil {
		return nil, err
	}
	if !a.Type.Equal(oidTimestampToken) || len(a.Values) != 1 {
		return nil, errors.New("the signature has an unsigned attribute that is no timestamp")
	}
	return a.Values[0].FullBytes, nil
}

// parseToken checks a token as far as that goes without trusting anybody: it
// speaks about this signature value, with the key of the certificate in it, and
// nothing in it is left uncovered.
func parseToken(token, value []byte) (*timestamp.Timestamp, error) {
	data, err := decode(token)
	if err != nil {
		return nil, fmt.Errorf("the timestamp: %w", err)
	}
	info := data.Signers[0]
	if data.Version != 3 || info.Version != 1 || !data.Content.Type.Equal(oidTSTInfo) || len(info.Unsigned.FullBytes) > 0 {
		return nil, errors.New("the timestamp is not laid out as RFC 3161 has it")
	}
	if len(data.Digests) != 1 || !data.Digests[0].Algorithm.Equal(info.Digest.Algorithm) || !plain(data.Digests[0].Parameters) || !plain(info.Digest.Parameters) || !plain(info.Algorithm.Parameters) {
		return nil, errors.New("the timestamp names its algorithms in an unknown way")
	}
	certificates, err := x509.ParseCertificates(data.Certificates.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the timestamp's certificates are damaged: %v", err)
	}
	if _, err := order(certificates, info.ID); err != nil {
		return nil, fmt.Errorf("the timestamp: %w", err)
	}
	t, err := timestamp.Parse(token)
	if err != nil {
		return nil, fmt.Errorf("the timestamp: %v", err)
	}
	if !t.HashAlgorithm.Available() || t.HashAlgorithm.Size() < sha256.Size {
		return nil, fmt.Errorf("the timestamp rests on %s, which can be forged", t.HashAlgorithm)
	}
	h := t.HashAlgorithm.New()
	h.Write(value)
	if !bytes.Equal(h.Sum(nil), t.HashedMessage) {
		return nil, errors.New("the timestamp speaks about another signature")
	}
	return t, nil
}

// plain reports whether the parameters of an algorithm are absent or NULL.
func plain(v asn1.RawValue) bool {
	return len(v.FullBytes) == 0 || bytes.Equal(v.FullBytes, asn1.NullBytes)
}

// verifyToken returns the time in a token whose authority leads to one of roots.
// The authority's certificates are judged at that time.
func verifyToken(token, value []byte, roots []*x509.Certificate) (time.Time, error) {
	type status struct{ Status int }
	response, err := asn1.Marshal(struct { // TimeStampResp of RFC 3161: granted
		Status status
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: token}})
	if err != nil {
		return time.Time{}, err
	}
	t, err := verification.VerifyTimestampResponse(response, bytes.NewReader(value), verification.VerifyOpts{Roots: roots})
	if err != nil {
		return time.Time{}, err
	}
	return t.Time, nil
}
