package kube

import (
	"cmp"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// This file has what GitOps tools remember of their deployments: from where, when,
// and which objects.

// argoSyncs emits status.history of an application of Argo CD.
func (r *Reader) argoSyncs(x *object, f fields) {
	for _, h := range f.list("status", "history") {
		row := r.sync(x, h.text("id"))
		row.Revision, row.Deployed = h.text("revision"), h.when("deployedAt")
		if l := h.texts("revisions"); len(l) > 0 {
			row.Revision = strings.Join(l, " ")
		}
		row.Automated, row.StartedBy = h.truth("initiatedBy", "automated"), h.text("initiatedBy", "username")
		sources := h.list("sources")
		if s := h.in("source"); len(sources) == 0 && s != nil {
			sources = []fields{s}
		}
		for _, s := range sources {
			row.Sources = append(row.Sources, r.bareURL(bareAddress(s.text("repoURL"))))
		}
		row.Sources = sorted(row.Sources)
		r.to.Rows(row)
	}
}

// argoObjects emits status.resources of an application of Argo CD.
func (r *Reader) argoObjects(x *object, f fields) {
	where := r.bareURL(cmp.Or(f.text("spec", "destination", "server"), f.text("spec", "destination", "name")))
	if where == "" || where == "in-cluster" || where == "https://kubernetes.default.svc" {
		where = r.cluster.Name
	}
	for _, o := range f.list("status", "resources") {
		row := r.deployed(x)
		row.ObjectCluster, row.Sync = where, o.text("status")
		row.ObjectGroup, row.ObjectKind, row.ObjectNamespace, row.ObjectName = o.text("group"), o.text("kind"), o.text("namespace"), o.text("name")
		r.to.Rows(row)
	}
}

// kustomizationSyncs emits status.history of a Kustomization, which has the last
// five (https://fluxcd.io/flux/components/kustomize/kustomizations/#history).
func (r *Reader) kustomizationSyncs(x *object, f fields) {
	for _, h := range f.list("status", "history") {
		row := r.sync(x, h.text("digest"))
		row.Revision, row.Deployed = h.text("metadata", "revision"), h.when("firstReconciled")
		row.Outcome, row.Automated = h.text("lastReconciledStatus"), true
		r.to.Rows(row)
	}
}

// helmSyncs emits status.history of a HelmRelease, whose revision is that of the chart.
func (r *Reader) helmSyncs(x *object, f fields) {
	for _, h := range f.list("status", "history") {
		row := r.sync(x, h.text("version"))
		row.Revision, row.Deployed = h.text("chartName")+" "+h.text("chartVersion"), h.when("lastDeployed")
		row.Outcome, row.Automated = h.text("status"), true
		r.to.Rows(row)
	}
}

// fluxObjects emits status.inventory of an object of Flux. An entry is
// namespace_name_group_kind; a colon in the name of a role is written as __
// (https://fluxcd.io/flux/components/kustomize/kustomizations/#inventory).
func (r *Reader) fluxObjects(x *object, f fields) {
	where := r.cluster.Name
	if f.has("spec", "kubeConfig") {
		where = "spec.kubeConfig" // another cluster, of which only a credential is named
	}
	for _, e := range f.list("status", "inventory", "entries") {
		namespace, rest, _ := strings.Cut(e.text("id"), "_")
		rest, kind, ok := cutLast(rest, "_")
		name, group, ok2 := cutLast(rest, "_")
		if !ok || !ok2 || name == "" {
			continue
		}
		row := r.deployed(x)
		row.ObjectCluster, row.ObjectNamespace, row.ObjectKind, row.ObjectGroup = where, namespace, kind, group
		row.ObjectName = strings.ReplaceAll(name, "__", ":")
		r.to.Rows(row)
	}
}

// cutLast is strings.Cut around the last separator.
func cutLast(s, separator string) (before, after string, found bool) {
	i := strings.LastIndex(s, separator)
	if i < 0 {
		return s, "", false
	}
	return s[:i], s[i+len(separator):], true
}

func (r *Reader) sync(x *object, id string) schema.ApplicationSync {
	return schema.ApplicationSync{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(), ID: id}
}

func (r *Reader) deployed(x *object) schema.ApplicationObject {
	return schema.ApplicationObject{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName()}
}

// applicationSource emits the row of an object that says where Flux fetches from.
func (r *Reader) applicationSource(x *object, f fields) {
	row := schema.ApplicationSource{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		Address: r.bareURL(bareAddress(f.text("spec", "url"))), Reference: sourceReference(f.in("spec", "ref")),
		IntervalSeconds: goDuration(f.text("spec", "interval"), 0), Revision: f.text("status", "artifact", "revision"),
		Ready: f.condition("Ready") == "True", Suspended: f.truth("spec", "suspend"),
		Verify: f.text("spec", "verify", "provider"),
		Origin: r.bareURL(bareAddress(f.text("status", "artifact", "metadata", "org.opencontainers.image.source"))),
	}
	if x.kind.Kind == "GitRepository" && f.has("spec", "verify") {
		row.Verify = cmp.Or(f.text("spec", "verify", "mode"), "HEAD")
	}
	r.to.Rows(row)
}

// sourceReference writes what a source follows. Where several are given the first
// counts, in the order that Flux gives them (https://fluxcd.io/flux/components/source/gitrepositories/#reference).
func sourceReference(ref fields) string {
	for _, key := range []string{"commit", "name", "digest", "semver", "tag", "branch"} {
		if v := ref.text(key); v != "" {
			return key + "=" + v
		}
	}
	return ""
}
