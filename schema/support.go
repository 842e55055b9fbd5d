package schema

// A SupportTable says until when the releases of Kubernetes are supported. The
// built-in one has the dates of the project; a provider's may be later.
type SupportTable struct {
	TypeMeta
	// Metadata names the table.
	Metadata Metadata `json:"metadata"`
	// Spec is the table.
	Spec SupportSpec `json:"spec"`
}

// SupportSpec is the content of a SupportTable.
type SupportSpec struct {
	// Source says where the dates are from.
	Source string `json:"source"`
	// AsOf is the day on which the dates were read there. After 180 days they are for a person to check.
	AsOf Date `json:"asOf"`
	// Releases are the minor releases. One that is older than all of them is out of support.
	Releases []SupportedRelease `json:"releases" input:"nonempty"`
}

// A SupportedRelease is one minor release of Kubernetes.
type SupportedRelease struct {
	// Minor is such as 1.36.
	Minor string `json:"minor"`
	// EndOfLife is the last day of support.
	EndOfLife Date `json:"endOfLife"`
}
