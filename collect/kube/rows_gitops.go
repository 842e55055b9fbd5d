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
		row.Sources = append(row.Sources, r.bareURL(bareAddress(s.text("repoURL"))))
		revisions = append(revisions, s.text("targetRevision"))
	}
	row.Sources, row.TargetRevision = sorted(row.Sources), strings.Join(sorted(revisions), " ")
	row.Revision, row.SyncedBy = appliedRevision(f), syncedBy(f)
	if h := f.list("status", "history"); len(h) > 0 {
		row.Deployed = h[len(h)-1].when("deployedAt")
	}
	// automated without enabled means on: enabled was added later, to switch it off and keep the rest.
	if f.has("spec", "syncPolicy", "automated") {
		automated := f.in("spec", "syncPolicy", "automated")
		row.Automated = !automated.has("enabled") || automated.truth("enabled")
		row.SelfHeal = row.Automated && automated.truth("selfHeal")
	}
	r.to.Rows(row)
	r.argoSyncs(x, f)
	r.argoObjects(x, f)
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

// syncedBy are the people who started one of the recorded deployments by hand.
func syncedBy(f fields) []string {
	out := []string{f.text("status", "operationState", "operation", "initiatedBy", "username")}
	for _, h := range f.list("status", "history") {
		out = append(out, h.text("initiatedBy", "username"))
	}
	return sorted(out)
}

func (r *Reader) applicationProject(x *object, f fields) {
	row := schema.ApplicationProject{Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Name: x.GetName()}
	for _, s := range f.texts("spec", "sourceRepos") {
		row.SourceRepos = append(row.SourceRepos, r.bareURL(bareAddress(s)))
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
	row.Revision, row.OriginRevision = f.text("status", "lastAppliedRevision"), f.text("status", "lastAppliedOriginRevision")
	// A Kustomization applies its source again at every interval, and so corrects drift.
	row.SelfHeal = !row.Suspended
	if attempted := f.text("status", "lastAttemptedRevision"); row.Sync == "Synced" && attempted != "" && attempted != row.Revision {
		row.Sync = "OutOfSync"
	}
	if h := f.list("status", "history"); len(h) > 0 {
		row.Reconciled, row.Deployed = h[0].when("lastReconciled"), h[0].when("firstReconciled")
	}
	r.to.Rows(row)
	r.kustomizationSyncs(x, f)
	r.fluxObjects(x, f)
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
		row.Revision, row.Deployed = h[0].text("chartVersion"), h[0].when("lastDeployed")
	}
	r.to.Rows(row)
	r.helmSyncs(x, f)
	r.fluxObjects(x, f)
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
	row.RemoteKeys = remoteKeys(f.in("spec"))
	r.to.Rows(row)
}

func (r *Reader) secretStore(x *object, f fields) {
	row := schema.ExternalSecret{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		RefreshSeconds: int64(f.number("spec", "refreshInterval")), Ready: f.condition("Ready") == "True",
		NamespacesLimited: namespacesLimited(f.list("spec", "conditions")),
	}
	provider := f.in("spec", "provider")
	for _, name := range slices.Sorted(maps.Keys(provider)) {
		row.Provider = name
		row.StaticCredentials = staticCredentials(provider[name])
		row.Location = r.storeLocation(provider.in(name))
		break
	}
	r.to.Rows(row)
}

// namespacesLimited reports whether the conditions of a cluster store leave out
// any namespace: one that holds is enough, and an empty selector selects all.
func namespacesLimited(conditions []fields) bool {
	return len(conditions) > 0 && !slices.ContainsFunc(conditions, func(c fields) bool {
		s := c.in("namespaceSelector")
		return c.has("namespaceSelector") && len(s.in("matchLabels")) == 0 && s.length("matchExpressions") == 0 ||
			slices.ContainsFunc(c.texts("namespaceRegexes"), func(re string) bool { return re == ".*" || re == "^.*$" || re == ".+" })
	})
}

// storeLocation writes the settings of a provider that say where it is, such as
// region, project, server and path, as name=value. What identifies the store's
// user is left out.
func (r *Reader) storeLocation(provider fields) string {
	var out []string
	for _, key := range []string{"account", "environmentType", "environment", "namespace", "organizationID", "path", "project", "projectID", "region", "server", "service", "tenantId", "url", "vault", "vaultUrl"} {
		v := provider.text(key)
		switch {
		case v == "":
		case key == "url":
			out = append(out, key+"="+r.origin(v))
		default:
			out = append(out, key+"="+r.bareURL(v))
		}
	}
	return strings.Join(out, " ")
}

// clusterExternalSecret emits the row of an object that puts one secret into many namespaces.
func (r *Reader) clusterExternalSecret(x *object, f fields) {
	ref := f.in("spec", "externalSecretSpec", "secretStoreRef")
	row := schema.ExternalSecret{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Name: x.GetName(), Ready: f.condition("Ready") == "True",
		RefreshSeconds: goDuration(f.text("spec", "refreshTime"), 0), RefreshPolicy: cmp.Or(f.text("spec", "externalSecretSpec", "refreshPolicy"), "Periodic"),
		TargetNamespaces: sorted(append(f.texts("status", "provisionedNamespaces"), f.texts("spec", "namespaces")...)),
	}
	if name := ref.text("name"); name != "" {
		row.Store = cmp.Or(ref.text("kind"), "SecretStore") + "/" + name
	}
	row.RemoteKeys = remoteKeys(f.in("spec", "externalSecretSpec"))
	r.to.Rows(row)
}

// remoteKeys are the keys that the spec of an ExternalSecret asks for.
func remoteKeys(spec fields) []string {
	var keys []string
	for _, d := range spec.list("data") {
		keys = append(keys, d.text("remoteRef", "key"))
	}
	for _, d := range spec.list("dataFrom") {
		keys = append(keys, d.text("extract", "key"), d.text("find", "path"))
	}
	return sorted(keys)
}

// secretMechanism emits the row of an object that delivers a secret otherwise than by External Secrets.
func (r *Reader) secretMechanism(x *object, f fields, mechanism string) {
	r.to.Rows(schema.SecretMechanism{
		Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
		Mechanism: mechanism, Ready: cmp.Or(f.condition("Ready"), f.condition("Synced")),
	})
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
