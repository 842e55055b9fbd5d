package registry

import (
	"encoding/json"
	"net/http"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/auditpack/auditpack/schema"
)

// TestRefusalIsNotNone refuses each kind of question in each way. Only a registry that
// answers all of them, and has nothing, has said that there is no signature.
func TestRefusalIsNotNone(t *testing.T) {
	w := newWorld(t)
	image := w.push("shop/web")
	none := w.read([][]byte{stranger(t)}, image)
	if r := none.rows[0]; len(none.rows) != 1 || r.Evidence != schema.EvidenceNone || r.Verified != schema.VerifiedNo || none.queries[0].Outcome != schema.Complete {
		t.Fatalf("of an image without signature: %+v, %+v", none.rows, none.queries)
	}
	questions := map[string]func(string) bool{
		"the image":     func(path string) bool { return strings.Contains(path, "/manifests/sha256:") },
		"the referrers": func(path string) bool { return strings.Contains(path, "/referrers/") },
		"signatures":    func(path string) bool { return strings.HasSuffix(path, ".sig") },
		"attestations":  func(path string) bool { return strings.HasSuffix(path, ".att") },
		"everything":    func(string) bool { return true },
	}
	for question, about := range questions {
		for code, outcome := range map[int]schema.Outcome{401: schema.Forbidden, 403: schema.Forbidden, 404: schema.Forbidden, 429: schema.Failed, 500: schema.Failed, 418: schema.Failed} {
			if code == 404 && question != "the image" && question != "everything" {
				continue // that is how a registry says that it has none
			}
			w.refuse = func(r *http.Request) int {
				if about(r.URL.Path) {
					return code
				}
				return 0
			}
			got := w.read([][]byte{stranger(t)}, image)
			if len(got.rows) != 1 || got.rows[0].Evidence != schema.EvidenceUnseen || got.rows[0].Verified != schema.VerifiedUnknown || got.rows[0].Why == "" {
				t.Errorf("%s refused with %d: %+v", question, code, got.rows)
			}
			if q := got.queries[0]; q.Outcome != outcome {
				t.Errorf("%s refused with %d: the query is %s (%s), want %s", question, code, q.Outcome, q.Reason, outcome)
			}
		}
	}
}

// TestRateLimitIsWaitedFor asks again after a limit that ends in time.
func TestRateLimitIsWaitedFor(t *testing.T) {
	w := newWorld(t)
	image := w.push("shop/web")
	left := 2
	w.refuse = func(*http.Request) int {
		if left--; left >= 0 {
			return http.StatusTooManyRequests
		}
		return 0
	}
	if got := w.read([][]byte{stranger(t)}, image); got.rows[0].Evidence != schema.EvidenceNone {
		t.Errorf("%+v", got.rows)
	}
}

// attach puts a manifest with one layer under cosign's tag of an image.
func (w *world) attach(image, suffix string, layer v1.Layer, annotations map[string]string) {
	w.t.Helper()
	made, err := mutate.Append(empty.Image, mutate.Addendum{Layer: layer, Annotations: annotations})
	if err != nil {
		w.t.Fatal(err)
	}
	d, err := name.NewDigest(image, name.Insecure)
	if err != nil {
		w.t.Fatal(err)
	}
	if err := remote.Write(d.Context().Tag(strings.Replace(d.DigestStr(), ":", "-", 1)+"."+suffix), made); err != nil {
		w.t.Fatal(err)
	}
}

// TestHostile serves signatures that are none. Each is found, and none counts.
func TestHostile(t *testing.T) {
	long := strings.Repeat("x", 1000)
	for name, c := range map[string]struct {
		suffix, content string
		kind            types.MediaType
		annotations     map[string]string
		evidence        schema.ImageEvidence
	}{
		"a signature that is no base64": {"sig", `{}`, simpleSigning, map[string]string{"dev.cosignproject.cosign/signature": "%"}, schema.EvidenceSignature},
		"a signature over nothing":      {"sig", `{}`, simpleSigning, map[string]string{"dev.cosignproject.cosign/signature": "AAAA"}, schema.EvidenceSignature},
		"a certificate that is none":    {"sig", `{}`, simpleSigning, map[string]string{"dev.cosignproject.cosign/signature": "AAAA", "dev.sigstore.cosign/certificate": "x"}, schema.EvidenceSignature},
		"a log entry that is none":      {"sig", `{}`, simpleSigning, map[string]string{"dev.cosignproject.cosign/signature": "AAAA", "dev.sigstore.cosign/bundle": `{"Payload": {"body": "e30="}}`}, schema.EvidenceSignature},
		"an envelope that is no JSON":   {"att", long, envelopeType, nil, schema.EvidenceAttestation},
		"an envelope without signature": {"att", `{"payloadType": "application/vnd.in-toto+json", "payload": "e30=", "signatures": []}`, envelopeType, nil, schema.EvidenceAttestation},
		"a bundle that is none":         {"att", `{"mediaType": "x"}`, bundleType + ".v0.3+json", nil, schema.EvidenceAttestation},
	} {
		w := newWorld(t)
		image := w.push("shop/web")
		w.attach(image, c.suffix, static.NewLayer([]byte(c.content), c.kind), c.annotations)
		got := w.read([][]byte{stranger(t)}, image)
		if len(got.rows) != 1 || got.rows[0].Evidence != c.evidence || got.rows[0].Verified == schema.VerifiedYes || got.rows[0].Why == "" {
			t.Errorf("%s: %+v", name, got.rows)
		}
	}
}

// TestSignaturesStayWithTheirImage copies what cosign signed about one image to
// another one, where it proves nothing.
func TestSignaturesStayWithTheirImage(t *testing.T) {
	t.Parallel()
	w := newWorld(t)
	signed, other := w.push("shop/web"), w.push("shop/api")
	w.sign(signed, true)
	w.attest(signed, "slsaprovenance1", slsaV1, true)
	for _, suffix := range []string{"sig", "att"} {
		from, err := name.NewDigest(signed, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		image, err := remote.Image(from.Context().Tag(strings.Replace(from.DigestStr(), ":", "-", 1) + "." + suffix))
		if err != nil {
			t.Fatal(err)
		}
		to, err := name.NewDigest(other, name.Insecure)
		if err != nil {
			t.Fatal(err)
		}
		if err := remote.Write(to.Context().Tag(strings.Replace(to.DigestStr(), ":", "-", 1)+"."+suffix), image); err != nil {
			t.Fatal(err)
		}
	}
	verified := map[string][]schema.Verification{}
	for _, r := range w.read([][]byte{w.public}, signed, other).rows {
		verified[r.Image[len(w.host):]] = append(verified[r.Image[len(w.host):]], r.Verified)
	}
	want := map[string][]schema.Verification{"/shop/web": {"yes", "yes"}, "/shop/api": {"no", "no"}}
	if diff := cmp.Diff(want, verified); diff != "" {
		t.Errorf("-want +got:\n%s", diff)
	}
}

// TestCredentials signs in with what docker's configuration has.
func TestCredentials(t *testing.T) {
	w := newWorld(t)
	image := w.push("shop/web")
	w.refuse = func(r *http.Request) int {
		if user, password, _ := r.BasicAuth(); user != "reader" || password != "secret" {
			return http.StatusUnauthorized
		}
		return 0
	}
	w.challenge = true
	if got := w.read([][]byte{stranger(t)}, image); got.queries[0].Outcome != schema.Forbidden {
		t.Errorf("without credentials: %+v", got.queries)
	}
	b, err := json.Marshal(map[string]any{"auths": map[string]any{w.host: map[string]string{"username": "reader", "password": "secret"}}})
	if err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(w.dir+"/config.json", b, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := w.read([][]byte{stranger(t)}, image); got.queries[0].Outcome != schema.Complete {
		t.Errorf("with credentials: %+v", got.queries)
	}
}
