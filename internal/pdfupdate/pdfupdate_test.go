package pdfupdate_test

import (
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/pdfupdate"
	"github.com/google/go-cmp/cmp"
)

// file makes a PDF file of these objects, numbered from 1. The trailer says that
// object 1 is the catalogue and object 2 the information.
func file(objects ...string) []byte {
	var b bytes.Buffer
	b.WriteString("%PDF-1.3\n")
	var offsets []int
	for i, o := range objects {
		offsets = append(offsets, b.Len())
		fmt.Fprintf(&b, "%d 0 obj\n%s\nendobj\n", i+1, o)
	}
	table := b.Len()
	fmt.Fprintf(&b, "xref\n0 %d\n0000000000 65535 f \n", len(objects)+1)
	for _, at := range offsets {
		fmt.Fprintf(&b, "%010d 00000 n \n", at)
	}
	fmt.Fprintf(&b, "trailer\n<<\n/Size %d\n/Root 1 0 R\n/Info 2 0 R\n>>\nstartxref\n%d\n%%%%EOF\n", len(objects)+1, table)
	return b.Bytes()
}

var small = file("<</Type /Catalog /Pages 3 0 R>>", "<</Producer (p)>>", "<</Type /Pages /Kids [4 0 R 5 0 R ] /Count 2>>", "<</Type /Page>>", "<</Type /Page>>")

func open(t *testing.T, b []byte) *pdfupdate.File {
	t.Helper()
	f, err := pdfupdate.Open(b)
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func object(t *testing.T, f *pdfupdate.File, n int) string {
	t.Helper()
	s, err := f.Object(n)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

// TestUpdateOfAnUpdate changes a file twice: the outline first, a signature later.
func TestUpdateOfAnUpdate(t *testing.T) {
	f := open(t, small)
	pages, err := f.Pages()
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff([]int{4, 5}, pages); diff != "" {
		t.Errorf("pages (-want +got):\n%s", diff)
	}
	added := f.Add("<</Type /Outlines>>")
	if err := f.Extend(f.Root(), fmt.Sprintf(" /Outlines %d 0 R", added)); err != nil {
		t.Fatal(err)
	}
	first := f.Bytes()
	if !bytes.HasPrefix(first, small) {
		t.Fatal("the update changed earlier bytes")
	}

	g := open(t, first)
	later := g.Reserve()
	g.Set(later, "<</Type /Sig>>")
	g.Set(5, "<</Type /Page /Annots [7 0 R]>>")
	second := g.Bytes()
	if !bytes.HasPrefix(second, first) {
		t.Fatal("the second update changed earlier bytes")
	}

	h := open(t, second)
	want := []string{
		"<</Type /Catalog /Pages 3 0 R /Outlines 6 0 R>>", "<</Producer (p)>>", "<</Type /Pages /Kids [4 0 R 5 0 R ] /Count 2>>",
		"<</Type /Page>>", "<</Type /Page /Annots [7 0 R]>>", "<</Type /Outlines>>", "<</Type /Sig>>",
	}
	var got []string
	for n := range want {
		got = append(got, object(t, h, n+1))
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
	if h.Root() != 1 || h.Info() != 2 {
		t.Errorf("root %d and info %d, want 1 and 2", h.Root(), h.Info())
	}
}

func TestNothingChangedGivesTheSameFile(t *testing.T) {
	if got := open(t, small).Bytes(); !bytes.Equal(got, small) {
		t.Error("a file without changes came out different")
	}
}

func TestOpenRefuses(t *testing.T) {
	tests := []struct{ name, old, new, want string }{
		{"no end", "startxref", "startyref", "startxref"},
		{"a stream of references", "xref\n0 6", "5 0 obj\n", "no classic table"},
		{"an entry cut short", "0000000009 00000 n \n", "0000000009 0000 n \n", "malformed"},
		{"no catalogue", "/Root", "/Loot", "no /Root"},
		{"no size", "/Size", "/Sign", "no /Size"},
		{"too large", "/Size 6", "/Size 99999999", "above the limit"},
		{"encrypted", "/Info 2 0 R", "/Encrypt 2 0 R", "encrypted"},
		{"an offset outside", "/Info 2 0 R", "/Prev 999999", "outside the file"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			b := strings.Replace(string(small), tt.old, tt.new, 1)
			if tt.name == "no end" {
				b = strings.ReplaceAll(string(small), tt.old, tt.new)
			}
			f, err := pdfupdate.Open([]byte(b))
			if err == nil || !strings.Contains(err.Error(), tt.want) || f != nil {
				t.Errorf("got error %v, want one with %q", err, tt.want)
			}
		})
	}
}

func TestOpenRefusesALoopOfTables(t *testing.T) {
	table := bytes.LastIndex(small, []byte("xref\n0"))
	b := strings.Replace(string(small), "/Info 2 0 R", fmt.Sprintf("/Prev %d", table), 1)
	if _, err := pdfupdate.Open([]byte(b)); err == nil || !strings.Contains(err.Error(), "loop") {
		t.Errorf("got error %v, want one about a loop", err)
	}
}

func TestObjectRefuses(t *testing.T) {
	f := open(t, file("<</Type /Catalog>>", "<<>>", "<</Length 1>>\nstream\nx\nendstream"))
	for n, want := range map[int]string{3: "is a stream", 4: "does not exist", 0: "does not exist"} {
		if s, err := f.Object(n); err == nil || !strings.Contains(err.Error(), want) || s != "" {
			t.Errorf("Object(%d) = %q, %v, want an error with %q", n, s, err, want)
		}
	}
	if _, err := f.Pages(); err == nil {
		t.Error("Pages of a catalogue without pages gave no error")
	}
}

func TestTextString(t *testing.T) {
	for text, want := range map[string]string{"A": "<FEFF0041>", "Ω": "<FEFF03A9>", "\U0001F600": "<FEFFD83DDE00>", "": "<FEFF>"} {
		if got := pdfupdate.TextString(text); got != want {
			t.Errorf("TextString(%q) = %s, want %s", text, got, want)
		}
	}
}

// FuzzOpen claims that of any file that is accepted, an update keeps every byte and
// can be read again with what was added.
func FuzzOpen(f *testing.F) {
	f.Add(small)
	f.Add(file("<</Type /Catalog>>"))
	f.Add([]byte("startxref\n0\n%%EOF"))
	f.Fuzz(func(t *testing.T, b []byte) {
		pdf, err := pdfupdate.Open(b)
		if err != nil {
			if pdf != nil {
				t.Error("an error came with a file")
			}
			return
		}
		n := pdf.Add("<</Added true>>")
		out := pdf.Bytes()
		if !bytes.HasPrefix(out, b) {
			t.Fatal("the update changed earlier bytes")
		}
		again, err := pdfupdate.Open(out)
		if err != nil {
			t.Fatalf("the updated file cannot be read: %v", err)
		}
		if s, err := again.Object(n); err != nil || s != "<</Added true>>" {
			t.Errorf("the added object reads %q, %v", s, err)
		}
	})
}
