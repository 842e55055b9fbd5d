package main

import (
	"bufio"
	"context"
	"fmt"
	"net/http"
	"os"
	"strconv"
	"strings"
	"time"

	"k8s.io/client-go/rest"
)

// A serverCost is what an API server has spent on its clients.
type serverCost struct {
	cpu      time.Duration
	requests float64 // gets and lists
	bytes    float64 // of answers to them, compressed where the client asks for it
}

func (c serverCost) since(before serverCost) serverCost {
	return serverCost{c.cpu - before.cpu, c.requests - before.requests, c.bytes - before.bytes}
}

// spent reads what the API server has spent so far: its processor time from the
// kernel, the rest from its own metrics.
func (c *cluster) spent(ctx context.Context) (serverCost, error) {
	cpu, err := processCPU(c.ProcessID())
	if err != nil {
		return serverCost{}, err
	}
	cfg, err := c.Config("bench", "system:masters")
	if err != nil {
		return serverCost{}, err
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return serverCost{}, err
	}
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, c.URL+"/metrics", nil)
	if err != nil {
		return serverCost{}, err
	}
	resp, err := client.Do(req)
	if err != nil {
		return serverCost{}, err
	}
	defer resp.Body.Close()
	out := serverCost{cpu: cpu}
	lines := bufio.NewScanner(resp.Body)
	lines.Buffer(nil, 1<<20)
	for lines.Scan() {
		line := lines.Text()
		if !strings.Contains(line, `verb="LIST"`) && !strings.Contains(line, `verb="GET"`) {
			continue
		}
		value, err := strconv.ParseFloat(line[strings.LastIndexByte(line, ' ')+1:], 64)
		switch {
		case err != nil:
		case strings.HasPrefix(line, "apiserver_request_total{"):
			out.requests += value
		case strings.HasPrefix(line, "apiserver_response_sizes_sum{"):
			out.bytes += value
		}
	}
	return out, lines.Err()
}

// ticks of processor time in a second, which Linux fixes for /proc:
// https://man7.org/linux/man-pages/man5/proc_pid_stat.5.html
const ticks = 100

func processCPU(pid int) (time.Duration, error) {
	b, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", pid))
	if err != nil {
		return 0, err
	}
	fields := strings.Fields(string(b[strings.LastIndexByte(string(b), ')')+1:])) // from the third
	if len(fields) < 13 {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	user, err1 := strconv.ParseInt(fields[11], 10, 64)
	system, err2 := strconv.ParseInt(fields[12], 10, 64)
	if err1 != nil || err2 != nil {
		return 0, fmt.Errorf("/proc/%d/stat: %q", pid, b)
	}
	return time.Duration(user+system) * time.Second / ticks, nil
}
