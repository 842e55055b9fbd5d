package xlsx

import (
	"fmt"

	"github.com/xuri/excelize/v2"

	"github.com/auditpack/auditpack/render"
)

// Built-in number formats of ECMA-376 part 1, 18.8.30.
const (
	formatInteger = 3  // #,##0
	formatText    = 49 // @
)

// styles are the ids of the workbook's cell styles.
type styles struct {
	title, heading, label, header, numberHeader         int
	text, wrapped, number, leftNumber, flag, date, time int
	link, numberLink                                    int
	tones                                               map[render.Tone]int // of a cell
	notes                                               map[render.Tone]int // of a line above the header
	conditions                                          map[render.Tone]int // of a cell whose word is looked at
}

// colours of text and ground, dark enough on light to be read in print.
var colours = map[render.Tone][2]string{
	render.Good: {"1B5E20", "E3F1E4"}, render.Warn: {"7A4F01", "FBF0D9"}, render.Bad: {"8E1B1B", "F9E1E1"}, render.Severe: {"FFFFFF", "8E1B1B"}, render.Unknown: {"3B3F8F", "E6E7F5"}, render.Muted: {"555555", "EFEFEF"},
}

// chartColours are the ground of a part of a bar, and of the number on it.
var chartColours = map[render.Tone]struct{ fill, label string }{
	render.Good: {"2E7D32", "FFFFFF"}, render.Warn: {"F0B64A", "000000"}, render.Bad: {"C0392B", "FFFFFF"}, render.Severe: {"6B1010", "FFFFFF"},
	render.Unknown: {"7C82D0", "000000"}, render.Muted: {"C9CCD1", "000000"},
}

func linkFont() *excelize.Font { return &excelize.Font{Color: "1A4F8B", Underline: "single"} }

func newStyles(f *excelize.File) (*styles, error) {
	var failed error
	style := func(s excelize.Style) int {
		if s.Font == nil {
			s.Font = &excelize.Font{}
		}
		if s.Font.Family == "" {
			s.Font.Family = "Arial"
		}
		if s.Font.Size == 0 {
			s.Font.Size = 10
		}
		id, err := f.NewStyle(&s)
		if err != nil && failed == nil {
			failed = fmt.Errorf("make cell style: %w", err)
		}
		return id
	}
	boolean := `"TRUE";"TRUE";"FALSE"` // LibreOffice's format of truth values; Excel needs none
	day, minute := "yyyy-mm-dd", `yyyy-mm-dd hh:mm"Z"`
	top := &excelize.Alignment{Vertical: "top"}
	right := &excelize.Alignment{Vertical: "top", Horizontal: "right", Indent: 1} // off the text of the next column
	st := &styles{
		title:        style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Bold: true, Size: 14}}),
		label:        style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Color: "555555"}, Alignment: top}),
		heading:      style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Bold: true, Size: 12, Color: "22384D"}}),
		header:       style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: ground("22384D"), Alignment: &excelize.Alignment{Vertical: "center", WrapText: true}}),
		text:         style(excelize.Style{NumFmt: formatText, Alignment: top}),
		wrapped:      style(excelize.Style{NumFmt: formatText, Alignment: &excelize.Alignment{Vertical: "top", WrapText: true}}),
		number:       style(excelize.Style{NumFmt: formatInteger, Alignment: right}),
		leftNumber:   style(excelize.Style{NumFmt: formatInteger, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}}),
		flag:         style(excelize.Style{CustomNumFmt: &boolean, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}}),
		date:         style(excelize.Style{CustomNumFmt: &day, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}}),
		time:         style(excelize.Style{CustomNumFmt: &minute, Alignment: &excelize.Alignment{Vertical: "top", Horizontal: "left"}}),
		link:         style(excelize.Style{NumFmt: formatText, Font: linkFont(), Alignment: top}),
		numberLink:   style(excelize.Style{NumFmt: formatInteger, Font: linkFont(), Alignment: right}),
		numberHeader: style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Bold: true, Color: "FFFFFF"}, Fill: ground("22384D"), Alignment: &excelize.Alignment{Vertical: "center", Horizontal: "right", Indent: 1, WrapText: true}}),
		tones:        map[render.Tone]int{},
		notes:        map[render.Tone]int{},
		conditions:   map[render.Tone]int{},
	}
	for _, tone := range []render.Tone{render.Good, render.Warn, render.Bad, render.Severe, render.Unknown, render.Muted} {
		c := colours[tone]
		st.tones[tone] = style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Color: c[0]}, Fill: ground(c[1]), Alignment: top})
		st.notes[tone] = style(excelize.Style{NumFmt: formatText, Font: &excelize.Font{Color: c[0], Bold: true}})
		id, err := f.NewConditionalStyle(&excelize.Style{Font: &excelize.Font{Color: c[0]}, Fill: ground(c[1])})
		if err != nil && failed == nil {
			failed = fmt.Errorf("make conditional style: %w", err)
		}
		st.conditions[tone] = id
	}
	return st, failed
}

// proseWidth is the width from which a column holds sentences, which are wrapped.
const proseWidth = 50

func (st *styles) prose(width int) int {
	if width >= proseWidth {
		return st.wrapped
	}
	return st.text
}

// headerStyle sets titles above numbers to the right, as the numbers are.
func (st *styles) headerStyle(c render.Column) int {
	if c.Kind == render.NumberCell {
		return st.numberHeader
	}
	return st.header
}

func ground(colour string) excelize.Fill {
	return excelize.Fill{Type: "pattern", Pattern: 1, Color: []string{colour}}
}

func (st *styles) status(tone render.Tone) int {
	if id, ok := st.tones[tone]; ok {
		return id
	}
	return st.text
}

func (st *styles) note(tone render.Tone) int {
	if id, ok := st.notes[tone]; ok {
		return id
	}
	return st.text
}
