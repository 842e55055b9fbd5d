// Package files reads a cluster from manifests: YAML and JSON files, the lists
// that kubectl get prints, and the output of kubectl cluster-info dump.
//
// Files say what is there, not what is missing. A kind is answered completely
// when a document of it, or a list of it, is among the files. A kind that no
// document speaks of is a gap, unless the plan says that the files hold the whole
// cluster. docs/sources.md says so at more length.
package files

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/collect"
	"github.com/auditpack/auditpack/collect/kube"
	"github.com/auditpack/auditpack/schema"
)

// Options say which files to read, and as what.
type Options struct {
	// Cluster and Spec are the plan's, with its defaults filled in. The paths are
	// Cluster.From: files, folders, and - for Stdin.
	Cluster schema.PlanCluster
	Spec    *schema.PlanSpec
	// Stdin is read where a path is -.
	Stdin io.Reader
	// Progress may be nil.
	Progress collect.Progress
}

// New returns a source that reads the files of one cluster.
func New(o Options) collect.Source { return &source{Options: o} }

type source struct {
	Options
	places []schema.Place
}

func (s *source) Name() string { return s.Cluster.Name }

// Collect reads all files, and then gives their objects to a kube.Reader in an
// order that does not depend on how they were spread over files. A path that
// cannot be opened is an error, as is input beyond the bounds, and input in which
// no document speaks of a kind that is audited.
func (s *source) Collect(ctx context.Context, asOf time.Time, to collect.Sink) (schema.Source, error) {
	objects := newObjects(s.Cluster.Name, s.Cluster.Complete)
	left := int64(maxInput)
	for _, p := range s.Cluster.From {
		if err := s.read(ctx, p, &left, objects); err != nil {
			return schema.Source{}, err
		}
	}
	if len(s.Cluster.From) == 0 {
		return schema.Source{}, errors.New("no files are named")
	}
	if err := objects.anything(); err != nil {
		return schema.Source{}, err
	}
	reader := kube.NewReader(s.Cluster, s.Spec, asOf, to)
	entries := objects.sorted()
	manifests := make([]kube.Manifest, len(entries))
	for i, e := range entries {
		manifests[i] = kube.Manifest{Kind: e.kind, JSON: e.json}
	}
	err := reader.Manifests(manifests, func(i int, err error) { objects.reject(entries[i], err) })
	if err != nil {
		return schema.Source{}, err
	}
	for _, q := range objects.queries() {
		to.Query(q)
	}
	src := schema.Source{
		Name: s.Cluster.Name, Kind: schema.SourceFiles, Location: s.location(), SecretsTier: objects.secretsTier(),
		Started: asOf, Finished: asOf,
	}
	src.UID, src.Redactions = reader.Finish("")
	s.places = objects.places()
	return src, nil
}

// Places implements collect.Locator.
func (s *source) Places() []schema.Place { return s.places }

// location names the paths without the folders that they lie in.
func (s *source) location() string {
	var names []string
	for _, p := range s.Cluster.From {
		if p != "-" {
			p = filepath.Base(p)
		}
		names = append(names, p)
	}
	slices.Sort(names)
	return strings.Join(names, ", ")
}

// read reads a file, the files of a folder in the order of their names, or
// standard input. Hidden files and links in a folder are passed over, and so are
// files that are neither YAML nor JSON.
func (s *source) read(ctx context.Context, path string, left *int64, to *objects) error {
	if path == "-" {
		if s.Stdin == nil {
			return errors.New("there is no standard input to read")
		}
		return s.readDocuments("-", "", s.Stdin, left, to)
	}
	info, err := os.Stat(path)
	if err != nil {
		return fmt.Errorf("read manifests: %w", err)
	}
	if !info.IsDir() {
		return s.readFile(path, filepath.Base(path), left, to)
	}
	root := path
	return filepath.WalkDir(root, func(path string, d fs.DirEntry, err error) error {
		if err := ctx.Err(); err != nil {
			return err
		}
		name, _ := filepath.Rel(root, path)
		name = filepath.ToSlash(name)
		switch {
		case path == root && err != nil:
			return fmt.Errorf("read manifests: %w", err)
		case path == root:
			return nil
		case strings.HasPrefix(d.Name(), "."):
			if d.IsDir() {
				return fs.SkipDir
			}
			return nil
		case err != nil:
			to.problem(name, 0, "the folder cannot be read")
			return fs.SkipDir
		case !d.Type().IsRegular() || !slices.Contains(extensions, strings.ToLower(filepath.Ext(path))):
			return nil
		}
		return s.readFile(path, name, left, to)
	})
}

var extensions = []string{".yaml", ".yml", ".json"}

// readFile reads one file. One in a folder that cannot be opened is a gap.
func (s *source) readFile(path, name string, left *int64, to *objects) error {
	f, err := os.Open(path)
	if err != nil {
		to.problem(name, 0, "the file cannot be opened")
		return nil
	}
	defer f.Close()
	return s.readDocuments(name, editable(path, name), f, left, to)
}

// editable returns the path that a person who began the run would open: relative
// to the working directory where it was named so. Others say where a machine keeps
// its files; of them the part below the named folder is left.
func editable(path, name string) string {
	if filepath.IsLocal(path) {
		name = filepath.Clean(path)
	}
	return filepath.ToSlash(name)
}

// readDocuments reads one file, of which people speak by name, and which stands
// at place; empty for standard input.
func (s *source) readDocuments(name, place string, r io.Reader, left *int64, to *objects) error {
	b, err := io.ReadAll(io.LimitReader(r, *left+1))
	if err != nil {
		to.problem(name, 0, "the file cannot be read")
		return nil
	}
	if *left -= int64(len(b)); *left < 0 {
		return fmt.Errorf("read manifests: the files are larger than %d bytes together", int64(maxInput))
	}
	documents(b, to.at(name, place))
	if s.Progress != nil {
		s.Progress(s.Cluster.Name, "read "+name)
	}
	return nil
}
