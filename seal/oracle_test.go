package seal

import (
	"bytes"
	"compress/flate"
	"crypto"
	"crypto/ecdsa"
	"crypto/ed25519"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testauthorities"
)

// needed skips a test whose tool is not here. In CI that is a failure.
func needed(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}

// cosign returns the path of the cosign that internal/oracles pins.
func cosign(t testing.TB) string { return oracle(t, "cosign") }

func oracle(t testing.TB, name string) string {
	t.Helper()
	path := testauthorities.Oracle(name)
	if _, err := os.Stat(path); err != nil {
		needed(t, name+"; build it with internal/oracles/build.sh")
	}
	return path
}

// offline runs a command in a folder, without a network where the system allows that.
func offline(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	if exec.Command("unshare", "--net", "true").Run() == nil {
		args = append([]string{"unshare", "--net"}, args...)
	}
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	home := t.TempDir()
	cmd.Env = append(os.Environ(), "HOME="+home, "XDG_CACHE_HOME="+home, "TUF_ROOT="+home)
	b, err := cmd.CombinedOutput()
	return string(b), err
}

// cosignVerify is the command of VERIFY.md.
func cosignVerify(t testing.TB, dir, key, file string) (string, error) {
	t.Helper()
	return offline(t, dir, cosign(t), "verify-blob-attestation", "--key", key, "--bundle", AttestationFile,
		"--type", "https://auditpack.dev/evidence/v1", "--insecure-ignore-tlog=true", file)
}

func writeKey(t testing.TB, s *Signer) string {
	t.Helper()
	b, err := s.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(t.TempDir(), "signer.pub")
	if err := os.WriteFile(path, b, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestCosignVerifiesEveryKindOfKey(t *testing.T) {
	cosign(t)
	p256, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p384, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	_, ed, err := ed25519.GenerateKey(rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	rsaKey, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		t.Fatal(err)
	}
	other := writeKey(t, newSigner(t))
	for name, key := range map[string]crypto.Signer{"P-256": p256, "P-384": p384, "Ed25519": ed, "RSA": rsaKey} {
		t.Run(name, func(t *testing.T) {
			s, err := NewSigner(key)
			if err != nil {
				t.Fatal(err)
			}
			sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
			mustVerify(t, sealed.Archive, trusting(s))
			for _, file := range []string{"report.pdf", "evidence/bindings.jsonl", InstructionsFile} {
				if out, err := cosignVerify(t, sealed.Folder, writeKey(t, s), file); err != nil || !strings.Contains(out, "Verified OK") {
					t.Errorf("%s: %v\n%s", file, err, out)
				}
			}
			if out, err := cosignVerify(t, sealed.Folder, other, "report.pdf"); err == nil {
				t.Errorf("cosign accepts another key:\n%s", out)
			}
			put(t, sealed.Folder, "report.pdf", "%PDF-1.3 not Compressed again\n")
			if out, err := cosignVerify(t, sealed.Folder, writeKey(t, s), "report.pdf"); err == nil {
				t.Errorf("cosign accepts an altered file:\n%s", out)
			}
		})
	}
}

// shellCommand returns the indented command of VERIFY.md that begins with start.
func shellCommand(t testing.TB, instructions, start string) string {
	t.Helper()
	var found []string
	for block := range strings.SplitSeq(instructions, "\n\n") {
		command := regexp.MustCompile(`(?m)^    `).ReplaceAllString(block, "")
		if command != block && strings.HasPrefix(command, start) {
			found = append(found, command)
		}
	}
	if len(found) == 0 {
		t.Fatalf("VERIFY.md has no command that begins with %q", start)
	}
	return found[0]
}

// TestInstructionsWork runs the commands of VERIFY.md as they stand there.
func TestInstructionsWork(t *testing.T) {
	bin := filepath.Dir(cosign(t))
	s := newSigner(t)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	unsigned := sealInto(t, t.TempDir(), "q", sample, claim(), nil)
	text := string(readFile(t, filepath.Join(sealed.Folder, InstructionsFile)))
	unsignedText := string(readFile(t, filepath.Join(unsigned.Folder, InstructionsFile)))
	key, err := s.PublicPEM()
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(filepath.Dir(sealed.Folder), "signer.pub"), key, 0o600); err != nil {
		t.Fatal(err)
	}
	print, err := Fingerprint(s.Public())
	if err != nil {
		t.Fatal(err)
	}
	if !strings.Contains(text, print) {
		t.Errorf("VERIFY.md does not name the key's fingerprint %s", print)
	}

	tests := []struct {
		name, dir, text, start string
		want                   []string
		alter                  string // after altering this file the command fails, if set
	}{
		{"fingerprint", sealed.Folder, text, "openssl ", []string{print}, ""},
		{"cosign", sealed.Folder, text, "cosign ", []string{"Verified OK"}, ""},
		{"digests", sealed.Folder, text, "sed -n", []string{"report.pdf: OK", "evidence/documents/access policy: OK"}, "report.pdf"},
		{"digests without signature", unsigned.Folder, unsignedText, "sed '", []string{"report.pdf: OK", "VERIFY.md: OK"}, "VERIFY.md"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			command := "set -e; PATH=" + bin + ":$PATH; " + shellCommand(t, tt.text, tt.start)
			out, err := offline(t, tt.dir, "sh", "-c", command)
			if err != nil {
				t.Fatalf("%v\n%s", err, out)
			}
			for _, want := range tt.want {
				if !strings.Contains(out, want) {
					t.Errorf("no %q in:\n%s", want, out)
				}
			}
			if tt.start == "sed -n" || tt.start == "sed '" {
				if got := strings.Count(out, ": OK"); got != sealed.Members {
					t.Errorf("%d files were compared, want %d", got, sealed.Members)
				}
			}
			if tt.alter == "" {
				return
			}
			put(t, tt.dir, tt.alter, "altered")
			if out, err := offline(t, tt.dir, "sh", "-c", command); err == nil {
				t.Errorf("an altered file was not noticed:\n%s", out)
			}
		})
	}
}

// attacks are the rows of the table in docs/verification.md.
var attacks = []struct {
	name   string
	attack func(t *testing.T, f *forgery)
}{
	{"a file's content is changed, and the ZIP's checksum with it", func(t *testing.T, f *forgery) {
		*f.find(t, "report.pdf") = stored("report.pdf", "%PDF-1.3 a better report\n")
	}},
	{"a bit of a file flips by accident", func(t *testing.T, f *forgery) {
		e := f.find(t, "report.pdf")
		e.data = bytes.Clone(e.data)
		e.data[9] ^= 1
	}},
	{"a file is removed", func(t *testing.T, f *forgery) { f.remove(t, "evidence/bindings.jsonl") }},
	{"a file is added", func(t *testing.T, f *forgery) { f.insert(stored("evidence/more.jsonl", "{}\n")) }},
	{"two files trade names", func(t *testing.T, f *forgery) {
		a, b := f.find(t, "report.pdf"), f.find(t, "inputs/plan.yaml")
		a.data, b.data, a.zipEntry, b.zipEntry = b.data, a.data, b.zipEntry, a.zipEntry
		a.name, b.name = b.name, a.name
	}},
	{"the statement is changed", func(t *testing.T, f *forgery) {
		a := mustDecode(t, f.attestation())
		a.Envelope.Payload = bytes.Replace(a.Envelope.Payload, []byte(`"gaps": 2`), []byte(`"gaps": 0`), 1)
		f.reseal(mustMarshal(t, a))
	}},
	{"everything is signed again with another key", func(t *testing.T, f *forgery) {
		f.reseal(resign(t, f.attestation(), newSigner(t), func(*statement) {}))
	}},
	{"the signature is taken away", func(t *testing.T, f *forgery) { f.remove(t, AttestationFile) }},
	{"data is hidden in front of the archive", func(t *testing.T, f *forgery) { f.before = []byte("#!/bin/sh\n") }},
	{"data is hidden in the archive's comment", func(t *testing.T, f *forgery) { f.comment = []byte("hello") }},
	{"data is hidden behind the archive", func(t *testing.T, f *forgery) { f.after = []byte("hidden") }},
	{"data is hidden between two files", func(t *testing.T, f *forgery) {
		e := f.find(t, "report.pdf")
		e.data = append(bytes.Clone(e.data), "hidden"...)
	}},
	{"a file is in the archive and not in its directory", func(t *testing.T, f *forgery) {
		e := stored("evidence/more.jsonl", "{}\n")
		e.unlisted = true
		f.insert(e)
	}},
	{"a file is there twice, with other content", func(t *testing.T, f *forgery) { f.insert(stored("report.pdf", "other")) }},
	{"a file is added whose name differs in case", func(t *testing.T, f *forgery) { f.insert(stored("Report.PDF", "other")) }},
	{"a file is added whose name looks the same (a Cyrillic letter)", func(t *testing.T, f *forgery) { f.insert(stored("rep\u043ert.pdf", "other")) }},
	{"a file is added with an absolute path", func(t *testing.T, f *forgery) { f.insert(stored("/tmp/auditpack-absolute", "x")) }},
	{"a file is added whose path climbs out", func(t *testing.T, f *forgery) { f.insert(stored("../../climbed", "x")) }},
	{"a file is made a link", func(t *testing.T, f *forgery) {
		e := stored("evidence/more.jsonl", "report.pdf")
		e.central = func(h []byte) []byte { h[40], h[41] = 0xff, 0xa1; return h }
		f.insert(e)
	}},
	{"a file's name differs between its header and the directory", func(t *testing.T, f *forgery) {
		f.find(t, "report.pdf").local = func(h []byte) []byte { h[localSize] = 'R'; return h }
	}},
	{"a file says that it is smaller", func(t *testing.T, f *forgery) { f.find(t, "report.json").size = 10 }},
	{"a file unpacks to a thousand times its size", func(t *testing.T, f *forgery) { f.insert(bomb(t)) }},
	{"a file's date in the archive is changed", func(t *testing.T, f *forgery) {
		change := func(at int) func([]byte) []byte {
			return func(h []byte) []byte { h[at+1] = 0x5d; return h }
		}
		e := f.find(t, "report.pdf")
		e.local, e.central = change(12), change(14)
	}},
}

// TestWhoNotices plays the attacks against four tools and compares what they
// notice with the table in docs/verification.md.
func TestWhoNotices(t *testing.T) {
	cosign(t)
	for _, tool := range []string{"unzip", "sha256sum"} {
		if _, err := exec.LookPath(tool); err != nil {
			needed(t, tool)
		}
	}
	s := newSigner(t)
	key := writeKey(t, s)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	digests := shellCommand(t, string(readFile(t, filepath.Join(sealed.Folder, InstructionsFile))), "sed -n")
	zip := readFile(t, sealed.Archive)

	notices := func(f *forgery) (row []string) {
		dir := t.TempDir()
		path := filepath.Join(dir, "bundle.zip")
		if err := os.WriteFile(path, f.bytes(), 0o600); err != nil {
			t.Fatal(err)
		}
		unpacked := filepath.Join(dir, "unpacked")
		// unzip complains about some of the attacks and unpacks all the same.
		_, _ = offline(t, dir, "unzip", "-q", "-o", path, "-d", unpacked)
		v, verifyErr := Verify(t.Context(), path, trusting(s))
		if v != nil {
			v.Close()
		}
		_, cosignErr := cosignVerify(t, unpacked, key, "report.pdf")
		_, sumsErr := offline(t, unpacked, "sh", "-c", digests)
		_, unzipErr := offline(t, dir, "unzip", "-tqq", path)
		for _, err := range []error{verifyErr, cosignErr, sumsErr, unzipErr} {
			row = append(row, map[bool]string{true: "no", false: "yes"}[err == nil])
		}
		return row
	}
	if got := notices(takeApart(t, bytes.Clone(zip))); strings.Join(got, " ") != "no no no no" {
		t.Fatalf("without any attack: %q", got)
	}
	table := []string{"| What happens to the archive | `auditpack verify` | cosign on `report.pdf` | digests with `sha256sum` | `unzip -t` |", "|---|---|---|---|---|"}
	for _, a := range attacks {
		f := takeApart(t, bytes.Clone(zip))
		a.attack(t, f)
		row := notices(f)
		if row[0] != "yes" {
			t.Errorf("auditpack verify does not notice that %s", a.name)
		}
		table = append(table, "| "+a.name+" | "+strings.Join(row, " | ")+" |")
	}
	compareTable(t, table)
}

// TestOrdinaryToolsUnpack shows that what we write is a ZIP for everybody else.
func TestOrdinaryToolsUnpack(t *testing.T) {
	if _, err := exec.LookPath("unzip"); err != nil {
		needed(t, "unzip")
	}
	s := newSigner(t)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	dir := t.TempDir()
	if out, err := offline(t, dir, "unzip", "-q", sealed.Archive, "-d", "unpacked"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	if v := mustVerify(t, filepath.Join(dir, "unpacked"), trusting(s)); v.Digest != sealed.Digest {
		t.Errorf("got digest %s, want %s", v.Digest, sealed.Digest)
	}
}

// bomb is an entry of a few kilobytes that unpacks to some megabytes.
func bomb(t testing.TB) forgedEntry {
	t.Helper()
	content := make([]byte, 4<<20)
	var packed bytes.Buffer
	w, err := flate.NewWriter(&packed, flate.BestCompression)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return forgedEntry{
		zipEntry: zipEntry{name: "evidence/zeros.jsonl", method: methodDeflate, crc: crc(content), packed: uint32(packed.Len()), size: uint32(len(content))},
		data:     packed.Bytes(),
	}
}
