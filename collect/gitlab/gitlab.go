// Package gitlab reads projects of GitLab, in its cloud or on a server of one's
// own, into the same rows as collect/github does.
//
// Every question is a get. GitLab answers 404 for what a token may not see and for
// what its tier does not have, so that is recorded as forbidden, never as none.
// Answers are decoded from the connection into structures that have no field for
// the value of a variable.
package gitlab

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"gitlab.com/gitlab-org/api/client-go/v2"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// Options say which projects to read, and how. The token needs the scope read_api.
type Options = forge.Options

// New returns a source that reads one forge.
func New(o Options) (collect.Source, error) {
	sender, err := o.Client()
	if err != nil {
		return nil, err
	}
	address := cmp.Or(o.Forge.URL, "https://gitlab.com")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a server, such as https://gitlab.example.com", address)
	}
	options := []gitlab.ClientOptionFunc{
		gitlab.WithBaseURL(address),
		gitlab.WithHTTPClient(sender),
		gitlab.WithUserAgent(o.UserAgent()),
		// The bound on waiting is ours, and so is the clock.
		gitlab.WithoutRetries(), gitlab.WithCustomLimiter(unlimited{}),
	}
	var client *gitlab.Client
	if o.Token == "" {
		client, err = gitlab.NewAuthSourceClient(gitlab.Unauthenticated{}, options...)
	} else {
		client, err = gitlab.NewClient(o.Token, options...)
	}
	if err != nil {
		return nil, err
	}
	return &source{Options: o, client: client, host: strings.ToLower(u.Host)}, nil
}

// unlimited lets every request go at once.
type unlimited struct{}

func (unlimited) Wait(context.Context) error { return nil }

type source struct {
	Options
	client *gitlab.Client
	host   string
}

func (s *source) Name() string { return s.Forge.Name }

// Collect asks for every project of the plan, one after the other, and for the
// groups that they lie in.
func (s *source) Collect(ctx context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	src := s.Source(s.host)
	a := newAsker(s, to)
	login, err := a.whoAmI(ctx)
	if err != nil {
		return schema.Source{}, err
	}
	src.Collector.Username = login
	projects, err := a.expand(ctx, s.Forge.Repositories)
	if err != nil {
		return schema.Source{}, err
	}
	for _, name := range projects {
		if err := ctx.Err(); err != nil {
			return schema.Source{}, err
		}
		if s.Progress != nil {
			s.Progress(s.Forge.Name, name)
		}
		newReader(a, name).read(ctx)
	}
	src.Finished = s.Now().UTC()
	return src, ctx.Err()
}

// whoAmI returns the name of the token's user, empty without one. A server that does
// not answer, or does not know the token, cannot be asked anything.
func (a *asker) whoAmI(ctx context.Context) (string, error) {
	if a.source.Token == "" {
		return "", nil
	}
	var user struct {
		Name string `json:"username"`
	}
	_, err := a.get(ctx, "user", nil, &user)
	switch {
	case err == nil:
		return user.Name, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case status(err) == http.StatusForbidden:
		return "", nil // the token's scope leaves users out
	}
	return "", &collect.UnreachableError{Err: err}
}

// expand replaces group/* by the projects of the group and its subgroups that are
// not archived.
func (a *asker) expand(ctx context.Context, names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		group, all := strings.CutSuffix(name, "/*")
		if !all {
			if !strings.Contains(name, "/") {
				return nil, fmt.Errorf("%q is not a project, such as group/name or group/*", name)
			}
			out = append(out, name)
			continue
		}
		found, err := a.projectsOf(ctx, group)
		out = append(out, found...)
		a.settle(schema.Repositories, a.full(group), "list projects of "+group+" and its subgroups", len(found), err)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a *asker) projectsOf(ctx context.Context, group string) ([]string, error) {
	type item struct {
		Path string `json:"path_with_namespace"`
	}
	items, err := list[item](ctx, a, "groups/"+gitlab.PathEscape(group)+"/projects",
		url.Values{"include_subgroups": {"true"}, "archived": {"false"}, "with_shared": {"false"}, "simple": {"true"}})
	var out []string
	for _, p := range items {
		out = append(out, p.Path)
	}
	return out, err
}

// status returns the code of a refusal; 0 for any other error.
func status(err error) int {
	var refused *gitlab.ErrorResponse
	if errors.As(err, &refused) {
		return refused.StatusCode
	}
	return 0
}
