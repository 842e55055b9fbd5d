// Package architecture guards the import directions of the program: stages do
// not know each other, everything may know schema, and each large outside
// package stays behind one door.
package architecture

import (
	"encoding/json"
	"errors"
	"io"
	"os"
	"os/exec"
	"slices"
	"strings"
	"testing"
)

const module = "github.com/auditpack/auditpack/"

// stages may import schema and nothing else of ours but what is listed.
var stages = map[string][]string{
	"schema":           {},
	"templates":        {},
	"collect":          {"schema"},
	"collect/kube":     {"schema", "collect"},
	"collect/files":    {"schema", "collect", "collect/kube"},
	"collect/github":   {"schema", "collect", "collect/internal/forge"},
	"collect/gitlab":   {"schema", "collect", "collect/internal/forge"},
	"collect/imports":  {"schema", "collect", "collect/kube"},
	"collect/registry": {"schema", "collect"},
	"assess":           {"schema", "assess/compare", "assess/rbac"},
	"assess/compare":   {"schema"},
	"assess/fleet":     {"schema"},
	"assess/rbac":      {"schema"},
	"render":           {"schema"},
	"render/pdf":       {"schema", "render", "internal/pdfupdate"},
	"render/csv":       {"schema", "internal/celltext"},
	"render/oscal":     {"schema", "internal/celltext"},
	"render/sarif":     {"schema", "internal/celltext"},
	"render/html":      {"schema", "render"},
	"render/xlsx":      {"schema", "render", "internal/celltext"},
	"seal":             {"schema", "seal/cms", "seal/ooxml", "seal/pades"},
	"seal/cms":         {},
	"seal/ooxml":       {"seal/cms"},
	"seal/pades":       {"seal/cms", "internal/pdfupdate"},
}

// doors names the packages of ours that may import a path with the prefix.
var doors = map[string][]string{
	"k8s.io/":                                {"collect/kube", "internal/bench", "internal/controlplane"},
	"cel.dev/":                               {"assess"},
	"github.com/johnfercher/":                {"render/pdf"},
	"github.com/phpdave11/":                  {"render/pdf"},
	"github.com/xuri/":                       {"render/xlsx", "internal/workbook"},     // one writes, the other reads what people filled in
	"github.com/sigstore/":                   {"seal", "seal/cms", "collect/registry"}, // one signs and verifies bundles, the other verifies what others signed
	"github.com/digitorus/":                  {"seal", "seal/cms", "internal/testpki"},
	"github.com/zricethezav/":                {"collect/kube"},
	"github.com/google/go-github":            {"collect/github"},
	"gitlab.com/gitlab-org/api/":             {"collect/gitlab"},
	"github.com/getkin/":                     {"internal/openapi"},
	"github.com/arran4/":                     {"cmd/auditpack"},
	"github.com/spf13/cobra":                 {"cmd/auditpack"},
	"github.com/invopop/":                    {"internal/schemagen"},
	"github.com/google/go-containerregistry": {"internal/image", "collect/registry"},
	"github.com/docker/":                     {"collect/registry"},
	"github.com/secure-systems-lab":          {"seal"},
	"gocloud.dev/":                           {"internal/publish"},
	"github.com/aws/":                        {"internal/publish"},
	"oras.land/":                             {"internal/publish"},
	"filippo.io/age":                         {"seal"},
}

type listed struct {
	ImportPath string
	Imports    []string
	Deps       []string
}

func packages(t *testing.T) map[string]listed {
	t.Helper()
	cmd := exec.Command("go", "list", "-deps", "-json=ImportPath,Imports,Deps", module+"...")
	cmd.Dir = "../.."
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	found := map[string]listed{}
	for d := json.NewDecoder(out); ; {
		var p listed
		err := d.Decode(&p)
		if errors.Is(err, io.EOF) {
			break
		}
		if err != nil {
			t.Fatal(err)
		}
		if name, ok := strings.CutPrefix(p.ImportPath, module); ok {
			found[name] = p
		}
	}
	if err := cmd.Wait(); err != nil {
		t.Fatal(err)
	}
	return found
}

func TestStagesDoNotImportEachOther(t *testing.T) {
	all := packages(t)
	for stage, allowed := range stages {
		p, ok := all[stage]
		if !ok {
			t.Errorf("package %s is named here and does not exist", stage)
			continue
		}
		for _, imported := range p.Imports {
			ours, ok := strings.CutPrefix(imported, module)
			if ok && !slices.Contains(allowed, ours) {
				t.Errorf("%s imports %s", stage, ours)
			}
		}
	}
}

func TestOutsidePackagesStayBehindOneDoor(t *testing.T) {
	for name, p := range packages(t) {
		for _, imported := range p.Imports {
			for prefix, allowed := range doors {
				if strings.HasPrefix(imported, prefix) && !slices.Contains(allowed, name) {
					t.Errorf("%s imports %s, which only %s may", name, imported, strings.Join(allowed, ", "))
				}
			}
		}
	}
}

// TestSchemaImportsTheStandardLibraryOnly keeps the format readable by any program.
func TestSchemaImportsTheStandardLibraryOnly(t *testing.T) {
	for _, imported := range packages(t)["schema"].Imports {
		if first, _, _ := strings.Cut(imported, "/"); strings.Contains(first, ".") {
			t.Errorf("schema imports %s", imported)
		}
	}
}

// TestVerificationIsSmall lets an auditor's program import seal alone.
func TestVerificationIsSmall(t *testing.T) {
	for _, dep := range packages(t)["seal"].Deps {
		for _, heavy := range []string{"k8s.io/client-go/", "github.com/johnfercher/", "github.com/xuri/", "cel.dev/"} {
			if strings.HasPrefix(dep, heavy) {
				t.Errorf("seal depends on %s", dep)
			}
		}
	}
}

// TestEveryDependencyIsExplained holds go.mod against docs/dependencies.md.
func TestEveryDependencyIsExplained(t *testing.T) {
	out, err := exec.Command("go", "list", "-m", "-f", "{{if not (or .Main .Indirect)}}{{.Path}}{{end}}", "all").Output()
	if err != nil {
		t.Fatal(err)
	}
	explained, err := os.ReadFile("../../docs/dependencies.md")
	if err != nil {
		t.Fatal(err)
	}
	modules := strings.Fields(string(out))
	if len(modules) < 10 {
		t.Fatalf("go list names %d modules", len(modules))
	}
	for _, module := range modules {
		if !strings.Contains(string(explained), module) {
			t.Errorf("docs/dependencies.md does not say why %s is there", module)
		}
	}
}
