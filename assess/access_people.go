package assess

import (
	"fmt"
	"regexp"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/assess/rbac"
	"github.com/auditpack/auditpack/schema"
)

// userSubjects decides ACC-03.k1, one outcome for each user whatever the number of
// bindings. The anonymous user is judged by ACC-08.k1.
func userSubjects(p *Pass) ([]Outcome, error) {
	type rights struct {
		writes bool
		paths  []string
	}
	held := map[schema.Subject]*rights{}
	var users []schema.Subject
	for i := range p.Access.Grants {
		g := &p.Access.Grants[i]
		if g.SubjectKind != "User" || g.SubjectName == "system:anonymous" {
			continue
		}
		u := holderOf(g)
		if held[u] == nil {
			held[u] = &rights{}
			users = append(users, u)
		}
		held[u].writes = held[u].writes || g.Writes
		held[u].paths = append(held[u].paths, g.BindingKind+" "+g.Binding)
	}
	var out []Outcome
	for _, u := range users {
		o := p.judgeUser(u, held[u].writes)
		o.Vars = map[string]string{"name": u.Name, "bindings": listed(held[u].paths, namesShown)}
		out = append(out, o)
	}
	return out, nil
}

func (p *Pass) judgeUser(u schema.Subject, writes bool) Outcome {
	pattern := p.Facts.UserPattern()
	o := Outcome{Subject: u, Result: schema.ResultPass}
	switch {
	case rbac.IsComponent(u.Kind, u.Name):
		o.Result = schema.ResultNotApplicable
	case pattern == nil:
		o.Result = schema.ResultNeedsReview
		o.Message = "User subject " + u.Name + ": the plan does not say how the identity provider names users (access.userPattern), so a certificate or static user cannot be told apart."
	case pattern.MatchString(u.Name):
	case writes:
		o.Result = schema.ResultFail
	default:
		o.Result = schema.ResultNeedsReview
	}
	return o
}

// awsIdentityMappings decides ACC-03.k2, for EKS only.
func awsIdentityMappings(p *Pass) ([]Outcome, error) {
	var out []Outcome
	eks := p.Cluster.Distribution == "eks"
	for _, m := range p.Evidence.IdentityMappings {
		o := Outcome{Subject: m.Subject(), Result: schema.ResultPass}
		switch {
		case !eks:
			o.Result = schema.ResultNotApplicable
		case m.Section == "mapUsers" || m.Section == "mapAccounts" || slices.Contains(m.Groups, systemMasters):
			o.Result = schema.ResultFail
			groups := strings.Join(m.Groups, ", ")
			if groups == "" {
				groups = "no group"
			}
			o.Vars = map[string]string{"arn": m.ARN, "groups": groups, "section": m.Section}
		}
		out = append(out, o)
	}
	if eks && len(out) == 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview,
			Message: "There is no aws-auth mapping, which proves nothing: access entries of EKS are kept by the AWS API. See ACC-03.d2."})
	}
	return out, nil
}

// managed are the distributions whose provider joins the nodes.
var managed = []string{"aks", "eks", "gke"}

const bootstrapTokenLife = 24 * time.Hour

// bootstrapTokens decides ACC-03.k3.
func bootstrapTokens(p *Pass) ([]Outcome, error) {
	providerJoinsNodes := slices.Contains(managed, p.Cluster.Distribution)
	var out []Outcome
	for _, s := range p.Evidence.Secrets {
		if s.Type != "bootstrap.kubernetes.io/token" {
			continue
		}
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		age := p.Facts.AsOf.Sub(s.Created)
		switch {
		case providerJoinsNodes:
			o.Result = schema.ResultNotApplicable
		case s.Created.IsZero():
			o.Result, o.Message = schema.ResultNeedsReview, "The age of bootstrap token "+s.Name+" is not known."
		case age > bootstrapTokenLife:
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"name": s.Name, "age": ageInWords(age)}
		}
		out = append(out, o)
	}
	if len(out) == 0 && !providerJoinsNodes {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass})
	}
	return out, nil
}

// ageInWords gives whole days, or hours below two days.
func ageInWords(d time.Duration) string {
	if d < 48*time.Hour {
		return fmt.Sprintf("%d hours", int(d.Hours()))
	}
	return fmt.Sprintf("%d days", int(d.Hours()/24))
}

// Bindings that say themselves that they are for emergencies.
const breakGlassLabel = "auditpack.dev/break-glass"

var breakGlassName = regexp.MustCompile(`(?i)break-?glass`)

// breakGlassBindings decides ACC-05.k1: each registered binding, and each other
// ClusterRoleBinding that calls itself one.
func breakGlassBindings(p *Pass) ([]Outcome, error) {
	registered := map[string][]string{}
	for _, b := range p.Facts.Plan.Access.BreakGlass {
		if b.Cluster == "" || b.Cluster == p.Cluster.Name {
			registered[b.Binding] = append(registered[b.Binding], b.Subjects...)
		}
	}
	seen := map[string]bool{}
	var out []Outcome
	for i := range p.Evidence.Bindings {
		b := &p.Evidence.Bindings[i]
		if b.Kind != "ClusterRoleBinding" {
			continue
		}
		subjects, ok := registered[b.Name]
		switch {
		case ok:
			seen[b.Name] = true
			out = append(out, judgeBreakGlass(b, subjects))
		case b.Labels[breakGlassLabel] == "true" || breakGlassName.MatchString(b.Name):
			out = append(out, Outcome{Subject: b.Subject(), Result: schema.ResultFail,
				Message: b.Kind + " " + b.Name + " is for emergencies by its name or label, and is not registered as such."})
		}
	}
	for _, b := range p.Facts.Plan.Access.BreakGlass {
		if _, ok := registered[b.Binding]; ok && !seen[b.Binding] {
			seen[b.Binding] = true
			out = append(out, Outcome{Subject: schema.Subject{Cluster: p.Cluster.Name, Kind: "ClusterRoleBinding", Name: b.Binding}, Result: schema.ResultFail,
				Message: "Break-glass binding " + b.Binding + " is registered and does not exist."})
		}
	}
	if len(out) == 0 {
		out = append(out, Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultNeedsReview,
			Message: "The plan registers no break-glass binding (access.breakGlass) and none calls itself one; how emergency access works cannot be shown."})
	}
	return out, nil
}

// judgeBreakGlass fails a binding with a subject that is not registered, or is no person's.
func judgeBreakGlass(b *schema.Binding, registered []string) Outcome {
	var unexpected []string
	for _, s := range b.Subjects {
		if s.Kind == "ServiceAccount" || !slices.Contains(registered, s.Name) {
			unexpected = append(unexpected, schema.Subject{Kind: s.Kind, Namespace: s.Namespace, Name: s.Name}.String())
		}
	}
	o := Outcome{Subject: b.Subject(), Result: schema.ResultPass}
	if len(unexpected) > 0 {
		o.Result = schema.ResultFail
		o.Vars = map[string]string{"name": b.Name, "subjects": listed(unexpected, namesShown)}
	}
	return o
}
