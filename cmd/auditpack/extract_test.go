package main

import (
	"archive/zip"
	"bytes"
	"crypto/sha256"
	"fmt"
	"html"
	"io"
	"io/fs"
	"os"
	"os/exec"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// tokens are names that occur nowhere by chance, by where they were planted.
type tokens map[string]string

// plant makes a name that is allowed wherever Kubernetes and our registers want one.
func (k tokens) plant(where string) string {
	if _, ok := k[where]; !ok {
		k[where] = fmt.Sprintf("zq%xx", sha256.Sum256([]byte(where)))[:12]
	}
	return k[where]
}

// kinds are kinds of objects of which rows, findings or copies are kept.
var kinds = []string{
	"v1 Namespace", "v1 Node", "v1 PersistentVolume", "v1 PersistentVolumeClaim", "v1 Service", "v1 ServiceAccount", "v1 Secret", "v1 ConfigMap", "v1 Pod",
	"v1 ResourceQuota", "v1 LimitRange", "apps/v1 Deployment", "apps/v1 StatefulSet", "apps/v1 DaemonSet", "apps/v1 ReplicaSet", "batch/v1 Job", "batch/v1 CronJob",
	"rbac.authorization.k8s.io/v1 Role", "rbac.authorization.k8s.io/v1 ClusterRole", "rbac.authorization.k8s.io/v1 RoleBinding", "rbac.authorization.k8s.io/v1 ClusterRoleBinding",
	"networking.k8s.io/v1 NetworkPolicy", "networking.k8s.io/v1 Ingress", "gateway.networking.k8s.io/v1 Gateway", "gateway.networking.k8s.io/v1 HTTPRoute",
	"discovery.k8s.io/v1 EndpointSlice", "policy/v1 PodDisruptionBudget", "autoscaling/v2 HorizontalPodAutoscaler", "storage.k8s.io/v1 StorageClass",
	"certificates.k8s.io/v1 CertificateSigningRequest", "cert-manager.io/v1 Certificate", "velero.io/v1 Schedule", "velero.io/v1 Backup",
	"admissionregistration.k8s.io/v1 ValidatingWebhookConfiguration", "admissionregistration.k8s.io/v1 MutatingWebhookConfiguration",
	"admissionregistration.k8s.io/v1 ValidatingAdmissionPolicy", "apiregistration.k8s.io/v1 APIService", "apiextensions.k8s.io/v1 CustomResourceDefinition",
	"argoproj.io/v1alpha1 Application", "argoproj.io/v1alpha1 AppProject", "external-secrets.io/v1 ExternalSecret", "external-secrets.io/v1 SecretStore",
	"monitoring.coreos.com/v1 PrometheusRule",
}

// notNamespaced are those of kinds that stand in no namespace.
var notNamespaced = []string{
	"Namespace", "Node", "PersistentVolume", "ClusterRole", "ClusterRoleBinding", "StorageClass", "CertificateSigningRequest", "ValidatingWebhookConfiguration",
	"MutatingWebhookConfiguration", "ValidatingAdmissionPolicy", "APIService", "CustomResourceDefinition",
}

// How many there are of them; no customer is to learn it.
const plantedNodes, plantedNamespaces = 347, 419

// manifests writes an object of each kind, and many nodes and namespaces.
func (k tokens) manifests() string {
	var b strings.Builder
	for _, kind := range kinds {
		version, name, _ := strings.Cut(kind, " ")
		fmt.Fprintf(&b, "---\napiVersion: %s\nkind: %s\nmetadata:\n  name: %s\n", version, name, k.plant("name of "+name))
		if !slices.Contains(notNamespaced, name) {
			fmt.Fprintf(&b, "  namespace: %s\n", k.plant("name of Namespace"))
		}
		fmt.Fprintf(&b, "  labels: {team: %s, app: %s}\n  annotations: {note: %s}\n", k.plant("owner label of "+name), k.plant("label of "+name), k.plant("annotation of "+name))
		b.WriteString(k.spec(name))
	}
	for i := 1; i < plantedNodes; i++ {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Node\nmetadata: {name: %s-%d}\n", k.plant("many nodes"), i)
	}
	for i := 1; i < plantedNamespaces; i++ {
		fmt.Fprintf(&b, "---\napiVersion: v1\nkind: Namespace\nmetadata: {name: %s-%d}\n", k.plant("many namespaces"), i)
	}
	return b.String()
}

// spec is what an object has beside its name: more names.
func (k tokens) spec(kind string) string {
	pod := func() string {
		return fmt.Sprintf(`{serviceAccountName: %s, containers: [{name: %s, image: "%s.example/%s:1", securityContext: {privileged: true}, env: [{name: PASSWORD, value: %s}]}]}`,
			k.plant("name of ServiceAccount"), k.plant("container of "+kind), k.plant("registry of "+kind), k.plant("image of "+kind), k.plant("value of "+kind))
	}
	switch kind {
	case "Pod":
		return "spec: " + pod() + "\n"
	case "Deployment", "StatefulSet", "DaemonSet", "ReplicaSet", "Job":
		return "spec: {template: {spec: " + pod() + "}}\n"
	case "CronJob":
		return "spec: {jobTemplate: {spec: {template: {spec: " + pod() + "}}}}\n"
	case "Role", "ClusterRole":
		return "rules: [{apiGroups: ['*'], resources: ['*'], verbs: ['*']}]\n"
	case "RoleBinding", "ClusterRoleBinding":
		return fmt.Sprintf("roleRef: {apiGroup: rbac.authorization.k8s.io, kind: ClusterRole, name: cluster-admin}\nsubjects: [{kind: User, name: %s}, {kind: Group, name: %s}]\n",
			k.plant("user of "+kind), k.plant("group of "+kind))
	case "Service":
		return fmt.Sprintf("spec: {type: LoadBalancer, externalName: %s.example, ports: [{port: 80}]}\n", k.plant("host of "+kind))
	case "Ingress":
		return fmt.Sprintf("spec: {rules: [{host: %s.example}]}\n", k.plant("host of "+kind))
	case "Secret", "ConfigMap":
		return fmt.Sprintf("data: {%s: %s}\n", k.plant("key of "+kind), k.plant("value of "+kind))
	}
	return ""
}

// files are a plan with all its registers.
func (k tokens) files() map[string]string {
	head := func(kind string) string {
		return "apiVersion: auditpack.dev/v1alpha1\nkind: " + kind + "\nmetadata: {name: " + k.plant("name of "+kind) + "}\nspec:\n"
	}
	p := k.plant
	digest := strings.Repeat("ab", 32)
	return map[string]string{
		"objects.yaml": k.manifests(),
		// The name of the plan is in the name of every bundle, an extract's, too.
		"plan.yaml": "apiVersion: auditpack.dev/v1alpha1\nkind: AuditPlan\nmetadata: {name: openname}\nspec:\n  organization: Open Organization\n  scope: An open scope.\n" +
			"  clusters: [{name: " + p("cluster") + ", from: [objects.yaml], complete: true, environment: " + p("environment") + ", distribution: " + p("distribution") + "}]\n" +
			"  namespaces: {exclude: [" + p("excluded namespace") + "], environments: {" + p("name of Namespace") + ": " + p("production environment") + "}, production: [" + p("production environment") + "]}\n" +
			"  labels: {owner: [team, " + p("label key") + "]}\n  access: {userPattern: '^" + p("user pattern") + "', deployers: [" + p("deployer namespace") + "/" + p("deployer") + "],\n" +
			"    breakGlass: [{binding: " + p("break-glass binding") + ", subjects: [" + p("break-glass subject") + "]}], pipelineManagers: [" + p("pipeline manager") + "]}\n" +
			"  images: {registries: [" + p("registry") + ".example]}\n  rotation: {classes: {" + p("rotation class") + ": 180}}\n" +
			"  overlay: overlay.yaml\n  exceptions: exceptions.yaml\n  documents: documents.yaml\n  reviews: [reviews]\n",
		"overlay.yaml": head("Overlay") + "  owner: " + p("default owner") + "\n  reviewer: " + p("default reviewer") + "\n  controls:\n" +
			"    - {id: ACC-01, owner: " + p("control owner") + ", reviewer: " + p("control reviewer") + ", signOff: {by: " + p("signer-off") + ", on: 2026-09-01}}\n" +
			"    - {id: CHG-07, notApplicable: {justification: " + p("justification") + ", approvedBy: " + p("approver of not applicable") + ", approvedOn: 2026-09-01}}\n" +
			"  approvals:\n    - {type: administrator, kind: User, name: " + p("approved subject") + ", owner: " + p("approval owner") + ", reason: " + p("approval reason") + ", expires: 2027-01-01}\n",
		"exceptions.yaml": head("ExceptionRegister") + "  exceptions:\n    - {id: " + p("exception id") + ", control: SEP-04, scope: {cluster: " + p("cluster") + ", namespace: " + p("name of Namespace") + "}, reason: " + p("exception reason") +
			", risk: high, compensating: " + p("compensation") + ", requestedBy: " + p("requester") + ", approvedBy: " + p("exception approver") + ", approvedOn: 2026-09-01, expiresOn: 2026-10-30, ticket: " + p("ticket") + "}\n",
		"documents.yaml": head("DocumentRegister") + "  documents:\n    - {id: " + p("document id") + ", title: " + p("document title") + ", type: policy, checks: [SEP-01.d1], owner: " + p("document owner") +
			", author: " + p("document author") + ", file: documents/" + p("document file") + ".md, asOf: 2026-09-01, approvedBy: " + p("document approver") + ", approvedOn: 2026-09-02, covers: [" + p("covered") + "], confidentiality: " + p("confidentiality") + "}\n" +
			"    - {id: " + p("second document id") + ", title: " + p("second document title") + ", type: policy, checks: [GOV-05.d1], owner: " + p("document owner") + ", location: 'https://" + p("document location") + ".example/x', asOf: 2024-09-01}\n",
		"documents/" + p("document file") + ".md": p("document content") + "\n",
		"reviews/control.yaml": head("ControlReview") + "  reviewer: " + p("reviewer of controls") + "\n  completedOn: 2026-09-20\n  report: {name: " + p("reviewed report") + ", sha256: " + digest + "}\n" +
			"  decisions: [{control: SEP-01, decision: sign-off, note: " + p("note on a control") + "}]\n",
		"reviews/exception.yaml": head("ExceptionReview") + "  reviewer: " + p("reviewer of exceptions") + "\n  completedOn: 2026-09-20\n  report: {name: " + p("reviewed report") + ", sha256: " + digest + "}\n" +
			"  decisions: [{exception: " + p("exception id") + ", decision: keep, note: " + p("note on an exception") + "}]\n",
		"reviews/access.yaml": head("AccessReview") + "  cluster: " + p("cluster") + "\n  period: {from: 2026-07-01, to: 2026-10-01}\n  reviewer: " + p("reviewer of access") + "\n  reviewerSubjects: [" + p("reviewer's subject") + "]\n" +
			"  completedOn: 2026-09-20\n  population: {name: " + p("reviewed population") + ", sha256: " + digest + "}\n  decisions:\n    - {subjectKind: User, subjectName: " + p("reviewed subject") +
			", bindingKind: ClusterRoleBinding, binding: " + p("reviewed binding") + ", scope: '*', roleKind: ClusterRole, role: " + p("reviewed role") + ", decision: keep, note: " + p("note on a right") + "}\n",
	}
}

// TestExtractNamesNothing plants a name in every kind of object and every field of
// every register, and looks for all of them in each file that a customer is given,
// in whatever form the file has them.
func TestExtractNamesNothing(t *testing.T) {
	dir, planted := t.TempDir(), tokens{}
	for name, content := range planted.files() {
		path := filepath.Join(dir, filepath.FromSlash(name))
		if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(path, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	out := filepath.Join(dir, "out")
	code, _, stderr := command(t, "run", "-f", filepath.Join(dir, "plan.yaml"), "--unsigned", "--audience", "customer", "--as-of", "2026-09-30T06:00:00Z", "--out", out)
	if code != exitDone && code != exitGaps {
		t.Fatalf("exit code %d\n%s", code, stderr)
	}
	var whole strings.Builder
	eachFile(t, filepath.Join(out, "openname-2026-09-30"), func(name string, content []byte) { whole.WriteString(name + string(content)) })
	dropped := regexp.MustCompile(`^(value|annotation|label|owner label|key) of `) // is not copied from every kind
	for where, token := range planted {
		if !strings.Contains(whole.String(), token) && !dropped.MatchString(where) {
			t.Errorf("%s: %s is not in the whole bundle, so that looking for it in the extract shows nothing", where, token)
		}
	}
	r := readReport(t, filepath.Join(out, "openname-2026-09-30"))
	numbers := []int{plantedNodes, plantedNamespaces, len(r.Findings)}
	if len(r.Findings) < 300 {
		t.Errorf("the bundle has %d findings, a number that may stand in the extract for other reasons", len(r.Findings))
	}
	for _, form := range []string{filepath.Join(out, "openname-2026-09-30-customer"), filepath.Join(out, "openname-2026-09-30-customer.zip")} {
		absent(t, planted, numbers, form)
	}
}

// TestExtractHoldsFieldsOfClassPublicOnly fills every field of a report that is not
// public, those to come among them, with names and numbers of its own.
func TestExtractHoldsFieldsOfClassPublicOnly(t *testing.T) {
	planted, numbers := tokens{}, []int(nil)
	var r schema.Report
	plantIn(reflect.ValueOf(&r).Elem(), "report", true, planted, &numbers)
	r.AsOf = time.Date(2026, 9, 30, 6, 0, 0, 0, time.UTC)
	r.Plan.From, r.Plan.To = r.AsOf.AddDate(0, -3, 0), r.AsOf
	if len(planted) < 100 || len(numbers) < 20 {
		t.Fatalf("%d names and %d numbers were planted", len(planted), len(numbers))
	}
	dir := t.TempDir()
	if _, err := (extraction{whole: &r, digest: strings.Repeat("ab", 32), unsigned: true}).draw(members{dir}); err != nil {
		t.Fatal(err)
	}
	absent(t, planted, numbers, dir)
}

// plantIn sets every field, at any depth: what is public to something plain, and the rest
// to what can be found again.
func plantIn(v reflect.Value, path string, public bool, planted tokens, numbers *[]int) {
	switch {
	case v.Type() == reflect.TypeFor[schema.Date]():
		v.Set(reflect.ValueOf(schema.DateOf(time.Date(2026, 9, 1, 0, 0, 0, 0, time.UTC))))
	case v.Type() == reflect.TypeFor[time.Time]():
	case v.Kind() == reflect.Struct:
		for _, f := range schema.Fields(v.Type()) {
			plantIn(v.FieldByIndex(f.Index), path+"."+f.Name, public && f.Class == schema.ClassPublic, planted, numbers)
		}
	case v.Kind() == reflect.Pointer:
		v.Set(reflect.New(v.Type().Elem()))
		plantIn(v.Elem(), path, public, planted, numbers)
	case v.Kind() == reflect.Slice:
		v.Set(reflect.MakeSlice(v.Type(), 2, 2))
		for i := range 2 {
			plantIn(v.Index(i), fmt.Sprintf("%s[%d]", path, i), public, planted, numbers)
		}
	case v.Kind() == reflect.Map:
		v.Set(reflect.MakeMap(v.Type()))
		key, value := reflect.New(v.Type().Key()).Elem(), reflect.New(v.Type().Elem()).Elem()
		plantIn(key, path+" key", public, planted, numbers)
		plantIn(value, path+" value", public, planted, numbers)
		v.SetMapIndex(key, value)
	case v.Kind() == reflect.String && schema.Words(v.Type()) != nil:
		v.SetString(schema.Words(v.Type())[0])
	case v.Kind() == reflect.String && public:
		v.SetString("open" + fmt.Sprint(len(path)))
	case v.Kind() == reflect.String:
		v.SetString(planted.plant(path))
	case v.CanInt() && public:
		v.SetInt(1)
	case v.CanInt():
		*numbers = append(*numbers, 7_310_001+len(*numbers))
		v.SetInt(int64((*numbers)[len(*numbers)-1]))
	}
}

// absent looks for names and numbers in all files of a folder, or in an archive.
func absent(t *testing.T, planted tokens, numbers []int, path string) {
	t.Helper()
	text := allText(t, path)
	squeezed := regexp.MustCompile(`[\s\-\x{ad}\x{2010}]+`).ReplaceAllString(text, "")
	for where, token := range planted {
		if strings.Contains(squeezed, token) || strings.Contains(strings.ToLower(text), token) {
			t.Errorf("%s: %s, which was planted as %s, is in the extract", filepath.Base(path), token, where)
		}
	}
	for _, n := range numbers {
		thousands := regexp.MustCompile(`(\d)(\d{3})$`).ReplaceAllString(fmt.Sprint(n), `$1,?$2`)
		if found := regexp.MustCompile(`.{0,40}\b` + thousands + `\b.{0,40}`).FindString(readable(t, path)); found != "" {
			t.Errorf("%s: the number %d is in the extract: %q", filepath.Base(path), n, found)
		}
	}
}

// allText is everything that the files below a path, and the parts of archives
// among them, hold: as it is, unpacked, and as a reader of a PDF meets it.
func allText(t *testing.T, path string) string {
	t.Helper()
	var b strings.Builder
	eachFile(t, path, func(name string, content []byte) {
		b.WriteString(name + "\n")
		b.Write(content)
		if bytes.HasPrefix(content, []byte("%PDF")) {
			b.WriteString(inflated(t, content) + pdfText(t, content))
		}
	})
	return b.String()
}

// readable is what people read, without digests, offsets and styles, in which any
// number may stand.
func readable(t *testing.T, path string) string {
	t.Helper()
	tags := regexp.MustCompile(`(?s)<(style|script)[^>]*>.*?</(style|script)>|<svg.*?</svg>|<[^>]*>`)
	var b strings.Builder
	eachFile(t, path, func(name string, content []byte) {
		switch filepath.Ext(name) {
		case ".pdf":
			b.WriteString(pdfText(t, content))
		case ".html":
			b.WriteString(html.UnescapeString(tags.ReplaceAllString(string(content), " ")))
		case ".xml": // parts of the workbook: cells have values, and texts stand in one part
			for _, cell := range regexp.MustCompile(`<[vt][^>]*>([^<]*)</[vt]>`).FindAllSubmatch(content, -1) {
				b.Write(append(cell[1], '\n'))
			}
		case ".json":
			if strings.HasSuffix(name, "report.json") {
				b.Write(content)
			}
		}
	})
	return b.String()
}

// eachFile calls with every file below a path, and with every part of archives.
func eachFile(t *testing.T, path string, call func(name string, content []byte)) {
	t.Helper()
	files := 0
	visit := func(name string, content []byte) {
		files++
		visitFile(t, name, content, call)
	}
	err := filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		content, err := os.ReadFile(name)
		visit(name, content)
		return err
	})
	if err != nil || files == 0 {
		t.Fatalf("%s has %d files; %v", path, files, err)
	}
}

func visitFile(t *testing.T, name string, content []byte, call func(string, []byte)) {
	t.Helper()
	call(name, content)
	archive, err := zip.NewReader(bytes.NewReader(content), int64(len(content)))
	if err != nil {
		return // not an archive
	}
	for _, part := range archive.File {
		f, err := part.Open()
		if err != nil {
			t.Fatal(err)
		}
		inner, err := io.ReadAll(f)
		if err != nil {
			t.Fatal(err)
		}
		visitFile(t, name+"!"+part.Name, inner, call)
	}
}

// inflated is a PDF with all its streams unpacked.
func inflated(t *testing.T, content []byte) string {
	return toolOn(t, content, "qpdf", "--qdf", "--object-streams=disable", "FILE", "-")
}

func pdfText(t *testing.T, content []byte) string {
	return toolOn(t, content, "pdftotext", "-layout", "FILE", "-") + toolOn(t, content, "pdfinfo", "FILE")
}

// toolOn runs a program on content in a file, whose name it is given for FILE.
func toolOn(t *testing.T, content []byte, name string, args ...string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(path, content, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = path
		}
	}
	out, err := exec.Command(name, args...).Output()
	if err != nil {
		t.Fatalf("%s: %v", name, err)
	}
	return string(out)
}

// TestExtractIsHeldAgainstItsWhole makes an extract that shows a control better than
// its bundle does, and signs that with the right key.
func TestExtractIsHeldAgainstItsWhole(t *testing.T) {
	dir := t.TempDir()
	if code, _, stderr := command(t, "demo", "-q", "--out", dir); code != exitDone {
		t.Fatalf("demo: exit code %d\n%s", code, stderr)
	}
	whole := filepath.Join(dir, "brindlewharf-2026-09-30-2.zip")
	extract := filepath.Join(dir, "brindlewharf-2026-09-30-customer")
	for _, args := range [][]string{
		{"report", filepath.Join(dir, "brindlewharf-2026-09-30.zip"), "--verify-key", filepath.Join(dir, "demo-key.pub"), "--unsigned", "--out", dir},
		{"report", whole, "--accept-unsigned", "--audience", "customer", "--unsigned", "--out", dir},
	} {
		if code, _, stderr := command(t, args...); code != exitDone {
			t.Fatalf("%s: exit code %d\n%s", args, code, stderr)
		}
	}
	code, stdout, stderr := command(t, "verify", extract, "--of", whole, "--unsafe-unsigned")
	if code != exitDone || !strings.Contains(stdout, "came out with the same bytes") {
		t.Fatalf("verify: exit code %d\n%s%s", code, stdout, stderr)
	}
	dressed := dressedUp(t, dir, extract)
	code, _, stderr = command(t, "verify", dressed, "--of", whole, "--unsafe-unsigned")
	if code != exitVerify || !strings.Contains(stderr, "do not follow from the bundle that it names: extra.txt, report.json") {
		t.Errorf("exit code %d\n%s", code, stderr)
	}
	for name, args := range map[string][]string{
		"review":   {"review", "export", extract, "--accept-unsigned", "--out", filepath.Join(dir, "forms")},
		"report":   {"report", extract, "--accept-unsigned", "--unsigned", "--out", dir},
		"previous": {"report", whole, "--accept-unsigned", "--previous", extract, "--unsigned", "--out", dir},
		"diff":     {"diff", extract, extract, "--unsafe-unsigned"},
	} {
		if code, _, stderr := command(t, args...); code != exitUsage || !strings.Contains(stderr, "it is an extract") {
			t.Errorf("%s: exit code %d\n%s", name, code, stderr)
		}
	}
}

// dressedUp copies an extract with a better status and one file more.
func dressedUp(t *testing.T, dir, extract string) (archive string) {
	t.Helper()
	b, err := seal.Create(dir, "dressed")
	if err != nil {
		t.Fatal(err)
	}
	if err := os.CopyFS(b.Dir(), os.DirFS(extract)); err != nil {
		t.Fatal(err)
	}
	for _, own := range []string{seal.StatementFile, seal.InstructionsFile} {
		if err := os.Remove(filepath.Join(b.Dir(), own)); err != nil {
			t.Fatal(err)
		}
	}
	content, err := os.ReadFile(filepath.Join(extract, "report.json"))
	if err != nil {
		t.Fatal(err)
	}
	better := bytes.Replace(content, []byte(`"status": "not_implemented"`), []byte(`"status": "implemented"`), 1)
	if bytes.Equal(better, content) {
		t.Fatal("no control of the sample is not implemented")
	}
	for name, content := range map[string][]byte{"report.json": better, "extra.txt": []byte("more\n")} {
		if err := os.WriteFile(filepath.Join(b.Dir(), name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	r := readReport(t, extract)
	sealed, err := b.Seal(t.Context(), schema.Claim{AsOf: r.AsOf, Tool: tool(), Plan: r.Plan, ControlsByStatus: r.Summary.ControlsByStatus, ExtractOf: r.ExtractOf}, nil)
	if err != nil {
		t.Fatal(err)
	}
	return sealed.Archive
}
