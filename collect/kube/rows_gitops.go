package kube

import (
	"cmp"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

func (r *Reader) application(x *object, f fields) {
	row := schema.Application{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		Project:              cmp.Or(f.text("spec", "project"), "default"),
		DestinationNamespace: f.text("spec", "destination", "namespace"),
		DestinationServer:    r.bareURL(cmp.Or(f.text("spec", "destination", "server"), f.text("spec", "destination", "name"))),
		Sync:                 cmp.Or(f.text("status", "sync", "status"), "Unknown"), Health: f.text("status", "health", "status"),
		Reconciled: f.when("status", "reconciledAt"), History: f.length("status", "history"), IgnoreDifferences: f.length("spec", "ignoreDifferences"),
	}
	sources := f.list("spec", "sources")
	if s := f.in("spec", "source"); len(sources) == 0 && s != nil {
		sources = []fields{s}
	}
	var revisions []string
	for _, s := range sources {
		row.Sources = append(row.Sources, r.bareURL(s.text("repoURL")))
		revisions = append(revisions, s.text("targetRevision"))
	}
	row.Sources, row.TargetRevision = sorted(row.Sources), strings.Join(sorted(revisions), " ")
	row.Revision = appliedRevision(f)
	// automated without enabled means on: enabled was added later, to switch it off and keep the rest.
	if f.has("spec", "syncPolicy", "automated") {
		automated := f.in("spec", "syncPolicy", "automated")
		row.Automated = !automated.has("enabled") || automated.truth("enabled")
		row.SelfHeal = row.Automated && automated.truth("selfHeal")
	}
	r.to.Rows(row)
}

// appliedRevision is that of the last deployment, or where none is recorded, the
// one that the live state was compared with.
func appliedRevision(f fields) string {
	from := f.in("status", "sync")
	if h := f.list("status", "history"); len(h) > 0 {
		from = h[len(h)-1]
	}
	if l := from.texts("revisions"); len(l) > 0 {
		return strings.Join(l, " ")
	}
	return from.text("revision")
}

func (r *Reader) applicationProject(x *object, f fields) {
	row := schema.ApplicationProject{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName()}
	for _, s := range f.texts("spec", "sourceRepos") {
		row.SourceRepos = append(row.SourceRepos, r.bareURL(s))
	}
	for _, d := range f.list("spec", "destinations") {
		row.Destinations = append(row.Destinations, r.bareURL(cmp.Or(d.text("server"), d.text("name")))+"|"+d.text("namespace"))
	}
	for _, c := range f.list("spec", "clusterResourceWhitelist") {
		row.ClusterResources = append(row.ClusterResources, c.text("group")+"/"+c.text("kind"))
	}
	row.SourceRepos, row.Destinations, row.ClusterResources = sorted(row.SourceRepos), sorted(row.Destinations), sorted(row.ClusterResources)
	r.to.Rows(row)
}

// flux starts the row of an object of Flux, with what all of them have.
func (r *Reader) flux(x *object, f fields) schema.Application {
	row := schema.Application{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		DestinationNamespace: cmp.Or(f.text("spec", "targetNamespace"), x.GetNamespace()),
		ServiceAccount:       f.text("spec", "serviceAccountName"), Suspended: f.truth("spec", "suspend"),
		Sync: "Unknown", Health: "NotReady", History: f.length("status", "history"),
	}
	row.Automated = !row.Suspended
	switch f.condition("Ready") {
	case "True":
		row.Health, row.Sync = "Ready", "Synced"
	case "False":
		row.Sync = "OutOfSync"
	}
	return row
}

// fluxSource names a source as Kind/namespace/name.
func fluxSource(ref fields, namespace string) string {
	if ref == nil {
		return ""
	}
	return ref.text("kind") + "/" + cmp.Or(ref.text("namespace"), namespace) + "/" + ref.text("name")
}

func (r *Reader) kustomization(x *object, f fields) {
	row := r.flux(x, f)
	row.Sources = sorted([]string{fluxSource(f.in("spec", "sourceRef"), x.GetNamespace())})
	row.Revision = f.text("status", "lastAppliedRevision")
	// A Kustomization applies its source again at every interval, and so corrects drift.
	row.SelfHeal = !row.Suspended
	if attempted := f.text("status", "lastAttemptedRevision"); row.Sync == "Synced" && attempted != "" && attempted != row.Revision {
		row.Sync = "OutOfSync"
	}
	if h := f.list("status", "history"); len(h) > 0 {
		row.Reconciled = h[0].when("lastReconciled")
	}
	r.to.Rows(row)
}

func (r *Reader) helmRelease(x *object, f fields) {
	row := r.flux(x, f)
	ref := f.in("spec", "chartRef")
	if ref == nil {
		ref = f.in("spec", "chart", "spec", "sourceRef")
	}
	row.Sources = sorted([]string{fluxSource(ref, x.GetNamespace())})
	row.TargetRevision = f.text("spec", "chart", "spec", "version")
	row.SelfHeal = !row.Suspended && f.text("spec", "driftDetection", "mode") == "enabled"
	row.IgnoreDifferences = f.length("spec", "driftDetection", "ignore")
	if h := f.list("status", "history"); len(h) > 0 {
		row.Revision = h[0].text("chartVersion")
	}
	r.to.Rows(row)
}

func (r *Reader) externalSecret(x *object, f fields) {
	ref := f.in("spec", "secretStoreRef")
	row := schema.ExternalSecret{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		RefreshPolicy: cmp.Or(f.text("spec", "refreshPolicy"), "Periodic"), Refreshed: f.when("status", "refreshTime"),
		RefreshSeconds: goDuration(f.text("spec", "refreshInterval"), time.Hour), Ready: f.condition("Ready") == "True",
	}
	if name := ref.text("name"); name != "" {
		row.Store = cmp.Or(ref.text("kind"), "SecretStore") + "/" + name
	}
	for _, d := range f.list("spec", "data") {
		row.RemoteKeys = append(row.RemoteKeys, d.text("remoteRef", "key"))
	}
	for _, d := range f.list("spec", "dataFrom") {
		row.RemoteKeys = append(row.RemoteKeys, d.text("extract", "key"), d.text("find", "path"))
	}
	row.RemoteKeys = sorted(row.RemoteKeys)
	r.to.Rows(row)
}

func (r *Reader) secretStore(x *object, f fields) {
	row := schema.ExternalSecret{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		RefreshSeconds: int64(f.number("spec", "refreshInterval")), Ready: f.condition("Ready") == "True",
		NamespacesLimited: f.length("spec", "conditions") > 0,
	}
	provider := f.in("spec", "provider")
	for _, name := range slices.Sorted(maps.Keys(provider)) {
		row.Provider = name
		row.StaticCredentials = staticCredentials(provider[name])
		break
	}
	r.to.Rows(row)
}

// staticCredentials reports whether a provider's settings refer to a stored
// secret. A workload identity refers to a service account, and caProvider to a
// certificate that is no secret.
func staticCredentials(settings any) bool {
	switch v := settings.(type) {
	case map[string]any:
		for key, value := range v {
			low := strings.ToLower(key)
			switch {
			case low == "caprovider":
			case strings.Contains(low, "secretref") || low == "bearertoken" || low == "clientcert":
				return true
			case staticCredentials(value):
				return true
			}
		}
	case []any:
		return slices.ContainsFunc(v, staticCredentials)
	}
	return false
}
