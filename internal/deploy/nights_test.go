package deploy

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"maps"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	batchv1 "k8s.io/api/batch/v1"
	corev1 "k8s.io/api/core/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"

	"github.com/auditpack/auditpack/internal/controlplane"
)

// A night is a cluster with the controllers that run jobs, and a node.
type night struct {
	*node
	server *controlplane.Server
}

func newNight(t *testing.T) night {
	t.Helper()
	s := controlplane.Start(t, controlplane.Admission)
	s.Controllers(t, "cronjob-controller", "job-controller", "serviceaccount-controller", "root-ca-certificate-publisher-controller")
	n := night{newNode(t, s), s}
	s.ApplyStrict(t, []byte(restricted))
	n.makeKey(t)
	return n
}

// makeKey makes the signing key as docs/nightly.md says, by the program itself.
func (n night) makeKey(t *testing.T) {
	t.Helper()
	dir := t.TempDir()
	must(t, os.WriteFile(filepath.Join(dir, "cosign.password"), []byte("a good word\n"), 0o600))
	cmd := exec.Command(filepath.Join(n.root, "usr/local/bin/auditpack"), "keys", "generate", "--password-file=cosign.password")
	cmd.Dir = dir
	if out, err := cmd.CombinedOutput(); err != nil {
		t.Fatalf("%v\n%s", err, out)
	}
	secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: "auditpack-signing"}, Data: map[string][]byte{}}
	for _, name := range []string{"cosign.key", "cosign.pub", "cosign.password"} {
		b, err := os.ReadFile(filepath.Join(dir, name))
		must(t, err)
		secret.Data[name] = b
	}
	_, err := n.client.CoreV1().Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{})
	must(t, err)
	must(t, os.WriteFile(filepath.Join(n.root, "etc/cosign.pub"), secret.Data["cosign.pub"], 0o644))
}

// fall installs the chart with a schedule whose last time was a minute ago, as if
// the CronJob had been there since yesterday, and returns the Job that comes of it
// and the pods of the Job, in the order of their numbers.
func (n night) fall(t *testing.T, values string, pods int) (*batchv1.Job, []corev1.Pod) {
	t.Helper()
	due := time.Now().UTC().Add(-time.Minute)
	all := install(t, n.server, fmt.Sprintf("schedule: '%d %d * * *'\n%s", due.Minute(), due.Hour(), values))
	jobs := n.client.BatchV1().CronJobs(namespace)
	c, err := jobs.Get(t.Context(), "auditpack", metav1.GetOptions{})
	must(t, err)
	c.Status.LastScheduleTime = &metav1.Time{Time: due.Add(-24 * time.Hour)}
	_, err = jobs.UpdateStatus(t.Context(), c, metav1.UpdateOptions{})
	must(t, err)

	var job *batchv1.Job
	until(t, "a Job of the CronJob", func() bool {
		list, err := n.client.BatchV1().Jobs(namespace).List(t.Context(), metav1.ListOptions{})
		must(t, err)
		if len(list.Items) == 1 {
			job = &list.Items[0]
		}
		return job != nil
	})
	if diff := cmp.Diff(podOf(all.job(t)).Containers[0].Args, job.Spec.Template.Spec.Containers[0].Args); diff != "" {
		t.Errorf("arguments (-CronJob +Job):\n%s", diff)
	}
	return job, n.podsOf(t, job, pods)
}

func (n night) podsOf(t *testing.T, job *batchv1.Job, count int) []corev1.Pod {
	t.Helper()
	var pods []corev1.Pod
	until(t, fmt.Sprintf("%d pods of the Job", count), func() bool {
		list, err := n.client.CoreV1().Pods(namespace).List(t.Context(), metav1.ListOptions{LabelSelector: "batch.kubernetes.io/job-name=" + job.Name, FieldSelector: "status.phase=Pending"})
		must(t, err)
		pods = list.Items
		return len(pods) == count
	})
	slices.SortFunc(pods, func(a, b corev1.Pod) int {
		return strings.Compare(a.Labels["batch.kubernetes.io/job-completion-index"], b.Labels["batch.kubernetes.io/job-completion-index"])
	})
	return pods
}

// end waits for the Job to end and returns the condition that says how, and removes it.
func (n night) end(t *testing.T, job *batchv1.Job) string {
	t.Helper()
	how := ""
	until(t, "the end of the Job", func() bool {
		j, err := n.client.BatchV1().Jobs(namespace).Get(t.Context(), job.Name, metav1.GetOptions{})
		must(t, err)
		for _, c := range j.Status.Conditions {
			if c.Status == corev1.ConditionTrue && (c.Type == batchv1.JobComplete || c.Type == batchv1.JobFailed) {
				how = string(c.Type) + " " + c.Reason
			}
		}
		return how != ""
	})
	background := metav1.DeletePropagationBackground
	must(t, n.client.BatchV1().Jobs(namespace).Delete(t.Context(), job.Name, metav1.DeleteOptions{PropagationPolicy: &background}))
	return how
}

// until asks again and again for what a controller does.
func until(t *testing.T, what string, done func() bool) {
	t.Helper()
	ctx, cancel := context.WithTimeout(t.Context(), 3*time.Minute)
	defer cancel()
	for !done() {
		select {
		case <-ctx.Done():
			t.Fatalf("no %s", what)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

var day = regexp.MustCompile(`-\d{4}-\d\d-\d\d`)

// bundles verifies the bundles on the volume and returns their names without day.
func (n night) bundles(t *testing.T) string {
	t.Helper()
	files, err := filepath.Glob(filepath.Join(n.root, "volumes/auditpack-bundles/*.zip"))
	must(t, err)
	var names []string
	for _, f := range files {
		n.verify(t, f)
		names = append(names, day.ReplaceAllString(strings.TrimSuffix(filepath.Base(f), ".zip"), ""))
	}
	return strings.Join(names, " ")
}

// verify verifies bundles, of which each is the one before the next.
func (n night) verify(t *testing.T, files ...string) {
	t.Helper()
	args := append([]string{"verify", "--key=" + filepath.Join(n.root, "etc/cosign.pub")}, files...)
	if out, err := exec.Command(filepath.Join(n.root, "usr/local/bin/auditpack"), args...).CombinedOutput(); err != nil {
		t.Errorf("%v\n%s", err, out)
	}
}

func TestNights(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	account := "system:serviceaccount:audit:auditpack"

	// A night with nothing to complain of.
	job, pods := n.fall(t, "plan: {name: good}", 1)
	if e := n.run(t, &pods[0]); e.code != 0 || e.message != "" {
		t.Fatalf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Complete CompletionsReached" {
		t.Errorf("the Job ended as %s", how)
	}
	if got := n.bundles(t); got != "good" {
		t.Errorf("the bundles are %s", got)
	}
	verbs := map[string]bool{}
	for _, e := range n.server.Audit(t, account) {
		if e.Verb == "create" && strings.HasPrefix(e.ObjectRef.Resource, "selfsubject") {
			continue
		}
		if verbs[e.Verb] = true; e.ObjectRef.Resource == "secrets" {
			t.Errorf("secrets are asked for: %s %s", e.Verb, e.RequestURI)
		}
	}
	if got := slices.Sorted(maps.Keys(verbs)); !slices.Equal(got, []string{"get", "list"}) {
		t.Errorf("the verbs in the API server's audit log are %v", got)
	}

	// A second bundle of the day lies beside the first, and names it.
	job, pods = n.fall(t, "plan: {name: good}", 1)
	if e := n.run(t, &pods[0]); e.code != 0 {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Complete CompletionsReached" {
		t.Errorf("the Job ended as %s", how)
	}
	series, err := filepath.Glob(filepath.Join(n.root, "volumes/auditpack-bundles/good-*.zip"))
	must(t, err)
	if len(series) != 2 {
		t.Fatalf("the bundles are %s", series)
	}
	n.verify(t, series[1], series[0]) // "-2.zip" is before ".zip"

	// A plan that asks for more than is granted gets a bundle with a gap, and is not tried again.
	job, pods = n.fall(t, "plan: {name: gap, spec: {secrets: inventory}}", 1)
	if e := n.run(t, &pods[0]); e.code != 3 || !strings.Contains(e.message, "its evidence has gaps") {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Failed PodFailurePolicy" {
		t.Errorf("the Job ended as %s", how)
	}

	// With the right there is no gap.
	job, pods = n.fall(t, "plan: {name: secrets}\nsecrets: rotation", 1)
	if e := n.run(t, &pods[0]); e.code != 0 {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Complete CompletionsReached" {
		t.Errorf("the Job ended as %s", how)
	}
	if got := n.bundles(t); got != "gap good-2 good secrets" {
		t.Errorf("the bundles are %s", got)
	}

	// A plan of one's own that names no place is refused before anything is read.
	n.server.ApplyStrict(t, []byte(`
apiVersion: v1
kind: ConfigMap
metadata: {name: plans, namespace: audit}
data:
  plan.yaml: |
    {apiVersion: auditpack.dev/v1alpha1, kind: AuditPlan, metadata: {name: lost}, spec: {organization: o, scope: s, clusters: [{name: lost}]}}
`))
	before := len(n.server.Audit(t, account))
	job, pods = n.fall(t, "plan: {existingConfigMap: plans}", 1)
	if e := n.run(t, &pods[0]); e.code != 2 || !strings.Contains(e.message, "write one under spec.publish") {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Failed PodFailurePolicy" {
		t.Errorf("the Job ended as %s", how)
	}
	if after := len(n.server.Audit(t, account)); after != before {
		t.Errorf("the API server was asked %d times", after-before)
	}
}

// TestFailureIsTriedAgainAndTold runs a job whose API server is not there, as often as
// the Job controller wants, and looks for what it leaves behind.
func TestFailureIsTriedAgainAndTold(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.node.server = "https://127.0.0.1:1"
	job, _ := n.fall(t, "backoffLimit: 1", 1)
	for range 2 {
		e := n.run(t, &n.podsOf(t, job, 1)[0])
		if e.code != 1 || !strings.Contains(e.message, "connection refused") {
			t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
		}
	}
	until(t, "an Event of the Job", func() bool {
		events, err := n.client.CoreV1().Events(namespace).List(t.Context(), metav1.ListOptions{FieldSelector: "involvedObject.kind=Job,reason=BackoffLimitExceeded"})
		must(t, err)
		return len(events.Items) == 1 && events.Items[0].Type == corev1.EventTypeWarning
	})
	if how := n.end(t, job); how != "Failed BackoffLimitExceeded" {
		t.Errorf("the Job ended as %s", how)
	}
	if got := n.bundles(t); got != "" {
		t.Errorf("the bundles are %s", got)
	}
}

func TestCentralCollector(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	role, err := os.ReadFile("../../deploy/clusterrole.yaml")
	must(t, err)
	n.server.ApplyStrict(t, role)
	n.server.Bind(t, "reader", "auditpack-read")
	for name, user := range map[string]string{"west": "reader", "east": "stranger"} {
		file := controlplane.Kubeconfig(t, name, n.server.User(t, user))
		b, err := os.ReadFile(file)
		must(t, err)
		secret := &corev1.Secret{ObjectMeta: metav1.ObjectMeta{Name: name}, Data: map[string][]byte{"kubeconfig": b}}
		_, err = n.client.CoreV1().Secrets(namespace).Create(t.Context(), secret, metav1.CreateOptions{})
		must(t, err)
	}
	job, pods := n.fall(t, "backoffLimit: 0\nclusters: [{name: east, secretName: east}, {name: west, secretName: west, environment: production}]", 2)
	if e := n.run(t, &pods[0]); e.code == 0 || e.message == "" {
		t.Errorf("east, whose kubeconfig may read nothing: exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if e := n.run(t, &pods[1]); e.code != 0 {
		t.Errorf("west: exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Failed FailedIndexes" {
		t.Errorf("the Job ended as %s", how)
	}
	if got := n.bundles(t); !strings.Contains(got, "west") {
		t.Errorf("the bundles are %s", got)
	}
	if asked := n.server.Audit(t, "system:serviceaccount:audit:auditpack"); len(asked) > 0 {
		t.Errorf("the account of the job asked its own cluster %d times", len(asked))
	}
}

func TestCheckoutAndIdentity(t *testing.T) {
	t.Parallel()
	n := newNight(t)
	n.repositories["https://git.example.com/plans"] = repository(t, `
apiVersion: auditpack.dev/v1alpha1
kind: AuditPlan
metadata: {name: checkout}
spec: {organization: o, scope: s, clusters: [{name: here}], publish: [{to: "file:///bundles"}]}
`)
	n.server.ApplyStrict(t, []byte(`
apiVersion: v1
kind: Secret
metadata: {name: git, namespace: audit}
stringData: {credentials: "https://reader:word@git.example.com"}
`))
	git := "plan: {path: west/plan.yaml, git: {url: https://git.example.com/plans, ref: v1, image: git, credentialsSecret: git}}\n"
	job, pods := n.fall(t, git, 1)
	if e := n.run(t, &pods[0]); e.code != 0 {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	if how := n.end(t, job); how != "Complete CompletionsReached" {
		t.Errorf("the Job ended as %s", how)
	}
	if got := n.bundles(t); got != "checkout" {
		t.Errorf("the bundles are %s", got)
	}

	// Without a Fulcio the run ends early; by then the token was read.
	_, pods = n.fall(t, git+"signing: {mode: keyless, keyless: {fulcioURL: https://127.0.0.1:1}, timestamp: {url: https://127.0.0.1:1}}", 1)
	if e := n.run(t, &pods[0]); e.code == 0 || !strings.Contains(e.message, "127.0.0.1:1") {
		t.Errorf("exit code %d, %q:\n%s", e.code, e.message, e.log)
	}
	token, err := os.ReadFile(filepath.Join(n.root, "volumes", pods[0].Name, "identity/oidc-token"))
	must(t, err)
	payload, err := base64.RawURLEncoding.DecodeString(strings.Split(string(token), ".")[1])
	must(t, err)
	var claims struct {
		Aud []string `json:"aud"`
		Sub string   `json:"sub"`
	}
	must(t, json.Unmarshal(payload, &claims))
	if len(claims.Aud) != 1 || claims.Aud[0] != "sigstore" || claims.Sub != "system:serviceaccount:audit:auditpack" {
		t.Errorf("the token is for %+v", claims)
	}
}

// repository returns a Git repository with a tag v1 and the plan west/plan.yaml.
func repository(t *testing.T, plan string) string {
	t.Helper()
	dir := t.TempDir()
	must(t, os.Mkdir(filepath.Join(dir, "west"), 0o755))
	must(t, os.WriteFile(filepath.Join(dir, "west/plan.yaml"), []byte(plan), 0o644))
	for _, args := range []string{"init -q", "add .", "-c user.name=t -c user.email=t@example.com commit -q -m plan", "tag v1"} {
		cmd := exec.Command("git", strings.Fields(args)...)
		cmd.Dir = dir
		if out, err := cmd.CombinedOutput(); err != nil {
			t.Fatalf("git %s: %v\n%s", args, err, out)
		}
	}
	return dir
}
