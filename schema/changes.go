package schema

import "time"

// A Standing is what of a bundle the one after it is compared with. It is small
// beside the bundle, and part of the inputs of the later one.
type Standing struct {
	AsOf time.Time `json:"asOf"`
	// Plan is the name of the plan.
	Plan string `json:"plan"`
	// Sources are the clusters and files that were read, sorted by name.
	Sources []ClaimedSource `json:"sources"`
	// Controls in the order of the control table.
	Controls []ControlStanding `json:"controls"`
	// Findings in the order of the report.
	Findings []FindingStanding `json:"findings"`
	// Decided are the checks that have a result for all that they look at. A finding
	// of another check may be missing without being mended.
	Decided []string `json:"decided"`
	// Exceptions in the order of the register.
	Exceptions []ExceptionStanding `json:"exceptions"`
	// Exposures are what takes traffic from outside; Images what runs, one a repository.
	Exposures []Item `json:"exposures"`
	Images    []Item `json:"images"`
	// Incomplete are the names of populations with a gap.
	Incomplete []string `json:"incomplete"`
	// Grants are the rights of subjects and roles that are not Kubernetes' own.
	Grants []Item `json:"-"`
}

// A ControlStanding is how a control stood.
type ControlStanding struct {
	ID         string `json:"id"`
	Title      string `json:"title"`
	Status     Status `json:"status"`
	LastReview Date   `json:"lastReview"`
	ReviewedBy string `json:"reviewedBy"`
}

// A FindingStanding is a finding without what is the same in each bundle.
type FindingStanding struct {
	ID       string       `json:"id"`
	Check    string       `json:"check"`
	Control  string       `json:"control"`
	Severity Severity     `json:"severity"`
	State    FindingState `json:"state"`
	// Cluster is empty for a finding about a register.
	Cluster string `json:"cluster"`
	Owner   string `json:"owner"`
	Message string `json:"message"`
	// Since is the day of the first bundle of the chain that had it open without a break.
	Since Date `json:"since,omitzero"`
}

// FindingState says whether a finding counts.
type FindingState string

// The states of a finding.
const (
	FindingOpen      FindingState = "open"      // fails, and no exception covers it
	FindingExcepted  FindingState = "excepted"  // an exception covers it
	FindingUndecided FindingState = "undecided" // a person has to say
	FindingGone      FindingState = "gone"      // the check found it no longer
	FindingUnseen    FindingState = "unseen"    // its check has no full result, or its cluster was not read, so it may be there
)

// An ExceptionStanding is how an entry of the register stood.
type ExceptionStanding struct {
	ID        string         `json:"id"`
	State     ExceptionState `json:"state"`
	ExpiresOn Date           `json:"expiresOn"`
}

// An Item is one thing that is there or not: What names it within its cluster, and
// Detail is what of it may change.
type Item struct {
	Cluster string `json:"cluster"`
	What    string `json:"what"`
	Detail  string `json:"detail"`
}

// Changes are what differs between two bundles of one platform.
type Changes struct {
	SchemaVersion string `json:"schemaVersion"`
	// Since and Until are the instants of the earlier and the later snapshot.
	Since time.Time `json:"since"`
	Until time.Time `json:"until"`
	// Statuses are controls with another status, or in one of the two only.
	Statuses []StatusChange `json:"statuses"`
	// New are open now and were not before; Closed were open and are not any more;
	// Ageing are open in both, the oldest first.
	New    []FindingChange `json:"new"`
	Closed []FindingChange `json:"closed"`
	Ageing []FindingChange `json:"ageing"`
	// Grants, Exposures and Images came, went, or are there with other details.
	Grants    []ItemChange `json:"grants"`
	Exposures []ItemChange `json:"exposures"`
	Images    []ItemChange `json:"images"`
	// Exceptions that came, went, or have another state or end.
	Exceptions []ExceptionChange `json:"exceptions"`
	// Reviews are controls that were signed off in between.
	Reviews []ReviewChange `json:"reviews"`
	// Outdated are sign-offs from before the earlier snapshot, of controls where
	// something changed since: the platform changed since the last sign-off.
	Outdated []OutdatedReview `json:"outdated"`
	// NotCompared says what could not be compared, and why. It is not unchanged.
	NotCompared []string `json:"notCompared"`
}

// A StatusChange is a control whose status is another one.
type StatusChange struct {
	ID    string `json:"id"`
	Title string `json:"title"`
	// Before and After are empty for a control that the bundle does not have.
	Before Status `json:"before"`
	After  Status `json:"after"`
	// Direction is raised, lowered, or other where the statuses have no order.
	Direction Direction `json:"direction"`
}

// Direction of a change of status.
type Direction string

// The directions. From worse to better: not implemented, partial, implemented.
const (
	Raised  Direction = "raised"
	Lowered Direction = "lowered"
	Other   Direction = "other"
)

// A FindingChange is a finding that is new, closed or still open.
type FindingChange struct {
	ID       string   `json:"id"`
	Check    string   `json:"check"`
	Control  string   `json:"control"`
	Severity Severity `json:"severity"`
	Owner    string   `json:"owner"`
	Message  string   `json:"message"`
	// Before and After are the states in the two bundles.
	Before FindingState `json:"before"`
	After  FindingState `json:"after"`
	// Since is the first day on which a bundle of the chain had it open; Days is its age at
	// the later snapshot, 0 for one that is new or closed.
	Since Date `json:"since,omitzero"`
	Days  int  `json:"days"`
}

// An ItemChange is a thing that came, went, or is there with another detail.
type ItemChange struct {
	Cluster string     `json:"cluster"`
	What    string     `json:"what"`
	Change  ChangeKind `json:"change"`
	// Before and After are the details.
	Before string `json:"before"`
	After  string `json:"after"`
}

// ChangeKind says what happened to a thing.
type ChangeKind string

// The kinds of change.
const (
	Added   ChangeKind = "added"
	Removed ChangeKind = "removed"
	Changed ChangeKind = "changed"
)

// An ExceptionChange is an entry of the register that came, went or changed.
type ExceptionChange struct {
	ID string `json:"id"`
	// Before and After are empty where the register does not have the entry.
	Before    ExceptionState `json:"before"`
	After     ExceptionState `json:"after"`
	ExpiresOn Date           `json:"expiresOn"` // as it is now, or was last
}

// A ReviewChange is a control that was signed off between two bundles.
type ReviewChange struct {
	Control string `json:"control"`
	Title   string `json:"title"`
	Before  Date   `json:"before,omitzero"`
	After   Date   `json:"after"`
	By      string `json:"by"`
}

// An OutdatedReview is a sign-off of something that has changed since.
type OutdatedReview struct {
	Control    string `json:"control"`
	Title      string `json:"title"`
	LastReview Date   `json:"lastReview"`
	// Before and After are the statuses; New and Closed count findings of the control.
	Before Status `json:"before"`
	After  Status `json:"after"`
	New    int    `json:"new"`
	Closed int    `json:"closed"`
}
