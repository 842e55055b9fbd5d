package schema

// TypeMeta opens every document that people write.
type TypeMeta struct {
	APIVersion string `json:"apiVersion"`
	Kind       Kind   `json:"kind"`
}

// Kind of a document that people write.
type Kind string

// The kinds of document.
const (
	KindAuditPlan         Kind = "AuditPlan"
	KindControlTable      Kind = "ControlTable"
	KindCheckSet          Kind = "CheckSet"
	KindOverlay           Kind = "Overlay"
	KindExceptionRegister Kind = "ExceptionRegister"
	KindDocumentRegister  Kind = "DocumentRegister"
)

// Metadata names a document.
type Metadata struct {
	Name string `json:"name"`
}

// An AuditPlan says what to look at, against what to hold it, and what to make of it.
type AuditPlan struct {
	TypeMeta
	Metadata Metadata `json:"metadata"`
	Spec     PlanSpec `json:"spec"`
}

// PlanSpec is the content of an AuditPlan. Paths are relative to the plan's file.
type PlanSpec struct {
	// Organization is printed on the cover.
	Organization string `json:"organization"`
	// Scope is one sentence that says what the report is about.
	Scope string `json:"scope"`
	// Period is what records must cover; by default the 90 days before the snapshot.
	Period *Period `json:"period,omitempty"`
	// Clusters to read; by default the current context of the kubeconfig.
	Clusters []PlanCluster `json:"clusters,omitempty"`
	// Secrets is the tier; by default none.
	Secrets    SecretsTier `json:"secrets,omitempty"`
	Namespaces Scoping     `json:"namespaces,omitzero"`
	Labels     LabelKeys   `json:"labels,omitzero"`
	Access     AccessFacts `json:"access,omitzero"`
	Images     ImageFacts  `json:"images,omitzero"`
	// ControlTable is a file, or empty for the built-in table.
	ControlTable string `json:"controlTable,omitempty"`
	// Checks are files of further CheckSets. A check with a known id replaces the built-in one.
	Checks     []string `json:"checks,omitempty"`
	Overlay    string   `json:"overlay,omitempty"`
	Exceptions string   `json:"exceptions,omitempty"`
	Documents  string   `json:"documents,omitempty"`
	// Previous is the bundle before this one; its digest goes into the statement.
	Previous string  `json:"previous,omitempty"`
	Signing  Signing `json:"signing,omitzero"`
	// Output is the folder for bundles; by default the working directory.
	Output string `json:"output,omitempty"`
}

// A Period is closed at the start and open at the end.
type Period struct {
	From Date `json:"from"`
	To   Date `json:"to"`
}

// A PlanCluster is one cluster to read, live or from files.
type PlanCluster struct {
	// Name of the cluster in the report. It is part of no finding id.
	Name string `json:"name"`
	// Context and Kubeconfig as kubectl takes them.
	Context    string `json:"context,omitempty"`
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// From reads manifests, lists or a dump instead of a cluster.
	From []string `json:"from,omitempty"`
	// Environment of the cluster, such as production.
	Environment string `json:"environment,omitempty"`
	// Distribution that the register claims; a mismatch with what is detected is reported.
	Distribution string `json:"distribution,omitempty"`
}

// Scoping says which namespaces are judged. All are collected.
type Scoping struct {
	// Exclude are namespaces out of scope; by default kube-system, kube-public and kube-node-lease.
	Exclude []string `json:"exclude,omitempty"`
	// Environments maps a namespace to its environment where no label says it.
	Environments map[string]string `json:"environments,omitempty"`
	// Production are the environments that count as production; by default production and prod.
	Production []string `json:"production,omitempty"`
}

// LabelKeys are the label keys that say who owns what. The first key present wins.
type LabelKeys struct {
	Owner         []string `json:"owner,omitempty"`         // by default owner, team
	Environment   []string `json:"environment,omitempty"`   // by default environment, env
	DataClass     []string `json:"dataClass,omitempty"`     // by default data-class
	RotationClass []string `json:"rotationClass,omitempty"` // by default rotation-class
}

// AccessFacts say how people and automation are named.
type AccessFacts struct {
	// UserPattern is a regular expression that names of identity-provider users match.
	UserPattern string `json:"userPattern,omitempty"`
	// Deployers are service accounts, as namespace/name, that deploy. Well-known ones are found anyway.
	Deployers []string `json:"deployers,omitempty"`
	// BreakGlass are the bindings for emergencies.
	BreakGlass []BreakGlass `json:"breakGlass,omitempty"`
	// RunnerNamespaces hold self-hosted CI runners.
	RunnerNamespaces []string `json:"runnerNamespaces,omitempty"`
	// PipelineManagers are field managers that belong to a pipeline.
	PipelineManagers []string `json:"pipelineManagers,omitempty"`
}

// BreakGlass is one registered emergency binding.
type BreakGlass struct {
	Cluster string `json:"cluster,omitempty"` // empty means every cluster
	// Binding is the name of the ClusterRoleBinding.
	Binding string `json:"binding"`
	// Subjects are the names of the users or groups that it may have.
	Subjects []string `json:"subjects"`
}

// ImageFacts say where images may come from.
type ImageFacts struct {
	// Registries are approved hosts, or host/path prefixes.
	Registries []string `json:"registries,omitempty"`
}

// Signing says how the bundle is signed.
type Signing struct {
	// Key is a cosign private key file or a KMS reference.
	Key string `json:"key,omitempty"`
	// PasswordFile holds the key's password; the environment's COSIGN_PASSWORD and the terminal are asked otherwise.
	PasswordFile string `json:"passwordFile,omitempty"`
	// Unsigned must be true for a bundle without signature, and is printed on the first page.
	Unsigned bool `json:"unsigned,omitempty"`
}

// A ControlTable is a list of controls with references to published standards.
type ControlTable struct {
	TypeMeta
	Metadata Metadata         `json:"metadata"`
	Spec     ControlTableSpec `json:"spec"`
}

// ControlTableSpec is the content of a ControlTable.
type ControlTableSpec struct {
	Title    string    `json:"title" class:"public"`
	Version  string    `json:"version" class:"public"`
	Areas    []Area    `json:"areas" class:"public"`
	Controls []Control `json:"controls" class:"public"`
}

// An Area groups controls.
type Area struct {
	ID    string `json:"id" class:"public"`
	Name  string `json:"name" class:"public"`
	Theme string `json:"theme" class:"public"`
}

// A Control is a requirement with the six fields of a control map: risk, control,
// owner, how it operates, evidence (its checks) and layer.
type Control struct {
	ID    string `json:"id" class:"public"`
	Area  string `json:"area" class:"public"`
	Title string `json:"title" class:"public"`
	Risk  string `json:"risk" class:"public"`
	// Statement is the control in one sentence.
	Statement string `json:"statement" class:"public"`
	// Operates says how the control works in practice.
	Operates string   `json:"operates" class:"public"`
	Layers   []string `json:"layers" class:"public"`
	// Responsibility by party; exactly one is accountable.
	Responsibility Responsibility `json:"responsibility" class:"public"`
	Owner          string         `json:"owner" class:"nda"`
	Reviewer       string         `json:"reviewer" class:"nda"`
	// Cadence is how often the control is reviewed: monthly, quarterly, semi-annual or annual.
	Cadence Cadence `json:"cadence" class:"public"`
	// EvidenceMaxAgeDays is the age at which evidence is stale.
	EvidenceMaxAgeDays int        `json:"evidenceMaxAgeDays" class:"public"`
	References         References `json:"references" class:"public"`
	Notes              []string   `json:"notes,omitempty" class:"public"`
}

// Cadence of a review.
type Cadence string

// The cadences.
const (
	Monthly    Cadence = "monthly"
	Quarterly  Cadence = "quarterly"
	SemiAnnual Cadence = "semi-annual"
	Annual     Cadence = "annual"
)

// Responsibility says who is A (accountable), R (responsible), C (consulted) and
// I (informed) for a control; "-" is nobody's part.
type Responsibility struct {
	CloudProvider     string `json:"cloudProvider" class:"public"`
	ManagedKubernetes string `json:"managedKubernetes" class:"public"`
	PlatformTeam      string `json:"platformTeam" class:"public"`
	AppTeam           string `json:"appTeam" class:"public"`
	CICDOwner         string `json:"cicdOwner" class:"public"`
	SecurityTeam      string `json:"securityTeam" class:"public"`
	ThirdPartyTool    string `json:"thirdPartyTool" class:"public"`
}

// References to published standards: identifiers only, always strings (8.20 is not 8.2).
type References struct {
	ISO27017    []ISO27017Reference `json:"iso27017_2015,omitempty" class:"public"`
	ISO27002    []string            `json:"iso27002_2022,omitempty" class:"public"`
	ISO27002Old []string            `json:"iso27002_2013,omitempty" class:"public"`
	CCM40       []string            `json:"ccm_v4_0,omitempty" class:"public"`
	CCM41       []string            `json:"ccm_v4_1,omitempty" class:"public"`
	CIS         map[string][]string `json:"cis,omitempty" class:"public"` // by benchmark and version
	NIST80053   []string            `json:"nist_800_53r5,omitempty" class:"public"`
	SOC2        []string            `json:"soc2_tsc,omitempty" class:"public"`
	Other       map[string][]string `json:"other,omitempty" class:"public"` // by standard and edition
}

// An ISO27017Reference is a clause, and for whom ISO/IEC 27017 adds cloud guidance to it.
type ISO27017Reference struct {
	ID string `json:"id" class:"public"`
	// CloudGuidance is both, csc (customer), csp (provider) or none (ISO/IEC 27002 applies as it is).
	CloudGuidance string `json:"cloudGuidance" class:"public"`
	// Verified is true when the clause was read at its source.
	Verified bool `json:"verified" class:"public"`
}

// A CheckSet is a list of checks.
type CheckSet struct {
	TypeMeta
	Metadata Metadata     `json:"metadata"`
	Spec     CheckSetSpec `json:"spec"`
}

// CheckSetSpec is the content of a CheckSet.
type CheckSetSpec struct {
	Checks []Check `json:"checks"`
}

// CheckKind says what a check reads.
type CheckKind string

// The kinds of check.
const (
	CheckAPI      CheckKind = "api"      // the Kubernetes API
	CheckPipeline CheckKind = "pipeline" // a forge or CI host
	CheckDocument CheckKind = "document" // a document that people keep
	CheckRegister CheckKind = "register" // the control table and registers themselves
)

// Evaluation says who decides.
type Evaluation string

// The evaluations.
const (
	Auto   Evaluation = "auto"   // the tool decides
	Semi   Evaluation = "semi"   // the tool decides some outcomes, the rest becomes needs_review
	Manual Evaluation = "manual" // a person decides; the tool checks presence, dates and completeness
)

// A Check is a rule that reads evidence for one control. It is written as CEL
// rules over the rows of a population, or names a Go function of the program.
type Check struct {
	ID         string     `json:"id"`
	Control    string     `json:"control"`
	Title      string     `json:"title,omitempty"`
	Kind       CheckKind  `json:"kind"`
	Evaluation Evaluation `json:"evaluation"`
	Severity   Severity   `json:"severity"`
	// Source, Fields and Logic say in words what is read and how it is decided.
	Source string `json:"source"`
	Fields string `json:"fields,omitempty"`
	Logic  string `json:"logic"`
	// Message may hold CEL expressions in braces, such as {row.name}; in a check written in Go, names that it fills in.
	Message     string `json:"message"`
	Remediation string `json:"remediation"`
	// Population is what the rules run over, row by row.
	Population string `json:"population,omitempty"`
	// Needs are further populations that must be complete for the check to decide.
	Needs []string `json:"needs,omitempty"`
	// Scope is a CEL expression; rows for which it is false are not_applicable.
	Scope string `json:"scope,omitempty"`
	// Rules are tried in order; the first whose condition holds decides. A row that none matches passes.
	Rules []CheckRule `json:"rules,omitempty"`
	// Empty is the result when the population has no row in scope; by default not_applicable.
	Empty Result `json:"empty,omitempty"`
	// Go is the name of the function that decides instead of rules.
	Go string `json:"go,omitempty"`
}

// A CheckRule gives a result to the rows for which When holds.
type CheckRule struct {
	// When is a CEL expression over row, ns, cluster, plan and asOf.
	When   string `json:"when"`
	Result Result `json:"result"`
	// Severity and Message replace those of the check.
	Severity Severity `json:"severity,omitempty"`
	Message  string   `json:"message,omitempty"`
}

// An Overlay sets owners, reviewers, sign-offs and applicability without editing the control table.
type Overlay struct {
	TypeMeta
	Metadata Metadata    `json:"metadata"`
	Spec     OverlaySpec `json:"spec"`
}

// OverlaySpec is the content of an Overlay.
type OverlaySpec struct {
	// Owner and Reviewer are the defaults for controls that name none.
	Owner     string           `json:"owner,omitempty"`
	Reviewer  string           `json:"reviewer,omitempty"`
	Controls  []ControlOverlay `json:"controls,omitempty"`
	Approvals []Approval       `json:"approvals,omitempty"`
}

// A ControlOverlay is what people decided about one control.
type ControlOverlay struct {
	ID       string  `json:"id"`
	Owner    string  `json:"owner,omitempty"`
	Reviewer string  `json:"reviewer,omitempty"`
	Cadence  Cadence `json:"cadence,omitempty"`
	// SignOff is the last one.
	SignOff *SignOff `json:"signOff,omitempty"`
	// NotApplicable takes the control out of scope.
	NotApplicable *NotApplicableNote `json:"notApplicable,omitempty"`
	// Responsibility replaces the table's where set.
	Responsibility *Responsibility `json:"responsibility,omitempty"`
}

// A SignOff is a person's word that the control was reviewed.
type SignOff struct {
	By string `json:"by"`
	On Date   `json:"on"`
}

// A NotApplicableNote justifies that a control does not apply.
type NotApplicableNote struct {
	Justification string `json:"justification"`
	ApprovedBy    string `json:"approvedBy"`
	ApprovedOn    Date   `json:"approvedOn"`
}

// ApprovalType says what is approved.
type ApprovalType string

// The types of approval.
const (
	ApproveAdministrator ApprovalType = "administrator" // cluster-admin-equivalent rights
	ApproveEscalation    ApprovalType = "escalation"    // rights from which more can be gained
	ApproveSecretReader  ApprovalType = "secret-reader"
	ApproveDeployer      ApprovalType = "deployer"
	ApproveExposure      ApprovalType = "exposure"
	ApproveSupplier      ApprovalType = "supplier"
	ApproveSingleton     ApprovalType = "singleton"
	ApproveExclusion     ApprovalType = "exclusion" // a technical exclusion from a policy
)

// An Approval registers one deliberate fact of the platform with an owner, a reason and an end.
type Approval struct {
	Type    ApprovalType `json:"type"`
	Cluster string       `json:"cluster,omitempty"` // empty means every cluster
	// Kind, Namespace and Name are those of the subject or object approved.
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	Owner     string `json:"owner"`
	Reason    string `json:"reason"`
	Expires   Date   `json:"expires"`
}

// An ExceptionRegister lists accepted deviations.
type ExceptionRegister struct {
	TypeMeta
	Metadata Metadata      `json:"metadata"`
	Spec     ExceptionSpec `json:"spec"`
}

// ExceptionSpec is the content of an ExceptionRegister.
type ExceptionSpec struct {
	// MaxDays by severity; by default critical 30, high 90, medium 180, low 365.
	MaxDays    map[Severity]int `json:"maxDays,omitempty"`
	Exceptions []Exception      `json:"exceptions"`
}

// An Exception accepts some findings until a day.
type Exception struct {
	ID      string `json:"id"`
	Control string `json:"control"`
	// Check narrows the exception to one check; empty means every check of the control.
	Check string         `json:"check,omitempty"`
	Scope ExceptionScope `json:"scope,omitzero"`
	// Findings narrows it to findings by id.
	Findings []string `json:"findings,omitempty"`
	Reason   string   `json:"reason"`
	Risk     Severity `json:"risk,omitempty"`
	// Compensating says what deals with the risk meanwhile; CompensatingControl names a control.
	Compensating        string `json:"compensating,omitempty"`
	CompensatingControl string `json:"compensatingControl,omitempty"`
	RequestedBy         string `json:"requestedBy"`
	ApprovedBy          string `json:"approvedBy"`
	// SecondApprover is needed where the scope is a whole cluster.
	SecondApprover string `json:"secondApprover,omitempty"`
	ApprovedOn     Date   `json:"approvedOn"`
	ExpiresOn      Date   `json:"expiresOn"`
	ReviewOn       Date   `json:"reviewOn,omitzero"`
	Ticket         string `json:"ticket,omitempty"`
}

// An ExceptionScope selects subjects. Empty fields match everything; * in a value matches any text.
type ExceptionScope struct {
	Cluster   string `json:"cluster,omitempty"`
	Namespace string `json:"namespace,omitempty"`
	Kind      string `json:"kind,omitempty"`
	Name      string `json:"name,omitempty"`
}

// A DocumentRegister lists the documents that people keep.
type DocumentRegister struct {
	TypeMeta
	Metadata Metadata     `json:"metadata"`
	Spec     DocumentSpec `json:"spec"`
}

// DocumentSpec is the content of a DocumentRegister.
type DocumentSpec struct {
	Documents []DocumentRecord `json:"documents"`
}

// DocumentType of a record.
type DocumentType string

// The types of document.
const (
	DocPolicy      DocumentType = "policy"
	DocProcedure   DocumentType = "procedure"
	DocRecord      DocumentType = "record"
	DocReport      DocumentType = "report"
	DocExport      DocumentType = "export"
	DocAttestation DocumentType = "attestation"
)

// A DocumentRecord describes one document.
type DocumentRecord struct {
	ID    string       `json:"id"`
	Title string       `json:"title"`
	Type  DocumentType `json:"type"`
	// Checks are the document checks that it is evidence for.
	Checks []string `json:"checks"`
	Owner  string   `json:"owner"`
	Author string   `json:"author,omitempty"`
	// File lies beside the register and is copied into the bundle; Location says where else the document is kept.
	File     string `json:"file,omitempty"`
	Location string `json:"location,omitempty"`
	// AsOf is the day on which the facts in it were true. Age counts from here.
	AsOf       Date   `json:"asOf"`
	ApprovedBy string `json:"approvedBy,omitempty"`
	ApprovedOn Date   `json:"approvedOn,omitzero"`
	// ValidUntil overrides the default validity of the type.
	ValidUntil Date   `json:"validUntil,omitzero"`
	Supersedes string `json:"supersedes,omitempty"`
	// SHA256 of the file as approved, in hexadecimal.
	SHA256 string `json:"sha256,omitempty"`
	// Covers lists what the document is about, such as the groups of a membership export.
	Covers          []string `json:"covers,omitempty"`
	Confidentiality string   `json:"confidentiality,omitempty"`
}
