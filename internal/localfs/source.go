package localfs

import (
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// Source is a file that is read for an upload. ReadAt and Unchanged may be
// called by several goroutines at once.
type Source struct {
	file  *os.File
	info  fs.FileInfo
	mtime time.Time // info has it too, but not whole on every system
}

// Open opens the file of that name below root for reading. Links are followed.
// It refuses all but regular files with ErrNotFile, and never waits for the
// other end of a pipe. The caller closes the source.
func Open(root, name string) (*Source, error) {
	path := filepath.Join(root, filepath.FromSlash(name))
	file, err := os.OpenFile(path, os.O_RDONLY|openNonblock, 0)
	if err != nil {
		return nil, err
	}
	info, err := file.Stat()
	if err == nil && !info.Mode().IsRegular() {
		err = &fs.PathError{Op: "open", Path: path, Err: ErrNotFile}
	}
	if err != nil {
		file.Close()
		return nil, err
	}
	return &Source{file, info, modTime(file, info)}, nil
}

// Size is the number of bytes when the source was opened.
func (s *Source) Size() int64 { return s.info.Size() }

// ModTime is the modification time when the source was opened, in milliseconds
// since the epoch; see ModTimeMillis.
func (s *Source) ModTime() int64 {
	return ModTimeMillis(s.mtime.Unix(), int64(s.mtime.Nanosecond()))
}

// ModTimeNS is the same in nanoseconds.
func (s *Source) ModTimeNS() int64 { return s.mtime.UnixNano() }

// ReadAt implements io.ReaderAt.
func (s *Source) ReadAt(p []byte, off int64) (int, error) { return s.file.ReadAt(p, off) }

// Unchanged returns an error that wraps ErrChanged if the file's size or
// modification time is no longer what it was, or if another file, or none, has
// its name by now.
func (s *Source) Unchanged() error {
	now, err := os.Stat(s.file.Name())
	if err != nil || !os.SameFile(now, s.info) || now.Size() != s.info.Size() || !now.ModTime().Equal(s.info.ModTime()) {
		return &fs.PathError{Op: "read", Path: s.file.Name(), Err: ErrChanged}
	}
	return nil
}

// Close closes the file.
func (s *Source) Close() error { return s.file.Close() }
