package kube

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"slices"
	"strings"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/schema"
)

const (
	acceptTable    = "application/json;as=Table;v=v1;g=meta.k8s.io"
	acceptMetadata = "application/json;as=PartialObjectMetadataList;v=v1;g=meta.k8s.io"
)

// secretTypes are asked for one by one in the tier rotation, because metadata
// does not hold the type. All other types share the last list.
var secretTypes = []string{
	"Opaque", "kubernetes.io/service-account-token", "kubernetes.io/dockercfg", "kubernetes.io/dockerconfigjson", "kubernetes.io/basic-auth",
	"kubernetes.io/ssh-auth", "kubernetes.io/tls", "bootstrap.kubernetes.io/token", "helm.sh/release.v1",
}

var secretsTarget = target{Kind: Secrets, version: "v1"}

// secretLists returns the lists that the tier asks for. The tier none puts no
// question, so that there is no query, and the population is a gap by that.
func (l *lister) secretLists(tier schema.SecretsTier) []func(context.Context) error {
	switch tier {
	case schema.SecretsInventory:
		return []func(context.Context) error{l.secretInventory}
	case schema.SecretsRotation:
		lists := []func(context.Context) error{
			func(ctx context.Context) error {
				return l.secretsOfType(ctx, "", "type!="+strings.Join(secretTypes, ",type!="))
			},
		}
		for _, t := range secretTypes {
			lists = append(lists, func(ctx context.Context) error { return l.secretsOfType(ctx, t, "type="+t) })
		}
		return lists
	}
	return nil
}

// secretInventory lists secrets as tables without objects: name, type, number of
// keys and age, so that no value crosses the wire. Such a table does not say
// which namespace a row is of, so each namespace is listed by itself; together
// they are one query. A table has no column for the time of creation, wide or
// not, only the age as kubectl prints it.
func (l *lister) secretInventory(ctx context.Context) error {
	q := schema.Query{Resource: Secrets.Name(), Target: fmt.Sprintf("list v1 secrets as Table includeObject=None in each of %d namespaces%s", len(l.namespaces), l.manner())}
	_, err := l.ask(ctx, q, func(ctx context.Context, q *schema.Query) error {
		if l.pin == "" {
			return errors.New("namespaces could not be listed, and secrets are listed namespace by namespace")
		}
		var refused refusals
		for _, ns := range l.namespaces {
			ls := list{
				path: secretsTarget.path(ns), accept: acceptTable, params: map[string]string{"includeObject": "None"},
				read: func(r rest.Result) (*page, error) { return l.table(ns, r) },
			}
			err := l.pages(ctx, q, ls)
			var own ownError
			if errors.As(err, &own) || ctx.Err() != nil {
				return err
			}
			refused.add(ns, err)
		}
		if err := refused.err(); err != nil {
			return err
		}
		note(q, "created is reckoned from the age in the table, which is coarser the older a secret is")
		return nil
	})
	return err
}

// table reads one page of secrets. A server that answers with anything but a
// table of secrets is not believed.
func (l *lister) table(namespace string, r rest.Result) (*page, error) {
	var t metav1.Table
	if err := decodeAs(r, "Table", &t); err != nil {
		return nil, err
	}
	for _, want := range []string{"Name", "Type", "Data", "Age"} {
		if !slices.ContainsFunc(t.ColumnDefinitions, func(c metav1.TableColumnDefinition) bool { return c.Name == want }) {
			return nil, fmt.Errorf("the server's table of secrets has no column %s", want)
		}
	}
	give := func() error {
		l.reader.SecretTable(namespace, &t)
		return nil
	}
	return &page{ListMeta: t.ListMeta, rows: len(t.Rows), give: give}, nil
}

// secretsOfType lists the metadata of the secrets that a field selector selects.
func (l *lister) secretsOfType(ctx context.Context, secretType, selector string) error {
	q := schema.Query{Resource: Secrets.Name(), Target: fmt.Sprintf("list v1 secrets as PartialObjectMetadata fieldSelector=%s%s", selector, l.manner())}
	ls := list{
		path: secretsTarget.path(""), accept: acceptMetadata, params: map[string]string{"fieldSelector": selector},
		read: func(r rest.Result) (*page, error) {
			var m metav1.PartialObjectMetadataList
			if err := decodeAs(r, "PartialObjectMetadataList", &m); err != nil {
				return nil, err
			}
			give := func() error {
				for i := range m.Items {
					l.reader.SecretMetadata(&m.Items[i], secretType)
				}
				return nil
			}
			return &page{ListMeta: m.ListMeta, rows: len(m.Items), give: give}, nil
		},
	}
	_, err := l.ask(ctx, q, func(ctx context.Context, q *schema.Query) error { return l.pages(ctx, q, ls) })
	return err
}

// decodeAs decodes an answer of the kind that was asked for. Another kind may
// hold values of secrets: it is not decoded, and no part of it is in the error.
func decodeAs(r rest.Result, kind string, into any) error {
	body, err := r.Raw()
	if err != nil {
		return err
	}
	var m metav1.TypeMeta
	if err := json.Unmarshal(body, &m); err != nil || m.Kind != kind {
		return fmt.Errorf("the server did not answer in the form %s, and the answer was thrown away", kind)
	}
	if err := json.Unmarshal(body, into); err != nil {
		return fmt.Errorf("the server's %s cannot be read", kind)
	}
	return nil
}

// refusals collects the namespaces in which one question was refused.
type refusals struct {
	first error
	in    []string
}

func (r *refusals) add(namespace string, err error) {
	if err == nil {
		return
	}
	if r.first == nil {
		r.first = err
	}
	r.in = append(r.in, namespace)
}

// err returns the first refusal, whose status the query takes, and where else there were any.
func (r *refusals) err() error {
	if len(r.in) < 2 {
		return r.first
	}
	return fmt.Errorf("refused in %d namespaces (%s), first: %w", len(r.in), strings.Join(r.in, ", "), r.first)
}
