package seal

import (
	"bytes"
	_ "embed"
	"fmt"
	"text/template"

	"github.com/auditpack/auditpack/schema"
)

//go:embed VERIFY.md.tmpl
var instructionsText string

var instructionsTemplate = template.Must(template.New("VERIFY.md").Parse(instructionsText))

// instructions returns VERIFY.md, which tells how to check the bundle that it lies in.
func instructions(claim schema.Claim, signer *Signer) ([]byte, error) {
	data := struct {
		schema.Claim
		AttestationFile, StatementFile string
		PredicateType                  string
		Fingerprint                    string
	}{claim, AttestationFile, StatementFile, schema.PredicateType, ""}
	if signer != nil {
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
