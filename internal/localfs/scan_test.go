//go:build linux || darwin || freebsd

package localfs

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"syscall"
	"testing"
	"time"
	"unicode/utf8"

	"pgregory.net/rapid"
)

// scanned lists what a scan found, one "Kind name" per item.
func scanned(t *testing.T, root string, o ScanOptions) []string {
	t.Helper()
	var got []string
	for item, err := range Scan(t.Context(), root, o) {
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%v %s", item.Kind, item.Name)
		if item.Link {
			line += " (link)"
		}
		for text, err := range map[string]error{
			"loop": ErrLoop, "linked folder": ErrLinkedFolder, "not UTF-8": ErrNotUTF8, "not a file": ErrNotFile,
			"missing": fs.ErrNotExist, "permission": fs.ErrPermission,
		} {
			if errors.Is(item.Err, err) {
				line += ": " + text
			}
		}
		if item.Err != nil {
			want := filepath.Join(root, item.Name)
			if pe, ok := errors.AsType[*fs.PathError](item.Err); !ok || pe.Path != want {
				t.Errorf("%s: error %q does not carry the path %s", item.Name, item.Err, want)
			}
		}
		got = append(got, line)
	}
	return got
}

func expect(t *testing.T, got []string, want ...string) {
	t.Helper()
	if !slices.Equal(got, want) {
		t.Errorf("got\n\t%s\nwant\n\t%s", strings.Join(got, "\n\t"), strings.Join(want, "\n\t"))
	}
}

func TestScanOrder(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/b", "a/sub/x", "a-b", "a.txt", "a0", "empty/", "é", "😀/y", "B")
	expect(t, scanned(t, root, ScanOptions{}),
		"File B", "File a-b", "File a.txt", "Folder a/", "File a/b", "Folder a/sub/", "File a/sub/x", "File a0",
		"Folder empty/", "File é", "Folder 😀/", "File 😀/y")
}

func TestScanRange(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a/1", "a/2", "b/1", "b/2/x", "b/3", "b.txt", "c/1", "d")
	var read []string
	o := ScanOptions{Lo: "b/2/", Hi: "c/", Readers: 1, Enter: func(name string) bool {
		read = append(read, name)
		return true
	}}
	expect(t, scanned(t, root, o), "Folder b/2/", "File b/2/x", "File b/3")
	if want := []string{"b", "b/2"}; !slices.Equal(read, want) {
		t.Errorf("read %q, want %q", read, want)
	}

	// What hides a folder that reaches into the range is told, too.
	o = ScanOptions{Lo: "b/2", Hi: "b/3", Enter: func(name string) bool { return name != "b" }}
	expect(t, scanned(t, root, o), "Excluded b/")
}

// randomTree makes a tree and returns the names that a scan of it must find.
func randomTree(t *rapid.T, root string) []string {
	name := rapid.StringOfN(rapid.SampledFrom([]rune("ab!-.0é😀 ")), 1, 4, -1).
		Filter(func(s string) bool { return s != "." && s != ".." })
	var want []string
	var grow func(folder string, depth int)
	grow = func(folder string, depth int) {
		for range rapid.IntRange(0, 7).Draw(t, "entries") {
			n := name.Draw(t, "name")
			if rapid.IntRange(0, 9).Draw(t, "odd") == 0 {
				n += "\xff"
			}
			full := folder + n
			path := filepath.Join(root, full)
			isFolder := depth > 0 && rapid.Bool().Draw(t, "folder")
			var err error
			if isFolder {
				err = os.Mkdir(path, 0o777)
				full += "/"
			} else {
				err = syscall.Mknod(path, syscall.S_IFREG|0o666, 0)
			}
			if errors.Is(err, fs.ErrExist) {
				continue
			} else if errors.Is(err, syscall.EILSEQ) {
				t.Skip("this file system holds only UTF-8")
			} else if err != nil {
				t.Fatal(err)
			}
			want = append(want, full)
			if isFolder && utf8.ValidString(n) {
				grow(full, depth-1)
			}
		}
	}
	grow("", 4)
	slices.Sort(want)
	return want
}

func TestScanOrderOfRandomTrees(t *testing.T) {
	top := t.TempDir()
	rapid.Check(t, func(rt *rapid.T) {
		root, err := os.MkdirTemp(top, "")
		if err != nil {
			rt.Fatal(err)
		}
		defer os.RemoveAll(root)
		want := randomTree(rt, root)
		readers := rapid.IntRange(1, 9).Draw(rt, "readers")
		check := func(lo, hi string, want []string) {
			var got []string
			for item, err := range Scan(t.Context(), root, ScanOptions{Lo: lo, Hi: hi, Readers: readers}) {
				if err != nil {
					rt.Fatal(err)
				}
				hole := !utf8.ValidString(filepath.Base(item.Name))
				if hole != (item.Kind == Hole) {
					rt.Fatalf("%q is a %v", item.Name, item.Kind)
				}
				// A hole that reaches into the range is told in front of it.
				if item.Name < lo && hole && strings.HasPrefix(lo, item.Name) {
					continue
				}
				got = append(got, item.Name)
			}
			if !slices.Equal(got, want) {
				rt.Fatalf("from %q to %q: got %q, want %q", lo, hi, got, want)
			}
		}
		check("", "", want)
		if len(want) == 0 {
			return
		}
		bound := rapid.OneOf(rapid.SampledFrom(want), rapid.StringOfN(rapid.SampledFrom([]rune("a/!0.")), 1, 5, -1))
		lo, hi := bound.Draw(rt, "lo"), bound.Draw(rt, "hi")
		if lo > hi {
			lo, hi = hi, lo
		}
		first, _ := slices.BinarySearch(want, lo)
		last, _ := slices.BinarySearch(want, hi)
		check("", lo, want[:first])
		check(lo, hi, want[first:last])
		check(hi, "", want[last:])
	})
}

func TestScanLinks(t *testing.T) {
	outside := t.TempDir()
	plant(t, outside, "real/x")
	root := t.TempDir()
	plant(t, root, "file", "dir/y", "tofile -> file", "todir -> dir", "away -> "+filepath.Join(outside, "real"),
		"nowhere -> gone", "nowhere.txt")
	for _, c := range []struct {
		name   string
		policy LinkPolicy
		want   []string
	}{
		{"follow", FollowLinks, []string{
			"Folder away/", "File away/x", "Folder dir/", "File dir/y", "File file",
			"Hole nowhere: missing", "File nowhere.txt", "Hole nowhere/: missing",
			"Folder todir/", "File todir/y", "File tofile (link)"}},
		{"exclude", ExcludeLinks, []string{
			"Excluded away", "Excluded away/", "Folder dir/", "File dir/y", "File file",
			"Excluded nowhere", "File nowhere.txt", "Excluded nowhere/",
			"Excluded todir", "Excluded todir/", "Excluded tofile", "Excluded tofile/"}},
		{"keep", KeepLinks, []string{
			"Hole away: linked folder", "Hole away/: linked folder", "Folder dir/", "File dir/y", "File file",
			"Hole nowhere: missing", "File nowhere.txt", "Hole nowhere/: missing",
			"Hole todir: linked folder", "Hole todir/: linked folder", "File tofile (link)"}},
	} {
		t.Run(c.name, func(t *testing.T) {
			expect(t, scanned(t, root, ScanOptions{Links: c.policy}), c.want...)
		})
	}
}

func TestScanLinkedFileIsItsTarget(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "target", "link -> target")
	then := time.Unix(1700000000, 527999983)
	if err := os.Chtimes(filepath.Join(root, "target"), then, then); err != nil {
		t.Fatal(err)
	}
	for _, policy := range []LinkPolicy{FollowLinks, KeepLinks} {
		for item, err := range Scan(t.Context(), root, ScanOptions{Links: policy}) {
			if err != nil {
				t.Fatal(err)
			}
			if item.Size != 6 || item.ModTimeNS != then.UnixNano() || item.ModTime != 1700000000528 || item.Ino == 0 || item.Dev == 0 || item.CTimeNS == 0 {
				t.Errorf("%v: %+v", policy, item)
			}
		}
	}
}

// A link to a folder above is followed once, and a loop is seen where the
// reference sees it.
func TestScanLoop(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f", "loop/up -> ..")
	expect(t, scanned(t, root, ScanOptions{}),
		"File f", "Folder loop/", "Folder loop/up/", "File loop/up/f", "Folder loop/up/loop/", "Hole loop/up/loop/up/: loop")

	// A root that is a link has been visited.
	link := filepath.Join(t.TempDir(), "root")
	if err := os.Symlink(root, link); err != nil {
		t.Fatal(err)
	}
	expect(t, scanned(t, link, ScanOptions{}), "File f", "Folder loop/", "Hole loop/up/: loop")
}

func TestScanDiamond(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "dir/x", "one -> dir", "two -> dir")
	expect(t, scanned(t, root, ScanOptions{}),
		"Folder dir/", "File dir/x", "Folder one/", "File one/x", "Folder two/", "File two/x")
}

func TestScanSelfLink(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "self -> self", "f")
	got := scanned(t, root, ScanOptions{})
	expect(t, got, "File f", "Hole self", "Hole self/")
}

func TestScanExcludes(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "b", "dir/x", "skip/x", "ldir -> dir", "lfile -> a", "broken -> gone")
	got := func(keep, enter string) []string {
		return scanned(t, root, ScanOptions{
			Keep:  func(name string) bool { return !slices.Contains(strings.Fields(keep), name) },
			Enter: func(name string) bool { return !slices.Contains(strings.Fields(enter), name) },
		})
	}
	expect(t, got("b broken", "skip"),
		"File a", "Excluded b", "Excluded broken", "Excluded broken/", "Folder dir/", "File dir/x",
		"Folder ldir/", "File ldir/x", "File lfile (link)", "Excluded skip/")
	expect(t, got("dir/x ldir/x lfile a b", "ldir broken"),
		"Excluded a", "Excluded b", "Hole broken: missing", "Excluded broken/", "Folder dir/", "Excluded dir/x",
		"Excluded ldir/", "Excluded lfile", "Folder skip/", "File skip/x")
	// It is the same in a scan that begins between the two.
	expect(t, scanned(t, root, ScanOptions{Lo: "broken/", Hi: "c", Keep: func(name string) bool { return name != "broken" }}), "Excluded broken/")
	// A link's file rule says nothing about the folder that it leads to.
	expect(t, got("ldir", "dir skip"),
		"File a", "File b", "Hole broken: missing", "Hole broken/: missing", "Excluded dir/",
		"Folder ldir/", "File ldir/x", "File lfile (link)", "Excluded skip/")
}

func TestScanSpecial(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "f", "to -> pipe")
	if err := syscall.Mkfifo(filepath.Join(root, "pipe"), 0o666); err != nil {
		t.Fatal(err)
	}
	expect(t, scanned(t, root, ScanOptions{}), "File f", "Special pipe: not a file", "Special to: not a file")
}

func TestScanPassesOverTemporaryFiles(t *testing.T) {
	root := t.TempDir()
	plant(t, root, ".b2sync-0123456789abcdef.part", ".b2sync-0123456789abcdef.journal", "x.b2.sync.tmp",
		".b2sync-0123456789abcdef.part2", ".b2sync-0123456789ABCDEF.part", ".b2sync-short.part", "d.b2.sync.tmp/x")
	expect(t, scanned(t, root, ScanOptions{}),
		"File .b2sync-0123456789ABCDEF.part", "File .b2sync-0123456789abcdef.part2", "File .b2sync-short.part",
		"Folder d.b2.sync.tmp/", "File d.b2.sync.tmp/x")
}

// A folder that goes away between being listed and being read is a hole, and
// the rest is scanned. This hits every user, root too.
func TestScanVanishingFolder(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "d/x", "z")
	got := scanned(t, root, ScanOptions{Enter: func(name string) bool {
		os.RemoveAll(filepath.Join(root, name))
		return true
	}})
	expect(t, got, "File a", "Hole d/: missing", "File z")
}

// A file that goes away between being listed and being looked at protects
// itself.
func TestScanVanishingFile(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "gone", "gone.", "z")
	got := scanned(t, root, ScanOptions{Keep: func(name string) bool {
		if name == "gone" {
			os.Remove(filepath.Join(root, name))
		}
		return true
	}})
	expect(t, got, "File a", "Hole gone: missing", "File gone.", "Hole gone/: missing", "File z")
}

// A file that is replaced between being listed and being looked at is what it
// is by then.
func TestScanReplacedFile(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "now", "target")
	got := scanned(t, root, ScanOptions{Keep: func(name string) bool {
		if name == "now" {
			path := filepath.Join(root, name)
			if os.Remove(path) == nil {
				os.Mkdir(path, 0o777)
			}
		}
		return true
	}})
	expect(t, got, "Folder now/", "File target")
}

func TestScanPermission(t *testing.T) {
	if !inChild(t) {
		return
	}
	dropRoot(t)
	root := t.TempDir()
	plant(t, root, "closed/x", "listed/f", "listed/sub/x", "open/x", "secret")
	for name, mode := range map[string]fs.FileMode{"closed": 0, "listed": 0o444, "secret": 0} {
		path := filepath.Join(root, name)
		os.Chmod(path, mode)
		t.Cleanup(func() { os.Chmod(path, 0o777) })
	}
	expect(t, scanned(t, root, ScanOptions{}),
		"Hole closed/: permission", "Folder listed/",
		"Hole listed/f: permission", "Hole listed/f/: permission", "Hole listed/sub/: permission",
		"Folder open/", "File open/x", "File secret")

	_, err := Open(root, "secret")
	if !errors.Is(err, fs.ErrPermission) {
		t.Errorf("open: %v", err)
	}
	for _, err := range Scan(t.Context(), filepath.Join(root, "closed"), ScanOptions{}) {
		if !errors.Is(err, fs.ErrPermission) {
			t.Errorf("scan of an unreadable root: %v", err)
		}
	}
	os.Remove(filepath.Join(root, "open/x"))
	os.Chmod(filepath.Join(root, "secret"), 0o666)
	os.Remove(filepath.Join(root, "secret"))
	os.Chmod(filepath.Join(root, "listed"), 0)
	found, err := HasFile(t.Context(), root)
	if found || !errors.Is(err, fs.ErrPermission) {
		t.Errorf("HasFile = %v, %v", found, err)
	}
}

// Descriptors that run out are waited for; they are no holes.
func TestScanWithFewDescriptors(t *testing.T) {
	if !inChild(t) {
		return
	}
	root := t.TempDir()
	var want []string
	for i := range 100 {
		dir := fmt.Sprintf("d%02d/", i)
		plant(t, root, dir+"f")
		want = append(want, "Folder "+dir, "File "+dir+"f")
	}
	limit := &syscall.Rlimit{Cur: 64, Max: 64}
	if err := syscall.Setrlimit(syscall.RLIMIT_NOFILE, limit); err != nil {
		t.Fatal(err)
	}
	var eaten []*os.File
	for {
		f, err := os.Open(root)
		if err != nil {
			break
		}
		eaten = append(eaten, f)
	}
	defer func() {
		for _, f := range eaten {
			f.Close()
		}
	}()
	for _, f := range eaten[:3] {
		f.Close()
	}
	expect(t, scanned(t, root, ScanOptions{}), want...)

	// None at all, for a while.
	eaten[3].Close()
	seq := Scan(t.Context(), root, ScanOptions{})
	first := true
	var got []string
	var rest []*os.File
	for item, err := range seq {
		if err != nil {
			t.Fatal(err)
		}
		if first {
			for {
				f, err := os.Open(root)
				if err != nil {
					break
				}
				rest = append(rest, f)
			}
			time.AfterFunc(50*time.Millisecond, func() {
				for _, f := range rest {
					f.Close()
				}
			})
			first = false
		}
		got = append(got, fmt.Sprintf("%v %s", item.Kind, item.Name))
	}
	expect(t, got, want...)
}

func TestScanRoot(t *testing.T) {
	dir := t.TempDir()
	plant(t, dir, "file", "real/x", "link -> real", "broken -> gone")
	for name, want := range map[string]error{
		"missing": fs.ErrNotExist, "broken": fs.ErrNotExist, "file": ErrNotDir, "file/below": ErrNotDir,
	} {
		n := 0
		for item, err := range Scan(t.Context(), filepath.Join(dir, name), ScanOptions{}) {
			n++
			if !errors.Is(err, want) {
				t.Errorf("%s: %v, %v", name, item, err)
			}
		}
		if n != 1 {
			t.Errorf("%s: %d items", name, n)
		}
	}
	for _, policy := range []LinkPolicy{FollowLinks, ExcludeLinks, KeepLinks} {
		expect(t, scanned(t, filepath.Join(dir, "link"), ScanOptions{Links: policy}), "File x")
	}
}

func TestScanCancelled(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "b/x", "c/y", "d")
	why := errors.New("enough")
	ctx, cancel := context.WithCancelCause(t.Context())
	var last error
	for _, err := range Scan(ctx, root, ScanOptions{}) {
		if last != nil {
			t.Error("an item after the error")
		}
		cancel(why)
		last = err
	}
	// What had been read may still come; then the cause does.
	if last != nil && !errors.Is(last, why) {
		t.Errorf("ended with %v", last)
	}
	ctx, cancel = context.WithCancelCause(t.Context())
	cancel(why)
	for item, err := range Scan(ctx, root, ScanOptions{}) {
		if !errors.Is(err, why) {
			t.Errorf("%v, %v", item, err)
		}
	}
}

func TestScanTwiceAndBreak(t *testing.T) {
	root := t.TempDir()
	plant(t, root, "a", "b/x", "c/y", "d")
	seq := Scan(t.Context(), root, ScanOptions{})
	for range seq {
		break
	}
	n := 0
	for range seq {
		n++
	}
	if n != 6 {
		t.Errorf("second pass: %d items", n)
	}
}

func TestModTimeMillis(t *testing.T) {
	// Computed by Python: int((sec + 1e-9*nsec) * 1000).
	for _, c := range []struct{ sec, nsec, want int64 }{
		{0, 0, 0},
		{1, 1000000, 1000},
		{1700000000, 527999983, 1700000000528},
		{1700000000, 1000000, 1700000000001},
		{1600000001, 999999999, 1600000002000},
		{1600000000, 123456789, 1600000000123},
		{-1, 500000000, -500},
		{253402300799, 999000000, 253402300799999},
	} {
		if got := ModTimeMillis(c.sec, c.nsec); got != c.want {
			t.Errorf("ModTimeMillis(%d, %d) = %d, want %d", c.sec, c.nsec, got, c.want)
		}
	}
}

func TestTimeOfMillisReadsBack(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		ms := rapid.Int64Range(FirstModTime, 8e12).Draw(t, "ms")
		back := timeOfMillis(ms)
		if got := ModTimeMillis(back.Unix(), int64(back.Nanosecond())); got != ms {
			t.Fatalf("%d reads back as %d", ms, got)
		}
		if d := back.Sub(time.UnixMilli(ms)).Abs(); d > time.Millisecond {
			t.Fatalf("%d is off by %v", ms, d)
		}
	})
}
