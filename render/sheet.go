package render

import "iter"

// An Overview is the first sheet of the workbook: what the report says in
// numbers, as small tables with charts beside them, on a grid of columns of which
// the first is wide and holds labels.
type Overview struct {
	// Name and Title are as those of a Sheet.
	Name   string
	Title  string
	Notes  []Note
	Tables []OverviewTable
}

// An OverviewTable is a table that is short enough to be read at a glance.
type OverviewTable struct {
	Title string
	// Columns have as Width how many columns of the grid they take.
	Columns []Column
	Rows    [][]Cell
	// Empty is said where there are no rows.
	Empty string
	// Chart is the title of a chart that stacks the numbers of each row into a bar,
	// labelled with the row's first cell; empty for a table without one. Each column
	// but the first is a part of the bars, in the tone of Series.
	Chart  string
	Series []Tone
}

// A Sheet of the workbook. Rows are made while they are drawn, so that a large
// population is never held twice.
type Sheet struct {
	// Name is at most 31 characters, without []:*?/\ .
	Name string
	// Title and Notes stand above the header; Notes hold the completeness block of
	// a population: what was asked, how it was answered, and the digest of the file.
	Title   string
	Notes   []Note
	Columns []Column
	Rows    iter.Seq[[]Cell]
}

// A Note is a label with what is to be known about a sheet.
type Note struct {
	Key   string
	Value Cell
}

// A Cell is a string, a Text, an int64, a time.Time, a schema.Date, a bool or a
// SheetLink; nil and zero times and dates are empty cells. A text that starts with
// = + - @ is text.
type Cell any

// A SheetLink is a cell that leads to another sheet.
type SheetLink struct {
	// Value is what the cell shows: a Cell of another type.
	Value Cell
	// Sheet is the name of a sheet of the document.
	Sheet string
	// Rows that the link selects. The zero span is the top of the sheet.
	Rows Span
}

// A Span is a run of rows of a sheet, both ends included, counted from 1 at the
// first row below the header.
type Span struct{ First, Last int }
