package kube

import (
	"regexp"
	"strconv"
	"strings"
	"sync"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// nameRule is the id of our own rule: a literal under a name that tells.
const nameRule = "auditpack-name"

// A hit is a value that looks like a credential. The value itself is not in it.
type hit struct {
	rule   string
	length int
	// line counts from 1 within a value of many lines, and is 0 otherwise.
	line int
}

// newDetector compiles gitleaks' default rules once. The detector writes nothing
// at its default log level, and it is safe for concurrent use as long as only
// its Detect methods are called.
var newDetector = sync.OnceValues(func() (*detect.Detector, error) {
	d, err := detect.NewDetectorDefaultConfig()
	if err != nil {
		return nil, err
	}
	// A comment in a value must not switch off the scan of it.
	d.IgnoreGitleaksAllow = true
	return d, nil
})

// A scanner looks for credentials in values, in memory.
type scanner struct{ detector *detect.Detector }

// scan returns what in a value looks like a credential: one hit for the first
// rule of gitleaks that matches a line, or for a name that tells.
func (s scanner) scan(name, value string) []hit {
	if strings.TrimSpace(value) == "" {
		return nil
	}
	many := strings.Contains(strings.TrimSpace(value), "\n")
	var hits []hit
	seen := map[int]bool{}
	add := func(h hit) {
		if !many {
			h.line = 0
		}
		if !seen[h.line] {
			seen[h.line] = true
			hits = append(hits, h)
		}
	}
	// The name goes before the value because many rules ask for a word such as key or token.
	for _, f := range s.detector.DetectString(name + ": " + value) {
		add(hit{rule: f.RuleID, length: len(f.Secret), line: f.StartLine + 1})
	}
	if !many {
		if tells(name) && isLiteral(value) {
			add(hit{rule: nameRule, length: len(value)})
		}
		return hits
	}
	n := 0
	for line := range strings.Lines(value) {
		n++
		if k, v, ok := assignment(line); ok && tells(k) && isLiteral(v) {
			add(hit{rule: nameRule, length: len(v), line: n})
		}
	}
	return hits
}

// scanCommand is scan for one word of a command line, which may be a script.
func (s scanner) scanCommand(word string) []hit {
	if hits := s.scan("", word); len(hits) > 0 {
		return hits
	}
	for part := range strings.FieldsSeq(word) {
		if k, v, ok := assignment(part); ok && tells(k) && isLiteral(v) {
			return []hit{{rule: nameRule, length: len(v)}}
		}
	}
	return nil
}

// assignment splits a line such as "key = value", "key: value" or `"key": "value",`.
func assignment(line string) (key, value string, ok bool) {
	line = strings.TrimSpace(line)
	i := strings.IndexAny(line, "=:")
	if i < 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
		return "", "", false
	}
	key = strings.Trim(strings.TrimPrefix(strings.TrimSpace(line[:i]), "export "), `"' -`)
	value = strings.Trim(strings.TrimLeft(line[i:], "=: "), `"', `)
	return key, value, key != "" && value != "" && !strings.ContainsAny(key, " \t(){}<>")
}

var (
	// tellingName has the words of a name whose value should not be readable.
	tellingName = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|(^|[_.\-])(pwd|pass)([_.\-]|$)|secret|token|api[_.\-]?key|private[_.\-]?key|access[_.\-]?key|credential|connection[_.\-]?string|(^|[_.\-])dsn([_.\-]|$))`)
	// speaksAbout ends a name that speaks about a credential instead of holding one.
	speaksAbout = regexp.MustCompile(`(?i)([_.\-]|[a-z](?-i:[A-Z]))?(file|path|dir|name|ref|ttl|timeout|expir[a-z]*|duration|interval|lifetime|length|count|limit|type|kind|enabled|disabled|required|policy|algorithm|audience|issuer|endpoint|hash|checksum|version|namespace|rotation)s?$`)
	plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d)?$`)
	filePath    = regexp.MustCompile(`^(\.{0,2}/|~/|[A-Za-z]:\\)[^\s]*$`)
)

// tells reports whether a name says that its value is a credential.
func tells(name string) bool {
	return tellingName.MatchString(name) && !speaksAbout.MatchString(name) && !strings.HasPrefix(name, "checksum/")
}

// isLiteral reports whether a value could be a credential itself, and is not a
// switch, a number, a path, an address or a reference to where the value comes from.
func isLiteral(value string) bool {
	v := strings.TrimSpace(value)
	if v == "" || v == marker || plainNumber.MatchString(v) || filePath.MatchString(v) {
		return false
	}
	if _, err := strconv.ParseBool(v); err == nil {
		return false
	}
	switch strings.ToLower(v) {
	case "null", "nil", "none", "yes", "no", "on", "off", "~", "|", ">", "|-", ">-", "{", "[", "{}", "[]":
		return false
	}
	for _, open := range []string{"$(", "${", "{{", "<", "%("} {
		if strings.HasPrefix(v, open) {
			return false
		}
	}
	if strings.Contains(v, "://") {
		return userInfo.MatchString(v)
	}
	return true
}
