package forge

import (
	"context"
	"fmt"
	"net/http"
	"strings"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// Options say which repositories to read, and how.
type Options struct {
	// Forge is the plan's.
	Forge schema.PlanForge
	// Period is what records must cover.
	Period schema.Period
	// Token is read-only; empty reads what everybody may read.
	Token string
	// Version of this program, for the user agent.
	Version string
	// Saved has answers that take the place of the server, as Saved reads them; nil asks the server.
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

// Client returns what sends the requests, to the server or to the saved answers.
func (o *Options) Client() (*http.Client, error) {
	transport := o.Transport
	if o.Saved != nil {
		var err error
		if transport, err = Saved(o.Saved); err != nil {
			return nil, fmt.Errorf("read the saved answers: %w", err)
		}
	}
	return &http.Client{Transport: transport, CheckRedirect: SameHost, Timeout: 2 * time.Minute}, nil
}

// UserAgent is how the program names itself.
func (o *Options) UserAgent() string { return strings.TrimSpace("auditpack/" + o.Version) }

// Source begins the account of what is read from a host.
func (o *Options) Source(host string) schema.Source {
	return schema.Source{
		Name: o.Forge.Name, Kind: schema.SourceForge, Location: Location(host, o.Forge.From), SecretsTier: schema.SecretsNone, Started: o.Now().UTC(),
		Collector: schema.Identity{Groups: []string{}, Rights: []string{}}, Redactions: []schema.Redaction{},
	}
}
