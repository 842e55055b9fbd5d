package render

import (
	"cmp"
	"fmt"
	"io/fs"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// BuildExtract lays out a report that has the fields of class public and no others,
// as schema.MarshalFor leaves them. It decides nothing about what may be shown: it
// has chapters for what is there. The texts are those of Build.
func BuildExtract(r *schema.Report, t fs.FS) (*Document, error) {
	prose, err := readTexts(t)
	if err != nil {
		return nil, err
	}
	part := *r
	part.Plan.Scope = cmp.Or(r.Plan.Scope, "Kubernetes platform") // in a whole report the names of clusters stand in
	b := newBuilder(&part, &schema.Snapshot{}, prose)
	d := &Document{
		Title:    "Audit pack for customers: " + b.organization(),
		Subject:  b.scope(),
		Language: "en",
		Created:  r.AsOf.UTC(),
		Header:   fmt.Sprintf("%s  ·  as of %s", b.scope(), instant(r.AsOf)),
		Footer:   fmt.Sprintf("Extract of audit pack %s  ·  %s %s", r.Plan.Name, r.Tool.Name, r.Tool.Version),
	}
	for _, chapter := range []func() []Section{
		b.extractCover, b.extractSummary, b.extractReading, b.extractMap, b.responsibilities, b.customerDuties, b.extractControls, b.extractVerify,
	} {
		d.Sections = append(d.Sections, chapter()...)
	}
	d.Overview, d.Sheets = b.extractOverview(), b.extractSheets()
	return d, nil
}

// extractCover says what this is, a part of which bundle, about whom, and as of when.
func (b *builder) extractCover() []Section {
	p := b.r.Plan
	blocks := []Block{
		lead("%s", b.scope()),
		KeyValues{Items: []KeyValue{
			{"As of", Text{Value: instant(b.r.AsOf), Bold: true}},
			{"Period of records", plain(period(p))},
			{"Held against", plain(p.ControlTable)},
			{"Extract of", b.extractOf()},
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
			plain("The audit pack that this is an extract of corrects an earlier one, with the digest " + old.SHA256 + ". This extract takes the place of the one of that."),
		}})
	}
	if p.Demo {
		blocks = append(blocks, Callout{Tone: Warn, Title: "Demonstration", Lines: b.texts.lines("cover", "Demo")})
	}
	blocks = append(blocks, heading("What this document is"))
	blocks = append(blocks, b.texts.part("extract", "Is")...)
	blocks = append(blocks, heading("What it is not"))
	blocks = append(blocks, b.texts.part("extract", "Is not")...)
	return []Section{{ID: "cover", Title: b.organization(), Level: 1, Cover: true, Badge: Text{Value: "Audit pack, extract for customers"}, Blocks: blocks}}
}

// extractOf names the bundle that has the whole.
func (b *builder) extractOf() Text {
	if b.r.ExtractOf == nil {
		return plain("")
	}
	return Text{Value: "the audit pack with the digest " + b.r.ExtractOf.SHA256}
}

// extractSummary is the page for a reader who has one minute.
func (b *builder) extractSummary() []Section {
	figures := Figures{}
	for _, s := range statuses {
		label := words(string(s))
		if s == schema.Implemented {
			label = "of " + count(len(b.r.Controls), "control", "controls") + " implemented"
		}
		figures.Items = append(figures.Items, Figure{Number: group(b.r.Summary.ControlsByStatus[s]), Label: label, Link: "map"})
	}
	return []Section{chapter("summary", "Summary", figures, b.statusBars(), heading("Eight questions that customers ask"), b.extractQuestions())}
}

// extractQuestions answers with the statuses of the controls that are behind each question.
func (b *builder) extractQuestions() Table {
	t := Table{
		Columns: []Column{{Title: "", Width: 9}, {Title: "Question", Width: 88}, {Title: "Controls behind the answer", Width: 73}},
		Empty:   "The report has no questions.",
	}
	for _, q := range b.r.Questions {
		t.Rows = append(t.Rows, []Text{{Value: q.ID}, {Value: q.Text, Bold: true}, {Value: b.statusesOf(q), Note: strings.Join(q.Controls, ", ")}})
	}
	return t
}

func (b *builder) statusesOf(q schema.Question) string {
	counts := map[schema.Status]int{}
	for _, id := range q.Controls {
		if c, ok := b.control[id]; ok {
			counts[c.Status]++
		}
	}
	return tally(counts, statuses)
}

func (b *builder) extractReading() []Section {
	blocks := []Block{heading("Chapters"), Contents{}}
	return []Section{chapter("reading", "Contents, and how to read this", append(blocks, b.texts.part("extract", "Reading")...)...)}
}

// extractMap is the whole control table, one line a control.
func (b *builder) extractMap() []Section {
	t := Table{
		Columns: []Column{
			{Title: "Id", Width: 15}, {Title: "Control", Width: 63}, {Title: "Status", Width: 26, Kind: StatusCell}, {Title: "Design", Width: 18},
			{Title: "Operation", Width: 20}, {Title: "Last review", Width: 19}, {Title: "Next review", Width: 19},
		},
		Dense: true,
		Empty: "The control table is empty.",
	}
	for _, c := range b.r.Controls {
		t.Rows = append(t.Rows, []Text{
			linked(c.ID), plain(c.Title), statusText(c), designText(c.Design), operationText(c), date(c.LastReview), nextReview(c),
		})
	}
	return []Section{flowing("map", "Control map", lead("%s of %s, each with its status and reviews.", count(len(b.r.Controls), "control", "controls"), b.r.Plan.ControlTable), t)}
}

// customerDuties lists what customers themselves have to do. There is no such
// chapter where nothing is asked of them.
func (b *builder) customerDuties() []Section {
	t := Table{Columns: []Column{{Title: "Id", Width: 15}, {Title: "Control", Width: 60}, {Title: "What customers do", Width: 105}}, Dense: true}
	for _, c := range b.r.Controls {
		for _, duty := range c.CustomerDuties {
			t.Rows = append(t.Rows, []Text{linked(c.ID), plain(c.Title), plain(duty)})
		}
	}
	if len(t.Rows) == 0 {
		return nil
	}
	return []Section{flowing("duties", "What customers do themselves", lead("These controls work for a customer together with what the customer does."), t)}
}

// extractControls shows each control by itself.
func (b *builder) extractControls() []Section {
	out := []Section{flowing("controls", "Controls one by one", lead("Each control with the risk that it deals with, how it works, and which clauses of standards it refers to."))}
	for _, a := range b.areas {
		out = append(out, Section{ID: "area-" + a.id, Title: strings.TrimSpace(a.id + wide + a.name), Level: 2})
		for _, c := range a.controls {
			out = append(out, b.extractControl(c))
		}
	}
	return out
}

func (b *builder) extractControl(c schema.ControlResult) Section {
	blocks := []Block{
		b.controlSentences(c),
		KeyValues{Columns: 5, Items: []KeyValue{
			{"Responsible", plain(parties(c.Responsibility))},
			{"Layer", plain(strings.Join(c.Layers, ", "))},
			{"Review", reviewFacts(c)},
			{"Design", designText(c.Design)},
			{"Operation", operationText(c)},
		}},
	}
	for _, duty := range c.CustomerDuties {
		blocks = append(blocks, body("Customers: %s", duty))
	}
	blocks = append(blocks, small("%s", b.references(c.References)))
	for _, n := range c.Notes {
		blocks = append(blocks, small("Note: %s", n))
	}
	return Section{ID: c.ID, Title: c.ID + wide + c.Title, Level: 3, Badge: statusLine(c), Blocks: blocks}
}

func (b *builder) extractVerify() []Section {
	part := "Signed"
	if b.r.Plan.Unsigned {
		part = "Unsigned"
	}
	return []Section{flowing("verify", "How to verify this extract", slices.Concat(b.texts.part("extract", part), b.texts.part("extract", "Whole"))...)}
}
