package main

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"slices"
	"strconv"
	"strings"
	"syscall"
	"time"
)

// A contender reads the log in its own process.
type contender struct {
	name string
	args []string
	// keeps is true for one whose output is read: grep ends at its first match when
	// nobody reads what it counts.
	keeps bool
	took  []time.Duration
	peak  int64 // bytes
}

func measure(size int64, repeat int, note string) (err error) {
	dir, err := os.MkdirTemp("", "logbench-")
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	log := filepath.Join(dir, "audit.log")
	records, written, err := writeLog(log, size)
	if err != nil {
		return err
	}
	self, err := os.Executable()
	if err != nil {
		return err
	}
	all := []*contender{
		{name: "auditpack", args: []string{self, "read", log}},
		{name: "`jq -c .`", args: []string{"jq", "-c", ".", log}},
		{name: "`grep -c '\"verb\":\"create\"'`", args: []string{"grep", "-c", `"verb":"create"`, log}, keeps: true},
	}
	// One after the other in each round, so that all meet the same machine.
	for range repeat {
		for _, c := range all {
			if err := c.once(); err != nil {
				return err
			}
		}
	}
	text := report(all, written, records, repeat)
	if note == "" {
		fmt.Print(text)
		return nil
	}
	return replace(note, text)
}

func (c *contender) once() error {
	cmd := exec.Command(c.args[0], c.args[1:]...)
	var stdout, stderr bytes.Buffer
	cmd.Stderr = &stderr
	if c.keeps {
		cmd.Stdout = &stdout
	}
	started := time.Now()
	if err := cmd.Run(); err != nil {
		return fmt.Errorf("%s: %w: %s", c.name, err, stderr.String())
	}
	c.took = append(c.took, time.Since(started))
	if usage, ok := cmd.ProcessState.SysUsage().(*syscall.Rusage); ok {
		c.peak = max(c.peak, usage.Maxrss<<10) // Linux counts in KiB
	}
	return nil
}

// median of what the rounds took.
func (c *contender) median() time.Duration {
	return slices.Sorted(slices.Values(c.took))[len(c.took)/2]
}

func report(all []*contender, size, records int64, repeat int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "A log of %d MB with %d records, read %d times by each program in turn, in a process of its own; the median counts.\n", size/1e6, records, repeat)
	fmt.Fprintf(&b, "Measured on %s by `make bench-auditlog`, with %s.\n\n", time.Now().UTC().Format(time.DateOnly), machine())
	b.WriteString("| program | seconds | MB/s | peak memory, MB |\n|---|---|---|---|\n")
	for _, c := range all {
		fmt.Fprintf(&b, "| %s | %.1f | %.0f | %d |\n", c.name, c.median().Seconds(), float64(size)/1e6/c.median().Seconds(), c.peak/1e6)
	}
	fmt.Fprintf(&b, "\nA process begins as a copy of the one that measures, so that a peak below %d MB is not told apart.\n", ownPeak()/1e6)
	return b.String()
}

// ownPeak is the most memory that this process had, in bytes.
func ownPeak() int64 {
	var usage syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &usage); err != nil {
		return 0
	}
	return usage.Maxrss << 10
}

// machine describes where the numbers come from, and what else ran there.
func machine() string {
	model := "an unnamed processor"
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if name, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(name) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	load := "an unknown load"
	if b, err := os.ReadFile("/proc/loadavg"); err == nil {
		load = "a load of " + strings.Fields(string(b))[0] + " at the end"
	}
	return fmt.Sprintf("%d processors (%s), %s, %s", runtime.NumCPU(), model, runtime.Version(), load)
}

// The marks in the file between which the result stands.
const begin, end = "<!-- measured -->\n", "<!-- end of what was measured -->"

func replace(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(b), begin)
	_, after, ok2 := strings.Cut(rest, end)
	if !ok || !ok2 {
		return fmt.Errorf("%s has no %q and %q", path, strings.TrimSpace(begin), end)
	}
	return os.WriteFile(path, []byte(before+begin+text+end+after), 0o644)
}

func parseSize(s string) (int64, error) {
	unit := int64(1)
	digits := s
	if rest, ok := strings.CutSuffix(s, "G"); ok {
		unit, digits = 1e9, rest
	} else if rest, ok := strings.CutSuffix(s, "M"); ok {
		unit, digits = 1e6, rest
	}
	n, err := strconv.ParseInt(digits, 10, 64)
	if err != nil || n < 1 {
		return 0, fmt.Errorf("--size %q is not a size such as 200M or 2G", s)
	}
	return n * unit, nil
}
