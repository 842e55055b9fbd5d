package deploy

import (
	"fmt"
	"maps"
	"net/http"
	"strings"
	"sync"
	"testing"

	authv1 "k8s.io/api/authentication/v1"
	apierrors "k8s.io/apimachinery/pkg/api/errors"
	"k8s.io/apimachinery/pkg/api/meta"
	metav1 "k8s.io/apimachinery/pkg/apis/meta/v1"
	"k8s.io/client-go/discovery/cached/memory"
	"k8s.io/client-go/dynamic"
	"k8s.io/client-go/kubernetes"
	"k8s.io/client-go/rest"
	"k8s.io/client-go/restmapper"

	"github.com/auditpack/auditpack/internal/controlplane"
)

// restricted is the namespace of the job, which admits pods of the profile restricted only.
const restricted = `
apiVersion: v1
kind: Namespace
metadata:
  name: audit
  labels: {pod-security.kubernetes.io/enforce: restricted, pod-security.kubernetes.io/warn: restricted}
`

// warnings keeps what the API server warns of.
type warnings struct {
	sync.Mutex
	texts []string
}

func (w *warnings) HandleWarningHeader(_ int, _ string, text string) {
	w.Lock()
	defer w.Unlock()
	w.texts = append(w.texts, text)
}

// TestClusterTakesEveryRendering creates each object of each rendering, and a pod of
// each job, at a real API server with its usual admission, strictly, without storing it.
func TestClusterTakesEveryRendering(t *testing.T) {
	t.Parallel()
	s := controlplane.Start(t, controlplane.Admission)
	s.ApplyStrict(t, []byte(restricted), []byte(`
apiVersion: v1
kind: ServiceAccount
metadata: {name: auditpack, namespace: audit}
---
apiVersion: v1
kind: ServiceAccount
metadata: {name: reader, namespace: audit}
`))
	all := maps.Clone(builds(t))
	for _, r := range renderings {
		all[r.name] = render(t, r.values)
	}
	said := &warnings{}
	cfg := s.Admin(t)
	cfg.WarningHandler = said
	try := dryRun(t, cfg)
	for name, rendered := range all {
		for _, o := range rendered {
			if err := try(o.Object); err != nil && !taken(err) {
				t.Errorf("%s: %s %s: %v", name, o.GetKind(), o.GetName(), err)
			}
		}
		if err := try(podFrom(rendered.job(t))); err != nil {
			t.Errorf("%s: pod of the job: %v", name, err)
		}
	}
	if len(said.texts) > 0 {
		t.Errorf("the API server warns: %q", said.texts)
	}
	open := podFrom(all["base"].job(t))
	open["spec"].(map[string]any)["hostNetwork"] = true
	if err := try(open); !apierrors.IsForbidden(err) || !strings.Contains(err.Error(), "restricted") {
		t.Errorf("a pod in the network of its host is admitted: %v", err)
	}
	typo := podFrom(all["base"].job(t))
	typo["spec"].(map[string]any)["hostNetwrok"] = false
	if err := try(typo); !apierrors.IsBadRequest(err) {
		t.Errorf("a field that does not exist is taken: %v", err)
	}
}

// taken reports that an object of this name is there: the namespace and accounts that pods need.
func taken(err error) bool { return apierrors.IsAlreadyExists(err) }

// dryRun returns a function that creates an object strictly, and does not store it.
func dryRun(t *testing.T, cfg *rest.Config) func(map[string]any) error {
	t.Helper()
	client := kubernetes.NewForConfigOrDie(cfg)
	mapper := restmapper.NewDeferredDiscoveryRESTMapper(memory.NewMemCacheClient(client.Discovery()))
	objects := dynamic.NewForConfigOrDie(cfg)
	return func(object map[string]any) error {
		o := unstructuredOf(object)
		kind := o.GroupVersionKind()
		m, err := mapper.RESTMapping(kind.GroupKind(), kind.Version)
		if err != nil {
			return err
		}
		var to dynamic.ResourceInterface = objects.Resource(m.Resource)
		if m.Scope.Name() == meta.RESTScopeNameNamespace {
			if o.GetNamespace() == "" {
				return fmt.Errorf("%s has no namespace", o.GetName())
			}
			to = objects.Resource(m.Resource).Namespace(o.GetNamespace())
		}
		_, err = to.Create(t.Context(), o, metav1.CreateOptions{DryRun: []string{metav1.DryRunAll}, FieldValidation: metav1.FieldValidationStrict})
		return err
	}
}

// rights are requests with the token of the job's account, and how a real API server
// answers: 200, or 403. Nothing else has to exist: what is refused is refused first.
var rights = []struct {
	verb, method, path string
	may                bool // without a tier of secrets
	withTier           bool // with one
}{
	{"list pods", "GET", "/api/v1/pods", true, true},
	{"get a namespace", "GET", "/api/v1/namespaces/audit", true, true},
	{"list roles", "GET", "/apis/rbac.authorization.k8s.io/v1/clusterroles", true, true},
	{"ask what one may do", "POST", "/apis/authorization.k8s.io/v1/selfsubjectaccessreviews", true, true},
	{"list secrets", "GET", "/api/v1/secrets", false, true},
	{"list secrets of a namespace", "GET", "/api/v1/namespaces/kube-system/secrets", false, true},
	{"get a secret", "GET", "/api/v1/namespaces/audit/secrets/auditpack-signing", false, false},
	{"watch secrets", "GET", "/api/v1/secrets?watch=1", false, false},
	{"watch pods", "GET", "/api/v1/pods?watch=1", false, false},
	{"create a pod", "POST", "/api/v1/namespaces/audit/pods", false, false},
	{"create a job", "POST", "/apis/batch/v1/namespaces/audit/jobs", false, false},
	{"create an event", "POST", "/api/v1/namespaces/audit/events", false, false},
	{"create a secret", "POST", "/api/v1/namespaces/audit/secrets", false, false},
	{"create a token", "POST", "/api/v1/namespaces/audit/serviceaccounts/auditpack/token", false, false},
	{"bind a role", "POST", "/apis/rbac.authorization.k8s.io/v1/clusterrolebindings", false, false},
	{"update a config map", "PUT", "/api/v1/namespaces/audit/configmaps/auditpack-plan", false, false},
	{"update a role", "PUT", "/apis/rbac.authorization.k8s.io/v1/clusterroles/audit-auditpack-read", false, false},
	{"update a status", "PUT", "/api/v1/nodes/n/status", false, false},
	{"patch a deployment", "PATCH", "/apis/apps/v1/namespaces/audit/deployments/d", false, false},
	{"patch a namespace", "PATCH", "/api/v1/namespaces/audit", false, false},
	{"delete a pod", "DELETE", "/api/v1/namespaces/audit/pods/p", false, false},
	{"delete all pods", "DELETE", "/api/v1/namespaces/audit/pods", false, false},
	{"delete a namespace", "DELETE", "/api/v1/namespaces/audit", false, false},
	{"evict a pod", "POST", "/api/v1/namespaces/audit/pods/p/eviction", false, false},
	{"run a command in a pod", "POST", "/api/v1/namespaces/audit/pods/p/exec?command=id", false, false},
	{"run a command in a pod by GET", "GET", "/api/v1/namespaces/audit/pods/p/exec?command=id", false, false},
	{"attach to a pod", "POST", "/api/v1/namespaces/audit/pods/p/attach", false, false},
	{"forward a port", "POST", "/api/v1/namespaces/audit/pods/p/portforward", false, false},
	{"add a container to a pod", "PATCH", "/api/v1/namespaces/audit/pods/p/ephemeralcontainers", false, false},
	{"read a log", "GET", "/api/v1/namespaces/audit/pods/p/log", false, false},
	{"reach a pod through the API server", "GET", "/api/v1/namespaces/audit/pods/p/proxy/", false, false},
	{"reach a service through the API server", "GET", "/api/v1/namespaces/audit/services/s/proxy/", false, false},
	{"reach a kubelet", "GET", "/api/v1/nodes/n/proxy/pods", false, false},
	{"scale", "PUT", "/apis/apps/v1/namespaces/audit/deployments/d/scale", false, false},
	{"approve a certificate", "PUT", "/apis/certificates.k8s.io/v1/certificatesigningrequests/c/approval", false, false},
	{"read the server's metrics", "GET", "/metrics", false, false},
	{"read the server's logs", "GET", "/logs/", false, false},
}

func TestRights(t *testing.T) {
	t.Parallel()
	s := controlplane.Start(t, controlplane.Admission)
	s.ApplyStrict(t, []byte(restricted))
	for _, tier := range []string{"none", "inventory"} {
		install(t, s, "secrets: "+tier)
		client := asAccount(t, s)
		for _, r := range rights {
			want := http.StatusForbidden
			if r.may || r.withTier && tier != "none" {
				want = http.StatusOK
			}
			got := status(t, client, s.URL, r.method, r.path, nil)
			if got == http.StatusCreated {
				got = http.StatusOK
			}
			if got != want {
				t.Errorf("secrets %s: %s: %d, want %d", tier, r.verb, got, want)
			}
		}
		if got := status(t, client, s.URL, "GET", "/api/v1/pods", http.Header{"Impersonate-User": {"controlplane"}, "Impersonate-Group": {"system:masters"}}); got != http.StatusForbidden {
			t.Errorf("secrets %s: acting as somebody else: %d, want 403", tier, got)
		}
	}
}

// install puts the chart into the cluster as helm upgrade --install does: tests are left out.
func install(t *testing.T, s *controlplane.Server, values string) objects {
	t.Helper()
	out, err := template(t, values, "--skip-tests")
	must(t, err)
	s.ApplyStrict(t, out)
	return decode(t, out)
}

// asAccount returns a client with a token of the job's account.
func asAccount(t *testing.T, s *controlplane.Server) *http.Client {
	t.Helper()
	r, err := kubernetes.NewForConfigOrDie(s.Admin(t)).CoreV1().ServiceAccounts(namespace).CreateToken(t.Context(), "auditpack", &authv1.TokenRequest{}, metav1.CreateOptions{})
	must(t, err)
	client, err := rest.HTTPClientFor(&rest.Config{BearerToken: r.Status.Token, TLSClientConfig: rest.TLSClientConfig{CAData: s.Admin(t).CAData}})
	must(t, err)
	return client
}

func status(t *testing.T, client *http.Client, server, method, path string, header http.Header) int {
	t.Helper()
	body := map[string]string{
		"POST": `{"apiVersion":"authorization.k8s.io/v1","kind":"SelfSubjectAccessReview","spec":{"resourceAttributes":{"verb":"list","resource":"pods"}}}`,
		"PUT":  "{}", "PATCH": "{}",
	}[method]
	r, err := http.NewRequestWithContext(t.Context(), method, server+path, strings.NewReader(body))
	must(t, err)
	r.Header = header.Clone()
	if r.Header == nil {
		r.Header = http.Header{}
	}
	r.Header.Set("Content-Type", map[bool]string{true: "application/merge-patch+json", false: "application/json"}[method == "PATCH"])
	resp, err := client.Do(r)
	must(t, err)
	must(t, resp.Body.Close())
	return resp.StatusCode
}

func must(t testing.TB, err error) {
	t.Helper()
	if err != nil {
		t.Fatal(err)
	}
}
