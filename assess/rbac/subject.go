package rbac

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

const (
	kindUser               = "User"
	kindGroup              = "Group"
	kindServiceAccount     = "ServiceAccount"
	kindRole               = "Role"
	kindClusterRole        = "ClusterRole"
	kindRoleBinding        = "RoleBinding"
	kindClusterRoleBinding = "ClusterRoleBinding"
)

// Names that kube-apiserver gives by itself (k8s.io/apiserver/pkg/authentication/user
// and serviceaccount). A name outside these lists that begins with "system:" is
// somebody's own choice.
const (
	groupMasters         = "system:masters"
	groupAuthenticated   = "system:authenticated"
	groupUnauthenticated = "system:unauthenticated"
	groupServiceAccounts = "system:serviceaccounts"
	userServiceAccount   = "system:serviceaccount:"
	userAnonymous        = "system:anonymous"
)

var (
	componentUsers  = []string{"system:apiserver", "system:kube-controller-manager", "system:kube-proxy", "system:kube-scheduler"}
	componentGroups = []string{groupServiceAccounts, "system:bootstrappers", "system:monitoring", "system:nodes"}
	// peopleToo are Kubernetes' own names behind which people may be.
	peopleToo = []string{groupMasters, groupAuthenticated, groupUnauthenticated}
)

// A subject is who a binding grants to, with the namespace of a service account filled in.
type subject struct{ schema.BindingSubject }

// identify reads a subject as the authorizer does: a service account without
// namespace is of the RoleBinding's, and a user with the name of a service
// account is that account.
func identify(s schema.BindingSubject, bindingNamespace string) subject {
	switch s.Kind {
	case kindServiceAccount:
		if s.Namespace == "" {
			s.Namespace = bindingNamespace
		}
	case kindUser:
		s.Namespace = ""
		namespace, name, ok := strings.Cut(strings.TrimPrefix(s.Name, userServiceAccount), ":")
		if strings.HasPrefix(s.Name, userServiceAccount) && ok && namespace != "" && name != "" {
			s = schema.BindingSubject{Kind: kindServiceAccount, Namespace: namespace, Name: name}
		}
	default:
		s.Namespace = ""
	}
	return subject{s}
}

// namespace returns the namespace that must exist for the subject to mean anything.
func (s subject) namespace() (string, bool) {
	if s.Kind == kindServiceAccount {
		return s.Namespace, true
	}
	if s.Kind == kindGroup {
		return strings.CutPrefix(s.Name, groupServiceAccounts+":")
	}
	return "", false
}

// component reports whether only parts of Kubernetes and workloads can be behind the subject.
func (s subject) component() bool {
	switch s.Kind {
	case kindServiceAccount:
		return true
	case kindUser:
		return slices.Contains(componentUsers, s.Name)
	case kindGroup:
		return slices.Contains(componentGroups, s.Name) || strings.HasPrefix(s.Name, groupServiceAccounts+":")
	}
	return false
}

// ownedByKubernetes reports whether the name is one that kube-apiserver gives by itself.
func (s subject) ownedByKubernetes() bool {
	return s.component() || s.Kind == kindUser && s.Name == userAnonymous || s.Kind == kindGroup && slices.Contains(peopleToo, s.Name)
}

func (s subject) human() bool { return (s.Kind == kindUser || s.Kind == kindGroup) && !s.component() }

// IsComponent reports whether a user or group is a component of Kubernetes, by
// the names that kube-apiserver gives. Groups of service accounts are not: any
// workload may be in them.
func IsComponent(kind, name string) bool {
	s := subject{schema.BindingSubject{Kind: kind, Name: name}}
	return kind != kindServiceAccount && s.component() && !strings.HasPrefix(name, groupServiceAccounts)
}
