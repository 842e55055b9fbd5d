package render

import (
	"fmt"
	"io/fs"
	"slices"
	"strings"
)

// texts are the texts of the report: by file name, then by heading. What stands
// before the first heading has the heading "".
type texts map[string]map[string][]Block

// textFiles are the files of the folder text that the report is made with.
var textFiles = []string{"cover", "reading", "questions", "limits", "verify", "extract"}

func readTexts(f fs.FS) (texts, error) {
	t := texts{}
	for _, name := range textFiles {
		path := "text/" + name + ".md"
		b, err := fs.ReadFile(f, path)
		if err != nil {
			return nil, fmt.Errorf("read text of the report: %w", err)
		}
		if t[name], err = parseProse(string(b)); err != nil {
			return nil, fmt.Errorf("read text of the report %s: %w", path, err)
		}
	}
	return t, nil
}

// parseProse reads the part of Markdown that the texts use: "#" comments the file,
// "##" opens a part, "###" is a heading, and there are paragraphs, lists with "-",
// indented code and tables with "|".
func parseProse(s string) (map[string][]Block, error) {
	parts := map[string][]Block{}
	part := ""
	for _, lines := range paragraphs(s) {
		first := lines[0]
		switch {
		case strings.HasPrefix(first, "# "):
		case strings.HasPrefix(first, "## "):
			part = strings.TrimPrefix(first, "## ")
		case strings.HasPrefix(first, "### "):
			parts[part] = append(parts[part], heading(strings.TrimPrefix(first, "### ")))
		case strings.HasPrefix(first, "    "):
			for _, l := range lines {
				parts[part] = append(parts[part], Paragraph{Text: Text{Value: strings.TrimSpace(l)}, Style: Mono})
			}
		case strings.HasPrefix(first, "- "):
			for _, item := range strings.Split(strings.TrimPrefix(strings.Join(lines, "\n"), "- "), "\n- ") {
				parts[part] = append(parts[part], Paragraph{Text: Text{Value: oneLine(item)}, Style: Item})
			}
		case strings.HasPrefix(first, "|"):
			t, err := parseTable(lines)
			if err != nil {
				return nil, err
			}
			parts[part] = append(parts[part], t)
		default:
			parts[part] = append(parts[part], Paragraph{Text: Text{Value: oneLine(strings.Join(lines, " "))}, Style: Body})
		}
	}
	return parts, nil
}

// paragraphs splits text at empty lines; a heading is a paragraph by itself.
func paragraphs(s string) [][]string {
	var out [][]string
	var lines []string
	end := func() {
		if len(lines) > 0 {
			out = append(out, lines)
		}
		lines = nil
	}
	for l := range strings.Lines(s) {
		l = strings.TrimRight(l, " \n")
		switch {
		case l == "":
			end()
		case strings.HasPrefix(l, "#"):
			end()
			out = append(out, []string{l})
		default:
			lines = append(lines, l)
		}
	}
	end()
	return out
}

func parseTable(lines []string) (Table, error) {
	t := Table{Dense: true}
	if len(lines) < 2 || strings.Trim(lines[1], "|-: ") != "" {
		return t, fmt.Errorf("table %q has no line below its header", lines[0])
	}
	for _, title := range tableCells(lines[0]) {
		t.Columns = append(t.Columns, Column{Title: title, Width: 1})
	}
	longest := make([]int, len(t.Columns))
	for _, l := range lines[2:] {
		cells := tableCells(l)
		if len(cells) != len(t.Columns) {
			return t, fmt.Errorf("row %q has %d cells, and the table %d columns", l, len(cells), len(t.Columns))
		}
		var row []Text
		for i, c := range cells {
			longest[i] = max(longest[i], len(c))
			row = append(row, plain(c))
		}
		t.Rows = append(t.Rows, row)
	}
	for i := range t.Columns {
		t.Columns[i].Width = max(12, min(longest[i], 60))
	}
	return t, nil
}

func tableCells(line string) []string {
	cells := strings.Split(strings.Trim(line, "|"), "|")
	for i, c := range cells {
		cells[i] = strings.TrimSpace(c)
	}
	return cells
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// part returns the blocks of one part of a text; none where there is no such part.
func (t texts) part(file, name string) []Block { return slices.Clone(t[file][name]) }

// lines returns the paragraphs of a part as lines of a callout.
func (t texts) lines(file, name string) []Text {
	var out []Text
	for _, b := range t[file][name] {
		if p, ok := b.(Paragraph); ok {
			out = append(out, p.Text)
		}
	}
	return out
}
