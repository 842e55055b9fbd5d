// Package ooxml signs workbooks of our own making with one embedded signature, and
// verifies it.
//
// The signature is that of Open Packaging Conventions (ECMA-376 part 2, §13) as
// Office writes it (MS-OFFCRYPTO, 2.5.2): an XML signature with XAdES properties
// over a manifest of every part and its content type, with a timestamp where asked
// (XAdES-T). Two parts change so that programs find it, the content types and the
// package's relationships; three are added.
//
// Read is no general verifier of XML signatures. It writes the signature and the
// archive again from what it has read, and accepts a file only when that gives the
// same bytes. So there is no part that is not covered, none that is there twice,
// and nothing between the parts.
//
// Parts are streamed: memory holds only the names, the relationships and the
// signature.
package ooxml

import (
	"bufio"
	"context"
	"crypto/sha256"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/auditpack/auditpack/seal/cms"
)

// Bounds of a workbook, kept by Sign and Read alike.
const (
	// MaxParts bounds the number of parts.
	MaxParts = 10_000
	// MaxUnpacked bounds all parts together, in bytes.
	MaxUnpacked = 4 << 30
	// maxMarkup bounds what is held in memory: content types, one part's
	// relationships, or the signature, in bytes.
	maxMarkup = 8 << 20
)

// ErrNotSigned is found with errors.Is when a workbook has no embedded signature.
var ErrNotSigned = errors.New("the workbook has no embedded signature")

// Options are what a signature says besides who signed.
type Options struct {
	// Reason is shown by Office as the purpose, at most 255 characters.
	Reason string
	// Time is the signer's word on when, in whole seconds.
	Time time.Time
	// Timestamp asks an authority for the time; nil leaves the signature without one.
	Timestamp cms.Timestamper
}

// A Signature is what an intact signature says.
type Signature struct {
	Reason string
	// Time is the signer's word on when.
	Time time.Time
	// Parts counts the parts that are covered.
	Parts int
	cms.Claim
}

// Sign writes the workbook in r with a signature added. The workbook must have
// been written by this program and carry no signature. The caller reads what was
// written, with Read, before relying on it.
func Sign(ctx context.Context, w io.Writer, r io.ReaderAt, size int64, s *cms.Signer, o Options) error {
	b, err := open(r, size)
	if err != nil {
		return err
	}
	if b.signature != nil {
		return errors.New("the workbook is already signed")
	}
	unsigned, err := b.unsignedEntries()
	if err != nil {
		return err
	}
	if err := equal(r, size, unsigned); err != nil {
		return fmt.Errorf("the workbook is not one of this program's: %w", err)
	}
	references, err := b.references()
	if err != nil {
		return err
	}
	x := signatureXML{
		references: references,
		time:       o.Time.UTC().Truncate(time.Second).Format(timeLayout),
		reason:     clean(o.Reason),
		issuer:     clean(s.Certificate().Issuer.String()),
		chain:      s.Chain(),
	}
	if err := x.sign(ctx, s, o.Timestamp); err != nil {
		return err
	}
	b.signature = x.bytes()
	signed, err := b.signedEntries()
	if err != nil {
		return err
	}
	return pack(w, signed)
}

// Read returns the one signature of a workbook after checking that it is intact:
// that it covers every part, that the archive has nothing else, and that it was
// made with the key of its certificate. Whether that certificate is to be trusted
// is for cms.Trust to judge.
func Read(r io.ReaderAt, size int64) (*Signature, error) {
	b, err := open(r, size)
	if err != nil {
		return nil, err
	}
	if b.signature == nil {
		return nil, ErrNotSigned
	}
	signed, err := b.signedEntries()
	if err != nil {
		return nil, err
	}
	if err := equal(r, size, signed); err != nil {
		return nil, err
	}
	x, err := readSignature(b.signature)
	if err != nil {
		return nil, err
	}
	if x.references, err = b.references(); err != nil {
		return nil, err
	}
	if string(x.bytes()) != string(b.signature) {
		return nil, x.difference(b.signature)
	}
	if err := x.verify(); err != nil {
		return nil, err
	}
	t, err := time.Parse(timeLayout, x.time)
	if err != nil {
		return nil, errors.New("the time in the workbook's signature is damaged")
	}
	return &Signature{Reason: x.reason, Time: t, Parts: len(x.references), Claim: x.claim()}, nil
}

// Unsigned writes the workbook as it was before it was signed. It checks the form
// of the archive and not the signature. The two parts that signing changed are
// packed anew, so the bytes are the same only with a release of this program that
// packs as the one did that wrote the workbook.
func Unsigned(w io.Writer, r io.ReaderAt, size int64) error {
	b, err := open(r, size)
	if err != nil {
		return err
	}
	if b.signature == nil {
		return ErrNotSigned
	}
	unsigned, err := b.unsignedEntries()
	if err != nil {
		return err
	}
	return pack(w, unsigned)
}

// digest hashes what a reader gives, up to a limit.
func digest(r io.Reader, limit int64) (sum [sha256.Size]byte, n int64, err error) {
	h := sha256.New()
	n, err = io.Copy(h, io.LimitReader(bufio.NewReaderSize(r, 64<<10), limit+1))
	if err == nil && n > limit {
		err = fmt.Errorf("the workbook unpacks to more than %d bytes", int64(MaxUnpacked))
	}
	return [sha256.Size]byte(h.Sum(nil)), n, err
}
