package seal

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/auditpack/auditpack/seal/cms"
	"github.com/auditpack/auditpack/seal/ooxml"
	"github.com/auditpack/auditpack/seal/pades"
)

// The members that carry a signature of their own.
const (
	ReportFile   = "report.pdf"
	WorkbookFile = "control-map.xlsx"
)

// DocumentOptions are what the signatures inside the files say besides who signed.
type DocumentOptions struct {
	// Reason is shown by readers, at most 255 characters.
	Reason string
	// Contact is in the PDF's signature only, and may be empty.
	Contact string
	// Time is the signer's word on when.
	Time time.Time
	// Timestamp has both signatures confirmed; nil leaves them without timestamps.
	Timestamp *TimestampAuthority
}

// SignDocuments signs the PDF and the workbook in a folder, in place. warning is
// a sentence when an authority that need not answer did not.
func (s *DocumentSigner) SignDocuments(ctx context.Context, dir string, o DocumentOptions) (warning string, err error) {
	var stamp cms.Timestamper
	if o.Timestamp != nil {
		stamp = o.Timestamp.token
	}
	err = s.signBoth(ctx, dir, o, stamp)
	if errors.Is(err, cms.ErrTimestamp) && !o.Timestamp.Required && ctx.Err() == nil {
		warning = fmt.Sprintf("%s and %s are signed without timestamp: %v", ReportFile, WorkbookFile, err)
		err = s.signBoth(ctx, dir, o, nil)
	}
	return warning, err
}

// signBoth leaves both files as they were when it returns ErrTimestamp.
func (s *DocumentSigner) signBoth(ctx context.Context, dir string, o DocumentOptions, stamp cms.Timestamper) error {
	report, workbook := filepath.Join(dir, ReportFile), filepath.Join(dir, WorkbookFile)
	for _, sign := range []struct {
		path string
		with func(w io.Writer, r *os.File) error
	}{
		{report, func(w io.Writer, r *os.File) error { return s.signPDF(ctx, w, r, o, stamp) }},
		{workbook, func(w io.Writer, r *os.File) error { return s.signWorkbook(ctx, w, r, o, stamp) }},
	} {
		if err := rewrite(sign.path, sign.with); err != nil {
			return fmt.Errorf("sign %s: %w", filepath.Base(sign.path), err)
		}
	}
	return errors.Join(os.Rename(report+signedSuffix, report), os.Rename(workbook+signedSuffix, workbook))
}

// signedSuffix marks a file that waits for the other one to be signed, too.
const signedSuffix = ".signed"

// rewrite writes a new file beside an old one.
func rewrite(path string, with func(w io.Writer, r *os.File) error) (err error) {
	in, err := os.Open(path)
	if err != nil {
		return err
	}
	defer in.Close()
	out, err := os.OpenFile(path+signedSuffix, os.O_WRONLY|os.O_CREATE|os.O_TRUNC, memberMode)
	if err != nil {
		return err
	}
	err = errors.Join(with(out, in), out.Close())
	if err != nil {
		err = errors.Join(err, os.Remove(out.Name()))
	}
	return err
}

func (s *DocumentSigner) signPDF(ctx context.Context, w io.Writer, r io.Reader, o DocumentOptions, stamp cms.Timestamper) error {
	b, err := io.ReadAll(io.LimitReader(r, pades.MaxFile))
	if err != nil {
		return err
	}
	b, err = pades.Sign(ctx, b, s.signer, pades.Options{Reason: o.Reason, Contact: o.Contact, Time: o.Time, Timestamp: stamp})
	if err != nil {
		return err
	}
	_, err = io.Copy(w, bytes.NewReader(b))
	return err
}

func (s *DocumentSigner) signWorkbook(ctx context.Context, w io.Writer, r *os.File, o DocumentOptions, stamp cms.Timestamper) error {
	info, err := r.Stat()
	if err != nil {
		return err
	}
	return ooxml.Sign(ctx, w, r, info.Size(), s.signer, ooxml.Options{Reason: o.Reason, Time: o.Time, Timestamp: stamp})
}
