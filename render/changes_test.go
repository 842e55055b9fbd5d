package render_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
	"github.com/google/go-cmp/cmp"
)

func sectionNamed(t *testing.T, d *render.Document, id string) render.Section {
	t.Helper()
	i := slices.IndexFunc(d.Sections, func(s render.Section) bool { return s.ID == id })
	if i < 0 {
		t.Fatalf("the document has no section %s", id)
	}
	return d.Sections[i]
}

// said is everything that a section says, each row of a table on a line.
func said(s render.Section) string {
	var out strings.Builder
	say := func(texts ...render.Text) {
		for _, t := range texts {
			out.WriteString(strings.TrimSpace(t.Value+" "+t.Note) + "|")
		}
		out.WriteString("\n")
	}
	for _, b := range s.Blocks {
		switch b := b.(type) {
		case render.Paragraph:
			say(b.Text)
		case render.Callout:
			say(render.Text{Value: b.Title})
			say(b.Lines...)
		case render.Figures:
			for _, f := range b.Items {
				say(render.Text{Value: f.Number + " " + f.Label})
			}
		case render.KeyValues:
			for _, kv := range b.Items {
				say(render.Text{Value: kv.Key}, kv.Value)
			}
		case render.Table:
			for _, row := range b.Rows {
				say(row...)
			}
		}
	}
	return out.String()
}

// TestChangesChapter holds that each kind of change is said, and what was not
// compared is not among what stayed the same.
func TestChangesChapter(t *testing.T) {
	got := said(sectionNamed(t, document(t, fixture.Followed), "changes"))
	for _, want := range []string{
		"as of 2026-08-20 02:00:05 UTC, 92 days earlier",
		"1 controls lowered|", "1 controls raised|", "3 findings new|", "2 findings closed|", "1 no longer seen, not known to be closed|",
		"Not compared, so not known to be unchanged|\nExposures: the earlier bundle does not have all of services.|",
		"lowered|ACC-02\u2003", "raised|ACC-01\u2003", "other|OLD-01\u2003A control of the table before|partial|absent|",
		"implemented → partial|1|0|", "now excepted|", "added|Group oidc:" + fixture.Long, "changed|registry.example/πληρωμές|", "removed|registry.example/шлюз|",
		"EXC-01|valid|expired|", "EXC-99|valid|absent|", "Ioanna Παππά|ACC-01|", "open 92 days|",
	} {
		if !strings.Contains(got, want) {
			t.Errorf("the chapter does not say %q:\n%s", want, got)
		}
	}
	if strings.Contains(got, "the same in both") {
		t.Errorf("the chapter calls something unchanged, and exposures were not compared:\n%s", got)
	}
}

// TestNoChange holds that silence is said: what was compared and is the same.
func TestNoChange(t *testing.T) {
	same := func() (*schema.Report, *schema.Snapshot) {
		r, s := fixture.Empty()
		r.Changes = &schema.Changes{Since: fixture.AsOf.AddDate(0, 0, -1), Until: fixture.AsOf, NotCompared: []string{"images: the later bundle does not have all of containers"}}
		return r, s
	}
	d := document(t, same)
	got := said(sectionNamed(t, d, "changes"))
	if want := "the same in both: statuses, grants, exposures, exceptions, reviews."; !strings.Contains(got, want) {
		t.Errorf("the chapter does not say %q:\n%s", want, got)
	}
	if want := "nothing that was compared changed. Not compared: 1 part."; !strings.Contains(said(sectionNamed(t, d, "summary")), want) {
		t.Errorf("the summary does not say %q", want)
	}
}

// TestChangesElsewhere holds the marks on a control and the columns of the workbook.
func TestChangesElsewhere(t *testing.T) {
	r, _ := fixture.Followed()
	d := document(t, fixture.Followed)
	if got, want := said(sectionNamed(t, d, "ACC-02")), "Since 2026-08-20: the status was implemented"; !strings.Contains(got, want) {
		t.Errorf("ACC-02 does not say %q:\n%s", want, got)
	}
	rows := map[string][][]string{}
	for _, s := range d.Sheets {
		if s.Name != "Changes" && s.Name != "Findings" {
			continue
		}
		for cells := range s.Rows {
			var row []string
			for _, c := range cells {
				row = append(row, textOf(c))
			}
			rows[s.Name] = append(rows[s.Name], row)
		}
	}
	kinds := map[string]int{}
	for _, row := range rows["Changes"] {
		kinds[row[0]+" "+row[1]]++
	}
	want := map[string]int{
		"status lowered": 1, "status raised": 1, "status other": 1, "outdated sign-off changed since": 1, "finding new": 3, "finding closed": 2,
		"finding no longer seen": 1, "access grant added": 1, "image changed": 1, "image removed": 1, "exception ": 2, "review signed off": 1,
	}
	if diff := cmp.Diff(want, kinds); diff != "" {
		t.Errorf("rows of the sheet Changes (-want +got):\n%s", diff)
	}
	seen := map[string]int{} // by first seen and age
	for _, row := range rows["Findings"] {
		seen[row[16]+" "+row[17]]++
	}
	excepted := len(r.Findings) - len(r.Changes.New) - len(r.Changes.Ageing)
	if diff := cmp.Diff(map[string]int{"2026-11-20 0": 3, "2026-08-20 92": len(r.Changes.Ageing), " ": excepted}, seen); diff != "" {
		t.Errorf("first seen and age on the sheet Findings (-want +got):\n%s", diff)
	}
}

// textOf writes a cell as a reader sees it.
func textOf(c render.Cell) string {
	switch c := c.(type) {
	case nil:
		return ""
	case render.Text:
		return c.Value
	case render.SheetLink:
		return textOf(c.Value)
	case schema.Date:
		return c.String()
	}
	return fmt.Sprint(c)
}
