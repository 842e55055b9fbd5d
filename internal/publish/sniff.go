package publish

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// ageHeader begins every file that age encrypted, https://age-encryption.org/v1.
const ageHeader = "age-encryption.org/v1\n"

// isBundle reports whether an object is what its name says, by its content: an
// archive whose statement is of the same plan and day, or something that age
// encrypted. It proves nothing about who made it.
func (p *Place) isBundle(ctx context.Context, o object, name bundleName) (bool, error) {
	if name.encrypted {
		head, err := p.bytes(ctx, o.name, 0, int64(min(len(ageHeader), int(o.size))))
		return string(head) == ageHeader, err
	}
	r := &remoteFile{ctx: ctx, place: p, object: o}
	z, err := zip.NewReader(r, o.size)
	if r.err != nil {
		return false, r.err
	}
	if err != nil {
		return false, nil // no archive
	}
	s, err := sealOf(z)
	if r.err != nil {
		return false, r.err
	}
	return err == nil && s.manifest.Plan.Name == name.plan && s.manifest.AsOf.UTC().Format(time.DateOnly) == name.date.Format(time.DateOnly), nil
}

// sealedFile is the last file of an archive, which says what the others are.
type sealedFile struct {
	name     string
	content  []byte
	manifest *schema.Manifest
	// digest is the SHA-256 of content in hexadecimal, by which a bundle is named.
	digest string
}

// readSeal returns what the archive says of itself, nil for one that is no bundle.
func readSeal(r io.ReaderAt, size int64) *sealedFile {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return nil
	}
	s, err := sealOf(z)
	if err != nil {
		return nil
	}
	return s
}

// sealOf reads what the last file of an archive states, without verifying it.
func sealOf(z *zip.Reader) (*sealedFile, error) {
	if len(z.File) == 0 {
		return nil, errors.New("the archive is empty")
	}
	last := z.File[len(z.File)-1]
	f, err := last.Open()
	if err != nil {
		return nil, err
	}
	defer f.Close()
	content, err := io.ReadAll(io.LimitReader(f, seal.MaxAttestation))
	if err != nil {
		return nil, err
	}
	s := &sealedFile{name: last.Name, content: content, digest: fmt.Sprintf("%x", sha256.Sum256(content))}
	switch last.Name {
	case seal.StatementFile:
	case seal.AttestationFile:
		var a struct {
			Envelope struct {
				Payload []byte `json:"payload"`
			} `json:"dsseEnvelope"`
		}
		if err := json.Unmarshal(content, &a); err != nil {
			return nil, err
		}
		content = a.Envelope.Payload
	default:
		return nil, fmt.Errorf("the last file is %s", last.Name)
	}
	var statement struct {
		PredicateType string          `json:"predicateType"`
		Predicate     schema.Manifest `json:"predicate"`
	}
	if err := json.Unmarshal(content, &statement); err != nil {
		return nil, err
	}
	if statement.PredicateType != schema.PredicateType {
		return nil, fmt.Errorf("the statement is of type %s", statement.PredicateType)
	}
	s.manifest = &statement.Predicate
	return s, nil
}
