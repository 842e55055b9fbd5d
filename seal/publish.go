package seal

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strconv"
)

// publish moves folder and archive into place, under one name for both. The folder
// goes first: if the machine stops in between, it is complete by itself.
func (b *Builder) publish(s *Sealed) error {
	for n := 1; ; n++ {
		s.Name = b.name
		if n > 1 {
			s.Name += "-" + strconv.Itoa(n)
		}
		s.Folder = filepath.Join(b.out, s.Name)
		s.Archive = s.Folder + ".zip"
		if exists(s.Folder) || exists(s.Archive) || exists(s.Archive+EncryptedSuffix) {
			continue
		}
		move := b.move
		if b.recipients != nil {
			move = b.moveEncrypted
		}
		err := move(s)
		if !errors.Is(err, fs.ErrExist) {
			return err
		}
	}
}

// move fails with fs.ErrExist, and changes nothing, when another program has
// taken the name.
func (b *Builder) move(s *Sealed) error {
	if err := renameNew(b.Dir(), s.Folder); err != nil {
		return fmt.Errorf("move the bundle into place: %w", err)
	}
	if err := renameNew(b.archive(), s.Archive); err != nil {
		return errors.Join(fmt.Errorf("move the archive into place: %w", err), os.Rename(s.Folder, b.Dir()))
	}
	if err := syncDir(b.out); err != nil {
		return errors.Join(fmt.Errorf("write the bundle to disk: %w", err),
			os.Rename(s.Folder, b.Dir()), os.Rename(s.Archive, b.archive()))
	}
	return nil
}

// moveEncrypted is move for what only the recipients can read.
func (b *Builder) moveEncrypted(s *Sealed) error {
	s.Folder, s.Archive = "", s.Archive+EncryptedSuffix
	if err := renameNew(b.archive()+EncryptedSuffix, s.Archive); err != nil {
		return fmt.Errorf("move the encrypted archive into place: %w", err)
	}
	if err := syncDir(b.out); err != nil {
		return errors.Join(fmt.Errorf("write the bundle to disk: %w", err), os.Remove(s.Archive))
	}
	return nil
}

func exists(path string) bool {
	_, err := os.Lstat(path)
	return !errors.Is(err, fs.ErrNotExist)
}

func writeNew(path string, content []byte) (err error) {
	f, err := os.OpenFile(path, os.O_WRONLY|os.O_CREATE|os.O_EXCL, memberMode)
	if err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	defer func() { err = errors.Join(err, f.Close()) }()
	if _, err := f.Write(content); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	if err := f.Sync(); err != nil {
		return fmt.Errorf("write %s: %w", filepath.Base(path), err)
	}
	return nil
}

func syncDir(path string) (err error) {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}
