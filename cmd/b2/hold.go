package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"time"

	"github.com/bowline-sync/bowline/internal/filelock"
)

// A hold keeps a folder for this process alone, for as long as the process
// lives.
type hold struct{ file *os.File }

// holdFile is the file in the folder that is locked. It names the holder.
const holdFile = "process"

// holdWait is how long another holder is waited for: a command is done soon, a
// server is not.
const holdWait = 3 * time.Second

// holdFolder makes the folder if it is missing and takes hold of it. When
// another process does not let go of it, the error says which.
func holdFolder(ctx context.Context, dir, what string) (*hold, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	file, err := os.OpenFile(filepath.Join(dir, holdFile), os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return nil, err
	}
	deadline := time.Now().Add(holdWait)
	for {
		err := filelock.Try(file)
		if err == nil {
			break
		}
		taken := errors.Is(err, filelock.ErrTaken)
		if taken && time.Now().Before(deadline) && sleep(ctx, 50*time.Millisecond) {
			continue
		}
		holder := readHolder(file)
		file.Close()
		switch {
		case !taken:
			return nil, fmt.Errorf("%s cannot be locked: %w", dir, err)
		case ctx.Err() != nil:
			return nil, context.Cause(ctx)
		}
		return nil, fmt.Errorf("the folder %s is in use by %s: wait until it has ended, or choose another folder with --data or XDG_DATA_HOME", dir, holder)
	}
	h := &hold{file}
	if err := h.sign(what); err != nil {
		h.release()
		return nil, err
	}
	return h, nil
}

// sign writes who the holder is.
func (h *hold) sign(what string) error {
	if err := h.file.Truncate(0); err != nil {
		return err
	}
	_, err := h.file.WriteAt(fmt.Appendf(nil, "process %d (%s)\n", os.Getpid(), what), 0)
	return err
}

// release lets go of the folder.
func (h *hold) release() {
	_ = h.file.Truncate(0)
	h.file.Close()
}

// readHolder is who signed the file.
func readHolder(file *os.File) string {
	text := make([]byte, 200)
	n, _ := file.ReadAt(text, 0)
	if name := oneLine(strings.TrimSpace(string(text[:n]))); name != "" {
		return name
	}
	return "another process"
}

// sleep waits, and reports false if the context ended first.
func sleep(ctx context.Context, d time.Duration) bool {
	timer := time.NewTimer(d)
	defer timer.Stop()
	select {
	case <-timer.C:
		return true
	case <-ctx.Done():
		return false
	}
}
