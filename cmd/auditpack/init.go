package main

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/spf13/cobra"

	"github.com/auditpack/auditpack/schema"
	"github.com/auditpack/auditpack/templates"
)

func newInit(env *environment) *cobra.Command {
	return &cobra.Command{
		Use:   "init [DIR]",
		Short: "Write a starter plan with overlay, registers and comments",
		Long: `Write a starter plan, an overlay with all controls and owners to fill in, an exception
register, a document register, a folder for reviews and the JSON Schemas that editors use for completion.
A file that exists is left as it is, and then nothing is written.`,
		Example: `  auditpack init audit
  auditpack run -f audit/plan.yaml --key cosign.key`,
		Args: cobra.MaximumNArgs(1),
		RunE: func(cmd *cobra.Command, args []string) error {
			dir := "."
			if len(args) == 1 {
				dir = args[0]
			}
			return initPlan(env, dir)
		},
	}
}

// initPlan copies the starter into dir. It looks at every file first, so that
// either all are written or none.
func initPlan(env *environment, dir string) error {
	plan, err := fs.Sub(templates.FS, "plan")
	if err != nil {
		return err
	}
	files := map[string]fs.FS{}
	if err := listInto(files, plan, ""); err != nil {
		return err
	}
	reviews, err := fs.Sub(plan, "reviews")
	if err != nil {
		return err
	}
	if err := listInto(files, reviews, "reviews"); err != nil {
		return err
	}
	if err := listInto(files, schema.JSONSchemas, "schemas"); err != nil {
		return err
	}
	names := sortedKeys(files)
	for _, name := range names {
		if _, err := os.Lstat(filepath.Join(dir, name)); !errors.Is(err, fs.ErrNotExist) {
			return invalid(fmt.Errorf("%s exists; choose another folder, nothing was written", filepath.Join(dir, name)))
		}
	}
	for _, name := range names {
		if err := copyNew(filepath.Join(dir, name), files[name], filepath.Base(name)); err != nil {
			return err
		}
	}
	fmt.Fprintf(env.stdout, `%d files in %s. Next:
  1. name your clusters in plan.yaml
  2. auditpack preflight -f %[3]s   tells what may be read
  3. auditpack run -f %[3]s --key cosign.key
`, len(names), dir, filepath.Join(dir, "plan.yaml"))
	return nil
}

// listInto adds the files of the top folder of fsys under prefix.
func listInto(files map[string]fs.FS, fsys fs.FS, prefix string) error {
	entries, err := fs.ReadDir(fsys, ".")
	if err != nil {
		return err
	}
	for _, e := range entries {
		if !e.IsDir() {
			files[filepath.Join(prefix, e.Name())] = fsys
		}
	}
	return nil
}

// copyNew writes a file that must not exist yet.
func copyNew(path string, from fs.FS, name string) error {
	data, err := fs.ReadFile(from, name)
	if err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	if _, err := f.Write(data); err != nil {
		return errors.Join(err, f.Close())
	}
	return f.Close()
}
