package kube

import (
	"cmp"
	"encoding/json"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/auditpack/auditpack/schema"
)

const (
	maxPaths  = 20 // fields of one entry that are named
	maxLevels = 4  // of a field's path
)

// changeable are the resources whose field managers are recorded.
var changeable = func() []string {
	p, _ := schema.PopulationNamed("fieldManagers")
	return p.Resources
}()

// fieldManagers emits the entries of managedFields that own a part of what a
// person or a pipeline declares: anything but metadata and status.
func (r *Reader) fieldManagers(x *object) {
	if !slices.Contains(changeable, x.kind.Name()) {
		return
	}
	mark := managedBy(x)
	for _, e := range x.GetManagedFields() {
		if paths := ownedPaths(e.FieldsV1); len(paths) > 0 {
			r.to.Rows(schema.FieldManager{
				Cluster: r.cluster.Name, Namespace: x.GetNamespace(), Kind: x.kind.Kind, Name: x.GetName(),
				Manager: e.Manager, Operation: string(e.Operation), Subresource: e.Subresource, Time: utcPtr(e.Time), Paths: paths, ManagedBy: mark,
			})
		}
	}
}

// ownedPaths are the fields of an entry outside metadata and status, shortened
// to four levels. Elements of lists end a path: what names them may be a value.
func ownedPaths(f *metav1.FieldsV1) []string {
	if f == nil {
		return nil
	}
	var paths []string
	var walk func(raw json.RawMessage, path []string)
	walk = func(raw json.RawMessage, path []string) {
		var owned map[string]json.RawMessage
		if len(path) == maxLevels || json.Unmarshal(raw, &owned) != nil {
			paths = append(paths, strings.Join(path, "."))
			return
		}
		leaf := true
		for key, value := range owned {
			name, ok := strings.CutPrefix(key, "f:")
			if !ok || len(path) == 0 && (name == "metadata" || name == "status" || name == "apiVersion" || name == "kind") {
				continue
			}
			leaf = false
			walk(value, append(slices.Clone(path), name))
		}
		if leaf && len(path) > 0 {
			paths = append(paths, strings.Join(path, "."))
		}
	}
	walk(f.GetRawBytes(), nil)
	paths = sorted(paths)
	return paths[:min(len(paths), maxPaths)]
}

// managedBy names the pipeline that claims an object: argocd, flux or helm by
// the marks that they leave; owner for an object that another one controls.
func managedBy(m metav1.Object) string {
	labels, annotations := m.GetLabels(), m.GetAnnotations()
	// Argo CD's older way marks with a label that Helm charts carry as well. It
	// counts when Argo CD has written the object.
	argoWrites := slices.ContainsFunc(m.GetManagedFields(), func(e metav1.ManagedFieldsEntry) bool {
		return e.Manager == "argocd-controller" || e.Manager == "argocd-application-controller"
	})
	switch {
	case annotations["argocd.argoproj.io/tracking-id"] != "", labels["argocd.argoproj.io/instance"] != "",
		argoWrites && labels["app.kubernetes.io/instance"] != "":
		return "argocd"
	case labels["kustomize.toolkit.fluxcd.io/name"] != "", labels["helm.toolkit.fluxcd.io/name"] != "":
		return "flux"
	case labels["app.kubernetes.io/managed-by"] == "Helm":
		return "helm"
	case metav1.GetControllerOfNoCopy(m) != nil:
		return "owner"
	}
	return ""
}

// applicationOf names what a GitOps tool says an object belongs to, by the marks of
// managedBy: an application of Argo CD by its name, an object of Flux as
// Kind/namespace/name. Argo CD writes the tracking id as application:group/kind:namespace/name.
func applicationOf(m metav1.Object) string {
	labels := m.GetLabels()
	switch managedBy(m) {
	case "argocd":
		application, _, _ := strings.Cut(m.GetAnnotations()["argocd.argoproj.io/tracking-id"], ":")
		return cmp.Or(application, labels["argocd.argoproj.io/instance"], labels["app.kubernetes.io/instance"])
	case "flux":
		for _, f := range []struct{ kind, group string }{{"HelmRelease", "helm"}, {"Kustomization", "kustomize"}} {
			label := f.group + ".toolkit.fluxcd.io/"
			if name := labels[label+"name"]; name != "" {
				return f.kind + "/" + labels[label+"namespace"] + "/" + name
			}
		}
	}
	return ""
}
