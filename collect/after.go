package collect

import (
	"context"
	"sync"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// After returns a source that first gives what s gives, showing each row to note,
// and then what more gives because of it: what a registry says about the images that
// run. note is not called by two rows at once. An error of either is one of the source.
func After(s Source, note func(schema.Row), more func(ctx context.Context, to Sink) error) Source {
	return after{s, note, more}
}

type after struct {
	Source
	note func(schema.Row)
	more func(ctx context.Context, to Sink) error
}

func (a after) Collect(ctx context.Context, asOf time.Time, to Sink) (schema.Source, error) {
	described, err := a.Source.Collect(ctx, asOf, &noting{Sink: to, note: a.note})
	if err != nil {
		return schema.Source{}, err
	}
	return described, a.more(ctx, to)
}

// Places implements Locator for a source that does.
func (a after) Places() []schema.Place { return placesOf(a.Source) }

// noting is a sink that shows rows to a function before it hands them on.
type noting struct {
	Sink
	mu   sync.Mutex
	note func(schema.Row)
}

func (n *noting) Rows(rows ...schema.Row) {
	n.mu.Lock()
	for _, r := range rows {
		n.note(r)
	}
	n.mu.Unlock()
	n.Sink.Rows(rows...)
}
