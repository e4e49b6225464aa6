package b2

import (
	"crypto/sha1"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"sync"
)

// buffers are for reading content; one serves one stream.
var buffers = sync.Pool{New: func() any { return new([64 << 10]byte) }}

// hashes are SHA-1 states to be used again.
var hashes = sync.Pool{New: func() any { return sha1.New() }}

// A content is the body of an upload: bytes of a source, read once, and then
// their SHA-1 in 40 hex digits ("hex_digits_at_end" in the API documentation).
// Nothing is buffered.
//
// The transport may go on reading a body after it has answered, so a content
// must be stopped before its source is touched again.
type content struct {
	src      io.ReaderAt
	off, end int64        // of the source: next byte, first byte beyond
	check    func() error // asked before the hash goes out; may be nil
	progress func(int64)  // may be nil
	dog      *watchdog    // set for the attempt

	mu      sync.Mutex
	hash    hash.Hash
	moved   int64
	tail    []byte // what is left of the trailing hash; nil before its turn
	sum     string
	stopped bool
	err     error // of the source or of check; final
}

func newContent(src io.ReaderAt, off, size int64) *content {
	h := hashes.Get().(hash.Hash)
	h.Reset()
	return &content{src: src, off: off, end: off + size, hash: h}
}

// length is the length of what is left of the body: of all, before it is read.
func (c *content) length() int64 { return c.end - c.off + 2*sha1.Size }

var errStopped = errors.New("the upload has ended")

// Read gives the source's bytes, then the hash.
func (c *content) Read(p []byte) (n int, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	switch {
	case c.err != nil:
		return 0, c.err
	case c.stopped:
		return 0, errStopped
	}
	c.dog.disarm() // what follows waits for the disk and the caller, not for the network
	if c.off < c.end {
		if n, c.err = c.read(p); c.err != nil {
			return 0, c.err
		}
	}
	if c.off == c.end && c.tail == nil {
		if c.err = c.finish(); c.err != nil {
			return 0, c.err
		}
	}
	copied := copy(p[n:], c.tail)
	n += copied
	c.tail = c.tail[copied:]
	if c.off == c.end && len(c.tail) == 0 {
		c.dog.arm(answerTime)
		return n, io.EOF
	}
	c.dog.arm(stallTime)
	return n, nil
}

// read gives the next bytes of the source.
func (c *content) read(p []byte) (int, error) {
	p = p[:min(int64(len(p)), c.end-c.off)]
	n, err := c.src.ReadAt(p, c.off)
	if n == 0 && len(p) > 0 {
		if err == io.EOF || err == nil {
			err = fmt.Errorf("%w: it ends at %d of %d bytes", ErrShortContent, c.off, c.end)
		}
		return 0, err
	}
	c.hash.Write(p[:n])
	c.off += int64(n)
	c.moved += int64(n)
	if c.progress != nil {
		c.progress(int64(n))
	}
	return n, nil
}

// gatherMost is the longest body that is read whole before it is sent.
const gatherMost = 64 << 10

// gather reads the whole body, if it is short: header and body then go out in
// one write, which saves both sides a third of their work on small files.
// Nothing is gathered of a longer one.
func (c *content) gather() ([]byte, error) {
	if c.length() > gatherMost {
		return nil, nil
	}
	body := make([]byte, c.length())
	if _, err := io.ReadFull(c, body); err != nil {
		c.stop()
		return nil, err
	}
	return body, nil
}

// finish asks for the source's last word and makes the hash.
func (c *content) finish() error {
	if c.check != nil {
		if err := c.check(); err != nil {
			return err
		}
	}
	c.tail = make([]byte, 2*sha1.Size)
	hex.Encode(c.tail, c.hash.Sum(nil))
	c.sum = string(c.tail)
	return nil
}

// Close ends the body for the transport.
func (c *content) Close() error {
	c.mu.Lock()
	c.stopped = true
	c.mu.Unlock()
	return nil
}

// stop ends the body for good: nothing of the source is read any more when it
// returns. It gives the bytes that moved.
func (c *content) stop() int64 {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.stopped = true
	if c.hash != nil {
		hashes.Put(c.hash)
		c.hash = nil
	}
	return c.moved
}

// takeBack tells the progress that what moved must move again.
func (c *content) takeBack() {
	if c.progress != nil && c.moved > 0 {
		c.progress(-c.moved)
	}
}
