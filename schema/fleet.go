package schema

import "time"

// A FleetReport says how many platforms stand, by the newest bundle of each, and how
// each of them stood in the bundles before.
type FleetReport struct {
	SchemaVersion string    `json:"schemaVersion"`
	AsOf          time.Time `json:"asOf"` // UTC, whole seconds
	Tool          Tool      `json:"tool"`
	Plan          PlanFacts `json:"plan"`
	// ExpectedHours is after how many hours without a newer bundle a platform is called missing.
	ExpectedHours int `json:"expectedHours"`
	// ReportsOnly is true where bundles were read from afar: of those, the signature, the directory and the report were verified, and the evidence was not read.
	ReportsOnly bool `json:"reportsOnly,omitempty"`
	// Platforms are sorted, worst first: missing ones, then those with most controls that are not implemented.
	Platforms []FleetPlatform `json:"platforms"`
	// Controls in the order of the control table of the newest bundle.
	Controls []FleetControl `json:"controls"`
	// Days has one entry for each day with a bundle, in order.
	Days []FleetDay `json:"days"`
	// Refused are the bundles that are not part of the report, sorted by path.
	Refused []FleetRefusal `json:"refused"`
}

// A FleetPlatform is all bundles of one plan.
type FleetPlatform struct {
	// Plan is the name of the plan, which makes bundles a series.
	Plan         string `json:"plan"`
	Organization string `json:"organization"`
	// Clusters are the names of what the newest bundle read, sorted.
	Clusters []string `json:"clusters"`
	// MissingSince is when a newer bundle was due; absent when the newest one is young enough.
	MissingSince time.Time `json:"missingSince,omitzero"`
	// Statuses are those of the newest bundle, in the order of its control table.
	Statuses []FleetStatus `json:"statuses"`
	// ControlsByStatus and FindingsBySeverity count those of the newest bundle.
	ControlsByStatus   map[Status]int   `json:"controlsByStatus"`
	FindingsBySeverity map[Severity]int `json:"findingsBySeverity"`
	Gaps               int              `json:"gaps"`
	History            FleetHistory     `json:"history"`
	// Bundles in the order of time.
	Bundles []FleetBundle `json:"bundles"`
}

// A FleetStatus is the status of one control.
type FleetStatus struct {
	Control string `json:"control"`
	Status  Status `json:"status"`
}

// A FleetHistory says what the series of bundles of a platform shows.
type FleetHistory struct {
	// MeanAgeDays is how long the open findings of the newest bundle have been open, by the bundles, in days.
	MeanAgeDays float64 `json:"meanAgeDays"`
	// Closed counts the findings that a later bundle no longer found; MeanDaysToClose is how long they were open.
	Closed          int     `json:"closed"`
	MeanDaysToClose float64 `json:"meanDaysToClose"`
	// Changes are those of the status of a control, in the order of time.
	Changes []FleetChange `json:"changes"`
	// Flapping are the controls whose status changed three times or more, sorted.
	Flapping []string `json:"flapping"`
	// Silences are the stretches between two bundles that are longer than expected, each as from/to.
	Silences []string `json:"silences"`
}

// A FleetChange is one change of the status of a control.
type FleetChange struct {
	Control string    `json:"control"`
	From    Status    `json:"from"`
	To      Status    `json:"to"`
	AsOf    time.Time `json:"asOf"` // of the first bundle with the new status
}

// A FleetBundle is one bundle of a series, from which an auditor samples.
type FleetBundle struct {
	AsOf time.Time `json:"asOf"`
	// Digest is that of the file that seals it, as in PreviousBundle.
	Digest string `json:"digest"`
	// Implemented and Controls count controls, Open counts open findings.
	Implemented int `json:"implemented"`
	Controls    int `json:"controls"`
	Open        int `json:"open"`
	Gaps        int `json:"gaps"`
}

// A FleetControl is a control over all platforms.
type FleetControl struct {
	ID       string         `json:"id"`
	Title    string         `json:"title"`
	ByStatus map[Status]int `json:"byStatus"`
	// Outliers are the platforms, by plan, that have not implemented what most others have, sorted.
	Outliers []string `json:"outliers"`
}

// A FleetDay is how all platforms stood at the end of a day, each by its newest bundle up to then.
type FleetDay struct {
	Day         Date `json:"day"`
	Platforms   int  `json:"platforms"`
	Implemented int  `json:"implemented"` // controls, over all platforms
	Controls    int  `json:"controls"`
	Critical    int  `json:"critical"` // open findings
	High        int  `json:"high"`
}

// A FleetRefusal is a bundle that could not be used, and why.
type FleetRefusal struct {
	Path   string `json:"path"`
	Reason string `json:"reason"`
}
