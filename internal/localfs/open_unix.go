//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localfs

import (
	"io"
	"os"
	"sync"

	"golang.org/x/sys/unix"
)

// openFile is a file that is open for reading. An os.File would first try to
// wait for it as for a socket, in vain: five system calls, which for a small
// file are as many as all others together.
type openFile struct {
	dev, ino uint64

	mu sync.RWMutex // held for reading by who uses fd
	fd int          // -1 once closed
}

// openToRead opens a file, or whatever it is, and looks at it. It does not wait
// for the other end of a pipe.
func openToRead(path string) (*openFile, status, error) {
	fd, err := openat(unix.AT_FDCWD, path, unix.O_RDONLY|unix.O_NONBLOCK, 0)
	if err != nil {
		return nil, status{}, err
	}
	seen, err := lookAt(fd)
	if err != nil {
		unix.Close(fd)
		return nil, status{}, err
	}
	return &openFile{dev: seen.dev, ino: seen.ino, fd: fd}, seen, nil
}

// ReadAt implements io.ReaderAt.
func (f *openFile) ReadAt(p []byte, off int64) (n int, err error) {
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.fd < 0 {
		return 0, os.ErrClosed
	}
	for n < len(p) {
		m, err := unix.Pread(f.fd, p[n:], off+int64(n))
		switch {
		case err == unix.EINTR:
			continue
		case err != nil:
			return n, err
		case m == 0:
			return n, io.EOF
		}
		n += m
	}
	return n, nil
}

// isAt looks at what is at a path, and says whether it is this file.
func (f *openFile) isAt(path string) (now status, same bool) {
	now, err := look(unix.AT_FDCWD, path, 0)
	return now, err == nil && now.dev == f.dev && now.ino == f.ino
}

// Close closes the file when nobody reads it any more.
func (f *openFile) Close() error {
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.fd < 0 {
		return os.ErrClosed
	}
	fd := f.fd
	f.fd = -1
	return unix.Close(fd)
}
