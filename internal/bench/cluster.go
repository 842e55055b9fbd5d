package main

import (
	"context"
	"fmt"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/util/wait"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
)

// fillCluster puts a mix of about so many objects into an empty cluster.
func fillCluster(ctx context.Context, cfg *rest.Config, etcd string, objects int) error {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	m := mix{float64(objects) / full}
	batches := m.batches()
	for _, d := range definitions {
		if err := d.create(ctx, client); err != nil {
			return fmt.Errorf("define %s: %w", d.resource, err)
		}
	}
	return fill(ctx, cfg, etcd, batches)
}

// create defines a custom kind and waits until the server serves it.
func (d definition) create(ctx context.Context, client dynamic.Interface) error {
	crds := client.Resource(apischema.GroupVersionResource{Group: "apiextensions.k8s.io", Version: "v1", Resource: "customresourcedefinitions"})
	if _, err := crds.Create(ctx, d.object(), metav1.CreateOptions{}); err != nil {
		return err
	}
	resources := client.Resource(apischema.GroupVersionResource{Group: d.group, Version: d.version, Resource: d.resource})
	return wait.PollUntilContextTimeout(ctx, 100*time.Millisecond, time.Minute, true, func(ctx context.Context) (bool, error) {
		_, err := resources.List(ctx, metav1.ListOptions{Limit: 1})
		if apierrors.IsNotFound(err) {
			return false, nil
		}
		return err == nil, err
	})
}
