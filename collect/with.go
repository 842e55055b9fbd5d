package collect

import (
	"context"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// With returns a source that first gives what s gives, and then what more gives
// about the same cluster, such as what its audit log has. An error of either is one
// of the source.
func With(s Source, more func(ctx context.Context, to Sink) error) Source { return with{s, more} }

type with struct {
	Source
	more func(ctx context.Context, to Sink) error
}

func (w with) Collect(ctx context.Context, asOf time.Time, to Sink) (schema.Source, error) {
	described, err := w.Source.Collect(ctx, asOf, to)
	if err != nil {
		return schema.Source{}, err
	}
	return described, w.more(ctx, to)
}

// Places implements Locator for a source that does.
func (w with) Places() []schema.Place { return placesOf(w.Source) }

// placesOf returns the places of a source that knows them.
func placesOf(s Source) []schema.Place {
	if l, ok := s.(Locator); ok {
		return l.Places()
	}
	return nil
}
