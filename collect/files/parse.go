package files

import (
	"bufio"
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"strings"

	"go.yaml.in/yaml/v3"
)

// The bounds of what is read.
const (
	maxInput   = 512 << 20 // bytes of all files of a source together
	maxObject  = 3 << 20   // bytes of an object as JSON; the limit of kube-apiserver for a request
	maxAliased = 500_000   // values that the aliases of one document stand for
	maxDepth   = 200       // of a YAML document
)

// A taker takes what a file holds. Lines count from 1.
type taker interface {
	// document takes one document: what JSON would decode to, with json.Number.
	document(line int, v any)
	// unreadable takes the place of a document that cannot be parsed.
	unreadable(line int, what string)
}

// documents hands over the documents of a file: a stream of JSON values when it
// begins with one, and YAML otherwise. What a parser has to say about a document
// may repeat a value in it, so only our own words go further.
func documents(b []byte, to taker) {
	b = bytes.TrimPrefix(b, []byte("\ufeff"))
	if rest := bytes.TrimLeft(b, " \t\r\n"); len(rest) > 0 && (rest[0] == '{' || rest[0] == '[') {
		jsonDocuments(b, to)
		return
	}
	yamlDocuments(b, to)
}

const (
	startOfLogs = "==== START logs"
	endOfLogs   = "==== END logs"
)

// jsonDocuments reads values that follow each other, and passes over the logs
// that kubectl cluster-info dump prints between them.
func jsonDocuments(b []byte, to taker) {
	line := 1
	skip := func(n int) {
		line += bytes.Count(b[:n], []byte("\n"))
		b = b[n:]
	}
	for {
		skip(len(b) - len(bytes.TrimLeft(b, " \t\r\n")))
		switch {
		case len(b) == 0:
			return
		case bytes.HasPrefix(b, []byte(startOfLogs)):
			n := afterLogs(b)
			if n < 0 {
				to.unreadable(line, "the logs have no end")
				return
			}
			skip(n)
			continue
		}
		d := json.NewDecoder(bytes.NewReader(b))
		d.UseNumber()
		var v any
		if err := d.Decode(&v); err != nil {
			skip(int(min(d.InputOffset(), int64(len(b)))))
			to.unreadable(line, "not valid JSON")
			return
		}
		to.document(line, v)
		skip(int(d.InputOffset()))
	}
}

// afterLogs returns the length of a block of logs with its markers, or -1.
func afterLogs(b []byte) int {
	i := bytes.Index(b, []byte("\n"+endOfLogs))
	if i < 0 {
		return -1
	}
	rest := b[i+1:]
	if j := bytes.IndexByte(rest, '\n'); j >= 0 {
		return i + 1 + j
	}
	return len(b)
}

// yamlDocuments splits a stream at its separators before it parses, so that a
// broken document does not hide those after it.
func yamlDocuments(b []byte, to taker) {
	var chunk bytes.Buffer
	start, line := 1, 0
	flush := func() {
		if !blank(chunk.Bytes()) {
			yamlDocument(chunk.Bytes(), start, to)
		}
		chunk.Reset()
	}
	r := bufio.NewReader(bytes.NewReader(b))
	for {
		text, err := r.ReadString('\n')
		line++
		if separator(text) {
			flush()
			start = line
		}
		chunk.WriteString(text)
		if err != nil {
			break
		}
	}
	flush()
}

// separator reports whether a line begins a document.
func separator(line string) bool {
	rest, ok := strings.CutPrefix(line, "---")
	return ok && (rest == "" || strings.ContainsAny(rest[:1], " \t\r\n"))
}

// blank reports whether text has nothing but separators, comments and directives.
func blank(text []byte) bool {
	for line := range bytes.Lines(text) {
		line = bytes.TrimSpace(line)
		if len(line) > 0 && line[0] != '#' && line[0] != '%' && !bytes.Equal(line, []byte("---")) {
			return false
		}
	}
	return true
}

func yamlDocument(text []byte, start int, to taker) {
	d := yaml.NewDecoder(bytes.NewReader(text))
	for {
		var n yaml.Node
		err := d.Decode(&n)
		if errors.Is(err, io.EOF) {
			return
		}
		if err != nil {
			to.unreadable(start, "not valid YAML")
			return
		}
		c := converter{}
		v, err := c.value(&n, 0)
		if err != nil {
			to.unreadable(start, err.Error())
			return
		}
		to.document(start+firstLine(&n)-1, v)
	}
}

// firstLine returns the line of a document's content, which its separator and comments may stand before.
func firstLine(document *yaml.Node) int {
	if len(document.Content) > 0 {
		return max(document.Content[0].Line, 1)
	}
	return max(document.Line, 1)
}
