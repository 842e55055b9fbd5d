package seal

import (
	"bytes"
	"os"
	"strings"
	"testing"
)

// One member is verified without the others: a change of it, of the directory or of
// the seal is refused, and a change of another member is not seen.
func TestVerifyPart(t *testing.T) {
	signer, other := newSigner(t), newSigner(t)
	report := strings.Repeat("{\"a\": 1}\n", 200)
	s := sealInto(t, t.TempDir(), "bundle", map[string]string{"report.json": report, "evidence/rows.jsonl": strings.Repeat("{}\n", 300)}, claim(), signer)
	whole, err := os.ReadFile(s.Archive)
	if err != nil {
		t.Fatal(err)
	}
	part := func(b []byte, p Policy) (*Part, error) {
		return VerifyPart(t.Context(), bytes.NewReader(b), int64(len(b)), "report.json", p)
	}
	got, err := part(whole, trusting(signer))
	if err != nil {
		t.Fatal(err)
	}
	if string(got.Content) != report || got.Digest != s.Digest {
		t.Errorf("digest %s and %d bytes", got.Digest, len(got.Content))
	}
	if p, err := part(whole, trusting(other)); err == nil {
		t.Errorf("accepted with another key: %+v", p)
	}
	if p, err := part(whole, Policy{}); err == nil {
		t.Errorf("accepted without a policy: %+v", p)
	}
	if p, err := VerifyPart(t.Context(), bytes.NewReader(whole), int64(len(whole)), "absent.json", trusting(signer)); err == nil {
		t.Errorf("a member that is not there: %+v", p)
	}
	evidence, unseen := dataOf(t, whole, "evidence/rows.jsonl"), 0
	for at := range whole {
		changed := bytes.Clone(whole)
		changed[at] ^= 1
		p, err := part(changed, trusting(signer))
		switch {
		case err != nil && p != nil:
			t.Fatalf("byte %d: an error and a result", at)
		case err == nil && string(p.Content) != report:
			t.Fatalf("byte %d: another report is accepted", at)
		case err == nil && at == evidence:
			unseen++
		}
	}
	if unseen == 0 {
		t.Error("the evidence is read")
	}
	for _, n := range []int{0, 1, len(whole) / 2, len(whole) - 1} {
		if p, err := part(whole[:n], trusting(signer)); err == nil {
			t.Errorf("accepted after %d bytes: %+v", n, p)
		}
	}
}

// dataOf returns where the data of a member begins: behind the first of its names.
func dataOf(t *testing.T, archive []byte, name string) int {
	t.Helper()
	at := bytes.Index(archive, []byte(name))
	if at < 0 {
		t.Fatalf("the archive has no %s", name)
	}
	return at + len(name)
}
