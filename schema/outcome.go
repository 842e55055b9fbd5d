package schema

import "time"

// A RunOutcome is what a webhook is told about a run. It names the plan and its
// clusters, and nothing that is in them.
type RunOutcome struct {
	SchemaVersion string `json:"schemaVersion"`
	// Plan is the name of the plan.
	Plan string `json:"plan"`
	// Clusters are the names of the plan's clusters, sorted.
	Clusters []string `json:"clusters"`
	// AsOf is when the snapshot was taken; absent when there is none.
	AsOf time.Time `json:"asOf,omitzero"`
	// EndedAt is when the run ended: UTC, whole seconds.
	EndedAt time.Time `json:"endedAt"`
	// Seconds is how long it took.
	Seconds float64 `json:"seconds"`
	// ExitCode is that of the program; Result says it in words.
	ExitCode int    `json:"exitCode"`
	Result   string `json:"result"`
	// Good is true when a bundle was sealed, and published everywhere.
	Good bool `json:"good"`
	// Digest is that of the bundle, empty when none was sealed.
	Digest string `json:"digest,omitempty"`
	// Gaps counts the queries that were not answered completely.
	Gaps int `json:"gaps"`
	// Findings counts the open ones by severity.
	Findings map[Severity]int `json:"findings"`
}

// Notify says who is told how each run ended.
type Notify struct {
	// Webhook gets a small JSON document: exit code, digest and counts.
	Webhook *Receiver `json:"webhook,omitempty"`
	// Pushgateway gets metrics, at the address of a Prometheus Pushgateway.
	Pushgateway *Receiver `json:"pushgateway,omitempty"`
}

// A Receiver is an address, given in one of three ways. The plan is part of the
// bundle: an address that is a secret belongs in a file or in the environment.
type Receiver struct {
	// URL is the address itself.
	URL string `json:"url,omitempty"`
	// URLFile is a file that has it.
	URLFile string `json:"urlFile,omitempty"`
	// URLEnv is the name of an environment variable that has it.
	URLEnv string `json:"urlEnv,omitempty"`
	// Required makes the run end with exit code 6 when the receiver cannot be told; by default that is a warning.
	Required bool `json:"required,omitempty"`
}
