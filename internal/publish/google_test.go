package publish

import (
	"context"
	"io"
	"net/http"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"gocloud.dev/blob"
	"gocloud.dev/gcerrors"
)

// googleServer speaks the interface of Google Cloud Storage. Its address is an
// environment variable to the client, so the tests of it do not run in parallel.
func googleServer(t *testing.T) *server {
	s := &server{
		program: oracle(t, "fake-gcs-server"), dir: t.TempDir(), port: freePort(t),
		command: `exec "$0" -scheme http -host 127.0.0.1 -port $port -public-host 127.0.0.1:$port -backend memory -log-level error`,
		address: func(string) string { return "gs://audit/prod?anonymous=true" },
	}
	s.start(t)
	t.Setenv("STORAGE_EMULATOR_HOST", s.host())
	resp, err := http.Post("http://"+s.host()+"/storage/v1/b?project=tests", "application/json", strings.NewReader(`{"name":"audit"}`))
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("make the bucket: %s", resp.Status)
	}
	return s
}

// A bucket of Google's takes an archive once, keeps the first of a name, gives
// ranges of it back, and refuses by itself to write where something is.
func TestGoogleBucket(t *testing.T) {
	s := googleServer(t)
	p := s.place(t, s.host())
	first, second := large(t, "prod-2026-09-30.zip"), bundle(t, "prod-2026-10-01.zip", "")
	for _, a := range []Archive{first, second} {
		if r := put(t, p, a); r.Already || r.SHA256 != a.SHA256 || r.Address != "gs://audit/prod/"+a.Name {
			t.Errorf("%+v", r)
		}
		if r := put(t, p, a); !r.Already {
			t.Errorf("again: %+v", r)
		}
	}
	if _, err := p.Put(context.Background(), bundle(t, first.Name, "other"), PutOptions{}); err == nil || !strings.Contains(err.Error(), "nothing was overwritten") {
		t.Errorf("another bundle: %v", err)
	}
	if d := cmp.Diff([]string{first.Name, second.Name}, names(t, p)); d != "" {
		t.Errorf("archives (-want +got):\n%s", d)
	}

	// The store refuses by itself what asking first would have noticed.
	rival := strings.NewReader("rival")
	if err := p.store.(bucket).Upload(context.Background(), second.Name, rival, &blob.WriterOptions{IfNotExist: true, ContentType: "application/zip"}); gcerrors.Code(err) != gcerrors.FailedPrecondition {
		t.Errorf("a name that is taken was written: %v", err)
	}
	found, err := p.List(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	head := make([]byte, 4)
	if _, err := p.Reader(context.Background(), found[1]).ReadAt(head, 0); err != nil && err != io.EOF || string(head) != "PK\x03\x04" {
		t.Errorf("the archive begins with %q (%v)", head, err)
	}
}
