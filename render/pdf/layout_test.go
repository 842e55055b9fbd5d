package pdf

import (
	"strings"
	"testing"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

func laidOut(t *testing.T, d *render.Document) (*layout, [][]band) {
	t.Helper()
	f, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	l, err := newLayout(f, d.Look)
	if err != nil {
		t.Fatal(err)
	}
	l.document(d)
	return l, paginate(l.bands, l.paper.body())
}

// TestPagesAreFilledProperly holds every page of every report against the rules of
// the layout: nothing beyond the page, no heading at its end.
func TestPagesAreFilledProperly(t *testing.T) {
	for name, report := range reports {
		t.Run(name, func(t *testing.T) {
			l, pages := laidOut(t, document(t, report))
			bodyHeight := l.paper.body()
			for i, page := range pages {
				height := 0.0
				for _, b := range page {
					height += b.height
				}
				if height > bodyHeight {
					t.Errorf("page %d is %.1f mm high, and has room for %.1f", i+1, height, bodyHeight)
				}
				if last := page[len(page)-1]; last.keep {
					t.Errorf("page %d ends with what belongs to the next one", i+1)
				}
			}
		})
	}
}

// TestReportStaysLean bounds the pages of a report with all controls, however many
// findings there are: the workbook has the long tail.
func TestReportStaysLean(t *testing.T) {
	for _, n := range []int{150, 500, 10_000} {
		for _, paper := range []string{"A4", "Letter"} {
			d := document(t, func() (*schema.Report, *schema.Snapshot) { return fixture.WithFindings(n) })
			d.Look.Paper = paper
			most := 60
			if paper == "Letter" {
				most = 65 // its pages have a fourteenth less room
			}
			if _, pages := laidOut(t, d); len(pages) > most {
				t.Errorf("the report with %d findings has %d pages of %s, want %d at most", n, len(pages), paper, most)
			}
		}
	}
}

func TestPaginate(t *testing.T) {
	header := band{height: 5}
	row := func(h float64) band { return band{height: h, repeat: &header} }
	tests := []struct {
		name  string
		bands []band
		want  [][]float64 // heights of the bands of each page
	}{
		{"nothing", nil, nil},
		{"gap is left out at the top of a page", []band{{height: 10, gap: 7}, {height: 10, gap: 7}}, [][]float64{{10, 7, 10}}},
		{"new page", []band{{height: 10}, {height: 20, newPage: true}}, [][]float64{{10}, {20}}},
		{"header is repeated", []band{{height: 5, keep: true}, row(200), row(100)}, [][]float64{{5, 200}, {5, 100}}},
		{"what keeps together moves together", []band{{height: 200}, {height: 10, keep: true}, {height: 60}}, [][]float64{{200}, {10, 60}}},
		{"a group higher than a page is broken", []band{{height: 200, keep: true}, {height: 100}}, [][]float64{{200}, {100}}},
		{"a new page ends a group", []band{{height: 10, keep: true}, {height: 10, newPage: true}}, [][]float64{{10}, {10}}},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			var got [][]float64
			for _, page := range paginate(tt.bands, 257) {
				var heights []float64
				for _, b := range page {
					heights = append(heights, b.height)
				}
				got = append(got, heights)
			}
			if diff := cmp.Diff(tt.want, got); diff != "" {
				t.Errorf("pages (-want +got):\n%s", diff)
			}
		})
	}
}

// TestRowFitsOnAPage gives a table the largest texts that a cluster can hold.
func TestRowFitsOnAPage(t *testing.T) {
	long := strings.Repeat("x", 100_000)
	d := &render.Document{Sections: []render.Section{{ID: "a", Title: long, Level: 1, Blocks: []render.Block{
		render.Table{
			Columns: []render.Column{{Title: long, Width: 1}, {Title: "b", Width: 9, Kind: render.StatusCell}},
			Rows:    [][]render.Text{{{Value: long, Note: long}, {Value: long, Note: long, Tone: render.Bad}}},
		},
		render.KeyValues{Columns: 6, Items: []render.KeyValue{{Key: long, Value: render.Text{Value: long, Note: long}}}},
		render.Figures{Items: []render.Figure{{Number: long, Label: long}}},
		render.Bars{Legend: []render.Text{{Value: long}}, Lines: []render.BarLine{{Label: long, Parts: []int{1 << 40}}}},
	}}}}
	d.Look.Paper = "Letter" // the lower one
	l, pages := laidOut(t, d)
	for i, page := range pages {
		for _, b := range page {
			if b.height > l.paper.body() {
				t.Errorf("page %d has a band of %.0f mm", i+1, b.height)
			}
		}
	}
}

func TestWrap(t *testing.T) {
	f, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	texts := []string{
		"", "word", "two words", strings.Repeat("many short words ", 40), fixture.Long, fixture.Hostile,
		"mixed Ελληνικά и кириллица with " + fixture.Long, strings.Repeat("x", 300), "→ ∋ ☃ 漢字 \U0001F600",
	}
	for _, width := range []float64{0.1, 5, 20, 170} {
		for _, text := range texts {
			lines := f.wrap(text, styleCell, width)
			got := strings.Join(strings.Fields(strings.Join(lines, "")), "")
			want := strings.Join(strings.Fields(f.drawable(text, faceSans)), "")
			if diff := cmp.Diff(want, got); diff != "" {
				t.Errorf("wrap(%.20q, %v mm) changed the text (-want +got):\n%s", text, width, diff)
			}
			for _, l := range lines {
				if w := f.width(l, styleCell); w > width && len([]rune(l)) > 1 {
					t.Errorf("wrap(%.20q, %v mm) gave a line of %.1f mm: %q", text, width, w, l)
				}
			}
		}
	}
}

func TestWrapBreaksNamesWhereTheyPart(t *testing.T) {
	f, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	got := f.wrap("payments-reconciliation-worker", styleCell, 24)
	want := []string{"payments", "-reconciliation", "-worker"}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("lines (-want +got):\n%s", diff)
	}
}

func TestDrawableWritesOutWhatNoFontHas(t *testing.T) {
	f, err := newFonts()
	if err != nil {
		t.Fatal(err)
	}
	for text, want := range map[string]string{
		"a∋b":           "a∋b", // the second face has it
		"支付-shop":       "[Han U+652F 4ED8]-shop",
		"支払い":           "[Han U+652F 6255][Hiragana U+3044]",
		"\U0001F600":    "[U+1F600]",
		"Ωμέγα Ж ﬁ € †": "Ωμέγα Ж ﬁ € †",
	} {
		if got := f.drawable(text, faceSans); got != want {
			t.Errorf("drawable(%q) = %q, want %q", text, got, want)
		}
	}
}
