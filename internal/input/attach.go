package input

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"path"
	"path/filepath"
	"slices"
	"strings"
)

// attachedFolder is where attached documents lie in a bundle.
const attachedFolder = "evidence/documents"

// An Attachment is a file of the document register.
type Attachment struct {
	// File is the name that its record gives, beside the register.
	File string
	// SHA256 of the file when the Set was read, in hexadecimal.
	SHA256 string

	open func() (fs.File, error)
}

// Path is where the file lies in a bundle.
func (a Attachment) Path() string { return path.Join(attachedFolder, filepath.ToSlash(a.File)) }

// CopyTo writes the file. It returns an error when the file is no longer the one
// that was read before; what was written then is of no use.
func (a Attachment) CopyTo(w io.Writer) error {
	sum, err := digest(a.open, w)
	if err != nil {
		return fmt.Errorf("copy %s: %w", a.File, err)
	}
	if sum != a.SHA256 {
		return fmt.Errorf("copy %s: the file changed during the run", a.File)
	}
	return nil
}

// digest copies a file to w and returns its SHA-256 in hexadecimal.
func digest(open func() (fs.File, error), w io.Writer) (string, error) {
	f, err := open()
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	n, err := io.Copy(io.MultiWriter(h, w), io.LimitReader(f, maxAttachmentBytes+1))
	if err != nil {
		return "", err
	}
	if n > maxAttachmentBytes {
		return "", fmt.Errorf("the file is larger than %d MiB", maxAttachmentBytes>>20)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// attach hashes the files of the document register. A file that cannot be read
// is a problem of the register.
func (s *Set) attach(register *part, open func(file string) (fs.File, error)) {
	s.Attached = map[string]string{}
	for i, r := range s.Documents.Spec.Documents {
		if _, done := s.Attached[r.File]; done || r.File == "" {
			continue
		}
		a := Attachment{File: r.File, open: func() (fs.File, error) { return open(r.File) }}
		sum, err := digest(a.open, io.Discard)
		if err != nil {
			register.doc.problem(field(index("spec.documents", i), "file"), "%v", err)
			continue
		}
		a.SHA256 = sum
		s.Attached[r.File] = sum
		s.Attachments = append(s.Attachments, a)
	}
	slices.SortFunc(s.Attachments, func(a, b Attachment) int { return strings.Compare(a.File, b.File) })
}
