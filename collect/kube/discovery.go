package kube

import (
	"context"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"

	"github.com/auditpack/auditpack/schema"
)

// A target is a kind as one server serves it.
type target struct {
	Kind
	version string
	// outcome and reason are set when the kind cannot be listed at all.
	outcome schema.Outcome
	reason  string
}

func (t target) groupVersion() apischema.GroupVersion {
	return apischema.GroupVersion{Group: t.Group, Version: t.version}
}

// path of the lists of the kind, in one namespace or, where that is empty, in all.
func (t target) path(namespace string) string {
	p := "/apis/" + t.Group + "/" + t.version
	if t.Group == "" {
		p = "/api/" + t.version
	}
	if namespace != "" {
		p += "/namespaces/" + namespace
	}
	return p + "/" + t.Resource
}

// served is what a server's discovery says.
type served struct {
	kinds  map[apischema.GroupVersionResource]string // the kind of each resource that can be listed
	failed map[apischema.GroupVersion]error          // groups that discovery could not describe
}

// discover asks what the server serves and returns one target for each of Kinds,
// in their order, then one for each constraint of Gatekeeper.
func (a *asker) discover(ctx context.Context) ([]target, error) {
	s, err := a.served(ctx)
	if err != nil {
		return nil, err
	}
	targets := make([]target, 0, len(Kinds))
	for _, k := range Kinds {
		targets = append(targets, s.target(k))
	}
	return append(targets, s.constraints()...), nil
}

func (a *asker) served(ctx context.Context) (served, error) {
	s := served{kinds: map[apischema.GroupVersionResource]string{}}
	var failure error
	q := schema.Query{Resource: "/apis", Target: "get /api and /apis"}
	_, err := a.ask(ctx, q, func(ctx context.Context, q *schema.Query) error {
		client, err := discovery.NewDiscoveryClientForConfigAndClient(a.config, a.http)
		if err != nil {
			return err
		}
		_, lists, err := client.ServerGroupsAndResourcesWithContext(ctx)
		s.add(lists)
		q.Rows, q.Pages = len(s.kinds), 1
		if failed, ok := discovery.GroupDiscoveryFailedErrorGroups(err); ok {
			s.failed = failed
		} else {
			failure = err
		}
		return err
	})
	if err != nil {
		return s, err
	}
	if _, ok := s.kinds[apischema.GroupVersionResource{Version: "v1", Resource: namespacesName}]; ok && failure == nil {
		return s, nil
	}
	why := "namespaces are not among it"
	if failure != nil {
		_, why = answer(failure)
	}
	return s, fmt.Errorf("ask what the server serves: %s; check that it is a Kubernetes API server and that the account has the ClusterRole system:discovery", why)
}

func (s served) add(lists []*metav1.APIResourceList) {
	for _, l := range lists {
		gv, err := apischema.ParseGroupVersion(l.GroupVersion)
		if err != nil {
			continue // nothing that is read here has such a name
		}
		for _, r := range l.APIResources {
			if slices.Contains(r.Verbs, "list") && !strings.Contains(r.Name, "/") {
				s.kinds[gv.WithResource(r.Name)] = r.Kind
			}
		}
	}
}

// target finds the version in which a kind is read. A kind whose group could not
// be described is not known to be absent.
func (s served) target(k Kind) target {
	for _, v := range k.Versions {
		if _, ok := s.kinds[apischema.GroupVersionResource{Group: k.Group, Version: v, Resource: k.Resource}]; ok {
			return target{Kind: k, version: v}
		}
	}
	t := target{Kind: k, version: k.Versions[0], outcome: schema.Absent, reason: "the server does not serve it"}
	if why := s.failure(k.Group); why != "" {
		t.outcome, t.reason = schema.Failed, why
	} else if other := s.versions(k); len(other) > 0 {
		t.outcome, t.reason = schema.Failed, fmt.Sprintf("the server serves it only as %s, which is not known here", strings.Join(other, ", "))
	}
	return t
}

// failure says why a group could not be described, empty if it could.
func (s served) failure(group string) string {
	var why []string
	for gv, err := range s.failed {
		if gv.Group == group {
			why = append(why, fmt.Sprintf("discovery of %s: %v", gv, err))
		}
	}
	slices.Sort(why)
	return strings.Join(why, "; ")
}

// versions returns the versions in which the server serves a kind, sorted.
func (s served) versions(k Kind) []string {
	var out []string
	for r := range s.kinds {
		if r.Group == k.Group && r.Resource == k.Resource {
			out = append(out, r.Version)
		}
	}
	slices.Sort(out)
	return out
}

// constraints returns the constraints of Gatekeeper that the server serves, sorted by kind.
func (s served) constraints() []target {
	var out []target
	for r, kind := range s.kinds {
		if k := Constraint(kind); r.Group == k.Group && r.Resource == k.Resource && slices.Contains(k.Versions, r.Version) {
			out = append(out, target{Kind: k, version: r.Version})
		}
	}
	slices.SortFunc(out, func(a, b target) int { return strings.Compare(a.Kind.Kind, b.Kind.Kind) })
	return out
}
