//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package localfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
)

// tree is the root of a scan.
type tree struct{ path string }

// dir is an open folder.
type dir struct{ *os.File }

// status is what a scan wants to know of a file.
type status struct {
	seen      sight
	size      int64
	sec, nsec int64 // modification time
	ctime     int64 // nanoseconds
	dev, ino  uint64
}

// dirBuffer is not needed here: the standard library has its own.
type dirBuffer struct{}

// openTree opens a root. Errors carry its path.
func openTree(path string) (*tree, error) {
	info, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if !info.IsDir() {
		return nil, &fs.PathError{Op: "open", Path: path, Err: ErrNotDir}
	}
	return &tree{path}, nil
}

func (t *tree) close() {}

// open opens a folder of the tree. If the folder itself is a link, it is
// followed or refused.
func (t *tree) open(name string, follow bool) (*dir, error) {
	path := t.full(name)
	if !follow {
		info, err := os.Lstat(path)
		if err != nil {
			return nil, cause(err)
		}
		if !info.IsDir() {
			return nil, syscall.ENOTDIR
		}
	}
	f, err := os.Open(path)
	if err != nil {
		return nil, cause(err)
	}
	return &dir{f}, nil
}

func (d *dir) close() { d.Close() }

// read calls add for each name of the folder, in no order, until add says to
// stop. The name is good only during the call.
func (d *dir) read(_ *dirBuffer, add func(name []byte, seen sight) bool) error {
	for {
		entries, err := d.ReadDir(512)
		for _, e := range entries {
			if !add([]byte(e.Name()), sightOfType(e.Type())) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return cause(err)
		}
	}
}

// stat looks at a name of the folder, or at what it leads to.
func (d *dir) stat(name string, follow bool) (status, error) {
	path := filepath.Join(d.Name(), name)
	look := os.Lstat
	if follow {
		look = os.Stat
	}
	info, err := look(path)
	if err != nil {
		return status{}, cause(err)
	}
	st := statusOf(info)
	if follow && st.seen == directory {
		st.dev, st.ino = identify(path)
	}
	return st, nil
}

// statusOf is what a scan wants to know, without what tells files apart.
func statusOf(info fs.FileInfo) status {
	t := info.ModTime()
	return status{
		seen: sightOfType(info.Mode().Type()),
		size: info.Size(),
		sec:  t.Unix(), nsec: int64(t.Nanosecond()),
	}
}

// cause is the system's error, without the path that the scan puts on itself.
func cause(err error) error {
	if e, ok := errors.AsType[*fs.PathError](err); ok {
		return e.Err
	}
	return err
}
