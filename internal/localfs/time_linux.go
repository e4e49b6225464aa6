package localfs

import (
	"os"
	"time"
	"unsafe"

	"golang.org/x/sys/unix"
)

// setModTime gives the file its time through its descriptor, for which no name
// needs to be looked up.
func (t *Temp) setModTime(mtime time.Time) error {
	at := newTimespec(mtime)
	times := [2]timespec{at, at} // of access, of modification
	for {
		_, _, errno := unix.Syscall6(futimens, t.file.Fd(), 0, uintptr(unsafe.Pointer(&times)), 0, 0, 0)
		switch errno {
		case 0:
			return nil
		case unix.EINTR:
		case unix.ENOSYS, unix.EPERM:
			return t.folder.Chtimes(t.temp, mtime, mtime)
		default:
			return os.NewSyscallError("utimensat", errno)
		}
	}
}
