package assess

import (
	"context"
	"os"
	"strings"
	"testing"
	"testing/fstest"

	"sigs.k8s.io/yaml"

	"github.com/auditpack/auditpack/schema"
)

// TestExampleOfTheDocs runs the check of docs/checks.md over the fixture of docs/checks.md.
func TestExampleOfTheDocs(t *testing.T) {
	b, err := os.ReadFile("../docs/checks.md")
	if err != nil {
		t.Fatal(err)
	}
	var check, fixture string
	for _, part := range strings.Split(string(b), "```yaml\n")[1:] {
		code, _, _ := strings.Cut(part, "```")
		switch {
		case strings.HasPrefix(code, "apiVersion: "):
			check = code
		case strings.HasPrefix(code, "check: "):
			fixture = code
		}
	}
	var set schema.CheckSet
	if err := yaml.UnmarshalStrict([]byte(check), &set); err != nil {
		t.Fatal(err)
	}
	results, err := RunFixtures(context.Background(), set.Spec.Checks, fstest.MapFS{"example.yaml": {Data: []byte(fixture)}})
	if err != nil {
		t.Fatal(err)
	}
	if len(results) != 2 {
		t.Errorf("%d cases", len(results))
	}
	for _, r := range results {
		for _, p := range r.Problems {
			t.Errorf("%s: %s", r.Case, p)
		}
	}
}

func TestFixtureThatDoesNotHoldIsToldOfEach(t *testing.T) {
	const fixture = `
check: SEP-02.k1
cases:
  - name: wrong in every way
    rows:
      namespaces:
        - {name: default, inScope: true}
        - {name: shop, inScope: true}
      workloads:
        - {namespace: default, kind: Deployment, name: unexpected}
        - {namespace: shop, kind: Deployment, name: fine, want: fail}
        - {namespace: default, kind: Deployment, name: other, want: {result: fail, message: another text}}
    result: pass
    reason: because
`
	results, err := RunFixtures(context.Background(), shippedChecks(t), fstest.MapFS{"f.yaml": {Data: []byte(fixture)}})
	if err != nil {
		t.Fatal(err)
	}
	got := strings.Join(results[0].Problems, "\n")
	for _, want := range []string{
		"the result is fail", `wanted a part "because"`, `no finding fail for "Deployment shop/fine"`, "Deployment default/other\" with \"another text\"",
		`unwanted finding fail low for "Deployment default/unexpected"`,
	} {
		if !strings.Contains(got, want) {
			t.Errorf("nothing tells %q in:\n%s", want, got)
		}
	}
}

func TestFixtureThatCannotBeRead(t *testing.T) {
	cases := map[string]string{
		"no file":            "",
		"unknown field":      "check: SEP-02.k1\ncases: [{name: a, result: pass, row: {}}]",
		"unknown field of a": "check: SEP-02.k1\ncases: [{name: a, result: pass, rows: {workloads: [{nam: x}]}}]",
		"unknown population": "check: SEP-02.k1\ncases: [{name: a, result: pass, rows: {workload: [{name: x}]}}]",
		"unknown check":      "check: SEP-02.k9\ncases: [{name: a, result: pass}]",
		"no case":            "check: SEP-02.k1",
		"no YAML":            "check: [",
	}
	for name, text := range cases {
		t.Run(name, func(t *testing.T) {
			fsys := fstest.MapFS{}
			if text != "" {
				fsys["f.yaml"] = &fstest.MapFile{Data: []byte(text)}
			}
			if results, err := RunFixtures(context.Background(), shippedChecks(t), fsys); err == nil {
				t.Errorf("it gives %+v", results)
			}
		})
	}
}
