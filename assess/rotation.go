package assess

import (
	"cmp"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// unrotated are the types of secrets that other checks judge, or that hold no
// credential: tokens of service accounts by ACC-06.k3, records of Helm by none.
var unrotated = []string{"kubernetes.io/service-account-token", "helm.sh/release.v1", "bootstrap.kubernetes.io/token"}

// secretsRotated decides SEC-05.k1: when the value of each secret last changed,
// against the limit of its class. Certificates and sealing keys are SEC-05.k2's,
// credentials of Argo CD SEC-06.k1's.
func secretsRotated(p *Pass) ([]Outcome, error) {
	return eachKnownSecret(p, func(s schema.Secret) Outcome {
		o := Outcome{Subject: s.Subject(), Result: schema.ResultNotApplicable}
		if slices.Contains(unrotated, s.Type) || s.Manager == "cert-manager" || s.SealingKey != "" || s.ArgoCD != "" {
			return o
		}
		limit, ok := p.Facts.Plan.Rotation.Days(s.RotationClass)
		o.Vars = map[string]string{"name": s.Namespace + "/" + s.Name, "class": cmp.Or(s.RotationClass, "no class"), "date": dayOf(s.DataChanged), "limit": plural(limit, "day")}
		switch {
		case s.RotationClass == "":
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("Secret %s has no rotation class; its value last changed %s.", o.Vars["name"], o.Vars["date"])
		case !ok:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("The plan has no limit for the rotation class %s of secret %s, whose value last changed %s.", s.RotationClass, o.Vars["name"], o.Vars["date"])
		case s.DataChanged.IsZero():
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("When the value of secret %s (%s) last changed is not on record.", o.Vars["name"], s.RotationClass)
		default:
			o.Result = heldAgainst(p, s.DataChanged, limit)
		}
		return o
	}), nil
}

// eachKnownSecret judges the secrets of namespaces in scope that are known in the
// tier rotation. Where there are others, that is a gap.
func eachKnownSecret(p *Pass, judge func(schema.Secret) Outcome) []Outcome {
	var out []Outcome
	unknown := 0
	for _, s := range p.Evidence.Secrets {
		switch {
		case !p.Facts.InScope(s.Cluster, s.Namespace):
			out = append(out, Outcome{Subject: s.Subject(), Result: schema.ResultNotApplicable})
		case s.Tier != schema.SecretsRotation:
			unknown++
		default:
			out = append(out, judge(s))
		}
	}
	if unknown > 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: fmt.Sprintf("when %s of %s last changed is not known in the tier inventory", plural(unknown, "secret"), p.Cluster.Name)})
	}
	return out
}

// heldAgainst fails what changed longer ago than a number of days.
func heldAgainst(p *Pass, changed time.Time, days int) schema.Result {
	if p.Facts.AsOf.Sub(changed) > time.Duration(days)*24*time.Hour {
		return schema.ResultFail
	}
	return schema.ResultPass
}

// dayOf writes the day of a time, for a message.
func dayOf(t time.Time) string {
	if t.IsZero() {
		return "at a time that is not known"
	}
	return "on " + schema.DateOf(t).String()
}

// argoCredentials decides SEC-06.k1: the age of the credentials that Argo CD keeps
// for clusters and repositories. Whether one is static is not visible without its value.
func argoCredentials(p *Pass) ([]Outcome, error) {
	kinds := []string{"cluster", "repository", "repo-creds"}
	return eachKnownSecret(p, func(s schema.Secret) Outcome {
		o := Outcome{Subject: s.Subject(), Result: schema.ResultNotApplicable}
		if !slices.Contains(kinds, s.ArgoCD) {
			return o
		}
		limit, ok := p.Facts.Plan.Rotation.Days(s.RotationClass)
		if !ok {
			limit = p.Facts.Plan.Rotation.PipelineDays()
		}
		changed := s.DataChanged
		if changed.IsZero() {
			changed = s.Created
		}
		o.Vars = map[string]string{"name": s.Namespace + "/" + s.Name, "kind": s.ArgoCD, "age": plural(int(p.Facts.AsOf.Sub(changed)/(24*time.Hour)), "day"), "limit": plural(limit, "day")}
		switch {
		case changed.IsZero():
			o.Result, o.Message = schema.ResultNeedsReview, "How old the Argo CD credential "+o.Vars["name"]+" is, is not on record."
		default:
			o.Result = heldAgainst(p, changed, limit)
		}
		return o
	}), nil
}

const (
	certificateMargin = 14 * 24 * time.Hour // a certificate that holds no longer than that is late, as in SEP-07.k3
	sealingKeyAge     = 35 * 24 * time.Hour // the controller makes a new key every 30 days
)

// renewed decides SEC-05.k2: certificates that were not renewed in time, and the
// newest key of sealed-secrets in each namespace.
func renewed(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, c := range p.Evidence.Certificates {
		o := Outcome{Subject: c.Subject(), Result: schema.ResultPass}
		switch left := c.NotAfter.Sub(p.Facts.AsOf); {
		case !p.Facts.InScope(c.Cluster, c.Namespace):
			o.Result = schema.ResultNotApplicable
		case c.Ready == "False", !c.NotAfter.IsZero() && left < certificateMargin:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("%s was not renewed: it is %s and holds until %s.", c.Subject(), readyWord(c.Ready), untilWord(c.NotAfter))
		case c.NotAfter.IsZero():
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("%s does not say until when it holds.", c.Subject())
		}
		out = append(out, o)
	}
	return append(out, sealingKeys(p)...), nil
}

func readyWord(condition string) string {
	if condition == "False" {
		return "not ready"
	}
	return "ready"
}

func untilWord(t time.Time) string {
	if t.IsZero() {
		return "a day that is not known"
	}
	return schema.DateOf(t).String()
}

// sealingKeys judges the newest sealing key of each namespace. The namespace of the
// controller is often kube-system, which the plan leaves out of scope.
func sealingKeys(p *Pass) []Outcome {
	newest := map[string]schema.Secret{}
	for _, s := range p.Evidence.Secrets {
		if s.SealingKey == "active" && !s.Created.Before(newest[s.Namespace].Created) {
			newest[s.Namespace] = s
		}
	}
	var out []Outcome
	for _, ns := range sortedKeys(newest) {
		key := newest[ns]
		o := Outcome{Subject: key.Subject(), Result: schema.ResultPass, Vars: map[string]string{"object": "The newest sealing key, " + key.Subject().String() + " of " + schema.DateOf(key.Created).String() + ","}}
		if p.Facts.AsOf.Sub(key.Created) > sealingKeyAge {
			o.Result = schema.ResultNeedsReview
		}
		out = append(out, o)
	}
	if len(newest) == 0 && slices.ContainsFunc(p.Evidence.SecretMechanisms, func(m schema.SecretMechanism) bool { return m.Mechanism == "sealed-secrets" }) {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
			Message: "sealed secrets exist in " + p.Cluster.Name + ", and their keys are known in the tier rotation only"})
	}
	return out
}

// oldestCredential says which secret with a rotation class of its own has kept its
// value for longest, for the report; empty when none is known.
func (a *assessment) oldestCredential() string {
	var oldest schema.Secret
	for _, s := range a.snap.Evidence.Secrets {
		if s.RotationClass == "" || s.DataChanged.IsZero() || !a.facts.InScope(s.Cluster, s.Namespace) {
			continue
		}
		if oldest.Name == "" || s.DataChanged.Before(oldest.DataChanged) {
			oldest = s
		}
	}
	if oldest.Name == "" {
		return ""
	}
	days := int(a.facts.AsOf.Sub(oldest.DataChanged) / (24 * time.Hour))
	return fmt.Sprintf("the oldest value of a secret with a rotation class is that of %s (%s), %s",
		strings.TrimPrefix(oldest.Subject().String(), "Secret "), oldest.RotationClass, plural(days, "day"))
}
