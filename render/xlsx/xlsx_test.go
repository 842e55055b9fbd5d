package xlsx

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
)

// hostile are texts that a spreadsheet program or XML would take for something else.
var hostile = []string{
	`=HYPERLINK("http://attacker.example","click")`, `+1+1`, `-2+3`, `@SUM(A1)`, "\t=1", "line\nbreak", "nul\x00byte", "\u202egnp.exe", `<script>&"'`, "8.20", "Ωmega Привет", "007",
}

func document() *render.Document {
	sheet := func(name string, n int) render.Sheet {
		return render.Sheet{
			Name: name, Title: "What is in " + name + "?",
			Notes: []render.Note{{Key: "=key", Value: render.Text{Value: "=value", Tone: render.Bad}}},
			Columns: []render.Column{
				{Title: "Text", Width: 30, Kind: render.TextCell}, {Title: "Number", Width: 10, Kind: render.NumberCell}, {Title: "Day", Width: 12, Kind: render.DateCell},
				{Title: "Time", Width: 20, Kind: render.TimeCell}, {Title: "Status", Width: 12, Kind: render.StatusCell, Values: []render.Text{{Value: "fail", Tone: render.Bad}, {Value: "pass", Tone: render.Good}}},
				{Title: "Flag", Width: 8, Kind: render.FlagCell}, {Title: "Nothing", Width: 8},
			},
			Rows: func(yield func([]render.Cell) bool) {
				for i := range n {
					if !yield([]render.Cell{hostile[i%len(hostile)], int64(i), schema.NewDate(2026, 9, 30), time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), render.Text{Value: "fail", Tone: render.Bad}, i%2 == 0, ""}) {
						return
					}
				}
			},
		}
	}
	return &render.Document{
		Title: "Audit pack", Language: "en", Created: time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), Header: "prod & staging", Footer: "as of 2026-09-30",
		Overview: &render.Overview{
			Name: "Summary", Title: "Audit pack", Notes: []render.Note{{Key: "Contents", Value: render.SheetLink{Value: "Index", Sheet: "Index"}}, {Key: "Scope", Value: "=1"}},
			Tables: []render.OverviewTable{
				{Title: "Nothing", Columns: []render.Column{{Title: "Area", Width: 1}}, Empty: "There is none."},
				{Title: "Areas", Chart: "Areas", Series: []render.Tone{render.Good, render.Bad}, Columns: []render.Column{
					{Title: "Area", Width: 1}, {Title: "good", Width: 1, Kind: render.NumberCell}, {Title: "bad", Width: 1, Kind: render.NumberCell},
				}, Rows: [][]render.Cell{{render.SheetLink{Value: "Access", Sheet: "One", Rows: render.Span{First: 1, Last: 1}}, int64(1), int64(2)}, {"=Change", int64(0), int64(3)}}},
			},
		},
		Sheets: []render.Sheet{
			{Name: "Index", Title: "Index", Columns: []render.Column{{Title: "Sheet", Width: 20}}, Rows: slices.Values([][]render.Cell{
				{render.SheetLink{Value: "One", Sheet: "One"}}, {render.SheetLink{Value: int64(3), Sheet: "Two's", Rows: render.Span{First: 2, Last: 3}}},
			})},
			sheet("One", len(hostile)), sheet("Two's", 3), sheet("Empty", 0),
		},
	}
}

func draw(t *testing.T) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, document()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func open(t *testing.T, b []byte) *excelize.File {
	t.Helper()
	f, err := excelize.OpenReader(bytes.NewReader(b))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

func TestHostileTextsStayTexts(t *testing.T) {
	f := open(t, draw(t))
	shown := map[string]string{"\t=1": " =1", "line\nbreak": "line break", "nul\x00byte": "nul[U+0000]byte", "\u202egnp.exe": "[U+202E]gnp.exe"}
	for i, text := range hostile {
		cell := fmt.Sprintf("A%d", i+5)
		want := text
		if s, ok := shown[text]; ok {
			want = s
		}
		got, err := f.GetCellValue("One", cell)
		if err != nil {
			t.Fatal(err)
		}
		if got != want {
			t.Errorf("%s = %q, want %q", cell, got, want)
		}
		formula, err := f.GetCellFormula("One", cell)
		if err != nil {
			t.Fatal(err)
		}
		if formula != "" {
			t.Errorf("%s holds the formula %q", cell, formula)
		}
		style, err := f.GetCellStyle("One", cell)
		if err != nil {
			t.Fatal(err)
		}
		if s, err := f.GetStyle(style); err != nil || s.NumFmt != formatText {
			t.Errorf("%s is not of the text format: %+v, %v", cell, s, err)
		}
	}
}

// TestThereIsNoFormula reads the parts themselves, so that a formula anywhere would be seen.
func TestThereIsNoFormula(t *testing.T) {
	for name, part := range parts(t, draw(t)) {
		if strings.HasPrefix(name, "xl/worksheets/sheet") && strings.Contains(part, "<f>") {
			t.Errorf("%s has a formula", name)
		}
	}
}

// parts unpacks a workbook.
func parts(t *testing.T, book []byte) map[string]string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(book), int64(len(book)))
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]string{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		out[f.Name] = string(b)
	}
	if len(out) < 8 {
		t.Fatalf("the workbook has %d parts", len(out))
	}
	return out
}

func TestLinksLeadToRowsBelowTheHeader(t *testing.T) {
	f := open(t, draw(t))
	for _, tc := range []struct{ sheet, cell, want string }{
		{"Index", "A4", "'One'!A1"},
		{"Index", "A5", "'Two''s'!A6:A7"}, // its header is in row 4
		{"Summary", "A10", "'One'!A5"},
	} {
		found, target, err := f.GetCellHyperLink(tc.sheet, tc.cell)
		if err != nil {
			t.Fatal(err)
		}
		if !found || target != tc.want {
			t.Errorf("%s!%s leads to %q, want %q", tc.sheet, tc.cell, target, tc.want)
		}
	}
}

func TestLinkToNowhereIsRefused(t *testing.T) {
	d := document()
	d.Overview.Notes = []render.Note{{Key: "Contents", Value: render.SheetLink{Value: "x", Sheet: "Elsewhere"}}}
	if err := Render(io.Discard, d); err == nil || !strings.Contains(err.Error(), `"Elsewhere"`) {
		t.Errorf("error = %v, want one that names the sheet", err)
	}
}

// TestOverviewHasNativeCharts holds the chart's references against the table that it shows.
func TestOverviewHasNativeCharts(t *testing.T) {
	chart := parts(t, draw(t))["xl/charts/chart1.xml"]
	for _, want := range []string{"<barChart>", "'Summary'!$B$9", "'Summary'!$A$10:$A$11", "'Summary'!$B$10:$B$11", "'Summary'!$C$10:$C$11"} {
		if !strings.Contains(strings.ReplaceAll(chart, "&#39;", "'"), want) {
			t.Errorf("the chart has no %s", want)
		}
	}
}

// TestStatusesAreColouredByTheirWord changes a cell as a user would: the rule, not
// the cell, has the colour.
func TestStatusesAreColouredByTheirWord(t *testing.T) {
	f := open(t, draw(t))
	formats, err := f.GetConditionalFormats("One")
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, rule := range formats["E5:E16"] {
		got = append(got, rule.Criteria+" "+rule.Value)
	}
	if d := cmp.Diff([]string{`equal to "fail"`, `equal to "pass"`}, got); d != "" {
		t.Error(d)
	}
}

func TestEmptyTextsAreEmptyCells(t *testing.T) {
	sheet := parts(t, draw(t))["xl/worksheets/sheet3.xml"]
	if strings.Contains(sheet, "<is><t></t></is>") {
		t.Error("an empty text is a cell, which a pivot would count")
	}
}

// TestRowsBeyondTheSheetAreCounted draws into a sheet that is too short.
func TestRowsBeyondTheSheetAreCounted(t *testing.T) {
	f := excelize.NewFile()
	defer f.Close()
	d := document()
	b, err := newBook(f, d)
	if err != nil {
		t.Fatal(err)
	}
	defer b.kept.close()
	b.rows = 10
	if err := b.addSheets(); err != nil {
		t.Fatal(err)
	}
	if err := b.drawSheet(d.Sheets[1]); err != nil {
		t.Fatal(err)
	}
	var out bytes.Buffer
	if err := f.Write(&out); err != nil {
		t.Fatal(err)
	}
	rows, err := open(t, out.Bytes()).GetRows("One")
	if err != nil {
		t.Fatal(err)
	}
	last := rows[len(rows)-1][0]
	if want := fmt.Sprintf("%d more rows do not fit", len(hostile)-5); len(rows) != 10 || !strings.Contains(last, want) {
		t.Errorf("%d rows, the last %q, want 10 and %q", len(rows), last, want)
	}
}

func TestWideSheetsArePrintedOnSeveralPagesSideBySide(t *testing.T) {
	d := document()
	for range 30 {
		d.Sheets[1].Columns = append(d.Sheets[1].Columns, render.Column{Title: "More", Width: 20})
	}
	var out bytes.Buffer
	if err := Render(&out, d); err != nil {
		t.Fatal(err)
	}
	f := open(t, out.Bytes())
	got := map[string]string{}
	for _, name := range f.GetDefinedName() {
		if name.Scope == "One" && strings.Contains(name.Name, "Print") {
			got[name.Name] = name.RefersTo
		}
	}
	want := map[string]string{"_xlnm.Print_Titles": "'One'!$A:$A,'One'!$4:$4", "_xlnm.Print_Area": "'One'!$A$1:$AK$16"}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	layout, err := f.GetPageLayout("One")
	if err != nil {
		t.Fatal(err)
	}
	if *layout.FitToWidth != 4 || *layout.FitToHeight != 0 || *layout.Orientation != "landscape" {
		t.Errorf("%d pages wide, %d high, %s", *layout.FitToWidth, *layout.FitToHeight, *layout.Orientation)
	}
}

func TestDatesNumbersAndFlagsAreTyped(t *testing.T) {
	f := open(t, draw(t))
	for cell, want := range map[string]string{"B5": "0", "C5": "2026-09-30", "D5": "2026-09-30 06:00Z", "F5": "TRUE", "F6": "FALSE"} {
		got, err := f.GetCellValue("One", cell)
		if err != nil {
			t.Fatal(err)
		}
		kind, err := f.GetCellType("One", cell)
		if err != nil {
			t.Fatal(err)
		}
		if got != want || kind == excelize.CellTypeInlineString || kind == excelize.CellTypeSharedString {
			t.Errorf("%s = %q of type %v, want %q as a number", cell, got, kind, want)
		}
	}
}

func TestHeaderIsFrozenAndFiltered(t *testing.T) {
	f := open(t, draw(t))
	panes, err := f.GetPanes("One")
	if err != nil {
		t.Fatal(err)
	}
	if !panes.Freeze || panes.YSplit != 4 {
		t.Errorf("panes = %+v, want the first 4 rows frozen", panes)
	}
	filters := 0
	for _, name := range f.GetDefinedName() {
		if strings.HasSuffix(name.Name, "_FilterDatabase") {
			filters++
		}
	}
	if filters != 4 {
		t.Errorf("%d sheets have a filter, want 4", filters)
	}
}

// TestSameBytesInAnotherProcess draws the workbook again in a second process, a
// second later, where every map has another order.
func TestSameBytesInAnotherProcess(t *testing.T) {
	sum := sha256.Sum256(draw(t))
	if os.Getenv("XLSX_PRINT_SUM") != "" {
		fmt.Printf("sum %x\n", sum)
		return
	}
	time.Sleep(1100 * time.Millisecond)
	cmd := exec.Command(os.Args[0], "-test.run=^TestSameBytesInAnotherProcess$", "-test.v")
	cmd.Env = append(os.Environ(), "XLSX_PRINT_SUM=1")
	out, err := cmd.Output()
	if err != nil {
		t.Fatal(err)
	}
	if want := "sum " + hex.EncodeToString(sum[:]); !strings.Contains(string(out), want) {
		t.Errorf("another process gave other bytes: want %s in\n%s", want, out)
	}
}

func TestRowsAreTallEnoughForWrappedText(t *testing.T) {
	columns := []render.Column{{Width: 50}, {Width: 20}}
	for _, tc := range []struct {
		text string
		want float64
	}{{"short", 0}, {strings.Repeat("word ", 18), 2 * celltext.Line}, {strings.Repeat("x", 5000), 12 * celltext.Line}} {
		if got := rowHeight(columns, []render.Cell{tc.text, strings.Repeat("y", 500)}); got != tc.want {
			t.Errorf("%d characters: height %v, want %v", len(tc.text), got, tc.want)
		}
	}
}

// TestLibreOfficeReadsIt opens the workbook in another program and asks for the text of a sheet.
func TestLibreOfficeReadsIt(t *testing.T) {
	office, err := exec.LookPath("soffice")
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("soffice is not installed; make packages installs it")
		}
		t.Skip("soffice is not installed; make packages installs it")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "book.xlsx"), draw(t), 0o600); err != nil {
		t.Fatal(err)
	}
	// Filter options: comma, quote, UTF-8, first line 1, all text as shown, sheet 3.
	cmd := exec.Command(office, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,3", "--outdir", dir, filepath.Join(dir, "book.xlsx"))
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	text, err := os.ReadFile(filepath.Join(dir, "book-One.csv"))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{`=HYPERLINK(""http://attacker.example"",""click"")`, "+1+1", "8.20", "007", "Ωmega Привет", "2026-09-30"} {
		if !strings.Contains(string(text), want) {
			t.Errorf("LibreOffice shows no %q in\n%s", want, text)
		}
	}
}

func BenchmarkRender100000Rows(b *testing.B) {
	row := []render.Cell{"payments-prod", "Deployment", "ledger", int64(3), true, "registry.example/ledger@sha256:0123456789abcdef", time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC)}
	columns := make([]render.Column, len(row))
	for i := range columns {
		columns[i] = render.Column{Title: fmt.Sprint(i), Width: 12, Kind: render.TextCell}
	}
	d := &render.Document{Sheets: []render.Sheet{{Name: "Pods", Columns: columns, Rows: func(yield func([]render.Cell) bool) {
		for range 100_000 {
			if !yield(row) {
				return
			}
		}
	}}}}
	b.ReportAllocs()
	for b.Loop() {
		if err := Render(&bytes.Buffer{}, d); err != nil {
			b.Fatal(err)
		}
	}
}
