package render

import (
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// cover says what this is, about whom, as of when, and on whose word.
func (b *builder) cover() []Section {
	p := b.r.Plan
	blocks := []Block{
		lead("%s", b.scope()),
		KeyValues{Items: []KeyValue{
			{"As of", Text{Value: instant(b.r.AsOf), Bold: true}},
			{"Period of records", plain(period(p))},
			{"Held against", plain(p.ControlTable)},
			{"Collected by", plain(b.collectors())},
			{"Made with", plain(toolText(b.r.Tool))},
			{"Signature", b.signature()},
		}},
	}
	if s := p.DocumentSigner; s != nil {
		blocks = append(blocks, KeyValues{Items: []KeyValue{{"PDF and workbook signed by", signer(*s)}}})
	}
	if p.Unsigned {
		blocks = append(blocks, Callout{Tone: Severe, Title: "UNSIGNED", Lines: b.texts.lines("cover", "Unsigned")})
	}
	if old := p.Supersedes; old != nil {
		blocks = append(blocks, Callout{Tone: Warn, Title: "Correction", Lines: []Text{
			plain("This audit pack corrects an earlier one and takes its place: " + old.Reason),
			plain("The earlier one has the digest " + old.SHA256 + "."),
		}})
	}
	if p.Demo {
		blocks = append(blocks, Callout{Tone: Warn, Title: "Demonstration", Lines: b.texts.lines("cover", "Demo")})
	}
	blocks = append(blocks, heading("Sources"), b.clusterTable())
	if files := b.filesLine(); files != "" {
		blocks = append(blocks, small("%s", files))
	}
	blocks = append(blocks, heading("What this document is"))
	blocks = append(blocks, b.texts.part("cover", "Is")...)
	blocks = append(blocks, heading("What it is not"))
	blocks = append(blocks, b.texts.part("cover", "Is not")...)
	return []Section{{ID: "cover", Title: b.organization(), Level: 1, Cover: true, Badge: Text{Value: "Audit pack"}, Blocks: blocks}}
}

func period(p schema.PlanFacts) string {
	if p.From.IsZero() || p.To.IsZero() {
		return ""
	}
	return "from " + schema.DateOf(p.From).String() + " (included) to " + schema.DateOf(p.To).String() + " (excluded), UTC"
}

func toolText(t schema.Tool) string {
	s := t.Name + " " + t.Version
	if t.Build != "" {
		s += ", build " + t.Build
	}
	return s
}

func (b *builder) signature() Text {
	switch {
	case b.r.Plan.Unsigned:
		return Text{Value: "UNSIGNED", Bold: true, Tone: Bad}
	case b.r.Plan.Demo:
		return Text{Value: "Signed with a key made for this demonstration", Link: "verify"}
	}
	return Text{Value: "Signed; see how to verify it", Link: "verify"}
}

// signer names whose certificate signs this file, and who vouches for it.
func signer(s schema.DocumentSigner) Text {
	vouches := "certificate issued by " + s.Issuer
	if s.Issuer == s.Subject {
		vouches = "a certificate that nobody else vouches for"
	}
	return Text{Value: s.Subject, Note: vouches + ", SHA-256 " + s.SHA256, Bold: true}
}

// collectors names who asked, each once, in the order of the sources.
func (b *builder) collectors() string {
	var names []string
	seen := map[string]bool{}
	for _, s := range b.r.Sources {
		if u := s.Collector.Username; u != "" && !seen[u] {
			seen[u] = true
			names = append(names, u)
		}
	}
	if len(names) == 0 && len(b.r.Sources) > 0 {
		return "read from files; no server was asked"
	}
	return strings.Join(names, ", ")
}

// coverClusters is how many clusters the cover lists; provenance has all.
const coverClusters = 8

func (b *builder) clusterTable() Block {
	t := Table{
		Columns: []Column{
			{Title: "Source", Width: 30}, {Title: "Environment", Width: 20}, {Title: "Version", Width: 24},
			{Title: "Identity (UID of kube-system)", Width: 52}, {Title: "Read until", Width: 30},
		},
		Dense: true,
		Empty: "No cluster was read.",
	}
	environments := map[string]string{}
	for _, c := range b.s.Evidence.Clusters {
		environments[c.Name] = c.Environment
	}
	for i, s := range b.r.Sources {
		if i == coverClusters {
			rest := count(len(b.r.Sources)-i, "more source", "more sources")
			t.Rows = append(t.Rows, []Text{{Value: rest, Link: "provenance"}, {}, {}, {}, {}})
			break
		}
		t.Rows = append(t.Rows, []Text{
			{Value: s.Name, Note: sourceNote(s), Bold: true}, plain(environments[s.Name]), plain(s.ServerVersion), plain(s.UID), plain(readUntil(s)),
		})
	}
	return t
}

// readUntil is empty for files, which carry the time of the plan and none of their own.
func readUntil(s schema.Source) string {
	if s.Kind == schema.SourceFiles || s.Kind == schema.SourceImports {
		return ""
	}
	return instant(s.Finished)
}

func sourceNote(s schema.Source) string {
	if s.Kind == schema.SourceCluster {
		return ""
	}
	if s.Kind == schema.SourceImports {
		return "files of other tools: " + s.Location
	}
	return "from " + string(s.Kind) + ": " + s.Location
}
