package answer

import (
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

// caiq returns a sheet as CAIQ lays it out, with questions of the given ids.
func caiq(name string, ids ...string) Sheet {
	s := Sheet{Name: name, Rows: [][]string{
		{"A title"},
		{"Question ID", "Question", "CSP CAIQ Answer", "SSRM Control Ownership", "CSP Implementation Description (Optional/Recommended)", "CSC Responsibilities (Optional/Recommended)", "CCM Control ID"},
	}}
	for _, id := range ids {
		s.Rows = append(s.Rows, []string{id, "Is it so?"})
	}
	return s
}

func numbered(n int) []string {
	ids := make([]string, n)
	for i := range ids {
		ids[i] = fmt.Sprintf("IAM-%02d.%d", i/9+1, i%9+1)
	}
	return ids
}

// TestVersionOfCAIQ tells versions by whatever shows them, and nothing by what
// contradicts itself.
func TestVersionOfCAIQ(t *testing.T) {
	cell := caiq("Questions", "IAM-01.1")
	cell.Rows[0] = []string{"CONSENSUS ASSESSMENT", "CAIQ Version 4.0.3"}
	for name, test := range map[string]struct {
		sheet   Sheet
		version string
		want    string // or a part of the error
	}{
		"sheet":                    {caiq("CAIQv4.1", "IAM-01.1"), "", "CAIQ 4.1"},
		"cell":                     {cell, "", "CAIQ 4.0"},
		"an id of 4.0":             {caiq("Q", "IAM-01.1", "IVS-03.1"), "", "CAIQ 4.0"},
		"an id of 4.1":             {caiq("Q", "IAM-01.1", "I&S-03.1"), "", "CAIQ 4.1"},
		"the number of 4.0":        {caiq("Q", numbered(261)...), "", "CAIQ 4.0"},
		"the number of 4.1":        {caiq("Q", numbered(283)...), "", "CAIQ 4.1"},
		"another number":           {caiq("Q", numbered(282)...), "", "its 282 questions; say --caiq 4.0 or 4.1"},
		"the user":                 {caiq("Q", "IAM-01.1"), "4.1", "CAIQ 4.1"},
		"the user against the ids": {caiq("Q", "IVS-03.1"), "4.1", "the id IVS-03.1 says 4.0, and the user says 4.1"},
		"sheet against ids":        {caiq("CAIQ 4.0", "I&S-03.1"), "", "cannot be told"},
	} {
		t.Run(name, func(t *testing.T) {
			q, err := Detect([]Sheet{test.sheet}, nil, test.version)
			if err != nil {
				if !strings.Contains(err.Error(), test.want) {
					t.Errorf("got %v, want %q", err, test.want)
				}
				return
			}
			if q.Name != test.want {
				t.Errorf("got %q, want %q", q.Name, test.want)
			}
		})
	}
}

// TestColumns finds where questions and answers are, in the layouts that are usual
// and by the names of a map.
func TestColumns(t *testing.T) {
	named := &schema.QuestionnaireMap{Spec: schema.QuestionnaireMapSpec{Questionnaire: "Check", Version: "7",
		Columns: schema.QuestionColumns{ID: "Nummer", Question: "Frage", Answer: "Antwort", Comment: "Bemerkung"}}}
	for name, test := range map[string]struct {
		header []string
		m      *schema.QuestionnaireMap
		want   Item
	}{
		"CAIQ": {caiq("").Rows[1], nil, Item{Question: Question{Allowed: []string{"Yes", "No", "NA"}}, Answer: 3, Comment: 5, Ownership: 4, Duties: 6}},
		"SIG":  {[]string{"Ques Num", "Question/Request", "Response", "Additional Information", "Category"}, nil, Item{Answer: 3, Comment: 4}},
		"ours": {[]string{"#", "Requirement", "Your answer:", "Details (if any)"}, nil, Item{Answer: 3, Comment: 4}},
		"map":  {[]string{"Nummer", "Frage", "Antwort", "Bemerkung"}, named, Item{Answer: 3, Comment: 4}},
	} {
		t.Run(name, func(t *testing.T) {
			sheet := Sheet{Name: "S", Rows: [][]string{{"", "Fill this in"}, test.header, {"1.1", "Is it so?", "given"}, {"", ""}, {"1.2", "And so?"}}}
			q, err := Detect([]Sheet{{Name: "Read me", Rows: [][]string{{"Question: who?", "Answer: we."}}}, sheet}, test.m, "4.1")
			if err != nil {
				t.Fatal(err)
			}
			if len(q.Items) != 2 {
				t.Fatalf("found %d questions, want 2", len(q.Items))
			}
			got := q.Items[0]
			want := test.want
			want.Sheet, want.Row, want.Given, want.ID, want.Text, want.References = "S", 3, "given", "1.1", "Is it so?", got.References
			if diff := cmp.Diff(want, got, cmp.AllowUnexported(Framework{}), cmp.Comparer(func(a, b Framework) bool { return a.Name == b.Name })); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	for name, rows := range map[string][][]string{
		"no column for the answer": {{"Question", "Weight"}, {"Is it so?", "3"}},
		"nothing":                  nil,
	} {
		if _, err := Detect([]Sheet{{Name: "S", Rows: rows}}, nil, ""); err == nil || !strings.Contains(err.Error(), "name the columns in a QuestionnaireMap") {
			t.Errorf("%s: got %v", name, err)
		}
	}
}

// TestReferences reads ids below titles that name a framework with its version, and
// none below titles that do not.
func TestReferences(t *testing.T) {
	for title, test := range map[string]struct {
		cell string
		want []string
	}{
		"CCM v4.1 control":      {"IAM-08, I&S-03", []string{"CCM 4.1 IAM-08", "CCM 4.1 I&S-03"}},
		"CAIQ 4.0":              {"IVS-03", []string{"CCM 4.0 IVS-03"}},
		"ISO/IEC 27017:2015":    {"CLD.9.5.1; 9.2.3", []string{"ISO/IEC 27017:2015 CLD.9.5.1", "ISO/IEC 27017:2015 9.2.3"}},
		"ISO 27001:2022":        {"A.8.20\n8.2", []string{"ISO/IEC 27002:2022 8.20", "ISO/IEC 27002:2022 8.2"}},
		"ISO 27001:2013":        {"A.9.2.3", []string{"ISO/IEC 27002:2013 9.2.3"}},
		"NIST SP 800-53 Rev. 5": {"AC-2(7), AC-6", []string{"NIST SP 800-53 r5 AC-2(7)", "NIST SP 800-53 r5 AC-6"}},
		"SOC 2 (TSC 2017)":      {"CC6.1", []string{"SOC 2 TSC 2017 CC6.1"}},
		"CCM":                   {"IAM-08", nil},
		"ISO 27001":             {"8.2", nil},
	} {
		q, err := Detect([]Sheet{{Name: "S", Rows: [][]string{{"Question", "Answer", title}, {"Is it so?", "", test.cell}}}}, nil, "")
		if err != nil {
			t.Fatal(err)
		}
		var got []string
		for _, r := range q.Items[0].References {
			got = append(got, r.Framework.Name+" "+r.ID)
		}
		if diff := cmp.Diff(test.want, got); diff != "" {
			t.Errorf("%s (-want +got):\n%s", title, diff)
		}
	}
}
