package history

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"

	"github.com/bowline-sync/bowline/internal/filelock"
)

// sign is a file that a run keeps locked for as long as it lives. The number of
// its process says less: after a restart another process may have it, and in a
// container every program may be process 1.
type sign struct{ file *os.File }

func signPath(dir string, id int64) string {
	return filepath.Join(dir, "locks", fmt.Sprintf("run-%d.lock", id))
}

// hangSign makes and locks the sign of a run. Where that fails there is none.
func hangSign(dir string, id int64) sign {
	if os.MkdirAll(filepath.Join(dir, "locks"), 0o700) != nil {
		return sign{}
	}
	file, err := os.OpenFile(signPath(dir, id), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return sign{}
	}
	s := sign{file}
	if filelock.Try(file) != nil {
		s.remove()
		return sign{}
	}
	return s
}

// remove takes the sign away.
func (s sign) remove() {
	if s.file != nil {
		s.file.Close()
		os.Remove(s.file.Name())
	}
}

// lives reports whether a run without an end is under way: by its sign, or if
// it has none by its process.
func lives(dir string, r *Run) bool {
	file, err := os.OpenFile(signPath(dir, r.ID), os.O_RDWR, 0)
	if err != nil {
		return alive(r.PID)
	}
	switch err := filelock.Try(file); {
	case err == nil: // nobody holds it up any more
		sign{file}.remove()
		return false
	case errors.Is(err, filelock.ErrTaken):
		file.Close()
		return true
	}
	file.Close()
	return alive(r.PID)
}
