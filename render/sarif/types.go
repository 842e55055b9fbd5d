package sarif

import "time"

// The types are the parts of SARIF 2.1.0 that we write, in the names of its schema.

// A File is a log file of SARIF.
type File struct {
	Schema  string `json:"$schema"`
	Version string `json:"version"`
	Runs    []Run  `json:"runs"`
}

// A Run is one run of one tool.
type Run struct {
	Tool              Tool              `json:"tool"`
	AutomationDetails AutomationDetails `json:"automationDetails"`
	Invocations       []Invocation      `json:"invocations"`
	ColumnKind        string            `json:"columnKind"`
	Results           []Result          `json:"results"`
}

// AutomationDetails tell runs of the same kind from others.
type AutomationDetails struct {
	ID string `json:"id"`
}

// An Invocation says how a run ended.
type Invocation struct {
	ExecutionSuccessful bool      `json:"executionSuccessful"`
	EndTimeUTC          time.Time `json:"endTimeUtc"`
}

// A Tool has one driver.
type Tool struct {
	Driver Driver `json:"driver"`
}

// A Driver is the program with its rules.
type Driver struct {
	Name           string `json:"name"`
	Version        string `json:"version,omitempty"`
	InformationURI string `json:"informationUri"`
	Rules          []Rule `json:"rules"`
}

// A Rule is a check that has results.
type Rule struct {
	ID                   string         `json:"id"`
	ShortDescription     Text           `json:"shortDescription"`
	FullDescription      *Text          `json:"fullDescription,omitempty"`
	Help                 *Text          `json:"help,omitempty"`
	DefaultConfiguration Configuration  `json:"defaultConfiguration"`
	Properties           RuleProperties `json:"properties"`
}

// A Configuration has the level of a rule.
type Configuration struct {
	Level string `json:"level"`
}

// RuleProperties are read by code hosts: tags, and a number from 0 to 10 as text.
type RuleProperties struct {
	Tags             []string `json:"tags"`
	SecuritySeverity string   `json:"security-severity"`
}

// A Text is plain text.
type Text struct {
	Text string `json:"text"`
}

// A Result is a finding at a place.
type Result struct {
	RuleID              string            `json:"ruleId"`
	RuleIndex           int               `json:"ruleIndex"`
	Kind                string            `json:"kind"`
	Level               string            `json:"level"`
	Message             Text              `json:"message"`
	Locations           []Location        `json:"locations"`
	PartialFingerprints map[string]string `json:"partialFingerprints"`
	Suppressions        []Suppression     `json:"suppressions,omitempty"`
	Properties          ResultProperties  `json:"properties"`
}

// ResultProperties are what the report says beside.
type ResultProperties struct {
	Control     string `json:"control"`
	Severity    string `json:"severity"`
	Result      string `json:"result"`
	Cluster     string `json:"cluster"`
	Owner       string `json:"owner,omitempty"`
	Remediation string `json:"remediation,omitempty"`
}

// A Location is a place in a file, and the object that stands there.
type Location struct {
	PhysicalLocation PhysicalLocation  `json:"physicalLocation"`
	LogicalLocations []LogicalLocation `json:"logicalLocations"`
}

// A PhysicalLocation is a place in a file.
type PhysicalLocation struct {
	ArtifactLocation ArtifactLocation `json:"artifactLocation"`
	Region           Region           `json:"region"`
}

// An ArtifactLocation is a file.
type ArtifactLocation struct {
	URI string `json:"uri"`
}

// A Region begins at a line.
type Region struct {
	StartLine int `json:"startLine"`
}

// A LogicalLocation is an object of a cluster.
type LogicalLocation struct {
	Name               string `json:"name"`
	FullyQualifiedName string `json:"fullyQualifiedName"`
	Kind               string `json:"kind"`
}

// A Suppression is an exception.
type Suppression struct {
	Kind          string `json:"kind"`
	Status        string `json:"status"`
	Justification string `json:"justification"`
}
