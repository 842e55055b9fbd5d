package main

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/seal"
)

// manifests writes a small platform in files, and returns the arguments of a run
// that reads it completely and seals it without a key.
func manifests(t *testing.T) []string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "platform.yaml")
	text := "apiVersion: v1\nkind: Namespace\nmetadata: {name: shop}\n"
	for i := range 50 {
		text += fmt.Sprintf("---\napiVersion: v1\nkind: Service\nmetadata: {name: s%02d, namespace: shop}\nspec: {type: LoadBalancer}\n", i)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return []string{"run", "--from", path, "--complete", "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "-o", "json", "--out"}
}

// An ended command is what is left of it.
type ended struct {
	code           int
	stdout, stderr string
}

// end runs a command to its end, in a session without a terminal.
func end(t *testing.T, cmd *exec.Cmd) ended {
	t.Helper()
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	if err := cmd.Run(); err != nil && cmd.ProcessState == nil {
		t.Fatal(err)
	}
	return ended{cmd.ProcessState.ExitCode(), stdout.String(), stderr.String()}
}

func verifies(t *testing.T, path string) {
	t.Helper()
	v, err := seal.Verify(t.Context(), path, seal.Policy{UnsafeUnsigned: true})
	if err != nil {
		t.Errorf("%s does not verify: %v", path, err)
		return
	}
	v.Close()
}

func entries(t *testing.T, dir string) []string {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var out []string
	for _, e := range list {
		out = append(out, e.Name())
	}
	return out
}

// onDisk runs a shell script with $dir on a file system of its own, of so many
// KiB, and with the program's arguments in "$@".
func onDisk(t *testing.T, kib int, script string, args ...string) ended {
	t.Helper()
	if err := exec.Command("unshare", "--mount", "true").Run(); err != nil {
		if os.Getenv("CI") != "" {
			t.Fatal("this test needs unshare --mount, as root")
		}
		t.Skip("this test needs unshare --mount, as root")
	}
	mount := fmt.Sprintf("dir=$1; shift; mount -t tmpfs -o size=%dk tmpfs $dir || exit 99\n", kib)
	return end(t, exec.Command("unshare", append([]string{"--mount", "sh", "-c", mount + script, "sh", t.TempDir()}, args...)...))
}

// The disk is full at every step in turn. Then there is no bundle, no rest of
// one, and a message that says why; with room enough there is a bundle.
func TestFullDiskLeavesNothing(t *testing.T) {
	args := manifests(t)
	full := 0
	for _, kib := range []int{8, 64, 256, 512, 1024, 2048, 4096, 65536} {
		got := onDisk(t, kib, `auditpack "$@" $dir/out >/dev/null; code=$?; ls -A $dir; ls -A $dir/out 2>/dev/null; exit $code`, args...)
		switch got.code {
		case exitNothing:
			full++
			if !strings.Contains(got.stderr, "no space left on device") || strings.Count(got.stderr, "\n") > 1 || got.stdout != "" {
				t.Errorf("%d KiB: left %q, and said %s", kib, got.stdout, got.stderr)
			}
		case exitDone:
			if !strings.Contains(got.stdout, "platform-2026-09-30.zip") {
				t.Errorf("%d KiB: left %q", kib, got.stdout)
			}
		default:
			t.Errorf("%d KiB: exit code %d: %s", kib, got.code, got.stderr)
		}
		if kib == 65536 && got.code != exitDone {
			t.Errorf("with room enough: exit code %d: %s", got.code, got.stderr)
		}
	}
	if full == 0 {
		t.Error("the disk was never full")
	}
}

func TestReadOnlyFolderIsNamed(t *testing.T) {
	got := onDisk(t, 1024, `mount -o remount,ro $dir; auditpack "$@" $dir/out`, manifests(t)...)
	if got.code != exitNothing || !strings.Contains(got.stderr, "read-only file system") || !strings.Contains(got.stderr, "/out") {
		t.Errorf("exit code %d: %s", got.code, got.stderr)
	}
}

// The program is killed over and over, at any instant of its run. The bundle that
// was there stays, each that is there is whole, and the next run cleans up.
func TestKilledProgram(t *testing.T) {
	args, out := manifests(t), filepath.Join(t.TempDir(), "out")
	start := time.Now()
	first := end(t, exec.Command("auditpack", append(args, out)...))
	whole := time.Since(start)
	archive := filepath.Join(out, "platform-2026-09-30.zip")
	before, err := os.ReadFile(archive)
	if err != nil {
		t.Fatalf("%v, %+v", err, first)
	}
	kills := 0
	for deadline := time.Now().Add(20 * time.Second); kills < 20 && (kills < 4 || time.Now().Before(deadline)); kills++ {
		cmd := exec.Command("auditpack", append(args, out)...)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		time.Sleep(rand.N(whole)) // any instant will do
		_ = cmd.Process.Kill()    // it may have ended
		_ = cmd.Wait()
	}
	t.Logf("%d kills left %q", kills, entries(t, out))
	if got := end(t, exec.Command("auditpack", append(args, out)...)); got.code != exitDone {
		t.Errorf("the run after them: %+v", got)
	}
	for _, name := range entries(t, out) {
		if strings.HasPrefix(name, ".") {
			t.Errorf("%s is still there", name)
			continue
		}
		verifies(t, filepath.Join(out, name))
	}
	if after, err := os.ReadFile(archive); err != nil || !bytes.Equal(after, before) {
		t.Errorf("the first bundle has changed: %v", err)
	}
}

// A fuse is a context that ends by itself after it was looked at so many times.
type fuse struct {
	context.Context
	cancel context.CancelFunc
	left   atomic.Int64
}

func (f *fuse) look() {
	if f.left.Add(-1) == 0 {
		f.cancel()
	}
}

func (f *fuse) Err() error            { f.look(); return f.Context.Err() }
func (f *fuse) Done() <-chan struct{} { f.look(); return f.Context.Done() }

// A run that is interrupted at one step or another leaves no bundle, no rest, and
// not even the folder that it would have made.
func TestInterruptedRunLeavesNothing(t *testing.T) {
	args := manifests(t)
	interrupted := 0
	for looks := int64(1); ; looks *= 2 {
		out := filepath.Join(t.TempDir(), "new", "out")
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		f := &fuse{Context: ctx, cancel: cancel}
		f.left.Store(looks)
		code := execute(f, append(args, out), os.Stdin, devNull(t), devNull(t))
		if code == exitDone {
			verifies(t, filepath.Join(out, "platform-2026-09-30.zip"))
			break
		}
		interrupted++
		if code != exitNothing {
			t.Errorf("after %d looks: exit code %d", looks, code)
		}
		if left := entries(t, filepath.Dir(filepath.Dir(out))); len(left) > 0 {
			t.Errorf("after %d looks it left %q", looks, left)
		}
	}
	if interrupted < 3 {
		t.Errorf("it was interrupted at %d steps only", interrupted)
	}
}

func devNull(t *testing.T) *os.File {
	t.Helper()
	f, err := os.OpenFile(os.DevNull, os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return f
}

// Interrupted while it waits for standard input, the program ends.
func TestInterruptEndsWaitingForInput(t *testing.T) {
	in, other, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	defer other.Close()
	out := filepath.Join(t.TempDir(), "out")
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan int)
	go func() {
		done <- execute(ctx, []string{"run", "--from", "-", "--unsigned", "--out", out}, in, devNull(t), devNull(t))
	}()
	if _, err := other.WriteString("kind: Namespace\n"); err != nil {
		t.Error(err)
	}
	cancel()
	if code := <-done; code != exitNothing {
		t.Errorf("exit code %d, want %d", code, exitNothing)
	}
	if _, err := os.Lstat(out); err == nil {
		t.Error("it left a folder")
	}
}

func TestRunsAtOnceInOneFolder(t *testing.T) {
	args, out := manifests(t), filepath.Join(t.TempDir(), "out")
	const runs = 3
	var wg sync.WaitGroup
	results := make([]ended, runs)
	for i := range runs {
		wg.Go(func() { results[i] = end(t, exec.Command("auditpack", append(slices.Clip(args), out)...)) })
	}
	wg.Wait()
	var archives []string
	for _, r := range results {
		var said runResult
		if err := json.Unmarshal([]byte(r.stdout), &said); err != nil || r.code != exitDone {
			t.Fatalf("%v, %+v", err, r)
		}
		archives = append(archives, filepath.Base(said.Archive))
		verifies(t, said.Archive)
		verifies(t, said.Folder)
	}
	slices.Sort(archives)
	if diff := cmp.Diff([]string{"platform-2026-09-30-2.zip", "platform-2026-09-30-3.zip", "platform-2026-09-30.zip"}, archives); diff != "" {
		t.Errorf("archives (-want +got):\n%s", diff)
	}
	if got := entries(t, out); len(got) != 2*runs {
		t.Errorf("left behind: %q", got)
	}
}

// Where and in which language the program runs changes no byte, and neither does
// how little memory the collector of garbage may use.
func TestSameBytesEverywhere(t *testing.T) {
	args := manifests(t)
	digests := map[string]string{}
	for _, env := range [][]string{
		{"TZ=UTC", "LC_ALL=C"},
		{"TZ=Asia/Kathmandu", "LANG=tr_TR.UTF-8", "LC_ALL=tr_TR.UTF-8"},
		{"TZ=America/St_Johns", "LANG=ar_EG.UTF-8", "LC_ALL=", "LC_NUMERIC=de_DE"},
		{"TZ=nonsense", "LC_ALL=nonsense", "HOME=/nonexistent"},
		{"GOMEMLIMIT=64MiB", "GOMAXPROCS=1"},
	} {
		cmd := exec.Command("auditpack", append(slices.Clip(args), t.TempDir())...)
		cmd.Env = append(os.Environ(), env...)
		got := end(t, cmd)
		var said runResult
		if err := json.Unmarshal([]byte(got.stdout), &said); err != nil || got.code != exitDone {
			t.Fatalf("%q: %v, %+v", env, err, got)
		}
		digests[said.Digest] = strings.Join(env, " ")
	}
	if len(digests) != 1 {
		t.Errorf("the bundles differ: %v", digests)
	}
}

// An object with megabytes in one string is left out, and named; the others are read.
func TestObjectThatIsTooLargeIsAGap(t *testing.T) {
	path, out := filepath.Join(t.TempDir(), "large.yaml"), t.TempDir()
	text := "apiVersion: v1\nkind: Service\nmetadata: {name: small, namespace: shop}\n---\napiVersion: v1\nkind: Service\nmetadata: {name: large, namespace: shop, annotations: {a: " + strings.Repeat("x", 4<<20) + "}}\n"
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	if code := execute(t.Context(), []string{"run", "--from", path, "--complete", "--unsigned", "--as-of", "2026-09-30T06:00:00Z", "--out", out}, os.Stdin, devNull(t), devNull(t)); code != exitGaps {
		t.Errorf("exit code %d, want %d", code, exitGaps)
	}
	bundle := filepath.Join(out, "platform-2026-09-30")
	report, err := os.ReadFile(filepath.Join(bundle, "report.json"))
	if err != nil || !bytes.Contains(report, []byte("large.yaml:5: the object is larger than an API server accepts")) {
		t.Errorf("the report does not name the object: %v", err)
	}
	rows, err := os.ReadFile(filepath.Join(bundle, "evidence/populations/services.jsonl"))
	if err != nil || !bytes.Contains(rows, []byte(`"small"`)) || bytes.Contains(rows, []byte(`"large"`)) {
		t.Errorf("services: %.200s, %v", rows, err)
	}
}

// Without a terminal nobody can be asked for a password: the program says what to
// set, instead of waiting.
func TestWithoutTerminal(t *testing.T) {
	private, _, err := seal.GenerateKey([]byte("pass"))
	if err != nil {
		t.Fatal(err)
	}
	key := filepath.Join(t.TempDir(), "cosign.key")
	if err := os.WriteFile(key, private, 0o600); err != nil {
		t.Fatal(err)
	}
	args := slices.DeleteFunc(manifests(t), func(s string) bool { return s == "--unsigned" })
	cmd := exec.Command("setsid", append([]string{"--wait", "auditpack"}, append(args, filepath.Join(t.TempDir(), "out"), "--key", key)...)...)
	cmd.Env = slices.DeleteFunc(os.Environ(), func(s string) bool { return strings.HasPrefix(s, "COSIGN_PASSWORD=") })
	if got := end(t, cmd); got.code != exitUsage || !strings.Contains(got.stderr, "COSIGN_PASSWORD") {
		t.Errorf("got %+v", got)
	}
}

// What cannot be printed is an error, although the bundle is there.
func TestOutputThatCannotBePrinted(t *testing.T) {
	full, err := os.OpenFile("/dev/full", os.O_WRONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer full.Close()
	out := t.TempDir()
	if code := execute(t.Context(), append(manifests(t), out), os.Stdin, full, devNull(t)); code != exitNothing {
		t.Errorf("exit code %d, want %d", code, exitNothing)
	}
	verifies(t, filepath.Join(out, "platform-2026-09-30.zip"))
}
