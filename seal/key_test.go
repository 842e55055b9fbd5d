package seal

import (
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/rsa"
	"crypto/sha256"
	"crypto/x509"
	"encoding/pem"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/seal/cms"
)

func password(s string) func() ([]byte, error) {
	return func() ([]byte, error) { return []byte(s), nil }
}

func noPassword(t *testing.T) func() ([]byte, error) {
	return func() ([]byte, error) {
		t.Error("the password of a key that is not encrypted was asked for")
		return nil, nil
	}
}

func write(t *testing.T, name string, content []byte) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestGeneratedKeySignsAndVerifies(t *testing.T) {
	private, public, err := GenerateKey([]byte("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	s, err := LoadSigner(t.Context(), write(t, "cosign.key", private), password("correct horse"))
	if err != nil {
		t.Fatal(err)
	}
	if s.Note() != "" {
		t.Errorf("got the note %q about an encrypted key", s.Note())
	}
	key, err := LoadPublicKey(write(t, "cosign.pub", public))
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	mustVerify(t, sealed.Archive, Policy{Keys: []crypto.PublicKey{key}})
}

// A pair of cosign's own works here, and one of ours works with cosign.
func TestKeysAreCosigns(t *testing.T) {
	cosign := cosign(t)
	dir := t.TempDir()
	t.Setenv("COSIGN_PASSWORD", "a b c")
	if out, err := offline(t, dir, cosign, "generate-key-pair"); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	s, err := LoadSigner(t.Context(), filepath.Join(dir, "cosign.key"), password("a b c"))
	if err != nil {
		t.Fatal(err)
	}
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	if out, err := cosignVerify(t, sealed.Folder, filepath.Join(dir, "cosign.pub"), "report.pdf"); err != nil {
		t.Errorf("%v\n%s", err, out)
	}

	private, public, err := GenerateKey([]byte("a b c"))
	if err != nil {
		t.Fatal(err)
	}
	key := write(t, "ours.key", private)
	out, err := exec.Command(cosign, "public-key", "--key", key).Output()
	if err != nil || string(out) != string(public) {
		t.Errorf("cosign reads our key as %q, %v; want %q", out, err, public)
	}
}

func TestPlainKeysAreAcceptedWithANote(t *testing.T) {
	ec, err := ecdsa.GenerateKey(elliptic.P384(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	sec1, err := x509.MarshalECPrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	pkcs8, err := x509.MarshalPKCS8PrivateKey(ec)
	if err != nil {
		t.Fatal(err)
	}
	parameters := pem.EncodeToMemory(&pem.Block{Type: "EC PARAMETERS", Bytes: []byte{6, 5, 43, 129, 4, 0, 34}})
	for name, key := range map[string][]byte{
		"PKCS 8":                pem.EncodeToMemory(&pem.Block{Type: pemPKCS8, Bytes: pkcs8}),
		"SEC 1":                 pem.EncodeToMemory(&pem.Block{Type: pemEC, Bytes: sec1}),
		"SEC 1 with parameters": append(parameters, pem.EncodeToMemory(&pem.Block{Type: pemEC, Bytes: sec1})...),
	} {
		s, err := ReadSigner(key, noPassword(t))
		if err != nil {
			t.Errorf("%s: %v", name, err)
			continue
		}
		if !strings.Contains(s.Note(), "not encrypted") {
			t.Errorf("%s: got the note %q", name, s.Note())
		}
	}
}

func TestBadKeysSayWhatToDo(t *testing.T) {
	private, public, err := GenerateKey([]byte("right"))
	if err != nil {
		t.Fatal(err)
	}
	weak, err := rsa.GenerateKey(rand.Reader, 1024)
	if err != nil {
		t.Fatal(err)
	}
	p521, err := ecdsa.GenerateKey(elliptic.P521(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	p521DER, err := x509.MarshalPKCS8PrivateKey(p521)
	if err != nil {
		t.Fatal(err)
	}
	block := func(pemType, content string) []byte {
		return pem.EncodeToMemory(&pem.Block{Type: pemType, Bytes: []byte(content)})
	}
	openssl := pem.EncodeToMemory(&pem.Block{Type: pemEC, Headers: map[string]string{"Proc-Type": "4,ENCRYPTED", "DEK-Info": "AES-128-CBC,00"}, Bytes: []byte("x")})
	tests := []struct {
		name string
		key  []byte
		want string
	}{
		{"empty", nil, "not a key in PEM form"},
		{"text", []byte("password: hunter2"), "cosign generate-key-pair"},
		{"public key", public, "signing needs the private half"},
		{"certificate", block("CERTIFICATE", "x"), "not a private key"},
		{"encrypted by openssl", block("ENCRYPTED PRIVATE KEY", "x"), "cosign import-key-pair"},
		{"encrypted by old openssl", openssl, "cosign import-key-pair"},
		{"damaged", block(pemPKCS8, "x"), "the private key is damaged"},
		{"damaged box", block(pemSigstore, "x"), "the encrypted private key is damaged"},
		{"short RSA", block(pemRSA, string(x509.MarshalPKCS1PrivateKey(weak))), "use at least 2048"},
		{"P-521", block(pemPKCS8, string(p521DER)), "use P-256 or P-384"},
		{"too large", make([]byte, maxKeyFile+1), "too large for a key"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			path := write(t, "some.key", tt.key)
			s, err := LoadSigner(t.Context(), path, password("right"))
			if s != nil || err == nil || !strings.Contains(err.Error(), tt.want) || !strings.Contains(err.Error(), path) {
				t.Errorf("got %v, want an error with %q and the path", err, tt.want)
			}
		})
	}

	path := write(t, "cosign.key", private)
	if _, err := LoadSigner(t.Context(), path, password("wrong")); !errors.Is(err, ErrPassword) {
		t.Errorf("wrong password: got %v", err)
	}
	if _, err := LoadSigner(t.Context(), path, nil); err == nil || !strings.Contains(err.Error(), "no password was given") {
		t.Errorf("no password: got %v", err)
	}
	cancelled := errors.New("cancelled")
	if _, err := LoadSigner(t.Context(), path, func() ([]byte, error) { return nil, cancelled }); !errors.Is(err, cancelled) {
		t.Errorf("password not given: got %v", err)
	}
	if _, err := LoadSigner(t.Context(), filepath.Join(t.TempDir(), "absent"), nil); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("no file: got %v", err)
	}
	if _, err := LoadPublicKey(path); err == nil || !strings.Contains(err.Error(), "a verifier is given the public half") {
		t.Errorf("private key for verifying: got %v", err)
	}
	if _, err := ReadPublicKey(block("CERTIFICATE", "x")); err == nil || !strings.Contains(err.Error(), "not a public key") {
		t.Errorf("certificate for verifying: got %v", err)
	}
	if k, err := ReadPublicKey(block(pemPublic, "x")); k != nil || err == nil {
		t.Errorf("damaged public key: got %v, %v", k, err)
	}
}

// The plugin is this test binary under another name.
func TestKeyManagementPlugin(t *testing.T) {
	installPlugin(t)
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKCS8PrivateKey(k)
	if err != nil {
		t.Fatal(err)
	}
	path := write(t, "key.pem", pem.EncodeToMemory(&pem.Block{Type: pemPKCS8, Bytes: der}))

	s, err := LoadSigner(t.Context(), "testkms://"+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	if !k.PublicKey.Equal(s.Public()) {
		t.Error("the plugin's public key is another one")
	}
	sealed := sealInto(t, t.TempDir(), "q", sample, claim(), s)
	mustVerify(t, sealed.Archive, Policy{Keys: []crypto.PublicKey{k.Public()}})

	if _, err := LoadSigner(t.Context(), "testkms://"+path+".absent", nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a key that the service does not have: got %v", err)
	}
	_, err = LoadSigner(t.Context(), "nokms://key", nil)
	if err == nil || !strings.Contains(err.Error(), "no program sigstore-kms-nokms on PATH") {
		t.Errorf("a service without plugin: got %v", err)
	}
}

// A document key stays in the service, which is given digests to sign.
func TestDocumentKeyInAKeyManagementService(t *testing.T) {
	installPlugin(t)
	p := testpki.Document(t, testpki.Authority(t, "Root"), testpki.P256(t))
	files := DocumentFiles{Certificate: write(t, "chain.pem", p.ChainPEM()), Key: "testkms://" + write(t, "key.pem", p.KeyPEM(t))}
	s, err := LoadDocumentSigner(t.Context(), files, testpki.Now, nil)
	if err != nil {
		t.Fatal(err)
	}
	digest := sha256.Sum256([]byte("a document"))
	der, err := cms.Sign(t.Context(), s.signer, digest[:], nil)
	if err != nil {
		t.Fatal(err)
	}
	got, err := cms.Parse(der)
	if err != nil {
		t.Fatal(err)
	}
	if err := got.Verify(digest[:]); err != nil {
		t.Error(err)
	}

	files.Key = "testkms://" + write(t, "other.pem", testpki.SelfSigned(t, testpki.P256(t)).KeyPEM(t))
	if _, err := LoadDocumentSigner(t.Context(), files, testpki.Now, nil); err == nil || !strings.Contains(err.Error(), "none of the certificates belongs to the private key") {
		t.Errorf("a key of another certificate: got %v", err)
	}
	files.Key += ".absent"
	if _, err := LoadDocumentSigner(t.Context(), files, testpki.Now, nil); err == nil || !strings.Contains(err.Error(), "no such file") {
		t.Errorf("a key that the service does not have: got %v", err)
	}
	files.Key = "nokms://key"
	if _, err := LoadDocumentSigner(t.Context(), files, testpki.Now, nil); err == nil || !strings.Contains(err.Error(), "no program sigstore-kms-nokms on PATH") {
		t.Errorf("a service without plugin: got %v", err)
	}
}
