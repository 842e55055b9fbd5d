package github

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"github.com/google/go-github/v88/github"

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
}

func newAsker(s *source, to collect.Sink) *asker {
	return &asker{source: s, to: to, left: cmp.Or(s.MaxWait, 15*time.Minute)}
}

// full is the name of a repository or an organization as rows have it.
func (a *asker) full(name string) string { return a.source.host + "/" + strings.ToLower(name) }

// get decodes the answer to one request, and waits for rate limits within the bound.
func (a *asker) get(ctx context.Context, path string, into any) (*github.Response, error) {
	for {
		request, err := a.source.client.NewRequest(ctx, http.MethodGet, path, nil)
		if err != nil {
			return nil, err
		}
		response, err := a.source.client.Do(request, into)
		pause, limited := a.pause(err)
		switch {
		case !limited:
			return response, err
		case pause > a.left:
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

// pause says how long to wait after an answer that is a rate limit
// (https://docs.github.com/rest/using-the-rest-api/rate-limits-for-the-rest-api).
func (a *asker) pause(err error) (time.Duration, bool) {
	var primary *github.RateLimitError
	var secondary *github.AbuseRateLimitError
	switch {
	case errors.As(err, &primary):
		return max(primary.Rate.Reset.Sub(a.source.Now()), 0) + time.Second, true
	case errors.As(err, &secondary) && secondary.RetryAfter != nil:
		return *secondary.RetryAfter, true
	case errors.As(err, &secondary):
		return time.Minute, true
	}
	return 0, false
}

// list reads all pages of a list.
func list[T any](ctx context.Context, a *asker, path string, query url.Values) ([]T, error) {
	return listUntil[T](ctx, a, path, "", query, nil)
}

// listIn reads all pages of a list that stands under a key of an object.
func listIn[T any](ctx context.Context, a *asker, path, key string) ([]T, error) {
	return listUntil[T](ctx, a, path, key, nil, nil)
}

// listUntil reads pages until done says of a page that no later one is needed.
// What was read before an error is returned with it.
func listUntil[T any](ctx context.Context, a *asker, path, key string, query url.Values, done func(page []T) bool) ([]T, error) {
	q := url.Values{"per_page": {"100"}}
	for k, v := range query {
		q[k] = v
	}
	var out []T
	for range forge.MaxPages {
		var raw json.RawMessage
		response, err := a.get(ctx, path+"?"+q.Encode(), &raw)
		if err != nil {
			return out, err
		}
		page, err := items[T](raw, key)
		if err != nil {
			return out, err
		}
		out = append(out, page...)
		switch {
		case done != nil && done(page):
			return out, nil
		case response.NextPage != 0:
			q.Set("page", strconv.Itoa(response.NextPage))
		case response.After != "":
			q.Set("after", response.After)
		default:
			return out, nil
		}
	}
	return out, forge.ErrPages
}

func items[T any](raw json.RawMessage, key string) ([]T, error) {
	if key != "" {
		var object map[string]json.RawMessage
		if err := json.Unmarshal(raw, &object); err != nil {
			return nil, err
		}
		raw = object[key]
	}
	var page []T
	err := json.Unmarshal(raw, &page)
	return page, err
}

// settle records how a question about a repository was answered.
func (a *asker) settle(resource, repository, target string, rows int, err error) {
	q := schema.Query{Source: a.source.Forge.Name, Resource: resource, Repository: repository, Target: target, Rows: rows, Outcome: schema.Complete}
	q.Outcome, q.Code, q.Reason = outcome(err)
	a.to.Query(q)
}

// outcome says how a question ended. GitHub answers 404 both for what is not there
// and for what the token may not see, so 404 proves nothing.
func outcome(err error) (schema.Outcome, int, string) {
	var refused *github.ErrorResponse
	switch {
	case err == nil:
		return schema.Complete, http.StatusOK, ""
	case errors.Is(err, forge.ErrPart):
		return schema.Truncated, 0, err.Error()
	case errors.Is(err, forge.ErrHidden):
		return schema.Forbidden, 0, err.Error()
	case errors.Is(err, errAbsent):
		return schema.Absent, 0, err.Error()
	case !errors.As(err, &refused):
		return schema.Failed, 0, err.Error()
	}
	code := refused.Response.StatusCode
	reason := strings.TrimSpace(refused.Message)
	switch code {
	case http.StatusNotFound:
		return schema.Forbidden, code, cmp.Or(reason, "not found") + ": it is not there, or the token may not see it"
	case http.StatusForbidden, http.StatusUnauthorized, http.StatusUnavailableForLegalReasons:
		return schema.Forbidden, code, reason
	case http.StatusGone:
		return schema.Absent, code, reason
	}
	return schema.Failed, code, reason
}

// errAbsent says that the forge does not offer a thing at all for a repository.
var errAbsent = errors.New("it is switched off for the repository")

// says reports whether an answer was refused with a status and a part of a message.
func says(err error, code int, part string) bool {
	var refused *github.ErrorResponse
	return errors.As(err, &refused) && refused.Response.StatusCode == code && strings.Contains(strings.ToLower(refused.Message), part)
}
