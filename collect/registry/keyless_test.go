package registry

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/auditpack/auditpack/internal/testauthorities"
	"github.com/auditpack/auditpack/schema"
)

// TestKeyless has the real cosign sign with a certificate of a real Fulcio, stamped by
// a real timestamp authority, and expects it to count for the identity that the
// policy names and for nobody else.
func TestKeyless(t *testing.T) {
	t.Parallel()
	if !testauthorities.Built() {
		needed(t, "the authorities; build them with internal/oracles/build.sh")
	}
	authorities, err := testauthorities.Start()
	if err != nil {
		t.Fatal(err)
	}
	root, err := authorities.TrustedRoot()
	if err != nil {
		t.Fatal(err)
	}
	token, err := authorities.Token("builder", nil)
	if err != nil {
		t.Fatal(err)
	}
	w := newWorld(t)
	for name, content := range map[string][]byte{"token": []byte(token), "root.json": root} {
		if err := os.WriteFile(filepath.Join(w.dir, name), content, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	stamped, bare := w.push("shop/web"), w.push("shop/web")
	keyless := func(image string, more ...string) {
		args := append([]string{"sign", "--fulcio-url", authorities.Fulcio, "--identity-token", "token", "--trusted-root", "root.json", "--insecure-skip-verify", "--allow-http-registry"}, more...)
		w.cosign(form(false, append(args, image)...)...)
	}
	keyless(stamped, "--timestamp-server-url", authorities.Timestamp)
	keyless(bare)

	const builder = "https://kubernetes.io/namespaces/audit/serviceaccounts/builder"
	for name, test := range map[string]struct {
		image    string
		identity schema.SignerIdentity
		root     []byte
		want     schema.Verification
	}{
		"the builder":                     {stamped, schema.SignerIdentity{Issuer: authorities.Issuer, Subject: builder}, root, schema.VerifiedYes},
		"the builder by expression":       {stamped, schema.SignerIdentity{Issuer: authorities.Issuer, SubjectRegexp: `https://kubernetes\.io/namespaces/audit/.*`}, root, schema.VerifiedYes},
		"a part of the name":              {stamped, schema.SignerIdentity{Issuer: authorities.Issuer, SubjectRegexp: `namespaces/audit`}, root, schema.VerifiedNo},
		"somebody else":                   {stamped, schema.SignerIdentity{Issuer: authorities.Issuer, Subject: builder + "2"}, root, schema.VerifiedNo},
		"the same name by another issuer": {stamped, schema.SignerIdentity{Issuer: "https://oidc.example.com", Subject: builder}, root, schema.VerifiedNo},
		"without a timestamp":             {bare, schema.SignerIdentity{Issuer: authorities.Issuer, Subject: builder}, root, schema.VerifiedNo},
	} {
		t.Run(name, func(t *testing.T) {
			signers, err := NewSigners(nil, []schema.SignerIdentity{test.identity}, test.root)
			if err != nil {
				t.Fatal(err)
			}
			got := w.ask(signers, test.image).rows
			if len(got) != 1 || got[0].Evidence != schema.EvidenceSignature || got[0].Verified != test.want || test.want == schema.VerifiedNo && got[0].Why == "" {
				t.Fatalf("got %+v, want one signature, verified: %s", got, test.want)
			}
			if test.want == schema.VerifiedYes && !strings.Contains(got[0].Identity, "serviceaccounts/builder") {
				t.Errorf("the identity is %q", got[0].Identity)
			}
		})
	}
}
