package ooxml

import (
	"bytes"
	"context"
	"testing"

	"github.com/auditpack/auditpack/internal/testpki"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/xlsx"
	"github.com/auditpack/auditpack/seal/cms"
)

// FuzzRead claims that an accepted workbook packs again to the same bytes, that
// its unsigned form signs again, and that a refused one gives nothing.
func FuzzRead(f *testing.F) {
	var drawn bytes.Buffer
	d := &render.Document{Title: "fuzz", Created: testpki.Now, Sheets: []render.Sheet{{Name: "a", Rows: func(func([]render.Cell) bool) {}, Columns: []render.Column{{Title: "b", Width: 9}}}}}
	if err := xlsx.Render(&drawn, d); err != nil {
		f.Fatal(err)
	}
	unsigned := drawn.Bytes()
	p := testpki.SelfSigned(f, testpki.P256(f))
	s, err := cms.NewSigner(p.Key, p.Chain)
	if err != nil {
		f.Fatal(err)
	}
	var signed bytes.Buffer
	o := Options{Reason: "fuzz", Time: testpki.Now}
	if err := Sign(context.Background(), &signed, bytes.NewReader(unsigned), int64(len(unsigned)), s, o); err != nil {
		f.Fatal(err)
	}
	f.Add(signed.Bytes())
	f.Add(unsigned)
	f.Add([]byte("PK\x05\x06"))
	f.Fuzz(func(t *testing.T, b []byte) {
		got, err := Read(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			if got != nil {
				t.Fatal("a refused workbook gives something")
			}
			return
		}
		book, err := open(bytes.NewReader(b), int64(len(b)))
		if err != nil {
			t.Fatal(err)
		}
		entries, err := book.signedEntries()
		if err != nil {
			t.Fatal(err)
		}
		var again, plain, resigned bytes.Buffer
		if err := pack(&again, entries); err != nil || !bytes.Equal(again.Bytes(), b) {
			t.Fatalf("an accepted workbook packs again to other bytes (%v)", err)
		}
		if err := Unsigned(&plain, bytes.NewReader(b), int64(len(b))); err != nil {
			t.Fatal(err)
		}
		if err := Sign(context.Background(), &resigned, bytes.NewReader(plain.Bytes()), int64(plain.Len()), s, o); err != nil {
			t.Fatalf("the unsigned form cannot be signed again: %v", err)
		}
	})
}

// FuzzMarkup claims that relationships and content types that are accepted mean the
// same when they are written canonically and read again.
func FuzzMarkup(f *testing.F) {
	f.Add([]byte(`<Relationships xmlns="` + nsRelationships + `"><Relationship Id="a&amp;b" Target="x" Type="y"/></Relationships>`))
	f.Add([]byte(`<?xml version="1.0"?><Types xmlns="` + nsTypes + `"><Default Extension="xml" ContentType="a/b"/></Types>`))
	f.Fuzz(func(t *testing.T, b []byte) {
		if list, err := readRelationships(b); err == nil {
			text := relationshipsText(list)
			again, err := readRelationships([]byte(text))
			if err != nil || relationshipsText(again) != text {
				t.Fatalf("relationships mean something else when they are written again: %v\n%s", err, text)
			}
		} else if list != nil {
			t.Fatal("refused relationships give something")
		}
		_, _ = readTypes(b)
	})
}
