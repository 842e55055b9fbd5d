package seal

import (
	"bytes"
	"compress/flate"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"

	"github.com/auditpack/auditpack/schema"
)

// A Part is one member of an archive and who vouches for it.
type Part struct {
	Manifest schema.Manifest
	// Digest is that of the bundle, as in Verified.
	Digest  string
	Content []byte
}

// MaxPart bounds the member that VerifyPart holds in memory, in bytes.
const MaxPart = 256 << 20

// VerifyPart checks who signed an archive that lies elsewhere, that its directory
// is what was signed, and one member to its last byte. The other members are not
// read, so that this says nothing about them. The result is nil whenever there is
// an error.
func VerifyPart(ctx context.Context, r io.ReaderAt, size int64, path string, policy Policy) (*Part, error) {
	if err := policy.check(); err != nil {
		return nil, err
	}
	plain, n, err := decryptedPart(r, size, policy.DecryptWith)
	if err != nil {
		return nil, err
	}
	a, err := openArchive(plain, n, nil)
	if err != nil {
		return nil, err
	}
	name, sealed, err := a.sealFile()
	if err != nil {
		return nil, err
	}
	_, manifest, members, err := policy.read(name, sealed)
	if err != nil {
		return nil, err
	}
	entries := entriesOf(members, name, sealed)
	if err := a.matchDirectory(entries); err != nil {
		return nil, err
	}
	if err := ctx.Err(); err != nil {
		return nil, err
	}
	sum := sha256.Sum256(sealed)
	p := &Part{Manifest: manifest, Digest: hex.EncodeToString(sum[:])}
	for i, m := range members {
		if m.Path == path {
			p.Content, err = a.content(m, entries[i].dataOffset())
			if err != nil {
				return nil, err
			}
			return p, nil
		}
	}
	return nil, fmt.Errorf("the bundle has no %s", path)
}

// decryptedPart is decrypted without a look at more than the mark of an archive
// that is not encrypted.
func decryptedPart(r io.ReaderAt, size int64, ids *Identities) (io.ReaderAt, int64, error) {
	mark := make([]byte, min(size, int64(len(ageMagic))))
	if _, err := io.ReadFull(io.NewSectionReader(r, 0, size), mark); err != nil {
		return nil, 0, fmt.Errorf("read the archive: %w", err)
	}
	if string(mark) != ageMagic {
		return r, size, nil
	}
	return decrypted(r, size, ids)
}

// matchDirectory compares the directory, and nothing before it, with what it must be.
func (a *archive) matchDirectory(want []zipEntry) error {
	if err := a.matchNames(want); err != nil {
		return err
	}
	for i, e := range want {
		if !bytes.Equal(a.directory[i].raw, e.centralHeader()) {
			return refuse(BadContainer, e.name, "its entry in the archive's directory is not as the statement prescribes")
		}
	}
	last := tail(want)
	if !bytes.HasSuffix(last, a.end) || want[len(want)-1].end()+int64(len(last)) != a.size {
		return refuse(BadContainer, "", "the end record of the archive is not as the statement prescribes")
	}
	return nil
}

// content reads a member in one request.
func (a *archive) content(m member, offset int64) ([]byte, error) {
	if m.Size > MaxPart {
		return nil, refuse(TooLarge, m.Path, "it has more than %d bytes, which is too much to read from afar", int64(MaxPart))
	}
	packed, err := a.bytes(offset, int(m.Packed.Size))
	if err != nil {
		return nil, err
	}
	content := packed
	if m.Packed.Method != schema.PackStore {
		// One byte more than was signed is enough to see that it is not that.
		if content, err = io.ReadAll(io.LimitReader(flate.NewReader(bytes.NewReader(packed)), m.Size+1)); err != nil {
			return nil, refuse(Altered, m.Path, "its packed data cannot be unpacked: %v", err)
		}
	}
	if sum := sha256.Sum256(content); hex.EncodeToString(sum[:]) != m.sha256 {
		return nil, refuse(Altered, m.Path, "its SHA-256 digest is %x and %s was signed", sum, m.sha256)
	}
	return content, nil
}
