package seal

import (
	"context"
	"crypto"
	"crypto/ecdsa"
	"crypto/elliptic"
	"crypto/rand"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"

	"github.com/auditpack/auditpack/schema"
)

// sample are the members of the bundles in these tests: stored and deflated ones,
// an empty one, folders and a name with a space.
var sample = map[string]string{
	"report.pdf":                         "%PDF-1.3 not compressed again\n",
	"report.json":                        `{"controls": "` + strings.Repeat("ACC-01 ", 40) + `"}` + "\n",
	"evidence/bindings.jsonl":            strings.Repeat(`{"name":"admins"}`+"\n", 20),
	"evidence/documents/access policy":   "reviewed yearly\n",
	"evidence/empty.jsonl":               "",
	"inputs/plan.yaml":                   "kind: AuditPlan\n",
	"inputs/very/deep/folder/notes.yaml": "a: 1\n",
}

func claim() schema.Claim {
	return schema.Claim{
		AsOf: time.Date(2026, 11, 22, 8, 0, 0, 0, time.UTC),
		Tool: schema.Tool{Name: "auditpack", Version: "0.1.0"},
		Plan: schema.PlanFacts{
			Name: "quarterly", Organization: "Example <GmbH> & Co", Scope: "the production platform",
			From: time.Date(2026, 8, 24, 0, 0, 0, 0, time.UTC), To: time.Date(2026, 11, 22, 0, 0, 0, 0, time.UTC),
		},
		Sources:          []schema.ClaimedSource{{Name: "prod", Kind: schema.SourceCluster, UID: "a-b-c", Collector: "auditor"}},
		ControlsByStatus: map[schema.Status]int{schema.Implemented: 3, schema.Partial: 1},
		Gaps:             2,
	}
}

func newSigner(t testing.TB) *Signer {
	t.Helper()
	k, err := ecdsa.GenerateKey(elliptic.P256(), rand.Reader)
	if err != nil {
		t.Fatal(err)
	}
	s, err := NewSigner(k)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func trusting(s *Signer) Policy { return Policy{Keys: []crypto.PublicKey{s.Public()}} }

// writeFiles writes files into dir and makes the folders that they need.
func writeFiles(t testing.TB, dir string, files map[string]string) {
	t.Helper()
	for name, content := range files {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o750); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o640); err != nil {
			t.Fatal(err)
		}
	}
}

// sealInto makes a bundle of files. A nil signer makes an unsigned one.
func sealInto(t testing.TB, out, name string, files map[string]string, c schema.Claim, s *Signer) *Sealed {
	t.Helper()
	sealed, err := trySeal(t, out, name, files, c, s)
	if err != nil {
		t.Fatal(err)
	}
	return sealed
}

func trySeal(t testing.TB, out, name string, files map[string]string, c schema.Claim, s *Signer) (*Sealed, error) {
	t.Helper()
	b, err := Create(out, name)
	if err != nil {
		return nil, err
	}
	writeFiles(t, b.Dir(), files)
	c.Plan.Unsigned = s == nil
	return b.Seal(t.Context(), c, s)
}

func mustVerify(t testing.TB, path string, p Policy) *Verified {
	t.Helper()
	v, err := Verify(t.Context(), path, p)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { v.Close() })
	return v
}

// refusal returns the *Error of a call that must have refused, and checks that
// nothing came with it.
func refusal(t testing.TB, v *Verified, err error) *Error {
	t.Helper()
	if v != nil {
		t.Fatalf("got a result together with the error %v", err)
	}
	var refused *Error
	if !errors.As(err, &refused) {
		t.Fatalf("got error %v, want an *Error", err)
	}
	return refused
}

// names lists what lies in a folder.
func names(t testing.TB, dir string) []string {
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

func TestFolderAndArchiveVerify(t *testing.T) {
	out, s := t.TempDir(), newSigner(t)
	c := claim()
	sealed := sealInto(t, out, "quarterly-2026-11-22", sample, c, s)

	if diff := cmp.Diff([]string{"quarterly-2026-11-22", "quarterly-2026-11-22.zip"}, names(t, out)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
	for _, path := range []string{sealed.Folder, sealed.Archive} {
		v := mustVerify(t, path, trusting(s))
		if v.Digest != sealed.Digest || len(v.Manifest.Members) != sealed.Members || sealed.Members != len(sample)+1 {
			t.Errorf("%s: digest %s and %d members, want %s and %d", path, v.Digest, len(v.Manifest.Members), sealed.Digest, len(sample)+1)
		}
		if diff := cmp.Diff(c, v.Manifest.Claim); diff != "" {
			t.Errorf("%s: claim (-want +got):\n%s", path, diff)
		}
		if len(v.Checked) == 0 || len(v.NotChecked) == 0 {
			t.Errorf("%s: it does not say what was checked and what not", path)
		}
	}
}

func TestSameInputGivesSameBytes(t *testing.T) {
	var got [2][]byte
	for i := range got {
		sealed := sealInto(t, t.TempDir(), "same", sample, claim(), nil)
		b, err := os.ReadFile(sealed.Archive)
		if err != nil {
			t.Fatal(err)
		}
		got[i] = b
	}
	if !slices.Equal(got[0], got[1]) {
		t.Error("two archives of the same content differ")
	}
}

func TestNothingIsOverwritten(t *testing.T) {
	out, s := t.TempDir(), newSigner(t)
	writeFiles(t, out, map[string]string{"q-2.zip": "somebody else's"})
	if err := os.Mkdir(filepath.Join(out, "q-4"), 0o750); err != nil {
		t.Fatal(err)
	}
	var got []string
	for range 3 {
		got = append(got, sealInto(t, out, "q", sample, claim(), s).Name)
	}
	if diff := cmp.Diff([]string{"q", "q-3", "q-5"}, got); diff != "" {
		t.Errorf("names (-want +got):\n%s", diff)
	}
	if b, err := os.ReadFile(filepath.Join(out, "q-2.zip")); string(b) != "somebody else's" {
		t.Errorf("a file that was there has become %q, %v", b, err)
	}
	if entries := names(t, filepath.Join(out, "q-4")); len(entries) > 0 {
		t.Errorf("a folder that was there has become %q", entries)
	}
}

func TestConcurrentRunsInOneFolder(t *testing.T) {
	out, s := t.TempDir(), newSigner(t)
	const runs = 8
	results := make([]*Sealed, runs)
	errs := make([]error, runs)
	var wg sync.WaitGroup
	for i := range runs {
		wg.Go(func() { results[i], errs[i] = trySeal(t, out, "q", sample, claim(), s) })
	}
	wg.Wait()
	seen := map[string]bool{}
	for i, r := range results {
		if errs[i] != nil {
			t.Fatal(errs[i])
		}
		if seen[r.Name] {
			t.Errorf("two runs got the name %s", r.Name)
		}
		seen[r.Name] = true
		for _, path := range []string{r.Folder, r.Archive} {
			if v := mustVerify(t, path, trusting(s)); v.Digest != r.Digest {
				t.Errorf("%s is another run's", path)
			}
		}
	}
	if got := names(t, out); len(got) != 2*runs {
		t.Errorf("left behind: %q", got)
	}
}

func TestAbortLeavesNothing(t *testing.T) {
	out := t.TempDir()
	b, err := Create(out, "q")
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, b.Dir(), sample)
	if err := b.Abort(); err != nil {
		t.Fatal(err)
	}
	if err := b.Abort(); err != nil {
		t.Errorf("a second Abort: %v", err)
	}
	if got := names(t, out); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
	if _, err := b.Seal(t.Context(), claim(), newSigner(t)); err == nil {
		t.Error("an aborted bundle was sealed")
	}
}

// A run that fails leaves no empty folder that was not there before, and takes none
// away that was there, or that another run uses.
func TestAbortRemovesTheFoldersThatCreateMade(t *testing.T) {
	there := t.TempDir()
	for _, test := range []struct {
		name, out string
		between   func()
		want      []string
	}{
		{"there before", ".", func() {}, nil},
		{"made", "a", func() {}, nil},
		{"made, with its parents", "a/b/c", func() {}, nil},
		{"used by somebody else", "a/b", func() { put(t, there, "a/notes.txt", "mine") }, []string{"a"}},
	} {
		t.Run(test.name, func(t *testing.T) {
			b, err := Create(filepath.Join(there, test.out), "q")
			if err != nil {
				t.Fatal(err)
			}
			writeFiles(t, b.Dir(), sample)
			test.between()
			if err := b.Abort(); err != nil {
				t.Fatal(err)
			}
			if diff := cmp.Diff(test.want, names(t, there), cmpopts.EquateEmpty()); diff != "" {
				t.Errorf("left (-want +got):\n%s", diff)
			}
		})
	}
}

// Builders make and give up one folder at a time, so that it comes and goes under each.
func TestFolderThatOthersGiveUp(t *testing.T) {
	out := filepath.Join(t.TempDir(), "a", "b")
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			for range 50 {
				b, err := Create(out, "q")
				if err != nil {
					t.Error(err)
					return
				}
				if err := b.Abort(); err != nil {
					t.Error(err)
				}
			}
		})
	}
	wg.Wait()
}

func TestCreateRemovesDeadRunsOnly(t *testing.T) {
	out := t.TempDir()
	alive, err := Create(out, "q")
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, out, map[string]string{partialPrefix + "dead/bundle/report.pdf": "half", ".hidden/file": "not ours"})
	next, err := Create(out, "q")
	if err != nil {
		t.Fatal(err)
	}
	want := []string{filepath.Base(alive.partial), filepath.Base(next.partial), ".hidden"}
	slices.Sort(want)
	if diff := cmp.Diff(want, names(t, out)); diff != "" {
		t.Errorf("files (-want +got):\n%s", diff)
	}
}

func TestSealRefuses(t *testing.T) {
	tests := []struct {
		name    string
		prepare func(t *testing.T, dir string)
		change  func(*schema.Claim)
		want    string
	}{
		{name: "link", prepare: func(t *testing.T, dir string) { symlink(t, "report.pdf", filepath.Join(dir, "latest.pdf")) }, want: `member "latest.pdf": it is a link instead of a file`},
		{name: "link to folder", prepare: func(t *testing.T, dir string) { symlink(t, "/etc", filepath.Join(dir, "etc")) }, want: `member "etc": it is a link instead of a file`},
		{name: "case twin", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{"Report.pdf": "x"}) }, want: `"Report.pdf" and "report.pdf" differ only in case`},
		{name: "folder case twin", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{"Inputs/x": "x"}) }, want: `"Inputs" and "inputs" differ only in case`},
		{name: "reserved", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{AttestationFile: "{}"}) }, want: `the name is reserved`},
		{name: "reserved on unsigned", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{"Statement.json": "{}"}) }, want: `the name is reserved`},
		{name: "instructions", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{InstructionsFile: "trust me"}) }, want: `write VERIFY.md`},
		{name: "control character", prepare: func(t *testing.T, dir string) { writeFiles(t, dir, map[string]string{"a\x1b[2J": "x"}) }, want: `which not every system can store`},
		{name: "long name", prepare: func(t *testing.T, dir string) {
			writeFiles(t, dir, map[string]string{strings.Repeat("a", 120) + "/" + strings.Repeat("b", 120): "x"})
		}, want: `longer than 240 bytes`},
		{name: "no plan", change: func(c *schema.Claim) { c.Plan.Name = "" }, want: "plan has no name"},
		{name: "local time", change: func(c *schema.Claim) { c.AsOf = c.AsOf.In(time.FixedZone("", 3600)) }, want: "asOf is not a UTC time"},
		{name: "fraction of a second", change: func(c *schema.Claim) { c.AsOf = c.AsOf.Add(1) }, want: "asOf is not a UTC time"},
		{name: "bad previous", change: func(c *schema.Claim) { c.Previous = &schema.PreviousBundle{SHA256: "1234"} }, want: "previous bundle has no SHA-256 digest"},
		{name: "says unsigned", change: func(c *schema.Claim) { c.Plan.Unsigned = true }, want: "unsigned=true, which is not so"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			out := t.TempDir()
			b, err := Create(out, "q")
			if err != nil {
				t.Fatal(err)
			}
			writeFiles(t, b.Dir(), sample)
			c := claim()
			if tt.prepare != nil {
				tt.prepare(t, b.Dir())
			}
			if tt.change != nil {
				tt.change(&c)
			}
			s, err := b.Seal(t.Context(), c, newSigner(t))
			if err == nil || !strings.Contains(err.Error(), tt.want) || s != nil {
				t.Errorf("got %v, %v; want an error with %q", s, err, tt.want)
			}
			if got := names(t, out); len(got) > 0 {
				t.Errorf("left behind: %q", got)
			}
		})
	}
}

func symlink(t *testing.T, target, path string) {
	t.Helper()
	if err := os.Symlink(target, path); err != nil {
		t.Fatal(err)
	}
}

func TestCreateRefusesNames(t *testing.T) {
	for _, name := range []string{"", ".", "..", "a/b", ".hidden", "con", "a:b", "trailing ", strings.Repeat("x", 300)} {
		if b, err := Create(t.TempDir(), name); err == nil {
			b.Abort()
			t.Errorf("%q was accepted", name)
		}
	}
}

func TestSealStopsWithItsContext(t *testing.T) {
	out := t.TempDir()
	b, err := Create(out, "q")
	if err != nil {
		t.Fatal(err)
	}
	writeFiles(t, b.Dir(), sample)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := b.Seal(ctx, claim(), newSigner(t)); !errors.Is(err, context.Canceled) {
		t.Errorf("got %v", err)
	}
	if got := names(t, out); len(got) > 0 {
		t.Errorf("left behind: %q", got)
	}
}
