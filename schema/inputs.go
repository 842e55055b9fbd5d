package schema

import "time"

// Inputs are the documents that people write, as one run used them. Together
// with a Snapshot they determine the Report.
type Inputs struct {
	Plan       AuditPlan
	Table      ControlTable
	Checks     []Check
	Overlay    Overlay
	Exceptions ExceptionRegister
	Documents  DocumentRegister
	// Attached has the SHA-256 of each document file, in hexadecimal, by the File of its record.
	Attached map[string]string
	// Reviews, ControlReviews and ExceptionReviews are in the order of the plan.
	Reviews          []AccessReview
	ControlReviews   []ControlReview
	ExceptionReviews []ExceptionReview
	// Support says until when releases are supported; without releases when the run has no table.
	Support SupportTable
	// Previous is what is kept of the bundle before this one, nil when the run has none.
	Previous *PreviousFacts
	// Supersedes is the bundle that this run corrects, nil when it corrects none.
	Supersedes *SupersededBundle
	// DocumentSigner is whose certificate signs the PDF and the workbook, nil when nobody's does.
	DocumentSigner *DocumentSigner
	// Sampling draws a sample of each population, nil for none.
	Sampling *Sampling
	// Unsigned is true for a run that was asked for a bundle without signature.
	Unsigned bool
	// Demo is true for the built-in sample platform.
	Demo bool
}

// PreviousFacts are the parts of a verified bundle that the one after it is held
// against. They are inputs of that one, so that it can be judged again alone.
type PreviousFacts struct {
	// Digest is the SHA-256, in hexadecimal, of the file that seals the bundle.
	Digest string `json:"digest"`
	// AsOf is when the bundle's snapshot was taken: UTC, whole seconds.
	AsOf time.Time `json:"asOf"`
	// Plan is the name of the plan.
	Plan string `json:"plan"`
	// Sources are those of the bundle's claim, sorted by name.
	Sources []ClaimedSource `json:"sources"`
	// Queries are the questions behind Grants, and how they were answered.
	Queries []Query `json:"queries"`
	// GrantsSHA256 is the digest of the file that Grants were read from, in
	// hexadecimal. An AccessReview names the list that it reviewed by this digest.
	GrantsSHA256 string `json:"grantsSHA256"`
	// Standing is what of the bundle the report after it is compared with; absent
	// where the program that made the later one did not compare yet.
	Standing *Standing `json:"standing,omitempty"`
	// Grants are the rows of the population accessGrants, of all clusters.
	Grants []AccessGrant `json:"-"`
}
