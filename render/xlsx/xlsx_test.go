package xlsx

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
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
			Notes: []render.KeyValue{{Key: "=key", Value: render.Text{Value: "=value", Tone: render.Bad}}},
			Columns: []render.Column{
				{Title: "Text", Width: 30, Kind: render.TextCell}, {Title: "Number", Width: 10, Kind: render.NumberCell}, {Title: "Day", Width: 12, Kind: render.DateCell},
				{Title: "Time", Width: 20, Kind: render.TimeCell}, {Title: "Status", Width: 12, Kind: render.StatusCell},
			},
			Rows: func(yield func([]render.Cell) bool) {
				for i := range n {
					if !yield([]render.Cell{hostile[i%len(hostile)], int64(i), schema.NewDate(2026, 9, 30), time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), render.Text{Value: "fail", Tone: render.Bad}}) {
						return
					}
				}
			},
		}
	}
	return &render.Document{
		Title: "Audit pack", Language: "en", Created: time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), Header: "prod & staging", Footer: "as of 2026-09-30",
		Sheets: []render.Sheet{
			{Name: "Index", Title: "Index", Columns: []render.Column{{Title: "Sheet", Width: 20, Kind: render.LinkCell}}, Rows: slices.Values([][]render.Cell{{"One"}, {"Two's"}})},
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

// TestTheOnlyFormulasAreSheetLinks reads the parts themselves, so that a formula
// anywhere would be seen.
func TestTheOnlyFormulasAreSheetLinks(t *testing.T) {
	f := open(t, draw(t))
	var formulas []string
	for _, sheet := range f.GetSheetList() {
		rows, err := f.GetRows(sheet)
		if err != nil {
			t.Fatal(err)
		}
		for r, row := range rows {
			for c := range row {
				formula, err := f.GetCellFormula(sheet, cellName(c+1, r+1))
				if err != nil {
					t.Fatal(err)
				}
				if formula != "" {
					formulas = append(formulas, formula)
				}
			}
		}
	}
	want := []string{`HYPERLINK("#'One'!A1","One")`, `HYPERLINK("#'Two''s'!A1","Two's")`}
	if d := cmp.Diff(want, formulas); d != "" {
		t.Error(d)
	}
}

func TestDatesAndNumbersAreTyped(t *testing.T) {
	f := open(t, draw(t))
	for cell, want := range map[string]string{"B5": "0", "C5": "2026-09-30", "D5": "2026-09-30 06:00Z"} {
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
	// Filter options: comma, quote, UTF-8, first line 1, all text as shown, sheet 2.
	cmd := exec.Command(office, "-env:UserInstallation=file://"+filepath.Join(dir, "profile"), "--headless", "--convert-to",
		"csv:Text - txt - csv (StarCalc):44,34,76,1,,0,false,true,false,false,false,2", "--outdir", dir, filepath.Join(dir, "book.xlsx"))
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
