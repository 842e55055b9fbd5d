// Package celltext makes texts fit for the cells of a workbook, for the one that
// reports and for those that people fill in.
package celltext

import (
	"fmt"
	"strings"
	"unicode/utf16"
	"unicode/utf8"
)

// Max is Excel's limit of characters in a cell, of which those beyond U+FFFF are two.
const Max = 32767

// Clean makes a text that XML can carry and Excel takes: characters that XML 1.0
// forbids and those that turn the direction of text are shown as their code point,
// and what is longer than a cell ends in a remark.
func Clean(text string) string {
	if plain(text) && len(text) <= Max {
		return text
	}
	var b strings.Builder
	for _, r := range text {
		switch {
		case r == '\t' || r == '\n' || r == '\r':
			b.WriteByte(' ')
		case r == utf8.RuneError, r < 0x20, r >= 0x7f && r < 0xa0, r >= 0x202a && r <= 0x202e, r >= 0x2066 && r <= 0x2069, r == 0xfffe, r == 0xffff:
			fmt.Fprintf(&b, "[U+%04X]", r)
		default:
			b.WriteRune(r)
		}
	}
	clean := b.String()
	if len(clean) > Max && len(utf16.Encode([]rune(clean))) > Max {
		return Shorten(clean, Max/2)
	}
	return clean
}

// plain reports whether a text is of printable ASCII, as most are.
func plain(text string) bool {
	for i := range len(text) {
		if text[i] < ' ' || text[i] > '~' {
			return false
		}
	}
	return true
}

const cut = " … (cut; see the archive)"

// Shorten cuts a text to so many characters, with a remark where there is room for it.
func Shorten(text string, limit int) string {
	if utf8.RuneCountInString(text) <= limit {
		return text
	}
	if limit <= len(cut) {
		return string([]rune(text)[:limit])
	}
	return string([]rune(text)[:limit-utf8.RuneCountInString(cut)]) + cut
}

// Line is the height in points of a line of ten-point type.
const Line = 13.5

// maxLines is how many lines a row shows. A cell with more has all of its text, and
// shows it when the row is drawn taller.
const maxLines = 12

// Lines returns how many lines a wrapped text takes in a column of that width, in characters.
func Lines(text string, width int) int {
	perLine := max(1, width-width/10) // words do not fill a line
	return min(max(1, (utf8.RuneCountInString(text)+perLine-1)/perLine), maxLines)
}
