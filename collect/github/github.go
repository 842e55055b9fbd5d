// Package github reads repositories of GitHub, in its cloud or on a server of
// one's own: what protects their branches, what was merged and by whose approval,
// what pipelines may do, and what the forge's own scanners find.
//
// Every question is a get. An answer that hides whether a thing is missing or may
// not be seen is recorded as forbidden, never as none. Answers are decoded into
// structures that have no field for a value of a secret.
package github

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/google/go-github/v88/github"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/internal/forge"
	"github.com/auditpack/auditpack/schema"
)

// Options say which repositories to read, and how.
type Options = forge.Options

// New returns a source that reads one forge.
func New(o Options) (collect.Source, error) {
	sender, err := o.Client()
	if err != nil {
		return nil, err
	}
	options := []github.ClientOptionsFunc{
		github.WithHTTPClient(sender),
		github.WithUserAgent(o.UserAgent()),
	}
	if o.Token != "" {
		options = append(options, github.WithAuthToken(o.Token))
	}
	host := "github.com"
	if o.Forge.URL != "" {
		u, err := url.Parse(o.Forge.URL)
		if err != nil || u.Host == "" {
			return nil, fmt.Errorf("%q is not the address of a server, such as https://github.example.com", o.Forge.URL)
		}
		host = u.Host
		options = append(options, github.WithEnterpriseURLs(o.Forge.URL, o.Forge.URL))
	}
	client, err := github.NewClient(options...)
	if err != nil {
		return nil, err
	}
	return &source{Options: o, client: client, host: strings.ToLower(host)}, nil
}

type source struct {
	Options
	client *github.Client
	host   string
}

func (s *source) Name() string { return s.Forge.Name }

// Collect asks for every repository of the plan, one after the other, as GitHub
// wants it of programs (https://docs.github.com/rest/using-the-rest-api/best-practices-for-using-the-rest-api).
func (s *source) Collect(ctx context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	src := s.Source(s.host)
	a := newAsker(s, to)
	login, err := a.whoAmI(ctx)
	if err != nil {
		return schema.Source{}, err
	}
	src.Collector.Username = login
	repositories, err := a.expand(ctx, s.Forge.Repositories)
	if err != nil {
		return schema.Source{}, err
	}
	for _, name := range repositories {
		if err := ctx.Err(); err != nil {
			return schema.Source{}, err
		}
		if s.Progress != nil {
			s.Progress(s.Forge.Name, name)
		}
		newReader(a, s, name).read(ctx)
	}
	for _, org := range organizations(repositories) {
		a.organization(ctx, org)
	}
	src.Finished = s.Now().UTC()
	return src, ctx.Err()
}

// whoAmI returns the login of the token, empty without one. A server that does not
// answer, or does not know the token, cannot be asked anything.
func (a *asker) whoAmI(ctx context.Context) (string, error) {
	var user struct {
		Login string `json:"login"`
	}
	path := "user"
	if a.source.Token == "" {
		path = "rate_limit"
	}
	_, err := a.get(ctx, path, &user)
	var refused *github.ErrorResponse
	switch {
	case err == nil:
		return user.Login, nil
	case ctx.Err() != nil:
		return "", ctx.Err()
	case errors.As(err, &refused) && refused.Response.StatusCode == http.StatusForbidden:
		return "", nil // an app's token has no user
	}
	return "", &collect.UnreachableError{Err: err}
}

// expand replaces organization/* by the repositories of the organization that are
// not archived.
func (a *asker) expand(ctx context.Context, names []string) ([]string, error) {
	var out []string
	for _, name := range names {
		owner, all := strings.CutSuffix(name, "/*")
		if !all {
			if strings.Count(name, "/") != 1 {
				return nil, fmt.Errorf("%q is not a repository, such as owner/name or owner/*", name)
			}
			out = append(out, name)
			continue
		}
		found, err := a.repositoriesOf(ctx, owner)
		out = append(out, found...)
		a.settle(schema.Repositories, a.full(owner), "list repositories of "+owner, len(found), err)
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
	}
	slices.Sort(out)
	return slices.Compact(out), nil
}

func (a *asker) repositoriesOf(ctx context.Context, owner string) ([]string, error) {
	type item struct {
		FullName string `json:"full_name"`
		Archived bool   `json:"archived"`
	}
	items, err := list[item](ctx, a, "orgs/"+url.PathEscape(owner)+"/repos", nil)
	var out []string
	for _, r := range items {
		if !r.Archived {
			out = append(out, r.FullName)
		}
	}
	return out, err
}

// organizations returns the owners of repositories, sorted.
func organizations(repositories []string) []string {
	var out []string
	for _, r := range repositories {
		owner, _, _ := strings.Cut(r, "/")
		out = append(out, owner)
	}
	slices.Sort(out)
	return slices.Compact(out)
}
