package kube

import (
	"cmp"
	"errors"
	"reflect"
	"slices"

	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/labels"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
)

// A Manifest is an object of a file, as JSON.
type Manifest struct {
	Kind Kind
	JSON []byte
}

// ErrShape means that a manifest does not have the fields of its kind, or has
// values of other types in them.
var ErrShape = errors.New("not the shape of its kind")

// earlier are versions that a cluster no longer stores, but files hold. The
// fields that rows are made of are the same in them.
var earlier = map[string]string{
	"horizontalpodautoscalers.autoscaling": "v1",
	"cronjobs.batch":                       "v1beta1",
	"poddisruptionbudgets.policy":          "v1beta1",
}

// Reads reports whether objects of this version of the kind can be read.
func (k Kind) Reads(version string) bool {
	return slices.Contains(k.Versions, version) || version != "" && earlier[k.Name()] == version
}

// Manifests is Object for the objects of files, namespaces first. Secrets become
// rows of the tier inventory, and ClusterRoles are given the rules that the
// controller of a cluster would aggregate for them. A manifest that cannot be
// decoded is told to unreadable by its index, and passed over.
func (r *Reader) Manifests(manifests []Manifest, unreadable func(i int, err error)) error {
	roles := newClusterRoles()
	for _, first := range []bool{true, false} {
		for i, m := range manifests {
			if (m.Kind.Name() == "namespaces") != first {
				continue
			}
			obj, err := m.decode()
			if err != nil {
				unreadable(i, err)
				continue
			}
			if role, ok := obj.(*rbacv1.ClusterRole); ok {
				roles.add(m.Kind, role)
				continue
			}
			if err := r.manifest(m.Kind, obj); err != nil {
				return err
			}
		}
	}
	for _, role := range roles.aggregated() {
		if err := r.Object(roles.kind, role); err != nil {
			return err
		}
	}
	return nil
}

func (r *Reader) manifest(k Kind, obj runtime.Object) error {
	if s, ok := obj.(*corev1.Secret); ok {
		r.SecretObject(s)
		return nil
	}
	return r.Object(k, obj)
}

// decode returns the object in its Go type, or without one. The decoder's own
// error may repeat a value, so it goes no further.
func (m Manifest) decode() (runtime.Object, error) {
	if !m.Kind.Typed() {
		u := &unstructured.Unstructured{}
		if err := utiljson.Unmarshal(m.JSON, &u.Object); err != nil || u.Object == nil {
			return nil, ErrShape
		}
		if _, ok := u.Object["metadata"].(map[string]any); !ok || !plainMetadata(m.JSON) {
			return nil, ErrShape
		}
		return u, nil
	}
	obj, err := scheme.Scheme.New(apischema.GroupVersionKind{Group: m.Kind.Group, Version: m.Kind.Versions[0], Kind: m.Kind.Kind})
	if err != nil {
		return nil, ErrShape
	}
	if err := utiljson.Unmarshal(m.JSON, obj); err != nil {
		return nil, ErrShape
	}
	// The object has the fields of the first version, whatever it said.
	obj.GetObjectKind().SetGroupVersionKind(apischema.GroupVersionKind{})
	return obj, nil
}

// plainMetadata reports whether the metadata has the types of every object's.
// The accessors of an object without a Go type would read others as empty.
func plainMetadata(object []byte) bool {
	var m metav1.PartialObjectMetadata
	return utiljson.Unmarshal(object, &m) == nil
}

// clusterRoles aggregates rules the way the controller manager does.
type clusterRoles struct {
	kind   Kind
	byName map[string]*rbacv1.ClusterRole
}

func newClusterRoles() *clusterRoles {
	return &clusterRoles{byName: map[string]*rbacv1.ClusterRole{}}
}

func (c *clusterRoles) add(k Kind, role *rbacv1.ClusterRole) {
	c.kind = k
	c.byName[role.Name] = role
}

// aggregated returns the roles in the order of their names. Where a role with an
// aggregationRule came without rules, it has those of the roles that the rule
// selects. A selected role may aggregate others, so that is repeated until
// nothing changes; rules are only ever added, and there is an end to them.
func (c *clusterRoles) aggregated() []*rbacv1.ClusterRole {
	var roles, empty []*rbacv1.ClusterRole
	for _, role := range c.byName {
		roles = append(roles, role)
	}
	slices.SortFunc(roles, func(a, b *rbacv1.ClusterRole) int { return cmp.Compare(a.Name, b.Name) })
	for _, role := range roles {
		if role.AggregationRule != nil && len(role.Rules) == 0 {
			empty = append(empty, role)
		}
	}
	for changed := true; changed; {
		changed = false
		for _, role := range empty {
			changed = gather(role, roles) || changed
		}
	}
	return roles
}

// gather adds the rules of the selected roles that the role does not have yet.
func gather(role *rbacv1.ClusterRole, all []*rbacv1.ClusterRole) (changed bool) {
	for i := range role.AggregationRule.ClusterRoleSelectors {
		selector, err := metav1.LabelSelectorAsSelector(&role.AggregationRule.ClusterRoleSelectors[i])
		if err != nil {
			continue
		}
		for _, other := range all {
			if other.Name == role.Name || !selector.Matches(labels.Set(other.Labels)) {
				continue
			}
			for _, rule := range other.Rules {
				if !slices.ContainsFunc(role.Rules, func(have rbacv1.PolicyRule) bool { return reflect.DeepEqual(have, rule) }) {
					role.Rules = append(role.Rules, rule)
					changed = true
				}
			}
		}
	}
	return changed
}
