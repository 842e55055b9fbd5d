package main

import (
	"strings"
	"testing"
	"testing/fstest"
)

func TestMemoryLimit(t *testing.T) {
	file := func(s string) *fstest.MapFile { return &fstest.MapFile{Data: []byte(s)} }
	for _, tt := range []struct {
		name   string
		system fstest.MapFS
		want   int64
	}{
		{"another system", fstest.MapFS{}, 0},
		{"no limit", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("max\n")}, 0},
		{"a container", fstest.MapFS{"proc/self/cgroup": file("0::/\n"), "sys/fs/cgroup/memory.max": file("67108864\n")}, 64 << 20},
		{"the group above is smaller", fstest.MapFS{
			"proc/self/cgroup": file("1:name=systemd:/x\n0::/a/b\n"), "sys/fs/cgroup/a/memory.max": file("100000000\n"), "sys/fs/cgroup/a/b/memory.max": file("200000000\n"),
		}, 100_000_000},
		{"a path that climbs", fstest.MapFS{"proc/self/cgroup": file("0::/../../etc\n"), "etc/memory.max": file("1\n")}, 0},
		{"only the first version", fstest.MapFS{"proc/self/cgroup": file("4:memory:/a\n")}, 0},
	} {
		t.Run(tt.name, func(t *testing.T) {
			if got := memoryLimit(tt.system); got != tt.want {
				t.Errorf("got %d, want %d", got, tt.want)
			}
		})
	}
}

// Too little memory is said before the system ends the program. The environment is
// full, so that the test leaves the settings of its own process alone.
func TestTooLittleMemoryIsSaid(t *testing.T) {
	set := func(string) string { return "100" }
	small := fstest.MapFS{"proc/self/cgroup": &fstest.MapFile{Data: []byte("0::/\n")}, "sys/fs/cgroup/memory.max": &fstest.MapFile{Data: []byte("67108864\n")}}
	if got := saveMemory(set, small); !strings.Contains(got, "64 MiB") {
		t.Errorf("got %q", got)
	}
	if got := saveMemory(set, fstest.MapFS{}); got != "" {
		t.Errorf("without a limit: %q", got)
	}
}
