package main

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"
	"strings"

	"github.com/auditpack/auditpack/seal"
)

// walkExtract is walkAgain for an extract, which alone has nothing that it could be
// made from.
func walkExtract(ctx context.Context, v *seal.Verified, policy seal.Policy, again remake) error {
	e := v.Manifest.ExtractOf
	switch {
	case e == nil:
		return invalid(errors.New("--of is for an extract, and this is a whole bundle: --reperform makes its reports again"))
	case again.of == "" && again.reports:
		return invalid(fmt.Errorf("an extract has no evidence to make it from again: give the bundle with the digest %s as --of", e.SHA256))
	case again.of == "":
		v.NotChecked = append(v.NotChecked, "Whether the extract shows what that bundle says: --of, with that bundle, makes the extract again.")
		return nil
	}
	policy.Previous = "" // is not about the whole
	whole, err := seal.Verify(ctx, again.of, policy)
	if err != nil {
		return fmt.Errorf("--of: %w", verifyError(err))
	}
	defer whole.Close()
	if whole.Digest != e.SHA256 {
		return &exitError{exitVerify, fmt.Errorf("%s has the digest %s, and the extract is of the bundle with the digest %s", again.of, whole.Digest, e.SHA256)}
	}
	files, err := reextract(v, whole)
	if err != nil {
		return err
	}
	v.Checked = append(v.Checked, fmt.Sprintf("The bundle with that digest was given and verified. Made again from it, %d files, all of the extract but %s, came out with the same bytes.", files, seal.InstructionsFile))
	if !again.reports {
		v.NotChecked = append(v.NotChecked, "Whether the reports of that bundle follow from its evidence and inputs: --reperform makes them again.")
		return nil
	}
	made, err := reperform(ctx, whole)
	if err != nil {
		return fmt.Errorf("%s: %w", again.of, err)
	}
	v.Checked = append(v.Checked, fmt.Sprintf("Of that bundle, made again from its evidence and inputs, %d files, the reports among them, came out with the same bytes.", made))
	return nil
}

// reextract makes an extract again from its whole, compares every file byte for
// byte, and returns how many there were. An error names those that differ, are
// missing, or are in the extract alone.
func reextract(v, whole *seal.Verified) (files int, err error) {
	_, e, err := extractionOf(whole)
	if err != nil {
		return 0, err
	}
	e.unsigned, e.documentSigner = v.Manifest.Plan.Unsigned, v.Manifest.Plan.DocumentSigner
	dir, err := os.MkdirTemp("", "auditpack-extract-")
	if err != nil {
		return 0, err
	}
	defer func() { err = errors.Join(err, os.RemoveAll(dir)) }()
	if _, err := e.draw(members{dir}); err != nil {
		return 0, err
	}
	files, differ, err := compareFiles(dir, v)
	if err != nil {
		return 0, err
	}
	for _, m := range v.Manifest.Members {
		if _, err := fs.Stat(os.DirFS(dir), m.Path); errors.Is(err, fs.ErrNotExist) && m.Path != seal.InstructionsFile {
			differ = append(differ, m.Path)
		}
	}
	if len(differ) > 0 {
		slices.Sort(differ)
		return files, &exitError{exitVerify, fmt.Errorf("these files of the extract do not follow from the bundle that it names: %s%s", strings.Join(differ, ", "), otherRelease(v))}
	}
	return files, nil
}
