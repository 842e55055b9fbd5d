package seal

import (
	"bytes"
	"crypto/ed25519"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// fuzzSigner is the same in each process of a fuzz run.
func fuzzSigner(t testing.TB) *Signer {
	t.Helper()
	s, err := NewSigner(ed25519.NewKeyFromSeed(bytes.Repeat([]byte{7}, ed25519.SeedSize)))
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// fuzzBundles are a signed and an unsigned archive, and some that are wrong.
func fuzzBundles(f *testing.F) (good, bad [][]byte) {
	files := map[string]string{"report.pdf": "%PDF", "evidence/a.jsonl": "{}\n{}\n{}\n{}\n{}\n{}\n{}\n"}
	for _, s := range []*Signer{fuzzSigner(f), nil} {
		zip := readFile(f, sealInto(f, f.TempDir(), "q", files, claim(), s).Archive)
		good = append(good, zip)
		for _, forge := range []func(*forgery){
			func(g *forgery) { g.insert(stored("../x", "x")) },
			func(g *forgery) { g.remove(f, "report.pdf") },
			func(g *forgery) { g.comment = []byte("c") },
			func(g *forgery) { g.gap = append(zip64End(g), zip64Locator()...) },
			func(g *forgery) { g.entries = g.entries[len(g.entries)-1:] },
		} {
			g := takeApart(f, bytes.Clone(zip))
			forge(g)
			bad = append(bad, g.bytes())
		}
	}
	return good, bad
}

// FuzzArchive claims that an accepted archive packs again to the same bytes, and
// that a refused one gives nothing but an *Error.
func FuzzArchive(f *testing.F) {
	good, bad := fuzzBundles(f)
	for _, zip := range append(good, bad...) {
		f.Add(zip)
	}
	policies := []Policy{trusting(fuzzSigner(f)), {UnsafeUnsigned: true}}
	f.Fuzz(func(t *testing.T, zip []byte) {
		for _, policy := range policies {
			v, err := verifyBytes(t, zip, policy)
			if err != nil {
				if refused := (*Error)(nil); v != nil || !errors.As(err, &refused) {
					t.Fatalf("got %v with error %v", v, err)
				}
				continue
			}
			if !bytes.Equal(packAgain(t, v), zip) {
				t.Fatal("an accepted archive packs again to other bytes")
			}
		}
	})
}

// packAgain writes the archive of a verified one's members.
func packAgain(t *testing.T, v *Verified) []byte {
	path := filepath.Join(t.TempDir(), "again.zip")
	file, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer file.Close()
	p, err := newPacker(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, m := range v.Manifest.Members {
		content, err := fs.ReadFile(v.FS(), m.Path)
		if err != nil {
			t.Fatal(err)
		}
		if err := p.add(t.Context(), m.Path, bytes.NewReader(content)); err != nil {
			t.Fatal(err)
		}
	}
	name, content, err := v.container.sealFile()
	if err != nil {
		t.Fatal(err)
	}
	if err := p.finish(name, content); err != nil {
		t.Fatal(err)
	}
	return readFile(t, path)
}

// FuzzAttestation claims that an accepted attestation is written again to the same
// bytes, and that of a refused one nothing is left.
func FuzzAttestation(f *testing.F) {
	good, _ := fuzzBundles(f)
	sealed := takeApart(f, good[0]).attestation()
	f.Add(sealed)
	f.Add(bytes.Replace(sealed, []byte(": "), []byte(":"), 1))
	f.Add(bytes.Replace(sealed, []byte(`"sig"`), []byte(`"keyid": "", "sig"`), 1))
	f.Add([]byte("null"))
	h := newHouse(f)
	f.Add(paper{house: h, stampedBy: h, key: newKey(f), account: auditAccount, issuer: labIssuer, from: sealedAt, at: sealedAt}.write(f, sealed))
	f.Fuzz(func(t *testing.T, b []byte) {
		a, err := decodeAttestation(b)
		if err != nil {
			if refused := (*Error)(nil); a != nil || !errors.As(err, &refused) {
				t.Fatalf("got %v with error %v", a, err)
			}
			return
		}
		if again := mustMarshal(t, a); !bytes.Equal(again, b) {
			t.Fatalf("an accepted attestation is written again as\n%s", again)
		}
	})
}

// FuzzStatement claims that an accepted statement of our version is written again
// to the same bytes, and that of a refused one nothing is left.
func FuzzStatement(f *testing.F) {
	good, _ := fuzzBundles(f)
	payload := takeApart(f, good[1]).attestation()
	f.Add(payload)
	f.Add(bytes.Replace(payload, []byte(`"1.0.0"`), []byte(`"1.0.7"`), 1))
	f.Add(bytes.Replace(payload, []byte(`"subject"`), []byte(`"Subject"`), 1))
	f.Add(bytes.Replace(payload, []byte("report.pdf"), []byte("../../x.pdf"), 2))
	f.Fuzz(func(t *testing.T, b []byte) {
		m, members, err := readStatement(b)
		if err != nil {
			if refused := (*Error)(nil); members != nil || m.SchemaVersion != "" || !errors.As(err, &refused) {
				t.Fatalf("got %v, %v with error %v", m, members, err)
			}
			return
		}
		if m.SchemaVersion != schema.Version {
			return
		}
		again, err := newStatement(m.Claim, members)
		if err != nil || !bytes.Equal(again, b) {
			t.Fatalf("an accepted statement is written again as %v\n%s", err, again)
		}
	})
}
