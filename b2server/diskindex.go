package b2server

import (
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"strconv"
	"sync"
	"syscall"

	"go.etcd.io/bbolt"
)

// index is the tables on disk. A commit of bbolt rewrites pages and syncs the
// file twice, whatever it holds, so that updates do not go there one by one:
// each is a record at the end of the journal, and stays in memory as a layer
// over the file, which readers see through. When the journal is full, the
// layer goes into the file in one commit, and the journal begins anew.
type index struct {
	mu      sync.Mutex
	db      *bbolt.DB // nil until it is open, and when it is closed
	over    layer
	journal *journal
	base    *base      // what updates read; nil until the first after a fold
	undo    []diskUndo // memory of updates
}

// layer is what changed in the tables since the file was written. A nil value
// is a removal.
type layer [tableCount]sorted

func (l *layer) snapshot() *layer {
	var copied layer
	for t := range l {
		copied[t] = l[t].snapshot()
	}
	return &copied
}

var errStoreClosed = errors.New("the store is closed")

// View implements Store.
func (d *DiskStore) View(fn func(Tx) error) error {
	tx, err := d.index.snapshot()
	if err != nil {
		return err
	}
	defer tx.base.end()
	return fn(tx)
}

// snapshot is the tables as they are now.
func (x *index) snapshot() (*diskTx, error) {
	x.mu.Lock()
	defer x.mu.Unlock()
	base, err := x.begin()
	if err != nil {
		return nil, err
	}
	return &diskTx{base: base, over: x.over.snapshot()}, nil
}

// Update implements Store.
func (d *DiskStore) Update(fn func(Tx) error) error {
	record, err := d.change(fn)
	if err != nil || d.noSync {
		return err
	}
	return d.index.journal.await(record, d.syncDirty)
}

// change runs an update and answers the number of its record in the journal.
func (d *DiskStore) change(fn func(Tx) error) (record uint64, err error) {
	x := &d.index
	x.mu.Lock()
	defer x.mu.Unlock()
	tight, err := x.ready(d.syncDirty)
	if err != nil {
		return 0, err
	}
	tx := &diskTx{base: x.base, over: &x.over, record: x.journal.blank(), undo: x.undo[:0]}
	kept := false
	defer func() {
		if !kept {
			tx.rollback()
		}
		clear(tx.undo)
		x.undo = tx.undo
	}()
	if err := fn(tx); err != nil {
		return 0, err
	}
	restore := func() {}
	if tight == nil {
		restore, err = d.inline.take(tx)
	} else if tx.puts > 0 {
		err = tight
	}
	if err == nil && tx.changed() {
		err = x.journal.append(tx.record)
	}
	if err != nil {
		restore()
		return 0, err
	}
	kept = true
	return x.journal.records, nil
}

// ready makes room for an update. Where the disk has none, tight says so, and
// only updates that remove may go on.
func (x *index) ready(syncObjects func() error) (tight, err error) {
	if x.db == nil {
		return nil, errStoreClosed
	}
	if err := x.journal.failed(); err != nil {
		return nil, err
	}
	if x.journal.full() {
		if tight = x.fold(syncObjects); tight != nil && !errors.Is(tight, syscall.ENOSPC) {
			return nil, tight
		}
	}
	if x.base == nil {
		x.base, err = x.begin()
	}
	return tight, err
}

// journalKey is in the index: the epoch of the journal whose records are not
// in it yet.
var journalKey = []byte("journal")

// fold writes the layer into the file. Records name contents, so those must be
// durable first. When it fails, layer and journal stay as they are.
func (x *index) fold(syncObjects func() error) error {
	x.endBase()
	if err := syncObjects(); err != nil {
		return err
	}
	err := x.db.Update(func(tx *bbolt.Tx) error {
		for t := range tableCount {
			if err := x.over[t].into(tableOf(tx, t)); err != nil {
				return err
			}
		}
		return tx.Bucket([]byte(tableMeta.String())).Put(journalKey, numberKey(x.journal.epoch+1))
	})
	if err != nil {
		return err
	}
	x.over = layer{}
	x.journal.restart(x.journal.epoch + 1)
	return nil
}

// tableOf is a table of the file, for writing.
func tableOf(tx *bbolt.Tx, t Table) *bbolt.Bucket {
	b := tx.Bucket([]byte(t.String()))
	if t == tableFiles || t == tableContents {
		b.FillPercent = 0.9 // numbers rise: nothing will come between
	}
	return b
}

// into writes changes to a table of the file.
func (s *sorted) into(b *bbolt.Bucket) error {
	for _, chunk := range s.chunks {
		for _, p := range chunk {
			if err := apply(b, p.key, p.value); err != nil {
				return err
			}
		}
	}
	return nil
}

func apply(b *bbolt.Bucket, key, value []byte) error {
	if value == nil {
		return b.Delete(key)
	}
	return b.Put(key, value)
}

// openKey is in the index while the store is open: finding it at the start
// means that the last process did not end well.
var openKey = []byte("open")

// openIndex opens the index and answers whether it was left open. What is in
// the journal then goes into the file.
func (d *DiskStore) openIndex() (crashed bool, err error) {
	x := &d.index
	if err := d.openDB(); err != nil {
		return false, err
	}
	if err := os.WriteFile(d.path(ownerFile), []byte(strconv.Itoa(os.Getpid())+"\n"), 0o600); err != nil {
		return false, err
	}
	if x.journal, err = openJournal(d.path(journalFile)); err != nil {
		return false, err
	}
	err = x.db.Update(func(tx *bbolt.Tx) error {
		crashed, err = d.recover(tx)
		return err
	})
	if err != nil {
		return false, err
	}
	x.journal.restart(x.journal.epoch + 1)
	return crashed, d.syncDir(d.dir) // which has the journal's name
}

var errBadIndex = errors.New(indexFile + " is damaged or was cut off: put a copy of the whole folder in place")

// openDB opens the file of the index, if it is whole.
func (d *DiskStore) openDB() (err error) {
	defer func() { // bbolt panics at pages that make no sense
		if bad := recover(); bad != nil {
			err = fmt.Errorf("%w (%v)", errBadIndex, bad)
		}
	}()
	info, err := os.Stat(d.path(indexFile))
	if err != nil || info.Size() == 0 {
		err = d.checkNew()
	} else {
		err = d.checkLength()
	}
	if err != nil {
		return err
	}
	d.index.db, err = bbolt.Open(d.path(indexFile), 0o600, &bbolt.Options{
		Timeout: lockWait, NoSync: d.noSync, NoGrowSync: d.noSync, FreelistType: bbolt.FreelistMapType,
	})
	return err
}

// checkLength refuses a file that was cut off: pages that it should have and has
// not are a fault of memory for whoever reads them. Opened for reading only,
// bbolt looks at the first two.
func (d *DiskStore) checkLength() error {
	db, err := bbolt.Open(d.path(indexFile), 0o600, &bbolt.Options{Timeout: lockWait, ReadOnly: true})
	if err != nil {
		return err
	}
	defer db.Close()
	return db.View(func(tx *bbolt.Tx) error {
		info, err := os.Stat(d.path(indexFile))
		if err == nil && info.Size() < tx.Size() {
			err = fmt.Errorf("%w (%d bytes of %d)", errBadIndex, info.Size(), tx.Size())
		}
		return err
	})
}

// checkNew refuses to begin a new index where there was one: the contents would
// be orphans then, and the check after a crash removes those.
func (d *DiskStore) checkNew() error {
	_, err := os.Stat(d.path(journalFile))
	held := err == nil
	if !held {
		if held, err = d.anyObject(); err != nil {
			return err
		}
	}
	if held {
		return errors.New(indexFile + " is missing or empty, but the folder holds a store: put its index back, or choose another folder")
	}
	return nil
}

// recover makes the tables, takes in the journal and marks the store as open.
func (d *DiskStore) recover(tx *bbolt.Tx) (crashed bool, err error) {
	var tables [tableCount]*bbolt.Bucket
	for t := range tableCount {
		if _, err := tx.CreateBucketIfNotExists([]byte(t.String())); err != nil {
			return false, err
		}
		tables[t] = tableOf(tx, t)
	}
	meta, journal := tables[tableMeta], d.index.journal
	crashed = meta.Get(openKey) != nil
	if raw := meta.Get(journalKey); raw != nil {
		journal.epoch = binary.BigEndian.Uint64(raw)
	}
	err = journal.replay(func(t Table, key, value []byte) error { return apply(tables[t], key, value) })
	if err != nil {
		return false, err
	}
	if raw := meta.Get(idsKey); raw != nil {
		d.ids.limit = binary.BigEndian.Uint64(raw)
	}
	d.ids.next = d.ids.limit
	if err := meta.Put(journalKey, numberKey(journal.epoch+1)); err != nil {
		return false, err
	}
	return crashed, meta.Put(openKey, []byte{1})
}

// closeIndex takes what is left into the file and closes it. Closing again
// does nothing.
func (d *DiskStore) closeIndex() error {
	err := d.Update(func(tx Tx) error { return tx.Delete(tableMeta, openKey) })
	if errors.Is(err, errStoreClosed) {
		return nil
	}
	x := &d.index
	x.mu.Lock()
	defer x.mu.Unlock()
	if err == nil {
		err = x.fold(d.syncDirty)
	}
	return errors.Join(err, x.abandon())
}

// abandon closes the files as they are.
func (x *index) abandon() (err error) {
	if x.db == nil {
		return nil
	}
	x.endBase()
	if x.journal != nil {
		err = x.journal.file.Close()
	}
	err = errors.Join(err, x.db.Close())
	x.db = nil
	return err
}
