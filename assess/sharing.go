package assess

import (
	"fmt"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// secretReach decides SEC-03.k3: stores that every namespace may ask, and secrets
// that are copied from one environment into another.
func secretReach(p *Pass) ([]Outcome, error) {
	var out []Outcome
	for _, s := range p.Evidence.ExternalSecrets {
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		switch s.Kind {
		case "ClusterSecretStore":
			if !s.NamespacesLimited {
				o.Result, o.Vars = schema.ResultPartial, map[string]string{"store": "ClusterSecretStore " + s.Name}
			}
		case "ClusterExternalSecret":
			p.judgeCopies(&o, s.TargetNamespaces)
		default:
			o.Result = schema.ResultNotApplicable
		}
		out = append(out, o)
	}
	for _, s := range p.Evidence.Secrets {
		if len(s.ReplicatedTo) == 0 || !p.Facts.InScope(s.Cluster, s.Namespace) {
			continue
		}
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		targets, err := p.matchingNamespaces(s.ReplicatedTo)
		p.judgeCopies(&o, append(targets, s.Namespace))
		if o.Result == schema.ResultPass && err != nil {
			o.Result, o.Message = schema.ResultNeedsReview, fmt.Sprintf("Where %s is copied to cannot be told: %v.", s.Subject(), err)
		}
		out = append(out, o)
	}
	return append(out, unknownCopies(p)...), nil
}

// unknownCopies is a gap where the annotations of secrets were not asked for.
func unknownCopies(p *Pass) []Outcome {
	known := asked(p, "secrets") && !slices.ContainsFunc(p.Evidence.Secrets, func(s schema.Secret) bool { return s.Tier != schema.SecretsRotation })
	if known {
		return nil
	}
	return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
		Message: "which secrets of " + p.Cluster.Name + " are copied to other namespaces is known in the tier rotation only"}}
}

// asked reports whether a resource of the cluster was asked for and answered completely.
func asked(p *Pass, resource string) bool {
	found := false
	for _, q := range p.Snapshot.Queries {
		if q.Source == p.Cluster.Name && q.Resource == resource {
			if q.Gap() {
				return false
			}
			found = true
		}
	}
	return found
}

// judgeCopies fails a secret that lies in namespaces of production and of another
// environment. Namespaces out of scope do not count.
func (p *Pass) judgeCopies(o *Outcome, namespaces []string) {
	var production, other, unknown []string
	for _, n := range namespaces {
		switch environment := p.Facts.Environment(p.Cluster.Name, n); {
		case !p.Facts.InScope(p.Cluster.Name, n):
		case p.Facts.Production(p.Cluster.Name, n):
			production = append(production, n)
		case environment == "":
			unknown = append(unknown, n)
		default:
			other = append(other, n)
		}
	}
	switch {
	case len(production) > 0 && len(other) > 0:
		o.Result = schema.ResultFail
		o.Message = fmt.Sprintf("%s is copied across environments: production in %s, others in %s.", o.Subject, listed(production, namesShown), listed(other, namesShown))
	case len(production) > 0 && len(unknown) > 0:
		o.Result = schema.ResultNeedsReview
		o.Message = fmt.Sprintf("%s is in production in %s, and in %s, whose environment is not known.", o.Subject, listed(production, namesShown), listed(unknown, namesShown))
	}
}

// matchingNamespaces returns the namespaces that targets name: by a selector of
// labels, whole, or by a pattern in which .* and * stand for any text. Those of the
// other targets are returned with the error of one that cannot be read.
func (p *Pass) matchingNamespaces(targets []string) (names []string, err error) {
	for _, t := range targets {
		matches := func(n schema.Namespace) bool { return glob(strings.ReplaceAll(t, ".*", "*"), n.Name) }
		if strings.Contains(t, "=") {
			s, bad := parseSelector(t)
			if bad != nil {
				err = bad
				continue
			}
			matches = func(n schema.Namespace) bool { return s.matches(n.Labels) }
		}
		for _, n := range p.Evidence.Namespaces {
			if matches(n) {
				names = append(names, n.Name)
			}
		}
	}
	return names, err
}

// sharedKeys decides SEC-03.k4: keys of a secret manager that production and
// another environment ask for. The consumer outside production is the finding.
// Stores of one cluster with the same provider and settings are one place; for
// stores of two clusters that is likely, and for a person to say.
func sharedKeys(p *Pass) ([]Outcome, error) {
	here := keysOf(p.Evidence, func(s *schema.ExternalSecret) bool { return p.Facts.Production(s.Cluster, s.Namespace) })
	elsewhere := keysOf(&p.Snapshot.Evidence, func(s *schema.ExternalSecret) bool {
		return s.Cluster != p.Cluster.Name && p.Facts.Production(s.Cluster, s.Namespace)
	})
	places := storePlaces(p.Evidence)
	var out []Outcome
	for _, s := range p.Evidence.ExternalSecrets {
		if s.Kind != "ExternalSecret" {
			continue
		}
		o := Outcome{Subject: s.Subject(), Result: schema.ResultPass}
		if !p.Facts.InScope(s.Cluster, s.Namespace) {
			o.Result = schema.ResultNotApplicable
		} else if !p.Facts.Production(s.Cluster, s.Namespace) {
			p.judgeKeys(&o, &s, places(&s), here, elsewhere)
		}
		out = append(out, o)
	}
	return out, nil
}

func (p *Pass) judgeKeys(o *Outcome, s *schema.ExternalSecret, store string, here, elsewhere map[string]string) {
	environment := p.Facts.Environment(s.Cluster, s.Namespace)
	for _, key := range s.RemoteKeys {
		id := store + "\x00" + key
		switch production, ok := here[id]; {
		case ok && environment != "":
			o.Result, o.Vars = schema.ResultFail, map[string]string{"key": key, "envs": fmt.Sprintf("%s and in production, by %s", environment, production)}
			return
		case ok:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("Key %s is used in production by %s, and in %s, whose environment is not known.", key, production, s.Namespace)
		case elsewhere[id] != "" && o.Result == schema.ResultPass:
			o.Result = schema.ResultNeedsReview
			o.Message = fmt.Sprintf("Key %s has the name of one that production uses, by %s; whether both clusters ask the same manager is not visible.", key, elsewhere[id])
		}
	}
}

// keysOf returns who asks for each key of each store, among the external secrets that keep selects.
func keysOf(e *schema.Evidence, keep func(*schema.ExternalSecret) bool) map[string]string {
	places := storePlaces(e)
	out := map[string]string{}
	for i := range e.ExternalSecrets {
		s := &e.ExternalSecrets[i]
		if s.Kind != "ExternalSecret" || !keep(s) {
			continue
		}
		for _, key := range s.RemoteKeys {
			if id := places(s) + "\x00" + key; out[id] == "" {
				out[id] = s.Namespace + "/" + s.Name
			}
		}
	}
	return out
}

// storePlaces returns what tells the place of an external secret's store: its
// provider and settings, or its own name where these are not known.
func storePlaces(e *schema.Evidence) func(*schema.ExternalSecret) string {
	stores := map[string]string{}
	for _, s := range e.ExternalSecrets {
		if s.Location != "" {
			stores[s.Cluster+"\x00"+s.Namespace+"\x00"+s.Kind+"/"+s.Name] = s.Provider + " " + s.Location
		}
	}
	return func(s *schema.ExternalSecret) string {
		namespace := s.Namespace
		if strings.HasPrefix(s.Store, "ClusterSecretStore/") {
			namespace = ""
		}
		id := s.Cluster + "\x00" + namespace + "\x00" + s.Store
		if place, ok := stores[id]; ok {
			return place
		}
		return id
	}
}
