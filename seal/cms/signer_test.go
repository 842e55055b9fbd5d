package cms

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"encoding/asn1"
	"fmt"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
)

func TestNewSignerRefuses(t *testing.T) {
	authority := testpki.Authority(t, "Root")
	key := testpki.P256(t)
	p224, err := ecdsa.GenerateKey(elliptic.P224(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	with := func(change func(*x509.Certificate)) *x509.Certificate {
		c := testpki.Template()
		change(c)
		return c
	}
	plain := func(*x509.Certificate) {}
	for _, c := range []struct {
		name     string
		key      crypto.Signer
		template *x509.Certificate
		want     string // part of the error, empty for none
	}{
		{"a document certificate", key, with(plain), ""},
		{"RSA of 1024 bits", testpki.RSA(t, 1024), with(plain), "1024 bits"},
		{"P-224", p224, with(plain), "P-224"},
		{"no usage", key, with(func(c *x509.Certificate) { c.KeyUsage = 0 }), "digitalSignature"},
		{"another usage", key, with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageKeyEncipherment }), "digitalSignature"},
		{"contentCommitment alone", key, with(func(c *x509.Certificate) { c.KeyUsage = x509.KeyUsageContentCommitment }), ""},
		{"a web server's", key, with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageServerAuth} }), "extended key usages"},
		{"for e-mail", key, with(func(c *x509.Certificate) { c.ExtKeyUsage = []x509.ExtKeyUsage{x509.ExtKeyUsageEmailProtection} }), ""},
		{"for documents", key, with(func(c *x509.Certificate) {
			c.UnknownExtKeyUsage = []asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 36}}
		}), ""},
	} {
		p := testpki.Issue(t, authority, c.key, c.template)
		s, err := NewSigner(p.Key, p.Chain)
		if (err == nil) != (c.want == "") || err != nil && (s != nil || !strings.Contains(err.Error(), c.want)) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	p, other := testpki.Document(t, authority, key), testpki.SelfSigned(t, testpki.P256(t))
	if _, err := NewSigner(other.Key, p.Chain); err == nil || !strings.Contains(err.Error(), "belongs to the private key") {
		t.Errorf("another key: %v", err)
	}
	if _, err := NewSigner(p.Key, append(p.Chain, other.Chain...)); err == nil || !strings.Contains(err.Error(), "does not belong to the signer's chain") {
		t.Errorf("a foreign certificate: %v", err)
	}
	if _, err := NewSigner(p.Key, []*x509.Certificate{p.Chain[1], p.Chain[0]}); err != nil {
		t.Errorf("issuers first: %v", err)
	}
	s, err := NewSigner(p.Key, p.Chain)
	if err != nil {
		t.Fatal(err)
	}
	for years, want := range map[int]string{-1: "begins on", 0: "<nil>", 1: "expired on"} {
		if got := fmt.Sprint(s.ValidAt(testpki.Now.AddDate(years, 0, 0))); !strings.Contains(got, want) {
			t.Errorf("%d years away: got %s, want %q", years, got, want)
		}
	}
}

// TestSHA1IsRefused reads a certificate that is signed with SHA-1: crypto/x509
// makes none any more, so the algorithm of a good one is replaced after reading.
func TestSHA1IsRefused(t *testing.T) {
	p := testpki.Document(t, testpki.Authority(t, "Root"), testpki.P256(t))
	c := *p.Chain[0]
	c.SignatureAlgorithm = x509.ECDSAWithSHA1
	err := checkChain([]*x509.Certificate{&c, p.Chain[1]})
	if err == nil || !strings.Contains(err.Error(), "SHA1") {
		t.Errorf("got %v", err)
	}
}

// Authorities may send their own certificate alone, without those between it and
// the root, which a verifier then has to have.
func TestTimestampsWithoutIntermediates(t *testing.T) {
	root := testpki.Authority(t, "TSA root")
	issuer := testpki.Intermediate(t, root, "TSA issuer")
	alone := testpki.TimestampAuthority(t, issuer)
	alone.Chain = alone.Chain[:1]
	digest := sha256.Sum256([]byte("file"))
	p := testpki.SelfSigned(t, testpki.P256(t))
	s, err := Parse(sign(t, p, digest[:], testpki.Stamper(t, alone, testpki.Now)))
	if err != nil {
		t.Fatal(err)
	}
	other := testpki.Intermediate(t, testpki.Authority(t, "Other root"), "TSA issuer").Chain[:1]
	for _, tt := range []struct {
		name          string
		intermediates []*x509.Certificate
		trusted       bool
	}{
		{"given", issuer.Chain[:1], true},
		{"not given", nil, false},
		{"of the same name, of another root", other, false},
	} {
		t.Run(tt.name, func(t *testing.T) {
			j, err := Trust{Roots: p.Chain, TimestampRoots: root.Chain, TimestampIntermediates: tt.intermediates, At: testpki.Now}.Judge(s.Claim)
			if err != nil {
				t.Fatal(err)
			}
			if got := j.Timestamp.Equal(testpki.Now); got != tt.trusted || (j.TimestampProblem == "") != tt.trusted {
				t.Errorf("timestamp %v, problem %q; want trusted=%t", j.Timestamp, j.TimestampProblem, tt.trusted)
			}
		})
	}
}
