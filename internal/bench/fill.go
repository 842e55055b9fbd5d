package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"strings"

	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/runtime/serializer/protobuf"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"
)

// A batch is many objects of one kind.
type batch struct {
	// resource and its objects' kind; version is the one that is stored.
	resource apischema.GroupVersionResource
	kind     string
	// prefix of the keys in etcd, below /registry.
	prefix string
	count  int
	// managers are the field managers of the object and of its status.
	managers [2]string
	// object returns the i-th object, complete but for what a server adds.
	object func(i int) runtime.Object
}

// fill puts every batch into the cluster. The first object of a batch goes through
// the API server, which gives it its field managers; the others get the same ones,
// and go into etcd directly, because an API server takes a second for a hundred.
func fill(ctx context.Context, cfg *rest.Config, etcd string, batches []batch) error {
	client, err := dynamic.NewForConfig(cfg)
	if err != nil {
		return err
	}
	to := newStore(ctx, etcd)
	for _, b := range batches {
		if b.count == 0 {
			continue
		}
		fields, err := create(ctx, client, b)
		if err != nil {
			return fmt.Errorf("create the first of %s: %w", b.resource.Resource, err)
		}
		for i := 1; i < b.count; i++ {
			e, err := b.entry(i, fields)
			if err != nil {
				return fmt.Errorf("write %s: %w", b.resource.Resource, err)
			}
			to.add(e)
		}
	}
	return to.close()
}

// create puts the first object of a batch through the API server, its status like
// a controller does, and returns the metadata that the others share.
func create(ctx context.Context, client dynamic.Interface, b batch) (metav1.Object, error) {
	content, err := runtime.DefaultUnstructuredConverter.ToUnstructured(b.object(0))
	if err != nil {
		return nil, err
	}
	o := &unstructured.Unstructured{Object: content}
	o.SetGroupVersionKind(b.groupVersionKind())
	objects := dynamic.ResourceInterface(client.Resource(b.resource))
	if o.GetNamespace() != "" {
		objects = client.Resource(b.resource).Namespace(o.GetNamespace())
	}
	status, hasStatus := o.Object["status"].(map[string]any)
	created, err := objects.Create(ctx, o, metav1.CreateOptions{FieldManager: b.managers[0]})
	if err != nil || !hasStatus || len(status) == 0 || b.managers[1] == "" {
		return created, err
	}
	created.Object["status"] = status
	return objects.UpdateStatus(ctx, created, metav1.UpdateOptions{FieldManager: b.managers[1]})
}

func (b *batch) groupVersionKind() apischema.GroupVersionKind {
	return b.resource.GroupVersion().WithKind(b.kind)
}

// entry returns the i-th object as the API server would have stored it.
func (b *batch) entry(i int, like metav1.Object) (entry, error) {
	o := b.object(i)
	o.GetObjectKind().SetGroupVersionKind(b.groupVersionKind())
	m, err := meta.Accessor(o)
	if err != nil {
		return entry{}, err
	}
	m.SetUID(uidOf(b.resource.Resource, i))
	m.SetCreationTimestamp(like.GetCreationTimestamp())
	m.SetGeneration(like.GetGeneration())
	m.SetManagedFields(like.GetManagedFields())
	value, err := encode(o)
	return entry{strings.Join(compact("/registry", b.prefix, m.GetNamespace(), m.GetName()), "/"), value}, err
}

// compact leaves out what is empty, such as the namespace of a node.
func compact(parts ...string) []string {
	out := parts[:0]
	for _, p := range parts {
		if p != "" {
			out = append(out, p)
		}
	}
	return out
}

// encode returns the stored form: protobuf, and JSON for custom resources.
func encode(o runtime.Object) ([]byte, error) {
	if u, ok := o.(*unstructured.Unstructured); ok {
		return json.Marshal(u.Object)
	}
	var b bytes.Buffer
	err := protobuf.NewSerializer(scheme.Scheme, scheme.Scheme).Encode(o, &b)
	return b.Bytes(), err
}
