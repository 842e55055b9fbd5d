package schema

import "time"

// A Report is a Snapshot held against a control table. It is a pure function of
// the snapshot, the input documents and asOf.
type Report struct {
	SchemaVersion string    `json:"schemaVersion" class:"public"`
	AsOf          time.Time `json:"asOf" class:"public"`
	Tool          Tool      `json:"tool" class:"public"`
	Plan          PlanFacts `json:"plan" class:"public"`
	Sources       []Source  `json:"sources"`
	Summary       Summary   `json:"summary" class:"public"`
	// Questions are the eight questions of docs/questions.md, in their order.
	Questions []Question `json:"questions" class:"public"`
	// Areas of the control table, in its order.
	Areas []Area `json:"areas" class:"public"`
	// Controls in the order of the control table.
	Controls []ControlResult `json:"controls" class:"public"`
	// Checks in the order of the control table.
	Checks []CheckResult `json:"checks" class:"nda"`
	// Findings sorted by severity, then check, then subject.
	Findings []Finding `json:"findings"`
	// PartlySeen are the deviations in rows of populations that have gaps, sorted like
	// findings. Their checks have no result there, and no status, count or exception
	// rests on them: what was not seen may change them, and there may be more.
	PartlySeen []Finding         `json:"partlySeen,omitempty"`
	Exceptions []ExceptionResult `json:"exceptions"`
	Documents  []DocumentResult  `json:"documents"`
	Queries    []Query           `json:"queries"`
	// Populations lists every population, collected and derived, by name.
	Populations []PopulationResult `json:"populations"`
	// ExtractOf is the bundle of which the report shows a part, nil for a whole report.
	// A part has those fields that its audience may see, and no others.
	ExtractOf *Extract `json:"extractOf,omitempty" class:"public"`
	// Sample is what was drawn of each population, absent where nobody asked for one.
	Sample *Sample `json:"sample,omitempty"`
	// Changes are what is different since the previous bundle, absent without one.
	Changes *Changes `json:"changes,omitempty"`
	// Derived has the populations that assess computed; they are written beside the collected ones.
	Derived Derived `json:"-"`
}

// Derived holds the populations that are computed from the evidence.
type Derived struct {
	AccessGrants []AccessGrant `json:"accessGrants"`
	Barriers     []Barrier     `json:"barriers"`
	Traces       []Trace       `json:"traces"`
}

// A Barrier row says which of five barriers keep a namespace in scope apart from the others of its cluster.
type Barrier struct {
	Cluster     string `json:"cluster"`
	Namespace   string `json:"namespace"`
	Environment string `json:"environment"`
	Owner       string `json:"owner"`
	DataClass   string `json:"dataClass"`
	// Network is true when traffic is denied both ways unless a NetworkPolicy allows it.
	Network bool `json:"network"`
	// PodSecurity is true when the level baseline or restricted is enforced.
	PodSecurity bool `json:"podSecurity"`
	// NoHostAccess is true when no workload uses the node's network, processes, files or ports, or is privileged.
	NoHostAccess bool `json:"noHostAccess"`
	// OwnAccounts is true when no workload is given the token of the service account default.
	OwnAccounts bool `json:"ownAccounts"`
	// OwnNodes is true when no pod of another namespace in scope runs on its nodes, daemon sets aside, or every workload names a runtime class.
	OwnNodes bool `json:"ownNodes"`
	// Score is how many of the five hold.
	Score int `json:"score"`
	// Missing names the others.
	Missing []string `json:"missing"`
	// Pools are the node pools, or nodes without one, that it shares; SharesNodesWith are the namespaces it shares them with.
	Pools           []string `json:"pools"`
	SharesNodesWith []string `json:"sharesNodesWith"`
	// Claimed is true when a document that is registered for SEP-02.k4 or SEP-03.d1 covers the namespace: it is described as isolated.
	Claimed bool `json:"claimed"`
}

// PlanFacts are the parts of the plan that a reader of the report meets.
type PlanFacts struct {
	Name         string    `json:"name" class:"public"`
	Organization string    `json:"organization" class:"public"`
	Scope        string    `json:"scope" class:"public"`
	From         time.Time `json:"from" class:"public"` // start of the period, inclusive
	To           time.Time `json:"to" class:"public"`   // end of the period, exclusive
	ControlTable string    `json:"controlTable" class:"public"`
	Unsigned     bool      `json:"unsigned" class:"public"`
	// Demo is true for the built-in sample platform, whose names are invented.
	Demo bool `json:"demo" class:"public"`
	// Supersedes is the bundle that this one corrects, nil for one that corrects none.
	Supersedes *SupersededBundle `json:"supersedes,omitempty" class:"public"`
	// DocumentSigner is whose certificate signs the PDF and the workbook themselves, nil when they are not signed.
	DocumentSigner *DocumentSigner `json:"documentSigner,omitempty" class:"public"`
}

// A DocumentSigner is whose certificate signs the PDF and the workbook themselves.
type DocumentSigner struct {
	// Subject is the certificate's, as RFC 4514 writes names.
	Subject string `json:"subject" class:"public"`
	// Issuer is the issuer of the certificate; equal to Subject when nobody else vouches for it.
	Issuer string `json:"issuer" class:"public"`
	// SHA256 is the digest of the certificate in DER, in hexadecimal.
	SHA256 string `json:"sha256" class:"public"`
}

// A SupersededBundle is one that a later bundle corrects and takes the place of.
type SupersededBundle struct {
	// SHA256 is the digest, in hexadecimal, of the file that seals it, as in PreviousBundle.
	SHA256 string `json:"sha256" class:"public"`
	// Reason is one sentence of the person who made the correction. An extract has none.
	Reason string `json:"reason" class:"nda"`
}

// Summary is the report in numbers.
type Summary struct {
	ControlsByStatus map[Status]int `json:"controlsByStatus" class:"public"`
	// FindingsBySeverity counts findings with result fail or partial that no exception covers.
	FindingsBySeverity map[Severity]int `json:"findingsBySeverity" class:"internal"`
	ChecksByResult     map[Result]int   `json:"checksByResult" class:"nda"`
	Gaps               int              `json:"gaps" class:"nda"`
	OpenExceptions     int              `json:"openExceptions" class:"nda"`
	ExpiredExceptions  int              `json:"expiredExceptions" class:"nda"`
	OverdueReviews     int              `json:"overdueReviews" class:"nda"`
	ControlsNoOwner    int              `json:"controlsNoOwner" class:"nda"`
	// Traces counts the workloads of production by how far they can be traced to an approved change.
	Traces TraceCounts `json:"traces" class:"nda"`
}

// A Question is one of the eight that open the report.
type Question struct {
	ID       string   `json:"id" class:"public"` // Q1 to Q8
	Text     string   `json:"text" class:"public"`
	Controls []string `json:"controls" class:"public"`
	// Number is the headline number with its unit, or "not collected".
	Number string `json:"number" class:"nda"`
	// Answer is one sentence.
	Answer string `json:"answer" class:"nda"`
}

// Status of a control, as a reader sees it first.
type Status string

// The statuses, derived as catalogue §3.2 orders it.
const (
	Implemented    Status = "implemented"
	Partial        Status = "partial"
	NotImplemented Status = "not_implemented"
	NotApplicable  Status = "not_applicable"
	NeedsReview    Status = "needs_review"
)

// Result of a check, or of one row under a check.
type Result string

// The results.
const (
	ResultPass          Result = "pass"
	ResultPartial       Result = "partial"
	ResultFail          Result = "fail"
	ResultNeedsReview   Result = "needs_review"
	ResultNotCollected  Result = "not_collected"
	ResultNotApplicable Result = "not_applicable"
	ResultExcepted      Result = "excepted"
)

// Severity of a check or finding.
type Severity string

// The severities, worst first.
const (
	Critical Severity = "critical"
	High     Severity = "high"
	Medium   Severity = "medium"
	Low      Severity = "low"
	Info     Severity = "info"
)

// Design says whether the control, as it is set up, deals with the risk.
type Design string

// The design column.
const (
	DesignEffective   Design = "effective"
	DesignGap         Design = "gap"
	DesignNotAssessed Design = "not_assessed"
)

// Operation says whether the control worked over the period. One snapshot cannot
// show that: it takes records.
type Operation string

// The operation column. Deviations are counted in ControlResult.OperationNote.
const (
	OperationEffective    Operation = "effective"
	OperationDeviation    Operation = "deviation"
	OperationNotTested    Operation = "not_tested"
	OperationNoOccurrence Operation = "no_occurrence"
)

// Freshness of evidence, counted from when the fact was true.
type Freshness string

// The freshness of evidence.
const (
	Fresh   Freshness = "fresh"
	Due     Freshness = "due" // 14 days left or fewer
	Stale   Freshness = "stale"
	Missing Freshness = "missing"
)

// A ControlResult is a control of the table with its status.
type ControlResult struct {
	Control
	Status    Status    `json:"status" class:"public"`
	Design    Design    `json:"design" class:"public"`
	Operation Operation `json:"operation" class:"public"`
	// OperationNote is such as "2 of 3 records with deviations".
	OperationNote string `json:"operationNote" class:"nda"`
	// Reasons say, in the order of derivation, why the status is not a better one.
	Reasons    []string   `json:"reasons"`
	LastReview Date       `json:"lastReview" class:"public"`
	NextReview Date       `json:"nextReview" class:"public"`
	Review     ReviewNote `json:"review" class:"public"`
	ReviewedBy string     `json:"reviewedBy" class:"nda"`
	// Proposed is the split of responsibility that the detected distributions suggest
	// in the place of the control table's, until a person confirms one in the overlay.
	Proposed *Responsibility `json:"proposed,omitempty" class:"nda"`
	// NotApplicableBecause is the justification with approver and date where the status is not_applicable.
	NotApplicableBecause string `json:"notApplicableBecause" class:"nda"`
	// Findings counts open findings by severity.
	Findings map[Severity]int `json:"findings"`
	// Exceptions counts valid exceptions; NearestExpiry is when the first of them ends.
	Exceptions    int  `json:"exceptions" class:"nda"`
	NearestExpiry Date `json:"nearestExpiry" class:"nda"`
	// AssuredBy are the ids of the documents in which a provider or supplier says that it
	// does its part, as far as they count as evidence, in the order of the register.
	AssuredBy []string `json:"assuredBy,omitempty" class:"nda"`
	// Evidence points at what the status rests on.
	Evidence []EvidencePointer `json:"evidence" class:"nda"`
}

// ReviewNote says how the review date stands.
type ReviewNote string

// The states of a review date.
const (
	ReviewCurrent ReviewNote = "current"
	ReviewDue     ReviewNote = "due" // 14 days left or fewer
	ReviewOverdue ReviewNote = "overdue"
	ReviewNever   ReviewNote = "never"
)

// An EvidencePointer names one piece of evidence and where it lies in the bundle.
type EvidencePointer struct {
	Check string `json:"check" class:"public"`
	// What is a population, a document or a register.
	What      string    `json:"what" class:"nda"`
	Path      string    `json:"path"`
	AsOf      Date      `json:"asOf" class:"public"`
	Freshness Freshness `json:"freshness" class:"public"`
	Result    Result    `json:"result" class:"nda"`
}

// A CheckResult is what one check concluded over all rows of its population.
type CheckResult struct {
	ID          string     `json:"id" class:"public"`
	Control     string     `json:"control" class:"public"`
	Kind        CheckKind  `json:"kind" class:"public"`
	Evaluation  Evaluation `json:"evaluation" class:"public"`
	Severity    Severity   `json:"severity" class:"public"`
	Implemented bool       `json:"implemented" class:"public"`
	Result      Result     `json:"result" class:"nda"`
	// Reason says why a result is not_collected, needs_review or not_applicable. It
	// may repeat a server's refusal, which names users and objects.
	Reason string `json:"reason"`
	// Populations that the check read.
	Populations []string `json:"populations" class:"nda"`
	// Rows is the number of rows looked at; Counts of results add up to it.
	Rows   int            `json:"rows"`
	Counts map[Result]int `json:"counts"`
}

// A Finding is what one check concluded about one subject, when that is not a pass.
type Finding struct {
	// ID is the check's id and 16 hexadecimal digits over check, cluster UID,
	// kind, namespace, name and field, so that it stays the same from bundle to bundle.
	ID       string   `json:"id"`
	Check    string   `json:"check"`
	Control  string   `json:"control"`
	Severity Severity `json:"severity"`
	Result   Result   `json:"result"`
	Subject  Subject  `json:"subject"`
	Message  string   `json:"message"`
	// Remediation is what to do about it.
	Remediation string `json:"remediation"`
	// Owner is the namespace's or workload's owner where known, else the control's.
	Owner string `json:"owner"`
	// Exception is the id of the exception that covers the finding. The finding stays.
	Exception string `json:"exception,omitempty"`
	// ExceptedUntil is the last day on which the exception counts.
	ExceptedUntil Date `json:"exceptedUntil,omitzero"`
}

// An ExceptionResult is one entry of the exception register and what became of it.
type ExceptionResult struct {
	Exception
	State ExceptionState `json:"state"`
	// Problems are the rules of the register that the entry breaks.
	Problems []string `json:"problems"`
	// EndedOn is when a reviewer ended it before its last day.
	EndedOn Date `json:"endedOn,omitzero"`
	// ReviewOverdue is true when ReviewOn has passed without a review since.
	ReviewOverdue bool `json:"reviewOverdue,omitempty"`
	// Findings are the ids of the findings that it covers, or would cover if it counted.
	Findings []string `json:"covers"`
}

// ExceptionState says whether an exception counts.
type ExceptionState string

// The states of an exception.
const (
	ExceptionValid   ExceptionState = "valid"
	ExceptionExpired ExceptionState = "expired"
	ExceptionInvalid ExceptionState = "invalid" // it breaks a rule and is ignored
	ExceptionUnused  ExceptionState = "unused"  // it matches no finding
)

// A DocumentResult is one entry of the document register and how fresh it is.
type DocumentResult struct {
	DocumentRecord
	Freshness Freshness `json:"freshness"`
	Until     Date      `json:"until"` // the last day on which it counts
	// Problems are such as an approver who is the author.
	Problems []string `json:"problems"`
}

// A PopulationResult describes one population as it lies in the bundle.
type PopulationResult struct {
	Name  string `json:"name" class:"public"`
	Title string `json:"title" class:"public"`
	Rows  int    `json:"rows"`
	// SHA256 of the file of JSON lines, in hexadecimal.
	SHA256 string `json:"sha256"`
	Path   string `json:"path"`
	// Derived is true for what assess computed from other populations.
	Derived bool `json:"derived"`
	// Complete is false when a query behind the population has a gap.
	Complete bool `json:"complete"`
}

// An AccessGrant is one way in which one subject holds rights: subject, binding, role.
type AccessGrant struct {
	Cluster          string `json:"cluster"`
	SubjectKind      string `json:"subjectKind"`
	SubjectNamespace string `json:"subjectNamespace"`
	SubjectName      string `json:"subjectName"`
	// Scope is the namespace in which the rights hold, or "*" for the whole cluster.
	Scope       string `json:"scope"`
	BindingKind string `json:"bindingKind"`
	Binding     string `json:"binding"`
	RoleKind    string `json:"roleKind"`
	Role        string `json:"role"`
	// Path spells out how the subject gets the rights.
	Path string `json:"path"`
	// AggregatedFrom names the ClusterRoles that feed the role through aggregation labels.
	AggregatedFrom []string `json:"aggregatedFrom"`
	// AdminEquivalent is true when one rule has * in apiGroups, resources and
	// verbs: everything, within Scope.
	AdminEquivalent bool `json:"adminEquivalent"`
	// Writes is true when the rights include a write verb on any resource that is stored.
	Writes bool `json:"writes"`
	// WritesWorkloads is true when the rights include a write verb on a workload kind.
	WritesWorkloads bool `json:"writesWorkloads"`
	// CreatesPods is true when the rights make pods, directly or through a workload
	// that can be created or changed. Pods read the secrets of their namespace.
	CreatesPods bool `json:"createsPods"`
	// ReadsSecrets lists the verbs among get, list and watch that hold on secrets.
	ReadsSecrets []string `json:"readsSecrets"`
	// ReadsNamedSecrets lists the secrets that can be read only by their name.
	ReadsNamedSecrets []string `json:"readsNamedSecrets"`
	// Escalations lists the rights from which more rights can be gained (docs/access.md).
	Escalations []string `json:"escalations"`
	// Wildcards lists where a rule has *: verbs, resources, apiGroups.
	Wildcards []string `json:"wildcards"`
	// BuiltIn is true when role, binding and subject are proven to be Kubernetes' own.
	BuiltIn bool `json:"builtIn"`
	// RoleBuiltIn is true when the rules are proven to be those of a default role, whoever holds them.
	RoleBuiltIn bool `json:"roleBuiltIn"`
	// Added is true for the rights that somebody added to a default role which a
	// default binding grants. The default rights of the same path are a row of their own.
	Added bool `json:"added"`
	// Proof says which list of default objects the grant was held against, where BuiltIn or RoleBuiltIn is true.
	Proof string `json:"proof"`
	// SubjectState is exists, missing, or unknown for users and groups, which the API does not list.
	SubjectState string `json:"subjectState"`
	// RoleState is exists, missing, or assumed for a default role that is not
	// among what was read and is judged by its default rules.
	RoleState string `json:"roleState"`
	// Missing names what the binding refers to and does not exist.
	Missing []string `json:"missing"`
	// Human is true when a person may be behind the subject: users and groups that
	// are not components of Kubernetes, and the groups of all authenticated or
	// unauthenticated callers.
	Human bool `json:"human"`
	// Approval is approved, expired or none, from the overlay's approvals.
	Approval string `json:"approval"`
	Since    Date   `json:"since"` // when the binding was created
	// ReviewedOn is the day of the newest access review that decided about the grant, and
	// Reviewed what it decided; both are empty where none did.
	ReviewedOn Date    `json:"reviewedOn,omitzero"`
	Reviewed   Verdict `json:"reviewed,omitempty"`
}
