package render

import (
	"fmt"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// importRows bounds the table of imported files; the workbook has all of them.
const importRows = 40

// importSection describes the files of other tools: what each of them is, whose word
// it is, and how old.
func (b *builder) importSection(i int) Section {
	files := b.s.Evidence.Imports
	t := Table{
		Columns: []Column{{Title: "File", Width: 40}, {Title: "What it is", Width: 40}, {Title: "Made", Width: 36}, {Title: "SHA-256", Width: 28}, {Title: "Not kept", Width: 42}},
		Dense:   true,
		Empty:   "No file could be read.",
	}
	for _, f := range files[:min(len(files), importRows)] {
		t.Rows = append(t.Rows, []Text{
			{Value: f.File, Note: count(f.Rows, "row", "rows")}, importKind(f), b.importAge(f), plain(f.SHA256[:min(len(f.SHA256), 12)]), plain(shorten(strings.Join(f.Dropped, ", "), 160)),
		})
	}
	blocks := []Block{small("What these files say is the word of the tools that wrote them and of whoever handed them over. auditpack checked their form and age, not their truth."), t}
	if len(files) > importRows {
		blocks = append(blocks, small("%d more files are on the sheet Imports.", len(files)-importRows))
	}
	return Section{ID: fmt.Sprintf("source-%d", i+1), Title: "Files of other tools", Level: 2, Blocks: blocks}
}

// importKind names the form of a file, the tool, and the cluster that it is about.
func importKind(f schema.Import) Text {
	t := Text{Value: string(f.Kind), Note: strings.TrimSpace(f.Tool + " " + f.ToolVersion)}
	if f.Kind == schema.ImportUnknown {
		t = Text{Value: "not recognised", Tone: outcomeTones[schema.Failed]}
	}
	if f.Cluster != "" {
		t.Value += " of " + f.Cluster
	}
	return t
}

// importAge says when a tool looked, whose word that is, and how long ago it was.
func (b *builder) importAge(f schema.Import) Text {
	if f.Made.IsZero() {
		return Text{Value: "not known", Tone: outcomeTones[schema.Truncated]}
	}
	days := int(b.r.AsOf.Sub(f.Made) / (24 * time.Hour))
	return Text{Value: schema.DateOf(f.Made).String(), Note: count(days, "day", "days") + " old, by the " + f.MadeBy}
}
