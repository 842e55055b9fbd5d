// Package testpki makes certificates for tests: authorities, document
// certificates, and a timestamp authority that answers in memory.
package testpki

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"encoding/pem"
	"math/big"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
)

// Now is when the tests take place.
var Now = time.Date(2026, time.October, 1, 12, 0, 0, 0, time.UTC)

// A Pair is a key with its certificates, the key's own first.
type Pair struct {
	Key   crypto.Signer
	Chain []*x509.Certificate
}

// Root returns the certificate that the chain ends with.
func (p Pair) Root() *x509.Certificate { return p.Chain[len(p.Chain)-1] }

// ChainPEM returns the certificates as a file has them.
func (p Pair) ChainPEM() []byte { return PEM(p.Chain...) }

// KeyPEM returns the key as PKCS #8.
func (p Pair) KeyPEM(t testing.TB) []byte {
	t.Helper()
	der, err := x509.MarshalPKCS8PrivateKey(p.Key)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PRIVATE KEY", Bytes: der})
}

// PEM returns certificates as a file has them.
func PEM(certificates ...*x509.Certificate) []byte {
	var out []byte
	for _, c := range certificates {
		out = append(out, pem.EncodeToMemory(&pem.Block{Type: "CERTIFICATE", Bytes: c.Raw})...)
	}
	return out
}

// P256 makes a key on that curve.
func P256(t testing.TB) crypto.Signer { return ec(t, elliptic.P256()) }

// P384 makes a key on that curve.
func P384(t testing.TB) crypto.Signer { return ec(t, elliptic.P384()) }

// P521 makes a key on that curve.
func P521(t testing.TB) crypto.Signer { return ec(t, elliptic.P521()) }

// RSA makes a key of so many bits.
func RSA(t testing.TB, bits int) crypto.Signer {
	t.Helper()
	return must(rsa.GenerateKey(rand.Reader, bits))(t)
}

func ec(t testing.TB, curve elliptic.Curve) crypto.Signer {
	t.Helper()
	return must(ecdsa.GenerateKey(curve, rand.Reader))(t)
}

func must[T any](v T, err error) func(testing.TB) T {
	return func(t testing.TB) T {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
		return v
	}
}

// Authority makes a self-signed authority, valid from 2020 to 2040.
func Authority(t testing.TB, name string) Pair {
	t.Helper()
	return Issue(t, Pair{}, P256(t), &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	})
}

// Intermediate makes an authority below another one.
func Intermediate(t testing.TB, above Pair, name string) Pair {
	t.Helper()
	return Issue(t, above, P256(t), &x509.Certificate{
		Subject:               pkix.Name{CommonName: name},
		NotBefore:             time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC),
		NotAfter:              time.Date(2040, 1, 1, 0, 0, 0, 0, time.UTC),
		KeyUsage:              x509.KeyUsageCertSign | x509.KeyUsageCRLSign,
		BasicConstraintsValid: true,
		IsCA:                  true,
	})
}

// Template is a document certificate that is valid for a year around Now.
func Template() *x509.Certificate {
	return &x509.Certificate{
		Subject:   pkix.Name{CommonName: "Evidence Signer", Organization: []string{"Brindle & Wharf ⚓ GmbH"}},
		NotBefore: Now.AddDate(0, -6, 0),
		NotAfter:  Now.AddDate(0, 6, 0),
		KeyUsage:  x509.KeyUsageDigitalSignature | x509.KeyUsageContentCommitment,
	}
}

// Document makes a document certificate of an authority.
func Document(t testing.TB, authority Pair, key crypto.Signer) Pair {
	t.Helper()
	return Issue(t, authority, key, Template())
}

// SelfSigned makes a document certificate that nobody else vouches for.
func SelfSigned(t testing.TB, key crypto.Signer) Pair {
	t.Helper()
	return Issue(t, Pair{}, key, Template())
}

// Issue signs the template with the authority's key, or with its own when the
// authority is empty.
func Issue(t testing.TB, authority Pair, key crypto.Signer, template *x509.Certificate) Pair {
	t.Helper()
	serial := must(rand.Int(rand.Reader, new(big.Int).Lsh(big.NewInt(1), 100)))(t)
	template.SerialNumber = serial
	parent, with := template, key
	if authority.Key != nil {
		parent, with = authority.Chain[0], authority.Key
	}
	der := must(x509.CreateCertificate(rand.Reader, template, parent, key.Public(), with))(t)
	c := must(x509.ParseCertificate(der))(t)
	return Pair{key, append([]*x509.Certificate{c}, authority.Chain...)}
}

// TimestampAuthority makes a certificate for timestamps.
func TimestampAuthority(t testing.TB, authority Pair) Pair {
	t.Helper()
	usage := must(asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}}))(t)
	return Issue(t, authority, P256(t), &x509.Certificate{
		Subject:         pkix.Name{CommonName: "Test TSA"},
		NotBefore:       Now.AddDate(-2, 0, 0),
		NotAfter:        Now.AddDate(8, 0, 0),
		KeyUsage:        x509.KeyUsageDigitalSignature,
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{2, 5, 29, 37}, Critical: true, Value: usage}},
	})
}

// Stamper returns a function that answers as the authority would at a time.
func Stamper(t testing.TB, authority Pair, at time.Time) func(context.Context, []byte) ([]byte, error) {
	t.Helper()
	return func(_ context.Context, message []byte) ([]byte, error) {
		digest := sha256.Sum256(message)
		ts := timestamp.Timestamp{
			HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: at, SerialNumber: big.NewInt(7),
			Policy: asn1.ObjectIdentifier{1, 2, 3, 4, 1}, Certificates: authority.Chain[1:], AddTSACertificate: true,
		}
		response, err := ts.CreateResponseWithOpts(authority.Chain[0], authority.Key, crypto.SHA256)
		if err != nil {
			return nil, err
		}
		parsed, err := timestamp.ParseResponse(response)
		if err != nil {
			return nil, err
		}
		return parsed.RawToken, nil
	}
}
