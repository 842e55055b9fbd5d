package schema

import "time"

// ProvenanceOfImages is the resource of the queries that ask registries what is
// signed about a running digest. Each digest is one question of its cluster.
const ProvenanceOfImages = "imageprovenance"

// An ImageProvenance is what a registry holds about one running digest: one row for
// each signature or attestation, and one row when there is none or none could be seen.
type ImageProvenance struct {
	Cluster string `json:"cluster"`
	// Image is host/repository, without tag and digest.
	Image string `json:"image"`
	// Digest is that of the running image, as sha256:…, which is the subject of what is signed.
	Digest string `json:"digest"`
	// Evidence says what the row is about.
	Evidence ImageEvidence `json:"evidence"`
	// PredicateType of an attestation, such as https://slsa.dev/provenance/v1.
	PredicateType string `json:"predicateType"`
	// Verified is yes when signature, subject and signer are what the plan asks for.
	Verified Verification `json:"verified"`
	// Why says what is in the way of a yes.
	Why string `json:"why"`
	// Identity is the signer's name in its certificate, or the SHA-256 of its key as
	// key:…, and Issuer who identified it. They, and what follows, are as the signed
	// document says, which counts only where Verified is yes.
	Identity string `json:"identity"`
	Issuer   string `json:"issuer"`
	// Builder is the builder's id in SLSA provenance.
	Builder string `json:"builder"`
	// SourceRepository is host/path as in MergedChange, and Commit the revision that was built.
	SourceRepository string `json:"sourceRepository"`
	Commit           string `json:"commit"`
	// Signed is when a trusted log or timestamp authority saw the signature; zero where none did.
	Signed time.Time `json:"signed,omitzero"`
	// Built is when the build ended, by its provenance.
	Built time.Time `json:"built,omitzero"`
	// Artifact is the digest of the manifest that holds the signature.
	Artifact string `json:"artifact"`
}

// ImageEvidence says what a registry holds about an image.
type ImageEvidence string

// What a row of ImageProvenance is about.
const (
	EvidenceSignature   ImageEvidence = "signature"   // of the image itself
	EvidenceProvenance  ImageEvidence = "provenance"  // a SLSA provenance
	EvidenceBill        ImageEvidence = "sbom"        // a bill of materials
	EvidenceAttestation ImageEvidence = "attestation" // any other attestation
	EvidenceNone        ImageEvidence = "none"        // the registry answered that it has nothing
	EvidenceUnseen      ImageEvidence = "unseen"      // the registry did not answer, or refused
)

// Verification says whether a signature was verified.
type Verification string

// The verifications.
const (
	VerifiedYes     Verification = "yes"     // by a signer that the plan trusts
	VerifiedNo      Verification = "no"      // the signature, the subject or the signer does not fit
	VerifiedUnknown Verification = "unknown" // it could not be tried
)

// Subject implements Row.
func (r ImageProvenance) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "ImageProvenance", Name: r.Image + "@" + r.Digest, Field: r.Artifact}
}
