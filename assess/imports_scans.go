package assess

import (
	"net/netip"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// scans returns the scans of a cluster, with those that were imported for images that
// run in it. An imported scan names no namespace, and one of an image that runs
// nowhere says nothing about the cluster.
func (p *Pass) scans() []schema.ImageScan {
	outside := func(s schema.ImageScan) bool { return s.Import != "" && s.Namespace == "" }
	out := slices.DeleteFunc(slices.Clone(p.Evidence.ImageScans), outside)
	running := p.runningDigests()
	for _, s := range p.Snapshot.Evidence.ImageScans {
		if outside(s) && (s.Cluster == schema.ImportSource || s.Cluster == p.Cluster.Name) && running[s.Digest] {
			out = append(out, s)
		}
	}
	return out
}

// runningDigests are those of the images that run in the namespaces in scope.
func (p *Pass) runningDigests() map[string]bool {
	out := map[string]bool{}
	for i := range p.Evidence.Pods {
		pod := &p.Evidence.Pods[i]
		if !running(pod) || !p.Facts.InScope(pod.Cluster, pod.Namespace) {
			continue
		}
		for _, id := range pod.ImageIDs {
			if _, digest, ok := strings.Cut(id, "@"); ok {
				out[digest] = true
			}
		}
	}
	return out
}

// anywhere reports whether an address range holds half of all addresses or more: two
// halves are everything, too.
func anywhere(cidr string) bool {
	prefix, err := netip.ParsePrefix(cidr)
	return err != nil || prefix.Bits() <= 1
}

// membersOf returns the newest import that lists the members of a group, as the
// cluster names it: some clusters put a prefix before the provider's name.
func (f *Facts) membersOf(group string) (schema.GroupMember, bool) {
	_, bare, prefixed := strings.Cut(group, ":")
	var found schema.GroupMember
	ok := false
	for _, m := range f.members {
		if (m.Group == group || prefixed && m.Group == bare) && (!ok || found.Made.Before(m.Made)) {
			found, ok = m, true
		}
	}
	return found, ok
}

// fresh reports whether an import lists the members of a group, and counts.
func (f *Facts) fresh(group string) bool {
	m, ok := f.membersOf(group)
	return ok && !m.Made.IsZero() && f.AsOf.Sub(m.Made).Hours() <= exportDays*24
}

// groupExports is the check whose documents list the members of groups.
const groupExports = "ACC-01.d1"
