package main

import (
	"fmt"
	"slices"
	"strings"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"
)

// questionnaire KIND FILE QUESTIONS [SHEET] makes a questionnaire in the layout of a
// kind, caiq or custom. The questions are our own, "ID | QUESTION" a line of a file.
func questionnaire(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 3 {
		ts.Fatalf("usage: questionnaire caiq|custom FILE QUESTIONS [SHEET]")
	}
	f := excelize.NewFile()
	defer f.Close()
	sheet := "Questions"
	if len(args) > 3 {
		sheet = args[3]
	}
	ts.Check(f.SetSheetName("Sheet1", sheet))
	lines := strings.Split(strings.TrimSpace(ts.ReadFile(args[2])), "\n")
	draw := map[string]func(*excelize.File, string, []string) error{"caiq": caiqSheet, "custom": customSheet}[args[0]]
	ts.Check(draw(f, sheet, lines))
	ts.Check(f.SaveAs(ts.MkAbs(args[1])))
}

// caiqSheet has a title, the header in row 2, and lists of words.
func caiqSheet(f *excelize.File, sheet string, lines []string) error {
	if err := f.SetSheetRow(sheet, "A1", &[]string{"A questionnaire in the layout of CAIQ"}); err != nil {
		return err
	}
	if err := f.SetSheetRow(sheet, "A2", &[]string{"Question ID", "Question", "CSP CAIQ Answer", "SSRM Control Ownership",
		"CSP Implementation Description (Optional/Recommended)", "CSC Responsibilities (Optional/Recommended)", "CCM Control ID"}); err != nil {
		return err
	}
	for i, line := range lines {
		id, text, _ := strings.Cut(line, " | ")
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", i+3), &[]string{id, text}); err != nil {
			return err
		}
	}
	if err := dropDown(f, sheet, "C3:C99", "Yes", "No", "NA"); err != nil {
		return err
	}
	return dropDown(f, sheet, "D3:D99", "CSP-owned", "CSC-owned", "3rd-party outsourced", "Shared CSP and CSC", "Shared CSP and 3rd-party")
}

func dropDown(f *excelize.File, sheet, cells string, words ...string) error {
	v := excelize.NewDataValidation(true)
	v.SetSqref(cells)
	if err := v.SetDropList(words); err != nil {
		return err
	}
	return f.AddDataValidation(sheet, v)
}

// customSheet has what companies make: a merged title, a list that stands in the
// cells of a hidden sheet, merged answer cells, a style, and a formula that counts.
func customSheet(f *excelize.File, sheet string, lines []string) error {
	if _, err := f.NewSheet("Lists"); err != nil {
		return err
	}
	if err := f.SetSheetCol("Lists", "A1", &[]string{"Y", "N", "Partially", "N/A"}); err != nil {
		return err
	}
	if err := f.SetSheetVisible("Lists", false); err != nil {
		return err
	}
	if err := f.MergeCell(sheet, "A1", "F1"); err != nil {
		return err
	}
	if err := f.SetCellStr(sheet, "A1", "What we ask of our suppliers"); err != nil {
		return err
	}
	if err := f.SetCellFormula(sheet, "F2", `COUNTA(D5:D40)`); err != nil {
		return err
	}
	if err := f.SetSheetRow(sheet, "A4", &[]string{"#", "Section", "Question", "Response", "Comments/Details", "CCM v4.1", "ISO 27002:2022"}); err != nil {
		return err
	}
	style, err := f.NewStyle(&excelize.Style{Font: &excelize.Font{Italic: true}, Fill: excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{"DDEEFF"}}, Border: []excelize.Border{{Type: "left", Style: 2, Color: "FF0000"}}})
	if err != nil {
		return err
	}
	row := 5
	for _, line := range lines {
		parts := append(strings.Split(line, " | "), "") // the reference may be left out
		if err := f.SetSheetRow(sheet, fmt.Sprintf("A%d", row), &[]string{parts[0], "Section", parts[1], "", "", parts[2]}); err != nil {
			return err
		}
		row++
	}
	if err := f.SetCellStyle(sheet, "D5", fmt.Sprintf("D%d", row), style); err != nil {
		return err
	}
	if err := f.MergeCell(sheet, fmt.Sprintf("D%d", row-2), fmt.Sprintf("D%d", row-1)); err != nil { // the last two questions share a cell
		return err
	}
	v := excelize.NewDataValidation(true)
	v.SetSqref(fmt.Sprintf("D5:D%d", row))
	v.SetSqrefDropList("Lists!$A$1:$A$4")
	return f.AddDataValidation(sheet, v)
}

// kept BEFORE AFTER fails unless AFTER has all that BEFORE has but for texts and
// grounds: sheets and whether they are seen, formulas, drop-down lists, merged
// cells, fonts and borders.
func kept(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) != 2 {
		ts.Fatalf("usage: kept BEFORE AFTER")
	}
	var books [2][]string
	for i, name := range args {
		var err error
		books[i], err = traits(ts.MkAbs(name))
		ts.Check(err)
	}
	if len(books[0]) < 20 {
		ts.Fatalf("%s has only %d traits", args[0], len(books[0]))
	}
	for _, trait := range books[0] {
		if !slices.Contains(books[1], trait) {
			ts.Fatalf("%s lacks %s", args[1], trait)
		}
	}
}

// traits lists what a workbook is made of, one a line.
func traits(path string) ([]string, error) {
	f, err := excelize.OpenFile(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	var out []string
	add := func(format string, args ...any) { out = append(out, fmt.Sprintf(format, args...)) }
	for _, sheet := range f.GetSheetList() {
		visible, err := f.GetSheetVisible(sheet)
		if err != nil {
			return nil, err
		}
		add("sheet %s, visible %v", sheet, visible)
		merged, err := f.GetMergeCells(sheet)
		if err != nil {
			return nil, err
		}
		for _, m := range merged {
			add("%s: %s to %s merged", sheet, m.GetStartAxis(), m.GetEndAxis())
		}
		lists, err := f.GetDataValidations(sheet)
		if err != nil {
			return nil, err
		}
		for _, l := range lists {
			add("%s: list %s of %s", sheet, l.Sqref, l.Formula1)
		}
		for row := 1; row <= 20; row++ {
			for column := 1; column <= 7; column++ {
				cell, err := excelize.CoordinatesToCellName(column, row)
				if err != nil {
					return nil, err
				}
				formula, err := f.GetCellFormula(sheet, cell)
				if err != nil {
					return nil, err
				}
				id, err := f.GetCellStyle(sheet, cell)
				if err != nil {
					return nil, err
				}
				style, err := f.GetStyle(id)
				if err != nil {
					return nil, err
				}
				add("%s: %s with formula %q, italic %v, borders %v", sheet, cell, formula, style.Font != nil && style.Font.Italic, style.Border)
			}
		}
	}
	return out, nil
}
