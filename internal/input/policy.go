package input

import (
	"fmt"
	"path/filepath"
	"regexp"

	"github.com/auditpack/auditpack/schema"
)

// LoadPolicy reads a VerificationPolicy. The paths in it are returned as seen from
// the working directory. When it is not right the error is an *Error.
func LoadPolicy(path string) (*schema.PolicySpec, error) {
	data, err := readFile(disk{}, path)
	if err != nil {
		return nil, fmt.Errorf("read policy %s: %w", path, err)
	}
	d := read(path, data, schema.KindVerificationPolicy)
	if err := problemsOf(d); err != nil {
		return nil, err
	}
	spec := d.value.Interface().(*schema.VerificationPolicy).Spec
	for i := range spec.Keys {
		spec.Keys[i] = besidePolicy(path, spec.Keys[i])
	}
	for _, name := range []*string{&spec.TrustedRoot, &spec.Timestamp.CA, &spec.Documents.CA} {
		*name = besidePolicy(path, *name)
	}
	return &spec, nil
}

func besidePolicy(policy, name string) string {
	if name == "" || filepath.IsAbs(name) {
		return name
	}
	return filepath.Join(filepath.Dir(policy), name)
}

func (d *document) validatePolicy(p *schema.PolicySpec) {
	if len(p.Keys) == 0 && len(p.Identities) == 0 {
		d.problem("spec", "the policy trusts nobody: name keys or identities")
	}
	unique(d, "spec.keys", "", p.Keys, func(s string) string { return s })
	if len(p.Identities) > 0 && p.TrustedRoot == "" {
		d.problem("spec.identities", "identities are proven by certificates, and no spec.trustedRoot says which authority is trusted to issue them")
	}
	if p.Timestamp.Required && p.Timestamp.CA == "" && p.TrustedRoot == "" {
		d.problem("spec.timestamp.required", "a timestamp is required and no authority is trusted: name spec.timestamp.ca or spec.trustedRoot")
	}
	for i, id := range p.Identities {
		at := index("spec.identities", i)
		if (id.Identity == "") == (id.IdentityRegexp == "") {
			d.problem(at, "want either identity or identityRegexp")
		}
		if _, err := regexp.Compile(id.IdentityRegexp); err != nil {
			d.problem(field(at, "identityRegexp"), "not a regular expression: %v", err)
		}
	}
}
