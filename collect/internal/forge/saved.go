package forge

import (
	"bytes"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Saved returns a transport that answers from a file in the place of a server. The
// file is a mapping in YAML from the path of a request, below the root of the API and
// without its query, to the answer. Any other path is answered with 404, so that what
// was not saved is a gap. An error names what is wrong with the file.
func Saved(file []byte) (http.RoundTripper, error) {
	var answers map[string]any
	if err := yaml.Unmarshal(file, &answers); err != nil {
		return nil, err
	}
	s := saved{}
	for path, answer := range answers {
		text, ok := answer.(string) // a file of a repository
		body := []byte(text)
		if !ok {
			var err error
			if body, err = json.Marshal(answer); err != nil {
				return nil, fmt.Errorf("the answer for %s is no JSON: %w", path, err)
			}
		}
		s[strings.Trim(path, "/")] = body
	}
	return s, nil
}

type saved map[string][]byte

// roots are what stands before the paths of the file: GitLab's, GitHub's on a server
// of one's own, and nothing in GitHub's cloud.
var roots = []string{"/api/v4/", "/api/v3/", "/"}

// RoundTrip implements http.RoundTripper.
func (s saved) RoundTrip(r *http.Request) (*http.Response, error) {
	path := r.URL.EscapedPath()
	for _, root := range roots {
		if rest, ok := strings.CutPrefix(path, root); ok {
			path = rest
			break
		}
	}
	status, body := http.StatusOK, s[strings.Trim(path, "/")]
	if body == nil || r.Method != http.MethodGet {
		status, body = http.StatusNotFound, []byte(`{"message":"not among the saved answers"}`)
	}
	return &http.Response{
		StatusCode: status, Status: http.StatusText(status), Proto: "HTTP/1.1", ProtoMajor: 1, ProtoMinor: 1, Request: r,
		Header: http.Header{"Content-Type": {"application/json"}}, ContentLength: int64(len(body)), Body: io.NopCloser(bytes.NewReader(body)),
	}, nil
}

// Location says in a report where answers came from: a host, or the file in its place.
func Location(host, file string) string {
	if file == "" {
		return host
	}
	return host + ", answers saved in " + file
}
