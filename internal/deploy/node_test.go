package deploy

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"maps"
	"net/url"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
	"syscall"
	"testing"

	authv1 "k8s.io/api/authentication/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/kubernetes"

	"github.com/auditpack/auditpack/internal/controlplane"
)

// A node does for the pods of a test what kubelet and a container runtime do: it
// makes their volumes of what the API server has, runs their container with its own
// arguments, environment, user and root file system, and writes how it ended into
// their status. There is no isolation but chroot, and no network but loopback.
type node struct {
	client kubernetes.Interface
	server string // URL of the API server
	root   string // of the container; user 65532 may write below volumes only
	// repositories stand for remote ones: a folder by its address.
	repositories map[string]string
}

// newNode returns a node with the program as image.
func newNode(t *testing.T, s *controlplane.Server) *node {
	t.Helper()
	if os.Getuid() != 0 {
		if os.Getenv("CI") != "" {
			t.Fatal("running a container's program as its user needs root")
		}
		t.Skip("running a container's program as its user needs root")
	}
	n := &node{client: kubernetes.NewForConfigOrDie(s.Admin(t)), server: s.URL, root: t.TempDir(), repositories: map[string]string{}}
	n.mkdir(t, "usr/local/bin", "dev", "etc", "volumes")
	for dir := n.root; dir != os.TempDir() && dir != "/"; dir = filepath.Dir(dir) {
		must(t, os.Chmod(dir, 0o755))
	}
	must(t, built())
	must(t, os.Link(filepath.Join(programs, "auditpack"), filepath.Join(n.root, "usr/local/bin/auditpack")))
	return n
}

// programs is a folder for what all tests share.
var programs string

func TestMain(m *testing.M) {
	dir, err := os.MkdirTemp("", "auditpack-deploy-")
	if err != nil {
		panic(err)
	}
	programs = dir
	code := m.Run()
	if err := os.RemoveAll(dir); err != nil {
		panic(err)
	}
	os.Exit(code)
}

// built builds the program into programs, once.
var built = sync.OnceValue(func() error {
	build := exec.Command("go", "build", "-trimpath", "-ldflags=-s -w", "-o", filepath.Join(programs, "auditpack"), "../../cmd/auditpack")
	build.Env = append(os.Environ(), "CGO_ENABLED=0") // the root file system has no loader
	if out, err := build.CombinedOutput(); err != nil {
		return fmt.Errorf("%w\n%s", err, out)
	}
	return nil
})

func (n *node) mkdir(t *testing.T, dirs ...string) {
	t.Helper()
	for _, dir := range dirs {
		must(t, os.MkdirAll(filepath.Join(n.root, dir), 0o755))
	}
}

// ended is how the container of a pod ended.
type ended struct {
	code         int
	message, log string
}

// run runs the init container and the container of a pod, and says so in its status.
func (n *node) run(t *testing.T, pod *corev1.Pod) ended {
	t.Helper()
	for _, v := range pod.Spec.Volumes {
		n.volume(t, pod, v)
	}
	for _, c := range pod.Spec.InitContainers {
		n.initialize(t, pod, c)
	}
	c := pod.Spec.Containers[0]
	n.mount(t, pod, c)
	environment := n.environment(t, pod, c)
	log := filepath.Join(n.root, "dev/termination-log")
	must(t, os.WriteFile(log, nil, 0o666))
	must(t, os.Chmod(log, 0o666))

	u := *pod.Spec.SecurityContext
	cmd := exec.Command("/usr/local/bin/auditpack", expand(c.Args, environment)...)
	cmd.Env = assignments(environment)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{
		Chroot:     n.root,
		Credential: &syscall.Credential{Uid: uint32(*u.RunAsUser), Gid: uint32(*u.RunAsGroup), Groups: []uint32{uint32(*u.FSGroup)}},
	}
	out, err := cmd.CombinedOutput()
	if exit := (*exec.ExitError)(nil); err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	words, err := os.ReadFile(log)
	must(t, err)
	e := ended{cmd.ProcessState.ExitCode(), string(words), string(out)}
	n.report(t, pod, e)
	return e
}

// initialize runs an init container with the machine's own programs: its image is the
// user's. Paths of the volumes are those of the machine.
func (n *node) initialize(t *testing.T, pod *corev1.Pod, c corev1.Container) {
	t.Helper()
	cmd := exec.Command(c.Command[0])
	for _, arg := range append(c.Command[1:], c.Args...) {
		for _, m := range c.VolumeMounts {
			// At the beginning, or after a flag; an address may have the same letters.
			at := regexp.MustCompile("(^|=)" + regexp.QuoteMeta(m.MountPath) + "(/|$)")
			arg = at.ReplaceAllString(arg, "${1}"+n.source(t, pod, m)+"${2}")
		}
		cmd.Args = append(cmd.Args, arg)
	}
	cmd.Env = append(assignments(n.environment(t, pod, c)), "PATH="+os.Getenv("PATH"), fmt.Sprint("GIT_CONFIG_COUNT=", len(n.repositories)))
	for i, address := range slices.Sorted(maps.Keys(n.repositories)) {
		cmd.Env = append(cmd.Env, fmt.Sprintf("GIT_CONFIG_KEY_%d=url.file://%s.insteadOf", i, n.repositories[address]), fmt.Sprintf("GIT_CONFIG_VALUE_%d=%s", i, address))
	}
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("init container %s: %v\n%s", c.Name, err, out)
	}
}

// volume makes a volume below volumes.
func (n *node) volume(t *testing.T, pod *corev1.Pod, v corev1.Volume) {
	t.Helper()
	dir := filepath.Join(n.root, "volumes", pod.Name, v.Name)
	must(t, os.MkdirAll(dir, 0o755))
	switch {
	case v.EmptyDir != nil:
		must(t, os.Chown(dir, 65532, 65532))
	case v.PersistentVolumeClaim != nil:
		must(t, os.Remove(dir))
		claim := filepath.Join("volumes", v.PersistentVolumeClaim.ClaimName)
		n.mkdir(t, claim)
		must(t, os.Chown(filepath.Join(n.root, claim), 0, 65532))
		must(t, os.Chmod(filepath.Join(n.root, claim), 0o2775))
		must(t, os.Symlink("/"+claim, dir))
	case v.ConfigMap != nil:
		n.project(t, dir, n.configMap(t, pod, v.ConfigMap.Name), v.ConfigMap.Items, 0o644)
	case v.Secret != nil:
		n.project(t, dir, n.secret(t, pod, v.Secret.SecretName), v.Secret.Items, *v.Secret.DefaultMode)
	case v.Projected != nil:
		for _, s := range v.Projected.Sources {
			switch {
			case s.ConfigMap != nil:
				n.project(t, dir, n.configMap(t, pod, s.ConfigMap.Name), s.ConfigMap.Items, *v.Projected.DefaultMode)
			case s.Secret != nil:
				n.project(t, dir, n.secret(t, pod, s.Secret.Name), s.Secret.Items, *v.Projected.DefaultMode)
			case s.ServiceAccountToken != nil:
				token := n.token(t, pod, s.ServiceAccountToken)
				n.project(t, dir, map[string][]byte{s.ServiceAccountToken.Path: token}, nil, *v.Projected.DefaultMode)
			case s.DownwardAPI != nil:
				for _, i := range s.DownwardAPI.Items {
					n.project(t, dir, map[string][]byte{i.Path: []byte(field(t, pod, i.FieldRef.FieldPath))}, nil, *v.Projected.DefaultMode)
				}
			}
		}
	default:
		t.Fatalf("volume %s is of a kind that this node does not know", v.Name)
	}
}

// project writes files the way kubelet does: a hidden folder, links to it, and the group that fsGroup names.
func (n *node) project(t *testing.T, dir string, files map[string][]byte, items []corev1.KeyToPath, mode int32) {
	t.Helper()
	if items != nil {
		chosen := map[string][]byte{}
		for _, i := range items {
			b, ok := files[i.Key]
			if !ok {
				t.Fatalf("there is no key %s, only %v", i.Key, slices.Sorted(maps.Keys(files)))
			}
			chosen[i.Path] = b
		}
		files = chosen
	}
	for name, b := range files {
		file := filepath.Join(dir, "..data", name)
		must(t, os.MkdirAll(filepath.Dir(file), 0o755))
		must(t, os.WriteFile(file, b, 0o600))
		must(t, os.Chown(file, 0, 65532))
		must(t, os.Chmod(file, fs.FileMode(mode)))
		first, _, _ := strings.Cut(name, "/")
		if err := os.Symlink(path.Join("..data", first), filepath.Join(dir, first)); !errors.Is(err, fs.ErrExist) {
			must(t, err)
		}
	}
}

func (n *node) configMap(t *testing.T, pod *corev1.Pod, name string) map[string][]byte {
	t.Helper()
	c, err := n.client.CoreV1().ConfigMaps(pod.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	out := maps.Clone(c.BinaryData)
	if out == nil {
		out = map[string][]byte{}
	}
	for k, v := range c.Data {
		out[k] = []byte(v)
	}
	return out
}

func (n *node) secret(t *testing.T, pod *corev1.Pod, name string) map[string][]byte {
	t.Helper()
	s, err := n.client.CoreV1().Secrets(pod.Namespace).Get(t.Context(), name, metav1.GetOptions{})
	must(t, err)
	return s.Data
}

// token asks as kubelet does: for the account of the pod, bound to the pod.
func (n *node) token(t *testing.T, pod *corev1.Pod, want *corev1.ServiceAccountTokenProjection) []byte {
	t.Helper()
	r := &authv1.TokenRequest{Spec: authv1.TokenRequestSpec{
		ExpirationSeconds: want.ExpirationSeconds,
		BoundObjectRef:    &authv1.BoundObjectReference{Kind: "Pod", APIVersion: "v1", Name: pod.Name, UID: pod.UID},
	}}
	if want.Audience != "" {
		r.Spec.Audiences = []string{want.Audience}
	}
	r, err := n.client.CoreV1().ServiceAccounts(pod.Namespace).CreateToken(t.Context(), pod.Spec.ServiceAccountName, r, metav1.CreateOptions{})
	must(t, err)
	return []byte(r.Status.Token)
}

// source is the folder of the machine behind a mount.
func (n *node) source(t *testing.T, pod *corev1.Pod, m corev1.VolumeMount) string {
	t.Helper()
	dir := filepath.Join(n.root, "volumes", pod.Name, m.Name, m.SubPath)
	if m.SubPath != "" {
		must(t, os.MkdirAll(dir, 0o755))
		must(t, os.Chown(dir, 65532, 65532))
	}
	return dir
}

// mount puts the container's volumes where it looks for them.
func (n *node) mount(t *testing.T, pod *corev1.Pod, c corev1.Container) {
	t.Helper()
	for _, m := range c.VolumeMounts {
		inside := strings.TrimPrefix(n.source(t, pod, m), n.root)
		at := filepath.Join(n.root, m.MountPath)
		must(t, os.MkdirAll(filepath.Dir(at), 0o755))
		if err := os.Remove(at); !errors.Is(err, fs.ErrNotExist) { // that of the pod before
			must(t, err)
		}
		must(t, os.Symlink(inside, at))
	}
}

// environment is that of the container and what kubelet adds to every one.
func (n *node) environment(t *testing.T, pod *corev1.Pod, c corev1.Container) map[string]string {
	t.Helper()
	server, err := url.Parse(n.server)
	must(t, err)
	out := map[string]string{"KUBERNETES_SERVICE_HOST": server.Hostname(), "KUBERNETES_SERVICE_PORT": server.Port()}
	for _, e := range c.Env {
		out[e.Name] = e.Value
		if e.ValueFrom != nil {
			out[e.Name] = field(t, pod, e.ValueFrom.FieldRef.FieldPath)
		}
	}
	return out
}

func assignments(environment map[string]string) []string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(environment)) {
		out = append(out, k+"="+environment[k])
	}
	return out
}

// expand replaces $(NAME) in arguments.
func expand(args []string, environment map[string]string) []string {
	out := slices.Clone(args)
	for k, v := range environment {
		for i := range out {
			out[i] = strings.ReplaceAll(out[i], "$("+k+")", v)
		}
	}
	return out
}

// field reads a field of a pod by its path.
func field(t *testing.T, pod *corev1.Pod, at string) string {
	t.Helper()
	key := strings.TrimSuffix(at[strings.Index(at, "[")+1:], "]")
	if unquoted, err := strconv.Unquote(strings.ReplaceAll(key, "'", `"`)); err == nil {
		key = unquoted
	}
	switch {
	case at == "metadata.namespace":
		return pod.Namespace
	case strings.HasPrefix(at, "metadata.labels["):
		return pod.Labels[key]
	case strings.HasPrefix(at, "metadata.annotations["):
		return pod.Annotations[key]
	}
	t.Fatalf("no field %s", at)
	return ""
}

// report writes the end of the container into the status, and where the program left
// no word the end of its log, as the policy of the container asks.
func (n *node) report(t *testing.T, pod *corev1.Pod, e ended) {
	t.Helper()
	message := e.message
	if message == "" && e.code != 0 && pod.Spec.Containers[0].TerminationMessagePolicy == corev1.TerminationMessageFallbackToLogsOnError {
		message = string(bytes.TrimSpace([]byte(e.log[max(0, len(e.log)-2048):])))
	}
	pod, err := n.client.CoreV1().Pods(pod.Namespace).Get(t.Context(), pod.Name, metav1.GetOptions{})
	must(t, err)
	now := metav1.Now()
	pod.Status.Phase = corev1.PodSucceeded
	if e.code != 0 {
		pod.Status.Phase = corev1.PodFailed
	}
	pod.Status.StartTime = &now
	pod.Status.ContainerStatuses = []corev1.ContainerStatus{{
		Name: pod.Spec.Containers[0].Name, Image: pod.Spec.Containers[0].Image,
		State: corev1.ContainerState{Terminated: &corev1.ContainerStateTerminated{ExitCode: int32(e.code), Message: message, StartedAt: now, FinishedAt: now}},
	}}
	_, err = n.client.CoreV1().Pods(pod.Namespace).UpdateStatus(t.Context(), pod, metav1.UpdateOptions{})
	must(t, err)
}
