package main

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

type reviewImportOptions struct {
	trust  verifyFlags
	bundle string
	plan   string
	into   string
}

func newReviewImport(env *environment) *cobra.Command {
	var o reviewImportOptions
	c := &cobra.Command{
		Use:   "import WORKBOOK…",
		Short: "Take the answers of reviewers back, and make them evidence",
		Long: `Read workbooks of "auditpack review export" that reviewers filled in. A workbook is refused, with
row and reason, unless it is of this bundle, has each row as it was exported, no row more and
none less, a decision in each, a name and a day, and no decision of a reviewer about a right of
their own. Then the decisions are written as YAML beside a copy of the workbook, into the folder of
reviews that the plan names. Nothing that exists is overwritten; with one bad workbook nothing is written.`,
		Example: `  auditpack review import reviews/*.xlsx --bundle platform-2026-09-30.zip --verify-key cosign.pub -f audit/plan.yaml`,
		Args:    cobra.MinimumNArgs(1),
		RunE:    func(cmd *cobra.Command, args []string) error { return reviewImport(cmd.Context(), env, o, args) },
	}
	o.trust.addReading(c)
	c.Flags().StringVar(&o.bundle, "bundle", "", "the `bundle` that the workbooks were exported from")
	c.Flags().StringVarP(&o.plan, "file", "f", "", "write into the folder of reviews of this plan `file`")
	c.Flags().StringVar(&o.into, "into", "", "write into this `folder` instead")
	if err := c.MarkFlagRequired("bundle"); err != nil {
		panic(err) // the flag was added above
	}
	return c
}

// decided is what a reviewer filled in.
type decided struct {
	plan     reviewPlan
	on       schema.Date
	rows     []decidedRow
	workbook schema.ReviewedPopulation
}

type decidedRow struct{ verdict, note string }

// A reviewDocument is a document that a review becomes.
type reviewDocument struct {
	name      string
	decisions int
	value     any
}

func reviewImport(ctx context.Context, env *environment, o reviewImportOptions, paths []string) error {
	into, err := o.folder()
	if err != nil {
		return invalid(err)
	}
	b, err := openReviewed(ctx, o.bundle, o.trust)
	if err != nil {
		return err
	}
	defer b.Close()
	today, err := asOfTime("")
	if err != nil {
		return err
	}
	var files []exported
	var refused []error
	for _, path := range paths {
		made, err := b.imported(path, into, schema.DateOf(today))
		if err != nil {
			refused = append(refused, fmt.Errorf("%s: %w", path, err))
		}
		files = append(files, made...)
	}
	if len(refused) > 0 {
		return invalid(errors.Join(append(refused, errors.New("nothing was written"))...))
	}
	return writeImported(env, files)
}

// folder is where the decisions go.
func (o *reviewImportOptions) folder() (string, error) {
	switch {
	case o.into != "" && o.plan != "":
		return "", errors.New("--file and --into exclude each other")
	case o.into != "":
		return o.into, nil
	case o.plan == "":
		return "", errors.New("say where the decisions go: -f plan.yaml, or --into FOLDER")
	}
	in, err := input.Load(o.plan, templates.FS)
	if err != nil {
		return "", err
	}
	for _, name := range in.Plan.Spec.Reviews {
		if info, err := os.Stat(in.Path(name)); err == nil && info.IsDir() {
			return in.Path(name), nil
		}
	}
	return "", fmt.Errorf("%s names no folder of reviews; write \"reviews: [reviews]\" under spec, make the folder, or pass --into", o.plan)
}

// imported returns the files that a workbook becomes.
func (b *reviewedBundle) imported(path, into string, today schema.Date) ([]exported, error) {
	data, err := readWorkbook(path)
	if err != nil {
		return nil, err
	}
	book, err := workbook.Open(data)
	if err != nil {
		return nil, err
	}
	defer book.Close()
	origin, err := book.Origin()
	if err != nil {
		return nil, err
	}
	kind, f, plan, err := b.formBehind(origin)
	if err != nil {
		return nil, err
	}
	answers, err := f.form.Answers(book)
	if err != nil {
		return nil, err
	}
	a, err := b.decisions(f, answers, today)
	if err != nil {
		return nil, err
	}
	copied := fileName(kind.name, a.on.String(), f.reviewer.name) + ".xlsx"
	sum := sha256.Sum256(data)
	a.plan, a.workbook = plan, schema.ReviewedPopulation{Name: copied, SHA256: hex.EncodeToString(sum[:])}
	documents, err := kind.documents(b, f, a)
	if err != nil {
		return nil, err
	}
	files := []exported{{filepath.Join(into, copied), data, len(f.rows)}}
	for _, d := range documents {
		text, err := input.Write(d.value)
		if err != nil {
			return nil, err
		}
		files = append(files, exported{filepath.Join(into, d.name+".yaml"), text, d.decisions})
	}
	return files, nil
}

// readWorkbook reads a file within the bound of workbooks.
func readWorkbook(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	return io.ReadAll(io.LimitReader(f, workbook.MaxBytes+1)) // Open reports one that is larger
}

// formBehind makes the form again that a workbook was made from.
func (b *reviewedBundle) formBehind(origin map[string]string) (reviewKind, reviewerForm, reviewPlan, error) {
	none := func(format string, args ...any) (reviewKind, reviewerForm, reviewPlan, error) {
		return reviewKind{}, reviewerForm{}, reviewPlan{}, fmt.Errorf(format, args...)
	}
	kind, ok := reviewKindNamed(origin[originKind])
	if !ok {
		return none("its sheet Origin names no kind of review; this is no workbook of \"auditpack review export\"")
	}
	if digest := origin[originDigest]; digest != b.verified.Digest {
		return none("it was exported from the bundle %s with the digest %s, and this is %s with %s", origin[originBundle], digest, b.name, b.verified.Digest)
	}
	plan, err := planOf(origin)
	if err != nil {
		return none("its sheet Origin was changed: %v", err)
	}
	b.name = origin[originBundle] // the file may have another name here
	forms, err := kind.forms(b, plan)
	if err != nil {
		return none("its sheet Origin was changed: %v", err)
	}
	i := slices.IndexFunc(forms, func(f reviewerForm) bool { return f.reviewer.String() == origin[originReviewer] })
	if i < 0 {
		return none("its sheet Origin was changed: nothing was exported for %q", origin[originReviewer])
	}
	return kind, forms[i], plan, nil
}

// decisions checks what was filled in: who, when, and every row.
func (b *reviewedBundle) decisions(f reviewerForm, a *workbook.Answers, today schema.Date) (decided, error) {
	var problems []string
	problem := func(format string, args ...any) { problems = append(problems, fmt.Sprintf(format, args...)) }
	name, day := a.Fields[fieldName], a.Fields[fieldDay]
	on, err := schema.ParseDate(day)
	if err != nil {
		return decided{}, err
	}
	switch {
	case name == "":
		problem("%q is open: %s writes their name there", fieldName, f.reviewer.name)
	case !samePerson(name, f.reviewer.name):
		problem("%q is %q, and the workbook is for %s; export one for another reviewer", fieldName, name, f.reviewer.name)
	}
	switch {
	case on.IsZero():
		problem("%q is open", fieldDay)
	case on.Before(schema.DateOf(b.report.AsOf)):
		problem("%q is %s, before the snapshot of %s", fieldDay, on, schema.DateOf(b.report.AsOf))
	case today.Before(on):
		problem("%q is %s, which is to come", fieldDay, on)
	}
	out := decided{on: on}
	for i, row := range a.Rows {
		if row[columnDecision] == "" {
			problem("%s %q: the decision is open", f.form.Columns[0].Title, f.form.Rows[i][0])
		}
		out.rows = append(out.rows, decidedRow{row[columnDecision], row[columnNote]})
	}
	if len(problems) > 0 {
		return decided{}, &workbook.Error{Problems: problems}
	}
	return out, nil
}

// writeImported writes what the workbooks became, all or nothing.
func writeImported(env *environment, files []exported) error {
	seen := map[string]bool{}
	for _, f := range files {
		if _, err := os.Lstat(f.path); seen[f.path] || !errors.Is(err, fs.ErrNotExist) {
			return invalid(fmt.Errorf("%s exists: the review was imported before. Take that away first if it is to be replaced; nothing was written", f.path))
		}
		seen[f.path] = true
	}
	for i, f := range files {
		if err := writeNew(f.path, f.data); err != nil {
			for _, written := range files[:i] {
				err = errors.Join(err, os.Remove(written.path))
			}
			return err
		}
	}
	for _, f := range files {
		if filepath.Ext(f.path) == ".yaml" {
			fmt.Fprintf(env.stdout, "%s  %d decisions\n", f.path, f.rows)
		}
	}
	return nil
}
