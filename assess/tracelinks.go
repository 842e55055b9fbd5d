package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// This file makes the links of a thread one after the other, each from what the
// links before it found.

// digest: what the pods run, by the word of the kubelet, or where none runs now, what
// the template pins.
func (h *thread) digest() schema.TraceLink {
	w := h.workload
	if h.digests = distinct(h.running[w.Subject()]); len(h.digests) > 0 {
		return made(schema.LinkDigest, digests(h.digests), "the kubelet reports it of running pods")
	}
	if gap := h.answers.gap(w.Cluster, "pods"); gap != "" {
		return notSeen(schema.LinkDigest, "", "%s", gap)
	}
	for _, c := range h.containers[w.Subject()] {
		h.digests = append(h.digests, c.Digest)
	}
	if h.digests = distinct(h.digests); len(h.digests) == 0 || h.digests[0] == "" {
		h.digests = nil
		return notSeen(schema.LinkDigest, "", "no pod of it runs, or none says its digest, and the template names a tag")
	}
	return made(schema.LinkDigest, digests(h.digests), "no pod of it runs now; the template pins it")
}

func digests(all []string) string {
	var out []string
	for _, d := range all {
		out = append(out, short(d))
	}
	return strings.Join(out, ", ")
}

// pinned reports whether the template pins a digest. The kubelet may report the
// part of an image for its processor, so that one who pins everything pins it too.
func (h *thread) pinned(digest string) bool {
	containers, all := h.containers[h.workload.Subject()], true
	for _, c := range containers {
		if c.Digest == digest {
			return true
		}
		all = all && c.Digest != ""
	}
	return all && len(containers) > 0
}

// pedigree: each digest is the subject of a verified provenance, or else what GitOps
// deployed pins it. A provenance that does not verify is worse than none.
func (h *thread) pedigree() schema.TraceLink {
	if len(h.digests) == 0 {
		return notSeen(schema.LinkProvenance, "", "the digest is not known")
	}
	var values, evidence []string
	gitOps := false
	for _, digest := range h.digests {
		p, link := h.provenanceOf(digest)
		switch {
		case link.State == schema.LinkBroken:
			return link
		case p != nil:
			values, evidence = append(values, p.Builder), append(evidence, "SLSA provenance, signed by "+p.Identity)
			if p.Commit != "" {
				h.commits = append(h.commits, origin{commit: p.Commit, repositories: known(p.SourceRepository)})
			}
		case h.application != nil && h.pinned(digest):
			values, gitOps = append(values, short(digest)), true
			evidence = append(evidence, fmt.Sprintf("%s; what %s deployed pins the digest", link.Evidence, named(h.application)))
		case h.application == nil || h.pinned(digest):
			return link
		default:
			link.Evidence += "; the manifest names a tag, so that Git does not tell the digest either"
			return link
		}
	}
	if h.pinnedOnly = gitOps && len(h.commits) == 0; gitOps {
		h.commits = append(h.commits, deployed(h.application, h.evidence)...)
	}
	return made(schema.LinkProvenance, strings.Join(distinct(values), ", "), strings.Join(distinct(evidence), "; "))
}

// provenanceOf returns the verified provenance of a digest, or the link that says why
// there is none.
func (h *thread) provenanceOf(digest string) (*schema.ImageProvenance, schema.TraceLink) {
	rows := h.provenance[h.workload.Cluster+" "+digest]
	link := notSeen(schema.LinkProvenance, short(digest), "provenance was not collected")
	for _, p := range rows {
		switch {
		case p.Evidence == schema.EvidenceProvenance && p.Verified == schema.VerifiedYes:
			return p, schema.TraceLink{}
		case p.Evidence == schema.EvidenceProvenance && p.Verified == schema.VerifiedNo:
			link = broken(schema.LinkProvenance, short(digest), "the provenance does not verify: %s", p.Why)
		case link.State == schema.LinkBroken:
		case p.Evidence == schema.EvidenceUnseen, p.Verified == schema.VerifiedUnknown:
			link = notSeen(schema.LinkProvenance, short(digest), "the registry was asked for provenance, and it was not seen: %s", p.Why)
		default:
			link = notSeen(schema.LinkProvenance, short(digest), "the registry has no provenance of it")
		}
	}
	return nil, link
}

// known is a list of one name, or of none where it is empty.
func known(name string) []string {
	if name == "" {
		return nil
	}
	return []string{repository(name)}
}

// deployed are the commits that an application deploys.
func deployed(a *schema.Application, e *schema.Evidence) []origin {
	commits, others := deployedCommits(a)
	var out []origin
	for _, c := range commits {
		out = append(out, origin{commit: c, repositories: repositoriesOf(a, e), others: others, application: a})
	}
	return out
}

// commit: the provenance, or the revision of the application, names one.
func (h *thread) commit() schema.TraceLink {
	switch {
	case h.links[len(h.links)-1].State != schema.LinkMade:
		return notSeen(schema.LinkCommit, "", "nothing leads from the digest to a commit")
	case len(h.commits) == 0 && h.pinnedOnly:
		return notSeen(schema.LinkCommit, h.application.Revision, "%s runs a release of a chart, which is no commit", named(h.application))
	case len(h.commits) == 0:
		return notSeen(schema.LinkCommit, "", "the provenance names no commit")
	}
	var values, evidence []string
	for _, o := range h.commits {
		values = append(values, o.String())
		if o.application == nil {
			evidence = append(evidence, "the provenance names it")
		} else {
			evidence = append(evidence, "the revision that "+named(o.application)+" applied")
		}
	}
	return made(schema.LinkCommit, strings.Join(distinct(values), ", "), strings.Join(distinct(evidence), "; "))
}

// change: every commit was left on a branch by a merged change.
func (h *thread) change() schema.TraceLink {
	if len(h.commits) == 0 {
		return notSeen(schema.LinkChange, "", "the commit is not known")
	}
	changes, link := h.changesOf(schema.LinkChange, h.commits)
	h.changes = changes
	return link
}

// changesOf finds the merged changes of commits, and the link that says whether all
// of them have one.
func (h *thread) changesOf(name schema.LinkName, commits []origin) ([]*schema.MergedChange, schema.TraceLink) {
	var out []*schema.MergedChange
	var values []string
	for _, o := range commits {
		c := h.changeOf(o)
		if c == nil {
			return nil, h.unmerged(name, o)
		}
		out, values = append(out, c), append(values, changeName(c))
	}
	return out, made(name, strings.Join(distinct(values), ", "), "it is among the merged changes of "+forgesOf(out))
}

func (h *thread) changeOf(o origin) *schema.MergedChange {
	for _, c := range h.tracer.changes[o.commit] {
		if len(o.repositories) == 0 || slices.Contains(o.repositories, c.Repository) {
			return c
		}
	}
	return nil
}

// unmerged says what is known of a commit that is not among the merged changes.
func (h *thread) unmerged(name schema.LinkName, o origin) schema.TraceLink {
	for _, d := range h.evidence.DirectPushes {
		if d.Commit == o.commit && (len(o.repositories) == 0 || slices.Contains(o.repositories, d.Repository)) {
			return broken(name, o.String(), "%s pushed it to %s without a merged change", d.Author, d.Branch)
		}
	}
	gap := h.merged.gapOf(o.repositories, o.others)
	switch {
	case len(h.merged.asked) == 0:
		return notSeen(name, o.String(), "no forge was asked for merged changes")
	case len(o.repositories) == 0:
		return notSeen(name, o.String(), "the repository of the commit is not known")
	case gap != "":
		return notSeen(name, o.String(), "%s", gap)
	case o.application != nil && !h.merged.before(o.application.Deployed, o.repositories):
		return notSeen(name, o.String(), "it was deployed before any merged change that is known, and may be older than the period")
	case o.application == nil && !h.merged.reaches(o.repositories):
		return notSeen(name, o.String(), "no change of its repository was merged in the period; it may be older")
	}
	return broken(name, o.String(), "its repository was read, and no merged change of the period left it on a branch")
}

// approval: somebody else than the author approved each of the changes.
func (h *thread) approval() schema.TraceLink {
	if len(h.changes) == 0 {
		return notSeen(schema.LinkApproval, "", "the merged change is not known")
	}
	return approvalOf(schema.LinkApproval, h.changes)
}

func approvalOf(name schema.LinkName, changes []*schema.MergedChange) schema.TraceLink {
	var values, evidence []string
	for _, c := range changes {
		independent := slices.DeleteFunc(slices.Clone(c.Approvers), func(n string) bool { return n == c.Author })
		switch {
		case len(independent) > 0:
			values, evidence = append(values, independent...), append(evidence, fmt.Sprintf("approved %s of %s", changeName(c), c.Author))
		case others(c.StaleApprovers, c.Author) > 0:
			return broken(name, changeName(c), "%s changed it after the approval of %s", c.Author, listed(c.StaleApprovers, namesShown))
		default:
			return broken(name, changeName(c), "nobody but its author %s approved it", c.Author)
		}
	}
	return made(name, strings.Join(distinct(values), ", "), strings.Join(distinct(evidence), "; "))
}

// deployment: somebody approved that it goes to production: in the forge's record of
// the deployment, or by the change that GitOps deploys from its branch.
func (h *thread) deployment() schema.TraceLink {
	var unapproved *schema.Deployment
	for _, o := range h.commits {
		for _, d := range h.deployments[o.commit] {
			if len(o.repositories) > 0 && !slices.Contains(o.repositories, d.Repository) {
				continue
			}
			if approvers := slices.DeleteFunc(slices.Clone(d.Approvers), func(n string) bool { return n == d.Creator }); len(approvers) > 0 {
				return made(schema.LinkDeployment, strings.Join(approvers, ", "), fmt.Sprintf("approved deployment %s of %s to %s", d.ID, d.Repository, d.Environment))
			}
			unapproved = d
		}
	}
	switch a := h.application; {
	case a != nil:
		return h.mergeDeploys(a)
	case unapproved != nil:
		return broken(schema.LinkDeployment, unapproved.ID, "%s deployed it to %s, and nobody else approved that", unapproved.Creator, unapproved.Environment)
	case len(h.commits) == 0:
		return notSeen(schema.LinkDeployment, "", "the commit is not known")
	}
	return notSeen(schema.LinkDeployment, "", "no record of a deployment of the commit to production was found")
}

// mergeDeploys judges a deployment by GitOps: the merge to the branch is what sends a
// change to production, so that its approval is the one to look for.
func (h *thread) mergeDeploys(a *schema.Application) schema.TraceLink {
	commits := deployed(a, h.evidence)
	if len(commits) == 0 {
		return notSeen(schema.LinkDeployment, a.Revision, "%s runs no commit whose approval could be looked up", named(a))
	}
	changes, link := h.changesOf(schema.LinkDeployment, commits)
	if changes == nil {
		return link
	}
	if link = approvalOf(schema.LinkDeployment, changes); link.State == schema.LinkMade {
		link.Evidence += "; its merge is what " + named(a) + " deploys"
		if len(a.SyncedBy) > 0 {
			link.Evidence += ", started by hand by " + listed(a.SyncedBy, namesShown)
		}
	}
	return link
}

// revision: a revision is known to be deployed, and the object is in step with it.
func (h *thread) revision() schema.TraceLink {
	w, a := h.workload, h.application
	if a == nil {
		return h.withoutApplication(schema.LinkRevision)
	}
	sync := a.Sync
	if h.declared != nil && h.declared.Sync != "" {
		sync = h.declared.Sync
	}
	value := a.Revision
	if commits, _ := commitsOf(a.Revision); len(commits) > 0 {
		value = digests(commits)
	}
	switch {
	case a.Revision == "":
		return notSeen(schema.LinkRevision, "", "%s names no revision", named(a))
	case sync == "Synced":
		evidence := named(a) + " applied it"
		if !a.Deployed.IsZero() {
			evidence += " on " + schema.DateOf(a.Deployed).String()
		}
		return made(schema.LinkRevision, value, evidence+", and finds the object in step")
	case sync == "OutOfSync" && h.declared != nil && h.declared.Sync != "":
		return broken(schema.LinkRevision, value, "%s finds that %s differs from the revision", named(a), w.Subject())
	case sync == "OutOfSync":
		return notSeen(schema.LinkRevision, value, "%s is out of step, and does not say with which objects", named(a))
	}
	return notSeen(schema.LinkRevision, value, "%s does not say whether the object is in step: %s", named(a), sync)
}

// object: what was deployed declares the object that runs.
func (h *thread) object() schema.TraceLink {
	switch {
	case h.declared != nil:
		return made(schema.LinkObject, h.workload.Subject().String(), "it is in the list of objects of "+declaredBy(h.declared))
	case h.application != nil:
		return made(schema.LinkObject, h.workload.Subject().String(), "by its own mark it belongs to "+named(h.application)+"; whoever can write the object can write the mark")
	}
	return h.withoutApplication(schema.LinkObject)
}

// withoutApplication judges the last two links where no application is known: a
// record of a deployment takes its place, and else it depends on what claims the object.
func (h *thread) withoutApplication(name schema.LinkName) schema.TraceLink {
	w := h.workload
	for _, o := range h.commits {
		for _, d := range h.deployments[o.commit] {
			if d.State == "success" && (len(o.repositories) == 0 || slices.Contains(o.repositories, d.Repository)) {
				return made(name, short(o.commit), fmt.Sprintf("deployment %s of %s to %s says so; no application of GitOps declares the object", d.ID, d.Repository, d.Environment))
			}
		}
	}
	gap := h.answers.gap(w.Cluster, "applications")
	switch {
	case h.declared != nil:
		return notSeen(name, "", "%s lists it, and is not among what was read", declaredBy(h.declared))
	case w.Application != "":
		return notSeen(name, w.Application, "it says that it belongs to %s, which is not among what was read", w.Application)
	case gap != "":
		return notSeen(name, "", "%s", gap)
	case w.ManagedBy == "owner":
		return notSeen(name, "", "another object made it, and who declared that one is not followed")
	case w.ManagedBy != "":
		return notSeen(name, "", "%s manages it, which does not say from which revision", w.ManagedBy)
	}
	return broken(name, "", "nothing declares it: no application lists it, and it has no mark of a pipeline")
}

// named names an application in a sentence.
func named(a *schema.Application) string { return a.Subject().String() }

func declaredBy(o *schema.ApplicationObject) string {
	return schema.Subject{Kind: o.Kind, Namespace: o.Namespace, Name: o.Name}.String()
}

func changeName(c *schema.MergedChange) string { return fmt.Sprintf("%s#%d", c.Repository, c.Number) }

func forgesOf(changes []*schema.MergedChange) string {
	var names []string
	for _, c := range changes {
		names = append(names, c.Forge)
	}
	return strings.Join(distinct(names), ", ")
}
