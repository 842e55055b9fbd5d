// Package outline writes down what a Document shows, short enough to be read in a
// golden file: every section with what its blocks say, long texts cut, and of a
// table its columns, how many rows it has and what the first of them are about.
package outline

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/render"
)

// A Document is what Of writes.
type Document struct {
	Title    string
	Header   string
	Sections []Section
	Sheets   []string
	// SHA256 is over everything that the sections say, so that a change shows that the
	// rest of the outline does not.
	SHA256 string
}

// A Section is a heading and a line for each block.
type Section struct {
	Heading string
	Blocks  []string
}

// Of returns the outline of a document as JSON. An error means that a block is of
// a kind that it does not know.
func Of(d *render.Document) ([]byte, error) {
	out := Document{Title: d.Title, Header: d.Header}
	for _, s := range d.Sections {
		section := Section{Heading: strings.TrimSpace(fmt.Sprintf("%d %s: %s  %s", s.Level, s.ID, s.Title, s.Badge.Value))}
		for _, b := range s.Blocks {
			line, err := block(b)
			if err != nil {
				return nil, fmt.Errorf("section %s: %w", s.ID, err)
			}
			section.Blocks = append(section.Blocks, line)
		}
		out.Sections = append(out.Sections, section)
	}
	for _, s := range d.Sheets {
		out.Sheets = append(out.Sheets, fmt.Sprintf("%s: %d columns", s.Name, len(s.Columns)))
	}
	all, err := json.Marshal(d.Sections)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(all)
	out.SHA256 = hex.EncodeToString(sum[:])
	text, err := json.MarshalIndent(out, "", " ")
	return append(text, '\n'), err
}

// Bounds of what is written of one block.
const (
	textRunes = 90
	cellRunes = 40
	firstRows = 4
)

func block(b render.Block) (string, error) {
	switch b := b.(type) {
	case render.Paragraph:
		return fmt.Sprintf("%s: %s", b.Style, cut(b.Text.Value, textRunes)), nil
	case render.KeyValues:
		var items []string
		for _, kv := range b.Items {
			items = append(items, kv.Key+"="+cut(kv.Value.Value, cellRunes))
		}
		return "pairs: " + strings.Join(items, "; "), nil
	case render.Table:
		return table(b), nil
	case render.Bars:
		var lines []string
		for _, l := range b.Lines {
			lines = append(lines, fmt.Sprint(cut(l.Label, cellRunes), " ", l.Parts))
		}
		return "bars: " + strings.Join(lines, "; "), nil
	case render.Figures:
		var items []string
		for _, f := range b.Items {
			items = append(items, f.Number+" "+f.Label)
		}
		return "figures: " + strings.Join(items, "; "), nil
	case render.Callout:
		return fmt.Sprintf("callout %s: %s, %d lines", b.Tone, b.Title, len(b.Lines)), nil
	case render.Contents:
		return "contents", nil
	}
	return "", fmt.Errorf("no block is a %T", b)
}

func table(t render.Table) string {
	if len(t.Rows) == 0 {
		return "empty table: " + cut(t.Empty, textRunes)
	}
	var columns, first []string
	for _, c := range t.Columns {
		columns = append(columns, c.Title)
	}
	for _, r := range t.Rows[:min(len(t.Rows), firstRows)] {
		first = append(first, cut(r[0].Value, cellRunes))
	}
	return fmt.Sprintf("table of %d rows, %s: %s", len(t.Rows), strings.Join(columns, " | "), strings.Join(first, "; "))
}

func cut(s string, limit int) string {
	if r := []rune(s); len(r) > limit {
		return string(r[:limit]) + "…"
	}
	return s
}
