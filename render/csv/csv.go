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

// Render writes the table of all findings, those under an exception too.
func Render(w io.Writer, r *schema.Report) error {
	out := csv.NewWriter(w)
	out.UseCRLF = true // RFC 4180 §2.1
	row := make([]string, len(columns))
	for i, c := range columns {
		row[i] = c.name
	}
	if err := out.Write(row); err != nil {
		return fmt.Errorf("write the header: %w", err)
	}
	for _, f := range r.Findings {
		for i, c := range columns {
			row[i] = cell(c.value(f))
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
