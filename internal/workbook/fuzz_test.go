package workbook

import (
	"bytes"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"
)

// A workbook that came back gives answers to the questions that were put, each one
// of the choices, and the same after it was written and read again; or nothing.
func FuzzOpen(f *testing.F) {
	var empty bytes.Buffer
	if err := Write(&empty, form()); err != nil {
		f.Fatal(err)
	}
	f.Add(empty.Bytes())
	for _, cells := range []map[string]string{
		{"B3": "Ada", "B4": "2026-11-22", "C7": "keep", "C8": "revoke"},
		{"C7": "=1+1"}, {"C7": "neither"}, {"A7": "another right"}, {"B4": "yesterday"},
	} {
		book, err := excelize.OpenReader(bytes.NewReader(empty.Bytes()))
		if err != nil {
			f.Fatal(err)
		}
		for cell, text := range cells {
			if err := book.SetCellStr(answersSheet, cell, text); err != nil {
				f.Fatal(err)
			}
		}
		var b bytes.Buffer
		if err := book.Write(&b); err != nil {
			f.Fatal(err)
		}
		f.Add(b.Bytes())
	}
	f.Add([]byte("PK\x05\x06" + string(make([]byte, 18))))
	f.Fuzz(func(t *testing.T, data []byte) {
		book, err := Open(data)
		if err != nil {
			if book != nil {
				t.Errorf("a workbook came with the error %v", err)
			}
			return
		}
		defer book.Close()
		got, err := form().Answers(book)
		if err != nil {
			if got != nil {
				t.Errorf("answers came with the error %v", err)
			}
			return
		}
		questions := form()
		if len(got.Rows) != len(questions.Rows) {
			t.Fatalf("%d rows were answered, of %d", len(got.Rows), len(questions.Rows))
		}
		for _, row := range got.Rows {
			if a := row["Decision"]; a != "" && !slices.Contains(questions.Columns[2].Choices, a) {
				t.Errorf("the answer %q is none of the choices", a)
			}
		}
		var again bytes.Buffer
		if err := book.Write(&again); err != nil {
			return // excelize opens files that it cannot write
		}
		second, err := Open(again.Bytes())
		if err != nil {
			t.Fatalf("accepted, but not after it was written: %v", err)
		}
		defer second.Close()
		same, err := form().Answers(second)
		if diff := cmp.Diff(got, same); diff != "" || err != nil {
			t.Errorf("after it was written: %v (-before +after):\n%s", err, diff)
		}
	})
}
