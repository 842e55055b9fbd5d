//go:build unix

package seal

import (
	"fmt"
	"os"
	"syscall"
)

// locked runs do while no other builder makes, removes or publishes anything in
// the folder. On file systems without locks it runs do all the same: then two
// builders may take turns at a name, and renameNew still overwrites nothing.
func locked(folder string, do func() error) error {
	d, err := os.Open(folder)
	if err != nil {
		return fmt.Errorf("open the folder for bundles: %w", err)
	}
	defer d.Close() // which unlocks
	for {
		if err := syscall.Flock(int(d.Fd()), syscall.LOCK_EX); err != syscall.EINTR {
			break
		}
	}
	return do()
}

// lockAlive holds a lock on a folder until the file that it returns is closed or
// the process ends, however it ends.
func lockAlive(folder string) (*os.File, error) {
	d, err := os.Open(folder)
	if err != nil {
		return nil, fmt.Errorf("open the folder to write into: %w", err)
	}
	// Where the file system has no locks, isDead says false for every folder.
	_ = syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	return d, nil
}

// isDead reports whether nobody holds the lock of a folder. It is called within
// locked, so that no folder is seen between its making and its locking.
func isDead(folder string) bool {
	d, err := os.Open(folder)
	if err != nil {
		return false
	}
	defer d.Close()
	return syscall.Flock(int(d.Fd()), syscall.LOCK_EX|syscall.LOCK_NB) == nil
}
