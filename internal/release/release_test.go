// Package release tests what a release is made with and what people install it
// by: the configuration of GoReleaser, the workflow that runs it, the GitHub Action and the GitLab template.
package release

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"runtime"
	"strings"
	"testing"

	"github.com/santhosh-tekuri/jsonschema/v6"
	"go.yaml.in/yaml/v3"
)

// documents reads the YAML documents of a file as JSON would decode them.
func documents(t *testing.T, path string) []any {
	t.Helper()
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	var out []any
	for d := yaml.NewDecoder(bytes.NewReader(b)); ; {
		var v any
		if err := d.Decode(&v); errors.Is(err, io.EOF) {
			return out
		} else if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		text, err := json.Marshal(v)
		if err != nil {
			t.Fatalf("%s: %v", path, err)
		}
		if v, err = jsonschema.UnmarshalJSON(bytes.NewReader(text)); err != nil {
			t.Fatal(err)
		}
		out = append(out, v)
	}
}

// TestGoReleaserConfiguration validates the configuration by the schema of the
// documentation of the GoReleaser that releases. Templates inside of strings are not looked at.
func TestGoReleaserConfiguration(t *testing.T) {
	workflow, err := os.ReadFile("../../.github/workflows/release.yml")
	if err != nil {
		t.Fatal(err)
	}
	used := regexp.MustCompile(`github\.com/goreleaser/goreleaser/v2@\S+`).Find(workflow)
	out, err := exec.Command("go", "mod", "download", "-json", string(used)).Output()
	if err != nil {
		t.Fatalf("the module that has the schema cannot be downloaded: %v\n%s", err, out)
	}
	var module struct{ Dir string }
	if err := json.Unmarshal(out, &module); err != nil {
		t.Fatal(err)
	}
	s, err := jsonschema.NewCompiler().Compile(filepath.Join(module.Dir, "www/docs/static/schema.json"))
	if err != nil {
		t.Fatal(err)
	}
	for _, doc := range documents(t, "../../.goreleaser.yaml") {
		if err := s.Validate(doc); err != nil {
			t.Error(err)
		}
	}
	if err := s.Validate(map[string]any{"archives": "tar.gz"}); err == nil {
		t.Error("the schema takes what it should refuse")
	}
}

// TestScriptsOfTemplates lets a shell read every script of the Action, the GitLab
// template and the workflow that releases, and refuses values that the service would paste into one.
func TestScriptsOfTemplates(t *testing.T) {
	count := 0
	for path, shell := range map[string]string{
		"../../deploy/action/action.yml": "bash", "../../deploy/gitlab/auditpack.gitlab-ci.yml": "sh", "../../.github/workflows/release.yml": "bash",
	} {
		for _, doc := range documents(t, path) {
			scripts(doc, func(script string) {
				count++
				cmd := exec.Command(shell, "-n")
				cmd.Stdin = strings.NewReader(script)
				if text, err := cmd.CombinedOutput(); err != nil {
					t.Errorf("%s: %v\n%s\n%s", path, err, text, script)
				}
				if strings.Contains(script, "${{") || strings.Contains(script, "$[[") {
					t.Errorf("%s: a value is pasted into a script; hand it over in the environment:\n%s", path, script)
				}
			})
		}
	}
	if count < 5 {
		t.Errorf("%d scripts were found", count)
	}
}

// scripts calls visit for what stands under run and script.
func scripts(v any, visit func(string)) {
	switch v := v.(type) {
	case map[string]any:
		for k, e := range v {
			if text, ok := e.(string); ok && k == "run" {
				visit(text)
			}
			if list, ok := e.([]any); ok && k == "script" {
				for _, line := range list {
					visit(line.(string))
				}
				continue
			}
			scripts(e, visit)
		}
	case []any:
		for _, e := range v {
			scripts(e, visit)
		}
	}
}

// archive is a release archive with a program that prints a word.
func archive(t *testing.T, word string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	w := tar.NewWriter(z)
	program := "#!/bin/sh\necho " + word + "\n"
	if err := w.WriteHeader(&tar.Header{Name: "auditpack", Mode: 0o755, Size: int64(len(program))}); err != nil {
		t.Fatal(err)
	}
	if _, err := io.WriteString(w, program); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestInstallChecksWhatItDownloads(t *testing.T) {
	name := fmt.Sprintf("auditpack_v1.2.3_%s_%s.tar.gz", runtime.GOOS, runtime.GOARCH)
	good, bad := archive(t, "hello"), archive(t, "evil")
	sum := func(b []byte) string { return fmt.Sprintf("%x", sha256.Sum256(b)) }
	for _, test := range []struct {
		what      string
		archive   []byte
		checksums string
		want      string // in what is printed; empty for success
	}{
		{"a good release", good, sum([]byte("x")) + "  other.tar.gz\n" + sum(good) + "  " + name + "\n", ""},
		{"an archive that was exchanged", bad, sum(good) + "  " + name + "\n", "FAILED"},
		{"checksums that do not name it", good, sum(good) + "  " + strings.ReplaceAll(name, ".", "x") + "\n", "does not name"},
		{"no checksums", good, "", "does not name"},
		{"no archive", nil, sum(good) + "  " + name + "\n", "404"},
	} {
		t.Run(test.what, func(t *testing.T) {
			server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
				switch {
				case r.URL.Path == "/v1.2.3/checksums.txt":
					io.WriteString(w, test.checksums)
				case r.URL.Path == "/v1.2.3/"+name && test.archive != nil:
					w.Write(test.archive)
				default:
					http.NotFound(w, r)
				}
			}))
			defer server.Close()
			dir := filepath.Join(t.TempDir(), "bin")
			cmd := exec.Command("bash", "../../deploy/action/install.sh", dir)
			// Without cosign on PATH, whose public log a test does not ask.
			cmd.Env = []string{"PATH=/usr/bin:/bin", "AUDITPACK_VERSION=v1.2.3", "AUDITPACK_RELEASES=" + server.URL, "TMPDIR=" + t.TempDir()}
			text, err := cmd.CombinedOutput()
			_, installed := os.Stat(filepath.Join(dir, "auditpack"))
			if test.want != "" {
				if err == nil || !strings.Contains(string(text), test.want) || installed == nil {
					t.Errorf("error %v, installed %t, want %q:\n%s", err, installed == nil, test.want, text)
				}
				return
			}
			if err != nil {
				t.Fatalf("%v\n%s", err, text)
			}
			if out, err := exec.Command(filepath.Join(dir, "auditpack")).Output(); err != nil || string(out) != "hello\n" {
				t.Errorf("what was installed prints %q, %v", out, err)
			}
		})
	}
}
