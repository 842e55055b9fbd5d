// Package imports reads what other tools say: scanners, benchmarks, clouds, identity
// providers, Terraform. What a file is shows by its content, never by its name.
//
// A file in a form, or a version of a form, that is not known here is a gap with its
// reason. Every file is kept as it was given, but for fields that hold credentials or
// may do so; which those were stands beside it.
package imports

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
	"strings"
	"time"
	"unicode/utf8"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/schema"
)

// The bounds of what is read.
const (
	maxFile  = 64 << 20  // bytes of one file
	maxTotal = 512 << 20 // bytes of all files
	maxFiles = 1000
	maxRows  = 500_000 // rows of one file
	maxPart  = 1 << 20 // bytes of a kept file on one line
)

// Options say which files to read.
type Options struct {
	// Imports are files and folders, with their paths as they can be opened.
	Imports []schema.PlanImport
	// Clusters are those of the plan, which files may be about.
	Clusters []schema.PlanCluster
	// Spec is the rest of the plan.
	Spec *schema.PlanSpec
	// Progress may be nil.
	Progress collect.Progress
}

// A Source reads the files; it is a collect.Source.
type Source struct {
	Options
	files []file
}

// A file is one to read, and what the plan says of it.
type file struct {
	path, name string
	plan       schema.PlanImport
}

// Open finds the files. The error names a path that cannot be read, or a cluster
// that the plan does not have, which are mistakes of whoever gave them.
func Open(o Options) (*Source, error) {
	s := &Source{Options: o}
	for _, i := range o.Imports {
		known := func(c schema.PlanCluster) bool { return c.Name == i.Cluster }
		if i.Cluster != "" && !slices.ContainsFunc(o.Clusters, known) {
			return nil, fmt.Errorf("import %s: the plan has no cluster %q", filepath.Base(i.Path), i.Cluster)
		}
		if err := s.expand(i); err != nil {
			return nil, fmt.Errorf("import %s: %w", filepath.Base(i.Path), err)
		}
	}
	s.nameApart()
	return s, nil
}

// expand finds the files of one import. Hidden files and links in a folder are passed over.
func (s *Source) expand(i schema.PlanImport) error {
	return filepath.WalkDir(i.Path, func(path string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case path != i.Path && strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		case e.IsDir(), path != i.Path && !e.Type().IsRegular():
			return nil
		case len(s.files) == maxFiles:
			return fmt.Errorf("there are more than %d files", maxFiles)
		case slices.ContainsFunc(s.files, func(f file) bool { return filepath.Clean(f.path) == filepath.Clean(path) }):
			return nil
		}
		s.files = append(s.files, file{path: path, name: filepath.Base(path), plan: i})
		return nil
	})
}

// nameApart gives files of one name the folders that tell them apart, so that each
// name in the report is that of one file.
func (s *Source) nameApart() {
	count := map[string]int{}
	for _, f := range s.files {
		count[f.name]++
	}
	for i, f := range s.files {
		if count[f.name] > 1 {
			s.files[i].name = filepath.Base(filepath.Dir(f.path)) + "/" + f.name
		}
	}
	slices.SortStableFunc(s.files, func(a, b file) int { return strings.Compare(a.name, b.name) })
}

// Name implements collect.Source.
func (s *Source) Name() string { return schema.ImportSource }

// Collect implements collect.Source: one query a file, with what came of it.
func (s *Source) Collect(ctx context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	left := int64(maxTotal)
	for _, f := range s.files {
		if err := ctx.Err(); err != nil {
			return schema.Source{}, err
		}
		if s.Progress != nil {
			s.Progress(schema.ImportSource, "read "+f.name)
		}
		if err := s.read(f, asOf, &left, to); err != nil {
			return schema.Source{}, err
		}
	}
	return schema.Source{
		Name: schema.ImportSource, Kind: schema.SourceImports, Location: s.location(), SecretsTier: schema.SecretsNone, Started: asOf, Finished: asOf,
		Collector: schema.Identity{Groups: []string{}, Rights: []string{}}, Redactions: []schema.Redaction{},
	}, nil
}

// location counts the files, and names them where there are few.
func (s *Source) location() string {
	if len(s.files) > 5 {
		return fmt.Sprintf("%d files", len(s.files))
	}
	var names []string
	for _, f := range s.files {
		names = append(names, f.name)
	}
	return strings.Join(names, ", ")
}

// read reads one file. What is wrong with it is its query.
func (s *Source) read(f file, asOf time.Time, left *int64, to collect.Sink) error {
	q := schema.Query{Source: schema.ImportSource, Resource: schema.ImportedFiles, Target: "read " + f.name, Outcome: schema.Failed, Pages: 1}
	content, err := load(f.path, left)
	if err != nil {
		q.Reason = f.name + ": " + err.Error()
		to.Query(q)
		return nil
	}
	d := newDocument(f, content, s, asOf)
	err = d.read()
	row := d.row(content)
	if d.form.resource != "" {
		q.Resource = d.form.resource
	}
	if err != nil {
		q.Reason = f.name + ": " + err.Error()
		row.Rows = 0
	} else {
		q.Outcome, q.Rows = schema.Complete, len(d.rows)
		to.Rows(d.rows...)
	}
	to.Rows(row)
	to.Query(q)
	return d.keep(to)
}

// load reads a file within the bounds.
func load(path string, left *int64) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, errors.New("the file cannot be opened")
	}
	defer f.Close()
	limit := min(*left, maxFile)
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	switch {
	case err != nil:
		return nil, errors.New("the file cannot be read")
	case int64(len(b)) > limit && limit < maxFile:
		return nil, fmt.Errorf("the files have more than %d bytes together", maxTotal)
	case int64(len(b)) > limit:
		return nil, fmt.Errorf("the file has more than %d bytes", maxFile)
	case len(b) == 0:
		return nil, errors.New("the file is empty")
	}
	*left -= int64(len(b))
	if bad := firstInvalid(b); bad > 0 {
		return nil, fmt.Errorf("line %d is not text in UTF-8", bad)
	}
	return b, nil
}

// firstInvalid returns the line of the first byte that is not text, 0 for none.
func firstInvalid(b []byte) int {
	if utf8.Valid(b) && !slices.Contains(b, 0) {
		return 0
	}
	line := 1
	for len(b) > 0 {
		r, n := utf8.DecodeRune(b)
		if r == utf8.RuneError && n == 1 || r == 0 {
			break
		}
		if r == '\n' {
			line++
		}
		b = b[n:]
	}
	return line
}

// row describes the file.
func (d *document) row(content []byte) schema.Import {
	sum := sha256.Sum256(content)
	return schema.Import{
		Cluster: d.cluster, Kind: d.form.kind, File: d.name, SHA256: hex.EncodeToString(sum[:]), Bytes: int64(len(content)),
		Tool: clip(d.tool), ToolVersion: clip(d.toolVersion), Format: clip(d.format), Made: d.made, MadeBy: d.madeBy, Rows: len(d.rows), Dropped: d.dropped,
	}
}

// clip bounds a text that a file chose.

func clip(s string) string {
	if r := []rune(s); len(r) > 300 {
		return string(r[:300]) + "…"
	}
	return s
}
