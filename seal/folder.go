package seal

import (
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path"
	"strings"
)

// A folder is an unpacked bundle. All access goes through an os.Root, so that no
// link leads out of it.
type folder struct{ root *os.Root }

func openFolder(dir string) (*folder, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, fmt.Errorf("open the bundle: %w", err)
	}
	return &folder{root}, nil
}

func (f *folder) String() string { return "folder" }

func (f *folder) Close() error { return f.root.Close() }

// sealFile returns the attestation, or the statement of a bundle without one.
func (f *folder) sealFile() (name string, content []byte, err error) {
	for _, name := range []string{AttestationFile, StatementFile} {
		content, err := f.readSmall(name)
		if !errors.Is(err, fs.ErrNotExist) {
			return name, content, err
		}
	}
	return "", nil, refuse(Missing, AttestationFile, "the folder does not have it, so this is not a bundle, or its signature was taken away")
}

func (f *folder) readSmall(name string) ([]byte, error) {
	file, err := f.openRegular(name)
	if err != nil {
		return nil, err
	}
	defer file.Close()
	b, err := io.ReadAll(io.LimitReader(file, MaxAttestation+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if len(b) > MaxAttestation {
		return nil, refuse(TooLarge, name, "it is larger than %d bytes", MaxAttestation)
	}
	return b, nil
}

// matches compares the files and folders that are there with those that must be.
func (f *folder) matches(members []member, sealName string, _ []byte) error {
	expected := map[string]bool{sealName: true}
	folders := map[string]bool{".": true}
	for _, m := range members {
		expected[m.Path] = true
		for dir := path.Dir(m.Path); dir != "."; dir = path.Dir(dir) {
			folders[dir] = true
		}
	}
	seen := map[string]bool{}
	err := fs.WalkDir(f.root.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return fmt.Errorf("read the bundle: %w", err)
		case d.IsDir() && folders[name]:
			return nil
		case !expected[name]:
			return unexpected(name, expected)
		case !d.Type().IsRegular():
			return notRegular(name, d.Type())
		}
		seen[name] = true
		return nil
	})
	if err != nil {
		return err
	}
	for _, m := range members {
		if !seen[m.Path] {
			return refuse(Missing, m.Path, "the statement names it and the folder does not have it")
		}
	}
	return nil
}

// open returns the content of a member, whose file has the right size.
func (f *folder) open(m member) (io.ReadCloser, error) {
	file, err := f.openRegular(m.Path)
	if err != nil {
		return nil, err
	}
	if info, err := file.Stat(); err != nil || info.Size() != m.Size {
		file.Close()
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", m.Path, err)
		}
		return nil, refuse(Altered, m.Path, "it has %d bytes and %d were signed", info.Size(), m.Size)
	}
	return file, nil
}

// openRegular opens a regular file and nothing else. The comparison of both looks
// makes sure that no link was put in its place in between.
func (f *folder) openRegular(name string) (*os.File, error) {
	before, err := f.root.Lstat(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if !before.Mode().IsRegular() {
		return nil, notRegular(name, before.Mode())
	}
	file, err := f.root.Open(name)
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if after, err := file.Stat(); err != nil || !os.SameFile(before, after) {
		file.Close()
		return nil, refuse(BadType, name, "it was replaced while it was being opened")
	}
	return file, nil
}

func notRegular(name string, mode fs.FileMode) error {
	what := "a special file"
	switch {
	case mode&fs.ModeSymlink != 0:
		what = "a link"
	case mode.IsDir():
		what = "a folder"
	}
	return refuse(BadType, name, "it is %s instead of a file", what)
}

// litter are the files that file managers leave in the folders they show.
var litter = map[string]bool{".ds_store": true, "thumbs.db": true, "desktop.ini": true, ".directory": true}

// unexpected says why a name that the statement does not have is refused.
func unexpected(name string, expected map[string]bool) error {
	if err := checkPath(name); err != nil {
		return refuse(BadName, name, "%v", err)
	}
	for e := range expected {
		if strings.EqualFold(e, name) {
			return refuse(BadName, name, "the name differs from %q only in case", e)
		}
	}
	if litter[strings.ToLower(path.Base(name))] {
		return refuse(Extra, name, "the statement does not name it; a file manager leaves such files, so remove it or verify the ZIP archive instead")
	}
	return refuse(Extra, name, "the statement does not name it")
}
