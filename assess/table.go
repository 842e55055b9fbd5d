package assess

import (
	"cmp"

	"github.com/auditpack/auditpack/schema"
)

// overlaid lays the overlay over the control table.
func overlaid(in *schema.Inputs) []schema.Control {
	by := overlayByControl(in)
	out := make([]schema.Control, 0, len(in.Table.Spec.Controls))
	for _, c := range in.Table.Spec.Controls {
		o := by[c.ID]
		c.Owner = cmp.Or(o.Owner, c.Owner, in.Overlay.Spec.Owner)
		c.Reviewer = cmp.Or(o.Reviewer, c.Reviewer, in.Overlay.Spec.Reviewer)
		c.Cadence = cmp.Or(o.Cadence, c.Cadence)
		if o.CustomerDuties != nil {
			c.CustomerDuties = o.CustomerDuties
		}
		if o.Responsibility != nil {
			c.Responsibility = overlaidParts(c.Responsibility, *o.Responsibility)
		}
		out = append(out, c)
	}
	return out
}

// overlaidParts returns a responsibility with the parts that the overlay sets.
func overlaidParts(r, over schema.Responsibility) schema.Responsibility {
	return schema.Responsibility{
		CloudProvider:     cmp.Or(over.CloudProvider, r.CloudProvider),
		ManagedKubernetes: cmp.Or(over.ManagedKubernetes, r.ManagedKubernetes),
		PlatformTeam:      cmp.Or(over.PlatformTeam, r.PlatformTeam),
		AppTeam:           cmp.Or(over.AppTeam, r.AppTeam),
		CICDOwner:         cmp.Or(over.CICDOwner, r.CICDOwner),
		SecurityTeam:      cmp.Or(over.SecurityTeam, r.SecurityTeam),
		ThirdPartyTool:    cmp.Or(over.ThirdPartyTool, r.ThirdPartyTool),
	}
}

func overlayByControl(in *schema.Inputs) map[string]schema.ControlOverlay {
	out := map[string]schema.ControlOverlay{}
	for _, c := range in.Overlay.Spec.Controls {
		out[c.ID] = c
	}
	return out
}
