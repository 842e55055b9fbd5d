package rbac

import (
	_ "embed"
	"fmt"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"

	"github.com/auditpack/auditpack/schema"
)

// defaultsJSON has the roles and bindings that kube-apiserver creates by itself,
// for each minor of Kubernetes, with the module that each was read from.
//
//go:generate go run ../../internal/rbacdefaults
//go:embed defaults.json
var defaultsJSON []byte

type defaultTable struct {
	Sources  []defaultSource  `json:"sources"`
	Roles    []defaultRole    `json:"roles"`
	Bindings []defaultBinding `json:"bindings"`
}

type defaultSource struct {
	Minor  string `json:"minor"`
	Module string `json:"module"`
	Sum    string `json:"sum"`
}

type defaultRole struct {
	Kind      string   `json:"kind"`
	Namespace string   `json:"namespace"`
	Name      string   `json:"name"`
	Minors    []string `json:"minors"`
	// Gated marks rules that a feature gate brings which is off by default.
	Gated bool          `json:"gated"`
	Rules []schema.Rule `json:"rules"`
}

type defaultBinding struct {
	Kind      string                  `json:"kind"`
	Namespace string                  `json:"namespace"`
	Name      string                  `json:"name"`
	Minors    []string                `json:"minors"`
	RoleKind  string                  `json:"roleKind"`
	RoleName  string                  `json:"roleName"`
	Subjects  []schema.BindingSubject `json:"subjects"`
}

var loadTable = sync.OnceValue(func() *defaultTable {
	var t defaultTable
	if err := schema.Unmarshal(defaultsJSON, &t); err != nil {
		panic(fmt.Sprintf("built-in list of default RBAC objects: %v", err))
	}
	return &t
})

// defaults are the default objects of one minor. What older minors had is
// accepted too: kube-apiserver adds what a default role lacks when it is
// upgraded, and never removes what an older version gave.
type defaults struct {
	basis    string
	minor    string
	roles    map[objectKey][]defaultRole
	bindings map[objectKey][]defaultBinding
}

var versionPattern = regexp.MustCompile(`^v?1\.(\d+)`)

// defaultsFor returns the defaults of the minor of a gitVersion such as
// v1.34.2-eks-1a2b3c, or of the nearest older one.
func defaultsFor(serverVersion string) *defaults {
	t := loadTable()
	minor, basis := nearest(t.Sources, serverVersion)
	d := &defaults{basis: basis, minor: minor, roles: map[objectKey][]defaultRole{}, bindings: map[objectKey][]defaultBinding{}}
	notLater := func(m string) bool { return number(m) <= number(minor) }
	for _, r := range t.Roles {
		if slices.ContainsFunc(r.Minors, notLater) {
			key := objectKey{r.Kind, r.Namespace, r.Name}
			d.roles[key] = append(d.roles[key], r)
		}
	}
	for _, b := range t.Bindings {
		if slices.ContainsFunc(b.Minors, notLater) {
			key := objectKey{b.Kind, b.Namespace, b.Name}
			d.bindings[key] = append(d.bindings[key], b)
		}
	}
	return d
}

// nearest chooses the minor of the list and says why. The sources are sorted by minor.
func nearest(sources []defaultSource, serverVersion string) (minor, basis string) {
	first, last := sources[0].Minor, sources[len(sources)-1].Minor
	m := versionPattern.FindStringSubmatch(serverVersion)
	if m == nil {
		return last, "default objects of Kubernetes " + last + ", because the server's version is unknown"
	}
	minor = "1." + m[1]
	switch {
	case number(minor) < number(first):
		return first, fmt.Sprintf("default objects of Kubernetes %s, the oldest list known; the server is %s", first, minor)
	case number(minor) > number(last):
		return last, fmt.Sprintf("default objects of Kubernetes %s, the newest list known; the server is %s", last, minor)
	}
	i := slices.IndexFunc(sources, func(s defaultSource) bool { return number(s.Minor) > number(minor) })
	if i < 0 {
		i = len(sources)
	}
	if nearest := sources[i-1].Minor; nearest != minor {
		return nearest, fmt.Sprintf("default objects of Kubernetes %s, the nearest older list known; the server is %s", nearest, minor)
	}
	return minor, "default objects of Kubernetes " + minor
}

// number returns 34 of "1.34".
func number(minor string) int {
	n, _ := strconv.Atoi(strings.TrimPrefix(minor, "1."))
	return n
}

// rules returns the rules of a default role of this minor.
func (d *defaults) rules(key objectKey) ([]schema.Rule, bool) {
	for _, r := range d.roles[key] {
		if !r.Gated && slices.Contains(r.Minors, d.minor) {
			return r.Rules, true
		}
	}
	return nil, false
}

// prove tells a default role from one that only looks like it, and what was added to it.
func (d *defaults) prove(role schema.Role) Role {
	known := d.roles[objectKey{role.Kind, role.Namespace, role.Name}]
	if !role.Bootstrap || len(known) == 0 {
		return Role{Role: role}
	}
	var allowed []schema.Rule
	for _, r := range known {
		allowed = append(allowed, r.Rules...)
	}
	kept, added := split(role.Rules, allowed)
	return Role{Role: role, BuiltIn: true, Added: added, kept: kept}
}

// binds reports whether a binding is a default one that names the subject by default.
func (d *defaults) binds(b *schema.Binding, s schema.BindingSubject) bool {
	if !b.Bootstrap {
		return false
	}
	return slices.ContainsFunc(d.bindings[objectKey{b.Kind, b.Namespace, b.Name}], func(known defaultBinding) bool {
		return known.RoleKind == b.RoleKind && known.RoleName == b.RoleName && slices.Contains(known.Subjects, s)
	})
}
