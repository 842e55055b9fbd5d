package pdf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// breakAfter are the characters after which a long name breaks well. It breaks
// before a hyphen: at the end of a line a hyphen would look like one that was added,
// and programs that copy text out of a file take it away.
const (
	breakAfter  = "/._:,;@|=&?+"
	breakBefore = "-"
)

// wrap makes text drawable and breaks it into lines of at most width millimetres:
// at the space U+0020, and inside a word only where the word alone is wider than a line.
// No character is lost or added.
func (f *fonts) wrap(s string, st style, width float64) []string {
	var lines []string
	line, used := "", 0.0
	space := f.width(" ", st)
	for _, word := range strings.Split(f.drawable(s, st.face), " ") {
		if word == "" {
			continue
		}
		w := f.width(word, st)
		if line != "" && used+space+w <= width {
			line, used = line+" "+word, used+space+w
			continue
		}
		if line != "" {
			lines = append(lines, line)
		}
		for w > width {
			n := f.breakWord(word, st, width)
			lines = append(lines, word[:n])
			w -= f.width(word[:n], st)
			word = word[n:]
		}
		line, used = word, w
	}
	if line != "" || len(lines) == 0 {
		lines = append(lines, line)
	}
	for _, l := range lines {
		f.runs(l, st.face) // the faces are known before drawing begins
	}
	return lines
}

// breakWord returns how many bytes of a word fill one line: up to a break
// character that is not too early in what fits, or else all that fits, and at least
// one character.
func (f *fonts) breakWord(word string, st style, width float64) int {
	fits, nice, used := 0, 0, 0.0
	for i, r := range word {
		fc, _ := f.faceFor(st.face, r)
		used += f.advance(fc, r) * st.em()
		if used > width && i > 0 {
			break
		}
		if strings.ContainsRune(breakBefore, r) {
			nice = i
		}
		fits = i + utf8.RuneLen(r)
		if strings.ContainsRune(breakAfter, r) {
			nice = fits
		}
	}
	if nice > fits/3 {
		return nice
	}
	return fits
}

// wrapAtMost wraps and keeps at most limit lines. What is left out is counted in
// the last one, so that no row outgrows a page.
func (f *fonts) wrapAtMost(s string, st style, width float64, limit int) []string {
	lines := f.wrap(s, st, width)
	if len(lines) <= limit {
		return lines
	}
	left := 0
	for _, l := range lines[limit:] {
		left += utf8.RuneCountInString(l)
	}
	return append(lines[:limit:limit], f.wrap(fmt.Sprintf("… and %d more characters", left), st, width)...)
}

// fit makes text drawable and cuts it to one line, with an ellipsis.
func (f *fonts) fit(s string, st style, width float64) string {
	s = f.drawable(s, st.face)
	f.runs(s+"…", st.face)
	room := width - f.width("…", st)
	cut, used := 0, 0.0
	for i, r := range s {
		if used <= room {
			cut = i // all that fits with an ellipsis
		}
		used += f.width(string(r), st)
		if used > width {
			return strings.TrimRight(s[:cut], " ") + "…"
		}
	}
	return s
}
