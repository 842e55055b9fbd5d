package seal

import (
	"bytes"
	"encoding/asn1"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// stampedAttestation is one by a key, with a timestamp, over the members of a small
// bundle; keylessAttestation the same with a certificate.
func stampedAttestation(t testing.TB, h *house, s *Signer, f *forgery) []byte {
	t.Helper()
	a := mustDecode(t, resign(t, f.attestation(), s, func(st *statement) {
		st.Predicate.Timestamp = &schema.ClaimedTimestamp{Authority: "https://tsa.example.com", Required: true}
	}))
	a.VerificationMaterial.Timestamps = &timestamps{[]rfc3161{{h.stamp(t, a.Envelope.Signatures[0].Sig, sealedAt)}}}
	return mustMarshal(t, a)
}

func keylessAttestation(t testing.TB, h *house, f *forgery) []byte {
	t.Helper()
	return paper{house: h, stampedBy: h, key: newKey(t), account: auditAccount, issuer: labIssuer, from: sealedAt, at: sealedAt.Add(time.Minute)}.write(t, f.attestation())
}

// attestations returns one of each kind, with a policy that accepts all of them, and
// the archive whose members they are about.
func attestations(t testing.TB) (map[string][]byte, Policy, *forgery) {
	t.Helper()
	h, s := newHouse(t), newSigner(t)
	r, err := LoadTrustedRoot(h.trustedRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	policy := trusting(s)
	policy.TrustedRoot, policy.Identities = r, []CertificateIdentity{{Identity: auditAccount, Issuer: labIssuer}}
	f := takeApart(t, smallBundle(t, s))
	all := map[string][]byte{"key": f.attestation(), "key and timestamp": stampedAttestation(t, h, s, f), "keyless": keylessAttestation(t, h, f)}
	for name, b := range all {
		f.reseal(b)
		if _, err := verifyBytes(t, f.bytes(), policy); err != nil {
			t.Fatalf("%s: %v", name, err)
		}
	}
	return all, policy, f
}

// Whatever is done to a field of the envelope, the bundle is refused.
func TestEveryFieldOfTheEnvelopeCounts(t *testing.T) {
	all, policy, f := attestations(t)
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			tree := parseJSON(t, b)
			if !bytes.Equal(tree.text(), b) {
				t.Fatal("an unchanged envelope is written otherwise, so that every change would be refused for its layout")
			}
			for _, v := range tree.variants() {
				f.reseal(v.text)
				if got, err := verifyBytes(t, f.bytes(), policy); got != nil || err == nil {
					t.Errorf("%s: accepted", v.name)
				}
			}
		})
	}
}

// Whatever is done to a field of the statement without signing it again, the
// bundle is refused for its signature.
func TestEveryFieldOfTheStatementIsSigned(t *testing.T) {
	all, policy, f := attestations(t)
	a := mustDecode(t, all["key"])
	for _, v := range parseJSON(t, a.Envelope.Payload).variants() {
		a.Envelope.Payload = v.text
		f.reseal(mustMarshal(t, a))
		got, err := verifyBytes(t, f.bytes(), policy)
		if e := refusal(t, got, err); e.Kind != BadSignature {
			t.Errorf("%s: %v (%s)", v.name, e, e.Kind)
		}
	}
}

// signersWord is all that can be changed in a statement that the right key signs
// again: what its signer says about the run, which no file of the bundle contradicts
// to a reader who does not re-perform it. Everything that says how files are, and
// every other form of a field, is refused.
var signersWord = []string{
	"case of predicate.controlsByStatus.implemented", // the other one would not be in its order
	"change predicate.asOf",
	"change predicate.controlsByStatus",
	"change predicate.controlsByStatus.implemented",
	"change predicate.controlsByStatus.partial",
	"change predicate.gaps",
	"change predicate.members[].mediaType",
	"change predicate.members[].role",
	"change predicate.plan.controlTable",
	"change predicate.plan.demo",
	"change predicate.plan.from",
	"change predicate.plan.name",
	"change predicate.plan.organization",
	"change predicate.plan.scope",
	"change predicate.plan.to",
	"change predicate.schemaVersion", // a later ADDITION, which readers accept
	"change predicate.sources",
	"change predicate.sources[].collector",
	"change predicate.sources[].kind",
	"change predicate.sources[].name",
	"change predicate.sources[].uid",
	"change predicate.tool.name",
	"change predicate.tool.version",
	"remove predicate.controlsByStatus.implemented",
	"remove predicate.controlsByStatus.partial",
	"remove predicate.sources[]",
	"repeat predicate.sources[]",
}

func TestWhatTheRightKeyCanSay(t *testing.T) {
	s := newSigner(t)
	f := takeApart(t, smallBundle(t, s))
	payload := mustDecode(t, f.attestation()).Envelope.Payload
	tree := parseJSON(t, payload)
	if !bytes.Equal(tree.text(), payload) {
		t.Fatal("an unchanged statement is written otherwise, so that every change would be refused for its layout")
	}
	index := regexp.MustCompile(`\[\d+\]`)
	accepted := map[string]bool{}
	for _, v := range tree.variants() {
		b, err := attest(t.Context(), v.text, s)
		if err != nil {
			t.Fatal(err)
		}
		f.reseal(b)
		if _, err := verifyBytes(t, f.bytes(), trusting(s)); err == nil {
			accepted[index.ReplaceAllString(v.name, "[]")] = true
		}
	}
	if diff := cmp.Diff(signersWord, slices.Sorted(maps.Keys(accepted))); diff != "" {
		t.Errorf("accepted after signing again (-want +got):\n%s", diff)
	}
}

// Each byte of the file counts, but for those of a timestamp that its signature
// does not cover.
func TestEveryByteOfAnAttestationCounts(t *testing.T) {
	all, policy, _ := attestations(t)
	for name, b := range all {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			b, whole := bytes.Clone(b), mustDecode(t, b)
			for i := range b {
				b[i] ^= 1 << (i % 8)
				if a, err := decodeAttestation(b); err == nil {
					if _, err := a.verify(policy); err == nil && !cmp.Equal(withoutTimestamp(a), withoutTimestamp(whole)) {
						t.Errorf("byte %d is not covered", i)
					}
				}
				b[i] ^= 1 << (i % 8)
			}
		})
	}
}

func withoutTimestamp(a *sigstoreBundle) sigstoreBundle {
	out := *a
	out.VerificationMaterial.Timestamps = nil
	return out
}

// uncovered are the parts of a timestamp response that can be changed, each in at
// least one bit, without its being refused. None says anything that is used: what
// was stamped, when and by whom is covered. "form of" is a tag or a length.
var uncovered = []string{
	"content type",
	"digest algorithms",
	"form of the content",
	"form of the digest algorithms",
	"form of the signed attributes",
	"status",
	"version",
	"version of the signer",
}

// timestampParts names the parts of a response by their place in it (RFC 3161, 2.4.2,
// and RFC 5652, 5.1): the positions of a value among its siblings, from outside.
var timestampParts = []struct{ place, name string }{
	{"0.0", "status"},
	{"0.1.1.0.0", "version"},
	{"0.1.1.0.1", "digest algorithms"},
	{"0.1.1.0.2.0", "content type"},
	{"0.1.1.0.2.1", "content"},
	{"0.1.1.0.3", "certificates"},
	{"0.1.1.0.4.0.0", "version of the signer"},
	{"0.1.1.0.4.0.1", "name of the signer"},
	{"0.1.1.0.4.0.2", "digest algorithm of the signer"},
	{"0.1.1.0.4.0.3", "signed attributes"},
	{"0.1.1.0.4.0.4", "signature algorithm"},
	{"0.1.1.0.4.0.5", "signature"},
	{"0.1.1", "content"},
	{"0.1.0", "type of the token"},
	{"0", "response"},
}

func TestUncoveredBytesOfTimestamps(t *testing.T) {
	all, policy, _ := attestations(t)
	a := mustDecode(t, all["key and timestamp"])
	response := a.VerificationMaterial.Timestamps.RFC3161[0].Response
	parts := partsOfDER(t, response, "")
	found := map[string]bool{}
	for i := range response {
		for bit := range 8 {
			response[i] ^= 1 << bit
			if by, err := a.verify(policy); err == nil {
				found[parts[i]] = true
				if !by.timestamp.Time.Equal(sealedAt) || by.timestamp.Authority != "https://tsa.example.com" {
					t.Errorf("byte %d changes what the timestamp says: %+v", i, by.timestamp)
				}
			}
			response[i] ^= 1 << bit
		}
	}
	if diff := cmp.Diff(uncovered, slices.Sorted(maps.Keys(found))); diff != "" {
		t.Errorf("not covered (-want +got):\n%s", diff)
	}
}

// partsOfDER names the part that each byte belongs to.
func partsOfDER(t testing.TB, der []byte, place string) []string {
	t.Helper()
	var out []string
	for n := 0; len(der) > 0; n++ {
		var v asn1.RawValue
		rest, err := asn1.Unmarshal(der, &v)
		if err != nil {
			t.Fatal(err)
		}
		at := strings.TrimPrefix(fmt.Sprintf("%s.%d", place, n), ".")
		head := len(v.FullBytes) - len(v.Bytes)
		name := partAt(at)
		out = append(out, slices.Repeat([]string{"form of the " + name}, head)...)
		if v.IsCompound {
			out = append(out, partsOfDER(t, v.Bytes, at)...)
		} else {
			out = append(out, slices.Repeat([]string{name}, len(v.Bytes))...)
		}
		der = rest
	}
	return out
}

func partAt(place string) string {
	for _, p := range timestampParts {
		if place == p.place || strings.HasPrefix(place, p.place+".") {
			return p.name
		}
	}
	return place
}
