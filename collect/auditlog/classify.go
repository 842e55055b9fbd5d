package auditlog

import (
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// The stages that end a request, as far as it matters here. An exec or a
// port-forward may still run when the log ends: then only its start is there.
const (
	stageStarted  = "ResponseStarted"
	stageComplete = "ResponseComplete"
	stagePanic    = "Panic"
)

const rbacGroup = "rbac.authorization.k8s.io"

var (
	writeVerbs = []string{"create", "update", "patch", "delete", "deletecollection"}
	readVerbs  = []string{"get", "list", "watch"}
	// interactive are subresources that lead into a running thing.
	interactive = []string{"exec", "attach", "portforward", "proxy", "ephemeralcontainers"}
	// asking are resources that are created to ask a question and store nothing.
	asking = []string{"selfsubjectaccessreviews", "selfsubjectrulesreviews", "selfsubjectreviews", "subjectaccessreviews", "localsubjectaccessreviews", "tokenreviews"}
	// healthPaths are served to everybody on purpose (role system:public-info-viewer).
	healthPaths = []string{"/healthz", "/livez", "/readyz", "/version"}
)

// classify says why an event matters; no class means that it is only counted.
func classify(e *event, id schema.AuditIdentity, breakGlass map[string]bool) []schema.AuditClass {
	var out []schema.AuditClass
	add := func(c schema.AuditClass, when bool) {
		if when {
			out = append(out, c)
		}
	}
	o := e.Object
	writes := slices.Contains(writeVerbs, e.Verb) && !slices.Contains(asking, o.Resource) && !dryRun(e.RequestURI)
	leadsIn := slices.Contains(interactive, o.Subresource)
	token := o.Resource == "serviceaccounts" && o.Subresource == "token"
	person := id == schema.AuditPerson
	add(schema.AuditWrite, person && writes && !leadsIn && !token && o.Resource != "")
	add(schema.AuditInteractive, leadsIn && (person || o.Subresource != "proxy"))
	add(schema.AuditSecretRead, o.Resource == "secrets" && o.APIGroup == "" && slices.Contains(readVerbs, e.Verb) && (person || id == schema.AuditServiceAccount))
	add(schema.AuditRBACChange, o.APIGroup == rbacGroup && writes)
	add(schema.AuditToken, person && token && writes)
	add(schema.AuditImpersonate, e.As != nil)
	add(schema.AuditBreakGlass, emergency(e, breakGlass))
	add(schema.AuditNoIdentity, id == schema.AuditAnonymous && !healthCheck(e.RequestURI))
	return out
}

// emergency reports whether a registered emergency identity acted, by its own
// name, by one of its groups, or because somebody took its place.
func emergency(e *event, breakGlass map[string]bool) bool {
	if len(breakGlass) == 0 {
		return false
	}
	is := func(u user) bool {
		return breakGlass[u.Username] || slices.ContainsFunc(u.Groups, func(g string) bool { return breakGlass[g] })
	}
	return is(e.User) || e.As != nil && is(*e.As)
}

func dryRun(uri string) bool {
	_, query, _ := strings.Cut(uri, "?")
	return strings.Contains(query, "dryRun=")
}

func healthCheck(uri string) bool {
	path, _, _ := strings.Cut(uri, "?")
	return slices.ContainsFunc(healthPaths, func(p string) bool { return path == p || strings.HasPrefix(path, p+"/") })
}
