package schema

import "time"

// An AuditLog says what the Kubernetes audit log of one cluster, as it was given, covers.
type AuditLog struct {
	Cluster string `json:"cluster"`
	// Format is the shape of the records: kubernetes, eks, gke, aks, or several of these joined by a plus sign.
	Format string `json:"format"`
	// Files counts the files that were read; standard input is one.
	Files int `json:"files"`
	// Records counts the audit records of all stages.
	Records int `json:"records"`
	// Rejected counts the lines that are no audit record.
	Rejected int `json:"rejected"`
	// First and Last are the times of the earliest and the latest record.
	First time.Time `json:"first,omitzero"`
	Last  time.Time `json:"last,omitzero"`
	// Silences are the stretches of an hour or more without any record, each as from/to.
	Silences []string `json:"silences"`
	// Markers are those of runs of this program whose requests are in the log. See Source.Marker.
	Markers []string `json:"markers"`
}

// An AuditAction is what one user did in one way to one thing, as an audit log records it, however often.
type AuditAction struct {
	Cluster string `json:"cluster"`
	// User is the name that authenticated; Identity says what it is.
	User     string        `json:"user"`
	Identity AuditIdentity `json:"identity"`
	// As is the user whom User impersonated.
	As   string `json:"as"`
	Verb string `json:"verb"`
	// Resource as plural.group.
	Resource    string `json:"resource"`
	Subresource string `json:"subresource"`
	Namespace   string `json:"namespace"`
	// Name is empty for lists, and where so many things were touched that they are counted together.
	Name string `json:"name"`
	// Classes say why the action is listed.
	Classes []AuditClass `json:"classes"`
	// Allowed counts the requests that the server carried out, Denied those that it refused.
	Allowed int `json:"allowed"`
	Denied  int `json:"denied"`
	// First and Last are the times of the earliest and the latest of these requests.
	First time.Time `json:"first"`
	Last  time.Time `json:"last"`
	// UserAgent is that of the earliest request. Clients choose it themselves.
	UserAgent string `json:"userAgent"`
}

// AuditIdentity says what authenticated.
type AuditIdentity string

// The identities of an audit log. A name that begins with system: is a person's
// unless it is one of the names that Kubernetes itself gives to its parts.
const (
	AuditPerson         AuditIdentity = "person"
	AuditServiceAccount AuditIdentity = "service account"
	AuditNode           AuditIdentity = "node"
	AuditComponent      AuditIdentity = "component"
	AuditAnonymous      AuditIdentity = "anonymous"
)

// AuditClass says why an action is listed.
type AuditClass string

// The classes of actions that are listed. All others are only counted.
const (
	AuditWrite       AuditClass = "write"         // a person created, changed or deleted something
	AuditInteractive AuditClass = "interactive"   // exec, attach, port-forward or proxy into a pod, node or service
	AuditSecretRead  AuditClass = "secret read"   // values of secrets were read
	AuditRBACChange  AuditClass = "rights change" // roles or bindings were changed
	AuditToken       AuditClass = "token"         // a token of a service account was issued to a person
	AuditImpersonate AuditClass = "impersonation" // somebody acted as somebody else
	AuditBreakGlass  AuditClass = "break-glass"   // a registered emergency identity did anything
	AuditNoIdentity  AuditClass = "anonymous"     // nobody was authenticated, and it was no health check
)

// Subject implements Row.
func (r AuditLog) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: "AuditLog", Name: r.Cluster}
}

// Subject implements Row.
func (r AuditAction) Subject() Subject {
	name := r.Resource
	if r.Subresource != "" {
		name += "/" + r.Subresource
	}
	if r.Name != "" {
		name += " " + r.Name
	}
	user := r.User
	if r.As != "" {
		user += " as " + r.As
	}
	return Subject{Cluster: r.Cluster, Kind: "AuditAction", Namespace: r.Namespace, Name: user + " " + r.Verb + " " + name}
}
