package kube

import (
	"cmp"
	"net/url"
	"slices"
	"strings"

	admissionv1 "k8s.io/api/admissionregistration/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/utils/ptr"

	"github.com/auditpack/auditpack/schema"
)

func (r *Reader) validatingWebhooks(x *object, o *admissionv1.ValidatingWebhookConfiguration) {
	for i := range o.Webhooks {
		w := &o.Webhooks[i]
		r.webhook(x, w.Name, &w.ClientConfig, w.FailurePolicy, w.NamespaceSelector, w.ObjectSelector, w.Rules)
		r.webhookExclusion(x, w.Name+": namespaceSelector ", w.NamespaceSelector)
		r.webhookExclusion(x, w.Name+": objectSelector ", w.ObjectSelector)
	}
}

func (r *Reader) mutatingWebhooks(x *object, o *admissionv1.MutatingWebhookConfiguration) {
	for i := range o.Webhooks {
		w := &o.Webhooks[i]
		r.webhook(x, w.Name, &w.ClientConfig, w.FailurePolicy, w.NamespaceSelector, w.ObjectSelector, w.Rules)
	}
}

// webhook emits the row of one webhook, and hashes its certificate bundle. A
// missing selector selects everything, as an empty one does.
func (r *Reader) webhook(x *object, name string, c *admissionv1.WebhookClientConfig, policy *admissionv1.FailurePolicyType, namespaces, objects *metav1.LabelSelector, rules []admissionv1.RuleWithOperations) {
	row := schema.Webhook{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Configuration: x.GetName(), Name: name,
		FailurePolicy:     string(ptr.Deref(policy, admissionv1.Fail)),
		NamespaceSelector: selectorText(cmp.Or(namespaces, &metav1.LabelSelector{})),
		ObjectSelector:    selectorText(cmp.Or(objects, &metav1.LabelSelector{})),
	}
	for _, rule := range rules {
		for _, group := range rule.APIGroups {
			for _, resource := range rule.Resources {
				row.Resources = append(row.Resources, group+"/"+resource)
			}
		}
	}
	row.Resources = sorted(row.Resources)
	switch {
	case c.Service != nil:
		row.Service = c.Service.Namespace + "/" + c.Service.Name
	case c.URL != nil:
		row.Service, *c.URL = webhookURL(*c.URL)
	}
	c.CABundle = r.hashed(c.CABundle)
	r.to.Rows(row)
}

// webhookURL returns the host of a webhook's URL, and the URL without user
// information, query and fragment, any of which may hold a token.
func webhookURL(s string) (host, bare string) {
	u, err := url.Parse(s)
	if err != nil {
		return "", marker
	}
	u.User, u.RawQuery, u.Fragment = nil, "", ""
	return u.Host, u.String()
}

// webhookExclusion emits a row for a selector that names what it leaves out.
func (r *Reader) webhookExclusion(x *object, where string, s *metav1.LabelSelector) {
	if s != nil && slices.ContainsFunc(s.MatchExpressions, func(e metav1.LabelSelectorRequirement) bool {
		return e.Operator == metav1.LabelSelectorOpNotIn || e.Operator == metav1.LabelSelectorOpDoesNotExist
	}) {
		r.exclusion(x, "webhook", where+selectorText(s))
	}
}

func (r *Reader) exclusion(x *object, mechanism, excludes string) {
	r.to.Rows(schema.PolicyExclusion{
		Cluster: r.cluster.Name, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(), Mechanism: mechanism, Excludes: excludes,
	})
}

// admissionPolicy starts a row. No mechanism but Gatekeeper counts violations.
func (r *Reader) admissionPolicy(x *object, mechanism string) schema.AdmissionPolicy {
	return schema.AdmissionPolicy{
		Cluster: r.cluster.Name, Mechanism: mechanism, Kind: x.kind.Kind, Namespace: x.GetNamespace(), Name: x.GetName(), Violations: -1,
	}
}

// validatingPolicy keeps the row for Finish: what a policy does is said by its bindings.
func (r *Reader) validatingPolicy(x *object, o *admissionv1.ValidatingAdmissionPolicy) {
	row := r.admissionPolicy(x, "validatingadmissionpolicy")
	row.FailurePolicy = string(ptr.Deref(o.Spec.FailurePolicy, admissionv1.Fail))
	var expressions []any
	for _, v := range o.Spec.Variables {
		expressions = append(expressions, v.Expression)
	}
	for _, v := range o.Spec.Validations {
		expressions = append(expressions, v.Expression)
	}
	row.Intents = intentsOf(expressions)
	row.Limited = len(o.Spec.MatchConditions) > 0
	if m := o.Spec.MatchConstraints; m != nil {
		row.Limited = row.Limited || r.limitedSelectors(m.NamespaceSelector, m.ObjectSelector)
	}
	r.mu.Lock()
	defer r.mu.Unlock()
	r.policies = append(r.policies, row)
}

func (r *Reader) validatingPolicyBinding(o *admissionv1.ValidatingAdmissionPolicyBinding) {
	r.mu.Lock()
	defer r.mu.Unlock()
	for _, a := range o.Spec.ValidationActions {
		r.bound[o.Spec.PolicyName] = append(r.bound[o.Spec.PolicyName], strings.ToLower(string(a)))
	}
	m := o.Spec.MatchResources
	if slices.Contains(o.Spec.ValidationActions, admissionv1.Deny) && (m == nil || !r.limitedSelectors(m.NamespaceSelector, m.ObjectSelector)) {
		r.unlimited[o.Spec.PolicyName] = true
	}
}

// kyvernoPolicy emits a policy of kyverno.io. Its action is that of its rules,
// and where they say none, that of the policy, which is Audit unless it says
// otherwise. Rules that mutate or generate have no action that denies.
func (r *Reader) kyvernoPolicy(x *object, f fields) {
	row := r.admissionPolicy(x, "kyverno")
	row.FailurePolicy = cmp.Or(f.text("spec", "failurePolicy"), "Fail")
	whole := cmp.Or(f.text("spec", "validationFailureAction"), "Audit")
	var rules []kyvernoRule
	for _, rule := range f.list("spec", "rules") {
		switch {
		case rule.has("validate"):
			action := kyvernoAction(cmp.Or(rule.text("validate", "failureAction"), whole))
			row.Actions = append(row.Actions, action)
			rules = append(rules, kyvernoRule{rule, action == "deny"})
			row.Limited = row.Limited || r.limitedRule(rule)
		case rule.has("verifyImages"):
			denies := false
			for _, v := range rule.list("verifyImages") {
				action := kyvernoAction(cmp.Or(v.text("failureAction"), whole))
				row.Actions, denies = append(row.Actions, action), denies || action == "deny"
				row.VerifiesImages = append(row.VerifiesImages, append(v.texts("imageReferences"), v.text("image"))...)
			}
			rules = append(rules, kyvernoRule{rule, denies})
			row.Limited = row.Limited || r.limitedRule(rule)
		case rule.has("mutate"):
			row.Actions = append(row.Actions, "mutate")
		case rule.has("generate"):
			row.Actions = append(row.Actions, "generate")
		}
	}
	row.Actions, row.VerifiesImages = sorted(row.Actions), r.bareReferences(row.VerifiesImages)
	row.Intents = kyvernoIntents(rules)
	row.Limited = row.Limited || x.kind.Namespaced
	r.to.Rows(row)
}

func kyvernoAction(a string) string {
	if strings.EqualFold(a, "enforce") {
		return "deny"
	}
	return strings.ToLower(a)
}

// kyvernoValidatingPolicy emits a policy of policies.kyverno.io, which denies
// unless it names other actions.
func (r *Reader) kyvernoValidatingPolicy(x *object, f fields) {
	row := r.admissionPolicy(x, "kyverno")
	row.FailurePolicy = cmp.Or(f.text("spec", "failurePolicy"), "Fail")
	for _, a := range f.texts("spec", "validationActions") {
		row.Actions = append(row.Actions, strings.ToLower(a))
	}
	if len(row.Actions) == 0 {
		row.Actions = []string{"deny"}
	}
	row.Actions = sorted(row.Actions)
	row.Limited = r.limitedMatch(f.in("spec", "matchConstraints")) || f.length("spec", "matchConditions") > 0
	row.Intents = intentsOf([]any{f.at([]string{"spec", "validations"}), f.at([]string{"spec", "variables"})})
	if x.kind.Kind == "ImageValidatingPolicy" {
		row.Intents = []string{schema.IntentSignedImages}
		for _, m := range f.list("spec", "matchImageReferences") {
			row.VerifiesImages = append(row.VerifiesImages, m.text("glob"))
		}
		row.VerifiesImages = r.bareReferences(row.VerifiesImages)
	}
	r.to.Rows(row)
}

func (r *Reader) kyvernoException(x *object, f fields) {
	for _, e := range f.list("spec", "exceptions") {
		text := e.text("policyName")
		if rules := sorted(e.texts("ruleNames")); len(rules) > 0 {
			text += ": " + strings.Join(rules, ", ")
		}
		r.exclusion(x, "kyverno", text)
	}
	for _, p := range f.list("spec", "policyRefs") {
		r.exclusion(x, "kyverno", p.text("kind")+" "+p.text("name"))
	}
}

func (r *Reader) gatekeeperConfig(x *object, f fields) {
	for _, m := range f.list("spec", "match") {
		namespaces, processes := sorted(m.texts("excludedNamespaces")), sorted(m.texts("processes"))
		if len(namespaces) > 0 {
			r.exclusion(x, "gatekeeper", "namespaces "+strings.Join(namespaces, ", ")+" from "+strings.Join(processes, ", "))
		}
	}
}

// gatekeeperConstraint emits a constraint, which denies unless it says
// otherwise; dryrun only counts in Gatekeeper's own audit.
func (r *Reader) gatekeeperConstraint(x *object, f fields) {
	row := r.admissionPolicy(x, "gatekeeper")
	switch action := cmp.Or(f.text("spec", "enforcementAction"), "deny"); action {
	case "dryrun":
		row.Actions = []string{"audit"}
	case "scoped":
		for _, s := range f.list("spec", "scopedEnforcementActions") {
			row.Actions = append(row.Actions, strings.Replace(s.text("action"), "dryrun", "audit", 1))
		}
		row.Actions = sorted(row.Actions)
	default:
		row.Actions = []string{action}
	}
	if f.has("status", "totalViolations") {
		row.Violations = f.number("status", "totalViolations")
	}
	row.Audited, row.Limited = f.when("status", "auditTimestamp"), r.limitedConstraint(f.in("spec", "match"))
	row.Intents = sorted([]string{constraintIntents[x.kind.Kind]})
	r.to.Rows(row)
}

// clusterImagePolicy emits a policy of Sigstore's controller, which looks only at
// namespaces that opt in. An authority that always passes verifies nothing.
func (r *Reader) clusterImagePolicy(x *object, f fields) {
	row := r.admissionPolicy(x, "sigstore")
	row.Actions, row.Limited = []string{"deny"}, true
	if f.text("spec", "mode") == "warn" {
		row.Actions = []string{"warn"}
	}
	for _, i := range f.list("spec", "images") {
		row.VerifiesImages = append(row.VerifiesImages, i.text("glob"))
	}
	row.VerifiesImages = r.bareReferences(row.VerifiesImages)
	if !slices.ContainsFunc(f.list("spec", "authorities"), func(a fields) bool { return a.text("static", "action") == "pass" }) {
		row.Intents = []string{schema.IntentSignedImages}
	}
	r.to.Rows(row)
}

// apiService emits an API that an extension server serves; those of the API
// server itself name no service.
func (r *Reader) apiService(x *object, f fields) {
	if !f.has("spec", "service") {
		return
	}
	r.to.Rows(schema.APIService{
		Cluster: r.cluster.Name, Name: x.GetName(), Service: f.text("spec", "service", "namespace") + "/" + f.text("spec", "service", "name"),
		InsecureSkipTLSVerify: f.truth("spec", "insecureSkipTLSVerify"), Available: f.condition("Available") == "True",
	})
}

func (r *Reader) customResource(x *object, f fields) {
	row := schema.CustomResource{
		Cluster: r.cluster.Name, Name: x.GetName(), Group: f.text("spec", "group"), Kind: f.text("spec", "names", "kind"),
		Scope: f.text("spec", "scope"), Created: utc(x.GetCreationTimestamp()),
	}
	for _, v := range f.list("spec", "versions") {
		if v.truth("served") {
			row.Versions = append(row.Versions, v.text("name"))
		}
	}
	row.Versions = sorted(row.Versions)
	r.to.Rows(row)
	r.cloudGroup(row.Group)
}
