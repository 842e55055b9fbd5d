package controlplane

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// Version of Kubernetes that build.sh builds, which is that of binaries/go.mod.
const Version = "1.37.2"

// requireBinaries returns the folder that holds etcd and kube-apiserver.
func requireBinaries(t testing.TB) string {
	t.Helper()
	dir, err := binaries()
	switch {
	case err != nil && os.Getenv("CI") != "":
		t.Fatal(err)
	case err != nil:
		t.Skip(err)
	}
	return dir
}

func binaries() (string, error) {
	dir := binariesDir()
	for _, name := range []string{etcdServer, apiServer} {
		if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
			return "", fmt.Errorf("no %s in %s: run internal/controlplane/build.sh, or set KUBEBUILDER_ASSETS to a folder that has it", name, dir)
		}
	}
	return dir, nil
}

// Kubectl returns the path of kubectl beside the two programs, where build.sh was
// told to build it too; empty when it is not there.
func Kubectl() string {
	path := filepath.Join(binariesDir(), "kubectl")
	if _, err := os.Stat(path); err != nil {
		return ""
	}
	return path
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
