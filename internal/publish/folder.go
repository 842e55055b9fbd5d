package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A folder keeps bundles as files, on a disk or a mounted volume.
type folder struct{ dir string }

func openFolder(path string) (folder, error) {
	if !filepath.IsAbs(path) {
		return folder{}, fmt.Errorf("%q is not absolute: write file:///srv/bundles", path)
	}
	if err := os.MkdirAll(path, 0o750); err != nil {
		return folder{}, err
	}
	dir, err := filepath.EvalSymlinks(path) // a walk does not follow the link that it begins with
	return folder{dir}, err
}

func (f folder) path(name string) string { return filepath.Join(f.dir, name) }

// put writes a hidden file and gives it its name when it is complete and on the
// disk. A hard link, other than a rename, never replaces what has the name.
func (f folder) put(ctx context.Context, a Archive, content io.ReadSeeker, o PutOptions) (err error) {
	if o.Lock != nil {
		return errors.New("files cannot be locked: publish to a bucket with object lock, or to a file system that keeps snapshots")
	}
	if _, err := os.Lstat(f.path(a.Name)); err == nil {
		return errExists
	}
	partial, err := os.CreateTemp(f.dir, "."+a.Name+".*"+partialSuffix)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.Remove(partial.Name())) }()
	_, err = io.Copy(partial, reader{ctx, content})
	if err := errors.Join(err, partial.Chmod(0o640), partial.Sync(), partial.Close()); err != nil {
		return err
	}
	if err := os.Link(partial.Name(), f.path(a.Name)); errors.Is(err, fs.ErrExist) {
		return errExists
	} else if err != nil {
		return err
	}
	return errors.Join(f.sync(), f.clean(a.Name, partial.Name()))
}

const partialSuffix = ".partial"

// clean removes what earlier attempts at the same name left when they were killed.
// One that still runs could only learn that the name is taken.
func (f folder) clean(name, own string) error {
	left, err := filepath.Glob(filepath.Join(globEscape(f.dir), "."+globEscape(name)+".*"+partialSuffix))
	for _, path := range left {
		if path != own {
			err = errors.Join(err, os.Remove(path))
		}
	}
	return err
}

func globEscape(s string) string {
	var out []rune
	for _, r := range s {
		switch r {
		case '*', '?', '[', '\\':
			out = append(out, '\\')
		}
		out = append(out, r)
	}
	return string(out)
}

// sync makes the names in the folder survive a loss of power.
func (f folder) sync() error {
	d, err := os.Open(f.dir)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f folder) read(_ context.Context, name string, offset, size int64) (io.ReadCloser, error) {
	file, err := os.Open(f.path(name))
	if err != nil {
		return nil, err
	}
	if size < 0 {
		_, err := file.Seek(offset, io.SeekStart)
		return file, err
	}
	return part{io.NewSectionReader(file, offset, size), file}, nil
}

// part reads a section and closes the whole.
type part struct {
	io.Reader
	io.Closer
}

func (f folder) list(_ context.Context, deep bool) ([]object, error) {
	var out []object
	err := filepath.WalkDir(f.dir, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil && path != f.dir && errors.Is(err, fs.ErrNotExist):
			return nil // removed since
		case err != nil:
			return err
		case e.IsDir() && path != f.dir && !deep:
			return filepath.SkipDir
		case !e.Type().IsRegular():
			return nil
		}
		info, err := e.Info()
		if errors.Is(err, fs.ErrNotExist) {
			return nil
		}
		if err != nil {
			return err
		}
		name, err := filepath.Rel(f.dir, path)
		out = append(out, object{filepath.ToSlash(name), info.Size()})
		return err
	})
	return out, err
}

func (f folder) held(context.Context, string, time.Time) (string, error) { return "", nil }

func (f folder) remove(_ context.Context, name string) error {
	return errors.Join(os.Remove(f.path(name)), f.sync())
}

// reader ends with the error of its context.
type reader struct {
	ctx context.Context
	r   io.Reader
}

func (r reader) Read(b []byte) (int, error) {
	if err := r.ctx.Err(); err != nil {
		return 0, err
	}
	return r.r.Read(b)
}
