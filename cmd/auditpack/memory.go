package main

import (
	"fmt"
	"io/fs"
	"path"
	"runtime/debug"
	"strconv"
	"strings"
)

// garbage is how much the heap may grow, in percent of what is in use, before it
// is cleaned up. Go's own hundred is for programs that may take what they like; a
// run shares its machine with a cluster or a pipeline.
const garbage = 50

// leastMemory is what a run over the built-in sample needs, in bytes. Below it the
// kernel may end the program without a word.
const leastMemory = 128 << 20

// saveMemory makes the program clean up in time: twice as often as Go does, and
// as often as it takes to stay within nine tenths of the limit of its control
// group. GOGC and GOMEMLIMIT in the environment go before. It returns what to tell
// people, or nothing.
func saveMemory(getenv func(string) string, system fs.FS) string {
	if getenv("GOGC") == "" {
		debug.SetGCPercent(garbage)
	}
	limit := memoryLimit(system)
	if limit == 0 {
		return ""
	}
	if getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(limit / 10 * 9)
	}
	if limit >= leastMemory {
		return ""
	}
	return fmt.Sprintf("note: the memory limit is %d MiB; below %d MiB the program is slow, and the system may end it without a word", limit>>20, leastMemory>>20)
}

// memoryLimit returns the limit of the control group that the program runs in, in
// bytes, or 0 for none: https://docs.kernel.org/admin-guide/cgroup-v2.html
func memoryLimit(system fs.FS) int64 {
	groups, err := fs.ReadFile(system, "proc/self/cgroup")
	if err != nil {
		return 0 // another system
	}
	least := int64(0)
	for _, line := range strings.Split(string(groups), "\n") {
		group, ok := strings.CutPrefix(line, "0::/")
		if !ok {
			continue
		}
		for dir := path.Join("sys/fs/cgroup", group); strings.HasPrefix(dir, "sys/fs/cgroup"); dir = path.Dir(dir) {
			b, err := fs.ReadFile(system, path.Join(dir, "memory.max"))
			if err != nil {
				continue
			}
			if n, err := strconv.ParseInt(strings.TrimSpace(string(b)), 10, 64); err == nil && (least == 0 || n < least) { // "max" is none
				least = n
			}
		}
	}
	return least
}
