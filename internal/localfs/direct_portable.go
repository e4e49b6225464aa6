//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package localfs

import "os"

// direct reaches the names in an open folder. Here it is the folder's os.Root.
type direct struct{ folder *os.Root }

func newDirect(dir *os.Root) (direct, error) { return direct{dir}, nil }

func (d direct) close() error { return nil }

// see is what there is under a name.
func (d direct) see(name string) (sight, error) {
	info, err := d.folder.Lstat(name)
	if err != nil {
		return unknown, err
	}
	return sightOfType(info.Mode().Type()), nil
}

// create makes a file, which must not be there yet.
func (d direct) create(name string) (*os.File, error) {
	return d.folder.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
}

// has says whether a name is that of an open file, and how many bytes that has.
func (d direct) has(name string, file *os.File) (same bool, size int64, err error) {
	named, err := d.folder.Lstat(name)
	if err != nil {
		return false, 0, err
	}
	opened, err := file.Stat()
	if err != nil {
		return false, 0, err
	}
	return os.SameFile(named, opened), opened.Size(), nil
}
