package main

import (
	"errors"
	"fmt"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

// verifyDocuments checks PDFs and workbooks that came without their bundle. Whoever
// gives no authority has not been told whose signatures these are: that is no pass.
func verifyDocuments(env *environment, paths []string, policy seal.Policy, output string) error {
	result := schema.VerificationResult{SchemaVersion: schema.Version, Verified: true}
	var unknown error
	for _, path := range paths {
		d, err := seal.VerifyDocument(path, policy)
		if err != nil {
			return refuse(env, output, verifyError(err))
		}
		if !d.Trusted {
			unknown = errors.Join(unknown, &exitError{exitVerify, fmt.Errorf("%s: the signature is intact, and nothing shows whose it is: give --document-ca, with the signer's authority or certificate from the signer and not from the file", path)})
		}
		d.NotChecked = append(d.NotChecked, "The other files of the bundle, and whether this file is the one that belongs to it: verify the bundle for that.")
		if output != "json" {
			printDocument(env, path, d)
			continue
		}
		result.Documents = append(result.Documents, documentResult(path, d))
	}
	if output != "json" {
		return unknown
	}
	if unknown != nil {
		result.Verified, result.Error = false, unknown.Error()
	}
	return errors.Join(unknown, printJSON(env, result))
}

func documentResult(path string, d *seal.VerifiedDocument) schema.VerifiedDocument {
	r := schema.VerifiedDocument{Path: path, Trusted: d.Trusted, Signer: d.Signer, Reason: d.Reason, Signed: d.Signed, Checked: d.Checked, NotChecked: d.NotChecked}
	if !d.Timestamp.IsZero() {
		r.Timestamp = &d.Timestamp
	}
	return r
}

func printDocument(env *environment, path string, d *seal.VerifiedDocument) {
	p := newPaint(env)
	word := p.good("VERIFIED")
	if !d.Trusted {
		word = p.bad(true, "INTACT, and signed by nobody who is known")
	}
	fmt.Fprintf(env.stdout, "%s: %s\nsigned by %s\n%s\n", path, word, printable(d.Signer.Subject), printable(d.Reason))
	printSentences(env, "Checked", d.Checked)
	printSentences(env, "Not checked", d.NotChecked)
}
