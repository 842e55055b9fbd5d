package render

import (
	"fmt"
	"path"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// populations lists every list that checks looked at, with its digest.
func (b *builder) populations() []Section {
	columns := []Column{
		{Title: "File", Width: 37}, {Title: "Rows", Width: 10, Kind: NumberCell},
		{Title: "Complete", Width: 15, Kind: StatusCell}, {Title: "SHA-256, first 16 digits", Width: 26},
	}
	t := Table{Columns: append(slices.Clone(columns), columns...), Dense: true, Empty: "The report has no populations."}
	half := (len(b.r.Populations) + 1) / 2
	for i := range half {
		right := make([]Text, len(columns))
		if i+half < len(b.r.Populations) {
			right = populationCells(b.r.Populations[i+half])
		}
		t.Rows = append(t.Rows, append(populationCells(b.r.Populations[i]), right...))
	}
	s := flowing("populations", "Populations",
		lead("A population is the complete list of things that a check looked at, so that a reader can draw a sample of their own. Each is a file of JSON lines in the folder evidence/populations, and a sheet of the workbook."))
	if files := b.filesLine(); files != "" {
		s.Blocks = append(s.Blocks, small("%s", files))
	}
	s.Blocks = append(append(s.Blocks, t), b.sampleNote()...)
	return []Section{s}
}

func populationCells(p schema.PopulationResult) []Text {
	complete := Text{Value: "yes", Tone: Good}
	if !p.Complete {
		complete = Text{Value: "has gaps", Tone: Bad}
	}
	file := Text{Value: path.Base(p.Path), ID: populationID(p.Name)}
	if p.Derived {
		file.Note = "computed from others"
	}
	return []Text{file, number(p.Rows), complete, plain(digest(p.SHA256))}
}

func populationID(name string) string { return "population-" + name }

// placeOf returns the ID of the row that describes a file of the archive: that of a
// population or of a document, and empty for another file.
func (b *builder) placeOf(file string) string {
	if i := slices.IndexFunc(b.r.Populations, func(p schema.PopulationResult) bool { return p.Path == file }); i >= 0 {
		return populationID(b.r.Populations[i].Name)
	}
	if i := slices.IndexFunc(b.r.Documents, func(d schema.DocumentResult) bool { return d.File != "" && "evidence/documents/"+d.File == file }); i >= 0 {
		return documentID(b.r.Documents[i])
	}
	return ""
}

// provenanceSources is how many sources are described at length.
const provenanceSources = 12

// provenance says who asked what, with which rights, and what was removed.
func (b *builder) provenance() []Section {
	out := []Section{flowing("provenance", "Provenance",
		lead("Made with %s from %s, %s put.", toolText(b.r.Tool), count(len(b.r.Sources), "source", "sources"), count(len(b.r.Queries), "query", "queries")))}
	if len(b.r.Sources) == 0 {
		out[0].Blocks = append(out[0].Blocks, body("No source was read."))
	}
	for i, s := range b.r.Sources {
		if i == provenanceSources {
			out[0].Blocks = append(out[0].Blocks, small("%d more sources are described in report.json.", len(b.r.Sources)-i))
			break
		}
		if s.Kind == schema.SourceImports {
			out = append(out, b.importSection(i))
			continue
		}
		out = append(out, b.sourceSection(i, s))
	}
	return out
}

func (b *builder) sourceSection(i int, s schema.Source) Section {
	outcomes := map[schema.Outcome]int{}
	pinned, lists, rows, inferred, asked := 0, 0, 0, 0, 0
	for _, q := range b.r.Queries {
		if q.Source != s.Name {
			continue
		}
		outcomes[q.Outcome]++
		asked++
		if inferredFrom(s, q) {
			inferred++
		}
		rows += q.Rows
		if q.ResourceVersion != "" {
			lists++
			if q.ResourceVersion == s.ResourceVersion {
				pinned++
			}
		}
	}
	facts := KeyValues{Columns: 3, Items: []KeyValue{
		{"Kind", kindText(s)},
		{"Location", plain(s.Location)},
		{"Server version", plain(s.ServerVersion)},
		{"UID of kube-system", plain(s.UID)},
		{"Read", plain(span(s))},
		{"Clock of the source", plain(offset(s))},
		{"One instant", instantText(s, pinned, lists)},
		{"Queries", plain(tally(outcomes, []schema.Outcome{schema.Complete, schema.Truncated, schema.Forbidden, schema.Failed, schema.Absent}))},
		{"Objects returned", number(rows)},
		{"Secrets", secretsText(s)},
		{"Collector", plain(s.Collector.Username)},
		{"Groups of the collector", plain(list(s.Collector.Groups, 6))},
	}}
	blocks := []Block{facts}
	if inferred > 0 {
		blocks = append(blocks, small("%s", inferredText(inferred, asked)))
	}
	if len(s.Collector.Rights) > 0 {
		blocks = append(blocks, heading("Rights of the collector"), small("%s", list(s.Collector.Rights, 24)))
	}
	blocks = append(blocks, heading("Removed before anything was stored"))
	if len(s.Redactions) == 0 {
		blocks = append(blocks, small("Nothing."))
	} else {
		var parts []string
		for _, r := range s.Redactions {
			parts = append(parts, r.Rule+": "+group(r.Count))
		}
		blocks = append(blocks, small("%s", strings.Join(parts, "; ")))
	}
	return Section{ID: fmt.Sprintf("source-%d", i+1), Title: s.Name, Level: 2, Blocks: blocks}
}

func kindText(s schema.Source) Text {
	if s.Kind == schema.SourceFiles {
		return Text{Value: "files", Note: "no server was asked"}
	}
	return plain(string(s.Kind))
}

// inferredFrom reports whether a query was answered by the absence of documents,
// which is an answer only because the plan calls the files complete. collect/files
// gives a reason with an answer of no rows in that case and no other.
func inferredFrom(s schema.Source, q schema.Query) bool {
	return s.Kind == schema.SourceFiles && q.Source == s.Name && !q.Gap() && q.Rows == 0 && q.Reason != ""
}

func inferredText(inferred, asked int) string {
	return fmt.Sprintf("To %s of %s the files hold no document. That counts as an answer on the word of the plan, which calls the files complete.",
		group(inferred), count(asked, "query", "queries"))
}

// filesLine says which sources are files and what rests on the plan's word for
// them; it is empty where all are clusters.
func (b *builder) filesLine() string {
	names, inferred, asked := b.fromFiles()
	if len(names) == 0 {
		return ""
	}
	line := fmt.Sprintf("The rows of %s come from files; no server was asked.", list(names, 6))
	if inferred > 0 {
		line += " " + inferredText(inferred, asked)
	}
	return line
}

// fromFiles returns the sources that are files, how many queries rest on the plan's
// word for them, and how many were put to them.
func (b *builder) fromFiles() (names []string, inferred, asked int) {
	for _, s := range b.r.Sources {
		if s.Kind != schema.SourceFiles {
			continue
		}
		names = append(names, s.Name)
		for _, q := range b.r.Queries {
			if q.Source == s.Name {
				asked++
			}
			if inferredFrom(s, q) {
				inferred++
			}
		}
	}
	return names, inferred, asked
}

func span(s schema.Source) string {
	if s.Started.IsZero() || s.Kind == schema.SourceFiles {
		return ""
	}
	return instant(s.Started) + ", " + s.Finished.Sub(s.Started).String()
}

func offset(s schema.Source) string {
	if s.Kind != schema.SourceCluster {
		return "not asked"
	}
	return fmt.Sprintf("%+.3f s from the collector's", float64(s.ClockOffsetMillis)/1000)
}

func instantText(s schema.Source, pinned, lists int) Text {
	if s.ResourceVersion == "" {
		return Text{Value: "not pinned", Tone: Muted}
	}
	return Text{Value: "resourceVersion " + s.ResourceVersion, Note: fmt.Sprintf("%d of %d lists answered for it", pinned, lists)}
}

func secretsText(s schema.Source) Text {
	t := s.SecretsTier
	if s.Kind == schema.SourceFiles && t != schema.SecretsNone {
		return Text{Value: string(t), Note: "values in the files were dropped as they were read"}
	}
	switch t {
	case schema.SecretsNone:
		return Text{Value: string(t), Note: "secrets were not asked for"}
	case schema.SecretsInventory:
		return Text{Value: string(t), Note: "names, types and ages; no value crossed the wire"}
	case schema.SecretsRotation:
		return Text{Value: string(t), Note: "metadata only; no value was asked for"}
	}
	return plain(string(t))
}
