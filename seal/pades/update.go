package pades

import (
	"bytes"
	"encoding/hex"
	"errors"
	"fmt"
	"regexp"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/auditpack/auditpack/internal/pdfupdate"
	"github.com/auditpack/auditpack/seal/cms"
)

const (
	rangeKey  = "/ByteRange"
	endOfFile = "%%EOF\n"
	subFilter = "/SubFilter /ETSI.CAdES.detached"
	// rangeHole is as wide as the largest range of a file of MaxFile bytes.
	rangeHole = "[0 0000000000 0000000000 0000000000]"
)

// An update is what a signed file has behind the unsigned one, but for the
// signature itself.
type update struct {
	name, reason, contact string
	time                  time.Time
	reserved              int // bytes for the signature
}

// appendTo writes the update behind an unsigned file, with zeros in the gap.
func (u update) appendTo(unsigned []byte) ([]byte, gap, error) {
	if !bytes.HasSuffix(unsigned, []byte(endOfFile)) || bytes.Contains(unsigned, []byte(rangeKey)) {
		return nil, gap{}, errors.New("the PDF is already signed, or not one of this program's")
	}
	f, err := pdfupdate.Open(unsigned)
	if err != nil {
		return nil, gap{}, fmt.Errorf("read the PDF: %w", err)
	}
	if err := u.addField(f); err != nil {
		return nil, gap{}, fmt.Errorf("add a signature to the PDF: %w", err)
	}
	out := f.Bytes()
	if len(out) > MaxFile {
		return nil, gap{}, fmt.Errorf("the PDF has more than %d bytes", MaxFile)
	}
	return out, u.closeRange(out, len(unsigned)), nil
}

// addField adds the signature and its field, which has no visible place, to page
// one, and lets the catalogue say that the signature certifies the file.
func (u update) addField(f *pdfupdate.File) error {
	pages, err := f.Pages()
	if err != nil {
		return err
	}
	if len(pages) == 0 {
		return errors.New("the file has no page")
	}
	catalogue, err := f.Object(f.Root())
	if err != nil {
		return err
	}
	if strings.Contains(catalogue, "/AcroForm") || strings.Contains(catalogue, "/Perms") {
		return errors.New("the file has a form already")
	}
	signature := f.Add(u.dictionary())
	field := f.Add(fmt.Sprintf("<</Type /Annot /Subtype /Widget /FT /Sig /T (Signature1) /Rect [0 0 0 0] /F 132 /P %d 0 R /V %d 0 R>>", pages[0], signature))
	if err := annotate(f, pages[0], field); err != nil {
		return err
	}
	return f.Extend(f.Root(), fmt.Sprintf(" /AcroForm <</Fields [%d 0 R] /SigFlags 3>> /Perms <</DocMDP %d 0 R>>", field, signature))
}

var annotsRE = regexp.MustCompile(`/Annots\s+(\d{1,9})\s+0\s+R`)

// annotate adds the field to the annotations of a page.
func annotate(f *pdfupdate.File, page, field int) error {
	body, err := f.Object(page)
	if err != nil {
		return err
	}
	if !strings.Contains(body, "/Annots") {
		return f.Extend(page, fmt.Sprintf(" /Annots [%d 0 R]", field))
	}
	m := annotsRE.FindStringSubmatch(body)
	if m == nil {
		return errors.New("the annotations of page 1 are not an object of their own")
	}
	var array int
	fmt.Sscan(m[1], &array)
	list, err := f.Object(array)
	if err != nil {
		return err
	}
	list, ok := strings.CutSuffix(list, "]")
	if !ok {
		return errors.New("the annotations of page 1 are not an array")
	}
	f.Set(array, fmt.Sprintf("%s\n%d 0 R]", list, field))
	return nil
}

// dictionary is the signature dictionary of ISO 32000-1, 12.8.1.
func (u update) dictionary() string {
	return "<</Type /Sig /Filter /Adobe.PPKLite " + subFilter +
		"\n/M (" + u.time.Format(timeLayout) + ")" +
		"\n/Name " + pdfupdate.TextString(u.name) +
		"\n/Reason " + pdfupdate.TextString(u.reason) +
		"\n/ContactInfo " + pdfupdate.TextString(u.contact) +
		"\n/Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]" +
		"\n" + rangeKey + " " + rangeHole +
		"\n/Contents <" + strings.Repeat("00", u.reserved) + ">>>"
}

const timeLayout = "D:20060102150405+00'00'"

var dictionaryRE = regexp.MustCompile(`^\n/M \(([^)]{23})\)\n/Name <FEFF([0-9A-F]*)>\n/Reason <FEFF([0-9A-F]*)>\n/ContactInfo <FEFF([0-9A-F]*)>\n`)

// readUpdate returns the parameters of the update that b begins with. It need not
// be strict: the caller writes the update again and compares.
func readUpdate(b []byte) (update, error) {
	malformed := errors.New("the signature is not one that this program writes")
	at := bytes.LastIndex(b, []byte(subFilter))
	if at < 0 {
		return update{}, malformed
	}
	rest := b[at+len(subFilter):]
	m := dictionaryRE.FindSubmatch(rest)
	if m == nil {
		return update{}, malformed
	}
	_, contents, ok := bytes.Cut(rest, []byte("\n/Contents <"))
	end := bytes.IndexByte(contents, '>')
	if !ok || end < 0 || end%2 != 0 || end/2 > cms.MaxSize {
		return update{}, malformed
	}
	t, err := time.Parse(timeLayout, string(m[1]))
	if err != nil {
		return update{}, malformed
	}
	return update{name: text(m[2]), reason: text(m[3]), contact: text(m[4]), time: t, reserved: end / 2}, nil
}

// text reads UTF-16 in hexadecimal, as pdfupdate.TextString writes it.
func text(digits []byte) string {
	b, err := hex.DecodeString(string(digits))
	if err != nil || len(b)%2 != 0 {
		return ""
	}
	units := make([]uint16, len(b)/2)
	for i := range units {
		units[i] = uint16(b[2*i])<<8 | uint16(b[2*i+1])
	}
	return string(utf16.Decode(units))
}

// closeRange finds the gap in a file whose update begins at from, and writes the
// range of the signature: all of the file but the gap. It searches from the end,
// because what comes before the signature in the update is copied from the file.
func (u update) closeRange(out []byte, from int) gap {
	start := from + bytes.LastIndex(out[from:], []byte("\n/Contents <")) + len("\n/Contents ")
	g := gap{start, start + 2*u.reserved + 2}
	hole := from + bytes.LastIndex(out[from:], []byte(rangeHole))
	copy(out[hole:], fmt.Sprintf("%-*s", len(rangeHole), fmt.Sprintf("[0 %d %d %d]", g.start, g.end, len(out)-g.end)))
	return g
}
