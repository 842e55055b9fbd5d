package seal

import (
	"bytes"
	"crypto"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

func TestEveryByteOfAnArchiveCounts(t *testing.T) {
	s := newSigner(t)
	zip := smallBundle(t, s)
	if _, err := verifyBytes(t, zip, trusting(s)); err != nil {
		t.Fatal(err)
	}
	named := 0
	for i := range zip {
		// Two bits of each byte: one in turn, and the one that changes the case of a letter.
		for _, bit := range []byte{1 << (i % 8), 0x20} {
			zip[i] ^= bit
			v, err := verifyBytes(t, zip, trusting(s))
			if e := refusal(t, v, err); e.Member != "" {
				named++
			}
			zip[i] ^= bit
		}
	}
	if named == 0 {
		t.Error("no refusal named a member")
	}
}

func TestAlteredMemberIsNamed(t *testing.T) {
	s := newSigner(t)
	f := takeApart(t, smallBundle(t, s))
	for _, e := range f.entries[:len(f.entries)-1] {
		for i := range e.data {
			e.data[i] ^= 1
			v, err := verifyBytes(t, f.bytes(), trusting(s))
			if got := refusal(t, v, err); got.Member != e.name || got.Kind != Altered {
				t.Errorf("byte %d of %s: got %s of %q", i, e.name, got.Kind, got.Member)
			}
			e.data[i] ^= 1
		}
	}
}

func TestTruncatedArchiveIsRefused(t *testing.T) {
	s := newSigner(t)
	zip := smallBundle(t, s)
	for n := range zip {
		v, err := verifyBytes(t, zip[:n], trusting(s))
		refusal(t, v, err)
	}
}

func TestForgedArchives(t *testing.T) {
	s, other := newSigner(t), newSigner(t)
	out := t.TempDir()
	zip := readFile(t, sealInto(t, out, "q", sample, claim(), s).Archive)
	laterClaim := claim()
	laterClaim.AsOf = laterClaim.AsOf.AddDate(0, 3, 0)
	later := takeApart(t, readFile(t, sealInto(t, out, "later", sample, laterClaim, s).Archive))
	changed := map[string]string{"report.pdf": "another report"}
	anotherOne := takeApart(t, readFile(t, sealInto(t, out, "another", changed, claim(), s).Archive))
	unsigned := takeApart(t, readFile(t, sealInto(t, out, "unsigned", sample, claim(), nil).Archive))
	others := takeApart(t, readFile(t, sealInto(t, out, "others", sample, claim(), other).Archive))

	set := func(at int, b ...byte) func([]byte) []byte {
		return func(h []byte) []byte { copy(h[at:], b); return h }
	}
	text := func(from, to string) func(*forgery) {
		return func(f *forgery) { f.reseal(bytes.Replace(f.attestation(), []byte(from), []byte(to), 1)) }
	}
	signed := func(change func(*statement)) func(*forgery) {
		return func(f *forgery) { f.reseal(resign(t, f.attestation(), s, change)) }
	}
	const pdf = "report.pdf"
	tests := []struct {
		name   string
		forge  func(f *forgery)
		kind   Kind
		member string
	}{
		// Members.
		{"removed", func(f *forgery) { f.remove(t, pdf) }, Missing, pdf},
		{"removed from the directory only", func(f *forgery) { f.find(t, pdf).unlisted = true }, Missing, pdf},
		{"removed from the body only", func(f *forgery) { f.find(t, pdf).noData = true }, BadContainer, AttestationFile}, // whose place in the directory is another then
		{"added", func(f *forgery) { f.insert(stored("zzz.txt", "x")) }, Extra, "zzz.txt"},
		{"added in the body only", func(f *forgery) { e := stored("zzz.txt", "x"); e.unlisted = true; f.insert(e) }, BadContainer, AttestationFile},
		{"added behind the attestation", func(f *forgery) { f.entries = append(f.entries, stored("zzz.txt", "x")) }, Extra, "zzz.txt"},
		{"renamed", func(f *forgery) { f.find(t, pdf).name = "report2.pdf" }, Extra, "report2.pdf"},
		{"renamed in the body only", func(f *forgery) { f.find(t, pdf).local = set(localSize, 'R') }, BadContainer, pdf},
		{"names traded", func(f *forgery) {
			a, b := f.find(t, pdf), f.find(t, "inputs/plan.yaml")
			a.data, b.data = b.data, a.data
			a.zipEntry, b.zipEntry = b.zipEntry, a.zipEntry
			a.name, b.name = b.name, a.name
		}, BadContainer, "inputs/plan.yaml"},
		{"repeated", func(f *forgery) { f.insert(*f.find(t, pdf)) }, Repeated, pdf},
		{"repeated with other content", func(f *forgery) { f.insert(stored(pdf, "other")) }, Repeated, pdf},
		{"case twin", func(f *forgery) { f.insert(stored("Report.PDF", "x")) }, BadName, "Report.PDF"},
		{"absolute", func(f *forgery) { f.insert(stored("/etc/passwd", "x")) }, BadName, "/etc/passwd"},
		{"climbing", func(f *forgery) { f.insert(stored("../../etc/passwd", "x")) }, BadName, "../../etc/passwd"},
		{"climbing with backslashes", func(f *forgery) { f.insert(stored(`..\..\evil`, "x")) }, BadName, `..\..\evil`},
		{"empty name", func(f *forgery) { f.insert(stored("", "x")) }, BadName, ""},
		{"folder", func(f *forgery) { f.insert(stored("evidence/", "")) }, BadName, "evidence/"},
		{"terminal codes", func(f *forgery) { f.insert(stored("\x1b[2J", "")) }, BadName, "\x1b[2J"},
		{"second statement", func(f *forgery) { f.insert(stored(StatementFile, "{}")) }, BadName, StatementFile},
		{"link", func(f *forgery) { f.find(t, pdf).central = set(40, 0, 0xa0) }, BadType, pdf},
		{"other order", func(f *forgery) { f.entries[0], f.entries[1] = f.entries[1], f.entries[0] }, BadContainer, "evidence/bindings.jsonl"},
		{"other content", func(f *forgery) { *f.find(t, pdf) = stored(pdf, "%PDF-1.3 more to be seen here\n") }, BadContainer, pdf},
		{"same size, other content", func(f *forgery) {
			e := f.find(t, pdf)
			e.data = bytes.Repeat([]byte("x"), len(e.data))
			e.crc = crc(e.data)
		}, BadContainer, pdf},
		{"same size, other content, old checksum", func(f *forgery) { e := f.find(t, pdf); e.data = bytes.Repeat([]byte("x"), len(e.data)) }, Altered, pdf},
		{"stored instead of deflated", func(f *forgery) {
			*f.find(t, "report.json") = stored("report.json", sample["report.json"])
		}, BadContainer, "report.json"},
		{"says that it is larger", func(f *forgery) { f.find(t, "report.json").size = 1 << 31 }, BadContainer, "report.json"},

		// The archive around them.
		{"data before", func(f *forgery) { f.before = []byte("MZ") }, BadContainer, InstructionsFile},
		{"data between", func(f *forgery) { e := f.find(t, pdf); e.data = append(bytes.Clone(e.data), "hidden"...) }, BadContainer, AttestationFile},
		{"data before the directory", func(f *forgery) { f.gap = []byte("hidden") }, BadContainer, ""},
		{"data behind", func(f *forgery) { f.after = []byte("hidden") }, BadContainer, ""},
		{"comment", func(f *forgery) { f.comment = []byte("hidden") }, BadContainer, ""},
		{"second end record", func(f *forgery) { f.after = endRecord(0, 0, 0) }, BadContainer, ""},
		{"another whole archive behind", func(f *forgery) { f.after = anotherOne.bytes() }, BadContainer, ""},
		{"another whole archive before", func(f *forgery) { f.before = anotherOne.bytes() }, BadContainer, InstructionsFile},
		{"zip64 locator", func(f *forgery) { f.gap = append(zip64End(f), zip64Locator()...) }, BadContainer, ""},
		{"zip64 sizes", func(f *forgery) { f.find(t, pdf).central = zip64Extra }, BadContainer, pdf},
		{"other time", func(f *forgery) { f.find(t, pdf).central = set(12, 1) }, BadContainer, pdf},
		{"other time in the body", func(f *forgery) { f.find(t, pdf).local = set(10, 1) }, BadContainer, pdf},
		{"encrypted flag", func(f *forgery) { f.find(t, pdf).central = set(8, 1) }, BadContainer, pdf},
		{"executable", func(f *forgery) { f.find(t, pdf).central = set(40, 0xed, 0x81) }, BadType, pdf},
		{"attestation deflated", func(f *forgery) { f.entries[len(f.entries)-1].method = methodDeflate }, BadContainer, AttestationFile},
		{"attestation's mode", func(f *forgery) { f.entries[len(f.entries)-1].central = set(38, 1) }, BadContainer, AttestationFile},
		{"attestation too large", func(f *forgery) { f.reseal(make([]byte, MaxAttestation+1)) }, TooLarge, AttestationFile},
		{"too many files", func(f *forgery) {
			for i := range MaxMembers + 1 {
				f.insert(stored(fmt.Sprint("zz", i), ""))
			}
		}, TooLarge, ""},
		{"no files", func(f *forgery) { f.entries = nil }, BadContainer, ""},

		// The attestation.
		{"no attestation", func(f *forgery) { f.remove(t, AttestationFile) }, Missing, AttestationFile},
		{"attestation of a later bundle", func(f *forgery) { f.reseal(later.attestation()) }, BadContainer, InstructionsFile},
		{"attestation of a bundle of other files", func(f *forgery) { f.reseal(anotherOne.attestation()) }, Extra, "evidence/bindings.jsonl"},
		{"signed by another key", func(f *forgery) { f.reseal(others.attestation()) }, BadSignature, ""},
		{"signed by another key with our hint", func(f *forgery) {
			a, b := mustDecode(t, f.attestation()), mustDecode(t, others.attestation())
			b.VerificationMaterial = a.VerificationMaterial
			f.reseal(mustMarshal(t, b))
		}, BadSignature, ""},
		{"statement instead of attestation", func(f *forgery) {
			f.entries[len(f.entries)-1] = unsigned.entries[len(unsigned.entries)-1]
		}, NotSigned, ""},
		{"not JSON", func(f *forgery) { f.reseal([]byte("{")) }, BadAttestation, ""},
		{"empty attestation", func(f *forgery) { f.reseal(nil) }, BadAttestation, ""},
		{"other white space", text(": ", ":  "), BadAttestation, ""},
		{"byte order mark", text("{", "\ufeff{"), BadAttestation, ""},
		{"unknown field", text(`"dsseEnvelope"`, `"extra": 1, "dsseEnvelope"`), BadAttestation, ""},
		{"field in other case", text(`"mediaType"`, `"MEDIATYPE"`), BadAttestation, ""},
		{"other media type", text("bundle.v0.3", "bundle.v0.2"), BadAttestation, ""},
		{"other payload type", text(payloadType, "text/plain"), BadAttestation, ""},
		{"other hint", func(f *forgery) {
			a := mustDecode(t, f.attestation())
			a.VerificationMaterial.PublicKey.Hint = base64.StdEncoding.EncodeToString(make([]byte, 32))
			f.reseal(mustMarshal(t, a))
		}, BadSignature, ""},
		{"no signature", func(f *forgery) {
			a := mustDecode(t, f.attestation())
			a.Envelope.Signatures = nil
			f.reseal(mustMarshal(t, a))
		}, BadAttestation, ""},
		{"second signature", func(f *forgery) {
			a, b := mustDecode(t, f.attestation()), mustDecode(t, others.attestation())
			a.Envelope.Signatures = append(a.Envelope.Signatures, b.Envelope.Signatures...)
			f.reseal(mustMarshal(t, a))
		}, BadAttestation, ""},
		{"signature in raw form", func(f *forgery) {
			a := mustDecode(t, f.attestation())
			a.Envelope.Signatures[0].Sig = rawForm(t, a.Envelope.Signatures[0].Sig)
			f.reseal(mustMarshal(t, a))
		}, BadSignature, ""},
		{"payload changed", func(f *forgery) {
			a := mustDecode(t, f.attestation())
			a.Envelope.Payload = bytes.Replace(a.Envelope.Payload, []byte(`"gaps": 2`), []byte(`"gaps": 0`), 1)
			f.reseal(mustMarshal(t, a))
		}, BadSignature, ""},

		// Statements that the right key signed and that break the format.
		{"other predicate type", signed(func(st *statement) { st.PredicateType = "https://slsa.dev/provenance/v1" }), BadStatement, ""},
		{"other statement type", signed(func(st *statement) { st.Type = "https://in-toto.io/Statement/v0.1" }), BadStatement, ""},
		{"next model", signed(func(st *statement) { st.Predicate.SchemaVersion = "2.0.0" }), BadVersion, ""},
		{"next revision", signed(func(st *statement) { st.Predicate.SchemaVersion = "1.1.0" }), BadVersion, ""},
		{"no version", signed(func(st *statement) { st.Predicate.SchemaVersion = "" }), BadVersion, ""},
		{"odd version", signed(func(st *statement) { st.Predicate.SchemaVersion = "1.0.00" }), BadVersion, ""},
		{"no subjects", signed(func(st *statement) { st.Subject, st.Predicate.Members = nil, nil }), BadStatement, ""},
		{"subjects reordered", signed(func(st *statement) { st.Subject[0], st.Subject[1] = st.Subject[1], st.Subject[0] }), BadStatement, "evidence/bindings.jsonl"},
		{"all reordered", signed(func(st *statement) {
			m := st.Predicate.Members
			st.Subject[1], st.Subject[2] = st.Subject[2], st.Subject[1]
			m[1], m[2] = m[2], m[1]
		}), BadStatement, "evidence/bindings.jsonl"},
		{"subject twice", signed(func(st *statement) { st.Subject = append(st.Subject, st.Subject[0]) }), BadStatement, ""},
		{"member twice", signed(func(st *statement) { twice(st, 0) }), Repeated, InstructionsFile},
		{"subject left out", signed(func(st *statement) { st.Subject = st.Subject[1:] }), BadStatement, ""},
		{"member left out", signed(func(st *statement) { leaveOut(st, 1) }), Extra, "evidence/bindings.jsonl"},
		{"climbing member", signed(func(st *statement) { rename(st, 0, "../x") }), BadName, "../x"},
		{"case twins", signed(func(st *statement) { twice(st, 0); rename(st, 0, "Verify.md") }), BadName, InstructionsFile},
		{"file and folder", signed(func(st *statement) { twice(st, 1); rename(st, 1, "evidence") }), BadName, "evidence/bindings.jsonl"},
		{"digest in capitals", signed(func(st *statement) { st.Subject[0].Digest.SHA256 = strings.ToUpper(st.Subject[0].Digest.SHA256) }), BadStatement, InstructionsFile},
		{"other digest", signed(func(st *statement) { st.Subject[1].Digest.SHA256 = strings.Repeat("0", 64) }), Altered, "evidence/bindings.jsonl"},
		{"other packed digest", signed(func(st *statement) { st.Predicate.Members[1].Packed.SHA256 = strings.Repeat("0", 64) }), Altered, "evidence/bindings.jsonl"},
		{"other checksum", signed(func(st *statement) { st.Predicate.Members[1].Packed.CRC32 = "00000000" }), BadContainer, "evidence/bindings.jsonl"},
		{"unknown method", signed(func(st *statement) { st.Predicate.Members[1].Packed.Method = "zstd" }), BadStatement, "evidence/bindings.jsonl"},
		{"bomb", signed(func(st *statement) { st.Predicate.Members[1].Size = 1 << 29 }), TooLarge, "evidence/bindings.jsonl"},
		{"giant member", signed(func(st *statement) { st.Predicate.Members[1].Size = MaxMemberSize + 1 }), TooLarge, "evidence/bindings.jsonl"},
		{"giant sum", signed(func(st *statement) { sizes(st, MaxMemberSize) }), TooLarge, "evidence/empty.jsonl"},
		{"negative size", signed(func(st *statement) { sizes(st, -1) }), BadStatement, InstructionsFile},
		{"too many members", signed(func(st *statement) { many(st) }), TooLarge, ""},
		{"says unsigned", signed(func(st *statement) { st.Predicate.Plan.Unsigned = true }), BadStatement, ""},
		{"no plan", signed(func(st *statement) { st.Predicate.Plan.Name = "" }), BadStatement, ""},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := takeApart(t, bytes.Clone(zip))
			tt.forge(f)
			v, err := verifyBytes(t, f.bytes(), trusting(s))
			got := refusal(t, v, err)
			if got.Kind != tt.kind || got.Member != tt.member {
				t.Errorf("got kind %q, member %q (%v); want %q, %q", got.Kind, got.Member, got, tt.kind, tt.member)
			}
		})
	}
}

func TestDeflatedDataIsOneExactStream(t *testing.T) {
	s := newSigner(t)
	const name = "evidence/bindings.jsonl"
	zip := readFile(t, sealInto(t, t.TempDir(), "q", sample, claim(), s).Archive)
	tests := []struct {
		name   string
		change func(e *forgedEntry, m *schema.Member, sub *subject)
		kind   Kind
	}{
		{"bytes behind the stream", func(e *forgedEntry, m *schema.Member, _ *subject) { e.data = append(bytes.Clone(e.data), 0) }, Altered},
		{"cut off", func(e *forgedEntry, m *schema.Member, _ *subject) { e.data = e.data[:len(e.data)-1] }, Altered},
		{"gives more", func(e *forgedEntry, m *schema.Member, _ *subject) { m.Size--; e.size-- }, Altered},
		{"gives less", func(e *forgedEntry, m *schema.Member, _ *subject) { m.Size++; e.size++ }, Altered},
		{"other checksum", func(e *forgedEntry, m *schema.Member, _ *subject) { m.Packed.CRC32 = "00000001"; e.crc = 1 }, BadStatement},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			f := takeApart(t, bytes.Clone(zip))
			f.reseal(resign(t, f.attestation(), s, func(st *statement) {
				for i := range st.Subject {
					if m := &st.Predicate.Members[i]; m.Path == name {
						e := f.find(t, name)
						tt.change(e, m, &st.Subject[i])
						e.packed, m.Packed.Size = uint32(len(e.data)), int64(len(e.data))
						m.Packed.SHA256 = fmt.Sprintf("%x", sum256(e.data))
					}
				}
			}))
			v, err := verifyBytes(t, f.bytes(), trusting(s))
			if got := refusal(t, v, err); got.Kind != tt.kind || got.Member != name {
				t.Errorf("got kind %q, member %q (%v); want %q", got.Kind, got.Member, got, tt.kind)
			}
		})
	}
}

func TestLaterAdditionIsRead(t *testing.T) {
	s := newSigner(t)
	f := takeApart(t, smallBundle(t, s))
	a := mustDecode(t, f.attestation())
	payload := bytes.Replace(a.Envelope.Payload, []byte(`"schemaVersion": "1.0.0",`), []byte(`"schemaVersion": "1.0.1", "new": true,`), 1)
	b, err := attest(t.Context(), payload, s)
	if err != nil {
		t.Fatal(err)
	}
	f.reseal(b)
	v, err := verifyBytes(t, f.bytes(), trusting(s))
	if err != nil {
		t.Fatal(err)
	}
	if got := v.Manifest.SchemaVersion; got != "1.0.1" {
		t.Errorf("got version %s", got)
	}

	payload = bytes.Replace(a.Envelope.Payload, []byte(`"schemaVersion": "1.0.0",`), []byte(`"schemaVersion": "1.0.0", "new": true,`), 1)
	if b, err = attest(t.Context(), payload, s); err != nil {
		t.Fatal(err)
	}
	f.reseal(b)
	v, err = verifyBytes(t, f.bytes(), trusting(s))
	if got := refusal(t, v, err); got.Kind != BadStatement {
		t.Errorf("a field that version 1.0.0 does not have: %v", got)
	}
}

func TestForgedFolders(t *testing.T) {
	s := newSigner(t)
	tests := []struct {
		name   string
		forge  func(t *testing.T, dir string)
		kind   Kind
		member string
	}{
		{"altered", func(t *testing.T, dir string) { put(t, dir, "report.pdf", "%PDF-1.3 not compressed Again\n") }, Altered, "report.pdf"},
		{"longer", func(t *testing.T, dir string) { put(t, dir, "report.pdf", sample["report.pdf"]+"x") }, Altered, "report.pdf"},
		{"emptied", func(t *testing.T, dir string) { put(t, dir, "report.pdf", "") }, Altered, "report.pdf"},
		{"no longer empty", func(t *testing.T, dir string) { put(t, dir, "evidence/empty.jsonl", "x") }, Altered, "evidence/empty.jsonl"},
		{"missing", func(t *testing.T, dir string) { remove(t, dir, "report.pdf") }, Missing, "report.pdf"},
		{"missing folder", func(t *testing.T, dir string) { remove(t, dir, "inputs") }, Missing, "inputs/plan.yaml"},
		{"no attestation", func(t *testing.T, dir string) { remove(t, dir, AttestationFile) }, Missing, AttestationFile},
		{"extra", func(t *testing.T, dir string) { put(t, dir, "evidence/more.jsonl", "{}") }, Extra, "evidence/more.jsonl"},
		{"extra folder", func(t *testing.T, dir string) { mkdir(t, dir, "evidence/more") }, Extra, "evidence/more"},
		{"file manager", func(t *testing.T, dir string) { put(t, dir, ".DS_Store", "x") }, Extra, ".DS_Store"},
		{"unsigned statement beside", func(t *testing.T, dir string) { put(t, dir, StatementFile, "{}") }, BadName, StatementFile},
		{"case twin", func(t *testing.T, dir string) { put(t, dir, "Report.pdf", sample["report.pdf"]) }, BadName, "Report.pdf"},
		{"renamed", func(t *testing.T, dir string) { move(t, dir, "report.pdf", "report2.pdf") }, Extra, "report2.pdf"},
		{"link to the same content", func(t *testing.T, dir string) {
			move(t, dir, "report.pdf", "../report.pdf")
			symlink(t, "../report.pdf", filepath.Join(dir, "report.pdf"))
		}, BadType, "report.pdf"},
		{"link within", func(t *testing.T, dir string) {
			remove(t, dir, "report.pdf")
			symlink(t, "report.json", filepath.Join(dir, "report.pdf"))
		}, BadType, "report.pdf"},
		{"folder behind a link", func(t *testing.T, dir string) {
			move(t, dir, "evidence", "../evidence")
			symlink(t, "../evidence", filepath.Join(dir, "evidence"))
		}, Extra, "evidence"},
		{"attestation behind a link", func(t *testing.T, dir string) {
			move(t, dir, AttestationFile, "../a")
			symlink(t, "../a", filepath.Join(dir, AttestationFile))
		}, BadType, AttestationFile},
		{"pipe", func(t *testing.T, dir string) {
			remove(t, dir, "report.pdf")
			if err := syscall.Mkfifo(filepath.Join(dir, "report.pdf"), 0o600); err != nil {
				t.Fatal(err)
			}
		}, BadType, "report.pdf"},
		{"folder instead of a file", func(t *testing.T, dir string) { remove(t, dir, "report.pdf"); mkdir(t, dir, "report.pdf") }, BadType, "report.pdf"},
		{"file instead of a folder", func(t *testing.T, dir string) { remove(t, dir, "inputs"); put(t, dir, "inputs", "x") }, Extra, "inputs"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
			tt.forge(t, sealed.Folder)
			v, err := Verify(t.Context(), sealed.Folder, trusting(s))
			got := refusal(t, v, err)
			if got.Kind != tt.kind || got.Member != tt.member {
				t.Errorf("got kind %q, member %q (%v); want %q, %q", got.Kind, got.Member, got, tt.kind, tt.member)
			}
		})
	}
}

func TestPolicies(t *testing.T) {
	out, s, other := t.TempDir(), newSigner(t), newSigner(t)
	signed := sealInto(t, out, "signed", sample, claim(), s)
	unsigned := sealInto(t, out, "unsigned", sample, claim(), nil)
	next := claim()
	next.Previous = &schema.PreviousBundle{SHA256: signed.Digest}
	chained := sealInto(t, out, "chained", sample, next, s)
	both := Policy{Keys: []crypto.PublicKey{other.Public(), s.Public()}}
	unsafe := Policy{UnsafeUnsigned: true}

	tests := []struct {
		name   string
		bundle *Sealed
		policy Policy
		want   Kind // empty for accepted
	}{
		{"no policy", signed, Policy{}, NoPolicy},
		{"no policy, unsigned", unsigned, Policy{}, NoPolicy},
		{"right key", signed, trusting(s), ""},
		{"one of two keys", signed, both, ""},
		{"another key", signed, trusting(other), BadSignature},
		{"key for unsigned", unsigned, trusting(s), NotSigned},
		{"unsigned", unsigned, unsafe, ""},
		{"unsigned allowed, but signed", signed, unsafe, NoPolicy},
		{"key and unsigned", unsigned, Policy{Keys: both.Keys, UnsafeUnsigned: true}, NoPolicy},
		{"chain", chained, Policy{Keys: both.Keys, Previous: signed.Digest}, ""},
		{"chain not asked", chained, trusting(s), ""},
		{"another chain", chained, Policy{Keys: both.Keys, Previous: unsigned.Digest}, BadChain},
		{"no chain", signed, Policy{Keys: both.Keys, Previous: signed.Digest}, BadChain},
		{"chain without digest", signed, Policy{Keys: both.Keys, Previous: "q.zip"}, NoPolicy},
	}
	for _, tt := range tests {
		for _, path := range []string{tt.bundle.Archive, tt.bundle.Folder} {
			v, err := Verify(t.Context(), path, tt.policy)
			if tt.want == "" {
				if err != nil {
					t.Errorf("%s: %v", tt.name, err)
					continue
				}
				v.Close()
			} else if got := refusal(t, v, err); got.Kind != tt.want {
				t.Errorf("%s: got %v, want kind %q", tt.name, got, tt.want)
			}
		}
	}
}

func TestUnsignedSaysThatItProvesNothing(t *testing.T) {
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), nil)
	v := mustVerify(t, sealed.Archive, Policy{UnsafeUnsigned: true})
	if v.Key != nil || !strings.Contains(strings.Join(v.NotChecked, "\n"), "no signature") {
		t.Errorf("key %v, not checked: %q", v.Key, v.NotChecked)
	}
	if strings.Contains(strings.Join(v.Checked, "\n"), "signature") {
		t.Errorf("checked: %q", v.Checked)
	}
}

func TestVerifyWhatIsNoBundle(t *testing.T) {
	dir, s := t.TempDir(), newSigner(t)
	writeFiles(t, dir, map[string]string{"empty": "", "report.pdf": "%PDF-1.3 and more than the 22 bytes of an end record"})
	if err := syscall.Mkfifo(filepath.Join(dir, "pipe"), 0o600); err != nil {
		t.Fatal(err)
	}
	for path, want := range map[string]Kind{"empty": BadContainer, "report.pdf": BadContainer, "pipe": BadType, ".": Missing} {
		v, err := Verify(t.Context(), filepath.Join(dir, path), trusting(s))
		if got := refusal(t, v, err); got.Kind != want {
			t.Errorf("%s: got %v, want kind %q", path, got, want)
		}
	}
	if v, err := Verify(t.Context(), filepath.Join(dir, "absent"), trusting(s)); v != nil || !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: got %v, %v", v, err)
	}
}

func TestMembersAreAFileSystem(t *testing.T) {
	s := newSigner(t)
	files := map[string]string{"large.jsonl": strings.Repeat("some line of a large member\n", 100_000)}
	var all []string
	for name, content := range sample {
		files[name] = content
	}
	for name := range files {
		all = append(all, name)
	}
	sealed := sealInto(t, t.TempDir(), "q", files, claim(), s)
	for _, path := range []string{sealed.Archive, sealed.Folder} {
		v := mustVerify(t, path, trusting(s))
		if err := fstest.TestFS(v.FS(), append(all, InstructionsFile)...); err != nil {
			t.Error(err)
		}
		for name, want := range files {
			got, err := fs.ReadFile(v.FS(), name)
			if err != nil || string(got) != want {
				t.Errorf("%s: got %d bytes, %v; want %d", name, len(got), err, len(want))
			}
			if v.SHA256(name) != fmt.Sprintf("%x", sum256([]byte(want))) {
				t.Errorf("%s: got digest %s", name, v.SHA256(name))
			}
		}
		if _, err := v.FS().Open(AttestationFile); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("the attestation is among the members: %v", err)
		}
	}
}

// Whoever can write to the bundle may change it after it was verified. The file
// system then gives an error in the place of the changed piece, not the piece.
func TestChangeAfterVerification(t *testing.T) {
	s := newSigner(t)
	content := strings.Repeat("0123456789abcdef", 3*chunkSize/16)
	files := map[string]string{"large.pdf": content, "large.jsonl": content, "small.pdf": "%PDF"}
	for _, form := range []string{"archive", "folder"} {
		for _, name := range []string{"large.pdf", "large.jsonl", "small.pdf"} {
			t.Run(form+" "+name, func(t *testing.T) {
				sealed := sealInto(t, t.TempDir(), "q", files, claim(), s)
				path, at := sealed.Archive, int64(0)
				if form == "folder" {
					path = sealed.Folder
				}
				v := mustVerify(t, path, trusting(s))
				m := v.members[name]
				place := path
				if form == "folder" {
					place, at = filepath.Join(path, name), m.Size-1
				} else {
					at = v.container.(*archive).offsets[name] + m.Packed.Size - 1
				}
				flipByte(t, place, at)

				f, err := v.FS().Open(name)
				if err != nil {
					t.Fatal(err)
				}
				defer f.Close()
				got, err := io.ReadAll(f)
				var refused *Error
				if !errors.As(err, &refused) || refused.Kind != Altered || refused.Member != name {
					t.Errorf("got error %v", err)
				}
				if !strings.HasPrefix(files[name], string(got)) {
					t.Error("changed content was handed out")
				}
			})
		}
	}
}

func flipByte(t *testing.T, path string, at int64) {
	t.Helper()
	f, err := os.OpenFile(path, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var b [1]byte
	if _, err := f.ReadAt(b[:], at); err != nil {
		t.Fatal(err)
	}
	b[0] ^= 0x40
	if _, err := f.WriteAt(b[:], at); err != nil {
		t.Fatal(err)
	}
}

func TestBoundsFitTogether(t *testing.T) {
	// All offsets of the largest archive fit 32 bits.
	headers := int64(MaxMembers+1) * (localSize + centralSize + 2*MaxPath)
	if MaxSize+headers+MaxAttestation+endSize > 1<<32-1 {
		t.Error("an archive within the bounds can need the 64-bit extension of ZIP")
	}
	// The largest statement fits the bound of the attestation.
	members := make([]member, MaxMembers)
	for i := range members {
		path := fmt.Sprintf("%04d", i)
		for len(path) < MaxPath {
			path += "/" + strings.Repeat("x", min(100, MaxPath-len(path)-1))
		}
		members[i] = member{sha256: strings.Repeat("0", 64), Member: schema.Member{
			Path: path, MediaType: "application/octet-stream", Role: schema.RoleEvidence, Size: MaxMemberSize,
			Packed: schema.Packed{Method: schema.PackDeflate, Size: MaxMemberSize, SHA256: strings.Repeat("0", 64), CRC32: "00000000"},
		}}
	}
	payload, err := newStatement(claim(), members)
	if err != nil {
		t.Fatal(err)
	}
	b, err := attest(t.Context(), payload, newSigner(t))
	if err != nil {
		t.Fatal(err)
	}
	if len(b) > MaxAttestation/2 {
		t.Errorf("the attestation of %d members has %d bytes", MaxMembers, len(b))
	}
}

func TestAsManyMembersAsAllowed(t *testing.T) {
	s := newSigner(t)
	files := map[string]string{}
	for i := range MaxMembers - 1 {
		files[fmt.Sprintf("evidence/%04d.jsonl", i)] = "{}\n"
	}
	sealed := sealInto(t, t.TempDir(), "q", files, claim(), s)
	mustVerify(t, sealed.Archive, trusting(s))
	files["one-more"] = ""
	_, err := trySeal(t, t.TempDir(), "q", files, claim(), s)
	if got := refusal(t, nil, err); got.Kind != TooLarge {
		t.Errorf("got %v", err)
	}
}

func TestVeryCompressibleMemberIsStored(t *testing.T) {
	s := newSigner(t)
	files := map[string]string{"zeros.jsonl": strings.Repeat("\x00", 1<<20), "lines.jsonl": sample["evidence/bindings.jsonl"]}
	v := mustVerify(t, sealInto(t, t.TempDir(), "q", files, claim(), s).Archive, trusting(s))
	got := map[string]schema.PackMethod{}
	for _, m := range v.Manifest.Members {
		got[m.Path] = m.Packed.Method
	}
	want := map[string]schema.PackMethod{"zeros.jsonl": schema.PackStore, "lines.jsonl": schema.PackDeflate, InstructionsFile: schema.PackDeflate}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("methods (-want +got):\n%s", diff)
	}
}

// zip64End, zip64Locator and zip64Extra are the 64-bit extension that the format does without.
func zip64End(f *forgery) []byte {
	b := binary.LittleEndian.AppendUint32(nil, 0x06064b50)
	b = binary.LittleEndian.AppendUint64(b, 44)
	return append(b, make([]byte, 44)...)
}

func zip64Locator() []byte {
	return append(binary.LittleEndian.AppendUint32(nil, 0x07064b50), make([]byte, 16)...)
}

func zip64Extra(h []byte) []byte {
	size := binary.LittleEndian.Uint32(h[24:])
	for _, at := range []int{20, 24} {
		binary.LittleEndian.PutUint32(h[at:], 1<<32-1)
	}
	binary.LittleEndian.PutUint16(h[30:], 20)
	h = append(h, 1, 0, 16, 0)
	h = binary.LittleEndian.AppendUint64(h, uint64(size))
	return binary.LittleEndian.AppendUint64(h, uint64(size))
}
