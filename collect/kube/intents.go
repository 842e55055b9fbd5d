package kube

import (
	"maps"
	"regexp"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/auditpack/auditpack/schema"
)

// Words by which the content of a policy shows what it is for.
var intentWords = []struct {
	intent string
	words  *regexp.Regexp
}{
	{schema.IntentNoPrivileged, regexp.MustCompile(`\bprivileged\b`)},
	{schema.IntentNoHostNamespaces, regexp.MustCompile(`\bhost(Network|PID|IPC)\b`)},
	{schema.IntentResourceLimits, regexp.MustCompile(`\blimits\b`)},
	{schema.IntentRequiredLabels, regexp.MustCompile(`\bmetadata\b[?.)]*\.labels\b`)},
}

// Words about images: the first says that a policy looks at references, the
// second that it looks at how they are pinned and not at where they come from.
var (
	imageWord = regexp.MustCompile(`\bimages?\b`)
	pinWord   = regexp.MustCompile(`@|sha256|:latest|:\*|\bdigest\b`)
)

// intentsOf says what a rule is for, by its fields and expressions. What it says
// in words is not looked at.
func intentsOf(rule any) []string {
	var out []string
	for _, line := range pathsOf(rule, "") {
		for _, i := range intentWords {
			if i.words.MatchString(line) {
				out = append(out, i.intent)
			}
		}
		if imageWord.MatchString(line) {
			if pinWord.MatchString(line) {
				out = append(out, schema.IntentImageDigest)
			} else {
				out = append(out, schema.IntentApprovedRegistries)
			}
		}
	}
	return sorted(out)
}

// prose are the fields of a policy that are for people.
var prose = []string{"message", "messageExpression", "name", "description", "title"}

// pathsOf writes each value inside v as a line of its path and itself. The
// anchors of Kyverno, such as =(hostPID), lose their signs.
func pathsOf(v any, path string) []string {
	var out []string
	switch v := v.(type) {
	case map[string]any:
		for _, k := range slices.Sorted(maps.Keys(v)) {
			if !slices.Contains(prose, k) {
				out = append(out, pathsOf(v[k], path+"."+strings.Trim(k, "=+^<X()"))...)
			}
		}
	case []any:
		for _, e := range v {
			out = append(out, pathsOf(e, path)...)
		}
	case string:
		out = append(out, path+" "+v)
	default:
		out = append(out, path)
	}
	return out
}

// kyvernoIntents says what the rules of a Kyverno policy are for, of those that
// deny, or where none does, of all.
func kyvernoIntents(rules []kyvernoRule) []string {
	denying := slices.ContainsFunc(rules, func(r kyvernoRule) bool { return r.denies })
	var out []string
	for _, r := range rules {
		if denying && !r.denies {
			continue
		}
		switch {
		case r.has("verifyImages"):
			out = append(out, schema.IntentSignedImages)
		case r.text("validate", "podSecurity", "level") != "" && r.text("validate", "podSecurity", "level") != "privileged":
			out = append(out, schema.IntentNoPrivileged, schema.IntentNoHostNamespaces)
		default:
			out = append(out, intentsOf(map[string]any(r.in("validate")))...)
		}
	}
	return sorted(out)
}

// A kyvernoRule is a rule that validates or verifies, and whether it denies.
type kyvernoRule struct {
	fields
	denies bool
}

// limitedRule reports whether a rule of Kyverno leaves out a part of what is in
// scope: it names namespaces, names or labels, or excludes more than the plan does.
func (r *Reader) limitedRule(rule fields) bool {
	narrow := false
	for _, list := range [][]string{{"any"}, {"all"}} {
		for _, m := range rule.list(append([]string{"match"}, list...)...) {
			resources := m.in("resources")
			narrow = narrow || slices.ContainsFunc([]string{"namespaces", "names", "selector", "namespaceSelector", "annotations"}, func(k string) bool { return resources.has(k) }) ||
				m.has("subjects") || m.has("roles") || m.has("clusterRoles")
		}
		for _, e := range rule.list(append([]string{"exclude"}, list...)...) {
			resources := e.in("resources")
			namespaces := resources.texts("namespaces")
			narrow = narrow || len(namespaces) == 0 || !r.outOfScope(namespaces)
		}
	}
	return narrow || rule.has("preconditions")
}

// outOfScope reports whether the plan excludes all of the namespaces.
func (r *Reader) outOfScope(namespaces []string) bool {
	return !slices.ContainsFunc(namespaces, func(n string) bool { return !slices.Contains(r.spec.Namespaces.Exclude, n) })
}

// limitedSelectors reports whether selectors leave out a part of what is in scope.
func (r *Reader) limitedSelectors(namespaces, objects *metav1.LabelSelector) bool {
	if objects != nil && !selectsAll(objects) {
		return true
	}
	if namespaces == nil {
		return false
	}
	return len(namespaces.MatchLabels) > 0 || slices.ContainsFunc(namespaces.MatchExpressions, func(e metav1.LabelSelectorRequirement) bool {
		return e.Key != "kubernetes.io/metadata.name" || e.Operator != metav1.LabelSelectorOpNotIn || !r.outOfScope(e.Values)
	})
}

// limitedMatch is limitedSelectors for the matchConstraints of an object without a Go type.
func (r *Reader) limitedMatch(match fields) bool {
	if len(match.in("objectSelector")) > 0 || len(match.in("namespaceSelector", "matchLabels")) > 0 {
		return true
	}
	return slices.ContainsFunc(match.list("namespaceSelector", "matchExpressions"), func(e fields) bool {
		return e.text("key") != "kubernetes.io/metadata.name" || e.text("operator") != "NotIn" || !r.outOfScope(e.texts("values"))
	})
}

// constraintIntents says what the constraints of Gatekeeper's library are for, by
// their kind (https://open-policy-agent.github.io/gatekeeper-library).
var constraintIntents = map[string]string{
	"K8sPSPPrivilegedContainer": schema.IntentNoPrivileged,
	"K8sPSPHostNamespace":       schema.IntentNoHostNamespaces,
	"K8sAllowedRepos":           schema.IntentApprovedRegistries,
	"K8sImageDigests":           schema.IntentImageDigest,
	"K8sDisallowedTags":         schema.IntentImageDigest,
	"K8sContainerLimits":        schema.IntentResourceLimits,
	"K8sRequiredResources":      schema.IntentResourceLimits,
	"K8sRequiredLabels":         schema.IntentRequiredLabels,
}

// limitedConstraint reports whether a constraint leaves out a part of what is in scope.
func (r *Reader) limitedConstraint(match fields) bool {
	return slices.ContainsFunc([]string{"namespaces", "namespaceSelector", "labelSelector", "name"}, func(k string) bool { return match.has(k) }) ||
		!r.outOfScope(match.texts("excludedNamespaces"))
}
