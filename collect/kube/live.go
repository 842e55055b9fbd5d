package kube

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"net/url"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"
	"k8s.io/client-go/kubernetes/scheme"
	_ "k8s.io/client-go/plugin/pkg/client/auth" // the sign-in plugins that kubectl has
	"k8s.io/client-go/rest"
	"k8s.io/client-go/tools/clientcmd"
	"k8s.io/klog/v2"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// Config returns the configuration for an API server the way kubectl finds it:
// kubeconfig is a file, or empty for $KUBECONFIG, ~/.kube/config and at last the
// service account of the pod; contextName is a context of it, or empty for the
// current one. The second result is the name of the context, empty in a pod.
func Config(kubeconfig, contextName string) (*rest.Config, string, error) {
	rules := clientcmd.NewDefaultClientConfigLoadingRules()
	rules.ExplicitPath = kubeconfig
	loader := clientcmd.NewNonInteractiveDeferredLoadingClientConfig(rules, &clientcmd.ConfigOverrides{CurrentContext: contextName})
	raw, err := loader.RawConfig()
	if err != nil {
		return nil, "", fmt.Errorf("read kubeconfig: %w", err)
	}
	cfg, err := loader.ClientConfig()
	if clientcmd.IsEmptyConfig(err) {
		return nil, "", fmt.Errorf("no cluster is configured in %s, and this is not a pod: name a kubeconfig that has one in KUBECONFIG or in the plan, or read files with --from", strings.Join(rules.GetLoadingPrecedence(), ", "))
	}
	if err != nil {
		return nil, "", fmt.Errorf("read kubeconfig: %w", err)
	}
	if contextName == "" {
		contextName = raw.CurrentContext
	}
	return cfg, contextName, nil
}

// Options say which cluster to read, and how.
type Options struct {
	// Cluster and Spec are the plan's, whose defaults have been filled in.
	Cluster schema.PlanCluster
	Spec    *schema.PlanSpec
	// Config reaches the API server. It is copied.
	Config *rest.Config
	// Context is the name of the kubeconfig's context, for messages.
	Context string
	// Version of the program, for the user agent.
	Version string
	// Now is the collector's clock.
	Now func() time.Time
	// Gentle asks for one list at a time and a few pages a second, which takes longer
	// and leaves an API server that is short of something more of it.
	Gentle bool
	// Timeout for all pages of one list; zero means five minutes.
	Timeout time.Duration
	// Progress may be nil. A cluster calls it from one goroutine at a time.
	Progress collect.Progress
}

const (
	// pageSize and parallelLists were found fastest on a cluster of 124,000 objects;
	// more lists at a time are slower.
	pageSize       = 500
	parallelLists  = 4
	defaultTimeout = 5 * time.Minute

	gentlePages = 5 // a second
)

// NewCluster returns a live cluster as a source. It asks with the verbs get and
// list only, and creates nothing but the self reviews of the groups
// authentication.k8s.io and authorization.k8s.io, which store nothing.
func NewCluster(o Options) collect.Source { return &liveCluster{o} }

type liveCluster struct{ Options }

// Name implements collect.Source.
func (c *liveCluster) Name() string { return c.Cluster.Name }

// Collect implements collect.Source.
func (c *liveCluster) Collect(ctx context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	ctx = silent(ctx)
	src := schema.Source{
		Name: c.Cluster.Name, Kind: schema.SourceCluster, SecretsTier: c.Spec.Secrets, Started: instant(c.Now()),
	}
	src.Marker = "run/" + asOf.UTC().Format("20060102T150405Z")
	a, err := newAsker(c.Options, src.Marker, to)
	if err != nil {
		return src, err
	}
	src.Location = a.host
	if src.Collector, err = a.identity(ctx); err != nil {
		return src, err
	}
	if src.ServerVersion, src.ClockOffsetMillis, err = a.version(ctx); err != nil {
		return src, err
	}
	l := &lister{asker: a, reader: NewReader(c.Cluster, c.Spec, asOf, to)}
	if err := l.listAll(ctx, src.SecretsTier); err != nil {
		return src, fmt.Errorf("collect from %s: %w", a.describe(), err)
	}
	src.ResourceVersion = l.pin
	src.UID, src.Redactions = l.reader.Finish(src.ServerVersion)
	src.Finished = instant(c.Now())
	return src, nil
}

// silent keeps client-go from printing: what goes wrong is in a query or an error.
func silent(ctx context.Context) context.Context { return klog.NewContext(ctx, klog.Logger{}) }

func instant(t time.Time) time.Time { return t.UTC().Truncate(time.Second) }

// An asker puts questions to one API server and records each with its answer.
type asker struct {
	Options
	to     collect.Sink
	host   string
	config *rest.Config
	http   *http.Client
	rest   rest.Interface

	progress sync.Mutex // held while Progress runs
}

// newAsker prepares to ask. The marker stands in the user agent, and by that in
// the audit log of the server.
func newAsker(o Options, marker string, to collect.Sink) (*asker, error) {
	if o.Timeout == 0 {
		o.Timeout = defaultTimeout
	}
	u, _, err := rest.DefaultServerUrlFor(o.Config)
	if err != nil {
		return nil, fmt.Errorf("read the address of the API server: %w", err)
	}
	cfg := rest.CopyConfig(o.Config)
	cfg.UserAgent = strings.TrimSpace("auditpack/" + o.Version + " " + marker)
	cfg.WarningHandler = rest.NoWarnings{}
	cfg.QPS = -1 // parallelLists is the limit
	if o.Gentle {
		cfg.QPS, cfg.Burst = gentlePages, gentlePages
	}
	cfg.ContentType = "application/vnd.kubernetes.protobuf"
	cfg.AcceptContentTypes = acceptTyped
	cfg.NegotiatedSerializer = scheme.Codecs.WithoutConversion()
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return nil, fmt.Errorf("prepare to ask %s: %w", u.Host, err)
	}
	anyVersion, err := rest.UnversionedRESTClientForConfigAndClient(cfg, client)
	if err != nil {
		return nil, fmt.Errorf("prepare to ask %s: %w", u.Host, err)
	}
	return &asker{Options: o, to: to, host: u.Host, config: cfg, http: client, rest: anyVersion}, nil
}

// describe names the server and the context for a message.
func (a *asker) describe() string {
	if a.Context == "" {
		return a.host
	}
	return fmt.Sprintf("%s (context %s)", a.host, a.Context)
}

// ask puts one question and records how it was answered: do fills in rows, pages
// and what it finds out, and its error is the world's. The query is recorded
// unless the whole collection was cancelled, which is the only error returned.
func (a *asker) ask(ctx context.Context, q schema.Query, do func(ctx context.Context, q *schema.Query) error) (schema.Query, error) {
	q.Source, q.Outcome, q.Code = a.Cluster.Name, schema.Complete, http.StatusOK
	started := a.Now()
	limited, cancel := context.WithTimeout(ctx, a.Timeout)
	defer cancel()
	err := do(limited, &q)
	q.Millis = a.Now().Sub(started).Milliseconds()
	if ctx.Err() != nil {
		return q, ctx.Err()
	}
	var own ownError
	if errors.As(err, &own) {
		return q, own.error
	}
	if err != nil {
		if limited.Err() != nil {
			err = fmt.Errorf("no answer within %s", a.Timeout)
		}
		refuse(&q, err)
	}
	a.to.Query(q)
	a.report(q)
	return q, nil
}

// An ownError is trouble of ours, such as a full disk, and not an answer.
type ownError struct{ error }

func (a *asker) report(q schema.Query) {
	if a.Progress == nil {
		return
	}
	a.progress.Lock()
	defer a.progress.Unlock()
	a.Progress(a.Cluster.Name, fmt.Sprintf("%s: %s, %d", q.Resource, q.Outcome, q.Rows))
}

// listAll lists namespaces first, because everything else refers to them and
// because the version of that list is the one that all others are pinned to.
func (l *lister) listAll(ctx context.Context, tier schema.SecretsTier) error {
	targets, err := l.discover(ctx)
	if err != nil {
		return err
	}
	namespaces, others := targets[0], targets[1:]
	if err := l.listKind(ctx, namespaces); err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(l.parallel())
	for _, t := range others {
		g.Go(func() error { return l.listKind(ctx, t) })
	}
	for _, list := range l.secretLists(tier) {
		g.Go(func() error { return list(ctx) })
	}
	return g.Wait()
}

// parallel is how many lists are asked for at a time.
func (a *asker) parallel() int {
	if a.Gentle {
		return 1
	}
	return parallelLists
}

// unreachable says of a first question that was not answered what can be done about it.
func (a *asker) unreachable(err error) error {
	var u *url.Error
	if errors.As(err, &u) {
		err = u.Err
	}
	return fmt.Errorf("ask %s: %w; check the address in the kubeconfig, the network and the certificate authority, for example with kubectl version", a.describe(), err)
}
