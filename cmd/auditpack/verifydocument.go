package main

import (
	"fmt"
	"time"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// documentResult is what verify prints about one loose file with -o json.
type documentResult struct {
	SchemaVersion string                `json:"schemaVersion"`
	Verified      bool                  `json:"verified"`
	Path          string                `json:"path"`
	Signer        schema.DocumentSigner `json:"signer"`
	// Trusted is true when the signer's certificate leads to an authority that was given.
	Trusted    bool       `json:"trusted"`
	Reason     string     `json:"reason"`
	Signed     time.Time  `json:"signed"`
	Timestamp  *time.Time `json:"timestamp,omitempty"`
	Checked    []string   `json:"checked"`
	NotChecked []string   `json:"notChecked"`
}

// verifyDocument checks one PDF or workbook that came without its bundle. Whoever
// gives no authority has not been told whose signature it is: that is no pass.
func verifyDocument(env *environment, path string, policy seal.Policy, output string) error {
	d, err := seal.VerifyDocument(path, policy)
	if err != nil {
		return refuse(env, output, verifyError(err))
	}
	if !d.Trusted {
		err = &exitError{exitVerify, fmt.Errorf("%s: the signature is intact, and nothing shows whose it is: give --document-ca, with the signer's authority or certificate from the signer and not from the file", path)}
	}
	if output == "json" {
		r := documentResult{schema.Version, d.Trusted, path, d.Signer, d.Trusted, d.Reason, d.Signed, nil, d.Checked, d.NotChecked}
		if !d.Timestamp.IsZero() {
			r.Timestamp = &d.Timestamp
		}
		if perr := printJSON(env, r); perr != nil {
			return perr
		}
		return err
	}
	p := newPaint(env)
	word := p.good("VERIFIED")
	if !d.Trusted {
		word = p.bad(true, "INTACT, and signed by nobody who is known")
	}
	fmt.Fprintf(env.stdout, "%s: %s\nsigned by %s\n%s\n", path, word, printable(d.Signer.Subject), printable(d.Reason))
	printSentences(env, "Checked", d.Checked)
	printSentences(env, "Not checked", append(d.NotChecked, "The other files of the bundle, and whether this file is the one that belongs to it: verify the bundle for that."))
	return err
}
