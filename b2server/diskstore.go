package b2server

import (
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	berrors "go.etcd.io/bbolt/errors"
)

// DiskOptions changes how OpenDiskStore keeps a folder.
type DiskOptions struct {
	// NoSync skips fsync: fast, and safe against a crash of the process, but
	// not against a loss of power.
	NoSync bool

	// Log is told what the check after a crash found; nil = nobody.
	Log *slog.Logger
}

// DiskStore keeps a folder:
//
//	index.db      the index, a bbolt file; it also holds the account's secrets
//	              and very small contents
//	journal       what changed since index.db was last written
//	objects/      other contents, in files named by number, never by a client's name
//	owner         the process that has the folder open
//
// The index alone says what exists. A file of objects/ is complete and durable
// before the index names it, and is removed after the index forgot it. So a
// crash leaves files that nobody names, never names without a file; the next
// start removes the former. That is why no file needs a temporary name.
type DiskStore struct {
	dir    string // absolute
	noSync bool
	log    *slog.Logger

	index   index
	inline  inlined
	folders folders
	ids     struct {
		sync.Mutex
		next, limit uint64 // numbers up to limit are reserved in the index
	}
}

const (
	indexFile   = "index.db"
	journalFile = "journal"
	ownerFile   = "owner"
	objectsDir  = "objects"

	// lockWait is how long a second process waits for the folder.
	lockWait = 2 * time.Second
)

// OpenDiskStore opens the store in the folder dir, which is made when it is
// missing. Only one process can have it open; the next waits 2 seconds and then
// gives up, naming the first. After a crash the store is checked before it
// opens, which reads the whole index and looks at every object.
func OpenDiskStore(dir string, o DiskOptions) (*DiskStore, error) {
	dir, err := filepath.Abs(dir)
	if err == nil {
		err = os.MkdirAll(filepath.Join(dir, objectsDir), 0o700)
	}
	if err != nil {
		return nil, fmt.Errorf("b2server: the store's folder cannot be made: %w", err)
	}
	d := &DiskStore{dir: dir, noSync: o.NoSync, log: o.Log}
	if d.log == nil {
		d.log = slog.New(slog.DiscardHandler)
	}
	d.folders.dirty = map[string]struct{}{}
	d.inline.fresh, d.inline.gone = map[uint64][]byte{}, map[uint64]struct{}{}
	if err := d.open(); err != nil {
		d.index.abandon()
		return nil, fmt.Errorf("b2server: the store in %s cannot be opened: %w", dir, err)
	}
	return d, nil
}

// path is the place of a file of the store, given relative to its folder.
func (d *DiskStore) path(name string) string { return filepath.Join(d.dir, name) }

func (d *DiskStore) open() (err error) {
	for _, dir := range []string{filepath.Dir(d.dir), d.dir} { // the folder may be new
		if err := d.syncDir(dir); err != nil {
			return err
		}
	}
	crashed, err := d.openIndex()
	if errors.Is(err, berrors.ErrTimeout) {
		return d.inUse()
	}
	if err != nil {
		return fmt.Errorf("the index: %w", err)
	}
	if crashed {
		if err := d.repair(); err != nil {
			return fmt.Errorf("checking it after a crash: %w", err)
		}
	}
	return nil
}

// Close implements Store.
func (d *DiskStore) Close() error { return d.closeIndex() }

// inUse names the process that has the folder.
func (d *DiskStore) inUse() error {
	owner, err := os.ReadFile(d.path(ownerFile))
	if err != nil {
		return errors.New("another process uses it")
	}
	return fmt.Errorf("process %s uses it: stop that one, or choose another folder", strings.TrimSpace(string(owner)))
}

var idsKey = []byte("ids")

// NextID implements Store. Numbers are reserved in the index many at a time; a
// crash skips those that were left.
func (d *DiskStore) NextID() (uint64, error) {
	const reserve = 1 << 16
	d.ids.Lock()
	defer d.ids.Unlock()
	if d.ids.next == d.ids.limit {
		limit := d.ids.limit + reserve
		err := d.Update(func(tx Tx) error { return tx.Put(tableMeta, idsKey, numberKey(limit)) })
		if err != nil {
			return 0, err
		}
		d.ids.limit = limit
	}
	d.ids.next++
	return d.ids.next, nil
}
