package kube

import (
	"fmt"
	"slices"

	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"sigs.k8s.io/yaml"
)

//go:generate go test . -run ^TestShippedClusterRoles -update

// The names of the ClusterRoles that are shipped.
const (
	ReadRole    = "auditpack-read"
	SecretsRole = "auditpack-secrets"
)

// ClusterRole writes the ClusterRole with the least rights that read the kinds:
// get and list, one rule a group, no wildcard. Secrets are listed only: a tier
// never gets one by name. The order of the kinds is kept.
func ClusterRole(name string, kinds []Kind) ([]byte, error) {
	role := rbacv1.ClusterRole{
		TypeMeta:   metav1.TypeMeta{APIVersion: rbacv1.SchemeGroupVersion.String(), Kind: "ClusterRole"},
		ObjectMeta: metav1.ObjectMeta{Name: name},
	}
	for _, k := range kinds {
		verbs := []string{"get", "list"}
		if k.Name() == Secrets.Name() {
			verbs = []string{"list"}
		}
		i := slices.IndexFunc(role.Rules, func(r rbacv1.PolicyRule) bool { return r.APIGroups[0] == k.Group && slices.Equal(r.Verbs, verbs) })
		if i < 0 {
			i = len(role.Rules)
			role.Rules = append(role.Rules, rbacv1.PolicyRule{APIGroups: []string{k.Group}, Verbs: verbs})
		}
		role.Rules[i].Resources = append(role.Rules[i].Resources, k.Resource)
	}
	b, err := yaml.Marshal(role)
	if err != nil {
		return nil, fmt.Errorf("write ClusterRole %s: %w", name, err)
	}
	return b, nil
}
