package b2server

import (
	"bytes"
	"fmt"
	"io/fs"
	"slices"
	"sync"
	"sync/atomic"
)

// MemStore keeps everything in memory. It is for tests; what it holds ends
// with it.
type MemStore struct {
	mu     sync.RWMutex
	tables [tableCount]sorted
	tx     memTx // of the update that runs, for its memory
	lastID atomic.Uint64

	blobs struct {
		sync.RWMutex
		content map[BlobID][]byte
	}
}

// InMemory marks a store that keeps nothing at rest, so that SSE-B2 has nothing
// to protect.
func (*MemStore) InMemory() {}

// NewMemStore makes an empty store.
func NewMemStore() *MemStore {
	m := &MemStore{}
	m.tx.store = m
	m.blobs.content = map[BlobID][]byte{}
	return m
}

// View implements Store.
func (m *MemStore) View(fn func(Tx) error) error {
	m.mu.RLock()
	defer m.mu.RUnlock()
	return fn(&memTx{store: m})
}

// Update implements Store.
func (m *MemStore) Update(fn func(Tx) error) error {
	m.mu.Lock()
	defer m.mu.Unlock()
	m.tx.undo = m.tx.undo[:0]
	err := fn(&m.tx)
	if err != nil {
		m.tx.rollback()
	}
	clear(m.tx.undo)
	return err
}

// NextID implements Store.
func (m *MemStore) NextID() (uint64, error) { return m.lastID.Add(1), nil }

// CreateBlob implements Store.
func (m *MemStore) CreateBlob(id BlobID, size int64) (BlobWriter, error) {
	const hintLimit = 64 << 20 // a client's word is not worth more memory than this
	return &memWriter{store: m, id: id, data: make([]byte, 0, min(max(size, 0), hintLimit))}, nil
}

// OpenBlob implements Store.
func (m *MemStore) OpenBlob(id BlobID) (Blob, error) {
	m.blobs.RLock()
	defer m.blobs.RUnlock()
	data, ok := m.blobs.content[id]
	if !ok {
		return nil, fmt.Errorf("blob %v: %w", id, fs.ErrNotExist)
	}
	return memBlob{bytes.NewReader(data)}, nil
}

// RemoveBlob implements Store.
func (m *MemStore) RemoveBlob(id BlobID) error {
	m.blobs.Lock()
	defer m.blobs.Unlock()
	delete(m.blobs.content, id)
	return nil
}

// Close implements Store. There is nothing to close.
func (m *MemStore) Close() error { return nil }

type memTx struct {
	store *MemStore
	undo  []undo // what was there before each change; nil in a View
}

type undo struct {
	table      Table
	key, value []byte // value nil: there was none
}

func (tx *memTx) Get(t Table, key []byte) []byte { return tx.store.tables[t].get(key) }

func (tx *memTx) Cursor(t Table) Cursor { return &sortedCursor{m: &tx.store.tables[t]} }

func (tx *memTx) Put(t Table, key, value []byte) error {
	old, _ := tx.store.tables[t].put(key, value)
	tx.undo = append(tx.undo, undo{t, key, old})
	return nil
}

func (tx *memTx) Delete(t Table, key []byte) error {
	if old := tx.Get(t, key); old != nil {
		tx.undo = append(tx.undo, undo{t, key, old})
		tx.store.tables[t].delete(key)
	}
	return nil
}

func (tx *memTx) rollback() {
	for _, u := range slices.Backward(tx.undo) {
		if u.value == nil {
			tx.store.tables[u.table].delete(u.key)
		} else {
			tx.store.tables[u.table].put(u.key, u.value)
		}
	}
}

type memWriter struct {
	store *MemStore
	id    BlobID
	data  []byte
}

func (w *memWriter) Write(p []byte) (int, error) {
	w.data = append(w.data, p...)
	return len(p), nil
}

func (w *memWriter) Commit() error {
	w.store.blobs.Lock()
	defer w.store.blobs.Unlock()
	w.store.blobs.content[w.id] = w.data
	return nil
}

func (w *memWriter) Abort() { w.data = nil }

type memBlob struct{ *bytes.Reader }

func (memBlob) Close() error { return nil }
