package seal

import (
	"io/fs"
	"os"
)

// renameChecked renames a file or folder unless the new name exists. Between the
// look and the step another program could take the name; other builders cannot,
// because both happen within locked.
func renameChecked(from, to string) error {
	if exists(to) {
		return &os.LinkError{Op: "rename", Old: from, New: to, Err: fs.ErrExist}
	}
	return os.Rename(from, to)
}
