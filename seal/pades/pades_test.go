package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"crypto/x509"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/pdf"
	"github.com/auditpack/auditpack/seal/cms"
	"github.com/auditpack/auditpack/seal/pades"
)

// rendering is a PDF as the program draws it. With a link, page 1 has annotations.
func rendering(t testing.TB, link string) []byte {
	t.Helper()
	d := &render.Document{
		Title: "Audit pack", Language: "en-GB", Created: testpki.Now,
		Sections: []render.Section{
			{ID: "cover", Title: "Brindle & Wharf", Level: 1, Cover: true, Blocks: []render.Block{
				render.KeyValues{Items: []render.KeyValue{{Key: "Signature", Value: render.Text{Value: "Signed", Link: link}}}},
			}},
			{ID: "verify", Title: "How to verify", Level: 1, NewPage: true, Blocks: []render.Block{
				render.Paragraph{Text: render.Text{Value: strings.Repeat("A sentence of the report. ", 40)}},
			}},
		},
	}
	var b bytes.Buffer
	if err := pdf.Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func signer(t testing.TB, p testpki.Pair) *cms.Signer {
	t.Helper()
	s, err := cms.NewSigner(p.Key, p.Chain)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

var options = pades.Options{Reason: "Evidence as of 2026-09-30", Contact: "audit@example.com", Time: testpki.Now}

func sign(t testing.TB, unsigned []byte, p testpki.Pair, o pades.Options) []byte {
	t.Helper()
	out, err := pades.Sign(context.Background(), unsigned, signer(t, p), o)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// verify reads and judges, as a caller does.
func verify(b []byte, trust cms.Trust) (*pades.Signature, cms.Judgement, error) {
	s, err := pades.Read(b)
	if err != nil {
		return nil, cms.Judgement{}, err
	}
	j, err := trust.Judge(s.Claim)
	return s, j, err
}

func trusting(at time.Time, roots ...*x509.Certificate) cms.Trust {
	return cms.Trust{Roots: roots, At: at}
}

func TestSignedFilesVerify(t *testing.T) {
	authority := testpki.Intermediate(t, testpki.Authority(t, "Root"), "Issuing CA")
	keys := map[string]crypto.Signer{"P-256": testpki.P256(t), "P-384": testpki.P384(t), "P-521": testpki.P521(t), "RSA": testpki.RSA(t, 2048)}
	for _, link := range []string{"", "verify"} {
		unsigned := rendering(t, link)
		for name, key := range keys {
			t.Run(fmt.Sprintf("%s link=%q", name, link), func(t *testing.T) {
				p := testpki.Document(t, authority, key)
				signed := sign(t, unsigned, p, options)
				s, _, err := verify(signed, trusting(testpki.Now, p.Root()))
				if err != nil {
					t.Fatal(err)
				}
				want := pades.Signature{Reason: options.Reason, Contact: options.Contact, Time: options.Time}
				got := pades.Signature{Reason: s.Reason, Contact: s.Contact, Time: s.Time}
				if diff := cmp.Diff(want, got); diff != "" {
					t.Errorf("signature (-want +got):\n%s", diff)
				}
				if len(s.Chain) != 3 {
					t.Errorf("got %d certificates, want 3", len(s.Chain))
				}
				again, err := pades.Unsigned(signed)
				if err != nil || !bytes.Equal(again, unsigned) {
					t.Errorf("Unsigned gives other bytes than were signed (%v)", err)
				}
			})
		}
	}
}

// TestSigningChangesTheSignatureOnly: two signatures of one rendering differ in the
// value alone.
func TestSigningChangesTheSignatureOnly(t *testing.T) {
	unsigned := rendering(t, "verify")
	p := testpki.SelfSigned(t, testpki.P256(t))
	a, b := sign(t, unsigned, p, options), sign(t, unsigned, p, options)
	at := bytes.LastIndex(a, []byte("/Contents <"))
	if !bytes.Equal(a[:at], b[:at]) {
		t.Error("two signed files differ before the signature")
	}
	end := at + bytes.IndexByte(a[at+11:], '>')
	if !bytes.Equal(a[end+11:], b[end+11:]) {
		t.Error("two signed files differ behind the signature")
	}
}

func TestSignRefuses(t *testing.T) {
	unsigned := rendering(t, "")
	p := testpki.SelfSigned(t, testpki.P256(t))
	for name, file := range map[string][]byte{
		"a signed file": sign(t, unsigned, p, options),
		"no PDF":        []byte("PK\x03\x04"),
		"half a PDF":    unsigned[:len(unsigned)/2],
		"nothing":       nil,
	} {
		if out, err := pades.Sign(context.Background(), file, signer(t, p), options); err == nil || out != nil {
			t.Errorf("%s: got %d bytes and error %v", name, len(out), err)
		}
	}
	if _, err := pades.Read(unsigned); !errors.Is(err, pades.ErrNotSigned) {
		t.Errorf("Read of an unsigned file: %v", err)
	}
}

// TestTamperedFilesAreRefused flips a bit at places all over the file, among them
// each byte of the update that is not padding, and every hundredth of that.
func TestTamperedFilesAreRefused(t *testing.T) {
	unsigned := rendering(t, "verify")
	authority := testpki.Intermediate(t, testpki.Authority(t, "Root"), "Issuing CA")
	p := testpki.Document(t, authority, testpki.P256(t))
	tsa := testpki.TimestampAuthority(t, testpki.Authority(t, "TSA Root"))
	o := options
	o.Timestamp = testpki.Stamper(t, tsa, testpki.Now)
	signed := sign(t, unsigned, p, o)
	trust := cms.Trust{Roots: []*x509.Certificate{p.Root()}, TimestampRoots: []*x509.Certificate{tsa.Root()}, At: testpki.Now}
	if _, j, err := verify(signed, trust); err != nil || j.Timestamp.IsZero() {
		t.Fatalf("%v, %+v", err, j)
	}
	var places []int
	for i := 0; i < len(unsigned); i += 997 {
		places = append(places, i)
	}
	for i := len(unsigned); i < len(signed); i++ {
		if signed[i] != '0' || signed[max(i-8, 0)] != '0' || i%101 == 0 {
			places = append(places, i)
		}
	}
	random := rand.New(rand.NewPCG(1, 2))
	for _, i := range places {
		b := bytes.Clone(signed)
		b[i] ^= 1 << random.IntN(8)
		// A certificate of the authority that is damaged costs the timestamp its trust.
		if _, j, err := verify(b, trust); err == nil && j.TimestampProblem == "" {
			t.Errorf("bit flip in byte %d of %d (%q) is accepted", i, len(signed), signed[max(i-20, 0):min(i+20, len(signed))])
		}
	}
}

// insert puts text in front of the last occurrence of a mark.
func insert(b []byte, mark, text string) []byte {
	i := bytes.LastIndex(b, []byte(mark))
	return append(append(bytes.Clone(b[:i]), text...), b[i:]...)
}

func TestForgedFilesAreRefused(t *testing.T) {
	unsigned := rendering(t, "")
	p, other := testpki.SelfSigned(t, testpki.P256(t)), testpki.SelfSigned(t, testpki.P256(t))
	signed := sign(t, unsigned, p, options)
	trust := trusting(testpki.Now, p.Root())
	replace := func(old, with string) []byte {
		if bytes.Count(signed[len(unsigned):], []byte(old)) != 1 {
			t.Fatalf("%q is not there once", old)
		}
		return append(bytes.Clone(unsigned), bytes.Replace(signed[len(unsigned):], []byte(old), []byte(with), 1)...)
	}
	at := bytes.LastIndex(signed, []byte(rangeKey))
	end := at + bytes.IndexByte(signed[at:], ']')
	rangeText := string(signed[at : end+1])
	for name, b := range map[string][]byte{
		"an appended byte":         append(bytes.Clone(signed), '\n'),
		"an appended revision":     append(bytes.Clone(signed), "4 0 obj\n<<>>\nendobj\nxref\n4 1\n0000000000 00000 n \ntrailer\n<</Size 5>>\nstartxref\n1\n%%EOF\n"...),
		"a cut tail":               signed[:len(signed)-1],
		"data in front":            append([]byte("%PDF-1.3\n"), signed...),
		"a second signature":       append(bytes.Clone(signed), sign(t, unsigned, other, options)[len(unsigned):]...),
		"a range with a hole":      replace(rangeText, strings.Replace(rangeText, "[0 ", "[9 ", 1)),
		"a range beyond the file":  replace(rangeText+" ", strings.Replace(rangeText, "]", "0]", 1)),
		"a shorter range":          replace(rangeText, shorter(rangeText)),
		"a second range":           insert(signed, "/Contents <", "/ByteRange [0 1 2 3]\n"),
		"capital letters":          upper(signed),
		"blanks in the signature":  insert(signed, ">>>\nendobj", "  "),
		"another reason":           replace(hexText("2026-09-30"), hexText("2026-06-30")),
		"changes allowed":          replace("/P 1 ", "/P 3 "),
		"an update in between":     append(append(bytes.Clone(unsigned), "% nothing\n%%EOF\n"...), signed[len(unsigned):]...),
		"the signature of another": swapSignature(signed, sign(t, rendering(t, "verify"), p, options)),
		"no signature":             unsigned,
	} {
		if bytes.Equal(b, signed) {
			t.Errorf("%s: the file was not changed", name)
		}
		if s, _, err := verify(b, trust); err == nil || s != nil {
			t.Errorf("%s is accepted", name)
		} else {
			t.Logf("%s: %v", name, err)
		}
	}
}

const rangeKey = "/ByteRange"

// shorter changes the last digit of the range.
func shorter(s string) string {
	b := []byte(s)
	i := bytes.LastIndexAny(b, "0123456789")
	b[i] = '0' + (b[i]-'0'+1)%10
	return string(b)
}

// hexText is ASCII text as a text string has it.
func hexText(s string) string {
	var b strings.Builder
	for _, r := range s {
		fmt.Fprintf(&b, "%04X", r)
	}
	return b.String()
}

// upper writes the signature in capital letters, which decodes to the same.
func upper(b []byte) []byte {
	i := bytes.LastIndex(b, []byte("/Contents <")) + len("/Contents <")
	n := bytes.IndexByte(b[i:], '>')
	return append(append(bytes.Clone(b[:i]), bytes.ToUpper(b[i:i+n])...), b[i+n:]...)
}

// swapSignature puts the signature of one file into another.
func swapSignature(into, from []byte) []byte {
	out := bytes.Clone(into)
	i, j := bytes.LastIndex(into, []byte("/Contents <")), bytes.LastIndex(from, []byte("/Contents <"))
	copy(out[i:], from[j:j+1024+bytes.IndexByte(from[j+1024:], '>')])
	return out
}

func TestOnlyTheTrustedSignerIsAccepted(t *testing.T) {
	unsigned := rendering(t, "")
	authority, stranger := testpki.Authority(t, "Root"), testpki.Authority(t, "Root")
	p, q := testpki.Document(t, authority, testpki.P256(t)), testpki.Document(t, stranger, testpki.P256(t))
	self := testpki.SelfSigned(t, testpki.RSA(t, 2048))
	signed, foreign, own := sign(t, unsigned, p, options), sign(t, unsigned, q, options), sign(t, unsigned, self, options)
	pin := func(c *x509.Certificate) cms.Trust {
		return cms.Trust{Fingerprints: [][32]byte{sha256.Sum256(c.Raw)}, At: testpki.Now}
	}
	for _, c := range []struct {
		name  string
		file  []byte
		trust cms.Trust
		want  string // part of the error, empty for none
	}{
		{"its authority", signed, trusting(testpki.Now, authority.Root()), ""},
		{"another authority of the same name", foreign, trusting(testpki.Now, authority.Root()), "does not lead to a root"},
		{"a self-signed certificate", own, trusting(testpki.Now, self.Root()), ""},
		{"a self-signed certificate that nobody trusts", own, trusting(testpki.Now, authority.Root()), "does not lead to a root"},
		{"the fingerprint", signed, pin(p.Chain[0]), ""},
		{"another's fingerprint", signed, pin(q.Chain[0]), "not the one that is trusted"},
		{"the issuer's fingerprint", signed, pin(p.Chain[1]), "not the one that is trusted"},
		{"nobody, so that only the file is checked", foreign, cms.Trust{At: testpki.Now}, ""},
		{"before the certificate began", signed, trusting(testpki.Now.AddDate(-1, 0, 0), authority.Root()), "begins on"},
		{"after the certificate expired", signed, trusting(testpki.Now.AddDate(1, 0, 0), authority.Root()), "expired on"},
	} {
		_, _, err := verify(c.file, c.trust)
		if got := fmt.Sprint(err); (err == nil) != (c.want == "") || err != nil && !strings.Contains(got, c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
}

// TestTimestampsKeepExpiredCertificatesGood is about a file that is checked after
// the certificate has expired.
func TestTimestampsKeepExpiredCertificatesGood(t *testing.T) {
	unsigned := rendering(t, "")
	p := testpki.Document(t, testpki.Authority(t, "Root"), testpki.P256(t))
	tsa := testpki.TimestampAuthority(t, testpki.Authority(t, "TSA Root"))
	stamped := func(at time.Time) []byte {
		o := options
		o.Timestamp = testpki.Stamper(t, tsa, at)
		return sign(t, unsigned, p, o)
	}
	good := stamped(testpki.Now)
	later := testpki.Now.AddDate(5, 0, 0)
	trust := func(timestampRoots ...*x509.Certificate) cms.Trust {
		return cms.Trust{Roots: []*x509.Certificate{p.Root()}, TimestampRoots: timestampRoots, At: later}
	}
	for _, c := range []struct {
		name  string
		file  []byte
		trust cms.Trust
		want  string
	}{
		{"with a trusted timestamp", good, trust(tsa.Root()), ""},
		{"with a timestamp and no root for it", good, trust(), "counts when the root of its authority is given"},
		{"with another authority's timestamp", good, trust(p.Root()), "its timestamp is not trusted"},
		{"without timestamp", sign(t, unsigned, p, options), trust(tsa.Root()), "expired on"},
		{"stamped after it had expired", stamped(testpki.Now.AddDate(1, 0, 0)), trust(tsa.Root()), "expired on"},
	} {
		_, j, err := verify(c.file, c.trust)
		if got := fmt.Sprint(err); (err == nil) != (c.want == "") || err != nil && !strings.Contains(got, c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
		if c.want == "" && !j.Timestamp.Equal(testpki.Now) {
			t.Errorf("%s: judged at %v", c.name, j.Timestamp)
		}
	}
}

// TestATimestampOfAnotherFileIsRefused when it arrives. Package cms tests that it
// is refused when it is read.
func TestATimestampOfAnotherFileIsRefused(t *testing.T) {
	unsigned := rendering(t, "")
	p := testpki.SelfSigned(t, testpki.P256(t))
	tsa := testpki.TimestampAuthority(t, testpki.Authority(t, "TSA Root"))
	stamp := testpki.Stamper(t, tsa, testpki.Now)
	o := options
	o.Timestamp = func(ctx context.Context, message []byte) ([]byte, error) {
		return stamp(ctx, append(message, 0))
	}
	_, err := pades.Sign(context.Background(), unsigned, signer(t, p), o)
	if err == nil || !strings.Contains(err.Error(), "speaks about another signature") {
		t.Errorf("got %v", err)
	}
}
