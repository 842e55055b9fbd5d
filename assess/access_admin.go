package assess

import (
	"slices"

	"github.com/auditpack/auditpack/schema"
)

const systemMasters = "system:masters"

// mastersGranted decides ACC-01.k2. It never passes: a client certificate in
// system:masters is not an object that the API lists.
func mastersGranted(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.SubjectKind == "Group" && g.SubjectName == systemMasters && !g.BuiltIn {
			out = append(out, Outcome{Subject: g.Subject(), Result: schema.ResultFail, Vars: map[string]string{"object": g.BindingKind + " " + g.Binding}})
		}
	}
	for _, r := range p.Evidence.CertificateRequests {
		if slices.Contains(r.Organizations, systemMasters) {
			out = append(out, Outcome{Subject: r.Subject(), Result: schema.ResultFail, Vars: map[string]string{
				"object": "the certificate request " + r.Name + " of " + r.Requester + " for " + r.CommonName + " (" + approvalWord(r.Approved) + ")"}})
		}
	}
	if len(out) == 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview,
			Message: "No binding beside the default one and no visible certificate request names system:masters. The API does not list certificates that were issued earlier, so the issuer of client certificates has to say whether any are in that group."})
	}
	return out, nil
}

func approvalWord(approved bool) string {
	if approved {
		return "approved"
	}
	return "not approved"
}
