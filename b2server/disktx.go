package b2server

import (
	"bytes"
	"slices"

	"go.etcd.io/bbolt"
)

// base is the file of the index as it was when it began.
type base struct {
	tx     *bbolt.Tx
	tables [tableCount]*bbolt.Bucket
}

// begin reads the file. A base is for one goroutine.
func (x *index) begin() (*base, error) {
	if x.db == nil {
		return nil, errStoreClosed
	}
	tx, err := x.db.Begin(false)
	if err != nil {
		return nil, err
	}
	return &base{tx: tx}, nil
}

func (b *base) end() { _ = b.tx.Rollback() }

// endBase ends what updates read: the file is about to change.
func (x *index) endBase() {
	if x.base != nil {
		x.base.end()
		x.base = nil
	}
}

func (b *base) table(t Table) *bbolt.Bucket {
	if b.tables[t] == nil {
		b.tables[t] = b.tx.Bucket([]byte(t.String()))
	}
	return b.tables[t]
}

// diskTx is a transaction: the file, and the layer over it. That of an Update
// changes the layer, and notes its changes for the journal and for the way
// back.
type diskTx struct {
	base   *base
	over   *layer
	record []byte // of an Update
	undo   []diskUndo
	puts   int // changes that are no removals
}

// diskUndo is what the layer had of a key.
type diskUndo struct {
	table      Table
	key, value []byte
	had        bool // else the layer did not name it
}

// Get implements Tx.
func (tx *diskTx) Get(t Table, key []byte) []byte {
	if value, ok := tx.over[t].lookup(key); ok {
		return value
	}
	return tx.base.table(t).Get(key)
}

// Cursor implements Tx.
func (tx *diskTx) Cursor(t Table) Cursor {
	under := tx.base.table(t).Cursor()
	if len(tx.over[t].chunks) == 0 {
		return under
	}
	return &diskCursor{under: under, over: sortedCursor{m: &tx.over[t]}}
}

// Put implements Tx.
func (tx *diskTx) Put(t Table, key, value []byte) error {
	if value == nil {
		value = []byte{}
	}
	tx.puts++
	tx.change(t, key, value)
	return nil
}

// Delete implements Tx.
func (tx *diskTx) Delete(t Table, key []byte) error {
	tx.change(t, key, nil)
	return nil
}

func (tx *diskTx) change(t Table, key, value []byte) {
	old, had := tx.over[t].put(key, value)
	tx.undo = append(tx.undo, diskUndo{t, key, old, had})
	tx.record = appendChange(tx.record, t, key, value)
}

func (tx *diskTx) changed() bool { return len(tx.undo) > 0 }

func (tx *diskTx) rollback() {
	for _, u := range slices.Backward(tx.undo) {
		if u.had {
			tx.over[u.table].put(u.key, u.value)
		} else {
			tx.over[u.table].delete(u.key)
		}
	}
}

// diskCursor walks the file and the layer side by side.
type diskCursor struct {
	under *bbolt.Cursor
	over  sortedCursor

	underKey, underValue []byte
	overKey, overValue   []byte
	onOver               bool // the last answer was the layer's
}

// Seek implements Cursor.
func (c *diskCursor) Seek(key []byte) (k, v []byte) {
	c.underKey, c.underValue = c.under.Seek(key)
	c.overKey, c.overValue = c.over.Seek(key)
	return c.lower()
}

// Next implements Cursor.
func (c *diskCursor) Next() (k, v []byte) {
	if c.onOver {
		c.overKey, c.overValue = c.over.Next()
	} else {
		c.underKey, c.underValue = c.under.Next()
	}
	return c.lower()
}

// lower answers the lower of the two. A change hides what is under it, and a
// removal is passed over.
func (c *diskCursor) lower() (k, v []byte) {
	for c.overKey != nil {
		if c.underKey != nil {
			order := bytes.Compare(c.underKey, c.overKey)
			if order < 0 {
				break
			}
			if order == 0 {
				c.underKey, c.underValue = c.under.Next()
			}
		}
		if c.overValue != nil {
			c.onOver = true
			return c.overKey, c.overValue
		}
		c.overKey, c.overValue = c.over.Next()
	}
	c.onOver = false
	return c.underKey, c.underValue
}
