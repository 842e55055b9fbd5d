package schema

import "time"

// The resources of the queries that say how files of other tools were read. Each
// file is one question, put to the source ImportSource.
const (
	ImportedFiles       = "imports"
	ClusterSettings     = "clustersettings"
	CloudPrincipals     = "cloudprincipals"
	BenchmarkResults    = "benchmarkresults"
	GroupMembers        = "groupmembers"
	ScannerFindings     = "scannerfindings"
	InfrastructurePlans = "infrastructureplans"
)

// ImportSource is the name of the source that reads the files of other tools.
const ImportSource = "imports"

// An ImportKind says which tool's form a file has. It is recognised by content.
type ImportKind string

// The kinds of files that are read.
const (
	ImportTrivy                ImportKind = "trivy"
	ImportGrype                ImportKind = "grype"
	ImportVulnerabilityReports ImportKind = "vulnerability-reports"
	ImportPolicyReports        ImportKind = "policy-reports"
	ImportKubeBench            ImportKind = "kube-bench"
	ImportSARIF                ImportKind = "sarif"
	ImportEKSCluster           ImportKind = "eks-cluster"
	ImportEKSAccessEntries     ImportKind = "eks-access-entries"
	ImportEKSAccessEntry       ImportKind = "eks-access-entry"
	ImportGKECluster           ImportKind = "gke-cluster"
	ImportAKSCluster           ImportKind = "aks-cluster"
	ImportGroups               ImportKind = "groups"
	ImportInfrastructurePlan   ImportKind = "infrastructure-plan"
	ImportUnknown              ImportKind = "unknown"
)

// An Import is a file of another tool as it was read. Its content, without what
// Dropped names, is kept below evidence/objects.
type Import struct {
	// Cluster is the one that the file is about; empty when it is about none or about any.
	Cluster string     `json:"cluster"`
	Kind    ImportKind `json:"kind"`
	// File is the base name.
	File string `json:"file"`
	// SHA256 and Bytes are those of the file as it was given.
	SHA256 string `json:"sha256" format:"sha256"`
	Bytes  int64  `json:"bytes"`
	// Tool that made the file, and its version; empty where the file does not say.
	Tool        string `json:"tool"`
	ToolVersion string `json:"toolVersion"`
	// Format is the version of the form, in the file's own words.
	Format string `json:"format"`
	// Made is when the tool looked; zero when neither the file nor the plan says it.
	// When a file was last written says nothing about that, and is not asked.
	Made time.Time `json:"made,omitzero"`
	// MadeBy says whose word Made is: file or plan; empty when it is not known.
	MadeBy string `json:"madeBy"`
	// Rows counts what was read from the file.
	Rows int `json:"rows"`
	// Dropped are the fields that are not kept because they may hold credentials.
	Dropped []string `json:"dropped"`
}

// A ClusterSetting is what a cloud says about how it runs one cluster.
type ClusterSetting struct {
	Cluster string `json:"cluster"`
	// Provider is eks, gke or aks.
	Provider string `json:"provider"`
	// Name is the cloud's name of the cluster; Location its region.
	Name     string `json:"name"`
	Location string `json:"location"`
	// Import is the file that says so, and Made when it was true.
	Import string    `json:"import"`
	Made   time.Time `json:"made,omitzero"`
	// Version of Kubernetes.
	Version string `json:"version"`
	// PublicEndpoint and PrivateEndpoint say by which networks the API server is
	// reached; PublicCIDRs are the addresses that the public one lets in.
	PublicEndpoint  Switch   `json:"publicEndpoint"`
	PrivateEndpoint Switch   `json:"privateEndpoint"`
	PublicCIDRs     []string `json:"publicCIDRs"`
	// AuditLog is on when requests to the API server are logged; AuditReads when reads are too.
	AuditLog   Switch `json:"auditLog"`
	AuditReads Switch `json:"auditReads"`
	// LogTypes are the kinds of control-plane logs that are sent to the cloud's store.
	LogTypes []string `json:"logTypes"`
	// SecretsEncrypted is on when secrets are encrypted with a key of the customer;
	// EncryptionKey names it.
	SecretsEncrypted Switch `json:"secretsEncrypted"`
	EncryptionKey    string `json:"encryptionKey"`
	// LocalAccounts are sign-ins that the identity provider does not see: off, on or
	// unknown; LocalAccess says which.
	LocalAccounts Switch   `json:"localAccounts"`
	LocalAccess   []string `json:"localAccess"`
	// AuthenticationMode is the cloud's word for who may sign in, such as API_AND_CONFIG_MAP.
	AuthenticationMode string `json:"authenticationMode"`
}

// A CloudPrincipal is an identity of a cloud that may sign in to a cluster: an
// access entry of EKS.
type CloudPrincipal struct {
	Cluster string    `json:"cluster"`
	Import  string    `json:"import"`
	Made    time.Time `json:"made,omitzero"`
	// Principal as the cloud writes it, such as an ARN.
	Principal string `json:"principal"`
	// Type is the cloud's word, such as STANDARD or EC2_LINUX; empty where only names were exported.
	Type string `json:"type"`
	// Username and Groups are what Kubernetes knows it by.
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	// User is true for the long-lived identity of one person, rather than a role.
	User bool `json:"user"`
}

// A BenchmarkResult is what a scan against a CIS benchmark found about one item.
type BenchmarkResult struct {
	Cluster string    `json:"cluster"`
	Import  string    `json:"import"`
	Made    time.Time `json:"made,omitzero"`
	// Benchmark and its version as the tool names it, such as cis-1.9.
	Benchmark string `json:"benchmark"`
	// Target is the kind of node that was looked at: master, node, etcd, controlplane, policies or managedservices.
	Target string `json:"target"`
	// Item is the number of the recommendation in that benchmark.
	Item string `json:"item"`
	// Status is PASS, FAIL, WARN or INFO.
	Status string `json:"status"`
	// Scored is true for what the benchmark counts.
	Scored bool `json:"scored"`
}

// A GroupMember is one member of a group, by the export of an identity provider.
type GroupMember struct {
	Import string    `json:"import"`
	Made   time.Time `json:"made,omitzero"`
	Group  string    `json:"group"`
	Member string    `json:"member"`
	// Status is the provider's word about the account, such as active; empty where it gives none.
	Status string `json:"status"`
}

// A ScannerFinding is a result of a SARIF log.
type ScannerFinding struct {
	Import string    `json:"import"`
	Made   time.Time `json:"made,omitzero"`
	Tool   string    `json:"tool"`
	Rule   string    `json:"rule"`
	// Level is error, warning, note or none.
	Level string `json:"level"`
	// Place is the file, and the line where one is given.
	Place string `json:"place"`
	// Suppressed is true when somebody accepted the result.
	Suppressed bool `json:"suppressed"`
	// Index is the position of the result in the log, counted from 1.
	Index int `json:"index"`
}

// An InfrastructurePlan is what Terraform or OpenTofu would change to make the
// infrastructure what its code says. Values are not kept.
type InfrastructurePlan struct {
	// Stack is what the plan is of: the word of the audit plan, or the name of the file.
	Stack  string    `json:"stack"`
	Import string    `json:"import"`
	Made   time.Time `json:"made,omitzero"`
	Tool   string    `json:"tool"`
	// Resources counts what the code manages.
	Resources int `json:"resources"`
	// Changes are the resources that would be created, updated, replaced or deleted, as action address.
	Changes []string `json:"changes"`
	// Drift are the resources that somebody changed otherwise, as action address.
	Drift []string `json:"drift"`
	// Errored is true when the plan was not finished.
	Errored bool `json:"errored"`
}

// Subject implements Row.
func (r Import) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "Import", Name: r.File}
}

// Subject implements Row.
func (r ClusterSetting) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "ClusterSetting", Name: r.Name, Field: r.Provider}
}

// Subject implements Row.
func (r CloudPrincipal) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "CloudPrincipal", Name: r.Principal}
}

// Subject implements Row.
func (r BenchmarkResult) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "BenchmarkResult", Name: r.Benchmark + " " + r.Item, Field: r.Target}
}

// Subject implements Row.
func (r GroupMember) Subject() Subject {
	return Subject{Cluster: ImportSource, Kind: "GroupMember", Name: r.Group, Field: r.Member}
}

// Subject implements Row.
func (r ScannerFinding) Subject() Subject {
	return Subject{Cluster: ImportSource, Kind: "ScannerFinding", Name: r.Rule, Field: r.Place}
}

// Subject implements Row.
func (r InfrastructurePlan) Subject() Subject {
	return Subject{Cluster: ImportSource, Kind: "InfrastructurePlan", Name: r.Stack}
}
