package b2server

import (
	"errors"

	"go.etcd.io/bbolt"
)

// A commit of the index costs two fsyncs whatever it holds, so the updates of
// concurrent requests share one: a single goroutine takes all that wait, runs
// them in one transaction and answers them together.

// maxGroup bounds the updates of one transaction.
const maxGroup = 512

type update struct {
	fn   func(Tx) error
	err  error
	done chan struct{}
}

var errStoreClosed = errors.New("the store is closed")

// Update implements Store.
func (d *DiskStore) Update(fn func(Tx) error) error {
	u := &update{fn: fn, done: make(chan struct{})}
	d.closing.RLock()
	if d.closed {
		d.closing.RUnlock()
		return errStoreClosed
	}
	d.updates <- u
	d.closing.RUnlock()
	<-u.done
	return u.err
}

// stopCommits lets the waiting updates finish and ends their goroutine. It
// answers false when that has happened before.
func (d *DiskStore) stopCommits() bool {
	d.closing.Lock()
	if d.closed {
		d.closing.Unlock()
		return false
	}
	d.closed = true
	close(d.updates)
	d.closing.Unlock()
	d.work.Wait()
	return true
}

// commitAll runs updates until the store closes.
func (d *DiskStore) commitAll() {
	for first := range d.updates {
		group := []*update{first}
		for len(group) < maxGroup {
			select {
			case u, ok := <-d.updates:
				if ok {
					group = append(group, u)
					continue
				}
			default:
			}
			break
		}
		d.commit(group)
	}
}

// commit runs a group in one transaction. An update that fails before it
// changed anything is answered and left out; one that fails later takes the
// transaction with it, and the others are run again without it.
func (d *DiskStore) commit(group []*update) {
	for len(group) > 0 {
		failed, err := d.try(group)
		if failed == nil {
			for _, u := range group {
				if u.err == nil {
					u.err = err
				}
				close(u.done)
			}
			return
		}
		close(failed.done)
		rest := group[:0]
		for _, u := range group {
			if u != failed {
				u.err = nil
				rest = append(rest, u)
			}
		}
		group = rest
	}
}

// try runs a group. It answers the update that spoiled the transaction, or the
// result for all that have no error of their own.
func (d *DiskStore) try(group []*update) (failed *update, err error) {
	tx, err := d.db.Begin(true)
	if err != nil {
		return nil, err
	}
	changed := false
	for _, u := range group {
		t := &diskTx{tx: tx}
		u.err = u.fn(t)
		if u.err != nil && t.changed {
			_ = tx.Rollback()
			return u, nil
		}
		changed = changed || t.changed
	}
	if !changed {
		return nil, tx.Rollback()
	}
	return nil, d.end(tx)
}

// end makes a transaction durable, with the contents that it names.
func (d *DiskStore) end(tx *bbolt.Tx) error {
	if err := d.syncDirty(); err != nil {
		_ = tx.Rollback()
		return err
	}
	restore, err := d.inline.flush(tx)
	if err != nil {
		_ = tx.Rollback()
	} else {
		err = tx.Commit()
	}
	if err != nil {
		restore()
	}
	return err
}

// diskTx is a transaction of bbolt as a Tx.
type diskTx struct {
	tx      *bbolt.Tx
	tables  [tableCount]*bbolt.Bucket
	changed bool
}

func (t *diskTx) table(table Table) *bbolt.Bucket {
	if t.tables[table] == nil {
		t.tables[table] = t.tx.Bucket([]byte(table.String()))
	}
	return t.tables[table]
}

func (t *diskTx) Get(table Table, key []byte) []byte { return t.table(table).Get(key) }

func (t *diskTx) Cursor(table Table) Cursor { return t.table(table).Cursor() }

func (t *diskTx) Put(table Table, key, value []byte) error {
	t.changed = true
	return t.table(table).Put(key, value)
}

func (t *diskTx) Delete(table Table, key []byte) error {
	t.changed = true
	return t.table(table).Delete(key)
}
