package schema

import "time"

// An ApplicationSource is an object of Flux that says where manifests come from:
// a GitRepository, an OCIRepository or a HelmRepository (https://fluxcd.io/flux/components/source/api/v1/).
// An Application of Argo CD names its sources itself.
type ApplicationSource struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// Address is the URL without user information.
	Address string `json:"address"`
	// Reference is what of it is followed, as branch=main, tag=v1, semver=1.x, name=refs/…, commit=… or digest=…; empty for the product's default.
	Reference string `json:"reference"`
	// IntervalSeconds is how often it is looked at.
	IntervalSeconds int64 `json:"intervalSeconds"`
	// Verify is how its signature is checked: the mode of a GitRepository, such as HEAD, or the provider of an OCIRepository, such as cosign; empty when it is not.
	Verify string `json:"verify"`
	// Revision is what was fetched last.
	Revision string `json:"revision"`
	// Origin is the repository that an artifact says it was made of, by its annotation org.opencontainers.image.source.
	Origin    string `json:"origin"`
	Ready     bool   `json:"ready"`
	Suspended bool   `json:"suspended"`
}

// An ApplicationSync is one deployment that an application remembers: an entry of
// status.history. Both products keep only the last ones.
type ApplicationSync struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// ID is the product's number of the deployment, or for a Kustomization the digest of what was applied.
	ID       string `json:"id"`
	Revision string `json:"revision"`
	// Sources are the repositories that Argo CD says it deployed from then.
	Sources  []string  `json:"sources"`
	Deployed time.Time `json:"deployed,omitzero"`
	// StartedBy is the person who started it; empty where nobody did, or the product does not say.
	StartedBy string `json:"startedBy"`
	Automated bool   `json:"automated"`
	// Outcome is the product's word, such as ReconciliationSucceeded or deployed; Argo CD remembers only what succeeded.
	Outcome string `json:"outcome"`
}

// An ApplicationObject is an object that an application says it deploys:
// status.resources of Argo CD, status.inventory of Flux.
type ApplicationObject struct {
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	// ObjectCluster is where the object lies: the cluster of the application, or what the application names when it deploys elsewhere.
	ObjectCluster   string `json:"objectCluster"`
	ObjectGroup     string `json:"objectGroup"`
	ObjectKind      string `json:"objectKind"`
	ObjectNamespace string `json:"objectNamespace"`
	ObjectName      string `json:"objectName"`
	// Sync is Synced or OutOfSync, as Argo CD found when it last compared; empty for Flux, which does not say it of each object.
	Sync string `json:"sync"`
}

// Subject implements Row.
func (r ApplicationSource) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name}
}

// Subject implements Row.
func (r ApplicationSync) Subject() Subject {
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: "deployment " + r.ID}
}

// Subject implements Row.
func (r ApplicationObject) Subject() Subject {
	object := Subject{Kind: r.ObjectKind, Namespace: r.ObjectNamespace, Name: r.ObjectName}
	return Subject{Cluster: r.Cluster, Kind: r.Kind, Namespace: r.Namespace, Name: r.Name, Field: object.String()}
}
