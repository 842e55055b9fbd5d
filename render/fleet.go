package render

import (
	"cmp"
	"fmt"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// BuildFleet lays out what the bundles of many platforms say together. Like Build
// it is a pure function.
func BuildFleet(r *schema.FleetReport) *Document {
	f := fleet{r}
	d := &Document{
		Title: "Fleet report: " + f.name(), Subject: f.subject(), Language: "en", Created: r.AsOf.UTC(),
		Header: fmt.Sprintf("%s  ·  as of %s", f.subject(), instant(r.AsOf)),
		Footer: fmt.Sprintf("Fleet report %s  ·  %s %s", r.Plan.Name, r.Tool.Name, r.Tool.Version),
	}
	for _, chapter := range []func() Section{f.cover, f.platforms, f.controls, f.trend, f.histories, f.refused} {
		d.Sections = append(d.Sections, chapter())
	}
	d.Sheets = []Sheet{f.matrixSheet(), f.platformSheet(), f.bundleSheet(), f.changeSheet(), f.daySheet()}
	return d
}

type fleet struct{ *schema.FleetReport }

func (f fleet) name() string { return cmp.Or(f.Plan.Organization, f.Plan.Name) }

func (f fleet) subject() string {
	return fmt.Sprintf("%s, %s", count(len(f.Platforms), "platform", "platforms"), count(f.bundles(), "bundle", "bundles"))
}

func (f fleet) bundles() int {
	n := 0
	for _, p := range f.Platforms {
		n += len(p.Bundles)
	}
	return n
}

func (f fleet) missing() int {
	n := 0
	for _, p := range f.Platforms {
		if !p.MissingSince.IsZero() {
			n++
		}
	}
	return n
}

// cover says what was put together, and what a reader must know first.
func (f fleet) cover() Section {
	severe, implemented, controls := 0, 0, 0
	for _, p := range f.Platforms {
		severe += p.FindingsBySeverity[schema.Critical] + p.FindingsBySeverity[schema.High]
		implemented += p.ControlsByStatus[schema.Implemented]
		controls += sum(p.ControlsByStatus)
	}
	blocks := []Block{
		lead("What the newest bundles of %s say, and what those before them said.", count(len(f.Platforms), "platform", "platforms")),
		KeyValues{Items: []KeyValue{
			{"As of", Text{Value: instant(f.AsOf), Bold: true}},
			{"Bundles", plain(fmt.Sprintf("%s verified, %d refused", count(f.bundles(), "bundle", "bundles"), len(f.Refused)))},
			{"Missing means", plain(fmt.Sprintf("no bundle for more than %s", count(f.ExpectedHours, "hour", "hours")))},
			{"Made with", plain(toolText(f.Tool))},
		}},
		Figures{Items: []Figure{
			{Number: group(f.missing()), Label: "of " + count(len(f.Platforms), "platform", "platforms") + " missing", Tone: badIf(f.missing() > 0), Link: "platforms"},
			{Number: group(implemented), Label: "of " + count(controls, "control", "controls") + " implemented, over all platforms", Link: "controls"},
			{Number: group(severe), Label: "open findings, critical or high", Tone: badIf(severe > 0), Link: "platforms"},
			{Number: group(len(f.Refused)), Label: "bundles refused", Tone: badIf(len(f.Refused) > 0), Link: "refused"},
		}},
	}
	if f.Plan.Unsigned {
		blocks = append(blocks, Callout{Tone: Severe, Title: "UNSIGNED", Lines: []Text{plain("Nothing proves who made this file or that it is unchanged.")}})
	}
	verified := "each verified to its last byte"
	if f.ReportsOnly {
		verified = "each verified against the signature of its bundle; the evidence of bundles in a store was not read, and verify checks it"
	}
	blocks = append(blocks, small("Made from the reports in the bundles, %s. The evidence is in the bundles, whose digests are in sheet \"Bundles\" of the workbook.", verified))
	return Section{ID: "cover", Title: f.name(), Level: 1, Cover: true, Badge: Text{Value: "Fleet report"}, Blocks: blocks}
}

// platforms is the table that a lead looks at: worst first.
func (f fleet) platforms() Section {
	t := Table{Empty: "There is no platform.", Columns: []Column{
		{Title: "Platform", Width: 52}, {Title: "Newest bundle", Width: 30}, {Title: "Implemented", Width: 20, Kind: NumberCell}, {Title: "Partial", Width: 14, Kind: NumberCell},
		{Title: "Not impl.", Width: 16, Kind: NumberCell}, {Title: "Critical", Width: 15, Kind: NumberCell}, {Title: "High", Width: 12, Kind: NumberCell}, {Title: "Gaps", Width: 12, Kind: NumberCell},
	}}
	var bars Bars
	for _, s := range statuses {
		bars.Legend = append(bars.Legend, Text{Value: words(string(s)), Tone: statusTones[s]})
	}
	for i, p := range f.Platforms {
		newest := plain(instant(p.Bundles[len(p.Bundles)-1].AsOf))
		if !p.MissingSince.IsZero() {
			newest.Tone, newest.Note = Bad, "missing since "+instant(p.MissingSince)
		}
		t.Rows = append(t.Rows, []Text{
			{Value: p.Plan, Note: list(p.Clusters, 4), Bold: true}, newest, number(p.ControlsByStatus[schema.Implemented]), number(p.ControlsByStatus[schema.Partial]),
			number(p.ControlsByStatus[schema.NotImplemented]), number(p.FindingsBySeverity[schema.Critical]), number(p.FindingsBySeverity[schema.High]), number(p.Gaps),
		})
		if i < shownBars {
			parts := make([]int, len(statuses))
			for j, s := range statuses {
				parts[j] = p.ControlsByStatus[s]
			}
			bars.Lines = append(bars.Lines, BarLine{Label: shorten(p.Plan, 28), Parts: parts})
		}
	}
	blocks := []Block{lead("Missing platforms first, then those with most controls that are not implemented.")}
	if len(bars.Lines) > 0 {
		blocks = append(blocks, bars)
	}
	return chapter("platforms", "Platforms, worst first", append(blocks, t)...)
}

// shownBars is how many platforms the chart has.
const shownBars = 20

// controls shows where a control is missing that most others have.
func (f fleet) controls() Section {
	t := Table{Dense: true, Empty: "There is no control.", Columns: []Column{{Title: "Control", Width: 66}, {Title: "Impl.", Width: 11, Kind: NumberCell}, {Title: "Partial", Width: 12, Kind: NumberCell},
		{Title: "Not", Width: 10, Kind: NumberCell}, {Title: "Review", Width: 13, Kind: NumberCell}, {Title: "Outliers", Width: 58}}}
	for _, c := range f.Controls {
		t.Rows = append(t.Rows, []Text{
			{Value: c.ID + wide + c.Title}, number(c.ByStatus[schema.Implemented]), number(c.ByStatus[schema.Partial]), number(c.ByStatus[schema.NotImplemented]),
			number(c.ByStatus[schema.NeedsReview]), {Value: cmp.Or(list(c.Outliers, 5), none), Tone: warnIf(len(c.Outliers) > 0)},
		})
	}
	return chapter("controls", "Controls over all platforms", lead("How many platforms have each status. An outlier has not implemented what more than half of the others have."), t)
}

// trend shows the last days on which there was a bundle.
func (f fleet) trend() Section {
	t := Table{Empty: "There is no bundle.", Columns: []Column{{Title: "Day", Width: 30}, {Title: "Platforms", Width: 25, Kind: NumberCell}, {Title: "Controls implemented", Width: 45, Kind: NumberCell},
		{Title: "Of", Width: 20, Kind: NumberCell}, {Title: "Critical findings", Width: 25, Kind: NumberCell}, {Title: "High findings", Width: 25, Kind: NumberCell}}}
	days := f.Days[max(0, len(f.Days)-shownDays):]
	for _, d := range days {
		t.Rows = append(t.Rows, []Text{date(d.Day), number(d.Platforms), number(d.Implemented), number(d.Controls), number(d.Critical), number(d.High)})
	}
	note := "Each platform counts by its newest bundle up to that day."
	if len(f.Days) > len(days) {
		note += fmt.Sprintf(" These are the last %d of %s; the workbook has all.", len(days), count(len(f.Days), "day", "days"))
	}
	return flowing("trend", "How it went", lead("%s", note), t)
}

// shownDays is how many days the report has; the workbook has all.
const shownDays = 40

// histories says what the series of each platform shows.
func (f fleet) histories() Section {
	t := Table{Dense: true, Empty: "There is no platform.", Columns: []Column{{Title: "Platform", Width: 40}, {Title: "Bundles", Width: 30}, {Title: "Mean age of open findings", Width: 26}, {Title: "Closed", Width: 14, Kind: NumberCell},
		{Title: "Mean time to close", Width: 22}, {Title: "Flapping controls, and stretches without a bundle", Width: 42}}}
	for _, p := range f.Platforms {
		h := p.History
		span := count(len(p.Bundles), "bundle", "bundles")
		t.Rows = append(t.Rows, []Text{
			{Value: p.Plan, Bold: true},
			{Value: span, Note: p.Bundles[0].AsOf.Format(time.DateOnly) + " to " + p.Bundles[len(p.Bundles)-1].AsOf.Format(time.DateOnly)},
			plain(days(h.MeanAgeDays)), number(h.Closed), plain(days(h.MeanDaysToClose)),
			{Value: cmp.Or(list(h.Flapping, 6), none), Note: strings.Join(short(h.Silences, 3), ", "), Tone: warnIf(len(h.Flapping)+len(h.Silences) > 0)},
		})
	}
	return flowing("history", "What each series shows", lead("The bundles are the population from which an auditor samples: sheet \"Bundles\" lists each with its digest."), t)
}

func days(n float64) string {
	if n == 0 {
		return none
	}
	return fmt.Sprintf("%.1f days", n)
}

// short keeps the first few of a list and says how many are left out.
func short(items []string, most int) []string {
	if len(items) <= most {
		return items
	}
	return append(append([]string{}, items[:most]...), fmt.Sprintf("%d more", len(items)-most))
}

func (f fleet) refused() Section {
	t := Table{Empty: "Every bundle was verified.", Columns: []Column{{Title: "Bundle", Width: 70}, {Title: "Why it is not part of this report", Width: 100}}}
	for _, r := range f.Refused {
		t.Rows = append(t.Rows, []Text{plain(r.Path), plain(r.Reason)})
	}
	return flowing("refused", "Bundles that were refused", t)
}

// matrixSheet has a row for each platform and a column for each control.
func (f fleet) matrixSheet() Sheet {
	columns := []Column{textColumn("Platform", 26)}
	for _, c := range f.Controls {
		columns = append(columns, statusColumn(c.ID, 14, statusTexts))
	}
	return sheetOf("Platforms and controls", "Which platform has which control?", columns, f.Platforms, func(p schema.FleetPlatform) []Cell {
		of := map[string]schema.Status{}
		for _, s := range p.Statuses {
			of[s.Control] = s.Status
		}
		cells := []Cell{p.Plan}
		for _, c := range f.Controls {
			s, ok := of[c.ID]
			if !ok {
				cells = append(cells, nil)
				continue
			}
			cells = append(cells, Text{Value: words(string(s)), Tone: statusTones[s]})
		}
		return cells
	})
}

func (f fleet) platformSheet() Sheet {
	return sheetOf("Platforms", "How does each platform stand, worst first?", []Column{
		textColumn("Platform", 26), textColumn("Organization", 26), textColumn("Clusters", 40), {Title: "Newest bundle", Width: 18, Kind: TimeCell}, {Title: "Missing since", Width: 18, Kind: TimeCell},
		numberColumn("Bundles", 9), numberColumn("Implemented", 12), numberColumn("Partial", 9), numberColumn("Not implemented", 16), numberColumn("Critical", 9), numberColumn("High", 7), numberColumn("Gaps", 7),
		numberColumn("Closed findings", 15), textColumn("Flapping", 30),
	}, f.Platforms, func(p schema.FleetPlatform) []Cell {
		return []Cell{
			p.Plan, p.Organization, strings.Join(p.Clusters, ", "), p.Bundles[len(p.Bundles)-1].AsOf, p.MissingSince, int64(len(p.Bundles)),
			int64(p.ControlsByStatus[schema.Implemented]), int64(p.ControlsByStatus[schema.Partial]), int64(p.ControlsByStatus[schema.NotImplemented]),
			int64(p.FindingsBySeverity[schema.Critical]), int64(p.FindingsBySeverity[schema.High]), int64(p.Gaps), int64(p.History.Closed), strings.Join(p.History.Flapping, ", "),
		}
	})
}

// A fleetRow is a platform with one of its bundles or changes.
type fleetRow[T any] struct {
	plan string
	of   T
}

func fleetRows[T any](f fleet, of func(schema.FleetPlatform) []T) []fleetRow[T] {
	var out []fleetRow[T]
	for _, p := range f.Platforms {
		for _, x := range of(p) {
			out = append(out, fleetRow[T]{p.Plan, x})
		}
	}
	return out
}

func (f fleet) bundleSheet() Sheet {
	rows := fleetRows(f, func(p schema.FleetPlatform) []schema.FleetBundle { return p.Bundles })
	return sheetOf("Bundles", "Which bundles is this made of?", []Column{
		textColumn("Platform", 26), {Title: "As of", Width: 18, Kind: TimeCell}, numberColumn("Implemented", 12), numberColumn("Controls", 10), numberColumn("Open findings", 14), numberColumn("Gaps", 7), textColumn("Digest of the file that seals it", 68),
	}, rows, func(x fleetRow[schema.FleetBundle]) []Cell {
		return []Cell{x.plan, x.of.AsOf, int64(x.of.Implemented), int64(x.of.Controls), int64(x.of.Open), int64(x.of.Gaps), x.of.Digest}
	})
}

func (f fleet) changeSheet() Sheet {
	rows := fleetRows(f, func(p schema.FleetPlatform) []schema.FleetChange { return p.History.Changes })
	return sheetOf("Status changes", "When did the status of a control change?", []Column{
		textColumn("Platform", 26), textColumn("Control", 12), statusColumn("From", 16, statusTexts), statusColumn("To", 16, statusTexts), {Title: "First seen", Width: 18, Kind: TimeCell},
	}, rows, func(x fleetRow[schema.FleetChange]) []Cell {
		status := func(s schema.Status) Text { return Text{Value: words(string(s)), Tone: statusTones[s]} }
		return []Cell{x.plan, x.of.Control, status(x.of.From), status(x.of.To), x.of.AsOf}
	})
}

func (f fleet) daySheet() Sheet {
	return sheetOf("Days", "How did all platforms stand at the end of each day?", []Column{
		dateColumn("Day"), numberColumn("Platforms", 10), numberColumn("Implemented", 12), numberColumn("Controls", 10), numberColumn("Critical", 9), numberColumn("High", 7),
	}, f.Days, func(d schema.FleetDay) []Cell {
		return []Cell{d.Day, int64(d.Platforms), int64(d.Implemented), int64(d.Controls), int64(d.Critical), int64(d.High)}
	})
}
