package publish

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/rand"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/aws/aws-sdk-go-v2/aws"
	"github.com/aws/aws-sdk-go-v2/service/s3"
	"github.com/aws/aws-sdk-go-v2/service/s3/types"
	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

var stores = map[string]func(*testing.T) *server{"s3": s3Server, "registry": registryServer}

// eachStore runs a test against each real server.
func eachStore(t *testing.T, test func(t *testing.T, s *server)) {
	t.Parallel()
	for name, of := range stores {
		t.Run(name, func(t *testing.T) {
			t.Parallel()
			test(t, of(t))
		})
	}
}

func names(t *testing.T, p *Place) []string {
	t.Helper()
	found, err := p.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, f := range found {
		out = append(out, f.Name)
	}
	return out
}

// wantOnly fails unless the place has these archives and no upload is left there.
func wantOnly(t *testing.T, p *Place, want ...string) {
	t.Helper()
	if d := cmp.Diff(want, names(t, p)); d != "" {
		t.Errorf("archives (-want +got):\n%s", d)
	}
	if c, ok := client(t, p); ok {
		left, err := c.ListMultipartUploads(context.Background(), &s3.ListMultipartUploadsInput{Bucket: aws.String("audit")})
		if err != nil {
			t.Fatal(err)
		}
		if len(want) > 0 && len(left.Uploads) > 0 {
			t.Errorf("%d uploads were left", len(left.Uploads))
		}
	}
}

// Stores take archives in one part and in many, give them back, and keep the first
// of a name.
func TestStoresNeverOverwrite(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, false)
		first, second := large(t, "prod-2026-09-30.zip"), bundle(t, "prod-2026-10-01.zip", "")
		for _, a := range []Archive{first, second} {
			if r := put(t, p, a); r.Already || r.SHA256 != a.SHA256 {
				t.Errorf("%+v", r)
			}
			if r := put(t, s.place(t, s.host()), a); !r.Already {
				t.Errorf("again: %+v", r)
			}
		}
		_, err := p.Put(context.Background(), bundle(t, first.Name, "other"), PutOptions{})
		if err == nil || !strings.Contains(err.Error(), "nothing was overwritten") {
			t.Errorf("another bundle: %v", err)
		}
		other := bundle(t, second.Name, "other")
		if r, err := p.Put(context.Background(), other, PutOptions{Renumber: true}); err != nil || r.Name != "prod-2026-10-01-2.zip" || r.Already {
			t.Errorf("another bundle of the day: %+v, %v", r, err)
		}
		wantOnly(t, s.place(t, s.host()), first.Name, "prod-2026-10-01-2.zip", second.Name)
		newest, _, err := p.Newest(context.Background(), "prod")
		var back bytes.Buffer
		if err := errors.Join(err, p.Copy(context.Background(), newest, &back)); err != nil || fmt.Sprintf("%x", sha256.Sum256(back.Bytes())) != other.SHA256 {
			t.Errorf("the newest, %q, comes back as other bytes: %v", newest.Name, err)
		}
	})
}

// Of a bundle that lies elsewhere only what is asked for is read, and it verifies
// as far as that goes.
func TestStoresReadParts(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, false)
		signer, public := testSigner(t)
		a := sealed(t, "prod-2026-09-30.zip", signer)
		put(t, p, a)
		back := &proxy{}
		back.start(t, s.host())
		reader := s.place(t, back.host)
		found, err := reader.List(context.Background())
		if err != nil || len(found) != 1 {
			t.Fatal(found, err)
		}
		key, err := seal.LoadPublicKey(public)
		if err != nil {
			t.Fatal(err)
		}
		part, err := seal.VerifyPart(context.Background(), reader.Reader(context.Background(), found[0]), found[0].Size, "report.json", seal.Policy{Keys: []crypto.PublicKey{key}})
		if err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff("{}\n", string(part.Content)); d != "" {
			t.Error(d)
		}
		if got := back.received.Load(); got > 1<<20 {
			t.Errorf("%d bytes were read of an archive of %d", got, a.Size)
		}
	})
}

// sealed is a bundle with a report and much evidence.
func sealed(t *testing.T, name string, signer *seal.Signer) Archive {
	t.Helper()
	n, ok := parseName(name)
	if !ok {
		t.Fatalf("%q is no name of a bundle", name)
	}
	b, err := seal.Create(t.TempDir(), strings.TrimSuffix(name, ".zip"))
	if err != nil {
		t.Fatal(err)
	}
	noise := make([]byte, 8<<20)
	if _, err := rand.Read(noise); err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{"report.json": []byte("{}\n"), "noise.txt": noise} {
		if err := os.WriteFile(filepath.Join(b.Dir(), name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	s, err := b.Seal(context.Background(), schema.Claim{AsOf: n.date, Plan: schema.PlanFacts{Name: n.plan}, Sources: []schema.ClaimedSource{}, ControlsByStatus: map[schema.Status]int{}}, signer)
	if err != nil {
		t.Fatal(err)
	}
	a, err := ReadArchive(s.Archive)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

// The server dies in the middle. Nothing is seen that is not whole, and after it
// came back the same archive is published, with nothing left of before.
func TestStoreDiesDuringUpload(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		makeBucket(t, s.place(t, s.host()), false)
		a := large(t, "prod-2026-09-30.zip")
		x := &proxy{after: 7 << 20, call: s.kill}
		x.start(t, s.host())
		ctx, cancel := context.WithTimeout(t.Context(), 3*time.Second) // or the client would try for long
		defer cancel()
		if r, err := s.place(t, x.host).Put(ctx, a, PutOptions{}); err == nil {
			t.Errorf("published by a dead server: %+v", r)
		}
		s.start(t)
		p := s.place(t, s.host())
		wantOnly(t, p)
		put(t, p, a)
		wantOnly(t, s.place(t, s.host()), a.Name)
	})
}

// The publisher is killed in the middle, as a pod is that is evicted.
func TestPublisherDiesDuringUpload(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, false)
		a := large(t, "prod-2026-09-30.zip")
		cmd := exec.Command(os.Args[0])
		x := &proxy{after: 7 << 20}
		x.call = func() { _ = cmd.Process.Kill() } // it may have ended
		x.start(t, s.host())
		cmd.Env = append(os.Environ(), "PUBLISH_ARCHIVE="+a.Path, "PUBLISH_TO="+s.address(x.host))
		if out, err := cmd.CombinedOutput(); err == nil {
			t.Fatalf("it was not killed: %s", out)
		}
		wantOnly(t, p)
		put(t, p, a)
		wantOnly(t, s.place(t, s.host()), a.Name)
	})
}

// The disk of the server is full, or read-only. That is said, and what is there
// stays as it is.
func TestStoreIsFull(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.mount = "mount -t tmpfs -o size=8m tmpfs $dir"
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, false)
		small := bundle(t, "prod-2026-09-29.zip", "")
		put(t, p, small)
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if r, err := p.Put(ctx, large(t, "prod-2026-09-30.zip"), PutOptions{}); err == nil {
			t.Errorf("it has room: %+v", r)
		}
		p = s.place(t, s.host())
		wantOnly(t, p, small.Name)
		if r := put(t, p, small); !r.Already {
			t.Errorf("%+v", r)
		}
	})
}

func TestStoreIsReadOnly(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, false)
		first := bundle(t, "prod-2026-09-29.zip", "")
		put(t, p, first)
		s.kill()
		s.command = strings.Replace(s.command, "mkdir -p $dir/root $dir/versions &&", "", 1)
		s.mount = "mount --bind $dir $dir && mount -o remount,ro,bind $dir"
		s.start(t)
		p = s.place(t, s.host())
		ctx, cancel := context.WithTimeout(t.Context(), 5*time.Second)
		defer cancel()
		if r, err := p.Put(ctx, bundle(t, "prod-2026-09-30.zip", ""), PutOptions{}); err == nil {
			t.Errorf("it was written: %+v", r)
		}
		wantOnly(t, s.place(t, s.host()), first.Name)
	})
}

// A line that passes 32 KiB at a time, with pauses, changes nothing.
func TestStoreIsSlow(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		makeBucket(t, s.place(t, s.host()), false)
		x := &proxy{slow: 2 * time.Millisecond}
		x.start(t, s.host())
		a := large(t, "prod-2026-09-30.zip")
		if r := put(t, s.place(t, x.host), a); r.SHA256 != a.SHA256 {
			t.Errorf("%+v", r)
		}
	})
}

// Rules delete what is superseded. A lock, a hold of the store and a hold beside
// the bundle keep it.
func TestStoresKeepRules(t *testing.T) {
	eachStore(t, func(t *testing.T, s *server) {
		s.start(t)
		p := s.place(t, s.host())
		makeBucket(t, p, true)
		lock := PutOptions{Lock: &Lock{Until: time.Now().Add(time.Hour).UTC().Truncate(time.Second)}}
		_, err := p.Put(context.Background(), bundle(t, "prod-2026-08-30.zip", ""), lock)
		c, locks := client(t, p)
		if locks != (err == nil) {
			t.Fatalf("with a lock: %v", err)
		}
		if !locks {
			put(t, p, bundle(t, "prod-2026-08-30.zip", ""))
		}
		for _, name := range []string{"prod-2026-09-27.zip", "prod-2026-09-28.zip", "prod-2026-09-29.zip", "prod-2026-09-30.zip", "test-2026-09-27.zip"} {
			put(t, p, bundle(t, name, ""))
		}
		if locks {
			_, err = c.PutObjectLegalHold(context.Background(), &s3.PutObjectLegalHoldInput{
				Bucket: aws.String("audit"), Key: aws.String("prod/prod-2026-09-28.zip"),
				LegalHold: &types.ObjectLockLegalHold{Status: types.ObjectLockLegalHoldStatusOn},
			})
		} else {
			r := p.store.(*repository)
			d, failed := r.Resolve(context.Background(), "prod-2026-09-28")
			if failed != nil {
				t.Fatal(failed)
			}
			err = r.Tag(context.Background(), d, "prod-2026-09-28.hold")
		}
		if err != nil {
			t.Fatal(err)
		}
		p = s.place(t, s.host())
		fates, err := p.Prune(context.Background(), bundle(t, "prod-2026-09-30.zip", ""), schema.KeepRules{Daily: 2}, time.Now())
		if err != nil {
			t.Fatal(err)
		}
		want := []Fate{
			{"prod-2026-09-30.zip", "the last"},
			{"prod-2026-09-29.zip", "daily 2026-09-29"},
			{"prod-2026-09-28.zip", "it is under legal hold"},
			{"prod-2026-09-27.zip", ""},
			{"prod-2026-08-30.zip", "it is locked until " + lock.Lock.Until.Format(time.DateOnly)},
		}
		left := []string{"prod-2026-08-30.zip", "prod-2026-09-28.zip", "prod-2026-09-29.zip", "prod-2026-09-30.zip", "test-2026-09-27.zip"}
		if !locks {
			want[2].Kept, want[4].Kept, left = "held by prod-2026-09-28.zip.hold", "", left[1:]
		}
		if d := cmp.Diff(want, fates); d != "" {
			t.Error(d)
		}
		wantOnly(t, s.place(t, s.host()), left...)
	})
}

// cosign finds what a registry keeps beside a bundle, and verifies the artifact
// with the key that signed it and with no other.
func TestCosignVerifiesArtifact(t *testing.T) {
	t.Parallel()
	cosign, s := oracle(t, "cosign"), registryServer(t)
	s.start(t)
	signer, key := testSigner(t)
	_, other := testSigner(t)
	a := signedBundle(t, "prod-2026-09-30.zip", signer)
	p := s.place(t, s.host())
	sign := func(ctx context.Context, statement []byte) ([]byte, error) {
		return seal.Attest(ctx, statement, signer)
	}
	r, err := p.Put(context.Background(), a, PutOptions{Sign: sign})
	if err != nil {
		t.Fatal(err)
	}
	image := s.host() + "/audit/prod"
	tree, err := exec.Command(cosign, "tree", image+":prod-2026-09-30").CombinedOutput()
	if err != nil || !strings.Contains(string(tree), schema.PredicateType) || !strings.Contains(string(tree), PublicationType) {
		t.Errorf("%v: %s", err, tree)
	}
	verify := func(key string) ([]byte, error) {
		return exec.Command(cosign, "verify-attestation", "--key", key, "--type", PublicationType, "--insecure-ignore-tlog=true", image+"@"+r.Manifest).CombinedOutput()
	}
	if out, err := verify(key); err != nil {
		t.Errorf("%v: %s", err, out)
	}
	if out, err := verify(other); err == nil {
		t.Errorf("it verifies with another key: %s", out)
	}
}

func testSigner(t *testing.T) (signer *seal.Signer, public string) {
	t.Helper()
	private, pub, err := seal.GenerateKey([]byte("pass"))
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	for name, content := range map[string][]byte{"key": private, "pub": pub} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	signer, err = seal.LoadSigner(context.Background(), filepath.Join(dir, "key"), func() ([]byte, error) { return []byte("pass"), nil })
	if err != nil {
		t.Fatal(err)
	}
	return signer, filepath.Join(dir, "pub")
}

// signedBundle is bundle with an attestation of its statement.
func signedBundle(t *testing.T, name string, signer *seal.Signer) Archive {
	t.Helper()
	a := bundle(t, name, "")
	z, err := zip.OpenReader(a.Path)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	f, err := z.Open(seal.StatementFile)
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(f)
	if err != nil {
		t.Fatal(err)
	}
	var statement map[string]any
	if err := json.Unmarshal(content, &statement); err != nil {
		t.Fatal(err)
	}
	statement["_type"] = "https://in-toto.io/Statement/v1"
	statement["subject"] = []any{map[string]any{"name": "report.json", "digest": map[string]string{"sha256": fmt.Sprintf("%064d", 0)}}}
	if content, err = json.Marshal(statement); err != nil {
		t.Fatal(err)
	}
	attestation, err := seal.Attest(context.Background(), content, signer)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(a.Path, zipOf(t, "report.json", "{}", seal.AttestationFile, string(attestation)), 0o600); err != nil {
		t.Fatal(err)
	}
	if a, err = ReadArchive(a.Path); err != nil {
		t.Fatal(err)
	}
	return a
}
