package render

import (
	"fmt"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// summary is the page for a reader who has one minute.
func (b *builder) summary() []Section {
	return []Section{chapter("summary", "Summary",
		b.headlineFigures(),
		b.statusBars(),
		heading("The eight questions"),
		b.questionTable(),
		heading("What changed, and what to know before relying on this"),
		b.attention(),
	)}
}

func (b *builder) headlineFigures() Figures {
	s := b.r.Summary
	serious := s.FindingsBySeverity[schema.Critical] + s.FindingsBySeverity[schema.High]
	without := withoutResult(b.r.Checks)
	late, lateLabel := b.lateReviews()
	found := "open findings, critical or high"
	if n := len(b.r.PartlySeen); n > 0 {
		found += "; " + group(n) + " more seen in part"
	}
	return Figures{Items: []Figure{
		{Number: group(s.ControlsByStatus[schema.Implemented]), Label: "of " + count(len(b.r.Controls), "control", "controls") + " implemented", Tone: Plain, Link: "map"},
		{Number: group(serious), Label: found, Tone: badIf(serious > 0), Link: "findings"},
		{Number: group(without), Label: "of " + count(len(b.r.Checks), "check", "checks") + " without a result", Tone: warnIf(without > 0), Link: "unseen"},
		{Number: group(s.Traces.Unbroken), Label: "of " + count(s.Traces.All(), "production workload", "production workloads") + " traced", Tone: warnIf(s.Traces.Broken > 0), Link: "traceability"},
		{Number: group(s.Gaps), Label: "queries not answered", Tone: warnIf(s.Gaps > 0), Link: "unseen"},
		{Number: group(late), Label: lateLabel, Tone: warnIf(late > 0), Link: "reviews"},
		{Number: group(s.OpenExceptions), Label: "exceptions, and " + group(s.ExpiredExceptions) + " expired", Tone: warnIf(s.ExpiredExceptions > 0), Link: "exceptions"},
	}}
}

// lateReviews counts the controls that nobody reviewed in time, and says how many of
// them nobody ever reviewed.
func (b *builder) lateReviews() (int, string) {
	overdue, never := len(b.inReview(schema.ReviewOverdue)), len(b.inReview(schema.ReviewNever))
	if never == 0 {
		return overdue, "reviews overdue"
	}
	return overdue + never, fmt.Sprintf("not reviewed: %s overdue, %s never", group(overdue), group(never))
}

// inReview returns the applicable controls whose review stands so.
func (b *builder) inReview(n schema.ReviewNote) []string {
	var ids []string
	for _, c := range b.r.Controls {
		if c.Review == n && c.Status != schema.NotApplicable {
			ids = append(ids, c.ID)
		}
	}
	return ids
}

func badIf(v bool) Tone {
	if v {
		return Bad
	}
	return Plain
}

func warnIf(v bool) Tone {
	if v {
		return Warn
	}
	return Plain
}

// statusBars shows the controls of each area by status.
func (b *builder) statusBars() Bars {
	var bars Bars
	for _, s := range statuses {
		bars.Legend = append(bars.Legend, Text{Value: words(string(s)), Tone: statusTones[s]})
	}
	for _, a := range b.areas {
		parts := make([]int, len(statuses))
		for _, c := range a.controls {
			for i, s := range statuses {
				if c.Status == s {
					parts[i]++
				}
			}
		}
		bars.Lines = append(bars.Lines, BarLine{Label: a.id + wide + a.name, Parts: parts})
	}
	return bars
}

func (b *builder) questionTable() Table {
	t := Table{
		Columns: []Column{{Title: "", Width: 9}, {Title: "Question and answer", Width: 122}, {Title: "Number", Width: 39}},
		Empty:   "The report has no questions.",
	}
	for _, q := range b.r.Questions {
		n := Text{Value: shorten(q.Number, 90), Bold: true}
		if q.Number == string(schema.ResultNotCollected) || q.Number == "not collected" {
			n = Text{Value: "not collected", Tone: Unknown}
		}
		t.Rows = append(t.Rows, []Text{linked(q.ID), {Value: q.Text, Note: shorten(q.Answer, 225), Bold: true}, n})
	}
	return t
}

// attention says what a careful reader asks first.
func (b *builder) attention() Block {
	items := []KeyValue{
		{"Since the pack before", b.sincePrevious()},
		{"Since the last sign-offs", b.sinceSignOffs()},
		{"Checks without result", Text{Value: b.resultLine()}},
	}
	if len(b.r.PartlySeen) > 0 {
		items = append(items, KeyValue{"Seen in part", Text{Value: b.partlySeenLine(), Tone: Bad, Link: "unseen"}})
	}
	return KeyValues{Items: append(items,
		KeyValue{"Queries not answered", b.gapLine()},
		KeyValue{"Reviews", b.overdueLine()},
		KeyValue{"Exceptions", b.exceptionLine()},
	)}
}

func (b *builder) gapLine() Text {
	if len(b.gaps) == 0 {
		return Text{Value: b.noGaps()}
	}
	var items []string
	for _, g := range b.gaps {
		items = append(items, fmt.Sprintf("%s in %s (%s)", shortResource(g.resource), list(g.sources, 2), g.outcome))
	}
	return Text{Value: list(items, 3) + "."}
}

func (b *builder) overdueLine() Text {
	var parts []string
	for _, state := range []struct {
		note schema.ReviewNote
		text string
	}{{schema.ReviewOverdue, "overdue: "}, {schema.ReviewNever, "never reviewed: "}, {schema.ReviewDue, "due soon: "}} {
		if ids := b.inReview(state.note); len(ids) > 0 {
			parts = append(parts, state.text+list(ids, 8))
		}
	}
	switch {
	case len(b.r.Controls) == 0:
		return Text{Value: "There are no controls."}
	case len(parts) == 0:
		return Text{Value: "Every control was reviewed on time."}
	}
	return Text{Value: upperFirst(strings.Join(parts, "; ")) + "."}
}

// soon is the number of days within which an exception counts as expiring.
const soon = 30

func (b *builder) exceptionLine() Text {
	today := schema.DateOf(b.r.AsOf)
	var expiring, expired, invalid []string
	var first schema.Date // on which one ends
	for _, e := range b.r.Exceptions {
		switch {
		case e.State == schema.ExceptionExpired:
			expired = append(expired, e.ID)
		case e.State == schema.ExceptionInvalid:
			invalid = append(invalid, e.ID)
		case e.State == schema.ExceptionValid && today.DaysUntil(e.ExpiresOn) <= soon:
			expiring = append(expiring, e.ID)
			if first.IsZero() || e.ExpiresOn.Before(first) {
				first = e.ExpiresOn
			}
		}
	}
	var parts []string
	if len(expired) > 0 {
		parts = append(parts, "expired and no longer counted: "+list(expired, 4))
	}
	if len(expiring) > 0 {
		parts = append(parts, "ending soon: "+list(expiring, 4)+", the first on "+first.String())
	}
	if len(invalid) > 0 {
		parts = append(parts, "against the rules of the register and not counted: "+list(invalid, 4))
	}
	switch {
	case len(b.r.Exceptions) == 0:
		return Text{Value: "None is registered."}
	case len(parts) == 0:
		return Text{Value: fmt.Sprintf("None has expired, and none ends within %d days.", soon)}
	}
	return Text{Value: upperFirst(strings.Join(parts, "; ")) + "."}
}

func upperFirst(s string) string {
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}
