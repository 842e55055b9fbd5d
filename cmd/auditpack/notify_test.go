package main

import (
	"encoding/json"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/schema"
)

// A run tells the webhook how it ended: well, with an upload that failed, and with
// nothing at all. When nobody listens it says so, and fails only where that is required.
func TestRunTellsWebhook(t *testing.T) {
	var got []schema.RunOutcome
	hook := httptest.NewServer(http.HandlerFunc(func(_ http.ResponseWriter, r *http.Request) {
		var o schema.RunOutcome
		if err := json.NewDecoder(r.Body).Decode(&o); err != nil {
			t.Error(err)
		}
		got = append(got, o)
	}))
	dir := t.TempDir()
	t.Setenv("HOOK", hook.URL+"/secret")
	run := func(spec string) (code int, stderr string) {
		t.Helper()
		for name, content := range map[string]string{
			"plan.yaml": `apiVersion: auditpack.dev/v1alpha1
kind: AuditPlan
metadata: {name: shelf}
spec:
  organization: Shelf
  scope: A run that is told about.
  clusters: [{name: one, from: [objects.yaml], complete: true}]
` + spec,
			"objects.yaml": "apiVersion: v1\nkind: Namespace\nmetadata: {name: shelf}\n",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(content), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		said, err := os.Create(filepath.Join(dir, "stderr"))
		if err != nil {
			t.Fatal(err)
		}
		defer said.Close()
		code = execute(t.Context(), []string{"run", "-f", filepath.Join(dir, "plan.yaml"), "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", t.TempDir()}, os.Stdin, devNull(t), said)
		b, err := os.ReadFile(said.Name())
		if err != nil {
			t.Fatal(err)
		}
		return code, string(b)
	}
	notified := "  notify: {webhook: {urlEnv: HOOK}}\n"
	if code, stderr := run(notified); code != exitDone {
		t.Errorf("exit code %d: %s", code, stderr)
	}
	if code, _ := run(notified + "  publish: [{to: \"file:///srv\"}]\n"); code != exitUsage {
		t.Errorf("unsigned and published: exit code %d", code)
	}
	if len(got) != 2 {
		t.Fatalf("the webhook was told %d times", len(got))
	}
	if o := got[0]; !o.Good || o.ExitCode != exitDone || o.Digest == "" || o.Plan != "shelf" || len(o.Clusters) != 1 {
		t.Errorf("of the good run: %+v", o)
	}
	if o := got[1]; o.Good || o.ExitCode != exitUsage || o.Digest != "" {
		t.Errorf("of the bad run: %+v", o)
	}
	hook.Close()
	if code, stderr := run(notified); code != exitDone || !strings.Contains(stderr, "spec.notify.webhook") || strings.Contains(stderr, "secret") {
		t.Errorf("nobody listens: exit code %d: %s", code, stderr)
	}
	if code, _ := run("  notify: {webhook: {urlEnv: HOOK, required: true}}\n"); code != exitPublish {
		t.Errorf("nobody listens, and must: exit code %d", code)
	}
	for _, bad := range []string{"{}", "{url: \"http://a\", urlEnv: HOOK}", "{urlEnv: ABSENT}", "{urlFile: absent}", "{url: a}"} {
		if code, stderr := run("  notify: {webhook: " + bad + "}\n"); code != exitUsage || !strings.Contains(stderr, "spec.notify.webhook") {
			t.Errorf("%s: exit code %d: %s", bad, code, stderr)
		}
	}
}
