package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"time"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/html"
	"github.com/auditpack/auditpack/render/pdf"
	"github.com/auditpack/auditpack/render/xlsx"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

func audienceFlag(c *cobra.Command, value *string, usage string) {
	choiceFlag(c, value, "audience", "", usage, string(schema.AudienceAuditor), string(schema.AudienceAuditor), string(schema.AudienceCustomer))
}

// An extraction is what an extract is made of. Equal extractions give equal files.
type extraction struct {
	whole *schema.Report
	// digest is that of the bundle that has the whole report.
	digest string
	look   render.Look
	// unsigned and documentSigner are those of the extract.
	unsigned       bool
	documentSigner *schema.DocumentSigner
}

// draw writes every member of the extract but those that seal adds. What customers
// may see is decided here once: all files are made from the report that is left.
func (e extraction) draw(m members) (*schema.Report, error) {
	part := *e.whole
	part.ExtractOf = &schema.Extract{SHA256: e.digest, Audience: schema.AudienceCustomer}
	part.Plan.Unsigned, part.Plan.DocumentSigner = e.unsigned, e.documentSigner
	content, err := schema.MarshalFor(schema.ClassPublic, part)
	if err != nil {
		return nil, err
	}
	var public schema.Report
	if err := schema.Unmarshal(content, &public); err != nil {
		return nil, err
	}
	document, err := render.BuildExtract(&public, templates.FS)
	if err != nil {
		return nil, err
	}
	document.Look = e.look
	return &public, errors.Join(
		m.write("report.json", func(w io.Writer) error { _, err := w.Write(content); return err }),
		m.write("report.html", func(w io.Writer) error { return html.Render(w, document, noObjects) }),
		m.write(seal.ReportFile, func(w io.Writer) error { return pdf.Render(w, document) }),
		m.write(seal.WorkbookFile, func(w io.Writer) error { return xlsx.Render(w, document) }),
	)
}

func noObjects(func(schema.Object, error) bool) {}

// sealExtract makes the bundle of an extract.
func sealExtract(ctx context.Context, e extraction, j job, name string) (sealed *seal.Sealed, err error) {
	bundle, err := seal.Create(j.out, name)
	if err != nil {
		return nil, err
	}
	defer func() { err = errors.Join(err, bundle.Abort()) }()
	bundle.EncryptTo(j.recipients)
	public, err := e.draw(members{bundle.Dir()})
	if err != nil {
		return nil, err
	}
	if err := j.documents.sign(ctx, members{bundle.Dir()}, public); err != nil {
		return nil, err
	}
	claim := schema.Claim{AsOf: public.AsOf, Tool: tool(), Plan: public.Plan, ControlsByStatus: public.Summary.ControlsByStatus, ExtractOf: public.ExtractOf}
	return bundle.Seal(ctx, claim, j.signer)
}

// extractBeside makes the extract of a bundle that a run has just sealed, beside it.
func extractBeside(ctx context.Context, j job, p product) (*seal.Sealed, error) {
	e := extraction{whole: p.report, digest: p.sealed.Digest, look: lookOf(j.inputs), unsigned: j.inputs.Unsigned, documentSigner: j.inputs.DocumentSigner}
	sealed, err := sealExtract(ctx, e, j, p.sealed.Name+extractSuffix)
	if err != nil {
		return nil, fmt.Errorf("%s was written, and its extract for customers was not: %w", p.sealed.Archive, err)
	}
	return sealed, nil
}

const extractSuffix = "-customer"

// reportExtract makes the extract of a bundle that lies there.
func reportExtract(ctx context.Context, env *environment, o runOptions, path string, trust verifyFlags) error {
	if err := o.onlyForWhole(path); err != nil {
		return invalid(err)
	}
	policy, err := trust.policy()
	if err != nil {
		return err
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return verifyError(err)
	}
	defer v.Close()
	in, e, err := extractionOf(v)
	if err != nil {
		return invalid(fmt.Errorf("%s: %w", path, err))
	}
	j := job{inputs: in, out: outFolder(o.out, in)}
	if j.signer, err = o.signing.signer(ctx, env, in); err != nil {
		return err
	}
	if len(o.encryptTo) > 0 { // recipients in the plan are those of the whole
		if j.recipients, err = o.recipients(in); err != nil {
			return err
		}
	}
	if j.documents, err = o.signing.documents(ctx, env, in, time.Now().UTC()); err != nil {
		return err
	}
	e.unsigned, e.documentSigner = in.Unsigned, in.DocumentSigner
	name := fmt.Sprintf("%s-%s%s", e.whole.Plan.Name, e.whole.AsOf.Format(time.DateOnly), extractSuffix)
	sealed, err := sealExtract(ctx, e, j, name)
	if err != nil {
		return err
	}
	if w := sealed.Warning; w != "" {
		env.say("note: %s", w)
	}
	if o.output == "json" {
		return printJSON(env, runResult{sealedResult: resultOf(sealed), AsOf: e.whole.AsOf, Summary: e.whole.Summary})
	}
	if !env.quiet {
		printExtract(env.stdout, sealed)
	}
	return nil
}

// onlyForWhole refuses what has a meaning only where a whole bundle is made.
func (o *runOptions) onlyForWhole(path string) error {
	switch {
	case isSnapshot(path):
		return fmt.Errorf("%s is a snapshot: an extract names the bundle that it is from; make that first, with \"auditpack report\", and then the extract of it", path)
	case o.plan != "" || o.asOf != "" || o.failOn != "" || o.previous.given():
		return errors.New("--audience customer shows a part of a bundle as it is: it excludes --file, --as-of, --fail-on, and all that is about earlier bundles")
	}
	return nil
}

// extractionOf reads what an extract is made of from a verified bundle.
func extractionOf(v *seal.Verified) (*input.Set, extraction, error) {
	if err := wantWhole(v); err != nil {
		return nil, extraction{}, err
	}
	in, err := input.LoadFrom(v.FS())
	if err != nil {
		return nil, extraction{}, err
	}
	whole, err := loadReport(v.FS(), "report.json")
	if err != nil {
		return nil, extraction{}, fmt.Errorf("%w; make the bundle anew with \"auditpack report\"", err)
	}
	return in, extraction{whole: whole, digest: v.Digest, look: lookOf(in)}, nil
}

// wantWhole refuses a bundle that is an extract of another.
func wantWhole(v *seal.Verified) error { return noExtract(v.Manifest) }

func noExtract(m schema.Manifest) error {
	if e := m.ExtractOf; e != nil {
		return fmt.Errorf("it is an extract for the audience %q, without evidence; give the bundle that it is from, with the digest %s", e.Audience, e.SHA256)
	}
	return nil
}

func printExtract(w io.Writer, s *seal.Sealed) {
	if s.Folder == "" {
		fmt.Fprintf(w, "\n%s\n  for customers, encrypted\n", s.Archive)
		return
	}
	fmt.Fprintf(w, "\n%s\n  for customers: report.pdf, report.html, control-map.xlsx, report.json\n%s\n", s.Folder, s.Archive)
}
