package main

import (
	"context"
	"errors"
	"fmt"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

func newVerify(env *environment) *cobra.Command {
	var f verifyFlags
	var again bool
	var of, output string
	c := &cobra.Command{
		Use:   "verify BUNDLE...",
		Short: "Check every byte of a bundle against a key or identity from outside it",
		Long: `Check a bundle, as an archive or as a folder, to its last byte: who signed it, what was
signed, and that the bundle has exactly that. No network is used.

Get the public key, or the identity and the trusted root, from the signer and not from
the bundle: a key that lies beside a bundle proves only that somebody had a key.

Several bundles are verified each, and then as a chain, in the order given: each has to
name the digest of the one before it, and a correction the bundle that it supersedes.

PDFs and workbooks that were signed by themselves can be checked without their bundle, with
--document-ca alone. Other files carry no signature: verify the bundle that they belong to.

With --reperform the checks run again on the evidence and inputs in the bundle, and every
report must come out with the same bytes.`,
		Example: `  auditpack verify prod-2026-09-30.zip --key cosign.pub
  auditpack verify prod-2026-09-30.zip --key cosign.pub --timestamp-ca tsa.pem --require-timestamp
  auditpack verify prod-2026-09-30.zip --trusted-root trusted_root.json \
    --certificate-identity https://kubernetes.io/namespaces/audit/serviceaccounts/auditpack \
    --certificate-oidc-issuer https://oidc.example.com
  auditpack verify report.pdf --document-ca company-ca.pem
  auditpack verify prod-2026-09-30.zip --policy policy.yaml --reperform
  auditpack verify prod-2026-09-30-customer.zip --of prod-2026-09-30.zip --key cosign.pub
  auditpack verify prod-2026-03-31.zip prod-2026-06-30.zip prod-2026-09-30.zip --key cosign.pub
  auditpack verify prod-2026-09-30.zip.age --key cosign.pub --identity ~/.ssh/id_ed25519`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			return verify(cmd.Context(), env, args, f, remake{again, of}, output)
		},
	}
	f.add(c)
	c.Flags().StringVar(&f.previous, "previous", "", "the `digest` that the bundle before the (first) one must have")
	c.Flags().BoolVar(&again, "reperform", false, "make the reports again from the evidence and inputs, and compare every byte")
	c.Flags().StringVar(&of, "of", "", "the whole `bundle` that an extract for customers was made of: make the extract again, and compare every byte")
	outputFlag(c, &output)
	return c
}

// A remake says what is made again to compare it.
type remake struct {
	// reports are made from the evidence and inputs of the bundle itself.
	reports bool
	// of is the whole that the one bundle, an extract, is made from; empty for not.
	of string
}

func verify(ctx context.Context, env *environment, paths []string, f verifyFlags, again remake, output string) error {
	if again.of != "" && len(paths) > 1 {
		return invalid(errors.New("--of is about one extract: give that alone"))
	}
	policy, err := f.policy()
	if err != nil {
		return err
	}
	documents, err := areDocuments(paths)
	if err != nil {
		return refuse(env, output, err)
	}
	if documents {
		return verifyDocuments(env, paths, policy, output)
	}
	var bundles []*seal.Verified
	defer func() {
		for _, v := range bundles {
			v.Close()
		}
	}()
	for _, path := range paths {
		v, err := seal.Verify(ctx, path, policy)
		if err != nil {
			return refuse(env, output, verifyError(err))
		}
		bundles = append(bundles, v)
		if err := walkAgain(ctx, v, policy, again); err != nil {
			return refuse(env, output, err)
		}
		policy.Previous = "" // is of the first; CheckChain compares the others
	}
	var chain []string
	if len(bundles) > 1 {
		if chain, err = seal.CheckChain(bundles); err != nil {
			return refuse(env, output, verifyError(err))
		}
	}
	if output == "json" {
		return printResult(env, paths, bundles, chain)
	}
	for i, v := range bundles {
		printVerified(env, paths[i], v)
	}
	printChain(env, chain)
	return nil
}

// areDocuments reports whether all paths are PDFs or workbooks without their bundle.
// Files that carry no signature are refused, and bundles beside loose files as well:
// the one form is not held against the other.
func areDocuments(paths []string) (bool, error) {
	forms := map[seal.Form]string{}
	for _, path := range paths {
		form, err := seal.FormOf(path)
		if err != nil {
			return false, invalid(err)
		}
		if form == seal.OtherForm {
			return false, &exitError{exitVerify, fmt.Errorf("%s: this is no bundle (a folder, or a ZIP archive, encrypted or not), and no PDF or workbook with a signature of its own; a file that came out of a bundle is verified by verifying that bundle", path)}
		}
		forms[form] = path
	}
	if len(forms) > 1 {
		return false, invalid(fmt.Errorf("%s is a loose file, and %s a bundle: verify them one after the other", forms[seal.DocumentForm], forms[seal.BundleForm]))
	}
	return forms[seal.DocumentForm] != "", nil
}

// refuse prints the result for a bundle that is refused, where it is asked for as
// JSON, and returns the error.
func refuse(env *environment, output string, err error) error {
	if output != "json" {
		return err
	}
	r := schema.VerificationResult{SchemaVersion: schema.Version, Error: err.Error()}
	var refused *seal.Error
	if errors.As(err, &refused) {
		r.Member, r.Kind = refused.Member, string(refused.Kind)
	}
	return errors.Join(err, printJSON(env, r))
}

// walkAgain makes again what is asked for, and says which of the two it was.
func walkAgain(ctx context.Context, v *seal.Verified, policy seal.Policy, again remake) error {
	if v.Manifest.ExtractOf != nil || again.of != "" {
		return walkExtract(ctx, v, policy, again)
	}
	if isFleet(v) {
		return walkFleet(v, again)
	}
	if !again.reports {
		v.NotChecked = append(v.NotChecked, "Whether the reports follow from the evidence and inputs: --reperform makes them again.")
		return nil
	}
	files, err := reperform(ctx, v)
	if err != nil {
		return err
	}
	v.Checked = append(v.Checked, fmt.Sprintf("Made again from the evidence and inputs of the bundle, %d files, the reports among them, came out with the same bytes.", files))
	if v.Manifest.Plan.DocumentSigner != nil {
		v.Checked = append(v.Checked, fmt.Sprintf("Of %s and %s, that is what they were before they were signed.", seal.ReportFile, seal.WorkbookFile))
	}
	return nil
}

func printResult(env *environment, paths []string, bundles []*seal.Verified, chain []string) error {
	r := schema.VerificationResult{SchemaVersion: schema.Version, Verified: true, Chain: chain}
	for i, v := range bundles {
		b := schema.VerifiedBundle{Path: paths[i], Digest: v.Digest, Checked: v.Checked, NotChecked: v.NotChecked, Manifest: v.Manifest}
		if v.Key != nil {
			var err error
			if b.Key, err = seal.Fingerprint(v.Key); err != nil {
				return err
			}
		}
		b.Certificate, b.Timestamp = (*schema.VerifiedCertificate)(v.Certificate), (*schema.VerifiedTimestamp)(v.Timestamp)
		r.Bundles = append(r.Bundles, b)
	}
	return printJSON(env, r)
}

func printVerified(env *environment, path string, v *seal.Verified) {
	p := newPaint(env)
	m := v.Manifest
	word := p.good("VERIFIED")
	if v.Key == nil {
		word = p.bad(true, "UNSIGNED, and its parts fit each other")
	}
	fmt.Fprintf(env.stdout, "%s: %s\n%s, %s, as of %s\n", path, word, printable(m.Plan.Organization), printable(m.Plan.Name), m.AsOf.Format("2006-01-02 15:04 UTC"))
	if s := m.Plan.Supersedes; s != nil {
		fmt.Fprintf(env.stdout, "It corrects the bundle with digest %s: %s\n", s.SHA256, printable(s.Reason))
	}
	printSentences(env, "Checked", v.Checked)
	printSentences(env, "Not checked", v.NotChecked)
}

func printChain(env *environment, chain []string) {
	if len(chain) > 0 {
		fmt.Fprintf(env.stdout, "\n%s: the bundles follow each other\n", newPaint(env).good("CHAIN"))
		printSentences(env, "In the order given", chain)
	}
}

func printSentences(env *environment, title string, sentences []string) {
	fmt.Fprintf(env.stdout, "\n%s:\n", title)
	for _, s := range sentences {
		fmt.Fprintf(env.stdout, "  - %s\n", printable(s))
	}
}
