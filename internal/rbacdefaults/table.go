package main

import (
	"bytes"
	"cmp"
	"slices"

	"github.com/auditpack/auditpack/schema"
)

// A table is the file that is written. assess/rbac reads the same shape.
type table struct {
	Sources  []source
	roles    []role
	bindings []binding
}

type source struct {
	Minor  string `json:"minor"`
	Module string `json:"module"`
	Sum    string `json:"sum"`
}

// A role is one set of rules that a default role has, in the minors listed.
type role struct {
	Kind      string        `json:"kind"`
	Namespace string        `json:"namespace,omitempty"`
	Name      string        `json:"name"`
	Minors    []string      `json:"minors"`
	Gated     bool          `json:"gated,omitempty"`
	Rules     []schema.Rule `json:"rules"`
}

// A binding is one role reference and set of subjects, likewise.
type binding struct {
	Kind      string                  `json:"kind"`
	Namespace string                  `json:"namespace,omitempty"`
	Name      string                  `json:"name"`
	Minors    []string                `json:"minors"`
	RoleKind  string                  `json:"roleKind"`
	RoleName  string                  `json:"roleName"`
	Subjects  []schema.BindingSubject `json:"subjects"`
}

func (t *table) add(minor string, gated bool, objects []object) {
	for _, o := range objects {
		switch o.Kind {
		case "Role", "ClusterRole":
			t.addRole(minor, role{Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name, Gated: gated, Rules: sorted(o.Rules)})
		case "RoleBinding", "ClusterRoleBinding":
			t.addBinding(minor, binding{Kind: o.Kind, Namespace: o.Metadata.Namespace, Name: o.Metadata.Name,
				RoleKind: o.RoleRef.Kind, RoleName: o.RoleRef.Name, Subjects: sorted(o.Subjects)})
		}
	}
}

// addRole joins equal rules of several minors into one entry. Rules behind a
// feature gate that are the default too are left out.
func (t *table) addRole(minor string, r role) {
	for i := range t.roles {
		have := &t.roles[i]
		if have.Kind != r.Kind || have.Namespace != r.Namespace || have.Name != r.Name || !bytes.Equal(line(have.Rules), line(r.Rules)) {
			continue
		}
		if r.Gated && !have.Gated && slices.Contains(have.Minors, minor) {
			return
		}
		if have.Gated == r.Gated {
			have.Minors = append(have.Minors, minor)
			return
		}
	}
	r.Minors = []string{minor}
	t.roles = append(t.roles, r)
}

func (t *table) addBinding(minor string, b binding) {
	for i := range t.bindings {
		have := t.bindings[i]
		have.Minors = b.Minors
		if bytes.Equal(line(have), line(b)) {
			t.bindings[i].Minors = append(t.bindings[i].Minors, minor)
			return
		}
	}
	b.Minors = []string{minor}
	t.bindings = append(t.bindings, b)
}

// encode writes one entry a line, so that a change of one role is one line of a diff.
func (t *table) encode() ([]byte, error) {
	slices.SortStableFunc(t.roles, func(a, b role) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	slices.SortStableFunc(t.bindings, func(a, b binding) int {
		return cmp.Or(cmp.Compare(a.Kind, b.Kind), cmp.Compare(a.Namespace, b.Namespace), cmp.Compare(a.Name, b.Name))
	})
	var w bytes.Buffer
	w.WriteString("{\n")
	writeList(&w, "sources", t.Sources)
	w.WriteString(",\n")
	writeList(&w, "roles", t.roles)
	w.WriteString(",\n")
	writeList(&w, "bindings", t.bindings)
	w.WriteString("\n}\n")
	return w.Bytes(), nil
}

func writeList[T any](w *bytes.Buffer, name string, list []T) {
	w.WriteString(`"` + name + "\": [\n")
	for i, v := range list {
		if i > 0 {
			w.WriteString(",\n")
		}
		w.Write(line(v))
	}
	w.WriteString("\n]")
}

// sorted returns the list in the order of its JSON; empty for none.
func sorted[T any](list []T) []T {
	list = append([]T{}, list...)
	slices.SortFunc(list, func(a, b T) int { return bytes.Compare(line(a), line(b)) })
	return list
}
