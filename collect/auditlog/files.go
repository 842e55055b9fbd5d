package auditlog

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/klauspost/compress/gzip"
)

// A file is one place where records come from.
type file struct {
	// path is empty for standard input.
	path string
	// label is what errors and progress call it: its base name.
	label string
}

// expand finds the files behind paths, folders with all files in them at any
// depth, in the order of their names. Links are not followed. A file that two
// paths lead to is read once.
func expand(paths []string) ([]file, error) {
	var out []file
	seen := map[string]bool{}
	for _, p := range paths {
		if p == "-" {
			out = append(out, file{label: "standard input"})
			continue
		}
		err := filepath.WalkDir(p, func(path string, e fs.DirEntry, err error) error {
			if err != nil {
				return fmt.Errorf("read the audit log: %w", err)
			}
			if clean := filepath.Clean(path); e.Type().IsRegular() && !seen[clean] {
				seen[clean] = true
				out = append(out, file{path: path, label: filepath.Base(path)})
			}
			return nil
		})
		if err != nil {
			return nil, err
		}
	}
	if i := slices.IndexFunc(out, func(f file) bool { return f.path == "" }); i >= 0 {
		if slices.ContainsFunc(out[i+1:], func(f file) bool { return f.path == "" }) {
			return nil, errors.New("standard input is named twice")
		}
	}
	return out, nil
}

// read tallies one file. What was read before an error counts.
func (f file) read(ctx context.Context, o Options) (*tally, error) {
	in := o.Stdin
	if f.path != "" {
		opened, err := os.Open(f.path)
		if err != nil {
			return newTally(o.BreakGlass), err
		}
		defer opened.Close()
		in = opened
	}
	if strings.HasSuffix(f.path, ".gz") {
		unpacked, err := gzip.NewReader(in)
		if err != nil {
			return newTally(o.BreakGlass), fmt.Errorf("%s: %w", f.label, err)
		}
		defer unpacked.Close()
		in = unpacked
	}
	t, err := tallyLines(ctx, in, o.BreakGlass)
	if err != nil {
		err = fmt.Errorf("%s: %w", f.label, err)
	}
	return t, err
}
