package pdf

import (
	"bytes"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/internal/pdfupdate"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
	"github.com/google/go-cmp/cmp"
)

var reports = map[string]func() (*schema.Report, *schema.Snapshot){
	"realistic":     fixture.Realistic,
	"empty":         fixture.Empty,
	"not collected": fixture.NotCollected,
	"scripts":       fixture.Scripts,
}

func document(t testing.TB, report func() (*schema.Report, *schema.Snapshot)) *render.Document {
	t.Helper()
	r, s := report()
	d, err := render.Build(r, s, templates.FS)
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func draw(t testing.TB, d *render.Document) []byte {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, d); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// tool runs an outside program on a PDF file. Where it is not installed the test is
// skipped, but not in CI.
func tool(t *testing.T, pdf []byte, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("%s is not installed", name)
		}
		t.Skipf("%s is not installed", name)
	}
	file := filepath.Join(t.TempDir(), "report.pdf")
	if err := os.WriteFile(file, pdf, 0o644); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", name, err, out)
	}
	return string(out)
}

// TestFileIsWellFormed has another program read every kind of report.
func TestFileIsWellFormed(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			out := tool(t, draw(t, document(t, report)), "qpdf", "--check", "FILE")
			if strings.Contains(out, "WARNING") {
				t.Errorf("qpdf warns:\n%s", out)
			}
		})
	}
}

// TestTextCanBeExtracted shows that what a reader sees can be searched and copied:
// every control and every finding.
func TestTextCanBeExtracted(t *testing.T) {
	r, _ := fixture.Realistic()
	text := tool(t, draw(t, document(t, fixture.Realistic)), "pdftotext", "-layout", "FILE", "-")
	for _, c := range r.Controls {
		if !strings.Contains(text, c.ID) {
			t.Errorf("control %s is not in the text", c.ID)
		}
	}
	for _, f := range r.Findings {
		start := string([]rune(f.Message)[:len("Finding 000: ")])
		if !strings.Contains(text, strings.TrimSpace(start)) {
			t.Errorf("finding %q is not in the text", f.Message)
		}
	}
	for _, want := range []string{"Ομάδα Πληρωμών", "Команда безопасности", `line\nbreak\ttab`, "[U+202E]", "[U+1F600]"} {
		if !strings.Contains(text, want) {
			t.Errorf("%q is not in the text", want)
		}
	}
	if strings.ContainsAny(text, "\u202e\u200b\x1b") {
		t.Error("the text has characters that hide or reorder others")
	}
}

// TestLongNamesAreNotCut reads a name of 253 characters back, across its lines.
func TestLongNamesAreNotCut(t *testing.T) {
	d := &render.Document{Title: "t", Language: "en", Created: fixture.AsOf, Sections: []render.Section{{
		ID: "a", Title: "A", Level: 1, Blocks: []render.Block{render.Table{
			Columns: []render.Column{{Title: "Name", Width: 12}, {Title: "Rest", Width: 158}},
			Rows:    [][]render.Text{{{Value: fixture.Long}, {}}},
		}},
	}}}
	text := tool(t, draw(t, d), "pdftotext", "FILE", "-")
	if joined := strings.Join(strings.Fields(text), ""); !strings.Contains(joined, fixture.Long) {
		t.Errorf("the name of %d characters is not in the text:\n%s", len(fixture.Long), text)
	}
}

var (
	destRE  = regexp.MustCompile(`/Dest \[(\d+) 0 R /XYZ null (-?[\d.]+) null\]`)
	titleRE = regexp.MustCompile(`/Title <FEFF([0-9A-F]*)>`)
)

// TestOutlineAndLinksResolve follows every outline entry and every link to a page of the file.
func TestOutlineAndLinksResolve(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			d := document(t, report)
			f, err := pdfupdate.Open(draw(t, d))
			if err != nil {
				t.Fatal(err)
			}
			pages := map[string]bool{}
			numbers, err := f.Pages()
			if err != nil {
				t.Fatal(err)
			}
			for _, n := range numbers {
				pages[strconv.Itoa(n)] = true
			}
			var got, want []string
			for _, e := range outline(t, f) {
				checkDestination(t, e, pages)
				got = append(got, titleRE.FindStringSubmatch(e)[1])
			}
			for _, s := range d.Sections {
				want = append(want, strings.TrimSuffix(strings.TrimPrefix(pdfupdate.TextString(render.Visible(s.Title)), "<FEFF"), ">"))
			}
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("outline entries (-want +got):\n%s", diff)
			}
			links := 0
			for _, n := range numbers {
				for _, a := range annotations(t, f, n) {
					checkDestination(t, a, pages)
					links++
				}
			}
			if links == 0 {
				t.Error("the file has no links")
			}
		})
	}
}

func checkDestination(t *testing.T, s string, pages map[string]bool) {
	t.Helper()
	m := destRE.FindStringSubmatch(s)
	if m == nil {
		t.Errorf("no destination: %s", s)
		return
	}
	y, err := strconv.ParseFloat(m[2], 64)
	if err != nil || y <= 0 || y > papers["A4"].height/pointMM || !pages[m[1]] {
		t.Errorf("the destination is on no page: %s", s)
	}
}

// outline walks the tree of entries in order and returns their dictionaries.
func outline(t *testing.T, f *pdfupdate.File) []string {
	t.Helper()
	var out []string
	var walk func(n int)
	walk = func(n int) {
		s := object(t, f, n)
		if strings.Contains(s, "/Title") {
			out = append(out, s)
		}
		for next := reference(s, "First"); next != 0; next = reference(object(t, f, next), "Next") {
			walk(next)
		}
	}
	walk(reference(object(t, f, f.Root()), "Outlines"))
	return out
}

func annotations(t *testing.T, f *pdfupdate.File, page int) []string {
	t.Helper()
	n := reference(object(t, f, page), "Annots")
	if n == 0 {
		return nil
	}
	return strings.Split(object(t, f, n), "\n")
}

func object(t *testing.T, f *pdfupdate.File, n int) string {
	t.Helper()
	s, err := f.Object(n)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func reference(dict, key string) int {
	m := regexp.MustCompile(`/` + key + ` (\d+) 0 R`).FindStringSubmatch(dict)
	if m == nil {
		return 0
	}
	n, _ := strconv.Atoi(m[1])
	return n
}

func TestCatalogueSaysHowToShowTheFile(t *testing.T) {
	f, err := pdfupdate.Open(draw(t, document(t, fixture.Empty)))
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"/Lang (en)", "/PageMode /UseOutlines", "/DisplayDocTitle true"} {
		if got := object(t, f, f.Root()); !strings.Contains(got, want) {
			t.Errorf("the catalogue lacks %s: %s", want, got)
		}
	}
	for _, want := range []string{"/CreationDate (D:20261120020005)", "/ModDate (D:20261120020005Z)"} {
		if got := object(t, f, f.Info()); !strings.Contains(got, want) {
			t.Errorf("the information lacks %s: %q", want, got)
		}
	}
}

func TestLinkToNowhereIsAnError(t *testing.T) {
	d := &render.Document{Title: "t", Language: "en", Created: fixture.AsOf, Sections: []render.Section{{
		ID: "a", Title: "A", Level: 1, Blocks: []render.Block{render.Paragraph{Text: render.Text{Value: "see", Link: "b"}}},
	}}}
	var b bytes.Buffer
	err := Render(&b, d)
	if err == nil || !strings.Contains(err.Error(), `"b"`) {
		t.Errorf("got error %v, want one that names the section", err)
	}
	if b.Len() > 0 {
		t.Error("something was written in spite of the error")
	}
}

// drawInChild makes a second process of the test binary write the PDF to its output.
const drawInChild = "AUDITPACK_TEST_DRAW"

func TestMain(m *testing.M) {
	if os.Getenv(drawInChild) == "" {
		os.Exit(m.Run())
	}
	r, s := fixture.Realistic()
	d, err := render.Build(r, s, templates.FS)
	if err == nil {
		err = Render(os.Stdout, d)
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

// TestSameBytes draws in two processes, a second apart: no clock, no order of a map
// and no address may show.
func TestSameBytes(t *testing.T) {
	child := func() []byte {
		t.Helper()
		cmd := exec.Command(os.Args[0])
		cmd.Env = append(os.Environ(), drawInChild+"=1")
		cmd.Stderr = os.Stderr
		out, err := cmd.Output()
		if err != nil {
			t.Fatal(err)
		}
		return out
	}
	first := child()
	time.Sleep(1100 * time.Millisecond)
	if second := child(); !bytes.Equal(first, second) {
		t.Errorf("two processes drew different files of %d and %d bytes", len(first), len(second))
	}
}

func BenchmarkRender(b *testing.B) {
	d := document(b, fixture.Realistic)
	for b.Loop() {
		if err := Render(io.Discard, d); err != nil {
			b.Fatal(err)
		}
	}
}
