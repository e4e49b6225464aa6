package history

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"time"

	"github.com/bowline-sync/bowline/internal/filelock"
)

// Lock is held while a sync runs. The system frees it when the process ends,
// however it ends.
type Lock struct{ file *os.File }

// holder is what a lock's file says about the process that holds it.
type holder struct {
	PID   int       `json:"pid"`
	Since time.Time `json:"since"`
}

// Held says that another process runs the same sync.
type Held struct {
	PID   int       // 0 if it could not be read
	Since time.Time // zero if it could not be read
}

func (h *Held) Error() string {
	text := "the same sync is already running"
	if h.PID != 0 {
		text += fmt.Sprintf(": process %d, since %s", h.PID, h.Since.Format(time.DateTime))
	}
	return text + "; --no-lock runs this one beside it"
}

// Acquire takes the lock of the sync that the key stands for: its source, its
// destination and its filters. It never waits. A *Held error says who has it;
// any other error means that no lock can be had here, and that the run should
// go on without.
func Acquire(dir string, key ...string) (*Lock, error) {
	if err := os.MkdirAll(filepath.Join(dir, "locks"), 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, "locks", lockName(key)), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	switch err := filelock.Try(file); {
	case errors.Is(err, filelock.ErrTaken):
		defer file.Close()
		return nil, readHolder(file)
	case err != nil:
		file.Close()
		return nil, err
	}
	if err := writeHolder(file); err != nil {
		file.Close()
		return nil, err
	}
	return &Lock{file}, nil
}

// lockName is the name of a key's file. Each part is told apart by its length.
func lockName(key []string) string {
	sum := sha256.New()
	for _, part := range key {
		fmt.Fprintf(sum, "%d:%s", len(part), part)
	}
	return hex.EncodeToString(sum.Sum(nil)[:16]) + ".lock"
}

func readHolder(file *os.File) *Held {
	var h holder
	text, err := io.ReadAll(io.LimitReader(file, 1<<10))
	if err != nil || json.Unmarshal(text, &h) != nil { // it is just being written, or locked on Windows
		return &Held{}
	}
	return &Held{h.PID, h.Since}
}

func writeHolder(file *os.File) error {
	text, err := json.Marshal(holder{os.Getpid(), time.Now()})
	if err != nil {
		return err
	}
	if err := file.Truncate(0); err != nil {
		return err
	}
	_, err = file.WriteAt(text, 0)
	return err
}

// Release gives the lock back. The file stays: removing it could take the lock
// away from a process that is just opening it.
func (l *Lock) Release() error { return l.file.Close() }
