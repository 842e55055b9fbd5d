// Package pades signs PDF files of our own making with one embedded signature, and
// verifies it.
//
// The signature is a PAdES baseline signature (ETSI EN 319 142-1): SubFilter
// ETSI.CAdES.detached, over the whole file, certifying that no change is allowed
// (DocMDP, ISO 32000-1, 12.8.2.2), with a timestamp where asked. It is appended as
// one incremental update, so that the unsigned file is a prefix of the signed one.
//
// Verify is no general PDF verifier. It accepts a file only when writing the
// update again gives the same bytes, which leaves nothing for the known tricks
// with signed PDFs: updates behind the signature, holes in its range, objects that
// one reader sees and another does not.
package pades

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/asn1"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/auditpack/auditpack/seal/cms"
)

// MaxFile bounds a signed file, in bytes: ten digits of a cross-reference table
// would allow more, but files are held in memory.
const MaxFile = 1 << 30

// ErrNotSigned is found with errors.Is when a file has no embedded signature.
var ErrNotSigned = errors.New("the PDF has no embedded signature")

// Options are what a signature says besides who signed.
type Options struct {
	// Reason and Contact are shown by PDF readers; Contact may be empty.
	Reason, Contact string
	// Time is the signer's word on when, in whole seconds.
	Time time.Time
	// Timestamp asks an authority for the time; nil leaves the signature without one.
	Timestamp cms.Timestamper
}

// A Signature is what an intact signature says.
type Signature struct {
	Reason, Contact string
	// Time is the signer's word on when.
	Time time.Time
	cms.Claim
}

// Sign returns the PDF file with a signature appended. The file must have been
// written by this program and carry no signature or form.
func Sign(ctx context.Context, pdf []byte, s *cms.Signer, o Options) ([]byte, error) {
	u := update{
		name:     s.Certificate().Subject.String(),
		reason:   o.Reason,
		contact:  o.Contact,
		time:     o.Time.UTC().Truncate(time.Second),
		reserved: reserve(s, o.Timestamp != nil),
	}
	out, gap, err := u.appendTo(pdf)
	if err != nil {
		return nil, err
	}
	der, err := cms.Sign(ctx, s, gap.digest(out), o.Timestamp)
	if err != nil {
		return nil, err
	}
	if len(der) > u.reserved {
		return nil, fmt.Errorf("the signature has %d bytes, for which %d were reserved", len(der), u.reserved)
	}
	hex.Encode(out[gap.start+1:], der)
	if _, err := Read(out); err != nil {
		return nil, fmt.Errorf("read what was just signed: %w", err)
	}
	return out, nil
}

// reserve returns how many bytes the signature may need: it must be known before
// the file is hashed. Tokens of public authorities have up to 8 KiB.
func reserve(s *cms.Signer, stamped bool) int {
	n := 4 << 10
	for _, c := range s.Chain() {
		n += len(c.Raw)
	}
	if stamped {
		n += 16 << 10
	}
	return min(n, cms.MaxSize)
}

// Read returns the one signature of a PDF file after checking that it is intact:
// that it covers every byte of the file but itself, that nothing but it lies
// there, and that it was made with the key of its certificate. Whether that
// certificate is to be trusted is for cms.Trust to judge.
func Read(pdf []byte) (*Signature, error) {
	f, err := dissect(pdf)
	if err != nil {
		return nil, err
	}
	parsed, err := cms.Parse(f.der)
	if err != nil {
		return nil, err
	}
	if err := parsed.Verify(f.gap.digest(pdf)); err != nil {
		return nil, err
	}
	return &Signature{f.update.reason, f.update.contact, f.update.time, parsed.Claim}, nil
}

// Unsigned returns the file as it was before it was signed. It shares memory with
// pdf. It checks the form of the signature and not the signature.
func Unsigned(pdf []byte) ([]byte, error) {
	f, err := dissect(pdf)
	if err != nil {
		return nil, err
	}
	return f.unsigned, nil
}

// A file is a signed PDF in its parts.
type file struct {
	unsigned []byte
	update   update
	gap      gap
	der      []byte
}

// dissect takes a signed file apart, and compares it with what comes out when the
// parts are put together again.
func dissect(pdf []byte) (*file, error) {
	if len(pdf) > MaxFile {
		return nil, fmt.Errorf("the PDF has more than %d bytes", MaxFile)
	}
	switch bytes.Count(pdf, []byte(rangeKey)) {
	case 0:
		return nil, ErrNotSigned
	case 1:
	default:
		return nil, errors.New("the PDF has more than one signature")
	}
	at := bytes.Index(pdf, []byte(rangeKey))
	end := bytes.LastIndex(pdf[:at], []byte(endOfFile))
	if end < 0 {
		return nil, errors.New("the signature is not an update of a finished PDF")
	}
	f := &file{unsigned: pdf[:end+len(endOfFile)]}
	var err error
	if f.update, err = readUpdate(pdf[len(f.unsigned):]); err != nil {
		return nil, err
	}
	var again []byte
	if again, f.gap, err = f.update.appendTo(f.unsigned); err != nil {
		return nil, err
	}
	if f.der, err = f.gap.content(pdf); err != nil {
		return nil, err
	}
	hex.Encode(again[f.gap.start+1:], f.der)
	if !bytes.Equal(again, pdf) {
		return nil, errors.New("the PDF's signature does not cover the whole file, or the file was changed around it")
	}
	return f, nil
}

// A gap is the part of a file that its signature leaves out: the hexadecimal
// string with the signature, brackets included.
type gap struct{ start, end int }

func (g gap) digest(pdf []byte) []byte {
	h := sha256.New()
	h.Write(pdf[:g.start])
	h.Write(pdf[g.end:])
	return h.Sum(nil)
}

// content returns the DER structure in the gap. What follows it in the gap is left
// to the comparison of dissect, which wants zeros there.
func (g gap) content(pdf []byte) ([]byte, error) {
	if g.end > len(pdf) {
		return nil, errors.New("the PDF ends within its signature")
	}
	b, err := hex.DecodeString(string(pdf[g.start+1 : g.end-1]))
	if err != nil {
		return nil, errors.New("the signature is not hexadecimal")
	}
	var der asn1.RawValue
	if _, err := asn1.Unmarshal(b, &der); err != nil {
		return nil, fmt.Errorf("the signature is damaged: %v", err)
	}
	return der.FullBytes, nil
}
