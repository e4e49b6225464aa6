package b2server

import (
	"crypto/aes"
	"crypto/cipher"
	"crypto/md5"
	"crypto/rand"
	"crypto/subtle"
	"encoding/base64"
	"encoding/binary"
	"fmt"
	"io"
	"net/http"

	"github.com/bowline-sync/bowline/internal/wire"
)

// seal is how a blob is encrypted. Each blob has a data key of its own, which
// is stored wrapped: under the server's key for SSE-B2, under the customer's
// for SSE-C. A wrong key cannot unwrap it, and no customer's key is ever kept.
type seal struct {
	Mode    sseMode
	Wrapped string // nonce and sealed data key; "" when nothing is sealed
	KeyMD5  string // base64; SSE-C only
}

type sseMode byte

const (
	sseNone sseMode = 0
	sseB2   sseMode = 'b'
	sseC    sseMode = 'c'
)

func (s *seal) append(b []byte) []byte {
	b = append(b, byte(s.Mode))
	if s.Mode == sseNone {
		return b
	}
	return appendBytes(appendBytes(b, s.Wrapped), s.KeyMD5)
}

func (s *seal) read(r *reader) {
	s.Mode = sseMode(r.byte())
	if s.Mode != sseNone {
		s.Wrapped, s.KeyMD5 = r.string(), r.string()
	}
}

// wire is the encryption as answers have it: of a customer's key they have the
// digest, by which the customer knows which one it was.
func (s *seal) wire() *wire.SSE {
	switch s.Mode {
	case sseB2:
		return &wire.SSE{Mode: new(wire.SSEB2), Algorithm: new(wire.AES256)}
	case sseC:
		return &wire.SSE{Mode: new(wire.SSEC), Algorithm: new(wire.AES256), CustomerKeyMD5: new(s.KeyMD5)}
	}
	return &wire.SSE{}
}

// appendJSON is the same, written out for listings, which have thousands of
// them.
func (s *seal) appendJSON(b []byte) []byte {
	switch s.Mode {
	case sseB2:
		return append(b, `{"algorithm":"AES256","mode":"SSE-B2"}`...)
	case sseC:
		b = append(b, `{"algorithm":"AES256","customerKeyMd5":"`...)
		b = append(b, s.KeyMD5...)
		return append(b, `","mode":"SSE-C"}`...)
	}
	return append(b, `{"algorithm":null,"mode":null}`...)
}

// sseRequest is the encryption that a request asks for or presents.
type sseRequest struct {
	mode sseMode
	key  [32]byte // SSE-C
	md5  string   // base64
}

// sseFromHeaders reads the encryption headers of uploads and downloads.
func sseFromHeaders(h http.Header) (req sseRequest, err error) {
	alg, key, sum := header(h, wire.HeaderSSECAlg), header(h, wire.HeaderSSECKey), header(h, wire.HeaderSSECMD5)
	b2 := header(h, wire.HeaderSSE)
	switch {
	case alg == "" && key == "" && sum == "" && b2 == "":
		return req, nil
	case b2 != "" && (alg != "" || key != "" || sum != ""):
		return req, badRequest("%s must not be used together with the SSE-C headers", wire.HeaderSSE)
	case b2 == wire.AES256:
		return sseRequest{mode: sseB2}, nil
	case b2 != "":
		return req, badRequest("%s must be AES256", wire.HeaderSSE)
	}
	return sseCustomer(alg, key, sum)
}

// sseFromJSON reads the encryption of a JSON call.
func sseFromJSON(w *wire.SSE) (req sseRequest, err error) {
	if w == nil || w.Mode == nil {
		return req, nil
	}
	switch *w.Mode {
	case wire.SSEB2:
		if value(w.Algorithm) != wire.AES256 {
			return req, badRequest("encryption algorithm must be AES256")
		}
		return sseRequest{mode: sseB2}, nil
	case wire.SSEC:
		return sseCustomer(value(w.Algorithm), value(w.CustomerKey), value(w.CustomerKeyMD5))
	}
	return req, badRequest("unknown encryption mode")
}

func sseCustomer(alg, key, sum string) (req sseRequest, err error) {
	if alg != wire.AES256 {
		return req, badRequest("the SSE-C algorithm must be AES256")
	}
	raw, err := base64.StdEncoding.DecodeString(key)
	if err != nil || len(raw) != len(req.key) {
		return req, badRequest("the SSE-C key must be base64 of 32 bytes")
	}
	digest := md5.Sum(raw)
	req.md5 = base64.StdEncoding.EncodeToString(digest[:])
	if subtle.ConstantTimeCompare([]byte(req.md5), []byte(sum)) != 1 {
		return req, badRequest("the MD5 of the SSE-C key does not match the key")
	}
	req.mode = sseC
	copy(req.key[:], raw)
	return req, nil
}

// check says whether the request presents the key of an SSE-C object, before
// its content is touched.
func (req *sseRequest) check(s *seal) error {
	switch {
	case s.Mode == sseC && req.mode != sseC:
		return badRequest("The object was stored using a form of Server Side Encryption. " +
			"The correct parameters must be provided to retrieve the object.")
	case s.Mode != sseC && req.mode == sseC:
		return badRequest("the object is not encrypted with SSE-C")
	case s.Mode == sseC && subtle.ConstantTimeCompare([]byte(req.md5), []byte(s.KeyMD5)) != 1:
		return fail(http.StatusForbidden, wire.CodeAccessDenied, "the SSE-C key is not the object's")
	}
	return nil
}

// wrapping answers the cipher that wraps the data keys of a mode.
func (s *Server) wrapping(req *sseRequest) (cipher.AEAD, error) {
	if req.mode == sseC {
		return newGCM(req.key[:])
	}
	return s.sseKey, nil
}

func newGCM(key []byte) (cipher.AEAD, error) {
	block, err := aes.NewCipher(key)
	if err != nil {
		return nil, err
	}
	return cipher.NewGCM(block)
}

// newSeal makes a data key, and the cipher for content under it.
func (s *Server) newSeal(req *sseRequest) (seal, cipher.AEAD, error) {
	wrap, err := s.wrapping(req)
	if err != nil {
		return seal{}, nil, err
	}
	var key [32]byte
	wrapped := make([]byte, wrap.NonceSize(), wrap.NonceSize()+len(key)+wrap.Overhead())
	_, _ = rand.Read(key[:])
	_, _ = rand.Read(wrapped)
	wrapped = wrap.Seal(wrapped, wrapped, key[:], nil)
	data, err := newGCM(key[:])
	return seal{Mode: req.mode, Wrapped: string(wrapped), KeyMD5: req.md5}, data, err
}

// open answers the cipher for content under a seal.
func (s *Server) open(l *seal, req *sseRequest) (cipher.AEAD, error) {
	if l.Mode == sseB2 {
		req = &sseRequest{mode: sseB2}
	}
	wrap, err := s.wrapping(req)
	if err != nil {
		return nil, err
	}
	n := wrap.NonceSize()
	if len(l.Wrapped) < n {
		return nil, errBadRecord
	}
	key, err := wrap.Open(nil, []byte(l.Wrapped[:n]), []byte(l.Wrapped[n:]), nil)
	if err != nil {
		if l.Mode == sseC {
			return nil, fail(http.StatusForbidden, wire.CodeAccessDenied, "the SSE-C key is not the object's")
		}
		return nil, fmt.Errorf("the data key of an object cannot be unwrapped: %w", err)
	}
	return newGCM(key)
}

// Content is sealed in frames, so that a range can be read without the rest. A
// frame is up to frameSize bytes of content and a tag of 16. Its nonce is its
// index, and whether it is the last, so that frames cannot be moved and a blob
// cannot be cut off unnoticed. Data keys are never used for two blobs.
const (
	frameSize    = 64 << 10
	frameTag     = 16
	sealedFrame  = frameSize + frameTag
	maxNonceSize = 12
)

// sealedSize is what size bytes of content take in a blob.
func sealedSize(size int64) int64 {
	frames := max(1, (size+frameSize-1)/frameSize)
	return size + frames*frameTag
}

func frameNonce(index int64, last bool) (nonce [maxNonceSize]byte) {
	nonce[0] = flag(last)
	binary.BigEndian.PutUint64(nonce[4:], uint64(index))
	return nonce
}

// sealWriter encrypts what is written to it into a blob.
type sealWriter struct {
	to    io.Writer
	aead  cipher.AEAD
	buf   []byte // content of the frame that is being filled, then room for its tag
	index int64
}

func newSealWriter(to io.Writer, aead cipher.AEAD, size int64) *sealWriter {
	room := min(max(size, 0), frameSize) + frameTag
	return &sealWriter{to: to, aead: aead, buf: make([]byte, 0, room)}
}

func (w *sealWriter) Write(p []byte) (n int, err error) {
	n = len(p)
	for len(p) > 0 {
		if len(w.buf) == frameSize { // more follows: this one is not the last
			if err := w.flush(false); err != nil {
				return 0, err
			}
		}
		k := min(len(p), frameSize-len(w.buf))
		w.buf = append(w.buf, p[:k]...)
		p = p[k:]
	}
	return n, nil
}

func (w *sealWriter) flush(last bool) error {
	nonce := frameNonce(w.index, last)
	sealed := w.aead.Seal(w.buf[:0], nonce[:], w.buf, nil)
	w.index++
	_, err := w.to.Write(sealed)
	w.buf = sealed[:0]
	return err
}

// finish writes the last frame; an empty blob has one empty frame.
func (w *sealWriter) finish() error { return w.flush(true) }

// sealReader reads content out of a sealed blob, at any place.
type sealReader struct {
	from  io.ReaderAt
	aead  cipher.AEAD
	size  int64 // of the content
	buf   []byte
	frame int64 // the one in plain; -1 is none
	plain []byte
}

func newSealReader(from io.ReaderAt, aead cipher.AEAD, size int64) *sealReader {
	return &sealReader{from: from, aead: aead, size: size, frame: -1}
}

// ReadAt implements io.ReaderAt, for one goroutine at a time.
func (r *sealReader) ReadAt(p []byte, off int64) (n int, err error) {
	for n < len(p) {
		at := off + int64(n)
		if at >= r.size {
			return n, io.EOF
		}
		if err := r.load(at / frameSize); err != nil {
			return n, err
		}
		n += copy(p[n:], r.plain[at%frameSize:])
	}
	return n, nil
}

func (r *sealReader) load(index int64) error {
	if r.frame == index {
		return nil
	}
	r.frame = -1
	size := min(frameSize, r.size-index*frameSize)
	if r.buf == nil {
		r.buf = make([]byte, min(r.size, frameSize)+frameTag)
	}
	sealed := r.buf[:size+frameTag]
	if _, err := r.from.ReadAt(sealed, index*sealedFrame); err != nil && err != io.EOF {
		return err
	}
	nonce := frameNonce(index, (index+1)*frameSize >= r.size)
	plain, err := r.aead.Open(sealed[:0], nonce[:], sealed, nil)
	if err != nil {
		return fmt.Errorf("the content of an object was changed on disk: %w", err)
	}
	r.frame, r.plain = index, plain
	return nil
}
