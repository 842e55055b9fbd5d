//go:build !linux

package seal

// renameNew renames a file or folder unless the new name exists.
func renameNew(from, to string) error { return renameChecked(from, to) }
