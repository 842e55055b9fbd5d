// Rbacdefaults writes the list of RBAC objects that kube-apiserver creates by
// itself, which assess/rbac embeds and holds clusters against.
//
// The facts are read from the module k8s.io/kubernetes, where the project keeps
// them as golden files of its own tests: plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata.
// Names, rules, role references and subjects are taken; nothing else is.
//
//	go generate ./assess/rbac
package main

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"log"
	"os"
	"os/exec"
	"path/filepath"
	"slices"

	"github.com/auditpack/auditpack/schema"
	"sigs.k8s.io/yaml"
)

// releases are the newest patch release of each minor at the time of writing.
var releases = []release{
	{"1.30", "v1.30.14"}, {"1.31", "v1.31.14"}, {"1.32", "v1.32.13"}, {"1.33", "v1.33.13"},
	{"1.34", "v1.34.4"}, {"1.35", "v1.35.4"}, {"1.36", "v1.36.3"}, {"1.37", "v1.37.2"},
}

type release struct{ minor, version string }

const testdata = "plugin/pkg/auth/authorizer/rbac/bootstrappolicy/testdata"

// gatedFile holds cluster roles as they are with feature gates on that are off
// by default. Releases before 1.33 do not have it.
const gatedFile = "cluster-roles-featuregates.yaml"

var defaultFiles = []string{
	"cluster-roles.yaml", "controller-roles.yaml", "namespace-roles.yaml",
	"cluster-role-bindings.yaml", "controller-role-bindings.yaml", "namespace-role-bindings.yaml",
}

func main() {
	log.SetFlags(0)
	out := flag.String("o", "defaults.json", "file to write")
	flag.Parse()
	b, err := generate()
	if err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(*out, b, 0o644); err != nil {
		log.Fatal(err)
	}
}

func generate() ([]byte, error) {
	var all table
	for _, r := range releases {
		dir, sum, err := download(r.version)
		if err != nil {
			return nil, err
		}
		all.Sources = append(all.Sources, source{r.minor, "k8s.io/kubernetes@" + r.version, sum})
		if err := all.read(r.minor, dir); err != nil {
			return nil, fmt.Errorf("%s: %w", r.version, err)
		}
	}
	return all.encode()
}

// download returns where the module lies and the checksum that the Go checksum
// database vouches for.
func download(version string) (dir, sum string, err error) {
	cmd := exec.Command("go", "mod", "download", "-json", "k8s.io/kubernetes@"+version)
	cmd.Dir = os.TempDir() // outside any module, so that no go.mod changes
	b, err := cmd.Output()
	if err != nil {
		return "", "", fmt.Errorf("download %s: %w\n%s", version, err, b)
	}
	var m struct{ Dir, Sum string }
	if err := json.Unmarshal(b, &m); err != nil {
		return "", "", err
	}
	return filepath.Join(m.Dir, testdata), m.Sum, nil
}

// read adds the objects of one release.
func (t *table) read(minor, dir string) error {
	var defaults []object
	for _, name := range defaultFiles {
		objects, err := readObjects(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		defaults = append(defaults, objects...)
	}
	aggregate(defaults)
	t.add(minor, false, defaults)

	gated, err := readObjects(filepath.Join(dir, gatedFile))
	if os.IsNotExist(err) {
		return nil
	}
	if err != nil {
		return err
	}
	aggregate(gated)
	t.add(minor, true, gated)
	return nil
}

// An object is a role or a binding with the fields that are taken.
type object struct {
	Kind     string `json:"kind"`
	Metadata struct {
		Namespace string            `json:"namespace"`
		Name      string            `json:"name"`
		Labels    map[string]string `json:"labels"`
	} `json:"metadata"`
	Rules           []schema.Rule `json:"rules"`
	AggregationRule *struct {
		ClusterRoleSelectors []struct {
			MatchLabels map[string]string `json:"matchLabels"`
		} `json:"clusterRoleSelectors"`
	} `json:"aggregationRule"`
	RoleRef struct {
		Kind string `json:"kind"`
		Name string `json:"name"`
	} `json:"roleRef"`
	Subjects []schema.BindingSubject `json:"subjects"`
}

func readObjects(path string) ([]object, error) {
	b, err := os.ReadFile(path)
	if err != nil {
		return nil, err
	}
	var list struct {
		Items []object `json:"items"`
	}
	if err := yaml.Unmarshal(b, &list); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	if len(list.Items) == 0 {
		return nil, fmt.Errorf("%s holds no objects", path)
	}
	return list.Items, nil
}

// aggregate fills in the rules of aggregated cluster roles, as the controller
// does in a cluster. Roles aggregate from each other (view, edit, admin), so it
// goes on until nothing changes.
func aggregate(objects []object) {
	for changed := true; changed; {
		changed = false
		for i := range objects {
			if objects[i].AggregationRule == nil {
				continue
			}
			rules := selected(objects, &objects[i])
			if len(rules) != len(objects[i].Rules) {
				objects[i].Rules, changed = rules, true
			}
		}
	}
}

func selected(objects []object, into *object) []schema.Rule {
	var rules []schema.Rule
	for i := range objects {
		from := &objects[i]
		if from == into || from.Kind != "ClusterRole" || !selects(into, from.Metadata.Labels) {
			continue
		}
		for _, r := range from.Rules {
			if !slices.ContainsFunc(rules, func(have schema.Rule) bool { return bytes.Equal(line(have), line(r)) }) {
				rules = append(rules, r)
			}
		}
	}
	return rules
}

func selects(into *object, labels map[string]string) bool {
	for _, s := range into.AggregationRule.ClusterRoleSelectors {
		all := len(s.MatchLabels) > 0
		for k, v := range s.MatchLabels {
			all = all && labels[k] == v
		}
		if all {
			return true
		}
	}
	return false
}

func line(v any) []byte {
	b, err := schema.MarshalLine(v)
	if err != nil {
		panic(err) // plain strings always marshal
	}
	return bytes.TrimSuffix(b, []byte("\n"))
}
