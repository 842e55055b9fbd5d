package html

import (
	"html/template"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/render"
)

// functions are what the templates call.
var functions = template.FuncMap{
	"visible":  render.Visible,
	"kind":     kind,
	"at":       func(block any, level int) placed { return placed{block, level} },
	"add":      func(a, b int) int { return a + b },
	"tone":     toneClass,
	"status":   func(t render.Text) string { s, _, _ := strings.Cut(t.Value, ","); return s },
	"whole":    whole,
	"bars":     drawBars,
	"lead":     lead,
	"rest":     rest,
	"none":     func(t render.Text) bool { return t.Value == "" || t.Value == "–" },
	"column":   func(t render.Table, i int) render.Column { return t.Columns[i] },
	"isStatus": func(c render.Column) bool { return c.Kind == render.StatusCell },
	"isNumber": func(c render.Column) bool { return c.Kind == render.NumberCell },
}

// A section with its parts inside.
type section struct {
	render.Section
	Parts []section
}

// nest puts sections into those before them that have a lower level.
func nest(flat []render.Section) []section {
	var out []section
	for i := 0; i < len(flat); {
		end := i + 1
		for end < len(flat) && flat[end].Level > flat[i].Level {
			end++
		}
		out = append(out, section{flat[i], nest(flat[i+1 : end])})
		i = end
	}
	return out
}

// listChapters puts a list of the chapters, with a link to each, in the place of
// the block that asks for one.
func listChapters(chapters []section) {
	for i := range chapters {
		at := slices.IndexFunc(chapters[i].Blocks, func(b render.Block) bool { _, is := b.(render.Contents); return is })
		if at < 0 {
			continue
		}
		var list []render.Block
		for _, c := range chapters {
			list = append(list, render.Paragraph{Style: render.Item, Text: render.Text{Value: c.Title, Link: c.ID}})
		}
		blocks := chapters[i].Blocks
		chapters[i].Blocks = slices.Concat(blocks[:at], list, blocks[at+1:])
	}
}

// Folded reports whether the section opens when it is asked for: there are many
// of them, one for each control.
func (s section) Folded() bool { return s.Level >= 3 }

// Findings reports whether the section is the one that the script draws.
func (s section) Findings() bool { return s.ID == render.FindingsID && s.Level == 1 }

// HasFolds reports whether parts of the section are folded, so that they can be filtered.
func (s section) HasFolds() bool {
	return s.Folded() || slices.ContainsFunc(s.Parts, section.HasFolds)
}

// A placed block knows the level of the section that it stands in.
type placed struct {
	Block any
	Level int
}

// kind names the template that draws a block.
func kind(block any) string {
	switch b := block.(type) {
	case render.Paragraph:
		return string(b.Style)
	case render.KeyValues:
		return "pairs"
	case render.Table:
		return "table"
	case render.Bars:
		return "bars"
	case render.Figures:
		return "figures"
	case render.Callout:
		return "callout"
	}
	return ""
}

func toneClass(t render.Tone) string {
	if t == render.Plain {
		return "plain"
	}
	return string(t)
}

// whole reports whether a value is short enough to stand on one line, such as a
// date or an id, in which a browser would break at the hyphens.
func whole(s string) bool { return len(s) <= 16 && !strings.ContainsAny(s, " \u2003") }

// lead and rest part the findings' chapter into its first paragraph, which stands
// above the script's list, and what is shown in the place of that list without it.
func lead(s section) []render.Block {
	return s.Blocks[:min(1, len(s.Blocks))]
}

func rest(s section) []render.Block {
	return s.Blocks[min(1, len(s.Blocks)):]
}

// barWidth is the width of the longest bar in units of its drawing.
const barWidth = 240

type barLine struct {
	Label    string
	Segments []segment
	Parts    []int
}

type segment struct {
	X, Width int
	Tone     render.Tone
}

func drawBars(b render.Bars) []barLine {
	longest := 1
	for _, l := range b.Lines {
		longest = max(longest, sum(l.Parts))
	}
	var out []barLine
	for _, l := range b.Lines {
		line := barLine{Label: l.Label, Parts: l.Parts}
		before := 0
		for i, n := range l.Parts {
			from, to := before*barWidth/longest, (before+n)*barWidth/longest
			if n > 0 {
				line.Segments = append(line.Segments, segment{from, to - from, b.Legend[i].Tone})
			}
			before += n
		}
		out = append(out, line)
	}
	return out
}

func sum(numbers []int) int {
	total := 0
	for _, n := range numbers {
		total += n
	}
	return total
}
