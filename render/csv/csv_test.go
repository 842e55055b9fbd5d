package csv

import (
	"bytes"
	"encoding/csv"
	"errors"
	"slices"
	"strings"
	"testing"
	"unicode/utf8"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/render/internal/fixture"
	"github.com/auditpack/auditpack/schema"
)

func table(t *testing.T, r *schema.Report) [][]string {
	t.Helper()
	var b bytes.Buffer
	if err := Render(&b, r); err != nil {
		t.Fatal(err)
	}
	if !utf8.Valid(b.Bytes()) {
		t.Error("the table is not UTF-8")
	}
	if lines := bytes.Count(b.Bytes(), []byte("\n")); lines != bytes.Count(b.Bytes(), []byte("\r\n")) || lines != len(r.Findings)+1 {
		t.Errorf("%d lines for %d findings, or one does not end with CR LF", lines, len(r.Findings))
	}
	rows, err := csv.NewReader(&b).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	return rows
}

// TestColumns writes the names down: programs of other people know them.
func TestColumns(t *testing.T) {
	r := &schema.Report{Changes: &schema.Changes{Ageing: []schema.FindingChange{{ID: "A.k1-1", Since: schema.NewDate(2026, 10, 1), Days: 50}}}, Findings: []schema.Finding{{
		ID: "A.k1-1", Check: "A.k1", Control: "A", Severity: schema.High, Result: schema.ResultFail,
		Subject: schema.Subject{Cluster: "prod", Kind: "Pod", Namespace: "n", Name: "p", Field: "container/c"},
		Message: `says "no", twice`, Remediation: "Mend it.", Owner: "team-a", Exception: "EX-1", ExceptedUntil: schema.NewDate(2027, 1, 31),
	}}}
	want := [][]string{
		{"finding_id", "check_id", "control_id", "severity", "result", "cluster", "kind", "namespace", "name", "field", "message", "remediation", "owner", "exception_id", "excepted_until", "first_seen", "age_days"},
		{"A.k1-1", "A.k1", "A", "high", "fail", "prod", "Pod", "n", "p", "container/c", `says "no", twice`, "Mend it.", "team-a", "EX-1", "2027-01-31", "2026-10-01", "50"},
	}
	if diff := cmp.Diff(want, table(t, r)); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestNoCellIsAFormula(t *testing.T) {
	r, _ := fixture.Realistic()
	attacks := []string{`=cmd|' /C calc'!A0`, "+1", "-1", "@SUM(A1)", "\t=1", "\r\n=1", "  =1", "＝1", "\u00a0+1", "=\x001", fixture.Hostile, "'=1", "a=1", ""}
	for i := range r.Findings {
		a := attacks[i%len(attacks)]
		r.Findings[i].Subject.Name, r.Findings[i].Owner, r.Findings[i].Message = a, a, a
	}
	rows := table(t, r)
	for _, row := range rows[1:] {
		for _, cell := range row {
			if begin := strings.TrimSpace(cell); begin != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begin)[0]) {
				t.Errorf("a spreadsheet takes this for a formula: %q", cell)
			}
			if strings.ContainsAny(cell, "\x00\t\r\n\x1b\u202e") {
				t.Errorf("a character that is not shown: %q", cell)
			}
		}
	}
	for text, want := range map[string]string{"a=1": "a=1", "=1": "'=1", "": "", "'=1": "'=1"} {
		if got := cell(text); got != want {
			t.Errorf("%q: got %q, want %q", text, got, want)
		}
	}
}

func TestAllFindingsInOrder(t *testing.T) {
	r, _ := fixture.Realistic()
	var want, got []string
	for _, f := range r.Findings {
		want = append(want, f.ID)
	}
	for _, row := range table(t, r)[1:] {
		got = append(got, row[slices.Index(table(t, r)[0], "finding_id")])
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-report +table):\n%s", diff)
	}
}

type full struct{}

var errFull = errors.New("no space left")

func (full) Write([]byte) (int, error) { return 0, errFull }

func TestAFullDiskIsAnError(t *testing.T) {
	r, _ := fixture.Realistic()
	if err := Render(full{}, r); !errors.Is(err, errFull) {
		t.Errorf("got %v", err)
	}
}
