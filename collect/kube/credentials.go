package kube

import (
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/zricethezav/gitleaks/v8/detect"
)

// The ids of our own rules: a literal under a name that tells, and a password in a URL.
const (
	nameRule = "auditpack-name"
	urlRule  = "auditpack-url"
)

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
type scanner struct {
	detector *detect.Detector
	// refers names fields that hold the name of a credential, although they tell.
	refers func(name string) bool
}

// scan returns what in a value looks like a credential, at most one hit a line:
// for the first rule of gitleaks that matches it, for a name that tells, or for
// a password in a URL.
func (s scanner) scan(name, value string) []hit {
	// Charts put the digest of a configuration into an annotation of this prefix.
	if strings.TrimSpace(value) == "" || strings.HasPrefix(name, "checksum/") {
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
		if h, ok := s.judge(name, strings.TrimSpace(value)); ok {
			add(h)
		}
		// One line may be a whole setting, or a command line of several.
		for _, part := range append(strings.Fields(value), value) {
			if k, v, ok := assignment(strings.TrimRight(part, ";&|)")); ok {
				if h, ok := s.judge(k, v); ok {
					add(h)
				}
			}
		}
		return hits
	}
	n := 0
	for line := range strings.Lines(value) {
		n++
		k, v, ok := assignment(line)
		if !ok {
			k, v = "", strings.TrimSpace(line)
		}
		if h, ok := s.judge(k, v); ok {
			h.line = n
			add(h)
		}
	}
	return hits
}

// judge applies our own rules to one name and its value.
func (s scanner) judge(name, value string) (hit, bool) {
	switch {
	case s.tells(name) && isLiteral(value):
		return hit{rule: nameRule, length: len(value)}, true
	case password(value) != "":
		return hit{rule: urlRule, length: len(password(value))}, true
	}
	return hit{}, false
}

// assignment splits a line such as "key = value", "key: value" or `"key": "value",`.
// Text with spaces in it is prose and no value.
func assignment(line string) (key, value string, ok bool) {
	line = strings.TrimSpace(line)
	i := strings.IndexAny(line, "=:")
	if i < 0 || strings.HasPrefix(line, "#") || strings.HasPrefix(line, "//") {
		return "", "", false
	}
	key = strings.Trim(strings.TrimPrefix(strings.TrimSpace(line[:i]), "export "), `"' -`)
	value = strings.Trim(strings.TrimLeft(line[i:], "=: "), `"', `)
	return key, value, key != "" && value != "" && !strings.ContainsAny(key, " \t(){}<>") && !strings.ContainsAny(value, " \t")
}

var (
	// tellingName has the words of a name whose value should not be readable.
	tellingName = regexp.MustCompile(`(?i)(passw(or)?d|passphrase|(^|[_.\-])(pwd|pass|pw)([_.\-]|$)|secret|token|api[_.\-]?key|private[_.\-]?key|access[_.\-]?key|credential|connection[_.\-]?string|(^|[_.\-])dsn([_.\-]|$))`)
	// speaksAbout ends a name that speaks about a credential instead of holding one.
	speaksAbout = regexp.MustCompile(`(?i)(file|path|dir|name|ref|ttl|timeout|expir[a-z]*|duration|interval|lifetime|length|count|limit|type|kind|enabled|disabled|required|policy|algorithm|audience|issuer|endpoint|hash|checksum|version|namespace|rotation)s?$`)
	plainNumber = regexp.MustCompile(`^[+-]?[0-9]+(\.[0-9]+)?(ns|us|ms|s|m|h|d)?$`)
	filePath    = regexp.MustCompile(`^(\.{0,2}/|~/|[A-Za-z]:\\)[^\s]*$`)
)

// tellingParts are in every name that tellingName matches. To look for them first
// takes a tenth of the time, and almost no line of a configuration has one.
var tellingParts = []string{"pass", "pw", "secret", "token", "key", "credential", "connection", "dsn"}

// tells reports whether a name says that its value is a credential.
func (s scanner) tells(name string) bool {
	lower := strings.ToLower(name)
	if !slices.ContainsFunc(tellingParts, func(part string) bool { return strings.Contains(lower, part) }) {
		return false
	}
	return (s.refers == nil || !s.refers(name)) && tellingName.MatchString(name) && !speaksAbout.MatchString(name)
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
	return !strings.Contains(v, "://") || password(v) != ""
}

// urlPassword is the user information of a URL with a password in it.
var urlPassword = regexp.MustCompile(`[A-Za-z][A-Za-z0-9+.\-]*://[^/?#\s"'\\:@]*:([^/?#\s"'\\]+)@`)

// password returns the password in a URL, unless a variable or a template stands for it.
func password(value string) string {
	if !strings.Contains(value, "://") {
		return ""
	}
	m := urlPassword.FindStringSubmatch(value)
	if m == nil || m[1] == marker || strings.ContainsAny(m[1], "{}$<>*") && strings.ContainsAny(m[1][:1], "{$<*%") {
		return ""
	}
	return m[1]
}
