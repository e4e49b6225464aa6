package localfs

import (
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
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
