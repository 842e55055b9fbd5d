package oscal

import (
	"encoding/json"
	"slices"
	"time"
)

// The types are the parts of OSCAL 1.2.2 that we write, in the names of its JSON
// schema. A list without elements is left out, because OSCAL has no empty lists.

// A File is one document, under the name of its model.
type File struct {
	Catalog             *CatalogModel             `json:"catalog,omitempty"`
	ComponentDefinition *ComponentDefinitionModel `json:"component-definition,omitempty"`
	AssessmentResults   *AssessmentResultsModel   `json:"assessment-results,omitempty"`
	PlanOfAction        *PlanOfActionModel        `json:"plan-of-action-and-milestones,omitempty"`
}

// A Stream is a list of which there may be as many elements as findings. They are
// made when it is written (schema.Write), and not kept. It is nil when there is none.
type Stream[T any] func(yield func(T) bool)

// UnmarshalJSON implements json.Unmarshaler.
func (s *Stream[T]) UnmarshalJSON(b []byte) error {
	var list []T
	if err := json.Unmarshal(b, &list); err != nil {
		return err
	}
	*s = Stream[T](slices.Values(list))
	return nil
}

// Metadata says what a document is.
type Metadata struct {
	Title              string             `json:"title"`
	LastModified       time.Time          `json:"last-modified"`
	Version            string             `json:"version"`
	OSCALVersion       string             `json:"oscal-version"`
	Props              []Property         `json:"props,omitempty"`
	Roles              []Role             `json:"roles,omitempty"`
	Parties            []Party            `json:"parties,omitempty"`
	ResponsibleParties []ResponsibleParty `json:"responsible-parties,omitempty"`
	Remarks            string             `json:"remarks,omitempty"`
}

// A Property is a name and a value; NS says whose name it is.
type Property struct {
	Name  string `json:"name"`
	NS    string `json:"ns,omitempty"`
	Value string `json:"value"`
	Class string `json:"class,omitempty"`
}

// A Link points at something else.
type Link struct {
	Href string `json:"href"`
	Rel  string `json:"rel,omitempty"`
	Text string `json:"text,omitempty"`
}

// A Role is what a party does.
type Role struct {
	ID    string `json:"id"`
	Title string `json:"title"`
}

// A Party is an organization or a person.
type Party struct {
	UUID string `json:"uuid"`
	Type string `json:"type"`
	Name string `json:"name"`
}

// A ResponsibleParty says who has a role in the document.
type ResponsibleParty struct {
	RoleID     string   `json:"role-id"`
	PartyUUIDs []string `json:"party-uuids"`
}

// A ResponsibleRole says which role, of whom, is responsible for a part of it.
type ResponsibleRole struct {
	RoleID     string   `json:"role-id"`
	PartyUUIDs []string `json:"party-uuids,omitempty"`
}

// BackMatter lists what a document refers to by #uuid.
type BackMatter struct {
	Resources []Resource `json:"resources"`
}

// A Resource is something outside of the document.
type Resource struct {
	UUID        string         `json:"uuid"`
	Title       string         `json:"title"`
	Description string         `json:"description,omitempty"`
	RLinks      []ResourceLink `json:"rlinks"`
}

// A ResourceLink says where a resource lies.
type ResourceLink struct {
	Href      string `json:"href"`
	MediaType string `json:"media-type,omitempty"`
}

// CatalogModel is a control table.
type CatalogModel struct {
	UUID     string   `json:"uuid"`
	Metadata Metadata `json:"metadata"`
	Groups   []Group  `json:"groups,omitempty"`
}

// A Group is an area of the control table.
type Group struct {
	ID       string           `json:"id"`
	Title    string           `json:"title"`
	Controls []CatalogControl `json:"controls,omitempty"`
}

// A CatalogControl is a control with its parts.
type CatalogControl struct {
	ID    string     `json:"id"`
	Title string     `json:"title"`
	Props []Property `json:"props,omitempty"`
	Parts []Part     `json:"parts,omitempty"`
}

// A Part of a control is its statement, guidance or another text.
type Part struct {
	ID    string `json:"id"`
	Name  string `json:"name"`
	NS    string `json:"ns,omitempty"`
	Prose string `json:"prose"`
}

// ComponentDefinitionModel says which controls a component implements, and how.
type ComponentDefinitionModel struct {
	UUID       string             `json:"uuid"`
	Metadata   Metadata           `json:"metadata"`
	Components []DefinedComponent `json:"components"`
	BackMatter *BackMatter        `json:"back-matter,omitempty"`
}

// A DefinedComponent implements controls.
type DefinedComponent struct {
	UUID                   string                  `json:"uuid"`
	Type                   string                  `json:"type"`
	Title                  string                  `json:"title"`
	Description            string                  `json:"description"`
	ControlImplementations []ControlImplementation `json:"control-implementations,omitempty"`
}

// A ControlImplementation is about the controls of one catalog.
type ControlImplementation struct {
	UUID                    string                   `json:"uuid"`
	Source                  string                   `json:"source"`
	Description             string                   `json:"description"`
	ImplementedRequirements []ImplementedRequirement `json:"implemented-requirements"`
}

// An ImplementedRequirement says how one control works.
type ImplementedRequirement struct {
	UUID             string            `json:"uuid"`
	ControlID        string            `json:"control-id"`
	Description      string            `json:"description"`
	Props            []Property        `json:"props,omitempty"`
	ResponsibleRoles []ResponsibleRole `json:"responsible-roles,omitempty"`
}

// AssessmentResultsModel is what was found.
type AssessmentResultsModel struct {
	UUID       string     `json:"uuid"`
	Metadata   Metadata   `json:"metadata"`
	ImportAP   Import     `json:"import-ap"`
	Results    []Result   `json:"results"`
	BackMatter BackMatter `json:"back-matter"`
}

// An Import refers to another document.
type Import struct {
	Href    string `json:"href"`
	Remarks string `json:"remarks,omitempty"`
}

// A Result is one assessment.
type Result struct {
	UUID             string              `json:"uuid"`
	Title            string              `json:"title"`
	Description      string              `json:"description"`
	Start            time.Time           `json:"start"`
	End              time.Time           `json:"end"`
	Props            []Property          `json:"props,omitempty"`
	LocalDefinitions *LocalDefinitions   `json:"local-definitions,omitempty"`
	ReviewedControls ReviewedControls    `json:"reviewed-controls"`
	Observations     Stream[Observation] `json:"observations,omitempty"`
	Risks            Stream[Risk]        `json:"risks,omitempty"`
	Findings         []Finding           `json:"findings,omitempty"`
}

// LocalDefinitions are the things that a document speaks about.
type LocalDefinitions struct {
	Components       []SystemComponent     `json:"components,omitempty"`
	InventoryItems   Stream[InventoryItem] `json:"inventory-items,omitempty"`
	AssessmentAssets *AssessmentAssets     `json:"assessment-assets,omitempty"`
}

// A SystemComponent is a cluster, or the program.
type SystemComponent struct {
	UUID        string          `json:"uuid"`
	Type        string          `json:"type"`
	Title       string          `json:"title"`
	Description string          `json:"description"`
	Props       []Property      `json:"props,omitempty"`
	Status      ComponentStatus `json:"status"`
}

// ComponentStatus is the operational status of a component.
type ComponentStatus struct {
	State string `json:"state"`
}

// An InventoryItem is an object of a cluster.
type InventoryItem struct {
	UUID                  string                 `json:"uuid"`
	Description           string                 `json:"description"`
	Props                 []Property             `json:"props,omitempty"`
	ImplementedComponents []ImplementedComponent `json:"implemented-components,omitempty"`
}

// An ImplementedComponent says of which component an object is a part.
type ImplementedComponent struct {
	ComponentUUID string `json:"component-uuid"`
}

// AssessmentAssets are the means of an assessment.
type AssessmentAssets struct {
	Components          []SystemComponent    `json:"components,omitempty"`
	AssessmentPlatforms []AssessmentPlatform `json:"assessment-platforms"`
}

// An AssessmentPlatform uses components.
type AssessmentPlatform struct {
	UUID           string          `json:"uuid"`
	Title          string          `json:"title"`
	UsesComponents []UsedComponent `json:"uses-components,omitempty"`
}

// A UsedComponent refers to a component.
type UsedComponent struct {
	ComponentUUID string `json:"component-uuid"`
}

// ReviewedControls says what was assessed.
type ReviewedControls struct {
	ControlSelections []ControlSelection `json:"control-selections"`
}

// A ControlSelection lists controls. OSCAL wants either IncludeAll or IncludeControls.
type ControlSelection struct {
	Description     string            `json:"description"`
	IncludeAll      *struct{}         `json:"include-all,omitempty"`
	IncludeControls []SelectedControl `json:"include-controls,omitempty"`
	ExcludeControls []SelectedControl `json:"exclude-controls,omitempty"`
	Remarks         string            `json:"remarks,omitempty"`
}

// A SelectedControl names a control.
type SelectedControl struct {
	ControlID string `json:"control-id"`
}

// An Observation is what a check, or a finding of it, says.
type Observation struct {
	UUID             string             `json:"uuid"`
	Title            string             `json:"title"`
	Description      string             `json:"description"`
	Props            []Property         `json:"props,omitempty"`
	Methods          []string           `json:"methods"`
	Types            []string           `json:"types,omitempty"`
	Origins          []Origin           `json:"origins,omitempty"`
	Subjects         []SubjectReference `json:"subjects,omitempty"`
	RelevantEvidence []RelevantEvidence `json:"relevant-evidence,omitempty"`
	Collected        time.Time          `json:"collected"`
	Remarks          string             `json:"remarks,omitempty"`
}

// An Origin says who observed.
type Origin struct {
	Actors []Actor `json:"actors"`
}

// An Actor is a tool or a party.
type Actor struct {
	Type      string `json:"type"`
	ActorUUID string `json:"actor-uuid"`
}

// A SubjectReference points at what was observed.
type SubjectReference struct {
	SubjectUUID string `json:"subject-uuid"`
	Type        string `json:"type"`
	Title       string `json:"title"`
}

// RelevantEvidence points at a file of the bundle.
type RelevantEvidence struct {
	Href        string `json:"href"`
	Description string `json:"description"`
}

// A Risk is one finding of the report.
type Risk struct {
	UUID                string               `json:"uuid"`
	Title               string               `json:"title"`
	Description         string               `json:"description"`
	Statement           string               `json:"statement"`
	Props               []Property           `json:"props,omitempty"`
	Status              string               `json:"status"`
	Origins             []Origin             `json:"origins,omitempty"`
	Characterizations   []Characterization   `json:"characterizations,omitempty"`
	Deadline            *time.Time           `json:"deadline,omitempty"`
	Remediations        []Response           `json:"remediations,omitempty"`
	RelatedObservations []RelatedObservation `json:"related-observations,omitempty"`
}

// A Characterization says how bad a risk is.
type Characterization struct {
	Origin Origin  `json:"origin"`
	Facets []Facet `json:"facets"`
}

// A Facet is one measure of a risk.
type Facet struct {
	Name   string `json:"name"`
	System string `json:"system"`
	Value  string `json:"value"`
}

// A Response says what to do about a risk.
type Response struct {
	UUID        string `json:"uuid"`
	Lifecycle   string `json:"lifecycle"`
	Title       string `json:"title"`
	Description string `json:"description"`
}

// A RelatedObservation refers to an observation.
type RelatedObservation struct {
	ObservationUUID string `json:"observation-uuid"`
}

// A RelatedRisk refers to a risk.
type RelatedRisk struct {
	RiskUUID string `json:"risk-uuid"`
}

// A Finding is the conclusion about one control.
type Finding struct {
	UUID                string               `json:"uuid"`
	Title               string               `json:"title"`
	Description         string               `json:"description"`
	Props               []Property           `json:"props,omitempty"`
	Target              FindingTarget        `json:"target"`
	RelatedObservations []RelatedObservation `json:"related-observations,omitempty"`
	RelatedRisks        []RelatedRisk        `json:"related-risks,omitempty"`
}

// A FindingTarget is the statement of a control, and whether it is satisfied.
type FindingTarget struct {
	Type                 string                `json:"type"`
	TargetID             string                `json:"target-id"`
	Status               TargetStatus          `json:"status"`
	ImplementationStatus *ImplementationStatus `json:"implementation-status,omitempty"`
}

// A TargetStatus is satisfied or not-satisfied.
type TargetStatus struct {
	State   string `json:"state"`
	Reason  string `json:"reason"`
	Remarks string `json:"remarks,omitempty"`
}

// An ImplementationStatus is the degree to which a control is there.
type ImplementationStatus struct {
	State string `json:"state"`
}

// PlanOfActionModel is what is left to do.
type PlanOfActionModel struct {
	UUID             string              `json:"uuid"`
	Metadata         Metadata            `json:"metadata"`
	SystemID         SystemID            `json:"system-id"`
	LocalDefinitions *LocalDefinitions   `json:"local-definitions,omitempty"`
	Observations     Stream[Observation] `json:"observations,omitempty"`
	Risks            Stream[Risk]        `json:"risks,omitempty"`
	Items            Stream[Item]        `json:"poam-items"`
}

// A SystemID names the system.
type SystemID struct {
	ID string `json:"id"`
}

// An Item is one thing to do.
type Item struct {
	UUID                string               `json:"uuid"`
	Title               string               `json:"title"`
	Description         string               `json:"description"`
	Props               []Property           `json:"props,omitempty"`
	RelatedObservations []RelatedObservation `json:"related-observations,omitempty"`
	RelatedRisks        []RelatedRisk        `json:"related-risks,omitempty"`
}
