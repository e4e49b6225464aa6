//go:build linux || darwin || freebsd

package localfs

import (
	"errors"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"syscall"
	"testing"
	"time"
)

func TestOpen(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "d/f", "link -> d/f", "todir -> d")
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]error{
		"d": ErrNotFile, "todir": ErrNotFile, "pipe": ErrNotFile, "gone": fs.ErrNotExist,
	} {
		if _, err := Open(root, name); !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, name := range []string{"d/f", "link"} {
		src, err := Open(root, name)
		if err != nil {
			t.Fatal(err)
		}
		content, err := io.ReadAll(io.NewSectionReader(src, 0, src.Size()))
		if err != nil || string(content) != "d/f" || src.Size() != 3 {
			t.Errorf("%s: %q, %v", name, content, err)
		}
		if err := src.Unchanged(); err != nil {
			t.Error(err)
		}
		if err := src.Close(); err != nil {
			t.Error(err)
		}
	}
}

func TestUnchanged(t *testing.T) {
	for what, change := range map[string]func(path string) error{
		"grown":   func(path string) error { return os.Truncate(path, 100) },
		"shrunk":  func(path string) error { return os.Truncate(path, 0) },
		"touched": func(path string) error { return os.Chtimes(path, time.Time{}, time.Unix(1, 1)) },
		"removed": os.Remove,
		"replaced": func(path string) error {
			info, err := os.Stat(path)
			return errors.Join(err, os.Rename(path, path+"~"), os.WriteFile(path, []byte("f"), 0o666),
				os.Chtimes(path, time.Time{}, info.ModTime()))
		},
	} {
		root := t.TempDir()
		plant(t, root, "f")
		src, err := Open(root, "f")
		if err != nil {
			t.Fatal(err)
		}
		defer src.Close()
		if err := change(filepath.Join(root, "f")); err != nil {
			t.Fatal(err)
		}
		if err := src.Unchanged(); !errors.Is(err, ErrChanged) {
			t.Errorf("%s: %v", what, err)
		}
	}
}

// A closed source reads nothing, least of all another file that has its
// descriptor by then.
func TestReadAfterClose(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f", "other")
	src, err := Open(root, "f")
	if err != nil {
		t.Fatal(err)
	}
	if err := src.Close(); err != nil {
		t.Fatal(err)
	}
	other, err := Open(root, "other")
	if err != nil {
		t.Fatal(err)
	}
	defer other.Close()
	if n, err := src.ReadAt(make([]byte, 5), 0); n != 0 || !errors.Is(err, os.ErrClosed) {
		t.Errorf("read %d bytes, %v", n, err)
	}
	if err := src.Close(); !errors.Is(err, os.ErrClosed) {
		t.Errorf("closed twice: %v", err)
	}
}

func BenchmarkOpen(b *testing.B) {
	root := b.TempDir()
	plant(b, root, "f")
	buf := make([]byte, 1<<10)
	b.ReportAllocs()
	for b.Loop() {
		src, err := Open(root, "f")
		if err != nil {
			b.Fatal(err)
		}
		if n, _ := src.ReadAt(buf, 0); n != 1 {
			b.Fatal(n)
		}
		if err := src.Unchanged(); err != nil {
			b.Fatal(err)
		}
		src.Close()
	}
}
