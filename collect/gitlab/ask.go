package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// An asker puts questions to one server and records how they were answered.
type asker struct {
	source *source
	to     collect.Sink
	// left is how long rate limits may still be waited for.
	left time.Duration
	// groups are the members of the groups that were asked for, by path.
	groups map[string]map[string]bool
}

func newAsker(s *source, to collect.Sink) *asker {
	return &asker{source: s, to: to, left: cmp.Or(s.MaxWait, 15*time.Minute), groups: map[string]map[string]bool{}}
}

// full is the name of a project or a group as rows have it.
func (a *asker) full(name string) string { return a.source.host + "/" + strings.ToLower(name) }

// parameters of a request, in the form that the client encodes.
type parameters struct {
	Values encoded `url:"values"`
}

type encoded url.Values

// EncodeValues implements query.Encoder.
func (e encoded) EncodeValues(_ string, to *url.Values) error {
	for k, v := range e {
		(*to)[k] = v
	}
	return nil
}

// get decodes the answer to one request, and waits for rate limits within the bound.
// The answer is decoded as it arrives: what into has no field for is held nowhere.
func (a *asker) get(ctx context.Context, path string, query url.Values, into any) (*gitlab.Response, error) {
	for {
		request, err := a.source.client.NewRequest(http.MethodGet, path, parameters{encoded(query)}, []gitlab.RequestOptionFunc{gitlab.WithContext(ctx)})
		if err != nil {
			return nil, err
		}
		response, err := a.source.client.Do(request, into)
		if status(err) != http.StatusTooManyRequests {
			return response, err
		}
		pause := a.pause(response.Header)
		if pause > a.left {
			return nil, forge.ErrLimit
		}
		a.left -= pause
		if a.source.Progress != nil {
			a.source.Progress(a.source.Forge.Name, fmt.Sprintf("waiting %s for the rate limit", pause.Round(time.Second)))
		}
		if err := a.source.Wait(ctx, pause); err != nil {
			return nil, err
		}
	}
}

// pause says how long to wait after a rate limit
// (https://docs.gitlab.com/administration/settings/user_and_ip_rate_limits/#response-headers).
func (a *asker) pause(header http.Header) time.Duration {
	if seconds, err := strconv.Atoi(header.Get("Retry-After")); err == nil {
		return max(time.Duration(seconds)*time.Second, time.Second)
	}
	if reset, err := strconv.ParseInt(header.Get("RateLimit-Reset"), 10, 64); err == nil {
		return max(time.Unix(reset, 0).Sub(a.source.Now()), 0) + time.Second
	}
	return time.Minute
}

// list reads all pages of a list.
func list[T any](ctx context.Context, a *asker, path string, query url.Values) ([]T, error) {
	return listUntil[T](ctx, a, path, query, nil)
}

// listUntil reads pages until done says of a page that no later one is needed.
// What was read before an error is returned with it.
func listUntil[T any](ctx context.Context, a *asker, path string, query url.Values, done func(page []T) bool) ([]T, error) {
	q := url.Values{"per_page": {"100"}}
	for k, v := range query {
		q[k] = v
	}
	var out []T
	for range forge.MaxPages {
		var page []T
		response, err := a.get(ctx, path, q, &page)
		if err != nil {
			return out, err
		}
		out = append(out, page...)
		if response.NextPage == 0 || done != nil && done(page) {
			return out, nil
		}
		q.Set("page", strconv.FormatInt(response.NextPage, 10))
	}
	return out, forge.ErrPages
}

// settle records how a question about a project or group was answered.
func (a *asker) settle(resource, repository, target string, rows int, err error) {
	q := schema.Query{Source: a.source.Forge.Name, Resource: resource, Repository: repository, Target: target, Rows: rows, Outcome: schema.Complete}
	q.Outcome, q.Code, q.Reason = outcome(err)
	a.to.Query(q)
}

// errAbsent says that GitLab has no such thing, or the project has none.
type errAbsent string

func (e errAbsent) Error() string { return string(e) }

// outcome says how a question ended.
func outcome(err error) (schema.Outcome, int, string) {
	var refused *gitlab.ErrorResponse
	var absent errAbsent
	switch {
	case err == nil:
		return schema.Complete, http.StatusOK, ""
	case errors.Is(err, forge.ErrPart):
		return schema.Truncated, 0, err.Error()
	case errors.Is(err, forge.ErrHidden):
		return schema.Forbidden, 0, err.Error()
	case errors.As(err, &absent):
		return schema.Absent, 0, err.Error()
	case !errors.As(err, &refused):
		return schema.Failed, 0, err.Error()
	}
	code, reason := refused.StatusCode, strings.TrimSpace(refused.Message)
	switch code {
	case http.StatusNotFound:
		return schema.Forbidden, code, "not found: it is not there, the tier of the server has it not, or the token may not see it"
	case http.StatusForbidden, http.StatusUnauthorized:
		return schema.Forbidden, code, reason
	}
	return schema.Failed, code, reason
}
