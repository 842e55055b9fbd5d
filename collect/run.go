package collect

import (
	"cmp"
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/auditpack/auditpack/schema"
)

// Run puts every question to every source, all sources at once, and returns what
// they answered as of one instant. Redacted objects are written below dir while
// they arrive, where Save writes the rest; dir may exist, but must hold no
// objects. Everything that a source refuses is a query of the snapshot, and so is
// a source that cannot be reached while another can. Errors are: no source could
// be reached, one was named wrongly, two have one name, or a file cannot be written.
func Run(ctx context.Context, asOf time.Time, tool schema.Tool, dir string, sources ...Source) (_ *schema.Snapshot, err error) {
	if len(sources) == 0 {
		return nil, errors.New("collect: there is no source")
	}
	names, err := sourceNames(sources)
	if err != nil {
		return nil, err
	}
	asOf = asOf.UTC().Truncate(time.Second)
	s := &sink{spool: newSpool(dir, names)}
	defer func() { err = errors.Join(err, s.spool.close()) }()

	described := make([]*schema.Source, len(sources))
	unreachable := make([]error, len(sources))
	g, ctx := errgroup.WithContext(ctx)
	for i, source := range sources {
		g.Go(func() error {
			d, err := source.Collect(ctx, asOf, s)
			var away *UnreachableError
			switch {
			case err == nil:
				described[i] = &d
			case errors.As(err, &away) && ctx.Err() == nil:
				unreachable[i] = fmt.Errorf("read %s: %w", source.Name(), err)
				s.Query(schema.Query{Source: source.Name(), Resource: wholeSource, Target: "read the source", Outcome: schema.Failed, Reason: away.Error()})
			default:
				return fmt.Errorf("read %s: %w", source.Name(), err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	read := slices.DeleteFunc(described, func(d *schema.Source) bool { return d == nil })
	if len(read) == 0 {
		return nil, errors.Join(unreachable...)
	}
	if err := s.spool.finish(); err != nil {
		return nil, err
	}
	snap := s.snapshot(asOf, tool, read)
	snap.Places = places(sources)
	return snap, nil
}

// places gathers what the sources know of where objects stand.
func places(sources []Source) []schema.Place {
	var out []schema.Place
	for _, source := range sources {
		out = append(out, placesOf(source)...)
	}
	slices.SortFunc(out, func(a, b schema.Place) int {
		return cmp.Or(a.Subject().Compare(b.Subject()), strings.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line))
	})
	return out
}

// wholeSource is the resource of the query that says that a source was not read.
const wholeSource = "source"

func sourceNames(sources []Source) ([]string, error) {
	var names []string
	for _, s := range sources {
		if slices.Contains(names, s.Name()) {
			return nil, fmt.Errorf("two sources have the name %q", s.Name())
		}
		names = append(names, s.Name())
	}
	slices.Sort(names)
	return names, nil
}

// A sink gathers what all sources answer.
type sink struct {
	spool *spool

	mu       sync.Mutex
	evidence schema.Evidence
	queries  []schema.Query
}

func (s *sink) Rows(rows ...schema.Row) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.evidence.Append(rows...)
}

func (s *sink) Query(q schema.Query) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.queries = append(s.queries, q)
}

func (s *sink) Object(source, resource string, line []byte) error {
	return s.spool.add(source, resource, line)
}

// snapshot puts everything into its stated order. The sink is not used after it.
func (s *sink) snapshot(asOf time.Time, tool schema.Tool, sources []*schema.Source) *schema.Snapshot {
	snap := &schema.Snapshot{SchemaVersion: schema.Version, AsOf: asOf, Tool: tool, Queries: s.queries, Evidence: s.evidence}
	for _, source := range sources {
		snap.Sources = append(snap.Sources, *source)
	}
	slices.SortFunc(snap.Sources, func(a, b schema.Source) int { return strings.Compare(a.Name, b.Name) })
	slices.SortFunc(snap.Queries, compareQueries)
	snap.Evidence.Sort()
	return snap
}

// compareQueries orders queries by source, resource and target. Queries that put
// the same question again keep the order of their answers' versions and sizes.
func compareQueries(a, b schema.Query) int {
	return cmp.Or(
		strings.Compare(a.Source, b.Source), strings.Compare(a.Resource, b.Resource), strings.Compare(a.Target, b.Target),
		strings.Compare(string(a.Outcome), string(b.Outcome)), strings.Compare(a.ResourceVersion, b.ResourceVersion),
		cmp.Compare(a.Rows, b.Rows), cmp.Compare(a.Pages, b.Pages), cmp.Compare(a.Code, b.Code), strings.Compare(a.Reason, b.Reason),
		cmp.Compare(a.Millis, b.Millis),
	)
}
