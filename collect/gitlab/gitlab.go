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

// Options say which projects to read, and how.
type Options struct {
	// Forge is the plan's.
	Forge schema.PlanForge
	// Period is what records must cover.
	Period schema.Period
	// Token has the scope read_api; empty reads what everybody may read.
	Token string
	// Version of this program, for the user agent.
	Version string
	// Saved has answers that take the place of the server, as forge.Saved reads them; nil asks the server.
	Saved []byte
	// Transport sends the requests; nil is the default one.
	Transport http.RoundTripper
	// Now is the clock, and Wait waits: they bound how long a rate limit is waited for.
	Now  func() time.Time
	Wait func(ctx context.Context, d time.Duration) error
	// MaxWait bounds the waiting for rate limits in one run; 0 means 15 minutes.
	MaxWait time.Duration
	// Progress may be nil.
	Progress collect.Progress
}

// New returns a source that reads one forge.
func New(o Options) (collect.Source, error) {
	if o.Saved != nil {
		var err error
		if o.Transport, err = forge.Saved(o.Saved); err != nil {
			return nil, fmt.Errorf("read the saved answers: %w", err)
		}
	}
	address := cmp.Or(o.Forge.URL, "https://gitlab.com")
	u, err := url.Parse(address)
	if err != nil || u.Host == "" {
		return nil, fmt.Errorf("%q is not the address of a server, such as https://gitlab.example.com", address)
	}
	options := []gitlab.ClientOptionFunc{
		gitlab.WithBaseURL(address),
		gitlab.WithHTTPClient(&http.Client{Transport: o.Transport, CheckRedirect: forge.SameHost, Timeout: 2 * time.Minute}),
		gitlab.WithUserAgent(strings.TrimSpace("auditpack/" + o.Version)),
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
	src := schema.Source{
		Name: s.Forge.Name, Kind: schema.SourceForge, Location: forge.Location(s.host, s.Forge.From), SecretsTier: schema.SecretsNone, Started: s.Now().UTC(),
		Collector: schema.Identity{Groups: []string{}, Rights: []string{}}, Redactions: []schema.Redaction{},
	}
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
