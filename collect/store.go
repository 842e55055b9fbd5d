package collect

import (
	"bufio"
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/auditpack/auditpack/schema"
)

// SnapshotFile has everything of a snapshot but its rows. Rows lie where
// schema.Population.Path says.
const SnapshotFile = "evidence/snapshot.json"

// The bounds of a stored snapshot, in bytes and rows. Save and Load refuse what
// exceeds them.
const (
	maxSnapshot = 64 << 20
	maxLine     = 4 << 20
	maxRows     = 20_000_000
)

// Save writes a snapshot below dir, beside the objects that Run has left there:
// evidence/snapshot.json and one file of JSON lines a population, also for those
// without rows, but not for those of which Load found no file. Existing files are an error; nothing is overwritten.
func Save(dir string, s *schema.Snapshot) error {
	b, err := schema.Marshal(s)
	if err != nil {
		return fmt.Errorf("write %s: %w", SnapshotFile, err)
	}
	if len(b) > maxSnapshot {
		return fmt.Errorf("write %s: larger than %d bytes", SnapshotFile, maxSnapshot)
	}
	rows := 0
	for _, p := range schema.Populations {
		if p.Derived() || slices.ContainsFunc(s.Queries, fileOf(p)) {
			continue
		}
		n, err := savePopulation(dir, p, &s.Evidence)
		if err != nil {
			return fmt.Errorf("write %s: %w", p.Path(), err)
		}
		rows += n
	}
	if rows > maxRows {
		return fmt.Errorf("write populations: more than %d rows", maxRows)
	}
	// Last, so that a folder with this file is a whole snapshot.
	err = create(dir, SnapshotFile, func(w *bufio.Writer) error {
		_, err := w.Write(b)
		return err
	})
	if err != nil {
		return fmt.Errorf("write %s: %w", SnapshotFile, err)
	}
	return nil
}

func savePopulation(dir string, p schema.Population, e *schema.Evidence) (rows int, err error) {
	err = create(dir, p.Path(), func(w *bufio.Writer) error {
		for row := range e.Rows(p.Name) {
			line, err := schema.MarshalLine(row)
			if err != nil {
				return err
			}
			if len(line) > maxLine {
				return fmt.Errorf("the row of %s is larger than %d bytes", row.Subject(), maxLine)
			}
			if _, err := w.Write(line); err != nil {
				return err
			}
			rows++
		}
		return nil
	})
	return rows, err
}

// create writes a new file below dir.
func create(dir, name string, write func(*bufio.Writer) error) (err error) {
	full := filepath.Join(dir, filepath.FromSlash(name))
	if err := os.MkdirAll(filepath.Dir(full), 0o755); err != nil {
		return err
	}
	f, err := os.OpenFile(full, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	w := bufio.NewWriterSize(f, 64<<10)
	if err := write(w); err != nil {
		return err
	}
	return w.Flush()
}

// Load reads a snapshot that Save wrote, from a folder or the members of a
// bundle. It refuses unknown fields and files, another model of the schema, rows
// that are out of order, and sizes beyond its bounds; an error names the file
// and the line. The result is nil on error.
//
// A population without a file is one that an earlier release did not have. That is
// never an empty list: each source that was asked for what its rows are made of gets
// a query for schema.PopulationFile that failed.
func Load(fsys fs.FS) (*schema.Snapshot, error) {
	s, err := LoadHead(fsys)
	if err != nil {
		return nil, err
	}
	if err := checkPopulationFiles(fsys); err != nil {
		return nil, err
	}
	rows := 0
	for _, p := range schema.Populations {
		if p.Derived() {
			continue
		}
		n, err := loadPopulation(fsys, p, &s.Evidence, maxRows-rows)
		if errors.Is(err, fs.ErrNotExist) {
			noteMissing(s, p)
			continue
		}
		if err != nil {
			return nil, err
		}
		rows += n
	}
	return s, nil
}

// noteMissing records that there is no file of a population. A source that was asked
// for nothing that its rows are made of needs no such note: nothing answered.
func noteMissing(s *schema.Snapshot, p schema.Population) {
	if slices.ContainsFunc(s.Queries, fileOf(p)) {
		return // it was missing before the snapshot was saved again
	}
	for _, source := range s.Sources {
		asked := func(q schema.Query) bool { return q.Source == source.Name && slices.Contains(p.Resources, q.Resource) }
		if slices.ContainsFunc(s.Queries, asked) {
			s.Queries = append(s.Queries, schema.Query{
				Source: source.Name, Resource: schema.PopulationFile, Target: p.Path(), Outcome: schema.Failed,
				Reason: "the evidence has no such file: it was made before " + p.Name + " were asked for",
			})
		}
	}
	slices.SortFunc(s.Queries, compareQueries)
}

// fileOf matches the queries that say that there is no file of a population.
func fileOf(p schema.Population) func(schema.Query) bool {
	return func(q schema.Query) bool { return q.Resource == schema.PopulationFile && q.Target == p.Path() }
}

// LoadHead is Load without the rows: what was asked, and how it was answered.
func LoadHead(fsys fs.FS) (*schema.Snapshot, error) {
	b, err := readBounded(fsys, SnapshotFile, maxSnapshot)
	if err != nil {
		return nil, err
	}
	s := &schema.Snapshot{}
	if err := schema.Unmarshal(b, s); err != nil {
		return nil, fmt.Errorf("%s: %w", SnapshotFile, err)
	}
	if err := checkSnapshot(s); err != nil {
		return nil, fmt.Errorf("%s: %w", SnapshotFile, err)
	}
	return s, nil
}

func readBounded(fsys fs.FS, name string, limit int64) ([]byte, error) {
	f, err := fsys.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read snapshot: %w", err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(b)) > limit {
		return nil, fmt.Errorf("%s: larger than %d bytes", name, limit)
	}
	return b, nil
}

func checkSnapshot(s *schema.Snapshot) error {
	model, _, _ := strings.Cut(schema.Version, ".")
	if got, _, ok := strings.Cut(s.SchemaVersion, "."); !ok || got != model {
		return fmt.Errorf("schemaVersion %q: this program reads %s.x", s.SchemaVersion, model)
	}
	if s.AsOf.IsZero() || s.AsOf.Location() != time.UTC || s.AsOf.Nanosecond() != 0 {
		return fmt.Errorf("asOf %s: not UTC in whole seconds", s.AsOf.Format(time.RFC3339Nano))
	}
	if len(s.Sources) == 0 {
		return errors.New("there is no source")
	}
	for i, source := range s.Sources {
		if i > 0 && s.Sources[i-1].Name >= source.Name {
			return fmt.Errorf("source %q is out of order or there twice", source.Name)
		}
	}
	for i, q := range s.Queries {
		if !slices.ContainsFunc(s.Sources, func(source schema.Source) bool { return source.Name == q.Source }) {
			return fmt.Errorf("query %q: there is no source %q", q.Target, q.Source)
		}
		if i > 0 && compareQueries(s.Queries[i-1], q) > 0 {
			return fmt.Errorf("query %q of %s is out of order", q.Target, q.Source)
		}
	}
	return nil
}

// checkPopulationFiles refuses files that no population has: a reader would take
// them for evidence that was judged. A bundle has those of derived populations
// too, which are computed again.
func checkPopulationFiles(fsys fs.FS) error {
	known := map[string]bool{}
	for _, p := range schema.Populations {
		known[path.Base(p.Path())] = true
	}
	folder := path.Dir(schema.Populations[0].Path())
	entries, err := fs.ReadDir(fsys, folder)
	if err != nil {
		return fmt.Errorf("read snapshot: %w", err)
	}
	for _, e := range entries {
		if !known[e.Name()] || !e.Type().IsRegular() {
			return fmt.Errorf("%s/%s: not the file of a population", folder, e.Name())
		}
	}
	return nil
}

func loadPopulation(fsys fs.FS, p schema.Population, e *schema.Evidence, limit int) (rows int, err error) {
	f, err := fsys.Open(p.Path())
	if err != nil {
		return 0, fmt.Errorf("read snapshot: %w", err)
	}
	defer f.Close()
	lines := bufio.NewScanner(f)
	lines.Buffer(make([]byte, 0, 64<<10), maxLine)
	lines.Split(wholeLines)
	for lines.Scan() {
		rows++
		if rows > limit {
			return 0, fmt.Errorf("%s:%d: more than %d rows in the snapshot", p.Path(), rows, maxRows)
		}
		if err := e.AppendJSON(p.Name, lines.Bytes()); err != nil {
			return 0, fmt.Errorf("%s:%d: %w", p.Path(), rows, err)
		}
	}
	if err := lines.Err(); err != nil {
		return 0, fmt.Errorf("%s:%d: %w", p.Path(), rows+1, err)
	}
	return rows, checkOrder(p, e)
}

// wholeLines is bufio.ScanLines for files in which every line ends with a
// newline. A line that is cut off is an error, because rows may be missing after it.
func wholeLines(data []byte, atEOF bool) (int, []byte, error) {
	if i := bytes.IndexByte(data, '\n'); i >= 0 {
		return i + 1, data[:i], nil
	}
	if atEOF && len(data) > 0 {
		return 0, nil, errors.New("the line is cut off")
	}
	return 0, nil, nil
}

func checkOrder(p schema.Population, e *schema.Evidence) error {
	var before schema.Subject
	n := 0
	for row := range e.Rows(p.Name) {
		n++
		subject := row.Subject()
		if subject.Name == "" {
			return fmt.Errorf("%s:%d: the row names nothing", p.Path(), n)
		}
		if n > 1 && before.Compare(subject) > 0 {
			return fmt.Errorf("%s:%d: %s is out of order", p.Path(), n, subject)
		}
		before = subject
	}
	return nil
}
