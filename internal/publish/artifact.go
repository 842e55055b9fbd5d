package publish

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/opencontainers/go-digest"
	ocispec "github.com/opencontainers/image-spec/specs-go/v1"
	"oras.land/oras-go/v2"
	"oras.land/oras-go/v2/content"
	"oras.land/oras-go/v2/errdef"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

const (
	// artifactType tells bundles from other artifacts of a registry.
	artifactType = "application/vnd.auditpack.bundle.v1"
	// attestationType is how cosign recognises attestations among referrers, as the
	// annotations below: https://github.com/sigstore/cosign/blob/v3.1.3/specs/BUNDLE_SPEC.md
	attestationType         = "application/vnd.dev.sigstore.bundle.v0.3+json"
	annotationContent       = "dev.sigstore.bundle.content"
	annotationPredicateType = "dev.sigstore.bundle.predicateType"
	// PublicationType is the predicate of the statement that is signed about what a
	// registry keeps.
	PublicationType = "https://auditpack.dev/publication/v1"
)

// pushArtifact pushes the archive, and a manifest that is the same for the same
// archive. What is there already is not sent again.
func (r *repository) pushArtifact(ctx context.Context, a Archive, archive io.ReadSeeker) (ocispec.Descriptor, error) {
	layer := ocispec.Descriptor{
		MediaType:   contentType(a.Name),
		Digest:      digest.NewDigestFromEncoded(digest.SHA256, a.SHA256),
		Size:        a.Size,
		Annotations: map[string]string{ocispec.AnnotationTitle: a.Name},
	}
	if err := push(ctx, r.Blobs(), layer, archive); err != nil {
		return ocispec.Descriptor{}, err
	}
	annotations := map[string]string{
		ocispec.AnnotationCreated: a.Day.Format(time.RFC3339),
		ocispec.AnnotationTitle:   a.Name,
	}
	if a.sealed != nil {
		annotations[ocispec.AnnotationCreated] = a.sealed.manifest.AsOf.Format(time.RFC3339)
		annotations["dev.auditpack.bundle.digest"] = a.sealed.digest
	}
	return oras.PackManifest(ctx, r, oras.PackManifestVersion1_1, artifactType, oras.PackManifestOptions{
		Layers:              []ocispec.Descriptor{layer},
		ManifestAnnotations: annotations,
	})
}

// push sends what is not there.
func push(ctx context.Context, to content.Storage, d ocispec.Descriptor, r io.Reader) error {
	there, err := to.Exists(ctx, d)
	if err != nil || there {
		return err
	}
	if err := to.Push(ctx, d, r); !errors.Is(err, errdef.ErrAlreadyExists) {
		return err
	}
	return nil
}

// attach adds as referrers the attestation of the bundle, which is about its files,
// and a signed statement about the artifact, which cosign verifies without them.
func (r *repository) attach(ctx context.Context, a Archive, to ocispec.Descriptor, sign func(context.Context, []byte) ([]byte, error)) error {
	if a.sealed != nil && a.sealed.name == seal.AttestationFile {
		if err := r.refer(ctx, to, a.sealed.content, schema.PredicateType, a.sealed.manifest.AsOf); err != nil {
			return fmt.Errorf("attach the attestation: %w", err)
		}
	}
	if sign == nil {
		return nil
	}
	statement, err := r.statement(a, to)
	if err != nil {
		return err
	}
	signed, err := sign(ctx, statement)
	if err != nil {
		return fmt.Errorf("sign the artifact: %w", err)
	}
	if err := r.refer(ctx, to, signed, PublicationType, a.Day); err != nil {
		return fmt.Errorf("attach the signature of the artifact: %w", err)
	}
	return nil
}

// refer pushes an attestation as a referrer of the artifact.
func (r *repository) refer(ctx context.Context, to ocispec.Descriptor, attestation []byte, predicateType string, created time.Time) error {
	layer := content.NewDescriptorFromBytes(attestationType, attestation)
	if err := push(ctx, r.Blobs(), layer, bytes.NewReader(attestation)); err != nil {
		return err
	}
	_, err := oras.PackManifest(ctx, r, oras.PackManifestVersion1_1, attestationType, oras.PackManifestOptions{
		Subject: &to,
		Layers:  []ocispec.Descriptor{layer},
		ManifestAnnotations: map[string]string{
			ocispec.AnnotationCreated: created.Format(time.RFC3339),
			annotationContent:         "dsse-envelope",
			annotationPredicateType:   predicateType,
		},
	})
	return err
}

// A publication is what is signed about an artifact, beside its digest.
type publication struct {
	// Archive is the name of the file.
	Archive string `json:"archive"`
	// SHA256 is that of the archive.
	SHA256 string `json:"sha256"`
	// Bundle is the digest of the bundle, empty for an encrypted one.
	Bundle string `json:"bundle,omitempty"`
}

// statement is an in-toto Statement, https://in-toto.io/Statement/v1.
func (r *repository) statement(a Archive, manifest ocispec.Descriptor) ([]byte, error) {
	type subject struct {
		Name   string            `json:"name"`
		Digest map[string]string `json:"digest"`
	}
	p := publication{Archive: a.Name, SHA256: a.SHA256}
	if a.sealed != nil {
		p.Bundle = a.sealed.digest
	}
	return json.Marshal(struct {
		Type          string      `json:"_type"`
		Subject       []subject   `json:"subject"`
		PredicateType string      `json:"predicateType"`
		Predicate     publication `json:"predicate"`
	}{
		"https://in-toto.io/Statement/v1",
		[]subject{{r.Reference.Registry + "/" + r.Reference.Repository, map[string]string{"sha256": manifest.Digest.Encoded()}}},
		PublicationType, p,
	})
}
