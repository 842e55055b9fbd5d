package auditlog

import (
	"bytes"
	"context"
	"errors"
	"io"
	"runtime"
	"sync"

	"golang.org/x/sync/errgroup"
)

const (
	// chunkSize is how much is read at a time; a chunk ends with a line.
	chunkSize = 1 << 20
	// maxLine bounds one line. The API server itself cuts events far below it
	// (--audit-log-truncate-max-event-size).
	maxLine = 64 << 20
)

// chunks holds buffers that are not in use.
var chunks = sync.Pool{New: func() any { return new(bytes.Buffer) }}

// tallyLines spreads the lines of a stream over the processors and adds up what
// each of them counted. Adding up does not depend on who had which line.
func tallyLines(ctx context.Context, in io.Reader, breakGlass []string) (*tally, error) {
	g, ctx := errgroup.WithContext(ctx)
	full := make(chan *bytes.Buffer)
	parts := make([]*tally, runtime.GOMAXPROCS(0))
	for i := range parts {
		parts[i] = newTally(breakGlass)
		g.Go(func() error {
			for chunk := range full {
				for line := range bytes.Lines(chunk.Bytes()) {
					parts[i].line(line)
				}
				chunk.Reset()
				chunks.Put(chunk)
			}
			return nil
		})
	}
	g.Go(func() error {
		defer close(full)
		return cut(ctx, in, full)
	})
	err := g.Wait()
	total := parts[0]
	for _, p := range parts[1:] {
		total.merge(p)
	}
	return total, err
}

var errLongLine = errors.New("a line is longer than 64 MiB")

// cut hands out chunks of whole lines.
func cut(ctx context.Context, in io.Reader, full chan<- *bytes.Buffer) error {
	var rest []byte
	for {
		chunk := chunks.Get().(*bytes.Buffer)
		chunk.Write(rest)
		n, err := io.CopyN(chunk, in, chunkSize)
		rest = rest[:0]
		if err == nil {
			end := bytes.LastIndexByte(chunk.Bytes(), '\n') + 1
			rest = append(rest, chunk.Bytes()[end:]...)
			chunk.Truncate(end)
		}
		if len(rest) > maxLine {
			return errLongLine
		}
		select {
		case full <- chunk:
		case <-ctx.Done():
			return ctx.Err()
		}
		switch {
		case errors.Is(err, io.EOF) && n < chunkSize:
			return nil
		case err != nil:
			return err
		}
	}
}
