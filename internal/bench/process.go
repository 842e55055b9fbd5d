package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"slices"
	"syscall"
	"time"
)

// A cost is what one process took, and what it cost the API server meanwhile.
type cost struct {
	wall, cpu time.Duration
	peak      int64 // bytes of memory
	server    serverCost
	stdout    []byte
}

// spend runs a command to its end. Exit codes other than 0 and those in allowed are errors.
func spend(ctx context.Context, c *cluster, keep bool, allowed []int, name string, args ...string) (cost, error) {
	cmd := exec.CommandContext(ctx, name, args...)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = io.Discard, &stderr
	if keep {
		cmd.Stdout = &stdout
	}
	cmd.Env = append(os.Environ(), "KUBECONFIG="+c.kubeconfig)
	before, err := c.spent(ctx)
	if err != nil {
		return cost{}, err
	}
	started := time.Now()
	runErr := cmd.Run()
	out := cost{wall: time.Since(started), stdout: stdout.Bytes()}
	if cmd.ProcessState == nil {
		return cost{}, runErr
	}
	if code := cmd.ProcessState.ExitCode(); code != 0 && !slices.Contains(allowed, code) {
		return cost{}, fmt.Errorf("%s: %w: %s", name, runErr, stderr.Bytes())
	}
	after, err := c.spent(ctx)
	if err != nil {
		return cost{}, err
	}
	out.server = after.since(before)
	u := cmd.ProcessState.SysUsage().(*syscall.Rusage)
	out.cpu, out.peak = cmd.ProcessState.UserTime()+cmd.ProcessState.SystemTime(), int64(u.Maxrss)<<10
	return out, nil
}
