package controlplane

import (
	"os"
	"path/filepath"
	"testing"
)

// Version of Kubernetes that build.sh builds, which is that of binaries/go.mod.
const Version = "1.37.2"

// requireBinaries returns the folder that holds etcd and kube-apiserver.
func requireBinaries(t testing.TB) string {
	t.Helper()
	dir := binariesDir()
	for _, name := range []string{"etcd", "kube-apiserver"} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			const remedy = "no %s in %s: run internal/controlplane/build.sh, or set KUBEBUILDER_ASSETS to a folder that has it"
			if os.Getenv("CI") != "" {
				t.Fatalf(remedy, name, dir)
			}
			t.Skipf(remedy, name, dir)
		}
	}
	return dir
}

func binariesDir() string {
	if dir := os.Getenv("KUBEBUILDER_ASSETS"); dir != "" {
		return dir
	}
	cache := os.Getenv("XDG_CACHE_HOME")
	if cache == "" {
		cache = filepath.Join(os.Getenv("HOME"), ".cache")
	}
	return filepath.Join(cache, "auditpack", "kubebuilder-"+Version)
}
