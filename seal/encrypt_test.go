package seal

import (
	"bytes"
	"crypto/ed25519"
	"encoding/pem"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"filippo.io/age"
	"github.com/google/go-cmp/cmp"
	"golang.org/x/crypto/ssh"
)

// sealFor makes a bundle that only the recipients can read.
func sealFor(t testing.TB, out string, s *Signer, recipients ...string) *Sealed {
	t.Helper()
	r, err := LoadRecipients(recipients)
	if err != nil {
		t.Fatal(err)
	}
	b, err := Create(out, "q")
	if err != nil {
		t.Fatal(err)
	}
	b.EncryptTo(r)
	writeFiles(t, b.Dir(), sample)
	c := claim()
	c.Plan.Unsigned = s == nil
	sealed, err := b.Seal(t.Context(), c, s)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

// ageKey returns a recipient and the file of its identity.
func ageKey(t testing.TB) (recipient, identity string) {
	t.Helper()
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	return id.Recipient().String(), temporary(t, "identity.txt", []byte("# mine\n"+id.String()+"\n"))
}

// sshKey returns an SSH public key and the file of the private one.
func sshKey(t testing.TB) (recipient, identity string) {
	t.Helper()
	public, private, err := ed25519.GenerateKey(nil)
	if err != nil {
		t.Fatal(err)
	}
	key, err := ssh.NewPublicKey(public)
	if err != nil {
		t.Fatal(err)
	}
	block, err := ssh.MarshalPrivateKey(private, "")
	if err != nil {
		t.Fatal(err)
	}
	return strings.TrimSpace(string(ssh.MarshalAuthorizedKey(key))), temporary(t, "id_ed25519", pem.EncodeToMemory(block))
}

func opening(t testing.TB, s *Signer, identities ...string) Policy {
	t.Helper()
	ids, err := LoadIdentities(identities)
	if err != nil {
		t.Fatal(err)
	}
	p := trusting(s)
	p.DecryptWith = ids
	return p
}

func TestEncryptedArchivesVerify(t *testing.T) {
	s := newSigner(t)
	ageRecipient, ageIdentity := ageKey(t)
	sshRecipient, sshIdentity := sshKey(t)
	_, stranger := ageKey(t)
	list := temporary(t, "recipients.txt", []byte("# the auditors\n\n"+ageRecipient+"\n"+sshRecipient+"\n"))
	out := t.TempDir()
	sealed := sealFor(t, out, s, list)
	if diff := cmp.Diff([]string{"q.zip.age"}, names(t, out)); diff != "" {
		t.Fatalf("files (-want +got):\n%s", diff)
	}
	if b := readFile(t, sealed.Archive); bytes.Contains(b, []byte("report.pdf")) {
		t.Error("the encrypted archive names its members")
	}
	for name, identity := range map[string]string{"age": ageIdentity, "ssh": sshIdentity} {
		v := mustVerify(t, sealed.Archive, opening(t, s, stranger, identity))
		if v.Digest != sealed.Digest || len(v.Manifest.Members) != sealed.Members {
			t.Errorf("%s: got digest %s and %d members", name, v.Digest, len(v.Manifest.Members))
		}
	}
	for name, policy := range map[string]Policy{"no identity": trusting(s), "a stranger's": opening(t, s, stranger)} {
		v, err := Verify(t.Context(), sealed.Archive, policy)
		if got := refusal(t, v, err); got.Kind != Encrypted {
			t.Errorf("%s: got %v", name, got)
		}
	}
	v, err := Verify(t.Context(), sealed.Archive, opening(t, newSigner(t), ageIdentity))
	if got := refusal(t, v, err); got.Kind != BadSignature {
		t.Errorf("another key: got %v", got)
	}
	if again := sealFor(t, out, s, list); again.Name != "q-2" {
		t.Errorf("the second bundle is called %s", again.Name)
	}
}

// age itself opens what we wrote, and what age encrypted we read.
func TestAgeAgrees(t *testing.T) {
	bin := oracle(t, "age")
	s := newSigner(t)
	recipient, identity := ageKey(t)
	dir := t.TempDir()
	sealed := sealFor(t, dir, s, recipient)
	if out, err := offline(t, dir, bin, "-d", "-i", identity, "-o", "opened.zip", sealed.Archive); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	mustVerify(t, filepath.Join(dir, "opened.zip"), trusting(s))
	if out, err := exec.Command(bin, "-r", recipient, "-o", filepath.Join(dir, "again.age"), filepath.Join(dir, "opened.zip")).CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	mustVerify(t, filepath.Join(dir, "again.age"), opening(t, s, identity))
}

func TestEveryByteOfAnEncryptedArchiveCounts(t *testing.T) {
	s := newSigner(t)
	recipient, identity := ageKey(t)
	b := readFile(t, sealFor(t, t.TempDir(), s, recipient).Archive)
	policy := opening(t, s, identity)
	check := func(b []byte) {
		t.Helper()
		v, err := verifyEncrypted(t, b, policy)
		refusal(t, v, err)
	}
	for i := range b {
		b[i] ^= 1
		check(b)
		b[i] ^= 1
	}
	for n := range b {
		check(b[:n])
	}
	check(append(bytes.Clone(b), 0))
}

func verifyEncrypted(t testing.TB, b []byte, p Policy) (*Verified, error) {
	t.Helper()
	r, n, err := decrypted(bytes.NewReader(b), int64(len(b)), p.DecryptWith)
	if err != nil {
		return nil, err
	}
	a, err := openArchive(r, n, nil)
	if err != nil {
		return nil, err
	}
	return verify(t.Context(), a, p)
}

func TestRecipientsAndIdentitiesThatAreRefused(t *testing.T) {
	id, err := age.GenerateX25519Identity()
	if err != nil {
		t.Fatal(err)
	}
	secret := id.String()
	for name, text := range map[string]string{"private key": secret, "empty": "# nobody\n", "junk": "me@example.com", "short SSH key": "ssh-ed25519 AAAA", "hidden in a line": id.Recipient().String() + "\n" + secret} {
		r, err := LoadRecipients([]string{temporary(t, "r", []byte(text))})
		if r != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, r, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes the private key", name)
		}
	}
	if r, err := LoadRecipients(nil); r != nil || err == nil {
		t.Errorf("nobody: got %v, %v", r, err)
	}
	for name, text := range map[string]string{"recipient": id.Recipient().String(), "empty": "", "junk": secret + "x", "passphrase": "age-encryption.org/v1\n"} {
		ids, err := LoadIdentities([]string{temporary(t, "i", []byte(text))})
		if ids != nil || err == nil {
			t.Errorf("%s: got %v, %v", name, ids, err)
		} else if strings.Contains(err.Error(), secret) {
			t.Errorf("%s: the error quotes the private key", name)
		}
	}
}
