package assess

import (
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// selfManaged are the distributions whose control plane is run by whoever runs the nodes.
var selfManaged = []string{"k3s", "kubeadm", "rke2"}

// proposedParts returns what the detected distributions make of a control's split of
// responsibility, which the table writes for a managed control plane: nobody else has
// a part in one that the platform team runs. It is nil where a person has confirmed a
// split in the overlay, where clusters of both sorts were read, so that one split does
// not fit all, and where nothing changes.
func proposedParts(c schema.Control, o schema.ControlOverlay, clusters []schema.Cluster) *schema.Responsibility {
	managed := func(c schema.Cluster) bool { return !slices.Contains(selfManaged, c.Distribution) }
	if o.Responsibility != nil || len(clusters) == 0 || slices.ContainsFunc(clusters, managed) {
		return nil
	}
	r := c.Responsibility
	r.PlatformTeam, r.ManagedKubernetes = bothParts(r.PlatformTeam, r.ManagedKubernetes), "-"
	if r == c.Responsibility {
		return nil
	}
	return &r
}

// bothParts is the part of a party that takes over another's.
func bothParts(own, taken string) string {
	a := hasPart(own, "A") || hasPart(taken, "A")
	r := hasPart(own, "R") || hasPart(taken, "R")
	switch {
	case a && r:
		return "A/R"
	case a:
		return "A"
	case r:
		return "R"
	}
	return own
}
