package auditlog_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	authv1 "k8s.io/api/authentication/v1"
	authzv1 "k8s.io/api/authorization/v1"
	corev1 "k8s.io/api/core/v1"
	rbacv1 "k8s.io/api/rbac/v1"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/apimachinery/pkg/types"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"

	"github.com/auditpack/auditpack/collect/auditlog"
	"github.com/auditpack/auditpack/internal/controlplane"
	"github.com/auditpack/auditpack/schema"
)

// policy records every stage of every request, as a cautious operator would.
const policy = "apiVersion: audit.k8s.io/v1\nkind: Policy\nrules:\n- level: RequestResponse\n"

// Good and bad things are done to a real API server; its own audit log, read
// here, has each bad one and nothing else.
func TestRealServer(t *testing.T) {
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "policy.yaml"), []byte(policy), 0o600); err != nil {
		t.Fatal(err)
	}
	path := filepath.Join(dir, "logs", "audit.log")
	s := controlplane.Start(t, "--anonymous-auth=true", "--audit-policy-file="+filepath.Join(dir, "policy.yaml"), "--audit-log-path="+path)
	started := time.Now()
	deeds(t, s)

	k := &kept{}
	waitForLog(t, path)
	if err := auditlog.Read(t.Context(), auditlog.Options{Cluster: "prod", Paths: []string{filepath.Dir(path)}, BreakGlass: []string{"ice-axes"}}, k); err != nil {
		t.Fatal(err)
	}
	if outcome, reason := k.query(); outcome != schema.Complete {
		t.Errorf("the log was read %s (%s)", outcome, reason)
	}
	if diff := cmp.Diff(listed, describe(k.actions())); diff != "" {
		t.Errorf("actions (-want +got):\n%s", diff)
	}
	l := k.log()
	if l.First.After(started.Add(time.Minute)) || l.Last.Before(started.Truncate(time.Second)) || !slices.Equal(l.Markers, []string{"run/20260930T060000Z"}) {
		t.Errorf("the log covers %s to %s, with markers %v", l.First, l.Last, l.Markers)
	}
}

// listed is every action that the deeds must show, and no other.
var listed = []string{
	"anonymous system:anonymous get namespaces shop: anonymous 0/1",
	"person ann as bob get configmaps shop/settings: impersonation 0/1",
	"person ann create pods shop/web: write 1/0",
	"person ann create pods/exec shop/web: interactive 0/1",
	"person ann create rolebindings.rbac.authorization.k8s.io shop/to-bob: write,rights change 1/0",
	"person ann create serviceaccounts/token shop/deployer: token 1/0",
	"person ann get secrets shop/db: secret read 2/0",
	"person ann list secrets shop/: secret read 1/0",
	"person ann patch configmaps shop/settings: write 1/0",
	"person bob delete pods shop/web: write 0/1",
	"person controlplane create namespaces shop: write 1/0", // the harness is a person with all rights
	"person eve delete pods shop/web: write,break-glass 1/0",
	"person eve list pods shop/: break-glass 1/0",
	"service account system:serviceaccount:shop:deployer list secrets shop/: secret read 0/1",
}

func describe(actions []schema.AuditAction) []string {
	var out []string
	for _, a := range actions {
		if a.User == "system:apiserver" || a.Namespace != "shop" && a.Name != "shop" {
			continue // what a starting server and its harness do is not a deed of the test
		}
		who, what := a.User, a.Resource
		if a.As != "" {
			who += " as " + a.As
		}
		if a.Subresource != "" {
			what += "/" + a.Subresource
		}
		where := a.Namespace + "/"
		if a.Namespace == "" || a.Resource == "namespaces" {
			where = ""
		}
		classes := []string{}
		for _, c := range a.Classes {
			classes = append(classes, string(c))
		}
		out = append(out, fmt.Sprintf("%s %s %s %s %s%s: %s %d/%d", a.Identity, who, a.Verb, what, where, a.Name, strings.Join(classes, ","), a.Allowed, a.Denied))
	}
	slices.Sort(out)
	return out
}

// deeds does what listed describes, and much that must not be listed.
func deeds(t *testing.T, s *controlplane.Server) {
	t.Helper()
	ctx := t.Context()
	admin := client(t, s.Admin(t))
	must(t, "namespace", second(admin.CoreV1().Namespaces().Create(ctx, &corev1.Namespace{ObjectMeta: metav1.ObjectMeta{Name: "shop"}}, metav1.CreateOptions{})))
	s.Bind(t, "ann", "cluster-admin")
	s.Bind(t, "eve", "cluster-admin")
	robot := s.User(t, "system:serviceaccount:kube-system:deploys", "system:masters")
	seed(ctx, t, client(t, robot))

	ann := client(t, s.User(t, "ann"))
	pods := ann.CoreV1().Pods("shop")
	must(t, "pod", second(pods.Create(ctx, pod("web"), metav1.CreateOptions{})))
	must(t, "dry run", second(pods.Create(ctx, pod("never"), metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}})))
	must(t, "patch", second(ann.CoreV1().ConfigMaps("shop").Patch(ctx, "settings", types.MergePatchType, []byte(`{"data":{"a":"2"}}`), metav1.PatchOptions{})))
	for range 2 {
		must(t, "secret", second(ann.CoreV1().Secrets("shop").Get(ctx, "db", metav1.GetOptions{})))
	}
	must(t, "secrets", second(ann.CoreV1().Secrets("shop").List(ctx, metav1.ListOptions{})))
	must(t, "reading", second(pods.List(ctx, metav1.ListOptions{})))
	must(t, "binding", second(ann.RbacV1().RoleBindings("shop").Create(ctx, &rbacv1.RoleBinding{
		ObjectMeta: metav1.ObjectMeta{Name: "to-bob"}, RoleRef: rbacv1.RoleRef{APIGroup: rbacv1.GroupName, Kind: "ClusterRole", Name: "view"},
		Subjects: []rbacv1.Subject{{APIGroup: rbacv1.GroupName, Kind: "User", Name: "carl"}},
	}, metav1.CreateOptions{})))
	must(t, "token", second(ann.CoreV1().ServiceAccounts("shop").CreateToken(ctx, "deployer", &authv1.TokenRequest{}, metav1.CreateOptions{})))
	must(t, "review", second(ann.AuthorizationV1().SelfSubjectAccessReviews().Create(ctx, &authzv1.SelfSubjectAccessReview{
		Spec: authzv1.SelfSubjectAccessReviewSpec{NonResourceAttributes: &authzv1.NonResourceAttributes{Path: "/", Verb: "get"}}}, metav1.CreateOptions{})))
	refused(t, "exec", ann.CoreV1().RESTClient().Post().Resource("pods").Namespace("shop").Name("web").SubResource("exec").Param("command", "sh").Param("stdout", "true").Do(ctx).Error())

	asBob := s.User(t, "ann")
	asBob.Impersonate.UserName = "bob"
	refused(t, "impersonation", second(client(t, asBob).CoreV1().ConfigMaps("shop").Get(ctx, "settings", metav1.GetOptions{})))
	refused(t, "deletion", client(t, s.User(t, "bob")).CoreV1().Pods("shop").Delete(ctx, "web", metav1.DeleteOptions{}))
	account := client(t, s.User(t, "system:serviceaccount:shop:deployer"))
	refused(t, "secrets", second(account.CoreV1().Secrets("shop").List(ctx, metav1.ListOptions{})))

	eve := client(t, s.User(t, "eve", "ice-axes")).CoreV1().Pods("shop")
	must(t, "list", second(eve.List(ctx, metav1.ListOptions{})))
	zero := int64(0)
	must(t, "deletion", eve.Delete(ctx, "web", metav1.DeleteOptions{GracePeriodSeconds: &zero}))

	marked := s.User(t, "auditor")
	marked.UserAgent = "auditpack/test run/20260930T060000Z"
	refused(t, "collector", second(client(t, marked).CoreV1().Namespaces().List(ctx, metav1.ListOptions{})))
	anonymous(t, s, "/readyz", http.StatusOK)
	anonymous(t, s, "/api/v1/namespaces/shop", http.StatusForbidden)
}

// seed makes what a pipeline deploys: writes of a service account, which are not listed.
func seed(ctx context.Context, t *testing.T, c kubernetes.Interface) {
	t.Helper()
	named := func(name string) metav1.ObjectMeta { return metav1.ObjectMeta{Name: name} }
	must(t, "account", second(c.CoreV1().ServiceAccounts("shop").Create(ctx, &corev1.ServiceAccount{ObjectMeta: named("deployer")}, metav1.CreateOptions{})))
	must(t, "default account", second(c.CoreV1().ServiceAccounts("shop").Create(ctx, &corev1.ServiceAccount{ObjectMeta: named("default")}, metav1.CreateOptions{})))
	must(t, "secret", second(c.CoreV1().Secrets("shop").Create(ctx, &corev1.Secret{ObjectMeta: named("db"), StringData: map[string]string{"password": "planted-value"}}, metav1.CreateOptions{})))
	must(t, "settings", second(c.CoreV1().ConfigMaps("shop").Create(ctx, &corev1.ConfigMap{ObjectMeta: named("settings"), Data: map[string]string{"a": "1"}}, metav1.CreateOptions{})))
}

func pod(name string) *corev1.Pod {
	return &corev1.Pod{ObjectMeta: metav1.ObjectMeta{Name: name}, Spec: corev1.PodSpec{Containers: []corev1.Container{{Name: "c", Image: "registry.example.org/web:1"}}}}
}

// anonymous sends a request without credentials.
func anonymous(t *testing.T, s *controlplane.Server, path string, want int) {
	t.Helper()
	transport, err := rest.TransportFor(rest.AnonymousClientConfig(s.Admin(t)))
	if err != nil {
		t.Fatal(err)
	}
	resp, err := (&http.Client{Transport: transport}).Get(s.URL + path)
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	_, _ = io.Copy(io.Discard, resp.Body)
	if resp.StatusCode != want {
		t.Fatalf("%s without credentials answers %d, want %d", path, resp.StatusCode, want)
	}
}

// waitForLog returns when the log has the last deed.
func waitForLog(t *testing.T, path string) {
	t.Helper()
	for deadline := time.Now().Add(20 * time.Second); time.Now().Before(deadline); time.Sleep(50 * time.Millisecond) {
		b, err := os.ReadFile(path)
		if err == nil && strings.Contains(string(b), `"system:anonymous"`) && strings.Contains(string(b), `namespaces/shop"`) {
			return
		}
	}
	t.Fatal("the server wrote no audit log")
}

func client(t *testing.T, cfg *rest.Config) kubernetes.Interface {
	t.Helper()
	c, err := kubernetes.NewForConfig(cfg)
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// second leaves the error of a call.
func second[T any](_ T, err error) error { return err }

func must(t *testing.T, what string, err error) {
	t.Helper()
	if err != nil {
		t.Fatalf("%s: %v", what, err)
	}
}

func refused(t *testing.T, what string, err error) {
	t.Helper()
	if err == nil {
		t.Fatalf("%s was not refused", what)
	}
}
