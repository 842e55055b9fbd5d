package main

import (
	"context"
	"errors"
	"fmt"
	"net/url"
	"os"
	"slices"
	"time"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/notify"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// telling collects what others are told when a run has ended.
type telling struct {
	started   time.Time
	plan      schema.AuditPlan
	receivers []receiver
	// report and sealed are nil until the bundle is there.
	report *schema.Report
	sealed *seal.Sealed
}

// A receiver is one that the plan names.
type receiver struct {
	// name is that of the field.
	name     string
	address  *url.URL
	required bool
	send     func(context.Context, *url.URL, schema.RunOutcome) error
}

// to finds out where the receivers of the plan are, before anything is asked.
func (t *telling) to(env *environment, in *input.Set) error {
	t.plan = in.Plan
	for _, r := range []struct {
		name string
		at   *schema.Receiver
		send func(context.Context, *url.URL, schema.RunOutcome) error
	}{
		{"spec.notify.webhook", in.Plan.Spec.Notify.Webhook, notify.Webhook},
		{"spec.notify.pushgateway", in.Plan.Spec.Notify.Pushgateway, notify.Push},
	} {
		if r.at == nil {
			continue
		}
		address, err := addressOf(env, in, *r.at)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		t.receivers = append(t.receivers, receiver{r.name, address, r.at.Required, r.send})
	}
	return nil
}

// addressOf reads the address of a receiver. Errors do not quote it.
func addressOf(env *environment, in *input.Set, r schema.Receiver) (*url.URL, error) {
	given := 0
	for _, s := range []string{r.URL, r.URLFile, r.URLEnv} {
		if s != "" {
			given++
		}
	}
	switch {
	case given != 1:
		return nil, errors.New("give one of url, urlFile and urlEnv")
	case r.URLFile != "":
		b, err := os.ReadFile(in.Path(r.URLFile))
		if err != nil {
			return nil, err
		}
		u, err := notify.ParseURL(string(b), true)
		if err != nil {
			return nil, fmt.Errorf("the address in %s: %w", r.URLFile, err)
		}
		return u, nil
	case r.URLEnv != "":
		u, err := notify.ParseURL(env.getenv(r.URLEnv), true)
		if err != nil {
			return nil, fmt.Errorf("the address in the environment variable %s: %w", r.URLEnv, err)
		}
		return u, nil
	}
	return notify.ParseURL(r.URL, false)
}

// tell sends the outcome to every receiver, also when the run was interrupted. The
// error is the one that the run ended with, unless a required receiver was not
// told of a run that ended well.
func (t *telling) tell(ctx context.Context, env *environment, ended error) error {
	outcome := t.outcome(ended, time.Now().UTC().Truncate(time.Second))
	for _, r := range t.receivers {
		err := r.send(context.WithoutCancel(ctx), r.address, outcome)
		switch {
		case err == nil:
		case r.required && (ended == nil || wroteBundle(exitCode(ended))):
			ended = &exitError{exitPublish, errors.Join(ended, fmt.Errorf("%s was not told how the run ended: %w", r.name, err))}
		default:
			env.say("note: %s was not told how the run ended: %v", r.name, err)
		}
	}
	return ended
}

func (t *telling) outcome(ended error, now time.Time) schema.RunOutcome {
	code := exitDone
	if ended != nil {
		code = exitCode(ended)
	}
	o := schema.RunOutcome{
		SchemaVersion: schema.Version, Plan: t.plan.Metadata.Name, Clusters: []string{}, EndedAt: now, Seconds: now.Sub(t.started).Round(time.Second).Seconds(),
		ExitCode: code, Result: exitMeans[code], Findings: map[schema.Severity]int{},
	}
	for _, c := range t.plan.Spec.Clusters {
		o.Clusters = append(o.Clusters, c.Name)
	}
	slices.Sort(o.Clusters)
	if t.sealed == nil {
		return o
	}
	o.AsOf, o.Digest, o.Gaps = t.report.AsOf, t.sealed.Digest, t.report.Summary.Gaps
	o.Good = code == exitDone || wroteBundle(code)
	for _, s := range severities {
		o.Findings[s] = t.report.Summary.FindingsBySeverity[s]
	}
	return o
}
