package registry

import (
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"crypto/x509"
	"encoding/pem"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/random"
	"github.com/google/go-containerregistry/pkg/v1/remote"

	"github.com/auditpack/auditpack/internal/testauthorities"
	"github.com/auditpack/auditpack/schema"
)

// needed skips a test whose tool is not here. In CI that is a failure.
func needed(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("this test needs %s", what)
	}
	t.Skipf("this test needs %s", what)
}

// A world is a registry on loopback, and a key of cosign.
type world struct {
	t      *testing.T
	host   string
	dir    string
	public []byte
	// refuse answers requests in the registry's place when it returns a status.
	refuse func(*http.Request) int
	// challenge makes it ask for a password.
	challenge bool
}

func newWorld(t *testing.T) *world {
	t.Helper()
	w := &world{t: t, dir: t.TempDir()}
	answers := registry.New(registry.Logger(log.New(bytes.NewBuffer(nil), "", 0)), registry.WithReferrersSupport(true))
	server := httptest.NewServer(http.HandlerFunc(func(out http.ResponseWriter, r *http.Request) {
		if r.Method != http.MethodGet && r.Method != http.MethodHead && w.refuse != nil {
			t.Errorf("a reader sent %s %s", r.Method, r.URL)
		}
		if w.refuse != nil {
			if code := w.refuse(r); code != 0 {
				if w.challenge {
					out.Header().Set("WWW-Authenticate", `Basic realm="test"`)
				}
				http.Error(out, "no", code)
				return
			}
		}
		answers.ServeHTTP(out, r)
	}))
	t.Cleanup(server.Close)
	w.host = strings.TrimPrefix(server.URL, "http://")
	return w
}

// push puts an image into the registry and returns how a kubelet names it.
func (w *world) push(repository string) string {
	w.t.Helper()
	image, err := random.Image(64, 1)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.put(repository, image)
}

func (w *world) put(repository string, image v1.Image) string {
	w.t.Helper()
	ref, err := name.NewTag(w.host+"/"+repository+":latest", name.Insecure)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := remote.Write(ref, image); err != nil {
		w.t.Fatal(err)
	}
	digest, err := image.Digest()
	if err != nil {
		w.t.Fatal(err)
	}
	return w.host + "/" + repository + "@" + digest.String()
}

// cosign runs the real one. It makes its key at the first call.
func (w *world) cosign(args ...string) {
	w.t.Helper()
	path := testauthorities.Oracle("cosign")
	if _, err := os.Stat(path); err != nil {
		needed(w.t, "cosign; build it with internal/oracles/build.sh")
	}
	run := func(args ...string) {
		cmd := exec.Command(path, args...)
		cmd.Dir = w.dir
		cmd.Env = append(os.Environ(), "HOME="+w.dir, "TUF_ROOT="+w.dir, "COSIGN_PASSWORD=", "COSIGN_YES=true")
		if out, err := cmd.CombinedOutput(); err != nil {
			w.t.Fatalf("cosign %s: %v\n%s", strings.Join(args, " "), err, out)
		}
	}
	if w.public == nil {
		run("generate-key-pair")
		var err error
		if w.public, err = os.ReadFile(filepath.Join(w.dir, "cosign.pub")); err != nil {
			w.t.Fatal(err)
		}
	}
	run(args...)
}

// attest has cosign sign a predicate about an image, in its new form or the one before.
func (w *world) attest(image, kind, predicate string, legacy bool) {
	w.t.Helper()
	file := filepath.Join(w.dir, "predicate.json")
	if err := os.WriteFile(file, []byte(predicate), 0o600); err != nil {
		w.t.Fatal(err)
	}
	w.cosign(form(legacy, "attest", "--key", "cosign.key", "--predicate", file, "--type", kind, "--allow-http-registry", image)...)
}

func (w *world) sign(image string, legacy bool) {
	w.t.Helper()
	w.cosign(form(legacy, "sign", "--key", "cosign.key", "--allow-http-registry", image)...)
}

// form adds the flags that keep cosign offline, and choose how it writes.
func form(legacy bool, args ...string) []string {
	image := args[len(args)-1]
	args = append(args[:len(args)-1:len(args)-1], "--use-signing-config=false", "--tlog-upload=false")
	if legacy {
		args = append(args, "--new-bundle-format=false")
	}
	return append(args, image)
}

// stranger makes a public key that signed nothing.
func stranger(t *testing.T) []byte {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	der, err := x509.MarshalPKIXPublicKey(&k.PublicKey)
	if err != nil {
		t.Fatal(err)
	}
	return pem.EncodeToMemory(&pem.Block{Type: "PUBLIC KEY", Bytes: der})
}

// answers is a sink for rows and queries.
type answers struct {
	rows    []schema.ImageProvenance
	queries []schema.Query
}

func (a *answers) Rows(rows ...schema.Row) {
	for _, r := range rows {
		a.rows = append(a.rows, r.(schema.ImageProvenance))
	}
}
func (a *answers) Query(q schema.Query)               { a.queries = append(a.queries, q) }
func (a *answers) Object(_, _ string, _ []byte) error { return nil }

// read asks about images with the keys that are trusted.
func (w *world) read(keys [][]byte, images ...string) *answers {
	w.t.Helper()
	signers, err := NewSigners(keys, nil, nil)
	if err != nil {
		w.t.Fatal(err)
	}
	return w.ask(signers, images...)
}

func (w *world) ask(signers *Signers, images ...string) *answers {
	w.t.Helper()
	r, err := New(Options{Cluster: "c", Images: []string{w.host + "/shop"}, Signers: signers, DockerConfig: w.dir, Insecure: []string{w.host}, Pause: time.Millisecond})
	if err != nil {
		w.t.Fatal(err)
	}
	r.Note(schema.Pod{Phase: "Running", ImageIDs: images})
	var a answers
	if err := r.Read(context.Background(), &a); err != nil {
		w.t.Fatal(err)
	}
	return &a
}

const slsaV1 = `{"buildDefinition": {"buildType": "https://example.com/build", "externalParameters": {}, "resolvedDependencies": [
  {"uri": "git+https://GitHub.example/Shop/web.git@refs/heads/main", "digest": {"gitCommit": "0123456789ABCDEF0123456789abcdef01234567"}}]},
 "runDetails": {"builder": {"id": "https://ci.example/builder"}, "metadata": {"finishedOn": "2026-09-01T10:00:00Z"}}}`

const slsaV02 = `{"builder": {"id": "https://ci.example/builder"}, "buildType": "x", "invocation": {"configSource":
  {"uri": "git+https://github.example/shop/web@refs/heads/main", "digest": {"sha1": "0123456789abcdef0123456789abcdef01234567"}}},
 "metadata": {"buildFinishedOn": "2026-09-01T10:00:00Z"}, "materials": []}`

// TestCosign has the real cosign sign images in both of its forms, and expects every
// signature to be found, told apart and verified, and none of another key to count.
func TestCosign(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	for _, legacy := range []bool{false, true} {
		image := w.push("shop/web")
		w.sign(image, legacy)
		w.attest(image, "slsaprovenance1", slsaV1, legacy)
		w.attest(image, "slsaprovenance02", slsaV02, legacy)
		w.attest(image, "spdxjson", `{"spdxVersion": "SPDX-2.3"}`, legacy)

		got := w.read([][]byte{stranger(t), w.public}, image)
		seen := map[schema.ImageEvidence]int{}
		for _, r := range got.rows {
			seen[r.Evidence]++
			if r.Verified != schema.VerifiedYes || !strings.HasPrefix(r.Identity, "key:") || r.Artifact == "" {
				t.Errorf("legacy %v: %+v", legacy, r)
			}
			if r.Evidence == schema.EvidenceProvenance {
				want := [4]string{"https://ci.example/builder", "github.example/shop/web", "0123456789abcdef0123456789abcdef01234567", "2026-09-01T10:00:00Z"}
				if diff := cmp.Diff(want, [4]string{r.Builder, r.SourceRepository, r.Commit, r.Built.Format(time.RFC3339)}); diff != "" {
					t.Errorf("legacy %v, %s: -want +got:\n%s", legacy, r.PredicateType, diff)
				}
			}
		}
		want := map[schema.ImageEvidence]int{schema.EvidenceSignature: 1, schema.EvidenceProvenance: 2, schema.EvidenceBill: 1}
		if diff := cmp.Diff(want, seen); diff != "" {
			t.Errorf("legacy %v: -want +got:\n%s", legacy, diff)
		}
		for _, r := range w.read([][]byte{stranger(t)}, image).rows {
			if r.Verified != schema.VerifiedNo || r.Why == "" {
				t.Errorf("legacy %v: a stranger's key accepts %+v", legacy, r)
			}
		}
	}
}
