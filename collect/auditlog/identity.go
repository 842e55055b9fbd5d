package auditlog

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// components are the names that Kubernetes gives to its own parts
// (https://kubernetes.io/docs/reference/access-authn-authz/rbac/#core-component-roles).
// Any other name that begins with system: is a person's until somebody registers it.
var components = map[string]bool{
	"system:apiserver":                true,
	"system:kube-apiserver":           true,
	"system:kube-controller-manager":  true,
	"system:kube-scheduler":           true,
	"system:kube-proxy":               true,
	"system:cloud-controller-manager": true,
	"system:konnectivity-server":      true,
	"system:kube-aggregator":          true,
}

// identify says what authenticated. Groups are absent from some clouds' records,
// so the name decides where it can.
func identify(u user) schema.AuditIdentity {
	switch {
	case u.Username == "system:anonymous" || slices.Contains(u.Groups, "system:unauthenticated"):
		return schema.AuditAnonymous
	case strings.HasPrefix(u.Username, "system:serviceaccount:"):
		return schema.AuditServiceAccount
	case strings.HasPrefix(u.Username, "system:node:"):
		return schema.AuditNode
	case components[u.Username]:
		return schema.AuditComponent
	}
	return schema.AuditPerson
}
