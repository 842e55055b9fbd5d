package main

import (
	"cmp"
	"context"
	"debug/buildinfo"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"

	"github.com/google/go-containerregistry/pkg/authn"
	"github.com/google/go-containerregistry/pkg/name"
	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/empty"
	"github.com/google/go-containerregistry/pkg/v1/layout"
	"github.com/google/go-containerregistry/pkg/v1/mutate"
	"github.com/google/go-containerregistry/pkg/v1/partial"
	"github.com/google/go-containerregistry/pkg/v1/remote"
	"github.com/google/go-containerregistry/pkg/v1/static"
	"github.com/google/go-containerregistry/pkg/v1/types"
)

// A built image is the index of its platforms, and the referrers to them.
type built struct {
	version   string
	index     v1.ImageIndex
	digest    v1.Hash
	referrers []v1.Image
}

// A binary is the program for one platform.
type binary struct {
	path     string
	platform v1.Platform
	info     *buildinfo.BuildInfo
}

// build makes the image. It refuses a binary that is not static, not of Linux, or
// there twice.
func build(ctx context.Context, o options) (*built, error) {
	binaries, err := readBinaries(o.binaries)
	if err != nil {
		return nil, err
	}
	base, err := baseLayer(o.created)
	if err != nil {
		return nil, fmt.Errorf("make the base layer: %w", err)
	}
	b := &built{version: o.version, index: mutate.IndexMediaType(empty.Index, types.OCIImageIndex)}
	for _, binary := range binaries {
		img, err := platformImage(o, binary, base)
		if err != nil {
			return nil, fmt.Errorf("image for %s: %w", binary.platform, err)
		}
		b.index = mutate.AppendManifests(b.index, mutate.IndexAddendum{Add: img, Descriptor: v1.Descriptor{Platform: &binary.platform}})
		bill, err := billOfMaterials(o, binary)
		if err != nil {
			return nil, fmt.Errorf("bill of materials for %s: %w", binary.platform, err)
		}
		if err := b.refer(img, cycloneDXType, bill, o); err != nil {
			return nil, err
		}
	}
	b.index = mutate.Annotations(b.index, o.labels()).(v1.ImageIndex)
	if b.digest, err = b.index.Digest(); err != nil {
		return nil, err
	}
	statement, mediaType, err := provenance(ctx, o, b.digest, binaries)
	if err != nil {
		return nil, fmt.Errorf("provenance: %w", err)
	}
	return b, b.refer(b.index, mediaType, statement, o)
}

// readBinaries returns the binaries by platform.
func readBinaries(paths []string) ([]binary, error) {
	if len(paths) == 0 {
		return nil, errors.New("name the binaries, one for each platform")
	}
	var out []binary
	for _, path := range paths {
		info, err := buildinfo.ReadFile(path)
		if err != nil {
			return nil, fmt.Errorf("%s is no Go program: %w", path, err)
		}
		set := map[string]string{}
		for _, s := range info.Settings {
			set[s.Key] = s.Value
		}
		if set["GOOS"] != "linux" || set["CGO_ENABLED"] != "0" {
			return nil, fmt.Errorf("%s was built with GOOS=%s CGO_ENABLED=%s; the image takes static programs for Linux", path, set["GOOS"], set["CGO_ENABLED"])
		}
		out = append(out, binary{path, v1.Platform{OS: set["GOOS"], Architecture: set["GOARCH"]}, info})
	}
	slices.SortFunc(out, func(a, b binary) int { return cmp.Compare(a.platform.Architecture, b.platform.Architecture) })
	for i := 1; i < len(out); i++ {
		if out[i].platform.Architecture == out[i-1].platform.Architecture {
			return nil, fmt.Errorf("%s and %s are both for %s", out[i-1].path, out[i].path, out[i].platform)
		}
	}
	return out, nil
}

// labels are OCI's annotations of an image
// (https://github.com/opencontainers/image-spec/blob/main/annotations.md).
func (o options) labels() map[string]string {
	const prefix = "org.opencontainers.image."
	return map[string]string{
		prefix + "title": "auditpack", prefix + "description": "Signed audit packs of Kubernetes platforms", prefix + "licenses": "Apache-2.0",
		prefix + "version": o.version, prefix + "revision": o.revision, prefix + "source": o.source, prefix + "created": o.created.Format("2006-01-02T15:04:05Z"),
	}
}

func platformImage(o options, b binary, base v1.Layer) (v1.Image, error) {
	program, err := programLayer(o.created, b.path)
	if err != nil {
		return nil, err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), types.OCIConfigJSON)
	created := v1.Time{Time: o.created}
	img, err = mutate.Append(img,
		mutate.Addendum{Layer: base, History: v1.History{Created: created, CreatedBy: "internal/image", Comment: "certificates, user, /tmp"}},
		mutate.Addendum{Layer: program, History: v1.History{Created: created, CreatedBy: "internal/image", Comment: "auditpack " + o.version}})
	if err != nil {
		return nil, err
	}
	config, err := img.ConfigFile()
	if err != nil {
		return nil, err
	}
	config = config.DeepCopy()
	config.OS, config.Architecture, config.Created = b.platform.OS, b.platform.Architecture, created
	config.Config = v1.Config{
		User: fmt.Sprintf("%d:%d", user, user), Entrypoint: []string{"/" + programFile}, Labels: o.labels(),
		// Writable things are made below /tmp, the one place that is writable where the rest is not.
		Env: []string{"PATH=/usr/local/bin", "HOME=/tmp", "SSL_CERT_FILE=/" + certificatesFile},
	}
	return mutate.ConfigFile(img, config)
}

// refer adds a document about a manifest: an OCI referrer with one layer.
func (b *built) refer(subject partial.Describable, mediaType types.MediaType, content []byte, o options) error {
	desc, err := partial.Descriptor(subject)
	if err != nil {
		return err
	}
	img := mutate.ConfigMediaType(mutate.MediaType(empty.Image, types.OCIManifestSchema1), mediaType)
	if img, err = mutate.AppendLayers(img, static.NewLayer(content, mediaType)); err != nil {
		return err
	}
	img = mutate.Annotations(img, map[string]string{"org.opencontainers.image.created": o.labels()["org.opencontainers.image.created"]}).(v1.Image)
	b.referrers = append(b.referrers, mutate.Subject(img, v1.Descriptor{MediaType: desc.MediaType, Digest: desc.Digest, Size: desc.Size}).(v1.Image))
	return nil
}

// save writes the OCI layout beside its place and moves it there when it is whole.
func (b *built) save(dir string) error {
	if err := os.MkdirAll(filepath.Dir(dir), 0o755); err != nil {
		return err
	}
	partial, err := os.MkdirTemp(filepath.Dir(dir), ".image-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(partial)
	path, err := layout.Write(partial, empty.Index)
	if err != nil {
		return err
	}
	// The tag by which programs that copy layouts find the image among its referrers.
	tag := map[string]string{"org.opencontainers.image.ref.name": b.version}
	if err := path.AppendIndex(b.index, layout.WithAnnotations(tag)); err != nil {
		return err
	}
	for _, r := range b.referrers {
		if err := path.AppendImage(r); err != nil {
			return err
		}
	}
	if err := os.RemoveAll(dir); err != nil {
		return err
	}
	if err := os.Chmod(partial, 0o755); err != nil {
		return err
	}
	return os.Rename(partial, dir)
}

// push copies everything to a registry, with the credentials that docker login or
// another program left, and returns the name of the image by its digest. Registries
// without the referrers API get the tag that stands for it.
func (b *built) push(ctx context.Context, repository string) (string, error) {
	ref, err := name.ParseReference(repository, name.WithDefaultTag(b.version))
	if err != nil {
		return "", fmt.Errorf("repository %s: %w", repository, err)
	}
	options := []remote.Option{remote.WithContext(ctx), remote.WithAuthFromKeychain(authn.DefaultKeychain)}
	if err := remote.WriteIndex(ref, b.index, options...); err != nil {
		return "", fmt.Errorf("push to %s: %w", ref, err)
	}
	for _, r := range b.referrers {
		digest, err := r.Digest()
		if err != nil {
			return "", err
		}
		if err := remote.Write(ref.Context().Digest(digest.String()), r, options...); err != nil {
			return "", fmt.Errorf("push a referrer to %s: %w", ref, err)
		}
	}
	at := ref.Context().Digest(b.digest.String())
	got, err := remote.Head(at, options...)
	if err != nil {
		return "", fmt.Errorf("read back %s: %w", at, err)
	}
	if got.Digest != b.digest {
		return "", fmt.Errorf("read back %s: the registry has %s", at, got.Digest)
	}
	return at.String(), nil
}
