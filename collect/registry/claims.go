package registry

import (
	"encoding/hex"
	"encoding/json"
	"net/url"
	"strings"
	"time"

	"github.com/sigstore/sigstore-go/pkg/fulcio/certificate"

	"github.com/auditpack/auditpack/schema"
)

// The predicate types that are told apart.
const (
	provenanceV1  = "https://slsa.dev/provenance/v1"
	provenanceV02 = "https://slsa.dev/provenance/v0.2"
	cosignSign    = "https://sigstore.dev/cosign/sign/v1"
)

// row completes what is known of a document, and verifies it.
func (d document) row(r schema.ImageProvenance, signers *Signers) schema.ImageProvenance {
	r.Artifact, r.Evidence = d.artifact, schema.EvidenceSignature
	e, err := d.entity()
	if err != nil {
		r.Verified, r.Why = schema.VerifiedUnknown, short(err.Error())
		if d.mediaType == envelopeType || isBundle(d.mediaType) {
			r.Evidence = schema.EvidenceAttestation
		}
		return r
	}
	e.statement(&r)
	e.certificate(&r)
	digest, err := hex.DecodeString(strings.TrimPrefix(r.Digest, "sha256:"))
	if err != nil || len(digest) != 32 {
		r.Verified, r.Why = schema.VerifiedUnknown, "the image is named by another digest than SHA-256"
		return r
	}
	v := signers.judge(e, digest)
	r.Verified, r.Why, r.Signed = v.verified, v.why, v.signed
	if v.identity != "" {
		r.Identity = v.identity
	}
	return r
}

// statement reads what an attestation claims.
func (e *entity) statement(r *schema.ImageProvenance) {
	envelope := e.GetDsseEnvelope()
	if envelope == nil {
		return
	}
	r.Evidence = schema.EvidenceAttestation
	var s struct {
		PredicateType string          `json:"predicateType"`
		Predicate     json.RawMessage `json:"predicate"`
	}
	if json.Unmarshal(envelope.GetPayload(), &s) != nil {
		return
	}
	r.PredicateType = short(s.PredicateType)
	switch {
	case s.PredicateType == cosignSign:
		r.Evidence = schema.EvidenceSignature
	case s.PredicateType == provenanceV1:
		r.Evidence = schema.EvidenceProvenance
		readV1(s.Predicate, r)
	case s.PredicateType == provenanceV02:
		r.Evidence = schema.EvidenceProvenance
		readV02(s.Predicate, r)
	case strings.HasPrefix(s.PredicateType, "https://spdx.dev/"), strings.HasPrefix(s.PredicateType, "https://cyclonedx.org/"):
		r.Evidence = schema.EvidenceBill
	}
}

// A material is something that went into a build.
type material struct {
	URI    string            `json:"uri"`
	Digest map[string]string `json:"digest"`
}

// readV1 reads SLSA provenance v1 (https://slsa.dev/spec/v1.0/provenance).
func readV1(predicate []byte, r *schema.ImageProvenance) {
	var p struct {
		BuildDefinition struct {
			ResolvedDependencies []material `json:"resolvedDependencies"`
		} `json:"buildDefinition"`
		RunDetails struct {
			Builder  struct{ ID string }
			Metadata struct{ FinishedOn time.Time }
		} `json:"runDetails"`
	}
	if json.Unmarshal(predicate, &p) != nil {
		return
	}
	r.Builder, r.Built = short(p.RunDetails.Builder.ID), p.RunDetails.Metadata.FinishedOn.UTC().Truncate(time.Second)
	source(p.BuildDefinition.ResolvedDependencies, r)
}

// readV02 reads SLSA provenance v0.2 (https://slsa.dev/spec/v0.2/provenance).
func readV02(predicate []byte, r *schema.ImageProvenance) {
	var p struct {
		Builder    struct{ ID string }
		Invocation struct{ ConfigSource material }
		Metadata   struct{ BuildFinishedOn time.Time }
		Materials  []material
	}
	if json.Unmarshal(predicate, &p) != nil {
		return
	}
	r.Builder, r.Built = short(p.Builder.ID), p.Metadata.BuildFinishedOn.UTC().Truncate(time.Second)
	source(append([]material{p.Invocation.ConfigSource}, p.Materials...), r)
}

// source takes the first material that is a commit of a repository.
func source(materials []material, r *schema.ImageProvenance) {
	for _, m := range materials {
		commit := m.Digest["gitCommit"]
		if commit == "" {
			commit = m.Digest["sha1"]
		}
		if repository := repositoryOf(m.URI); repository != "" && commit != "" {
			r.SourceRepository, r.Commit = short(repository), short(strings.ToLower(commit))
			return
		}
	}
}

// repositoryOf brings the address of a repository to the form of MergedChange;
// empty for what is no address.
func repositoryOf(uri string) string {
	u, err := url.Parse(strings.TrimPrefix(uri, "git+"))
	if err != nil || u.Host == "" {
		return ""
	}
	path, _, _ := strings.Cut(u.Path, "@")
	return strings.ToLower(u.Hostname() + strings.TrimSuffix(strings.TrimSuffix(path, "/"), ".git"))
}

// certificate reads who signed, and what the issuer says about the build where the
// statement says nothing.
func (e *entity) certificate(r *schema.ImageProvenance) {
	content, err := e.VerificationContent()
	if err != nil || content.Certificate() == nil {
		return
	}
	s, err := certificate.SummarizeCertificate(content.Certificate())
	if err != nil {
		return
	}
	r.Identity, r.Issuer = short(s.SubjectAlternativeName), short(s.Issuer)
	if r.Commit == "" && s.SourceRepositoryDigest != "" {
		r.SourceRepository, r.Commit = repositoryOf(s.SourceRepositoryURI), short(strings.ToLower(s.SourceRepositoryDigest))
	}
	if r.Builder == "" {
		r.Builder = short(s.BuildSignerURI)
	}
}
