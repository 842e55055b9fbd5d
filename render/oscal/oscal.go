// Package oscal writes a report as documents of NIST's Open Security Controls
// Assessment Language, release 1.2.2, in JSON: Catalog, ComponentDefinition,
// AssessmentResults and PlanOfAction.
//
// Ids are stable: the UUID of a control, check, finding, component, party or thing is
// version 5 over our own id, so that it is the same in every bundle and in every
// document of a bundle. Only a document and a result are new each time, as
// OSCAL asks. Times are the report's asOf.
//
// What was not seen is never satisfied: the only control that a reader finds
// satisfied is one that the report calls implemented. docs/exchange.md has the
// whole mapping. The models are described at https://pages.nist.gov/OSCAL/reference/.
package oscal

import (
	"strings"
	"time"

	"github.com/google/uuid"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/schema"
)

// release of OSCAL that the documents are written in.
const release = "1.2.2"

// Namespace of our property names, and of the facets of a risk.
const Namespace = "https://auditpack.dev/ns/oscal"

// The paths of the documents in a bundle. References between them, and to
// evidence, are relative to the folder that they share.
const (
	CatalogPath             = "oscal/catalog.json"
	ComponentDefinitionPath = "oscal/component-definition.json"
	AssessmentResultsPath   = "oscal/assessment-results.json"
	PlanOfActionPath        = "oscal/poam.json"
)

var root = uuid.NewSHA1(uuid.NameSpaceURL, []byte(Namespace))

// id returns the version 5 UUID of a thing: what it is, and its own id in parts.
func id(what string, parts ...string) string {
	return uuid.NewSHA1(root, []byte(what+"\x00"+strings.Join(parts, "\x00"))).String()
}

// token makes an id a token of OSCAL, which may not begin with a digit. Ids of
// ours never begin with a low line, so two of them give two tokens.
func token(id string) string {
	if id != "" && id[0] >= '0' && id[0] <= '9' {
		return "_" + id
	}
	return id
}

// statementID is the id of the statement of a control in the catalog.
func statementID(control string) string { return token(control) + "_smt" }

// line makes text one line without space around it, as OSCAL's strings are.
func line(s string) string { return strings.Join(strings.Fields(celltext.Clean(s)), " ") }

// meaning are the characters that mean something in Markdown, wherever they stand.
const meaning = "\\`*[]<{"

// markup is line for fields that are read as Markdown. Names come from outside,
// so what would begin an element, emphasis or the insertion of a parameter is escaped.
func markup(s string) string {
	s = line(s)
	if !strings.ContainsAny(s, meaning+"_") {
		return s
	}
	var b strings.Builder
	for i, r := range s {
		if strings.ContainsRune(meaning, r) || r == '_' && !inWord(s, i) {
			b.WriteByte('\\')
		}
		b.WriteRune(r)
	}
	return b.String()
}

// inWord reports whether the low line at i stands between letters or digits,
// where CommonMark lets it mean itself.
func inWord(s string, i int) bool {
	return i > 0 && i+1 < len(s) && wordByte(s[i-1]) && wordByte(s[i+1])
}

func wordByte(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z'
}

// props returns our properties, name and value in turn. One without value is left out.
func props(namesAndValues ...string) []Property {
	var out []Property
	for i := 0; i < len(namesAndValues); i += 2 {
		if value := line(namesAndValues[i+1]); value != "" {
			out = append(out, Property{Name: namesAndValues[i], NS: Namespace, Value: value})
		}
	}
	return out
}

// metadata opens every document. Parties are the organisation, and who owns a control.
func metadata(r *schema.Report, title string) Metadata {
	m := Metadata{
		Title: markup(title + " of " + r.Plan.Organization), LastModified: r.AsOf, Version: r.AsOf.Format(time.RFC3339), OSCALVersion: release,
		Roles: []Role{
			{ID: "prepared-for", Title: "The organization that the report is about"},
			{ID: roleOwner, Title: "Who owns a control"},
			{ID: roleReviewer, Title: "Who signs a control off"},
		},
	}
	add := func(kind, name string) {
		party := Party{UUID: partyID(name), Type: kind, Name: line(name)}
		for _, p := range m.Parties {
			if p.UUID == party.UUID {
				return
			}
		}
		if party.Name != "" {
			m.Parties = append(m.Parties, party)
		}
	}
	add("organization", r.Plan.Organization)
	if len(m.Parties) > 0 {
		m.ResponsibleParties = []ResponsibleParty{{RoleID: "prepared-for", PartyUUIDs: []string{m.Parties[0].UUID}}}
	}
	for _, c := range r.Controls {
		add("organization", c.Owner)
		add("person", c.Reviewer)
	}
	return m
}

const (
	roleOwner    = "owner"
	roleReviewer = "reviewer"
)

func partyID(name string) string { return id("party", line(name)) }

// documentID is that of one document of one report.
func documentID(what string, r *schema.Report) string {
	return id(what, r.Plan.Name, r.AsOf.Format(time.RFC3339))
}
