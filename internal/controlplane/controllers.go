package controlplane

import (
	"os"
	"path/filepath"
	"strings"
	"testing"
)

const controllerManager = "kube-controller-manager"

// Admission has the API server admit with the plugins that are on by default in
// Kubernetes, Pod Security among them, and not with the life cycle of namespaces alone.
const Admission = disableAdmission + "NamespaceAutoProvision" // off by default; the flag has to name one

const disableAdmission = "--disable-admission-plugins="

// Controllers starts kube-controller-manager with the named controllers, as its
// flag --controllers has them, until the server stops. It needs what build.sh
// builds, and skips or fails the test as Start does.
func (s *Server) Controllers(t testing.TB, names ...string) {
	t.Helper()
	requireProgram(t, s.bin, controllerManager)
	kubeconfig := s.path("controllers.kubeconfig")
	if err := WriteKubeconfig(kubeconfig, "controllers", s.Admin(t)); err != nil {
		t.Fatal(err)
	}
	err := s.run(controllerManager,
		"--kubeconfig="+kubeconfig, "--controllers="+strings.Join(names, ","), "--leader-elect=false", "--secure-port=0",
		"--root-ca-file="+s.path("ca.crt"), "--service-account-private-key-file="+s.path("accounts.key"))
	if err != nil {
		t.Fatal(err)
	}
}

func requireProgram(t testing.TB, dir, name string) {
	t.Helper()
	if _, err := os.Stat(filepath.Join(dir, name)); err != nil {
		const remedy = "no %s in %s: run internal/controlplane/build.sh"
		if os.Getenv("CI") != "" {
			t.Fatalf(remedy, name, dir)
		}
		t.Skipf(remedy, name, dir)
	}
}
