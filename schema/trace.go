package schema

// A Trace leads one workload of production from what runs back to who approved it,
// link by link. The report counts how many are unbroken.
type Trace struct {
	Cluster   string     `json:"cluster"`
	Namespace string     `json:"namespace"`
	Kind      string     `json:"kind"`
	Name      string     `json:"name"`
	Owner     string     `json:"owner"`
	State     TraceState `json:"state"`
	// First is the first link that is broken, or where none is, the first that was not seen; empty for an unbroken trace.
	First LinkName `json:"first,omitempty"`
	// Reason says what is wrong with that link, or why it was not seen.
	Reason string `json:"reason"`
	// Links are all links, in the order of LinkName.
	Links []TraceLink `json:"links"`
}

// TraceState says how a trace stands as a whole.
type TraceState string

// The states of a trace. One link that is known to be broken breaks it, whatever
// else was not seen; what was not asked for is never broken.
const (
	TraceUnbroken TraceState = "unbroken"
	TraceBroken   TraceState = "broken"
	TraceNotSeen  TraceState = "not_seen"
)

// A TraceLink is one step of a trace.
type TraceLink struct {
	Name  LinkName  `json:"name"`
	State LinkState `json:"state"`
	// Value is what the link leads to, such as a digest, a commit or a change.
	Value string `json:"value"`
	// Evidence says by what the link is known, or why it is not.
	Evidence string `json:"evidence"`
}

// LinkName names a link of a trace.
type LinkName string

// The links, from what runs to where it was declared.
const (
	LinkDigest     LinkName = "digest"     // the pods run a known digest
	LinkProvenance LinkName = "provenance" // the digest is the subject of a provenance, or pinned by what GitOps deployed
	LinkCommit     LinkName = "commit"     // that names a commit
	LinkChange     LinkName = "change"     // the commit is a merged change
	LinkApproval   LinkName = "approval"   // which somebody else than its author approved
	LinkDeployment LinkName = "deployment" // and whose deployment was approved
	LinkRevision   LinkName = "revision"   // as the revision that GitOps, or a pipeline, deployed
	LinkObject     LinkName = "object"     // which declares the object that runs
)

// LinkState says how a link stands.
type LinkState string

// The states of a link.
const (
	LinkMade    LinkState = "made"
	LinkBroken  LinkState = "broken"   // what there is to see was seen, and the link is not there
	LinkNotSeen LinkState = "not_seen" // the evidence was not collected, or does not reach so far
)

// TraceCounts count traces by their state.
type TraceCounts struct {
	Unbroken int `json:"unbroken" class:"nda"`
	Broken   int `json:"broken" class:"nda"`
	NotSeen  int `json:"notSeen" class:"nda"`
}

// All returns how many traces there are.
func (c TraceCounts) All() int { return c.Unbroken + c.Broken + c.NotSeen }

// Subject implements Row.
func (r Trace) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}
