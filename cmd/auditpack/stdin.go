package main

import (
	"context"
	"io"
	"sync"
)

// untilDone reads r until the context ends, also while r has nothing to give: a
// terminal or a pipe whose other end waits would otherwise hold an interrupted
// program. Nothing is taken from r before the first Read.
func untilDone(ctx context.Context, r io.Reader) io.Reader {
	start := sync.OnceValue(func() io.Reader {
		out, in := io.Pipe()
		go func() {
			_, err := io.Copy(in, r)
			in.CloseWithError(err) // the end of r, or why it could not be read
		}()
		context.AfterFunc(ctx, func() { in.CloseWithError(ctx.Err()) })
		return out
	})
	return readerFunc(func(p []byte) (int, error) { return start().Read(p) })
}

type readerFunc func([]byte) (int, error)

func (f readerFunc) Read(p []byte) (int, error) { return f(p) }
