package b2

import (
	"crypto/md5"
	"encoding/base64"
	"net/http"

	"github.com/bowline-sync/bowline/internal/wire"
)

// SSE is server-side encryption of one file.
type SSE struct {
	Mode  string    // "SSE-B2" or "SSE-C"
	Key   *[32]byte // the customer's key, for SSE-C
	KeyID string    // a label for the key, stored in the info as sse_c_key_id; may be empty
}

// String tells the mode only.
func (s *SSE) String() string { return s.Mode }

// customer gives the key and its MD5 as the API carries them.
func (s *SSE) customer() (key, sum string, ok bool) {
	if s == nil || s.Mode != wire.SSEC || s.Key == nil {
		return "", "", false
	}
	m := md5.Sum(s.Key[:])
	return base64.StdEncoding.EncodeToString(s.Key[:]), base64.StdEncoding.EncodeToString(m[:]), true
}

// wire is the encryption as requests in JSON carry it.
func (s *SSE) wire() *wire.SSE {
	if s == nil || s.Mode == "" {
		return nil
	}
	w := &wire.SSE{Mode: &s.Mode, Algorithm: new(wire.AES256)}
	if key, sum, ok := s.customer(); ok {
		w.CustomerKey, w.CustomerKeyMD5 = &key, &sum
	}
	return w
}

// setKey adds the headers of SSE-C, which uploads, parts and downloads need.
func (s *SSE) setKey(h http.Header) {
	if key, sum, ok := s.customer(); ok {
		h.Set(wire.HeaderSSECAlg, wire.AES256)
		h.Set(wire.HeaderSSECKey, key)
		h.Set(wire.HeaderSSECMD5, sum)
	}
}

// sseOfHeader is the mode that the header of a download tells; "" is none.
func sseOfHeader(h http.Header) string {
	switch {
	case h.Get(wire.HeaderSSECAlg) != "":
		return wire.SSEC
	case h.Get(wire.HeaderSSE) != "":
		return wire.SSEB2
	}
	return ""
}
