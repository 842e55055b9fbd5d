// Package csv writes the findings as one table for spreadsheets, databases and
// scripts: RFC 4180, UTF-8 without byte order mark, a header, one row a finding,
// in the order of the report.
//
// The names of the columns are part of the format: they stay, and further columns
// come behind.
package csv

import (
	"encoding/csv"
	"fmt"
	"io"
	"strconv"
	"strings"
	"unicode"

	"github.com/auditpack/auditpack/internal/celltext"
	"github.com/auditpack/auditpack/schema"
)

// Path of the table in a bundle.
const Path = "findings.csv"

// A column has a name and what it says of a finding.
type column struct {
	name  string
	value func(f schema.Finding) string
}

var columns = []column{
	{"finding_id", func(f schema.Finding) string { return f.ID }},
	{"check_id", func(f schema.Finding) string { return f.Check }},
	{"control_id", func(f schema.Finding) string { return f.Control }},
	{"severity", func(f schema.Finding) string { return string(f.Severity) }},
	{"result", func(f schema.Finding) string { return string(f.Result) }},
	{"cluster", func(f schema.Finding) string { return f.Subject.Cluster }},
	{"kind", func(f schema.Finding) string { return f.Subject.Kind }},
	{"namespace", func(f schema.Finding) string { return f.Subject.Namespace }},
	{"name", func(f schema.Finding) string { return f.Subject.Name }},
	{"field", func(f schema.Finding) string { return f.Subject.Field }},
	{"message", func(f schema.Finding) string { return f.Message }},
	{"remediation", func(f schema.Finding) string { return f.Remediation }},
	{"owner", func(f schema.Finding) string { return f.Owner }},
	{"exception_id", func(f schema.Finding) string { return f.Exception }},
	{"excepted_until", func(f schema.Finding) string { return f.ExceptedUntil.String() }},
}

// aged are the columns that rest on the chain of bundles; they are empty where no
// earlier one was compared.
var aged = []string{"first_seen", "age_days"}

// ages returns, by the id of an open finding, the day of the first bundle of the chain
// that had it open, and the days since.
func ages(r *schema.Report) map[string][]string {
	out := map[string][]string{}
	if r.Changes == nil {
		return out
	}
	for _, f := range r.Changes.Ageing {
		out[f.ID] = []string{f.Since.String(), strconv.Itoa(f.Days)}
	}
	for _, f := range r.Changes.New {
		out[f.ID] = []string{schema.DateOf(r.Changes.Until).String(), "0"}
	}
	return out
}

// Render writes the table of all findings, those under an exception too.
func Render(w io.Writer, r *schema.Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 §2.1
	var row []string
	for _, c := range columns {
		row = append(row, c.name)
	}
	row = append(row, aged...)
	if err := out.Write(row); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	age := ages(r)
	for _, f := range r.Findings {
		row = row[:0]
		for _, c := range columns {
			row = append(row, cell(c.value(f)))
		}
		if a, ok := age[f.ID]; ok {
			row = append(row, a...)
		} else {
			row = append(row, make([]string, len(aged))...)
		}
		if err := out.Write(row); err != nil {
			return fmt.Errorf("write finding %s: %w", f.ID, err)
		}
	}
	out.Flush()
	if err := out.Error(); err != nil {
		return fmt.Errorf("write findings: %w", err)
	}
	return nil
}

// cell makes a text that a spreadsheet takes for text. Names come from outside:
// what begins as a formula, after any space, gets an apostrophe before it, the way
// spreadsheets mark text (https://owasp.org/www-community/attacks/CSV_Injection).
func cell(text string) string {
	text = celltext.Clean(text)
	begin := strings.TrimLeftFunc(text, unicode.IsSpace)
	if begin != "" && strings.ContainsRune("=+-@＝＋－＠", []rune(begin)[0]) {
		return "'" + text
	}
	return text
}
