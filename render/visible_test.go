package render_test

import (
	"testing"

	"github.com/auditpack/auditpack/render"
)

func TestVisible(t *testing.T) {
	tests := []struct{ name, text, want string }{
		{"plain", "payments-api", "payments-api"},
		{"other scripts", "Πληρωμές Оплата", "Πληρωμές Оплата"},
		{"line break and tab", "a\nb\tc\r", `a\nb\tc\r`},
		{"escape", "\x1b[31m", "[U+001B][31m"},
		{"direction", "\u202egnp.exe\u2069", "[U+202E]gnp.exe[U+2069]"},
		{"zero width", "ad\u200bmin\u00ad\ufeff", "ad[U+200B]min[U+00AD][U+FEFF]"},
		{"line separator", "a\u2028b", "a[U+2028]b"},
		{"not UTF-8", "a\xff\xfe", `a\xff\xfe`},
		{"replacement character", "a\ufffd", "a[U+FFFD]"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			if got := render.Visible(tt.text); got != tt.want {
				t.Errorf("Visible(%q) = %q, want %q", tt.text, got, tt.want)
			}
		})
	}
}
