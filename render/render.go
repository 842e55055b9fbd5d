// Package render lays a report out once, as a Document, which render/pdf,
// render/xlsx and render/html draw. What the reader will see is decided here and nowhere else.
//
// Build makes the Document. It is a pure function: equal arguments give equal
// documents, and the drawing packages give equal bytes for equal documents.
package render

import "time"

// A Document is what the reader will see.
type Document struct {
	// Title, Subject and Language go into the properties of each file.
	Title    string
	Subject  string
	Language string // BCP 47
	// Created is the snapshot's asOf: equal input gives equal bytes.
	Created time.Time
	// Look is how it is printed.
	Look Look
	// Header and Footer stand on every page but the cover.
	Header string
	Footer string
	// Sections are the chapters of the PDF and of the page, in order.
	Sections []Section
	// Overview is the first sheet of the workbook, nil for none; Sheets are the
	// others, in order.
	Overview *Overview
	Sheets   []Sheet
	Trail
}

// A Section is a chapter: a heading, an outline entry, and blocks.
type Section struct {
	// ID is the target of links, such as ACC-01. It is unique in a document.
	ID    string
	Title string
	Level int // 1 is a chapter, 2 a part of one, 3 a part of that
	// NewPage starts the section on a new page.
	NewPage bool
	// Cover draws the section as the title page, without header.
	Cover bool
	// Badge stands at the end of the heading, such as a control's status; on the
	// cover it stands above the title.
	Badge  Text
	Blocks []Block
}

// A Block is one of Paragraph, KeyValues, Table, Bars, Figures, Callout and Contents.
type Block interface{ block() }

// A Paragraph of text.
type Paragraph struct {
	Text  Text
	Style Style
}

// Style of a paragraph.
type Style string

// The styles.
const (
	Body    Style = "body"
	Lead    Style = "lead"    // larger, opens a section
	Small   Style = "small"   // notes and limits
	Heading Style = "heading" // a heading without outline entry
	Item    Style = "item"    // one point of a list
	Mono    Style = "mono"    // commands and digests
)

// Text with the parts that the formats can show.
type Text struct {
	Value string
	// Note is set below the value, small and quiet.
	Note string
	// Bold sets the value in bold.
	Bold bool
	// ID makes the text a target of links; empty for none. It is unique in a document,
	// sections among them.
	ID string
	// Link is the ID of a section or a text, or empty.
	Link string
	// Tone colours it; the words always say the same.
	Tone Tone
}

// Tone is the colour of a status. No information is in the tone alone.
type Tone string

// The tones.
const (
	Plain   Tone = ""
	Good    Tone = "good"
	Warn    Tone = "warn"
	Bad     Tone = "bad"
	Severe  Tone = "severe" // worse than Bad: a solid ground
	Unknown Tone = "unknown"
	Muted   Tone = "muted"
)

// KeyValues is a list of labels with values.
type KeyValues struct {
	Items []KeyValue
	// Columns sets that many pairs side by side, each label above its value. With
	// 0 there is one pair a line, the label before the value.
	Columns int
}

// A KeyValue is one label with its value.
type KeyValue struct {
	Key   string
	Value Text
}

// A Table whose header is repeated after a page break and whose rows do not break.
type Table struct {
	Columns []Column
	Rows    [][]Text
	// Empty is said where there are no rows.
	Empty string
	// Dense sets small type.
	Dense bool
}

// A Column of a table or sheet.
type Column struct {
	Title string
	// Width is a share of the page in a table, and characters in a sheet.
	Width int
	Kind  CellKind
	// Values are what a StatusCell of a sheet may say. A cell that is changed in the
	// workbook takes the tone of its new word.
	Values []Text
}

// CellKind is the type of the cells of a column.
type CellKind string

// The kinds of cell.
const (
	TextCell   CellKind = "text"
	NumberCell CellKind = "number"
	DateCell   CellKind = "date"   // a day
	TimeCell   CellKind = "time"   // a time in UTC
	PageCell   CellKind = "page"   // a Text with a Link; paper adds the page that it leads to
	StatusCell CellKind = "status" // a Text, drawn with its tone
	FlagCell   CellKind = "flag"   // true or false
)

// Bars are stacked horizontal bars, one a line, such as statuses by area. The
// numbers stand beside each bar, so that nothing rests on colour.
type Bars struct {
	Legend []Text // label and tone of each part, in order
	Lines  []BarLine
}

// A BarLine has one number for each part of the legend.
type BarLine struct {
	Label string
	Parts []int
}

// Figures are a few numbers, large and side by side.
type Figures struct{ Items []Figure }

// A Figure is one number and what it counts.
type Figure struct {
	Number string
	Label  string
	Tone   Tone
	// Link is the ID of the section that explains the number.
	Link string
}

// A Callout is a boxed remark.
type Callout struct {
	Tone  Tone
	Title string
	Lines []Text
}

// Contents lists the sections of level 1 after the cover with their pages.
type Contents struct{}

func (Paragraph) block() {}
func (KeyValues) block() {}
func (Table) block()     {}
func (Bars) block()      {}
func (Figures) block()   {}
func (Callout) block()   {}
func (Contents) block()  {}
