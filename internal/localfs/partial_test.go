//go:build linux || darwin || freebsd

package localfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync"
	"testing"
)

// partial begins a file by Continue, writes to it and keeps it.
func partial(t *testing.T, r *Root, name string, v Version, off int64, content string) {
	t.Helper()
	temp, err := r.Continue(name, v, false)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := temp.WriteAt([]byte(content), off); err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(temp.Note(Span{off, off + int64(len(content))}), temp.Keep(), temp.Keep()); err != nil {
		t.Fatal(err)
	}
	temp.Abort() // does nothing
}

var film = Version{ID: "4_z", Size: 10, SHA1: "s"}

func TestContinue(t *testing.T) {
	r, root, _ := openRoot(t)
	partial(t, r, "d/f", film, 0, "hello")
	partial(t, r, "d/f", film, 7, "xyz")
	temp, err := r.Continue("d/f", film, true)
	if err != nil {
		t.Fatal(err)
	}
	if got := fmt.Sprint(temp.Have()); got != "[{0 5} {7 10}]" {
		t.Errorf("have %s", got)
	}
	wantErr(t, "a second one", func() error { _, err := r.Continue("d/f", film, false); return err }(), ErrBusy)
	temp.WriteAt([]byte("--"), 5)
	if err := errors.Join(temp.Note(Span{5, 7}), temp.Commit(0, true)); err != nil {
		t.Fatal(err)
	}
	wantTree(t, root, "d--------- d", "---------- d/f = hello--xyz")
}

// What is there counts for the very version only, and only as far as it is
// really there.
func TestContinueStartsOver(t *testing.T) {
	part, journal := tempName("f"), journalName(tempName("f"))
	for what, spoil := range map[string]func(r *Root, root string) error{
		"another id":       func(*Root, string) error { return nil },
		"no part":          func(_ *Root, root string) error { return os.Remove(filepath.Join(root, part)) },
		"short part":       func(_ *Root, root string) error { return os.Truncate(filepath.Join(root, part), 4) },
		"long part":        func(_ *Root, root string) error { return os.Truncate(filepath.Join(root, part), film.Size+1) },
		"no journal":       func(_ *Root, root string) error { return os.Remove(filepath.Join(root, journal)) },
		"journal is over":  func(_ *Root, root string) error { return appendTo(filepath.Join(root, journal), "over\n") },
		"garbage":          func(_ *Root, root string) error { return appendTo(filepath.Join(root, journal), "\xff\n") },
		"journal is huge":  func(_ *Root, root string) error { return os.Truncate(filepath.Join(root, journal), 1<<30) },
		"another's":        func(_ *Root, root string) error { return replaceIn(filepath.Join(root, journal), `"f"`, `"g"`) },
		"written meantime": func(r *Root, _ string) error { return write(r, "f", "whole") },
		"another was half": func(r *Root, _ string) error {
			temp, err := r.Create("f") // a small one; its process is killed
			if err != nil {
				return err
			}
			temp.WriteAt([]byte("0123456789"), 0)
			return temp.file.Close()
		},
	} {
		t.Run(what, func(t *testing.T) {
			r, root, _ := openRoot(t)
			partial(t, r, "f", film, 0, "hello")
			if err := spoil(r, root); err != nil {
				t.Fatal(err)
			}
			v := film
			if what == "another id" {
				v.ID += "x"
			}
			temp, err := r.Continue("f", v, false)
			if err != nil {
				t.Fatal(err)
			}
			if len(temp.Have()) > 0 {
				t.Errorf("have %v", temp.Have())
			}
			temp.Abort()
			for _, name := range []string{part, journal} {
				if _, err := os.Lstat(filepath.Join(root, name)); !errors.Is(err, fs.ErrNotExist) {
					t.Errorf("%s is left", name)
				}
			}
		})
	}
}

func appendTo(path, text string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, append(b, text...), 0o666)
}

func replaceIn(path, old, now string) error {
	b, err := os.ReadFile(path)
	if err != nil {
		return err
	}
	return os.WriteFile(path, bytes.ReplaceAll(b, []byte(old), []byte(now)), 0o666)
}

// A journal that is a link is replaced, not followed.
func TestContinueLinkedJournal(t *testing.T) {
	r, root, _ := openRoot(t, "precious")
	if err := os.Symlink("precious", filepath.Join(root, journalName(tempName("f")))); err != nil {
		t.Fatal(err)
	}
	partial(t, r, "f", film, 0, "0123456789")
	if b, _ := os.ReadFile(filepath.Join(root, "precious")); string(b) != "precious" {
		t.Errorf("the link's target is %q", b)
	}
}

func TestStartOver(t *testing.T) {
	r, _, _ := openRoot(t)
	partial(t, r, "f", film, 0, "hello")
	temp, err := r.Continue("f", film, false)
	if err != nil {
		t.Fatal(err)
	}
	if err := errors.Join(temp.StartOver(), temp.Keep()); err != nil {
		t.Fatal(err)
	}
	if temp, err = r.Continue("f", film, false); err != nil || len(temp.Have()) > 0 {
		t.Errorf("have %v, %v", temp.Have(), err)
	}
	temp.Abort()
}

func TestSweep(t *testing.T) {
	r, root, _ := openRoot(t)
	partial(t, r, "wanted", film, 0, "hello")
	partial(t, r, "d/gone", film, 0, "hello")
	plant(t, root, "d/"+tempName("killed"), "d/"+journalName(tempName("alone")), tempName("folder")+"/")
	busy, err := r.Continue("busy", film, false)
	if err != nil {
		t.Fatal(err)
	}
	var seen []string
	var mu sync.Mutex
	for range scanned(t, root, ScanOptions{Temp: func(name string) {
		mu.Lock()
		defer mu.Unlock()
		seen = append(seen, name)
	}}) {
	}
	if len(seen) != 8 {
		t.Errorf("the scan told of %q", seen)
	}
	asked := map[string]bool{}
	for _, name := range append(seen, tempName("folder")) {
		if err := r.Sweep(name, func(target string) bool { asked[target] = true; return target == "wanted" }); err != nil {
			t.Error(err)
		}
	}
	if len(asked) != 2 || !asked["wanted"] || !asked["d/gone"] {
		t.Errorf("asked for %v", asked)
	}
	for _, name := range []string{tempName("wanted"), journalName(tempName("wanted")), tempName("busy"), journalName(tempName("busy")), tempName("folder")} {
		if _, err := os.Lstat(filepath.Join(root, name)); err != nil {
			t.Errorf("swept away: %v", err)
		}
	}
	busy.Abort()
	if entries, _ := os.ReadDir(filepath.Join(root, "d")); len(entries) > 0 {
		t.Errorf("left: %v", entries)
	}
	for _, name := range []string{"d/x", ""} {
		wantErr(t, "Sweep "+name, r.Sweep(name, nil), ErrBadName)
	}
	if err := r.Sweep("../"+tempName("x"), nil); err == nil {
		t.Error("swept outside the root")
	}
}
