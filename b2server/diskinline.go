package b2server

import (
	"bytes"
	"maps"
	"sync"
)

// Contents that are no larger than a page or so live in the index: a file of
// their own would cost far more than they do, two fsyncs included, while here
// they share the update of the version that names them.

// maxInline bounds them, in bytes as stored.
const maxInline = 2 << 10

// inlined are contents and removals that the next update of the index takes
// with it.
type inlined struct {
	mu    sync.Mutex
	fresh map[uint64][]byte
	gone  map[uint64]struct{}
}

func (id BlobID) mayInline(size int64) bool { return id.Part == 0 && size <= maxInline }

type inlineWriter struct {
	store *DiskStore
	id    BlobID
	data  []byte
}

func (w *inlineWriter) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *inlineWriter) Commit() error {
	w.store.inline.mu.Lock()
	defer w.store.inline.mu.Unlock()
	w.store.inline.fresh[w.id.File] = w.data
	return nil
}

func (w *inlineWriter) Abort() { w.data = nil }

// openInline answers the content of a blob that is in the index; nil when it
// is not.
func (d *DiskStore) openInline(id BlobID) (Blob, error) {
	if id.Part != 0 {
		return nil, nil
	}
	d.inline.mu.Lock()
	data, ok := d.inline.fresh[id.File]
	d.inline.mu.Unlock()
	if ok {
		return memBlob{bytes.NewReader(data)}, nil
	}
	err := d.View(func(tx Tx) error {
		raw := tx.Get(tableContents, numberKey(id.File))
		ok, data = raw != nil, bytes.Clone(raw)
		return nil
	})
	if err != nil || !ok {
		return nil, err
	}
	return memBlob{bytes.NewReader(data)}, nil
}

// removeInline removes a blob if it is in the index, with the next update.
func (d *DiskStore) removeInline(id BlobID) (removed bool, err error) {
	b, err := d.openInline(id)
	if b == nil || err != nil {
		return false, err
	}
	d.inline.mu.Lock()
	defer d.inline.mu.Unlock()
	delete(d.inline.fresh, id.File)
	d.inline.gone[id.File] = struct{}{}
	return true, nil
}

// take puts what waits into a transaction. The answer puts it back, for the
// case that the transaction fails.
func (n *inlined) take(tx Tx) (restore func(), err error) {
	// What is taken is this update's alone: others go on adding meanwhile.
	var fresh map[uint64][]byte
	var gone map[uint64]struct{}
	n.mu.Lock()
	if len(n.fresh) > 0 {
		fresh, n.fresh = n.fresh, map[uint64][]byte{}
	}
	if len(n.gone) > 0 {
		gone, n.gone = n.gone, map[uint64]struct{}{}
	}
	n.mu.Unlock()
	restore = func() {
		n.mu.Lock()
		defer n.mu.Unlock()
		maps.Copy(n.fresh, fresh)
		maps.Copy(n.gone, gone)
	}
	for number, data := range fresh {
		if err := tx.Put(tableContents, numberKey(number), data); err != nil {
			return restore, err
		}
	}
	for number := range gone {
		if err := tx.Delete(tableContents, numberKey(number)); err != nil {
			return restore, err
		}
	}
	return restore, nil
}
