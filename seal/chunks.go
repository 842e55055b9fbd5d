package seal

import (
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"hash"
	"hash/crc32"
	"io"
)

// chunks reads a member in pieces of chunkSize and gives, with each piece, the
// digest of everything up to its end. A member of no bytes has one empty piece.
type chunks struct {
	ctx  context.Context
	m    member
	r    io.Reader
	buf  []byte
	hash hash.Hash
	crc  uint32
	left int64
	done bool
}

func newChunks(ctx context.Context, m member, r io.Reader) *chunks {
	return &chunks{ctx: ctx, m: m, r: r, buf: make([]byte, min(m.Size, chunkSize)), hash: sha256.New(), left: m.Size}
}

// next returns io.EOF behind the last piece. The piece is valid until the next call.
func (c *chunks) next() (piece []byte, sum [sha256.Size]byte, err error) {
	if c.done {
		return nil, sum, io.EOF
	}
	if err := c.ctx.Err(); err != nil {
		return nil, sum, err
	}
	piece = c.buf[:min(c.left, chunkSize)]
	if _, err := io.ReadFull(c.r, piece); err != nil {
		if errors.Is(err, io.EOF) || errors.Is(err, io.ErrUnexpectedEOF) {
			return nil, sum, refuse(Altered, c.m.Path, "it is shorter than the %d bytes that were signed", c.m.Size)
		}
		return nil, sum, c.reading(err)
	}
	c.hash.Write(piece)
	c.crc = crc32.Update(c.crc, crc32.IEEETable, piece)
	c.hash.Sum(sum[:0])
	if c.left -= int64(len(piece)); c.left == 0 {
		c.done = true
		return piece, sum, c.atEnd()
	}
	return piece, sum, nil
}

// atEnd makes sure that nothing follows, and lets the reader do its own check of the end.
func (c *chunks) atEnd() error {
	var one [1]byte
	switch n, err := io.ReadFull(c.r, one[:]); {
	case n > 0:
		return refuse(Altered, c.m.Path, "it is longer than the %d bytes that were signed", c.m.Size)
	case err != io.EOF:
		return c.reading(err)
	}
	return nil
}

// reading says which member could not be read, where the error does not.
func (c *chunks) reading(err error) error {
	if refused := (*Error)(nil); errors.As(err, &refused) {
		return err
	}
	return fmt.Errorf("read %s: %w", c.m.Path, err)
}
