package kube

import (
	"context"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"slices"
	"strings"
	"time"

	authenticationv1 "k8s.io/api/authentication/v1"
	authorizationv1 "k8s.io/api/authorization/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	apischema "k8s.io/apimachinery/pkg/runtime/schema"
	"k8s.io/apimachinery/pkg/version"
	authentication "k8s.io/client-go/kubernetes/typed/authentication/v1"
	authorization "k8s.io/client-go/kubernetes/typed/authorization/v1"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// rightsNamespaces are where the collector's own rights are asked for: what it
// may do in both, it may do because of rights in the whole cluster, or nearly so.
var rightsNamespaces = []string{"default", "kube-system"}

// identity asks the server who the collector is and what it may do. It is the
// first question: the error says that the server cannot be reached or does not
// accept the credentials.
func (a *asker) identity(ctx context.Context) (schema.Identity, error) {
	id, err := a.whoAmI(ctx)
	if err != nil {
		return id, err
	}
	byNamespace := map[string][]string{}
	for _, ns := range rightsNamespaces {
		if byNamespace[ns], err = a.rights(ctx, ns); err != nil {
			return id, err
		}
	}
	id.Rights = mergeRights(byNamespace)
	return id, nil
}

func (a *asker) whoAmI(ctx context.Context) (schema.Identity, error) {
	var id schema.Identity
	var failure error
	q := schema.Query{Resource: "selfsubjectreviews.authentication.k8s.io", Target: "create authentication.k8s.io/v1 selfsubjectreviews"}
	_, err := a.ask(ctx, q, func(ctx context.Context, q *schema.Query) error {
		client, err := authentication.NewForConfigAndClient(a.config, a.http)
		if err != nil {
			return err
		}
		var r *authenticationv1.SelfSubjectReview
		r, failure = client.SelfSubjectReviews().Create(ctx, &authenticationv1.SelfSubjectReview{}, metav1.CreateOptions{})
		if apierrors.IsNotFound(failure) { // servers before 1.28
			q.Outcome, q.Code, q.Reason = schema.Absent, http.StatusNotFound, failure.Error()
			return nil
		}
		if failure != nil {
			return failure
		}
		q.Rows, q.Pages, q.Code = 1, 1, http.StatusCreated
		id.Username, id.Groups = r.Status.UserInfo.Username, slices.Sorted(slices.Values(r.Status.UserInfo.Groups))
		return nil
	})
	if err != nil {
		return id, err
	}
	return id, a.firstAnswer(failure)
}

// firstAnswer turns the answer to the first question into an error where nothing
// further can be asked.
func (a *asker) firstAnswer(err error) error {
	if err == nil {
		return nil
	}
	switch code, _ := answer(err); {
	case apierrors.IsUnauthorized(err):
		return &collect.UnreachableError{Err: fmt.Errorf("ask %s who we are: %w; the server does not accept the credentials of the kubeconfig: sign in again, or name another context", a.describe(), err)}
	case code == 0:
		return &collect.UnreachableError{Err: a.unreachable(err)}
	}
	return nil // a refusal of this one question
}

// rights returns what the collector may do in a namespace, one line a rule.
func (a *asker) rights(ctx context.Context, namespace string) ([]string, error) {
	var lines []string
	q := schema.Query{
		Resource: "selfsubjectrulesreviews.authorization.k8s.io",
		Target:   "create authorization.k8s.io/v1 selfsubjectrulesreviews for namespace " + namespace,
	}
	_, err := a.ask(ctx, q, func(ctx context.Context, q *schema.Query) error {
		client, err := authorization.NewForConfigAndClient(a.config, a.http)
		if err != nil {
			return err
		}
		review := &authorizationv1.SelfSubjectRulesReview{Spec: authorizationv1.SelfSubjectRulesReviewSpec{Namespace: namespace}}
		r, err := client.SelfSubjectRulesReviews().Create(ctx, review, metav1.CreateOptions{})
		if err != nil {
			return err
		}
		lines = ruleLines(r.Status)
		q.Rows, q.Pages, q.Code = len(lines), 1, http.StatusCreated
		if r.Status.Incomplete {
			// An authorizer outside of the server cannot enumerate rights; most managed clusters have one.
			note(q, "the server cannot name all rights: "+r.Status.EvaluationError)
			lines = append(lines, "and further rights that the server cannot name")
		}
		return nil
	})
	return lines, err
}

// ruleLines writes each rule as verbs, what they are for, and names.
func ruleLines(s authorizationv1.SubjectRulesReviewStatus) []string {
	lines := map[string]bool{}
	for _, r := range s.ResourceRules {
		var on []string
		for _, g := range r.APIGroups {
			for _, res := range r.Resources {
				on = append(on, strings.TrimSuffix(res+"."+g, "."))
			}
		}
		line := joinSorted(r.Verbs) + " " + joinSorted(on)
		if len(r.ResourceNames) > 0 {
			line += " named " + joinSorted(r.ResourceNames)
		}
		lines[line] = true
	}
	for _, r := range s.NonResourceRules {
		lines[joinSorted(r.Verbs)+" "+joinSorted(r.NonResourceURLs)] = true
	}
	return slices.Sorted(maps.Keys(lines))
}

func joinSorted(words []string) string { return strings.Join(sorted(words), ",") }

// mergeRights returns the lines of all namespaces, sorted. A line that not every
// namespace has says where it holds.
func mergeRights(byNamespace map[string][]string) []string {
	where := map[string][]string{}
	for _, ns := range slices.Sorted(maps.Keys(byNamespace)) {
		for _, line := range byNamespace[ns] {
			where[line] = append(where[line], ns)
		}
	}
	var out []string
	for line, in := range where {
		if len(in) < len(byNamespace) {
			line += " in " + strings.Join(in, ", ")
		}
		out = append(out, line)
	}
	slices.Sort(out)
	return out
}

// version asks for the server's version. The offset is the server's Date header,
// which has whole seconds, less the collector's clock, in milliseconds.
func (a *asker) version(ctx context.Context) (gitVersion string, clockOffset int64, err error) {
	q := schema.Query{Resource: "/version", Target: "get /version"}
	_, err = a.ask(ctx, q, func(ctx context.Context, q *schema.Query) error {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, a.rest.Get().AbsPath("/version").URL().String(), nil)
		if err != nil {
			return err
		}
		resp, err := a.http.Do(req)
		if err != nil {
			return err
		}
		defer func() { _ = resp.Body.Close() }()
		if date, err := http.ParseTime(resp.Header.Get("Date")); err == nil {
			clockOffset = date.Sub(a.Now().Truncate(time.Second)).Milliseconds()
		}
		body, err := io.ReadAll(io.LimitReader(resp.Body, 1<<20))
		if err != nil {
			return err
		}
		if resp.StatusCode != http.StatusOK {
			return apierrors.NewGenericServerResponse(resp.StatusCode, http.MethodGet, apischema.GroupResource{}, "version", "", 0, true)
		}
		var info version.Info
		if err := json.Unmarshal(body, &info); err != nil {
			return fmt.Errorf("read version: %w", err)
		}
		q.Rows, q.Pages, gitVersion = 1, 1, info.GitVersion
		return nil
	})
	return gitVersion, clockOffset, err
}
