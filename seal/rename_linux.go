package seal

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// renameNew renames a file or folder, in one step, unless the new name exists.
func renameNew(from, to string) error {
	err := unix.Renameat2(unix.AT_FDCWD, from, unix.AT_FDCWD, to, unix.RENAME_NOREPLACE)
	switch {
	case err == nil:
		return nil
	case errors.Is(err, unix.EINVAL), errors.Is(err, unix.ENOSYS), errors.Is(err, unix.ENOTSUP):
		return renameChecked(from, to) // the file system cannot do it in one step
	}
	return &os.LinkError{Op: "rename", Old: from, New: to, Err: err}
}
