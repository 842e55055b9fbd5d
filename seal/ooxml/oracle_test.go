package ooxml_test

import (
	"bytes"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/testpki"
)

// needed skips a test whose tool is not installed. In CI that is a failure.
func needed(t testing.TB, tools ...string) {
	t.Helper()
	for _, tool := range tools {
		if _, err := exec.LookPath(tool); err != nil {
			missing(t, tool)
		}
	}
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("CI") != "" {
		t.Fatalf("%s is not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

func run(t testing.TB, dir string, args ...string) string {
	t.Helper()
	cmd := exec.Command(args[0], args[1:]...)
	cmd.Dir = dir
	out, err := cmd.CombinedOutput()
	if err != nil {
		t.Fatalf("%s: %v\n%s", strings.Join(args, " "), err, out)
	}
	return string(out)
}

// python is Debian's, the one that python3-uno belongs to.
const python = "/usr/bin/python3"

// libreOffice says what LibreOffice thinks of workbooks, by name. It trusts the
// given root and has a profile of its own.
func libreOffice(t *testing.T, root testpki.Pair, workbooks map[string][]byte) map[string]string {
	t.Helper()
	needed(t, "soffice", "certutil")
	if exec.Command(python, "-c", "import uno").Run() != nil {
		missing(t, "python3-uno")
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "ca.pem"), testpki.PEM(root.Root()), 0o600); err != nil {
		t.Fatal(err)
	}
	run(t, dir, "certutil", "-N", "-d", "sql:.", "--empty-password")
	run(t, dir, "certutil", "-A", "-d", "sql:.", "-n", "ca", "-t", "CT,C,C", "-i", "ca.pem")
	var files []string
	for name, b := range workbooks {
		file := filepath.Join(dir, name+".xlsx")
		if err := os.WriteFile(file, b, 0o600); err != nil {
			t.Fatal(err)
		}
		files = append(files, file)
	}
	slices.Sort(files)
	pipe := fmt.Sprintf("auditpack-%d", os.Getpid())
	office := exec.Command("soffice", "--headless", "--norestore", "-env:UserInstallation=file://"+dir+"/profile", "--accept=pipe,name="+pipe+";urp;")
	office.Env = append(os.Environ(), "MOZILLA_CERTIFICATE_FOLDER=sql:"+dir, "HOME="+dir)
	if err := office.Start(); err != nil {
		t.Fatal(err)
	}
	out := run(t, ".", append([]string{python, "testdata/libreoffice_status.py", pipe}, files...)...)
	_ = office.Wait() // it was told to end
	states := map[string]string{}
	for line := range strings.Lines(out) {
		name, state, _ := strings.Cut(strings.TrimSpace(line), " ")
		states[strings.TrimSuffix(name, ".xlsx")] = state
	}
	return states
}

// TestLibreOfficeAgrees shows what LibreOffice notices, and what it does not.
// PARTIAL_OK is the best that it ever says about a signed workbook.
func TestLibreOfficeAgrees(t *testing.T) {
	authority := testpki.Authority(t, "Root")
	unsigned := rendering(t, 10)
	books := map[string][]byte{"unsigned": unsigned}
	want := map[string]string{
		"unsigned": "NOSIGNATURES", "changed": "BROKEN", "added": "PARTIAL_OK", "stranger": "NOTVALIDATED_PARTIAL_OK", "stamped": "PARTIAL_OK",
	}
	for name, key := range keys(t) {
		books[name] = sign(t, unsigned, testpki.Document(t, authority, key), options)
		want[name] = "PARTIAL_OK"
	}
	o := options
	o.Timestamp = testpki.Stamper(t, testpki.TimestampAuthority(t, testpki.Authority(t, "TSA")), testpki.Now)
	books["stamped"] = sign(t, unsigned, testpki.Document(t, authority, testpki.P256(t)), o)
	books["stranger"] = sign(t, unsigned, testpki.SelfSigned(t, testpki.P256(t)), options)
	parts := takeApart(t, books["RSA"])
	books["added"] = putTogether(t, append(slices.Clone(parts), part{"xl/worksheets/sheet9.xml", []byte("<worksheet/>"), 8}))
	for i := range parts {
		parts[i].content = bytes.Replace(parts[i].content, []byte("object 3"), []byte("object 4"), 1)
	}
	books["changed"] = putTogether(t, parts)
	if diff := cmp.Diff(want, libreOffice(t, authority, books)); diff != "" {
		t.Errorf("LibreOffice (-want +got):\n%s", diff)
	}
}
