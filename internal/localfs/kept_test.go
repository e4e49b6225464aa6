//go:build linux || darwin || freebsd

package localfs

import (
	"fmt"
	"os"
	"path/filepath"
	"testing"
)

// A folder that is open for the next file may be moved, replaced or removed
// meanwhile. The file belongs where its name is.
func TestKeptFolder(t *testing.T) {
	for name, c := range map[string]struct {
		change func(root, outside string) error
		want   error
		tree   []string
	}{
		"left alone": {
			change: func(string, string) error { return nil },
			tree:   []string{"d--------- a", "---------- a/one = 1", "---------- a/two = 2"},
		},
		"moved away": {
			change: func(root, outside string) error { return os.Rename(root+"/a", outside+"/a") },
			tree:   []string{"d--------- a", "---------- a/two = 2"},
		},
		"replaced by a link to it": {
			change: func(root, outside string) error {
				if err := os.Rename(root+"/a", outside+"/a"); err != nil {
					return err
				}
				return os.Symlink(outside+"/a", root+"/a")
			},
			want: ErrLinkedFolder,
		},
		"removed": {
			change: func(root, _ string) error { return os.RemoveAll(root + "/a") },
			tree:   []string{"d--------- a", "---------- a/two = 2"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			r, root, outside := openRoot(t)
			if err := write(r, "a/one", "1"); err != nil {
				t.Fatal(err)
			}
			if err := c.change(root, outside); err != nil {
				t.Fatal(err)
			}
			wantErr(t, "the next file", write(r, "a/two", "2"), c.want)
			if c.want == nil {
				wantTree(t, root, c.tree...)
			}
			if _, err := os.Lstat(filepath.Join(outside, "a", "two")); err == nil {
				t.Error("the file followed its folder out of the root")
			}
		})
	}
}

// However many folders files are made in, few stay open, and none when the
// root is closed.
func TestKeptFoldersAreFew(t *testing.T) {
	r, _, _ := openRoot(t)
	for i := range 3 * mostKept {
		if err := write(r, fmt.Sprintf("d%d/f", i), "x"); err != nil {
			t.Fatal(err)
		}
	}
	if len(r.kept) != mostKept {
		t.Errorf("%d folders are open, want %d", len(r.kept), mostKept)
	}
	kept := r.kept[0]
	r.Close()
	if len(r.kept) != 0 || kept.users != 0 {
		t.Errorf("after closing, %d folders are kept, and the first has %d users", len(r.kept), kept.users)
	}
}
