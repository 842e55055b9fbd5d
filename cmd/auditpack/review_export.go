package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"unicode"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/internal/workbook"
)

type reviewExportOptions struct {
	trust     verifyFlags
	kinds     []string
	reviewers []string
	all       bool
	out       string
}

func newReviewExport(env *environment) *cobra.Command {
	var o reviewExportOptions
	c := &cobra.Command{
		Use:   "export BUNDLE",
		Short: "Write a workbook for each reviewer",
		Long: `Write one workbook for each reviewer and kind of review:

  access      every privileged right with its path and the last decision about it, to keep or revoke
  sign-off    every control whose review is due, to sign off or decline
  exceptions  every exception that still runs, to keep or end

Only the cells for answers can be changed. Controls go to the reviewer that the overlay names. Rights
go to the reviewer of ACC-04 and exceptions to that of GOV-03, unless --reviewer names others. Nobody
gets a right of their own, or an exception that they asked for; say by which user names the clusters know a reviewer.`,
		Example: `  auditpack review export platform-2026-09-30.zip --verify-key cosign.pub --out reviews
  auditpack review export platform-2026-09-30.zip --verify-key cosign.pub --kind access \
    --reviewer 'Ada Example <oidc:ada@example.com>' --reviewer 'Ben Sample =production/shop'`,
		Args: cobra.ExactArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error { return reviewExport(cmd.Context(), env, o, args[0]) },
	}
	o.trust.addReading(c)
	c.Flags().StringSliceVar(&o.kinds, "kind", []string{"access", "sign-off", "exceptions"}, "what to review: access, sign-off, exceptions")
	c.Flags().StringArrayVar(&o.reviewers, "reviewer", nil, "a `person`, as 'NAME <USER> =CLUSTER/NAMESPACE', of which only the name is needed; repeatable")
	c.Flags().BoolVar(&o.all, "all", false, "ask for every control, and not only for those whose review is due")
	c.Flags().StringVar(&o.out, "out", ".", "write the workbooks into this `folder`")
	return c
}

// An exported is a workbook to be written.
type exported struct {
	path string
	data []byte
	rows int
}

func reviewExport(ctx context.Context, env *environment, o reviewExportOptions, path string) error {
	plan := reviewPlan{all: o.all}
	for _, text := range o.reviewers {
		r, err := parseReviewer(text)
		if err != nil {
			return invalid(err)
		}
		plan.reviewers = append(plan.reviewers, r)
	}
	b, err := openReviewed(ctx, path, o.trust)
	if err != nil {
		return err
	}
	defer b.Close()
	var files []exported
	for _, name := range o.kinds {
		kind, ok := reviewKindNamed(name)
		if !ok {
			return invalid(fmt.Errorf("there is no kind of review %q; choose access, sign-off or exceptions", name))
		}
		forms, err := kind.forms(b, plan)
		if err != nil {
			return invalid(fmt.Errorf("%s: %w", name, err))
		}
		for _, f := range forms {
			var data bytes.Buffer
			if err := workbook.Write(&data, f.form); err != nil {
				return err
			}
			file := fileName(name, b.report.AsOf.Format("2006-01-02"), f.reviewer.name) + ".xlsx"
			files = append(files, exported{filepath.Join(o.out, file), data.Bytes(), len(f.rows)})
		}
	}
	return writeExported(env, files)
}

// writeExported writes all workbooks, or none when one of them exists.
func writeExported(env *environment, files []exported) error {
	for _, f := range files {
		if _, err := os.Lstat(f.path); !errors.Is(err, fs.ErrNotExist) {
			return invalid(fmt.Errorf("%s exists; choose another folder, nothing was written", f.path))
		}
	}
	for _, f := range files {
		if err := writeNew(f.path, f.data); err != nil {
			return err
		}
		fmt.Fprintf(env.stdout, "%s  %d rows\n", f.path, f.rows)
	}
	if len(files) == 0 {
		fmt.Fprintln(env.stdout, "Nothing is to be reviewed; --all asks for every control.")
	}
	return nil
}

// writeNew writes a file that must not exist yet, and its folder.
func writeNew(path string, data []byte) error {
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	w := bufio.NewWriter(f)
	_, err = w.Write(data)
	if err := errors.Join(err, w.Flush(), f.Close()); err != nil {
		return errors.Join(fmt.Errorf("write %s: %w", path, err), os.Remove(path))
	}
	return nil
}

// fileName makes a name of a document, and of its file, of words that people wrote:
// lower-case letters, digits and single hyphens, at most 63 in all. Letters that
// are not of ASCII become hyphens.
func fileName(parts ...string) string {
	var b strings.Builder
	for _, r := range strings.ToLower(strings.Join(parts, "-")) {
		if r < unicode.MaxASCII && (unicode.IsLetter(r) || unicode.IsDigit(r)) {
			b.WriteRune(r)
		} else if s := b.String(); s != "" && !strings.HasSuffix(s, "-") {
			b.WriteByte('-')
		}
	}
	name := b.String()
	return strings.Trim(name[:min(len(name), 63)], "-")
}
