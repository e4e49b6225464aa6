//go:build linux || darwin || freebsd

package localfs

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"syscall"
	"testing"

	"pgregory.net/rapid"
)

// openRoot opens a fresh folder, beside an outside that must never change.
func openRoot(t testing.TB, lines ...string) (r *Root, root, outside string) {
	t.Helper()
	dir := t.TempDir()
	root, outside = filepath.Join(dir, "root"), filepath.Join(dir, "outside")
	plant(t, root, append(lines, "./")...)
	plant(t, outside, "secret", "dir/x")
	r, err := OpenRoot(root, false)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { r.Close() })
	return r, root, outside
}

// write makes a file whole.
func write(r *Root, name, content string) error {
	temp, err := r.Create(name)
	if err != nil {
		return err
	}
	defer temp.Abort()
	if _, err := temp.WriteAt([]byte(content), 0); err != nil {
		return err
	}
	return temp.Commit(1700000000123, false)
}

func wantErr(t *testing.T, what string, got, want error) {
	t.Helper()
	if !errors.Is(got, want) {
		t.Errorf("%s: got %v, want %v", what, got, want)
	}
	if pe, ok := errors.AsType[*fs.PathError](got); want != nil && (!ok || !filepath.IsAbs(pe.Path)) {
		t.Errorf("%s: %v does not carry a full path", what, got)
	}
}

func wantTree(t *testing.T, root string, want ...string) {
	t.Helper()
	got := strings.TrimSpace(harvest(t, root))
	if want := strings.Join(append([]string{"d--------- ."}, want...), "\n"); got != want {
		t.Errorf("got\n%s\nwant\n%s", got, want)
	}
}

func TestOpenRoot(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, "file", "real/", "link -> real", "broken -> gone")
	for name, want := range map[string]error{
		"file": ErrNotDir, "file/below": ErrNotDir, "missing": fs.ErrNotExist, "real": nil, "link": nil,
	} {
		r, err := OpenRoot(filepath.Join(dir, name), false)
		if !errors.Is(err, want) {
			t.Errorf("%s: %v", name, err)
		}
		if err == nil {
			r.Close()
		}
	}
	if r, err := OpenRoot(filepath.Join(dir, "new"), true); err != nil {
		t.Error(err)
	} else if err := write(r, "f", "x"); err != nil {
		t.Error(err)
	}
	if _, err := OpenRoot(filepath.Join(dir, "no/such"), true); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("made a folder two levels down: %v", err)
	}
}

func TestCreate(t *testing.T) {
	r, root, _ := openRoot(t, "old", "target", "link -> target")
	temp, err := r.Create("a/b/new")
	if err != nil {
		t.Fatal(err)
	}
	temp.WriteAt([]byte("world"), 6)
	temp.WriteAt([]byte("hello "), 0)
	wantTree(t, root, "d--------- a", "d--------- a/b", "---------- a/b/"+tempName("new")+" = hello world",
		"L--------- link -> target", "---------- old = old", "---------- target = target")
	for range scanned(t, filepath.Join(root, "a/b"), ScanOptions{}) {
		t.Error("a scan sees the temporary file")
	}
	back := make([]byte, 5)
	if _, err := temp.ReadAt(back, 6); err != nil || string(back) != "world" {
		t.Errorf("read back %q, %v", back, err)
	}
	if err := temp.Commit(1700000000001, true); err != nil {
		t.Fatal(err)
	}
	temp.Abort() // does nothing
	for _, name := range []string{"old", "link"} {
		if err := write(r, name, "replaced"); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantTree(t, root, "d--------- a", "d--------- a/b", "---------- a/b/new = hello world",
		"---------- link = replaced", "---------- old = replaced", "---------- target = target")

	src, err := Open(root, "a/b/new")
	if err != nil {
		t.Fatal(err)
	}
	defer src.Close()
	if src.ModTime() != 1700000000001 {
		t.Errorf("modification time %d", src.ModTime())
	}
}

func TestCreateModes(t *testing.T) {
	r, root, _ := openRoot(t)
	old := syscall.Umask(0o027)
	defer syscall.Umask(old)
	if err := write(r, "d/f", "x"); err != nil {
		t.Fatal(err)
	}
	for name, want := range map[string]fs.FileMode{"d": 0o750, "d/f": 0o640} {
		if info, err := os.Stat(filepath.Join(root, name)); err != nil || info.Mode().Perm() != want {
			t.Errorf("%s: %v, %v", name, info.Mode(), err)
		}
	}
}

func TestCreateBlocked(t *testing.T) {
	r, root, outside := openRoot(t, "file", "dir/x", "empty/", "tofile -> file", "todir -> dir", "broken -> gone")
	plant(t, root, "away -> "+outside, "awayfile -> "+filepath.Join(outside, "secret"))
	before, beyond := harvest(t, root), harvest(t, outside)
	for name, want := range map[string]error{
		"dir": ErrIsDir, "empty": ErrIsDir, "todir": ErrLinkedFolder, "away": ErrLinkedFolder,
		"file/x": ErrNotDir, "file/x/y": ErrNotDir, "tofile/x": ErrNotDir, "awayfile/x": ErrNotDir,
		"todir/x": ErrLinkedFolder, "away/secret": ErrLinkedFolder, "away/dir/x": ErrLinkedFolder, "broken/x": ErrLinkedFolder,
		"../outside/secret": ErrBadName, "/etc/x": ErrBadName, "dir/../x": ErrBadName, "": ErrBadName, "dir/": ErrBadName,
		tempName("x"): ErrBadName,
	} {
		wantErr(t, "Create "+name, write(r, name, "bad"), want)
		if name == "dir" || name == "empty" || name == "todir" || name == "away" {
			wantErr(t, "Remove "+name, r.Remove(name), want)
		}
	}
	for name, want := range map[string]error{
		"file": ErrNotDir, "file/x": ErrNotDir, "todir": ErrLinkedFolder, "away/x": ErrLinkedFolder, "..": ErrBadName,
	} {
		wantErr(t, "MakeFolder "+name, r.MakeFolder(name), want)
	}
	wantErr(t, "Remove away/secret", r.Remove("away/secret"), ErrLinkedFolder)
	wantErr(t, "Lstat away/secret", func() error { _, err := r.Lstat("away/secret"); return err }(), ErrLinkedFolder)
	wantErr(t, "RemoveEmptyFolder away/dir", r.RemoveEmptyFolder("away/dir"), ErrLinkedFolder)
	if after := harvest(t, root); after != before {
		t.Errorf("the tree was\n%s\nand is\n%s", before, after)
	}
	if after := harvest(t, outside); after != beyond {
		t.Errorf("outside was\n%s\nand is\n%s", beyond, after)
	}
	// A link to a file is replaced, and its target is not.
	if err := write(r, "awayfile", "ours"); err != nil {
		t.Error(err)
	}
	if after := harvest(t, outside); after != beyond {
		t.Errorf("outside was\n%s\nand is\n%s", beyond, after)
	}
}

// A folder that comes into being while the file is written is not replaced.
func TestCommitBlocked(t *testing.T) {
	r, root, _ := openRoot(t)
	temp, err := r.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	plant(t, root, "f/x")
	wantErr(t, "Commit", temp.Commit(0, false), ErrIsDir)
	wantTree(t, root, "d--------- f", "---------- f/x = f/x")
}

// What has come under the name since the file was begun is replaced as what
// was there before would have been.
func TestCommitOverWhatCame(t *testing.T) {
	for _, came := range []string{"f", "f -> ../outside/secret"} {
		r, root, outside := openRoot(t)
		temp, err := r.Create("f")
		if err != nil {
			t.Fatal(err)
		}
		plant(t, root, came)
		if _, err := temp.WriteAt([]byte("new"), 0); err != nil {
			t.Fatal(err)
		}
		if err := temp.Commit(0, false); err != nil {
			t.Errorf("%s: %v", came, err)
		}
		wantTree(t, root, "---------- f = new")
		if content, err := os.ReadFile(filepath.Join(outside, "secret")); string(content) != "secret" {
			t.Errorf("outside: %q, %v", content, err)
		}
	}
}

func TestAbort(t *testing.T) {
	r, root, _ := openRoot(t, "f")
	temp, err := r.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	temp.WriteAt([]byte("half"), 0)
	temp.Abort()
	temp.Abort()
	wantTree(t, root, "---------- f = f")
}

// What a link has put under the temporary name is neither followed nor kept.
func TestCreateTemporaryNameTaken(t *testing.T) {
	for _, what := range []string{"link", "dangling link", "link inside", "pipe", "stale file", "empty folder"} {
		t.Run(what, func(t *testing.T) {
			r, root, outside := openRoot(t, "inside")
			beyond := harvest(t, outside)
			path := filepath.Join(root, tempName("f"))
			err := map[string]func() error{
				"link":          func() error { return os.Symlink(filepath.Join(outside, "secret"), path) },
				"dangling link": func() error { return os.Symlink(filepath.Join(outside, "new"), path) },
				"link inside":   func() error { return os.Symlink("inside", path) },
				"pipe":          func() error { return syscall.Mkfifo(path, 0o666) },
				"stale file":    func() error { return os.WriteFile(path, []byte("stale and long"), 0o666) },
				"empty folder":  func() error { return os.Mkdir(path, 0o777) },
			}[what]()
			if err != nil {
				t.Fatal(err)
			}
			if err := write(r, "f", "new"); err != nil {
				t.Error(err)
			}
			wantTree(t, root, "---------- f = new", "---------- inside = inside")
			if after := harvest(t, outside); after != beyond {
				t.Errorf("outside was\n%s\nand is\n%s", beyond, after)
			}
		})
	}
}

func TestCreateBusy(t *testing.T) {
	r, _, _ := openRoot(t)
	temp, err := r.Create("f")
	if err != nil {
		t.Fatal(err)
	}
	wantErr(t, "second", write(r, "f", "x"), ErrBusy)
	temp.Abort()
	if err := write(r, "f", "x"); err != nil {
		t.Error(err)
	}
}

// Of many that write one name, each result is one writer's, whole.
func TestCreateTogether(t *testing.T) {
	r, root, _ := openRoot(t)
	var all sync.WaitGroup
	for i := range 8 {
		content := strings.Repeat(string(rune('a'+i)), 100)
		all.Go(func() {
			for range 50 {
				if err := write(r, "f", content); err != nil && !errors.Is(err, ErrBusy) {
					t.Error(err)
				}
				got, err := os.ReadFile(filepath.Join(root, "f"))
				if errors.Is(err, fs.ErrNotExist) {
					continue // every one of us was busy so far
				}
				if err != nil || len(got) != 100 || strings.Trim(string(got), string(got[:1])) != "" {
					t.Errorf("%q, %v", got, err)
				}
			}
		})
	}
	all.Wait()
	if left, err := os.ReadDir(root); err != nil || len(left) != 1 {
		t.Errorf("what is left: %v, %v", left, err)
	}
}

// Folders that are removed because they are empty come back when a file needs
// them.
func TestCreateWhileFoldersAreRemoved(t *testing.T) {
	r, root, _ := openRoot(t)
	var all sync.WaitGroup
	for _, name := range []string{"a/b/x", "a/b/y", "a/c"} {
		all.Go(func() {
			for range 200 {
				if err := write(r, name, name); err != nil {
					t.Error(err)
				}
				if err := r.Remove(name); err != nil {
					t.Error(err)
				}
				if r.RemoveEmptyFolder("a/b") == nil {
					r.RemoveEmptyFolder("a")
				}
			}
		})
	}
	all.Wait()
	r.RemoveEmptyFolder("a/b")
	if err := r.RemoveEmptyFolder("a"); err != nil && !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
	wantTree(t, root)
}

func TestRemove(t *testing.T) {
	r, root, _ := openRoot(t, "f", "d/x", "link -> f", "broken -> gone", "stay")
	for _, name := range []string{"f", "d/x", "link", "broken", "missing", "no/such/folder", "stay/x"} {
		if err := r.Remove(name); err != nil {
			t.Errorf("%s: %v", name, err)
		}
	}
	wantTree(t, root, "d--------- d", "---------- stay = stay")
}

func TestRemoveEmptyFolder(t *testing.T) {
	r, root, _ := openRoot(t, "full/x", "empty/", "file", "link -> empty")
	if err := r.RemoveEmptyFolder("empty"); err != nil {
		t.Error(err)
	}
	wantErr(t, "file", r.RemoveEmptyFolder("file"), ErrNotDir)
	wantErr(t, "link", r.RemoveEmptyFolder("link"), ErrNotDir)
	wantErr(t, "missing", r.RemoveEmptyFolder("missing"), fs.ErrNotExist)
	if r.RemoveEmptyFolder("full") == nil {
		t.Error("removed a folder that was not empty")
	}
	wantTree(t, root, "---------- file = file", "d--------- full", "---------- full/x = full/x", "L--------- link -> empty")
}

func TestMakeFolder(t *testing.T) {
	r, root, _ := openRoot(t, "a/")
	for _, name := range []string{"a", "a/b/c", "a/b/c"} {
		if err := r.MakeFolder(name); err != nil {
			t.Error(err)
		}
	}
	wantTree(t, root, "d--------- a", "d--------- a/b", "d--------- a/b/c")
}

func TestLstat(t *testing.T) {
	r, _, outside := openRoot(t, "d/f")
	plant(t, r.Path(), "link -> "+outside)
	for name, want := range map[string]fs.FileMode{"d": fs.ModeDir, "d/f": 0, "link": fs.ModeSymlink} {
		if info, err := r.Lstat(name); err != nil || info.Mode().Type() != want {
			t.Errorf("%s: %v, %v", name, info, err)
		}
	}
	_, err := r.Lstat("d/gone")
	wantErr(t, "gone", err, fs.ErrNotExist)
}

func TestUnwritableFolder(t *testing.T) {
	if !inChild(t) {
		return
	}
	dropRoot(t)
	r, root, _ := openRoot(t, "d/f")
	os.Chmod(filepath.Join(root, "d"), 0o555)
	defer os.Chmod(filepath.Join(root, "d"), 0o777)
	wantErr(t, "Create", write(r, "d/new", "x"), fs.ErrPermission)
	wantErr(t, "Remove", r.Remove("d/f"), fs.ErrPermission)
	wantErr(t, "MakeFolder", r.MakeFolder("d/sub"), fs.ErrPermission)
	wantTree(t, root, "d--------- d", "---------- d/f = d/f")
}

func TestCommittedTimesReadBack(t *testing.T) {
	r, root, _ := openRoot(t)
	rapid.Check(t, func(rt *rapid.T) {
		ms := rapid.Int64Range(0, 4e12).Draw(rt, "ms")
		temp, err := r.Create("f")
		if err != nil {
			rt.Fatal(err)
		}
		if err := temp.Commit(ms, false); err != nil {
			rt.Fatal(err)
		}
		src, err := Open(root, "f")
		if err != nil {
			rt.Fatal(err)
		}
		defer src.Close()
		if src.ModTime() != ms {
			rt.Fatalf("%d reads back as %d", ms, src.ModTime())
		}
	})
}

// A maze is a root full of ways out, and what lies outside. It is planted once
// and put right after each use, for that is much quicker.
type maze struct {
	r                *Root
	root, outside    string
	inside, outsides string // what is there before each use
}

// newMaze plants the ways out.
func newMaze(t testing.TB) *maze {
	m := new(maze)
	m.r, m.root, m.outside = openRoot(t)
	m.plant(t)
	m.inside, m.outsides = harvest(t, m.root), harvest(t, m.outside)
	return m
}

func (m *maze) plant(t testing.TB) {
	plant(t, m.root, "in/f", "up -> ..", "away -> "+m.outside, "awayfile -> "+filepath.Join(m.outside, "secret"), "in/away -> "+m.outside)
}

// right puts the root right again.
func (m *maze) right(t testing.TB) {
	if harvest(t, m.root) == m.inside {
		return
	}
	entries, err := os.ReadDir(m.root)
	for _, e := range entries {
		err = errors.Join(err, os.RemoveAll(filepath.Join(m.root, e.Name())))
	}
	if err != nil {
		t.Fatal(err)
	}
	m.plant(t)
}

// FuzzRoot tries to get out of the root with names.
func FuzzRoot(f *testing.F) {
	for _, name := range []string{
		"f", "a/b/c", "", "/", "..", "../outside/secret", "a/../../outside/secret", "away/secret", "in/away/secret",
		"awayfile", "in/../away/x", "a//b", "./f", "up/outside/secret", "in/f\x00", "\xff", strings.Repeat("x", 256),
		strings.Repeat("y/", 40) + "z", "a\\..\\b", "in", "in/", tempName("f"),
	} {
		f.Add(name)
	}
	m := newMaze(f)
	f.Fuzz(func(t *testing.T, name string) {
		if strings.Count(name, "/") > 50 {
			return // a deep folder takes long, and shows nothing more
		}
		defer m.right(t)
		checked := CheckName(name)
		err := write(m.r, name, "content")
		if checked != nil && !errors.Is(err, ErrBadName) {
			t.Errorf("%q is refused (%v), but writing it says %v", name, checked, err)
		}
		if err == nil {
			if got, err := os.ReadFile(filepath.Join(m.root, name)); err != nil || string(got) != "content" {
				t.Errorf("%q was written as %q, %v", name, got, err)
			}
		}
		m.r.Lstat(name)
		m.r.Remove(name)
		m.r.MakeFolder(name)
		m.r.RemoveEmptyFolder(name)
		if after := harvest(t, m.outside); after != m.outsides {
			t.Errorf("%q: outside was\n%s\nand is\n%s", name, m.outsides, after)
		}
		if siblings, err := os.ReadDir(filepath.Dir(m.root)); err != nil || len(siblings) != 2 {
			t.Errorf("%q: beside the root are %v, %v", name, siblings, err)
		}
		for _, kept := range []string{"away", "in/away", "up"} {
			if _, err := os.Readlink(filepath.Join(m.root, kept)); err != nil {
				t.Errorf("%q: %v", name, err)
			}
		}
	})
}
