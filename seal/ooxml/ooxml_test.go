package ooxml_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/x509"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/xlsx"
	"github.com/auditpack/auditpack/seal/cms"
	"github.com/auditpack/auditpack/seal/ooxml"
)

// rendering is a workbook as the program draws it.
func rendering(t testing.TB, rows int) []byte {
	t.Helper()
	sheet := func(name string) render.Sheet {
		return render.Sheet{
			Name: name, Title: "Sheet of " + name,
			Columns: []render.Column{{Title: "Name", Width: 30}, {Title: "Count", Width: 12, Kind: render.NumberCell}},
			Rows: func(yield func([]render.Cell) bool) {
				for i := range rows {
					if !yield([]render.Cell{fmt.Sprintf("object %d", i), int64(i)}) {
						return
					}
				}
			},
		}
	}
	d := &render.Document{Title: "Control map", Language: "en-GB", Created: testpki.Now, Sheets: []render.Sheet{sheet("controls"), sheet("pods")}}
	var b bytes.Buffer
	if err := xlsx.Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

var options = ooxml.Options{Reason: "Evidence as of 2026-09-30 <&>", Time: testpki.Now}

func signWith(unsigned []byte, p testpki.Pair, o ooxml.Options) ([]byte, error) {
	s, err := cms.NewSigner(p.Key, p.Chain)
	if err != nil {
		return nil, err
	}
	var out bytes.Buffer
	if err := ooxml.Sign(context.Background(), &out, bytes.NewReader(unsigned), int64(len(unsigned)), s, o); err != nil {
		return nil, err
	}
	return out.Bytes(), nil
}

func sign(t testing.TB, unsigned []byte, p testpki.Pair, o ooxml.Options) []byte {
	t.Helper()
	b, err := signWith(unsigned, p, o)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func verify(b []byte, trust cms.Trust) (*ooxml.Signature, cms.Judgement, error) {
	s, err := ooxml.Read(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		return nil, cms.Judgement{}, err
	}
	j, err := trust.Judge(s.Claim)
	return s, j, err
}

func unsignedOf(t testing.TB, b []byte) []byte {
	t.Helper()
	var out bytes.Buffer
	if err := ooxml.Unsigned(&out, bytes.NewReader(b), int64(len(b))); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func keys(t testing.TB) map[string]crypto.Signer {
	return map[string]crypto.Signer{"P-256": testpki.P256(t), "P-384": testpki.P384(t), "P-521": testpki.P521(t), "RSA": testpki.RSA(t, 2048)}
}

func TestSignedWorkbooksVerify(t *testing.T) {
	authority := testpki.Intermediate(t, testpki.Authority(t, "Root"), "Issuing CA")
	unsigned := rendering(t, 100)
	for name, key := range keys(t) {
		t.Run(name, func(t *testing.T) {
			p := testpki.Document(t, authority, key)
			signed := sign(t, unsigned, p, options)
			s, _, err := verify(signed, cms.Trust{Roots: []*x509.Certificate{p.Root()}, At: testpki.Now})
			if err != nil {
				t.Fatal(err)
			}
			z, err := zip.NewReader(bytes.NewReader(unsigned), int64(len(unsigned)))
			if err != nil {
				t.Fatal(err)
			}
			if s.Reason != options.Reason || !s.Time.Equal(options.Time) || s.Parts != len(z.File)-1 || len(s.Chain) != 3 {
				t.Errorf("got %+v, and want %d parts", s, len(z.File)-1)
			}
			if !bytes.Equal(unsignedOf(t, signed), unsigned) {
				t.Error("Unsigned gives other bytes than were signed")
			}
		})
	}
}

// TestSigningChangesTheSignatureOnly: two signatures of one rendering differ in one part.
func TestSigningChangesTheSignatureOnly(t *testing.T) {
	unsigned := rendering(t, 10)
	p := testpki.SelfSigned(t, testpki.P256(t))
	a, b := takeApart(t, sign(t, unsigned, p, options)), takeApart(t, sign(t, unsigned, p, options))
	for i := range a {
		if a[i].name != b[i].name || !bytes.Equal(a[i].content, b[i].content) && a[i].name != "_xmlsignatures/sig1.xml" {
			t.Errorf("%s differs", a[i].name)
		}
	}
}

// A part of an archive that was taken apart.
type part struct {
	name    string
	content []byte
	method  uint16
}

func takeApart(t testing.TB, b []byte) []part {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(b), int64(len(b)))
	if err != nil {
		t.Fatal(err)
	}
	var parts []part
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		parts = append(parts, part{f.Name, content, f.Method})
	}
	return parts
}

// putTogether packs as careful an attacker would: with the headers of this program.
func putTogether(t testing.TB, parts []part) []byte {
	t.Helper()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, p := range parts {
		f := &zip.FileHeader{Name: p.name, Method: p.method}
		raw, sum := packed(t, p)
		f.CRC32, f.UncompressedSize64, f.CompressedSize64 = sum, uint64(len(p.content)), uint64(len(raw))
		w, err := z.CreateRaw(f)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func packed(t testing.TB, p part) ([]byte, uint32) {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	w, err := z.CreateHeader(&zip.FileHeader{Name: "x", Method: p.method})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(p.content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	r, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		t.Fatal(err)
	}
	raw, err := r.File[0].OpenRaw()
	if err != nil {
		t.Fatal(err)
	}
	content, err := io.ReadAll(raw)
	if err != nil {
		t.Fatal(err)
	}
	return content, r.File[0].CRC32
}

func TestForgedWorkbooksAreRefused(t *testing.T) {
	p, other := testpki.SelfSigned(t, testpki.P256(t)), testpki.SelfSigned(t, testpki.P256(t))
	unsigned := rendering(t, 10)
	signed := sign(t, unsigned, p, options)
	foreign := takeApart(t, sign(t, unsigned, other, options))
	trust := cms.Trust{Roots: []*x509.Certificate{p.Root()}, At: testpki.Now}
	if b := putTogether(t, takeApart(t, signed)); true {
		if _, _, err := verify(b, trust); err != nil {
			t.Fatalf("the archive packed again is refused: %v", err)
		}
	}
	replace := func(name, old, with string) func([]part) []part {
		return func(parts []part) []part {
			for i := range parts {
				if parts[i].name == name {
					if bytes.Count(parts[i].content, []byte(old)) == 0 {
						t.Fatalf("%s has no %q", name, old)
					}
					parts[i].content = bytes.Replace(parts[i].content, []byte(old), []byte(with), 1)
				}
			}
			return parts
		}
	}
	add := func(name, content string, method uint16) func([]part) []part {
		return func(parts []part) []part {
			parts = append(parts, part{name, []byte(content), method})
			slices.SortFunc(parts, func(a, b part) int { return strings.Compare(a.name, b.name) })
			return parts
		}
	}
	remove := func(name string) func([]part) []part {
		return func(parts []part) []part {
			return slices.DeleteFunc(parts, func(p part) bool { return p.name == name })
		}
	}
	const certificate = "<X509Certificate>"
	for _, c := range []struct {
		name  string
		forge func([]part) []part
		want  string
	}{
		{"a changed cell", replace("xl/worksheets/sheet1.xml", "object 3", "object 4"), `the part "xl/worksheets/sheet1.xml", or its type, is not what was signed`},
		{"a changed property", replace("docProps/core.xml", "Control map", "Control mop"), `the part "docProps/core.xml", or its type, is not what was signed`},
		{"an added part", add("xl/worksheets/sheet9.xml", "<worksheet/>", zip.Deflate), `the part "xl/worksheets/sheet9.xml" was added after signing`},
		{"an added part of no type", add("xl/notes.txt", "", zip.Deflate), `part "xl/notes.txt": it has no content type`},
		{"an added signature", add("_xmlsignatures/sig2.xml", "<Signature/>", zip.Store), `has a part "_xmlsignatures/sig2.xml"`},
		{"a removed part", remove("xl/worksheets/sheet2.xml"), `the part "xl/worksheets/sheet2.xml" was signed and is not there`},
		{"a part twice", add("xl/worksheets/sheet1.xml", "<worksheet/>", zip.Deflate), `"xl/worksheets/sheet1.xml" is there twice`},
		{"a part twice in another case", add("xl/Worksheets/sheet1.xml", "<worksheet/>", zip.Deflate), "is there twice"},
		{"a changed relationship", replace("xl/_rels/workbook.xml.rels", "worksheets/sheet1.xml", "worksheets/sheet2.xml"), `the part "xl/_rels/workbook.xml.rels", or its type, is not what was signed`},
		{"a changed relationship of the package", replace("_rels/.rels", "xl/workbook.xml", "xl/styles.xml"), `the part "_rels/.rels", or its type, is not what was signed`},
		{"an added relationship", replace("xl/_rels/workbook.xml.rels", "</Relationships>", `<Relationship Id="x" Target="http://example.com/" TargetMode="External" Type="y"/></Relationships>`), "is not what was signed"},
		{"a relationship twice", replace("xl/_rels/workbook.xml.rels", "</Relationships>", `<Relationship Id="rId1" Target="x" Type="y"/></Relationships>`), `"rId1" is there twice`},
		{"a comment in relationships", replace("xl/_rels/workbook.xml.rels", "</Relationships>", `<!-- x --></Relationships>`), "a comment or directive"},
		{"a relationship of another namespace", replace("xl/_rels/workbook.xml.rels", "</Relationships>", `<x:Relationship xmlns:x="y"/></Relationships>`), "does not belong there"},
		{"no relationship to the signature", replace("_rels/.rels", "rIdSignatureOrigin", "rIdSignatureOrigim"), "did not write"},
		{"a changed content type", replace("[Content_Types].xml", "spreadsheetml.worksheet+xml", "spreadsheetml.chartsheet+xml"), "or its type, is not what was signed"},
		{"a content type twice", replace("[Content_Types].xml", "<Default ", `<Default Extension="XML" ContentType="x/y"></Default><Default `), "or there twice"},
		{"another reason", replace("_xmlsignatures/sig1.xml", "2026-09-30", "2026-06-30"), "the signature was changed"},
		{"another time", replace("_xmlsignatures/sig1.xml", "<mdssi:Value>2026", "<mdssi:Value>2025"), "the signature was changed"},
		{"a blank in the signature", replace("_xmlsignatures/sig1.xml", "<KeyInfo>", "<KeyInfo> "), "the signature was changed"},
		{"an object of its own", replace("_xmlsignatures/sig1.xml", "</Signature>", "<Object></Object></Signature>"), "the signature was changed"},
		{"another manifest", replace("_xmlsignatures/sig1.xml", "</Manifest>", `<Reference URI="/x?ContentType=y"></Reference></Manifest>`), `the part "x" was signed and is not there`},
		{"no signature part", remove("_xmlsignatures/sig1.xml"), "did not write"},
		{"no origin", remove("_xmlsignatures/origin.sigs"), "not laid out"},
		{"a swapped certificate", func(parts []part) []part {
			mine, theirs := certificateOf(t, parts), certificateOf(t, foreign)
			return replace("_xmlsignatures/sig1.xml", certificate+mine, certificate+theirs)(parts)
		}, "the signature was changed"},
		{"a certificate more", func(parts []part) []part {
			return replace("_xmlsignatures/sig1.xml", "</X509Certificate></X509Data>", "</X509Certificate>"+certificate+certificateOf(t, foreign)+"</X509Certificate></X509Data>")(parts)
		}, "does not belong to the signer's chain"},
		{"the signature of another", func([]part) []part { return foreign }, "does not lead to a root"},
		{"parts in another order", func(parts []part) []part { slices.Reverse(parts); return parts }, "not laid out"},
	} {
		b := putTogether(t, c.forge(takeApart(t, signed)))
		if bytes.Equal(b, signed) {
			t.Errorf("%s: the workbook was not changed", c.name)
		}
		if _, _, err := verify(b, trust); err == nil || !strings.Contains(err.Error(), c.want) {
			t.Errorf("%s: got %v, want %q", c.name, err, c.want)
		}
	}
	for name, b := range map[string][]byte{
		"data in front":  append([]byte("MZ"), signed...),
		"data behind":    append(bytes.Clone(signed), 0),
		"half a file":    signed[:len(signed)/2],
		"no file":        nil,
		"a comment":      commented(signed),
		"no signature":   unsigned,
		"another format": []byte("%PDF-1.7"),
	} {
		if _, _, err := verify(b, trust); err == nil {
			t.Errorf("%s is accepted", name)
		}
	}
	if _, _, err := verify(unsigned, trust); !errors.Is(err, ooxml.ErrNotSigned) {
		t.Errorf("got %v", err)
	}
	if _, err := signWith(signed, p, options); err == nil {
		t.Error("a signed workbook is signed again")
	}
}

func certificateOf(t testing.TB, parts []part) string {
	t.Helper()
	for _, p := range parts {
		if p.name == "_xmlsignatures/sig1.xml" {
			_, s, _ := strings.Cut(string(p.content), "<X509Certificate>")
			s, _, _ = strings.Cut(s, "</X509Certificate>")
			return s
		}
	}
	t.Fatal("no signature")
	return ""
}

// commented gives an archive a comment.
func commented(b []byte) []byte {
	out := append(bytes.Clone(b), "note"...)
	out[len(b)-2] = 4
	return out
}

// TestTamperedWorkbooksAreRefused flips bits all over the archive. Only in packed
// data can a flip leave the content as it is: the bits behind the last code.
func TestTamperedWorkbooksAreRefused(t *testing.T) {
	p := testpki.SelfSigned(t, testpki.P256(t))
	signed := sign(t, rendering(t, 10), p, options)
	trust := cms.Trust{Roots: []*x509.Certificate{p.Root()}, At: testpki.Now}
	want := takeApart(t, signed)
	for i := 0; i < len(signed); i += 7 {
		b := bytes.Clone(signed)
		b[i] ^= 1 << (i % 8)
		if _, _, err := verify(b, trust); err != nil {
			continue
		}
		if diff := cmp.Diff(want, takeApart(t, b), cmp.AllowUnexported(part{})); diff != "" {
			t.Errorf("bit flip in byte %d is accepted and changes:\n%s", i, diff)
		}
	}
}

func TestTimestampsKeepExpiredCertificatesGood(t *testing.T) {
	p := testpki.Document(t, testpki.Authority(t, "Root"), testpki.RSA(t, 2048))
	tsa := testpki.TimestampAuthority(t, testpki.Authority(t, "TSA Root"))
	unsigned := rendering(t, 10)
	o := options
	o.Timestamp = testpki.Stamper(t, tsa, testpki.Now)
	stamped := sign(t, unsigned, p, o)
	trust := cms.Trust{Roots: []*x509.Certificate{p.Root()}, TimestampRoots: []*x509.Certificate{tsa.Root()}, At: testpki.Now.AddDate(5, 0, 0)}
	if _, j, err := verify(stamped, trust); err != nil || !j.Timestamp.Equal(testpki.Now) {
		t.Errorf("got %+v, %v", j, err)
	}
	if _, _, err := verify(sign(t, unsigned, p, options), trust); err == nil || !strings.Contains(err.Error(), "expired on") {
		t.Errorf("without timestamp: %v", err)
	}
	token := func(parts []part) string {
		_, s, _ := strings.Cut(string(parts[slices.IndexFunc(parts, func(p part) bool { return p.name == "_xmlsignatures/sig1.xml" })].content), "<xd:EncapsulatedTimeStamp>")
		s, _, _ = strings.Cut(s, "<")
		return s
	}
	o.Time = testpki.Now.AddDate(0, 0, 1) // another signature: RSA repeats itself
	other := takeApart(t, sign(t, unsigned, p, o))
	c := takeApart(t, stamped)
	old, with := []byte(token(c)), []byte(token(other))
	for i := range c {
		c[i].content = bytes.Replace(c[i].content, old, with, 1)
	}
	if _, _, err := verify(putTogether(t, c), trust); err == nil || !strings.Contains(err.Error(), "speaks about another signature") {
		t.Errorf("timestamp of another workbook: %v", err)
	}
}
