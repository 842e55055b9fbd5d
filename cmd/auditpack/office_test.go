package main

import (
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"time"

	"github.com/rogpeppe/go-internal/testscript"
	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/schema"
)

// fill FILE CELL=TEXT… writes into the first sheet of a workbook, or of SHEET!CELL
// into another. CELL may be a range such as I11:I14; TEXT may be day:2026-11-22 or
// formula:1+1.
func fill(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 2 {
		ts.Fatalf("usage: fill FILE CELL=TEXT…")
	}
	path := ts.MkAbs(args[0])
	f, err := excelize.OpenFile(path)
	ts.Check(err)
	for _, a := range args[1:] {
		at, text, ok := strings.Cut(a, "=")
		if !ok {
			ts.Fatalf("%q has no =", a)
		}
		sheet := f.GetSheetName(0)
		if s, c, ok := strings.Cut(at, "!"); ok {
			sheet, at = s, c
		}
		from, to, ranged := strings.Cut(at, ":")
		if !ranged {
			to = from
		}
		x1, y1, err := excelize.CellNameToCoordinates(from)
		ts.Check(err)
		x2, y2, err := excelize.CellNameToCoordinates(to)
		ts.Check(err)
		for y := y1; y <= y2; y++ {
			for x := x1; x <= x2; x++ {
				name, err := excelize.CoordinatesToCellName(x, y)
				ts.Check(err)
				ts.Check(fillCell(f, sheet, name, text))
			}
		}
	}
	ts.Check(f.Save())
	ts.Check(f.Close())
}

func fillCell(f *excelize.File, sheet, cell, text string) error {
	if formula, ok := strings.CutPrefix(text, "formula:"); ok {
		return f.SetCellFormula(sheet, cell, formula)
	}
	if day, ok := strings.CutPrefix(text, "day:"); ok { // as a program writes a day that was typed
		d, err := schema.ParseDate(day)
		if err != nil {
			return err
		}
		return f.SetCellFloat(sheet, cell, d.Time().Sub(time.Date(1899, 12, 30, 0, 0, 0, 0, time.UTC)).Hours()/24, -1, 64)
	}
	return f.SetCellStr(sheet, cell, text)
}

// office FILE… has LibreOffice open each workbook and save it, twice: in its own
// format, and from that as .xlsx again.
func office(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) == 0 {
		ts.Fatalf("usage: office FILE…")
	}
	program, err := exec.LookPath("soffice")
	if err != nil {
		ts.Fatalf("soffice is not installed; make packages installs it")
	}
	profile := "-env:UserInstallation=file://" + ts.MkAbs("office-profile")
	dir := ts.MkAbs("office-out")
	convert := func(format string, from []string) {
		args := append([]string{profile, "--headless", "--convert-to", format, "--outdir", dir}, from...)
		if out, err := exec.Command(program, args...).CombinedOutput(); err != nil {
			ts.Fatalf("soffice: %v\n%s", err, out)
		}
	}
	var originals, between []string
	for _, a := range args {
		path := ts.MkAbs(a)
		originals = append(originals, path)
		between = append(between, filepath.Join(dir, strings.TrimSuffix(filepath.Base(path), ".xlsx")+".ods"))
	}
	convert("ods", originals)
	convert("xlsx", between)
	for _, path := range originals {
		data, err := os.ReadFile(filepath.Join(dir, filepath.Base(path)))
		ts.Check(err)
		ts.Check(os.WriteFile(path, data, 0o600))
	}
}

// cells FILE [SHEET] prints the cells of a sheet, by default the first, that are
// not empty, one a line as B2=text.
func cells(ts *testscript.TestScript, neg bool, args []string) {
	if neg || len(args) < 1 || len(args) > 2 {
		ts.Fatalf("usage: cells FILE [SHEET]")
	}
	f, err := excelize.OpenFile(ts.MkAbs(args[0]))
	ts.Check(err)
	defer f.Close()
	sheet := f.GetSheetName(0)
	if len(args) == 2 {
		sheet = args[1]
	}
	rows, err := f.GetRows(sheet)
	ts.Check(err)
	for y, row := range rows {
		for x, text := range row {
			if text == "" {
				continue
			}
			name, err := excelize.CoordinatesToCellName(x+1, y+1)
			ts.Check(err)
			_, err = fmt.Fprintf(ts.Stdout(), "%s=%s\n", name, text)
			ts.Check(err)
		}
	}
}
