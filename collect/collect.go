// Package collect puts questions to sources and writes down every answer.
//
// Run asks all sources and returns a Snapshot; Save and Load move a snapshot to
// and from a folder. A refusal by a source is evidence, recorded as a Query; an
// error means that no usable snapshot could be made.
//
// The talking is done by packages below this one: collect/kube for clusters,
// collect/files for manifests.
package collect

import (
	"context"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// A Source is one cluster, or one set of files.
type Source interface {
	// Name is the cluster's name in the plan.
	Name() string
	// Collect puts every question to the source, hands each answer to the sink as
	// it comes, and describes the source. It returns an error only when nothing
	// usable could be had; whatever the source refused is a query in the sink.
	Collect(ctx context.Context, asOf time.Time, to Sink) (schema.Source, error)
}

// A Locator is a Source that knows where its objects stand.
type Locator interface {
	// Places returns the places of the objects, in any order. It is called once, after Collect.
	Places() []schema.Place
}

// An UnreachableError is that of a source which could not be asked anything: it
// does not answer, or does not accept the collector. Run records it as a gap when
// another source can be read.
type UnreachableError struct{ Err error }

// Error implements error.
func (e *UnreachableError) Error() string { return e.Err.Error() }

// Unwrap returns what kept the source from answering.
func (e *UnreachableError) Unwrap() error { return e.Err }

// A Sink takes what a source answers, page by page. It is safe for concurrent use.
type Sink interface {
	// Rows adds rows to the populations of their types.
	Rows(rows ...schema.Row)
	// Object keeps one redacted object, as one line of JSON, under its resource (plural.group).
	Object(source, resource string, line []byte) error
	// Query records that a question is settled.
	Query(q schema.Query)
}

// Progress is told what goes on, one short line at a time. It may be nil.
type Progress func(source, line string)
