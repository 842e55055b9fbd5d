package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// notCollected is the headline number of a question whose data is not there.
const notCollected = "not collected"

// A question is one of the eight that open the report.
type question struct {
	id, text string
	controls []string
	// needs are the checks without which there is no headline number.
	needs []string
	// answer gives the headline number with its unit, and one sentence. It is called
	// only when the needed checks saw everything.
	answer func(*assessment, *schema.Report) (number, sentence string)
	// otherwise says what is known when they did not; it may be nil.
	otherwise func(*assessment, *schema.Report) string
}

// questions are the eight, in their order (docs/questions.md).
var questions = []question{
	{
		id: "Q1", text: "Who can administer the platform, and is that reviewed?",
		controls: series("ACC", 1, 8), needs: []string{"ACC-01.k1"}, answer: administrators,
	},
	{
		id: "Q2", text: "What separates production and sensitive workloads from everything else?",
		controls: series("SEP", 1, 7), needs: []string{"SEP-02.k4"}, answer: separated, otherwise: barriers,
	},
	{
		id: "Q3", text: "How does a change reach production, and can it be bypassed?",
		controls: append(series("CHG", 1, 5), "CHG-07"), answer: traced,
	},
	{
		id: "Q4", text: "How are secrets and credentials protected?",
		controls: series("SEC", 1, 6), needs: []string{"SEC-03.k1"}, answer: secretReaders,
	},
	{
		id: "Q5", text: "Would you notice a harmful action, and who acts?",
		controls: series("MON", 1, 5), needs: []string{"MON-03.d1"}, answer: detections,
	},
	{
		id: "Q6", text: "Can you recover, and when did you last prove it?",
		controls: series("RES", 1, 5), needs: []string{"RES-02.d1"}, answer: restores,
	},
	{
		id: "Q7", text: "Who is responsible for what, us, the provider or a third party?",
		controls: []string{"GOV-01", "GOV-05", "GOV-07"}, needs: []string{"GOV-01.c1"}, answer: assumptions,
	},
	{
		id: "Q8", text: "Is the control set owned, current and honest about its gaps?",
		controls: []string{"GOV-02", "GOV-03", "GOV-04", "GOV-06", "CHG-06"}, answer: controlSet,
	},
}

// series returns the ids of the controls of an area from one number to another.
func series(area string, from, to int) []string {
	var out []string
	for i := from; i <= to; i++ {
		out = append(out, fmt.Sprintf("%s-%02d", area, i))
	}
	return out
}

// questions answers the eight questions from the rest of the report.
func (a *assessment) questions(r *schema.Report) []schema.Question {
	out := make([]schema.Question, 0, len(questions))
	for _, q := range questions {
		s := schema.Question{ID: q.id, Text: q.text, Controls: slices.Clone(q.controls)}
		if missing := a.missing(q.needs); missing != "" {
			s.Number, s.Answer = notCollected, "The number is not collected: "+missing+"."
			if q.otherwise != nil {
				s.Answer += " " + q.otherwise(a, r)
			}
		} else {
			s.Number, s.Answer = q.answer(a, r)
		}
		out = append(out, s)
	}
	return out
}

// missing says which of the checks did not see what it needs, and why; empty when all did.
func (a *assessment) missing(checks []string) string {
	var out []string
	for _, id := range checks {
		v, ok := a.verdicts[id]
		switch {
		case !ok:
			out = append(out, id+" is not among the checks")
		case v.gap() != "":
			out = append(out, id+": "+v.gap())
		}
	}
	return strings.Join(out, "; ")
}

// holders returns the distinct subjects of the grants that keep selects, sorted, as Kind namespace/name.
func (a *assessment) holders(keep func(*schema.AccessGrant) bool) []string {
	var out []string
	for i := range a.all.AccessGrants {
		g := &a.all.AccessGrants[i]
		if g.BuiltIn || !keep(g) {
			continue
		}
		s := g.Subject()
		out = append(out, g.Cluster+"\x00"+schema.Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String())
	}
	slices.Sort(out)
	return slices.Compact(out)
}

func administrators(a *assessment, _ *schema.Report) (string, string) {
	all := a.holders(func(g *schema.AccessGrant) bool { return g.AdminEquivalent && g.Scope == "*" })
	for _, m := range a.snap.Evidence.IdentityMappings {
		if slices.Contains(m.Groups, "system:masters") {
			all = append(all, m.Cluster+"\x00"+m.ARN)
		}
	}
	approved := a.holders(func(g *schema.AccessGrant) bool {
		return g.AdminEquivalent && g.Scope == "*" && g.Approval == string(Approved)
	})
	number, each := plural(len(all), "administrator"), ""
	if clusters := clustersOf(all); clusters > 1 {
		number += " in " + plural(clusters, "cluster")
		each = ", counted in each cluster"
	}
	sentence := fmt.Sprintf("%s with unrestricted rights over a whole cluster beside Kubernetes' own%s, %d of them approved; ", plural(len(all), "holder"), each, len(approved))
	if on := a.lastReview(); !on.IsZero() {
		return number, sentence + fmt.Sprintf("the last access review is of %s.", on)
	}
	return number, sentence + "no access review is on record."
}

// clustersOf counts the clusters of holders, each of which begins with its cluster.
func clustersOf(holders []string) int {
	names := map[string]bool{}
	for _, h := range holders {
		cluster, _, _ := strings.Cut(h, "\x00")
		names[cluster] = true
	}
	return len(names)
}

// lastReview returns the day of the newest access review, whether it is in the
// document register or a document of its own; the zero Date without one.
func (a *assessment) lastReview() schema.Date {
	d, _ := a.newest("ACC-04.d1")
	last := d.AsOf
	for _, r := range a.in.Reviews {
		if on := r.Spec.CompletedOn; last.Before(on) && !a.facts.Today().Before(on) {
			last = on
		}
	}
	return last
}

func secretReaders(a *assessment, _ *schema.Report) (string, string) {
	readers := a.holders(func(g *schema.AccessGrant) bool {
		return len(g.ReadsSecrets) > 0 && a.facts.Production(g.Cluster, g.Scope)
	})
	sentence := fmt.Sprintf("%s beside Kubernetes' own can read secrets in production; ", plural(len(readers), "subject"))
	if missing := a.missing([]string{"SEC-05.k1"}); missing != "" {
		sentence += "how old credentials are is not collected (" + missing + "); "
	} else if oldest := a.oldestCredential(); oldest != "" {
		sentence += oldest + "; "
	} else {
		sentence += "no secret says by a rotation class how old it may become; "
	}
	plain := []string{"SEC-02.k1", "SEC-02.k2", "SEC-02.k3"}
	if missing := a.missing(plain); missing != "" {
		return plural(len(readers), "reader"), sentence + "whether values stand in clear is not collected (" + missing + ")."
	}
	places := 0
	for _, check := range plain {
		places += a.open(check)
	}
	return plural(len(readers), "reader"), sentence + fmt.Sprintf("in %s outside a secret manager a value looks like a credential.", plural(places, "place"))
}

func separated(a *assessment, r *schema.Report) (string, string) {
	all, least, whole := len(a.all.Barriers), 0, 0
	for _, b := range a.all.Barriers {
		switch {
		case len(b.Missing) == 0:
			whole++
		case b.Score < fewestBarriers:
			least++
		}
	}
	if all == 0 {
		return notCollected, "No namespace is in scope."
	}
	return fmt.Sprintf("%d %% of namespaces", percent(whole, all)),
		fmt.Sprintf("All five barriers hold around %d of %s in scope, and fewer than three around %d. ", whole, plural(all, "namespace"), least) + barriers(a, r)
}

func barriers(a *assessment, _ *schema.Report) string {
	return fmt.Sprintf("What is known: %s without an enforced Pod Security level (SEP-04.k1) and %s without a default deny (SEP-03.k1).",
		plural(a.open("SEP-04.k1"), "namespace"), plural(a.open("SEP-03.k1"), "namespace"))
}

func traced(a *assessment, r *schema.Report) (string, string) {
	c := countTraces(a.all.Traces)
	direct := directChanges(a, r)
	switch {
	case c.All() == 0:
		return notCollected, "No workload of production was seen. " + direct
	case c.NotSeen == c.All():
		return notCollected, fmt.Sprintf("None of %s of production could be traced to an approved change or away from one. ", plural(c.All(), "workload")) + direct
	}
	return fmt.Sprintf("%d %% of workloads", percent(c.Unbroken, c.All())),
		fmt.Sprintf("%d of %s of production lead back to an approved change; the thread of %d is broken, and of %d not seen whole. ", c.Unbroken, plural(c.All(), "workload"), c.Broken, c.NotSeen) + direct
}

func directChanges(a *assessment, _ *schema.Report) string {
	return fmt.Sprintf("What is known: %s by hand to objects that a pipeline manages (CHG-02.k1), and %s in which people may change production workloads (CHG-02.k3).",
		plural(a.open("CHG-02.k1"), "change"), plural(a.open("CHG-02.k3"), "way"))
}

func detections(a *assessment, _ *schema.Report) (string, string) {
	d, _ := a.newest("MON-03.d1")
	return notCollected, fmt.Sprintf("The detection register %q of %s is attached; how many of its alerts were tested is for its reader to judge.", d.Title, d.AsOf)
}

func restores(a *assessment, _ *schema.Report) (string, string) {
	d, ok := a.newest("RES-02.d1")
	if !ok {
		return notCollected, "No restore test that counts is in the register (RES-02.d1)."
	}
	days := d.AsOf.DaysUntil(a.facts.Today())
	return plural(days, "day"), fmt.Sprintf("The last proven restore, %q, was %s before the snapshot, on %s.", d.Title, plural(days, "day"), d.AsOf)
}

func assumptions(a *assessment, _ *schema.Report) (string, string) {
	n := 0
	for _, c := range a.controls {
		if a.inScope(c.ID) && unsupported(c, a.facts) {
			n++
		}
	}
	return plural(n, "unsupported assumption"), fmt.Sprintf("For %s a provider is responsible and no assurance document in the register covers that.", plural(n, "control"))
}

func controlSet(_ *assessment, r *schema.Report) (string, string) {
	applicable, implemented, never := 0, 0, 0
	for _, c := range r.Controls {
		if c.Status == schema.NotApplicable {
			continue
		}
		applicable++
		if c.Review == schema.ReviewNever {
			never++
		}
		if c.Status == schema.Implemented {
			implemented++
		}
	}
	s := r.Summary
	return fmt.Sprintf("%d %% implemented, %s", percent(implemented, applicable), plural(s.OpenExceptions, "open exception")),
		fmt.Sprintf("%d of %d applicable controls are implemented on fresh evidence; %s and %d never made, %s without owner, %s counting and %d expired; %d of %s without result.",
			implemented, applicable, plural(s.OverdueReviews, "overdue review"), never, plural(s.ControlsNoOwner, "control"),
			plural(s.OpenExceptions, "exception"), s.ExpiredExceptions, s.ChecksByResult[schema.ResultNotCollected], plural(len(r.Checks), "check"))
}

// percent rounds to the nearest, but neither down to none nor up to all.
func percent(part, whole int) int {
	switch {
	case part == 0 || whole == 0:
		return 0
	case part == whole:
		return 100
	}
	return min(max((200*part+whole)/(2*whole), 1), 99)
}

// open counts the findings of a check that are deviations and that no exception covers.
func (a *assessment) open(check string) int {
	v, ok := a.verdicts[check]
	if !ok {
		return 0
	}
	n := 0
	for _, f := range v.findings {
		if f.Exception == "" && f.Result != schema.ResultNeedsReview {
			n++
		}
	}
	return n
}

// newest returns the newest document without problems that is registered for a check.
func (a *assessment) newest(check string) (schema.DocumentResult, bool) {
	docs := a.facts.judge.registeredFor(check, a.facts.Documents)
	i := slices.IndexFunc(docs, func(d schema.DocumentResult) bool { return len(d.Problems) == 0 })
	if i < 0 {
		return schema.DocumentResult{}, false
	}
	return docs[i], true
}

// inScope reports whether the overlay leaves a control in scope.
func (a *assessment) inScope(control string) bool {
	return overlayByControl(a.in)[control].NotApplicable == nil
}
