package assess

import (
	"fmt"
	"path"
	"regexp"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// mixedEnvironments decides SEP-01.k1: each namespace has an environment, and
// production shares its cluster with nothing else. The finding is about the
// namespaces that are not what the cluster is; where the plan does not say what it
// is, about those that are not production.
func mixedEnvironments(p *Pass) ([]Outcome, error) {
	words := p.Facts.Plan.Namespaces.Production
	apart := true
	seen := map[bool][]string{}
	for _, b := range p.Derived.Barriers {
		apart = apart && b.Network && b.PodSecurity && b.OwnNodes
		if b.Environment != "" {
			production := slices.Contains(words, b.Environment)
			seen[production] = append(seen[production], b.Environment)
		}
	}
	mixed := len(seen) == 2
	expected := p.Cluster.Environment == "" || slices.Contains(words, p.Cluster.Environment)
	environments := strings.Join(distinct(append(seen[true], seen[false]...)), ", ")
	var out []Outcome
	for _, n := range p.Evidence.Namespaces {
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass}
		switch {
		case !n.InScope:
			o.Result = schema.ResultNotApplicable
		case n.Environment == "":
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("Namespace %s belongs to no environment.", n.Name)
		case mixed && slices.Contains(words, n.Environment) != expected:
			o.Result = schema.ResultFail
			o.Message = fmt.Sprintf("Namespace %s is %s, and cluster %s mixes %s.", n.Name, n.Environment, p.Cluster.Name, environments)
			if apart {
				o.Result = schema.ResultPartial
				o.Message += " Every namespace denies traffic by default, enforces Pod Security and has nodes of its own."
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// Words for environments in the names of things.
var (
	productionWords = []string{"production", "prod", "prd"}
	otherWords      = []string{"staging", "stage", "stg", "development", "dev", "test", "testing", "qa", "uat", "preview", "preprod", "nonprod", "sandbox"}
	nameParts       = regexp.MustCompile(`[^a-z0-9]+`)
	notProduction   = regexp.MustCompile(`\b(pre|non)[-_]prod(uction)?\b`)
)

// side says which side of production a name belongs to: production, other, or
// neither when it does not say, or says both.
type side int

const (
	neither side = iota
	production
	other
)

func (s side) String() string { return [...]string{"", "production", "another environment"}[s] }

// opposed reports whether two names are on different sides.
func opposed(a, b side) bool { return a != neither && b != neither && a != b }

// sideOfName reads the environment out of a name such as prod/storefront/cart.
func sideOfName(name string) side {
	words := nameParts.Split(notProduction.ReplaceAllString(strings.ToLower(name), "nonprod"), -1)
	has := func(list []string) bool {
		return slices.ContainsFunc(words, func(w string) bool { return slices.Contains(list, w) })
	}
	switch p, o := has(productionWords), has(otherWords); {
	case p == o:
		return neither
	case p:
		return production
	}
	return other
}

// sideOf is the side of a namespace in scope.
func (p *Pass) sideOf(namespace string) side {
	switch environment := p.Facts.Environment(p.Cluster.Name, namespace); {
	case !p.Facts.InScope(p.Cluster.Name, namespace) || environment == "":
		return neither
	case slices.Contains(p.Facts.Plan.Namespaces.Production, environment):
		return production
	}
	return other
}

// crossReferences decides SEP-01.k2: what of one side of production refers to the
// other, by paths of secrets, identities of the cloud, destinations of projects and
// allowed traffic.
func crossReferences(p *Pass) ([]Outcome, error) {
	var out []Outcome
	add := func(s schema.Subject, from, to side, what string) {
		o := Outcome{Subject: s, Result: schema.ResultPass}
		if opposed(from, to) {
			o.Result = schema.ResultFail
			o.Vars = map[string]string{"object": s.String(), "env_a": from.String(), "env_b": to.String(), "what": what}
		}
		out = append(out, o)
	}
	for _, e := range p.Evidence.ExternalSecrets {
		if from := p.sideOf(e.Namespace); from != neither && len(e.RemoteKeys) > 0 {
			i := max(0, slices.IndexFunc(e.RemoteKeys, func(key string) bool { return opposed(from, sideOfName(key)) }))
			add(e.Subject(), from, sideOfName(e.RemoteKeys[i]), "secret path "+e.RemoteKeys[i])
		}
	}
	for _, s := range p.Evidence.ServiceAccounts {
		if from := p.sideOf(s.Namespace); from != neither && s.CloudIdentity != "" {
			add(s.Subject(), from, sideOfName(s.CloudIdentity), "cloud identity "+s.CloudIdentity)
		}
	}
	for i := range p.Evidence.ApplicationProjects {
		if a := &p.Evidence.ApplicationProjects[i]; a.Name != "default" { // ACC-07.k2 judges the default project
			add(p.projectSides(a))
		}
	}
	traffic, err := p.crossTraffic()
	return append(out, traffic...), err
}

// projectSides says whether the destinations of a project in this cluster lie on
// both sides of production.
func (p *Pass) projectSides(a *schema.ApplicationProject) (s schema.Subject, from, to side, what string) {
	names := map[side]string{}
	for _, d := range a.Destinations {
		server, pattern, _ := strings.Cut(d, "|")
		if !p.inCluster(server) && server != "*" {
			continue
		}
		for _, n := range p.Evidence.Namespaces {
			if ok, err := path.Match(pattern, n.Name); err == nil && ok {
				names[p.sideOf(n.Name)] = n.Name
			}
		}
	}
	if names[production] == "" || names[other] == "" {
		return a.Subject(), neither, neither, ""
	}
	return a.Subject(), production, other, fmt.Sprintf("destinations %s and %s", names[production], names[other])
}

// crossTraffic looks at the namespaces that network policies name as peers.
func (p *Pass) crossTraffic() ([]Outcome, error) {
	var out []Outcome
	for _, n := range p.Evidence.NetworkPolicies {
		from := p.sideOf(n.Namespace)
		if from == neither || len(n.PeerNamespaces) == 0 {
			continue
		}
		o := Outcome{Subject: n.Subject(), Result: schema.ResultPass}
		for _, peer := range n.PeerNamespaces {
			_, text, _ := strings.Cut(peer, ": ")
			s, err := parseSelector(text)
			if err != nil {
				return nil, fmt.Errorf("network policy %s/%s: %w", n.Namespace, n.Name, err)
			}
			for _, ns := range p.Evidence.Namespaces {
				if to := p.sideOf(ns.Name); opposed(from, to) && s.matches(namespaceLabels(ns)) {
					o.Result = schema.ResultFail
					o.Vars = map[string]string{"object": o.Subject.String(), "env_a": from.String(), "env_b": to.String(), "what": "traffic with " + ns.Name}
				}
			}
		}
		out = append(out, o)
	}
	return out, nil
}

// namespaceLabels are the labels of a namespace with the one that every API server adds.
func namespaceLabels(n schema.Namespace) map[string]string {
	labels := map[string]string{"kubernetes.io/metadata.name": n.Name}
	for k, v := range n.Labels {
		labels[k] = v
	}
	return labels
}
