// Package auditlog reads the Kubernetes audit log of a cluster and reduces it to
// what an auditor asks of it: which time it covers, and who did what that matters.
//
// Read takes files, folders, gzip and standard input, in the shapes in which the
// API server and the large clouds export audit records (shapes.go). Records stream
// through: memory depends on how many different actions matter, and that is
// bounded, not on the size of the log. Bodies of requests and responses are never
// decoded, so no value of a secret leaves the line it stands in.
package auditlog

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// Options say which log to read, and what to look for.
type Options struct {
	// Cluster is the plan's name of the cluster that the log is of.
	Cluster string
	// Paths are files, folders of files, and - for Stdin. Files that end in .gz are unpacked.
	Paths []string
	// Stdin is read where a path is -.
	Stdin io.Reader
	// BreakGlass are the users and groups that are registered for emergencies.
	BreakGlass []string
	// Progress may be nil.
	Progress collect.Progress
}

// Read reads the log and gives its rows to the sink, with the query that says how
// the reading went. A file that cannot be read, and lines that are no audit
// record, make the query one with a gap. The error is that of a canceled context,
// or names a path that does not exist, which is a mistake of whoever gave it.
func Read(ctx context.Context, o Options, to collect.Sink) error {
	files, err := expand(o.Paths)
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return errors.New("no audit log is named")
	}
	total := newTally(o.BreakGlass)
	var broken []string
	for _, f := range files {
		if o.Progress != nil {
			o.Progress(o.Cluster, "audit log "+f.label)
		}
		part, err := f.read(ctx, o)
		if ctx.Err() != nil {
			return ctx.Err()
		}
		total.merge(part)
		if err != nil {
			broken = append(broken, err.Error())
		}
	}
	log := total.log(o.Cluster, len(files))
	actions := total.rows(o.Cluster)
	to.Query(query(o.Cluster, log, broken, total.coarse))
	to.Rows(log)
	for _, a := range actions {
		to.Rows(a)
	}
	return nil
}

// query says how the reading went. What a rejected line would have said nobody
// knows, so one of them is enough for a gap.
func query(cluster string, log schema.AuditLog, broken []string, coarse bool) schema.Query {
	q := schema.Query{Source: cluster, Resource: schema.AuditLogRecords, Target: "read the audit log", Outcome: schema.Complete, Rows: log.Records, Pages: log.Files}
	switch {
	case len(broken) > 0:
		q.Outcome, q.Reason = schema.Truncated, fmt.Sprintf("%d of %d files could not be read to their end, such as: %s", len(broken), log.Files, broken[0])
	case log.Records == 0:
		q.Outcome, q.Reason = schema.Failed, "no line is an audit record in a known shape"
	case log.Rejected > 0:
		q.Outcome, q.Reason = schema.Truncated, fmt.Sprintf("%d lines are no audit record", log.Rejected)
	case coarse:
		q.Reason = fmt.Sprintf("more than %d different actions matter: they are counted without the names of what they touched", maxActions)
	}
	return q
}

// span is a closed stretch of time.
type span struct{ first, last time.Time }

// add widens the span so that it holds t.
func (s *span) add(t time.Time) {
	if s.first.IsZero() || t.Before(s.first) {
		s.first = t
	}
	if t.After(s.last) {
		s.last = t
	}
}

// join widens the span so that it holds the other one.
func (s *span) join(o span) {
	if !o.first.IsZero() {
		s.add(o.first)
		s.add(o.last)
	}
}
