package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/sha256"
	"crypto/x509"
	"crypto/x509/pkix"
	"encoding/asn1"
	"math/big"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/timestamp"
	"github.com/google/go-cmp/cmp"
	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/auditpack/auditpack/schema"
)

// A house is a certificate authority and a timestamp authority whose clocks a test
// sets as it likes. The real ones, in authorities_test.go, only know today.
type house struct {
	ca, tsa       *x509.Certificate
	caKey, tsaKey crypto.Signer
}

// sealedAt is when the bundles of these tests were made, long ago.
var sealedAt = time.Date(2021, 3, 4, 5, 6, 0, 0, time.UTC)

func newKey(t testing.TB) *ecdsa.PrivateKey {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func newHouse(t testing.TB) *house {
	t.Helper()
	h := &house{caKey: newKey(t), tsaKey: newKey(t)}
	h.ca = h.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Lab CA"}, IsCA: true, BasicConstraintsValid: true, KeyUsage: x509.KeyUsageCertSign,
		NotBefore: sealedAt.AddDate(-1, 0, 0), NotAfter: sealedAt.AddDate(60, 0, 0)}, h.caKey)
	usage, err := asn1.Marshal([]asn1.ObjectIdentifier{{1, 3, 6, 1, 5, 5, 7, 3, 8}})
	if err != nil {
		t.Fatal(err)
	}
	h.tsa = h.issue(t, &x509.Certificate{Subject: pkix.Name{CommonName: "Lab TSA"}, KeyUsage: x509.KeyUsageDigitalSignature,
		// The library that stamps writes today into an attribute, and checks it.
		NotBefore: sealedAt.AddDate(-1, 0, 0), NotAfter: sealedAt.AddDate(50, 0, 0),
		ExtraExtensions: []pkix.Extension{{Id: oidExtendedKeyUsage, Critical: true, Value: usage}}}, h.tsaKey)
	return h
}

func (h *house) issue(t testing.TB, template *x509.Certificate, key crypto.Signer) *x509.Certificate {
	t.Helper()
	var err error
	if template.SerialNumber, err = rand.Int(rand.Reader, big.NewInt(1<<60)); err != nil {
		t.Fatal(err)
	}
	parent := h.ca
	if parent == nil {
		parent = template
	}
	der, err := x509.CreateCertificate(rand.Reader, template, parent, key.Public(), h.caKey)
	if err != nil {
		t.Fatal(err)
	}
	c, err := x509.ParseCertificate(der)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

const labIssuer = "https://oidc.example.com"

// leaf is a certificate as a Fulcio issues it (its extension 1.8 is the issuer).
func (h *house) leaf(t testing.TB, key crypto.Signer, account, issuer string, from time.Time) *x509.Certificate {
	t.Helper()
	name, err := url.Parse(account)
	if err != nil {
		t.Fatal(err)
	}
	value, err := asn1.MarshalWithParams(issuer, "utf8")
	if err != nil {
		t.Fatal(err)
	}
	return h.issue(t, &x509.Certificate{
		URIs: []*url.URL{name}, NotBefore: from, NotAfter: from.Add(10 * time.Minute), KeyUsage: x509.KeyUsageDigitalSignature,
		ExtKeyUsage:     []x509.ExtKeyUsage{x509.ExtKeyUsageCodeSigning},
		ExtraExtensions: []pkix.Extension{{Id: asn1.ObjectIdentifier{1, 3, 6, 1, 4, 1, 57264, 1, 8}, Value: value}},
	}, key)
}

// stamp says that data existed at an instant.
func (h *house) stamp(t testing.TB, data []byte, at time.Time) []byte {
	t.Helper()
	digest := sha256.Sum256(data)
	b, err := (&timestamp.Timestamp{
		HashAlgorithm: crypto.SHA256, HashedMessage: digest[:], Time: at, Policy: asn1.ObjectIdentifier{1, 2, 3}, AddTSACertificate: true,
	}).CreateResponseWithOpts(h.tsa, h.tsaKey, crypto.SHA256)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// trustedRoot is the file with which the house is trusted.
func (h *house) trustedRoot(t testing.TB) string {
	t.Helper()
	r, err := root.NewTrustedRoot(root.TrustedRootMediaType01,
		[]root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: h.ca, ValidityPeriodStart: h.ca.NotBefore, URI: "https://ca.example.com"}}, nil,
		[]root.TimestampingAuthority{&root.SigstoreTimestampingAuthority{Root: h.ca, Leaf: h.tsa, ValidityPeriodStart: h.tsa.NotBefore, URI: "https://tsa.example.com"}}, nil)
	if err != nil {
		t.Fatal(err)
	}
	b, err := r.MarshalJSON()
	if err != nil {
		t.Fatal(err)
	}
	return temporary(t, "trusted_root.json", b)
}

// A paper is a keyless attestation with everything that can be wrong about it.
type paper struct {
	house, stampedBy *house
	key              *ecdsa.PrivateKey
	account, issuer  string
	from             time.Time // the certificate's start; it lives ten minutes
	at               time.Time // when it was stamped
	noTimestamp      bool
	change           func(*sigstoreBundle)
	changeStatement  func(*statement)
}

// write makes the attestation in the place of another one, over the same members.
func (p paper) write(t testing.TB, old []byte) []byte {
	t.Helper()
	s, err := NewSigner(p.key)
	if err != nil {
		t.Fatal(err)
	}
	s.issued = &issued{chain: []*x509.Certificate{p.house.leaf(t, p.key, p.account, p.issuer, p.from), p.house.ca}}
	a := mustDecode(t, resign(t, old, s, func(st *statement) {
		st.Predicate.Timestamp = &schema.ClaimedTimestamp{Authority: "https://tsa.example.com", Required: true}
		if p.changeStatement != nil {
			p.changeStatement(st)
		}
	}))
	if !p.noTimestamp {
		a.VerificationMaterial.Timestamps = &timestamps{[]rfc3161{{p.stampedBy.stamp(t, a.Envelope.Signatures[0].Sig, p.at)}}}
	}
	if p.change != nil {
		p.change(a)
	}
	return mustMarshal(t, a)
}

// signatureAttacks are the rows of the second table in docs/verification.md.
func signatureAttacks(t testing.TB, h, other *house) []struct {
	name   string
	attack func(*paper)
	kind   Kind // of the refusal, empty where it is accepted
} {
	return []struct {
		name   string
		attack func(*paper)
		kind   Kind
	}{
		{"nothing; its certificate expired years ago, and was valid when it was stamped", func(*paper) {}, ""},
		{"signed by another identity of the same issuer", func(p *paper) { p.account += "-2" }, BadCertificate},
		{"signed by the same name of another issuer", func(p *paper) { p.issuer = "https://oidc.example.org" }, BadCertificate},
		{"the certificate is of an authority that is not trusted", func(p *paper) { p.house = other }, BadCertificate},
		{"the certificate had expired when it was stamped", func(p *paper) { p.at = p.from.Add(time.Hour) }, BadCertificate},
		{"the certificate was not yet valid when it was stamped", func(p *paper) { p.at = p.from.Add(-time.Hour) }, BadCertificate},
		{"the certificate is exchanged for another of the same identity", func(p *paper) {
			leaf := h.leaf(t, newKey(t), p.account, p.issuer, p.from)
			p.change = func(a *sigstoreBundle) { a.VerificationMaterial.Certificate.DER = leaf.Raw }
		}, BadSignature},
		{"the timestamp is taken away", func(p *paper) { p.noTimestamp = true }, BadTimestamp},
		{"the timestamp is of another file", func(p *paper) {
			p.change = func(a *sigstoreBundle) {
				a.VerificationMaterial.Timestamps.RFC3161[0].Response = h.stamp(t, []byte("another file"), sealedAt)
			}
		}, BadTimestamp},
		{"the timestamp is of an authority that is not trusted", func(p *paper) { p.stampedBy = other }, BadTimestamp},
		{"the timestamp is of a time at which its authority's certificate had expired", func(p *paper) { p.at = sealedAt.AddDate(51, 0, 0); p.from = p.at }, BadTimestamp},
		{"the timestamp's signature is damaged", func(p *paper) {
			p.change = func(a *sigstoreBundle) {
				r := a.VerificationMaterial.Timestamps.RFC3161[0].Response
				r[len(r)-1] ^= 1
			}
		}, BadTimestamp},
		{"the signature is another one", func(p *paper) {
			p.change = func(a *sigstoreBundle) {
				sig, err := ecdsa.SignASN1(rand.Reader, p.key, make([]byte, 32))
				if err != nil {
					t.Fatal(err)
				}
				a.Envelope.Signatures[0].Sig = sig
				a.VerificationMaterial.Timestamps.RFC3161[0].Response = h.stamp(t, sig, sealedAt)
			}
		}, BadSignature},
		{"the statement speaks of no timestamp, and one was put there", func(p *paper) {
			p.changeStatement = func(st *statement) { st.Predicate.Timestamp = nil }
		}, BadTimestamp},
		{"a key is named beside the certificate", func(p *paper) {
			p.change = func(a *sigstoreBundle) { a.VerificationMaterial.PublicKey = &publicKeyHint{"AAAA"} }
		}, BadAttestation},
	}
}

func TestWhoNoticesForgedCertificatesAndTimestamps(t *testing.T) {
	cosign(t)
	h, other := newHouse(t), newHouse(t)
	r, err := LoadTrustedRoot(h.trustedRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	policy := Policy{TrustedRoot: r, Identities: []CertificateIdentity{{Identity: auditAccount, Issuer: labIssuer}}}
	zip := readFile(t, sealInto(t, t.TempDir(), "q", sample, claim(), newSigner(t)).Archive)
	word := map[bool]string{true: "no", false: "yes"}

	table := []string{"| What happens to a keyless signature | `auditpack verify` | cosign on `report.pdf` |", "|---|---|---|"}
	for _, tt := range signatureAttacks(t, h, other) {
		f := takeApart(t, zip)
		p := paper{house: h, stampedBy: h, key: newKey(t), account: auditAccount, issuer: labIssuer, from: sealedAt, at: sealedAt.Add(time.Minute)}
		tt.attack(&p)
		f.reseal(p.write(t, f.attestation()))
		v, err := verifyBytes(t, f.bytes(), policy)
		if tt.kind == "" {
			if err != nil {
				t.Errorf("%s: %v", tt.name, err)
			}
		} else if got := refusal(t, v, err); got.Kind != tt.kind {
			t.Errorf("%s: got %v (%s), want kind %q", tt.name, got, got.Kind, tt.kind)
		}
		dir := t.TempDir()
		for _, e := range f.entries {
			if e.name == "report.pdf" || e.name == AttestationFile {
				if err := os.WriteFile(filepath.Join(dir, e.name), e.data, 0o600); err != nil {
					t.Fatal(err)
				}
			}
		}
		_, cosignErr := offline(t, dir, cosign(t), "verify-blob-attestation", "--certificate-identity", auditAccount, "--certificate-oidc-issuer", labIssuer,
			"--use-signed-timestamps", "--insecure-ignore-tlog=true", "--insecure-ignore-sct=true", "--trusted-root", h.trustedRoot(t),
			"--bundle", AttestationFile, "--type", "https://auditpack.dev/evidence/v1", "report.pdf")
		table = append(table, "| "+tt.name+" | "+word[err == nil]+" | "+word[cosignErr == nil]+" |")
	}
	compareTable(t, table)
}

// compareTable compares the table of docs/verification.md that begins like this one
// with what happened.
func compareTable(t *testing.T, observed []string) {
	t.Helper()
	var documented []string
	for line := range strings.Lines(string(readFile(t, "../docs/verification.md"))) {
		line = strings.TrimSpace(line)
		if line == observed[0] || len(documented) > 0 && strings.HasPrefix(line, "|") {
			documented = append(documented, line)
		} else if len(documented) > 0 {
			break
		}
	}
	if diff := cmp.Diff(documented, observed); diff != "" {
		t.Errorf("the table in docs/verification.md (-documented +observed):\n%s", diff)
		t.Logf("\n%s", strings.Join(observed, "\n"))
	}
}
