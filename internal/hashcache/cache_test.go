package hashcache

import (
	"bytes"
	"fmt"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/bowline-sync/bowline/b2sync"
)

const (
	sumA = "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
	sumB = "bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb"
)

// clock is a time that tests set.
type clock struct{ time.Time }

func (c *clock) now() time.Time { return c.Time }

func newClock() *clock { return &clock{time.Unix(1_700_000_000, 0)} }

// state is a file that was changed long before the clock's time.
func state(ino uint64) b2sync.FileState {
	return b2sync.FileState{Dev: 5, Ino: ino, Size: 7, ModTimeNS: 1_600_000_000_000_000_001, ChangedNS: 1_600_000_000_000_000_002}
}

func opened(t *testing.T, dir string, c *clock) *Cache {
	t.Helper()
	cache, err := open(dir, c.now)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cache.Close() })
	return cache
}

func closed(t *testing.T, c *Cache) {
	t.Helper()
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

func wantHash(t *testing.T, c *Cache, s b2sync.FileState, want string) {
	t.Helper()
	if got, ok := c.Recall(s); got != want || ok != (want != "") {
		t.Errorf("%+v: recalled %q, %v; want %q", s, got, ok, want)
	}
}

// TestRecall: a hash counts for the state it was remembered with, in this run
// and in later ones.
func TestRecall(t *testing.T) {
	dir, now := t.TempDir(), newClock()
	c := opened(t, dir, now)
	s := state(1)
	c.Remember(s, sumA)
	for range 2 {
		wantHash(t, c, s, sumA)
		for name, change := range map[string]func(*b2sync.FileState){
			"device":  func(s *b2sync.FileState) { s.Dev++ },
			"inode":   func(s *b2sync.FileState) { s.Ino++ },
			"size":    func(s *b2sync.FileState) { s.Size++ },
			"mtime":   func(s *b2sync.FileState) { s.ModTimeNS++ },
			"ctime":   func(s *b2sync.FileState) { s.ChangedNS++ },
			"unknown": func(s *b2sync.FileState) { s.ChangedNS = 0 },
		} {
			other := s
			change(&other)
			if sum, ok := c.Recall(other); ok {
				t.Errorf("another %s: recalled %s", name, sum)
			}
		}
		closed(t, c)
		c = opened(t, dir, now)
	}
	c.Remember(s, sumB)
	wantHash(t, c, s, sumB)
}

// TestNotRemembered: what does not tell one content from the next is not kept.
func TestNotRemembered(t *testing.T) {
	now := newClock()
	c := opened(t, t.TempDir(), now)
	young := state(1)
	young.ChangedNS = now.Add(-settled + 1).UnixNano()
	noTime, noInode := state(2), state(0)
	noTime.ChangedNS = 0
	for _, s := range []b2sync.FileState{young, noTime, noInode} {
		c.Remember(s, sumA)
		wantHash(t, c, s, "")
	}
	c.Remember(state(3), "none")
	wantHash(t, c, state(3), "")
}

// TestNoCache: a nil cache remembers nothing, and so does a closed one.
func TestNoCache(t *testing.T) {
	var none *Cache
	none.Remember(state(1), sumA)
	wantHash(t, none, state(1), "")
	closed(t, none)
	c := opened(t, t.TempDir(), newClock())
	closed(t, c)
	c.Remember(state(1), sumA)
	wantHash(t, c, state(1), "")
	closed(t, c)
}

// TestInUse: whoever finds the cache in use is told at once, and can go on
// without; what the other remembers is not touched.
func TestInUse(t *testing.T) {
	dir, now := t.TempDir(), newClock()
	first := opened(t, dir, now)
	first.Remember(state(1), sumA)
	if second, err := open(dir, now.now); err == nil {
		second.Close()
		t.Fatal("the cache was opened twice")
	}
	closed(t, first)
	wantHash(t, opened(t, dir, now), state(1), sumA)
}

// TestNoFolder: a folder that cannot be made is an error of Open.
func TestNoFolder(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if c, err := Open(filepath.Join(file, "state")); err == nil {
		c.Close()
		t.Fatal("a cache below a file")
	}
}

// TestDamaged: a damaged file is begun anew, in this run or in the next one.
func TestDamaged(t *testing.T) {
	fill := func(t *testing.T) (dir, path string) {
		dir = t.TempDir()
		c := opened(t, dir, newClock())
		for i := range uint64(5000) {
			c.Remember(state(i+1), sumA)
		}
		closed(t, c)
		return dir, filepath.Join(dir, FileName)
	}
	page := int64(os.Getpagesize())
	for name, spoil := range map[string]func(f *os.File, size int64) error{
		"empty":    func(f *os.File, _ int64) error { return f.Truncate(0) },
		"cut off":  func(f *os.File, size int64) error { return f.Truncate(2 * page) },
		"shorter":  func(f *os.File, size int64) error { return f.Truncate(size / 2 / page * page) },
		"one byte": func(f *os.File, _ int64) error { return f.Truncate(1) },
		"no meta": func(f *os.File, _ int64) error {
			_, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(2*page)), 0)
			return err
		},
		"no pages": func(f *os.File, size int64) error {
			_, err := f.WriteAt(bytes.Repeat([]byte{0xa5}, int(size-2*page)), 2*page)
			return err
		},
	} {
		t.Run(name, func(t *testing.T) {
			dir, path := fill(t)
			f, err := os.OpenFile(path, os.O_RDWR, 0)
			if err != nil {
				t.Fatal(err)
			}
			info, _ := f.Stat()
			if err := spoil(f, info.Size()); err != nil {
				t.Fatal(err)
			}
			f.Close()
			now := newClock()
			if c, err := open(dir, now.now); err == nil {
				for i := range uint64(5000) {
					if sum, ok := c.Recall(state(i + 1)); ok && sum != sumA {
						t.Fatalf("recalled %s", sum)
					}
				}
				c.Remember(state(9999), sumB)
				if err := c.Close(); err != nil {
					t.Log(err)
				}
			}
			c := opened(t, dir, now)
			c.Remember(state(1), sumB)
			wantHash(t, c, state(1), sumB)
			closed(t, c)
		})
	}
}

// TestForgets: what no run has seen for long is dropped, what is seen stays.
func TestForgets(t *testing.T) {
	dir, now := t.TempDir(), newClock()
	c := opened(t, dir, now)
	c.Remember(state(1), sumA)
	c.Remember(state(2), sumB)
	closed(t, c)
	for range 8 {
		now.Time = now.Add(31 * 24 * time.Hour)
		c = opened(t, dir, now)
		wantHash(t, c, state(1), sumA)
		closed(t, c)
	}
	c = opened(t, dir, now)
	wantHash(t, c, state(1), sumA)
	wantHash(t, c, state(2), "")
}

// TestFull: a full cache takes nothing new, and goes on with what it has.
func TestFull(t *testing.T) {
	dir, now := t.TempDir(), newClock()
	c := opened(t, dir, now)
	c.Remember(state(1), sumA)
	closed(t, c)
	c = opened(t, dir, now)
	c.most = 1
	c.Remember(state(1), sumB)
	c.Remember(state(2), sumB)
	closed(t, c)
	c = opened(t, dir, now)
	wantHash(t, c, state(1), sumB)
	wantHash(t, c, state(2), "")
}

// TestConcurrent: several goroutines use the cache while it is written.
func TestConcurrent(t *testing.T) {
	dir, now := t.TempDir(), newClock()
	c := opened(t, dir, now)
	var all sync.WaitGroup
	for g := range uint64(4) {
		all.Go(func() {
			for i := range uint64(4000) {
				s := state(g<<32 + i)
				s.Ino++
				sum := fmt.Sprintf("%040x", s.Ino)
				c.Remember(s, sum)
				if got, ok := c.Recall(s); !ok || got != sum {
					t.Errorf("recalled %q, %v; want %s", got, ok, sum)
					return
				}
			}
		})
	}
	all.Wait()
	closed(t, c)
	c = opened(t, dir, now)
	s := state(3<<32 + 4000)
	wantHash(t, c, s, fmt.Sprintf("%040x", s.Ino))
}

// TestEntry: an entry reads back as it was made, and speaks of one state only.
func TestEntry(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		number := rapid.Int64()
		s := b2sync.FileState{Size: number.Draw(t, "size"), ModTimeNS: number.Draw(t, "mtime"), ChangedNS: number.Draw(t, "ctime")}
		other := b2sync.FileState{Size: number.Draw(t, "size"), ModTimeNS: number.Draw(t, "mtime"), ChangedNS: number.Draw(t, "ctime")}
		now := time.Unix(rapid.Int64Range(0, 1<<33).Draw(t, "now"), 0)
		e, ok := newEntry(s, sumB, now)
		var back entry
		if !ok || !back.read(e[:]) || !back.of(s) || back.of(other) != (s == other) {
			t.Fatalf("%+v reads back as %x", s, back)
		}
		if since := now.Sub(back.seen()); since < 0 || since >= day {
			t.Fatalf("seen %v, want the day of %v", back.seen(), now)
		}
		if back.read(e[:rapid.IntRange(0, len(e)-1).Draw(t, "cut")]) {
			t.Fatal("half an entry was read")
		}
	})
}
