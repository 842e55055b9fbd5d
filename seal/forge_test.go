package seal

import (
	"bytes"
	"encoding/json"
	"hash/crc32"
	"os"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// This file makes bundles that are wrong in one thing only. What a test does not
// change is consistent: offsets, sizes, checksums and, where a test wants it, the signature.

// A forgery is an archive taken apart.
type forgery struct {
	entries []forgedEntry
	before  []byte // in front of the first entry
	gap     []byte // between the last entry and the directory
	comment []byte // behind the end record, and counted in it
	after   []byte // behind everything
}

type forgedEntry struct {
	zipEntry
	data     []byte
	local    func([]byte) []byte // changes the local header
	central  func([]byte) []byte // changes the directory entry
	unlisted bool                // leave it out of the directory
	noData   bool                // leave it out of the archive's body
}

// takeApart splits an archive that is right.
func takeApart(t testing.TB, zip []byte) *forgery {
	t.Helper()
	a, err := openArchive(bytes.NewReader(zip), int64(len(zip)), nil)
	if err != nil {
		t.Fatal(err)
	}
	f := &forgery{}
	for _, d := range a.directory {
		e := zipEntry{name: d.name, method: d.uint16(10), crc: d.uint32(16), packed: d.uint32(20), size: d.uint32(24), offset: d.uint32(42)}
		f.entries = append(f.entries, forgedEntry{zipEntry: e, data: zip[e.dataOffset():e.end()]})
	}
	return f
}

// find returns the entry of that name.
func (f *forgery) find(t testing.TB, name string) *forgedEntry {
	t.Helper()
	for i := range f.entries {
		if f.entries[i].name == name {
			return &f.entries[i]
		}
	}
	t.Fatalf("there is no entry %s", name)
	return nil
}

// remove takes the entry of that name out.
func (f *forgery) remove(t testing.TB, name string) {
	t.Helper()
	for i := range f.entries {
		if f.entries[i].name == name {
			f.entries = append(f.entries[:i:i], f.entries[i+1:]...)
			return
		}
	}
	t.Fatalf("there is no entry %s", name)
}

// stored returns an entry that is right in itself.
func stored(name, content string) forgedEntry {
	return forgedEntry{
		zipEntry: zipEntry{name: name, crc: crc32.ChecksumIEEE([]byte(content)), packed: uint32(len(content)), size: uint32(len(content))},
		data:     []byte(content),
	}
}

// insert puts an entry in front of the last one, which seals the bundle.
func (f *forgery) insert(e forgedEntry) {
	last := len(f.entries) - 1
	f.entries = append(f.entries[:last:last], e, f.entries[last])
}

// bytes puts the archive together.
func (f *forgery) bytes() []byte {
	out := bytes.Clone(f.before)
	var directory []byte
	count := 0
	for _, e := range f.entries {
		if e.offset = uint32(len(out)); !e.noData {
			header := e.localHeader()
			if e.local != nil {
				header = e.local(header)
			}
			out = append(append(out, header...), e.data...)
		}
		if e.unlisted {
			continue
		}
		header := e.centralHeader()
		if e.central != nil {
			header = e.central(header)
		}
		directory = append(directory, header...)
		count++
	}
	out = append(out, f.gap...)
	end := endRecord(count, uint32(len(directory)), uint32(len(out)))
	end[20], end[21] = byte(len(f.comment)), byte(len(f.comment)>>8)
	out = append(append(append(out, directory...), end...), f.comment...)
	return append(out, f.after...)
}

// resign lets change work on the statement in a seal file and signs the result.
func resign(t testing.TB, sealed []byte, s *Signer, change func(*statement)) []byte {
	t.Helper()
	a, err := decodeAttestation(sealed)
	if err != nil {
		t.Fatal(err)
	}
	var st statement
	if err := json.Unmarshal(a.Envelope.Payload, &st); err != nil {
		t.Fatal(err)
	}
	change(&st)
	payload, err := schema.Marshal(st)
	if err != nil {
		t.Fatal(err)
	}
	b, err := attest(t.Context(), payload, s)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// reseal replaces the attestation of an archive.
func (f *forgery) reseal(content []byte) {
	f.entries[len(f.entries)-1] = stored(AttestationFile, string(content))
}

// attestation returns the archive's.
func (f *forgery) attestation() []byte { return f.entries[len(f.entries)-1].data }

func verifyBytes(t testing.TB, zip []byte, p Policy) (*Verified, error) {
	t.Helper()
	a, err := openArchive(bytes.NewReader(zip), int64(len(zip)), nil)
	if err != nil {
		return nil, err
	}
	return verify(t.Context(), a, p)
}

func readFile(t testing.TB, path string) []byte {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// smallBundle has one stored and one deflated member, and as few bytes as that allows.
func smallBundle(t testing.TB, s *Signer) []byte {
	t.Helper()
	files := map[string]string{"report.pdf": "%PDF", "evidence/a.jsonl": strings.Repeat("{}\n", 8)}
	return readFile(t, sealInto(t, t.TempDir(), "small", files, claim(), s).Archive)
}
