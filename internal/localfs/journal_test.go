package localfs

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

const journalHead = `b2sync 1 100 "id" "sum" "f"` + "\n"

func TestParseJournal(t *testing.T) {
	for text, want := range map[string]string{
		journalHead:                           "[]",
		journalHead + "0 10\n":                "[{0 10}]",
		journalHead + "20 30\n0 10\n10 15\n":  "[{0 15} {20 30}]",
		journalHead + "0 100\n5 7\n":          "[{0 100}]",
		journalHead + "0 10\n10 2":            "[{0 10}]", // torn
		journalHead + "0 10\nov":              "[{0 10}]",
		journalHead + "0 10\nover\n":          "over []",
		journalHead + "0 10\nover\n20 30\n":   "over []",
		journalHead + "0 101\n":               "none",
		journalHead + "10 10\n":               "none",
		journalHead + "-1 10\n":               "none",
		journalHead + "0  10\n":               "none",
		journalHead + "\n":                    "none",
		"":                                    "none",
		strings.TrimSuffix(journalHead, "\n"): "none",
		"b2sync 2" + journalHead[8:]:          "none",
		"b2sync 1 100 \"id\" \"sum\"\n":       "none",
		"b2sync 1 -1 \"\" \"\" \"\"\n":        "none",
		"b2sync 1 1 \"\" \"\" \"\" x\n":       "none",
	} {
		got := "none"
		if l, ok := parseJournal([]byte(text)); ok {
			got = fmt.Sprint(l.have)
			if l.over {
				got = "over " + got
			}
		}
		if got != want {
			t.Errorf("%q: %s, want %s", text, got, want)
		}
	}
}

// FuzzJournal holds what every reader of a journal counts on.
func FuzzJournal(f *testing.F) {
	for _, s := range []string{"", journalHead, journalHead + "0 10\n20 3", journalHead + "over\n", "b2sync 1 9223372036854775807 \"\" \"\" \"\\x00\"\n1 2\n"} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		l, ok := parseJournal(text)
		if !ok {
			return
		}
		if l.length > len(text) || l.length == 0 || text[l.length-1] != '\n' {
			t.Fatalf("length %d of %d", l.length, len(text))
		}
		last := int64(-1)
		for _, s := range l.have {
			if s.Off <= last || s.End <= s.Off || s.End > l.version.Size {
				t.Fatalf("%v", l.have)
			}
			last = s.End
		}
		again, ok := parseJournal(text[:l.length])
		if !ok || !slices.Equal(again.have, l.have) || again.version != l.version {
			t.Fatalf("%v, then %v", l, again)
		}
	})
}

// Whatever is noted in whatever order, and wherever the journal is cut, it
// never promises what was not noted; uncut and flushed, it promises all.
func TestJournalPromisesWhatWasNoted(t *testing.T) {
	dir := t.TempDir()
	rapid.Check(t, func(t *rapid.T) {
		v := Version{ID: rapid.String().Draw(t, "id"), Size: 1000, SHA1: "s"}
		path := filepath.Join(dir, "journal")
		file, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		defer file.Close()
		j, _, err := startJournal(file, v, "base", 1000)
		if err != nil {
			t.Fatal(err)
		}
		j.step = int64(rapid.IntRange(1, 200).Draw(t, "step"))
		var noted [1000]bool
		at := []int64{0, 250, 500, 750} // four streams
		for range rapid.IntRange(0, 60).Draw(t, "writes") {
			i := rapid.IntRange(0, 3).Draw(t, "stream")
			n := min(int64(rapid.IntRange(1, 90).Draw(t, "bytes")), int64(i+1)*250-at[i])
			if n == 0 {
				continue
			}
			for k := range n {
				noted[at[i]+k] = true
			}
			if err := j.note(Span{at[i], at[i] + n}); err != nil {
				t.Fatal(err)
			}
			at[i] += n
		}
		if err := j.flush(); err != nil {
			t.Fatal(err)
		}
		text, err := os.ReadFile(path)
		if err != nil {
			t.Fatal(err)
		}
		promised := func(text []byte) (n int) {
			l, _ := parseJournal(text)
			for _, s := range l.have {
				for k := s.Off; k < s.End; k++ {
					if n++; !noted[k] {
						t.Fatalf("promises byte %d, which nobody wrote:\n%s", k, text)
					}
				}
			}
			return n
		}
		all := 0
		for _, yes := range noted {
			if yes {
				all++
			}
		}
		if n := promised(text); n != all {
			t.Fatalf("promises %d of %d bytes:\n%s", n, all, text)
		}
		promised(text[:rapid.IntRange(0, len(text)).Draw(t, "cut")])
	})
}

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
