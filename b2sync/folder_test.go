package b2sync

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"

	"github.com/bowline-sync/bowline/internal/localfs"
)

// TestWarningsOfFolders has what the reference says of names that a local
// source shows but cannot be sent.
func TestWarningsOfFolders(t *testing.T) {
	for _, c := range []struct {
		err  error
		want string
	}{
		{fs.ErrNotExist, "W/d/x could not be accessed (broken symlink?)"},
		{syscall.ENOTDIR, "W/d/x could not be accessed (broken symlink?)"}, // a link to what would lie below a file
		{syscall.ELOOP, "W/d/x could not be accessed (broken symlink?)"},   // a link to itself
		{fs.ErrPermission, "W/d/x could not be accessed (no permissions to read?)"},
		{localfs.ErrLoop, "W/d/x is a circular symlink, which was already visited. Skipping."},
		{&nameError{"W/d/x", errors.New("why")}, "W/d/x path contains invalid name (why). Skipping."},
		{localfs.ErrNotFile, "W/d/x is not a regular file. Skipping."},
		{localfs.ErrLinkedFolder, ""},
		{errors.New("odd"), "W/d/x could not be accessed (odd)"},
	} {
		e := entry{name: "d/x", kind: isHole, err: &os.PathError{Op: "scan", Path: "W/d/x", Err: c.err}}
		if c.err.Error() == "odd" {
			e.err = c.err
		}
		if got := (&folderSide{root: "W"}).warning(&e); filepath.ToSlash(got) != c.want {
			t.Errorf("%v: got %q, want %q", c.err, got, c.want)
		}
	}
}
