//go:build linux || darwin || freebsd || netbsd || openbsd || dragonfly

package localfs

import (
	"errors"
	"io/fs"

	"golang.org/x/sys/unix"
)

// tree is the root of a scan. Folders are opened, and files looked at,
// relative to open folders: paths are short, and the tree may be moved.
type tree struct {
	path string
	fd   int
}

// dir is an open folder.
type dir struct{ fd int }

// status is what a scan wants to know of a file.
type status struct {
	seen      sight
	size      int64
	sec, nsec int64 // modification time
	ctime     int64 // nanoseconds
	dev, ino  uint64
}

// openTree opens a root. Errors carry its path.
func openTree(path string) (*tree, error) {
	fd, err := openFolder(unix.AT_FDCWD, path, true)
	if errors.Is(err, unix.ENOTDIR) {
		err = ErrNotDir
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &tree{path, fd}, nil
}

func (t *tree) close() { unix.Close(t.fd) }

// open opens a folder of the tree. If the folder itself is a link, it is
// followed or refused.
func (t *tree) open(name string, follow bool) (*dir, error) {
	fd, err := openFolder(t.fd, "./"+name, follow)
	if err != nil {
		return nil, err
	}
	return &dir{fd}, nil
}

// openFolder opens a folder. If the name itself is a link, it is followed or
// refused.
func openFolder(at int, name string, follow bool) (int, error) {
	flags := unix.O_RDONLY | unix.O_DIRECTORY
	if !follow {
		flags |= unix.O_NOFOLLOW
	}
	return openat(at, name, flags, 0)
}

// openat is the system call, made again after a signal.
func openat(at int, name string, flags int, mode uint32) (int, error) {
	for {
		fd, err := unix.Openat(at, name, flags|unix.O_CLOEXEC, mode)
		if err != unix.EINTR {
			return fd, err
		}
	}
}

func (d *dir) close() { unix.Close(d.fd) }

// stat looks at a name of the folder, or at what it leads to.
func (d *dir) stat(name string, follow bool) (status, error) {
	flags := unix.AT_SYMLINK_NOFOLLOW
	if follow {
		flags = 0
	}
	return look(d.fd, name, flags)
}

// fstatat is the system call, made again after a signal.
func fstatat(dir int, name string, flags int) (status, error) {
	var st unix.Stat_t
	for {
		err := unix.Fstatat(dir, name, &st, flags)
		if err == nil {
			break
		}
		if err != unix.EINTR {
			return status{}, err
		}
	}
	return statusOf(&st), nil
}

func statusOf(st *unix.Stat_t) status {
	return status{
		seen: sightOf(uint32(st.Mode)),
		size: st.Size,
		sec:  int64(st.Mtim.Sec), nsec: int64(st.Mtim.Nsec),
		ctime: int64(st.Ctim.Sec)*1e9 + int64(st.Ctim.Nsec),
		dev:   uint64(st.Dev), ino: uint64(st.Ino),
	}
}

func sightOf(mode uint32) sight {
	switch mode & unix.S_IFMT {
	case unix.S_IFREG:
		return regular
	case unix.S_IFDIR:
		return directory
	case unix.S_IFLNK:
		return symlink
	}
	return other
}

// identify is the device and inode of a folder; 0 if unknown.
func identify(path string) (dev, ino uint64) {
	st, _ := look(unix.AT_FDCWD, path, 0)
	return st.dev, st.ino
}
