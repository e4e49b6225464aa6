//go:build linux || darwin || freebsd

package localfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"path/filepath"
	"slices"
	"syscall"
	"testing"
)

func TestHasFile(t *testing.T) {
	for what, c := range map[string]struct {
		tree []string
		want bool
	}{
		"nothing":       {nil, false},
		"folders":       {[]string{"a/b/", "c/"}, false},
		"file":          {[]string{"f"}, true},
		"deep file":     {[]string{"a/b/c/f", "d/"}, true},
		"linked file":   {[]string{"../beside", "l -> ../beside"}, true},
		"linked folder": {[]string{"../beside/d/f", "l -> ../beside"}, true},
		"loop":          {[]string{"a/up -> ..", "b/up -> .."}, false},
		"broken links":  {[]string{"l -> gone", "m -> m", "n -> pipe/x"}, false},
		"temporary":     {[]string{".b2sync-0123456789abcdef.part"}, false},
	} {
		t.Run(what, func(t *testing.T) {
			root := filepath.Join(t.TempDir(), "root")
			plant(t, root, append([]string{"./"}, c.tree...)...)
			if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o666); err != nil {
				t.Fatal(err)
			}
			if got, err := HasFile(t.Context(), root); got != c.want || err != nil {
				t.Errorf("%v, %v", got, err)
			}
		})
	}
	root := t.TempDir()
	plant(t, root, "f")
	if _, err := HasFile(t.Context(), filepath.Join(root, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	if _, err := HasFile(t.Context(), filepath.Join(root, "f")); !errors.Is(err, ErrNotDir) {
		t.Error(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if _, err := HasFile(ctx, t.TempDir()); !errors.Is(err, context.Canceled) {
		t.Error(err)
	}
}

func TestTopNames(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "b/x/f", "b-/", "b/y/", "a/", "f", "l -> b")
	got, err := TopNames(root)
	if want := []string{"a/", "b-/", "b/", "b/x/", "b/y/"}; err != nil || !slices.Equal(got, want) {
		t.Errorf("%q, %v", got, err)
	}
	for i := range 100 {
		plant(t, root, fmt.Sprintf("many%03d/", i))
	}
	if got, err = TopNames(root); err != nil || len(got) != 103 || !slices.IsSorted(got) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := TopNames(filepath.Join(root, "gone")); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestCountNames(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/f", "a/b/f", "a/b/g", "a/b/c/f", "a/l -> ..", "d/f")
	for _, c := range []struct {
		folder  string
		without []string
		most    int
		want    int
	}{
		{"a/", nil, 100, 5}, // the link is not followed
		{"a/", []string{"a/b/"}, 100, 2},
		{"a/b/", []string{"a/b/", "a/b/c/"}, 100, 2},
		{"", nil, 100, 6},
		{"", nil, 3, 3},
		{"gone/", nil, 100, 0},
	} {
		if got, err := CountNames(t.Context(), root, c.folder, c.without, c.most); got != c.want || err != nil {
			t.Errorf("%q without %q: %d names, %v; want %d", c.folder, c.without, got, err, c.want)
		}
	}
	if _, err := CountNames(t.Context(), filepath.Join(root, "gone"), "", nil, 100); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

func TestGrain(t *testing.T) {
	if g := Grain(t.TempDir()); g != 1 {
		t.Errorf("grain %d", g)
	}
	if g := Grain("/no/such/folder"); g != 1 {
		t.Errorf("grain of nothing %d", g)
	}
}
