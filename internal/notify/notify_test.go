package notify

import (
	"context"
	"encoding/json"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"net/url"
	"os"
	"os/exec"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/testauthorities"
	"github.com/auditpack/auditpack/schema"
)

var outcome = schema.RunOutcome{
	SchemaVersion: schema.Version, Plan: "prod-eu", Clusters: []string{"prod"},
	AsOf: time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC), EndedAt: time.Date(2026, 9, 30, 6, 1, 30, 0, time.UTC), Seconds: 90,
	ExitCode: 3, Result: "a bundle was written, and the evidence has gaps", Good: true, Digest: "d1",
	Gaps: 2, Findings: map[schema.Severity]int{schema.Critical: 1, schema.High: 0},
}

func parse(t *testing.T, address string) *url.URL {
	t.Helper()
	u, err := ParseURL(address, true)
	if err != nil {
		t.Fatal(err)
	}
	return u
}

func TestWebhook(t *testing.T) {
	var got schema.RunOutcome
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if err := json.NewDecoder(r.Body).Decode(&got); err != nil {
			t.Error(err)
		}
	}))
	defer s.Close()
	if err := Webhook(context.Background(), parse(t, s.URL+"/hook"), outcome); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(outcome, got); d != "" {
		t.Error(d)
	}
}

// What goes wrong is said without the address, which may be a secret, and nothing
// is sent to another host.
func TestWebhookFails(t *testing.T) {
	other := httptest.NewServer(http.HandlerFunc(func(http.ResponseWriter, *http.Request) { t.Error("another host was asked") }))
	defer other.Close()
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if strings.HasPrefix(r.URL.Path, "/away") {
			http.Redirect(w, r, other.URL, http.StatusTemporaryRedirect)
			return
		}
		http.Error(w, "no", http.StatusForbidden)
	}))
	for path, want := range map[string]string{"/away/token": "307", "/denied/token": "403"} {
		err := Webhook(context.Background(), parse(t, s.URL+path), outcome)
		if err == nil || !strings.Contains(err.Error(), want) || strings.Contains(err.Error(), "token") {
			t.Errorf("%s: %v", path, err)
		}
	}
	s.Close()
	if err := Webhook(context.Background(), parse(t, s.URL+"/token"), outcome); err == nil || strings.Contains(err.Error(), "token") {
		t.Errorf("nobody listens: %v", err)
	}
}

func TestParseURL(t *testing.T) {
	for address, want := range map[string]struct{ secret, open bool }{
		"https://hooks.example.com/a":   {true, true},
		"http://127.0.0.1:9091":         {true, true},
		"http://gateway.monitoring":     {false, true},
		"https://user:pass@example.com": {true, false},
		"ftp://example.com":             {},
		"hooks.example.com":             {},
		"":                              {},
	} {
		_, secret := ParseURL(address, true)
		_, open := ParseURL(address, false)
		if secret == nil != want.secret || open == nil != want.open {
			t.Errorf("%q: %v, %v", address, secret, open)
		}
		if secret != nil && address != "" && strings.Contains(secret.Error(), address) {
			t.Errorf("the error quotes the address: %v", secret)
		}
	}
}

// A real Pushgateway takes the metrics, and keeps the time of the last good bundle
// over a run that makes none.
func TestPushgateway(t *testing.T) {
	program := testauthorities.Oracle("pushgateway")
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("this test needs pushgateway; build it with internal/oracles/build.sh")
		}
		t.Skip("this test needs pushgateway; build it with internal/oracles/build.sh")
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	host := l.Addr().String()
	l.Close()
	cmd := exec.Command(program, "--web.listen-address="+host, "--log.level=error")
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		_ = cmd.Process.Kill()
		_ = cmd.Wait() // killed
	})
	for {
		response, err := http.Get("http://" + host + "/-/ready")
		if err == nil {
			response.Body.Close()
			break
		}
		time.Sleep(20 * time.Millisecond)
	}
	failed := schema.RunOutcome{Plan: outcome.Plan, EndedAt: outcome.EndedAt.Add(24 * time.Hour), Seconds: 2, ExitCode: 1}
	for _, o := range []schema.RunOutcome{outcome, failed} {
		if err := Push(context.Background(), parse(t, "http://"+host), o); err != nil {
			t.Fatal(err)
		}
	}
	response, err := http.Get("http://" + host + "/metrics")
	if err != nil {
		t.Fatal(err)
	}
	defer response.Body.Close()
	page, err := io.ReadAll(response.Body)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{
		`auditpack_last_good_bundle_timestamp_seconds{instance="",job="auditpack",plan="prod-eu"} 1.790748e+09`,
		`auditpack_last_run_exit_code{instance="",job="auditpack",plan="prod-eu"} 1`,
		`auditpack_gaps{instance="",job="auditpack",plan="prod-eu"} 2`,
		`auditpack_findings{instance="",job="auditpack",plan="prod-eu",severity="critical"} 1`,
	} {
		if !strings.Contains(string(page), want+"\n") {
			t.Errorf("the gateway does not have %s:\n%s", want, grep(string(page), "auditpack_"))
		}
	}
}

func grep(page, word string) string {
	var out []string
	for line := range strings.Lines(page) {
		if strings.HasPrefix(line, word) {
			out = append(out, line)
		}
	}
	return strings.Join(out, "")
}
