package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"runtime"
	"strconv"
	"strings"
	"time"
)

// The lines of performance.md between which the command writes; the rest is people's.
const (
	measuredBegin = "<!-- measured: begin; make bench writes this -->"
	measuredEnd   = "<!-- measured: end -->"
)

// write puts the tables into performance.md, and the plot beside it.
func (r *results) write() error {
	path := filepath.Join(r.out, "performance.md")
	text, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	before, rest, ok := strings.Cut(string(text), measuredBegin)
	_, after, ok2 := strings.Cut(rest, measuredEnd)
	if !ok || !ok2 {
		return fmt.Errorf("%s: there are no lines %q and %q", path, measuredBegin, measuredEnd)
	}
	if err := os.WriteFile(filepath.Join(r.out, "pictures", "performance.svg"), r.plot(), 0o644); err != nil {
		return err
	}
	return os.WriteFile(path, []byte(before+measuredBegin+"\n"+r.tables()+measuredEnd+after), 0o644)
}

func (r *results) tables() string {
	var b strings.Builder
	fmt.Fprintf(&b, "\nMeasured on %s on %s. Medians of %d runs, in turn; the gentle run and kubectl once.\n\n![time and memory](pictures/performance.svg)\n", r.started.UTC().Format(time.DateOnly), machine(), r.repeat)
	for _, size := range r.sizes {
		fmt.Fprintf(&b, "\n### %s objects\n\n", grouped(size))
		r.costs(&b, size)
		r.stages(&b, size)
	}
	r.servers(&b)
	return b.String() + "\n"
}

// servers says what a run costs the API server at each size.
func (r *results) servers(b *strings.Builder) {
	fmt.Fprint(b, "\n### A run, seen from the API server\n\n| objects | | requests | MB of answers | CPU s | for s |\n|---:|---|---:|---:|---:|---:|\n")
	for _, size := range r.sizes {
		for _, name := range []string{wayRun, wayGentle} {
			if s, ok := r.median(size, name); ok {
				fmt.Fprintf(b, "| %s | %s | %.0f | %.1f | %.1f | %.1f |\n", grouped(size), name, s.server.requests, s.server.bytes/1e6, s.server.cpu.Seconds(), s.wall.Seconds())
			}
		}
	}
}

var wayOrder = []string{wayRaw, wayTyped, wayCollected, wayRun, wayGentle, wayKubectl}

func (r *results) costs(b *strings.Builder, size int) {
	fmt.Fprintln(b, "| | wall s | CPU s | peak MiB | API server: CPU s | requests | MB |")
	fmt.Fprintln(b, "|---|---:|---:|---:|---:|---:|---:|")
	for _, name := range wayOrder {
		s, ok := r.median(size, name)
		if !ok {
			continue
		}
		fmt.Fprintf(b, "| %s | %.1f | %.1f | %d | %.1f | %.0f | %.0f |\n", name, s.wall.Seconds(), s.cpu.Seconds(), s.peak>>20, s.server.cpu.Seconds(), s.server.requests, s.server.bytes/1e6)
	}
	typed, _ := r.median(size, wayTyped)
	run, ok := r.median(size, wayRun)
	if !ok || run.result == nil {
		return
	}
	findings := 0
	for _, n := range run.result.Summary.FindingsBySeverity {
		findings += n
	}
	fmt.Fprintf(b, "\nThe run takes %.1f times the time of the typed lister, has %s open findings, and writes %.0f MB, of which the archive is %.1f MB.\n",
		run.wall.Seconds()/typed.wall.Seconds(), grouped(findings), float64(run.size.folder)/1e6, float64(run.size.archive)/1e6)
}

// stages says where the time of a run goes, and what the dearest checks cost.
func (r *results) stages(b *strings.Builder, size int) {
	s, ok := r.median(size, wayRun)
	if !ok || s.result == nil {
		return
	}
	t := s.result.Timings
	fmt.Fprint(b, "\n| stage | wall s | CPU s | peak MiB so far |\n|---|---:|---:|---:|\n")
	for _, stage := range t.Stages {
		fmt.Fprintf(b, "| %s | %.2f | %.2f | %d |\n", stage.Name, float64(stage.Millis)/1000, float64(stage.CPUMillis)/1000, stage.PeakBytes>>20)
	}
	rows, micros := 0, int64(0)
	for _, c := range t.Checks {
		rows, micros = rows+c.Rows, micros+c.Micros
	}
	fmt.Fprintf(b, "\n%d checks looked at %s rows in %.2f s, which is %.2f million rows a second on one core.", len(t.Checks), grouped(rows), float64(micros)/1e6, float64(rows)/float64(max(1, micros)))
	fmt.Fprint(b, " The dearest:")
	for i, c := range t.Checks[:min(5, len(t.Checks))] {
		fmt.Fprintf(b, "%s %s %.0f ms", []string{"", ","}[min(i, 1)], c.Check, float64(c.Micros)/1000)
	}
	fmt.Fprintln(b, ".")
}

// grouped writes a number with commas.
func grouped(n int) string {
	s := strconv.Itoa(n)
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return s
}

// machine describes where the numbers were measured.
func machine() string {
	model := runtime.GOARCH
	if f, err := os.Open("/proc/cpuinfo"); err == nil {
		defer f.Close()
		for lines := bufio.NewScanner(f); lines.Scan(); {
			if key, value, ok := strings.Cut(lines.Text(), ":"); ok && strings.TrimSpace(key) == "model name" {
				model = strings.TrimSpace(value)
				break
			}
		}
	}
	return fmt.Sprintf("%d cores of %s, %s, %s", runtime.NumCPU(), model, runtime.GOOS, runtime.Version())
}

// newKey makes a key pair to sign bundles with.
func newKey(ctx context.Context, program, key string) error {
	password := key + ".password"
	if err := os.WriteFile(password, nil, 0o600); err != nil {
		return err
	}
	cmd := exec.CommandContext(ctx, program, "keys", "generate", "--out", strings.TrimSuffix(key, ".key"), "--password-file", password)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	if err := cmd.Run(); err != nil {
		return errors.Join(fmt.Errorf("make a key: %w", err), errors.New(stderr.String()))
	}
	return os.Setenv("COSIGN_PASSWORD", "") // for every auditpack that is started
}
