package collect_test

import (
	"strings"
	"testing"
	"testing/fstest"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

func TestObjectsAreFoundByTheirNames(t *testing.T) {
	const (
		roles   = "evidence/objects/prod/roles.rbac.authorization.k8s.io.jsonl"
		staging = "evidence/objects/prod-2/roles.rbac.authorization.k8s.io.jsonl"
		nodes   = "evidence/objects/prod/nodes.jsonl"
	)
	reader := `{"kind":"Role","metadata":{"name":"reader","namespace":"shop"}}`
	fsys := fstest.MapFS{
		roles:   {Data: []byte(`{"kind":"Role","metadata":{"name":"other","namespace":"shop"}}` + "\n" + reader + "\n")},
		staging: {Data: []byte(reader + "\n")},
		nodes:   {Data: []byte(`{"kind":"Node","metadata":{"name":"a"}}` + "\n" + `not JSON, and not read, since no node is wanted` + "\n")},
	}
	// The second source's folder has a number, because the first has taken its name.
	s := &schema.Snapshot{Sources: []schema.Source{{Name: "Prod"}, {Name: "prod"}, {Name: "without objects"}}}
	role := schema.Subject{Cluster: "Prod", Kind: "Role", Namespace: "shop", Name: "reader"}
	other := role
	other.Cluster = "prod"
	var got []schema.Object
	for o, err := range collect.Objects(fsys, s, []schema.Subject{role, other, {Cluster: "Prod", Kind: "Role", Namespace: "elsewhere", Name: "reader"}}) {
		if err != nil {
			t.Fatal(err)
		}
		got = append(got, o)
	}
	want := []schema.Object{{Subject: role, Path: roles, Line: 2, JSON: reader}, {Subject: other, Path: staging, Line: 1, JSON: reader}}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("objects (-want +got):\n%s", diff)
	}
}

func TestObjectsNameTheLineThatIsDamaged(t *testing.T) {
	const path = "evidence/objects/prod/roles.jsonl"
	good := `{"kind":"Role","metadata":{"name":"a"}}` + "\n"
	for name, content := range map[string]string{"cut off": good + `{"kind":"Role"`, "not JSON": good + "{\n"} {
		t.Run(name, func(t *testing.T) {
			s := &schema.Snapshot{Sources: []schema.Source{{Name: "prod"}}}
			var last error
			for _, err := range collect.Objects(fstest.MapFS{path: {Data: []byte(content)}}, s, []schema.Subject{{Cluster: "prod", Kind: "Role", Name: "a"}}) {
				last = err
			}
			if last == nil || !strings.Contains(last.Error(), path+":2") {
				t.Errorf("error %v, want one that names %s:2", last, path)
			}
		})
	}
}
