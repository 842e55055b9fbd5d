// Package publish puts finished bundles where they are kept, and takes away those
// that newer ones stand for.
//
// Open a Place by its address, Put an Archive there, and Prune what the keep rules
// no longer ask for. A place never has half a bundle and never a bundle in the
// place of another: what Put returned was read back to the last byte.
package publish

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// An Archive is a bundle as one file, plain or encrypted.
type Archive struct {
	Path string
	// Name is that of the file, and of the bundle at every place.
	Name   string
	SHA256 string // in hexadecimal
	Size   int64
	// Plan and Day are what the name says.
	Plan string
	Day  time.Time
	// Encrypted is true for an archive that age encrypted.
	Encrypted bool
	// sealed is nil for an encrypted archive, and for what is no bundle.
	sealed *sealedFile
}

// ReadArchive measures the archive at path. What it is and who signed it is for
// the caller to verify.
func ReadArchive(path string) (Archive, error) {
	info, err := os.Stat(path)
	if err != nil {
		return Archive{}, err
	}
	if !info.Mode().IsRegular() {
		return Archive{}, fmt.Errorf("%s is no archive: pass the .zip or .zip.age file that lies beside the folder", path)
	}
	name := filepath.Base(path)
	n, ok := parseName(name)
	if !ok {
		return Archive{}, fmt.Errorf("%q is not named as bundles are, PLAN-YYYY-MM-DD.zip or .zip.age: publish the archive under the name that it was sealed with", name)
	}
	f, err := os.Open(path)
	if err != nil {
		return Archive{}, err
	}
	defer f.Close()
	sum, size, err := digestOf(f)
	if err != nil {
		return Archive{}, err
	}
	a := Archive{Path: path, Name: name, SHA256: sum, Size: size, Plan: n.plan, Day: n.date, Encrypted: n.encrypted}
	if !a.Encrypted {
		a.sealed = readSeal(f, size)
	}
	return a, nil
}

// A Lock asks the store to refuse deletion of what is written, to anyone.
type Lock struct {
	Until time.Time
	// Compliance is the mode that nobody can lift. The other one, governance, can be
	// lifted by those who hold a right of its own.
	Compliance bool
}

// PutOptions are what a place is asked for beside keeping a bundle.
type PutOptions struct {
	// Lock is nil for a bundle that may be deleted.
	Lock *Lock
	// Sign signs an in-toto Statement and returns a Sigstore bundle. A registry keeps
	// one about what it was given, for cosign. Where Sign is nil nothing is signed.
	Sign func(ctx context.Context, statement []byte) ([]byte, error)
	// Renumber has a bundle whose name is taken by another one take the next free
	// number of its day, as NAME-2.zip.
	Renumber bool
}

// A Receipt says what lies at a place now.
type Receipt struct {
	// Name is that of the archive, unless it got another number.
	Name string
	// Address names the bundle itself, without the options of the place.
	Address string
	// SHA256 is of the bytes that were read back.
	SHA256 string
	// Already is true for a bundle that was there before, with the same bytes.
	Already bool
	// Manifest is the digest by which a registry names the artifact, as sha256:…, and
	// empty elsewhere.
	Manifest string
}

// errExists is what stores return for a name that is taken.
var errExists = errors.New("the name is taken")

// A store keeps objects by name. It shows an object when all of it was written.
type store interface {
	// put writes a new object, or returns errExists and changes nothing.
	put(ctx context.Context, a Archive, content io.ReadSeeker, o PutOptions) error
	// read returns size bytes from offset, all that follow where size is -1. A
	// missing object is fs.ErrNotExist.
	read(ctx context.Context, name string, offset, size int64) (io.ReadCloser, error)
	// list returns the objects, those in folders below only where deep is true.
	list(ctx context.Context, deep bool) ([]object, error)
	// held says why the store must keep an object now, and is empty where nothing does.
	held(ctx context.Context, name string, now time.Time) (string, error)
	remove(ctx context.Context, name string) error
}

type object struct {
	name string
	size int64
}

// A Place is a folder, a bucket or a part of one, or a repository of a registry.
type Place struct {
	// Address is without options.
	Address string
	store   store
	// address is that of one bundle.
	address func(name string) string
	// single is true for a place that has room for one bundle.
	single bool
	close  func() error
}

// AddressOf returns the address of a bundle at the place.
func (p *Place) AddressOf(name string) string { return p.address(name) }

// An identifier is a store that names what it keeps by a digest of its own.
type identifier interface {
	identify(ctx context.Context, name string) (string, error)
}

// Close ends the connections of the place.
func (p *Place) Close() error { return p.close() }

// A takenError says that a name belongs to another bundle.
type takenError struct{ address, there, given string }

func (e *takenError) Error() string {
	return fmt.Sprintf("%s is there already with other bytes (SHA-256 %s, and this one has %s); nothing was overwritten: publish to another place, or seal a new bundle", e.address, e.there, e.given)
}

// Put writes the archive and reads it back. A name that is taken is an error,
// unless by the same bytes or where the options ask for another number. A lock
// that the store cannot give is an error before anything is written.
func (p *Place) Put(ctx context.Context, a Archive, o PutOptions) (Receipt, error) {
	for {
		r, err := p.putAs(ctx, a, o)
		taken := (*takenError)(nil)
		n, ok := parseName(a.Name)
		if !errors.As(err, &taken) || !o.Renumber || p.single || !ok {
			return r, err
		}
		a.Name = n.next()
	}
}

// putAs is Put under the name that the archive has.
func (p *Place) putAs(ctx context.Context, a Archive, o PutOptions) (Receipt, error) {
	r := Receipt{Name: a.Name, Address: p.address(a.Name)}
	f, err := os.Open(a.Path)
	if err != nil {
		return Receipt{}, err
	}
	defer f.Close()
	err = p.store.put(ctx, a, f, o)
	r.Already = errors.Is(err, errExists)
	if err != nil && !r.Already {
		return Receipt{}, fmt.Errorf("write %s: %w", r.Address, err)
	}
	if err := p.readBack(ctx, a.Name, &r); err != nil {
		return Receipt{}, fmt.Errorf("read %s back: %w; publish again, which changes nothing that is there", r.Address, err)
	}
	switch {
	case r.SHA256 == a.SHA256:
		return r, nil
	case r.Already:
		return Receipt{}, &takenError{r.Address, r.SHA256, a.SHA256}
	}
	return Receipt{}, fmt.Errorf("%s gives back other bytes than were sent (SHA-256 %s instead of %s): do not rely on this store, and delete the object by hand", r.Address, r.SHA256, a.SHA256)
}

func (p *Place) readBack(ctx context.Context, name string, r *Receipt) error {
	back, err := p.store.read(ctx, name, 0, -1)
	if err != nil {
		return err
	}
	defer back.Close()
	if r.SHA256, _, err = digestOf(back); err != nil {
		return err
	}
	if s, ok := p.store.(identifier); ok {
		r.Manifest, err = s.identify(ctx, name)
	}
	return err
}

// Has reports whether the place has a bundle of that name, whatever its bytes.
func (p *Place) Has(ctx context.Context, name string) (bool, error) {
	r, err := p.store.read(ctx, name, 0, 1)
	if errors.Is(err, fs.ErrNotExist) {
		return false, nil
	}
	if err != nil {
		return false, fmt.Errorf("look for %s: %w", p.address(name), err)
	}
	return true, r.Close()
}

func digestOf(r io.Reader) (sum string, size int64, err error) {
	h := sha256.New()
	size, err = io.Copy(h, r)
	return hex.EncodeToString(h.Sum(nil)), size, err
}
