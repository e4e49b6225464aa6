package hashcache

import (
	"encoding/hex"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"runtime/debug"
	"sync"
	"sync/atomic"
	"syscall"
	"time"

	"go.etcd.io/bbolt"
	bbolterrors "go.etcd.io/bbolt/errors"

	"github.com/bowline-sync/bowline/b2sync"
)

// FileName is the name of the cache's file in its folder.
const FileName = "hashes.db"

// Limits of the cache.
const (
	keepFor   = 180 * 24 * time.Hour // how long a file that no run sees is remembered
	sweepEach = 7 * 24 * time.Hour   // how often forgotten files are looked for
	markEach  = 30 * 24 * time.Hour  // how often it is noted that a file was seen
	mostBytes = 2 << 30              // about 16 million files; new ones are not remembered beyond
	batchSize = 10_000               // entries that wait to be written
	batchTime = 10 * time.Second     // how long they wait while others come
	settled   = 2 * time.Second      // how old a change must be for its time to tell it from the next
)

var hashes = []byte("hashes") // the bucket: key to entry

// Cache remembers hashes. It is a b2sync.HashCache; a nil *Cache remembers
// nothing.
type Cache struct {
	now  func() time.Time
	path string
	most int64 // bytes

	broken atomic.Bool // reading has failed

	mu      sync.RWMutex // guards all below
	db      *bbolt.DB    // nil once the cache is closed
	waiting map[key]entry
	since   time.Time // the last write
	err     error     // the first failure
}

// Open opens the cache in a folder, which is made if it is missing. The error
// says why there is none, and is for the log: run without the cache.
func Open(dir string) (*Cache, error) { return open(dir, time.Now) }

func open(dir string, now func() time.Time) (*Cache, error) {
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	path := filepath.Join(dir, FileName)
	db, err := openDB(path)
	if damaged(err) {
		os.Remove(path) // begin anew
		db, err = openDB(path)
	}
	if err != nil {
		return nil, fmt.Errorf("the cache of hashes %s: %w", path, err)
	}
	return &Cache{now: now, path: path, most: mostBytes, db: db, waiting: map[key]entry{}, since: now()}, nil
}

// openDB opens the file. It does not wait for another process that has it.
func openDB(path string) (db *bbolt.DB, err error) {
	err = guard(func() error {
		var err error
		db, err = bbolt.Open(path, 0o600, &bbolt.Options{Timeout: time.Nanosecond, FreelistType: bbolt.FreelistMapType})
		if err != nil {
			return err
		}
		return db.Update(func(tx *bbolt.Tx) error {
			_, err := tx.CreateBucketIfNotExists(hashes)
			return err
		})
	})
	return db, err
}

// Recall gives the hash of a file that has not changed since it was remembered.
func (c *Cache) Recall(s b2sync.FileState) (sha1 string, ok bool) {
	if c == nil || !tells(s) {
		return "", false
	}
	k := keyOf(s)
	e, ok := c.find(k)
	if !ok || !e.of(s) {
		return "", false
	}
	if now := c.now(); now.Sub(e.seen()) > markEach {
		e.mark(now)
		c.put(k, e)
	}
	return hex.EncodeToString(e.sum()), true
}

// find looks among what waits and what is written.
func (c *Cache) find(k key) (e entry, ok bool) {
	c.mu.RLock()
	defer c.mu.RUnlock()
	if e, ok = c.waiting[k]; ok || c.db == nil || c.broken.Load() {
		return e, ok
	}
	err := guard(func() error {
		return c.db.View(func(tx *bbolt.Tx) error {
			ok = e.read(tx.Bucket(hashes).Get(k[:]))
			return nil
		})
	})
	if err != nil {
		c.broken.Store(true)
	}
	return e, ok && err == nil
}

// Remember keeps the hash of a file. What changed a moment ago may change again
// without being seen to, and is not kept.
func (c *Cache) Remember(s b2sync.FileState, sha1 string) {
	if c == nil || !tells(s) {
		return
	}
	now := c.now()
	if now.UnixNano()-max(s.ModTimeNS, s.ChangedNS) < int64(settled) {
		return
	}
	if e, ok := newEntry(s, sha1, now); ok {
		c.put(keyOf(s), e)
	}
}

// put lets an entry wait for being written, and writes when enough wait.
func (c *Cache) put(k key, e entry) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.db == nil {
		return
	}
	c.waiting[k] = e
	if len(c.waiting) >= batchSize || c.now().Sub(c.since) >= batchTime {
		c.write()
	}
}

// write puts all that waits into the file. A cache that cannot be written any
// more only recalls. The caller holds the lock.
func (c *Cache) write() {
	if c.broken.Load() {
		c.err = &damage{"it cannot be read"}
	}
	if len(c.waiting) > 0 && c.err == nil {
		c.err = guard(func() error { return c.db.Update(c.store) })
	}
	clear(c.waiting)
	c.since = c.now()
}

// store writes what waits, in the order of the file. A cache that is full takes
// only what it knows already.
func (c *Cache) store(tx *bbolt.Tx) error {
	free := int64(c.db.Stats().FreePageN) * int64(c.db.Info().PageSize)
	full := tx.Size()-free >= c.most
	b := tx.Bucket(hashes)
	for _, k := range sorted(c.waiting) {
		if full && b.Get(k[:]) == nil {
			continue
		}
		e := c.waiting[k]
		if err := b.Put(k[:], e[:]); err != nil {
			return err
		}
	}
	return nil
}

// Close writes what waits, forgets what was not seen for long, and closes the
// file. The error is the first of the whole life of the cache, for the log.
func (c *Cache) Close() error {
	if c == nil {
		return nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.db == nil {
		return c.err
	}
	c.write()
	if c.err == nil {
		c.err = guard(c.sweep)
	}
	db := c.db
	c.db = nil
	if damaged(c.err) {
		os.Remove(c.path) // and is not closed: its locks may be held for ever
		return fmt.Errorf("the cache of hashes %s was thrown away: %w", c.path, c.err)
	}
	return errors.Join(c.err, db.Close())
}

// damage is a panic of the store, which it raises where a file contradicts
// itself or ends too early.
type damage struct{ what any }

func (d *damage) Error() string { return fmt.Sprintf("damaged: %v", d.what) }

// damaged reports that the file is no good, and not that the system or another
// process keeps us from it.
func damaged(err error) bool {
	if err == nil || errors.Is(err, bbolterrors.ErrTimeout) {
		return false
	}
	_, system := errors.AsType[syscall.Errno](err)
	return !system
}

// guard makes an error of a panic of the store, and of a fault in the memory
// that its file is mapped to.
func guard(do func() error) (err error) {
	defer debug.SetPanicOnFault(debug.SetPanicOnFault(true))
	defer func() {
		if what := recover(); what != nil {
			err = &damage{what}
		}
	}()
	return do()
}
