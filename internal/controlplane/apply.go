package controlplane

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"time"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	"k8s.io/apimachinery/pkg/util/yaml"
	"k8s.io/client-go/discovery"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"
	"k8s.io/client-go/util/retry"
)

// Apply puts every object of these YAML or JSON documents and lists into the
// cluster: namespaces and custom resource definitions first, the others in the
// order given, each with its status and field managers. An object that is there is
// replaced. An object with a deletionTimestamp is deleted at the end, and stays as
// long as it has a finalizer. What a server always sets itself, such as uid and creationTimestamp,
// is the server's.
func (s *Server) Apply(t testing.TB, documents ...[]byte) {
	t.Helper()
	s.apply(t, "", documents)
}

// ApplyStrict is Apply for objects without a field that the schema of their kind
// does not have: such a field fails the test, and is not dropped.
func (s *Server) ApplyStrict(t testing.TB, documents ...[]byte) {
	t.Helper()
	s.apply(t, metav1.FieldValidationStrict, documents)
}

func (s *Server) apply(t testing.TB, validation string, documents [][]byte) {
	t.Helper()
	var objects []*unstructured.Unstructured
	for _, d := range documents {
		list, err := decode(d)
		if err != nil {
			t.Fatal(err)
		}
		objects = append(objects, list...)
	}
	slices.SortStableFunc(objects, func(a, b *unstructured.Unstructured) int { return rank(a) - rank(b) })
	var deleted []*unstructured.Unstructured
	for _, o := range objects {
		if o.GetDeletionTimestamp() != nil {
			deleted = append(deleted, o)
		}
	}
	l := loader{cfg: s.Admin(t), validation: validation}
	for i, o := range objects {
		if i == 0 || rank(objects[i-1]) != rank(o) { // what was created so far may have added kinds
			if err := l.discover(); err != nil {
				t.Fatal(err)
			}
		}
		if err := l.put(context.Background(), o); err != nil {
			t.Errorf("put %s %s/%s: %v", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
	for _, o := range deleted {
		if err := l.delete(context.Background(), o); err != nil {
			t.Fatalf("delete %s %s/%s: %v", o.GetKind(), o.GetNamespace(), o.GetName(), err)
		}
	}
}

// rank orders what others depend on before them.
func rank(o *unstructured.Unstructured) int {
	switch o.GetKind() {
	case "Namespace", kindDefinition:
		return 0
	}
	return 1
}

const (
	kindDefinition         = "CustomResourceDefinition"
	kindCertificateRequest = "CertificateSigningRequest"
)

// decode returns the objects of a stream of documents; a list gives its items.
func decode(stream []byte) ([]*unstructured.Unstructured, error) {
	var objects []*unstructured.Unstructured
	for d := yaml.NewYAMLOrJSONDecoder(bytes.NewReader(stream), 4096); ; {
		o := &unstructured.Unstructured{}
		err := d.Decode(&o.Object)
		if errors.Is(err, io.EOF) {
			return objects, nil
		}
		if err != nil {
			return nil, fmt.Errorf("read manifests: %w", err)
		}
		switch {
		case len(o.Object) == 0: // a document of comments
		case o.IsList():
			err = o.EachListItem(func(item runtime.Object) error {
				objects = append(objects, item.(*unstructured.Unstructured))
				return nil
			})
			if err != nil {
				return nil, fmt.Errorf("read list: %w", err)
			}
		default:
			objects = append(objects, o)
		}
	}
}

// A loader puts objects into the cluster.
type loader struct {
	cfg        *rest.Config
	mapper     meta.RESTMapper
	validation string // of fields, as metav1.CreateOptions has it
}

func (l *loader) discover() error {
	client, err := discovery.NewDiscoveryClientForConfig(l.cfg)
	if err != nil {
		return err
	}
	groups, err := restmapper.GetAPIGroupResources(client)
	if err != nil {
		return err
	}
	l.mapper = restmapper.NewDiscoveryRESTMapper(groups)
	return nil
}

// put creates or replaces one object, then gives it the status and the field
// managers that the manifest has.
func (l *loader) put(ctx context.Context, o *unstructured.Unstructured) error {
	objects, err := l.client(o)
	if err != nil {
		return err
	}
	status, managers := o.Object["status"], o.GetManagedFields()
	strip(o)
	_, err = objects.Create(ctx, o, metav1.CreateOptions{FieldValidation: l.validation})
	if apierrors.IsAlreadyExists(err) {
		err = l.replace(ctx, objects, o)
	}
	switch {
	case err != nil:
		return err
	case o.GetKind() == kindDefinition: // whose field managers nobody reads
		return waitServed(ctx, objects, o.GetName())
	case status != nil:
		err = l.putStatus(ctx, objects, o.GetKind(), o.GetName(), status)
	}
	if err != nil {
		return err
	}
	return l.putManagers(ctx, objects, o.GetName(), managers)
}

func (l *loader) delete(ctx context.Context, o *unstructured.Unstructured) error {
	objects, err := l.client(o)
	if err != nil {
		return err
	}
	return objects.Delete(ctx, o.GetName(), metav1.DeleteOptions{})
}

// client returns the client for the resource and namespace of an object.
func (l *loader) client(o *unstructured.Unstructured) (dynamic.ResourceInterface, error) {
	gvk := o.GroupVersionKind()
	mapping, err := l.mapper.RESTMapping(gvk.GroupKind(), gvk.Version)
	if err != nil {
		return nil, err
	}
	client, err := dynamic.NewForConfig(l.as(o))
	if err != nil {
		return nil, err
	}
	if mapping.Scope.Name() == meta.RESTScopeNameNamespace {
		return client.Resource(mapping.Resource).Namespace(o.GetNamespace()), nil
	}
	return client.Resource(mapping.Resource), nil
}

// as returns the configuration to create an object with. A server writes its
// caller into a certificate request, so that one is created in the name that the
// manifest has.
func (l *loader) as(o *unstructured.Unstructured) *rest.Config {
	user, _, _ := unstructured.NestedString(o.Object, "spec", "username")
	if o.GetKind() != kindCertificateRequest || user == "" {
		return l.cfg
	}
	cfg := rest.CopyConfig(l.cfg)
	cfg.Impersonate = rest.ImpersonationConfig{UserName: user, Groups: []string{"system:masters"}}
	return cfg
}

// strip removes what a server refuses in a new object, or sets itself.
func strip(o *unstructured.Unstructured) {
	for _, f := range []string{"uid", "resourceVersion", "creationTimestamp", "deletionTimestamp", "generation", "managedFields", "selfLink"} {
		unstructured.RemoveNestedField(o.Object, "metadata", f)
	}
}

func (l *loader) replace(ctx context.Context, objects dynamic.ResourceInterface, o *unstructured.Unstructured) error {
	return l.update(ctx, objects, o.GetName(), func(stored *unstructured.Unstructured) {
		version := stored.GetResourceVersion()
		stored.Object = o.DeepCopy().Object
		stored.SetResourceVersion(version)
	})
}

// putStatus sets the status through the status subresource. A kind without one
// has had its status at creation. The conditions of a certificate request have a
// subresource of their own.
func (l *loader) putStatus(ctx context.Context, objects dynamic.ResourceInterface, kind, name string, status any) error {
	subresources := []string{"status"}
	if kind == kindCertificateRequest {
		subresources = []string{"approval", "status"}
	}
	for _, sub := range subresources {
		err := l.update(ctx, objects, name, func(o *unstructured.Unstructured) { o.Object["status"] = status }, sub)
		if apierrors.IsNotFound(err) {
			return nil
		}
		if err != nil {
			return fmt.Errorf("%s: %w", sub, err)
		}
	}
	return nil
}

// putManagers replaces the field managers that the loading left by those of the
// manifest; an empty entry removes them all. An update that changes nothing else
// leaves them as they are sent.
func (l *loader) putManagers(ctx context.Context, objects dynamic.ResourceInterface, name string, managers []metav1.ManagedFieldsEntry) error {
	if len(managers) == 0 {
		managers = []metav1.ManagedFieldsEntry{{}}
	}
	if err := l.update(ctx, objects, name, func(o *unstructured.Unstructured) { o.SetManagedFields(managers) }); err != nil {
		return fmt.Errorf("field managers: %w", err)
	}
	return nil
}

// update changes what is stored, again if the server changed it meanwhile, as its
// own controllers for API services and definitions do.
func (l *loader) update(ctx context.Context, objects dynamic.ResourceInterface, name string, change func(*unstructured.Unstructured), subresources ...string) error {
	return retry.RetryOnConflict(retry.DefaultBackoff, func() error {
		o, err := objects.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		change(o)
		_, err = objects.Update(ctx, o, metav1.UpdateOptions{FieldValidation: l.validation}, subresources...)
		return err
	})
}

// waitServed returns when the server serves a new kind.
func waitServed(ctx context.Context, definitions dynamic.ResourceInterface, name string) error {
	ctx, cancel := context.WithTimeout(ctx, readyTimeout)
	defer cancel()
	for {
		o, err := definitions.Get(ctx, name, metav1.GetOptions{})
		if err != nil {
			return err
		}
		conditions, _, _ := unstructured.NestedSlice(o.Object, "status", "conditions")
		for _, c := range conditions {
			if c, ok := c.(map[string]any); ok && c["type"] == "Established" && c["status"] == "True" {
				return nil
			}
		}
		time.Sleep(50 * time.Millisecond)
	}
}

// Manifests returns the contents of all files below dir, for Apply.
func Manifests(t testing.TB, dir string) [][]byte {
	t.Helper()
	var out [][]byte
	err := filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		out = append(out, b)
		return err
	})
	if err != nil || len(out) == 0 {
		t.Fatalf("read %s: %d files, %v", dir, len(out), err)
	}
	return out
}
