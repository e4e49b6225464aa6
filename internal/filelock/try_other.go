//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly || windows)

package filelock

import (
	"errors"
	"os"
)

// Try fails: these systems have no locks.
func Try(*os.File) error { return errors.ErrUnsupported }
