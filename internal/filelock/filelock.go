// Package filelock keeps other processes from a file. A lock is on the open
// file: it ends when the file is closed, or with the process, however that ends.
// What a locked file holds can still be read by everybody.
package filelock

import "errors"

// ErrTaken says that somebody else has the lock: another process, or another
// opening of the file in this one.
var ErrTaken = errors.New("another process has the lock")
