//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package localfs

import (
	"os"
	"time"
)

// finish gives the file its time and its name. It is closed first: an open
// file cannot be renamed, and closing it may set its time.
func (t *Temp) finish(mtime time.Time, sync bool) error {
	if sync {
		if err := t.file.Sync(); err != nil {
			return err
		}
	}
	if err := t.file.Close(); err != nil {
		return err
	}
	if err := t.setModTime(mtime); err != nil {
		return err
	}
	return t.takeName()
}

// discard removes the file. It is closed first: an open file cannot be
// removed.
func (t *Temp) discard() {
	t.file.Close()
	t.folder.Remove(t.temp)
}

// syncFolder does nothing: these systems sync names by themselves, or not at
// all.
func syncFolder(*os.Root) error { return nil }
