package kube

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"strings"

	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/apis/meta/v1/unstructured"
	"k8s.io/apimachinery/pkg/runtime"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	utiljson "k8s.io/apimachinery/pkg/util/json"
	"k8s.io/client-go/kubernetes/scheme"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/schema"
)

const (
	acceptTyped = "application/vnd.kubernetes.protobuf,application/json"
	acceptJSON  = "application/json"
)

// A lister lists kinds and gives their objects to the reader, page by page.
type lister struct {
	*asker
	reader *Reader

	// pin is the version that lists are asked for; empty when namespaces, whose
	// list decides it, could not be listed.
	pin string

	// namespaces are the names of all that were listed.
	namespaces []string
}

// A list is what to ask for, and how to read one page of the answer.
type list struct {
	path   string
	accept string
	params map[string]string
	read   func(rest.Result) (*page, error)
}

// A page is one answer to a list.
type page struct {
	metav1.ListMeta
	rows int
	// give hands the rows to the reader. Its error is ours and not the server's.
	give func() error
}

// listKind lists all objects of a kind, or records why that cannot be done.
func (l *lister) listKind(ctx context.Context, t target) error {
	q := schema.Query{Resource: t.Name(), Target: fmt.Sprintf("list %s %s", t.groupVersion(), t.Resource)}
	if t.reason != "" {
		_, err := l.ask(ctx, q, func(_ context.Context, q *schema.Query) error {
			q.Outcome, q.Code, q.Reason = t.outcome, 0, t.reason
			return nil
		})
		return err
	}
	ls := list{path: t.path(""), accept: acceptTyped, read: l.typed(t)}
	if !t.Typed() {
		ls.accept, ls.read = acceptJSON, l.untyped(t)
	}
	q.Target += l.manner()
	q, err := l.ask(ctx, q, func(ctx context.Context, q *schema.Query) error { return l.pages(ctx, q, ls) })
	if err != nil {
		return err
	}
	if t.Kind.Name() == namespacesName && q.Pages > 0 {
		l.pin = q.ResourceVersion
	}
	return nil
}

const namespacesName = "namespaces"

// manner says how pages are asked for, as a query's target does.
func (l *lister) manner() string {
	if l.pin == "" {
		return fmt.Sprintf(" limit=%d", pageSize)
	}
	return fmt.Sprintf(" limit=%d resourceVersion=%s (exact)", pageSize, l.pin)
}

// pages asks for page after page and gives each to the reader before the next.
//
// A version that was compacted away is answered with 410. At the first page
// nothing has been given yet, and the list starts again at the newest version.
// Later the server's answer has a token that continues at the newest version
// behind the last object given, so no object is given twice. Both are said in
// the query's reason.
func (l *lister) pages(ctx context.Context, q *schema.Query, ls list) error {
	opts := metav1.ListOptions{Limit: pageSize}
	if l.pin != "" {
		opts.ResourceVersion, opts.ResourceVersionMatch = l.pin, metav1.ResourceVersionMatchExact
	}
	restarted := false
	for {
		p, err := ls.read(l.request(ls, opts).Do(ctx))
		if next, ok := afterExpiry(err, opts); ok && !restarted {
			note(q, expiry(q, opts))
			opts, restarted = next, true
			continue
		}
		if err != nil {
			return err
		}
		if err := p.give(); err != nil {
			return ownError{err}
		}
		q.Rows += p.rows
		q.Pages++
		q.ResourceVersion = p.ResourceVersion
		if p.Continue == "" {
			return nil
		}
		opts = metav1.ListOptions{Limit: pageSize, Continue: p.Continue}
	}
}

// expiry says what was done about a version that expired while it was asked for.
func expiry(q *schema.Query, asked metav1.ListOptions) string {
	if asked.Continue == "" {
		return fmt.Sprintf("version %s had expired; listed at the newest version instead", asked.ResourceVersion)
	}
	return fmt.Sprintf("version %s expired after %d rows; the rest was listed at the newest version", q.ResourceVersion, q.Rows)
}

// afterExpiry returns how to go on after an answer of 410, if that is what err is.
func afterExpiry(err error, asked metav1.ListOptions) (metav1.ListOptions, bool) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) || status.Status().Code != http.StatusGone {
		return asked, false
	}
	token := status.Status().Continue
	switch {
	case asked.Continue != "" && token == "": // nothing says where to go on
		return asked, false
	case asked.Continue == "" && asked.ResourceVersion == "": // no version was asked for
		return asked, false
	}
	return metav1.ListOptions{Limit: pageSize, Continue: token}, true
}

func (l *lister) request(ls list, opts metav1.ListOptions) *rest.Request {
	r := l.rest.Get().AbsPath(ls.path).SetHeader("Accept", ls.accept).
		SpecificallyVersionedParams(&opts, scheme.ParameterCodec, apischema.GroupVersion{Version: "v1"})
	for k, v := range ls.params {
		r = r.Param(k, v)
	}
	return r
}

// typed reads pages into the Go types of k8s.io/api.
func (l *lister) typed(t target) func(rest.Result) (*page, error) {
	gvk := t.groupVersion().WithKind(t.Kind.Kind)
	return func(r rest.Result) (*page, error) {
		objects, err := scheme.Scheme.New(gvk.GroupVersion().WithKind(gvk.Kind + "List"))
		if err != nil {
			return nil, err
		}
		if err := r.Into(objects); err != nil {
			return nil, err
		}
		m, err := meta.ListAccessor(objects)
		if err != nil {
			return nil, err
		}
		give := func() error {
			return meta.EachListItem(objects, func(o runtime.Object) error { return l.object(t, o) })
		}
		return &page{ListMeta: listMeta(m), rows: meta.LenList(objects), give: give}, nil
	}
}

// untyped reads pages of custom resources, item by item: the client for
// unstructured lists takes eight times as long.
func (l *lister) untyped(t target) func(rest.Result) (*page, error) {
	return func(r rest.Result) (*page, error) {
		body, err := r.Raw()
		if err != nil {
			return nil, err
		}
		var objects struct {
			Metadata metav1.ListMeta   `json:"metadata"`
			Items    []json.RawMessage `json:"items"`
		}
		if err := json.Unmarshal(body, &objects); err != nil {
			return nil, fmt.Errorf("read list: %w", err)
		}
		items := make([]map[string]any, len(objects.Items))
		for i, raw := range objects.Items {
			if err := utiljson.Unmarshal(raw, &items[i]); err != nil {
				return nil, fmt.Errorf("read object: %w", err)
			}
		}
		give := func() error {
			for _, item := range items {
				if err := l.object(t, &unstructured.Unstructured{Object: item}); err != nil {
					return err
				}
			}
			return nil
		}
		return &page{ListMeta: objects.Metadata, rows: len(items), give: give}, nil
	}
}

// object gives one object to the reader, with the kind and version that items of
// a list leave out.
func (l *lister) object(t target, o runtime.Object) error {
	o.GetObjectKind().SetGroupVersionKind(t.groupVersion().WithKind(t.Kind.Kind))
	if m, ok := o.(metav1.Object); ok && t.Kind.Name() == namespacesName {
		l.namespaces = append(l.namespaces, m.GetName())
	}
	return l.reader.Object(t.Kind, o)
}

func listMeta(m metav1.ListInterface) metav1.ListMeta {
	return metav1.ListMeta{ResourceVersion: m.GetResourceVersion(), Continue: m.GetContinue()}
}

// refuse writes an answer that is not complete into its query.
func refuse(q *schema.Query, err error) {
	var reason string
	q.Code, reason = answer(err)
	note(q, reason)
	switch {
	case q.Pages > 0:
		q.Outcome = schema.Truncated
	case q.Code == http.StatusForbidden:
		q.Outcome = schema.Forbidden
	default:
		q.Outcome = schema.Failed
	}
}

// answer returns the HTTP status and the message of an error that a server sent,
// or 0 and the text of one that came from elsewhere.
func answer(err error) (code int, message string) {
	var status apierrors.APIStatus
	if !errors.As(err, &status) {
		return 0, err.Error()
	}
	code = int(status.Status().Code)
	return code, cmp.Or(status.Status().Message, err.Error(), fmt.Sprintf("HTTP status %d", code))
}

// note adds to the reason of a query. What is noted already still holds; the same
// note is made once.
func note(q *schema.Query, s string) {
	switch {
	case q.Reason == "":
		q.Reason = s
	case !strings.Contains(q.Reason, s):
		q.Reason += "; " + s
	}
}
