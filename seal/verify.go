package seal

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"runtime"
	"sync"

	"github.com/auditpack/auditpack/schema"
)

// A container holds the files of a bundle.
type container interface {
	// sealFile returns the attestation or the statement, at most MaxAttestation bytes.
	sealFile() (name string, content []byte, err error)
	// matches returns an error unless the container has these members and the seal
	// file, as the format has them, and nothing else.
	matches(members []member, sealName string, sealContent []byte) error
	// open is called after matches, by several goroutines at once.
	open(m member) (io.ReadCloser, error)
	// String is "archive" or "folder".
	String() string
	Close() error
}

// Verify checks the bundle at path, a ZIP archive, an encrypted one, or an unpacked
// folder, to its last byte, and returns what it found. The result is nil whenever there is an
// error, and an *Error says what about the bundle is wrong. Nothing is written
// and no network is used. The caller closes the result.
func Verify(ctx context.Context, path string, policy Policy) (*Verified, error) {
	if err := policy.check(); err != nil {
		return nil, err
	}
	c, err := openContainer(path, policy.DecryptWith)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	v, err := verify(ctx, c, policy)
	if err != nil {
		c.Close()
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return v, nil
}

func openContainer(path string, ids *Identities) (container, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	switch {
	case info.IsDir():
		return openFolder(path)
	case !info.Mode().IsRegular():
		return nil, refuse(BadType, "", "this is neither a file nor a folder")
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	if info, err = f.Stat(); err != nil {
		f.Close()
		return nil, err
	}
	c, err := openArchiveFile(f, info.Size(), ids)
	if err != nil {
		f.Close()
		return nil, err
	}
	return c, nil
}

// openArchiveFile opens an archive, decrypting it where that is needed.
func openArchiveFile(f *os.File, size int64, ids *Identities) (container, error) {
	r, n, err := decrypted(f, size, ids)
	if err != nil {
		return nil, err
	}
	a, err := openArchive(r, n, f)
	if err != nil {
		return nil, err
	}
	a.encrypted = r != io.ReaderAt(f)
	return a, nil
}

// verify checks first who signed, then what was signed, then that the container
// has exactly that.
func verify(ctx context.Context, c container, policy Policy) (*Verified, error) {
	if err := policy.check(); err != nil {
		return nil, err
	}
	name, content, err := c.sealFile()
	if err != nil {
		return nil, err
	}
	by, manifest, members, err := policy.read(name, content)
	if err != nil {
		return nil, err
	}
	if err := c.matches(members, name, content); err != nil {
		return nil, err
	}
	prefixes, err := checkContents(ctx, c, members)
	if err != nil {
		return nil, err
	}
	v, err := newVerified(c, policy, by, manifest, members, prefixes, content)
	if err != nil {
		return nil, err
	}
	if err := v.checkDocuments(policy); err != nil {
		return nil, err
	}
	return v, nil
}

// read checks who signed a seal file, and then what it says: nothing of the
// statement is used before.
func (p Policy) read(name string, content []byte) (*signedBy, schema.Manifest, []member, error) {
	payload, by, err := p.accept(name, content)
	if err != nil {
		return nil, schema.Manifest{}, nil, err
	}
	manifest, members, err := readStatement(payload)
	if err != nil {
		return nil, schema.Manifest{}, nil, err
	}
	if err := by.fits(manifest); err != nil {
		return nil, schema.Manifest{}, nil, err
	}
	if err := checkChain(manifest, p); err != nil {
		return nil, schema.Manifest{}, nil, err
	}
	return by, manifest, members, nil
}

// fits compares what the statement says about its signature with the signature.
func (s *signedBy) fits(m schema.Manifest) error {
	if m.Plan.Unsigned != (s == nil) {
		return refuse(BadStatement, "", "the statement says unsigned=%t, which is not so", m.Plan.Unsigned)
	}
	if s == nil {
		return nil
	}
	switch {
	case s.timestamp == nil && m.Timestamp != nil && m.Timestamp.Required:
		return refuse(BadTimestamp, "", "the bundle has no timestamp, and its statement says that it was not to be sealed without one: it was taken away")
	case s.timestamp != nil && m.Timestamp == nil:
		return refuse(BadTimestamp, "", "the bundle has a timestamp that its statement does not speak of: it was put there later")
	}
	return nil
}

func checkChain(m schema.Manifest, policy Policy) error {
	switch {
	case policy.Previous == "":
		return nil
	case m.Previous == nil:
		return refuse(BadChain, "", "the bundle names no earlier bundle, and it should follow the one with digest %s", policy.Previous)
	case m.Previous.SHA256 != policy.Previous:
		return refuse(BadChain, "", "the bundle follows the one with digest %s, and not the one with digest %s", m.Previous.SHA256, policy.Previous)
	}
	return nil
}

// chunkSize is how much of a member is held in memory at a time.
const chunkSize = 1 << 20

// prefixes are the SHA-256 digests of the first one, two, three … chunks of a
// member, and of the whole.
type prefixes [][sha256.Size]byte

// checkContents reads all members, several at a time. Of several errors it returns
// that of the first member: no member is left out before one that failed.
func checkContents(ctx context.Context, c container, members []member) ([]prefixes, error) {
	found := make([]prefixes, len(members))
	errs := make([]error, len(members))
	next := make(chan int)
	failed := make(chan struct{})
	var once sync.Once
	var wg sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(members)) {
		wg.Go(func() {
			for i := range next {
				if found[i], errs[i] = checkContent(ctx, c, members[i]); errs[i] != nil {
					once.Do(func() { close(failed) })
				}
			}
		})
	}
feed:
	for i := range members {
		select {
		case next <- i:
		case <-failed:
			break feed
		}
	}
	close(next)
	wg.Wait()
	for _, err := range errs {
		if err != nil {
			return nil, err
		}
	}
	return found, nil
}

// checkContent reads one member to its end.
func checkContent(ctx context.Context, c container, m member) (prefixes, error) {
	r, err := c.open(m)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	chunks := newChunks(ctx, m, r)
	var all prefixes
	for {
		_, sum, err := chunks.next()
		if err == io.EOF {
			break
		}
		if err != nil {
			return nil, err
		}
		all = append(all, sum)
	}
	if got := hex.EncodeToString(all[len(all)-1][:]); got != m.sha256 {
		return nil, refuse(Altered, m.Path, "its SHA-256 digest is %s and %s was signed", got, m.sha256)
	}
	if chunks.crc != m.crc32 {
		return nil, refuse(BadStatement, m.Path, "the CRC-32 in the statement is not that of the content")
	}
	return all, nil
}
