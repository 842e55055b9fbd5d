// Package controlplane runs a real kube-apiserver and etcd for tests.
//
// Start gives a test a server of its own; Shared gives all tests of a package
// one, which Main stops; Launch gives one to a program. All listen on loopback only. There are no controllers
// unless Controllers starts some, no kubelets, and, without the flag Admission, no admission beyond the life cycle
// of namespaces: the cluster holds what Apply puts there, as it was put there.
//
// build.sh builds the two programs from the nested module binaries into the
// user's cache; KUBEBUILDER_ASSETS names a folder that has them already.
package controlplane

import (
	"context"
	"crypto/rand"
	"crypto/rsa"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
)

// A Server is a running control plane.
type Server struct {
	// URL of the API server, https on a loopback address.
	URL string

	dir       string // certificates, data and logs
	bin       string // folder of the two programs
	flags     []string
	authority *authority
	etcd      string // URL of etcd
	processes []*process
}

// Launch starts a control plane for a program that is no test. Flags are further
// flags of kube-apiserver. The caller must call Stop.
func Launch(flags ...string) (*Server, error) {
	dir, err := binaries()
	if err != nil {
		return nil, err
	}
	return start(dir, flags)
}

// Stop ends both programs and removes their files.
func (s *Server) Stop() { s.stop() }

// Etcd is the URL of etcd, which asks for no certificate.
func (s *Server) Etcd() string { return s.etcd }

// ProcessID is that of kube-apiserver.
func (s *Server) ProcessID() int { return s.process(apiServer).cmd.Process.Pid }

func (s *Server) process(name string) *process {
	return s.processes[slices.IndexFunc(s.processes, func(p *process) bool { return p.name == name })]
}

const (
	etcdServer = "etcd"
	apiServer  = "kube-apiserver"
)

// Start starts a control plane and stops it when the test ends. Flags are
// further flags of kube-apiserver. Without the two programs the test is skipped,
// or fails where the environment variable CI is set.
func Start(t testing.TB, flags ...string) *Server {
	t.Helper()
	s, err := start(requireBinaries(t), flags)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.stop)
	return s
}

var shared struct {
	sync.Mutex
	server *Server
	err    error
}

// Shared returns the control plane that all tests of the package share, and
// starts it when it is asked for first. The package's TestMain must call Main, or
// give Tests to what runs the tests.
func Shared(t testing.TB) *Server {
	t.Helper()
	bin := requireBinaries(t)
	shared.Lock()
	defer shared.Unlock()
	if shared.server == nil && shared.err == nil {
		shared.server, shared.err = start(bin, nil)
	}
	if shared.err != nil {
		t.Fatal(shared.err)
	}
	return shared.server
}

// Main is the TestMain of a package that uses Shared.
func Main(m *testing.M) { os.Exit(Tests{m}.Run()) }

// Tests stands in for a *testing.M where TestMain hands that to somebody else,
// such as testscript.Main.
type Tests struct{ M *testing.M }

// Run runs the tests, stops the server that they shared, and returns the exit code.
func (t Tests) Run() int {
	code := t.M.Run()
	if shared.server != nil {
		shared.server.stop()
	}
	return code
}

// startTries is how often a start is tried: a port that was free may be taken
// before the program that it was meant for listens on it.
const startTries = 3

// readyTimeout is generous, because a shared machine may be slow.
const readyTimeout = 3 * time.Minute

func start(bin string, flags []string) (*Server, error) {
	var failures []string
	for range startTries {
		s, err := startOnce(bin, flags)
		if err == nil {
			return s, nil
		}
		failures = append(failures, err.Error())
		if !strings.Contains(err.Error(), "address already in use") {
			break
		}
	}
	return nil, fmt.Errorf("start a control plane: %s", strings.Join(failures, "\n"))
}

func startOnce(bin string, flags []string) (_ *Server, err error) {
	dir, err := os.MkdirTemp("", "controlplane-")
	if err != nil {
		return nil, err
	}
	s := &Server{dir: dir, bin: bin, flags: flags}
	defer func() {
		if err != nil {
			s.stop()
		}
	}()
	if err := s.writeKeys(); err != nil {
		return nil, err
	}
	if err := s.startEtcd(); err != nil {
		return nil, err
	}
	address, err := freeAddress()
	if err != nil {
		return nil, err
	}
	s.URL = "https://" + address
	if err := s.startAPIServer(); err != nil {
		return nil, err
	}
	return s, s.waitReady()
}

// writeKeys writes the certificates and the audit policy that the API server reads.
func (s *Server) writeKeys() error {
	a, err := newAuthority()
	if err != nil {
		return err
	}
	s.authority = a
	cert, key, err := a.server()
	if err != nil {
		return err
	}
	accounts, err := rsa.GenerateKey(rand.Reader, 2048)
	if err != nil {
		return err
	}
	for name, data := range map[string][]byte{
		"ca.crt": a.pem, "server.crt": cert, "server.key": key, "accounts.key": encodeKey(accounts), "audit.yaml": []byte(auditPolicy),
	} {
		if err := os.WriteFile(s.path(name), data, 0o600); err != nil {
			return err
		}
	}
	return nil
}

func (s *Server) startEtcd() error {
	client, err := freeAddress()
	if err != nil {
		return err
	}
	peer, err := freeAddress()
	if err != nil {
		return err
	}
	s.etcd = "http://" + client
	return s.run(etcdServer,
		"--data-dir="+s.path("etcd"), "--log-level=warn", "--unsafe-no-fsync", "--quota-backend-bytes=8589934592",
		"--listen-client-urls="+s.etcd, "--advertise-client-urls="+s.etcd,
		"--listen-peer-urls=http://"+peer, "--initial-advertise-peer-urls=http://"+peer, "--initial-cluster=default=http://"+peer,
	)
}

// disabledAdmission would change, refuse or complete what a test puts into the
// cluster. Namespace life cycle stays.
const disabledAdmission = "CertificateApproval,CertificateSigning,CertificateSubjectRestriction,ClusterTrustBundleAttest,DefaultIngressClass," +
	"DefaultStorageClass,DefaultTolerationSeconds,LimitRanger,MutatingAdmissionPolicy,MutatingAdmissionWebhook,PersistentVolumeClaimResize," +
	"PodSecurity,PodTopologyLabels,Priority,ResourceQuota,RuntimeClass,ServiceAccount,StorageObjectInUseProtection,TaintNodesByCondition," +
	"ValidatingAdmissionPolicy,ValidatingAdmissionWebhook"

func (s *Server) startAPIServer() error {
	_, port, _ := net.SplitHostPort(strings.TrimPrefix(s.URL, "https://"))
	args := []string{
		"--bind-address=127.0.0.1", "--advertise-address=127.0.0.1", "--secure-port=" + port,
		"--etcd-servers=" + s.etcd, "--endpoint-reconciler-type=none", "--service-cluster-ip-range=10.96.0.0/12",
		"--client-ca-file=" + s.path("ca.crt"), "--tls-cert-file=" + s.path("server.crt"), "--tls-private-key-file=" + s.path("server.key"),
		"--service-account-issuer=https://kubernetes.default.svc",
		"--service-account-signing-key-file=" + s.path("accounts.key"), "--service-account-key-file=" + s.path("accounts.key"),
		"--authorization-mode=RBAC", "--anonymous-auth=false", "--allow-privileged=true",
		"--audit-policy-file=" + s.path("audit.yaml"), "--audit-log-path=" + s.path(auditLog), "--event-ttl=24h",
	}
	if !slices.Contains(s.flags, Admission) {
		args = append(args, disableAdmission+disabledAdmission)
	}
	return s.run(apiServer, append(args, s.flags...)...)
}

// Restart ends the API server at once, as a node that fails does, and starts it
// again at the same address. It returns when the server is ready.
func (s *Server) Restart(t testing.TB) {
	t.Helper()
	s.process(apiServer).kill()
	s.processes = slices.DeleteFunc(s.processes, func(p *process) bool { return p.name == apiServer })
	if err := s.startAPIServer(); err != nil {
		t.Fatal(err)
	}
	if err := s.waitReady(); err != nil {
		t.Fatal(err)
	}
}

// bootstrapped are what a new server creates last, some time after it says that
// it is ready. Until they are there, two looks at an empty cluster may differ.
var bootstrapped = []string{"/readyz", "/api/v1/namespaces/kube-public", "/api/v1/namespaces/kube-node-lease", "/api/v1/namespaces/default/services/kubernetes"}

// waitReady returns once the server is ready and has created what it creates by itself.
func (s *Server) waitReady() error {
	cfg, err := s.Config("controlplane", "system:masters")
	if err != nil {
		return err
	}
	client, err := rest.HTTPClientFor(cfg)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(context.Background(), readyTimeout)
	defer cancel()
	for _, path := range bootstrapped {
		if err := s.waitFor(ctx, client, path); err != nil {
			return err
		}
	}
	return nil
}

// waitFor returns once the server answers a path, or an error once it will not.
func (s *Server) waitFor(ctx context.Context, client *http.Client, path string) error {
	for !answers(ctx, client, s.URL+path) {
		for _, p := range s.processes {
			select {
			case <-p.done:
				return fmt.Errorf("%s ended: %s", p.name, tail(p.log))
			default:
			}
		}
		select {
		case <-ctx.Done():
			return fmt.Errorf("no %s after %s: %s", path, readyTimeout, tail(s.path("kube-apiserver.log")))
		case <-time.After(50 * time.Millisecond):
		}
	}
	return nil
}

func answers(ctx context.Context, client *http.Client, url string) bool {
	req, err := http.NewRequestWithContext(ctx, http.MethodGet, url, nil)
	if err != nil {
		return false
	}
	resp, err := client.Do(req)
	if err != nil {
		return false
	}
	_ = resp.Body.Close()
	return resp.StatusCode == http.StatusOK
}

// NoSnapshots has the server read older versions from etcd alone.
const NoSnapshots = "--feature-gates=ListFromCacheSnapshot=false"

// Compact makes every version before the present one unavailable, as a cluster
// does by itself every five minutes. A server that keeps snapshots in memory
// answers from them for some seconds more: start it with NoSnapshots.
func (s *Server) Compact(t testing.TB) {
	t.Helper()
	now, err := kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1().Namespaces().List(context.Background(), metav1.ListOptions{Limit: 1})
	if err != nil {
		t.Fatal(err)
	}
	body := fmt.Sprintf(`{"revision":%q,"physical":true}`, now.ResourceVersion)
	resp, err := http.Post(s.etcd+"/v3/kv/compaction", "application/json", strings.NewReader(body))
	if err != nil {
		t.Fatal(err)
	}
	_ = resp.Body.Close()
	if resp.StatusCode != http.StatusOK {
		t.Fatalf("compact etcd at %s: %s", now.ResourceVersion, resp.Status)
	}
}

// stop ends both programs, API server first, and removes their files.
func (s *Server) stop() {
	for i := len(s.processes) - 1; i >= 0; i-- {
		s.processes[i].kill()
	}
	_ = os.RemoveAll(s.dir)
}

func (s *Server) path(name string) string { return filepath.Join(s.dir, name) }

// freeAddress returns a loopback address on which nothing listened just now.
func freeAddress() (string, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return "", err
	}
	defer func() { _ = l.Close() }()
	return l.Addr().String(), nil
}
