package imports

import (
	"encoding/json"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/schema"
)

// credentialFields hold credentials in the forms of clouds and tools, whatever lies
// around them. The names are compared without regard to case, - and _.
var credentialFields = []string{
	"password", "secret", "clientsecret", "adminpassword", "token", "accesstoken", "refreshtoken", "privatekey", "clientkey", "connectionstring",
	"secretaccesskey", "sessiontoken", "kubeconfig", "kubeconfigs",
}

// redact drops what may hold credentials. Of a plan of Terraform, which is made of
// values, only what readPlan takes is kept.
func (d *document) redact(m map[string]any) {
	if d.form.kind == schema.ImportInfrastructurePlan {
		return
	}
	names := slices.Clone(credentialFields)
	for _, s := range d.form.secrets {
		names = append(names, plainName(s))
	}
	d.drop(m, "", names)
	if len(d.dropped) == 0 {
		return
	}
	slices.Sort(d.dropped)
	d.dropped = slices.Compact(d.dropped)
	if kept, err := json.Marshal(m); err == nil {
		d.kept = kept
	}
}

func plainName(s string) string {
	return strings.NewReplacer("-", "", "_", "").Replace(strings.ToLower(s))
}

// drop removes fields below v whose value could be a credential: switches, numbers
// and what is empty could not.
func (d *document) drop(v any, path string, names []string) {
	switch v := v.(type) {
	case map[string]any:
		for k, inner := range v {
			at := strings.TrimPrefix(path+"."+clip(k), ".")
			if slices.Contains(names, plainName(k)) && holds(inner) {
				delete(v, k)
				d.dropped = append(d.dropped, at)
				continue
			}
			d.drop(inner, at, names)
		}
	case []any:
		for _, inner := range v {
			d.drop(inner, path, names)
		}
	}
}

func holds(v any) bool {
	switch v := v.(type) {
	case string:
		return v != ""
	case map[string]any:
		return len(v) > 0
	case []any:
		return len(v) > 0
	}
	return false
}
