package pdf

import (
	"fmt"
	"strings"
	"unicode/utf8"
)

// breakAfter are the characters after which a long name breaks well.
const breakAfter = "/-._:,;@|=&?+"

// wrap makes text drawable and breaks it into lines of at most width millimetres:
// at spaces, and inside a word only where the word alone is wider than a line.
// No character is lost or added.
func (f *fonts) wrap(s string, st style, width float64) []string {
	var lines []string
	line, used := "", 0.0
	space := f.width(" ", st)
	for _, word := range strings.Fields(f.drawable(s, st.face)) {
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
			word = word[n:]
			w = f.width(word, st)
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
// character in the last half of what fits, or else all that fits, and at least
// one character.
func (f *fonts) breakWord(word string, st style, width float64) int {
	fits, nice, used := 0, 0, 0.0
	for i, r := range word {
		fc, _ := f.faceFor(st.face, r)
		used += f.advance(fc, r) * st.em()
		if used > width && i > 0 {
			break
		}
		fits = i + utf8.RuneLen(r)
		if strings.ContainsRune(breakAfter, r) {
			nice = fits
		}
	}
	if nice > fits/2 {
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
	if f.width(s, st) <= width {
		return s
	}
	r := []rune(s)
	for len(r) > 0 && f.width(string(r)+"…", st) > width {
		r = r[:len(r)-1]
	}
	return strings.TrimRight(string(r), " ") + "…"
}
