package assess

import (
	"fmt"
	"maps"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// deliveryFuncs decides checks of the area Change about sources, images and policies.
var deliveryFuncs = map[string]Func{
	"unmanagedObjects":  unmanagedObjects,
	"movedTags":         movedTags,
	"driftEvidence":     driftEvidence,
	"constraints":       constraints,
	"failingResults":    failingResults,
	"securityWebhooks":  securityWebhooks,
	"policyIntents":     policyIntents,
	"imageVerification": imageVerification,
	"overdueFixes":      overdueFixes,
	"scanCoverage":      scanCoverage,
}

// unmanagedObjects decides CHG-02.k2 for what lies in production: something owns
// it, a GitOps tool or Helm marks it, or a pipeline of the plan wrote it.
func unmanagedObjects(p *Pass) ([]Outcome, error) {
	written := map[schema.Subject]bool{}
	for _, m := range p.Evidence.FieldManagers {
		if slices.Contains(p.Facts.Plan.Access.PipelineManagers, m.Manager) {
			s := m.Subject()
			s.Field = ""
			written[s] = true
		}
	}
	var out []Outcome
	add := func(s schema.Subject, managedBy string, generated bool) {
		o := Outcome{Subject: s, Result: schema.ResultPass}
		switch {
		case generated || !p.Facts.Production(s.Cluster, s.Namespace):
			o.Result = schema.ResultNotApplicable
		case managedBy == "" && !written[s]:
			o.Result, o.Vars = schema.ResultFail, map[string]string{"object": s.String()}
		}
		out = append(out, o)
	}
	for _, w := range p.Evidence.Workloads {
		add(w.Subject(), w.ManagedBy, false)
	}
	for _, m := range p.Evidence.ManagedObjects {
		add(m.Subject(), m.ManagedBy, m.Generated)
	}
	return out, nil
}

// movedTags decides CHG-03.k3: the pods of one workload run one digest of each
// image reference. Nodes of different processors or runtimes report different
// digests of one image, of its index or of the part for them.
func movedTags(p *Pass) ([]Outcome, error) {
	nodes := map[string]string{}
	for _, n := range p.Evidence.Nodes {
		runtime, _, _ := strings.Cut(n.ContainerRuntime, ":")
		nodes[n.Name] = n.Architecture + " " + runtime
	}
	type running struct {
		owner schema.Subject
		image string
	}
	digests, kinds := map[running][]string{}, map[running][]string{}
	for _, pod := range p.Evidence.Pods {
		if pod.Phase != "Running" || !p.Facts.InScope(pod.Cluster, pod.Namespace) {
			continue
		}
		owner := schema.Subject{Cluster: pod.Cluster, Kind: pod.OwnerKind, Namespace: pod.Namespace, Name: pod.OwnerName}
		for _, id := range pod.ImageIDs {
			image, digest, ok := strings.Cut(id, "@")
			if ok {
				k := running{owner, image}
				digests[k], kinds[k] = append(digests[k], digest), append(kinds[k], nodes[pod.Node])
			}
		}
	}
	var out []Outcome
	for k, d := range digests {
		s := k.owner
		s.Field = k.image
		o := Outcome{Subject: s, Result: schema.ResultPass}
		if n := len(distinct(d)); n > 1 {
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"workload": k.owner.String(), "n": fmt.Sprint(n), "image": k.image}
			if len(distinct(kinds[k])) > 1 {
				o.Result = schema.ResultNeedsReview
				o.Message = fmt.Sprintf("%s runs %d digests of %s, on nodes that may report one image differently.", k.owner, n, k.image)
			}
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Outcome) int { return a.Subject.Compare(b.Subject) })
	return out, nil
}

// driftEvidence decides CHG-03.k4: where no reconciler keeps a production
// namespace in step, a dated report that covers it has to.
func driftEvidence(p *Pass) ([]Outcome, error) {
	reconciled, runs := map[string]bool{}, map[string]bool{}
	for _, w := range p.Evidence.Workloads {
		runs[w.Namespace] = true
		reconciled[w.Namespace] = reconciled[w.Namespace] || w.ManagedBy == "argocd" || w.ManagedBy == "flux"
	}
	var out []Outcome
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass}
		switch {
		case !runs[n.Name] || reconciled[n.Name] || !p.Facts.Production(n.Cluster, n.Name):
			o.Result = schema.ResultNotApplicable
		case !p.Facts.Documented("CHG-03.k4", n.Name):
			o.Result, o.Message = schema.ResultNotCollected, "nothing reconciles "+n.Name+", and no report of its differences is registered"
		}
		out = append(out, o)
	}
	return out, nil
}

const constraintGroup = ".constraints.gatekeeper.sh"

// constraints decides CHG-04.k3. Every cluster has its own kinds of constraints,
// so that a gap in one of them is looked for here.
func constraints(p *Pass) ([]Outcome, error) {
	for _, q := range p.Snapshot.Queries {
		if q.Source == p.Cluster.Name && strings.HasSuffix(q.Resource, constraintGroup) && q.Gap() {
			return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: describeGap(q)}}, nil
		}
	}
	var out []Outcome
	for _, a := range p.Evidence.AdmissionPolicies {
		if a.Mechanism != "gatekeeper" {
			continue
		}
		o := Outcome{Subject: a.Subject(), Result: schema.ResultPass,
			Vars: map[string]string{"name": a.Kind + "/" + a.Name, "action": strings.Join(a.Actions, ", "), "n": fmt.Sprint(max(0, a.Violations))}}
		switch {
		case !slices.Equal(a.Actions, []string{"deny"}):
			o.Result = schema.ResultPartial
		case a.Audited.IsZero() || p.Facts.AsOf.Sub(a.Audited) > 24*time.Hour:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("Constraint %s denies; its audit of what already runs did not report in the last 24 hours.", o.Vars["name"])
		}
		out = append(out, o)
	}
	return out, nil
}

// failingResults decides CHG-04.k4: for each policy, how many results of the
// reports fail. They say how things are and not how they were.
func failingResults(p *Pass) ([]Outcome, error) {
	fails := map[string]int{}
	for _, r := range p.Evidence.PolicyResults {
		if r.Namespace == "" || p.Facts.InScope(r.Cluster, r.Namespace) {
			fails[r.Policy] += r.Fail + r.Error
		}
	}
	var out []Outcome
	for _, policy := range sortedKeys(fails) {
		o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: "Policy", Name: policy}, Result: schema.ResultPass}
		if n := fails[policy]; n > 0 {
			o.Result, o.Vars = schema.ResultFail, map[string]string{"n": fmt.Sprint(n), "policy": policy}
		}
		out = append(out, o)
	}
	return out, nil
}

// policyEngines are words in the names of webhooks of engines that enforce policies.
var policyEngines = []string{"kyverno", "gatekeeper", "opa", "policy", "ratify", "connaisseur", "sigstore", "cosign", "kubewarden", "image"}

// podResources are what pods are made from.
var podResources = []string{"/pods", "/*", "*/*", "*/pods", "apps/*", "apps/deployments", "apps/statefulsets", "apps/daemonsets", "apps/replicasets", "batch/jobs", "batch/cronjobs", "batch/*"}

// guards reports whether a webhook decides about pods: one that validates them, or
// one of an engine that enforces policies.
func guards(w schema.Webhook) bool {
	pods := slices.ContainsFunc(w.Resources, func(r string) bool { return slices.Contains(podResources, r) })
	engine := slices.ContainsFunc(policyEngines, func(word string) bool {
		return containsWord(w.Configuration, word) || containsWord(w.Name, word)
	})
	return pods && (w.Kind == "ValidatingWebhookConfiguration" || engine)
}

// securityWebhooks decides CHG-04.k5. An exclusion of the overlay for the
// configuration accepts what it leaves out, and not that it fails open.
func securityWebhooks(p *Pass) ([]Outcome, error) {
	ready := map[string]int{}
	for _, e := range p.Evidence.Endpoints {
		ready[e.Namespace+"/"+e.Service] += e.Ready
	}
	var out []Outcome
	for _, w := range p.Evidence.Webhooks {
		o := Outcome{Subject: w.Subject(), Result: schema.ResultNotApplicable}
		if guards(w) {
			faults, err := p.webhookFaults(w, ready)
			if err != nil {
				return nil, fmt.Errorf("webhook %s: %w", w.Name, err)
			}
			o.Result = schema.ResultPass
			if len(faults) > 0 {
				o.Result, o.Vars = schema.ResultFail, map[string]string{"name": w.Configuration + " " + w.Name, "faults": strings.Join(faults, "; ")}
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// endpointsKnown reports whether any EndpointSlice was seen. Every API server keeps
// one for itself; manifests that people write have none, because controllers make them.
func (p *Pass) endpointsKnown() bool { return len(p.Evidence.Endpoints) > 0 }

func (p *Pass) webhookFaults(w schema.Webhook, ready map[string]int) ([]string, error) {
	var faults []string
	if w.FailurePolicy == "Ignore" {
		faults = append(faults, "lets objects through when it cannot answer")
	}
	if strings.Contains(w.Service, "/") && ready[w.Service] == 0 && p.endpointsKnown() {
		faults = append(faults, "has no ready endpoint at "+w.Service)
	}
	s := w.Subject()
	s.Field = ""
	if p.Facts.Approval(schema.ApproveExclusion, s) == Approved {
		return faults, nil
	}
	namespaces, err := parseSelector(w.NamespaceSelector)
	if err != nil {
		return nil, err
	}
	var skipped []string
	for _, n := range p.Evidence.Namespaces {
		if n.InScope && !namespaces.matches(namespaceLabels(n)) {
			skipped = append(skipped, n.Name)
		}
	}
	if len(skipped) > 0 {
		faults = append(faults, "skips "+listed(skipped, namesShown))
	}
	objects, err := parseSelector(w.ObjectSelector)
	if err != nil {
		return nil, err
	}
	if len(objects) > 0 {
		faults = append(faults, "lets whoever labels an object choose ("+w.ObjectSelector+")")
	}
	return faults, nil
}

// wantedIntents are what the policies of a platform have to enforce.
var wantedIntents = []string{
	schema.IntentNoPrivileged, schema.IntentNoHostNamespaces, schema.IntentApprovedRegistries, schema.IntentImageDigest,
	schema.IntentResourceLimits, schema.IntentRequiredLabels, schema.IntentSignedImages,
}

// policyIntents decides CHG-04.k6: for each intent a policy that denies in every
// namespace in scope. Pod Security does that for the first two. What a policy is
// for is read from its content, so that one that leaves out a part is for a person.
func policyIntents(p *Pass) ([]Outcome, error) {
	security := true
	for _, n := range p.Evidence.Namespaces {
		security = security && (!n.InScope || slices.Contains(enforcedLevels, n.PodSecurityEnforce))
	}
	var out []Outcome
	for _, intent := range wantedIntents {
		o := Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: "PolicyIntent", Name: intent}, Result: schema.ResultFail, Vars: map[string]string{"intent": intent}}
		if security && (intent == schema.IntentNoPrivileged || intent == schema.IntentNoHostNamespaces) {
			o.Result = schema.ResultPass
		}
		for _, a := range p.Evidence.AdmissionPolicies {
			if o.Result == schema.ResultPass || !denies(a) || !slices.Contains(a.Intents, intent) {
				continue
			}
			o.Result = schema.ResultPass
			if a.Limited {
				o.Result = schema.ResultNeedsReview
				o.Message = fmt.Sprintf("The rule %s is enforced by %s %s, which leaves out a part of the cluster.", intent, a.Kind, a.Name)
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// denies reports whether a policy refuses what breaks it.
func denies(a schema.AdmissionPolicy) bool { return slices.Contains(a.Actions, "deny") }

// imageVerification decides CHG-05.k3 by the images that production runs and the
// patterns of the policies that verify signatures.
func imageVerification(p *Pass) ([]Outcome, error) {
	var patterns []string
	limited := ""
	for _, a := range p.Evidence.AdmissionPolicies {
		if denies(a) && slices.Contains(a.Intents, schema.IntentSignedImages) {
			patterns = append(patterns, a.VerifiesImages...)
			if a.Limited {
				limited = a.Kind + " " + a.Name
			}
		}
	}
	var uncovered []string
	total := 0
	for _, c := range p.Evidence.Containers {
		if !p.Facts.Production(c.Cluster, c.Namespace) {
			continue
		}
		total++
		if !slices.ContainsFunc(patterns, func(pattern string) bool { return imageMatches(pattern, c) }) {
			uncovered = append(uncovered, c.Registry+"/"+c.Repository)
		}
	}
	if total == 0 {
		return nil, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass}
	switch {
	case len(patterns) == 0 && p.Facts.Documented("CHG-05.k3", p.Cluster.Name):
		o.Result, o.Message = schema.ResultNeedsReview, "A document says that something outside the API verifies the signatures of images in "+p.Cluster.Name+"."
	case len(patterns) == 0 && p.runsVerifier():
		o.Result, o.Message = schema.ResultNeedsReview, "A verifier of signatures runs in "+p.Cluster.Name+" whose configuration is not read."
	case len(patterns) == 0:
		o.Result = schema.ResultFail
	case len(uncovered) > 0:
		o.Result, o.Message = schema.ResultNeedsReview, "Signatures are verified, and not of these images of production: "+listed(uncovered, namesShown)+"."
	case limited != "":
		o.Result, o.Message = schema.ResultNeedsReview, limited+" verifies signatures and leaves out a part of "+p.Cluster.Name+"."
	}
	return []Outcome{o}, nil
}

func (p *Pass) runsVerifier() bool {
	return slices.ContainsFunc(p.Evidence.Workloads, func(w schema.Workload) bool { return runsOneOf(w.Images, []string{"ratify", "connaisseur"}) })
}

// imageMatches reports whether a pattern with stars matches an image, as written
// or with its registry. A star stands for any text, slashes too.
func imageMatches(pattern string, c schema.Container) bool {
	glob := strings.ReplaceAll(pattern, "/", "\x01")
	return slices.ContainsFunc([]string{c.Image, c.Registry + "/" + c.Repository}, func(name string) bool {
		ok, err := path.Match(strings.ReplaceAll(glob, "**", "*"), strings.ReplaceAll(name, "/", "\x01"))
		return ok && err == nil
	})
}

// Days in which a vulnerability has to be fixed, by default.
const (
	criticalDays = 15
	highDays     = 30
)

// overdueFixes decides CHG-06.k2 for each scanned image in scope.
func overdueFixes(p *Pass) ([]Outcome, error) {
	scans := p.scans()
	if len(scans) == 0 {
		return notScanned(p), nil
	}
	due := func(since time.Time, days int) bool {
		return !since.IsZero() && p.Facts.AsOf.Sub(since) > time.Duration(days)*24*time.Hour
	}
	var out []Outcome
	for _, s := range scans {
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		critical, high := due(s.OldestCritical, criticalDays), due(s.OldestHigh, highDays)
		switch {
		case s.Namespace != "" && !p.Facts.InScope(s.Cluster, s.Namespace):
			o.Result = schema.ResultNotApplicable
		case critical || high:
			since := s.OldestCritical
			if !critical {
				since = s.OldestHigh
			}
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"image": s.Image, "n": fmt.Sprint(s.FixableCritical), "m": fmt.Sprint(s.FixableHigh), "since": schema.DateOf(since).String()}
		case s.Undated > 0:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("%d fixable critical or high vulnerabilities of %s do not say since when they are known.", s.Undated, s.Image)
		}
		if s.Import != "" {
			o = p.aged(o, s.Import, s.Scanned, int(scanAge.Hours()/24))
		}
		out = append(out, o)
	}
	return out, nil
}

// notScanned is the outcome for a cluster that has no reports: its images are
// scanned elsewhere, or not at all.
func notScanned(p *Pass) []Outcome {
	return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected, Message: p.Cluster.Name + " has no reports of scans, and none were imported"}}
}

// scanAge is how old the scan of a running image may be.
const scanAge = 7 * 24 * time.Hour

// scanCoverage decides CHG-06.k3: each digest that runs was scanned in the last
// seven days.
func scanCoverage(p *Pass) ([]Outcome, error) {
	scans := p.scans()
	if len(scans) == 0 {
		return notScanned(p), nil
	}
	scanned := map[string]bool{}
	for _, s := range scans {
		if p.Facts.AsOf.Sub(s.Scanned) <= scanAge {
			scanned[s.Digest] = true
		}
	}
	digests := p.runningDigests()
	for digest := range digests {
		digests[digest] = scanned[digest]
	}
	missing := 0
	for digest := range maps.Keys(digests) {
		if !digests[digest] {
			missing++
		}
	}
	if len(digests) == 0 {
		return nil, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass, Vars: map[string]string{"n": fmt.Sprint(missing), "m": fmt.Sprint(len(digests))}}
	if missing > 0 {
		o.Result = schema.ResultFail
	}
	return []Outcome{o}, nil
}
