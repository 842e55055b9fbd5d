// Package html draws a Document as one page for a browser, which works from a
// file and offline.
//
// Render is the one call. The page asks nobody for anything: its policy
// (Content-Security-Policy) allows the script and the style that are in it, by
// their digests, and nothing else. Every chapter is plain markup that can be read
// without the script. The findings with their evidence are a block of JSON, of
// which the script draws as much as is looked at. Equal documents and objects give
// equal bytes.
package html

import (
	"crypto/sha256"
	"embed"
	"encoding/base64"
	"html/template"
	"io"
	"iter"

	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/schema"
)

//go:embed page.html page.css page.js theme.js
var files embed.FS

// The parts of the page that are the same in every one.
var (
	style  = mustRead("page.css")
	theme  = mustRead("theme.js") // before the page is drawn, so that it does not flash
	script = mustRead("page.js")
	pages  = template.Must(template.New("page").Funcs(functions).ParseFS(files, "page.html"))
)

func mustRead(name string) string {
	b, err := files.ReadFile(name)
	if err != nil {
		panic(err) // it is embedded above
	}
	return string(b)
}

// policy allows what is in the page, and no request.
var policy = "default-src 'none'; script-src " + digest(theme) + " " + digest(script) + "; style-src " + digest(style) +
	"; img-src data:; base-uri 'none'; form-action 'none'; require-trusted-types-for 'script'"

func digest(s string) string {
	sum := sha256.Sum256([]byte(s))
	return "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"
}

// A page is what the templates read.
type page struct {
	*render.Document
	Policy        string
	Theme, Script template.JS
	Style         template.CSS
	Cover         *section
	Chapters      []section
}

// Render writes the page of d. The objects are those of d.Objects that the archive
// has; they are written as they come, and the first error ends the page.
func Render(w io.Writer, d *render.Document, objects iter.Seq2[schema.Object, error]) error {
	p := page{Document: d, Policy: policy, Theme: template.JS(theme), Script: template.JS(script), Style: template.CSS(style)}
	for _, s := range nest(d.Sections) {
		if s.Cover {
			p.Cover = &s
		} else {
			p.Chapters = append(p.Chapters, s)
		}
	}
	listChapters(p.Chapters)
	if err := pages.ExecuteTemplate(w, "head", p); err != nil {
		return err
	}
	if err := writeData(w, d, objects); err != nil {
		return err
	}
	return pages.ExecuteTemplate(w, "foot", p)
}
