package seal

import (
	"bytes"
	"context"
	"crypto"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// Verified is a bundle that Verify accepted.
type Verified struct {
	Manifest schema.Manifest
	// Digest is the SHA-256, in hexadecimal, of the file that seals the bundle. A
	// later bundle names it as its previous one.
	Digest string
	// Key is the key that signed, nil for a bundle without signature.
	Key crypto.PublicKey
	// Certificate names who signed without a key to keep; nil where a key signed.
	Certificate *Certificate
	// Timestamp is nil for a bundle without one.
	Timestamp *Timestamp
	// Checked and NotChecked are sentences that a reader can quote.
	Checked    []string
	NotChecked []string

	container container
	members   map[string]*verifiedMember
	folders   map[string][]fs.DirEntry
}

type verifiedMember struct {
	member
	prefixes prefixes
}

func newVerified(c container, policy Policy, by *signedBy, manifest schema.Manifest, members []member, found []prefixes, sealed []byte) (*Verified, error) {
	sum := sha256.Sum256(sealed)
	v := &Verified{
		Manifest:  manifest,
		Digest:    hex.EncodeToString(sum[:]),
		container: c,
		members:   make(map[string]*verifiedMember, len(members)),
		folders:   map[string][]fs.DirEntry{".": nil},
	}
	if by != nil {
		v.Key, v.Certificate, v.Timestamp = by.key, by.certificate, by.timestamp
	}
	for i, m := range members {
		v.members[m.Path] = &verifiedMember{m, found[i]}
		v.addEntry(fileInfo{name: m.Path, size: m.Size})
	}
	for _, entries := range v.folders {
		slices.SortFunc(entries, func(a, b fs.DirEntry) int { return strings.Compare(a.Name(), b.Name()) })
	}
	return v, v.sayWhat(policy, by)
}

// addEntry puts a file or folder into the folder above it, which it makes if need be.
func (v *Verified) addEntry(info fileInfo) {
	dir := path.Dir(info.name)
	if _, ok := v.folders[dir]; !ok {
		v.folders[dir] = nil
		v.addEntry(fileInfo{name: dir, dir: true})
	}
	v.folders[dir] = append(v.folders[dir], fs.FileInfoToDirEntry(info))
}

// Close releases the archive or folder. Files opened before stay usable or fail
// with an error; they never give other bytes.
func (v *Verified) Close() error { return v.container.Close() }

// SHA256 returns the verified digest of a member, in hexadecimal, or an empty string.
func (v *Verified) SHA256(path string) string {
	if m, ok := v.members[path]; ok {
		return m.sha256
	}
	return ""
}

// FS returns the members, without the file that seals them. It stays as verified:
// each piece of a file is compared again, before it is handed out, with what
// Verify saw, so that a change of the bundle underneath is an *Error of kind
// Altered, and never other content.
func (v *Verified) FS() fs.FS { return verifiedFS{v} }

type verifiedFS struct{ v *Verified }

// Open implements fs.FS.
func (f verifiedFS) Open(name string) (fs.File, error) {
	if !fs.ValidPath(name) {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrInvalid}
	}
	if entries, ok := f.v.folders[name]; ok {
		return &openDir{fileInfo{name: name, dir: true}, entries}, nil
	}
	m, ok := f.v.members[name]
	if !ok {
		return nil, &fs.PathError{Op: "open", Path: name, Err: fs.ErrNotExist}
	}
	r, err := f.v.container.open(m.member)
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: name, Err: err}
	}
	return &openFile{m: m, source: r, chunks: newChunks(context.Background(), m.member, r)}, nil
}

// An openFile is one member, read piece by piece.
type openFile struct {
	m      *verifiedMember
	source io.Closer
	chunks *chunks
	count  int // of pieces read
	piece  bytes.Reader
	err    error
}

func (f *openFile) Stat() (fs.FileInfo, error) {
	return fileInfo{name: f.m.Path, size: f.m.Size}, nil
}

func (f *openFile) Read(b []byte) (int, error) {
	if len(b) == 0 {
		return 0, nil
	}
	for f.piece.Len() == 0 && f.err == nil {
		f.err = f.nextPiece()
	}
	if f.piece.Len() == 0 {
		return 0, f.err
	}
	return f.piece.Read(b)
}

func (f *openFile) nextPiece() error {
	piece, sum, err := f.chunks.next()
	if err != nil {
		return err
	}
	if sum != f.m.prefixes[f.count] {
		return refuse(Altered, f.m.Path, "it was changed after it had been verified")
	}
	f.count++
	f.piece.Reset(piece)
	return nil
}

func (f *openFile) Close() error {
	f.piece.Reset(nil)
	f.err = fs.ErrClosed
	return f.source.Close()
}

// An openDir lists one folder.
type openDir struct {
	info fileInfo
	left []fs.DirEntry
}

func (d *openDir) Stat() (fs.FileInfo, error) { return d.info, nil }
func (d *openDir) Close() error               { return nil }

func (d *openDir) Read([]byte) (int, error) {
	return 0, &fs.PathError{Op: "read", Path: d.info.name, Err: fs.ErrInvalid}
}

func (d *openDir) ReadDir(n int) ([]fs.DirEntry, error) {
	if n <= 0 {
		n = len(d.left)
	} else if len(d.left) == 0 {
		return nil, io.EOF
	}
	n = min(n, len(d.left))
	out := slices.Clone(d.left[:n])
	d.left = d.left[n:]
	return out, nil
}

// fileInfo describes a member or a folder. name is the whole path.
type fileInfo struct {
	name string
	size int64
	dir  bool
}

func (i fileInfo) Name() string       { return path.Base(i.name) }
func (i fileInfo) Size() int64        { return i.size }
func (i fileInfo) ModTime() time.Time { return time.Time{} }
func (i fileInfo) IsDir() bool        { return i.dir }
func (i fileInfo) Sys() any           { return nil }

func (i fileInfo) Mode() fs.FileMode {
	if i.dir {
		return fs.ModeDir | 0o555
	}
	return 0o444
}
