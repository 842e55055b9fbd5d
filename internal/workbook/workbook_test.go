package workbook

import (
	"archive/zip"
	"bytes"
	"fmt"
	"strings"
	"testing"

	"github.com/xuri/excelize/v2"
)

func form() *Form {
	return &Form{
		Title: "Which may stay?", Notes: []Pair{{"Bundle", "b"}}, Fields: []Field{{Label: "Name"}, {Label: "Day", Date: true}},
		Columns: []Column{{Title: "Right", Width: 12}, {Title: "Holder", Width: 20}, {Title: "Decision", Width: 10, Answer: true, Choices: []string{"keep", "revoke"}}},
		Rows:    [][]string{{"right 1", "=HYPERLINK(\"x\")", ""}, {"right 2", "User \u202egnp.exe", ""}},
		Origin:  []Pair{{"Kind", "access"}},
	}
}

// filled returns the form with two answers, after a change by change.
func filled(t *testing.T, change func(*excelize.File) error) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Write(&b, form()); err != nil {
		t.Fatal(err)
	}
	f, err := excelize.OpenReader(&b)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for cell, text := range map[string]string{"B3": "Ada", "B4": "2026-11-22", "C7": "keep", "C8": "revoke"} {
		if err := f.SetCellStr(answersSheet, cell, text); err != nil {
			t.Fatal(err)
		}
	}
	if err := change(f); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	return out.Bytes()
}

func read(data []byte) (*Answers, error) {
	b, err := Open(data)
	if err != nil {
		return nil, err
	}
	defer b.Close()
	if _, err := b.Origin(); err != nil {
		return nil, err
	}
	return form().Answers(b)
}

func TestAnswers(t *testing.T) {
	cases := []struct {
		name   string
		change func(*excelize.File) error
		want   string // part of the error; empty where the answers are read
	}{
		{"as it is", func(*excelize.File) error { return nil }, ""},
		{"a row was copied", func(f *excelize.File) error { return f.DuplicateRowTo(answersSheet, 7, 9) }, `row 9: Right "right 1" is there twice`},
		{"a row was taken away", func(f *excelize.File) error { return f.RemoveRow(answersSheet, 8) }, `Right "right 2" is missing`},
		{"the sheet of answers was taken away", func(f *excelize.File) error { return f.DeleteSheet(answersSheet) }, `the sheet "Review" is missing`},
		{"the other sheet was taken away", func(f *excelize.File) error { return f.DeleteSheet(originSheet) }, `the sheet "Origin" is missing`},
		{"merged answers", func(f *excelize.File) error { return f.MergeCell(answersSheet, "C7", "C8") }, "row 7: the cells C7 to C8 are merged"},
		{"a formula", func(f *excelize.File) error { return f.SetCellFormula(answersSheet, "C8", `"ke"&"ep"`) }, "row 8: cell C8 is a formula"},
		{"a formula for a name", func(f *excelize.File) error { return f.SetCellFormula(answersSheet, "B3", `"A"`) }, "row 3: cell B3 is a formula"},
		{"another word", func(f *excelize.File) error { return f.SetCellStr(answersSheet, "C7", "yes") }, `row 7: Decision is "yes"; choose one of keep, revoke`},
		{"another holder", func(f *excelize.File) error { return f.SetCellStr(answersSheet, "B8", "User eve") }, `row 8: Holder says "User eve", and said "User [U+202E]gnp.exe"`},
		{"a remark beside the table", func(f *excelize.File) error { return f.SetCellStr(answersSheet, "F8", "hm") }, "row 8: cell F8 is outside the table"},
		{"a row above", func(f *excelize.File) error { return f.InsertRows(answersSheet, 2, 1) }, "row 2: cell A2"},
		{"no day", func(f *excelize.File) error { return f.SetCellStr(answersSheet, "B4", "tomorrow") }, `Day: "tomorrow" is not a day`},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := read(filled(t, c.change))
			if c.want == "" {
				if err != nil || got.Rows[0]["Decision"] != "keep" || got.Rows[1]["Decision"] != "revoke" || got.Fields["Day"] != "2026-11-22" {
					t.Fatalf("answers %v, error %v", got, err)
				}
				return
			}
			if err == nil || !strings.Contains(err.Error(), c.want) || got != nil {
				t.Errorf("answers %v, error %v, want one with %q", got, err, c.want)
			}
		})
	}
}

// container packs a workbook whose only sheet has this XML.
func container(t *testing.T, sheet string, more ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, name := range append([]string{"xl/workbook.xml", "xl/worksheets/sheet1.xml"}, more...) {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(sheet)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// What is small as a file and large in memory is refused before it is unpacked.
func TestOpenRefuses(t *testing.T) {
	var wide strings.Builder
	for i := range 1000 {
		fmt.Fprintf(&wide, `<row r="%d"><c r="XFD%[1]d"/></row>`, i+1)
	}
	var names []string
	for i := range maxParts {
		names = append(names, fmt.Sprint("part", i))
	}
	cases := []struct {
		name string
		data []byte
		want string
	}{
		{"nothing", nil, "not a workbook"},
		{"a text", []byte("a,b,c"), "not a workbook"},
		{"another archive", container(t, "")[:0], "not a workbook"},
		{"rows that are wide", container(t, "<worksheet><sheetData>"+wide.String()+"</sheetData></worksheet>"), "more than 4000000 cells"},
		{"a last row far down, twice", container(t, `<worksheet><row r="1048576"/><row r="5000000"/></worksheet>`), "more than 4000000 cells"},
		{"a bomb", container(t, strings.Repeat(" ", maxUnpacked)), "unpacks to more than 128 MiB"},
		{"too many parts", container(t, "", names...), "parts; 2000 are allowed"},
		{"a part twice", container(t, "", "XL/workbook.xml"), "twice"},
	}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			b, err := Open(c.data)
			if b != nil || err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("error %v, want one with %q", err, c.want)
			}
		})
	}
}
