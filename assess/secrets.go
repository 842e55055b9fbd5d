package assess

import (
	"fmt"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// secretFuncs decides checks of the area Secrets.
var secretFuncs = map[string]Func{
	"secretsManaged":   secretsManaged,
	"secretSharing":    secretSharing,
	"secretReach":      secretReach,
	"sharedKeys":       sharedKeys,
	"volumesEncrypted": volumesEncrypted,
	"secretsRotated":   secretsRotated,
	"renewed":          renewed,
	"argoCredentials":  argoCredentials,
}

// secretsManaged decides SEC-01.k3: the share of the opaque secrets of production
// that a controller fills. Who manages a secret is known in the tier rotation only.
func secretsManaged(p *Pass) ([]Outcome, error) {
	total := 0
	var unmanaged []string
	for _, s := range p.Evidence.Secrets {
		if s.Type != "Opaque" || !p.Facts.Production(s.Cluster, s.Namespace) {
			continue
		}
		if s.Tier != schema.SecretsRotation {
			return []Outcome{{Subject: p.Cluster.Subject(), Result: schema.ResultNotCollected,
				Message: fmt.Sprintf("who manages the secrets of %s is not known in the tier %s", p.Cluster.Name, s.Tier)}}, nil
		}
		total++
		if s.Manager == "" {
			unmanaged = append(unmanaged, s.Namespace+"/"+s.Name)
		}
	}
	if total == 0 {
		return nil, nil
	}
	o := Outcome{Subject: p.Cluster.Subject(), Result: schema.ResultPass,
		Vars: map[string]string{"n": fmt.Sprint(len(unmanaged)), "m": fmt.Sprint(total), "list": listed(unmanaged, namesShown)}}
	switch managed := total - len(unmanaged); {
	case 2*managed < total:
		o.Result = schema.ResultFail
	case managed < total:
		o.Result = schema.ResultPartial
	}
	return []Outcome{o}, nil
}

// maxSharing is how many service accounts may use one secret.
const maxSharing = 3

// secretSharing decides SEC-03.k2: secrets that the pods of many service accounts refer to.
func secretSharing(p *Pass) ([]Outcome, error) {
	users := map[schema.Subject][]string{}
	for _, pod := range p.Evidence.Pods {
		if !p.Facts.InScope(pod.Cluster, pod.Namespace) {
			continue
		}
		for _, name := range pod.Secrets {
			s := schema.Subject{Cluster: pod.Cluster, Kind: "Secret", Namespace: pod.Namespace, Name: name}
			if !slices.Contains(users[s], pod.ServiceAccount) {
				users[s] = append(users[s], pod.ServiceAccount)
			}
		}
	}
	var out []Outcome
	for s, accounts := range users {
		o := Outcome{Subject: s, Result: schema.ResultPass, Vars: map[string]string{"name": s.Namespace + "/" + s.Name, "n": fmt.Sprint(len(accounts))}}
		if len(accounts) > maxSharing {
			o.Result = schema.ResultPartial
		}
		out = append(out, o)
	}
	slices.SortFunc(out, func(a, b Outcome) int { return a.Subject.Compare(b.Subject) })
	return out, nil
}
