package main

import (
	"bufio"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"time"

	"github.com/auditpack/auditpack/assess"
	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/render"
	"github.com/auditpack/auditpack/render/csv"
	"github.com/auditpack/auditpack/render/html"
	"github.com/auditpack/auditpack/render/oscal"
	"github.com/auditpack/auditpack/render/pdf"
	"github.com/auditpack/auditpack/render/sarif"
	"github.com/auditpack/auditpack/render/xlsx"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
	"github.com/auditpack/auditpack/templates"
)

// A job is one run: what to read, what to hold it against, and where to put it.
type job struct {
	asOf   time.Time
	inputs *input.Set
	out    string
	// signer is nil for a bundle without signature.
	signer *seal.Signer
	// documents is nil when the PDF and the workbook get no signature of their own.
	documents *documentSigning
	// recipients is nil for a bundle that is not encrypted.
	recipients *seal.Recipients
	// watch notes what each stage takes; nil for nothing.
	watch *stopwatch
	// collect fills the folder with what the sources answered, and returns it.
	collect func(ctx context.Context, dir string) (*schema.Snapshot, error)
}

// A product is what a job made.
type product struct {
	report *schema.Report
	sealed *seal.Sealed
	// extract is for customers, nil where none was asked for.
	extract *seal.Sealed
}

// produce is the straight line of the program: ask, judge, lay out, draw, sign the
// documents, seal.
func produce(ctx context.Context, j job) (p product, err error) {
	bundle, err := seal.Create(j.out, bundleName(j))
	if err != nil {
		return product{}, err
	}
	defer func() { err = errors.Join(err, bundle.Abort()) }()
	bundle.EncryptTo(j.recipients)

	to := members{bundle.Dir()}
	snapshot, err := j.collect(ctx, to.dir)
	if err != nil {
		return product{}, err
	}
	j.watch.lap("collect")
	j.watch.lists(snapshot.Queries)
	if p.report, err = judge(ctx, snapshot, os.DirFS(to.dir), j.inputs, to, j.watch); err != nil {
		return product{}, err
	}
	if err := j.documents.sign(ctx, to, p.report); err != nil {
		return product{}, err
	}
	j.watch.lap("sign documents")
	p.sealed, err = bundle.Seal(ctx, claim(snapshot, p.report, j.inputs.Previous), j.signer)
	j.watch.lap("seal")
	return p, err
}

// judge is the part of the line that anyone can walk again: it depends on the
// snapshot, the objects that were kept with it in from, and the inputs alone.
func judge(ctx context.Context, s *schema.Snapshot, from fs.FS, in *input.Set, to members, watch *stopwatch) (*schema.Report, error) {
	report, costs, err := assess.Timed(ctx, s, &in.Inputs, time.Now)
	if err != nil {
		return nil, err
	}
	watch.lap("assess")
	watch.checks(costs)
	document, err := render.Build(report, s, templates.FS)
	if err != nil {
		return nil, err
	}
	document.Look = lookOf(in)
	watch.lap("lay out")
	return report, draw(to, s, from, report, document, in, watch)
}

// lookOf is how the plan wants reports to be printed.
func lookOf(in *input.Set) render.Look {
	look := in.Plan.Spec.Look
	return render.Look{Paper: look.Paper, Accent: look.Accent, Logo: in.Logo}
}

// bundleName is the plan and the day; seal adds -2, -3 … when that is taken.
func bundleName(j job) string {
	return j.inputs.Plan.Metadata.Name + "-" + j.asOf.Format(time.DateOnly)
}

// draw writes every member of the bundle but those that seal adds.
func draw(m members, s *schema.Snapshot, from fs.FS, r *schema.Report, d *render.Document, in *input.Set, watch *stopwatch) error {
	if err := collect.Save(m.dir, s); err != nil {
		return err
	}
	if err := in.Save(m.create); err != nil {
		return err
	}
	if err := saveDerived(m, r); err != nil {
		return err
	}
	watch.lap("populations")
	for _, f := range []struct {
		path    string
		content func(io.Writer) error
	}{
		{"report.json", func(w io.Writer) error { return schema.Write(w, r) }},
		{"report.html", func(w io.Writer) error {
			defer func() { d.Trail = render.Trail{} }() // which is large, and shown by the page alone
			return html.Render(w, d, collect.Objects(from, s, d.Objects))
		}},
		{"report.pdf", func(w io.Writer) error { return pdf.Render(w, d) }},
		{"control-map.xlsx", func(w io.Writer) error { return xlsx.Render(w, d) }},
		{csv.Path, func(w io.Writer) error { return csv.Render(w, r) }},
		{sarif.Path, func(w io.Writer) error { return schema.Write(w, sarif.Log(r, s.Places, in.Checks)) }},
	} {
		if err := m.write(f.path, f.content); err != nil {
			return err // a disk that is full for one is full for all
		}
		watch.lap(f.path)
	}
	err := drawOSCAL(m, r, in)
	watch.lap("oscal")
	return err
}

// drawOSCAL writes the report for programs that read OSCAL. There is no plan of
// action when nothing is left to do.
func drawOSCAL(m members, r *schema.Report, in *input.Set) error {
	for _, d := range []struct {
		path string
		file *oscal.File
	}{
		{oscal.CatalogPath, oscal.Catalog(r)},
		{oscal.ComponentDefinitionPath, oscal.ComponentDefinition(r)},
		{oscal.AssessmentResultsPath, oscal.AssessmentResults(r, in.Checks)},
		{oscal.PlanOfActionPath, oscal.PlanOfAction(r, in.Checks)},
	} {
		if d.file == nil {
			continue
		}
		if err := m.write(d.path, func(w io.Writer) error { return schema.Write(w, d.file) }); err != nil {
			return err
		}
	}
	return nil
}

// saveDerived writes the populations that assess computed, beside the collected ones.
func saveDerived(m members, r *schema.Report) error {
	for _, p := range schema.Populations {
		if !p.Derived() {
			continue
		}
		err := m.write(p.Path(), func(w io.Writer) error {
			for row := range r.Derived.Rows(p.Name) {
				line, err := schema.MarshalLine(row)
				if err != nil {
					return err
				}
				if _, err := w.Write(line); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func writeJSON(w io.Writer, v any) error { return schema.Write(w, v) }

// claim is what the bundle says about itself under the signature.
func claim(s *schema.Snapshot, r *schema.Report, previous *schema.PreviousFacts) schema.Claim {
	c := schema.Claim{AsOf: s.AsOf, Tool: r.Tool, Plan: r.Plan, ControlsByStatus: r.Summary.ControlsByStatus, Gaps: r.Summary.Gaps}
	for _, source := range s.Sources {
		c.Sources = append(c.Sources, schema.ClaimedSource{Name: source.Name, Kind: source.Kind, UID: source.UID, Collector: source.Collector.Username, Marker: source.Marker})
	}
	if previous != nil {
		c.Previous = &schema.PreviousBundle{SHA256: previous.Digest}
	}
	return c
}

// members writes files of a bundle that is being made.
type members struct{ dir string }

// create opens a new file by its path in the bundle.
func (m members) create(path string) (io.WriteCloser, error) {
	name := filepath.Join(m.dir, filepath.FromSlash(path))
	if err := os.MkdirAll(filepath.Dir(name), 0o750); err != nil {
		return nil, err
	}
	return os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o640)
}

func (m members) write(path string, content func(io.Writer) error) error {
	f, err := m.create(path)
	if err != nil {
		return err
	}
	w := bufio.NewWriterSize(f, 1<<18)
	err = content(w)
	if err == nil {
		err = w.Flush()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return fmt.Errorf("write %s: %w", path, err)
	}
	return nil
}

// copyFrom copies a folder of an earlier bundle or snapshot.
func (m members) copyFrom(fsys fs.FS, dir string) error {
	return fs.WalkDir(fsys, dir, func(path string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		in, err := fsys.Open(path)
		if err != nil {
			return err
		}
		defer in.Close()
		return m.write(path, func(w io.Writer) error { _, err := io.Copy(w, in); return err })
	})
}
