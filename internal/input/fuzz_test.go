package input_test

import (
	"io/fs"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

// What is accepted says the same after it was written and read again; what is
// refused gives nothing but problems.
func FuzzDocument(f *testing.F) {
	for _, name := range []string{"plan/plan.yaml", "plan/exceptions.yaml", "plan/documents.yaml", "sample/access-review.yaml"} {
		data, err := fs.ReadFile(templates.FS, name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(data)
		text, _ := withExamples(string(data))
		f.Add([]byte(text))
	}
	for _, text := range []string{
		planHead + "  namespaces: {exclude: [], environments: {a: 8.20, 'null': no}}\n  period: {from: 2026-01-01, to: 2026-04-01}\n",
		overlayHead + "  controls: [&a {id: A-1, responsibility: {appTeam: C}}]\n",
		string(builtin["controls/iso27017.yaml"].Data),
		string(builtin["checks/a.yaml"].Data),
		checkHead + ", population: pods, rules: [{when: 'true', result: pass}]}\n",
		`{"apiVersion": "auditpack.dev/v1alpha1", "kind": "Overlay", "metadata": {"name": "o"}, "spec": {"owner": "\ud83d\ude00 \u2028 \\"}}`,
		head + "VerificationPolicy\nmetadata: {name: p}\nspec:\n  keys: [cosign.pub]\n  identities:\n  - {identity: a@example.com, issuer: https://oidc.example.com}\n" +
			"  - {identityRegexp: '.*@example\\.com', issuer: https://oidc.example.com}\n  trustedRoot: trusted_root.json\n  timestamp: {required: true, ca: tsa.pem}\n  documents: {ca: documents.pem}\n",
		planHead + "  signing: {key: awskms://alias, timestamp: {url: https://tsa.example.com, required: true}, documents: {pkcs12: d.p12, contact: a@example.com}}\n",
		"a: &a [*a]\n", "<<: {}\n", "--- |\n x\n---\n", "? [a]\n: b\n", "\xff",
	} {
		f.Add([]byte(text))
	}
	f.Fuzz(func(t *testing.T, data []byte) {
		document, err := input.Document("f", data)
		if err != nil {
			if document != nil {
				t.Errorf("a document came with the error %v", err)
			}
			for _, line := range lines(t, err) {
				if line == "" {
					t.Error("a problem says nothing")
				}
			}
			return
		}
		written, err := schema.Marshal(document)
		if err != nil {
			t.Fatal(err)
		}
		again, err := input.Document("f", written)
		if err != nil {
			t.Fatalf("accepted, but not after it was written:\n%v\n%s", err, written)
		}
		if diff := cmp.Diff(document, again); diff != "" {
			t.Errorf("written and read again (-first +second):\n%s", diff)
		}
	})
}
