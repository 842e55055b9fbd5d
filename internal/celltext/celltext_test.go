package celltext

import (
	"strings"
	"testing"
	"unicode/utf16"
)

func TestCleanFitsIntoACell(t *testing.T) {
	for name, text := range map[string]string{
		"ASCII": strings.Repeat("a", Max+1), "two units each": strings.Repeat("\U0001F600", Max),
		"shown as code points": strings.Repeat("\x00", Max), "both": strings.Repeat("\x01\U0001F600", Max/2),
	} {
		got := Clean(text)
		if n := len(utf16.Encode([]rune(got))); n > Max {
			t.Errorf("%s: %d units, and a cell takes %d", name, n, Max)
		}
		if !strings.HasSuffix(got, cut) {
			t.Errorf("%s: what was cut is not said", name)
		}
	}
}

func TestCleanShowsWhatXMLForbids(t *testing.T) {
	for text, want := range map[string]string{
		"plain ~ text": "plain ~ text", "a\tb\nc": "a b c", "\x00": "[U+0000]", "\u202e": "[U+202E]", "\x7f": "[U+007F]", "caf\u00e9": "caf\u00e9", strings.Repeat("a", Max): strings.Repeat("a", Max),
	} {
		if got := Clean(text); got != want {
			t.Errorf("%.20q: got %.20q, want %.20q", text, got, want)
		}
	}
}
