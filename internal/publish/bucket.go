package publish

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"net/url"
	"strings"
	"time"

	"gocloud.dev/blob"
	_ "gocloud.dev/blob/azureblob"
	_ "gocloud.dev/blob/gcsblob"
	_ "gocloud.dev/blob/s3blob"
	"gocloud.dev/gcerrors"
)

// A bucket keeps bundles in an object store, which shows an object only when its
// upload was completed.
type bucket struct {
	*blob.Bucket
	// keeper is nil for stores that keep an object under hold by themselves.
	keeper keeper
}

// A keeper knows how a kind of store locks and holds objects.
type keeper interface {
	// lock prepares a write, through the door that gocloud leaves to the store's own types.
	lock(as func(any) bool, l Lock) error
	// lockedUntil is zero for an object without lock.
	lockedUntil(ctx context.Context, b *blob.Bucket, name string) (time.Time, error)
	held(ctx context.Context, b *blob.Bucket, name string, now time.Time) (string, error)
	// clean gives back what killed uploads of the object left.
	clean(ctx context.Context, b *blob.Bucket, name string) error
}

func openBucket(ctx context.Context, u *url.URL) (*Place, error) {
	if u.Host == "" {
		return nil, fmt.Errorf("no bucket is named: write %s://bucket/folder", u.Scheme)
	}
	whole := *u
	whole.Path = ""
	if q := u.Query(); u.Scheme == "s3" && !q.Has("response_checksum_validation") {
		// We compare digests of our own. The driver would print a warning for each
		// object that was written in parts.
		q.Set("response_checksum_validation", "when_required")
		whole.RawQuery = q.Encode()
	}
	b, err := blob.OpenBucket(ctx, whole.String())
	if err != nil {
		return nil, err
	}
	s := bucket{Bucket: b}
	prefix := strings.Trim(u.Path, "/")
	if prefix != "" {
		prefix += "/"
		s.Bucket = blob.PrefixedBucket(b, prefix)
	}
	if u.Scheme == "s3" {
		s.keeper = s3Keeper{bucket: u.Host, prefix: prefix}
	}
	return &Place{store: s, close: s.Bucket.Close}, nil
}

func (b bucket) put(ctx context.Context, a Archive, content io.ReadSeeker, o PutOptions) error {
	lock := o.Lock
	if lock != nil && b.keeper == nil {
		return errors.New("this store is not locked object by object: set a retention policy on the bucket or container instead, which nobody here can shorten")
	}
	options := &blob.WriterOptions{
		IfNotExist:                  true,
		ContentType:                 contentType(a.Name),
		DisableContentTypeDetection: true,
		Metadata:                    map[string]string{"sha256": a.SHA256},
	}
	if lock != nil {
		options.BeforeWrite = func(as func(any) bool) error { return b.keeper.lock(as, *lock) }
	}
	err := b.upload(ctx, a.Name, content, options)
	if err != nil && !errors.Is(err, errExists) {
		return err
	}
	if b.keeper != nil {
		if failed := b.keeper.clean(ctx, b.Bucket, a.Name); failed != nil {
			return failed
		}
	}
	if lock != nil {
		if failed := b.checkLock(ctx, a.Name, *lock, err != nil); failed != nil {
			return failed
		}
	}
	return err
}

// upload returns errExists for a name that is taken. It asks first, because stores
// that imitate S3 may know nothing of writes only where nothing is, and overwrite.
// Who may not ask learns it from the store.
func (b bucket) upload(ctx context.Context, name string, content io.ReadSeeker, options *blob.WriterOptions) error {
	taken, err := b.Exists(ctx, name)
	switch {
	case taken:
		return errExists
	case err != nil && gcerrors.Code(err) != gcerrors.PermissionDenied:
		return err
	}
	err = b.Upload(ctx, name, content, options)
	switch gcerrors.Code(err) {
	case gcerrors.FailedPrecondition, gcerrors.AlreadyExists:
		return errExists
	}
	return err
}

// checkLock asks for the lock that was asked for: some stores write the object and
// drop the lock. What was there before may be locked for another time.
func (b bucket) checkLock(ctx context.Context, name string, lock Lock, before bool) error {
	until, err := b.keeper.lockedUntil(ctx, b.Bucket, name)
	switch {
	case err != nil:
		return err
	case until.IsZero() || !before && until.Before(lock.Until):
		return errors.New("it is there and not locked as asked for: make the bucket with object lock, then publish again or lock this one by hand")
	}
	return nil
}

func contentType(name string) string {
	if strings.HasSuffix(name, ".zip") {
		return "application/zip"
	}
	return "application/octet-stream"
}

func (b bucket) read(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error) {
	r, err := b.NewRangeReader(ctx, name, offset, size, nil)
	if gcerrors.Code(err) == gcerrors.NotFound {
		return nil, errors.Join(fs.ErrNotExist, err)
	}
	if err != nil {
		return nil, err
	}
	return r, nil
}

func (b bucket) list(ctx context.Context, deep bool) ([]object, error) {
	options := &blob.ListOptions{Delimiter: "/"}
	if deep {
		options.Delimiter = ""
	}
	var out []object
	for i := b.List(options); ; {
		o, err := i.Next(ctx)
		if errors.Is(err, io.EOF) {
			return out, nil
		}
		if err != nil {
			return nil, err
		}
		if !o.IsDir {
			out = append(out, object{o.Key, o.Size})
		}
	}
}

func (b bucket) held(ctx context.Context, name string, now time.Time) (string, error) {
	if b.keeper == nil {
		return "", nil
	}
	return b.keeper.held(ctx, b.Bucket, name, now)
}

func (b bucket) remove(ctx context.Context, name string) error { return b.Delete(ctx, name) }
