package stage

import (
	"bytes"
	"fmt"
	"io"
	"sync"

	"github.com/bowline-sync/bowline/b2server"
	"github.com/bowline-sync/bowline/bench/corpus"
)

// phantomFrom is the size from which content is not held, bytes.
const phantomFrom = 1 << 20

// phantomStore keeps no content of large blobs. They must repeat
// corpus.Pattern, from anywhere in it; reading one makes the same bytes again.
// So a server can take and give files of gibibytes without disk or memory
// being what is measured, and still checks every hash.
type phantomStore struct {
	b2server.Store
	mu    sync.Mutex
	blobs map[b2server.BlobID]phantom
}

func newPhantomStore() *phantomStore {
	return &phantomStore{Store: b2server.NewMemStore(), blobs: map[b2server.BlobID]phantom{}}
}

// InMemory tells the server that nothing is at rest here, so that it does not
// encrypt what it stores.
func (s *phantomStore) InMemory() {}

// phantom is content that begins at phase in the pattern.
type phantom struct {
	phase int
	size  int64
}

// CreateBlob implements b2server.Store.
func (s *phantomStore) CreateBlob(id b2server.BlobID, size int64) (b2server.BlobWriter, error) {
	if size < phantomFrom {
		return s.Store.CreateBlob(id, size)
	}
	return &phantomWriter{store: s, id: id}, nil
}

// OpenBlob implements b2server.Store.
func (s *phantomStore) OpenBlob(id b2server.BlobID) (b2server.Blob, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if p, ok := s.blobs[id]; ok {
		return p, nil
	}
	return s.Store.OpenBlob(id)
}

// RemoveBlob implements b2server.Store.
func (s *phantomStore) RemoveBlob(id b2server.BlobID) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, ok := s.blobs[id]; ok {
		delete(s.blobs, id)
		return nil
	}
	return s.Store.RemoveBlob(id)
}

// twice lets a stretch of the pattern that wraps around be found in one piece.
var twice = append(bytes.Clone(corpus.Pattern), corpus.Pattern...)

// Size implements b2server.Blob.
func (p phantom) Size() int64 { return p.size }

// Close implements b2server.Blob.
func (p phantom) Close() error { return nil }

// ReadAt implements b2server.Blob.
func (p phantom) ReadAt(buf []byte, at int64) (n int, err error) {
	if left := p.size - at; int64(len(buf)) > left {
		buf, err = buf[:max(left, 0)], io.EOF
	}
	for n < len(buf) {
		from := (int64(p.phase) + at + int64(n)) % int64(len(corpus.Pattern))
		n += copy(buf[n:], twice[from:])
	}
	return n, err
}

// headLen is how much of a blob is kept to find its phase.
const headLen = 64

type phantomWriter struct {
	store *phantomStore
	id    b2server.BlobID
	head  []byte
	size  int64
}

// Write implements b2server.BlobWriter.
func (w *phantomWriter) Write(p []byte) (int, error) {
	if missing := headLen - len(w.head); missing > 0 {
		w.head = append(w.head, p[:min(missing, len(p))]...)
	}
	w.size += int64(len(p))
	return len(p), nil
}

// Commit implements b2server.BlobWriter.
func (w *phantomWriter) Commit() error {
	phase := bytes.Index(twice, w.head)
	if phase < 0 {
		return fmt.Errorf("the content of %s is not that of the benchmark's large file", w.id)
	}
	w.store.mu.Lock()
	defer w.store.mu.Unlock()
	w.store.blobs[w.id] = phantom{phase: phase, size: w.size}
	return nil
}

// Abort implements b2server.BlobWriter.
func (w *phantomWriter) Abort() {}
