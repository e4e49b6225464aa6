package hashcache

import (
	"bytes"
	"crypto/sha1"
	"encoding/binary"
	"encoding/hex"
	"maps"
	"slices"
	"time"

	"github.com/bowline-sync/bowline/b2sync"
)

// A key is a file: its device and its inode.
type key [16]byte

func keyOf(s b2sync.FileState) (k key) {
	binary.BigEndian.PutUint64(k[0:], s.Dev)
	binary.BigEndian.PutUint64(k[8:], s.Ino)
	return k
}

// sorted are the keys in the order of the file, which makes writing cheaper.
func sorted(waiting map[key]entry) []key {
	return slices.SortedFunc(maps.Keys(waiting), func(a, b key) int { return bytes.Compare(a[:], b[:]) })
}

// tells reports a state that tells one content of a file from the next. Without
// a time of change it does not.
func tells(s b2sync.FileState) bool { return s.Ino != 0 && s.ChangedNS != 0 }

// An entry is what is known of a file: the state that it was read in (size,
// modification time, time of change), the hash, and the day it was last seen.
type entry [24 + sha1.Size + 4]byte

const day = 24 * time.Hour

// newEntry makes an entry; it reports false for a sum that is no SHA-1 in hex.
func newEntry(s b2sync.FileState, sum string, now time.Time) (e entry, ok bool) {
	if len(sum) != hex.EncodedLen(sha1.Size) {
		return e, false
	}
	state := stateOf(s)
	copy(e[:24], state[:])
	if _, err := hex.Decode(e.sum(), []byte(sum)); err != nil {
		return e, false
	}
	e.mark(now)
	return e, true
}

func stateOf(s b2sync.FileState) (state [24]byte) {
	binary.BigEndian.PutUint64(state[0:], uint64(s.Size))
	binary.BigEndian.PutUint64(state[8:], uint64(s.ModTimeNS))
	binary.BigEndian.PutUint64(state[16:], uint64(s.ChangedNS))
	return state
}

// read takes an entry from the file; it reports false if that has none.
func (e *entry) read(stored []byte) bool { return copy(e[:], stored) == len(e) }

// of reports whether the entry is of a file in that state.
func (e *entry) of(s b2sync.FileState) bool {
	state := stateOf(s)
	return bytes.Equal(e[:24], state[:])
}

func (e *entry) sum() []byte { return e[24 : 24+sha1.Size] }

// seen is when the file was last seen, to the day.
func (e *entry) seen() time.Time {
	return time.Unix(0, 0).Add(day * time.Duration(binary.BigEndian.Uint32(e[24+sha1.Size:])))
}

// mark notes that the file was seen.
func (e *entry) mark(now time.Time) {
	binary.BigEndian.PutUint32(e[24+sha1.Size:], uint32(now.Unix()/int64(day/time.Second)))
}
