package answer

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// The words of CAIQ for who owns a control. It speaks from the company that answers:
// CSP is that company, CSC its customer, and the company's own provider a third party.
const (
	cspOwned   = "CSP-owned"
	cscOwned   = "CSC-owned"
	thirdParty = "3rd-party outsourced"
	sharedCSC  = "Shared CSP and CSC"
	shared3rd  = "Shared CSP and 3rd-party"
)

// ownership translates the responsibility of controls into the words of CAIQ, and
// returns the duties of customers.
func ownership(controls []schema.ControlResult) (owner, duties string) {
	internal, third := false, false
	var customer []string
	for _, c := range controls {
		if c.Status == schema.NotApplicable {
			continue
		}
		r := c.Responsibility
		internal = internal || acts(r.PlatformTeam, r.AppTeam, r.CICDOwner, r.SecurityTeam)
		third = third || acts(r.CloudProvider, r.ManagedKubernetes, r.ThirdPartyTool)
		for _, d := range c.CustomerDuties {
			if !slices.Contains(customer, d) {
				customer = append(customer, d)
			}
		}
	}
	duties = strings.Join(customer, " ")
	switch {
	case internal && duties != "":
		return sharedCSC, duties
	case internal && third:
		return shared3rd, ""
	case internal:
		return cspOwned, ""
	case third:
		return thirdParty, duties
	case duties != "":
		return cscOwned, duties
	default:
		return "", "" // nothing applies
	}
}

// acts reports whether one of the parties is accountable or responsible.
func acts(parts ...string) bool {
	return slices.ContainsFunc(parts, func(p string) bool { return strings.ContainsAny(p, "AR") })
}
