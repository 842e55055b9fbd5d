package cms

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
)

func signer(t testing.TB, p testpki.Pair) *Signer {
	t.Helper()
	s, err := NewSigner(p.Key, p.Chain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func sign(t testing.TB, p testpki.Pair, digest []byte, stamp Timestamper) []byte {
	t.Helper()
	der, err := Sign(context.Background(), signer(t, p), digest, stamp)
	if err != nil {
		t.Fatal(err)
	}
	return der
}

// FuzzParse claims that an accepted signature encodes again to the same bytes, and
// that a refused one gives nothing.
func FuzzParse(f *testing.F) {
	authority := testpki.Intermediate(f, testpki.Authority(f, "Root"), "Issuing CA")
	stamp := testpki.Stamper(f, testpki.TimestampAuthority(f, testpki.Authority(f, "TSA")), testpki.Now)
	digest := sha256.Sum256([]byte("file"))
	for _, key := range []crypto.Signer{testpki.P256(f), testpki.P521(f), testpki.RSA(f, 2048)} {
		f.Add(sign(f, testpki.Document(f, authority, key), digest[:], nil))
		f.Add(sign(f, testpki.SelfSigned(f, key), digest[:], stamp))
	}
	f.Add([]byte{0x30, 0})
	f.Fuzz(func(t *testing.T, der []byte) {
		s, err := Parse(der)
		if err != nil {
			if s != nil {
				t.Fatal("a refused signature gives something")
			}
			return
		}
		again, err := s.encode()
		if err != nil || !bytes.Equal(again, der) {
			t.Fatalf("an accepted signature encodes to other bytes (%v)", err)
		}
		_, _ = Trust{TimestampRoots: authority.Chain, At: testpki.Now}.Judge(s.Claim)
	})
}

// FuzzToken claims that what is accepted as a timestamp says when, and of whom.
func FuzzToken(f *testing.F) {
	value := []byte("signature value")
	tsa := testpki.TimestampAuthority(f, testpki.Authority(f, "TSA"))
	token, err := testpki.Stamper(f, tsa, testpki.Now)(context.Background(), value)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(token)
	f.Fuzz(func(t *testing.T, der []byte) {
		got, err := parseToken(der, value)
		if err != nil {
			if got != nil {
				t.Fatal("a refused timestamp gives something")
			}
			return
		}
		if got.verify(value, tsa.Chain[1:], nil) == nil && !got.time.Equal(testpki.Now) {
			t.Fatalf("a trusted timestamp says %v", got.time)
		}
	})
}

// TestATimestampOfAnotherSignatureIsRefused puts the token of one signature into another.
func TestATimestampOfAnotherSignatureIsRefused(t *testing.T) {
	p := testpki.SelfSigned(t, testpki.P256(t))
	stamp := testpki.Stamper(t, testpki.TimestampAuthority(t, testpki.Authority(t, "TSA")), testpki.Now)
	digest := sha256.Sum256([]byte("file"))
	one, err := Parse(sign(t, p, digest[:], stamp))
	if err != nil {
		t.Fatal(err)
	}
	two, err := Parse(sign(t, p, digest[:], stamp))
	if err != nil {
		t.Fatal(err)
	}
	one.Token = two.Token
	der, err := one.encode()
	if err != nil {
		t.Fatal(err)
	}
	got, err := Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	_, err = Trust{Roots: p.Chain, At: testpki.Now}.Judge(got.Claim)
	if err == nil || !strings.Contains(err.Error(), "speaks about another signature") {
		t.Errorf("got %v", err)
	}
}
