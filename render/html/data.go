package html

import (
	"encoding/json"
	"fmt"
	"io"
	"iter"
	"strings"
	"time"
	"unicode/utf16"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
)

// What the page carries of the evidence, in bytes, so that it opens at once also
// for a large platform. What is left out is named, with the file and line where it
// lies. Findings and rows come worst first, so that the worst are in the page.
const (
	maxRows    = 4 << 20 // of cells
	maxObject  = 64 << 10
	maxObjects = 6 << 20
)

// A finding as the script reads it; what many findings share is an index.
type finding struct {
	ID        string `json:"id"`
	Target    string `json:"target"`
	Check     string `json:"check"`
	Control   string `json:"control"`
	Title     string `json:"title"`
	Area      string `json:"area"`
	Severity  string `json:"severity"`
	Tone      string `json:"tone"`
	State     string `json:"state"`
	StateNote string `json:"stateNote,omitempty"`
	StateTone string `json:"stateTone"`
	Cluster   string `json:"cluster"`
	Namespace string `json:"namespace"`
	Kind      string `json:"kind"`
	Name      string `json:"name"`
	Field     string `json:"field,omitempty"`
	Register  string `json:"register,omitempty"`
	Message   string `json:"message"`
	Remedy    int    `json:"remedy"`
	Owner     string `json:"owner"`
	Lists     []int  `json:"lists"`
	Rows      []int  `json:"rows"`
	MoreRows  int    `json:"moreRows,omitempty"`
	Objects   []int  `json:"objects"`
}

// A row without cells is left out of the page.
type row struct {
	List  int      `json:"list"`
	Line  int      `json:"line"`
	Cells []string `json:"cells,omitempty"`
}

// An object without text is left out of the page.
type object struct {
	Name string `json:"name"`
	Path string `json:"path"`
	Line int    `json:"line"`
	Text string `json:"text,omitempty"`
}

// A list is a population.
type list struct {
	Title   string   `json:"title"`
	Path    string   `json:"path"`
	Columns []string `json:"columns"`
}

// A writer writes one JSON object, member by member and line by line. No character
// that HTML or a script gives a meaning is written as it is.
type writer struct {
	w     io.Writer
	err   error
	comma string
}

func (j *writer) text(s string) {
	if j.err == nil {
		_, j.err = io.WriteString(j.w, s)
	}
}

// value writes v on a line of its own, after the key where there is one.
func (j *writer) value(key string, v any) {
	b, err := json.Marshal(v) // escapes <, >, & and the line separators of scripts
	if err != nil && j.err == nil {
		j.err = err
	}
	if key != "" {
		key = fmt.Sprintf("%q:", key)
	}
	j.text(j.comma + key + string(b))
	j.comma = ",\n"
}

// group writes what content writes between the brackets.
func (j *writer) group(key, open, end string, content func()) {
	j.text(fmt.Sprintf("%s%q:%s\n", j.comma, key, open))
	j.comma = ""
	content()
	j.text(end)
	j.comma = ",\n"
}

// writeData writes the element with what the script reads.
func writeData(w io.Writer, d *render.Document, objects iter.Seq2[schema.Object, error]) error {
	j := &writer{w: w}
	j.text(`<script type="application/json" id="data">{`)
	remedies := remedyIndex{at: map[string]int{}}
	j.group("findings", "[", "]", func() {
		for _, f := range d.Findings {
			j.value("", findingOf(f, remedies.of(f.Remediation)))
		}
	})
	j.value("left", d.MoreFindings)
	j.value("remedies", remedies.texts)
	j.value("lists", listsOf(d))
	j.group("rows", "[", "]", func() { writeRows(j, d.Rows) })
	j.group("objects", "{", "}", func() { writeObjects(j, d.Objects, objects) })
	j.text("}</script>\n")
	return j.err
}

// A remedyIndex holds each remedy once.
type remedyIndex struct {
	texts []string
	at    map[string]int
}

func (r *remedyIndex) of(s string) int {
	i, ok := r.at[s]
	if !ok {
		i = len(r.texts)
		r.at[s] = i
		r.texts = append(r.texts, render.Visible(s))
	}
	return i
}

func findingOf(f render.Finding, remedy int) finding {
	v := render.Visible
	return finding{
		ID: v(f.ID), Target: v(f.Target), Check: v(f.Check), Control: v(f.Control.Link), Title: v(f.Control.Note), Area: v(f.Area), Severity: v(f.Severity.Value), Tone: toneClass(f.Severity.Tone),
		State: v(f.State.Value), StateNote: v(f.State.Note), StateTone: toneClass(f.State.Tone), Cluster: v(f.Subject.Cluster), Namespace: v(namespaceOf(f.Subject)),
		Kind: v(f.Subject.Kind), Name: v(f.Subject.Name), Field: v(f.Subject.Field), Register: f.Register, Message: v(f.Message), Remedy: remedy, Owner: v(f.Owner),
		Lists: full(f.Populations), Rows: full(f.Rows), MoreRows: f.MoreRows, Objects: full(f.Objects),
	}
}

// namespaceOf is where a subject is looked for: a namespace is in itself.
func namespaceOf(s schema.Subject) string {
	if s.Kind == "Namespace" {
		return s.Name
	}
	return s.Namespace
}

// full is never null.
func full[T any](s []T) []T {
	if s == nil {
		return []T{}
	}
	return s
}

func listsOf(d *render.Document) []list {
	out := []list{}
	for _, p := range d.Populations {
		out = append(out, list(p))
	}
	return out
}

func writeRows(j *writer, rows []render.Row) {
	room := maxRows
	for _, r := range rows {
		out := row{List: r.Population, Line: r.Line}
		size := 0
		for _, c := range r.Cells {
			s := cellText(c)
			size += len(s) + 3
			out.Cells = append(out.Cells, s)
		}
		if size > room {
			out.Cells = nil
		} else {
			room -= size
		}
		j.value("", out)
	}
}

func cellText(c render.Cell) string {
	switch v := c.(type) {
	case bool:
		if v {
			return "yes"
		}
		return "no"
	case time.Time:
		if v.IsZero() {
			return ""
		}
		return v.UTC().Format(time.DateTime) + " UTC"
	case render.Text:
		return render.Visible(v.Value)
	}
	return render.Visible(fmt.Sprint(c))
}

// writeObjects writes the objects by their index in wanted.
func writeObjects(j *writer, wanted []schema.Subject, objects iter.Seq2[schema.Object, error]) {
	index := map[schema.Subject]int{}
	for i, s := range wanted {
		index[s] = i
	}
	room := maxObjects
	for o, err := range objects {
		if err != nil {
			j.err = err
			return
		}
		i, ok := index[o.Subject]
		if !ok {
			continue
		}
		delete(index, o.Subject) // one object of another version has the same name
		out := object{Name: render.Visible(o.Subject.String()), Path: render.Visible(o.Path), Line: o.Line}
		if text := escapeHidden(o.JSON); len(text) <= maxObject && len(text) <= room {
			out.Text = text
			room -= len(text)
		}
		j.value(fmt.Sprint(i), out)
	}
}

// escapeHidden writes what cannot be seen in a JSON document as escapes of JSON,
// which leaves it the same document.
func escapeHidden(s string) string {
	if !strings.ContainsFunc(s, render.Hidden) {
		return s
	}
	var b strings.Builder
	for _, r := range s {
		switch {
		case !render.Hidden(r):
			b.WriteRune(r)
		case r > 0xffff:
			high, low := utf16.EncodeRune(r)
			fmt.Fprintf(&b, `\u%04x\u%04x`, high, low)
		default:
			fmt.Fprintf(&b, `\u%04x`, r)
		}
	}
	return b.String()
}
