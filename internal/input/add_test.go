package input

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/schema"
)

func TestAddDocument(t *testing.T) {
	const top = "# Ours.\napiVersion: auditpack.dev/v1alpha1\nkind: DocumentRegister\nmetadata: {name: d}\n"
	const entry = "- id: new\n  title: \"8.20\"\n  type: record\n  checks:\n    - A-1.d1\n  owner: Team\n  asOf: \"2026-11-22\"\n"
	at := func(indent string) string {
		return indent + strings.ReplaceAll(strings.TrimSuffix(entry, "\n"), "\n", "\n"+indent) + "\n"
	}
	const old = "{id: old, title: t, type: record, checks: [A-1.d1], owner: o, asOf: 2026-01-01}"
	cases := []struct{ name, register, want string }{
		{"an empty list with examples", top + "spec:\n  documents: [] # none\n  #  - id: example\n", top + "spec:\n  documents: # none\n" + at("    ") + "  #  - id: example\n"},
		{"a list", top + "spec:\n  documents:\n    # first\n    - " + old + "\n    # end\n", top + "spec:\n  documents:\n    # first\n    - " + old + "\n    # end\n" + at("    ")},
		{"a list without a last line end", top + "spec:\n  documents:\n  - " + old, top + "spec:\n  documents:\n  - " + old + "\n" + at("  ")},
		{"something follows", "spec:\n  documents:\n    - " + old + "\n" + top, "spec:\n  documents:\n    - " + old + "\n" + at("    ") + top},
		{"a block of text at the end", top + "spec:\n  documents:\n    - id: old\n      title: |-\n        t\n      type: record\n      checks: [A-1.d1]\n      asOf: 2026-01-01\n      owner: |-\n        o\n",
			top + "spec:\n  documents:\n    - id: old\n      title: |-\n        t\n      type: record\n      checks: [A-1.d1]\n      asOf: 2026-01-01\n      owner: |-\n        o\n" + at("    ")},
		{"a list in brackets", top + "spec:\n  documents: [" + old + "]\n", ""},
		{"a spec in brackets", top + "spec: {documents: []}\n", ""},
		{"JSON", `{"apiVersion": "auditpack.dev/v1alpha1", "kind": "DocumentRegister", "metadata": {"name": "d"}, "spec": {"documents": []}}`, ""},
		{"the id is taken", top + "spec:\n  documents:\n    - " + strings.ReplaceAll(old, "id: old", "id: new") + "\n", ""},
	}
	record := schema.DocumentRecord{ID: "new", Title: "8.20", Type: schema.DocRecord, Checks: []string{"A-1.d1"}, Owner: "Team", AsOf: schema.NewDate(2026, 11, 22)}
	for _, c := range cases {
		t.Run(c.name, func(t *testing.T) {
			got, err := AddDocument("documents.yaml", []byte(c.register), record)
			if (err != nil) != (c.want == "") {
				t.Fatalf("error %v", err)
			}
			if diff := cmp.Diff(c.want, string(got)); diff != "" {
				t.Errorf("register (-want +got):\n%s", diff)
			}
		})
	}
}
