package kube_test

import (
	"context"
	"errors"
	"fmt"
	"net/http"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

// spoiled puts a handler before the lists of one resource; all other requests pass.
func spoiled(t *testing.T, cfg *rest.Config, resource string, handler func(w http.ResponseWriter, r *http.Request, next http.Handler)) *rest.Config {
	t.Helper()
	return controlplane.Proxy(t, cfg, func(w http.ResponseWriter, r *http.Request, next http.Handler) {
		if strings.HasSuffix(r.URL.Path, "/"+resource) {
			handler(w, r, next)
			return
		}
		next.ServeHTTP(w, r)
	})
}

func firstPage(r *http.Request) bool { return r.URL.Query().Get("continue") == "" }

// How each way of answering badly ends, for the kind that is answered badly and for the others.
func TestFaults(t *testing.T) {
	s := filled(t)
	cfg := reader(t, s, "sees-faults")
	type fault func(w http.ResponseWriter, r *http.Request, next http.Handler)
	status := func(code int) fault {
		return func(w http.ResponseWriter, _ *http.Request, _ http.Handler) { w.WriteHeader(code) }
	}
	later := func(f fault) fault { // spoils what follows the first page
		return func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if firstPage(r) {
				next.ServeHTTP(w, r)
				return
			}
			f(w, r, next)
		}
	}
	cut := func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
		w.Header().Set("Content-Type", "application/json")
		_, _ = w.Write([]byte(`{"kind":"ServiceAccountList","items":[`))
		_ = http.NewResponseController(w).Flush()
		panic(http.ErrAbortHandler)
	}
	hang := func(_ http.ResponseWriter, r *http.Request, _ http.Handler) { <-r.Context().Done() }
	busy := &atomic.Int32{}
	for _, tt := range []struct {
		name  string
		fault fault
		want  schema.Query // outcome, code, rows and pages
		word  string       // in the reason
	}{
		{"server error", status(500), schema.Query{Outcome: schema.Failed, Code: 500}, "error on the server"},
		{"unavailable after a page", later(status(503)), schema.Query{Outcome: schema.Truncated, Code: 503, Rows: 500, Pages: 1}, "unable to handle"},
		{"credentials expire", status(401), schema.Query{Outcome: schema.Failed, Code: 401}, "credentials"},
		{"right withdrawn after a page", later(status(403)), schema.Query{Outcome: schema.Truncated, Code: 403, Rows: 500, Pages: 1}, "403"},
		{"served and not found", status(404), schema.Query{Outcome: schema.Failed, Code: 404}, "could not find"},
		{"always expired", status(410), schema.Query{Outcome: schema.Failed, Code: 410}, "had expired; listed at the newest version instead; "},
		{"expired without a token", later(status(410)), schema.Query{Outcome: schema.Truncated, Code: 410, Rows: 500, Pages: 1}, ""},
		{"cut off", cut, schema.Query{Outcome: schema.Failed}, ""},
		{"cut off after a page", later(cut), schema.Query{Outcome: schema.Truncated, Rows: 500, Pages: 1}, ""},
		{"hangs", hang, schema.Query{Outcome: schema.Failed}, "no answer within 5s"},
		{"hangs after a page", later(hang), schema.Query{Outcome: schema.Truncated, Rows: 500, Pages: 1}, "no answer within 5s"},
		{"too many requests, for a while", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
			if busy.Add(1) <= 2 {
				w.Header().Set("Retry-After", "0")
				w.WriteHeader(http.StatusTooManyRequests)
				return
			}
			next.ServeHTTP(w, r)
		}, schema.Query{Outcome: schema.Complete, Code: 200, Rows: manyAccounts, Pages: 3}, ""},
		{"too many requests, for an hour", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Retry-After", "3600")
			w.WriteHeader(http.StatusTooManyRequests)
		}, schema.Query{Outcome: schema.Failed}, "no answer within 5s"},
		{"shorter than announced", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "application/json")
			w.Header().Set("Content-Length", "1000")
			_, _ = w.Write([]byte(`{"kind":"ServiceAccountList","apiVersion":"v1","items":[]}`))
		}, schema.Query{Outcome: schema.Failed}, ""},
		{"called protobuf, and is none", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "application/vnd.kubernetes.protobuf")
			_, _ = w.Write([]byte(`{"kind":"ServiceAccountList","apiVersion":"v1","items":[]}`))
		}, schema.Query{Outcome: schema.Failed}, ""},
		{"another kind of answer", func(w http.ResponseWriter, _ *http.Request, _ http.Handler) {
			w.Header().Set("Content-Type", "text/html")
			_, _ = w.Write([]byte("<html>sign in</html>"))
		}, schema.Query{Outcome: schema.Failed}, ""},
	} {
		t.Run(tt.name, func(t *testing.T) {
			t.Parallel() // some wait for a time limit
			o := options(spoiled(t, cfg, "serviceaccounts", tt.fault), schema.SecretsNone)
			if strings.HasPrefix(tt.word, "no answer") {
				o.Timeout = 5 * time.Second
			}
			_, got := run(t, o)
			q := got.of("serviceaccounts")[0]
			if diff := cmp.Diff(tt.want, q, cmpopts.IgnoreFields(schema.Query{}, "Source", "Resource", "Target", "ResourceVersion", "Reason", "Millis")); diff != "" {
				t.Errorf("query (-want +got):\n%s\nreason %q", diff, q.Reason)
			}
			if !strings.Contains(q.Reason, tt.word) || q.Gap() && q.Reason == "" {
				t.Errorf("reason %q does not have %q", q.Reason, tt.word)
			}
			if n := len(got.evidence.ServiceAccounts); n != tt.want.Rows {
				t.Errorf("%d rows were given, %d counted", n, tt.want.Rows)
			}
			if p := got.of("pods")[0]; p.Gap() {
				t.Errorf("another kind suffers: %+v", p)
			}
		})
	}
}

// A cancelled collection ends with an error: half of it is of no use.
func TestCancel(t *testing.T) {
	s := filled(t)
	ctx, cancel := context.WithCancel(context.Background())
	cfg := spoiled(t, reader(t, s, "sees-until"), "pods", func(_ http.ResponseWriter, r *http.Request, _ http.Handler) {
		cancel()
		<-r.Context().Done()
	})
	_, err := kube.NewCluster(options(cfg, schema.SecretsNone)).Collect(ctx, time.Now(), &sink{})
	if !errors.Is(err, context.Canceled) {
		t.Errorf("got %v, want cancelled", err)
	}
}

// A brokenSink cannot keep objects.
type brokenSink struct{ sink }

var errFull = errors.New("no space left on device")

func (*brokenSink) Object(string, string, []byte) error { return errFull }

// Trouble of ours is an error and not an answer of the server.
func TestFullDisk(t *testing.T) {
	s := filled(t)
	_, err := kube.NewCluster(options(s.Admin(t), schema.SecretsNone)).Collect(context.Background(), time.Now(), &brokenSink{})
	if !errors.Is(err, errFull) {
		t.Errorf("got %v, want %v", err, errFull)
	}
}

// The server forgets the version that lists are pinned to, at the first page or
// between pages. Every object still arrives exactly once, and the query says so.
func TestExpiredVersion(t *testing.T) {
	s := controlplane.Start(t, controlplane.NoSnapshots)
	s.Apply(t, []byte("{apiVersion: v1, kind: Namespace, metadata: {name: crowd}}"))
	fillAccounts(t, s, "crowd", manyAccounts)
	cfg := reader(t, s, "sees-late")
	for i, tt := range []struct {
		name   string
		when   func(*http.Request) bool
		reason string
	}{
		{"before the first page", firstPage, "had expired; listed at the newest version instead"},
		{"between pages", func(r *http.Request) bool { return !firstPage(r) }, "expired after 500 rows; the rest was listed at the newest version"},
	} {
		t.Run(tt.name, func(t *testing.T) {
			var once atomic.Bool
			proxy := spoiled(t, cfg, "serviceaccounts", func(w http.ResponseWriter, r *http.Request, next http.Handler) {
				if tt.when(r) && once.CompareAndSwap(false, true) {
					s.Apply(t, fmt.Appendf(nil, "{apiVersion: v1, kind: ConfigMap, metadata: {name: later-%d, namespace: crowd}}", i))
					s.Compact(t)
				}
				next.ServeHTTP(w, r)
			})
			src, got := run(t, options(proxy, schema.SecretsNone))
			q := got.of("serviceaccounts")[0]
			if q.Outcome != schema.Complete || !strings.Contains(q.Reason, tt.reason) || !strings.Contains(q.Reason, src.ResourceVersion) {
				t.Errorf("%s: %q", q.Outcome, q.Reason)
			}
			if q.ResourceVersion == src.ResourceVersion || src.ResourceVersion == "" {
				t.Errorf("the list answered for version %s, others for %s", q.ResourceVersion, src.ResourceVersion)
			}
			if diff := cmp.Diff(wantAccounts(manyAccounts), accountNames(got, "crowd")); diff != "" {
				t.Errorf("service accounts (-want +got):\n%s", diff)
			}
			if gaps := got.gaps(); gaps != nil {
				t.Errorf("gaps: %v", gaps)
			}
		})
	}
}
