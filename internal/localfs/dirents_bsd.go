//go:build darwin || freebsd || netbsd || openbsd || dragonfly

package localfs

import (
	"io"
	"os"
)

// dirBuffer is not needed here: the standard library has its own.
type dirBuffer struct{}

// read calls add for each name of the folder, in no order, until add says to
// stop. The name is good only during the call.
func (d *dir) read(_ *dirBuffer, add func(name []byte, seen sight) bool) error {
	fd, err := openFolder(d.fd, ".", false)
	if err != nil {
		return err
	}
	folder := os.NewFile(uintptr(fd), ".")
	defer folder.Close()
	for {
		entries, err := folder.ReadDir(512)
		for _, e := range entries {
			if !add([]byte(e.Name()), sightOfType(e.Type())) {
				return nil
			}
		}
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return err
		}
	}
}
