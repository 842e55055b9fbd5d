package seal

import (
	"net/url"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/auditpack/auditpack/internal/testauthorities"
)

// authorities are a real Fulcio and a real timestamp authority, with an issuer for
// tests. All tests share one process of them.
type authorities struct{ *testauthorities.Authorities }

func realAuthorities(t testing.TB) authorities {
	t.Helper()
	if !testauthorities.Built() {
		needed(t, "the authorities; build them with internal/oracles/build.sh")
	}
	a, err := testauthorities.Start()
	if err != nil {
		t.Fatal(err)
	}
	return authorities{a}
}

// token asks the issuer for a service account's token.
func (a authorities) token(t testing.TB, name string, more url.Values) string {
	t.Helper()
	token, err := a.Token(name, more)
	if err != nil {
		t.Fatal(err)
	}
	return token
}

func (a authorities) stamping(t testing.TB, s *Signer) *Signer {
	t.Helper()
	s, err := s.WithTimestamp(TimestampAuthority{URL: a.Timestamp, Required: true})
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// keyless returns a signer for a service account, whose bundles are stamped.
func (a authorities) keyless(t testing.TB, name string) *Signer {
	t.Helper()
	token := a.token(t, name, nil)
	s, err := NewKeyless(Keyless{FulcioURL: a.Fulcio, Token: func() (string, error) { return token, nil }})
	if err != nil {
		t.Fatal(err)
	}
	return a.stamping(t, s)
}

const auditAccount = "https://kubernetes.io/namespaces/audit/serviceaccounts/auditpack"

// trustedRoot is the file that a verifier gets from whoever runs the authorities.
func (a authorities) trustedRoot(t testing.TB) string {
	t.Helper()
	b, err := a.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	return temporary(t, "trusted_root.json", b)
}

func temporary(t testing.TB, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

// policy trusts the authorities, and the service account that bundles are made by.
func (a authorities) policy(t testing.TB) Policy {
	t.Helper()
	r, err := LoadTrustedRoot(a.trustedRoot(t))
	if err != nil {
		t.Fatal(err)
	}
	return Policy{TrustedRoot: r, Identities: []CertificateIdentity{{Identity: auditAccount, Issuer: a.Issuer}}}
}

func TestKeylessBundlesVerify(t *testing.T) {
	a := realAuthorities(t)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), a.keyless(t, "auditpack"))
	otherRoot, err := ReadTimestampAuthority([]byte(a.TimestampCA))
	if err != nil {
		t.Fatal(err)
	}
	change := func(f func(*Policy)) Policy { p := a.policy(t); f(&p); return p }
	id := func(i CertificateIdentity) Policy {
		return change(func(p *Policy) { p.Identities = []CertificateIdentity{i} })
	}
	tests := []struct {
		name   string
		policy Policy
		want   Kind // empty for accepted
	}{
		{"identity", a.policy(t), ""},
		{"expression", id(CertificateIdentity{IdentityRegexp: `https://kubernetes\.io/namespaces/audit/serviceaccounts/[a-z]+`, Issuer: a.Issuer}), ""},
		{"one of two", change(func(p *Policy) {
			p.Identities = append([]CertificateIdentity{{Identity: "somebody@example.com", Issuer: "https://example.com"}}, p.Identities...)
		}), ""},
		{"timestamp required", change(func(p *Policy) { p.RequireTimestamp = true }), ""},
		{"key beside", change(func(p *Policy) { p.Keys = trusting(newSigner(t)).Keys }), ""},
		{"other identity", id(CertificateIdentity{Identity: auditAccount + "2", Issuer: a.Issuer}), BadCertificate},
		{"other issuer", id(CertificateIdentity{Identity: auditAccount, Issuer: "https://oidc.example.com"}), BadCertificate},
		{"expression for a part", id(CertificateIdentity{IdentityRegexp: "namespaces/audit", Issuer: a.Issuer}), BadCertificate},
		{"no issuer", id(CertificateIdentity{Identity: auditAccount}), NoPolicy},
		{"no identity", id(CertificateIdentity{Issuer: a.Issuer}), NoPolicy},
		{"bad expression", id(CertificateIdentity{IdentityRegexp: "(", Issuer: a.Issuer}), NoPolicy},
		{"key only", trusting(newSigner(t)), BadCertificate},
		{"no trusted root", change(func(p *Policy) { p.TrustedRoot = nil }), NoPolicy},
		{"no trusted authority", change(func(p *Policy) { p.TrustedRoot = otherRoot }), NoPolicy},
		{"no trusted timestamp authority", change(func(p *Policy) { p.TrustedRoot = &TrustedRoot{certificates: p.TrustedRoot.certificates} }), NoPolicy},
		{"timestamp authority as certificate authority", change(func(p *Policy) {
			p.TrustedRoot.certificates = []root.CertificateAuthority{&root.FulcioCertificateAuthority{Root: p.TrustedRoot.timestamps[0].(*root.SigstoreTimestampingAuthority).Root}}
		}), BadCertificate},
		{"unsigned", Policy{UnsafeUnsigned: true}, NoPolicy},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			for _, path := range []string{sealed.Archive, sealed.Folder} {
				v, err := Verify(t.Context(), path, tt.policy)
				if tt.want != "" {
					if got := refusal(t, v, err); got.Kind != tt.want {
						t.Errorf("got %v (%s), want kind %q", got, got.Kind, tt.want)
					}
					continue
				}
				if err != nil {
					t.Fatal(err)
				}
				v.Close()
				if v.Certificate == nil || v.Certificate.Identity != auditAccount || v.Timestamp == nil || !v.Timestamp.Checked {
					t.Errorf("got certificate %+v and timestamp %+v", v.Certificate, v.Timestamp)
				}
				if text := strings.Join(v.Checked, "\n"); !strings.Contains(text, auditAccount) || !strings.Contains(text, "timestamp") {
					t.Errorf("checked: %s", text)
				}
			}
		})
	}
}

func TestCosignVerifiesKeylessBundles(t *testing.T) {
	a := realAuthorities(t)
	bin := cosign(t)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), a.keyless(t, "auditpack"))
	verify := func(identity, issuer string) (string, error) {
		return offline(t, sealed.Folder, bin, "verify-blob-attestation", "--certificate-identity", identity, "--certificate-oidc-issuer", issuer,
			"--use-signed-timestamps", "--insecure-ignore-tlog=true", "--insecure-ignore-sct=true", "--trusted-root", a.trustedRoot(t),
			"--bundle", AttestationFile, "--type", "https://auditpack.dev/evidence/v1", "report.pdf")
	}
	if out, err := verify(auditAccount, a.Issuer); err != nil || !strings.Contains(out, "Verified OK") {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := verify(auditAccount+"2", a.Issuer); err == nil {
		t.Errorf("cosign accepts another identity:\n%s", out)
	}
	if out, err := verify(auditAccount, "https://oidc.example.com"); err == nil {
		t.Errorf("cosign accepts another issuer:\n%s", out)
	}
}

// The certificate authority refuses these tokens, so that no bundle is left.
func TestTokensThatAreRefused(t *testing.T) {
	a := realAuthorities(t)
	whole := a.token(t, "auditpack", nil)
	for name, token := range map[string]string{
		"no token":       "",
		"not a token":    "secret-value",
		"other audience": a.token(t, "auditpack", url.Values{"audience": {"kubernetes"}}),
		"expired":        a.token(t, "auditpack", url.Values{"age": {"1h"}}),
		"forged":         whole[:len(whole)-4] + "AAAA",
	} {
		t.Run(name, func(t *testing.T) {
			s, err := NewKeyless(Keyless{FulcioURL: a.Fulcio, Token: func() (string, error) { return token, nil }})
			if err != nil {
				t.Fatal(err)
			}
			out := t.TempDir()
			sealed, err := trySeal(t, out, "q", sample, claim(), a.stamping(t, s))
			if sealed != nil || err == nil {
				t.Fatalf("got %v, %v", sealed, err)
			}
			if token != "" && strings.Contains(err.Error(), token) {
				t.Errorf("the error has the token in it: %v", err)
			}
			if left := names(t, out); len(left) > 0 {
				t.Errorf("left behind: %q", left)
			}
		})
	}
}

func TestStampedBundlesVerify(t *testing.T) {
	a := realAuthorities(t)
	s := newSigner(t)
	stamped := sealInto(t, t.TempDir(), "stamped", sample, claim(), a.stamping(t, s))
	plain := sealInto(t, t.TempDir(), "plain", sample, claim(), s)
	trusted, err := ReadTimestampAuthority([]byte(a.TimestampCA))
	if err != nil {
		t.Fatal(err)
	}
	certs, err := parseCertificates([]byte(a.TimestampCA))
	if err != nil {
		t.Fatal(err)
	}
	var issuers []byte // without the certificate that stamps, which the timestamp carries
	for _, c := range certs[1:] {
		issuers = append(issuers, certificatePEM(c)...)
	}
	fromToken, err := ReadTimestampAuthority(issuers)
	if err != nil {
		t.Fatal(err)
	}
	foreign, err := ReadTimestampAuthority([]byte(a.FulcioCA))
	if err != nil {
		t.Fatal(err)
	}
	keys := trusting(s).Keys
	tests := []struct {
		name    string
		bundle  *Sealed
		policy  Policy
		want    Kind
		checked bool
	}{
		{"trusted", stamped, Policy{Keys: keys, TrustedRoot: trusted}, "", true},
		{"stamping certificate from the timestamp", stamped, Policy{Keys: keys, TrustedRoot: fromToken}, "", true},
		{"required", stamped, Policy{Keys: keys, TrustedRoot: trusted, RequireTimestamp: true}, "", true},
		{"not checked", stamped, Policy{Keys: keys}, "", false},
		{"required of nobody", stamped, Policy{Keys: keys, RequireTimestamp: true}, NoPolicy, false},
		{"other authority", stamped, Policy{Keys: keys, TrustedRoot: foreign}, BadTimestamp, false},
		{"none, and required", plain, Policy{Keys: keys, TrustedRoot: trusted, RequireTimestamp: true}, BadTimestamp, false},
		{"none", plain, Policy{Keys: keys, TrustedRoot: trusted}, "", false},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			v, err := Verify(t.Context(), tt.bundle.Archive, tt.policy)
			if tt.want != "" {
				if got := refusal(t, v, err); got.Kind != tt.want {
					t.Errorf("got %v (%s), want kind %q", got, got.Kind, tt.want)
				}
				return
			}
			if err != nil {
				t.Fatal(err)
			}
			v.Close()
			if checked := v.Timestamp != nil && v.Timestamp.Checked; checked != tt.checked {
				t.Errorf("timestamp %+v, want checked=%t", v.Timestamp, tt.checked)
			}
			if said := strings.Contains(strings.Join(v.NotChecked, "\n"), "timestamp not checked"); said != (v.Timestamp != nil && !tt.checked) {
				t.Errorf("not checked: %q", v.NotChecked)
			}
		})
	}
}

// OpenSSL agrees about the token, over the signature that it stamps.
func TestOpenSSLVerifiesTimestamps(t *testing.T) {
	if _, err := exec.LookPath("openssl"); err != nil {
		needed(t, "openssl")
	}
	a := realAuthorities(t)
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), a.stamping(t, newSigner(t)))
	att := mustDecode(t, readFile(t, filepath.Join(sealed.Folder, AttestationFile)))
	dir := t.TempDir()
	writeFiles(t, dir, map[string]string{
		"signature": string(att.Envelope.Signatures[0].Sig), "response.tsr": string(att.VerificationMaterial.Timestamps.RFC3161[0].Response),
		"ca.pem": a.TimestampCA, "other": "something else",
	})
	if out, err := offline(t, dir, "openssl", "ts", "-verify", "-in", "response.tsr", "-data", "signature", "-CAfile", "ca.pem"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
	if out, err := offline(t, dir, "openssl", "ts", "-verify", "-in", "response.tsr", "-data", "other", "-CAfile", "ca.pem"); err == nil {
		t.Errorf("openssl accepts the timestamp of something else:\n%s", out)
	}
}

func TestTimestampAuthorityDoesNotAnswer(t *testing.T) {
	s := newSigner(t)
	gone := TimestampAuthority{URL: "http://127.0.0.1:1/"}
	optional, err := s.WithTimestamp(gone)
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), optional)
	if !strings.Contains(sealed.Warning, "no timestamp") {
		t.Errorf("warning %q", sealed.Warning)
	}
	v := mustVerify(t, sealed.Archive, trusting(s))
	if text := strings.Join(v.NotChecked, "\n"); !strings.Contains(text, gone.URL) {
		t.Errorf("not checked: %s", text)
	}
	gone.Required = true
	required, err := s.WithTimestamp(gone)
	if err != nil {
		t.Fatal(err)
	}
	out := t.TempDir()
	if sealed, err := trySeal(t, out, "q", sample, claim(), required); sealed != nil || err == nil {
		t.Errorf("got %v, %v", sealed, err)
	}
	if left := names(t, out); len(left) > 0 {
		t.Errorf("left behind: %q", left)
	}
}

// TestInstructionsOfEachModeWork runs cosign's commands of VERIFY.md as they stand
// in bundles with a certificate, and in bundles with a key and a timestamp.
func TestInstructionsOfEachModeWork(t *testing.T) {
	a := realAuthorities(t)
	bin := filepath.Dir(cosign(t))
	s := newSigner(t)
	tests := []struct {
		name, start string
		signer      *Signer
	}{
		{"keyless", "cosign verify-blob-attestation --certificate-identity", a.keyless(t, "auditpack")},
		{"key", "cosign verify-blob-attestation --key", a.stamping(t, s)},
		{"key and timestamp", "cosign verify-blob-attestation --trusted-root", a.stamping(t, s)},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := t.TempDir()
			sealed := sealInto(t, out, "q", sample, claim(), tt.signer)
			writeFiles(t, out, map[string]string{
				"trusted_root.json": string(readFile(t, a.trustedRoot(t))), "signer.pub": string(readFile(t, writeKey(t, s))),
			})
			text := string(readFile(t, filepath.Join(sealed.Folder, InstructionsFile)))
			command := "PATH=" + bin + ":$PATH; " + shellCommand(t, text, tt.start)
			if out, err := offline(t, sealed.Folder, "sh", "-c", command); err != nil || !strings.Contains(out, "Verified OK") {
				t.Errorf("%v\n%s", err, out)
			}
			put(t, sealed.Folder, "report.pdf", "altered")
			if out, err := offline(t, sealed.Folder, "sh", "-c", command); err == nil {
				t.Errorf("an altered file was not noticed:\n%s", out)
			}
		})
	}
}
