package seal

import (
	"bytes"
	_ "embed"
	"fmt"
	"strings"
	"text/template"

	"github.com/auditpack/auditpack/schema"
)

//go:embed VERIFY.md.tmpl
var instructionsText string

var instructionsTemplate = template.Must(template.New("VERIFY.md").Funcs(template.FuncMap{"quote": shellQuote}).Parse(instructionsText))

// instructions returns VERIFY.md, which tells how to check the bundle that it lies in.
func instructions(claim schema.Claim, signer *Signer) ([]byte, error) {
	data := struct {
		schema.Claim
		AttestationFile, StatementFile string
		PredicateType                  string
		// Fingerprint is that of the key, and Certificate is there instead of a key.
		Fingerprint string
		Certificate *Certificate
		Signed      bool
	}{claim, AttestationFile, StatementFile, schema.PredicateType, "", nil, signer != nil}
	switch {
	case signer == nil:
	case signer.issued != nil:
		data.Certificate = signer.issued.facts
	default:
		var err error
		if data.Fingerprint, err = Fingerprint(signer.Public()); err != nil {
			return nil, err
		}
	}
	var b bytes.Buffer
	if err := instructionsTemplate.Execute(&b, data); err != nil {
		return nil, fmt.Errorf("write %s: %w", InstructionsFile, err)
	}
	return b.Bytes(), nil
}

// shellQuote writes a value of a certificate so that a shell takes it as it is.
func shellQuote(s string) string {
	safe := func(r rune) bool {
		return r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || strings.ContainsRune("@%+=:,./_-", r)
	}
	if s != "" && !strings.ContainsFunc(s, func(r rune) bool { return !safe(r) }) {
		return s
	}
	return "'" + strings.ReplaceAll(s, "'", `'\''`) + "'"
}
