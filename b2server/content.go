package b2server

import (
	"crypto/cipher"
	"crypto/md5"
	"crypto/sha1"
	"encoding/hex"
	"hash"
	"io"
	"sync"
)

// stored says what was put into a blob.
type stored struct {
	size int64
	sha1 string // hex
	md5  string // hex, or "" when it was not asked for
	seal seal
}

// chunk is the memory that moves content, and the hashes that see it.
type chunk struct {
	buf  []byte
	sha1 hash.Hash
	md5  hash.Hash
}

const chunkSize = 64 << 10

var chunks = sync.Pool{New: func() any {
	return &chunk{buf: make([]byte, chunkSize), sha1: sha1.New(), md5: md5.New()}
}}

// keep reads size bytes from src into a new blob, hashed and sealed. accept
// sees the hash of what was stored before the blob counts; when it fails, or
// anything else does, nothing is left.
func (s *Server) keep(id BlobID, src io.Reader, size int64, sse *sseRequest, withMD5 bool, accept func(sha1 string) error) (st stored, err error) {
	c := chunks.Get().(*chunk)
	defer chunks.Put(c)
	c.sha1.Reset()
	c.md5.Reset()
	w, err := s.store.CreateBlob(id, s.blobSize(size, sse))
	if err != nil {
		return st, storageError{err}
	}
	committed := false
	defer func() {
		if !committed {
			w.Abort()
		}
	}()
	st = stored{size: size}
	if st.seal, err = s.fill(w, c, src, size, sse, withMD5); err != nil {
		return st, err
	}
	var sum [sha1.Size]byte
	st.sha1 = hex.EncodeToString(c.sha1.Sum(sum[:0]))
	if withMD5 {
		st.md5 = hex.EncodeToString(c.md5.Sum(sum[:0]))
	}
	if err := accept(st.sha1); err != nil {
		return st, err
	}
	committed = true
	if err := w.Commit(); err != nil {
		return st, storageError{err}
	}
	return st, nil
}

// fill moves the content of a blob.
func (s *Server) fill(blob io.Writer, c *chunk, src io.Reader, size int64, sse *sseRequest, withMD5 bool) (seal, error) {
	to := blob
	sealed := seal{Mode: sse.mode}
	var sealing *sealWriter
	if s.encrypts(sse.mode) {
		var aead cipher.AEAD
		var err error
		if sealed, aead, err = s.newSeal(sse); err != nil {
			return sealed, err
		}
		sealing = newSealWriter(blob, aead, size)
		to = sealing
	}
	for left := size; left > 0; {
		n, err := io.ReadFull(src, c.buf[:min(left, chunkSize)])
		if err != nil {
			return sealed, err
		}
		_, _ = c.sha1.Write(c.buf[:n])
		if withMD5 {
			_, _ = c.md5.Write(c.buf[:n])
		}
		if _, err := to.Write(c.buf[:n]); err != nil {
			return sealed, storageError{err}
		}
		left -= int64(n)
	}
	if sealing != nil {
		if err := sealing.finish(); err != nil {
			return sealed, storageError{err}
		}
	}
	return sealed, nil
}

// storageError tells a store that cannot be written from a body that cannot be
// read.
type storageError struct{ error }

func (e storageError) Unwrap() error { return e.error }

// encrypts says whether content of this mode is sealed. SSE-B2 protects what
// is at rest; what a store in memory holds never is.
func (s *Server) encrypts(mode sseMode) bool {
	return mode == sseC || mode == sseB2 && !s.inMemory
}

// blobSize is what content of this size takes in the store.
func (s *Server) blobSize(size int64, sse *sseRequest) int64 {
	if s.encrypts(sse.mode) {
		return sealedSize(size)
	}
	return size
}

// content reads the stored bytes of one version.
type content struct {
	s       *Server
	version *version
	sse     *sseRequest
	parts   []part // of a large file
}

// content prepares reading a version, with the key that the request presents.
func (s *Server) content(v *version, sse *sseRequest) (*content, error) {
	if err := sse.check(&v.Seal); err != nil {
		return nil, err
	}
	c := &content{s: s, version: v, sse: sse}
	if !v.Large {
		return c, nil
	}
	err := s.store.View(func(tx Tx) (err error) {
		c.parts, err = partsOf(tx, v.Number)
		return err
	})
	return c, err
}

// reader opens the bytes from off on, for n bytes. The first blob is opened at
// once, so that a wrong key and missing content are known before an answer has
// begun.
func (c *content) reader(off, n int64) (io.ReadCloser, error) {
	r := &contentReader{c: c, left: n}
	if !c.version.Large {
		return r, r.open(BlobID{File: c.version.Number}, &c.version.Seal, c.version.Size, off)
	}
	for i, p := range c.parts {
		if off < p.Size || i == len(c.parts)-1 {
			r.next = i + 1
			return r, r.open(p.blob(c.version.Number), &p.Seal, p.Size, off)
		}
		off -= p.Size
	}
	return r, nil
}

// contentReader reads through the blobs of a version, one after the other.
type contentReader struct {
	c    *content
	left int64
	next int // the part after the one that is open
	blob Blob
	at   *io.SectionReader
}

func (r *contentReader) open(id BlobID, l *seal, size, off int64) error {
	if r.blob != nil {
		_ = r.blob.Close()
		r.blob = nil
	}
	blob, err := r.c.s.store.OpenBlob(id)
	if err != nil {
		return err
	}
	r.blob = blob
	var from io.ReaderAt = blob
	if len(l.Wrapped) > 0 {
		aead, err := r.c.s.open(l, r.c.sse)
		if err != nil {
			return err
		}
		from = newSealReader(blob, aead, size)
	}
	r.at = io.NewSectionReader(from, off, size-off)
	return nil
}

func (r *contentReader) Read(p []byte) (n int, err error) {
	for r.left > 0 {
		n, err = r.at.Read(p[:min(int64(len(p)), r.left)])
		r.left -= int64(n)
		if n > 0 {
			return n, nil
		}
		if err != io.EOF {
			return n, err
		}
		if r.next >= len(r.c.parts) {
			return 0, io.ErrUnexpectedEOF
		}
		p := &r.c.parts[r.next]
		r.next++
		if err := r.open(p.blob(r.c.version.Number), &p.Seal, p.Size, 0); err != nil {
			return 0, err
		}
	}
	return 0, io.EOF
}

func (r *contentReader) Close() error {
	if r.blob == nil {
		return nil
	}
	return r.blob.Close()
}
