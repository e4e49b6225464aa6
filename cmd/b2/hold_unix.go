//go:build !windows

package main

import (
	"errors"
	"os"
	"syscall"
)

// lockFile tries to lock a file and reports whether it did. The lock ends with
// the process.
func lockFile(file *os.File) (locked bool, err error) {
	err = syscall.Flock(int(file.Fd()), syscall.LOCK_EX|syscall.LOCK_NB)
	if errors.Is(err, syscall.EWOULDBLOCK) || errors.Is(err, syscall.EINTR) {
		return false, nil
	}
	return err == nil, err
}
