package collect

import (
	"bufio"
	"cmp"
	"crypto/sha256"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"sync"
)

// objectsFolder is below the folder of a snapshot. Each source has a folder in
// it, and each resource a file of JSON lines there.
const objectsFolder = "evidence/objects"

// A spool takes the lines of objects as they come and leaves, for each source
// and resource, one file that is sorted by namespace and name. Lines wait on
// disk, so that memory holds no more of an object than its name.
type spool struct {
	dir     string
	folders map[string]string // by source

	mu    sync.Mutex
	files map[string]*spoolFile // by final path
}

// A spoolFile is the unsorted file of one resource, and where its lines are.
type spoolFile struct {
	mu    sync.Mutex
	file  *os.File
	w     *bufio.Writer
	size  int64
	lines []spoolLine
}

type spoolLine struct {
	namespace, name string
	digest          [sha256.Size]byte
	offset          int64
	length          int
}

// resourceName is plural.group, which is also a file name on every system.
var resourceName = regexp.MustCompile(`^[a-z0-9][a-z0-9-]*(\.[a-z0-9-]+)*$`)

func newSpool(dir string, sources []string) *spool {
	return &spool{dir: dir, folders: objectFolders(sources), files: map[string]*spoolFile{}}
}

// objectFolders names the folder of each source. The sources are sorted.
func objectFolders(sources []string) map[string]string {
	folders := map[string]string{}
	taken := map[string]bool{}
	for _, source := range sources {
		base := folderName(source)
		folder := base
		for n := 2; taken[folder]; n++ {
			folder = base + "-" + strconv.Itoa(n)
		}
		taken[folder] = true
		folders[source] = folder
	}
	return folders
}

// folderName makes a source's name one that is the same folder on every system:
// small letters, digits, - and _, at most 60 of them, and no name of a device.
func folderName(source string) string {
	name := strings.Map(func(c rune) rune {
		switch {
		case c >= 'a' && c <= 'z', c >= '0' && c <= '9', c == '-', c == '_':
			return c
		case c >= 'A' && c <= 'Z':
			return c - 'A' + 'a'
		}
		return '-'
	}, source)
	name = strings.Trim(name[:min(len(name), 60)], "-")
	switch {
	case name == "", name == "con", name == "prn", name == "aux", name == "nul",
		len(name) == 4 && (strings.HasPrefix(name, "com") || strings.HasPrefix(name, "lpt")):
		return "cluster-" + name
	}
	return name
}

func (s *spool) add(source, resource string, line []byte) error {
	var o struct {
		Metadata struct {
			Name      string `json:"name"`
			Namespace string `json:"namespace"`
		} `json:"metadata"`
	}
	line = append(slices.Clip([]byte(strings.TrimRight(string(line), "\n"))), '\n')
	if err := json.Unmarshal(line, &o); err != nil || strings.Contains(string(line[:len(line)-1]), "\n") {
		return fmt.Errorf("keep an object of %s: it is not one line of JSON", resource)
	}
	f, err := s.open(source, resource)
	if err != nil {
		return err
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if _, err := f.w.Write(line); err != nil {
		return fmt.Errorf("keep an object of %s: %w", resource, err)
	}
	f.lines = append(f.lines, spoolLine{o.Metadata.Namespace, o.Metadata.Name, sha256.Sum256(line), f.size, len(line)})
	f.size += int64(len(line))
	return nil
}

// open returns the file of a resource, made at the first line.
func (s *spool) open(source, resource string) (*spoolFile, error) {
	folder, ok := s.folders[source]
	if !ok {
		return nil, fmt.Errorf("keep an object of %s: no source has the name %q", resource, source)
	}
	if !resourceName.MatchString(resource) {
		return nil, fmt.Errorf("keep an object of %q: that is no name of a resource", resource)
	}
	path := filepath.Join(s.dir, filepath.FromSlash(objectsFolder), folder, resource+".jsonl")
	s.mu.Lock()
	defer s.mu.Unlock()
	if f, ok := s.files[path]; ok {
		return f, nil
	}
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		return nil, fmt.Errorf("keep objects: %w", err)
	}
	if _, err := os.Lstat(path); err == nil {
		return nil, fmt.Errorf("keep objects: %s exists already", path)
	}
	file, err := os.CreateTemp(filepath.Dir(path), ".unsorted-*")
	if err != nil {
		return nil, fmt.Errorf("keep objects: %w", err)
	}
	f := &spoolFile{file: file, w: bufio.NewWriterSize(file, 64<<10)}
	s.files[path] = f
	return f, nil
}

// finish writes every file in order under its final name.
func (s *spool) finish() error {
	for path, f := range s.files {
		if err := f.sortTo(path); err != nil {
			return fmt.Errorf("write %s: %w", path, err)
		}
	}
	return nil
}

// close removes what is unsorted.
func (s *spool) close() error {
	var errs []error
	for _, f := range s.files {
		errs = append(errs, f.file.Close(), os.Remove(f.file.Name()))
	}
	return errors.Join(errs...)
}

func (f *spoolFile) sortTo(path string) (err error) {
	if err := f.w.Flush(); err != nil {
		return err
	}
	slices.SortFunc(f.lines, func(a, b spoolLine) int {
		return cmp.Or(strings.Compare(a.namespace, b.namespace), strings.Compare(a.name, b.name), slices.Compare(a.digest[:], b.digest[:]))
	})
	out, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o644)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, out.Close()) }()
	w := bufio.NewWriterSize(out, 64<<10)
	for _, l := range f.lines {
		if _, err := io.Copy(w, io.NewSectionReader(f.file, l.offset, int64(l.length))); err != nil {
			return err
		}
	}
	return w.Flush()
}
