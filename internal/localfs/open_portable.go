//go:build !(linux || darwin || freebsd || netbsd || openbsd || dragonfly)

package localfs

import (
	"io/fs"
	"os"
)

// openFile is a file that is open for reading.
type openFile struct {
	file *os.File
	info fs.FileInfo
}

// openToRead opens a file, or whatever it is, and looks at it.
func openToRead(path string) (*openFile, status, error) {
	file, err := os.Open(path)
	if err != nil {
		return nil, status{}, cause(err)
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, status{}, cause(err)
	}
	return &openFile{file, info}, statusOf(info), nil
}

// ReadAt implements io.ReaderAt.
func (f *openFile) ReadAt(p []byte, off int64) (int, error) {
	n, err := f.file.ReadAt(p, off)
	return n, cause(err)
}

// isAt looks at what is at a path, and says whether it is this file.
func (f *openFile) isAt(path string) (now status, same bool) {
	info, err := os.Stat(path)
	if err != nil {
		return status{}, false
	}
	return statusOf(info), os.SameFile(info, f.info)
}

// Close closes the file.
func (f *openFile) Close() error { return f.file.Close() }
