package schema

import (
	"cmp"
	"time"
)

// TypeMeta opens every document that people write.
type TypeMeta struct {
	// APIVersion is auditpack.dev/v1alpha1.
	APIVersion string `json:"apiVersion"`
	// Kind says which document it is.
	Kind Kind `json:"kind"`
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
	KindAccessReview      Kind = "AccessReview"
	KindControlReview     Kind = "ControlReview"
	KindExceptionReview   Kind = "ExceptionReview"
	KindSupportTable      Kind = "SupportTable"
	KindQuestionnaireMap  Kind = "QuestionnaireMap"
	KindAnswerLibrary     Kind = "AnswerLibrary"

	KindVerificationPolicy Kind = "VerificationPolicy"
)

// Metadata names a document.
type Metadata struct {
	// Name is a short name; that of the plan opens the name of every bundle.
	Name string `json:"name" format:"name"`
}

// An AuditPlan says what to look at, against what to hold it, and what to make of it.
type AuditPlan struct {
	TypeMeta
	// Metadata names the plan.
	Metadata Metadata `json:"metadata"`
	// Spec is the plan.
	Spec PlanSpec `json:"spec"`
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
	Clusters []PlanCluster `json:"clusters,omitzero"`
	// Forges are the hosts of the repositories from which the clusters are deployed.
	Forges []PlanForge `json:"forges,omitzero"`
	// Imports are files of other tools, such as scanners and clouds, to take into the report. See docs/imports.md.
	Imports []PlanImport `json:"imports,omitzero"`
	// Secrets is how much of secrets is asked for; by default none.
	Secrets SecretsTier `json:"secrets,omitempty"`
	// Namespaces says which namespaces are judged, and what environment they are.
	Namespaces Scoping `json:"namespaces,omitzero"`
	// Labels are the label keys that say who owns what.
	Labels LabelKeys `json:"labels,omitzero"`
	// Access says how people and automation are named.
	Access AccessFacts `json:"access,omitzero"`
	// Images says where images may come from.
	Images ImageFacts `json:"images,omitzero"`
	// RPOHours is the recovery point objective: how old the last good backup of a namespace may be, in hours; by default 24.
	RPOHours int `json:"rpoHours,omitempty"`
	// Rotation says how old credentials may become.
	Rotation RotationLimits `json:"rotation,omitzero"`
	// ControlTable is a file, or empty for the built-in table.
	ControlTable string `json:"controlTable,omitempty"`
	// Checks are files of further CheckSets. A check with a known id replaces the built-in one.
	Checks []string `json:"checks,omitzero"`
	// Overlay is the file of owners, sign-offs and approvals.
	Overlay string `json:"overlay,omitempty"`
	// Exceptions is the file of accepted deviations.
	Exceptions string `json:"exceptions,omitempty"`
	// Documents is the file that lists the documents people keep.
	Documents string `json:"documents,omitempty"`
	// Reviews are files of AccessReviews, ControlReviews and ExceptionReviews, and folders of which every .yaml file is one.
	Reviews []string `json:"reviews,omitzero"`
	// Support is a file that says until when releases are supported, or empty for the built-in table.
	Support string `json:"support,omitempty"`
	// Previous is the archive or folder of the bundle before this one; its digest goes into the statement. An address, as
	// Publication.To, stands for the newest bundle of this plan there.
	Previous string `json:"previous,omitempty"`
	// PreviousPolicy is a VerificationPolicy file that says who may have signed Previous, beside the key of this run. Keyless runs need it.
	PreviousPolicy string `json:"previousPolicy,omitempty"`
	// IntervalDays is how many days lie between two bundles as planned; by default 92, a quarter.
	IntervalDays int `json:"intervalDays,omitempty"`
	// Signing says how the bundle is signed.
	Signing Signing `json:"signing,omitzero"`
	// Look is how the report is printed.
	Look Look `json:"look,omitzero"`
	// EncryptTo are the recipients of an encrypted archive, which is then all that is written: age recipients, SSH public keys, or files of them.
	EncryptTo []string `json:"encryptTo,omitzero"`
	// Output is the folder for bundles; by default the working directory.
	Output string `json:"output,omitempty"`
	// Publish names the places that every bundle is copied to when it is sealed.
	Publish []Publication `json:"publish,omitzero"`
	// Notify says who is told how each run ended.
	Notify Notify `json:"notify,omitzero"`
}

// A Publication is one place for finished bundles.
type Publication struct {
	// To is the address of the place, such as s3://bucket/folder?region=eu-central-1.
	To string `json:"to"`
	// Keep says which bundles stay there; by default all.
	Keep KeepRules `json:"keep,omitzero"`
	// Lock asks the store to refuse deletion of each bundle for a time.
	Lock *Lock `json:"lock,omitempty"`
}

// KeepRules say of how many days, weeks, months, quarters and years the newest bundle
// stays. Periods without a bundle do not count. The last bundle stays always; with
// no number every bundle does.
type KeepRules struct {
	// Daily is the number of days.
	Daily int `json:"daily,omitempty"`
	// Weekly is the number of weeks as of ISO 8601.
	Weekly int `json:"weekly,omitempty"`
	// Monthly is the number of months.
	Monthly int `json:"monthly,omitempty"`
	// Quarterly is the number of quarters of the calendar.
	Quarterly int `json:"quarterly,omitempty"`
	// Yearly is the number of years.
	Yearly int `json:"yearly,omitempty"`
}

// A Lock keeps a store from deleting or replacing a bundle.
type Lock struct {
	// Days counts from the moment of writing.
	Days int `json:"days"`
	// Mode is compliance, which nobody can lift, or governance, which those who hold a right for it can; by default governance.
	Mode string `json:"mode,omitempty" enum:"governance,compliance"`
}

// Look is how the report is printed.
type Look struct {
	// Paper is A4 or Letter; by default A4.
	Paper string `json:"paper,omitempty" enum:"A4,Letter"`
	// Accent is the colour of titles, rules and links as "#rrggbb", dark enough to be read on white; by default a blue.
	Accent string `json:"accent,omitempty"`
	// Logo is a PNG or JPEG file for the cover, of at most 1 MiB and 4000 pixels a side.
	Logo string `json:"logo,omitempty"`
}

// A Period is closed at the start and open at the end.
type Period struct {
	// From is the first day of the period.
	From Date `json:"from"`
	// To is the day after the last one.
	To Date `json:"to"`
}

// PeriodAsOf returns the period that records must cover: the plan's, or by
// default the 90 whole days before the day of asOf.
func (p PlanSpec) PeriodAsOf(asOf time.Time) Period {
	if p.Period != nil {
		return *p.Period
	}
	to := DateOf(asOf)
	return Period{From: to.AddDays(-90), To: to}
}

// quarterDays is the length of the longest quarter.
const quarterDays = 92

// BundleInterval returns the planned time between two bundles: the plan's, or by
// default a quarter, the cadence of an audit pack. The period of the plan is no
// measure of it: that is what records must cover, often a whole year.
func (p PlanSpec) BundleInterval() time.Duration {
	return time.Duration(cmp.Or(p.IntervalDays, quarterDays)) * 24 * time.Hour
}

// A PlanCluster is one cluster to read, live or from files.
type PlanCluster struct {
	// Name of the cluster in the report. It is part of no finding id.
	Name string `json:"name"`
	// Context of the kubeconfig; by default its current one.
	Context string `json:"context,omitempty"`
	// Kubeconfig is a file; by default the one that kubectl takes.
	Kubeconfig string `json:"kubeconfig,omitempty"`
	// From reads manifests, lists or a dump instead of a cluster.
	From []string `json:"from,omitzero"`
	// Complete is true when From holds every object of the cluster. Without it a
	// kind that no document speaks of is a gap, because files say what is there
	// and not what is missing.
	Complete bool `json:"complete,omitzero"`
	// AuditLogs are files and folders of the cluster's Kubernetes audit log; - is standard input. See docs/audit-logs.md.
	AuditLogs []string `json:"auditLogs,omitzero"`
	// Environment of the cluster, such as production.
	Environment string `json:"environment,omitempty"`
	// Distribution that the register claims; a mismatch with what is detected is reported.
	Distribution string `json:"distribution,omitempty"`
}

// A PlanImport is a file of another tool, or a folder of such files. What a file is
// shows by its content.
type PlanImport struct {
	// Path is a file, or a folder of which every file is read.
	Path string `json:"path"`
	// Cluster of the plan that the files are about, where their content does not say it.
	Cluster string `json:"cluster,omitempty"`
	// Made is the day on which the tool looked, for forms that do not say it.
	Made Date `json:"made,omitzero"`
	// Stack names what an infrastructure plan is of; by default the name of the file.
	Stack string `json:"stack,omitempty"`
	// Columns names the columns of a CSV of group members, where they are not called so: group, member and status.
	Columns map[string]string `json:"columns,omitzero"`
}

// A PlanForge is one host of repositories to read. See docs/pipelines.md.
type PlanForge struct {
	// Name of the forge in the report.
	Name string `json:"name"`
	// Kind is github or gitlab.
	Kind ForgeKind `json:"kind"`
	// URL of the host, such as https://gitlab.example.com; by default the vendor's cloud.
	URL string `json:"url,omitempty"`
	// From is a YAML file of answers that were saved before, in the place of the server: see docs/pipelines.md.
	From string `json:"from,omitempty"`
	// Repositories to read, as path on the host; a trailing /* takes all of an organization or group that are not archived.
	Repositories []string `json:"repositories" input:"nonempty"`
	// Branch is the one that is deployed; by default the default branch of each repository.
	Branch string `json:"branch,omitempty"`
	// Environments are the names of the deployment environments that count as production; by default production and prod.
	Environments []string `json:"environments,omitzero"`
	// TokenFile holds a read-only token; by default the environment's GITHUB_TOKEN or GITLAB_TOKEN is taken, or what TokenVariable names.
	TokenFile string `json:"tokenFile,omitempty"`
	// TokenVariable is the environment variable with the token.
	TokenVariable string `json:"tokenVariable,omitempty"`
	// Bots are reviewers that are programs; an approval of theirs counts only when they are listed here.
	Bots []string `json:"bots,omitzero"`
}

// ProductionEnvironments returns the environments that count as production.
func (f PlanForge) ProductionEnvironments() []string {
	if len(f.Environments) == 0 {
		return []string{"production", "prod"}
	}
	return f.Environments
}

// Scoping says which namespaces are judged. All are collected.
type Scoping struct {
	// Exclude are namespaces out of scope; by default kube-system, kube-public and kube-node-lease.
	Exclude []string `json:"exclude,omitzero"`
	// Environments maps a namespace to its environment where no label says it.
	Environments map[string]string `json:"environments,omitzero"`
	// Production are the environments that count as production; by default production and prod.
	Production []string `json:"production,omitzero"`
}

// LabelKeys are the label keys that say who owns what. The first key present wins.
type LabelKeys struct {
	// Owner has the keys whose value is an owner; by default owner and team.
	Owner []string `json:"owner,omitzero"`
	// Environment has the keys whose value is an environment; by default environment and env.
	Environment []string `json:"environment,omitzero"`
	// DataClass has the keys whose value is a data class; by default data-class.
	DataClass []string `json:"dataClass,omitzero"`
	// RotationClass has the keys whose value is a rotation class; by default rotation-class.
	RotationClass []string `json:"rotationClass,omitzero"`
}

// AccessFacts say how people and automation are named.
type AccessFacts struct {
	// UserPattern is a regular expression that names of identity-provider users match.
	UserPattern string `json:"userPattern,omitempty"`
	// Deployers are service accounts, as namespace/name, that deploy. Well-known ones are found anyway.
	Deployers []string `json:"deployers,omitzero" format:"account"`
	// BreakGlass are the bindings for emergencies.
	BreakGlass []BreakGlass `json:"breakGlass,omitzero"`
	// RunnerNamespaces hold self-hosted CI runners.
	RunnerNamespaces []string `json:"runnerNamespaces,omitzero"`
	// PipelineManagers are field managers that belong to a pipeline.
	PipelineManagers []string `json:"pipelineManagers,omitzero"`
}

// BreakGlass is one registered emergency binding.
type BreakGlass struct {
	// Cluster that has the binding; empty means every cluster.
	Cluster string `json:"cluster,omitempty"`
	// Binding is the name of the ClusterRoleBinding.
	Binding string `json:"binding"`
	// Subjects are the names of the users or groups that it may have.
	Subjects []string `json:"subjects" input:"nonempty"`
}

// ImageFacts say where images may come from.
type ImageFacts struct {
	// Registries are approved hosts, or host/path prefixes.
	Registries []string `json:"registries,omitzero"`
	// Provenance says whose signatures count; without it registries are not asked.
	Provenance *ProvenancePolicy `json:"provenance,omitempty"`
}

// A ProvenancePolicy says which images must have a build provenance, and whose
// signature on it counts. See docs/provenance.md.
type ProvenancePolicy struct {
	// Images are the hosts, or host/path prefixes, of the images that one's own pipelines build.
	Images []string `json:"images" input:"nonempty"`
	// Keys are files of public keys in PEM form.
	Keys []string `json:"keys,omitzero"`
	// Identities are the names that certificates of keyless signatures may have. They need a trusted root.
	Identities []SignerIdentity `json:"identities,omitzero"`
	// TrustedRoot is a file in sigstore's format with the authorities and logs that are trusted; nothing is fetched.
	TrustedRoot string `json:"trustedRoot,omitempty"`
	// DockerConfig is the folder of the config.json with credentials for registries; by default the one that docker takes.
	DockerConfig string `json:"dockerConfig,omitempty"`
	// Insecure are hosts that are reached without TLS.
	Insecure []string `json:"insecure,omitzero"`
}

// A SignerIdentity is a name that a certificate may have, and who must have identified it.
type SignerIdentity struct {
	// Issuer of the OpenID Connect token, such as https://token.actions.githubusercontent.com.
	Issuer string `json:"issuer"`
	// Subject is the name in the certificate, such as the address of a workflow.
	Subject string `json:"subject,omitempty"`
	// SubjectRegexp is a regular expression that the whole name matches, in the place of Subject.
	SubjectRegexp string `json:"subjectRegexp,omitempty"`
}

// RotationLimits say how old credentials may become, in days.
type RotationLimits struct {
	// Classes maps a rotation class, as the label of a secret says it, to the days after which its value must have changed; by default high 90, medium 180 and low 365.
	Classes map[string]int `json:"classes,omitzero"`
	// Pipeline is the limit for the credentials that Argo CD keeps for clusters and repositories, where their class has none; by default 90.
	Pipeline int `json:"pipeline,omitempty"`
}

// Days returns the limit of a rotation class, and whether there is one.
func (l RotationLimits) Days(class string) (days int, ok bool) {
	if l.Classes == nil {
		l.Classes = map[string]int{"high": 90, "medium": 180, "low": 365}
	}
	days, ok = l.Classes[class]
	return days, ok
}

// PipelineDays returns the limit for the credentials that Argo CD keeps, where their class has none.
func (l RotationLimits) PipelineDays() int { return cmp.Or(l.Pipeline, 90) }

// Signing says how the bundle is signed.
type Signing struct {
	// Key is a cosign private key file or a KMS reference.
	Key string `json:"key,omitempty"`
	// PasswordFile holds the key's password; the environment's COSIGN_PASSWORD and the terminal are asked otherwise.
	PasswordFile string `json:"passwordFile,omitempty"`
	// Keyless signs with a certificate that is issued for one bundle, in the place of Key.
	Keyless *KeylessSigning `json:"keyless,omitempty"`
	// Timestamp has the signature confirmed by a timestamp authority. Keyless needs it.
	Timestamp *TimestampSource `json:"timestamp,omitempty"`
	// Documents signs the PDF and the workbook themselves, so that each can be checked on its own.
	Documents *DocumentSigning `json:"documents,omitempty"`
	// Unsigned must be true for a bundle without signature, and is printed on the first page.
	Unsigned bool `json:"unsigned,omitempty"`
}

// DocumentSigning names an X.509 certificate for documents and its key: PEM files, or one PKCS #12 file.
type DocumentSigning struct {
	// Certificate is a PEM file with the certificate and those of its issuers.
	Certificate string `json:"certificate,omitempty"`
	// Key is a PEM file with the certificate's private key, which may be encrypted, or a KMS reference.
	Key string `json:"key,omitempty"`
	// PKCS12 is a file with certificate and key, in the place of both.
	PKCS12 string `json:"pkcs12,omitempty"`
	// PasswordFile holds the password of the key or PKCS #12 file; the environment's AUDITPACK_DOCUMENT_PASSWORD and the terminal are asked otherwise.
	PasswordFile string `json:"passwordFile,omitempty"`
	// Contact is written into the PDF's signature, such as an e-mail address that answers questions about it.
	Contact string `json:"contact,omitempty"`
}

// KeylessSigning says who issues the certificate of a signature, and to whom.
type KeylessSigning struct {
	// FulcioURL is the address of the certificate authority, without a path.
	FulcioURL string `json:"fulcioURL"`
	// IdentityTokenFile holds the OpenID Connect token, such as that of a projected service-account volume; by default the environment's SIGSTORE_ID_TOKEN, then /var/run/sigstore/cosign/oidc-token.
	IdentityTokenFile string `json:"identityTokenFile,omitempty"`
}

// A TimestampSource is a timestamp authority as of RFC 3161.
type TimestampSource struct {
	// URL takes the requests, such as https://timestamp.example.com/api/v1/timestamp.
	URL string `json:"url"`
	// Required makes a run fail, and leave no bundle, when the authority does not answer. With keyless it is always so.
	Required bool `json:"required,omitempty"`
}

// A ControlTable is a list of controls with references to published standards.
type ControlTable struct {
	TypeMeta
	// Metadata names the table.
	Metadata Metadata `json:"metadata"`
	// Spec is the table.
	Spec ControlTableSpec `json:"spec"`
}

// ControlTableSpec is the content of a ControlTable.
type ControlTableSpec struct {
	// Title is printed on the cover.
	Title string `json:"title" class:"public"`
	// Version of the table, as text.
	Version string `json:"version" class:"public"`
	// Areas in the order of the report.
	Areas []Area `json:"areas" class:"public" input:"nonempty"`
	// Controls in the order of the report.
	Controls []Control `json:"controls" class:"public" input:"nonempty"`
}

// An Area groups controls.
type Area struct {
	// ID is what controls refer to, such as ACC.
	ID string `json:"id" class:"public" format:"id"`
	// Name is the heading of the area.
	Name string `json:"name" class:"public"`
	// Theme says in a few words what the area is about.
	Theme string `json:"theme" class:"public"`
}

// A Control is a requirement with the six fields of a control map: risk, control,
// owner, how it operates, evidence (its checks) and layer.
type Control struct {
	// ID is such as ACC-01.
	ID string `json:"id" class:"public" format:"id"`
	// Area is the id of an area of the table.
	Area string `json:"area" class:"public"`
	// Title is the control in a few words.
	Title string `json:"title" class:"public"`
	// Risk is what may happen without the control.
	Risk string `json:"risk" class:"public"`
	// Statement is the control in one sentence.
	Statement string `json:"statement" class:"public"`
	// Operates says how the control works in practice.
	Operates string `json:"operates" class:"public"`
	// Layers of the platform on which the control works.
	Layers []string `json:"layers" class:"public" input:"nonempty" enum:"cloud-account,managed-control-plane,cluster,node,namespace,workload,pipeline,registry,people-process,third-party"`
	// Responsibility by party; exactly one is accountable.
	Responsibility Responsibility `json:"responsibility" class:"public"`
	// Owner is the accountable person or team. It is set in an Overlay; a control without owner is a finding.
	Owner string `json:"owner" class:"nda" input:"optional"`
	// Reviewer signs the control off. It is set in an Overlay.
	Reviewer string `json:"reviewer" class:"nda" input:"optional"`
	// Cadence is how often the control is reviewed: monthly, quarterly, semi-annual or annual.
	Cadence Cadence `json:"cadence" class:"public"`
	// EvidenceMaxAgeDays is the age in days at which evidence is stale.
	EvidenceMaxAgeDays int `json:"evidenceMaxAgeDays" class:"public"`
	// References to published standards.
	References References `json:"references" class:"public" input:"optional"`
	// CustomerDuties are what the organization's own customers have to do, one sentence each. They are set in an Overlay.
	CustomerDuties []string `json:"customerDuties,omitzero" class:"public"`
	// Notes on scope and judgement, one sentence or two each.
	Notes []string `json:"notes,omitzero" class:"public"`
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
	// CloudProvider is the part of the provider of the cloud account.
	CloudProvider string `json:"cloudProvider" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// ManagedKubernetes is the part of who runs the control plane.
	ManagedKubernetes string `json:"managedKubernetes" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// PlatformTeam is the part of the team that runs the clusters.
	PlatformTeam string `json:"platformTeam" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// AppTeam is the part of the teams whose workloads run on them.
	AppTeam string `json:"appTeam" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// CICDOwner is the part of who runs the delivery pipelines.
	CICDOwner string `json:"cicdOwner" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// SecurityTeam is the part of the security team.
	SecurityTeam string `json:"securityTeam" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
	// ThirdPartyTool is the part of the supplier of a tool or service in use.
	ThirdPartyTool string `json:"thirdPartyTool" class:"public" input:"optional" enum:"A,R,A/R,C,I,-"`
}

// References to published standards: identifiers only, always strings (8.20 is not 8.2).
type References struct {
	// ISO27017 lists clauses of ISO/IEC 27017:2015.
	ISO27017 []ISO27017Reference `json:"iso27017_2015,omitzero" class:"public"`
	// ISO27002 lists controls of ISO/IEC 27002:2022.
	ISO27002 []string `json:"iso27002_2022,omitzero" class:"public"`
	// ISO27002Old lists controls of ISO/IEC 27002:2013, whose numbering ISO/IEC 27017:2015 follows.
	ISO27002Old []string `json:"iso27002_2013,omitzero" class:"public"`
	// CCM40 lists controls of the CSA Cloud Controls Matrix 4.0.
	CCM40 []string `json:"ccm_v4_0,omitzero" class:"public"`
	// CCM41 lists controls of the CSA Cloud Controls Matrix 4.1, which numbers some controls anew.
	CCM41 []string `json:"ccm_v4_1,omitzero" class:"public"`
	// CIS lists recommendations by CIS benchmark and version.
	CIS map[string][]string `json:"cis,omitzero" class:"public"`
	// NIST80053 lists controls of NIST SP 800-53 revision 5.
	NIST80053 []string `json:"nist_800_53r5,omitzero" class:"public"`
	// SOC2 lists the AICPA trust services criteria.
	SOC2 []string `json:"soc2_tsc,omitzero" class:"public"`
	// Other lists identifiers by standard and edition.
	Other map[string][]string `json:"other,omitzero" class:"public"`
}

// An ISO27017Reference is a clause, and for whom ISO/IEC 27017 adds cloud guidance to it.
type ISO27017Reference struct {
	// ID is the number of the clause, such as 9.2.3 or CLD.12.1.5.
	ID string `json:"id" class:"public"`
	// CloudGuidance is both, csc (customer), csp (provider) or none (ISO/IEC 27002 applies as it is).
	CloudGuidance string `json:"cloudGuidance" class:"public" enum:"both,csc,csp,none"`
	// Verified is true when the clause was read at its source.
	Verified bool `json:"verified" class:"public" input:"optional"`
}

// A CheckSet is a list of checks.
type CheckSet struct {
	TypeMeta
	// Metadata names the set.
	Metadata Metadata `json:"metadata"`
	// Spec is the set.
	Spec CheckSetSpec `json:"spec"`
}

// CheckSetSpec is the content of a CheckSet.
type CheckSetSpec struct {
	// Checks in any order; the report lists them in the order of the control table.
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
	// ID is written down once and never changes, such as ACC-01.k1.
	ID string `json:"id" format:"id"`
	// Control is the id of the control that the check speaks for.
	Control string `json:"control"`
	// Title is the check in a few words.
	Title string `json:"title,omitempty"`
	// Kind says what the check reads.
	Kind CheckKind `json:"kind"`
	// Evaluation says who decides: the tool, the tool in part, or a person.
	Evaluation Evaluation `json:"evaluation"`
	// Severity of a finding of this check.
	Severity Severity `json:"severity"`
	// Source says in words what is read.
	Source string `json:"source"`
	// Fields says in words which fields of it are looked at.
	Fields string `json:"fields,omitempty"`
	// Logic says in words how it is decided.
	Logic string `json:"logic"`
	// Message may hold CEL expressions in braces, such as {row.name}; in a check written in Go, names that it fills in.
	Message string `json:"message"`
	// Remediation says what to do about a finding.
	Remediation string `json:"remediation"`
	// Population is what the rules run over, row by row.
	Population string `json:"population,omitempty"`
	// Needs are further populations that must be complete for the check to decide.
	Needs []string `json:"needs,omitzero"`
	// Scope is a CEL expression; rows for which it is false are not_applicable.
	Scope string `json:"scope,omitempty"`
	// Rules are tried in order; the first whose condition holds decides. A row that none matches passes.
	Rules []CheckRule `json:"rules,omitzero"`
	// Empty is the result when the population has no row in scope; by default not_applicable.
	Empty Result `json:"empty,omitempty"`
	// Go is the name of the function that decides instead of rules.
	Go string `json:"go,omitempty"`
}

// A CheckRule gives a result to the rows for which When holds.
type CheckRule struct {
	// When is a CEL expression over row, ns, cluster, plan and asOf.
	When string `json:"when"`
	// Result of the rows for which When holds.
	Result Result `json:"result"`
	// Severity replaces that of the check.
	Severity Severity `json:"severity,omitempty"`
	// Message replaces that of the check.
	Message string `json:"message,omitempty"`
}

// An Overlay sets owners, reviewers, sign-offs and applicability without editing the control table.
type Overlay struct {
	TypeMeta
	// Metadata names the overlay.
	Metadata Metadata `json:"metadata"`
	// Spec is the overlay.
	Spec OverlaySpec `json:"spec"`
}

// OverlaySpec is the content of an Overlay.
type OverlaySpec struct {
	// Owner is the default for controls that name none.
	Owner string `json:"owner,omitempty"`
	// Reviewer is the default for controls that name none.
	Reviewer string `json:"reviewer,omitempty"`
	// Controls has one entry for each control about which something was decided.
	Controls []ControlOverlay `json:"controls,omitzero"`
	// Approvals register deliberate facts of the platform, such as who is an administrator.
	Approvals []Approval `json:"approvals,omitzero"`
}

// A ControlOverlay is what people decided about one control.
type ControlOverlay struct {
	// ID is that of a control of the table.
	ID string `json:"id"`
	// Owner is the accountable person or team.
	Owner string `json:"owner,omitempty"`
	// Reviewer signs the control off.
	Reviewer string `json:"reviewer,omitempty"`
	// Cadence replaces the table's.
	Cadence Cadence `json:"cadence,omitempty"`
	// SignOff is the last one.
	SignOff *SignOff `json:"signOff,omitempty"`
	// NotApplicable takes the control out of scope.
	NotApplicable *NotApplicableNote `json:"notApplicable,omitempty"`
	// Responsibility replaces the table's where set.
	Responsibility *Responsibility `json:"responsibility,omitempty"`
	// CustomerDuties are what the organization's own customers have to do for the control, one sentence each.
	CustomerDuties []string `json:"customerDuties,omitzero"`
}

// A SignOff is a person's word that the control was reviewed.
type SignOff struct {
	// By is who reviewed the control.
	By string `json:"by"`
	// On is the day of the review.
	On Date `json:"on"`
}

// A NotApplicableNote justifies that a control does not apply.
type NotApplicableNote struct {
	// Justification is printed beside the control.
	Justification string `json:"justification"`
	// ApprovedBy is the person who agreed.
	ApprovedBy string `json:"approvedBy"`
	// ApprovedOn is the day of that.
	ApprovedOn Date `json:"approvedOn"`
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
	// Type says what is approved.
	Type ApprovalType `json:"type"`
	// Cluster in which the approval holds; empty means every cluster.
	Cluster string `json:"cluster,omitempty"`
	// Kind of the subject or object approved, such as Group, ServiceAccount or Ingress.
	Kind string `json:"kind"`
	// Namespace of the subject or object; empty where it has none.
	Namespace string `json:"namespace,omitempty"`
	// Name of the subject or object.
	Name string `json:"name"`
	// Owner answers for it.
	Owner string `json:"owner"`
	// Reason why it is needed.
	Reason string `json:"reason"`
	// Expires is the last day on which the approval counts.
	Expires Date `json:"expires"`
}

// An ExceptionRegister lists accepted deviations.
type ExceptionRegister struct {
	TypeMeta
	// Metadata names the register.
	Metadata Metadata `json:"metadata"`
	// Spec is the register.
	Spec ExceptionSpec `json:"spec"`
}

// ExceptionSpec is the content of an ExceptionRegister.
type ExceptionSpec struct {
	// MaxDays by severity; by default critical 30, high 90, medium 180, low 365.
	MaxDays map[Severity]int `json:"maxDays,omitzero"`
	// Exceptions in any order; [] when there are none.
	Exceptions []Exception `json:"exceptions"`
}

// An Exception accepts some findings until a day.
type Exception struct {
	// ID is shown beside every finding that the exception covers.
	ID string `json:"id" format:"id"`
	// Control is the id of the control that is deviated from.
	Control string `json:"control"`
	// Check narrows the exception to one check; empty means every check of the control.
	Check string `json:"check,omitempty"`
	// Scope narrows the exception to some subjects.
	Scope ExceptionScope `json:"scope,omitzero"`
	// Findings narrows the exception to findings by id.
	Findings []string `json:"findings,omitzero"`
	// Reason why the deviation is accepted.
	Reason string `json:"reason"`
	// Risk is what remains, as rated by the approver.
	Risk Severity `json:"risk,omitempty"`
	// Compensating says what deals with the risk meanwhile.
	Compensating string `json:"compensating,omitempty"`
	// CompensatingControl is the id of a control that deals with the risk meanwhile. It counts only while implemented.
	CompensatingControl string `json:"compensatingControl,omitempty"`
	// RequestedBy is who asked for the exception.
	RequestedBy string `json:"requestedBy"`
	// ApprovedBy is who accepted the risk, and not who asked.
	ApprovedBy string `json:"approvedBy"`
	// SecondApprover is needed where the scope is a whole cluster.
	SecondApprover string `json:"secondApprover,omitempty"`
	// ApprovedOn is the first day on which the exception counts.
	ApprovedOn Date `json:"approvedOn"`
	// ExpiresOn is the last day on which the exception counts.
	ExpiresOn Date `json:"expiresOn"`
	// ReviewOn is when the exception is looked at again before it ends.
	ReviewOn Date `json:"reviewOn,omitzero"`
	// Ticket where the exception was asked for and decided.
	Ticket string `json:"ticket,omitempty"`
}

// An ExceptionScope selects subjects. Empty fields match everything; * in a value matches any text.
type ExceptionScope struct {
	// Cluster is the cluster's name in the plan.
	Cluster string `json:"cluster,omitempty"`
	// Namespace of the subject.
	Namespace string `json:"namespace,omitempty"`
	// Kind of the subject, such as Deployment.
	Kind string `json:"kind,omitempty"`
	// Name of the subject.
	Name string `json:"name,omitempty"`
}

// A DocumentRegister lists the documents that people keep.
type DocumentRegister struct {
	TypeMeta
	// Metadata names the register.
	Metadata Metadata `json:"metadata"`
	// Spec is the register.
	Spec DocumentSpec `json:"spec"`
}

// DocumentSpec is the content of a DocumentRegister.
type DocumentSpec struct {
	// Documents in any order; [] when there are none.
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
	// ID is what other records refer to.
	ID string `json:"id" format:"id"`
	// Title of the document.
	Title string `json:"title"`
	// Type decides how long the document is valid by default.
	Type DocumentType `json:"type"`
	// Checks are the document checks that it is evidence for.
	Checks []string `json:"checks" input:"nonempty"`
	// Owner keeps the document up to date.
	Owner string `json:"owner"`
	// Author wrote the document.
	Author string `json:"author,omitempty"`
	// File lies beside the register and is copied into the bundle.
	File string `json:"file,omitempty"`
	// Location says where else the document is kept.
	Location string `json:"location,omitempty"`
	// AsOf is the day on which the facts in it were true. Age counts from here.
	AsOf Date `json:"asOf"`
	// ApprovedBy is who approved the document, and not its author.
	ApprovedBy string `json:"approvedBy,omitempty"`
	// ApprovedOn is the day of that.
	ApprovedOn Date `json:"approvedOn,omitzero"`
	// ValidUntil is the last day on which the document counts; by default its type decides.
	ValidUntil Date `json:"validUntil,omitzero"`
	// Supersedes is the id of the document that this one replaces.
	Supersedes string `json:"supersedes,omitempty"`
	// SHA256 of the file as approved, in hexadecimal.
	SHA256 string `json:"sha256,omitempty" format:"sha256"`
	// Covers lists what the document is about, such as the groups of a membership export.
	Covers []string `json:"covers,omitzero"`
	// Confidentiality is the organization's own word for it, such as confidential.
	Confidentiality string `json:"confidentiality,omitempty"`
}

// An AccessReview is what a reviewer decided about each privileged right of one
// cluster, on the list of access grants of an earlier bundle.
type AccessReview struct {
	TypeMeta
	// Metadata names the review; two reviews of a plan have two names.
	Metadata Metadata `json:"metadata"`
	// Spec is the review.
	Spec AccessReviewSpec `json:"spec"`
}

// AccessReviewSpec is the content of an AccessReview.
type AccessReviewSpec struct {
	// Cluster is the cluster's name in the plan.
	Cluster string `json:"cluster"`
	// Period that the review is the one for.
	Period Period `json:"period"`
	// Reviewer is the person who decided.
	Reviewer string `json:"reviewer"`
	// ReviewerSubjects are the names of users by which the cluster knows the reviewer,
	// who does not decide about rights of their own.
	ReviewerSubjects []string `json:"reviewerSubjects,omitzero"`
	// CompletedOn is the day of the last decision.
	CompletedOn Date `json:"completedOn"`
	// Population is the list that was reviewed. Reviews of one cluster that name the
	// same list are parts of one review, by several reviewers.
	Population ReviewedPopulation `json:"population"`
	// Workbook is the file that the reviewer filled in, where the review was read from one.
	Workbook *ReviewedPopulation `json:"workbook,omitempty"`
	// Decisions has one entry for each right that was looked at.
	Decisions []ReviewDecision `json:"decisions" input:"nonempty"`
}

// A ReviewedPopulation names the file that a reviewer worked from.
type ReviewedPopulation struct {
	// Name says where the file is from, such as a bundle's name and the path in it.
	Name string `json:"name"`
	// SHA256 of the file, in hexadecimal. That of an AccessReview's population is
	// evidence/populations/accessGrants.jsonl of the bundle.
	SHA256 string `json:"sha256" format:"sha256"`
}

// Verdict of a reviewer on one right.
type Verdict string

// The verdicts.
const (
	Keep   Verdict = "keep"
	Revoke Verdict = "revoke"
)

// A ReviewDecision is the verdict on one right: one row of the access grants,
// named by the columns that tell it apart.
type ReviewDecision struct {
	// SubjectKind is User, Group or ServiceAccount.
	SubjectKind string `json:"subjectKind" enum:"User,Group,ServiceAccount"`
	// SubjectNamespace of a service account.
	SubjectNamespace string `json:"subjectNamespace,omitempty"`
	// SubjectName is who holds the right.
	SubjectName string `json:"subjectName"`
	// BindingKind is ClusterRoleBinding or RoleBinding.
	BindingKind string `json:"bindingKind" enum:"ClusterRoleBinding,RoleBinding"`
	// Binding is the name of the binding that gives the right.
	Binding string `json:"binding"`
	// Scope is the namespace in which the right holds, or * for the whole cluster.
	Scope string `json:"scope"`
	// RoleKind is ClusterRole or Role.
	RoleKind string `json:"roleKind" enum:"ClusterRole,Role"`
	// Role is the name of the role.
	Role string `json:"role"`
	// Decision is keep or revoke.
	Decision Verdict `json:"decision"`
	// Note says why.
	Note string `json:"note,omitempty"`
}

// A ControlReview is what a reviewer decided about controls, on the report of a bundle.
type ControlReview struct {
	TypeMeta
	// Metadata names the review; two reviews of a plan have two names.
	Metadata Metadata `json:"metadata"`
	// Spec is the review.
	Spec ControlReviewSpec `json:"spec"`
}

// ControlReviewSpec is the content of a ControlReview.
type ControlReviewSpec struct {
	// Reviewer is the person who decided.
	Reviewer string `json:"reviewer"`
	// CompletedOn is the day of the last decision.
	CompletedOn Date `json:"completedOn"`
	// Report is the report that the reviewer worked from.
	Report ReviewedPopulation `json:"report"`
	// Workbook is the file that the reviewer filled in, where the review was read from one.
	Workbook *ReviewedPopulation `json:"workbook,omitempty"`
	// Decisions has one entry for each control that was looked at.
	Decisions []ControlDecision `json:"decisions" input:"nonempty"`
}

// A ControlDecision is a reviewer's word on one control.
type ControlDecision struct {
	// Control is the id of a control of the table.
	Control string `json:"control"`
	// Decision is sign-off, or decline, which ends an earlier sign-off.
	Decision ControlVerdict `json:"decision"`
	// Note says why.
	Note string `json:"note,omitempty"`
}

// ControlVerdict of a reviewer on one control.
type ControlVerdict string

// The verdicts on a control.
const (
	SignedOff ControlVerdict = "sign-off"
	Declined  ControlVerdict = "decline"
)

// An ExceptionReview is what a reviewer decided about accepted deviations that
// still run, on the report of a bundle.
type ExceptionReview struct {
	TypeMeta
	// Metadata names the review; two reviews of a plan have two names.
	Metadata Metadata `json:"metadata"`
	// Spec is the review.
	Spec ExceptionReviewSpec `json:"spec"`
}

// ExceptionReviewSpec is the content of an ExceptionReview.
type ExceptionReviewSpec struct {
	// Reviewer is the person who decided, and none of those who asked for the exceptions.
	Reviewer string `json:"reviewer"`
	// CompletedOn is the day of the last decision.
	CompletedOn Date `json:"completedOn"`
	// Report is the report that the reviewer worked from.
	Report ReviewedPopulation `json:"report"`
	// Workbook is the file that the reviewer filled in, where the review was read from one.
	Workbook *ReviewedPopulation `json:"workbook,omitempty"`
	// Decisions has one entry for each exception that was looked at.
	Decisions []ExceptionDecision `json:"decisions" input:"nonempty"`
}

// An ExceptionDecision is a reviewer's word on one exception.
type ExceptionDecision struct {
	// Exception is the id of an entry of the exception register.
	Exception string `json:"exception"`
	// Decision is keep, or end, after which the exception no longer counts.
	Decision ExceptionVerdict `json:"decision"`
	// Note says why.
	Note string `json:"note,omitempty"`
}

// ExceptionVerdict of a reviewer on one exception. It never makes one longer: that
// takes a new entry of the register, with an approval of its own.
type ExceptionVerdict string

// The verdicts on an exception.
const (
	KeepException ExceptionVerdict = "keep"
	EndException  ExceptionVerdict = "end"
)
