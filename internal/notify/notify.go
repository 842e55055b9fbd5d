// Package notify tells other systems how a run ended: a webhook, with a few
// numbers as JSON, and a Prometheus Pushgateway, with the same as metrics.
package notify

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"net"
	"net/http"
	"net/url"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// timeout bounds one notification, redirects and all.
const timeout = 15 * time.Second

// ParseURL reads the address of a receiver. An address that may be a secret must
// be one that nobody reads on the way: https, or this machine. Errors do not quote it.
func ParseURL(address string, secret bool) (*url.URL, error) {
	u, err := url.Parse(strings.TrimSpace(address))
	switch {
	case err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https":
		return nil, errors.New("it is no address that begins with http:// or https://")
	case secret && u.Scheme == "http" && !isLoopback(u.Hostname()):
		return nil, errors.New("it begins with http://, and others would read it on its way: use https://")
	case !secret && u.User != nil:
		return nil, errors.New("it has a password in it: give it in a file or in the environment")
	}
	return u, nil
}

func isLoopback(host string) bool {
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

// Webhook posts the outcome as JSON.
func Webhook(ctx context.Context, to *url.URL, o schema.RunOutcome) error {
	body, err := json.Marshal(o)
	if err != nil {
		return err
	}
	return post(ctx, to, "application/json", body)
}

// Push posts the outcome to a Pushgateway, in the group of the plan. What it does not
// say, such as the time of the last bundle when there is none, stays as it was.
func Push(ctx context.Context, gateway *url.URL, o schema.RunOutcome) error {
	to := gateway.JoinPath("metrics", "job", "auditpack", "plan", o.Plan)
	return post(ctx, to, "text/plain; version=0.0.4; charset=utf-8", metrics(o))
}

// metrics are in the text format of Prometheus,
// https://prometheus.io/docs/instrumenting/exposition_formats/
func metrics(o schema.RunOutcome) []byte {
	var b bytes.Buffer
	gauge := func(name, help string, value float64) {
		fmt.Fprintf(&b, "# HELP %s %s\n# TYPE %s gauge\n%s %v\n", name, help, name, name, value)
	}
	gauge("auditpack_last_run_timestamp_seconds", "When the last run ended.", float64(o.EndedAt.Unix()))
	gauge("auditpack_last_run_exit_code", "Exit code of the last run.", float64(o.ExitCode))
	gauge("auditpack_last_run_duration_seconds", "How long the last run took.", o.Seconds)
	if o.Digest == "" {
		return b.Bytes()
	}
	if o.Good {
		gauge("auditpack_last_good_bundle_timestamp_seconds", "As of when the last bundle is that was sealed, and published everywhere.", float64(o.AsOf.Unix()))
	}
	gauge("auditpack_gaps", "Queries of the last bundle that were not answered completely.", float64(o.Gaps))
	fmt.Fprintf(&b, "# HELP auditpack_findings Open findings of the last bundle.\n# TYPE auditpack_findings gauge\n")
	for _, s := range slices.Sorted(maps.Keys(o.Findings)) {
		fmt.Fprintf(&b, "auditpack_findings{severity=%q} %d\n", s, o.Findings[s])
	}
	return b.Bytes()
}

// post sends the body. A redirect is followed on the same host only, so that what
// is in the address goes nowhere else. Errors do not have the address in them.
func post(ctx context.Context, to *url.URL, contentType string, body []byte) error {
	ctx, cancel := context.WithTimeout(ctx, timeout)
	defer cancel()
	request, err := http.NewRequestWithContext(ctx, http.MethodPost, to.String(), bytes.NewReader(body))
	if err != nil {
		return errors.New("the address cannot be used")
	}
	request.Header.Set("Content-Type", contentType)
	request.Header.Set("User-Agent", "auditpack")
	client := &http.Client{CheckRedirect: func(next *http.Request, before []*http.Request) error {
		if next.URL.Host != to.Host || next.URL.Scheme != to.Scheme || len(before) > 3 {
			return http.ErrUseLastResponse
		}
		return nil
	}}
	response, err := client.Do(request)
	var where *url.Error
	if errors.As(err, &where) {
		return where.Err
	}
	if err != nil {
		return err
	}
	defer response.Body.Close()
	if _, err := io.Copy(io.Discard, io.LimitReader(response.Body, 1<<20)); err != nil {
		return err
	}
	if response.StatusCode < 200 || response.StatusCode > 299 {
		return fmt.Errorf("it answered %s", response.Status)
	}
	return nil
}
