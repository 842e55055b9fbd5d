package main

import (
	"archive/tar"
	"bytes"
	"context"
	"crypto/ecdsa"
	"crypto/sha256"
	"crypto/x509"
	"debug/buildinfo"
	"encoding/json"
	"encoding/pem"
	"errors"
	"fmt"
	"io"
	"log"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"runtime/debug"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-containerregistry/pkg/name"
	"github.com/google/go-containerregistry/pkg/registry"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/validate"
	"github.com/santhosh-tekuri/jsonschema/v6"

	"github.com/auditpack/auditpack/seal"
)

var created = time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC)

// programs builds a small program for each architecture and returns the paths.
func programs(t *testing.T, env ...string) []string {
	t.Helper()
	dir := t.TempDir()
	write(t, filepath.Join(dir, "go.mod"), "module example.com/hello\n\ngo 1.26\n")
	write(t, filepath.Join(dir, "main.go"), "package main\n\nfunc main() { println(\"hello\") }\n")
	var out []string
	for _, arch := range []string{"arm64", "amd64"} {
		path := filepath.Join(dir, "hello-"+arch)
		cmd := exec.Command("go", "build", "-trimpath", "-buildvcs=false", "-o", path, ".")
		cmd.Dir = dir
		cmd.Env = append(append(os.Environ(), "CGO_ENABLED=0", "GOOS=linux", "GOARCH="+arch, "GOFLAGS="), env...)
		if text, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("build for %s: %v\n%s", arch, err, text)
		}
		out = append(out, path)
	}
	return out
}

func write(t *testing.T, path, text string) {
	t.Helper()
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

func made(t *testing.T, o options) *built {
	t.Helper()
	b, err := build(t.Context(), o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestSameInputsGiveTheSameLayout(t *testing.T) {
	o := options{version: "v1.2.3", revision: strings.Repeat("ab", 20), source: "https://example.com/auditpack", created: created, binaries: programs(t)}
	other := o
	other.binaries = slices.Clone(o.binaries)
	slices.Reverse(other.binaries)
	first, again := filepath.Join(t.TempDir(), "a"), filepath.Join(t.TempDir(), "b")
	if err := made(t, o).save(first); err != nil {
		t.Fatal(err)
	}
	if err := made(t, other).save(again); err != nil {
		t.Fatal(err)
	}
	want := files(t, first)
	if diff := cmp.Diff(want, files(t, again)); diff != "" {
		t.Errorf("another order of the binaries gives another layout (-first +again):\n%s", diff)
	}
	if len(want) < 15 {
		t.Errorf("the layout has %d files", len(want))
	}
	// Over an earlier layout, which may have blobs of another version.
	write(t, filepath.Join(first, "blobs", "stale"), "stale")
	if err := made(t, o).save(first); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(want, files(t, first)); diff != "" {
		t.Errorf("a second build into one folder (-first +again):\n%s", diff)
	}
	other.created = created.Add(time.Second)
	if made(t, other).digest == made(t, o).digest {
		t.Error("another time gives the same digest, so it is nowhere in the image")
	}
}

// files returns the digests of the files below a folder.
func files(t *testing.T, dir string) map[string]string {
	t.Helper()
	out := map[string]string{}
	err := filepath.WalkDir(dir, func(path string, d os.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		rel, _ := filepath.Rel(dir, path)
		out[rel] = fmt.Sprintf("%x", sha256.Sum256(b))
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestWhatIsInTheImage(t *testing.T) {
	o := options{version: "v1.2.3", revision: strings.Repeat("ab", 20), source: "https://example.com/auditpack", created: created, binaries: programs(t)}
	dir := filepath.Join(t.TempDir(), "image")
	if err := made(t, o).save(dir); err != nil {
		t.Fatal(err)
	}
	saved, err := layout.ImageIndexFromPath(dir)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(saved); err != nil {
		t.Errorf("the layout is not sound: %v", err)
	}
	top := manifest(t, saved)
	if len(top.Manifests) != 4 {
		t.Fatalf("the layout has %d manifests, want the image, two bills of materials and the provenance", len(top.Manifests))
	}
	if got := top.Manifests[0].Annotations["org.opencontainers.image.ref.name"]; got != "v1.2.3" {
		t.Errorf("the layout names the image %q", got)
	}
	index, err := saved.ImageIndex(top.Manifests[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	var platforms []string
	for _, m := range manifest(t, index).Manifests {
		platforms = append(platforms, m.Platform.String())
		img, err := index.Image(m.Digest)
		if err != nil {
			t.Fatal(err)
		}
		checkImage(t, img, m.Platform)
	}
	if diff := cmp.Diff([]string{"linux/amd64", "linux/arm64"}, platforms); diff != "" {
		t.Errorf("platforms (-want +got):\n%s", diff)
	}
}

func manifest(t *testing.T, index v1.ImageIndex) *v1.IndexManifest {
	t.Helper()
	m, err := index.IndexManifest()
	if err != nil {
		t.Fatal(err)
	}
	return m
}

func checkImage(t *testing.T, img v1.Image, p *v1.Platform) {
	t.Helper()
	config, err := img.ConfigFile()
	if err != nil {
		t.Fatal(err)
	}
	want := v1.Config{
		User: "65532:65532", Entrypoint: []string{"/usr/local/bin/auditpack"},
		Env: []string{"PATH=/usr/local/bin", "HOME=/tmp", "SSL_CERT_FILE=/etc/ssl/certs/ca-certificates.crt"},
		Labels: map[string]string{
			"org.opencontainers.image.title": "auditpack", "org.opencontainers.image.description": "Signed audit packs of Kubernetes platforms",
			"org.opencontainers.image.licenses": "Apache-2.0", "org.opencontainers.image.version": "v1.2.3", "org.opencontainers.image.revision": strings.Repeat("ab", 20),
			"org.opencontainers.image.source": "https://example.com/auditpack", "org.opencontainers.image.created": "2026-11-22T08:00:00Z",
		},
	}
	if diff := cmp.Diff(want, config.Config); diff != "" {
		t.Errorf("%s: configuration (-want +got):\n%s", p, diff)
	}
	if config.Architecture != p.Architecture || !config.Created.Equal(created) {
		t.Errorf("%s: made for %s at %s", p, config.Architecture, config.Created)
	}
	layers, err := img.Layers()
	if err != nil {
		t.Fatal(err)
	}
	content := map[string][]byte{}
	modes := map[string]string{}
	for _, l := range layers {
		r, err := l.Uncompressed()
		if err != nil {
			t.Fatal(err)
		}
		for tr := tar.NewReader(r); ; {
			h, err := tr.Next()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatal(err)
			}
			if h.Uid != 0 || h.Gid != 0 || !h.ModTime.Equal(created) {
				t.Errorf("%s: %s belongs to %d:%d and is of %s", p, h.Name, h.Uid, h.Gid, h.ModTime)
			}
			modes[h.Name] = fmt.Sprintf("%c%04o", h.Typeflag, h.Mode)
			if content[h.Name], err = io.ReadAll(tr); err != nil {
				t.Fatal(err)
			}
		}
	}
	// All that is in the image: no shell, nothing that can be written to but /tmp.
	if diff := cmp.Diff(map[string]string{
		"etc/": "50755", "etc/group": "00644", "etc/passwd": "00644", "etc/ssl/": "50755", "etc/ssl/certs/": "50755", "etc/ssl/certs/ca-certificates.crt": "00644",
		"tmp/": "51777", "usr/": "50755", "usr/local/": "50755", "usr/local/bin/": "50755", "usr/local/bin/auditpack": "00755",
	}, modes); diff != "" {
		t.Errorf("%s: files (-want +got):\n%s", p, diff)
	}
	if pool := x509.NewCertPool(); !pool.AppendCertsFromPEM(content["etc/ssl/certs/ca-certificates.crt"]) || bytes.Count(content["etc/ssl/certs/ca-certificates.crt"], []byte("BEGIN")) < 100 {
		t.Errorf("%s: the certificates cannot be read, or are too few", p)
	}
	info, err := buildinfo.Read(bytes.NewReader(content["usr/local/bin/auditpack"]))
	if err != nil {
		t.Fatal(err)
	}
	if i := slices.Index(info.Settings, debug.BuildSetting{Key: "GOARCH", Value: p.Architecture}); i < 0 {
		t.Errorf("%s has the program of another platform", p)
	}
}

func TestBillOfMaterials(t *testing.T) {
	program := filepath.Join(t.TempDir(), "program")
	write(t, program, "bytes")
	got, err := billOfMaterials(options{version: "v1.2.3", created: created}, binary{program, v1.Platform{OS: "linux", Architecture: "amd64"}, &buildinfo.BuildInfo{
		GoVersion: "go1.26.8", Main: debug.Module{Path: "example.com/main"},
		Deps: []*debug.Module{
			{Path: "example.com/b", Version: "v2.0.0+incompatible", Sum: "h1:b"},
			{Path: "example.com/a", Version: "v1.0.0", Sum: "h1:a", Replace: &debug.Module{Path: "example.com/fork", Version: "v1.0.1", Sum: "h1:f"}},
		},
	}})
	if err != nil {
		t.Fatal(err)
	}
	cycloneDX(t, got)
	var doc bill
	if err := json.Unmarshal(got, &doc); err != nil {
		t.Fatal(err)
	}
	var refs []string
	for _, c := range doc.Components {
		refs = append(refs, c.Ref)
	}
	want := []string{"pkg:golang/example.com/b@v2.0.0%2Bincompatible", "pkg:golang/example.com/fork@v1.0.1", "pkg:golang/std@1.26.8"}
	if diff := cmp.Diff(want, refs); diff != "" {
		t.Errorf("components (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]dependency{{"pkg:golang/example.com/main@v1.2.3", want}}, doc.Dependencies); diff != "" {
		t.Errorf("dependencies (-want +got):\n%s", diff)
	}
	if got, want := doc.Metadata.Component.Hashes[0].Content, fmt.Sprintf("%x", sha256.Sum256([]byte("bytes"))); got != want {
		t.Errorf("the program has the digest %s, want %s", got, want)
	}
}

// cycloneDX validates a bill of materials by the schemas that the module
// cyclonedx-go brings.
func cycloneDX(t *testing.T, doc []byte) {
	t.Helper()
	out, err := exec.Command("go", "mod", "download", "-json", "github.com/CycloneDX/cyclonedx-go@v0.12.0").Output()
	if err != nil {
		t.Fatalf("the module that has the schemas cannot be downloaded: %v\n%s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	c := jsonschema.NewCompiler()
	for url, file := range map[string]string{
		"http://cyclonedx.org/schema/bom-1.6.schema.json": "bom-1.6.schema.json", "http://cyclonedx.org/schema/spdx.schema.json": "spdx.schema.json",
		"http://cyclonedx.org/schema/jsf-0.82.schema.json": "jsf-0.82.schema.json",
	} {
		f, err := os.Open(filepath.Join(module.Dir, "schema", file))
		if errors.Is(err, os.ErrNotExist) {
			f, err = os.Open(filepath.Join(module.Dir, "schema", strings.Replace(file, ".schema.", ".schemax.", 1)))
		}
		if err != nil {
			t.Fatal(err)
		}
		s, err := jsonschema.UnmarshalJSON(f)
		f.Close()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.AddResource(url, s); err != nil {
			t.Fatal(err)
		}
	}
	s, err := c.Compile("http://cyclonedx.org/schema/bom-1.6.schema.json")
	if err != nil {
		t.Fatal(err)
	}
	v, err := jsonschema.UnmarshalJSON(bytes.NewReader(doc))
	if err != nil {
		t.Fatal(err)
	}
	if err := s.Validate(v); err != nil {
		t.Errorf("not valid: %v", err)
	}
}

func TestProvenanceIsSignedWithAKey(t *testing.T) {
	private, public, err := seal.GenerateKey([]byte("pass"))
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "cosign.key")
	write(t, key, string(private))
	t.Setenv("COSIGN_PASSWORD", "pass")
	o := options{version: "v1", source: "https://example.com/a.git", revision: "abcd", created: created, key: key, binaries: programs(t)}
	b := made(t, o)
	content, mediaType := referred(t, b.referrers[len(b.referrers)-1])
	if mediaType != string(signedType) {
		t.Fatalf("media type %s", mediaType)
	}
	var bundle struct {
		Envelope struct {
			Payload     []byte `json:"payload"`
			PayloadType string `json:"payloadType"`
			Signatures  []struct{ Sig []byte }
		} `json:"dsseEnvelope"`
	}
	if err := json.Unmarshal(content, &bundle); err != nil {
		t.Fatal(err)
	}
	e := bundle.Envelope
	digest := sha256.Sum256(fmt.Appendf(nil, "DSSEv1 %d %s %d %s", len(e.PayloadType), e.PayloadType, len(e.Payload), e.Payload))
	block, _ := pem.Decode(public)
	pub, err := x509.ParsePKIXPublicKey(block.Bytes)
	if err != nil {
		t.Fatal(err)
	}
	if !ecdsa.VerifyASN1(pub.(*ecdsa.PublicKey), digest[:], e.Signatures[0].Sig) {
		t.Error("the signature is not that of the key")
	}
	var s statement
	if err := json.Unmarshal(e.Payload, &s); err != nil {
		t.Fatal(err)
	}
	if s.Subject[0].Digest["sha256"] != b.digest.Hex || s.Predicate.BuildDefinition.ResolvedDependencies[0].URI != "git+https://example.com/a@abcd" {
		t.Errorf("the statement is about %+v", s)
	}

	t.Setenv("COSIGN_PASSWORD", "another")
	if _, err := build(t.Context(), o); !errors.Is(err, seal.ErrPassword) {
		t.Errorf("a wrong password: %v", err)
	}
}

// referred returns the one layer of a referrer, and the type that it has as an artifact.
func referred(t *testing.T, img v1.Image) ([]byte, string) {
	t.Helper()
	m, err := img.Manifest()
	if err != nil {
		t.Fatal(err)
	}
	l, err := img.LayerByDigest(m.Layers[0].Digest)
	if err != nil {
		t.Fatal(err)
	}
	r, err := l.Uncompressed()
	if err != nil {
		t.Fatal(err)
	}
	b, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	return b, string(m.Config.MediaType)
}

func TestPush(t *testing.T) {
	for name, options := range map[string][]registry.Option{
		"with the referrers API": {registry.WithReferrersSupport(true)}, "without it": nil,
	} {
		t.Run(name, func(t *testing.T) {
			server := httptest.NewServer(registry.New(append(options, registry.Logger(log.New(io.Discard, "", 0)))...))
			defer server.Close()
			pushed(t, strings.TrimPrefix(server.URL, "http://"))
		})
	}
}

// pushed pushes an image to a registry and reads it back.
func pushed(t *testing.T, host string) {
	t.Helper()
	o := options{version: "v1.2.3", created: created, binaries: programs(t)}
	b := made(t, o)
	for range 2 { // the second time everything is there
		got, err := b.push(t.Context(), host+"/team/auditpack")
		if err != nil {
			t.Fatal(err)
		}
		if want := host + "/team/auditpack@" + b.digest.String(); got != want {
			t.Errorf("got %s, want %s", got, want)
		}
	}
	ref, err := name.ParseReference(host + "/team/auditpack:v1.2.3")
	if err != nil {
		t.Fatal(err)
	}
	index, err := remote.Index(ref)
	if err != nil {
		t.Fatal(err)
	}
	if err := validate.Index(index); err != nil {
		t.Errorf("what was pushed is not sound: %v", err)
	}
	referrers := func(digest string) []string {
		index, err := remote.Referrers(ref.Context().Digest(digest))
		if err != nil {
			t.Fatal(err)
		}
		var out []string
		for _, m := range manifest(t, index).Manifests {
			out = append(out, m.ArtifactType)
		}
		return out
	}
	if diff := cmp.Diff([]string{string(statementType)}, referrers(b.digest.String())); diff != "" {
		t.Errorf("referrers of the image (-want +got):\n%s", diff)
	}
	for _, m := range manifest(t, index).Manifests {
		if diff := cmp.Diff([]string{string(cycloneDXType)}, referrers(m.Digest.String())); diff != "" {
			t.Errorf("referrers of %s (-want +got):\n%s", m.Platform, diff)
		}
	}
}

func TestRefused(t *testing.T) {
	good := programs(t)
	text := filepath.Join(t.TempDir(), "text")
	write(t, text, "#!/bin/sh\n")
	for name, test := range map[string]struct {
		binaries []string
		want     string
	}{
		"none":           {nil, "name the binaries"},
		"no program":     {[]string{text}, "is no Go program"},
		"not there":      {[]string{text + "x"}, "no such file"},
		"one twice":      {[]string{good[0], good[0]}, "are both for linux/arm64"},
		"another system": {programs(t, "GOOS=darwin"), "GOOS=darwin"},
	} {
		b, err := build(context.Background(), options{binaries: test.binaries})
		if b != nil || err == nil || !strings.Contains(err.Error(), test.want) {
			t.Errorf("%s: got %v, %v, want an error with %q", name, b, err, test.want)
		}
	}
}
