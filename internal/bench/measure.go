package main

import (
	"cmp"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"time"

	"github.com/auditpack/auditpack/internal/controlplane"
)

type plan struct {
	sizes   []int
	program string
	repeat  int
	out     string
}

// A way of reading a cluster that is measured.
type way struct {
	name string
	run  func(ctx context.Context, c *cluster) (cost, error)
}

const (
	wayRaw       = "raw: bytes of all kinds, thrown away"
	wayTyped     = "typed: objects of all kinds, thrown away"
	wayCollected = "typed: objects of the kinds that auditpack reads"
	wayRun       = "auditpack run"
	wayGentle    = "auditpack run --gentle"
	wayKubectl   = "kubectl get -o yaml, eight kinds"
)

// A sample is one measured run of one way.
type sample struct {
	cost
	result *runResult // of auditpack run
	size   bundleSize
}

// A bundleSize is what auditpack wrote, in bytes.
type bundleSize struct{ folder, archive int64 }

// runResult is what measure reads of the output of auditpack run -o json --timings.
type runResult struct {
	Folder  string `json:"folder"`
	Archive string `json:"archive"`
	Summary struct {
		FindingsBySeverity map[string]int `json:"findingsBySeverity"`
	} `json:"summary"`
	Timings struct {
		Stages []struct {
			Name      string `json:"name"`
			Millis    int64  `json:"millis"`
			CPUMillis int64  `json:"cpuMillis"`
			PeakBytes int64  `json:"peakBytes"`
		} `json:"stages"`
		Checks []struct {
			Check  string `json:"check"`
			Rows   int    `json:"rows"`
			Micros int64  `json:"micros"`
		} `json:"checks"`
	} `json:"timings"`
}

// measure fills one cluster of each size in turn, and measures every way in turn,
// so that what else the machine does meets all of them.
func measure(ctx context.Context, p plan) error {
	program, err := filepath.Abs(p.program)
	if err != nil {
		return err
	}
	dir, err := os.MkdirTemp("", "bench-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	key := filepath.Join(dir, "bench.key")
	if err := newKey(ctx, program, key); err != nil {
		return err
	}
	r := results{plan: p, started: time.Now(), samples: map[int]map[string][]sample{}}
	for _, size := range p.sizes {
		if err := r.measureSize(ctx, size, dir, program, key); err != nil {
			return fmt.Errorf("%d objects: %w", size, err)
		}
	}
	return r.write()
}

// results are all samples, by number of objects and way.
type results struct {
	plan
	started time.Time
	samples map[int]map[string][]sample
}

func (r *results) measureSize(ctx context.Context, size int, dir, program, key string) error {
	fmt.Fprintf(os.Stderr, "filling a cluster with %d objects\n", size)
	c, err := newCluster(ctx, dir, size)
	if err != nil {
		return err
	}
	defer c.Stop()
	r.samples[size] = map[string][]sample{}
	for range r.repeat {
		for _, w := range ways(dir, program, key) {
			if err := r.measureWay(ctx, c, w); err != nil {
				return err
			}
		}
	}
	for _, w := range onceWays(dir, program, key) {
		if err := r.measureWay(ctx, c, w); err != nil {
			return err
		}
	}
	return nil
}

func (r *results) measureWay(ctx context.Context, c *cluster, w way) error {
	s, err := r.sample(ctx, c, w)
	if err != nil {
		return fmt.Errorf("%s: %w", w.name, err)
	}
	r.samples[c.objects][w.name] = append(r.samples[c.objects][w.name], s)
	fmt.Fprintf(os.Stderr, "%7d  %-50s %7.1f s  %7.1f s CPU  %5d MiB\n", c.objects, w.name, s.wall.Seconds(), s.cpu.Seconds(), s.peak>>20)
	return nil
}

// ways are what is measured, in turn.
func ways(dir, program, key string) []way {
	list := func(args ...string) func(context.Context, *cluster) (cost, error) {
		return func(ctx context.Context, c *cluster) (cost, error) {
			return spend(ctx, c, false, nil, os.Args[0], append([]string{"list", "--kubeconfig", c.kubeconfig}, args...)...)
		}
	}
	return []way{
		{wayRaw, list("--how", "raw")}, {wayTyped, list("--how", "typed")}, {wayCollected, list("--how", "typed", "--collected")}, {wayRun, runOf(dir, program, key)},
	}
}

// onceWays are what is measured once: each takes minutes, and the difference is
// not subtle.
func onceWays(dir, program, key string) []way {
	out := []way{{wayGentle, runOf(dir, program, key, "--gentle")}}
	if kubectl := controlplane.Kubectl(); kubectl != "" {
		out = append(out, way{wayKubectl, func(ctx context.Context, c *cluster) (cost, error) {
			return spend(ctx, c, false, nil, kubectl, "get", "pods,deployments.apps,services,serviceaccounts,roles,rolebindings,networkpolicies,configmaps", "-A", "-o", "yaml")
		}})
	}
	return out
}

// runOf measures a whole run of the program.
func runOf(dir, program, key string, flags ...string) func(context.Context, *cluster) (cost, error) {
	return func(ctx context.Context, c *cluster) (cost, error) {
		args := append([]string{"run", "--kubeconfig", c.kubeconfig, "--out", filepath.Join(dir, "out"), "--key", key, "--timings", "-q", "-o", "json"}, flags...)
		return spend(ctx, c, true, []int{exitGaps}, program, args...)
	}
}

// exitGaps is auditpack's: some kinds are not served by a plain control plane.
const exitGaps = 3

func (r *results) sample(ctx context.Context, c *cluster, w way) (sample, error) {
	spent, err := w.run(ctx, c)
	if err != nil || len(spent.stdout) == 0 {
		return sample{cost: spent}, err
	}
	s := sample{cost: spent, result: &runResult{}}
	if err := json.Unmarshal(spent.stdout, s.result); err != nil {
		return s, fmt.Errorf("read what it printed: %w", err)
	}
	s.stdout = nil
	if s.size, err = sizeOf(s.result); err != nil {
		return s, err
	}
	return s, errors.Join(os.RemoveAll(s.result.Folder), os.Remove(s.result.Archive))
}

func sizeOf(r *runResult) (size bundleSize, err error) {
	info, err := os.Stat(r.Archive)
	if err != nil {
		return size, err
	}
	size.archive = info.Size()
	err = filepath.WalkDir(r.Folder, func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err == nil {
			size.folder += info.Size()
		}
		return err
	})
	return size, err
}

// median returns the sample of a way whose time is in the middle.
func (r *results) median(size int, name string) (sample, bool) {
	list := slices.Clone(r.samples[size][name])
	if len(list) == 0 {
		return sample{}, false
	}
	slices.SortFunc(list, func(a, b sample) int { return cmp.Compare(a.wall, b.wall) })
	return list[len(list)/2], true
}
