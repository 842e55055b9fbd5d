package publish

import (
	"archive/zip"
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

var now = time.Date(2026, 10, 1, 0, 0, 0, 0, time.UTC)

// bundle writes an archive that states plan and day, and more to tell it apart.
func bundle(t *testing.T, name, more string) Archive {
	t.Helper()
	n, ok := parseName(name)
	if !ok {
		t.Fatalf("%q is no name of a bundle", name)
	}
	content := []byte(ageHeader + more)
	if !n.encrypted {
		statement, err := schema.Marshal(map[string]any{
			"predicateType": schema.PredicateType,
			"predicate":     schema.Manifest{Claim: schema.Claim{AsOf: n.date.Add(time.Hour), Plan: schema.PlanFacts{Name: n.plan}}},
		})
		if err != nil {
			t.Fatal(err)
		}
		content = zipOf(t, "report.json", more, seal.StatementFile, string(statement))
	}
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	a, err := ReadArchive(path)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func zipOf(t *testing.T, namesAndContents ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(namesAndContents); i += 2 {
		w, err := z.Create(namesAndContents[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(namesAndContents[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// open opens a place in a new folder, and returns the folder.
func open(t *testing.T) (*Place, string) {
	t.Helper()
	dir := t.TempDir()
	p, err := Open(context.Background(), "file://"+dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := p.Close(); err != nil {
			t.Error(err)
		}
	})
	return p, dir
}

func put(t *testing.T, p *Place, a Archive) Receipt {
	t.Helper()
	r, err := p.Put(context.Background(), a, PutOptions{})
	if err != nil {
		t.Fatal(err)
	}
	return r
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range entries {
		out = append(out, e.Name())
	}
	return out
}

// TestPutNeverOverwrites publishes one bundle twice, and then another of its name.
func TestPutNeverOverwrites(t *testing.T) {
	p, dir := open(t)
	first := bundle(t, "prod-2026-09-30.zip", "first")
	if r := put(t, p, first); r.Already || r.SHA256 != first.SHA256 {
		t.Errorf("first: %+v", r)
	}
	if r := put(t, p, first); !r.Already {
		t.Errorf("again: %+v", r)
	}
	_, err := p.Put(context.Background(), bundle(t, "prod-2026-09-30.zip", "second"), PutOptions{})
	if err == nil || !strings.Contains(err.Error(), "nothing was overwritten") {
		t.Errorf("another bundle: %v", err)
	}
	if _, err := p.Put(context.Background(), bundle(t, "prod-2026-10-01.zip", ""), PutOptions{Lock: &Lock{Until: now}}); err == nil {
		t.Error("a folder takes a lock that it cannot hold")
	}
	if d := cmp.Diff([]string{first.Name}, files(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestPutRenumbers gives another bundle of a day the next number, and finds each
// again under the one that it got.
func TestPutRenumbers(t *testing.T) {
	p, dir := open(t)
	put(t, p, bundle(t, "prod-2026-09-30.zip", "first"))
	put(t, p, bundle(t, "prod-2026-10-01.zip.age", "first"))
	for name, want := range map[string]string{"prod-2026-09-30.zip": "prod-2026-09-30-2.zip", "prod-2026-10-01.zip.age": "prod-2026-10-01-2.zip.age"} {
		second := bundle(t, name, "second")
		for _, already := range []bool{false, true} {
			r, err := p.Put(context.Background(), second, PutOptions{Renumber: true})
			if err != nil || r.Name != want || r.Already != already || r.SHA256 != second.SHA256 || r.Address != p.AddressOf(want) {
				t.Errorf("%+v, %v; want %s", r, err, want)
			}
		}
	}
	if d := cmp.Diff([]string{"prod-2026-09-30-2.zip", "prod-2026-09-30.zip", "prod-2026-10-01-2.zip.age", "prod-2026-10-01.zip.age"}, files(t, dir)); d != "" {
		t.Error(d)
	}
}

// TestFolderBehindLink finds what lies in a folder that a link leads to.
func TestFolderBehindLink(t *testing.T) {
	link := filepath.Join(t.TempDir(), "link")
	if err := os.Symlink(t.TempDir(), link); err != nil {
		t.Fatal(err)
	}
	p, err := Open(context.Background(), "file://"+link)
	if err != nil {
		t.Fatal(err)
	}
	a := bundle(t, "prod-2026-09-30.zip", "")
	put(t, p, a)
	if found, err := p.List(context.Background()); err != nil || len(found) != 1 || found[0].Name != a.Name {
		t.Errorf("%v, %v", found, err)
	}
	if got, want := p.AddressOf(a.Name), "file://"+link+"/"+a.Name; got != want {
		t.Errorf("the address is %s, want %s", got, want)
	}
}

// TestNewest goes by plan, day and number, and not by the order of the names.
func TestNewest(t *testing.T) {
	p, _ := open(t)
	for _, name := range []string{"prod-2026-09-30.zip", "prod-2026-10-01-9.zip", "prod-2026-10-01-10.zip", "prod-2026-10-01.zip", "prod-eu-2026-12-01.zip"} {
		put(t, p, bundle(t, name, ""))
	}
	for plan, want := range map[string]string{"prod": "prod-2026-10-01-10.zip", "prod-eu": "prod-eu-2026-12-01.zip", "other": ""} {
		got, found, err := p.Newest(context.Background(), plan)
		if err != nil || got.Name != want || found != (want != "") {
			t.Errorf("%s: %q, %v, %v; want %q", plan, got.Name, found, err, want)
		}
	}
}

// TestPutCleansUp leaves nothing of an upload that is cut off, and what a killed
// program left goes with the next upload that succeeds.
func TestPutCleansUp(t *testing.T) {
	p, dir := open(t)
	a := bundle(t, "prod-2026-09-30.zip", "")
	cut, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := p.Put(cut, a, PutOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("cut off: %v", err)
	}
	if left := files(t, dir); len(left) > 0 {
		t.Errorf("left behind: %v", left)
	}
	for _, name := range []string{"." + a.Name + ".1" + partialSuffix, ".prod-2026-10-01.zip.1" + partialSuffix} {
		if err := os.WriteFile(filepath.Join(dir, name), []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	put(t, p, a)
	if d := cmp.Diff([]string{".prod-2026-10-01.zip.1" + partialSuffix, a.Name}, files(t, dir)); d != "" {
		t.Error(d)
	}
}

func TestReadArchiveRefuses(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"bundle.zip", "prod-2026-02-30.zip", "prod-2026-09-30-1.zip", "prod-2026-09-30.tar", ".prod-2026-09-30.zip"} {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, nil, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := ReadArchive(path); err == nil {
			t.Errorf("%s is taken", name)
		}
	}
	if _, err := ReadArchive(dir); err == nil {
		t.Error("a folder is taken")
	}
	if _, err := ReadArchive(filepath.Join(dir, "absent")); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("absent: %v", err)
	}
}

func TestCheckAddress(t *testing.T) {
	for _, good := range []string{"file:///srv/bundles", "s3://bucket", "s3://bucket/a/b?region=eu-central-1", "azblob://container"} {
		if err := CheckAddress(good); err != nil {
			t.Error(err)
		}
	}
	for _, bad := range []string{"", "bundles", "ftp://host/folder", "s3://key:secret@bucket", "s3://%zz"} {
		if err := CheckAddress(bad); err == nil {
			t.Errorf("%q is taken", bad)
		}
	}
}

// TestPrune has a folder of bundles, things that look like bundles, and a hold.
func TestPrune(t *testing.T) {
	p, dir := open(t)
	for _, name := range []string{
		"prod-2026-09-30.zip", "prod-2026-09-30-2.zip", "prod-2026-09-29.zip", "prod-2026-09-28.zip",
		"prod-2026-09-27.zip", "prod-2026-06-30.zip", "prod-2026-06-29.zip.age", "prod-2025-12-31.zip",
		"prod-eu-2026-01-01.zip",
	} {
		put(t, p, bundle(t, name, ""))
	}
	other, err := os.ReadFile(filepath.Join(dir, "prod-eu-2026-01-01.zip"))
	if err != nil {
		t.Fatal(err)
	}
	for name, content := range map[string][]byte{
		"prod-2026-09-28.zip.hold": nil,
		"prod-2026-01-01.zip":      other,                    // another plan's under this one's name
		"prod-2026-12-31.zip":      []byte("no archive"),     // would else be the last
		"prod-2026-01-02.zip":      zipOf(t, "holiday", "x"), // an archive, and no bundle
		"prod-2026-01-03.zip.age":  []byte("not encrypted"),
		"notes.txt":                nil,
	} {
		if err := os.WriteFile(filepath.Join(dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	before := files(t, dir)
	a := bundle(t, "prod-2026-09-30-2.zip", "")
	want := []Fate{
		{"prod-2026-09-30-2.zip", "the last"},
		{"prod-2026-09-30.zip", ""},
		{"prod-2026-09-29.zip", "daily 2026-09-29"},
		{"prod-2026-09-28.zip", "held by prod-2026-09-28.zip.hold"},
		{"prod-2026-09-27.zip", ""},
		{"prod-2026-06-30.zip", "quarterly 2026-Q2"},
		{"prod-2026-06-29.zip.age", ""},
		{"prod-2025-12-31.zip", ""},
	}
	keep := schema.KeepRules{Daily: 2, Quarterly: 2}
	fates, err := p.Decide(context.Background(), a, keep, now)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, fates); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(before, files(t, dir)); d != "" {
		t.Errorf("Decide changed the folder:\n%s", d)
	}
	if _, err := p.Prune(context.Background(), bundle(t, "prod-2026-10-01.zip", ""), keep, now); err == nil {
		t.Error("bundles are pruned for one that is not there")
	}
	if fates, err = p.Prune(context.Background(), a, keep, now); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(want, fates); d != "" {
		t.Error(d)
	}
	var left []string
	for _, name := range before {
		if !strings.Contains("prod-2026-09-30.zip prod-2026-09-27.zip prod-2026-06-29.zip.age prod-2025-12-31.zip", name) {
			left = append(left, name)
		}
	}
	if d := cmp.Diff(left, files(t, dir)); d != "" {
		t.Error(d)
	}
}
