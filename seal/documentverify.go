package seal

import (
	"bytes"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"time"

	"github.com/sigstore/sigstore-go/pkg/root"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal/cms"
	"github.com/auditpack/auditpack/seal/ooxml"
	"github.com/auditpack/auditpack/seal/pades"
)

// DocumentTrust says whose signatures inside the PDF and the workbook are
// accepted. The zero value accepts nobody's: then it is only checked that the
// signatures are intact and cover the whole file.
type DocumentTrust struct {
	// Authorities are the roots that the signer's certificate must lead to, or that
	// certificate itself.
	Authorities []*x509.Certificate
	// At is the time at which certificates must be valid where no trusted timestamp
	// says when they were used. It is needed with Authorities.
	At time.Time
}

func (p Policy) documents() cms.Trust {
	trust := cms.Trust{Roots: p.Documents.Authorities, At: p.Documents.At}
	trust.TimestampRoots, trust.TimestampIntermediates = p.TrustedRoot.timestampChains()
	return trust
}

// timestampChains are the certificates that an authority's must lead to, and those
// on the way.
func (t *TrustedRoot) timestampChains() (roots, intermediates []*x509.Certificate) {
	if t == nil {
		return nil, nil
	}
	for _, a := range t.timestamps {
		if a, ok := a.(*root.SigstoreTimestampingAuthority); ok && a.Root != nil {
			roots, intermediates = append(roots, a.Root), append(intermediates, a.Intermediates...)
		}
	}
	return roots, intermediates
}

// A VerifiedDocument is a PDF or workbook whose own signature was accepted.
type VerifiedDocument struct {
	Signer schema.DocumentSigner
	Reason string
	// Signed is the signer's word on when. Timestamp is that of a trusted authority,
	// zero when there is none.
	Signed, Timestamp time.Time
	// Trusted is true when the signer's certificate leads to an authority of the policy.
	Trusted bool
	// Checked and NotChecked are sentences that a reader can quote.
	Checked, NotChecked []string
}

// VerifyDocument checks the signature inside one PDF or workbook, on its own,
// against the Documents, TrustedRoot and RequireTimestamp of a policy. The result
// is nil whenever there is an error, and an *Error says what is wrong with the file.
func VerifyDocument(path string, policy Policy) (*VerifiedDocument, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return nil, err
	}
	d, err := verifyDocument(f, info.Size(), policy)
	if err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return d, nil
}

// A Form is what a path leads to, as far as its first bytes tell.
type Form string

// The forms of what can be given to a verifier.
const (
	// BundleForm is a folder, a ZIP archive or an encrypted archive.
	BundleForm Form = "bundle"
	// DocumentForm is a PDF or a workbook, which may carry a signature of its own.
	DocumentForm Form = "document"
	// OtherForm is a file that carries no signature.
	OtherForm Form = "other"
)

// FormOf says what a path leads to. It reads the beginning of a file, and says
// nothing about the rest of it.
func FormOf(path string) (Form, error) {
	f, err := os.Open(path)
	if err != nil {
		return "", err
	}
	defer f.Close()
	info, err := f.Stat()
	if err != nil {
		return "", err
	}
	if info.IsDir() {
		return BundleForm, nil
	}
	head := make([]byte, 64)
	n, err := io.ReadFull(f, head)
	if err != nil && err != io.ErrUnexpectedEOF && err != io.EOF {
		return "", err
	}
	head = head[:n]
	switch zip := bytes.HasPrefix(head, []byte("PK\x03\x04")); {
	case isPDF(head), zip && bytes.Contains(head, []byte("[Content_Types].xml")):
		return DocumentForm, nil
	case zip, bytes.HasPrefix(head, []byte(ageMagic)):
		return BundleForm, nil
	default:
		return OtherForm, nil
	}
}

func isPDF(head []byte) bool { return bytes.HasPrefix(head, []byte("%PDF-")) }

func verifyDocument(r io.ReaderAt, size int64, policy Policy) (*VerifiedDocument, error) {
	head := make([]byte, 5)
	if _, err := r.ReadAt(head, 0); err != nil && err != io.EOF {
		return nil, err
	}
	d := &VerifiedDocument{}
	var claim cms.Claim
	if isPDF(head) {
		b, err := io.ReadAll(io.NewSectionReader(r, 0, min(size, pades.MaxFile)))
		if err != nil {
			return nil, err
		}
		s, err := pades.Read(b)
		if err != nil {
			return nil, refuseDocument(err)
		}
		claim, d.Reason, d.Signed = s.Claim, s.Reason, s.Time
		d.checked("The PDF carries one signature of its own. It covers every byte of the file, nothing was added or changed after it, and it was made with the key of its certificate (%s).", nameOf(claim))
	} else {
		s, err := ooxml.Read(r, size)
		if err != nil {
			return nil, refuseDocument(err)
		}
		claim, d.Reason, d.Signed = s.Claim, s.Reason, s.Time
		d.checked("The workbook carries one signature of its own. It covers all %d parts, the archive has nothing else, and it was made with the key of its certificate (%s).", s.Parts, nameOf(claim))
	}
	d.Signer = *documentFacts(claim.Chain[0])
	return d, d.judge(claim, policy)
}

func refuseDocument(err error) error {
	if errors.Is(err, pades.ErrNotSigned) || errors.Is(err, ooxml.ErrNotSigned) {
		return refuse(NotSigned, "", "%v", err)
	}
	return refuse(BadSignature, "", "%v", err)
}

func nameOf(c cms.Claim) string {
	f := documentFacts(c.Chain[0])
	return fmt.Sprintf("%s, SHA-256 fingerprint %s", f.Subject, f.SHA256)
}

// judge holds the signer against the policy, and writes the sentences.
func (d *VerifiedDocument) judge(c cms.Claim, policy Policy) error {
	trust := policy.documents()
	j, err := trust.Judge(c)
	if err != nil {
		return refuse(BadSignature, "", "%v", err)
	}
	d.Trusted, d.Timestamp = trust.Anybody(), j.Timestamp
	switch {
	case !j.Timestamp.IsZero():
		d.checked("A trusted timestamp authority confirms that this signature existed at %s; the certificate is judged at that time.", instant(j.Timestamp))
	case policy.RequireTimestamp:
		return refuse(BadSignature, "", "its signature has no timestamp of a trusted authority, and the policy asks for one")
	case j.TimestampProblem != "":
		d.notChecked("When it was signed: its timestamp of %s is not of an authority that is trusted (%s).", instant(j.Stamped), j.TimestampProblem)
	case !j.Stamped.IsZero():
		d.notChecked("When it was signed: a timestamp says %s, and no timestamp authority was given to trust.", instant(j.Stamped))
	default:
		d.notChecked("When it was signed: the signature carries no timestamp, and its time (%s) is the signer's word.", instant(d.Signed))
	}
	if !d.Trusted {
		d.notChecked("Whose signature it is: no certificate authority was given to trust (--document-ca). Anybody can make a certificate with that name.")
		return nil
	}
	d.checked("The signer's certificate leads to an authority that was given to trust, may sign documents, and was valid at %s.", instant(j.At))
	d.notChecked("Whether the certificate was withdrawn: no list of withdrawals was asked.")
	return nil
}

func (d *VerifiedDocument) checked(format string, args ...any) {
	d.Checked = append(d.Checked, fmt.Sprintf(format, args...))
}

func (d *VerifiedDocument) notChecked(format string, args ...any) {
	d.NotChecked = append(d.NotChecked, fmt.Sprintf(format, args...))
}

// checkDocuments checks the signatures inside the members of a bundle. They must
// be those that the statement names, and none where it names none.
func (v *Verified) checkDocuments(policy Policy) error {
	want := v.Manifest.Plan.DocumentSigner
	if want == nil {
		return v.checkNoDocumentSignature()
	}
	policy.RequireTimestamp = false // it is about the statement, which has the digests of both files
	if v.Timestamp != nil && v.Timestamp.Checked {
		policy.Documents.At = v.Timestamp.Time
	}
	for _, name := range []string{ReportFile, WorkbookFile} {
		d, err := v.document(name, policy)
		if refused := (*Error)(nil); errors.As(err, &refused) {
			return refuse(refused.Kind, name, "%s", refused.Problem)
		}
		if err != nil {
			return err
		}
		if d.Signer.SHA256 != want.SHA256 {
			return refuse(BadSignature, name, "it is signed with the certificate that has the fingerprint %s, and the statement names %s", d.Signer.SHA256, want.SHA256)
		}
		for _, s := range d.Checked {
			v.checked("%s: %s", name, s)
		}
		for _, s := range d.NotChecked {
			v.notChecked("%s: %s", name, s)
		}
	}
	return nil
}

// checkNoDocumentSignature looks for the marks of signatures that the statement
// does not name.
func (v *Verified) checkNoDocumentSignature() error {
	marks := map[string]string{ReportFile: "/ByteRange", WorkbookFile: "_xmlsignatures/"}
	for _, name := range []string{ReportFile, WorkbookFile} {
		if _, ok := v.members[name]; !ok {
			continue
		}
		f, err := v.FS().Open(name)
		if err != nil {
			return err
		}
		found, err := contains(f, marks[name])
		f.Close() // it was only read
		if err != nil {
			return err
		}
		if found {
			return refuse(BadSignature, name, "it carries a signature of which the statement says nothing")
		}
	}
	v.notChecked("Signatures inside %s and %s: they have none, so that neither proves anything without the bundle.", ReportFile, WorkbookFile)
	return nil
}

// contains reads to the end, or to the mark.
func contains(r io.Reader, mark string) (bool, error) {
	const step = 64 << 10
	window := make([]byte, 0, step+len(mark))
	for {
		n, err := r.Read(window[len(window) : len(window)+step])
		window = window[:len(window)+n]
		if bytes.Contains(window, []byte(mark)) {
			return true, nil
		}
		if err == io.EOF {
			return false, nil
		}
		if err != nil {
			return false, err
		}
		window = append(window[:0], window[max(0, len(window)-len(mark)+1):]...)
	}
}

// document reads a member through FS, which gives verified bytes only. Whole: the
// renderers, too, hold these files in memory.
func (v *Verified) document(name string, policy Policy) (*VerifiedDocument, error) {
	b, err := fs.ReadFile(v.FS(), name)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, refuse(Missing, name, "the statement says that it is signed, and the bundle does not have it")
	}
	if err != nil {
		return nil, err
	}
	return verifyDocument(bytes.NewReader(b), int64(len(b)), policy)
}

// UnsignedDocument writes a PDF or workbook as it was before it was signed, and
// unchanged when it is not signed.
func UnsignedDocument(w io.Writer, document []byte) error {
	if isPDF(document) {
		b, err := pades.Unsigned(document)
		if errors.Is(err, pades.ErrNotSigned) {
			b, err = document, nil
		}
		if err != nil {
			return err
		}
		_, err = w.Write(b)
		return err
	}
	err := ooxml.Unsigned(w, bytes.NewReader(document), int64(len(document)))
	if errors.Is(err, ooxml.ErrNotSigned) {
		_, err = w.Write(document)
	}
	return err
}
