package render

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// none stands where there is nothing to say.
const none = "–"

// wide parts an identifier from the title that follows it.
const wide = "\u2003"

// plain makes a Text without attributes.
func plain(s string) Text {
	if s == "" {
		return Text{Value: none, Tone: Muted}
	}
	return Text{Value: s}
}

// linked makes a Text that leads to the section with the same ID.
func linked(id string) Text { return Text{Value: id, Link: id} }

func number(n int) Text {
	if n == 0 {
		return Text{Value: "0", Tone: Muted}
	}
	return Text{Value: group(n)}
}

// group writes n with a thin mark between thousands.
func group(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0 && s[i-1] != '-'; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// count writes a number with its noun.
func count(n int, one, many string) string {
	if n == 1 {
		return "1 " + one
	}
	return group(n) + " " + many
}

func date(d schema.Date) Text { return plain(d.String()) }

func instant(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02 15:04:05") + " UTC"
}

func day(t time.Time) Text { return date(schema.DateOf(t)) }

// words turns a constant such as not_collected into words.
func words(s string) string { return strings.ReplaceAll(s, "_", " ") }

// statuses in the order in which they are shown.
var statuses = []schema.Status{schema.Implemented, schema.Partial, schema.NotImplemented, schema.NeedsReview, schema.NotApplicable}

var statusTones = map[schema.Status]Tone{
	schema.Implemented: Good, schema.Partial: Warn, schema.NotImplemented: Bad,
	schema.NeedsReview: Unknown, schema.NotApplicable: Muted,
}

func statusText(c schema.ControlResult) Text {
	t := Text{Value: words(string(c.Status)), Tone: statusTones[c.Status]}
	if c.Exceptions > 0 {
		t.Note = count(c.Exceptions, "exception", "exceptions")
	}
	return t
}

// statusLine is the status with its exceptions on one line.
func statusLine(c schema.ControlResult) Text {
	t := statusText(c)
	if t.Note != "" {
		t.Value, t.Note = t.Value+", "+t.Note, ""
	}
	return t
}

var designTones = map[schema.Design]Tone{schema.DesignEffective: Plain, schema.DesignGap: Bad, schema.DesignNotAssessed: Muted}

func designText(d schema.Design) Text {
	return Text{Value: words(string(d)), Tone: designTones[d]}
}

func operationText(c schema.ControlResult) Text {
	t := Text{Value: words(string(c.Operation)), Note: c.OperationNote}
	switch c.Operation {
	case schema.OperationDeviation:
		t.Tone = Bad
	case schema.OperationNotTested, schema.OperationNoOccurrence:
		t.Tone = Muted
	}
	return t
}

var resultTones = map[schema.Result]Tone{
	schema.ResultPass: Good, schema.ResultPartial: Warn, schema.ResultFail: Bad, schema.ResultNeedsReview: Unknown,
	schema.ResultNotCollected: Unknown, schema.ResultNotApplicable: Muted, schema.ResultExcepted: Warn,
}

func resultText(r schema.Result) Text {
	return Text{Value: words(string(r)), Tone: resultTones[r]}
}

// results in the order in which they are shown.
var results = []schema.Result{
	schema.ResultFail, schema.ResultPartial, schema.ResultNeedsReview, schema.ResultNotCollected,
	schema.ResultExcepted, schema.ResultPass, schema.ResultNotApplicable,
}

// severities in the order in which they are shown.
var severities = []schema.Severity{schema.Critical, schema.High, schema.Medium, schema.Low, schema.Info}

var severityTones = map[schema.Severity]Tone{
	schema.Critical: Severe, schema.High: Bad, schema.Medium: Warn, schema.Low: Unknown, schema.Info: Muted,
}

func severityText(s schema.Severity) Text {
	return Text{Value: string(s), Tone: severityTones[s]}
}

var freshnessTones = map[schema.Freshness]Tone{
	schema.Fresh: Good, schema.Due: Warn, schema.Stale: Bad, schema.Missing: Bad,
}

func freshnessText(f schema.Freshness) Text {
	if f == "" {
		return plain("")
	}
	return Text{Value: string(f), Tone: freshnessTones[f]}
}

var reviewTones = map[schema.ReviewNote]Tone{
	schema.ReviewCurrent: Good, schema.ReviewDue: Warn, schema.ReviewOverdue: Bad, schema.ReviewNever: Bad,
}

func reviewText(n schema.ReviewNote) Text {
	if n == schema.ReviewNever {
		return Text{Value: "never reviewed", Tone: Bad}
	}
	return Text{Value: string(n), Tone: reviewTones[n]}
}

// standingOf says how the review of a control stands; one that is not applicable has none.
func standingOf(c schema.ControlResult) Text {
	if c.Status == schema.NotApplicable {
		return Text{Value: words(string(schema.NotApplicable)), Tone: Muted}
	}
	return reviewText(c.Review)
}

var exceptionTones = map[schema.ExceptionState]Tone{
	schema.ExceptionValid: Warn, schema.ExceptionExpired: Bad, schema.ExceptionInvalid: Bad, schema.ExceptionUnused: Unknown,
}

var outcomeTones = map[schema.Outcome]Tone{
	schema.Complete: Good, schema.Truncated: Warn, schema.Forbidden: Bad, schema.Failed: Bad, schema.Absent: Muted,
}

// tally writes counts in the order of keys, leaving out zeros: "3 fail, 12 pass".
func tally[K ~string](counts map[K]int, keys []K) string {
	var parts []string
	for _, k := range keys {
		if n := counts[k]; n > 0 {
			parts = append(parts, group(n)+" "+words(string(k)))
		}
	}
	return strings.Join(parts, ", ")
}

// sum adds up all counts.
func sum[K comparable](counts map[K]int) int {
	total := 0
	for _, n := range counts {
		total += n
	}
	return total
}

// list joins at most limit items and says how many were left out.
func list(items []string, limit int) string {
	if len(items) <= limit {
		return strings.Join(items, ", ")
	}
	return fmt.Sprintf("%s and %s more", strings.Join(items[:limit], ", "), group(len(items)-limit))
}

// shorten cuts a long text at a word and says so with an ellipsis.
func shorten(s string, limit int) string {
	r := []rune(s)
	if len(r) <= limit {
		return s
	}
	cut := string(r[:limit])
	if i := strings.LastIndexByte(cut, ' '); i > limit/2 {
		cut = cut[:i]
	}
	return cut + " …"
}

// digest shows the first 16 hexadecimal digits of a SHA-256.
func digest(hex string) string {
	if len(hex) <= 16 {
		return hex
	}
	return hex[:16]
}

func sortedKeys[V any](m map[string]V) []string { return slices.Sorted(maps.Keys(m)) }
