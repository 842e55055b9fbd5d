package cms

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/sigstore/timestamp-authority/v2/pkg/verification"
)

// RequestToken asks for a token over a signature value, and refuses one that a
// reader would refuse.
func RequestToken(ctx context.Context, stamp Timestamper, value []byte) ([]byte, error) {
	der, err := stamp(ctx, value)
	if err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	if _, err := parseToken(der, value); err != nil {
		return nil, fmt.Errorf("%w: %w", ErrTimestamp, err)
	}
	return der, nil
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

// A token is the answer of a timestamp authority.
type token struct {
	der   []byte
	time  time.Time
	chain []*x509.Certificate // the authority's, its issuer's, and so on
}

// parseToken checks a token as far as that goes without trusting anybody: it
// speaks about this signature value, with the key of the certificate in it, and
// nothing in it is left uncovered.
func parseToken(der, value []byte) (*token, error) {
	data, err := decode(der)
	if err != nil {
		return nil, fmt.Errorf("the timestamp: %w", err)
	}
	info := data.Signers[0]
	if data.Version != 3 || info.Version != 1 || !data.Content.Type.Equal(oidTSTInfo) || len(info.Unsigned.FullBytes) > 0 {
		return nil, errors.New("the timestamp is not laid out as RFC 3161 has it")
	}
	if len(data.Digests) != 1 || !data.Digests[0].Algorithm.Equal(info.Digest.Algorithm) ||
		!plain(data.Digests[0].Parameters) || !plain(info.Digest.Parameters) || !plain(info.Algorithm.Parameters) {
		return nil, errors.New("the timestamp names its algorithms in an unknown way")
	}
	certificates, err := x509.ParseCertificates(data.Certificates.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the timestamp's certificates are damaged: %v", err)
	}
	chain, err := order(certificates, info.ID)
	if err != nil {
		return nil, fmt.Errorf("the timestamp: %w", err)
	}
	if err := checkToken(data, chain[0]); err != nil {
		return nil, err
	}
	t, err := timestamp.Parse(der)
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
	return &token{der, t.Time.UTC(), chain}, nil
}

// checkToken checks over the very bytes of the token what the library checks after
// it has put them into DER.
func checkToken(data *signedData, authority *x509.Certificate) error {
	var content []byte
	if err := unmarshal(data.Content.Content.Bytes, &content); err != nil {
		return fmt.Errorf("the timestamp: %w", err)
	}
	info := data.Signers[0]
	algorithm, ok := tokenAlgorithms[info.Algorithm.Algorithm.String()+" "+info.Digest.Algorithm.String()]
	if !ok {
		return fmt.Errorf("the timestamp is signed in a way that is not known here (%v with %v)", info.Algorithm.Algorithm, info.Digest.Algorithm)
	}
	if err := authority.CheckSignature(algorithm, asSet(info.Signed.Bytes), info.Value); err != nil {
		return errors.New("the timestamp was not signed with the key of its certificate")
	}
	return nil
}

// tokenAlgorithms names signature and digest algorithm of RFC 5754: some
// authorities write rsaEncryption and leave the digest to the other field.
var tokenAlgorithms = map[string]x509.SignatureAlgorithm{
	"1.2.840.113549.1.1.1 2.16.840.1.101.3.4.2.1":  x509.SHA256WithRSA,
	"1.2.840.113549.1.1.1 2.16.840.1.101.3.4.2.2":  x509.SHA384WithRSA,
	"1.2.840.113549.1.1.1 2.16.840.1.101.3.4.2.3":  x509.SHA512WithRSA,
	"1.2.840.113549.1.1.11 2.16.840.1.101.3.4.2.1": x509.SHA256WithRSA,
	"1.2.840.113549.1.1.12 2.16.840.1.101.3.4.2.2": x509.SHA384WithRSA,
	"1.2.840.113549.1.1.13 2.16.840.1.101.3.4.2.3": x509.SHA512WithRSA,
	"1.2.840.10045.4.3.2 2.16.840.1.101.3.4.2.1":   x509.ECDSAWithSHA256,
	"1.2.840.10045.4.3.3 2.16.840.1.101.3.4.2.2":   x509.ECDSAWithSHA384,
	"1.2.840.10045.4.3.4 2.16.840.1.101.3.4.2.3":   x509.ECDSAWithSHA512,
}

// plain reports whether the parameters of an algorithm are absent or NULL.
func plain(v asn1.RawValue) bool {
	return len(v.FullBytes) == 0 || bytes.Equal(v.FullBytes, asn1.NullBytes)
}

// verify checks that the authority leads to one of roots, over its own certificates
// and intermediates, all of which were good at the time that it gives.
func (t *token) verify(value []byte, roots, intermediates []*x509.Certificate) error {
	type status struct{ Status int }
	response, err := asn1.Marshal(struct { // TimeStampResp of RFC 3161: granted
		Status status
		Token  asn1.RawValue
	}{Token: asn1.RawValue{FullBytes: t.der}})
	if err != nil {
		return err
	}
	if _, err := verification.VerifyTimestampResponse(response, bytes.NewReader(value), verification.VerifyOpts{Roots: roots, Intermediates: intermediates}); err != nil {
		return err
	}
	return anchored(t.chain, slices.Concat(roots, intermediates))
}
