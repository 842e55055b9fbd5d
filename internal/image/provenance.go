package main

import (
	"context"
	"encoding/hex"

	v1 "github.com/google/go-containerregistry/pkg/v1"
	"github.com/google/go-containerregistry/pkg/v1/types"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

const (
	statementType types.MediaType = "application/vnd.in-toto+json"
	signedType    types.MediaType = "application/vnd.dev.sigstore.bundle.v0.3+json"
)

// The types are the parts of SLSA's provenance v1, in an in-toto Statement v1,
// that we write (https://slsa.dev/spec/v1.0/provenance).
type (
	statement struct {
		Type          string     `json:"_type"`
		Subject       []resource `json:"subject"`
		PredicateType string     `json:"predicateType"`
		Predicate     predicate  `json:"predicate"`
	}
	resource struct {
		Name   string            `json:"name,omitempty"`
		URI    string            `json:"uri,omitempty"`
		Digest map[string]string `json:"digest,omitempty"`
	}
	predicate struct {
		BuildDefinition definition `json:"buildDefinition"`
		RunDetails      details    `json:"runDetails"`
	}
	definition struct {
		BuildType            string            `json:"buildType"`
		ExternalParameters   map[string]string `json:"externalParameters"`
		InternalParameters   map[string]string `json:"internalParameters"`
		ResolvedDependencies []resource        `json:"resolvedDependencies"`
	}
	details struct {
		Builder builder `json:"builder"`
	}
	builder struct {
		ID string `json:"id"`
	}
)

// buildType says how to do it again: make image, at that commit, with that Go.
const buildType = "https://auditpack.dev/build/image/v1"

// provenance says of what, and how, the image was made. Unsigned it is a note;
// signed with a key it is a Sigstore bundle. It names no builder of rank: whoever
// holds the key says so, and SLSA's levels need a service that builds.
func provenance(ctx context.Context, o options, image v1.Hash, binaries []binary) ([]byte, types.MediaType, error) {
	s := statement{
		Type: "https://in-toto.io/Statement/v1", PredicateType: "https://slsa.dev/provenance/v1",
		Subject: []resource{{Name: "auditpack", Digest: map[string]string{image.Algorithm: image.Hex}}},
		Predicate: predicate{
			definition{
				BuildType:          buildType,
				ExternalParameters: map[string]string{"source": o.sourceURI(), "version": o.version, "created": o.labels()["org.opencontainers.image.created"]},
				InternalParameters: map[string]string{},
			},
			details{builder{"https://auditpack.dev/build/make-image"}},
		},
	}
	for _, b := range binaries {
		s.Predicate.BuildDefinition.InternalParameters["go/"+b.platform.String()] = b.info.GoVersion
	}
	source := resource{URI: o.sourceURI()}
	if _, err := hex.DecodeString(o.revision); err == nil && o.revision != "" {
		source.Digest = map[string]string{"gitCommit": o.revision}
	}
	s.Predicate.BuildDefinition.ResolvedDependencies = []resource{source}
	b, err := schema.Marshal(s)
	if err != nil {
		return nil, "", err
	}
	by, err := signer(ctx, o.key)
	if by == nil || err != nil {
		return b, statementType, err
	}
	b, err = seal.Attest(ctx, b, by)
	return b, signedType, err
}
