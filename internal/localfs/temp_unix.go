//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localfs

import (
	"os"
	"time"

	"golang.org/x/sys/unix"
)

// finish gives the file its time and its name. The file stays open until it
// has its name, for closing it ends the lock.
func (t *Temp) finish(mtime time.Time, sync bool) error {
	if err := t.setModTime(mtime); err != nil {
		return err
	}
	if sync {
		if err := t.file.Sync(); err != nil {
			return err
		}
	}
	if err := flush(t.file); err != nil {
		return err
	}
	if err := t.takeName(); err != nil {
		return err
	}
	t.file.Close()
	return nil
}

// discard removes the file. The name goes first, while it is still ours.
func (t *Temp) discard() {
	t.folder.Remove(t.temp)
	t.file.Close()
}

// flush brings out errors that a file system keeps for the moment of closing,
// as network file systems do for writes. Closing a second descriptor of the
// file tells them and leaves the lock alone.
func flush(file *os.File) error {
	fd, err := unix.FcntlInt(file.Fd(), unix.F_DUPFD_CLOEXEC, 0)
	if err != nil {
		return err
	}
	return unix.Close(fd)
}

// syncFolder brings the names in a folder to disk.
func syncFolder(folder *os.Root) error {
	f, err := folder.Open(".")
	if err != nil {
		return err
	}
	defer f.Close()
	return f.Sync()
}
