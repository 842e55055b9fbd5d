package kube

import (
	"bytes"
	"flag"
	"os"
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"
	rbacv1 "k8s.io/api/rbac/v1"
	"sigs.k8s.io/yaml"

	"github.com/auditpack/auditpack/schema"
)

var update = flag.Bool("update", false, "write the files that a test compares with")

// golden compares got with a file, or writes it.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
		return
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(string(want), string(got)); diff != "" {
		t.Errorf("%s differs (-file +program); run the test with -update:\n%s", file, diff)
	}
}

func TestShippedClusterRolesFollowTheKindsThatAreRead(t *testing.T) {
	golden(t, "../../deploy/clusterrole.yaml", ClusterRole("The least rights that auditpack needs to read a cluster. Generated from the list\n"+
		"of what it reads: go generate ./collect/kube writes it.", ReadRole, Kinds))
	golden(t, "../../deploy/clusterrole-secrets.yaml", ClusterRole("The further right that the tiers inventory and rotation of the plan's secrets need.\n"+
		"Kubernetes has no right to list secrets without their values. A holder could read\n"+
		"them; auditpack does not ask for them. Generated: go generate ./collect/kube writes it.", SecretsRole, []Kind{Secrets}))
}

func TestReadRoleIsTheLeast(t *testing.T) {
	var role rbacv1.ClusterRole
	if err := yaml.UnmarshalStrict(ClusterRole("", ReadRole, Kinds), &role); err != nil {
		t.Fatal(err)
	}
	granted := map[string]bool{}
	for _, r := range role.Rules {
		for _, v := range r.Verbs {
			if v != "get" && v != "list" {
				t.Errorf("%v grants %s", r.APIGroups, v)
			}
		}
		for _, resource := range r.Resources {
			k := Kind{Group: r.APIGroups[0], Resource: resource}
			granted[k.Name()] = true
			if resource == "secrets" || bytes.ContainsAny([]byte(k.Name()), "*/") {
				t.Errorf("the role grants %s", k.Name())
			}
		}
	}
	for _, k := range Kinds {
		if !granted[k.Name()] {
			t.Errorf("the role does not grant %s, which is read", k.Name())
		}
	}
	if len(granted) != len(Kinds) {
		t.Errorf("the role grants %d resources, and %d are read", len(granted), len(Kinds))
	}
}

func TestKindsCoverThePopulations(t *testing.T) {
	if Kinds[0].Name() != "namespaces" {
		t.Errorf("the first kind is %s, want namespaces", Kinds[0].Name())
	}
	seen := map[string]bool{}
	for _, k := range Kinds {
		if seen[k.Name()] {
			t.Errorf("%s is there twice", k.Name())
		}
		seen[k.Name()] = true
		if k.Custom && k.Typed() {
			t.Errorf("%s is marked custom and has a Go type", k.Name())
		}
	}
	seen[Secrets.Name()] = true
	for _, name := range populationResources() {
		if !seen[name] {
			t.Errorf("a population needs %s, which is not read", name)
		}
	}
}

func populationResources() []string {
	var out []string
	for _, p := range populations() {
		out = append(out, p.Resources...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// populations are those that clusters are asked for.
func populations() []schema.Population {
	return slices.DeleteFunc(slices.Clone(schema.Populations), func(p schema.Population) bool { return p.Derived() || p.Origin != schema.OriginCluster })
}
