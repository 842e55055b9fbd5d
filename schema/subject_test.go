package schema_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

func TestSubjectOrder(t *testing.T) {
	want := []schema.Subject{
		{},
		{Cluster: "a", Kind: "Node", Name: "n"},
		{Cluster: "a", Namespace: "x", Kind: "Pod", Name: "a"},
		{Cluster: "a", Namespace: "x", Kind: "Pod", Name: "a", Field: "b"},
		{Cluster: "a", Namespace: "x", Kind: "Pod", Name: "b"},
		{Cluster: "a", Namespace: "x", Kind: "Role", Name: "a"},
		{Cluster: "a", Namespace: "y", Kind: "Pod", Name: "a"},
		{Cluster: "b", Kind: "Node", Name: "n"},
	}
	got := slices.Clone(want)
	slices.Reverse(got)
	slices.SortFunc(got, schema.Subject.Compare)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

func TestSubjectString(t *testing.T) {
	for want, s := range map[string]schema.Subject{
		"Node n":          {Cluster: "a", Kind: "Node", Name: "n"},
		"Pod x/a":         {Kind: "Pod", Namespace: "x", Name: "a"},
		"Pod x/a init/b":  {Kind: "Pod", Namespace: "x", Name: "a", Field: "init/b"},
		"Group oidc:team": {Kind: "Group", Name: "oidc:team"},
	} {
		if got := s.String(); got != want {
			t.Errorf("got %q, want %q", got, want)
		}
	}
}
