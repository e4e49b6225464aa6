package main

import (
	"crypto/rand"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"time"
)

// A wholeFile is a file in the making. It lies under a name of its own beside
// its place, and takes the place by one rename once it is whole; until then,
// whatever goes wrong, what is there stays.
type wholeFile struct {
	*os.File
	place string
}

// beginFile begins a file that is to lie at path. Through a link, the file
// behind it is replaced. The caller calls discard when it is done, committed or
// not.
func beginFile(path string) (*wholeFile, error) {
	if behind, err := filepath.EvalSymlinks(path); err == nil {
		path = behind
	}
	name := filepath.Join(filepath.Dir(path), ".b2-"+rand.Text()+".part")
	file, err := os.OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, fmt.Errorf("the folder %s does not exist", filepath.Dir(path))
	}
	if err != nil {
		return nil, err
	}
	return &wholeFile{file, path}, nil
}

// commit gives the file its place: with the mode of the file that is there, or
// else as the umask says, and with a modification time unless that is zero.
func (f *wholeFile) commit(modTime time.Time) error {
	if old, err := os.Stat(f.place); err == nil {
		if err := f.Chmod(old.Mode().Perm()); err != nil {
			return err
		}
	}
	if err := f.Close(); err != nil { // a full disk may show only now
		return err
	}
	if !modTime.IsZero() {
		if err := os.Chtimes(f.Name(), modTime, modTime); err != nil {
			return err
		}
	}
	return os.Rename(f.Name(), f.place)
}

// discard removes the file, unless it has taken its place.
func (f *wholeFile) discard() {
	f.Close()
	os.Remove(f.Name())
}
