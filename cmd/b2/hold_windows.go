package main

import (
	"errors"
	"os"

	"golang.org/x/sys/windows"
)

// lockFile tries to lock a file and reports whether it did. The lock ends with
// the process. It lies far behind the content, which others must be able to
// read.
func lockFile(file *os.File) (locked bool, err error) {
	behind := &windows.Overlapped{OffsetHigh: 1}
	const alone = windows.LOCKFILE_EXCLUSIVE_LOCK | windows.LOCKFILE_FAIL_IMMEDIATELY
	err = windows.LockFileEx(windows.Handle(file.Fd()), alone, 0, 1, 0, behind)
	if errors.Is(err, windows.ERROR_LOCK_VIOLATION) || errors.Is(err, windows.ERROR_IO_PENDING) {
		return false, nil
	}
	return err == nil, err
}
