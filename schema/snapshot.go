package schema

import "time"

// A Snapshot is what was asked, and what was answered, as of one instant.
// Everything in it is already redacted: no later stage decides what may be shown.
type Snapshot struct {
	SchemaVersion string    `json:"schemaVersion"`
	AsOf          time.Time `json:"asOf"` // UTC, whole seconds
	Tool          Tool      `json:"tool"`
	// Sources are the clusters and files that were read, sorted by name.
	Sources []Source `json:"sources"`
	// Queries has every question that was put, answered or not, in the order of
	// source, resource and target.
	Queries []Query `json:"queries"`
	// Places say where the objects of sources that are files stand, sorted by
	// cluster, namespace, kind and name. An item of a printed list has none: nobody edits it.
	Places []Place `json:"places,omitzero"`
	// Evidence is written as one file of JSON lines a population, not in this document.
	Evidence Evidence `json:"-"`
}

// A Place is where an object stands that was read from a file of manifests.
type Place struct {
	Cluster   string `json:"cluster"`
	Kind      string `json:"kind"`
	Namespace string `json:"namespace,omitempty"`
	Name      string `json:"name"`
	// File is relative to the working directory of the run where it was named so,
	// and otherwise to the folder that was read, with slashes.
	File string `json:"file"`
	// Line is the first of the document, counted from 1.
	Line int `json:"line"`
}

// Subject returns what stands at the place.
func (p Place) Subject() Subject {
	return Subject{Cluster: p.Cluster, Kind: p.Kind, Namespace: p.Namespace, Name: p.Name}
}

// Tool identifies the program that wrote a document.
type Tool struct {
	Name    string `json:"name" class:"public"`
	Version string `json:"version" class:"public"`
	// Build is the VCS revision that the program was built from, empty when unknown.
	Build string `json:"build,omitempty" class:"public"`
}

// A Source is one cluster, or one set of files, that was read.
type Source struct {
	// Name is the cluster's name in the plan.
	Name string     `json:"name"`
	Kind SourceKind `json:"kind" class:"public"`
	// Location is the API server's host, or the base names of the paths read.
	Location string `json:"location"`
	// UID is that of the kube-system namespace, the field's stand-in for a cluster id.
	UID string `json:"uid,omitempty"`
	// ServerVersion is gitVersion of /version, empty where no server was asked.
	ServerVersion string `json:"serverVersion,omitempty" class:"nda"`
	// ResourceVersion is the one instant that the pinned lists answered for.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// SecretsTier says how much of secrets was asked for.
	SecretsTier SecretsTier `json:"secretsTier" class:"nda"`
	// Collector is who asked, by the server's own word (SelfSubjectReview).
	Collector Identity `json:"collector"`
	// Marker stands in the user agent of every request of the run, so that the
	// requests can be looked up in the server's audit log; empty for files.
	Marker string `json:"marker,omitempty"`
	// Started and Finished are by the collector's clock. For files both are the
	// snapshot's asOf.
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished"`
	// ClockOffsetMillis is the server's Date header minus the collector's clock.
	ClockOffsetMillis int64 `json:"clockOffsetMillis"`
	// Redactions counts what was removed at the edge, by rule.
	Redactions []Redaction `json:"redactions"`
}

// SourceKind says what was read.
type SourceKind string

// The kinds of source.
const (
	SourceCluster SourceKind = "cluster"
	SourceFiles   SourceKind = "files"
	SourceBundle  SourceKind = "bundle"
	SourceForge   SourceKind = "forge"
	SourceImports SourceKind = "imports"
)

// SecretsTier says how much of secrets is asked for. See docs/secrets.md.
type SecretsTier string

// The three tiers.
const (
	SecretsNone      SecretsTier = "none"      // secrets are not asked for
	SecretsInventory SecretsTier = "inventory" // name, type, number of keys and age; no value crosses the wire
	SecretsRotation  SecretsTier = "rotation"  // metadata, for labels, owners and when data last changed
)

// An Identity is a user as the API server sees it.
type Identity struct {
	Username string   `json:"username"`
	Groups   []string `json:"groups"`
	// Rights are the collector's own rights, one line each, from SelfSubjectRulesReview.
	Rights []string `json:"rights"`
}

// A Redaction counts the removals made by one rule.
type Redaction struct {
	Rule  string `json:"rule" class:"public"`
	Count int    `json:"count" class:"nda"`
}

// A Query is one question put to one source, and how it was answered.
type Query struct {
	// Source is the name of the Source asked.
	Source string `json:"source"`
	// Resource is the resource asked for as plural.group ("pods", "roles.rbac.authorization.k8s.io").
	Resource string `json:"resource" class:"nda"`
	// Target is the question: verb, group/version, resource and selectors.
	Target string `json:"target" class:"nda"`
	// Repository is the one that a forge was asked about, written as in MergedChange;
	// empty for questions to a cluster.
	Repository string  `json:"repository,omitempty"`
	Outcome    Outcome `json:"outcome" class:"nda"`
	// Rows counts the objects that were returned.
	Rows  int `json:"rows"`
	Pages int `json:"pages"`
	// ResourceVersion is the version that the list answered for. It equals the
	// source's for a pinned list.
	ResourceVersion string `json:"resourceVersion,omitempty"`
	// Code is the HTTP status of the answer that ended the query; 0 for files.
	Code int `json:"code"`
	// Reason is the server's own word for an answer that is not complete, or what
	// is to be known about one that is, such as a version that had expired.
	Reason string `json:"reason,omitempty"`
	// Millis is how long the query took, by the collector's clock.
	Millis int64 `json:"millis"`
}

// Gap reports whether the query left something unseen. A resource that the
// server does not serve at all is not a gap: there is nothing of it to see.
func (q Query) Gap() bool { return q.Outcome != Complete && q.Outcome != Absent }

// Outcome says how a query ended. An empty list that was answered completely
// and a list that could not be read never look alike.
type Outcome string

// The outcomes of a query.
const (
	Complete  Outcome = "complete"  // all rows were returned; zero rows means there are none
	Truncated Outcome = "truncated" // some rows were returned
	Forbidden Outcome = "forbidden" // the source refused
	Absent    Outcome = "absent"    // the source does not serve this resource
	Failed    Outcome = "failed"    // no usable answer
)
