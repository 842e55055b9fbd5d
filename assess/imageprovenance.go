package assess

import (
	"fmt"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// provenanceFuncs decides the check of what registries hold about running images.
var provenanceFuncs = map[string]Func{"imageProvenance": imageProvenance}

// runRegistries decides a check by what registries said about the images of each cluster.
func (a *assessment) runRegistries(v *verdict) error {
	if !a.given(schema.ProvenanceOfImages) {
		v.conclude(schema.ResultNotCollected, "no registry was asked: the plan does not say whose signatures count (images.provenance)")
		return nil
	}
	for _, cluster := range a.clusters {
		asked := a.answers[cluster][schema.ProvenanceOfImages]
		if len(asked) == 0 {
			v.conclude(schema.ResultNotCollected, "no registry was asked about the images of "+cluster)
			continue
		}
		if reason := a.answers.gap(cluster, "pods"); reason != "" {
			v.conclude(schema.ResultNotCollected, reason)
		}
		for _, q := range asked {
			if q.Outcome == schema.Truncated {
				v.conclude(schema.ResultNotCollected, describeGap(q))
			}
		}
		if err := a.runFunc(v, a.pass(v.check, cluster)); err != nil {
			return err
		}
	}
	return nil
}

// imageProvenance decides CHG-05.p1: the share of the digests that run of one's own
// images for which a provenance is verified. A digest that could not be seen is
// neither with nor without one.
func imageProvenance(p *Pass) ([]Outcome, error) {
	covered := map[string]bool{}
	unseen := map[string]string{}
	for _, r := range p.Evidence.ImageProvenance {
		name := r.Image + "@" + r.Digest
		if r.Evidence == schema.EvidenceUnseen {
			unseen[name] = r.Why
			continue
		}
		covered[name] = covered[name] || r.Evidence == schema.EvidenceProvenance && r.Verified == schema.VerifiedYes
	}
	var out []Outcome
	for _, name := range sortedKeys(unseen) {
		if !covered[name] {
			delete(covered, name)
			out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: name + ": " + unseen[name]})
		}
	}
	missing := slices.DeleteFunc(sortedKeys(covered), func(name string) bool { return covered[name] })
	if len(covered) == 0 {
		return out, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	if n, all := len(missing), len(covered); n > 0 {
		o.Result = schema.ResultFail
		if (all-n)*100 >= partlyCovered*all {
			o.Result = schema.ResultPartial
		}
		o.Message = fmt.Sprintf("%d of %d running digests of %s have no verifiable provenance: %s.", n, all, p.Cluster.Name, listed(missing, namesShown))
	}
	return append(out, o), nil
}

// partlyCovered is the share, in percent, from which coverage counts in part.
const partlyCovered = 80
