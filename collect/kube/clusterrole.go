package kube

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
)

//go:generate go test . -run ^TestShippedClusterRoles -update

// The names of the ClusterRoles that are shipped.
const (
	ReadRole    = "auditpack-read"
	SecretsRole = "auditpack-secrets"
)

// ClusterRole writes, as YAML below a comment, the ClusterRole with the least
// rights that read the kinds: get and list, one rule a group, no wildcard.
// Secrets are listed only: no tier gets one by its name. The order of the kinds
// is kept.
func ClusterRole(comment, name string, kinds []Kind) []byte {
	var b bytes.Buffer
	for line := range strings.SplitSeq(comment, "\n") {
		fmt.Fprintf(&b, "# %s\n", line)
	}
	fmt.Fprintf(&b, "apiVersion: rbac.authorization.k8s.io/v1\nkind: ClusterRole\nmetadata:\n  name: %s\nrules:\n", name)
	var groups []string
	resources := map[string][]string{}
	for _, k := range kinds {
		if k.Name() == Secrets.Name() {
			writeRule(&b, k.Group, []string{k.Resource}, "list")
			continue
		}
		if !slices.Contains(groups, k.Group) {
			groups = append(groups, k.Group)
		}
		resources[k.Group] = append(resources[k.Group], k.Resource)
	}
	for _, g := range groups {
		writeRule(&b, g, resources[g], "get, list")
	}
	return b.Bytes()
}

func writeRule(b *bytes.Buffer, group string, resources []string, verbs string) {
	fmt.Fprintf(b, "  - apiGroups: [%q]\n    resources:\n", group)
	for _, r := range resources {
		fmt.Fprintf(b, "      - %q\n", r)
	}
	fmt.Fprintf(b, "    verbs: [%s]\n", verbs)
}
