//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localfs

import (
	"os"

	"golang.org/x/sys/unix"
)

// direct reaches the names in an open folder by one system call each, where
// os.Root, made for names of several parts, and os.OpenFile, made for sockets
// too, take up to six. The names have one part and are not followed if they are
// links, so none of them leads out of the folder.
type direct struct{ folder *os.File }

func newDirect(dir *os.Root) (direct, error) {
	folder, err := dir.Open(".")
	return direct{folder}, err
}

func (d direct) close() error { return d.folder.Close() }

func (d direct) fd() int { return int(d.folder.Fd()) }

// see is what there is under a name.
func (d direct) see(name string) (sight, error) {
	st, err := look(d.fd(), name, unix.AT_SYMLINK_NOFOLLOW)
	return st.seen, err
}

// create makes a file, which must not be there yet.
func (d direct) create(name string) (*os.File, error) {
	fd, err := openat(d.fd(), name, unix.O_RDWR|unix.O_CREAT|unix.O_EXCL|unix.O_NOFOLLOW, 0o666)
	if err != nil {
		return nil, err
	}
	return os.NewFile(uintptr(fd), name), nil
}

// has says whether a name is that of an open file, and how many bytes that has.
func (d direct) has(name string, file *os.File) (same bool, size int64, err error) {
	named, err := look(d.fd(), name, unix.AT_SYMLINK_NOFOLLOW)
	if err != nil {
		return false, 0, err
	}
	opened, err := lookAt(int(file.Fd()))
	return named.dev == opened.dev && named.ino == opened.ino, opened.size, err
}
