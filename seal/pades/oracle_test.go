package pades_test

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/seal/pades"
)

// needed skips a test whose tool is not installed. In CI that is a failure.
func needed(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			if os.Getenv("CI") != "" {
				t.Fatalf("%s is not installed", tool)
			}
			t.Skipf("%s is not installed", tool)
		}
	}
}

// run runs a tool in a folder and returns what it printed.
func run(t testing.TB, dir string, args ...string) (string, error) {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	return string(out), err
}

func mustRun(t testing.TB, dir string, args ...string) string {
	t.Helper()
	out, err := run(t, dir, args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return out
}

func write(t testing.TB, dir, name string, content []byte) {
	t.Helper()
	if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
		t.Fatal(err)
	}
}

// trustStore makes the database that pdfsig reads, with one root in it.
func trustStore(t testing.TB, dir string, p testpki.Pair) {
	t.Helper()
	write(t, dir, "ca.pem", testpki.PEM(p.Root()))
	mustRun(t, dir, "certutil", "-N", "-d", "sql:.", "--empty-password")
	mustRun(t, dir, "certutil", "-A", "-d", "sql:.", "-n", "ca", "-t", "C,C,C", "-i", "ca.pem")
}

// TestPdfsigAgrees shows what the command of VERIFY.md says about good files and
// about two that were changed. Its exit status is 0 each time.
func TestPdfsigAgrees(t *testing.T) {
	needed(t, "pdfsig", "certutil")
	authority := testpki.Authority(t, "Root")
	unsigned := rendering(t, "verify")
	for name, key := range map[string]crypto.Signer{"P-256": testpki.P256(t), "P-384": testpki.P384(t), "P-521": testpki.P521(t), "RSA": testpki.RSA(t, 2048)} {
		t.Run(name, func(t *testing.T) {
			p := testpki.Document(t, authority, key)
			dir := t.TempDir()
			trustStore(t, dir, p)
			signed := sign(t, unsigned, p, options)
			write(t, dir, "good.pdf", signed)
			out := mustRun(t, dir, "pdfsig", "-nssdir", "sql:.", "good.pdf")
			for _, want := range []string{"Signature is Valid.", "Certificate is Trusted.", "Total document signed", "ETSI.CAdES.detached", "SHA-256", "Evidence Signer"} {
				if !strings.Contains(out, want) {
					t.Errorf("pdfsig does not say %q:\n%s", want, out)
				}
			}
			write(t, dir, "longer.pdf", append(bytes.Clone(signed), "% more\n"...))
			out, _ = run(t, dir, "pdfsig", "-nssdir", "sql:.", "longer.pdf")
			if !strings.Contains(out, "Signature is Valid.") || !strings.Contains(out, "Not total document signed") {
				t.Errorf("docs/verification.md says otherwise about appended bytes:\n%s", out)
			}
			padded := bytes.Clone(signed)
			padded[bytes.LastIndex(signed, []byte(">>>\nendobj"))-1] = '7'
			write(t, dir, "padded.pdf", padded)
			if out, _ = run(t, dir, "pdfsig", "-nssdir", "sql:.", "padded.pdf"); !strings.Contains(out, "Signature is Valid.") || !strings.Contains(out, "Not total document signed") {
				t.Errorf("docs/verification.md says otherwise about used padding:\n%s", out)
			}
			if _, err := pades.Read(padded); err == nil {
				t.Error("used padding is accepted")
			}
			write(t, dir, "swapped.pdf", swapSignature(signed, sign(t, rendering(t, ""), p, options)))
			if out, _ := run(t, dir, "pdfsig", "-nssdir", "sql:.", "swapped.pdf"); !strings.Contains(out, "Digest Mismatch") {
				t.Errorf("pdfsig does not notice another file's signature:\n%s", out)
			}
			flipped := bytes.Clone(signed)
			flipped[len(unsigned)/2] ^= 1
			write(t, dir, "flipped.pdf", flipped)
			if out, _ := run(t, dir, "pdfsig", "-nssdir", "sql:.", "flipped.pdf"); !strings.Contains(out, "Digest Mismatch") {
				t.Errorf("pdfsig does not notice a changed byte:\n%s", out)
			}
		})
	}
}

// TestOpenSSLAgrees takes the signature out of the file and has OpenSSL verify it as
// CAdES, and the timestamp in it.
func TestOpenSSLAgrees(t *testing.T) {
	needed(t, "openssl", "qpdf")
	authority := testpki.Intermediate(t, testpki.Authority(t, "Root"), "Issuing CA")
	tsa := testpki.TimestampAuthority(t, testpki.Authority(t, "TSA Root"))
	unsigned := rendering(t, "verify")
	for name, key := range map[string]crypto.Signer{"P-256": testpki.P256(t), "P-521": testpki.P521(t), "RSA": testpki.RSA(t, 3072)} {
		t.Run(name, func(t *testing.T) {
			p := testpki.Document(t, authority, key)
			var token, stamped []byte
			o := options
			stamp := testpki.Stamper(t, tsa, testpki.Now)
			o.Timestamp = func(ctx context.Context, message []byte) (_ []byte, err error) {
				sum := sha256.Sum256(message)
				stamped = sum[:]
				token, err = stamp(ctx, message)
				return token, err
			}
			signed := sign(t, unsigned, p, o)
			dir := t.TempDir()
			i := bytes.LastIndex(signed, []byte("/Contents <")) + len("/Contents ")
			j := i + bytes.IndexByte(signed[i:], '>') + 1
			der, err := hex.DecodeString(string(signed[i+1 : j-1]))
			if err != nil {
				t.Fatal(err)
			}
			write(t, dir, "signature.der", der)
			write(t, dir, "signed-bytes", append(bytes.Clone(signed[:i]), signed[j:]...))
			write(t, dir, "ca.pem", testpki.PEM(p.Root()))
			write(t, dir, "tsa.pem", testpki.PEM(tsa.Root()))
			write(t, dir, "token.der", token)
			write(t, dir, "report.pdf", signed)
			at := strconv.FormatInt(testpki.Now.Unix(), 10)
			cms := []string{"openssl", "cms", "-verify", "-cades", "-inform", "DER", "-in", "signature.der", "-content", "signed-bytes", "-binary",
				"-CAfile", "ca.pem", "-purpose", "any", "-attime", at, "-out", "/dev/null"}
			if out := mustRun(t, dir, cms...); !strings.Contains(out, "CAdES Verification successful") {
				t.Errorf("openssl cms: %s", out)
			}
			mustRun(t, dir, "openssl", "ts", "-verify", "-digest", hex.EncodeToString(stamped), "-in", "token.der", "-token_in", "-CAfile", "tsa.pem", "-attime", at)
			mustRun(t, dir, "qpdf", "--check", "report.pdf")
			write(t, dir, "signed-bytes", append(bytes.Clone(signed[:i]), signed[j+1:]...))
			if out, err := run(t, dir, cms...); err == nil {
				t.Errorf("openssl accepts another file:\n%s", out)
			}
		})
	}
}

// TestReadersStillOpenASignedFile compares what a reader shows of both files.
func TestReadersStillOpenASignedFile(t *testing.T) {
	needed(t, "pdftotext", "qpdf")
	unsigned := rendering(t, "verify")
	signed := sign(t, unsigned, testpki.SelfSigned(t, testpki.P256(t)), options)
	dir := t.TempDir()
	write(t, dir, "a.pdf", unsigned)
	write(t, dir, "b.pdf", signed)
	if a, b := mustRun(t, dir, "pdftotext", "a.pdf", "-"), mustRun(t, dir, "pdftotext", "b.pdf", "-"); a != b {
		t.Errorf("signing changes the text:\n%s\n%s", a, b)
	}
	form := mustRun(t, dir, "qpdf", "--json=2", "--json-key=acroform", "b.pdf")
	if !strings.Contains(form, `"/Sig"`) || !strings.Contains(form, "Signature1") {
		t.Errorf("qpdf sees no signature field:\n%s", form)
	}
	again, err := pades.Unsigned(signed)
	if err != nil || sha256.Sum256(again) != sha256.Sum256(unsigned) {
		t.Errorf("Unsigned: %v", err)
	}
}
