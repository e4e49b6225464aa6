package b2server

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"maps"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"
	"testing"

	"pgregory.net/rapid"
)

// stores are the implementations that every test of this file runs against.
func stores(t *testing.T, test func(t *testing.T, open func(t *testing.T) Store)) {
	t.Run("memory", func(t *testing.T) {
		test(t, func(*testing.T) Store { return NewMemStore() })
	})
	t.Run("disk", func(t *testing.T) {
		test(t, func(t *testing.T) Store { return openDisk(t, t.TempDir()) })
	})
}

func openDisk(t testing.TB, dir string) *DiskStore {
	t.Helper()
	d, err := OpenDiskStore(dir, DiskOptions{NoSync: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = d.Close() })
	return d
}

func put(t testing.TB, s Store, kv ...string) {
	t.Helper()
	err := s.Update(func(tx Tx) error {
		for i := 0; i < len(kv); i += 2 {
			if err := tx.Put(tableFiles, []byte(kv[i]), []byte(kv[i+1])); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func keysFrom(t testing.TB, s Store, from string) (keys []string) {
	t.Helper()
	err := s.View(func(tx Tx) error {
		cur := tx.Cursor(tableFiles)
		for k, v := cur.Seek([]byte(from)); k != nil; k, v = cur.Next() {
			keys = append(keys, string(k)+"="+string(v))
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return keys
}

func TestStoreKeepsOrder(t *testing.T) {
	stores(t, func(t *testing.T, open func(*testing.T) Store) {
		s := open(t)
		put(t, s, "b", "2", "a", "1", "c", "3")
		if got := keysFrom(t, s, "aa"); !slices.Equal(got, []string{"b=2", "c=3"}) {
			t.Errorf("from aa: %v", got)
		}
		put(t, s, "b", "two")
		if got := keysFrom(t, s, ""); !slices.Equal(got, []string{"a=1", "b=two", "c=3"}) {
			t.Errorf("all: %v", got)
		}
		if got := keysFrom(t, s, "d"); got != nil {
			t.Errorf("past the end: %v", got)
		}
	})
}

func TestStoreUndoesFailedUpdate(t *testing.T) {
	stores(t, func(t *testing.T, open func(*testing.T) Store) {
		s := open(t)
		put(t, s, "kept", "1", "changed", "old")
		refused := errors.New("refused")
		err := s.Update(func(tx Tx) error {
			_ = tx.Put(tableFiles, []byte("new"), []byte("x"))
			_ = tx.Put(tableFiles, []byte("changed"), []byte("new"))
			_ = tx.Delete(tableFiles, []byte("kept"))
			return refused
		})
		if !errors.Is(err, refused) {
			t.Fatalf("error: %v", err)
		}
		if got := keysFrom(t, s, ""); !slices.Equal(got, []string{"changed=old", "kept=1"}) {
			t.Errorf("after a failed update: %v", got)
		}
	})
}

// A failed update must not take those with it that share its transaction.
func TestStoreUpdatesAreIndependent(t *testing.T) {
	stores(t, func(t *testing.T, open func(*testing.T) Store) {
		s := open(t)
		var wg sync.WaitGroup
		for i := range 200 {
			wg.Go(func() {
				err := s.Update(func(tx Tx) error {
					if err := tx.Put(tableFiles, fmt.Appendf(nil, "%03d", i), []byte("x")); err != nil {
						return err
					}
					if i%3 == 0 {
						return fs.ErrInvalid
					}
					return nil
				})
				if (i%3 == 0) != (err != nil) {
					t.Errorf("update %d: %v", i, err)
				}
			})
		}
		wg.Wait()
		if got := len(keysFrom(t, s, "")); got != 133 {
			t.Errorf("%d keys, want 133", got)
		}
	})
}

// TestStoreManyBlobs stores small contents while others are stored, read and
// removed: a content waits for whichever update comes next.
func TestStoreManyBlobs(t *testing.T) {
	stores(t, func(t *testing.T, open func(*testing.T) Store) {
		s := open(t)
		var wg sync.WaitGroup
		for from := range uint64(8) {
			wg.Go(func() {
				for i := range uint64(50) {
					id := BlobID{File: 1 + from*50 + i}
					keepBlob(t, s, id)
					put(t, s, fmt.Sprint(id.File), "x")
					if b, err := s.OpenBlob(id); err != nil {
						t.Error(err)
					} else {
						_ = b.Close()
					}
					if i%2 == 0 {
						if err := s.RemoveBlob(id); err != nil {
							t.Error(err)
						}
					}
				}
			})
		}
		wg.Wait()
		put(t, s, "last", "x")
		for number := range uint64(400) {
			b, err := s.OpenBlob(BlobID{File: 1 + number})
			if err == nil {
				_ = b.Close()
			}
			if removed := number%2 == 0; removed != errors.Is(err, fs.ErrNotExist) {
				t.Errorf("content %d: removed %v, %v", 1+number, removed, err)
			}
		}
	})
}

func keepBlob(t testing.TB, s Store, id BlobID) {
	t.Helper()
	w, err := s.CreateBlob(id, 5)
	if err == nil {
		_, _ = io.WriteString(w, "hello")
		err = w.Commit()
	}
	if err != nil {
		t.Error(err)
	}
}

func TestStoreBlobs(t *testing.T) {
	stores(t, func(t *testing.T, open func(*testing.T) Store) {
		s := open(t)
		for _, id := range []BlobID{{File: 7, Part: 3, Try: 9}, {File: 8}} {
			checkBlob(t, s, id)
		}
	})
}

func checkBlob(t *testing.T, s Store, id BlobID) {
	t.Helper()
	keepBlob(t, s, id)
	b, err := s.OpenBlob(id)
	if err != nil {
		t.Fatal(err)
	}
	if got, _ := io.ReadAll(io.NewSectionReader(b, 1, b.Size()-1)); string(got) != "ello" {
		t.Errorf("content: %q", got)
	}
	_ = b.Close()
	put(t, s, "x", "y") // a commit
	for range 2 {       // removing what is not there is no error
		if err := s.RemoveBlob(id); err != nil {
			t.Error(err)
		}
		put(t, s, "x", "z")
	}
	if _, err := s.OpenBlob(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open after remove: %v", err)
	}
	w, err := s.CreateBlob(id, 5)
	if err != nil {
		t.Fatal(err)
	}
	w.Abort()
	if _, err := s.OpenBlob(id); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("open after abort: %v", err)
	}
}

func TestStoreIDsNeverRepeat(t *testing.T) {
	dir := t.TempDir()
	seen := map[uint64]bool{}
	for range 3 {
		d := openDisk(t, dir)
		for range 10 {
			id, err := d.NextID()
			if err != nil || seen[id] {
				t.Fatalf("id %d again, or %v", id, err)
			}
			seen[id] = true
		}
		if err := d.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// The map of the store in memory behaves as a sorted list of a plain map.
func TestSortedMap(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var s sorted
		plain := map[string]string{}
		name := rapid.StringMatching(`[a-c]{0,4}`)
		for range rapid.IntRange(0, 300).Draw(t, "steps") {
			k := name.Draw(t, "key")
			if rapid.Bool().Draw(t, "delete") {
				s.delete([]byte(k))
				delete(plain, k)
			} else {
				s.put([]byte(k), []byte(k+"!"))
				plain[k] = k + "!"
			}
		}
		checkSorted(t, &s, plain, name.Draw(t, "from"))
	})
}

// Splitting chunks needs more entries than rapid draws.
func TestSortedMapSplits(t *testing.T) {
	for _, order := range []string{"up", "down", "mixed"} {
		var s sorted
		plain := map[string]string{}
		const n = 5 * maxChunk
		for i := range n {
			switch order {
			case "down":
				i = n - i
			case "mixed":
				i = i * 7919 % n
			}
			k := fmt.Sprintf("%05d", i)
			s.put([]byte(k), []byte(k+"!"))
			plain[k] = k + "!"
		}
		checkSorted(t, &s, plain, "01000")
		for i := 0; i < n; i += 2 {
			s.delete(fmt.Appendf(nil, "%05d", i))
			delete(plain, fmt.Sprintf("%05d", i))
		}
		checkSorted(t, &s, plain, "02000")
	}
}

func checkSorted(t interface{ Fatalf(string, ...any) }, s *sorted, plain map[string]string, from string) {
	var want, got []string
	for _, k := range slices.Sorted(maps.Keys(plain)) {
		if k >= from {
			want = append(want, k+plain[k])
		}
		if string(s.get([]byte(k))) != plain[k] {
			t.Fatalf("get %q", k)
		}
	}
	cur := sortedCursor{m: s}
	for k, v := cur.Seek([]byte(from)); k != nil; k, v = cur.Next() {
		got = append(got, string(k)+string(v))
	}
	if !slices.Equal(got, want) {
		t.Fatalf("from %q: got %v, want %v", from, got, want)
	}
}

func TestSecondProcessIsRefused(t *testing.T) {
	dir := t.TempDir()
	openDisk(t, dir)
	_, err := OpenDiskStore(dir, DiskOptions{})
	if err == nil || !strings.Contains(err.Error(), fmt.Sprintf("process %d uses it", os.Getpid())) {
		t.Fatalf("second open: %v", err)
	}
}

// abandon ends a store as a crash does: nothing is written any more.
func abandon(d *DiskStore) {
	_ = d.index.abandon()
}

// crashedStore is the folder of a store that did not end well: a bucket and a
// file with a content of its own.
func crashedStore(t *testing.T) (dir string) {
	t.Helper()
	dir = t.TempDir()
	store := openDisk(t, dir)
	s, _, _, path, auth := hostileServer(t, store)
	if got := uploadHere(s, path, auth, "n", strings.Repeat("x", 5000)); got != 200 {
		t.Fatalf("upload: %d", got)
	}
	abandon(store)
	return dir
}

// What an operator may do to the files of a store is an error that says so,
// and nothing is removed.
func TestBrokenFoldersAreRefused(t *testing.T) {
	truncate := func(size int64) func(string) error {
		return func(dir string) error { return os.Truncate(filepath.Join(dir, indexFile), size) }
	}
	for name, c := range map[string]struct {
		damage func(dir string) error
		want   string
	}{
		"no index":        {func(dir string) error { return os.Remove(filepath.Join(dir, indexFile)) }, "missing or empty"},
		"empty index":     {truncate(0), "missing or empty"},
		"index of a page": {truncate(4096), "index"},
		"two pages":       {truncate(8192), "damaged or was cut off"},
		"half an index":   {truncate(20_000), "damaged or was cut off"},
		"no objects": {func(dir string) error { return os.RemoveAll(filepath.Join(dir, objectsDir)) },
			"mount its disk"},
	} {
		t.Run(name, func(t *testing.T) {
			dir := crashedStore(t)
			if err := c.damage(dir); err != nil {
				t.Fatal(err)
			}
			for range 2 { // the first try must not make the second succeed
				store, err := OpenDiskStore(dir, DiskOptions{})
				if err == nil {
					_ = store.Close()
				}
				if err == nil || !strings.Contains(err.Error(), c.want) {
					t.Errorf("opened with %v, want %s", err, c.want)
				}
			}
		})
	}
}

func TestRepairAfterCrash(t *testing.T) {
	dir := t.TempDir()
	s, err := New(Config{Store: openDisk(t, dir), MaintainEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	bucketID := strings.Repeat("ab", 12)
	if err := s.putBucket(&bucket{ID: bucketID, Name: "a-bucket", Type: "allPrivate"}); err != nil {
		t.Fatal(err)
	}
	add := func(name, content string) *version {
		t.Helper()
		number, err := s.store.NextID()
		if err != nil {
			t.Fatal(err)
		}
		st, err := s.keep(BlobID{File: number}, strings.NewReader(content), int64(len(content)), &sseRequest{mode: sseB2}, true, func(string) error { return nil })
		if err != nil {
			t.Fatal(err)
		}
		v := &version{Bucket: bucketID, Name: name, Time: 1000, Number: number, Action: actionUpload, Size: st.size, Seal: st.seal}
		if err := s.store.Update(func(tx Tx) error { return insert(tx, v, false) }); err != nil {
			t.Fatal(err)
		}
		return v
	}
	add("whole", strings.Repeat("content", 1000))
	add("inline", "content")
	lost := add("lost", strings.Repeat("content", 1000))
	d := s.store.(*DiskStore)
	for _, size := range []int{1, maxInline + 1} {
		orphan, err := d.CreateBlob(BlobID{File: uint64(999_000 + size)}, int64(size))
		if err != nil {
			t.Fatal(err)
		}
		_, _ = orphan.Write(make([]byte, size))
		if err := orphan.Commit(); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := d.CreateBlob(BlobID{File: 999_998}, 1e6); err != nil { // was being received
		t.Fatal(err)
	}
	put(t, d, string(numberKey(1e9)), "takes the small orphan into the index")
	if err := d.RemoveBlob(BlobID{File: lost.Number}); err != nil {
		t.Fatal(err)
	}
	abandon(d)

	again := openDisk(t, dir)
	var names []string
	err = again.View(func(tx Tx) error {
		cur := tx.Cursor(tableVersions)
		for k, _ := cur.Seek(nil); k != nil; k, _ = cur.Next() {
			name, _ := splitVersionKey(k)
			names = append(names, string(name))
		}
		return nil
	})
	if err != nil || !slices.Equal(names, []string{"inline", "whole"}) {
		t.Errorf("versions after repair: %v, %v", names, err)
	}
	put(t, again, string(numberKey(1e9)), "removes it")
	if _, err := again.OpenBlob(BlobID{File: 999_001}); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("a small orphan is still there: %v", err)
	}
	var files []string
	_ = filepath.WalkDir(dir, func(path string, e fs.DirEntry, err error) error {
		if err == nil && !e.IsDir() && filepath.Dir(path) != dir {
			files = append(files, e.Name())
		}
		return err
	})
	if len(files) != 1 || !bytes.HasPrefix([]byte(files[0]), []byte("0000")) {
		t.Errorf("files after repair: %v", files)
	}
}

func TestBlobNames(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		id := BlobID{File: rapid.Uint64().Draw(t, "file"), Part: rapid.Uint32Range(0, 10_000).Draw(t, "part")}
		if id.Part > 0 {
			id.Try = rapid.Uint64().Draw(t, "try")
		}
		if got, ok := parseBlobName(id.String()); !ok || got != id {
			t.Fatalf("%q: %v %v", id.String(), got, ok)
		}
	})
	for _, bad := range []string{"", "x", "1", "0000000000000001.", "0000000000000001.00001", "../x", "000000000000000G"} {
		if _, ok := parseBlobName(bad); ok {
			t.Errorf("%q was taken for a blob", bad)
		}
	}
}

// Ten times the objects must not take more memory.
func TestHeapDoesNotGrowWithObjects(t *testing.T) {
	if testing.Short() {
		t.Skip("writes 110,000 versions")
	}
	d := openDisk(t, t.TempDir())
	s, err := New(Config{Store: d, MaintainEvery: -1})
	if err != nil {
		t.Fatal(err)
	}
	bucketID := strings.Repeat("ab", 12)
	if err := s.putBucket(&bucket{ID: bucketID, Name: "a-bucket", Type: "allPrivate"}); err != nil {
		t.Fatal(err)
	}
	heap := func(from, to int) int64 {
		for ; from < to; from += 5000 {
			err := d.Update(func(tx Tx) error {
				for i := from; i < from+5000; i++ {
					v := &version{Bucket: bucketID, Name: fmt.Sprintf("dir/%09d", i), Number: uint64(i + 1), Action: actionHide}
					if err := insert(tx, v, false); err != nil {
						return err
					}
				}
				return nil
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		runtime.GC()
		runtime.GC()
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		return int64(m.HeapAlloc)
	}
	small, large := heap(0, 10_000), heap(10_000, 110_000)
	t.Logf("the heap is %.1f MB with 10,000 versions, %.1f MB with 110,000", float64(small)/1e6, float64(large)/1e6)
	if large > small+2<<20 {
		t.Errorf("the heap grew from %d to %d bytes", small, large)
	}
}
