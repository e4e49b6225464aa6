package b2server

import (
	"bytes"
	"encoding/binary"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

// errRefused is an update that changes its mind.
var errRefused = errors.New("refused")

// A store on disk behaves as a sorted map, whatever is in its file, in its
// journal or in memory only, and however often it ends badly.
func TestDiskStoreIsASortedMap(t *testing.T) {
	rapid.Check(t, func(r *rapid.T) {
		dir, err := os.MkdirTemp(t.TempDir(), "")
		if err != nil {
			r.Fatal(err)
		}
		d := openDisk(t, dir)
		defer func() { _ = d.Close() }()
		want := map[string]string{}
		name := rapid.StringMatching(`[a-c]{1,3}`)
		r.Repeat(map[string]func(*rapid.T){
			"update": func(r *rapid.T) {
				d.index.journal.room = rapid.Int64Range(1, 200).Draw(r, "room")
				changed := maps.Clone(want)
				fails := rapid.Bool().Draw(r, "fails")
				err := d.Update(func(tx Tx) error {
					for range rapid.IntRange(0, 5).Draw(r, "changes") {
						key := name.Draw(r, "key")
						if rapid.Bool().Draw(r, "delete") {
							delete(changed, key)
							_ = tx.Delete(tableFiles, []byte(key))
						} else {
							changed[key] = rapid.StringN(0, 5, -1).Draw(r, "value")
							_ = tx.Put(tableFiles, []byte(key), []byte(changed[key]))
						}
						if got, ok := changed[key]; string(tx.Get(tableFiles, []byte(key))) != got || ok != (tx.Get(tableFiles, []byte(key)) != nil) {
							r.Fatalf("an update does not see what it did to %q", key)
						}
					}
					if fails {
						return errRefused
					}
					return nil
				})
				if fails != errors.Is(err, errRefused) {
					r.Fatal(err)
				}
				if !fails {
					want = changed
				}
			},
			"start again": func(r *rapid.T) {
				switch rapid.IntRange(0, 11).Draw(r, "how") {
				case 0:
					abandon(d)
				case 1:
					if err := d.Close(); err != nil {
						r.Fatal(err)
					}
				default: // it takes its time
					r.Skip()
				}
				d = openDisk(t, dir)
			},
			"": func(r *rapid.T) {
				from := name.Draw(r, "from")
				var sorted []string
				for _, k := range slices.Sorted(maps.Keys(want)) {
					if k >= from {
						sorted = append(sorted, k+"="+want[k])
					}
				}
				if got := keysFrom(t, d, from); !slices.Equal(got, sorted) {
					r.Fatalf("from %q: got %q, want %q", from, got, sorted)
				}
			},
		})
	})
}

// What a view sees does not change while others write.
func TestViewIsAMoment(t *testing.T) {
	d := openDisk(t, t.TempDir())
	d.index.journal.room = 4000 // so that some of the old is in the file, some over it
	fill := func(value string) {
		for i := range 100 {
			put(t, d, fmt.Sprintf("%03d", i), value)
		}
	}
	fill("old")
	d.index.journal.room = journalRoom
	err := d.View(func(tx Tx) error {
		cur := tx.Cursor(tableFiles)
		n := 0
		for k, v := cur.Seek(nil); k != nil; k, v = cur.Next() {
			if n++; n == 10 {
				fill("new")
				put(t, d, "new", "new")
			}
			if string(v) != "old" || string(tx.Get(tableFiles, k)) != "old" {
				t.Fatalf("%s has become %s", k, v)
			}
		}
		if n != 100 {
			t.Errorf("%d entries", n)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// journalOf leaves a journal with three records behind, and answers those.
func journalOf(t *testing.T, dir string) []byte {
	t.Helper()
	d := openDisk(t, dir)
	for _, key := range []string{"a", "b", "c"} {
		put(t, d, key, key)
	}
	end := d.index.journal.end
	abandon(d)
	raw, err := os.ReadFile(filepath.Join(dir, journalFile))
	if err != nil {
		t.Fatal(err)
	}
	return raw[:end]
}

// A record that a crash cut, or one that the disk lost, ends the journal: what
// was written before it is there, nothing of it is.
func TestTornJournal(t *testing.T) {
	for name, tear := range map[string]func([]byte) []byte{
		"cut":             func(raw []byte) []byte { return raw[:len(raw)-1] },
		"cut to its head": func(raw []byte) []byte { return raw[:len(raw)*2/3+3] },
		"lost":            func(raw []byte) []byte { clear(raw[len(raw)*2/3+recordHead:]); return raw },
		"too long":        func(raw []byte) []byte { binary.BigEndian.PutUint32(raw[len(raw)*2/3:], 1<<31); return raw },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			raw := journalOf(t, dir)
			if err := os.WriteFile(filepath.Join(dir, journalFile), tear(bytes.Clone(raw)), 0o600); err != nil {
				t.Fatal(err)
			}
			if got := keysFrom(t, openDisk(t, dir), ""); !slices.Equal(got, []string{"a=a", "b=b"}) {
				t.Errorf("after it: %v", got)
			}
		})
	}
}

// Records of an earlier epoch are in the index already; they must not come
// back after what was written later.
func TestOldRecordsStayAway(t *testing.T) {
	dir := t.TempDir()
	raw := journalOf(t, dir)
	d := openDisk(t, dir)
	put(t, d, "c", "newer")
	if err := d.Close(); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(dir, journalFile), raw, 0o600); err != nil {
		t.Fatal(err)
	}
	if got := keysFrom(t, openDisk(t, dir), "c"); !slices.Equal(got, []string{"c=newer"}) {
		t.Errorf("after an old journal: %v", got)
	}
}

// When the disk fails to keep what it took, nothing is acknowledged any more,
// and what was is there at the next start.
func TestFailedSyncStopsTheStore(t *testing.T) {
	dir := t.TempDir()
	d := openDisk(t, dir)
	put(t, d, "a", "1")
	d.noSync = false
	_ = d.index.journal.file.Close()
	d.index.journal.file, _ = os.Open(os.DevNull) // takes no record
	if err := d.Update(func(tx Tx) error { return tx.Put(tableFiles, []byte("b"), nil) }); err == nil {
		t.Error("an update was taken without a journal")
	}
	if got := keysFrom(t, d, ""); !slices.Equal(got, []string{"a=1"}) {
		t.Errorf("after a refused update: %v", got)
	}
	if err := d.index.journal.await(99, func() error { return os.ErrInvalid }); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("a sync that failed: %v", err)
	}
	if err := d.Update(func(tx Tx) error { return nil }); !errors.Is(err, os.ErrInvalid) {
		t.Errorf("an update after it: %v", err)
	}
	abandon(d)
	if got := keysFrom(t, openDisk(t, dir), ""); !slices.Equal(got, []string{"a=1"}) {
		t.Errorf("at the next start: %v", got)
	}
}

func FuzzJournal(f *testing.F) {
	f.Add([]byte{byte(tableFiles), changePut, 1, 'k', 1, 'v', byte(tableFiles), changeDelete, 1, 'k'})
	f.Add([]byte{99, changePut, 200, 'k'})
	f.Fuzz(func(t *testing.T, changes []byte) {
		again := []byte{}
		err := eachChange(changes, func(t Table, key, value []byte) error {
			again = appendChange(again, t, key, value)
			return nil
		})
		if err != nil {
			return
		}
		var third []byte
		_ = eachChange(again, func(t Table, key, value []byte) error {
			third = appendChange(third, t, key, value)
			return nil
		})
		if !bytes.Equal(again, third) {
			t.Errorf("%q was read as %q", again, third)
		}
	})
}
