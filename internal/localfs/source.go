package localfs

import (
	"io"
	"io/fs"
	"path/filepath"
)

// Source is a file that is read for an upload. ReadAt and Unchanged may be
// called by several goroutines at once.
type Source struct {
	path string
	file *openFile
	seen status // when it was opened
}

// Open opens the file of that name below root for reading. Links are followed.
// It refuses all but regular files with ErrNotFile, and never waits for the
// other end of a pipe. The caller closes the source.
func Open(root, name string) (*Source, error) {
	path := filepath.Join(root, filepath.FromSlash(name))
	file, seen, err := openToRead(path)
	if err == nil && seen.seen != regular {
		file.Close()
		err = ErrNotFile
	}
	if err != nil {
		return nil, &fs.PathError{Op: "open", Path: path, Err: err}
	}
	return &Source{path, file, seen}, nil
}

// Size is the number of bytes when the source was opened.
func (s *Source) Size() int64 { return s.seen.size }

// ModTime is the modification time when the source was opened, in milliseconds
// since the epoch; see ModTimeMillis.
func (s *Source) ModTime() int64 { return ModTimeMillis(s.seen.sec, s.seen.nsec) }

// ModTimeNS is the same in nanoseconds.
func (s *Source) ModTimeNS() int64 { return s.seen.sec*1e9 + s.seen.nsec }

// ReadAt implements io.ReaderAt.
func (s *Source) ReadAt(p []byte, off int64) (int, error) {
	n, err := s.file.ReadAt(p, off)
	if err != nil && err != io.EOF {
		err = &fs.PathError{Op: "read", Path: s.path, Err: err}
	}
	return n, err
}

// Unchanged returns an error that wraps ErrChanged if the file's size or
// modification time is no longer what it was, or if another file, or none, has
// its name by now.
func (s *Source) Unchanged() error {
	now, same := s.file.isAt(s.path)
	if !same || now.size != s.seen.size || now.sec != s.seen.sec || now.nsec != s.seen.nsec {
		return &fs.PathError{Op: "read", Path: s.path, Err: ErrChanged}
	}
	return nil
}

// Close closes the file.
func (s *Source) Close() error { return s.file.Close() }
