package kube

import (
	"slices"
	"strings"

	corev1 "k8s.io/api/core/v1"
	"k8s.io/pod-security-admission/api"
	"k8s.io/pod-security-admission/policy"
)

// podSecurity is the evaluator that Pod Security admission itself uses.
var podSecurity = func() policy.Evaluator {
	e, err := policy.NewEvaluator(policy.DefaultChecks(), nil)
	if err != nil {
		panic(err) // the checks are those of the package
	}
	return e
}()

// probeHost begins the reason whose detail quotes a host, which people write with a
// password before it.
const probeHost = "probe or lifecycle host"

// podSecurityViolations says what admission would object to in a pod template at
// the level baseline, and at restricted beyond that, by the newest version of the
// levels. Admission looks at new pods only, and not in exempt namespaces.
func podSecurityViolations(t *corev1.PodTemplateSpec) (baseline, restricted []string) {
	at := func(level api.Level) []string {
		r := policy.AggregateCheckResults(podSecurity.EvaluatePod(api.LevelVersion{Level: level, Version: api.LatestVersion()}, &t.ObjectMeta, &t.Spec))
		var out []string
		for i, reason := range r.ForbiddenReasons {
			if d := r.ForbiddenDetails[i]; d != "" && !strings.HasPrefix(reason, probeHost) {
				reason += " (" + d + ")"
			}
			out = append(out, reason)
		}
		return sorted(out)
	}
	baseline = at(api.LevelBaseline)
	restricted = slices.DeleteFunc(at(api.LevelRestricted), func(v string) bool { return slices.Contains(baseline, v) })
	return baseline, restricted
}
