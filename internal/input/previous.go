package input

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"

	"github.com/auditpack/auditpack/schema"
)

// Where a bundle keeps what it was held against of the one before it.
const (
	previousPath       = "inputs/previous.json"
	previousGrantsPath = "inputs/previous-access-grants.jsonl"
)

// maxGrantsBytes bounds the access grants of the bundle before this one.
const maxGrantsBytes = 256 << 20

// SetPrevious says which bundle came before this one. grants is the file of its
// population accessGrants, which Save keeps byte for byte: so its digest is the
// one that the earlier bundle's statement gives. SetPrevious fills GrantsSHA256
// and Grants; on error the Set is as it was.
func (s *Set) SetPrevious(facts schema.PreviousFacts, grants io.Reader) error {
	data, err := io.ReadAll(io.LimitReader(grants, maxGrantsBytes+1))
	if err != nil {
		return err
	}
	if len(data) > maxGrantsBytes {
		return fmt.Errorf("the access grants are larger than %d MiB", maxGrantsBytes>>20)
	}
	sum := sha256.Sum256(data)
	facts.GrantsSHA256 = hex.EncodeToString(sum[:])
	if facts.Grants, err = DecodeGrants(data); err != nil {
		return err
	}
	s.Previous, s.previousGrants = &facts, data
	return nil
}

// DecodeGrants reads the file of the population accessGrants, one grant a line.
// Unknown fields and a last line that is cut off are errors.
func DecodeGrants(data []byte) ([]schema.AccessGrant, error) {
	var out []schema.AccessGrant
	for line := range bytes.Lines(data) {
		var g schema.AccessGrant
		if err := schema.Unmarshal(line, &g); err != nil {
			return nil, fmt.Errorf("line %d: %w", len(out)+1, err)
		}
		out = append(out, g)
	}
	if len(data) > 0 && data[len(data)-1] != '\n' {
		return nil, errors.New("the last line is cut off")
	}
	return out, nil
}

// savePrevious writes what LoadFrom gives to loadPrevious.
func (s *Set) savePrevious(create func(path string) (io.WriteCloser, error)) error {
	facts, err := schema.Marshal(s.Previous)
	if err != nil {
		return err
	}
	if err := write(create, previousPath, func(w io.Writer) error { _, err := w.Write(facts); return err }); err != nil {
		return err
	}
	return write(create, previousGrantsPath, func(w io.Writer) error { _, err := w.Write(s.previousGrants); return err })
}

// loadPrevious reads back what savePrevious wrote.
func (s *Set) loadPrevious(bundle fs.FS, at previousEntry) error {
	data, err := readFile(bundle, at.Facts)
	if err != nil {
		return fmt.Errorf("read inputs of the bundle: %w", err)
	}
	var facts schema.PreviousFacts
	if err := schema.Unmarshal(data, &facts); err != nil {
		return fmt.Errorf("read %s: %w", at.Facts, err)
	}
	grants, err := bundle.Open(at.AccessGrants)
	if err != nil {
		return fmt.Errorf("read inputs of the bundle: %w", err)
	}
	defer grants.Close()
	if err := s.SetPrevious(facts, grants); err != nil {
		return fmt.Errorf("read %s: %w", at.AccessGrants, err)
	}
	if s.Previous.GrantsSHA256 != facts.GrantsSHA256 {
		return fmt.Errorf("read %s: its SHA-256 is not the one that %s gives", at.AccessGrants, at.Facts)
	}
	return nil
}
