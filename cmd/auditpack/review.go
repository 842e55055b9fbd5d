package main

import (
	"cmp"
	"context"
	"fmt"
	"io"
	"io/fs"
	"path/filepath"
	"slices"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/internal/workbook"
	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/seal"
)

func newReview(env *environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "review",
		Short: "Hand rights, controls and exceptions to reviewers, and take their answers back",
		Long: `Make workbooks that reviewers fill in with any spreadsheet program, and turn their answers
into evidence. docs/reviews.md walks through a quarter.`,
		Args: cobra.NoArgs,
		RunE: func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newReviewExport(env), newReviewImport(env), newReviewCalendar(env))
	return c
}

// reviewKind is what is reviewed: how a bundle becomes forms, one for each
// reviewer, and how a filled-in form becomes documents.
type reviewKind struct {
	name string
	// forms returns a form for each reviewer who has something to decide.
	forms func(b *reviewedBundle, plan reviewPlan) ([]reviewerForm, error)
	// documents returns what was decided, each document to be a file of its own.
	documents func(b *reviewedBundle, f reviewerForm, a decided) ([]reviewDocument, error)
}

var reviewKinds = []reviewKind{
	{"access", accessForms, accessDocuments},
	{"sign-off", signOffForms, signOffDocuments},
	{"exceptions", exceptionForms, exceptionDocuments},
}

func reviewKindNamed(name string) (reviewKind, bool) {
	i := slices.IndexFunc(reviewKinds, func(k reviewKind) bool { return k.name == name })
	if i < 0 {
		return reviewKind{}, false
	}
	return reviewKinds[i], true
}

// A reviewPlan says who reviews. It stands in every workbook, so that import makes
// the same forms again.
type reviewPlan struct {
	reviewers []reviewer
	// all asks for every control, and not only for those whose review is due.
	all bool
}

// A reviewer is a person, by whose names the clusters know them, and for what.
type reviewer struct {
	name     string
	subjects []string
	// cluster and namespace narrow what access rights the person reviews.
	cluster, namespace string
}

// parseReviewer reads NAME [<SUBJECT,…>] [=CLUSTER[/NAMESPACE]].
func parseReviewer(text string) (reviewer, error) {
	var r reviewer
	rest := text
	if before, after, ok := strings.Cut(text, "<"); ok {
		inside, tail, closed := strings.Cut(after, ">")
		if !closed {
			return reviewer{}, fmt.Errorf("reviewer %q: the > is missing", text)
		}
		for s := range strings.SplitSeq(inside, ",") {
			if s = strings.TrimSpace(s); s != "" {
				r.subjects = append(r.subjects, s)
			}
		}
		rest = before + tail
	}
	name, scope, _ := strings.Cut(rest, "=")
	r.name = strings.TrimSpace(name)
	r.cluster, r.namespace, _ = strings.Cut(strings.TrimSpace(scope), "/")
	if r.name == "" {
		return reviewer{}, fmt.Errorf("reviewer %q has no name; write it as 'NAME <USER> =CLUSTER/NAMESPACE', of which only the name is needed", text)
	}
	return r, nil
}

// String is what parseReviewer reads.
func (r reviewer) String() string {
	text := r.name
	if len(r.subjects) > 0 {
		text += " <" + strings.Join(r.subjects, ", ") + ">"
	}
	if r.cluster != "" {
		text += " =" + strings.TrimSuffix(r.cluster+"/"+r.namespace, "/")
	}
	return text
}

// general returns the first reviewer who is for everything, or the one that the
// overlay names for a control.
func (p reviewPlan) general(b *reviewedBundle, control string) (reviewer, error) {
	for _, r := range p.reviewers {
		if r.cluster == "" {
			return r, nil
		}
	}
	if name := b.control(control).Reviewer; name != "" {
		return reviewer{name: name}, nil
	}
	return reviewer{}, fmt.Errorf("nobody reviews: name a reviewer of %s in the overlay, or pass --reviewer", control)
}

// A reviewerForm is what one reviewer fills in.
type reviewerForm struct {
	reviewer reviewer
	form     *workbook.Form
	// rows are what the rows of the form are about, in their order.
	rows []any
}

// The cells that every reviewer fills in once.
const (
	fieldName = "Your name"
	fieldDay  = "Completed on"
)

// The columns that every reviewer fills in.
const (
	columnDecision = "Decision"
	columnNote     = "Note"
)

// The labels of what a workbook says about where it is from.
const (
	originKind      = "Kind"
	originBundle    = "Bundle"
	originDigest    = "Bundle digest"
	originReviewer  = "Reviewer"
	originAll       = "All controls"
	originReviewers = "Reviewer " // and a number
)

// finish puts into a form what is the same in all of them.
func (b *reviewedBundle) finish(f *reviewerForm, kind string, plan reviewPlan) {
	form := f.form
	form.Notes = append([]workbook.Pair{
		{Label: "Organization", Text: b.report.Plan.Organization},
		{Label: "Bundle", Text: b.name + ", as of " + b.report.AsOf.Format("2006-01-02 15:04 UTC")},
		{Label: "Reviewer", Text: f.reviewer.name},
	}, form.Notes...)
	form.Fields = []workbook.Field{
		{Label: fieldName, Hint: "Write your name as it stands above: with it these are your decisions."},
		{Label: fieldDay, Hint: "The day of the last decision, such as 2026-11-22.", Date: true},
	}
	form.Origin = []workbook.Pair{
		{Label: originKind, Text: kind}, {Label: originBundle, Text: b.name}, {Label: originDigest, Text: b.verified.Digest},
		{Label: originReviewer, Text: f.reviewer.String()}, {Label: originAll, Text: fmt.Sprint(plan.all)},
	}
	for i, r := range plan.reviewers {
		form.Origin = append(form.Origin, workbook.Pair{Label: fmt.Sprint(originReviewers, i+1), Text: r.String()})
	}
}

// planOf reads back who reviews.
func planOf(origin map[string]string) (reviewPlan, error) {
	p := reviewPlan{all: origin[originAll] == "true"}
	for i := 1; ; i++ {
		text, ok := origin[fmt.Sprint(originReviewers, i)]
		if !ok {
			return p, nil
		}
		r, err := parseReviewer(text)
		if err != nil {
			return reviewPlan{}, err
		}
		p.reviewers = append(p.reviewers, r)
	}
}

// A reviewedBundle is a verified bundle from which people review.
type reviewedBundle struct {
	verified *seal.Verified
	name     string
	report   schema.Report
	inputs   *input.Set
}

// openReviewed verifies a bundle and reads its report and inputs. The caller closes it.
func openReviewed(ctx context.Context, path string, trust verifyFlags) (_ *reviewedBundle, err error) {
	policy, err := trust.policy()
	if err != nil {
		return nil, err
	}
	v, err := seal.Verify(ctx, path, policy)
	if err != nil {
		return nil, verifyError(err)
	}
	defer func() {
		if err != nil {
			_ = v.Close() // the first error says what went wrong
		}
	}()
	if err := wantWhole(v); err != nil {
		return nil, invalid(fmt.Errorf("%s: %w", path, err))
	}
	b := &reviewedBundle{verified: v, name: strings.TrimSuffix(filepath.Base(filepath.Clean(path)), ".zip")}
	data, err := fs.ReadFile(v.FS(), "report.json")
	if err != nil {
		return nil, err
	}
	if err := schema.Unmarshal(data, &b.report); err != nil {
		return nil, fmt.Errorf("%s: report.json: %w; it was made by another release, run \"auditpack report\" on it first", path, err)
	}
	if b.inputs, err = input.LoadFrom(v.FS()); err != nil {
		return nil, fmt.Errorf("%s: %w", path, err)
	}
	return b, nil
}

func (b *reviewedBundle) Close() error { return b.verified.Close() }

// control returns a control of the report; the zero ControlResult when it has none of that id.
func (b *reviewedBundle) control(id string) schema.ControlResult {
	i := slices.IndexFunc(b.report.Controls, func(c schema.ControlResult) bool { return c.ID == id })
	if i < 0 {
		return schema.ControlResult{}
	}
	return b.report.Controls[i]
}

// grants reads the access grants of the bundle.
func (b *reviewedBundle) grants() ([]schema.AccessGrant, error) {
	f, err := b.verified.FS().Open(accessGrants.Path())
	if err != nil {
		return nil, err
	}
	defer f.Close()
	data, err := io.ReadAll(f)
	if err != nil {
		return nil, err
	}
	return input.DecodeGrants(data)
}

// reviewed names a file of the bundle as reviews do.
func (b *reviewedBundle) reviewed(path string) schema.ReviewedPopulation {
	return schema.ReviewedPopulation{Name: b.name + "/" + path, SHA256: b.verified.SHA256(path)}
}

// samePerson compares names as people type them.
func samePerson(a, b string) bool {
	return strings.EqualFold(strings.TrimSpace(a), strings.TrimSpace(b))
}

// byReviewer puts forms into the order of the reviewers' names.
func byReviewer(forms []reviewerForm) []reviewerForm {
	slices.SortStableFunc(forms, func(a, b reviewerForm) int { return cmp.Compare(a.reviewer.String(), b.reviewer.String()) })
	return forms
}

// answerColumns are what a reviewer fills in for each row.
func answerColumns(choices ...string) []workbook.Column {
	return []workbook.Column{
		{Title: columnDecision, Width: 12, Answer: true, Choices: choices},
		{Title: columnNote, Width: 44, Answer: true},
	}
}

// formOf returns the form of a reviewer, and makes it where there is none yet.
func formOf(forms *[]reviewerForm, r reviewer, start func() *workbook.Form) *reviewerForm {
	for i := range *forms {
		if (*forms)[i].reviewer.name == r.name {
			return &(*forms)[i]
		}
	}
	*forms = append(*forms, reviewerForm{reviewer: r, form: start()})
	return &(*forms)[len(*forms)-1]
}
