// Package cms makes and checks the detached CMS signature that a signed PDF
// carries, and keeps what every document signature of this program shares: the
// signer with its certificates, and whom a verifier trusts.
//
// Sign writes a SignedData of RFC 5652 with the signed attributes of a CAdES
// baseline signature (ETSI EN 319 122-1): content type, message digest and
// signing-certificate-v2 (RFC 5035), all with SHA-256, and where asked a timestamp
// token (RFC 3161) as the only unsigned attribute. Parse accepts nothing else:
// what it accepts encodes again to the same bytes.
package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"errors"
	"fmt"
	"math/big"
	"slices"
)

// MaxSize bounds a signature with its certificates and timestamp, in bytes.
const MaxSize = 64 << 10

// A Timestamper asks a timestamp authority about the SHA-256 digest of a message,
// and returns what RFC 3161 calls a TimeStampToken, in DER.
type Timestamper func(ctx context.Context, message []byte) (token []byte, err error)

// ErrTimestamp is found with errors.Is when signing failed because a timestamp was
// asked for and there was none.
var ErrTimestamp = errors.New("no timestamp for the document's signature")

// The object identifiers of RFC 5652, RFC 5035, RFC 3161 and RFC 5754.
var (
	oidData               = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 1}
	oidSignedData         = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 7, 2}
	oidContentType        = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 3}
	oidMessageDigest      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 4}
	oidSigningCertificate = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 47}
	oidTimestampToken     = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 2, 14}
	oidTSTInfo            = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 9, 16, 1, 4}
	oidSHA256             = asn1.ObjectIdentifier{2, 16, 840, 1, 101, 3, 4, 2, 1}
	oidECDSAWithSHA256    = asn1.ObjectIdentifier{1, 2, 840, 10045, 4, 3, 2}
	oidSHA256WithRSA      = asn1.ObjectIdentifier{1, 2, 840, 113549, 1, 1, 11}
)

// The structures of RFC 5652, §3, §5 and §11.
type (
	contentInfo struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue // [0] EXPLICIT
	}
	signedData struct {
		Version      int
		Digests      []pkix.AlgorithmIdentifier `asn1:"set"`
		Content      encapsulated
		Certificates asn1.RawValue // [0] IMPLICIT
		Signers      []signerInfo  `asn1:"set"`
	}
	encapsulated struct {
		Type    asn1.ObjectIdentifier
		Content asn1.RawValue `asn1:"optional"` // [0] EXPLICIT
	}
	signerInfo struct {
		Version   int
		ID        issuerAndSerial
		Digest    pkix.AlgorithmIdentifier
		Signed    asn1.RawValue // [0] IMPLICIT
		Algorithm pkix.AlgorithmIdentifier
		Value     []byte
		Unsigned  asn1.RawValue `asn1:"optional"` // [1] IMPLICIT
	}
	issuerAndSerial struct {
		Issuer asn1.RawValue
		Serial *big.Int
	}
	attribute struct {
		Type   asn1.ObjectIdentifier
		Values []asn1.RawValue `asn1:"set"`
	}
)

// Sign signs the SHA-256 digest of a file. A stamp of nil leaves the signature
// without timestamp. The result is at most MaxSize bytes long.
func Sign(ctx context.Context, s *Signer, digest []byte, stamp Timestamper) ([]byte, error) {
	leaf := s.chain[0]
	attributes, err := signedAttributes(digest, leaf)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(asSet(attributes))
	value, err := s.SignDigest(sum[:])
	if err != nil {
		return nil, err
	}
	made := &Signature{Claim{Chain: s.chain, Value: value}, attributes}
	if stamp != nil {
		if made.Token, err = RequestToken(ctx, stamp, value); err != nil {
			return nil, err
		}
	}
	return made.encode()
}

// A Signature is one that Parse accepted: well formed, and not yet verified.
type Signature struct {
	Claim
	attributes []byte
}

// Parse reads a signature that Sign could have made.
func Parse(der []byte) (*Signature, error) {
	data, err := decode(der)
	if err != nil {
		return nil, err
	}
	if !data.Content.Type.Equal(oidData) || len(data.Content.Content.FullBytes) > 0 {
		return nil, errors.New("the signature is not detached")
	}
	certificates, err := x509.ParseCertificates(data.Certificates.Bytes)
	if err != nil {
		return nil, fmt.Errorf("the certificates in the signature are damaged: %v", err)
	}
	info := data.Signers[0]
	chain, err := order(certificates, info.ID)
	if err != nil {
		return nil, err
	}
	s := &Signature{Claim{Chain: chain, Value: info.Value}, info.Signed.Bytes}
	if s.Token, err = tokenOf(info.Unsigned); err != nil {
		return nil, err
	}
	again, err := s.encode()
	if err != nil {
		return nil, err
	}
	if !bytes.Equal(again, der) {
		return nil, errors.New("the signature is not laid out as this program writes it")
	}
	return s, nil
}

// encode writes s as DER. Leaving out what s does not keep is how Parse notices
// anything that does not belong into a signature.
func (s *Signature) encode() ([]byte, error) {
	leaf := s.Chain[0]
	info := signerInfo{
		Version:   1,
		ID:        issuerAndSerial{asn1.RawValue{FullBytes: leaf.RawIssuer}, leaf.SerialNumber},
		Digest:    pkix.AlgorithmIdentifier{Algorithm: oidSHA256},
		Signed:    tagged(0, s.attributes),
		Algorithm: signatureAlgorithm(leaf.PublicKey),
		Value:     s.Value,
	}
	if s.Token != nil {
		unsigned, err := newAttribute(oidTimestampToken, asn1.RawValue{FullBytes: s.Token})
		if err != nil {
			return nil, fmt.Errorf("encode the timestamp: %w", err)
		}
		info.Unsigned = tagged(1, unsigned)
	}
	data, err := asn1.Marshal(signedData{
		Version:      1,
		Digests:      []pkix.AlgorithmIdentifier{{Algorithm: oidSHA256}},
		Content:      encapsulated{Type: oidData},
		Certificates: tagged(0, certificateSet(s.Chain)),
		Signers:      []signerInfo{info},
	})
	if err != nil {
		return nil, fmt.Errorf("encode the signature: %w", err)
	}
	out, err := asn1.Marshal(contentInfo{oidSignedData, tagged(0, data)})
	if err != nil {
		return nil, fmt.Errorf("encode the signature: %w", err)
	}
	if len(out) > MaxSize {
		return nil, fmt.Errorf("the signature with its certificates and timestamp has %d bytes; at most %d fit", len(out), MaxSize)
	}
	return out, nil
}

// decode reads a SignedData with one signer, for signatures and timestamp tokens.
func decode(der []byte) (*signedData, error) {
	if len(der) > MaxSize {
		return nil, fmt.Errorf("the signature has more than %d bytes", MaxSize)
	}
	var outer contentInfo
	if err := unmarshal(der, &outer); err != nil {
		return nil, err
	}
	if !outer.Type.Equal(oidSignedData) || !isTagged(outer.Content, 0) {
		return nil, errors.New("this is no CMS signature")
	}
	var data signedData
	if err := unmarshal(outer.Content.Bytes, &data); err != nil {
		return nil, err
	}
	if len(data.Signers) != 1 {
		return nil, fmt.Errorf("the CMS structure has %d signers; want one", len(data.Signers))
	}
	if !isTagged(data.Certificates, 0) || !isTagged(data.Signers[0].Signed, 0) {
		return nil, errors.New("the CMS structure lacks certificates or signed attributes")
	}
	return &data, nil
}

// unmarshal is asn1.Unmarshal, but for trailing data, which it does not accept
// anywhere: encoding/asn1 overlooks it inside a SEQUENCE.
func unmarshal[T any](der []byte, to *T) error {
	rest, err := asn1.Unmarshal(der, to)
	if err != nil {
		return fmt.Errorf("the CMS structure is damaged: %v", err)
	}
	again, err := asn1.Marshal(*to)
	if err != nil || len(rest) > 0 || !bytes.Equal(again, der) {
		return errors.New("the CMS structure is not plain DER")
	}
	return nil
}

// Verify checks that the digest of a file is the one that was signed, with the key
// of the first certificate. Whether that certificate is to be trusted is another
// question: Trust answers it.
func (s *Signature) Verify(digest []byte) error {
	leaf := s.Chain[0]
	want, err := signedAttributes(digest, leaf)
	if err != nil {
		return err
	}
	if !bytes.Equal(want, s.attributes) {
		return errors.New("the file is not what was signed")
	}
	algorithm := x509.ECDSAWithSHA256
	if _, ok := leaf.PublicKey.(*rsa.PublicKey); ok {
		algorithm = x509.SHA256WithRSA
	}
	if err := leaf.CheckSignature(algorithm, asSet(s.attributes), s.Value); err != nil {
		return errors.New("the signature was not made with the key of its certificate")
	}
	return nil
}

// signedAttributes returns the members of the SET in DER's order.
func signedAttributes(digest []byte, leaf *x509.Certificate) ([]byte, error) {
	if len(digest) != sha256.Size {
		return nil, fmt.Errorf("a digest of %d bytes is no SHA-256", len(digest))
	}
	// ESSCertIDv2 of RFC 5035 with its default algorithm, SHA-256.
	type certID struct{ Hash []byte }
	type signingCertificate struct{ IDs []certID }
	sum := sha256.Sum256(leaf.Raw)
	kind, e1 := newAttribute(oidContentType, oidData)
	file, e2 := newAttribute(oidMessageDigest, digest)
	certificate, e3 := newAttribute(oidSigningCertificate, signingCertificate{[]certID{{sum[:]}}})
	if err := errors.Join(e1, e2, e3); err != nil {
		return nil, fmt.Errorf("encode the signed attributes: %w", err)
	}
	return setOf(kind, file, certificate), nil
}

func newAttribute(oid asn1.ObjectIdentifier, value any) ([]byte, error) {
	raw, ok := value.(asn1.RawValue)
	if !ok {
		der, err := asn1.Marshal(value)
		if err != nil {
			return nil, err
		}
		raw.FullBytes = der
	}
	return asn1.Marshal(attribute{oid, []asn1.RawValue{raw}})
}

// setOf joins encoded members in the order that DER wants of a SET OF.
func setOf(members ...[]byte) []byte {
	slices.SortFunc(members, bytes.Compare)
	return bytes.Join(members, nil)
}

func certificateSet(chain []*x509.Certificate) []byte {
	members := make([][]byte, len(chain))
	for i, c := range chain {
		members[i] = c.Raw
	}
	return setOf(members...)
}

func tagged(tag int, content []byte) asn1.RawValue {
	return asn1.RawValue{Class: asn1.ClassContextSpecific, Tag: tag, IsCompound: true, Bytes: content}
}

func isTagged(v asn1.RawValue, tag int) bool {
	return v.Class == asn1.ClassContextSpecific && v.Tag == tag && v.IsCompound
}

// asSet gives signed attributes the tag under which they are signed (RFC 5652, §5.4).
func asSet(attributes []byte) []byte {
	der, err := asn1.Marshal(asn1.RawValue{Tag: asn1.TagSet, IsCompound: true, Bytes: attributes})
	if err != nil {
		panic(err) // raw values always encode
	}
	return der
}

func signatureAlgorithm(key crypto.PublicKey) pkix.AlgorithmIdentifier {
	if _, ok := key.(*rsa.PublicKey); ok {
		return pkix.AlgorithmIdentifier{Algorithm: oidSHA256WithRSA, Parameters: asn1.NullRawValue}
	}
	return pkix.AlgorithmIdentifier{Algorithm: oidECDSAWithSHA256}
}
