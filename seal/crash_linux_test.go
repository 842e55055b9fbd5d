package seal

import (
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
)

// inChild, when set, makes the test binary do one thing and leave. The value is the folder.
const (
	childSeals = "SEAL_TEST_CHILD_SEALS"
	childDisks = "SEAL_TEST_CHILD_DISKS"
)

// crashFiles take long enough to seal that a kill hits every part of it.
func crashFiles() map[string]string {
	files := map[string]string{}
	for i := range 20 {
		files[fmt.Sprintf("evidence/%02d.jsonl", i)] = strings.Repeat(fmt.Sprintf("line %d of some evidence\n", i), 2_000)
	}
	return files
}

// TestKilledRun kills a program that seals, over and over, and looks at what is
// left: every bundle under its final name is whole, and the first one is untouched.
func TestKilledRun(t *testing.T) {
	if out := os.Getenv(childSeals); out != "" {
		for {
			if _, err := trySeal(t, out, "q", crashFiles(), claim(), nil); err != nil {
				t.Fatal(err)
			}
		}
	}
	out := t.TempDir()
	start := time.Now()
	first := sealInto(t, out, "q", crashFiles(), claim(), nil)
	whole := time.Since(start)
	before := readFile(t, first.Archive)
	policy := Policy{UnsafeUnsigned: true}
	// 200 kills on an idle machine; on a busy one as many as there is time for.
	var kills, partial, archives, lone int
	for enough := time.Now().Add(40 * time.Second); kills < 200 && (kills < 10 || time.Now().Before(enough)); kills++ {
		cmd := exec.Command(os.Args[0], "-test.run=^TestKilledRun$")
		cmd.Env = append(os.Environ(), childSeals+"="+out)
		if err := cmd.Start(); err != nil {
			t.Fatal(err)
		}
		for wait := 0; len(names(t, out)) == 2; wait++ { // it has not begun yet
			if wait > 60_000 {
				t.Fatal("the program makes no bundle")
			}
			time.Sleep(time.Millisecond)
		}
		time.Sleep(rand.N(2 * whole)) // any instant of one run or the next will do
		if err := cmd.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		if err := cmd.Wait(); err == nil {
			t.Fatal("the program ended by itself")
		}
		there := names(t, out)
		for _, name := range there {
			if strings.HasPrefix(name, partialPrefix) {
				partial++
				continue
			}
			v, err := Verify(t.Context(), filepath.Join(out, name), policy)
			if err != nil {
				t.Errorf("left by a killed run: %v", err)
				continue
			}
			v.Close()
			switch folder, isArchive := strings.CutSuffix(name, ".zip"); {
			case isArchive && !slices.Contains(there, folder):
				t.Errorf("%s has no folder", name)
			case isArchive:
				archives++
			case !slices.Contains(there, name+".zip"):
				lone++ // the kill came between the two renames
			}
		}
		for _, name := range there {
			if name != "q" && name != "q.zip" {
				remove(t, out, name)
			}
		}
	}
	t.Logf("of %d kills %d left a hidden folder, %d a folder without archive; %d archives were whole", kills, partial, lone, archives-kills)
	if string(readFile(t, first.Archive)) != string(before) {
		t.Error("the bundle that was there before has changed")
	}
	if partial == 0 {
		t.Error("no kill came while a bundle was being made, so nothing was tested")
	}
	put(t, out, partialPrefix+"killed/bundle/report.pdf", "half")
	last := sealInto(t, out, "q", sample, claim(), nil)
	for _, name := range names(t, out) {
		if strings.HasPrefix(name, partialPrefix) {
			t.Errorf("after a run that ended well %s is still there", name)
		}
	}
	mustVerify(t, last.Archive, policy)
}

// TestFullAndReadOnlyDisks needs file systems of its own, so it runs in a child
// with its own mounts.
func TestFullAndReadOnlyDisks(t *testing.T) {
	if dir := os.Getenv(childDisks); dir != "" {
		fullDisk(t, filepath.Join(dir, "full"))
		readOnlyDisk(t, filepath.Join(dir, "readonly"))
		return
	}
	cmd := exec.Command("unshare", "--mount", "true")
	if err := cmd.Run(); err != nil {
		needed(t, "unshare --mount, as root")
	}
	cmd = exec.Command("unshare", "--mount", os.Args[0], "-test.run=^TestFullAndReadOnlyDisks$", "-test.v")
	cmd.Env = append(os.Environ(), childDisks+"="+t.TempDir())
	if b, err := cmd.CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, b)
	}
}

func mount(t *testing.T, dir string, flags uintptr) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o750); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Mount("tmpfs", dir, "tmpfs", flags, "size=1m"); err != nil {
		t.Fatal(err)
	}
}

// fullDisk seals more and more into 1 MiB, so that the space ends at each step.
func fullDisk(t *testing.T, dir string) {
	mount(t, dir, 0)
	s := newSigner(t)
	kept := sealInto(t, dir, "kept", map[string]string{"report.pdf": "%PDF"}, claim(), s)
	before := names(t, dir)
	failed := 0
	for size := 100; size < 1000; size += 20 {
		b, err := Create(dir, "q")
		if err != nil {
			t.Fatal(err)
		}
		err = os.WriteFile(filepath.Join(b.Dir(), "report.pdf"), make([]byte, size<<10), 0o640)
		if err != nil {
			if err := b.Abort(); err != nil {
				t.Error(err)
			}
			continue
		}
		sealed, err := b.Seal(t.Context(), claim(), s)
		switch {
		case err == nil:
			mustVerify(t, sealed.Archive, trusting(s)).Close()
			remove(t, dir, sealed.Name)
			remove(t, dir, sealed.Name+".zip")
			continue
		case !errors.Is(err, syscall.ENOSPC):
			t.Errorf("%d KiB: got %v", size, err)
		}
		failed++
		if got := names(t, dir); !slices.Equal(got, before) {
			t.Errorf("%d KiB: left behind: %q", size, got)
		}
	}
	if failed == 0 {
		t.Error("the disk was never full")
	}
	mustVerify(t, kept.Archive, trusting(s))
	mustVerify(t, kept.Folder, trusting(s))
}

func readOnlyDisk(t *testing.T, dir string) {
	mount(t, dir, 0)
	sealed := sealInto(t, dir, "q", sample, claim(), nil)
	if err := syscall.Mount("", dir, "", syscall.MS_REMOUNT|syscall.MS_RDONLY, ""); err != nil {
		t.Fatal(err)
	}
	if _, err := Create(dir, "q"); !errors.Is(err, syscall.EROFS) {
		t.Errorf("got %v, want an error that says read-only", err)
	}
	mustVerify(t, sealed.Folder, Policy{UnsafeUnsigned: true})
}
