package main

import (
	"context"
	"fmt"
	"io"
	"slices"
	"strings"

	"golang.org/x/sync/errgroup"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"

	"github.com/auditpack/auditpack/collect/kube"
)

const (
	protobufType = "application/vnd.kubernetes.protobuf"
	pageSize     = 500
	parallel     = 4
)

// list reads every object of every kind of a cluster, four lists at a time in
// pages of 500, and throws it away. How is raw, for the bytes alone, or typed, for
// objects in Go's types; custom resources are JSON in both. With collected it
// leaves out the kinds that auditpack does not read, such as events.
func list(ctx context.Context, kubeconfig, how string, collected bool) error {
	cfg, err := clientcmd.BuildConfigFromFlags("", kubeconfig)
	if err != nil {
		return err
	}
	cfg.QPS, cfg.DisableCompression, cfg.WarningHandler = -1, true, rest.NoWarnings{}
	cfg.AcceptContentTypes, cfg.ContentType = protobufType+",application/json", protobufType
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	kinds, err := listable(cfg)
	if err != nil {
		return err
	}
	if collected {
		kinds = slices.DeleteFunc(kinds, func(k listedKind) bool { _, known := kube.KindOf(k.Group, k.kind); return !known })
	}
	client, err := rest.UnversionedRESTClientFor(cfg)
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(parallel)
	for _, k := range kinds {
		g.Go(func() error {
			if err := k.pages(ctx, client, how); err != nil {
				return fmt.Errorf("list %s: %w", k.Resource, err)
			}
			return nil
		})
	}
	return g.Wait()
}

type listedKind struct {
	apischema.GroupVersionResource
	kind string
}

// listable returns the kinds that a server lists, those first of which there are
// most in a cluster: a long list that starts last makes all wait.
func listable(cfg *rest.Config) ([]listedKind, error) {
	client, err := discovery.NewDiscoveryClientForConfig(cfg)
	if err != nil {
		return nil, err
	}
	lists, err := client.ServerPreferredResources()
	if err != nil {
		return nil, err
	}
	var out []listedKind
	for _, l := range lists {
		gv, err := apischema.ParseGroupVersion(l.GroupVersion)
		if err != nil {
			return nil, err
		}
		for _, r := range l.APIResources {
			if strings.Contains(r.Name, "/") || !slices.Contains(r.Verbs, "list") || r.Name == "componentstatuses" || gv.Group == "events.k8s.io" {
				continue
			}
			out = append(out, listedKind{gv.WithResource(r.Name), r.Kind})
		}
	}
	first := []string{"pods", "events", "deployments", "replicasets", "secrets", "configmaps", "nodes"}
	slices.SortStableFunc(out, func(a, b listedKind) int { return place(first, a.Resource) - place(first, b.Resource) })
	return out, nil
}

func place(order []string, s string) int {
	if i := slices.Index(order, s); i >= 0 {
		return i
	}
	return len(order)
}

func (k listedKind) path() string {
	if k.Group == "" {
		return "/api/" + k.Version + "/" + k.Resource
	}
	return "/apis/" + k.Group + "/" + k.Version + "/" + k.Resource
}

func (k listedKind) pages(ctx context.Context, client rest.Interface, how string) error {
	options := metav1.ListOptions{Limit: pageSize}
	if how == "raw" {
		options = metav1.ListOptions{} // one answer: what follows a page is in the page, which nobody decodes
	}
	for {
		request := client.Get().AbsPath(k.path()).SpecificallyVersionedParams(&options, scheme.ParameterCodec, apischema.GroupVersion{Version: "v1"})
		next, err := k.page(ctx, request, how)
		if err != nil || next == "" {
			return err
		}
		options.Continue = next
	}
}

// page reads one answer and returns the token of the next.
func (k listedKind) page(ctx context.Context, request *rest.Request, how string) (string, error) {
	if how == "raw" {
		body, err := request.SetHeader("Accept", protobufType+",application/json").Stream(ctx)
		if err != nil {
			return "", err
		}
		defer body.Close()
		_, err = io.Copy(io.Discard, body)
		return "", err
	}
	objects, err := scheme.Scheme.New(k.GroupVersion().WithKind(k.kind + "List"))
	if err != nil { // a custom kind
		objects = &unstructured.UnstructuredList{}
		body, err := request.SetHeader("Accept", "application/json").DoRaw(ctx)
		if err != nil {
			return "", err
		}
		if err := objects.(*unstructured.UnstructuredList).UnmarshalJSON(body); err != nil {
			return "", err
		}
	} else if err := request.Do(ctx).Into(objects); err != nil {
		return "", err
	}
	m, err := meta.ListAccessor(objects)
	if err != nil {
		return "", err
	}
	return m.GetContinue(), nil
}
