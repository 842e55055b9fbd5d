package kube

import (
	"context"
	"fmt"

	"golang.org/x/sync/errgroup"
	authorizationv1 "k8s.io/api/authorization/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/auditpack/auditpack/schema"
)

// Access is what an account may read of a cluster.
type Access struct {
	Collector     schema.Identity
	ServerVersion string
	// Kinds has every kind that the plan's tier asks for, in the order of Kinds, secrets last.
	Kinds []KindAccess
}

// KindAccess says whether a kind may be listed in all namespaces.
type KindAccess struct {
	Kind    Kind
	Allowed bool
	// Absent is true when the server does not serve the kind: no right is needed.
	Absent bool
	// Reason is the server's own word, or what kept it from answering.
	Reason string
}

// Missing returns the kinds that are served and may not be listed.
func (a *Access) Missing() []Kind {
	var out []Kind
	for _, k := range a.Kinds {
		if !k.Allowed && !k.Absent {
			out = append(out, k.Kind)
		}
	}
	return out
}

// Preflight asks what the account of o may read, and reads nothing. The error is
// that of Collect: the server cannot be reached, or does not accept the account.
func Preflight(ctx context.Context, o Options) (*Access, error) {
	ctx = silent(ctx)
	a, err := newAsker(o, "", discard{})
	if err != nil {
		return nil, err
	}
	access := &Access{}
	if access.Collector, err = a.identity(ctx); err != nil {
		return nil, err
	}
	if access.ServerVersion, _, err = a.version(ctx); err != nil {
		return nil, err
	}
	targets, err := a.discover(ctx)
	if err != nil {
		return nil, fmt.Errorf("ask %s: %w", a.describe(), err)
	}
	if o.Spec.Secrets != schema.SecretsNone {
		targets = append(targets, secretsTarget)
	}
	access.Kinds, err = a.mayList(ctx, targets)
	return access, err
}

func (a *asker) mayList(ctx context.Context, targets []target) ([]KindAccess, error) {
	client, err := authorization.NewForConfigAndClient(a.config, a.http)
	if err != nil {
		return nil, err
	}
	ctx, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	out := make([]KindAccess, len(targets))
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallelLists)
	for i, t := range targets {
		g.Go(func() error {
			out[i] = mayList(ctx, client.SelfSubjectAccessReviews(), t)
			return ctx.Err()
		})
	}
	return out, g.Wait()
}

func mayList(ctx context.Context, reviews authorization.SelfSubjectAccessReviewInterface, t target) KindAccess {
	if t.reason != "" {
		return KindAccess{Kind: t.Kind, Absent: t.outcome == schema.Absent, Reason: t.reason}
	}
	r, err := reviews.Create(ctx, &authorizationv1.SelfSubjectAccessReview{Spec: authorizationv1.SelfSubjectAccessReviewSpec{
		ResourceAttributes: &authorizationv1.ResourceAttributes{Verb: "list", Group: t.Group, Version: t.version, Resource: t.Resource},
	}}, metav1.CreateOptions{})
	if err != nil {
		_, reason := answer(err)
		return KindAccess{Kind: t.Kind, Reason: reason}
	}
	return KindAccess{Kind: t.Kind, Allowed: r.Status.Allowed, Reason: r.Status.Reason}
}

// discard is the sink of a preflight, which keeps no evidence.
type discard struct{}

func (discard) Rows(...schema.Row)                 {}
func (discard) Object(_, _ string, _ []byte) error { return nil }
func (discard) Query(schema.Query)                 {}
