package publish

import (
	"bytes"
	"cmp"
	"context"
	"errors"
	"fmt"
	"io"
	"path"
	"slices"
)

// A Stored is an archive that lies at a place, by its name.
type Stored struct {
	// Name is below the place, with slashes.
	Name string
	Size int64
}

// List returns the archives at the place and in the folders below it, sorted by
// name. Whether they are what their names say shows when they are verified.
func (p *Place) List(ctx context.Context) ([]Stored, error) {
	objects, err := p.store.list(ctx, true)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", p.Address, err)
	}
	var out []Stored
	for _, o := range objects {
		if _, ok := parseName(path.Base(o.name)); ok || p.single {
			out = append(out, Stored{o.name, o.size})
		}
	}
	slices.SortFunc(out, func(a, b Stored) int { return cmp.Compare(a.Name, b.Name) })
	return out, nil
}

// Newest returns the newest bundle of a plan at the place, folders below it left
// out, by the names; false where there is none.
func (p *Place) Newest(ctx context.Context, plan string) (Stored, bool, error) {
	objects, err := p.store.list(ctx, false)
	if err != nil {
		return Stored{}, false, fmt.Errorf("list %s: %w", p.Address, err)
	}
	var newest Stored
	var name bundleName
	for _, o := range objects {
		if n, ok := parseName(o.name); ok && n.plan == plan && (newest.Name == "" || n.compare(name) < 0) {
			newest, name = Stored{o.name, o.size}, n
		}
	}
	return newest, newest.Name != "", nil
}

// Copy writes an archive of the place to w.
func (p *Place) Copy(ctx context.Context, s Stored, w io.Writer) error {
	r, err := p.store.read(ctx, s.Name, 0, -1)
	if err == nil {
		_, err = io.Copy(w, r)
		err = errors.Join(err, r.Close())
	}
	if err != nil {
		return fmt.Errorf("read %s: %w", p.address(s.Name), err)
	}
	return nil
}

// Reader reads parts of an archive, each with a request of its own, and the end of
// it with one. It is for one goroutine.
func (p *Place) Reader(ctx context.Context, s Stored) io.ReaderAt {
	return &remoteFile{ctx: ctx, place: p, object: object{s.Name, s.Size}}
}

// tailSize is read in one request: it holds the directory of a bundle, and mostly
// the statement before it.
const tailSize = 1 << 18

// A remoteFile reads an object in ranges, and its end in one.
type remoteFile struct {
	ctx    context.Context
	place  *Place
	object object
	tail   []byte
	// err is that of the store, which is not one of the archive.
	err error
}

func (r *remoteFile) ReadAt(b []byte, off int64) (int, error) {
	start := max(0, r.object.size-tailSize)
	if r.tail == nil {
		if r.tail, r.err = r.place.bytes(r.ctx, r.object.name, start, r.object.size-start); r.err != nil {
			return 0, r.err
		}
	}
	if off >= start {
		return bytes.NewReader(r.tail).ReadAt(b, off-start)
	}
	part, err := r.place.bytes(r.ctx, r.object.name, off, min(int64(len(b)), r.object.size-off))
	if err != nil {
		r.err = err
		return 0, err
	}
	n := copy(b, part)
	if n < len(b) {
		return n, io.EOF
	}
	return n, nil
}

func (p *Place) bytes(ctx context.Context, name string, offset, size int64) ([]byte, error) {
	r, err := p.store.read(ctx, name, offset, size)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(r)
}
