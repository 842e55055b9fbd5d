package render

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// The page has room for so many threads that end somewhere.
const tracesShown = 7

// linkNames are the links of a trace in their order, in the words of the page.
var linkNames = []struct {
	link schema.LinkName
	name string
}{
	{schema.LinkDigest, "Running digest"},
	{schema.LinkProvenance, "Provenance"},
	{schema.LinkCommit, "Commit"},
	{schema.LinkChange, "Merged change"},
	{schema.LinkApproval, "Independent approval"},
	{schema.LinkDeployment, "Approval to deploy"},
	{schema.LinkRevision, "Deployed revision"},
	{schema.LinkObject, "Declared object"},
}

var traceTones = map[schema.TraceState]Tone{
	schema.TraceUnbroken: Good, schema.TraceBroken: Bad, schema.TraceNotSeen: Unknown,
}

var linkTones = map[schema.LinkState]Tone{
	schema.LinkMade: Good, schema.LinkBroken: Bad, schema.LinkNotSeen: Unknown,
}

func linkName(l schema.LinkName) string {
	for _, n := range linkNames {
		if n.link == l {
			return n.name
		}
	}
	return string(l)
}

// traceability is the page that leads what runs back to who approved it.
func (b *builder) traceability() []Section {
	c := b.r.Summary.Traces
	if c.All() == 0 {
		return []Section{chapter("traceability", "Traceability", body("No workload of production was seen, so there is nothing to trace."))}
	}
	blocks := []Block{
		lead("%s", tracedLine(c)),
		Figures{Items: []Figure{
			{Number: group(c.Unbroken), Label: "unbroken: every link was found", Tone: Good},
			{Number: group(c.Broken), Label: "broken: a link is known to be missing", Tone: badIf(c.Broken > 0)},
			{Number: group(c.NotSeen), Label: "not seen: a link was not collected", Tone: warnIf(c.NotSeen > 0)},
		}},
		b.linkBars(),
		heading("Where the other threads end first"),
	}
	blocks = append(blocks, b.shown(b.traceTable(), tracesShown, "traces")...)
	blocks = append(blocks, b.unbrokenExample()...)
	return []Section{chapter("traceability", "Traceability", blocks...)}
}

// tracedLine says the share in one sentence.
func tracedLine(c schema.TraceCounts) string {
	return fmt.Sprintf("%s of %s of production (%d %%) can be led back, by an unbroken thread, from what runs to an approved change.",
		group(c.Unbroken), count(c.All(), "workload", "workloads"), 100*c.Unbroken/c.All())
}

// linkBars shows how far the threads hold, link by link.
func (b *builder) linkBars() Bars {
	states := []schema.LinkState{schema.LinkMade, schema.LinkBroken, schema.LinkNotSeen}
	var bars Bars
	for _, s := range states {
		bars.Legend = append(bars.Legend, Text{Value: words(string(s)), Tone: linkTones[s]})
	}
	for i, n := range linkNames {
		parts := make([]int, len(states))
		for _, t := range b.r.Derived.Traces {
			for j, s := range states {
				if linkOf(t, n.link).State == s {
					parts[j]++
				}
			}
		}
		bars.Lines = append(bars.Lines, BarLine{Label: fmt.Sprintf("%d%s%s", i+1, wide, n.name), Parts: parts})
	}
	return bars
}

func linkOf(t schema.Trace, name schema.LinkName) schema.TraceLink {
	for _, l := range t.Links {
		if l.Name == name {
			return l
		}
	}
	return schema.TraceLink{Name: name, State: schema.LinkNotSeen}
}

// traceTable lists the threads that are not whole, the broken ones first.
func (b *builder) traceTable() Table {
	t := Table{
		Columns: []Column{{Title: "Workload", Width: 52}, {Title: "Thread", Width: 20, Kind: StatusCell}, {Title: "First link", Width: 30}, {Title: "Why", Width: 68}},
		Dense:   true,
		Empty:   "Every thread is whole.",
	}
	for _, state := range []schema.TraceState{schema.TraceBroken, schema.TraceNotSeen} {
		for _, x := range b.r.Derived.Traces {
			if x.State == state {
				t.Rows = append(t.Rows, []Text{
					{Value: x.Kind + " " + x.Namespace + "/" + x.Name, Note: strings.TrimPrefix(x.Owner+", ", ", ") + x.Cluster},
					{Value: words(string(x.State)), Tone: traceTones[x.State]}, plain(linkName(x.First)), plain(shorten(sentence(x.Reason), 150)),
				})
			}
		}
	}
	return t
}

// unbrokenExample shows one whole thread, so that a reader sees what each link rests on.
func (b *builder) unbrokenExample() []Block {
	for _, t := range b.r.Derived.Traces {
		if t.State != schema.TraceUnbroken {
			continue
		}
		table := Table{Columns: []Column{{Title: "Link", Width: 30}, {Title: "Leads to", Width: 56}, {Title: "Known by", Width: 84}}, Dense: true}
		for _, n := range linkNames {
			l := linkOf(t, n.link)
			table.Rows = append(table.Rows, []Text{{Value: n.name, Bold: true}, plain(shorten(l.Value, 80)), plain(shorten(l.Evidence, 160))})
		}
		return []Block{heading("One of the unbroken threads: " + t.Kind + " " + t.Namespace + "/" + t.Name), table}
	}
	return nil
}

// tracesSheet shows every thread with all of its links, and by what each is known.
func (b *builder) tracesSheet(s Sheet, x *crossings, p schema.Population) Sheet {
	drawn := b.drawOf(p.Name)
	s.Columns = append(s.Columns, textColumn("Cluster", 14), textColumn("Namespace", 20), textColumn("Kind", 14), textColumn("Name", 24), textColumn("Owner", 18),
		statusColumn("Thread", 12, traceTexts), textColumn("First link", 20), textColumn("Why", 60))
	for i, n := range linkNames {
		s.Columns = append(s.Columns, statusColumn(fmt.Sprintf("%d %s", i+1, n.name), 14, linkTexts), textColumn("Leads to", 28), textColumn("Known by", 48))
	}
	s.Rows = func(yield func([]Cell) bool) {
		for i, t := range b.r.Derived.Traces {
			first := ""
			if t.First != "" {
				first = linkName(t.First)
			}
			cells := append(b.rowCells(x, p.Name, i+1, drawn), t.Cluster, t.Namespace, t.Kind, t.Name, t.Owner, traceText(t.State), first, t.Reason)
			for _, n := range linkNames {
				l := linkOf(t, n.link)
				cells = append(cells, linkStateText(l.State), l.Value, l.Evidence)
			}
			if !yield(cells) {
				return
			}
		}
	}
	return s
}

var (
	traceText     = wordText(traceTones)
	linkStateText = wordText(linkTones)
	traceTexts    = textsOf(traceTones, traceText)
	linkTexts     = textsOf(linkTones, linkStateText)
)
