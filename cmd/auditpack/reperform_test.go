package main

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// TestReperformRefusesADressedUpReport takes a bundle whose maker, who holds the
// key, made one finding milder before signing. The signature is good; the report
// does not follow from the evidence.
func TestReperformRefusesADressedUpReport(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", dir); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	demoed := filepath.Join(dir, "brindlewharf-2026-09-30")
	b, err := os.ReadFile(filepath.Join(demoed, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	dressed := bytes.Replace(b, []byte(`"result": "fail"`), []byte(`"result": "pass"`), 1)
	if bytes.Equal(b, dressed) {
		t.Fatal("the demo's report has no failed check")
	}
	archive, key := resealed(t, dir, demoed, dressed)

	if code, _, stderr := command(t, "verify", archive, "--key", key); code != exitDone {
		t.Fatalf("verify: exit code %d\n%s", code, stderr)
	}
	code, _, stderr := command(t, "verify", archive, "--key", key, "--reperform")
	if code != exitVerify || !strings.Contains(stderr, "report.json") || strings.Contains(stderr, "report.pdf") {
		t.Errorf("exit code %d, want %d and report.json alone named\n%s", code, exitVerify, stderr)
	}
}

// resealed copies a bundle with another report.json, signs it with a new key, and
// returns the archive and the public key's file.
func resealed(t *testing.T, dir, from string, report []byte) (archive, key string) {
	t.Helper()
	private, public, err := seal.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	signer, err := seal.ReadSigner(private, func() ([]byte, error) { return nil, nil })
	if err != nil {
		t.Fatal(err)
	}
	key = filepath.Join(dir, "dressed.pub")
	if err := os.WriteFile(key, public, 0o600); err != nil {
		t.Fatal(err)
	}
	b, err := seal.Create(dir, "dressed")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(b.Dir(), os.DirFS(from)); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{seal.AttestationFile, seal.InstructionsFile} {
		if err := os.Remove(filepath.Join(b.Dir(), own)); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(b.Dir(), "report.json"), report, 0o600); err != nil {
		t.Fatal(err)
	}
	r := readReport(t, from)
	sealed, err := b.Seal(context.Background(), schema.Claim{AsOf: r.AsOf, Tool: r.Tool, Plan: r.Plan, ControlsByStatus: r.Summary.ControlsByStatus}, signer)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Archive, key
}
