package schema

import "time"

// PredicateType is the in-toto predicate type of a bundle's statement, whose
// predicate is a Manifest.
const PredicateType = "https://auditpack.dev/evidence/v1"

// A Manifest is the signed description of one bundle: what it claims to be, and
// every member it has. FORMAT.md says how a reader checks it. A field that is
// added later is omitted when it is empty, so that older manifests keep their bytes.
type Manifest struct {
	SchemaVersion string `json:"schemaVersion" class:"public"`
	Claim
	// Members are sorted by path. Their SHA-256 digests are the statement's
	// subjects, in the same order.
	Members []Member `json:"members" class:"public"`
}

// A Claim is what the bundle says about itself, in the signer's word.
type Claim struct {
	AsOf    time.Time       `json:"asOf" class:"public"` // UTC, whole seconds
	Tool    Tool            `json:"tool" class:"public"`
	Plan    PlanFacts       `json:"plan" class:"public"`
	Sources []ClaimedSource `json:"sources" class:"nda"` // sorted by name
	// ControlsByStatus counts the controls of the report.
	ControlsByStatus map[Status]int `json:"controlsByStatus" class:"public"`
	// Gaps counts the queries that were not answered completely.
	Gaps int `json:"gaps" class:"nda"`
	// Previous is the bundle before this one, where the plan names one.
	Previous *PreviousBundle `json:"previous,omitempty" class:"public"`
	// ExtractOf is the bundle of which this one shows a part. Such a bundle names no
	// source, counts no gap, and is no part of a chain: its whole is.
	ExtractOf *Extract `json:"extractOf,omitempty" class:"public"`
	// Timestamp says that a third party was asked when the statement was signed.
	Timestamp *ClaimedTimestamp `json:"timestamp,omitempty" class:"public"`
}

// A ClaimedTimestamp says which timestamp authority the signer asks, so that a
// timestamp that was taken away, or put there later, is noticed.
type ClaimedTimestamp struct {
	// Authority is the address that was asked.
	Authority string `json:"authority" class:"public"`
	// Required is true when the bundle was not to be sealed without an answer.
	Required bool `json:"required" class:"public"`
}

// A ClaimedSource names one source of the snapshot and who read it.
type ClaimedSource struct {
	Name string     `json:"name" class:"nda"`
	Kind SourceKind `json:"kind" class:"public"`
	// UID is the cluster's, as in Source.
	UID string `json:"uid" class:"nda"`
	// Collector is the user name that the source knew the collector by, empty for files.
	Collector string `json:"collector" class:"internal"`
	// Marker stood in the user agent of the run's requests, as in Source.
	Marker string `json:"marker,omitempty" class:"nda"`
}

// PreviousBundle points back at an earlier bundle.
type PreviousBundle struct {
	// SHA256 is the digest, in hexadecimal, of the earlier bundle's
	// attestation.sigstore.json, or of its statement.json where it was not signed.
	SHA256 string `json:"sha256" class:"public"`
}

// A Member is one file of the bundle.
type Member struct {
	// Path is relative, with slashes, within the limits of FORMAT.md.
	Path      string     `json:"path" class:"public"`
	MediaType string     `json:"mediaType" class:"public"`
	Role      MemberRole `json:"role" class:"public"`
	// Size in bytes.
	Size int64 `json:"size" class:"public"`
	// Packed says how the member lies in the ZIP.
	Packed Packed `json:"packed" class:"public"`
}

// MemberRole says what a member is for.
type MemberRole string

// The roles of a member.
const (
	RoleReport       MemberRole = "report"       // made to be read, from evidence and inputs
	RoleEvidence     MemberRole = "evidence"     // what was collected, under evidence/
	RoleInput        MemberRole = "input"        // what people wrote, as it was used, under inputs/
	RoleInstructions MemberRole = "instructions" // VERIFY.md
)

// Packed describes the bytes that stand for a member in the ZIP. With these facts
// a reader knows every byte of the archive without compressing anything.
type Packed struct {
	Method PackMethod `json:"method" class:"public"`
	// Size in bytes of the packed data.
	Size int64 `json:"size" class:"public"`
	// SHA256 of the packed data, in hexadecimal.
	SHA256 string `json:"sha256" class:"public"`
	// CRC32 (IEEE) of the member, as eight hexadecimal digits. ZIP headers carry it.
	CRC32 string `json:"crc32" class:"public"`
}

// PackMethod is a compression method of ZIP.
type PackMethod string

// The two methods that a bundle uses.
const (
	PackStore   PackMethod = "store"   // ZIP method 0
	PackDeflate PackMethod = "deflate" // ZIP method 8
)
