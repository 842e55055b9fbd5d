package main

import (
	"cmp"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/input"
	"github.com/auditpack/auditpack/schema"
)

func newDocuments(env *environment) *cobra.Command {
	c := &cobra.Command{
		Use:   "documents",
		Short: "Register the documents that people keep, and list what is missing",
		Args:  cobra.NoArgs,
		RunE:  func(cmd *cobra.Command, _ []string) error { return cmd.Help() },
	}
	c.AddCommand(newDocumentsAdd(env), newDocumentsList(env))
	return c
}

type documentsAddOptions struct {
	plan, control                      string
	record                             schema.DocumentRecord
	kind, asOf, approvedOn, validUntil string
}

func newDocumentsAdd(env *environment) *cobra.Command {
	var o documentsAddOptions
	c := &cobra.Command{
		Use:   "add [FILE]",
		Short: "Put a document into the register, with its digest",
		Long: `Add a record to the document register of a plan. A file that does not lie beside the register
is copied there, byte for byte; its SHA-256 is written down, so that a later change is a finding.
A document that is kept elsewhere has a --location instead. The register keeps its comments.`,
		Example: `  auditpack documents add break-glass.md -f audit/plan.yaml --control ACC-05 --type procedure \
    --title 'Emergency access' --author 'Ada Example' --approved-by 'Ben Sample' --approved-on 2026-10-02 --as-of 2026-10-01
  auditpack documents add admins.csv -f audit/plan.yaml --check ACC-01.d1 --type export --as-of 2026-11-15 --covers oidc:admins`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 1 {
				o.record.File = args[0]
			}
			return documentsAdd(env, o)
		},
	}
	r, f := &o.record, c.Flags()
	f.StringVarP(&o.plan, "file", "f", "", "the plan `file` whose register takes the document")
	f.StringVar(&o.control, "control", "", "the `control` that it is evidence for, where that has one document check")
	f.StringSliceVar(&r.Checks, "check", nil, "the document `check` that it is evidence for; repeatable")
	f.StringVar(&o.kind, "type", "", "policy, procedure, record, report, export or attestation")
	f.StringVar(&r.ID, "id", "", "the `id` of the record (default: made of title and day)")
	f.StringVar(&r.Title, "title", "", "the title (default: the name of the file)")
	f.StringVar(&r.Owner, "owner", "", "who keeps it up to date (default: the owner of the control)")
	f.StringVar(&r.Author, "author", "", "who wrote it")
	f.StringVar(&o.asOf, "as-of", "", "the `day` on which its facts were true")
	f.StringVar(&r.ApprovedBy, "approved-by", "", "who approved it, and did not write it")
	f.StringVar(&o.approvedOn, "approved-on", "", "the `day` of that")
	f.StringVar(&o.validUntil, "valid-until", "", "the last `day` on which it counts (default: by its type)")
	f.StringVar(&r.Location, "location", "", "where it is kept, instead of a file")
	f.StringVar(&r.Supersedes, "supersedes", "", "the `id` of the document that it replaces")
	f.StringSliceVar(&r.Covers, "covers", nil, "what it is about, such as the groups of an export; repeatable")
	f.StringVar(&r.Confidentiality, "confidentiality", "", "your own word for it, such as confidential")
	for _, name := range []string{"file", "type", "as-of"} {
		if err := c.MarkFlagRequired(name); err != nil {
			panic(err) // the flag was added above
		}
	}
	return c
}

func documentsAdd(env *environment, o documentsAddOptions) error {
	in, err := loadTable(o.plan)
	if err != nil {
		return err
	}
	if in.Plan.Spec.Documents == "" {
		return invalid(fmt.Errorf("%s names no register: write \"documents: documents.yaml\" under spec", o.plan))
	}
	path := in.Path(in.Plan.Spec.Documents)
	if err := o.complete(in); err != nil {
		return invalid(err)
	}
	copied, err := o.attach(filepath.Dir(path))
	if err != nil {
		return invalid(err)
	}
	register, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	added, err := input.AddDocument(path, register, o.record)
	if err != nil {
		return invalid(err)
	}
	if copied != nil {
		if err := writeNew(filepath.Join(filepath.Dir(path), o.record.File), copied); err != nil {
			return err
		}
	}
	if err := replaceFile(path, added); err != nil {
		return err
	}
	fmt.Fprintf(env.stdout, "%s  %s for %s\n", o.record.ID, o.record.Title, strings.Join(o.record.Checks, ", "))
	return nil
}

// complete fills in what flags left open, and checks what they say.
func (o *documentsAddOptions) complete(in *input.Set) error {
	r := &o.record
	if o.control != "" {
		check, err := onlyDocumentCheck(in, o.control)
		if err != nil {
			return err
		}
		r.Checks = append(r.Checks, check)
	}
	if len(r.Checks) == 0 {
		return errors.New("say what it is evidence for, with --control or --check; auditpack documents list names the checks")
	}
	if r.File == "" && r.Location == "" {
		return errors.New("give a FILE, or say with --location where the document is kept")
	}
	r.Type = schema.DocumentType(o.kind)
	for _, d := range []struct {
		text string
		day  *schema.Date
	}{{o.asOf, &r.AsOf}, {o.approvedOn, &r.ApprovedOn}, {o.validUntil, &r.ValidUntil}} {
		var err error
		if *d.day, err = schema.ParseDate(d.text); err != nil {
			return err
		}
	}
	r.Title = cmp.Or(r.Title, filepath.Base(r.File))
	if r.ID = cmp.Or(r.ID, fileName(r.Title, r.AsOf.String())); r.Owner == "" {
		control, _, _ := strings.Cut(r.Checks[0], ".")
		if r.Owner = ownerOf(in, control); r.Owner == "" {
			return fmt.Errorf("%s has no owner in the overlay; say with --owner who keeps the document", control)
		}
	}
	return nil
}

func onlyDocumentCheck(in *input.Set, control string) (string, error) {
	var found []schema.Check
	for _, c := range checksOf(in, control) {
		if c.Kind == schema.CheckDocument {
			found = append(found, c)
		}
	}
	switch len(found) {
	case 0:
		return "", fmt.Errorf("%s has no document check; auditpack documents list names them", control)
	case 1:
		return found[0].ID, nil
	}
	text := fmt.Sprintf("%s has %d document checks; choose with --check:", control, len(found))
	for _, c := range found {
		text += fmt.Sprintf("\n  %s  %s", c.ID, c.Source)
	}
	return "", errors.New(text)
}

func ownerOf(in *input.Set, control string) string {
	for _, c := range in.Overlay.Spec.Controls {
		if c.ID == control && c.Owner != "" {
			return c.Owner
		}
	}
	return in.Overlay.Spec.Owner
}

// attach writes the digest down, and the name of the file as seen from the
// register. It returns the content of a file that has to be copied there first.
func (o *documentsAddOptions) attach(folder string) ([]byte, error) {
	r := &o.record
	if r.File == "" {
		return nil, nil
	}
	data, err := os.ReadFile(r.File)
	if err != nil {
		return nil, err
	}
	sum := sha256.Sum256(data)
	r.SHA256 = hex.EncodeToString(sum[:])
	inside, err := within(folder, r.File)
	if err != nil {
		return nil, err
	}
	if inside != "" {
		r.File = filepath.ToSlash(inside)
		return nil, nil
	}
	r.File = "documents/" + filepath.Base(r.File)
	there := filepath.Join(folder, r.File)
	if _, err := os.Lstat(there); !errors.Is(err, fs.ErrNotExist) {
		return nil, invalid(fmt.Errorf("%s exists; give the new file another name, since what was registered is never overwritten", there))
	}
	return data, nil
}

// within returns the path of a file below a folder as seen from there, and an
// empty one for a file elsewhere.
func within(folder, file string) (string, error) {
	folder, err := filepath.Abs(folder)
	if err != nil {
		return "", err
	}
	if file, err = filepath.Abs(file); err != nil {
		return "", err
	}
	rel, err := filepath.Rel(folder, file)
	if err != nil || !filepath.IsLocal(rel) {
		return "", nil // elsewhere
	}
	return rel, nil
}

// replaceFile writes a file anew, so that it is either the old or the new one at any time.
func replaceFile(path string, data []byte) error {
	info, err := os.Stat(path)
	if err != nil {
		return err
	}
	temp := path + ".new"
	if err := writeNew(temp, data); err != nil {
		return err
	}
	if err := errors.Join(os.Chmod(temp, info.Mode()), os.Rename(temp, path)); err != nil {
		return errors.Join(err, os.Remove(temp))
	}
	return nil
}
