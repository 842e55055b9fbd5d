// Package openapi serves answers of a forge to tests, and holds each of them
// against the vendor's own description of the interface. So a reader is tested
// against what the vendor promises, and not against what we believe.
//
// build.sh beside this file fetches the description.
package openapi

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"maps"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/getkin/kin-openapi/openapi3"
	"github.com/getkin/kin-openapi/openapi3filter"
	"github.com/getkin/kin-openapi/routers"
	"github.com/getkin/kin-openapi/routers/legacy"
)

// version of the description, as in build.sh.
const version = "23.0.2"

// An Answer to one request.
type Answer struct {
	Status int // 0 means 200
	Header http.Header
	Body   string
	// Broken answers are not held against the description: they are what a server
	// in trouble says.
	Broken bool
}

// Server answers requests for paths, with their query but for per_page, by what
// Answers has. Anything else is answered 404.
type Server struct {
	URL string
	// Prefix of the paths, which are not part of the keys of Answers.
	Prefix string

	mu       sync.Mutex
	answers  map[string][]Answer
	requests []string
}

// GitHub starts a server on loopback that stands for a GitHub Enterprise server.
// Without the description the test is skipped, or fails where CI is set.
func GitHub(t testing.TB, answers map[string][]Answer) *Server {
	t.Helper()
	router := github(t)
	s := &Server{Prefix: "/api/v3", answers: answers}
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		path := strings.TrimPrefix(r.URL.Path, s.Prefix)
		answer := s.answer(path, r.URL.Query())
		if err := check(r, path, router, answer); err != nil {
			t.Errorf("%s %s: %v", r.Method, r.URL, err)
		}
		for k, v := range answer.Header {
			w.Header()[k] = v
		}
		w.Header().Set("Content-Type", "application/json; charset=utf-8")
		w.WriteHeader(answer.Status)
		_, _ = io.WriteString(w, answer.Body)
	}))
	t.Cleanup(server.Close)
	s.URL = server.URL
	return s
}

// Requests returns what was asked so far, as method, path and query.
func (s *Server) Requests() []string {
	s.mu.Lock()
	defer s.mu.Unlock()
	return append([]string(nil), s.requests...)
}

// answer returns the next answer for a path: the last one stays.
func (s *Server) answer(path string, query url.Values) Answer {
	query.Del("per_page")
	key := path
	if q := query.Encode(); q != "" {
		key += "?" + q
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	s.requests = append(s.requests, "GET "+key)
	list := s.answers[key]
	if len(list) == 0 {
		return Answer{Status: http.StatusNotFound, Body: `{"message":"Not Found","documentation_url":"https://docs.example.com","status":"404"}`, Broken: true}
	}
	if len(list) > 1 {
		s.answers[key] = list[1:]
	}
	a := list[0]
	if a.Status == 0 {
		a.Status = http.StatusOK
	}
	return a
}

// check holds a request and its answer against the description.
func check(r *http.Request, path string, router routers.Router, a Answer) error {
	if before, file, ok := strings.Cut(path, "/contents/"); ok { // the template is for one segment, and the server takes a path
		path = before + "/contents/" + strings.ReplaceAll(file, "/", "-")
	}
	asked := r.Clone(r.Context())
	asked.URL = &url.URL{Scheme: "https", Host: "api.github.com", Path: path, RawQuery: r.URL.RawQuery}
	asked.Host = "api.github.com"
	route, parameters, err := router.FindRoute(asked)
	if err != nil {
		return err
	}
	options := &openapi3filter.Options{AuthenticationFunc: openapi3filter.NoopAuthenticationFunc}
	options.WithCustomSchemaErrorFunc(func(err *openapi3.SchemaError) string {
		return "/" + strings.Join(err.JSONPointer(), "/") + ": " + err.Reason
	})
	request := &openapi3filter.RequestValidationInput{Request: asked, PathParams: parameters, Route: route, Options: options}
	if err := openapi3filter.ValidateRequest(r.Context(), request); err != nil || a.Broken {
		return err
	}
	return openapi3filter.ValidateResponse(r.Context(), &openapi3filter.ResponseValidationInput{
		RequestValidationInput: request, Status: a.Status, Header: http.Header{"Content-Type": {"application/json; charset=utf-8"}},
		Body: io.NopCloser(bytes.NewReader([]byte(a.Body))), Options: options,
	})
}

var loaded struct {
	sync.Once
	doc    *openapi3.T
	router routers.Router
	err    error
}

// flaws are what the description's own examples lack of what it demands itself, as
// changes to an object, or to the first item of a list.
var flaws = map[string]string{
	"/user":                       `{"user_view_type":"private"}`,
	"/repos/{owner}/{repo}":       `{"language":"Go"}`,
	"/repos/{owner}/{repo}/pulls": `{"requested_teams":[]}`,
	"/repos/{owner}/{repo}/pulls/{pull_number}":          `{"requested_teams":[]}`,
	"/repos/{owner}/{repo}/dependabot/alerts":            `{"security_advisory":{"-epss":true}}`,
	"/repos/{owner}/{repo}/branches/{branch}/protection": `{"required_pull_request_reviews":{"-dismissal_restrictions":true},"required_status_checks":{"checks":[]}}`,
}

// One returns the description's own example of an answer that is an object, with
// changes (see merge).
func One(t testing.TB, template, changes string) string {
	t.Helper()
	return patched(t, example(t, template), flaws[template], changes)
}

// Many returns a list of the first item of the description's example, once for each
// of the changes. The list stands under a key, unless that is empty.
func Many(t testing.TB, template, key string, changes ...string) string {
	t.Helper()
	whole := example(t, template)
	list, ok := whole.([]any)
	if key != "" {
		list, ok = whole.(map[string]any)[key].([]any)
	}
	if !ok || len(list) == 0 {
		t.Fatalf("the example of %s has no list", template)
	}
	var items []string
	for _, c := range changes {
		items = append(items, patched(t, list[0], flaws[template], c))
	}
	out := "[" + strings.Join(items, ",") + "]"
	if key != "" {
		out = patched(t, whole, fmt.Sprintf(`{"total_count":%d,%q:%s}`, len(items), key, out))
	}
	return out
}

// patched applies changes to an example.
func patched(t testing.TB, example any, changes ...string) string {
	t.Helper()
	for _, text := range changes {
		if text == "" {
			continue
		}
		var c any
		if err := json.Unmarshal([]byte(text), &c); err != nil {
			t.Fatalf("%s: %v", text, err)
		}
		example = merge(example, c)
	}
	b, err := json.Marshal(example)
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// merge lays changes over a value: objects are merged, everything else is replaced.
// Unlike in RFC 7396 null is a value, which answers of a forge are full of; a name
// with a minus before it takes the field away. Neither argument is changed.
func merge(value, change any) any {
	fields, ok := change.(map[string]any)
	if !ok {
		return change
	}
	old, _ := value.(map[string]any)
	out := maps.Clone(old)
	if out == nil {
		out = map[string]any{}
	}
	for name, c := range fields {
		if gone, ok := strings.CutPrefix(name, "-"); ok {
			delete(out, gone)
			continue
		}
		out[name] = merge(out[name], c)
	}
	return out
}

// example returns what the description shows for the answer 200 of a get.
func example(t testing.TB, template string) any {
	t.Helper()
	github(t)
	item := loaded.doc.Paths.Find(template)
	if item == nil || item.Get == nil {
		t.Fatalf("the description has no %s", template)
	}
	content := item.Get.Responses.Status(http.StatusOK).Value.Content["application/json"]
	for _, name := range slices.Sorted(maps.Keys(content.Examples)) {
		return content.Examples[name].Value.Value
	}
	t.Fatalf("the description has no example for %s", template)
	return nil
}

// github loads the description once a process.
func github(t testing.TB) routers.Router {
	t.Helper()
	cache, err := os.UserCacheDir()
	if err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(cache, "auditpack", "openapi-"+version, "api.github.com.json")
	if _, err := os.Stat(path); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatalf("run make oracles: %v", err)
		}
		t.Skipf("run make oracles: %v", err)
	}
	loaded.Do(func() {
		var doc *openapi3.T
		if doc, loaded.err = openapi3.NewLoader().LoadFromFile(path); loaded.err != nil {
			return
		}
		for path := range doc.Paths.Map() { // two templates for one path, which the router refuses
			if strings.Contains(path, "/attestations/") {
				doc.Paths.Delete(path)
			}
		}
		loaded.doc = doc
		loaded.router, loaded.err = legacy.NewRouter(doc, openapi3.DisableExamplesValidation(), openapi3.DisableSchemaDefaultsValidation(), openapi3.DisableSchemaPatternValidation())
	})
	if loaded.err != nil {
		t.Fatal(loaded.err)
	}
	return loaded.router
}
